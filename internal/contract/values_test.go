package contract_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/record"
)

// column gives records of one field, one a value.
func column(name string, values ...string) (rows []string) {
	for _, v := range values {
		rows = append(rows, fmt.Sprintf(`{%q:%q}`, name, v))
	}
	return rows
}

func times(n int, values ...string) []string { return slices.Repeat(values, n) }

func enumOf(s *contract.Schema, path string) []string {
	for _, f := range s.Fields {
		if f.Path == path && f.Rules != nil {
			return f.Rules.Enum
		}
	}
	return nil
}

// TestFewCodesBecomeAnEnum: and nothing else does, since values may be personal.
func TestFewCodesBecomeAnEnum(t *testing.T) {
	codes := make([]string, 21)
	for i := range codes {
		codes[i] = "code_" + string(rune('a'+i))
	}
	for _, row := range []struct {
		name, column string
		values       []string
		want         []string
	}{
		{"states", "status", times(34, "open", "closed", "IN_TRANSIT"), []string{"IN_TRANSIT", "closed", "open"}},
		{"sizes", "size", times(50, "S", "M", ""), nil}, // that are sure to be 100 texts
		{"sizes of enough rows", "size", times(50, "S", "M"), []string{"M", "S"}},
		{"twenty", "plan", times(5, codes[:20]...), codes[:20]},
		{"too many", "plan", times(9, codes...), nil},
		{"too few rows", "status", times(33, "open", "closed", "held"), nil},
		{"one is seldom", "status", append(times(60, "open", "closed"), times(4, "held")...), nil},
		{"people", "rep_of", times(60, "anna", "bert"), nil},
		{"names", "who", times(60, "Anna", "Bert"), nil},
		{"words", "what", times(60, "in transit", "sold"), nil},
		{"addresses", "to", times(60, "jo@example.com", "al@example.com"), nil},
		{"numbers in texts", "code", times(60, "A1234", "B5678"), nil},
		{"numbers", "level", times(60, "1", "2"), nil},
		{"texts and numbers", "level", times(60, "low", "2"), nil},
		{"a column of people", "firstName", times(60, "anna", "bert"), nil},
		{"the key", "account", times(60, "acme", "bolt"), nil},
		{"an attribute of people", "handle", times(60, "acme", "bolt"), nil},
		{"long", "code", times(60, strings.Repeat("x", 33), "y"), nil},
	} {
		st := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, Key: "account", Personal: []string{"handle"}})
		m := newMemory()
		for part := range slices.Chunk(column(row.column, row.values...), 7) {
			m.apply(t.Context(), t, st, batch(part...))
		}
		if row.name == "sizes" {
			row.want = []string{"M", "S"}
		}
		if d := cmp.Diff(row.want, enumOf(stored(t, st, m), row.column)); d != "" {
			t.Errorf("%s: %s", row.name, d)
		}
	}
}

// TestEnumsAreTheSameInAnyOrder: and in any batches.
func TestEnumsAreTheSameInAnyOrder(t *testing.T) {
	told := 0
	rapid.Check(t, func(rt *rapid.T) {
		value := rapid.SampledFrom([]string{"open", "closed", "held", "A1", "", "Jo", "7"})
		if rapid.Bool().Draw(rt, "codes") {
			value = rapid.SampledFrom([]string{"open", "closed", "held"})
		}
		rows := column("v", rapid.SliceOfN(value, 80, 130).Draw(rt, "values")...)
		run := func(rows []string, size int) []byte {
			st, m := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event}), newMemory()
			for part := range slices.Chunk(rows, size) {
				m.apply(t.Context(), rt, st, batch(part...))
			}
			if enumOf(stored(rt, st, m), "v") != nil {
				told++
			}
			all, err := st.Schemas(m)
			if err != nil {
				rt.Fatal(err)
			}
			s := all["s"]
			return contract.AppendSchema(nil, &s)
		}
		one := run(rows, len(rows))
		if two := run(rapid.Permutation(rows).Draw(rt, "shuffled"), rapid.IntRange(1, 50).Draw(rt, "size")); string(one) != string(two) {
			rt.Fatalf("the order matters:\n%q\n%q", one, two)
		}
	})
	if told == 0 {
		t.Error("no enum was inferred")
	}
}

// TestAnEnumIsWidenedWhereItEvolves: a new value is told once it was seen often; what
// was listed stays, also what inference itself would not tell.
func TestAnEnumIsWidenedWhereItEvolves(t *testing.T) {
	applied := parsed(t, `{"properties": {"status": {"type": "string", "enum": ["open", "In Transit"]}, "free": {"type": "string"}}}`)
	st, m := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.Evolve, Schema: applied}), newMemory()
	beyond := func(rows ...string) []string {
		t.Helper()
		m.apply(t.Context(), t, st, batch(rows...))
		all, err := st.Schemas(m)
		if err != nil {
			t.Fatal(err)
		}
		s := all["s"]
		out := s.Beyond(applied)
		if enumOf(out, "free") != nil {
			t.Error("a column without an enum was given one")
		}
		return enumOf(out, "status")
	}
	was := []string{"In Transit", "open"}
	if d := cmp.Diff(was, beyond(`{"status":"open","free":"a"}`, `{"status":"In Transit","free":"a"}`, `{"status":"held","free":"a"}`, `{"new":1}`)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"In Transit", "held", "open"}, beyond(column("status", times(4, "held")...)...)); d != "" {
		t.Error(d)
	}
	locks := m.locks
	beyond(column("status", "open", "In Transit")...)
	beyond(column("status", "open", "In Transit")...)
	if m.locks-locks > 1 {
		t.Errorf("what is listed locks the contract: %d times", m.locks-locks)
	}
	frozen := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.Freeze, Schema: applied})
	if got := show(refine(t, frozen, event(`{"status":"held"}`))); got != "quarantined contract_value status" {
		t.Error(got)
	}
}
