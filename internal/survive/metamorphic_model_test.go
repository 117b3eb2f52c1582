package survive_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/record"
)

// model computes from the set of what was said alone, in the plainest way, what the
// road must come to. Of the road's own code it uses the record types and the hasher.
type model struct {
	rules  rules
	hasher *record.Hasher
	ledger map[string]int
	reject []string

	first   map[string]int64 // by canonical node: a customer's or an identifier's
	key     map[string]record.NodeKey
	ident   map[string]record.Identifier
	live    map[string]*lived // customers, by node
	objects map[string]*lived
	alive   map[string]bool // nodes that some live record stands behind
	share   map[[2]string]bool
	link    map[[2]string]bool
	alias   map[[2]string]bool
	generic map[string]bool
	words   map[string]map[[2]string]word
	facts   map[string]fact
	ruling  map[[2]string]ruled
	home    map[string]record.ProfileID
	people  map[string][]string // members by founder
}

// acted is a said that the road kept, as it was judged.
type acted struct {
	*said
	order record.Order
	at    int64 // received
	attrs []record.Attr
}

type lived struct {
	said   *said
	top    record.Order
	attrs  map[string]record.TimedAttr
	idents map[record.Identifier]bool
}

type word struct {
	record.ConsentState
	suppressed bool
}

type fact struct {
	name  string
	event string
	order record.Order
	nodes []string
	on    record.NodeKey
	attrs []record.Attr
}

func newModel(w *world) *model {
	h, err := record.NewHasher(bytes.Repeat([]byte{9}, 32))
	if err != nil {
		panic(err) // unreachable: the key has 32 bytes
	}
	m := &model{rules: w.Rules[0], hasher: h, ledger: map[string]int{"ledger rules applied": 1}, first: map[string]int64{}, key: map[string]record.NodeKey{},
		ident: map[string]record.Identifier{}, live: map[string]*lived{}, objects: map[string]*lived{}, alive: map[string]bool{}, share: map[[2]string]bool{},
		link: map[[2]string]bool{}, alias: map[[2]string]bool{}, generic: map[string]bool{}, words: map[string]map[[2]string]word{}, facts: map[string]fact{},
		ruling: map[[2]string]ruled{}, home: map[string]record.ProfileID{}, people: map[string][]string{}}
	if w.Two {
		m.rules = w.Rules[1]
		m.ledger["ledger rules applied"]++
	}
	kept := m.judge(w)
	m.gather(kept)
	m.findGeneric()
	m.decide(w)
	m.solve()
	return m
}

// judge says what becomes of everything said, and gives what acts.
func (m *model) judge(w *world) (kept []acted) {
	type message struct{ hash, received int64 }
	seen := map[string]message{}
	again := map[int]map[uint32]bool{}
	for _, s := range w.Said {
		for _, n := range s.Replays {
			if again[n] == nil {
				again[n] = map[uint32]bool{}
			}
			again[n][s.Pin] = true
		}
	}
	for _, s := range w.Said {
		if kindOf(s.What) == record.Control {
			m.ledger["ledger "+s.What+" applied"]++
			continue
		}
		hash := s.Hash
		if hash == 0 {
			hash = xxhash.Sum64(s.record().Props)
		}
		is := message{int64(hash), moment(s.Received)}
		id := sourceOf(s.What) + " " + s.ID
		if was, ok := seen[id]; ok && max(is.received-was.received, was.received-is.received) <= window.Microseconds() {
			if was.hash == is.hash {
				m.settle(s, "duplicate", "")
			} else {
				m.settle(s, "quarantined", "message_id_reused")
			}
			continue
		}
		if is.received >= seen[id].received {
			seen[id] = is
		}
		pin := s.Pin
		outcome, code := verdict(w, s, pin)
		for _, other := range []uint32{1, 2} {
			if outcome == "quarantined" && again[s.N][other] {
				pin = other
				outcome, code = verdict(w, s, pin)
			}
		}
		m.settle(s, outcome, code)
		if outcome == "applied" {
			kept = append(kept, acted{said: s, order: s.order(), at: moment(s.Received), attrs: s.attrs(pin)})
		}
	}
	return kept
}

func (m *model) settle(s *said, outcome, code string) {
	m.ledger["ledger "+s.What+" "+outcome]++
	if outcome == "quarantined" {
		m.reject = append(m.reject, fmt.Sprintf("quarantined %04d %s", s.N, code))
	}
}

func verdict(w *world, s *said, pin uint32) (outcome, code string) {
	total := 0.0
	for _, a := range s.Attrs {
		if a.Name == "total" {
			total = a.Value.Float()
		}
	}
	most := map[uint32]float64{1: mostTotal, 2: mostTotalLater}[pin]
	switch drift := w.Rules[pin-1].Drift; {
	case s.Bad == badJSON:
		return "quarantined", "json_malformed"
	case s.Key == "" && s.What == contact:
		return "quarantined", "key_missing"
	case s.Bad == badStatus:
		return "quarantined", "consent_status"
	case s.What == order && s.Op != record.Delete && total > most:
		return "quarantined", "quality_range"
	case s.Bad == badDrift && drift == contract.Freeze:
		return "quarantined", "contract_new_field"
	case s.Bad == badDrift && drift == contract.DiscardRow:
		return "discarded", ""
	}
	return "applied", ""
}

// attrs are the attributes that act under a pin.
func (s *said) attrs(pin uint32) (out []record.Attr) {
	switch s.What {
	case event, alias, order, stock: // whatever no attribute names passes as it was sent
		return propsOf(s.record().Props)
	}
	for _, a := range s.Attrs {
		if a.Name == "town" && s.What == contact && pin > 1 && a.Value.Kind == record.String {
			a.Value.S = strings.ToUpper(a.Value.S)
		}
		out = append(out, a)
	}
	if s.What == contact {
		have := map[string]bool{}
		for _, id := range s.Idents {
			if (id.Type == "email" || id.Type == "phone") && !have[id.Type] && !awkward(id.Value) {
				have[id.Type] = true
				out = append(out, record.Attr{Name: id.Type, Value: record.StringValue(id.Value)})
			}
		}
	}
	return out
}

func propsOf(props []byte) (out []record.Attr) {
	var all map[string]any
	if err := json.Unmarshal(props, &all); err != nil {
		panic(err) // unreachable: what is malformed does not act
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		a := record.Attr{Name: name}
		switch v := all[name].(type) {
		case string:
			a.Value = record.StringValue(v)
		case float64:
			a.Value = record.IntValue(int64(v))
		case bool:
			a.Value = record.BoolValue(v)
		}
		out = append(out, a)
	}
	return out
}

func pairOf(a, b string) [2]string { return [2]string{min(a, b), max(a, b)} }

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

// nodes are the nodes of the identifiers that name somebody.
func (m *model) nodes(ids []record.Identifier) (out []string) {
	for _, id := range ids {
		if blocked := awkward(id.Value) || strings.HasPrefix(id.Value, "test@") || strings.HasPrefix(id.Value, "blocked@"); !blocked {
			out = append(out, m.identNode(id))
		}
	}
	return out
}

// lies gives the node that a fact with these identifiers lies on: of all of them,
// whether or not they are blocked. What is no telephone number is no identifier.
func (m *model) lies(ids []record.Identifier) record.NodeKey {
	var nodes []string
	for _, id := range ids {
		if id.Type != "phone" || !awkward(id.Value) {
			nodes = append(nodes, m.identNode(id))
		}
	}
	return m.set(nodes)
}

func (m *model) each(nodes []string, in ...map[[2]string]bool) {
	for i, a := range nodes {
		for _, b := range nodes[:i] {
			for _, set := range in {
				set[pairOf(a, b)] = true
			}
		}
	}
}

// gather finds what lives, what shares records, and what links.
func (m *model) gather(kept []acted) {
	byKey := map[string][]acted{}
	for _, a := range kept {
		nodes := m.nodes(a.Idents)
		named := nodes
		kind := kindOf(a.What)
		if kind == record.Customer {
			named = append(slices.Clone(nodes), m.customerNode(sourceOf(a.What), a.What, a.Key))
		}
		for _, n := range named {
			if t, ok := m.first[n]; !ok || a.at < t {
				m.first[n] = a.at
			}
		}
		switch kind {
		case record.Customer, record.Object:
			k := a.What + " " + a.Key
			byKey[k] = append(byKey[k], a)
			continue
		case record.Consent:
			m.consent(a, nodes)
		case record.Event:
			name := a.What + " " + a.ID
			if was, ok := m.facts[name]; !ok || a.order.Compare(was.order) >= 0 {
				m.facts[name] = fact{name, "Seen", a.order, nodes, m.lies(a.Idents), a.attrs}
			}
		}
		for _, n := range nodes {
			m.alive[n] = true
		}
		m.each(nodes, m.share, m.link)
		if a.What == alias {
			m.each(nodes, m.alias)
		}
	}
	for k, list := range byKey {
		l := liveOf(list)
		if l == nil {
			continue
		}
		idents := slices.Collect(maps.Keys(l.idents))
		nodes := m.nodes(idents)
		m.each(nodes, m.share)
		if kindOf(l.said.What) == record.Object {
			m.objects[k] = l
			m.each(nodes, m.link)
			for _, n := range nodes {
				m.alive[n] = true
			}
			f := fact{name: k, order: l.top, nodes: nodes, on: m.lies(idents)}
			for _, name := range slices.Sorted(maps.Keys(l.attrs)) {
				f.attrs = append(f.attrs, l.attrs[name].Attr)
			}
			m.facts[k] = f
			continue
		}
		c := m.customerNode(sourceOf(l.said.What), l.said.What, l.said.Key)
		m.live[c], m.alive[c] = l, true
		for _, n := range nodes {
			m.link[pairOf(n, c)] = true
		}
	}
}

// liveOf gives what the records of one key come to, or nil: the greatest upsert or
// delete, and the patches above it.
func liveOf(list []acted) *lived {
	var floor *acted
	for i := range list {
		a := &list[i]
		if a.Op == record.Patch {
			continue
		}
		if floor == nil || a.order.Compare(floor.order) > 0 || a.order == floor.order && a.Op > floor.Op {
			floor = a
		}
	}
	var l *lived
	for i := range list {
		a := &list[i]
		switch a.Op {
		case record.Delete:
			continue
		case record.Upsert:
			if floor.Op != record.Upsert || a.order != floor.order {
				continue
			}
		case record.Patch:
			if floor != nil && a.order.Compare(floor.order) <= 0 {
				continue
			}
		}
		if l == nil {
			l = &lived{said: a.said, top: a.order, attrs: map[string]record.TimedAttr{}, idents: map[record.Identifier]bool{}}
		}
		if a.order.Compare(l.top) > 0 {
			l.top = a.order
		}
		for _, id := range a.Idents {
			l.idents[id] = true
		}
		for _, at := range a.attrs {
			was, ok := l.attrs[at.Name]
			if c := a.order.Compare(was.Order); !ok || c > 0 || c == 0 && at.Value.Compare(was.Value) > 0 {
				l.attrs[at.Name] = record.TimedAttr{Attr: at, Order: a.order}
			}
		}
	}
	if l != nil {
		maps.DeleteFunc(l.attrs, func(_ string, a record.TimedAttr) bool { return a.Value.IsNull() })
	}
	return l
}

func (m *model) consent(a acted, nodes []string) {
	w := word{ConsentState: record.ConsentState{Effective: a.order.Effective, Source: sourceOf(a.What)}}
	for _, at := range a.attrs {
		switch at.Name {
		case "purpose":
			w.Purpose = at.Value.S
		case "channel":
			w.Channel = at.Value.S
		case "status":
			w.Granted, w.suppressed = at.Value.S == "granted", at.Value.S == "suppressed"
		case "proof":
			w.Proof = at.Value.S
		}
	}
	strict := func(w word) int {
		if w.suppressed {
			return 2
		}
		if w.Granted {
			return 0
		}
		return 1
	}
	for _, n := range nodes {
		w.Identifier = m.ident[n]
		if m.words[n] == nil {
			m.words[n] = map[[2]string]word{}
		}
		at := [2]string{w.Purpose, w.Channel}
		was, ok := m.words[n][at]
		if !ok || cmp.Or(cmp.Compare(w.Effective, was.Effective), cmp.Compare(strict(w), strict(was)), cmp.Compare(was.Proof, w.Proof)) > 0 {
			m.words[n][at] = w
		}
	}
}

func (o *outcome) lessCrosswalk() *outcome {
	c := *o
	c.Crosswalk = nil
	return &c
}
