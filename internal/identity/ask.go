package identity

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/record"
)

// Strongest gives the identifiers from the strongest type to the weakest: the first
// of them that somebody has says whose a record is.
func (s *Stage) Strongest(ids []record.Identifier) []record.Identifier {
	out := slices.Clone(ids)
	slices.SortFunc(out, func(a, b record.Identifier) int {
		return cmp.Or(s.rules.compareTypes(a.Type, b.Type), strings.Compare(a.Value, b.Value))
	})
	return out
}

// ReviewAfter is Review of the refused links whose lesser node lies after a node.
func (s *Stage) ReviewAfter(r engine.Reader, gen uint32, after record.NodeKey, limit int) (out []Refused, err error) {
	space := engine.Space{Generation: gen}
	lo, hi := space.Bounds(engine.TableReview)
	head := len(lo)
	if !after.IsZero() {
		lo = append(space.Key(engine.TableReview, after[:]), 0)
	}
	var fault error
	err = r.Scan(lo, hi, func(key, value []byte) bool {
		var list []Refused
		if list, fault = decodeRefused(record.NodeKey(key[head:]), bytes.Clone(value)); fault != nil {
			return false
		}
		out = append(out, list...)
		return len(out) < limit
	})
	return out, cmp.Or(err, fault)
}
