package match

import (
	"maps"
	"math"
	"slices"
	"sync/atomic"
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
	parent  parts
	members [][]uint32          // by root
	across  map[uint64]crossSum // by two roots, the lesser first
	beside  map[uint32][]uint32 // roots that across has a sum of, by root
	ties    []uint64            // pairs of rows that are decided on, either way
	foes    [][]uint32          // by root: rows that are of none of its people; nil where there are none
}

// crossSum is the weights of the pairs of rows of two sides.
type crossSum struct{ sum, n, best float64 }

func (s crossSum) plus(o crossSum) crossSum {
	return crossSum{s.sum + o.sum, s.n + o.n, max(s.best, o.best)}
}

// fit is how well the two sides go together: the best pair in part, for the rest the mean.
func (s crossSum) fit() float64 { return (1-blend)*s.sum/s.n + blend*s.best }

// cluster joins from a probability on, by edges of which the most certain come first.
func (m *matcher) cluster(mo *model, edges []edge, accept float64) *Result {
	least := acceptedBits(accept)
	c := &clustering{m: m, mo: mo, compare: m.comparer(), parent: newParts(m.table.Rows),
		members: make([][]uint32, m.table.Rows), across: map[uint64]crossSum{}, beside: map[uint32][]uint32{}}
	own := make([]uint32, m.table.Rows)
	for i := range own {
		own[i] = uint32(i)
		c.members[i] = own[i : i+1 : i+1]
	}
	decided := c.decide()
	n, _ := slices.BinarySearchFunc(edges, least, func(e edge, least float64) int {
		if float64(e.bits) >= least {
			return -1
		}
		return 1
	})
	c.takeAll(edges[:n], least)
	if mo != nil && !m.config.stopped() {
		c.release(edges[:n], least)
	}
	equal := m.allEqual() && c.joinAll()
	r := c.result(edges, decided)
	if equal {
		r.allOne()
	}
	return r
}

// take joins by edges in their order.
func (c *clustering) take(edges []edge, least float64) {
	for _, e := range edges {
		x, y := c.find(e.a), c.find(e.b)
		if x != y && !c.vetoed(x, y) && c.fit(x, y, e) >= least {
			c.join(x, y)
		}
	}
}

// takeAll is take on all processors: what no edges connect has nothing to do with one
// another.
func (c *clustering) takeAll(edges []edge, least float64) {
	start, parts := connected(c.m.table.Rows, edges, c.ties)
	var done atomic.Int64
	workers(len(start)-1, 256, func(ranges func() (from, to int, ok bool)) {
		own := *c
		own.compare = c.m.lend()
		defer c.m.takeBack(own.compare)
		used := true
		for from, to, ok := ranges(); ok && !c.m.config.stopped(); from, to, ok = ranges() {
			for i := from; i < to; i++ {
				if used {
					own.across, own.beside = map[uint64]crossSum{}, map[uint32][]uint32{}
				}
				part := parts[start[i]:start[i+1]]
				own.take(part, least)
				used = len(part) > 1
			}
			c.m.tell(int(done.Add(int64(start[to]-start[from]))), len(edges))
		}
	})
}

// connected parts edges by which rows they connect, and keeps their order; each part is
// from where it starts to where the next one does. Ties connect rows as well.
func connected(rows int, edges []edge, ties []uint64) (start []uint32, parts []edge) {
	all := newParts(rows)
	for _, tie := range ties {
		all.join(uint32(tie>>32), uint32(tie))
	}
	for _, e := range edges {
		all.join(e.a, e.b)
	}
	number := make([]uint32, rows) // of a part, and 1, by root
	of := make([]uint32, len(edges))
	for i, e := range edges {
		root := all.find(e.a)
		if number[root] == 0 {
			start = append(start, 0)
			number[root] = uint32(len(start))
		}
		of[i] = number[root] - 1
		start[of[i]]++
	}
	sum := uint32(0)
	for i, n := range start {
		start[i] = sum
		sum += n
	}
	start = append(start, sum)
	at := slices.Clone(start)
	parts = make([]edge, len(edges))
	for i, e := range edges {
		parts[at[of[i]]] = e
		at[of[i]]++
	}
	return start, parts
}

func (c *clustering) find(i uint32) uint32 { return c.parent.find(i) }

// vetoed reports whether two sides are decided to be two, or have records of one file,
// which linking keeps apart.
func (c *clustering) vetoed(x, y uint32) bool {
	if c.foes != nil {
		for _, foe := range c.foes[x] {
			if c.find(foe) == y {
				return true
			}
		}
	}
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
	return s.fit()
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
	if c.foes != nil {
		c.foes[x], c.foes[y] = append(c.foes[x], c.foes[y]...), nil
	}
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

// result tells who everybody is, the reasons being decisions first, then the pairs.
func (c *clustering) result(edges []edge, decided []uint64) *Result {
	r := &Result{Of: make([]int32, len(c.m.ours)), Best: make([]Reason, len(c.m.ours))}
	least := make([]int32, len(c.parent))
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
	for _, pair := range decided {
		a, b := int32(c.m.rows[pair>>32]), int32(c.m.rows[uint32(pair)])
		r.Best[a] = Reason{With: b, Ground: Decided}
		r.Best[b] = Reason{With: a, Ground: Decided}
	}
	for _, e := range edges { // the most certain first
		if c.find(e.a) != c.find(e.b) {
			continue
		}
		a, b := int32(c.m.rows[e.a]), int32(c.m.rows[e.b])
		first, second := r.Best[a].With == a, r.Best[b].With == b
		if !first && !second {
			continue
		}
		p := c.compare.pattern(e.a, e.b)
		if first {
			r.Best[a] = Reason{With: b, Bits: e.bits, pattern: p}
		}
		if second {
			r.Best[b] = Reason{With: a, Bits: e.bits, pattern: p}
		}
	}
	if c.m.copies != nil {
		c.m.copies.takeIn(c, r)
	}
	return r
}
