package match

import (
	"cmp"
	"math"
	"slices"
)

// most that one pair of rows can say for or against two sides being one.
const mostBits = 12

// mostCross is how many pairs of two sides' rows are weighed; of larger sides the
// first rows in order speak for the others.
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
type crossSum struct{ sum, n float64 }

func (m *matcher) cluster(mo *model, edges []edge) *Result {
	slices.SortFunc(edges, func(x, y edge) int {
		return cmp.Or(cmp.Compare(y.bits, x.bits), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	least := 0.0
	if m.config.Accept > 0 {
		least = math.Log2(m.config.Accept / (1 - m.config.Accept))
	}
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
		if x != y && c.fit(x, y, e) >= least {
			c.join(x, y)
		}
	}
	return c.result()
}

func (c *clustering) find(i uint32) uint32 {
	for c.parent[i] != i {
		c.parent[i] = c.parent[c.parent[i]]
		i = c.parent[i]
	}
	return i
}

// fit is the mean weight of the pairs of rows across two sides.
func (c *clustering) fit(x, y uint32, e edge) float64 {
	if len(c.members[x]) == 1 && len(c.members[y]) == 1 {
		return float64(e.bits)
	}
	s, ok := c.across[twoRows(x, y)]
	if !ok {
		s = c.weigh(c.members[x], c.members[y])
		c.remember(x, y, s)
	}
	return s.sum / s.n
}

func (c *clustering) remember(x, y uint32, s crossSum) {
	c.across[twoRows(x, y)] = s
	c.beside[x] = append(c.beside[x], y)
	c.beside[y] = append(c.beside[y], x)
}

func (c *clustering) weigh(xs, ys []uint32) crossSum {
	var s crossSum
	for _, a := range xs[:min(len(xs), mostCross)] {
		for _, b := range ys[:min(len(ys), mostCross)] {
			w := c.mo.prior + c.m.weigh(c.mo, a, b, c.compare.pattern(a, b))
			s.sum += max(-mostBits, min(mostBits, w))
			s.n++
		}
	}
	return s
}

// join makes one side of two, and one sum of each two sums that were known of both.
func (c *clustering) join(x, y uint32) {
	if len(c.members[x]) < len(c.members[y]) {
		x, y = y, x
	}
	delete(c.across, twoRows(x, y))
	for _, z := range c.beside[y] {
		s, ok := c.across[twoRows(y, z)]
		if !ok || z == x {
			continue
		}
		delete(c.across, twoRows(y, z))
		other, ok := c.across[twoRows(x, z)]
		if !ok {
			other = c.weigh(c.members[x], c.members[z])
			c.beside[x] = append(c.beside[x], z)
			c.beside[z] = append(c.beside[z], x)
		}
		c.across[twoRows(x, z)] = crossSum{s.sum + other.sum, s.n + other.n}
	}
	for _, z := range c.beside[x] {
		s, ok := c.across[twoRows(x, z)]
		if !ok || c.parent[z] != z || z == y {
			continue
		}
		if want := float64(len(c.members[x])+len(c.members[y])) * float64(len(c.members[z])); s.n < want {
			more := c.weigh(c.members[y], c.members[z])
			c.across[twoRows(x, z)] = crossSum{s.sum + more.sum, s.n + more.n}
		}
	}
	delete(c.beside, y)
	c.parent[y] = x
	c.members[x] = append(c.members[x], c.members[y]...)
	c.members[y] = nil
}

func (c *clustering) result() *Result {
	r := &Result{Of: make([]int32, c.m.table.Rows)}
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
	return r
}
