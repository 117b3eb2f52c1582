package identity

import (
	"slices"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Explanation tells why two nodes are one person, or are not.
type Explanation struct {
	Same bool
	// Path is the shortest chain of links from the first node to the second, when
	// they are the same person.
	Path []Step
	// When they are not: the links between their people that were refused, and the
	// generic identifiers that both people carry, which link nobody.
	Refused []Refused
	Generic []record.NodeKey
	Pending bool // a re-solve around either is queued: the answer may change
}

// Step is one link of a path, and what supports it.
type Step struct {
	From, To record.NodeKey
	Class    Class
	Alias    bool   // an alias record joins the two
	Events   bool   // events or consents name both
	Objects  uint32 // live objects that name both
	Decision string // Must: the decision
}

// Explain gives the links that join a and b, or what keeps them apart. It fails
// with code node_unknown where either names nothing that identity knows.
func (s *Stage) Explain(r engine.Reader, gen uint32, a, b record.NodeKey) (Explanation, error) {
	w := s.reading(r, gen)
	if err := w.load(a, b); err != nil {
		return Explanation{}, err
	}
	x, y := w.nodes[a], w.nodes[b]
	for _, n := range [2]*node{x, y} {
		if n.kind != kindIdentifier && n.kind != kindCustomer {
			return Explanation{}, errs.New("node_unknown", "no record names one of the two").Fix("ask with an identifier or a source record that was received")
		}
	}
	out := Explanation{Same: a == b || (!x.profile.IsZero() && x.profile == y.profile), Pending: x.is(flagPending) || y.is(flagPending)}
	var err error
	if out.Same {
		out.Path, err = w.path(x, y)
		return out, err
	}
	if out.Generic, err = w.carried(x, y); err != nil {
		return out, err
	}
	out.Refused, err = w.between(x, y)
	return out, err
}

// path walks one profile from x, wave by wave, until it meets y.
func (w *work) path(x, y *node) (steps []Step, err error) {
	from := map[*node]*node{x: nil}
	for wave := []*node{x}; len(wave) > 0 && from[y] == nil && x != y; {
		if err := w.neighbours(wave); err != nil {
			return nil, err
		}
		var next []*node
		for _, n := range wave {
			links := slices.Clone(n.links)
			if err := w.load(links...); err != nil {
				return nil, err
			}
			slices.SortFunc(links, compareKeys)
			for _, k := range links {
				m := w.nodes[k]
				if _, met := from[m]; !met && m.profile == x.profile && !m.is(flagGeneric) {
					from[m] = n
					next = append(next, m)
				}
			}
		}
		wave = next
	}
	for n := y; from[n] != nil; n = from[n] {
		step, err := w.step(from[n], n)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	slices.Reverse(steps)
	return steps, nil
}

// step describes the link between two neighbours.
func (w *work) step(x, y *node) (Step, error) {
	s := Step{From: x.key, To: y.key, Class: Exact}
	if x.kind == kindIdentifier && y.kind == kindIdentifier {
		g, err := w.edge(x, y)
		if err != nil {
			return s, err
		}
		s.Alias, s.Events, s.Objects = g.alias, g.stuck, g.objects
	}
	if d := w.ruling(x, y.key); d != nil && d.merge {
		s.Class, s.Decision = Must, d.id
	}
	return s, nil
}

// carried gives the generic identifiers that lie next to both people.
func (w *work) carried(x, y *node) (out []record.NodeKey, err error) {
	var near [2][]record.NodeKey
	for i, n := range [2]*node{x, y} {
		nodes := []*node{n}
		if !n.profile.IsZero() {
			if nodes, _, err = w.profileNodes(n); err != nil {
				return nil, err
			}
		}
		if err := w.neighbours(nodes); err != nil {
			return nil, err
		}
		for _, m := range nodes {
			near[i] = append(near[i], m.links...)
			if m.is(flagGeneric) {
				near[i] = append(near[i], m.key)
			}
		}
		near[i] = sortKeys(near[i])
		if err := w.load(near[i]...); err != nil {
			return nil, err
		}
	}
	_, _, both := difference(near[0], near[1])
	for _, k := range both {
		if w.nodes[k].is(flagGeneric) {
			out = append(out, k)
		}
	}
	return out, nil
}

// between solves the region of x again and gives the refused links between the
// person of x and the person of y.
func (w *work) between(x, y *node) (out []Refused, err error) {
	nodes, _, err := w.region([]*node{x}, 0, true, record.ProfileID{})
	if err != nil || y.mark != w.epoch || x.is(flagGeneric) || y.is(flagGeneric) {
		return nil, err
	}
	g, others, err := w.graph(nodes)
	if err != nil {
		return nil, err
	}
	part := Solve(g)
	one, other := part.Of[x.index], part.Of[y.index]
	for _, r := range part.Refused {
		l := g.Links[r.Link]
		if p, q := part.Of[l.A], part.Of[l.B]; (p == one && q == other) || (p == other && q == one) {
			out = append(out, w.refused(g, r, others, nodes))
		}
	}
	return out, nil
}
