package match

import (
	"cmp"
	"slices"
)

// edge is a pair of rows that may be one.
type edge struct {
	a, b uint32
	bits float32
}

// allCompared is the number of pairs up to which every pair is compared.
const allCompared = 1_000_000

// choose picks the rules that find the most matches for the pairs that they cost.
func (m *matcher) choose(mo *model) []rule {
	e := m.evidence
	type target struct {
		covered uint64
		weight  float64
	}
	sum := map[uint64]float64{}
	for _, p := range e.pairs {
		if post := probability(m.weigh(mo, p.a, p.b, p.pattern)); post > 0.5 {
			sum[p.covered] += post * e.every
		}
	}
	var targets []target
	total := 0.0
	for set, w := range sum {
		targets = append(targets, target{set, w})
		total += w
	}
	slices.SortFunc(targets, func(a, b target) int { return cmp.Compare(a.covered, b.covered) })
	var chosen []rule
	spent := 0.0
	for spent < m.budget {
		best, at := 0.0, -1
		for i, r := range e.rules {
			gain := 0.0
			for _, t := range targets {
				if t.covered&r.set() == r.set() {
					gain += t.weight
				}
			}
			if gain < total*1e-5 || spent+r.pairs > m.budget {
				continue
			}
			if worth := gain / (r.pairs + float64(m.table.Rows)/4); worth > best {
				best, at = worth, i
			}
		}
		if at < 0 {
			break
		}
		r := e.rules[at]
		chosen = append(chosen, r)
		spent += r.pairs
		targets = slices.DeleteFunc(targets, func(t target) bool { return t.covered&r.set() == r.set() })
	}
	return chosen
}

// weigh is the odds of a pair of rows being one, in bits: those of its pattern, and
// more where the values that agree are rare, less where they are common.
func (m *matcher) weigh(mo *model, a, b uint32, p pattern) float64 {
	one, akin := mo.bits(m.fields, p)
	rare := 0.0
	codes := m.row(a)
	for i, code := range codes {
		if p.at(i) == same && !mo.told(p, i) {
			rare += m.evidence.rare[i][code]
		}
	}
	return mo.odds(one+rare, akin+rare)
}
