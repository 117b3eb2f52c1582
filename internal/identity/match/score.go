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

// leastBits is the odds above which a pair may match.
const leastBits = -3

// choose picks the rules that find the most matches for the pairs that they cost.
func (m *matcher) choose(mo *model) []rule {
	e := m.evidence
	type target struct {
		covered uint64
		weight  float64
	}
	sum := map[uint64]float64{}
	e.matches = map[uint64]float64{}
	for _, p := range e.pairs {
		post := probability(m.weigh(mo, p.a, p.b, p.pattern))
		e.matches[p.covered] += post * e.every
		if post > 0.5 {
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
	for i, f := range m.fields {
		if p.at(i) != same || mo.told(p, i) {
			continue
		}
		rare += m.evidence.rare[i][f.codes[a]]
	}
	return mo.odds(one+rare, akin+rare)
}

// score compares every pair that the rules propose and keeps those that may match.
func (m *matcher) score(mo *model, rules []rule) ([]edge, *scores) {
	var pairs []uint64
	if m.evidence.all <= allCompared {
		for b := range uint32(m.table.Rows) {
			for a := range b {
				if m.linkable(a, b) {
					pairs = append(pairs, twoRows(a, b))
				}
			}
		}
	} else {
		m.indexes(rules, m.table.Rows, func(_ int, index entries) { pairs = m.propose(pairs, index, 1) })
		pairs = distinct(pairs)
	}
	weights := make([]float32, len(pairs))
	m.parallel(len(pairs), func(c *comparer, from, to int) {
		for i, p := range pairs[from:to] {
			a, b := uint32(p>>32), uint32(p)
			weights[from+i] = float32(m.weigh(mo, a, b, c.pattern(a, b)))
		}
	})
	var edges []edge
	seen := &scores{}
	for i, w := range weights {
		seen.add(float64(w))
		if w > leastBits {
			edges = append(edges, edge{uint32(pairs[i] >> 32), uint32(pairs[i]), w})
		}
	}
	sortEdges(edges)
	return edges, seen
}
