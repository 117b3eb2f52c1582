package identity

import (
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// tell makes the effects of a region that was solved: the people whose content
// changed, by canonical node, then the ids that are no more.
func (w *work) tell(found []*person, lost map[record.ProfileID]bool, nodes, outside []*node) error {
	exists := func(id record.ProfileID) (bool, error) {
		f, err := w.node(id)
		return err == nil && f.profile == id, err
	}
	for _, p := range found {
		if !p.live || (!p.changed && !lost[p.id()]) {
			continue
		}
		kind := record.Created
		if p.founder.former == p.id() {
			kind = record.Updated
		} else {
			for _, n := range p.nodes {
				if n.former.IsZero() || n.former == p.id() || kind == record.Split {
					continue
				}
				there, err := exists(n.former)
				if err != nil {
					return err
				}
				if there {
					kind = record.Split
				}
			}
		}
		w.emit(kind, p.id(), p.nodes, false)
	}
	for _, id := range sortedKeys(lost, compareKeys) {
		f, err := w.node(id)
		if err != nil {
			return err
		}
		if f.profile == id && f.solved != w.solves { // cut off from here before: it goes on without what left
			rest, pending, err := w.profileNodes(f)
			if err != nil {
				return err
			}
			w.emit(record.Updated, id, rest, pending)
			continue
		}
		if f.profile == id || f.solved != w.solves || f.former != id {
			continue // it was told already, or to be no more when its founder left it
		}
		into, err := w.retire(id, nodes, outside)
		if err != nil {
			return err
		}
		e := record.Effect{Cause: w.cause, Profile: id, Kind: record.Merged, Into: into}
		if into.IsZero() {
			e.Kind = record.Gone
		}
		*w.effects = append(*w.effects, e)
	}
	return nil
}

// retire says where an id that is no more resolves to from now on: the profile of
// its founder, else that of the least remaining member of its last version.
func (w *work) retire(id record.ProfileID, nodes, outside []*node) (into record.ProfileID, err error) {
	if f := w.nodes[id]; !f.profile.IsZero() {
		return f.profile, nil
	}
	var least *node
	for _, n := range slices.Concat(nodes, outside) {
		if n.former == id && !n.profile.IsZero() && (least == nil || n.before(least)) {
			least = n
		}
	}
	key := w.key(engine.TableRedirect, id[:])
	if _, err := w.src.get([][]byte{key}); err != nil {
		return into, err
	}
	if least == nil {
		w.tx.Delete(key)
		return into, nil
	}
	var e wire.Encoder
	e.Byte(nodeVersion)
	record.EncodeKey(&e, least.key)
	w.tx.Put(key, e.B)
	return least.profile, nil
}

func decodeRedirect(b []byte) (record.NodeKey, error) {
	d := wire.NewDecoder(b)
	if d.Byte() != nodeVersion {
		d.Fail()
	}
	k := record.DecodeKey(&d)
	if err := d.Finish(); err != nil {
		return record.NodeKey{}, errs.Wrap("identity_format", "reading where a retired id resolves to", err)
	}
	return k, nil
}

// emit appends an effect with the whole content of a person; nodes are in canonical
// order.
func (w *work) emit(kind record.ChangeKind, id record.ProfileID, nodes []*node, pending bool) {
	e := record.Effect{Cause: w.cause, Profile: id, Kind: kind, Pending: pending}
	w.content(&e, nodes)
	*w.effects = append(*w.effects, e)
}

func (w *work) content(e *record.Effect, nodes []*node) {
	customers, identifiers := 0, 0
	for _, n := range nodes {
		if n.kind == kindCustomer {
			customers++
		} else {
			identifiers++
		}
	}
	e.Members = make([]record.NodeKey, 0, len(nodes))
	if customers > 0 {
		e.Customers = make([]*record.SourceCustomer, 0, customers)
	}
	e.Identifiers = make([]record.MemberIdentifier, 0, identifiers)
	for _, n := range nodes {
		e.Members = append(e.Members, n.key)
		switch {
		case n.kind == kindCustomer && n.live.isLive():
			e.Customers = append(e.Customers, n.row())
		case n.kind == kindIdentifier:
			if n.first != never { // one that decisions alone name is nobody's value
				e.Identifiers = append(e.Identifiers, record.MemberIdentifier{Identifier: n.identifier(), Node: n.key, First: n.first})
			}
			for i := range n.consents {
				e.Consents = append(e.Consents, n.consents[i].ConsentState)
				e.Suppressed = e.Suppressed || n.consents[i].suppressed
			}
		}
	}
	slices.SortFunc(e.Members, compareKeys)
	if len(e.Consents) > 0 {
		e.Consents = record.MergeConsents(e.Consents)
	}
}

// refresh makes the effect of a change that moved nobody.
func (w *work) refresh(n *node) error {
	n.felt = false
	id := n.profile
	if id.IsZero() {
		return nil
	}
	if n.is(flagPending | flagLarge) {
		return w.postpone([]*node{n})
	}
	if f, err := w.node(id); err != nil || f.profile != id {
		return err // merged already; n follows when its part of the region is solved
	}
	nodes, pending, err := w.profileNodes(n)
	if err != nil {
		return err
	}
	for _, m := range nodes {
		m.felt = false
	}
	w.emit(record.Updated, id, nodes, pending)
	return nil
}

// profileNodes gives the nodes of n's profile in canonical order, and whether any
// waits for the resolver. The founder is a second start: links that went may have
// cut the two apart already.
func (w *work) profileNodes(n *node) (nodes []*node, pending bool, err error) {
	f, err := w.node(n.profile)
	if err != nil {
		return nil, false, err
	}
	nodes, _, err = w.region([]*node{n, f}, 0, true, n.profile)
	slices.SortFunc(nodes, func(a, b *node) int { return strings.Compare(a.canon, b.canon) })
	for _, m := range nodes {
		pending = pending || m.is(flagPending)
	}
	return nodes, pending, err
}

// deferAll hands what the record at hand changed to the resolver.
func (w *work) deferAll() error {
	nodes := slices.Clone(w.dirty)
	for _, n := range w.touched {
		n.felt = false
		if !n.soiled && n.kind != kindSet {
			nodes = append(nodes, n)
		}
	}
	return w.postpone(nodes)
}

// postpone queues a re-solve that starts at nodes, and has their profiles say that
// they are pending. A node that waits already is not queued twice, so that a record
// more on a large region costs no more than its own nodes.
func (w *work) postpone(nodes []*node) error {
	var queued []record.NodeKey
	for _, n := range nodes {
		if n.is(flagPending) {
			continue
		}
		n.set(flagPending, true)
		queued = append(queued, n.key)
	}
	if len(queued) > 0 {
		w.tx.Emit(record.TopicResolve, queued[0][:], encodeDeferred(w.gen, w.cause, queued))
	}
	for _, n := range nodes {
		if n.profile.IsZero() {
			continue
		}
		f, err := w.node(n.profile)
		if err != nil {
			return err
		}
		if f.is(flagTold) || f.profile != n.profile { // told, or merged already while n waits
			continue
		}
		f.set(flagTold, true)
		members, _, err := w.profileNodes(n)
		if err != nil {
			return err
		}
		w.emit(record.Updated, n.profile, members, true)
	}
	return nil
}
