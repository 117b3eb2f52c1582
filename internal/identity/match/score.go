package match

import (
	"maps"
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
	if m.stated != nil {
		return m.stated
	}
	e := m.evidence
	type target struct {
		covered uint64
		weight  float64
	}
	posts := make([]float64, len(e.pairs))
	inParallel(len(posts), 4096, func(from, to int) {
		for i, p := range e.pairs[from:to] {
			posts[from+i] = probability(m.weigh(mo, p.a, p.b, p.pattern))
		}
	})
	sum := map[uint64]float64{}
	e.matches = map[uint64]float64{}
	for i, p := range e.pairs {
		e.matches[p.covered] += posts[i] * e.every
		if posts[i] > 0.5 {
			sum[p.covered] += posts[i] * e.every
		}
	}
	var targets []target
	total := 0.0
	for _, set := range slices.Sorted(maps.Keys(sum)) {
		targets = append(targets, target{set, sum[set]})
		total += sum[set]
	}
	gains := make([]float64, len(e.rules))
	inParallel(len(e.rules), 8, func(from, to int) {
		for i := from; i < to; i++ {
			set := e.rules[i].set()
			for _, t := range targets {
				if t.covered&set == set {
					gains[i] += t.weight
				}
			}
		}
	})
	var chosen []rule
	spent := 0.0
	for spent < m.budget {
		best, at := 0.0, -1
		for i, r := range e.rules {
			if gains[i] < total*1e-5 || spent+r.pairs > m.budget {
				continue
			}
			if worth := gains[i] / (r.pairs + float64(m.table.Rows)/4); worth > best {
				best, at = worth, i
			}
		}
		if at < 0 {
			break
		}
		r := e.rules[at]
		chosen = append(chosen, r)
		spent += r.pairs
		targets = slices.DeleteFunc(targets, func(t target) bool {
			found := t.covered&r.set() == r.set()
			for i, o := range e.rules {
				if found && t.covered&o.set() == o.set() {
					gains[i] -= t.weight
				}
			}
			return found
		})
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
