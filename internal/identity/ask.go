package identity

import (
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

// DecisionOn gives the decision that counts between nodes of the two sides: the
// latest on any pair. found is false where none does.
func (s *Stage) DecisionOn(r engine.Reader, gen uint32, a, b []Name) (id string, found bool, err error) {
	w := s.reading(r, gen)
	keys := func(names []Name) (out []record.NodeKey) {
		for _, n := range names {
			if n.Type != "" {
				out = append(out, s.hasher.Identifier(record.Identifier{Type: n.Type, Value: n.Value}))
			} else {
				out = append(out, s.hasher.Customer(n.Source, n.Stream, n.Key))
			}
		}
		return out
	}
	left, right := keys(a), keys(b)
	if err := w.load(append(slices.Clone(left), right...)...); err != nil {
		return "", false, err
	}
	var best *decisionDoc
	for _, x := range left {
		n := w.nodes[x]
		if err := w.loadDecisions(n.decisions); err != nil {
			return "", false, err
		}
		for _, y := range right {
			if d := w.ruling(n, y); d != nil && (best == nil || d.later(best)) {
				best = d
			}
		}
	}
	if best == nil {
		return "", false, nil
	}
	return best.id, true, nil
}
