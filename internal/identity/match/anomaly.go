package match

import (
	"cmp"
	"math"
	"slices"
)

// Anomaly is why a person should be looked at.
type Anomaly struct {
	Of   int32  // as in Result.Of
	Row  int32  // the row that it is about; -1: all
	Rows int    // of the person
	What string // one of the kinds below
}

// The kinds of anomaly.
const (
	Outsize = "size"  // far more rows than the sizes of others let one expect
	Hub     = "hub"   // a row without which the person would fall into two parts of several rows each
	Loose   = "loose" // a row that few of the person's others agree with
	Weak    = "weak"  // a row whose best pair is in doubt itself
)

// fewestRows are those of people in whom a row can be loose.
const fewestRows = 4

// surely is how likely the best pair of a row that is in no doubt is.
const surely = 0.9

// group is the rows of a person, and the pairs of them that are likely one.
type group struct {
	of    int32
	rows  []int32
	links map[int32][]int32
}

// Anomalies lists what is out of line among people of three rows or more, the largest first.
func (r *Result) Anomalies() []Anomaly {
	var all []Anomaly
	if r.model == nil {
		return nil
	}
	most, compare := r.usualSize(), r.matcher.comparer()
	for _, g := range r.groups() {
		add := func(what string, row int32) { all = append(all, Anomaly{g.of, row, len(g.rows), what}) }
		if len(g.rows) > most {
			add(Outsize, -1)
		}
		for _, row := range g.hubs() {
			add(Hub, row)
		}
		for _, row := range g.rows {
			if r.loose(g, row, compare) {
				add(Loose, row)
			}
			if best := r.Best[row]; best.With != row && best.Probability() < surely {
				add(Weak, row)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Anomaly) int { return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Of, b.Of)) })
	return all
}

// usualSize is the most rows of a person that so many people let one expect, if sizes
// fall off evenly (geometric): one in twenty such results has a person above it.
func (r *Result) usualSize() int {
	size := map[int32]int{}
	for _, of := range r.Of {
		size[of]++
	}
	more, several := 0.0, 0.0
	for _, n := range size {
		if n >= 2 {
			several++
			more += float64(n - 2)
		}
	}
	if several == 0 {
		return 2
	}
	further := (more + 0.5) / (more + several + 0.5) // how likely a person has one row more
	return 2 + int(math.Ceil(math.Log(0.05/several)/math.Log(further)))
}

// groups are the people of three rows or more.
func (r *Result) groups() []*group {
	size := map[int32]int{}
	for _, of := range r.Of {
		size[of]++
	}
	at := map[int32]*group{}
	var all []*group
	for row, of := range r.Of {
		if size[of] < 3 {
			continue
		}
		g := at[of]
		if g == nil {
			g = &group{of: of, links: map[int32][]int32{}}
			at[of] = g
			all = append(all, g)
		}
		g.rows = append(g.rows, int32(row))
	}
	r.Pairs(func(p Pair) bool {
		if p.Probability() < r.Expected.Accept {
			return false
		}
		if g := at[r.Of[p.A]]; g != nil && r.Of[p.A] == r.Of[p.B] {
			g.links[p.A] = append(g.links[p.A], p.B)
			g.links[p.B] = append(g.links[p.B], p.A)
		}
		return true
	})
	return all
}

// release lets go of rows that no longer fit the people that they came to be of: each was
// joined to a part of them, and then more came. Rows that were decided on stay. The edges
// are those that could join.
func (c *clustering) release(edges []edge, least float64) {
	links := make([]int32, len(c.parent))
	for _, e := range edges {
		if c.find(e.a) == c.find(e.b) {
			links[e.a]++
			links[e.b]++
		}
	}
	tied := map[uint32]bool{}
	for _, pair := range c.ties {
		tied[uint32(pair>>32)], tied[uint32(pair)] = true, true
	}
	for root, rows := range c.members {
		if len(rows) < fewestRows {
			continue
		}
		var stay []uint32
		for _, row := range rows {
			if !tied[row] && int(links[row])*3 < len(rows)-1 && c.alone(row, rows) < least {
				c.parent[row] = row
			} else {
				stay = append(stay, row)
			}
		}
		if len(stay) == len(rows) {
			continue
		}
		for _, row := range stay {
			c.parent[row] = stay[0]
		}
		c.members[root] = nil
	}
}

// alone is how well one row fits the others, as sides are weighed while joining.
func (c *clustering) alone(row uint32, rows []uint32) float64 {
	var others []uint32
	for _, other := range rows {
		if other != row {
			others = append(others, other)
		}
	}
	s := c.weigh([]uint32{row}, others)
	return s.fit()
}

// loose reports whether a row fits fewer than a third of the person's others. That a pair
// was never proposed is not held against it: it is compared now.
func (r *Result) loose(g *group, row int32, compare *comparer) bool {
	if len(g.rows) < fewestRows || len(g.links[row])*3 >= len(g.rows)-1 {
		return false
	}
	fit := 0
	a := r.ours[row]
	for _, with := range g.rows {
		if b := r.ours[with]; a != b && probability(r.matcher.weigh(r.model, a, b, compare.pattern(a, b))) >= r.Expected.Accept {
			fit++
		}
	}
	return fit*3 < len(g.rows)-1
}

// hubs are rows without which the links leave two parts of two rows or more.
func (g *group) hubs() []int32 {
	if len(g.rows) < 5 {
		return nil
	}
	var hubs []int32
	for _, row := range g.rows {
		if len(g.links[row]) < 4 {
			continue
		}
		several := 0
		met := map[int32]bool{row: true}
		for _, from := range g.links[row] {
			if !met[from] && g.reach(from, met) >= 2 {
				several++
			}
		}
		if several >= 2 {
			hubs = append(hubs, row)
		}
	}
	return hubs
}

func (g *group) reach(from int32, met map[int32]bool) (n int) {
	met[from] = true
	queue := []int32{from}
	for len(queue) > 0 {
		row := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		n++
		for _, next := range g.links[row] {
			if !met[next] {
				met[next] = true
				queue = append(queue, next)
			}
		}
	}
	return n
}

// Components are the people that joining every pair from the result's threshold on
// would have given: what the clustering is measured against.
func (r *Result) Components() []int32 {
	if r.Expected == nil {
		return r.Of
	}
	together := newParts(len(r.Of))
	r.Pairs(func(p Pair) bool {
		if p.Probability() < r.Expected.Accept {
			return false
		}
		together.join(uint32(p.A), uint32(p.B))
		return true
	})
	of := make([]int32, len(r.Of))
	for i := range of {
		of[i] = int32(together.find(uint32(i)))
	}
	return of
}
