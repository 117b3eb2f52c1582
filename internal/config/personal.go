package config

import (
	"slices"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/contract"
)

// plainSteps are the cleansing steps that say nothing of whether a value is personal.
// Every other step reads something of a person, or may.
var plainSteps = [...]string{"trim", "lower", "upper", "unicode", "map", "null_tokens", "boolean", "number", "money", "date", "country", "language", "gender"}

// Told is the streams' rules, each with the paths whose values no inferred contract may
// tell: those of identifiers, and of attributes that are of a person by their name or by
// how they are cleansed.
func (r *Rules) Told() []contract.StreamConfig {
	streams := slices.Clone(r.Streams)
	for i := range streams {
		s := &streams[i]
		at := slices.IndexFunc(r.Cleanse, func(c cleanse.StreamConfig) bool { return c.Stream == s.Stream })
		if at < 0 {
			continue
		}
		var personal []string
		for _, id := range r.Cleanse[at].Identifiers {
			personal = append(personal, id.From)
		}
		for j := range r.Cleanse[at].Attributes {
			if a := &r.Cleanse[at].Attributes[j]; personalAttribute(a) {
				personal = append(append(personal, a.From), a.More...)
			}
		}
		s.Personal = personal
	}
	return streams
}

func personalAttribute(a *cleanse.AttributeConfig) bool {
	return contract.TellsOfPeople(a.Name) || slices.ContainsFunc(a.Steps, func(s cleanse.StepConfig) bool { return !slices.Contains(plainSteps[:], s.Name) })
}
