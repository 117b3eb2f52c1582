package identity

import (
	"bytes"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

func (s *Stage) reading(r engine.Reader, gen uint32) *work {
	w := newWork(s.rules, s.hasher)
	w.src, w.gen = readSource{r}, gen
	return w
}

// head reads the front of one node: a look-up needs no more. A node that is not
// there gives the zero node.
func head(r engine.Reader, gen uint32, k record.NodeKey) (n node, err error) {
	n.key = k
	values, err := r.Get(engine.Space{Generation: gen}.Key(engine.TableNode, k[:]))
	if err != nil || values[0] == nil {
		return n, err
	}
	d := wire.NewDecoder(values[0])
	n.decodeHead(&d)
	if d.Err() != nil {
		return n, errs.Wrap("identity_format", "reading a node of identity", d.Err())
	}
	return n, nil
}

// Find gives the profile that an identifier value belongs to now. found is false
// for a value that nobody has: unknown, generic, blocked, or without live records.
func (s *Stage) Find(r engine.Reader, gen uint32, id record.Identifier) (profile record.ProfileID, found bool, err error) {
	if s.rules.blocked(id) {
		return profile, false, nil
	}
	n, err := head(r, gen, s.hasher.Identifier(id))
	if err != nil || n.is(flagGeneric) {
		return profile, false, err
	}
	return n.profile, !n.profile.IsZero(), nil
}

// ResolveID gives the profile that an id belongs to now. An id is the birth id of a
// node, so that merge and unmerge need no history; only where the founder is in no
// profile any more does a redirect count. found is false for an id that never was
// one, gone is true for one that was and resolves to nobody.
func (s *Stage) ResolveID(r engine.Reader, gen uint32, id record.ProfileID) (current record.ProfileID, found, gone bool, err error) {
	seen := map[record.NodeKey]bool{}
	for k := id; !seen[k]; {
		n, err := head(r, gen, k)
		if err != nil {
			return current, false, false, err
		}
		if n.kind == kindSet || (n.profile.IsZero() && !n.is(flagFounded)) {
			return current, k != id, k != id, nil
		}
		if !n.profile.IsZero() {
			return n.profile, true, false, nil
		}
		seen[k] = true
		values, err := r.Get(engine.Space{Generation: gen}.Key(engine.TableRedirect, k[:]))
		if err != nil {
			return current, false, false, err
		}
		if values[0] == nil {
			break
		}
		if k, err = decodeRedirect(values[0]); err != nil {
			return current, false, false, err
		}
	}
	return current, true, true, nil
}

// Customers gives the live source customers among members, by canonical node: the
// crosswalk of a profile whose members they are.
func (s *Stage) Customers(r engine.Reader, gen uint32, members []record.NodeKey) ([]*record.SourceCustomer, error) {
	w := s.reading(r, gen)
	if err := w.load(members...); err != nil {
		return nil, err
	}
	var live []*node
	for _, k := range members {
		if n := w.nodes[k]; n.kind == kindCustomer && n.live.isLive() && !slices.Contains(live, n) {
			live = append(live, n)
		}
	}
	slices.SortFunc(live, func(a, b *node) int { return strings.Compare(a.canon, b.canon) })
	rows := make([]*record.SourceCustomer, len(live))
	for i, n := range live {
		rows[i] = n.row()
	}
	return rows, nil
}

// Review gives refused links in order of their lesser node, those after a node (the
// zero key: from the start), about limit of them: a node's links stay together.
func (s *Stage) Review(r engine.Reader, gen uint32, after record.NodeKey, limit int) (out []Refused, err error) {
	space := engine.Space{Generation: gen}
	lo, hi := space.Bounds(engine.TableReview)
	head := len(lo)
	if !after.IsZero() {
		lo = append(space.Key(engine.TableReview, after[:]), 0)
	}
	var fault error
	err = r.Scan(lo, hi, func(key, value []byte) bool {
		var list []Refused
		if list, fault = decodeRefused(record.NodeKey(key[head:]), bytes.Clone(value)); fault != nil {
			return false
		}
		out = append(out, list...)
		return len(out) < limit
	})
	if err == nil {
		err = fault
	}
	return out, err
}

// NameOf gives a node's name as decisions state it; found is false for a key that
// is no identifier's and no source customer's. What it gives is personal data.
func (s *Stage) NameOf(r engine.Reader, gen uint32, k record.NodeKey) (name Name, found bool, err error) {
	n, err := s.reading(r, gen).node(k)
	if err != nil {
		return name, false, err
	}
	return n.name(), n.kind == kindIdentifier || n.kind == kindCustomer, nil
}

func (n *node) name() (name Name) {
	switch n.kind {
	case kindIdentifier:
		id := n.identifier()
		name.Type, name.Value = id.Type, id.Value
	case kindCustomer:
		name.Source, name.Stream, name.Key = n.customer()
	}
	return name
}

// Person is one person in the canonical form by which I2 and I3 compare: free of
// version numbers, positions and history.
type Person struct {
	ID      record.ProfileID
	Members []string         // canonical nodes, sorted: personal data
	Aliases []record.NodeKey // birth ids of all members, in order of Members
	Content record.Effect    // customers, identifiers, consents, suppressed
}

// Canonical calls fn with every person, by least canonical node, until fn gives
// false. It holds all of a generation's nodes in memory: it is for comparing dumps.
func (s *Stage) Canonical(r engine.Reader, gen uint32, fn func(Person) bool) error {
	w := s.reading(r, gen)
	by := map[record.ProfileID][]*node{}
	err := s.scan(r, gen, func(n *node) bool {
		if n.kind != kindSet && !n.profile.IsZero() {
			by[n.profile] = append(by[n.profile], n)
		}
		return true
	})
	if err != nil {
		return err
	}
	people := make([]Person, 0, len(by))
	for _, id := range sortedKeys(by, compareKeys) {
		nodes := by[id]
		slices.SortFunc(nodes, func(a, b *node) int { return strings.Compare(a.canon, b.canon) })
		p := Person{ID: id}
		for _, n := range nodes {
			p.Members = append(p.Members, n.canon)
			p.Aliases = append(p.Aliases, n.key)
		}
		w.content(&p.Content, nodes)
		people = append(people, p)
	}
	slices.SortFunc(people, func(a, b Person) int { return strings.Compare(a.Members[0], b.Members[0]) })
	for _, p := range people {
		if !fn(p) {
			break
		}
	}
	return nil
}

// Moves calls fn with where every bridge node points now, by node key, until fn
// gives false: what a generation that was built silently has to emit when it is
// swapped in. Time is left zero.
func (s *Stage) Moves(r engine.Reader, gen uint32, fn func(record.Move) bool) error {
	return s.scan(r, gen, func(n *node) bool {
		if !n.is(flagFact) {
			return true
		}
		return fn(record.Move{Node: n.key, Profile: n.profile, Version: uint64(gen)<<moveBits | n.moves})
	})
}

// Pending reports whether any node of a generation waits for the resolver.
func (s *Stage) Pending(r engine.Reader, gen uint32) (pending bool, err error) {
	err = s.scan(r, gen, func(n *node) bool {
		pending = n.is(flagPending)
		return !pending
	})
	return pending, err
}

func (s *Stage) scan(r engine.Reader, gen uint32, fn func(*node) bool) error {
	lo, hi := engine.Space{Generation: gen}.Bounds(engine.TableNode)
	var fault error
	err := r.Scan(lo, hi, func(key, value []byte) bool {
		n := &node{}
		copy(n.key[:], key[len(lo):])
		if fault = decodeNode(bytes.Clone(value), n); fault != nil {
			fault = errs.Wrap("identity_format", "reading a node of identity", fault)
			return false
		}
		return fn(n)
	})
	if err == nil {
		err = fault
	}
	return err
}
