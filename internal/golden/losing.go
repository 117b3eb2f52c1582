package golden

import (
	"slices"

	"github.com/kithdata/kith/internal/record"
)

// Why a value did not survive.
const (
	LostNull   = "null"   // it says nothing
	LostFilter = "filter" // the rule's filter passed it over
	LostRule   = "rule"   // another value was better by the rule
	LostFilled = "filled" // it was only filled in, and a source said another
)

// Standing is one source customer's value of one attribute, and how it fared.
type Standing struct {
	record.GoldenAttr        // its own value and provenance; Rule is the attribute's
	Key               string // the source's own key of the customer
	Wins              bool   // it is the golden value, or part of an aggregate
	Lost              string // LostNull, LostFilter, LostFilled or LostRule where it does not win
}

// Losing gives the crosswalk of one person: for each attribute, by name, what every
// source customer says, the winner first and the rest as the rule orders them.
func Losing(customers []*record.SourceCustomer, rules *Rules) []Standing {
	var w work
	var all []Standing
	w.start(len(customers))
	for {
		name, ok := w.gather(customers)
		if !ok {
			return all
		}
		r := rules.of(name)
		said := slices.Clone(w.candidates)
		slices.SortFunc(said, r.compare)
		w.eligible(r)
		var winner record.GoldenAttr
		if len(w.candidates) > 0 {
			winner = w.choose(r)
		}
		first := len(all)
		for _, c := range said {
			s := Standing{GoldenAttr: c.golden(r), Key: c.customer.Key}
			switch {
			case s.Value.IsNull():
				s.Lost = LostNull
			case !r.passes(c.customer, s.Value):
				s.Lost = LostFilter
			case s.Value.Filled && !winner.Value.Filled:
				s.Lost = LostFilled
			case r.name == Aggregate || s.GoldenAttr == winner:
				s.Wins = true
			default:
				s.Lost = LostRule
			}
			all = append(all, s)
		}
		slices.SortStableFunc(all[first:], func(a, b Standing) int { return place(a) - place(b) })
	}
}

func place(s Standing) int {
	switch {
	case s.Wins:
		return 0
	case s.Lost == LostRule:
		return 1
	case s.Lost == LostFilled:
		return 2
	case s.Lost == LostFilter:
		return 3
	}
	return 4
}
