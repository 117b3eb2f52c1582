package cleanse

import (
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// Canonical brings identifiers that a person typed into the form in which the road
// keeps them; empty values are left out. A phone number needs its country code
// here: which region a stream assumes, its records say and a question does not.
func (s *Stage) Canonical(ids []record.Identifier) []record.Identifier {
	out := make([]record.Identifier, 0, len(ids))
	for _, id := range ids {
		var steps []StepConfig
		switch id.Type {
		case typeEmail:
			steps = []StepConfig{{Name: "trim"}, {Name: "lower"}}
		case typePhone:
			steps = []StepConfig{{Name: "phone"}}
		}
		if chain, err := s.chain(steps, ""); err == nil && len(steps) > 0 {
			if v, ok := chain.run(record.StringValue(id.Value)); ok && v.S != "" {
				id.Value = v.S
			}
		}
		if id.Value = strings.TrimSpace(id.Value); id.Value != "" {
			out = append(out, id)
		}
	}
	return out
}
