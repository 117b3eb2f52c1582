package identity

import (
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// object is what the records of one object's key come to.
type object struct {
	live    *live
	changed bool
}

func (o *object) encode() []byte {
	var e wire.Encoder
	e.Byte(nodeVersion)
	o.live.encode(&e)
	return e.B
}

func decodeObject(b []byte) (*live, error) {
	d := wire.NewDecoder(b)
	if d.Byte() != nodeVersion {
		d.Fail()
	}
	l := decodeLive(&d)
	return l, d.Finish()
}

// loadObjects reads those of keys that were not met yet, in one round trip.
func (w *work) loadObjects(keys []record.NodeKey) error {
	var missing []record.NodeKey
	var state [][]byte
	for _, k := range keys {
		if _, ok := w.objects[k]; !ok {
			w.objects[k] = nil
			missing = append(missing, k)
			state = append(state, w.key(engine.TableObject, k[:]))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	values, err := w.src.get(state)
	if err != nil {
		return err
	}
	for i, k := range missing {
		o := &object{}
		if values[i] != nil {
			if o.live, err = decodeObject(values[i]); err != nil {
				return errs.Wrap("identity_format", "reading an object of identity", err)
			}
		}
		w.objects[k] = o
	}
	return nil
}

// object takes in an upsert, patch or delete of an object.
func (w *work) object(r *record.Record, it *item) error {
	o := w.objects[it.key]
	old, lay := o.live.keys(nil), w.lies(o.live)
	if err := w.load(old...); err != nil {
		return err
	}
	was := o.live.isLive()
	next, acts := o.live.apply(r, it.timed(r))
	if !acts {
		r.Settle(record.Superseded, "", "", "")
		return nil
	}
	o.live, o.changed = next, true
	now := next.keys(nil)
	gone, came, kept := difference(old, now)
	for _, k := range gone {
		w.support(w.nodes[k], -1)
	}
	for _, k := range came {
		w.support(w.nodes[k], +1)
	}
	if err := w.pairs(gone, kept, edge{objects: 1}, -1); err != nil {
		return err
	}
	if err := w.pairs(came, kept, edge{objects: 1}, +1); err != nil {
		return err
	}
	switch {
	case next.isLive():
		return w.objectFact(r, next, now)
	case was:
		w.fact(r, record.Delete, lay, next.floor, nil)
	}
	return nil
}

// support counts live objects on an identifier.
func (w *work) support(n *node, d int) {
	was := n.lives()
	n.objects += uint32(d)
	n.changed = true
	if n.lives() != was {
		w.soil(n)
	}
}

func (w *work) objectFact(r *record.Record, l *live, keys []record.NodeKey) error {
	on := w.lies(l)
	if err := w.bridge(on, keys); err != nil {
		return err
	}
	attrs := make([]record.Attr, 0, len(l.attrs))
	for i := range l.attrs {
		if !l.attrs[i].Value.IsNull() {
			attrs = append(attrs, l.attrs[i].Attr)
		}
	}
	w.fact(r, record.Upsert, on, l.top, attrs)
	return nil
}

// lies gives the node that the fact of a live object lies on.
func (w *work) lies(l *live) record.NodeKey {
	if !l.isLive() {
		return record.NodeKey{}
	}
	ids, keys := make([]record.Identifier, len(l.idents)), make([]record.NodeKey, len(l.idents))
	for i := range l.idents {
		ids[i], keys[i] = l.idents[i].Identifier, l.idents[i].key
	}
	return w.factNode(ids, keys, l.keys(nil))
}

// difference sorts two sorted lists into what only the first has, what only the
// second has, and what both have.
func difference(a, b []record.NodeKey) (gone, came, kept []record.NodeKey) {
	for len(a) > 0 && len(b) > 0 {
		switch c := compareKeys(a[0], b[0]); {
		case c < 0:
			gone, a = append(gone, a[0]), a[1:]
		case c > 0:
			came, b = append(came, b[0]), b[1:]
		default:
			kept, a, b = append(kept, a[0]), a[1:], b[1:]
		}
	}
	return append(gone, a...), append(came, b...), kept
}
