package match

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// mostBits is the most that one pair of rows can say for or against two sides being one.
const mostBits = 12

// blend is the part of the best pair in how two sides fit; the rest is the mean's. The
// mean alone asks of a record that it be like every other of a person, of whom each may
// tell another part.
const blend = 0.4

// mostCross is how many rows of a side are weighed against the other's; of larger
// sides the first to have joined speak for the others.
const mostCross = 24

// clustering joins rows, the most certain pairs first, as long as the two sides that
// a pair would join fit on the whole: the mean weight of all pairs across must be for
// it (average linkage). One pair alone does not fuse two groups of strangers.
type clustering struct {
	m       *matcher
	mo      *model
	compare *comparer
	parent  []uint32
	members [][]uint32          // by root
	across  map[uint64]crossSum // by two roots, the lesser first
	beside  map[uint32][]uint32 // roots that across has a sum of, by root
}

// crossSum is the weights of the pairs of rows of two sides.
type crossSum struct{ sum, n, best float64 }

func (s crossSum) plus(o crossSum) crossSum {
	return crossSum{s.sum + o.sum, s.n + o.n, max(s.best, o.best)}
}

// sortEdges puts the most certain first.
func sortEdges(edges []edge) {
	slices.SortFunc(edges, func(x, y edge) int {
		return cmp.Or(cmp.Compare(y.bits, x.bits), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
}

// cluster joins from a probability on; the edges are in order.
func (m *matcher) cluster(mo *model, edges []edge, accept float64) *Result {
	least := acceptedBits(accept)
	c := &clustering{m: m, mo: mo, compare: m.comparer(), parent: make([]uint32, m.table.Rows),
		members: make([][]uint32, m.table.Rows), across: map[uint64]crossSum{}, beside: map[uint32][]uint32{}}
	own := make([]uint32, m.table.Rows)
	for i := range c.parent {
		c.parent[i], own[i] = uint32(i), uint32(i)
		c.members[i] = own[i : i+1 : i+1]
	}
	for _, e := range edges {
		if float64(e.bits) < least {
			break
		}
		x, y := c.find(e.a), c.find(e.b)
		if x != y && !c.vetoed(x, y) && c.fit(x, y, e) >= least {
			c.join(x, y)
		}
	}
	c.release(edges, least)
	return c.result(edges)
}

func (c *clustering) find(i uint32) uint32 {
	for c.parent[i] != i {
		c.parent[i] = c.parent[c.parent[i]]
		i = c.parent[i]
	}
	return i
}

// vetoed reports whether two sides have records of one file, which linking keeps apart.
func (c *clustering) vetoed(x, y uint32) bool {
	if !c.m.config.Link {
		return false
	}
	for _, a := range c.members[x] {
		for _, b := range c.members[y] {
			if c.m.origin[a] == c.m.origin[b] {
				return true
			}
		}
	}
	return false
}

// fit is how well two sides go together: the best pair of rows across them in part, for
// the rest the mean of all.
func (c *clustering) fit(x, y uint32, e edge) float64 {
	if len(c.members[x]) == 1 && len(c.members[y]) == 1 {
		return float64(e.bits)
	}
	_, known := c.across[twoRows(x, y)]
	s := c.sum(x, y)
	if !known {
		c.remember(x, y, s)
	}
	return (1-blend)*s.sum/s.n + blend*s.best
}

func (c *clustering) remember(x, y uint32, s crossSum) {
	c.across[twoRows(x, y)] = s
	c.beside[x] = append(c.beside[x], y)
	c.beside[y] = append(c.beside[y], x)
}

func (c *clustering) weigh(xs, ys []uint32) crossSum {
	s := crossSum{best: math.Inf(-1)}
	for _, a := range xs[:min(len(xs), mostCross)] {
		for _, b := range ys[:min(len(ys), mostCross)] {
			w := c.m.weigh(c.mo, a, b, c.compare.pattern(a, b))
			w = max(-mostBits, min(mostBits, w))
			s = s.plus(crossSum{w, 1, w})
		}
	}
	return s
}

// join makes one side of two, and one sum of what was known of each.
func (c *clustering) join(x, y uint32) {
	if len(c.members[x]) < len(c.members[y]) {
		x, y = y, x
	}
	sums := map[uint32]crossSum{}
	for _, side := range [...]uint32{x, y} {
		for _, z := range c.beside[side] {
			if _, done := sums[z]; done || z == x || z == y || c.parent[z] != z {
				continue
			}
			sums[z] = c.sum(x, z).plus(c.sum(y, z))
		}
	}
	for z := range sums {
		delete(c.across, twoRows(x, z))
		delete(c.across, twoRows(y, z))
	}
	delete(c.across, twoRows(x, y))
	delete(c.beside, y)
	c.beside[x] = c.beside[x][:0]
	c.parent[y] = x
	c.members[x] = append(c.members[x], c.members[y]...)
	c.members[y] = nil
	for _, z := range slices.Sorted(maps.Keys(sums)) {
		c.remember(x, z, sums[z])
	}
}

// sum gives the weights across two sides, as known or weighed now.
func (c *clustering) sum(x, y uint32) crossSum {
	if s, ok := c.across[twoRows(x, y)]; ok {
		return s
	}
	return c.weigh(c.members[x], c.members[y])
}

func (c *clustering) result(edges []edge) *Result {
	r := &Result{Of: make([]int32, c.m.table.Rows), Best: make([]Reason, c.m.table.Rows)}
	least := make([]int32, c.m.table.Rows)
	for i := range least {
		least[i] = math.MaxInt32
	}
	for i := range c.parent {
		root := c.find(uint32(i))
		least[root] = min(least[root], int32(c.m.rows[i]))
	}
	for i := range c.parent {
		root := c.find(uint32(i))
		r.Of[c.m.rows[i]] = least[root]
		if root == uint32(i) {
			r.People++
		}
	}
	for i := range r.Best {
		r.Best[i].With = int32(i)
	}
	for _, e := range edges { // the most certain first
		if c.find(e.a) != c.find(e.b) {
			continue
		}
		a, b := int32(c.m.rows[e.a]), int32(c.m.rows[e.b])
		if r.Best[a].With == a {
			r.Best[a] = Reason{b, e.bits, c.compare.pattern(e.a, e.b)}
		}
		if r.Best[b].With == b {
			r.Best[b] = Reason{a, e.bits, c.compare.pattern(e.a, e.b)}
		}
	}
	return r
}
