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
	prior   float64 // the odds of a match of two rows taken at random, in bits
	akin    float64 // likewise, of two rows that are related, but not one
	parent  []int   // by field: the one that its agreement follows from, or -1
	m, u    [][states]distribution
	r       [][states]distribution        // of related rows; nil where there are none
	kinship bool                          // r is learned
	kindred []distribution                // r, whatever the parent
	found   []distribution                // m, whatever the parent
	weight  [][states][mostLevels]float64 // bits, of m over u
	kin     [][states][mostLevels]float64 // bits, of r over u
	usual   []distribution                // u, whatever the parent
}

// bits is the weight of a pattern for its rows being one, and for their being
// related, without the priors.
func (mo *model) bits(fields []*field, p pattern) (one, akin float64) {
	for i := range fields {
		s, l := mo.stateFor(fields, p, i), p.at(i)
		one += mo.weight[i][s][l]
		akin += mo.kin[i][s][l]
	}
	return one, akin
}

// odds are those, in bits, of rows being one rather than related or strangers.
func (mo *model) odds(one, akin float64) float64 {
	return mo.prior + one - math.Log2(1+math.Exp2(min(mo.akin+akin, 500)))
}

func (mo *model) stateFor(fields []*field, p pattern, i int) state {
	j := mo.parent[i]
	if j < 0 {
		return other
	}
	return stateOf(p.at(j), fields[j].kind)
}
