package identity

import (
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// item is one record of a batch, with the nodes that it names.
type item struct {
	r      *record.Record
	key    record.NodeKey   // of the source customer or object; of the node that an event lies on
	idents []record.NodeKey // by r.Identifiers; zero: blocked
	nodes  []record.NodeKey // sorted, distinct, blocked ones left out
}

// timed gives the record's identifiers as a live record keeps them.
func (it *item) timed(r *record.Record) []timedIdent {
	out := make([]timedIdent, len(r.Identifiers))
	for i, id := range r.Identifiers {
		out[i] = timedIdent{Identifier: id, key: it.idents[i]}
	}
	return out
}

// read names the nodes of every record that is kept.
func (w *work) read(b *record.Batch) []item {
	items, arena := w.items[:0], slices.Grow(w.arena[:0], 4*len(b.Records))
	for i := range b.Records {
		r := &b.Records[i]
		if !r.Verdict.Keep() {
			continue
		}
		it := item{r: r}
		start := len(arena)
		for _, id := range r.Identifiers {
			k := record.NodeKey{}
			if !w.rules.blocked(id) {
				k = w.hasher.Identifier(id)
			}
			arena = append(arena, k)
		}
		mid := len(arena)
		it.idents = arena[start:mid:mid]
		for _, k := range it.idents {
			if !k.IsZero() {
				arena = append(arena, k)
			}
		}
		it.nodes = sortKeys(arena[mid:len(arena):len(arena)])
		switch r.Kind {
		case record.Customer:
			it.key = w.hasher.Customer(r.Source, r.Stream, r.Key)
		case record.Object:
			it.key = w.hasher.Object(r.Source, r.Stream, r.Key)
		case record.Event:
			it.key = w.factNode(r.Identifiers, it.idents, it.nodes)
		}
		items = append(items, it)
	}
	w.items, w.arena = items, arena
	return items
}

// lock reads all that the batch obviously needs: first what tells whether an event
// is news, then the nodes of all that are.
func (w *work) lock(items []item) error {
	var first, objects, second []record.NodeKey
	for i := range items {
		it := &items[i]
		switch it.r.Kind {
		case record.Event:
			if !it.key.IsZero() {
				first = append(first, it.key)
			}
			continue
		case record.Customer:
			first = append(first, it.key)
		case record.Object:
			objects = append(objects, it.key)
		}
		first = append(first, it.nodes...)
	}
	if err := w.load(first...); err != nil {
		return err
	}
	if err := w.loadObjects(objects); err != nil {
		return err
	}
	for i := range items {
		it := &items[i]
		switch it.r.Kind {
		case record.Event:
			if !w.known(it) {
				second = append(second, it.nodes...)
			}
		case record.Customer:
			second = w.nodes[it.key].live.keys(second)
		case record.Object:
			second = w.objects[it.key].live.keys(second)
			if fact := w.factNode(it.r.Identifiers, it.idents, it.nodes); !fact.IsZero() {
				second = append(second, fact) // where the record changes nothing of its identifiers
			}
		}
	}
	if err := w.load(second...); err != nil {
		return err
	}
	return w.prefetch(items)
}

// The bounds of prefetch.
const (
	prefetchWaves = 4  // a region of people that share little is not deeper
	prefetchLinks = 64 // nodes with more neighbours are read when they are needed
)

// prefetch reads the regions that the batch is about to walk, all side by side: one
// round trip a wave for the batch, where the records by themselves would need as
// many each. What it misses is read later.
func (w *work) prefetch(items []item) error {
	var wave, next []record.NodeKey
	for i := range items {
		it := &items[i]
		if it.r.Kind == record.Event && w.known(it) {
			continue
		}
		if it.r.Kind == record.Customer {
			wave = append(wave, it.key)
		}
		wave = append(wave, it.nodes...)
	}
	w.epoch++
	for range prefetchWaves {
		next = next[:0]
		for _, k := range wave {
			n := w.nodes[k]
			if n == nil || n.mark == w.epoch || n.kind == 0 || n.is(flagGeneric|flagPending|flagLarge|flagSpilled) || len(n.decisions) > 0 {
				continue
			}
			n.mark = w.epoch
			if err := w.linksOf(n); err != nil {
				return err
			}
			if !n.profile.IsZero() && w.nodes[n.profile] == nil {
				next = append(next, n.profile)
			}
			if len(n.links) <= prefetchLinks {
				next = append(next, n.links...)
			}
		}
		if len(next) == 0 {
			return nil
		}
		if err := w.load(next...); err != nil {
			return err
		}
		wave, next = next, wave
	}
	return nil
}

// known reports whether an event says nothing new: one about its set of
// identifiers, received no later, was applied before. Most events are.
func (w *work) known(it *item) bool {
	if it.key.IsZero() {
		return true
	}
	n := w.nodes[it.key]
	return n.kind != 0 && n.is(flagStuck) && n.is(flagFact) && n.first <= it.r.Received && !it.r.Alias
}

// apply takes in one record and settles what it changed.
func (w *work) apply(it *item) error {
	r := it.r
	w.cause = record.Cause{Partition: r.Partition, Offset: r.Offset, Received: r.Received, Source: r.Source, Stream: r.Stream}
	if r.Kind == record.Event && w.known(it) {
		w.fact(r, record.Upsert, it.key, r.Order(), r.Attrs)
		return nil
	}
	if r.Kind == record.Control {
		if r.Stream != DecisionStream {
			return nil
		}
		if err := w.decide(r); err != nil {
			return err
		}
		return w.settle()
	}
	if err := w.name(it); err != nil {
		return err
	}
	var err error
	switch r.Kind {
	case record.Customer:
		err = w.customer(r, it)
	case record.Object:
		err = w.object(r, it)
	case record.Event:
		if err = w.stick(it); err == nil {
			if err = w.bridge(it.key, it.nodes); err == nil {
				w.stickSet(it)
				w.fact(r, record.Upsert, it.key, r.Order(), r.Attrs)
			}
		}
	case record.Consent:
		if err = w.stick(it); err == nil {
			w.consent(it)
		}
	}
	if err == nil && r.Alias {
		err = w.pairs(it.nodes, nil, edge{alias: true}, +1)
	}
	if err != nil {
		return err
	}
	return w.settle()
}

// name makes the record's nodes where they are new, and lowers their first times:
// every kept record counts for those, live or not.
func (w *work) name(it *item) error {
	if err := w.load(it.nodes...); err != nil {
		return err
	}
	for i, k := range it.idents {
		if k.IsZero() {
			continue
		}
		n := w.nodes[k]
		n.beIdentifier(it.r.Identifiers[i])
		w.lower(n, it.r.Received)
	}
	if it.r.Kind == record.Customer {
		n, err := w.node(it.key)
		if err != nil {
			return err
		}
		n.beCustomer(it.r.Source, it.r.Stream, it.r.Key)
		w.lower(n, it.r.Received)
	}
	return nil
}

func (w *work) lower(n *node, received int64) {
	if received >= n.first {
		return
	}
	n.first, n.changed = received, true
	if !n.profile.IsZero() { // perhaps another founder, so another id
		w.soil(n)
		w.touch(n)
	}
}

// stick marks the record's identifiers, and each pair of them, as named by a record
// that never changes.
func (w *work) stick(it *item) error {
	for _, k := range it.nodes {
		n := w.nodes[k]
		if n.is(flagStuck) {
			continue
		}
		n.set(flagStuck, true)
		if n.profile.IsZero() {
			w.soil(n)
		}
	}
	return w.pairs(it.nodes, nil, edge{stuck: true}, +1)
}

// stickSet notes on the set itself that such an event was applied.
func (w *work) stickSet(it *item) {
	n := w.nodes[it.key]
	if n.kind != kindSet {
		return
	}
	n.set(flagStuck, true)
	if it.r.Received < n.first {
		n.first, n.changed = it.r.Received, true
	}
}

// pairs adds d times by to the edge of each pair within fresh, and of each of fresh
// with each of kept.
func (w *work) pairs(fresh, kept []record.NodeKey, by edge, d int) error {
	for i, x := range fresh {
		for _, y := range fresh[i+1:] {
			if err := w.pair(w.nodes[x], w.nodes[y], by, d); err != nil {
				return err
			}
		}
		for _, y := range kept {
			if err := w.pair(w.nodes[x], w.nodes[y], by, d); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *work) pair(a, b *node, by edge, d int) error {
	was, err := w.edge(a, b)
	if err != nil {
		return err
	}
	g := was
	g.kind = edgeIdentifier
	g.stuck = g.stuck || by.stuck
	g.alias = g.alias || by.alias
	g.customers += uint32(d * int(by.customers))
	g.objects += uint32(d * int(by.objects))
	if g == was {
		return nil
	}
	if was.shared() != g.shared() {
		step := 1
		if was.shared() {
			step = -1
		}
		a.neighbours += step
		b.neighbours += step
		a.changed, b.changed = true, true
		w.counted(a)
		w.counted(b)
	}
	g.to = b.key
	w.putEdge(a, g, !g.shared())
	g.to = a.key
	w.putEdge(b, g, !g.shared())
	if was.linked() != g.linked() || was.alias != g.alias {
		w.linkChanged(a, b)
	}
	return nil
}

// linkChanged marks both ends of a link that came or went. A generic end links
// nothing, unless its becoming so was not settled yet.
func (w *work) linkChanged(a, b *node) {
	if (a.is(flagGeneric) || b.is(flagGeneric)) && !a.is(flagPending) && !b.is(flagPending) {
		return
	}
	w.soil(a)
	w.soil(b)
}

// soil marks a node whose region must be solved anew.
func (w *work) soil(n *node) {
	if n.soiled || n.kind == kindSet || n.kind == 0 || (n.is(flagGeneric) && !n.is(flagPending) && !n.flipped) {
		return
	}
	n.soiled = true
	w.dirty = append(w.dirty, n)
}

// touch marks a node whose own content changed.
func (w *work) touch(n *node) {
	if !n.felt {
		n.felt = true
		w.touched = append(w.touched, n)
	}
}

func (w *work) counted(n *node) {
	if !n.counted {
		n.counted = true
		w.recount = append(w.recount, n)
	}
}

// customer takes in an upsert, patch or delete of a source customer.
func (w *work) customer(r *record.Record, it *item) error {
	c := w.nodes[it.key]
	old := c.live.keys(nil)
	if err := w.load(old...); err != nil {
		return err
	}
	was := c.live.isLive()
	next, acts := c.live.apply(r, it.timed(r))
	if !acts {
		r.Settle(record.Superseded, "", "", "")
		return nil
	}
	c.live, c.snapshot, c.changed = next, nil, true
	if was || next.isLive() {
		w.touch(c)
	}
	if was != next.isLive() {
		w.soil(c)
	}
	gone, came, kept := difference(old, next.keys(nil))
	for _, k := range gone {
		w.attach(w.nodes[k], c, r.Stream, -1)
	}
	for _, k := range came {
		w.attach(w.nodes[k], c, r.Stream, +1)
	}
	if err := w.pairs(gone, kept, edge{customers: 1}, -1); err != nil {
		return err
	}
	return w.pairs(came, kept, edge{customers: 1}, +1)
}

// attach links an identifier to a live source customer, or takes the link away.
func (w *work) attach(n, c *node, stream string, d int) {
	w.putEdge(n, edge{to: c.key, kind: edgeCustomer}, d < 0)
	n.count(stream, d)
	w.counted(n)
	c.linked = false
	w.linkChanged(n, c)
}

// The attributes of a consent record, and the values of its status.
const (
	consentPurpose = "purpose"
	consentChannel = "channel"
	consentStatus  = "status"
	consentProof   = "proof"

	statusGranted    = "granted"
	statusSuppressed = "suppressed"
)

// consent keeps the record's word on each of its identifiers.
func (w *work) consent(it *item) {
	r := it.r
	spoke := false
	said := consent{ConsentState: record.ConsentState{Effective: r.Effective(), Source: r.Source}}
	for i := range r.Attrs {
		text := r.Attrs[i].Value.Text()
		switch r.Attrs[i].Name {
		case consentPurpose:
			said.Purpose = text
		case consentChannel:
			said.Channel = text
		case consentStatus: // whatever is not clearly granted is denied
			spoke = true
			said.Granted, said.suppressed = text == statusGranted, text == statusSuppressed
		case consentProof:
			said.Proof = text
		}
	}
	if !spoke { // a row of consents that was deleted: what was said stays said
		return
	}
	for _, k := range it.nodes {
		n := w.nodes[k]
		c := said
		c.Identifier = n.identifier()
		i := slices.IndexFunc(n.consents, func(x consent) bool { return x.Purpose == c.Purpose && x.Channel == c.Channel })
		switch {
		case i < 0:
			n.consents = append(n.consents, c)
		case c.beats(&n.consents[i]):
			n.consents[i] = c
		default:
			continue
		}
		n.changed = true
		w.touch(n)
	}
}

// beats reports whether c counts rather than o, which speaks of the same purpose,
// channel and identifier: the latest, then the stricter, then by source and proof.
func (c *consent) beats(o *consent) bool {
	if c.Effective != o.Effective {
		return c.Effective > o.Effective
	}
	strict := func(x *consent) int {
		switch {
		case x.suppressed:
			return 2
		case !x.Granted:
			return 1
		}
		return 0
	}
	if a, b := strict(c), strict(o); a != b {
		return a > b
	}
	if c.Source != o.Source {
		return c.Source < o.Source
	}
	return strings.Compare(c.Proof, o.Proof) < 0
}
