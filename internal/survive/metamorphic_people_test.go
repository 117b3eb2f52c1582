package survive_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/golden"
	"github.com/kithdata/kith/internal/identity"
	"github.com/kithdata/kith/internal/record"
)

// ruled is a steward's word on a pair of nodes.
type ruled struct {
	decided int64
	id      string
	merge   bool
}

func (m *model) limits(typ string) identity.TypeConfig {
	for _, c := range m.rules.Identity.Types {
		if c.Type == typ {
			c.MaxCustomers = cmp.Or(c.MaxCustomers, identity.DefaultMaxCustomers)
			return c
		}
	}
	return identity.TypeConfig{MaxNeighbours: identity.DefaultMaxNeighbours, MaxCustomers: identity.DefaultMaxCustomers}
}

func (m *model) findGeneric() {
	for n, id := range m.ident {
		limits := m.limits(id.Type)
		neighbours := 0
		for p := range m.share {
			if p[0] == n || p[1] == n {
				neighbours++
			}
		}
		m.generic[n] = neighbours > limits.MaxNeighbours
		streams := map[string]int{}
		for _, l := range m.live {
			if l.idents[id] {
				streams[l.said.What]++
			}
		}
		for _, c := range streams {
			m.generic[n] = m.generic[n] || c > limits.MaxCustomers
		}
	}
}

// decide finds the ruling of each pair. Of two decisions with one id the greater
// counts; a withdrawal takes back what was decided before it.
func (m *model) decide(w *world) {
	docs, taken := map[string]*identity.Decision{}, map[string]*identity.Decision{}
	later := func(a, b *identity.Decision, tie int) bool { return cmp.Or(cmp.Compare(a.Decided, b.Decided), tie) > 0 }
	for _, s := range w.Said {
		d := s.Decision
		switch {
		case d == nil:
		case d.Verb == identity.Withdraw:
			if was := taken[d.Of]; was == nil || later(d, was, strings.Compare(d.ID, was.ID)) {
				taken[d.Of] = d
			}
		default:
			if was := docs[d.ID]; was == nil || later(d, was, bytes.Compare(d.Props(), was.Props())) {
				docs[d.ID] = d
			}
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
	for id, d := range docs {
		if t := taken[id]; t != nil && later(t, d, strings.Compare(t.ID, id)) {
			continue
		}
		for _, a := range side(d.A) {
			for _, b := range side(d.B) {
				was, ok := m.ruling[pairOf(a, b)]
				if a != b && (!ok || cmp.Or(cmp.Compare(d.Decided, was.decided), strings.Compare(id, was.id)) > 0) {
					m.ruling[pairOf(a, b)] = ruled{d.Decided, id, d.Verb == identity.Merge}
				}
			}
		}
	}
}

// rank orders identifier types from the strongest to the weakest.
func (m *model) rank(typ string) string {
	for i, t := range m.rules.Identity.Types {
		if t.Type == typ {
			return fmt.Sprintf("%03d", i)
		}
	}
	return "999" + typ
}

type candidate struct {
	pair  [2]string
	must  bool
	order []string
}

// links gives the links in the order in which they are taken.
func (m *model) links() (out []candidate) {
	usable := func(p [2]string) bool { return !m.generic[p[0]] && !m.generic[p[1]] }
	for p := range m.link {
		if usable(p) {
			weaker := ""
			for _, n := range p {
				if id, ok := m.ident[n]; ok {
					weaker = max(weaker, m.rank(id.Type))
				}
			}
			out = append(out, candidate{p, false, []string{"exact", weaker, "", p[0], p[1]}})
		}
	}
	for p, r := range m.ruling {
		if r.merge && usable(p) {
			out = append(out, candidate{p, true, []string{"before", fmt.Sprintf("%020d", r.decided), r.id, p[0], p[1]}})
		}
	}
	slices.SortFunc(out, func(a, b candidate) int { return slices.Compare(a.order, b.order) })
	return out
}

// classes names, for each identifier, all that aliases make one with it.
func (m *model) classes() map[string]string {
	class := map[string]string{}
	for n := range m.ident {
		class[n] = n
	}
	for range m.alias { // as often as it can take
		for p := range m.alias {
			if !m.generic[p[0]] && !m.generic[p[1]] {
				least := min(class[p[0]], class[p[1]])
				class[p[0]], class[p[1]] = least, least
			}
		}
	}
	return class
}

func (m *model) solve() {
	class := m.classes()
	in := map[string][]string{}
	for n := range m.key {
		in[n] = []string{n}
	}
	values := func(nodes []string, typ string) map[string]bool {
		out := map[string]bool{}
		for _, n := range nodes {
			if id, ok := m.ident[n]; ok && id.Type == typ {
				out[class[n]] = true
			}
		}
		return out
	}
	may := func(c candidate, a, b []string) bool {
		if len(a)+len(b) > m.rules.Identity.MaxPerson {
			return false
		}
		for _, x := range a {
			for _, y := range b {
				if r, ok := m.ruling[pairOf(x, y)]; ok && !r.merge {
					return false
				}
			}
		}
		for _, t := range m.rules.Identity.Types {
			va, vb := values(a, t.Type), values(b, t.Type)
			both := maps.Clone(va)
			maps.Copy(both, vb)
			if t.MaxPerProfile > 0 && !c.must && len(both) > t.MaxPerProfile && len(both) > len(va) && len(both) > len(vb) {
				return false
			}
		}
		return true
	}
	for _, c := range m.links() {
		a, b := in[c.pair[0]], in[c.pair[1]]
		if slices.Contains(a, c.pair[1]) || !may(c, a, b) {
			continue
		}
		joined := slices.Concat(a, b)
		for _, n := range joined {
			in[n] = joined
		}
	}
	for n := range m.key {
		members := slices.Sorted(slices.Values(in[n]))
		if m.generic[n] || members[0] != n || !slices.ContainsFunc(members, func(x string) bool { return m.alive[x] }) {
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

// whose gives the profile of a set of identifiers: that of its strongest that is not
// generic.
func (m *model) whose(nodes []string) record.ProfileID {
	best, rank := "", ""
	for _, n := range nodes {
		if r := m.rank(m.ident[n].Type) + "\x00" + n; !m.generic[n] && (best == "" || r < rank) {
			best, rank = n, r
		}
	}
	return m.home[best]
}

// outcome renders the model as the road is.
func (m *model) outcome() *outcome {
	out := &outcome{Rejected: m.reject}
	for line, n := range m.ledger {
		out.Ledger = append(out.Ledger, fmt.Sprintf("%s %d", line, n))
	}
	for founder, members := range m.people {
		out.People = append(out.People, row(m.golden(founder, members), members))
	}
	for _, name := range slices.Sorted(maps.Keys(m.facts)) {
		f := m.facts[name]
		var b strings.Builder
		fmt.Fprintf(&b, "fact %s %s of %v on %v order %v", name, f.event, m.whose(f.nodes), f.on, f.order)
		for _, a := range f.attrs {
			fmt.Fprintf(&b, " %s=%v:%s", a.Name, a.Value.Kind, a.Value.Text())
		}
		out.Facts = append(out.Facts, b.String())
	}
	for _, list := range [][]string{out.Ledger, out.People, out.Rejected} {
		slices.Sort(list)
	}
	return out
}

func byKey(a, b record.NodeKey) int { return bytes.Compare(a[:], b[:]) }

func (m *model) set(nodes []string) record.NodeKey {
	var keys []record.NodeKey
	for _, n := range nodes {
		keys = append(keys, m.key[n])
	}
	slices.SortFunc(keys, byKey)
	return m.hasher.Set(keys)
}

// golden makes a person's row.
func (m *model) golden(founder string, members []string) *record.Profile {
	p := &record.Profile{ID: m.key[founder]}
	var all []*choice
	for _, n := range members {
		if n != founder {
			p.Aliases = append(p.Aliases, m.key[n])
		}
		if l := m.live[n]; l != nil {
			p.Customers++
			for _, a := range l.attrs {
				all = append(all, &choice{TimedAttr: a, source: sourceOf(l.said.What), stream: l.said.What, node: m.key[n]})
			}
		}
		if id, ok := m.ident[n]; ok {
			if t, named := m.first[n]; named {
				p.Identifiers = append(p.Identifiers, record.MemberIdentifier{Identifier: id, First: t})
			}
			for _, w := range m.words[n] {
				p.Suppressed = p.Suppressed || w.suppressed
				p.Consents = append(p.Consents, w.ConsentState)
			}
		}
	}
	slices.SortFunc(p.Aliases, byKey)
	slices.SortFunc(p.Identifiers, func(a, b record.MemberIdentifier) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Value, b.Value))
	})
	p.Consents = lastWords(p.Consents)
	names := map[string]bool{}
	for _, c := range all {
		names[c.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if a, ok := m.survivor(name, all); ok {
			p.Attrs = append(p.Attrs, a)
		}
	}
	return p
}

// lastWords keeps, for each purpose and channel, the latest word; of two at one
// moment the denial.
func lastWords(words []record.ConsentState) []record.ConsentState {
	order := func(c record.ConsentState) []string {
		return []string{c.Purpose, c.Channel, fmt.Sprintf("%020d", 1<<62-c.Effective), fmt.Sprint(c.Granted), c.Source, c.Proof, c.Identifier.Type, c.Identifier.Value}
	}
	slices.SortFunc(words, func(a, b record.ConsentState) int { return slices.Compare(order(a), order(b)) })
	return slices.CompactFunc(words, func(a, b record.ConsentState) bool { return a.Purpose == b.Purpose && a.Channel == b.Channel })
}

// choice is one customer's value of one attribute.
type choice struct {
	record.TimedAttr
	source, stream string
	node           record.NodeKey
}

func (m *model) survivor(name string, all []*choice) (out record.GoldenAttr, ok bool) {
	rule, sources := m.rules.Golden.Default, m.rules.Golden.Default.Sources
	for _, r := range m.rules.Golden.Rules {
		if r.Attribute == name {
			rule = r
			if len(r.Sources) > 0 {
				sources = r.Sources
			}
		}
	}
	var list []*choice
	for _, c := range all {
		if c.Name == name && (rule.Filter == "" || c.source == "crm") {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return out, false
	}
	rank := func(c *choice) int {
		if i := slices.Index(sources, c.stream); i >= 0 {
			return i
		}
		if i := slices.Index(sources, c.source); i >= 0 {
			return i
		}
		return len(sources)
	}
	count := func(c *choice) (n int) {
		for _, o := range list {
			if o.Value.Compare(c.Value) == 0 {
				n++
			}
		}
		return n
	}
	slices.SortFunc(list, func(a, b *choice) int {
		by, recent := 0, cmp.Compare(b.Order.Effective, a.Order.Effective)
		switch rule.Rule {
		case golden.MostRecent, golden.Aggregate:
			by = recent
		case golden.Oldest:
			by = -recent
		case golden.SourcePriority:
			by = cmp.Or(cmp.Compare(rank(a), rank(b)), recent)
		case golden.MostFrequent:
			by = cmp.Compare(count(b), count(a))
		case golden.Longest:
			by = cmp.Compare(len(b.Value.Text()), len(a.Value.Text()))
		case golden.Min:
			by = a.Value.Compare(b.Value)
		case golden.Max:
			by = b.Value.Compare(a.Value)
		}
		return cmp.Or(by, cmp.Compare(rank(a), rank(b)), a.Value.Compare(b.Value), byKey(a.node, b.node))
	})
	best := list[0]
	out = record.GoldenAttr{Attr: best.Attr, Source: best.source, Stream: best.stream, Node: best.node, Rule: rule.Rule, Time: best.Order.Effective}
	if rule.Rule == golden.Aggregate {
		slices.SortFunc(list, func(a, b *choice) int { return a.Value.Compare(b.Value) })
		var texts []string
		for _, c := range list {
			texts = append(texts, string(c.Value.AppendJSON(nil)))
		}
		out.Value = record.JSONValue("[" + strings.Join(slices.Compact(texts), ",") + "]")
	}
	return out, true
}
