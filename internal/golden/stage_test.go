package golden_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/golden"
	"github.com/kithdata/kith/internal/record"
)

const gen = uint32(1)

func newStage(t testing.TB, deps golden.Deps) *golden.Stage {
	t.Helper()
	s, err := golden.New(golden.Config{}, deps)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// says is an effect: at minute at, the profile's one source customer says city.
func says(id string, at int64, kind record.ChangeKind, city string, members ...string) record.Effect {
	e := record.Effect{Profile: node(id), Kind: kind, Cause: record.Cause{Partition: 1, Offset: uint64(at), Received: at, Source: "crm", Stream: "crm.contacts"}}
	e.Members = []record.NodeKey{node(id)}
	for _, m := range members {
		e.Members = append(e.Members, node(m))
	}
	e.Customers = []*record.SourceCustomer{{Node: node("n" + id), Source: "crm", Stream: "crm.contacts", Key: id,
		Attrs: []record.TimedAttr{
			{Attr: record.Attr{Name: "city", Value: record.StringValue(city)}, Order: record.Order{Effective: 1}},
			{Attr: record.Attr{Name: "name", Value: record.StringValue("Jo")}, Order: record.Order{Effective: 1}},
		}}}
	return e
}

func goes(id string, at int64, into string) record.Effect {
	e := record.Effect{Profile: node(id), Kind: record.Gone, Cause: record.Cause{Received: at}}
	if into != "" {
		e.Kind, e.Into = record.Merged, node(into)
	}
	return e
}

func apply(m *memory, s *golden.Stage, b record.Batch, effects ...record.Effect) {
	m.t.Helper()
	b.Effects = effects
	if b.Generation == 0 {
		b.Generation = gen
	}
	m.update(func(tx engine.Tx) error { return s.Apply(context.Background(), tx, &b) })
}

// story gives what was emitted as short lines: id, version, kind, city, changed.
func story(all []record.Profile) string {
	var b strings.Builder
	for i := range all {
		b.WriteString(line(&all[i]))
		b.WriteByte('\n')
	}
	return b.String()
}

func line(p *record.Profile) string {
	if p == nil {
		return "none"
	}
	s := fmt.Sprintf("%s v%d %s", keyOf(p.ID), p.Version, p.Kind)
	for _, a := range p.Attrs {
		if a.Name == "city" {
			s += " " + a.Value.Text()
		}
	}
	if p.Kind == record.Merged {
		s += " into " + keyOf(p.Into)
	}
	for _, a := range p.Aliases {
		s += " also " + keyOf(a)
	}
	if len(p.Changed) > 0 {
		s += " changed " + strings.Join(p.Changed, ",")
	}
	return s
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
	}
}

func current(t *testing.T, m *memory, gen uint32, id string) string {
	t.Helper()
	p, err := golden.Current(m, gen, node(id))
	if err != nil {
		t.Fatal(err)
	}
	return line(p)
}

func TestVersions(t *testing.T) {
	m, s := newMemory(t), newStage(t, golden.Deps{})
	apply(m, s, record.Batch{},
		says("a", 1, record.Created, "Leith"),
		says("a", 2, record.Updated, "Leith"), // changes nothing
		says("b", 3, record.Created, "Perth"),
		says("a", 4, record.Updated, "Oban"),
		goes("z", 5, ""), // never was
	)
	apply(m, s, record.Batch{},
		says("a", 6, record.Updated, "Oban"), // changes nothing
		goes("b", 7, "a"),
		says("a", 7, record.Updated, "Oban", "b", "nb"),
	)
	apply(m, s, record.Batch{}, goes("b", 8, "a")) // changes nothing
	expect(t, "emitted", story(m.emitted()), `
a v1 created Leith changed city,name
b v1 created Perth changed city,name
a v2 updated Oban changed city
b v2 merged into a
a v3 updated Oban also b also nb`)
	expect(t, "a", current(t, m, gen, "a"), "a v3 updated Oban also b also nb")
	expect(t, "b", current(t, m, gen, "b"), "none")

	// A retired id comes back with the next number, and never loses count.
	apply(m, s, record.Batch{}, says("b", 9, record.Split, "Perth"))
	apply(m, s, record.Batch{}, goes("b", 10, ""))
	m.emits = nil
	apply(m, s, record.Batch{}, says("b", 11, record.Created, "Perth"))
	expect(t, "revived", story(m.emitted()), "b v5 created Perth changed city,name")

	last, err := golden.Last(m, node("b"))
	if err != nil || line(last) != "b v5 created Perth changed city,name" {
		t.Errorf("last %s, %v", line(last), err)
	}
	all, err := golden.Versions(m, node("b"), 3)
	if err != nil || len(all) != 3 || all[0].Version != 5 || all[2].Version != 3 {
		t.Errorf("versions %v, %v", all, err)
	}
}

func TestAtTime(t *testing.T) {
	m, s := newMemory(t), newStage(t, golden.Deps{})
	// The third is caused by a record of another partition, received earlier: it is
	// valid from the second's moment on.
	apply(m, s, record.Batch{}, says("a", 10, record.Created, "One"), says("a", 20, record.Updated, "Two"),
		says("a", 15, record.Updated, "Three"), says("a", 30, record.Updated, "Four"), goes("a", 40, "b"))
	for at, want := range map[int64]uint64{9: 0, 10: 1, 19: 1, 20: 3, 29: 3, 30: 4, 39: 4, 40: 5, 99: 5} {
		p, err := golden.AtTime(m, node("a"), at)
		if err != nil {
			t.Fatal(err)
		}
		var got uint64
		if p != nil {
			got = p.Version
		}
		if got != want {
			t.Errorf("at %d version %d, want %d", at, got, want)
		}
	}
	if p, err := golden.AtTime(m, node("x"), 99); p != nil || err != nil {
		t.Errorf("an id that never was has %v, %v", p, err)
	}
	if p, err := golden.AtVersion(m, node("a"), 9); p != nil || err != nil {
		t.Errorf("version 9 is %v, %v", p, err)
	}
}

func TestSilentAndSwap(t *testing.T) {
	resolve := func(_ engine.Tx, g uint32, id record.ProfileID) (record.ProfileID, bool, error) {
		return node("a"), g == 2 && id == node("b"), nil
	}
	m, s := newMemory(t), newStage(t, golden.Deps{Resolve: resolve})
	apply(m, s, record.Batch{}, says("a", 1, record.Created, "Leith"), says("b", 2, record.Created, "Perth"),
		says("c", 3, record.Created, "Oban"), says("d", 4, record.Created, "Wick"), says("e", 5, record.Created, "Ayr"))
	before := story(m.emitted())
	apply(m, s, record.Batch{Generation: 2, Silent: true}, says("a", 1, record.Created, "Leith"), says("f", 2, record.Created, "Tain"),
		says("b", 2, record.Created, "Perth"))
	apply(m, s, record.Batch{Generation: 2, Silent: true}, says("a", 2, record.Updated, "Leith", "b"), goes("b", 2, "a"),
		says("c", 3, record.Created, "Oban"), says("d", 4, record.Created, "Nairn"))
	expect(t, "emitted while building", story(m.emitted()), before)
	expect(t, "d in the new one", current(t, m, 2, "d"), "d v0 created Nairn")
	expect(t, "d in the old one", current(t, m, gen, "d"), "d v1 created Wick changed city,name")

	// The road goes on in the new generation before Swap has come to it.
	m.emits = nil
	apply(m, s, record.Batch{Generation: 2}, says("d", 9, record.Updated, "Wick"))
	for id, want := range map[string]uint64{"a": 2, "c": 1, "d": 1, "f": 1} { // as Swap will have it
		if row, err := golden.Now(m, 2, node(id)); err != nil || row == nil || row.Version != want {
			t.Errorf("%s is read as %+v, %v", id, row, err)
		}
	}
	ids := []record.ProfileID{node("a"), node("b"), node("c"), node("d"), node("e"), node("f"), node("x"), node("a")}
	for range 2 { // the second time changes nothing
		m.update(func(tx engine.Tx) error {
			return s.Swap(context.Background(), tx, 2, ids, record.Cause{Received: 10})
		})
	}
	expect(t, "emitted by the swap", story(m.emitted()), `
a v2 updated Leith also b
b v2 merged into a
e v2 erased
f v1 created Tain changed city,name`)
	for id, want := range map[string]string{
		"a": "a v2 updated Leith also b", "b": "none", "c": "c v1 created Oban changed city,name",
		"d": "d v1 created Wick changed city,name", "e": "none", "f": "f v1 created Tain changed city,name",
	} {
		expect(t, id, current(t, m, 2, id), want)
	}
	var seen []string
	if err := golden.Each(m, 2, node("a"), func(p *record.Profile) bool { seen = append(seen, keyOf(p.ID)); return len(seen) < 2 }); err != nil || strings.Join(seen, "") != "cd" {
		t.Errorf("each after a, two of them: %v, %v", seen, err)
	}
}

func TestDiffRow(t *testing.T) {
	m, s := newMemory(t), newStage(t, golden.Deps{})
	apply(m, s, record.Batch{}, says("a", 1, record.Created, "Leith"), says("a", 2, record.Updated, "Oban", "b"))
	rows := m.emitted()
	d, differs := golden.DiffRow(&rows[0], &rows[1])
	if !differs || !slices.Equal(d.Attributes, []string{"city"}) || !d.Identifiers || d.Consents || d.Added || d.Removed || d.Provenance {
		t.Errorf("difference %+v", d)
	}
	again := rows[0]
	again.Version, again.Cause, again.Changed = 7, record.Cause{Offset: 9}, nil
	if d, differs := golden.DiffRow(&rows[0], &again); differs {
		t.Errorf("only the version differs, yet %+v", d)
	}
	if d, differs := golden.DiffRow(nil, &rows[0]); !differs || !d.Added || len(d.Attributes) != 2 {
		t.Errorf("added %+v", d)
	}
	if d, differs := golden.DiffRow(&rows[0], nil); !differs || !d.Removed || d.ID != rows[0].ID {
		t.Errorf("removed %+v", d)
	}
}

// TestVersionsDoNotDependOnBatches upholds one version per causing record, and that
// a row depends on the set of what is known, not on the order identity lists it in.
func TestVersionsDoNotDependOnBatches(t *testing.T) {
	s := newStage(t, golden.Deps{})
	rapid.Check(t, func(rt *rapid.T) {
		var effects []record.Effect
		for at := range rapid.Int64Range(1, 20).Draw(rt, "effects") {
			id := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "id")
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0:
				effects = append(effects, goes(id, at, ""))
			case 1:
				effects = append(effects, goes(id, at, "a"))
			default:
				e := says(id, at, record.Updated, rapid.SampledFrom([]string{"Oban", "Wick"}).Draw(rt, "city"))
				e.Identifiers = []record.MemberIdentifier{{Identifier: record.Identifier{Type: "email", Value: "a@example.com"}}, {Identifier: record.Identifier{Type: "phone", Value: "1"}}}
				e.Consents = []record.ConsentState{{Purpose: "p", Channel: "email"}, {Purpose: "p", Channel: "sms", Granted: true}}
				effects = append(effects, e)
			}
		}
		whole, single := newMemory(t), newMemory(t)
		apply(whole, s, record.Batch{}, effects...)
		for _, e := range effects {
			slices.Reverse(e.Identifiers)
			slices.Reverse(e.Consents)
			apply(single, s, record.Batch{}, e)
		}
		if len(whole.emits) != len(single.emits) {
			rt.Fatalf("%d emitted in one batch, %d in many", len(whole.emits), len(single.emits))
		}
		for i := range whole.emits {
			if !bytes.Equal(whole.emits[i].Value, single.emits[i].Value) {
				rt.Fatalf("emitted %d differs", i)
			}
		}
		if len(whole.rows) != len(single.rows) {
			rt.Fatalf("%d rows of state in one batch, %d in many", len(whole.rows), len(single.rows))
		}
		for k, v := range whole.rows {
			if !bytes.Equal(v, single.rows[k]) {
				rt.Fatalf("row %x differs", k)
			}
		}
	})
}

// FuzzStored shows every reader hostile stored bytes: an error, never a panic.
func FuzzStored(f *testing.F) {
	m, s := newMemory(f), newStage(f, golden.Deps{})
	apply(m, s, record.Batch{}, says("a", 1, record.Created, "Leith", "b"), says("a", 2, record.Updated, "Oban"))
	apply(m, s, record.Batch{Generation: 2, Silent: true}, says("a", 1, record.Created, "Leith", "b"))
	for _, v := range m.rows {
		f.Add(v)
	}
	f.Add([]byte{})
	f.Add([]byte{9})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := hostile(b)
		for _, read := range []func() (*record.Profile, error){
			func() (*record.Profile, error) { return golden.Current(r, gen, node("a")) },
			func() (*record.Profile, error) { return golden.Last(r, node("a")) },
			func() (*record.Profile, error) { return golden.AtTime(r, node("a"), 3) },
			func() (*record.Profile, error) { return golden.AtVersion(r, node("a"), 3) },
		} {
			if p, err := read(); err == nil && p != nil {
				record.AppendProfileJSON(nil, p)
			}
		}
		if _, err := golden.Versions(r, node("a"), 3); err != nil {
			return
		}
	})
}

// hostile answers every question with the same bytes.
type hostile []byte

func (h hostile) Get(keys ...[]byte) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i := range values {
		values[i] = h
	}
	return values, nil
}

func (h hostile) Scan(_, _ []byte, _ func(key, value []byte) bool) error { return nil }

// BenchmarkApply is a batch of 500 effects on 400 people of three source customers
// with eight attributes each.
func BenchmarkApply(b *testing.B) {
	m, s := newMemory(b), newStage(b, golden.Deps{})
	batch := record.Batch{Generation: gen}
	names := []string{"birth_date", "city", "country", "email", "first_name", "last_name", "phone", "score"}
	for i := range 500 {
		e := says(fmt.Sprintf("p%03d", i%400), int64(i), record.Updated, "x", "m1", "m2", "m3")
		e.Customers = nil
		for c := range 3 {
			source := []string{"crm", "shop", "web"}[c]
			customer := &record.SourceCustomer{Node: record.NodeKey{byte(c), byte(i)}, Source: source, Stream: source + ".main"}
			for n, name := range names {
				customer.Attrs = append(customer.Attrs, record.TimedAttr{Attr: record.Attr{Name: name, Value: record.StringValue(fmt.Sprint("value", i, n, c))},
					Order: record.Order{Effective: int64(i + c)}})
			}
			e.Customers = append(e.Customers, customer)
		}
		e.Identifiers = []record.MemberIdentifier{{Identifier: record.Identifier{Type: "email", Value: "jo@example.com"}}, {Identifier: record.Identifier{Type: "phone", Value: "+441310000000"}}}
		batch.Effects = append(batch.Effects, e)
	}
	b.ReportAllocs()
	sink := &discard{memory: m}
	for b.Loop() {
		if err := s.Apply(context.Background(), sink, &batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(batch.Effects)), "ns/effect")
}

// discard is a state that answers and forgets, so that the stage alone is measured.
type discard struct{ *memory }

func (discard) Lock(keys ...[]byte) ([][]byte, error) { return make([][]byte, len(keys)), nil }
func (discard) Put(_, _ []byte)                       {}
func (discard) Delete([]byte)                         {}
func (discard) Emit(string, []byte, []byte)           {}
