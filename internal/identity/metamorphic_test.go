package identity_test

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/identity"
	"github.com/kithdata/kith/internal/record"
)

func pick[T any](t *rapid.T, label string, from ...T) T {
	return rapid.SampledFrom(from).Draw(t, label)
}

func drawIdentifier(t *rapid.T) record.Identifier {
	switch pick(t, "type", "user_id", "email", "email", "phone", "anonymous_id", "zeta") {
	case "user_id":
		return record.Identifier{Type: "user_id", Value: pick(t, "v", "u1", "u2", "u3")}
	case "email":
		return record.Identifier{Type: "email", Value: pick(t, "v", "a@example.com", "b@example.com", "c@example.com", "d@example.com", "test@example.com")}
	case "phone":
		return record.Identifier{Type: "phone", Value: pick(t, "v", "+1", "+2", "+3", "0000")}
	case "anonymous_id":
		return record.Identifier{Type: "anonymous_id", Value: pick(t, "v", "x", "y", "z", "null")}
	}
	return record.Identifier{Type: pick(t, "other", "zeta", "eta"), Value: pick(t, "v", "1", "2")}
}

var blockedValues = map[string]bool{"test@example.com": true, "0000": true, "null": true}

func drawIdentifiers(t *rapid.T, least, most int) []record.Identifier {
	n := rapid.IntRange(least, most).Draw(t, "identifiers")
	ids := make([]record.Identifier, n)
	for i := range ids {
		ids[i] = drawIdentifier(t)
	}
	sort.Slice(ids, func(i, j int) bool { return ids[i].Type+ids[i].Value < ids[j].Type+ids[j].Value })
	return slices.Compact(ids)
}

func drawRecord(t *rapid.T, i int) record.Record {
	r := record.Record{ID: fmt.Sprint("m", i), Received: int64(rapid.IntRange(1, 12).Draw(t, "received")) * 1000, Op: record.Upsert}
	switch kind := pick(t, "kind", "customer", "customer", "customer", "event", "event", "object", "consent", "alias", "decision"); kind {
	case "customer", "object":
		r.Kind, r.Source, r.Stream = record.Customer, "crm", pick(t, "stream", "crm.contacts", "crm.users")
		if kind == "object" {
			r.Kind, r.Stream = record.Object, "crm.orders"
		}
		r.Key = pick(t, "key", "1", "2", "3")
		r.Op = pick(t, "op", record.Upsert, record.Upsert, record.Patch, record.Delete)
		if s := rapid.IntRange(0, 4).Draw(t, "seq"); s > 0 {
			r.Seq = record.Seq{Kind: record.SeqNumber, A: int64(s)}
		}
		r.Identifiers = drawIdentifiers(t, 0, 3)
		for _, name := range []string{"name", "town"} {
			switch pick(t, name, "out", "null", "p", "q") {
			case "null":
				r.Attrs = append(r.Attrs, record.Attr{Name: name})
			case "p":
				r.Attrs = append(r.Attrs, record.Attr{Name: name, Value: record.StringValue("p")})
			case "q":
				r.Attrs = append(r.Attrs, record.Attr{Name: name, Value: record.StringValue("q")})
			}
		}
	case "event":
		r.Kind, r.Source, r.Stream, r.Event = record.Event, "web", "web.events", "Seen"
		r.Identifiers = drawIdentifiers(t, 0, 3)
	case "alias":
		r.Kind, r.Source, r.Stream, r.Alias = record.Event, "web", "web.aliases", true
		r.Identifiers = []record.Identifier{{Type: "user_id", Value: pick(t, "a", "u1", "u2", "u3")}, {Type: "user_id", Value: pick(t, "b", "u4", "u5")}}
	case "consent":
		r.Kind, r.Source, r.Stream = record.Consent, pick(t, "source", "mail", "web"), "mail.consent"
		r.Identifiers = drawIdentifiers(t, 0, 2)
		r.Attrs = []record.Attr{{Name: "purpose", Value: record.StringValue(pick(t, "purpose", "marketing", ""))},
			{Name: "channel", Value: record.StringValue("email")},
			{Name: "status", Value: record.StringValue(pick(t, "status", "granted", "denied", "suppressed"))}}
		if r.Op = pick(t, "consent op", record.Upsert, record.Upsert, record.Upsert, record.Delete); r.Op == record.Delete {
			r.Attrs = nil
		}
	case "decision":
		r.Kind, r.Source, r.Stream = record.Control, "kith", identity.DecisionStream
		r.Props = drawDecision(t).Props()
	}
	if r.Kind != record.Control && rapid.Bool().Draw(t, "said when") {
		r.Occurred = int64(rapid.IntRange(1, 12).Draw(t, "occurred")) * 1000
	}
	h := fnv.New64a()
	fmt.Fprint(h, r.Source, r.Stream, r.Kind, r.Op, r.Key, r.Identifiers, r.Attrs)
	r.Hash = h.Sum64() % 8 // small, so that orders tie
	return r
}

func drawName(t *rapid.T) identity.Name {
	if rapid.Bool().Draw(t, "names an identifier") {
		id := drawIdentifier(t)
		return identity.Name{Type: id.Type, Value: id.Value}
	}
	return identity.Name{Source: "crm", Stream: pick(t, "stream", "crm.contacts", "crm.users"), Key: pick(t, "key", "1", "2", "3", "4")}
}

func drawDecision(t *rapid.T) identity.Decision {
	d := identity.Decision{ID: pick(t, "id", "d1", "d2", "d3", "d4", "d5"), Decided: int64(rapid.IntRange(1, 9).Draw(t, "decided")),
		Verb: pick(t, "verb", identity.Merge, identity.Merge, identity.Unmerge, identity.Withdraw)}
	if d.Verb == identity.Withdraw {
		d.Of = pick(t, "of", "d1", "d2", "d3", "d4", "d5")
		return d
	}
	for _, side := range []*[]identity.Name{&d.A, &d.B} {
		for range rapid.IntRange(1, 2).Draw(t, "names") {
			*side = append(*side, drawName(t))
		}
	}
	return d
}

func drawConfig(t *rapid.T) identity.Config {
	return identity.Config{
		Types: []identity.TypeConfig{
			{Type: "user_id", MaxPerProfile: 1, MaxNeighbours: 6},
			{Type: "email", MaxPerProfile: 2, MaxNeighbours: pick(t, "email neighbours", 3, 5), Block: []string{"TEST@*"}},
			{Type: "phone", MaxNeighbours: pick(t, "phone neighbours", 2, 4), MaxCustomers: 2},
			{Type: "anonymous_id", MaxNeighbours: 2, MaxCustomers: 1},
		},
		MaxPerson:   pick(t, "max person", 4, 9, 100),
		LargeRegion: pick(t, "large region", 1, 3, 6, 500),
	}
}

// run applies the records in some order, in batches of some size, with restarts and
// deferred work in between, and checks all that came of it against the model.
func run(t *rapid.T, tb testing.TB, cfg identity.Config, records []record.Record, want *model) *world {
	w := newWorld(tb, cfg, pick(t, "inline edges", 1, 3, 64))
	order := rapid.Permutation(records).Draw(t, "order")
	for len(order) > 0 {
		n := min(len(order), rapid.IntRange(1, 8).Draw(t, "batch"))
		w.apply(t, order[:n]...)
		order = order[n:]
		if rapid.IntRange(0, 3).Draw(t, "resolve") == 0 {
			w.resolve(t, rapid.IntRange(1, 3).Draw(t, "items"))
		}
		if rapid.IntRange(0, 5).Draw(t, "restart") == 0 {
			w.restart()
		}
	}
	w.drain(t)
	check(t, w, want)
	return w
}

func check(t *rapid.T, w *world, want *model) {
	state := w.canonical(t)
	var got, told []string
	for _, p := range state {
		got = append(got, render(p.ID, p.Content))
	}
	sort.Strings(got)
	if got, want := strings.Join(got, "\n"), want.dump(); got != want {
		t.Fatalf("the state differs from the model (I3)\n--- state\n%s\n--- model\n%s", got, want)
	}
	for id, e := range w.profiles {
		if e.Pending {
			t.Fatalf("a profile still says that it is pending")
		}
		told = append(told, render(id, e))
	}
	sort.Strings(told)
	if got, told := strings.Join(got, "\n"), strings.Join(told, "\n"); got != told {
		t.Fatalf("the effects differ from the state\n--- state\n%s\n--- effects\n%s", got, told)
	}
	facts, moves := w.facts(t), w.moves(t)
	seen := 0
	expect := func(name string, ids []record.Identifier) {
		seen++
		nodes, on := want.nodes(ids), want.node(want.named(ids))
		f, ok := facts[name]
		if !ok || f.Node != on {
			t.Fatalf("fact %q: emitted %v, on the right node %v", name, ok, ok && f.Node == on)
		}
		if len(ids) > 0 {
			if at, ok := moves[f.Node]; !ok || at != want.bridge(nodes) {
				t.Fatalf("fact %q lies with profile %v (%v), should with %v", name, at, ok, want.bridge(nodes))
			}
		}
	}
	for id, ids := range want.events {
		stream := "web.events"
		if _, ok := facts[fmt.Sprint(record.Event, "web", stream, id)]; !ok {
			stream = "web.aliases"
		}
		expect(fmt.Sprint(record.Event, "web", stream, id), ids)
	}
	for name, l := range want.objects {
		expect(name, slices.Collect(maps.Keys(l.idents)))
		attrs := map[string]record.Value{}
		for _, a := range facts[name].Attrs {
			attrs[a.Name] = a.Value
		}
		for n, a := range l.attrs {
			if attrs[n] != a.Value {
				t.Fatalf("object %q has the wrong %s", name, n)
			}
		}
		if len(attrs) != len(l.attrs) {
			t.Fatalf("object %q has attributes too many", name)
		}
	}
	if seen != len(facts) {
		t.Fatalf("%d facts live, want %d", len(facts), seen)
	}
	for id := range w.retired {
		current, found, gone, err := w.stage.ResolveID(w.store, generation, id)
		_, lives := w.profiles[current]
		if err != nil || !found || gone == lives {
			t.Fatalf("a retired id resolves to %v, found %v, gone %v: %v", current, found, gone, err)
		}
	}
}

// I3: the outcome is a function of the set of records; it equals the model's, and
// effects, facts and moves tell all of it.
func TestMetamorphic(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := drawConfig(rt)
		n := rapid.IntRange(1, pick(rt, "most", 12, 28, 90)).Draw(rt, "records")
		records := make([]record.Record, n)
		for i := range records {
			records[i] = drawRecord(rt, i)
		}
		w := newWorld(t, cfg, 0)
		want := newModel(cfg, w.hasher, blockedValues, records)
		for range 2 {
			run(rt, t, cfg, records, want)
		}
	})
}

// I5: a merge decision and its withdrawal, or an unmerge of what was apart, give
// back the same ids and canonical content.
func TestDecisionReversed(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cfg := drawConfig(rt)
		w := newWorld(t, cfg, 3)
		for i := range rapid.IntRange(1, 20).Draw(rt, "records") {
			w.apply(rt, drawRecord(rt, i))
		}
		w.drain(rt)
		dump := func() string {
			var b strings.Builder
			for _, p := range w.canonical(rt) {
				fmt.Fprintf(&b, "%q %v\n%s", p.Members, p.Aliases, render(p.ID, p.Content))
			}
			return b.String()
		}
		before := dump()
		d := identity.Decision{ID: "new", Decided: 100, Verb: identity.Merge, A: []identity.Name{drawName(rt)}, B: []identity.Name{drawName(rt)}}
		control := func(d identity.Decision) record.Record {
			return record.Record{Kind: record.Control, Op: record.Upsert, Stream: identity.DecisionStream, Received: 1, Props: d.Props()}
		}
		w.apply(rt, control(d))
		if rapid.Bool().Draw(rt, "resolve") {
			w.drain(rt)
		}
		w.apply(rt, control(identity.Decision{ID: "newer", Decided: 101, Verb: identity.Withdraw, Of: "new"}))
		w.drain(rt)
		if after := dump(); after != before {
			rt.Fatalf("merge and withdrawal changed something\n--- before\n%s\n--- after\n%s", before, after)
		}
	})
}
