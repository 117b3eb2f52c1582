package identity

import (
	"encoding/binary"
	"strings"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// source is where nodes are read from: a transaction, which locks what it reads, or
// a snapshot.
type source interface {
	get(keys [][]byte) ([][]byte, error)
	scan(owner, lo, hi []byte, fn func(key, value []byte) bool) error
}

type txSource struct{ tx engine.Tx }

func (s txSource) get(keys [][]byte) ([][]byte, error) { return s.tx.Lock(keys...) }
func (s txSource) scan(owner, lo, hi []byte, fn func(key, value []byte) bool) error {
	return s.tx.Range(owner, lo, hi, fn)
}

type readSource struct{ r engine.Reader }

func (s readSource) get(keys [][]byte) ([][]byte, error) { return s.r.Get(keys...) }
func (s readSource) scan(_, lo, hi []byte, fn func(key, value []byte) bool) error {
	return s.r.Scan(lo, hi, fn)
}

// work is one batch under way: every node that it met, decoded once, changed in
// place and written once. It is used by one goroutine and then thrown away.
type work struct {
	rules  *rules
	hasher *record.Hasher
	src    source
	tx     engine.Tx // nil when only reading
	gen    uint32
	silent bool

	nodes     map[record.NodeKey]*node
	loaded    []*node  // in order of loading: what is written is written in this order
	slabs     [][]node // every node of the batch, kept for the next
	taken     int
	objects   map[record.NodeKey]*object
	decisions map[string]*decisionDoc
	effects   *[]record.Effect
	cause     record.Cause
	epoch     uint32
	solves    uint32

	// Of the record at hand.
	dirty   []*node // whose region must be solved anew
	touched []*node // whose content changed
	recount []*node // whose counts changed: generic or not?

	rehome []*node // identifiers and sets whose bridge may have moved

	keyBuf  []byte
	missing []record.NodeKey
	enc     []byte
	arena   []record.NodeKey // the items' nodes
	items   []item
}

func newWork(rules *rules, hasher *record.Hasher) *work {
	return &work{rules: rules, hasher: hasher, nodes: make(map[record.NodeKey]*node, 64),
		objects: map[record.NodeKey]*object{}, decisions: map[string]*decisionDoc{}}
}

// key makes a state key. Keys are cut from one buffer: a batch makes thousands.
func (w *work) key(t engine.Table, parts ...[]byte) []byte {
	n := 5
	for _, p := range parts {
		n += len(p)
	}
	if cap(w.keyBuf)-len(w.keyBuf) < n {
		w.keyBuf = make([]byte, 0, max(4096, n))
	}
	start := len(w.keyBuf)
	w.keyBuf = binary.BigEndian.AppendUint32(w.keyBuf, w.gen)
	w.keyBuf = append(w.keyBuf, byte(t))
	for _, p := range parts {
		w.keyBuf = append(w.keyBuf, p...)
	}
	return w.keyBuf[start:len(w.keyBuf):len(w.keyBuf)]
}

func (w *work) nodeKey(k record.NodeKey) []byte { return w.key(engine.TableNode, k[:]) }

// load reads those of keys that were not met yet, in one round trip.
func (w *work) load(keys ...record.NodeKey) error {
	w.missing = w.missing[:0]
	for _, k := range keys {
		if _, ok := w.nodes[k]; !ok {
			w.nodes[k] = nil
			w.missing = append(w.missing, k)
		}
	}
	if len(w.missing) == 0 {
		return nil
	}
	state := make([][]byte, len(w.missing))
	for i, k := range w.missing {
		state[i] = w.nodeKey(k)
	}
	values, err := w.src.get(state)
	if err != nil {
		return err
	}
	for i, k := range w.missing {
		n := w.fresh(k)
		if values[i] != nil {
			if err := decodeNode(values[i], n); err != nil {
				return errs.Wrap("identity_format", "reading a node of identity", err).Fix("open this data folder with the version that wrote it, or rebuild")
			}
			n.loadedAs = n.profile
		}
		w.nodes[k] = n
	}
	return nil
}

const slabNodes = 256

func (w *work) fresh(k record.NodeKey) *node {
	if w.taken == len(w.slabs)*slabNodes {
		w.slabs = append(w.slabs, make([]node, slabNodes))
	}
	n := &w.slabs[w.taken/slabNodes][w.taken%slabNodes]
	w.taken++
	n.key = k
	w.loaded = append(w.loaded, n)
	return n
}

// keptNodes is how many nodes' memory a work keeps for the next batch.
const keptNodes = 16_384

// reset makes the work ready for another batch: memory is kept, nothing else.
func (w *work) reset() bool {
	if w.taken > keptNodes {
		return false
	}
	for i := range w.taken {
		n := &w.slabs[i/slabNodes][i%slabNodes]
		*n = node{edges: n.edges[:0], links: n.links[:0]}
	}
	clear(w.nodes)
	clear(w.objects)
	clear(w.decisions)
	clear(w.items)
	clear(w.loaded)
	clear(w.rehome)
	*w = work{rules: w.rules, hasher: w.hasher, nodes: w.nodes, objects: w.objects, decisions: w.decisions, loaded: w.loaded[:0],
		slabs: w.slabs, dirty: w.dirty[:0], touched: w.touched[:0], recount: w.recount[:0], rehome: w.rehome[:0],
		missing: w.missing[:0], enc: w.enc[:0], arena: w.arena[:0], items: w.items[:0]}
	return true
}

// node gives one node, loading it where it was not met yet.
func (w *work) node(k record.NodeKey) (*node, error) {
	if n := w.nodes[k]; n != nil {
		return n, nil
	}
	if err := w.load(k); err != nil {
		return nil, err
	}
	return w.nodes[k], nil
}

// flush writes every node that changed.
func (w *work) flush() {
	for _, n := range w.loaded {
		if !n.changed {
			continue
		}
		e := wire.Encoder{B: w.enc[:0]}
		n.encode(&e)
		w.enc = e.B
		w.tx.Put(w.nodeKey(n.key), append([]byte(nil), e.B...))
		n.changed = false
	}
	for _, k := range sortedKeys(w.objects, compareKeys) {
		if o := w.objects[k]; o.changed {
			w.tx.Put(w.key(engine.TableObject, k[:]), o.encode())
			o.changed = false
		}
	}
	for _, id := range sortedKeys(w.decisions, strings.Compare) {
		if doc := w.decisions[id]; doc.changed {
			w.tx.Put(w.key(engine.TableDecision, []byte(id)), doc.encode())
			doc.changed = false
		}
	}
}

func (w *work) edgeKey(n *node, kind edgeKind, to record.NodeKey) []byte {
	return w.key(engine.TableEdge, n.key[:], []byte{byte(kind)}, to[:])
}

// edge gives the edge between two identifiers; the zero edge when there is none. It
// is the same on both sides, so the side that lies inline is asked first.
func (w *work) edge(a, b *node) (edge, error) {
	for range 2 {
		if !a.is(flagSpilled) {
			if i := a.find(b.key); i >= 0 {
				return a.edges[i], nil
			}
			return edge{}, nil
		}
		if g, ok := a.spill[b.key]; ok {
			return g, nil
		}
		a, b = b, a
	}
	if a.kind == 0 || b.kind == 0 {
		return edge{}, nil
	}
	values, err := w.src.get([][]byte{w.edgeKey(a, edgeIdentifier, b.key)})
	if err != nil || values[0] == nil {
		return edge{}, err
	}
	g := edge{to: b.key}
	d := wire.NewDecoder(values[0])
	g.decode(&d)
	if err := d.Finish(); err != nil {
		return edge{}, errs.Wrap("identity_format", "reading an edge of identity", err)
	}
	return g, nil
}

// putEdge writes n's side of an edge; gone removes it.
func (w *work) putEdge(n *node, g edge, gone bool) {
	n.linked = false
	if !n.is(flagSpilled) {
		n.changed = true
		i := n.find(g.to)
		switch {
		case gone && i >= 0:
			last := len(n.edges) - 1
			n.edges[i] = n.edges[last]
			n.edges = n.edges[:last]
		case gone:
		case i >= 0:
			n.edges[i] = g
		default:
			n.edges = append(n.edges, g)
		}
		if len(n.edges) > w.rules.inlineEdges {
			w.spillOver(n)
		}
		return
	}
	if g.kind == edgeIdentifier {
		if n.spill == nil {
			n.spill = map[record.NodeKey]edge{}
		}
		if n.spill[g.to] = g; gone {
			n.spill[g.to] = edge{}
		}
	}
	if gone {
		w.tx.DeleteUnder(w.nodeKey(n.key), w.edgeKey(n, g.kind, g.to))
		return
	}
	var e wire.Encoder
	g.encode(&e)
	w.tx.PutUnder(w.nodeKey(n.key), w.edgeKey(n, g.kind, g.to), e.B)
}

func (w *work) spillOver(n *node) {
	edges := n.edges
	n.edges = nil
	n.set(flagSpilled, true)
	for _, g := range edges {
		w.putEdge(n, g, false)
	}
}

// eachEdge calls fn with the edges of one kind.
func (w *work) eachEdge(n *node, kind edgeKind, fn func(g *edge)) error {
	if !n.is(flagSpilled) {
		for i := range n.edges {
			if n.edges[i].kind == kind {
				fn(&n.edges[i])
			}
		}
		return nil
	}
	lo := w.key(engine.TableEdge, n.key[:], []byte{byte(kind)})
	var fault error
	err := w.src.scan(w.nodeKey(n.key), lo, engine.PrefixEnd(lo), func(key, value []byte) bool {
		d := wire.NewDecoder(value)
		g := edge{}
		copy(g.to[:], key[len(lo):])
		g.decode(&d)
		if fault = d.Finish(); fault != nil {
			fault = errs.Wrap("identity_format", "reading an edge of identity", fault)
			return false
		}
		fn(&g)
		return true
	})
	if err == nil {
		err = fault
	}
	return err
}
