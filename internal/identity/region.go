package identity

import (
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// The region of a node is the closure over all candidate links between nodes that
// are not generic, refused ones included, and over must-links: what Solve says of
// one region depends on nothing outside of it.

// settle solves anew what the record at hand changed, and makes its effects.
func (w *work) settle() error {
	for _, n := range w.recount {
		n.counted = false
		if g := n.generic(w.rules); g != n.is(flagGeneric) {
			n.set(flagGeneric, g)
			n.flipped = true
			w.soil(n)
		}
	}
	w.recount = w.recount[:0]
	err := w.resettle()
	for _, n := range w.dirty {
		n.soiled, n.flipped = false, false
	}
	for _, n := range w.touched {
		n.felt = false
	}
	w.dirty, w.touched = w.dirty[:0], w.touched[:0]
	return err
}

func (w *work) resettle() error {
	if len(w.dirty) > 0 {
		nodes, whole, err := w.region(w.dirty, w.rules.largeRegion, false, record.ProfileID{})
		if err != nil {
			return err
		}
		if !whole {
			return w.deferAll()
		}
		if err := w.solve(nodes, w.outside(w.dirty)); err != nil {
			return err
		}
	}
	for _, n := range w.touched {
		if !n.felt {
			continue // its profile's effect was made
		}
		if err := w.refresh(n); err != nil {
			return err
		}
	}
	return nil
}

// outside gives those of dirty that are in no region: the generic ones.
func (w *work) outside(dirty []*node) (out []*node) {
	for _, n := range dirty {
		if n.is(flagGeneric) {
			out = append(out, n)
		}
	}
	return out
}

// region walks from starts, wave by wave, many nodes a read. From a generic start it
// goes to the neighbours that it linked, or will link no more. whole is false when
// the region is too large to be solved here, or a part of it waits for the resolver:
// then nodes is what was met. With all, neither matters. Within a profile, unless
// that is zero, it goes to nodes of that profile alone.
func (w *work) region(starts []*node, limit int, all bool, within record.ProfileID) (nodes []*node, whole bool, err error) {
	w.epoch++
	put := func(n *node) bool {
		if n.mark == w.epoch || n.kind == 0 || n.is(flagGeneric) || (!within.IsZero() && n.profile != within) {
			return true
		}
		n.mark, n.index = w.epoch, len(nodes)
		nodes = append(nodes, n)
		return all || (len(nodes) <= limit && !n.is(flagPending) && !n.is(flagLarge))
	}
	var wave []*node
	for _, n := range starts {
		if !all && n.is(flagPending) {
			return nodes, false, nil
		}
		if n.is(flagGeneric) {
			wave = append(wave, n)
		} else if !put(n) {
			return nodes, false, nil
		}
	}
	wave = append(wave, nodes...)
	for len(wave) > 0 {
		if err := w.neighbours(wave); err != nil {
			return nil, false, err
		}
		from := len(nodes)
		for _, n := range wave {
			if !all && len(n.links) > limit {
				return nodes, false, nil
			}
			if err := w.load(n.links...); err != nil {
				return nil, false, err
			}
			for _, k := range n.links {
				if !put(w.nodes[k]) {
					return nodes, false, nil
				}
			}
		}
		wave = append(wave[:0], nodes[from:]...)
	}
	return nodes, true, nil
}

// neighbours fills links of each node of the wave: the nodes that a candidate link
// or a must-link joins to it; and reads them all in one round trip.
func (w *work) neighbours(wave []*node) error {
	var ids []string
	for _, n := range wave {
		ids = append(ids, n.decisions...)
	}
	if err := w.loadDecisions(ids); err != nil {
		return err
	}
	var keys []record.NodeKey
	for _, n := range wave {
		if !n.linked || len(n.decisions) > 0 {
			if err := w.linksOf(n); err != nil {
				return err
			}
		}
		if len(wave) > 1 && len(n.links) <= w.rules.largeRegion {
			keys = append(keys, n.links...)
		}
	}
	return w.load(keys...)
}

func (w *work) linksOf(n *node) error {
	n.links = n.links[:0]
	switch n.kind {
	case kindCustomer:
		n.links = n.live.keys(n.links)
	case kindIdentifier:
		err := w.eachEdge(n, edgeIdentifier, func(g *edge) {
			if g.linked() {
				n.links = append(n.links, g.to)
			}
		})
		if err == nil {
			err = w.eachEdge(n, edgeCustomer, func(g *edge) { n.links = append(n.links, g.to) })
		}
		if err != nil {
			return err
		}
	}
	n.linked = true
	for _, id := range n.decisions {
		if d := w.decisions[id]; d.acts() && d.merge {
			d.others(n.key, func(k record.NodeKey) {
				if k != n.key && w.ruling(n, k).merge {
					n.links = append(n.links, k)
				}
			})
		}
	}
	return nil
}

// graph makes what Solve works on from the nodes of a region. ids gives the deciding
// documents of the must-links.
func (w *work) graph(nodes []*node) (Graph, []string, error) {
	g := Graph{Nodes: make([]GraphNode, len(nodes)), MaxPerson: w.rules.maxPerson}
	types, err := w.ranks(nodes, &g)
	if err != nil {
		return g, nil, err
	}
	links := 0
	for _, n := range nodes {
		links += len(n.links)
	}
	g.Links = make([]Link, 0, links/2+1)
	for _, n := range nodes {
		if n.kind == kindCustomer && n.live.isLive() {
			for i := range n.live.idents {
				if m := w.nodes[n.live.idents[i].key]; m != nil && m.mark == w.epoch && !m.is(flagGeneric) {
					g.Links = append(g.Links, Link{A: n.index, B: m.index, Class: Exact})
				}
			}
		}
		if n.kind == kindIdentifier {
			err := w.eachEdge(n, edgeIdentifier, func(e *edge) {
				if m := w.nodes[e.to]; e.linked() && m != nil && m.mark == w.epoch && n.index < m.index {
					g.Links = append(g.Links, Link{A: n.index, B: m.index, Class: Exact, Alias: e.alias})
				}
			})
			if err != nil {
				return g, nil, err
			}
		}
		w.rulings(n, &g)
	}
	return g, types, nil
}

// ranks gives each node its type's rank: the types listed first, then the others of
// this region by name.
func (w *work) ranks(nodes []*node, g *Graph) (others []string, err error) {
	for i, n := range nodes {
		g.Nodes[i].Canonical, g.Nodes[i].Type = n.canon, -1
		if n.kind != kindIdentifier {
			continue
		}
		typ := n.canon[1 : n.cut[0]-1]
		rank, listed := w.rules.rank[typ]
		if !listed {
			rank = -2
			if !slices.Contains(others, typ) {
				others = append(others, typ)
			}
		} else if l := w.rules.types[rank].maxPerProfile; l > 0 && rank >= len(g.Limits) {
			g.Limits = append(g.Limits, make([]int, rank+1-len(g.Limits))...)
			for j := range g.Limits {
				g.Limits[j] = w.rules.types[j].maxPerProfile
			}
		}
		g.Nodes[i].Type = rank
	}
	slices.Sort(others)
	for i, n := range nodes {
		if g.Nodes[i].Type == -2 {
			at, _ := slices.BinarySearch(others, n.canon[1:n.cut[0]-1])
			g.Nodes[i].Type = len(w.rules.types) + at
		}
	}
	return others, nil
}

// rulings adds the must-links and cannot-links between n and nodes after it.
func (w *work) rulings(n *node, g *Graph) {
	seen := map[record.NodeKey]bool(nil)
	for _, id := range n.decisions {
		d := w.decisions[id]
		if d == nil || !d.acts() {
			continue
		}
		d.others(n.key, func(k record.NodeKey) {
			m := w.nodes[k]
			if m == nil || m.mark != w.epoch || m.is(flagGeneric) || n.index >= m.index || seen[k] {
				return
			}
			if seen == nil {
				seen = map[record.NodeKey]bool{}
			}
			seen[k] = true
			if best := w.ruling(n, k); best.merge {
				g.Links = append(g.Links, Link{A: n.index, B: m.index, Class: Must, Decided: best.decided, Decision: best.id})
			} else {
				g.Cannot = append(g.Cannot, [2]int{n.index, m.index})
			}
		})
	}
}

// person is one component of a region that was solved.
type person struct {
	nodes   []*node
	founder *node
	live    bool
	changed bool
}

func (p *person) id() record.ProfileID {
	if !p.live {
		return record.ProfileID{}
	}
	return p.founder.key
}

// people groups the nodes of a region as part says, each person by canonical node.
func people(nodes []*node, part Partition) []*person {
	at := make([]*person, len(nodes))
	var out []*person
	for i, n := range nodes {
		p := at[part.Of[i]]
		if p == nil {
			p = &person{founder: n}
			at[part.Of[i]] = p
			out = append(out, p)
		}
		p.nodes = append(p.nodes, n)
		p.live = p.live || n.lives()
		if n.before(p.founder) {
			p.founder = n
		}
	}
	for _, p := range out {
		slices.SortFunc(p.nodes, func(a, b *node) int { return strings.Compare(a.canon, b.canon) })
	}
	slices.SortFunc(out, func(a, b *person) int { return strings.Compare(a.nodes[0].canon, b.nodes[0].canon) })
	return out
}

// solve makes people of a region. outside are nodes that left it: generic ones.
func (w *work) solve(nodes, outside []*node) error {
	g, others, err := w.graph(nodes)
	if err != nil {
		return err
	}
	part := Solve(g)
	found := people(nodes, part)
	w.solves++
	for _, list := range [2][]*node{nodes, outside} {
		for _, n := range list {
			n.former, n.solved = n.profile, w.solves
		}
	}
	lost := map[record.ProfileID]bool{} // ids that a node left
	leave := func(n *node, to record.ProfileID) {
		if n.former != to {
			if !n.former.IsZero() {
				lost[n.former] = true
			}
			n.profile, n.changed = to, true
		}
		if n.former != to || n.flipped || n.is(flagPending) {
			w.rehomeLater(n)
		}
	}
	for _, p := range found {
		id := p.id()
		for _, n := range p.nodes {
			p.changed = p.changed || n.former != id || n.felt || n.is(flagPending)
			n.felt = false
			leave(n, id)
		}
		if p.live {
			p.founder.set(flagFounded, true)
		}
	}
	for _, n := range outside {
		leave(n, record.ProfileID{})
	}
	if err := w.review(g, others, part, nodes, outside); err != nil {
		return err
	}
	large := len(nodes) > w.rules.largeRegion
	for _, n := range nodes {
		n.set(flagPending|flagTold, false)
		n.set(flagLarge, large)
	}
	for _, n := range outside {
		n.set(flagPending|flagTold|flagLarge, false)
	}
	return w.tell(found, lost, nodes, outside)
}
