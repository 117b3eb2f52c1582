package identity_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/identity"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func shop() identity.Config {
	return identity.Config{Types: []identity.TypeConfig{
		{Type: "user_id", MaxPerProfile: 1},
		{Type: "email", MaxPerProfile: 5, MaxNeighbours: 20, Block: []string{"info@*"}},
		{Type: "phone", MaxNeighbours: 10},
		{Type: "anonymous_id", MaxNeighbours: 5},
	}}
}

func ids(pairs ...string) (out []record.Identifier) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, record.Identifier{Type: pairs[i], Value: pairs[i+1]})
	}
	return out
}

func customer(key string, at int64, identifiers ...string) record.Record {
	return record.Record{Kind: record.Customer, Op: record.Upsert, Source: "crm", Stream: "crm.contacts", Key: key, Received: at, Hash: uint64(at), Identifiers: ids(identifiers...)}
}

func event(id string, at int64, identifiers ...string) record.Record {
	return record.Record{Kind: record.Event, Op: record.Upsert, Source: "web", Stream: "web.events", ID: id, Received: at, Identifiers: ids(identifiers...)}
}

func decision(d identity.Decision) record.Record {
	return record.Record{Kind: record.Control, Op: record.Upsert, Source: "kith", Stream: identity.DecisionStream, Received: d.Decided, Props: d.Props()}
}

func name(typ, value string) []identity.Name { return []identity.Name{{Type: typ, Value: value}} }

func (w *world) find(t *testing.T, typ, value string) record.ProfileID {
	t.Helper()
	id, _, err := w.stage.Find(w.store, generation, record.Identifier{Type: typ, Value: value})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func kinds(effects []record.Effect) string {
	var out []string
	for _, e := range effects {
		out = append(out, e.Kind.String())
	}
	return strings.Join(out, " ")
}

// What somebody did before they said who they are joins the person, and the facts
// follow without being touched.
func TestAnonymousHistoryJoinsOnIdentify(t *testing.T) {
	w := newWorld(t, shop(), 0)
	w.apply(t, customer("1", 10, "email", "jo@example.com", "user_id", "7"))
	jo := w.find(t, "user_id", "7")
	b := w.apply(t, event("m1", 20, "anonymous_id", "a"))
	if kinds(b.Effects) != "created" || len(b.Effects[0].Customers) != 0 {
		t.Fatalf("an anonymous visitor is a profile: %s", kinds(b.Effects))
	}
	visitor := w.find(t, "anonymous_id", "a")
	b = w.apply(t, event("m2", 30, "anonymous_id", "a", "user_id", "7"))
	if kinds(b.Effects) != "updated erased" && kinds(b.Effects) != "updated merged" {
		t.Fatalf("identify: %s", kinds(b.Effects))
	}
	if e := b.Effects[1]; e.Profile != visitor || e.Into != jo || len(b.Effects[0].Customers) != 1 {
		t.Fatalf("the visitor became %v", e)
	}
	if w.moves(t)[w.hasher.Identifier(ids("anonymous_id", "a")[0])] != jo {
		t.Fatal("the first page view did not move to the person")
	}
	current, found, gone, err := w.stage.ResolveID(w.store, generation, visitor)
	if err != nil || !found || gone || current != jo {
		t.Fatalf("the visitor's id resolves to %v %v %v %v", current, found, gone, err)
	}
	if b := w.apply(t, event("m3", 40, "user_id", "7", "anonymous_id", "a")); len(b.Effects) != 0 {
		t.Fatalf("a known event has no effect: %s", kinds(b.Effects))
	}
}

// A known event costs no write to identity, and one key.
func TestKnownEventWritesNothing(t *testing.T) {
	w := newWorld(t, shop(), 0)
	w.apply(t, event("m1", 20, "anonymous_id", "a", "user_id", "7"))
	before := fmt.Sprint(w.store.data)
	count := &counting{tx: w.store.begin()}
	b := &record.Batch{Generation: generation, Records: []record.Record{event("m2", 30, "user_id", "7", "anonymous_id", "a")}}
	if err := w.stage.Apply(context.Background(), count, b); err != nil {
		t.Fatal(err)
	}
	if count.calls != 1 || count.keys != 1 || before != fmt.Sprint(w.store.data) {
		t.Fatalf("%d locks of %d keys, state changed: %v", count.calls, count.keys, before != fmt.Sprint(w.store.data))
	}
}

type counting struct {
	*tx
	calls, keys int
}

func (c *counting) Lock(keys ...[]byte) ([][]byte, error) {
	c.calls++
	c.keys += len(keys)
	return c.tx.Lock(keys...)
}

func TestUnmergeAndWhatKeepsApart(t *testing.T) {
	w := newWorld(t, shop(), 0)
	w.apply(t, customer("1", 10, "email", "ann@example.com", "phone", "+44 1"), customer("2", 20, "email", "ben@example.com", "phone", "+44 1"))
	ann := w.find(t, "email", "ann@example.com")
	if w.find(t, "email", "ben@example.com") != ann {
		t.Fatal("a shared phone joins")
	}
	key := func(typ, value string) record.NodeKey { return w.hasher.Identifier(ids(typ, value)[0]) }
	why, err := w.stage.Explain(w.store, generation, key("email", "ann@example.com"), key("email", "ben@example.com"))
	if err != nil || !why.Same || len(why.Path) != 4 || why.Path[2].From != key("phone", "+44 1") {
		t.Fatalf("explain: %+v, %v", why, err)
	}
	b := w.apply(t, decision(identity.Decision{ID: "d1", Decided: 30, Verb: identity.Unmerge, A: name("email", "ann@example.com"), B: name("email", "ben@example.com")}))
	if kinds(b.Effects) != "updated split" {
		t.Fatalf("unmerge: %s", kinds(b.Effects))
	}
	if w.find(t, "email", "ann@example.com") != ann || w.find(t, "email", "ben@example.com") == ann {
		t.Fatal("the founder keeps the id")
	}
	why, err = w.stage.Explain(w.store, generation, key("email", "ben@example.com"), key("email", "ann@example.com"))
	if err != nil || why.Same || len(why.Refused) != 1 || why.Refused[0].Why != identity.CannotLink {
		t.Fatalf("explain: %+v, %v", why, err)
	}
	review, err := w.stage.Review(w.store, generation, record.NodeKey{}, 10)
	if err != nil || len(review) != 1 || review[0] != why.Refused[0] {
		t.Fatalf("review: %+v, %v", review, err)
	}
	named, found, err := w.stage.NameOf(w.store, generation, review[0].B)
	if err != nil || !found || named.Value != "+44 1" {
		t.Fatalf("name: %+v %v %v", named, found, err)
	}
	w.apply(t, decision(identity.Decision{ID: "d2", Decided: 40, Verb: identity.Withdraw, Of: "d1"}))
	if w.find(t, "email", "ben@example.com") != ann {
		t.Fatal("the withdrawal joins again, under the same id")
	}
	if review, _ := w.stage.Review(w.store, generation, record.NodeKey{}, 10); len(review) != 0 {
		t.Fatalf("nothing is left to review: %+v", review)
	}
}

// An identifier that many people share links nobody, and costs no more with each.
func TestSharedByAHundredThousand(t *testing.T) {
	n := 100_000
	if testing.Short() {
		n = 5_000
	}
	w := newWorld(t, shop(), 0)
	quiet := silent{t}
	const batch = 5000
	for i := 0; i < n; i += batch {
		var records []record.Record
		for j := range batch {
			records = append(records, customer(fmt.Sprint(i+j), int64(i+j+1), "email", fmt.Sprintf("p%d@example.com", i+j), "phone", "+44 800"))
		}
		w.apply(quiet, records...)
		w.effects = nil
	}
	w.drain(quiet)
	if len(w.profiles) != n {
		t.Fatalf("%d people, want %d", len(w.profiles), n)
	}
	if _, found, err := w.stage.Find(w.store, generation, ids("phone", "+44 800")[0]); found || err != nil {
		t.Fatalf("the phone is nobody's: %v %v", found, err)
	}
	why, err := w.stage.Explain(w.store, generation, w.hasher.Customer("crm", "crm.contacts", "1"), w.hasher.Customer("crm", "crm.contacts", "2"))
	if err != nil || why.Same || len(why.Generic) != 1 {
		t.Fatalf("explain: %+v, %v", why, err)
	}
}

type silent struct{ *testing.T }

func (silent) Logf(string, ...any) {}

// A value ceases to be generic when the records that made it so go.
func TestGenericFlipsBack(t *testing.T) {
	w := newWorld(t, shop(), 0)
	for i := range 11 {
		w.apply(t, customer(fmt.Sprint(i), int64(i+1), "email", fmt.Sprintf("p%d@example.com", i), "phone", "+1"))
	}
	if w.find(t, "phone", "+1") != (record.ProfileID{}) || len(w.profiles) != 11 {
		t.Fatalf("eleven e-mails are too many for a phone: %d profiles", len(w.profiles))
	}
	gone := customer("10", 100)
	gone.Op = record.Delete
	w.apply(t, gone)
	if w.find(t, "phone", "+1") == (record.ProfileID{}) || len(w.profiles) == 11 {
		t.Fatalf("ten are not: %d profiles", len(w.profiles))
	}
}

// Where a founder is deleted its id follows the least that remain, else is gone.
func TestRetiredIDs(t *testing.T) {
	w := newWorld(t, shop(), 0)
	w.apply(t, customer("1", 10), customer("2", 20, "email", "ann@example.com"), customer("3", 5, "email", "ann@example.com"))
	alone, founder := w.hasher.Customer("crm", "crm.contacts", "1"), w.hasher.Customer("crm", "crm.contacts", "3")
	if _, ok := w.profiles[founder]; !ok {
		t.Fatal("the founder is the earliest; of two at once, a source customer")
	}
	for _, key := range []string{"1", "3"} {
		r := customer(key, 30)
		r.Op = record.Delete
		w.apply(t, r)
	}
	if _, found, gone, err := w.stage.ResolveID(w.store, generation, alone); !found || !gone || err != nil {
		t.Fatalf("nobody is left: found %v, gone %v, %v", found, gone, err)
	}
	current, found, gone, err := w.stage.ResolveID(w.store, generation, founder)
	if err != nil || !found || gone || current != w.find(t, "email", "ann@example.com") {
		t.Fatalf("the id follows who remains: %v found %v, gone %v, %v", current, found, gone, err)
	}
	if _, found, _, _ := w.stage.ResolveID(w.store, generation, record.NodeKey{1}); found {
		t.Fatal("an id that never was")
	}
	rows, err := w.stage.Customers(w.store, generation, w.profiles[current].Members)
	if err != nil || len(rows) != 1 || rows[0].Key != "2" {
		t.Fatalf("crosswalk: %v, %v", rows, err)
	}
}

func TestSupersededAndFormats(t *testing.T) {
	w := newWorld(t, shop(), 0)
	old := customer("1", 10, "email", "old@example.com")
	b := w.apply(t, customer("1", 20, "email", "new@example.com"), old,
		record.Record{Kind: record.Control, Op: record.Upsert, Stream: identity.DecisionStream, Props: []byte(`{"id":"x"}`)},
		record.Record{Kind: record.Control, Op: record.Upsert, Stream: "rules", Props: []byte(`{}`)})
	for i, want := range []record.Outcome{record.Applied, record.Superseded, record.Quarantined, record.Applied} {
		if got := b.Records[i].Verdict.Outcome; got != want {
			t.Errorf("record %d is %v, want %v", i, got, want)
		}
	}
	if w.find(t, "email", "old@example.com") != (record.ProfileID{}) {
		t.Error("a superseded record links nothing")
	}
}

// A blocked value links nobody and its facts belong to nobody.
func TestBlocked(t *testing.T) {
	w := newWorld(t, shop(), 0)
	w.apply(t, customer("1", 1, "email", "Info@example.com"), customer("2", 2, "email", "Info@example.com"), event("m", 3, "anonymous_id", "00000000-0000-0000-0000-000000000000"))
	if len(w.profiles) != 2 {
		t.Fatalf("%d people", len(w.profiles))
	}
	moves := w.moves(t)
	for _, f := range w.facts(t) {
		if at, moved := moves[f.Node]; !moved || !at.IsZero() || f.Node.IsZero() {
			t.Fatal("a fact on a blocked value lies on its own node, which belongs to nobody")
		}
	}
}

// What facts lie on does not depend on what is blocked, and a swap to rules that
// block otherwise re-points them.
func TestBlockedOtherwise(t *testing.T) {
	open, closed := shop(), shop()
	for i := range open.Types {
		open.Types[i].Block = nil
	}
	records := []record.Record{customer("1", 1, "email", "jo@example.com"), event("both", 2, "email", "Info@example.com", "phone", "+1"),
		event("alone", 3, "email", "Info@example.com"), event("hers", 4, "email", "jo@example.com", "phone", "+2")}
	for name, cfg := range map[string][2]identity.Config{"blocked later": {open, closed}, "blocked no more": {closed, open}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, cfg[0], 0)
			w.apply(t, records...)
			facts, moves := w.facts(t), w.moves(t)
			next, err := identity.New(cfg[1], identity.Deps{Hasher: w.hasher})
			if err != nil {
				t.Fatal(err)
			}
			const later = generation + 1
			tx := w.store.begin()
			if err := next.Apply(context.Background(), tx, &record.Batch{Generation: later, Silent: true, Records: slices.Clone(records)}); err != nil {
				t.Fatal(err)
			}
			var nodes []record.NodeKey
			for _, f := range facts {
				nodes = append(nodes, f.Node)
			}
			tx = w.store.begin()
			if err := next.SwapMoves(tx, generation, later, nodes, 9); err != nil {
				t.Fatal(err)
			}
			before := maps.Clone(moves)
			moves = w.moves(t)
			for id, idents := range map[string][]record.Identifier{"both": {{Type: "phone", Value: "+1"}, {Type: "email", Value: "Info@example.com"}},
				"alone": {{Type: "email", Value: "Info@example.com"}}, "hers": {{Type: "email", Value: "jo@example.com"}}} {
				f := facts[fmt.Sprint(record.Event, "web", "web.events", id)]
				var want record.ProfileID
				for _, ident := range next.Strongest(idents) {
					at, found, err := next.Find(w.store, later, ident)
					if err != nil {
						t.Fatal(err)
					}
					if found {
						want = at
						break
					}
				}
				if got := moves[f.Node]; f.Node.IsZero() || got != want {
					t.Errorf("%s lies with %v, should with %v; before the swap with %v", id, got, want, before[f.Node])
				}
			}
		})
	}
}

// A silent generation emits nothing but its own deferred work; items of another
// generation are passed over.
func TestSilent(t *testing.T) {
	cfg := shop()
	cfg.LargeRegion = 1
	w := newWorld(t, cfg, 0)
	b := &record.Batch{Generation: generation, Silent: true, Records: []record.Record{event("m1", 1, "email", "a@example.com", "phone", "+1")}}
	if err := w.stage.Apply(context.Background(), w.store.begin(), b); err != nil {
		t.Fatal(err)
	}
	items := w.store.emitted[record.TopicResolve]
	if len(w.store.emitted) != 1 || len(items) != 1 {
		t.Fatalf("emitted: %d topics, %d items", len(w.store.emitted), len(items))
	}
	for _, gen := range []uint32{generation + 1, generation} {
		b := &record.Batch{Generation: gen, Silent: true}
		if err := w.stage.Resolve(context.Background(), w.store.begin(), b, items); err != nil {
			t.Fatal(err)
		}
		if want := map[bool]string{true: "created"}[gen == generation]; kinds(b.Effects) != want {
			t.Fatalf("generation %d: %q", gen, kinds(b.Effects))
		}
	}
	n := 0
	if err := w.stage.Moves(w.store, generation, func(m record.Move) bool { n++; return m.Profile == w.find(t, "phone", "+1") }); err != nil || n != 1 {
		t.Fatalf("%d bridge nodes, %v", n, err)
	}
}

func TestConfigFaultsAllAtOnce(t *testing.T) {
	_, err := identity.New(identity.Config{MaxPerson: -1, LargeRegion: -1, Types: []identity.TypeConfig{{}, {Type: "a", MaxCustomers: -1, Block: []string{""}}, {Type: "a"}}}, identity.Deps{})
	if !errs.Is(err, "identity_config") || strings.Count(err.Error(), "[identity_config]") != 6 {
		t.Fatalf("faults: %v", err)
	}
}

func TestParseDecision(t *testing.T) {
	whole := identity.Decision{ID: "d", Decided: 5, Verb: identity.Merge, A: name("email", "a@example.com"), B: []identity.Name{{Source: "crm", Stream: "crm.contacts", Key: "1"}}}
	if d, err := identity.ParseDecision(whole.Props()); err != nil || fmt.Sprint(d) != fmt.Sprint(whole) {
		t.Fatalf("%+v, %v", d, err)
	}
	for _, bad := range []string{``, `[]`, `{"id":"d","verb":"merge"}`, `{"id":"","verb":"withdraw","of":"x"}`, `{"id":"d","verb":"withdraw"}`, `{"id":"d","verb":"split"}`,
		`{"id":"d","verb":"merge","a":[{"type":"email"}],"b":[{"type":"email","value":"x"}]}`, `{"id":"d","verb":"withdraw","of":"x","more":1}`} {
		if _, err := identity.ParseDecision([]byte(bad)); !errs.Is(err, "decision_format") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
