package identity

import (
	"cmp"
	"slices"
	"strings"
)

// Class is what a link rests on; links are taken class by class.
type Class uint8

// The classes of link, in the order in which Solve takes them.
const (
	Must   Class = iota + 1 // a steward's: over limits, under cannot-links
	Exact                   // a shared identifier
	Scored                  // a match of two source customers, accepted already
)

var classNames = [...]string{"", "must", "exact", "scored"}

func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return "unknown"
}

// Graph is what Solve works on: nodes that are neither generic nor blocked and the
// candidate links between them, in any order.
type Graph struct {
	Nodes     []GraphNode
	Links     []Link
	Cannot    [][2]int // pairs of nodes that may not be one person
	Limits    []int    // max_per_profile by type rank; 0 or absent: none
	MaxPerson int      // most nodes of one person; 0: no limit
}

// GraphNode is an identifier value or a source customer.
type GraphNode struct {
	Canonical string // no two nodes share it
	Type      int    // rank of its identifier type, 0 the strongest; -1: a source customer
}

// Link joins the nodes A and B, by index.
type Link struct {
	A, B   int
	Class  Class
	Alias  bool    // Exact: its two identifiers count as one for limits
	Weight float64 // Scored
	// Must: the decision, in the order of (Decided, Decision).
	Decided  int64
	Decision string
}

// Why tells what a link was refused for.
type Why uint8

// The grounds of refusal.
const (
	CannotLink    Why = iota + 1 // a decision keeps the two sides apart
	MaxPerProfile                // one person would have too many values of one type
	MaxPerson                    // one person would have too many nodes
)

var whyNames = [...]string{"", "cannot_link", "max_per_profile", "max_person"}

func (w Why) String() string {
	if int(w) < len(whyNames) {
		return whyNames[w]
	}
	return "unknown"
}

// Refusal is a link that was not taken.
type Refusal struct {
	Link int // index into Graph.Links
	Why  Why
	Type int // MaxPerProfile: rank of the type
}

// Partition is the people that a graph makes.
type Partition struct {
	Of      []int // by node: the index of its person's least canonical node
	Refused []Refusal
}

// Solve joins nodes into people. It is a pure function of the graph: the order in
// which nodes and links are given means nothing (I3). Links are taken in order:
// must-links by time of decision, exact ones by the rank of the weaker type, scored
// ones by weight downwards, ties by canonical node. A link is refused when a
// cannot-link lies between the sides that it would join, when it would make a
// person of too many nodes, or, unless it is a must-link, when both sides bring a
// value of one type that the other lacks and together they have more than its limit.
func Solve(g Graph) Partition {
	s := newSolver(g)
	p := Partition{Of: make([]int, len(g.Nodes))}
	for _, i := range s.order(g) {
		if r, ok := s.take(g, i); !ok {
			p.Refused = append(p.Refused, r)
		}
	}
	least := make([]int, len(g.Nodes))
	for i := range least {
		least[i] = -1
	}
	for _, n := range s.sorted {
		if root := s.find(n); least[root] < 0 {
			least[root] = n
		}
	}
	for n := range g.Nodes {
		p.Of[n] = least[s.find(n)]
	}
	return p
}

type solver struct {
	sorted []int // nodes by canonical
	pos    []int // where a node stands in sorted
	parent []int
	size   []int
	values [][]typed // by root: distinct values of limited types, sorted
	cannot [][]int   // by root: nodes that may not join
}

// typed is one distinct value of a limited type: an alias class.
type typed struct{ typ, class int }

func (a typed) compare(b typed) int {
	return cmp.Or(cmp.Compare(a.typ, b.typ), cmp.Compare(a.class, b.class))
}

func newSolver(g Graph) *solver {
	n := len(g.Nodes)
	backing := make([]int, 4*n)
	s := &solver{sorted: backing[:n:n], pos: backing[n : 2*n : 2*n], parent: backing[2*n : 3*n : 3*n], size: backing[3*n:]}
	for i := range n {
		s.sorted[i], s.parent[i], s.size[i] = i, i, 1
	}
	slices.SortFunc(s.sorted, func(a, b int) int { return strings.Compare(g.Nodes[a].Canonical, g.Nodes[b].Canonical) })
	for i, x := range s.sorted {
		s.pos[x] = i
	}
	if len(g.Limits) > 0 {
		s.values = make([][]typed, n)
		class := aliasClasses(g)
		for i, node := range g.Nodes {
			if node.Type >= 0 && limit(g, node.Type) > 0 {
				s.values[i] = []typed{{node.Type, class(i)}}
			}
		}
	}
	if len(g.Cannot) > 0 {
		s.cannot = make([][]int, n)
		for _, c := range g.Cannot {
			s.cannot[c[0]] = append(s.cannot[c[0]], c[1])
			s.cannot[c[1]] = append(s.cannot[c[1]], c[0])
		}
	}
	return s
}

func limit(g Graph, typ int) int {
	if typ < len(g.Limits) {
		return g.Limits[typ]
	}
	return 0
}

// aliasClasses gives the class of a node: identifiers of one type that alias links
// join count as one, whether or not the links themselves are taken.
func aliasClasses(g Graph) func(int) int {
	var parent []int
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	for _, l := range g.Links {
		if !l.Alias {
			continue
		}
		if parent == nil {
			parent = make([]int, len(g.Nodes))
			for i := range parent {
				parent[i] = i
			}
		}
		parent[find(l.A)] = find(l.B)
	}
	if parent == nil {
		return func(i int) int { return i }
	}
	return find
}

// order gives the links' indexes in the order in which they are taken.
func (s *solver) order(g Graph) []int {
	idx := make([]int, len(g.Links))
	for i := range idx {
		idx[i] = i
	}
	slices.SortFunc(idx, func(i, j int) int {
		a, b := &g.Links[i], &g.Links[j]
		c := cmp.Compare(a.Class, b.Class)
		if c == 0 {
			switch a.Class {
			case Must:
				c = cmp.Or(cmp.Compare(a.Decided, b.Decided), strings.Compare(a.Decision, b.Decision))
			case Exact:
				c = cmp.Compare(weaker(g, a), weaker(g, b))
			case Scored:
				c = cmp.Compare(b.Weight, a.Weight)
			}
		}
		if c != 0 {
			return c
		}
		a1, a2 := s.ends(a)
		b1, b2 := s.ends(b)
		return cmp.Or(cmp.Compare(a1, b1), cmp.Compare(a2, b2))
	})
	return idx
}

func weaker(g Graph, l *Link) int { return max(g.Nodes[l.A].Type, g.Nodes[l.B].Type) }

func (s *solver) ends(l *Link) (int, int) {
	a, b := s.pos[l.A], s.pos[l.B]
	return min(a, b), max(a, b)
}

func (s *solver) find(i int) int {
	for s.parent[i] != i {
		s.parent[i] = s.parent[s.parent[i]]
		i = s.parent[i]
	}
	return i
}

// take joins the sides of a link, or says why not.
func (s *solver) take(g Graph, i int) (Refusal, bool) {
	l := &g.Links[i]
	a, b := s.find(l.A), s.find(l.B)
	if a == b {
		return Refusal{}, true
	}
	if s.size[a] < s.size[b] {
		a, b = b, a
	}
	if s.apart(a, b) {
		return Refusal{Link: i, Why: CannotLink}, false
	}
	if g.MaxPerson > 0 && s.size[a]+s.size[b] > g.MaxPerson {
		return Refusal{Link: i, Why: MaxPerson}, false
	}
	var joined []typed
	if s.values != nil {
		var over int
		joined, over = s.together(g, s.values[a], s.values[b])
		if over >= 0 && l.Class != Must {
			return Refusal{Link: i, Why: MaxPerProfile, Type: over}, false
		}
		s.values[a], s.values[b] = joined, nil
	}
	s.parent[b] = a
	s.size[a] += s.size[b]
	if s.cannot != nil {
		s.cannot[a] = append(s.cannot[a], s.cannot[b]...)
		s.cannot[b] = nil
	}
	return Refusal{}, true
}

// apart reports a cannot-link between two sides.
func (s *solver) apart(a, b int) bool {
	if s.cannot == nil {
		return false
	}
	if len(s.cannot[a]) > len(s.cannot[b]) {
		a, b = b, a
	}
	for _, other := range s.cannot[a] {
		if s.find(other) == b {
			return true
		}
	}
	return false
}

// together merges the values of two sides; over is the strongest type whose limit
// the two would break together, or -1.
func (s *solver) together(g Graph, x, y []typed) (joined []typed, over int) {
	over = -1
	if len(y) == 0 {
		return x, over
	}
	if len(x) == 0 {
		return y, over
	}
	joined = make([]typed, 0, len(x)+len(y))
	for len(x) > 0 || len(y) > 0 {
		var typ int
		switch {
		case len(x) == 0:
			typ = y[0].typ
		case len(y) == 0:
			typ = x[0].typ
		default:
			typ = min(x[0].typ, y[0].typ)
		}
		count, onlyX, onlyY := 0, false, false
		for (len(x) > 0 && x[0].typ == typ) || (len(y) > 0 && y[0].typ == typ) {
			var c int
			switch {
			case len(x) == 0 || x[0].typ != typ:
				c = 1
			case len(y) == 0 || y[0].typ != typ:
				c = -1
			default:
				c = x[0].compare(y[0])
			}
			count++
			if c <= 0 {
				joined = append(joined, x[0])
				x, onlyX = x[1:], onlyX || c < 0
			}
			if c > 0 {
				joined = append(joined, y[0])
			}
			if c >= 0 {
				y, onlyY = y[1:], onlyY || c > 0
			}
		}
		if over < 0 && count > limit(g, typ) && onlyX && onlyY {
			over = typ
		}
	}
	return joined, over
}
