package identity

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// Refused is a link that stands between two people and was not taken: work for a
// steward. A refused must-link contradicts other decisions.
type Refused struct {
	A, B     record.NodeKey // A the lesser by canonical node
	Class    Class
	Why      Why
	Type     string // MaxPerProfile: the identifier type
	Decision string // Must: the decision that was refused
}

// review writes the refused links of a region, each under its lesser node, and
// removes those that are refused no more.
func (w *work) review(g Graph, others []string, part Partition, nodes, outside []*node) error {
	by := map[*node][]Refused{}
	for _, r := range part.Refused {
		out := w.refused(g, r, others, nodes)
		by[w.nodes[out.A]] = append(by[w.nodes[out.A]], out)
	}
	var at []*node
	var keys [][]byte
	for _, list := range [2][]*node{nodes, outside} {
		for _, n := range list {
			if len(by[n]) > 0 || n.is(flagRefused) {
				at = append(at, n)
				keys = append(keys, w.key(engine.TableReview, n.key[:]))
			}
		}
	}
	if len(at) == 0 {
		return nil
	}
	old, err := w.src.get(keys)
	if err != nil {
		return err
	}
	for i, n := range at {
		n.set(flagRefused, len(by[n]) > 0)
		switch value := encodeRefused(by[n]); {
		case len(by[n]) == 0:
			w.tx.Delete(keys[i])
		case !bytes.Equal(value, old[i]):
			w.tx.Put(keys[i], value)
		}
	}
	return nil
}

func (w *work) refused(g Graph, r Refusal, others []string, nodes []*node) Refused {
	l := g.Links[r.Link]
	a, b := nodes[l.A], nodes[l.B]
	if a.canon > b.canon {
		a, b = b, a
	}
	out := Refused{A: a.key, B: b.key, Class: l.Class, Why: r.Why, Decision: l.Decision}
	if r.Why == MaxPerProfile {
		out.Type = w.typeName(r.Type, others)
	}
	return out
}

func (w *work) typeName(rank int, others []string) string {
	if i := rank - len(w.rules.types); i >= 0 && i < len(others) {
		return others[i]
	}
	for name, r := range w.rules.rank {
		if r == rank {
			return name
		}
	}
	return ""
}

func encodeRefused(list []Refused) []byte {
	slices.SortFunc(list, func(a, b Refused) int {
		return cmp.Or(compareKeys(a.B, b.B), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Decision, b.Decision))
	})
	var e wire.Encoder
	e.Byte(nodeVersion)
	e.Uint(uint64(len(list)))
	for _, r := range list {
		record.EncodeKey(&e, r.B)
		e.Byte(byte(r.Class))
		e.Byte(byte(r.Why))
		e.String(r.Type)
		e.String(r.Decision)
	}
	return e.B
}

func decodeRefused(a record.NodeKey, b []byte) (list []Refused, err error) {
	d := wire.NewDecoder(b)
	if d.Byte() != nodeVersion {
		d.Fail()
	}
	for range d.Count() {
		list = append(list, Refused{A: a, B: record.DecodeKey(&d), Class: Class(d.Byte()), Why: Why(d.Byte()), Type: d.String(), Decision: d.String()})
	}
	if err := d.Finish(); err != nil {
		return nil, errs.Wrap("identity_format", "reading a refused link", err)
	}
	return list, nil
}
