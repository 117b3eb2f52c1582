package contract_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func TestNaturalTable(t *testing.T) {
	for text, want := range map[string]record.ValueKind{
		"": record.Null, "0": record.Int, "12": record.Int, "-12": record.Int, "999999999": record.Int,
		"007": record.String, "-007": record.String, "+12": record.String, "4477009001": record.String, "447700900123": record.String,
		"1.50": record.Float, "-0.5": record.Float, "1.": record.String, ".5": record.String, "1e5": record.String, "00.5": record.String,
		"0.1234567890123456": record.String, "-": record.String, "1,000": record.String,
		"true": record.Bool, "FALSE": record.Bool, "yes": record.String, "T": record.String,
		"2024-01-02": record.Date, "2024-02-30": record.String, "2024-01-02 10:00": record.Time, "2024-01-02T10:00:00.5+01:00": record.Time,
		"02/01/2024": record.String, "Jo": record.String, " 12": record.String,
	} {
		if got := contract.Natural(record.StringValue(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func genKind() *rapid.Generator[record.ValueKind] {
	return rapid.Map(rapid.IntRange(0, int(record.JSON)), func(i int) record.ValueKind { return record.ValueKind(i) })
}

func TestJoinTypesIsALattice(t *testing.T) {
	all := make([]record.ValueKind, 0, 8)
	for k := record.Null; k <= record.JSON; k++ {
		all = append(all, k)
	}
	for _, a := range all {
		if contract.JoinTypes(a, a) != a {
			t.Errorf("%s is not idempotent", a)
		}
		for _, b := range all {
			ab := contract.JoinTypes(a, b)
			if ab != contract.JoinTypes(b, a) {
				t.Errorf("%s and %s do not commute", a, b)
			}
			if contract.JoinTypes(ab, a) != ab {
				t.Errorf("%s is not below its join with %s", a, b)
			}
			for _, c := range all {
				if contract.JoinTypes(ab, c) != contract.JoinTypes(a, contract.JoinTypes(b, c)) {
					t.Errorf("%s, %s and %s do not associate", a, b, c)
				}
			}
		}
	}
	for _, row := range [][3]record.ValueKind{{record.Int, record.Float, record.Float}, {record.Float, record.String, record.String},
		{record.Date, record.Time, record.Time}, {record.Time, record.Int, record.String}, {record.Bool, record.Int, record.String},
		{record.String, record.JSON, record.JSON}, {record.Null, record.Date, record.Date}} {
		if got := contract.JoinTypes(row[0], row[1]); got != row[2] {
			t.Errorf("%s with %s is %s, want %s", row[0], row[1], got, row[2])
		}
	}
}

func genSchema() *rapid.Generator[*contract.Schema] {
	return rapid.Custom(func(t *rapid.T) *contract.Schema {
		paths := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "a.b", "a.b.c", "a.d", "b", "b.a", "c", ".x", "x.", "p.q.r.s", "it's ✓", `q"/~`}), 0, 6, rapid.ID).Draw(t, "paths")
		var s contract.Schema
		for _, p := range paths {
			f := contract.Field{Path: p, Type: genKind().Draw(t, "type"), Nullable: rapid.Bool().Draw(t, "nullable"), Required: rapid.Bool().Draw(t, "required")}
			f.Nullable = f.Nullable || f.Type == record.Null
			s.Fields = append(s.Fields, f)
		}
		return contract.Join(&s, sortFirst(&s))
	})
}

// sortFirst sorts a schema, which Join needs of both its sides, in place.
func sortFirst(s *contract.Schema) *contract.Schema {
	for i := range s.Fields {
		for j := i; j > 0 && s.Fields[j].Path < s.Fields[j-1].Path; j-- {
			s.Fields[j], s.Fields[j-1] = s.Fields[j-1], s.Fields[j]
		}
	}
	return s
}

func TestJoinProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := genSchema().Draw(t, "a"), genSchema().Draw(t, "b"), genSchema().Draw(t, "c")
		if d := cmp.Diff(contract.Join(a, a), a); d != "" {
			t.Fatal("not idempotent", d)
		}
		if d := cmp.Diff(contract.Join(a, b), contract.Join(b, a)); d != "" {
			t.Fatal("not commutative", d)
		}
		if d := cmp.Diff(contract.Join(contract.Join(a, b), c), contract.Join(a, contract.Join(b, c))); d != "" {
			t.Fatal("not associative", d)
		}
		if !contract.Join(nil, a).Equal(a) || !contract.Join(a, nil).Equal(a) {
			t.Fatal("nil is not neutral")
		}
	})
}

func TestJoinOfFullContractsStaysALattice(t *testing.T) {
	full := func(prefix string) *contract.Schema {
		s := &contract.Schema{}
		for i := range contract.MaxFields {
			s.Fields = append(s.Fields, contract.Field{Path: fmt.Sprintf("%s%04d", prefix, i), Type: record.Int, Required: true})
		}
		return s
	}
	a, b, c := full("b"), full("a"), full("c")
	c.Fields[0].Path = "a0001x"
	left, right := contract.Join(contract.Join(a, c), b), contract.Join(a, contract.Join(c, b))
	if !left.Equal(right) || len(left.Fields) != contract.MaxFields {
		t.Fatal("joins of full contracts depend on their order")
	}
}

// genRow makes a record's text from values that a CSV or an application sends.
func genRow() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		value := rapid.SampledFrom([]string{`"12"`, `"1.5"`, `"007"`, `"x"`, `""`, `null`, `12`, `1.5`, `true`, `"true"`, `"2024-01-02"`, `"2024-01-02T03:04:05Z"`, `[1]`, `[]`, `[1,"x",null]`, `["2024-01-02"]`,
			`["2024-01-02T03:04:05Z"]`, `[{"k":1},{"k":"z","m":null}]`, `[{"k":1.5},7]`, `[{},{"m.n":1,"m":{"o":[2]}}]`, `[[1],["2"]]`, `[[[1]]]`, `{"k":1}`, `{"k":"z"}`, `{}`})
		var parts []string
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 4, rapid.ID).Draw(t, "names") {
			parts = append(parts, `"`+name+`":`+value.Draw(t, "value"))
		}
		return "{" + strings.Join(parts, ",") + "}"
	})
}

func TestInferenceIsTheSameInAnyOrderAndPartition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(genRow(), 1, 12).Draw(t, "rows")
		whole, shuffled := infer(t, rows...), rapid.Permutation(rows).Draw(t, "shuffled")
		if d := cmp.Diff(whole, infer(t, shuffled...)); d != "" {
			t.Fatal("the order matters", d)
		}
		var parts *contract.Schema
		for len(shuffled) > 0 {
			n := rapid.IntRange(1, len(shuffled)).Draw(t, "part")
			parts = contract.Join(parts, infer(t, shuffled[:n]...))
			shuffled = shuffled[n:]
		}
		if d := cmp.Diff(whole, parts); d != "" {
			t.Fatal("the partition matters", d)
		}
	})
}

type fataler interface {
	Fatal(...any)
	Helper()
}

func infer(t fataler, rows ...string) *contract.Schema {
	t.Helper()
	in := contract.NewInference()
	for _, row := range rows {
		if err := in.Add([]byte(row)); err != nil {
			t.Fatal(err)
		}
	}
	s := in.Schema()
	return &s
}

// TestAContractAcceptsWhatItWasInferredFrom also after its way through a file.
func TestAContractAcceptsWhatItWasInferredFrom(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.SliceOfN(genRow(), 1, 8).Draw(rt, "rows")
		s, err := contract.ParseJSONSchema(infer(rt, rows...).JSONSchema("s"))
		if err != nil {
			rt.Fatal(err)
		}
		st := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.Freeze, Schema: s})
		for _, row := range rows {
			if r := refine(t, st, event(row)); !r.Verdict.Keep() {
				rt.Fatalf("%s under %s: %s", row, s.JSONSchema("s"), show(r))
			}
		}
	})
}

func TestInferenceFromCSVRows(t *testing.T) {
	got := infer(t,
		`{"id":"1","zip":"01234","phone":"4477009001","born":"1984-03-09","seen":"2024-05-01","vip":"true","spend":"12","note":""}`,
		`{"id":"2","zip":"12345","phone":"5551234","born":"","seen":"2024-05-01 10:00:00","vip":"false","spend":"1.50","note":""}`)
	want := schema(
		contract.Field{Path: "born", Type: record.Date, Nullable: true, Required: true},
		contract.Field{Path: "id", Type: record.Int, Required: true},
		contract.Field{Path: "note", Type: record.Null, Nullable: true, Required: true},
		contract.Field{Path: "phone", Type: record.String, Required: true},
		contract.Field{Path: "seen", Type: record.Time, Required: true},
		contract.Field{Path: "spend", Type: record.Float, Required: true},
		contract.Field{Path: "vip", Type: record.Bool, Required: true},
		contract.Field{Path: "zip", Type: record.String, Required: true},
	)
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
	if err := contract.NewInference().Add([]byte(`{"a":`)); errs.CodeOf(err) != contract.CodeMalformed {
		t.Fatal(err)
	}
}

func TestParseTime(t *testing.T) {
	for text, want := range map[string]record.ValueKind{"2024-01-02": record.Date, "2024-01-02T03:04:05+02:00": record.Time, "now": record.Null} {
		micros, kind, ok := contract.ParseTime(text)
		if kind != want || ok != (want != record.Null) {
			t.Errorf("%q: %s %v", text, kind, ok)
		}
		if at, err := time.Parse(time.RFC3339, text); err == nil && at.UnixMicro() != micros {
			t.Errorf("%q: %d", text, micros)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2024-01-02", "2024-01-02T03:04:05Z", "0000-01-01 00:00-23:59", "2016-12-31T23:59:60Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		micros, kind, ok := contract.ParseTime(s)
		if ok != (kind == record.Date || kind == record.Time) {
			t.Fatal(kind, ok)
		}
		if !ok {
			return
		}
		// What it read, written as people write it, must read as the same.
		v := record.TimeValue(micros)
		if kind == record.Date {
			v = record.DateValue(micros / 86_400_000_000)
		}
		if y := time.UnixMicro(micros).UTC().Year(); y < 0 || y > 9999 {
			return // a zone pushed it out of the years that have four digits
		}
		again, kindAgain, ok := contract.ParseTime(v.Text())
		if !ok || again != micros || kindAgain != kind {
			t.Fatalf("%q reads as %q, which reads as %d", s, v.Text(), again)
		}
	})
}
