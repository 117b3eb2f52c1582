package match

import "math"

// held is what a plan fixes of a model: it stands in place of what is learned.
type held struct {
	prior  float64 // 0: learned
	fields []heldField
	plain  bool // there are matches and strangers alone
}

type heldField struct {
	m, u []float64
	last level
}

// hold takes what the plan fixes.
func (m *matcher) hold() *held {
	h := &held{fields: make([]heldField, len(m.fields)), plain: true}
	if p := m.config.Plan; p != nil && p.Prior > 0 {
		h.prior = p.Prior
	}
	for i, f := range m.fields {
		h.fields[i].last = f.kind.apart()
		if f.planned != nil {
			h.fields[i].m, h.fields[i].u = f.planned.M, f.planned.U
		}
		h.plain = h.plain && f.planned.fixed(int(f.kind.apart()))
	}
	h.plain = h.plain || m.config.Plan != nil && m.config.Plan.Plain
	return h
}

// apply puts what is fixed in place of what was learned. Where nothing is left to learn,
// there is no sort of pairs but matches and strangers.
func (h *held) apply(mo *model) {
	if h.plain {
		mo.akin, mo.kinship = math.Inf(-1), false
	}
	for i, f := range h.fields {
		if fixes(f.m) {
			fix(&mo.found[i], f.m, f.last)
			for s := range mo.m[i] {
				fix(&mo.m[i][s], f.m, f.last)
			}
		}
		if fixes(f.u) {
			fix(&mo.usual[i], f.u, f.last)
			for s := range mo.u[i] {
				fix(&mo.u[i][s], f.u, f.last)
			}
		}
	}
}

// finish puts the prior in its place once all else is learned: what levels are worth is
// best learned by the prior that the records tell.
func (h *held) finish(mo *model) {
	if h.prior > 0 {
		mo.prior = math.Log2(h.prior / (1 - h.prior))
	}
}

// fix sets the levels that are given; the others share what is left as they did.
func fix(d *distribution, given []float64, last level) {
	const least = 1e-9
	taken, others := 0.0, 0.0
	for l := same; l <= last; l++ {
		if p := given[l-1]; p > 0 {
			taken += p
		} else {
			others += d[l]
		}
	}
	left := max(1-taken, least)
	for l := same; l <= last; l++ {
		switch p := given[l-1]; {
		case p > 0:
			d[l] = p
		case others > 0:
			d[l] *= left / others
		}
	}
}
