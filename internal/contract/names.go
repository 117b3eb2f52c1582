package contract

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/record"
)

// maxNames bounds how many member names a stream's tree learns; a source that
// sends ever new names costs an allocation each, not memory for ever.
const maxNames = 4096

// names is the tree of member names that a stream's records have shown, so that a
// field's path is made once, and its place in the contract is found once.
// Reading takes no lock; a new name is added under one, to copies.
type names struct {
	mu     sync.Mutex
	count  int
	root   node
	schema *compiled
	drift  drift
	orders atomic.Pointer[map[uint64]*order] // by sum of the nodes' ids
}

// node is one member name at its place.
type node struct {
	id    uint64 // 0: not learnt
	raw   string // between the quotes, as sent
	path  string
	want  *Field // the contract's field of this path; nil when it has none
	rules *ruler // of want; nil when it has none
	// judged is what the contract's text says of the value; nil where fields and rules
	// say it all.
	judged *assertion
	// policy says what becomes of drift here: of values that do not fit want, or of
	// the field itself where there is no want.
	policy Policy
	// whole says that the contract has the path as json and nothing below it: an
	// object there stays whole.
	whole bool
	// object says that the contract has an object here, and nothing else; members that it
	// knows some of its members.
	object, members bool
	// added says that the event's door has put the member beside the properties: it is
	// not the sender's departure from the event's contract.
	added bool
	kids  atomic.Pointer[kids]
}

// kids never changes once it is stored. The map is made anew only when the tail
// that it does not hold has grown long, or learning n names would copy n² entries.
type kids struct {
	list []*node // in order of first sight, which is mostly the order of sending
	by   map[string]*node
	in   int // how many of list are in by
}

const maxTail = 32

func (k *kids) find(raw []byte) *node {
	if k == nil {
		return nil
	}
	if c := k.by[string(raw)]; c != nil {
		return c
	}
	for _, c := range k.list[k.in:] {
		if c.raw == string(raw) {
			return c
		}
	}
	return nil
}

func (k *kids) with(c *node) *kids {
	if k == nil {
		return &kids{list: []*node{c}}
	}
	// Only one writer at a time appends, and readers see no more than their length.
	grown := &kids{list: append(k.list, c), by: k.by, in: k.in}
	if len(grown.list)-grown.in > maxTail {
		grown.by, grown.in = make(map[string]*node, len(grown.list)), len(grown.list)
		for _, each := range grown.list {
			grown.by[each.raw] = each
		}
	}
	return grown
}

// order is where the fields of a record go that came in a certain order of members:
// records of one sender mostly share it, so that most need no sorting.
type order struct {
	came []*node
	to   []int32 // place of the i-th field that came
}

// maxOrders bounds the orders that a stream remembers, and maxOrdered their length.
const (
	maxOrders  = 64
	maxOrdered = 128
)

// child finds the member raw of n, learning it if need be. hint is where in the
// list the sender's usual order would have it.
func (t *names) child(n *node, raw []byte, escaped bool, hint int) (*node, int) {
	k := n.kids.Load()
	if k != nil && hint < len(k.list) && k.list[hint].raw == string(raw) {
		return k.list[hint], hint + 1
	}
	if c := k.find(raw); c != nil {
		return c, hint + 1
	}
	return t.learn(n, raw, escaped), hint + 1
}

func (t *names) learn(n *node, raw []byte, escaped bool) *node {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := n.kids.Load()
	if c := old.find(raw); c != nil {
		return c
	}
	c := &node{raw: string(raw), path: memberPath(n.path, raw, escaped, n == &t.root)}
	c.want, c.rules, c.judged = t.schema.field(c.path), t.schema.ruler(c.path), t.schema.judgedAt(c.path)
	c.members = t.schema != nil && t.schema.below(c.path)
	c.object = c.want == nil && (c.judged != nil || c.members)
	c.policy = t.drift.of(c.path, c.want)
	if c.object {
		c.policy = t.drift.of(c.path, &Field{})
	}
	c.added = c.want == nil && t.schema != nil && t.schema.event && (n.added || n == &t.root && addedByDoor(c.path))
	c.whole = c.want != nil && c.want.Type == record.JSON && !c.members
	if t.count >= maxNames || len(c.path) > maxPath {
		return c
	}
	t.count++
	c.id = uint64(t.count)
	n.kids.Store(old.with(c))
	return c
}

// sum mixes a node into the sum of an order; sums may collide, which costs a
// comparison and no more.
func (n *node) sum(sum uint64) uint64 { return (sum ^ n.id) * 0x9e3779b97f4a7c15 }

// remembered gives the order of these nodes, if it is known.
func (t *names) remembered(sum uint64, came []*node) *order {
	if known := t.orders.Load(); known != nil {
		if o := (*known)[sum]; o != nil && slices.Equal(o.came, came) {
			return o
		}
	}
	return nil
}

// remember keeps the order of these nodes, where there is room for it.
func (t *names) remember(sum uint64, came []*node) {
	if len(came) > maxOrdered || slices.ContainsFunc(came, func(n *node) bool { return n.id == 0 }) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	known := map[uint64]*order{}
	if old := t.orders.Load(); old != nil {
		if len(*old) >= maxOrders || (*old)[sum] != nil {
			return
		}
		maps.Copy(known, *old)
	}
	rank := make([]int32, len(came))
	for i := range rank {
		rank[i] = int32(i)
	}
	slices.SortFunc(rank, func(a, b int32) int { return strings.Compare(came[a].path, came[b].path) })
	o := &order{came: slices.Clone(came), to: make([]int32, len(came))}
	for place, i := range rank {
		o.to[i] = int32(place)
	}
	known[sum] = o
	t.orders.Store(&known)
}

// memberPath is the path of a member below parent. A member without a name is
// called _, since nothing after the contract can name a column without a name.
func memberPath(parent string, raw []byte, escaped, root bool) string {
	name := string(raw)
	if escaped {
		name = unquote(raw)
	}
	if name == "" {
		name = "_"
	}
	if root {
		return name
	}
	return parent + "." + name
}

// unquote gives the text of a string from what lies between its quotes.
func unquote(raw []byte) string {
	quoted := make([]byte, 0, len(raw)+2)
	quoted = append(quoted, '"')
	quoted = append(quoted, raw...)
	quoted = append(quoted, '"')
	text, err := jsontext.AppendUnquote(make([]byte, 0, len(raw)), quoted)
	if err != nil { // only where the door maps text that Refine will refuse
		return string(bytes.ToValidUTF8(text, nil))
	}
	return string(text)
}
