package identity

import (
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// A fact lies on the node of its set of identifiers, which never changes; moves
// re-point that node to the profile of its strongest identifier that is not generic.

// factNode gives the node of a fact: of the set of all its identifiers, blocked ones
// too, so that it stays the same when the rules say otherwise of what is blocked.
// keys are the nodes of ids, zero for blocked ones, and linking those that are not.
func (w *work) factNode(ids []record.Identifier, keys, linking []record.NodeKey) record.NodeKey {
	blocked := slices.Index(keys, record.NodeKey{})
	if blocked < 0 {
		return w.hasher.Set(linking)
	}
	all := slices.Clone(keys)
	for i := range all {
		if all[i].IsZero() {
			all[i] = w.hasher.Identifier(ids[i])
		}
	}
	return w.hasher.Set(sortKeys(all))
}

// bridge makes sure that the node of a fact exists. keys are the nodes of its
// identifiers that are not blocked; where there are none, a set without members stands
// for it, which is nobody's.
func (w *work) bridge(fact record.NodeKey, keys []record.NodeKey) error {
	if fact.IsZero() {
		return nil
	}
	if len(keys) == 1 && fact == keys[0] {
		n, err := w.node(fact)
		if err != nil {
			return err
		}
		if !n.is(flagFact) {
			n.set(flagFact, true)
			w.rehomeLater(n)
		}
		return nil
	}
	s, err := w.node(fact)
	if err != nil || s.kind != 0 {
		return err
	}
	s.kind, s.first, s.members = kindSet, never, slices.Clone(keys)
	slices.SortFunc(s.members, func(a, b record.NodeKey) int {
		x, y := w.nodes[a], w.nodes[b]
		if c := w.rules.compareTypes(x.identifier().Type, y.identifier().Type); c != 0 {
			return c
		}
		return strings.Compare(x.canon, y.canon)
	})
	s.set(flagFact, true)
	for _, k := range s.members {
		w.putEdge(w.nodes[k], edge{to: s.key, kind: edgeSet}, false)
	}
	w.rehomeLater(s)
	return nil
}

// fact emits an event, or the live state of an object.
func (w *work) fact(r *record.Record, op record.Op, node record.NodeKey, order record.Order, attrs []record.Attr) {
	if w.silent {
		return
	}
	f := record.Fact{Source: r.Source, Stream: r.Stream, Kind: r.Kind, Op: op, Event: r.Event, Key: r.Key, Node: node, Personal: r.Personal || !node.IsZero(),
		Occurred: r.Occurred, Received: r.Received, Order: order, Partition: r.Partition, Offset: r.Offset, Attrs: attrs}
	if r.Kind != record.Object {
		f.Key = r.ID
	}
	key := node
	switch {
	case r.Kind == record.Object: // its node changes, and what is said of it last must come last
		key = w.hasher.Object(f.Source, f.Stream, f.Key)
	case key.IsZero(): // belongs to nobody: spread by itself
		key = w.hasher.Message(f.Source, f.Key)
	}
	size := 160 + len(f.Source) + len(f.Stream) + len(f.Event) + len(f.Key)
	for i := range attrs {
		size += len(attrs[i].Name) + len(attrs[i].Value.S) + 12
	}
	w.tx.Emit(record.TopicFacts, key[:], record.AppendFact(make([]byte, 0, size), &f))
}

// rehomeLater has the end of the batch look at where the facts that hang on n
// belong: on itself, and on the sets that it is in.
func (w *work) rehomeLater(n *node) {
	n.at = w.cause.Received
	if !n.rehomed {
		n.rehomed = true
		w.rehome = append(w.rehome, n)
	}
}

// loadSets reads the sets that the nodes to be moved are members of, in one round trip.
func (w *work) loadSets() error {
	var keys []record.NodeKey
	for _, n := range w.rehome {
		if n.kind == kindSet || n.is(flagSpilled) {
			continue
		}
		if err := w.eachEdge(n, edgeSet, func(g *edge) { keys = append(keys, g.to) }); err != nil {
			return err
		}
	}
	return w.load(keys...)
}

// moveFacts emits the moves that the batch caused: one for each bridge node.
func (w *work) moveFacts() error {
	if err := w.loadSets(); err != nil {
		return err
	}
	var sets []*node
	for i := 0; i < len(w.rehome); i++ {
		n := w.rehome[i]
		if n.kind == kindSet {
			sets = append(sets, n)
			continue
		}
		if n.is(flagFact) && (n.moves == 0 || n.profile != n.loadedAs) {
			w.move(n, n.profile)
		}
		var keys []record.NodeKey
		if err := w.eachEdge(n, edgeSet, func(g *edge) { keys = append(keys, g.to) }); err != nil {
			return err
		}
		if err := w.load(keys...); err != nil {
			return err
		}
		for _, k := range keys {
			if s := w.nodes[k]; !s.rehomed {
				s.rehomed, s.at = true, n.at
				sets = append(sets, s)
			}
		}
	}
	var members []record.NodeKey
	for _, s := range sets {
		members = append(members, s.members...)
	}
	if err := w.load(members...); err != nil {
		return err
	}
	for _, s := range sets {
		home := record.ProfileID{}
		for _, k := range s.members {
			if m := w.nodes[k]; !m.is(flagGeneric) {
				home = m.profile
				break
			}
		}
		if s.moves == 0 || home != s.profile {
			s.profile = home
			w.move(s, home)
		}
	}
	for _, n := range w.rehome {
		n.rehomed, n.loadedAs = false, n.profile
	}
	for _, s := range sets {
		s.rehomed = false
	}
	w.rehome = w.rehome[:0]
	return nil
}

// maxMoves keeps a node's counter below the bits of the generation.
const moveBits = 40

func (w *work) move(n *node, to record.ProfileID) {
	n.moves++
	n.changed = true
	if w.silent {
		return
	}
	m := record.Move{Node: n.key, Profile: to, Version: uint64(w.gen)<<moveBits | n.moves, Time: n.at}
	w.tx.Emit(record.TopicMoves, n.key[:], record.AppendMove(make([]byte, 0, 64), m))
}
