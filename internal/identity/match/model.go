package match

import "math"

// distribution is the probability of each level of a field where it is not missing.
type distribution [mostLevels]float64

// state is how far another field agrees: what a field's agreement may follow from.
type state uint8

const (
	equal state = iota
	near
	other
	states
)

// mostParents is how many fields another's agreement may follow from. The first that
// both rows have counts: a street tells of its postcode, and of its town where there is none.
const mostParents = 3

// MostFollowed is how many fields a plan may say that another follows.
const MostFollowed = mostParents

// context is which parent of a field counts, and how far it agrees.
type context uint8

const contexts = context(mostParents * states)

func contextOf(slot int, s state) context { return context(slot)*context(states) + context(s) }

func stateOf(l level, k Kind) state {
	switch {
	case l == same:
		return equal
	case l == absent || l == k.apart():
		return other
	default:
		return near
	}
}

// model is what agreement is worth.
type model struct {
	held    *held
	prior   float64            // the odds of a match of two rows taken at random, in bits
	akin    float64            // likewise, of two rows that are related, but not one
	parents [][mostParents]int // by field: those that its agreement follows from, or -1
	m, u    [][contexts]distribution
	r       [][contexts]distribution        // of related rows; nil where there are none
	kinship bool                            // r is learned
	kindred []distribution                  // r, whatever the parent
	found   []distribution                  // m, whatever the parent
	weight  [][contexts][mostLevels]float64 // bits, of m over u
	kin     [][contexts][mostLevels]float64 // bits, of r over u
	usual   []distribution                  // u, whatever the parent
	apart   []float64                       // by field: how often it is apart in matches at most; nil or 0: unknown
}

// bits is the weight of a pattern for its rows being one, and for their being
// related, without the priors.
func (mo *model) bits(fields []*field, p pattern) (one, akin float64) {
	for i := range fields {
		s, l := mo.context(fields, p, i), p.at(i)
		one += mo.weight[i][s][l]
		akin += mo.kin[i][s][l]
	}
	return one, akin
}

// odds are those, in bits, of rows being one rather than related or strangers.
func (mo *model) odds(one, akin float64) float64 {
	return mo.prior + one - math.Log2(1+math.Exp2(min(mo.akin+akin, 500)))
}

// shares is how likely rows are one, and how likely they are related and not one, by the
// weights that bits gives.
func (mo *model) shares(one, akin float64) (match, kin float64) {
	const enough = 500
	x, y := math.Exp2(min(mo.prior+one, enough)), math.Exp2(min(mo.akin+akin, enough))
	match = x / (1 + y + x)
	return match, (1 - match) * y / (1 + y)
}

// context is how far the first parent of a field that both rows have agrees.
func (mo *model) context(fields []*field, p pattern, i int) context {
	for slot, j := range mo.parents[i] {
		if j >= 0 && p.at(j) != absent {
			return contextOf(slot, stateOf(p.at(j), fields[j].kind))
		}
	}
	return contextOf(0, other)
}

// told reports whether a field's agreement follows from one that is the same.
func (mo *model) told(p pattern, i int) bool {
	for _, j := range mo.parents[i] {
		if j >= 0 && p.at(j) != absent {
			return p.at(j) == same
		}
	}
	return false
}
