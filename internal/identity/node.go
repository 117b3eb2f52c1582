package identity

import (
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// never is the first time of a node that no kept record names: decisions alone do.
const never = int64(1<<63 - 1)

// inlineEdges is how many edges a node's own entry holds before they spill into
// TableEdge, where each has a key of its own.
const inlineEdges = 64

type nodeKind uint8

const (
	kindIdentifier nodeKind = iota + 1
	kindCustomer
	kindSet // the set of identifiers that facts are about: a leaf, never a member
)

type nodeFlags uint16

const (
	flagGeneric nodeFlags = 1 << iota // names too many people to link any
	flagPending                       // a re-solve that starts here is queued
	flagTold                          // founder: its profile was told that it is pending
	flagLarge                         // its region is too large to solve at once
	flagFact                          // facts lie on it: it is a bridge node
	flagStuck                         // an event or consent names it: it lives for ever
	flagSpilled                       // its edges lie in TableEdge
	flagFounded                       // its key has been a profile's id
	flagRefused                       // it has an entry in TableReview
	flagsEnd
)

// node is an identifier value, a source customer or a set of identifiers, decoded.
// It lives for one batch.
type node struct {
	key     record.NodeKey
	kind    nodeKind // 0: no such entry yet
	canon   string   // see canonical
	cut     [2]int   // where the second and third part start in canon
	first   int64
	flags   nodeFlags
	profile record.ProfileID // as last settled
	moves   uint64           // how many moves were emitted for it

	// Identifiers.
	objects    uint32 // live objects that name it
	neighbours int    // distinct identifiers that it shares a live record with
	streams    []streamCount
	edges      []edge // inline ones
	consents   []consent
	decisions  []string // that name it; customers too

	live    *live            // customers
	members []record.NodeKey // sets: the strongest first

	// Of this batch alone.
	changed  bool
	soiled   bool  // on work.dirty
	felt     bool  // on work.touched
	counted  bool  // on work.recount
	flipped  bool  // became generic, or ceased to be, by the record at hand
	rehomed  bool  // on work.rehome
	at       int64 // received time of what moved it last
	mark     uint32
	solved   uint32           // the solve that former is of
	index    int              // in the region at hand
	former   record.ProfileID // profile before the region at hand was solved
	loadedAs record.ProfileID // profile when this batch began
	links    []record.NodeKey // its neighbours in the graph, when linked
	linked   bool
	snapshot *record.SourceCustomer
	spill    map[record.NodeKey]edge // identifier edges read or written in this batch
}

// streamCount is how many live source customers of a stream name an identifier.
type streamCount struct {
	stream string
	n      uint32
}

type consent struct {
	record.ConsentState
	suppressed bool
}

type edgeKind uint8

const (
	edgeIdentifier edgeKind = iota + 1
	edgeCustomer            // a live source customer names the identifier
	edgeSet                 // the identifier is in the set
)

// edge is one neighbour of an identifier. Between two identifiers it counts the
// live records that name both, and is the same on both sides.
type edge struct {
	to        record.NodeKey
	kind      edgeKind
	stuck     bool   // an event or consent names both, for ever
	alias     bool   // the two count as one
	customers uint32 // live source customers that name both: they share, but do not link
	objects   uint32
}

func (g *edge) linked() bool { return g.stuck || g.alias || g.objects > 0 }
func (g *edge) shared() bool { return g.linked() || g.customers > 0 }

func (n *node) is(f nodeFlags) bool { return n.flags&f != 0 }

func (n *node) set(f nodeFlags, on bool) {
	was := n.flags
	if on {
		n.flags |= f
	} else {
		n.flags &^= f
	}
	if n.flags != was {
		n.changed = true
	}
}

// lives reports whether a live record says that somebody is behind the node.
func (n *node) lives() bool {
	switch n.kind {
	case kindIdentifier:
		return n.is(flagStuck) || n.objects > 0
	case kindCustomer:
		return n.live.isLive()
	}
	return false
}

// identifier gives type and value of an identifier node.
func (n *node) identifier() record.Identifier {
	return record.Identifier{Type: n.canon[1 : n.cut[0]-1], Value: n.canon[n.cut[0]:]}
}

// customer gives source, stream and key of a source customer.
func (n *node) customer() (source, stream, key string) {
	return n.canon[1 : n.cut[0]-1], n.canon[n.cut[0] : n.cut[1]-1], n.canon[n.cut[1]:]
}

func (n *node) beIdentifier(id record.Identifier) {
	if n.kind != 0 {
		return
	}
	n.kind, n.first, n.changed = kindIdentifier, never, true
	n.canon = "i" + id.Type + "\x00" + id.Value
	n.cut[0] = len(id.Type) + 2
}

func (n *node) beCustomer(source, stream, key string) {
	if n.kind != 0 {
		return
	}
	n.kind, n.first, n.changed = kindCustomer, never, true
	n.canon = "c" + source + "\x00" + stream + "\x00" + key
	n.cut[0] = len(source) + 2
	n.cut[1] = n.cut[0] + len(stream) + 1
}

// before orders founders: by first time, then canonical node.
func (n *node) before(o *node) bool {
	if n.first != o.first {
		return n.first < o.first
	}
	return n.canon < o.canon
}

// row gives the crosswalk's row of a live source customer.
func (n *node) row() *record.SourceCustomer {
	if n.snapshot == nil {
		source, stream, key := n.customer()
		attrs, ids := n.live.current()
		n.snapshot = &record.SourceCustomer{Node: n.key, Source: source, Stream: stream, Key: key,
			Order: n.live.top, Received: n.live.topAt, Identifiers: ids, Attrs: attrs}
	}
	return n.snapshot
}

// find gives the place of an inline edge, or -1.
func (n *node) find(to record.NodeKey) int {
	for i := range n.edges {
		if n.edges[i].to == to {
			return i
		}
	}
	return -1
}

// count adds d live source customers of stream.
func (n *node) count(stream string, d int) {
	n.changed = true
	i := slices.IndexFunc(n.streams, func(s streamCount) bool { return s.stream == stream })
	if i < 0 {
		n.streams = append(n.streams, streamCount{stream: strings.Clone(stream)})
		i = len(n.streams) - 1
	}
	n.streams[i].n += uint32(d)
	if n.streams[i].n == 0 {
		n.streams = slices.Delete(n.streams, i, i+1)
	}
}

// generic is what the node's counts say: a function of the live records alone.
func (n *node) generic(r *rules) bool {
	if n.kind != kindIdentifier {
		return false
	}
	t := r.of(n.canon[1 : n.cut[0]-1])
	if n.neighbours > t.maxNeighbours {
		return true
	}
	for i := range n.streams {
		if int(n.streams[i].n) > t.maxCustomers {
			return true
		}
	}
	return false
}

// nodeVersion is the first byte of a stored node (I8).
const nodeVersion = 1

func (n *node) encode(e *wire.Encoder) {
	e.Byte(nodeVersion)
	e.Byte(byte(n.kind))
	e.Uint(uint64(n.flags))
	e.Int(n.first)
	e.Bool(!n.profile.IsZero())
	if !n.profile.IsZero() {
		record.EncodeKey(e, n.profile)
	}
	e.Uint(n.moves)
	if n.kind == kindSet {
		e.Uint(uint64(len(n.members)))
		for _, m := range n.members {
			record.EncodeKey(e, m)
		}
		return
	}
	e.String(n.canon)
	e.Uint(uint64(n.cut[0]))
	e.Uint(uint64(len(n.decisions)))
	for _, d := range n.decisions {
		e.String(d)
	}
	if n.kind == kindCustomer {
		e.Uint(uint64(n.cut[1]))
		e.Bool(n.live != nil)
		if n.live != nil {
			n.live.encode(e)
		}
		return
	}
	e.Uint(uint64(n.objects))
	e.Uint(uint64(n.neighbours))
	e.Uint(uint64(len(n.streams)))
	for _, s := range n.streams {
		e.String(s.stream)
		e.Uint(uint64(s.n))
	}
	e.Uint(uint64(len(n.consents)))
	for i := range n.consents {
		encodeConsent(e, &n.consents[i])
	}
	e.Uint(uint64(len(n.edges)))
	for i := range n.edges {
		record.EncodeKey(e, n.edges[i].to)
		n.edges[i].encode(e)
	}
}

func encodeConsent(e *wire.Encoder, c *consent) {
	e.String(c.Purpose)
	e.String(c.Channel)
	e.Bool(c.Granted)
	e.Bool(c.suppressed)
	e.Int(c.Effective)
	e.String(c.Source)
	e.String(c.Proof)
}

// Bits of an edge's first byte, above its kind.
const (
	edgeStuck = 4 << iota
	edgeAlias
	edgeCounts
)

func (g *edge) encode(e *wire.Encoder) {
	head := byte(g.kind)
	if g.stuck {
		head |= edgeStuck
	}
	if g.alias {
		head |= edgeAlias
	}
	if g.customers > 0 || g.objects > 0 {
		head |= edgeCounts
	}
	e.Byte(head)
	if head&edgeCounts != 0 {
		e.Uint(uint64(g.customers))
		e.Uint(uint64(g.objects))
	}
}

func (g *edge) decode(d *wire.Decoder) {
	head := d.Byte()
	g.kind = edgeKind(head & 3)
	g.stuck, g.alias = head&edgeStuck != 0, head&edgeAlias != 0
	if head&edgeCounts != 0 {
		g.customers, g.objects = uint32(d.Uint()), uint32(d.Uint())
	}
	if g.kind == 0 || head >= edgeCounts<<1 {
		d.Fail()
	}
}

// decodeHead reads what look-ups ask of a node: it lies in front of all that grows.
func (n *node) decodeHead(d *wire.Decoder) {
	if d.Byte() != nodeVersion {
		d.Fail()
	}
	n.kind = nodeKind(d.Byte())
	n.flags = nodeFlags(d.Uint())
	n.first = d.Int()
	if d.Bool() {
		n.profile = record.DecodeKey(d)
	}
	n.moves = d.Uint()
}

// decodeNode reads what encode wrote into n, which aliases b.
func decodeNode(b []byte, n *node) error {
	d := wire.NewDecoder(b)
	n.decodeHead(&d)
	switch n.kind {
	case kindSet:
		if c := d.Count(); c > 0 {
			n.members = make([]record.NodeKey, c)
			for i := range n.members {
				n.members[i] = record.DecodeKey(&d)
			}
		}
		return d.Finish()
	case kindIdentifier, kindCustomer:
	default:
		d.Fail()
	}
	n.canon = d.String()
	n.cut[0] = int(min(d.Uint(), 1<<30))
	for range d.Count() {
		n.decisions = append(n.decisions, d.String())
	}
	if n.kind == kindCustomer {
		n.cut[1] = int(min(d.Uint(), 1<<30))
		if n.cut[0] < 2 || n.cut[1] <= n.cut[0] || n.cut[1] > len(n.canon) {
			d.Fail()
		}
		if d.Bool() {
			n.live = decodeLive(&d)
		}
		return d.Finish()
	}
	if n.cut[0] < 2 || n.cut[0] > len(n.canon) {
		d.Fail()
	}
	n.objects = uint32(d.Uint())
	n.neighbours = int(min(d.Uint(), 1<<40))
	for range d.Count() {
		n.streams = append(n.streams, streamCount{stream: d.String(), n: uint32(d.Uint())})
	}
	if c := d.Count(); c > 0 {
		id := record.Identifier{}
		if d.Err() == nil {
			id = n.identifier()
		}
		for range c {
			n.consents = append(n.consents, decodeConsent(&d, id))
		}
	}
	if c := d.Count(); c > 0 {
		n.edges = slices.Grow(n.edges[:0], c+1)[:c]
		for i := range n.edges {
			n.edges[i] = edge{to: record.DecodeKey(&d)}
			n.edges[i].decode(&d)
		}
	}
	return d.Finish()
}

func decodeConsent(d *wire.Decoder, id record.Identifier) (c consent) {
	c.Purpose, c.Channel = d.String(), d.String()
	c.Granted, c.suppressed = d.Bool(), d.Bool()
	c.Effective = d.Int()
	c.Source, c.Proof = d.String(), d.String()
	c.Identifier = id
	return c
}
