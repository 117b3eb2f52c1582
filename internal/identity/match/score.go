package match

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// edge is a pair of rows that may be one.
type edge struct {
	a, b uint32
	bits float32
}

// choose picks the rules that find the most matches for the pairs that they cost.
func (m *matcher) choose(mo *model) []rule {
	e := m.evidence
	if e.all <= 1_000_000 && len(e.rules) > 0 {
		return nil // every pair is compared
	}
	type target struct {
		covered uint64
		weight  float64
	}
	sum := map[uint64]float64{}
	for _, p := range e.pairs {
		if post := probability(mo.prior + m.weigh(mo, p.a, p.b, p.pattern)); post > 0.5 {
			sum[p.covered] += post * p.weight
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

// weigh is the weight of a pair of rows: that of its pattern, and more where the
// values that agree are rare, less where they are common.
func (m *matcher) weigh(mo *model, a, b uint32, p pattern) float64 {
	sum := mo.bits(m.fields, p)
	for i, f := range m.fields {
		if p.at(i) != same || mo.stateFor(m.fields, p, i) == equal {
			continue
		}
		share := float64(f.count[f.codes[a]]) / float64(f.given)
		sum += math.Log2(m.evidence.share[i] * m.givenSquared(f) / share)
	}
	return sum
}

func (m *matcher) givenSquared(f *field) float64 {
	g := float64(m.table.Rows) / float64(f.given)
	return g * g
}

// score compares every pair that the rules propose and keeps those that may match.
func (m *matcher) score(mo *model, rules []rule) ([]edge, int64) {
	var edges []edge
	var compared int64
	look := func(x, y uint32) {
		if !m.linkable(x, y) {
			return
		}
		compared++
		p := m.pattern(x, y)
		if w := mo.prior + m.weigh(mo, x, y, p); w > -3 {
			edges = append(edges, edge{x, y, float32(w)})
		}
	}
	if rules == nil {
		for b := range uint32(m.table.Rows) {
			for a := range b {
				look(a, b)
			}
		}
		return edges, compared
	}
	rows := make([]uint32, m.table.Rows)
	for i := range rows {
		rows[i] = uint32(i)
	}
	seen := map[[2]uint32]bool{}
	for _, r := range rules {
		blocks(m.index(r, 1, rows), func(b []entry) {
			if len(b) > m.blockCap {
				return
			}
			for j := range b {
				for k := range j {
					x, y := min(b[j].row, b[k].row), max(b[j].row, b[k].row)
					if x != y && !seen[[2]uint32{x, y}] {
						seen[[2]uint32{x, y}] = true
						look(x, y)
					}
				}
			}
		})
	}
	return edges, compared
}

// cluster joins the most certain pairs first, as long as the two sides fit together
// on the whole: the mean of the weights of all their pairs must be for it.
func (m *matcher) cluster(mo *model, edges []edge) *Result {
	slices.SortFunc(edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(b.bits, a.bits), cmp.Compare(m.rowHash[a.a]^m.rowHash[a.b], m.rowHash[b.a]^m.rowHash[b.b]))
	})
	parent := make([]int32, m.table.Rows)
	members := make([][]uint32, m.table.Rows)
	for i := range parent {
		parent[i] = int32(i)
		members[i] = []uint32{uint32(i)}
	}
	find := func(i int32) int32 {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	least := math.Log2(0.5 / 0.5)
	if m.config.Accept > 0 {
		least = math.Log2(m.config.Accept / (1 - m.config.Accept))
	}
	const cap = 12
	for _, e := range edges {
		if float64(e.bits) < least {
			break
		}
		x, y := find(int32(e.a)), find(int32(e.b))
		if x == y {
			continue
		}
		sum, n := 0.0, 0.0
		for _, a := range members[x] {
			for _, b := range members[y] {
				w := mo.prior + m.weigh(mo, a, b, m.pattern(a, b))
				sum += max(-cap, min(cap, w))
				n++
			}
		}
		if sum/n < least {
			continue
		}
		if len(members[x]) < len(members[y]) {
			x, y = y, x
		}
		parent[y] = x
		members[x] = append(members[x], members[y]...)
		members[y] = nil
	}
	r := &Result{Of: make([]int32, m.table.Rows)}
	for i := range parent {
		root := find(int32(i))
		if int(root) == i {
			r.People++
		}
		r.Of[i] = root
	}
	return r
}

var _ = bits.OnesCount64
