package identity

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// live is what the set of all records of one key (of a source customer or an
// object) comes to. Applying records is commutative, associative and idempotent, so
// that arrival order means nothing (I3):
//
//   - the floor is the greatest upsert or delete; whatever is not newer is gone;
//   - above it lie patches: each attribute keeps its greatest order, identifiers
//     accumulate, each with its own greatest order, a null removes an attribute.
//
// A live is never changed once made: apply gives a new one.
type live struct {
	floor   record.Order
	floorOp record.Op // 0: no upsert or delete yet
	top     record.Order
	topAt   int64              // received time of the record at top
	hasTop  bool               // a live upsert or patch exists
	idents  []timedIdent       // by type and value; blocked ones with a zero key
	attrs   []record.TimedAttr // by name; null: removed by a patch
}

type timedIdent struct {
	record.Identifier
	key   record.NodeKey // zero: blocked, never links
	order record.Order
}

func (l *live) isLive() bool { return l != nil && l.hasTop }

// keys gives the nodes that a live record links, sorted and distinct.
func (l *live) keys(buf []record.NodeKey) []record.NodeKey {
	if !l.isLive() {
		return buf
	}
	for i := range l.idents {
		if !l.idents[i].key.IsZero() {
			buf = append(buf, l.idents[i].key)
		}
	}
	return sortKeys(buf)
}

// sortKeys sorts keys and drops repeats. Most lists have two or three.
func sortKeys(ks []record.NodeKey) []record.NodeKey {
	if len(ks) < 2 {
		return ks
	}
	if len(ks) > 12 {
		slices.SortFunc(ks, compareKeys)
		return slices.Compact(ks)
	}
	for i := 1; i < len(ks); i++ {
		for j := i; j > 0 && compareKeys(ks[j], ks[j-1]) < 0; j-- {
			ks[j], ks[j-1] = ks[j-1], ks[j]
		}
	}
	return slices.Compact(ks)
}

func compareKeys(a, b record.NodeKey) int { return bytes.Compare(a[:], b[:]) }

// apply adds one record; idents are those that it names. acts is false when the
// record changed nothing that lives: it is superseded.
func (l *live) apply(r *record.Record, idents []timedIdent) (out *live, acts bool) {
	next := &live{}
	if l != nil {
		*next = *l
	}
	order := r.Order()
	if next.floorOp != 0 {
		c := order.Compare(next.floor)
		if c < 0 || (c == 0 && (r.Op == record.Patch || r.Op < next.floorOp)) {
			return next, false
		}
	}
	if r.Op == record.Patch {
		return next, next.merge(order, r.Received, idents, r.Attrs)
	}
	same := next.floorOp == r.Op && next.floor == order
	if !same {
		next.raise(order, r.Op)
	}
	if r.Op == record.Delete {
		return next, !same
	}
	acts = next.merge(order, r.Received, idents, r.Attrs)
	return next, acts || !same
}

// raise lifts the floor: what is not newer is gone.
func (l *live) raise(order record.Order, op record.Op) {
	l.floor, l.floorOp = order, op
	newer := make([]timedIdent, 0, len(l.idents))
	for _, id := range l.idents {
		if id.order.Compare(order) > 0 {
			newer = append(newer, id)
		}
	}
	attrs := make([]record.TimedAttr, 0, len(l.attrs))
	for _, a := range l.attrs {
		if a.Order.Compare(order) > 0 {
			attrs = append(attrs, a)
		}
	}
	l.idents, l.attrs = newer, attrs
	if l.hasTop && l.top.Compare(order) <= 0 {
		l.hasTop, l.top, l.topAt = false, record.Order{}, 0
	}
}

// merge adds identifiers and attributes that all have one order.
func (l *live) merge(order record.Order, received int64, idents []timedIdent, attrs []record.Attr) (acts bool) {
	switch c := order.Compare(l.top); {
	case !l.hasTop || c > 0:
		l.top, l.topAt, l.hasTop, acts = order, received, true, true
	case c == 0 && received > l.topAt:
		l.topAt, acts = received, true
	}
	if l.mergeIdents(order, idents) {
		acts = true
	}
	if l.mergeAttrs(order, attrs) {
		acts = true
	}
	return acts
}

func (l *live) mergeIdents(order record.Order, idents []timedIdent) (acts bool) {
	if len(idents) == 0 {
		return false
	}
	merged := make([]timedIdent, 0, len(l.idents)+len(idents))
	for _, id := range idents {
		id.order = order
		merged = append(merged, id)
	}
	merged = append(merged, l.idents...)
	slices.SortStableFunc(merged, func(a, b timedIdent) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Value, b.Value), b.order.Compare(a.order))
	})
	merged = slices.CompactFunc(merged, func(a, b timedIdent) bool { return a.Identifier == b.Identifier })
	acts = len(merged) != len(l.idents)
	for i := 0; i < len(merged) && !acts; i++ {
		acts = merged[i].order != l.idents[i].order
	}
	l.idents = merged
	return acts
}

func (l *live) mergeAttrs(order record.Order, attrs []record.Attr) (acts bool) {
	if len(attrs) == 0 {
		return false
	}
	merged := make([]record.TimedAttr, 0, len(l.attrs)+len(attrs))
	for _, a := range attrs {
		merged = append(merged, record.TimedAttr{Attr: a, Order: order})
	}
	merged = append(merged, l.attrs...)
	slices.SortStableFunc(merged, func(a, b record.TimedAttr) int {
		// The greatest order first, then what was said, then the greatest value: no two
		// records differ in this and can still tell which came first.
		return cmp.Or(strings.Compare(a.Name, b.Name), b.Order.Compare(a.Order), saidFirst(a.Value, b.Value), b.Value.Compare(a.Value))
	})
	merged = slices.CompactFunc(merged, func(a, b record.TimedAttr) bool { return a.Name == b.Name })
	acts = len(merged) != len(l.attrs)
	for i := 0; i < len(merged) && !acts; i++ {
		acts = merged[i] != l.attrs[i]
	}
	l.attrs = merged
	return acts
}

// saidFirst orders what a source said before what was filled in.
func saidFirst(a, b record.Value) int {
	switch {
	case a.Filled == b.Filled:
		return 0
	case b.Filled:
		return -1
	}
	return 1
}

// current gives the attributes that are not null, and the identifiers.
func (l *live) current() ([]record.TimedAttr, []record.Identifier) {
	attrs := make([]record.TimedAttr, 0, len(l.attrs))
	for _, a := range l.attrs {
		if !a.Value.IsNull() {
			attrs = append(attrs, a)
		}
	}
	var ids []record.Identifier
	if len(l.idents) > 0 {
		ids = make([]record.Identifier, len(l.idents))
		for i := range l.idents {
			ids[i] = l.idents[i].Identifier
		}
	}
	return attrs, ids
}

// Orders repeat: most attributes have the floor's or the top's.
const (
	orderFloor = iota
	orderTop
	orderOwn
)

func (l *live) encodeOrder(e *wire.Encoder, o record.Order) {
	switch o {
	case l.floor:
		e.Byte(orderFloor)
	case l.top:
		e.Byte(orderTop)
	default:
		e.Byte(orderOwn)
		record.EncodeOrder(e, o)
	}
}

func (l *live) decodeOrder(d *wire.Decoder) record.Order {
	switch d.Byte() {
	case orderFloor:
		return l.floor
	case orderTop:
		return l.top
	case orderOwn:
		return record.DecodeOrder(d)
	}
	d.Fail()
	return record.Order{}
}

func (l *live) encode(e *wire.Encoder) {
	e.Byte(byte(l.floorOp))
	if l.floorOp != 0 {
		record.EncodeOrder(e, l.floor)
	}
	e.Bool(l.hasTop)
	if l.hasTop {
		record.EncodeOrder(e, l.top)
		e.Int(l.topAt)
	}
	e.Uint(uint64(len(l.idents)))
	for i := range l.idents {
		id := &l.idents[i]
		e.String(id.Type)
		e.String(id.Value)
		e.Bool(id.key.IsZero())
		if !id.key.IsZero() {
			record.EncodeKey(e, id.key)
		}
		l.encodeOrder(e, id.order)
	}
	e.Uint(uint64(len(l.attrs)))
	for i := range l.attrs {
		e.String(l.attrs[i].Name)
		record.EncodeValue(e, l.attrs[i].Value)
		l.encodeOrder(e, l.attrs[i].Order)
	}
}

func decodeLive(d *wire.Decoder) *live {
	l := &live{floorOp: record.Op(d.Byte())}
	if l.floorOp != 0 && l.floorOp != record.Upsert && l.floorOp != record.Delete {
		d.Fail()
	}
	if l.floorOp != 0 {
		l.floor = record.DecodeOrder(d)
	}
	if l.hasTop = d.Bool(); l.hasTop {
		l.top = record.DecodeOrder(d)
		l.topAt = d.Int()
	}
	if n := d.Count(); n > 0 {
		l.idents = make([]timedIdent, n)
		for i := range l.idents {
			id := &l.idents[i]
			id.Type, id.Value = d.String(), d.String()
			if !d.Bool() {
				id.key = record.DecodeKey(d)
			}
			id.order = l.decodeOrder(d)
		}
	}
	if n := d.Count(); n > 0 {
		l.attrs = make([]record.TimedAttr, n)
		for i := range l.attrs {
			l.attrs[i].Name = d.String()
			l.attrs[i].Value = record.DecodeValue(d)
			l.attrs[i].Order = l.decodeOrder(d)
		}
	}
	return l
}
