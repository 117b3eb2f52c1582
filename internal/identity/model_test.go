package identity_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/kithdata/kith/internal/identity"
	"github.com/kithdata/kith/internal/record"
)

// model computes from the set of records alone, in the plainest way, what identity
// must arrive at. It shares no code with the room but the record types.
type model struct {
	cfg     identity.Config
	hasher  *record.Hasher
	blocked map[string]bool

	first     map[string]int64
	key       map[string]record.NodeKey
	ident     map[string]record.Identifier
	customers map[string]*lived // live ones, by node
	objects   map[string]*lived
	alive     map[string]bool
	share     map[[2]string]bool
	link      map[[2]string]bool
	alias     map[[2]string]bool
	generic   map[string]bool
	consents  map[string]map[[2]string]word
	events    map[string][]record.Identifier // message to its identifiers
	ruling    map[[2]string]ruled
	people    map[string][]string // founder node to members
	home      map[string]record.ProfileID
}

type word struct {
	state      record.ConsentState
	suppressed bool
}

type ruled struct {
	decided int64
	id      string
	merge   bool
}

type lived struct {
	source, stream, key string
	top                 record.Order
	topAt               int64
	attrs               map[string]record.TimedAttr
	idents              map[record.Identifier]bool
}

func pairOf(a, b string) [2]string { return [2]string{min(a, b), max(a, b)} }

func newModel(cfg identity.Config, h *record.Hasher, blocked map[string]bool, records []record.Record) *model {
	m := &model{cfg: cfg, hasher: h, blocked: blocked, first: map[string]int64{}, key: map[string]record.NodeKey{}, ident: map[string]record.Identifier{},
		customers: map[string]*lived{}, objects: map[string]*lived{}, alive: map[string]bool{}, share: map[[2]string]bool{}, link: map[[2]string]bool{},
		alias: map[[2]string]bool{}, generic: map[string]bool{}, consents: map[string]map[[2]string]word{}, events: map[string][]record.Identifier{},
		ruling: map[[2]string]ruled{}, people: map[string][]string{}, home: map[string]record.ProfileID{}}
	byKey := map[string][]record.Record{}
	for _, r := range records {
		if r.Kind == record.Control {
			continue
		}
		nodes := m.nodes(r.Identifiers)
		for _, n := range nodes {
			m.seen(n, r.Received)
		}
		switch r.Kind {
		case record.Customer, record.Object:
			k := fmt.Sprint(r.Kind) + "\x00" + r.Source + "\x00" + r.Stream + "\x00" + r.Key
			byKey[k] = append(byKey[k], r)
			if r.Kind == record.Customer {
				m.seen(m.customerNode(r.Source, r.Stream, r.Key), r.Received)
			}
		default:
			for i, a := range nodes {
				m.alive[a] = true
				for _, b := range nodes[:i] {
					m.share[pairOf(a, b)], m.link[pairOf(a, b)] = true, true
				}
			}
			if r.Kind == record.Event {
				m.events[r.ID] = r.Identifiers
			} else {
				m.consent(r, nodes)
			}
		}
		if r.Alias {
			for i, a := range nodes {
				for _, b := range nodes[:i] {
					m.share[pairOf(a, b)], m.link[pairOf(a, b)], m.alias[pairOf(a, b)] = true, true, true
				}
			}
		}
	}
	for _, rs := range byKey {
		if l := liveOf(rs); l != nil {
			nodes := m.nodes(slices.Collect(maps.Keys(l.idents)))
			for i, a := range nodes {
				for _, b := range nodes[:i] {
					m.share[pairOf(a, b)] = true
					if rs[0].Kind == record.Object {
						m.link[pairOf(a, b)] = true
					}
				}
			}
			if rs[0].Kind == record.Object {
				m.objects[fmt.Sprint(record.Object, l.source, l.stream, l.key)] = l
				for _, a := range nodes {
					m.alive[a] = true
				}
				continue
			}
			c := m.customerNode(l.source, l.stream, l.key)
			m.customers[c], m.alive[c] = l, true
			for _, a := range nodes {
				m.link[pairOf(a, c)] = true
			}
		}
	}
	m.findGeneric()
	m.decide(records)
	m.solve()
	return m
}

func (m *model) seen(n string, t int64) {
	if f, ok := m.first[n]; !ok || t < f {
		m.first[n] = t
	}
}

func (m *model) identNode(id record.Identifier) string {
	n := "i" + id.Type + "\x00" + id.Value
	m.key[n], m.ident[n] = m.hasher.Identifier(id), id
	return n
}

func (m *model) customerNode(source, stream, key string) string {
	n := "c" + source + "\x00" + stream + "\x00" + key
	m.key[n] = m.hasher.Customer(source, stream, key)
	return n
}

func (m *model) nodes(ids []record.Identifier) (out []string) {
	for _, id := range ids {
		if n := m.identNode(id); !m.blocked[id.Value] && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// named gives the nodes of ids, blocked ones too.
func (m *model) named(ids []record.Identifier) (out []string) {
	for _, id := range ids {
		if n := m.identNode(id); !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// liveOf gives what the records of one key come to, or nil.
func liveOf(rs []record.Record) *lived {
	var floor record.Order
	var floorOp record.Op
	for _, r := range rs {
		if r.Op == record.Patch {
			continue
		}
		if c := r.Order().Compare(floor); floorOp == 0 || c > 0 || (c == 0 && r.Op > floorOp) {
			floor, floorOp = r.Order(), r.Op
		}
	}
	l := &lived{source: rs[0].Source, stream: rs[0].Stream, key: rs[0].Key, attrs: map[string]record.TimedAttr{}, idents: map[record.Identifier]bool{}}
	alive := false
	for _, r := range rs {
		o := r.Order()
		switch r.Op {
		case record.Delete:
			continue
		case record.Upsert:
			if floorOp != record.Upsert || o != floor {
				continue
			}
		case record.Patch:
			if floorOp != 0 && o.Compare(floor) <= 0 {
				continue
			}
		}
		if c := o.Compare(l.top); !alive || c > 0 {
			l.top, l.topAt = o, r.Received
		} else if c == 0 {
			l.topAt = max(l.topAt, r.Received)
		}
		alive = true
		for _, id := range r.Identifiers {
			l.idents[id] = true
		}
		for _, a := range r.Attrs {
			was, ok := l.attrs[a.Name]
			if c := o.Compare(was.Order); !ok || c > 0 || (c == 0 && a.Value.Compare(was.Value) > 0) {
				l.attrs[a.Name] = record.TimedAttr{Attr: a, Order: o}
			}
		}
	}
	if !alive {
		return nil
	}
	for name, a := range l.attrs {
		if a.Value.IsNull() {
			delete(l.attrs, name)
		}
	}
	return l
}

func (m *model) consent(r record.Record, nodes []string) {
	if r.Op == record.Delete {
		return
	}
	attr := func(name string) string {
		for _, a := range r.Attrs {
			if a.Name == name {
				return a.Value.S
			}
		}
		return ""
	}
	for _, n := range nodes {
		w := word{record.ConsentState{Purpose: attr("purpose"), Channel: attr("channel"), Granted: attr("status") == "granted", Effective: r.Effective(),
			Source: r.Source, Proof: attr("proof"), Identifier: m.ident[n]}, attr("status") == "suppressed"}
		if m.consents[n] == nil {
			m.consents[n] = map[[2]string]word{}
		}
		at := [2]string{w.state.Purpose, w.state.Channel}
		rank := func(w word) string { // the greatest wins
			strict := map[bool]string{true: "1", false: "0"}
			return fmt.Sprintf("%020d", w.state.Effective) + strict[w.suppressed] + strict[!w.state.Granted]
		}
		old, ok := m.consents[n][at]
		tie := rank(w) == rank(old) && (w.state.Source+"\x00"+w.state.Proof < old.state.Source+"\x00"+old.state.Proof)
		if !ok || rank(w) > rank(old) || tie {
			m.consents[n][at] = w
		}
	}
}

func (m *model) typeConfig(typ string) identity.TypeConfig {
	t := identity.TypeConfig{Type: typ}
	for _, c := range m.cfg.Types {
		if c.Type == typ {
			t = c
		}
	}
	t.MaxNeighbours = cmp.Or(t.MaxNeighbours, 1000)
	t.MaxCustomers = cmp.Or(t.MaxCustomers, 100)
	return t
}

func (m *model) findGeneric() {
	for n, id := range m.ident {
		t := m.typeConfig(id.Type)
		neighbours := 0
		for p := range m.share {
			if p[0] == n || p[1] == n {
				neighbours++
			}
		}
		streams := map[string]int{}
		for _, l := range m.customers {
			if l.idents[id] {
				streams[l.stream]++
			}
		}
		for _, c := range streams {
			if c > t.MaxCustomers {
				m.generic[n] = true
			}
		}
		if neighbours > t.MaxNeighbours {
			m.generic[n] = true
		}
	}
}

func (m *model) decide(records []record.Record) {
	type said struct {
		d     identity.Decision
		props string
	}
	byID := map[string]said{}
	withdrawn := map[string][2]string{} // greatest (decided, id)
	for _, r := range records {
		if r.Kind != record.Control {
			continue
		}
		d, err := identity.ParseDecision(r.Props)
		if err != nil {
			panic(err)
		}
		if d.Verb == identity.Withdraw {
			at := [2]string{fmt.Sprintf("%020d", d.Decided), d.ID}
			if was := withdrawn[d.Of]; at[0]+at[1] > was[0]+was[1] {
				withdrawn[d.Of] = at
			}
			continue
		}
		if was, ok := byID[d.ID]; !ok || d.Decided > was.d.Decided || (d.Decided == was.d.Decided && string(d.Props()) > was.props) {
			byID[d.ID] = said{d, string(d.Props())}
		}
	}
	side := func(names []identity.Name) (out []string) {
		for _, n := range names {
			if n.Type != "" {
				out = append(out, m.nodes([]record.Identifier{{Type: n.Type, Value: n.Value}})...)
			} else {
				out = append(out, m.customerNode(n.Source, n.Stream, n.Key))
			}
		}
		return out
	}
	for id, s := range byID {
		if w, ok := withdrawn[id]; ok && w[0]+w[1] > fmt.Sprintf("%020d", s.d.Decided)+id {
			continue
		}
		for _, a := range side(s.d.A) {
			for _, b := range side(s.d.B) {
				was, ok := m.ruling[pairOf(a, b)]
				if a != b && (!ok || s.d.Decided > was.decided || (s.d.Decided == was.decided && id > was.id)) {
					m.ruling[pairOf(a, b)] = ruled{s.d.Decided, id, s.d.Verb == identity.Merge}
				}
			}
		}
	}
}

type modelLink struct {
	pair  [2]string
	must  bool
	order string
}

func (m *model) typeOrder(typ string) string {
	for i, t := range m.cfg.Types {
		if t.Type == typ {
			return fmt.Sprintf("%03d", i)
		}
	}
	return "999" + typ
}

func (m *model) links() (out []modelLink) {
	for p := range m.link {
		if m.generic[p[0]] || m.generic[p[1]] {
			continue
		}
		weaker := ""
		for _, n := range p {
			if id, ok := m.ident[n]; ok {
				weaker = max(weaker, m.typeOrder(id.Type))
			}
		}
		out = append(out, modelLink{p, false, "exact\x00" + weaker + "\x00\x00" + p[0] + "\x00\x00" + p[1]})
	}
	for p, r := range m.ruling {
		if r.merge && !m.generic[p[0]] && !m.generic[p[1]] {
			out = append(out, modelLink{p, true, fmt.Sprintf("a\x00%020d\x00%s\x00\x00%s\x00\x00%s", r.decided, r.id, p[0], p[1])})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].order < out[j].order })
	return out
}

func (m *model) solve() {
	class := map[string]string{}
	var classOf func(string) string
	classOf = func(n string) string {
		if p, ok := class[n]; ok {
			return classOf(p)
		}
		return n
	}
	for p := range m.alias {
		if a, b := classOf(p[0]), classOf(p[1]); a != b && !m.generic[p[0]] && !m.generic[p[1]] {
			class[a] = b
		}
	}
	in := map[string]map[string]bool{}
	group := func(n string) map[string]bool {
		if in[n] == nil {
			in[n] = map[string]bool{n: true}
		}
		return in[n]
	}
	values := func(g map[string]bool, typ string) map[string]bool {
		out := map[string]bool{}
		for n := range g {
			if id, ok := m.ident[n]; ok && id.Type == typ {
				out[classOf(n)] = true
			}
		}
		return out
	}
	for _, l := range m.links() {
		a, b := group(l.pair[0]), group(l.pair[1])
		if a[l.pair[1]] {
			continue
		}
		ok := len(a)+len(b) <= cmp.Or(m.cfg.MaxPerson, 10000)
		for x := range a {
			for y := range b {
				if r, there := m.ruling[pairOf(x, y)]; there && !r.merge {
					ok = false
				}
			}
		}
		for _, t := range m.cfg.Types {
			if t.MaxPerProfile == 0 || l.must {
				continue
			}
			va, vb := values(a, t.Type), values(b, t.Type)
			both := maps.Clone(va)
			maps.Copy(both, vb)
			if len(both) > t.MaxPerProfile && len(both) > len(va) && len(both) > len(vb) {
				ok = false
			}
		}
		if ok {
			for n := range b {
				a[n] = true
			}
			for n := range a {
				in[n] = a
			}
		}
	}
	for n := range m.key {
		if m.generic[n] || (m.ident[n] != record.Identifier{} && m.blocked[m.ident[n].Value]) {
			continue
		}
		members := slices.Sorted(maps.Keys(group(n)))
		if members[0] != n || !slices.ContainsFunc(members, func(x string) bool { return m.alive[x] }) {
			continue
		}
		founder := ""
		for _, x := range members {
			if t, ok := m.first[x]; ok && (founder == "" || t < m.first[founder]) {
				founder = x
			}
		}
		m.people[founder] = members
		for _, x := range members {
			m.home[x] = m.key[founder]
		}
	}
}

// bridge gives the profile of a set of identifiers: of its strongest that is not generic.
func (m *model) bridge(nodes []string) record.ProfileID {
	best, at := "", ""
	for _, n := range nodes {
		if order := m.typeOrder(m.ident[n].Type) + "\x00\x00" + n; !m.generic[n] && (best == "" || order < best) {
			best, at = order, n
		}
	}
	return m.home[at]
}

func (m *model) node(nodes []string) record.NodeKey {
	var keys []record.NodeKey
	for _, n := range nodes {
		keys = append(keys, m.key[n])
	}
	slices.SortFunc(keys, func(a, b record.NodeKey) int { return strings.Compare(string(a[:]), string(b[:])) })
	return m.hasher.Set(keys)
}

// dump renders the model's people as render does the room's.
func (m *model) dump() string {
	var out []string
	for founder, members := range m.people {
		e := record.Effect{}
		for _, n := range members {
			e.Members = append(e.Members, m.key[n])
			if l := m.customers[n]; l != nil {
				c := &record.SourceCustomer{Node: m.key[n], Source: l.source, Stream: l.stream, Key: l.key, Order: l.top, Received: l.topAt}
				for _, name := range slices.Sorted(maps.Keys(l.attrs)) {
					c.Attrs = append(c.Attrs, l.attrs[name])
				}
				c.Identifiers = slices.SortedFunc(maps.Keys(l.idents), func(a, b record.Identifier) int {
					return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Value, b.Value))
				})
				e.Customers = append(e.Customers, c)
			}
			if id, ok := m.ident[n]; ok {
				if t, named := m.first[n]; named {
					e.Identifiers = append(e.Identifiers, record.MemberIdentifier{Identifier: id, Node: m.key[n], First: t})
				}
				for _, w := range m.consents[n] {
					e.Consents = append(e.Consents, w.state)
					e.Suppressed = e.Suppressed || w.suppressed
				}
			}
		}
		e.Consents = record.MergeConsents(e.Consents)
		out = append(out, render(m.key[founder], e))
	}
	sort.Strings(out)
	return strings.Join(out, "\n")
}

// render gives a person's whole content as text.
func render(id record.ProfileID, e record.Effect) string {
	var b strings.Builder
	fmt.Fprintf(&b, "person %v suppressed=%v\n", id, e.Suppressed)
	members := slices.Clone(e.Members)
	slices.SortFunc(members, func(a, b record.NodeKey) int { return strings.Compare(string(a[:]), string(b[:])) })
	fmt.Fprintf(&b, "  members %v\n", members)
	for _, c := range e.Customers {
		fmt.Fprintf(&b, "  customer %v/%v/%v order=%v received=%v %q\n", c.Source, c.Stream, c.Key, c.Order, c.Received, c.Identifiers)
		for _, a := range c.Attrs {
			fmt.Fprintf(&b, "    %v=%v order=%v\n", a.Name, a.Value, a.Order)
		}
	}
	for _, i := range e.Identifiers {
		fmt.Fprintf(&b, "  identifier %q first=%v %v\n", i.Identifier, i.First, i.Node)
	}
	for _, c := range e.Consents {
		fmt.Fprintf(&b, "  consent %+v\n", c)
	}
	return b.String()
}
