package contract_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/record"
)

func stage(t testing.TB, cfg ...contract.StreamConfig) *contract.Stage {
	t.Helper()
	st := contract.New(contract.Deps{})
	if err := st.Install(1, cfg); err != nil {
		t.Fatal(err)
	}
	return st
}

func refine(t testing.TB, st *contract.Stage, r record.Record) record.Record {
	t.Helper()
	b := record.Batch{Records: []record.Record{r}}
	if err := st.Refine(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Records[0]
}

func event(props string) record.Record {
	return record.Record{Stream: "s", Kind: record.Event, Op: record.Upsert, Pin: 1, Props: []byte(props)}
}

// show writes fields as path:kind=text, or the verdict.
func show(r record.Record) string {
	if v := r.Verdict; !v.Keep() {
		return strings.TrimSpace(v.Outcome.String() + " " + v.Code + " " + v.Field)
	}
	var parts []string
	for _, f := range r.Fields {
		parts = append(parts, fmt.Sprintf("%s:%s=%s", f.Name, f.Value.Kind, f.Value.Text()))
	}
	if r.Verdict.Partly {
		parts = append(parts, "partly")
	}
	return strings.Join(parts, " ")
}

func TestReadTable(t *testing.T) {
	nest := func(n int, inner string) string {
		return strings.Repeat(`{"a":`, n) + inner + strings.Repeat("}", n)
	}
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"f%d":1`, i)
		}
		return "{" + b.String()[1:] + "}"
	}
	for _, row := range []struct{ name, props, want string }{
		{"empty object", `{}`, ``},
		{"no properties", ``, ``},
		{"scalars sorted by path", ` { "b" : "x" , "a":1,"c":true,"d":null,"e":false,"f":-2.5e1} `, `a:integer=1 b:string=x c:boolean=true d:null= e:boolean=false f:number=-25`},
		{"nested", `{"p":{"z":{"y":1},"b":"two"},"o":{}}`, `p.b:string=two p.z.y:integer=1`},
		{"arrays stay whole, compact", `{"a":[ 1, {"b c": "d e"} ],"b":[]}`, `a:json=[1,{"b c":"d e"}] b:json=[]`},
		{"escapes", `{"a\n":"\u00e9\"\\","b":"\ud83d\ude00"}`, "a\n:string=é\"\\ b:string=😀"},
		{"integers", `{"a":9223372036854775807,"b":-9223372036854775808,"c":9223372036854775808,"d":-0,"e":1.0}`,
			`a:integer=9223372036854775807 b:integer=-9223372036854775808 c:number=9.223372036854776e+18 d:integer=0 e:number=1`},
		{"texts stay texts", `{"a":"12","b":"2024-01-02","c":"true"}`, `a:string=12 b:string=2024-01-02 c:string=true`},
		{"eight levels are flat", nest(8, "1"), `a.a.a.a.a.a.a.a:integer=1`},
		{"the ninth stays JSON", nest(9, "1"), `a.a.a.a.a.a.a.a:json={"a":1}`},
		{"no name", `{"":1,"a":{"":2}}`, `_:integer=1 a._:integer=2`},
		{"one hundred levels", nest(100, "1"), `a.a.a.a.a.a.a.a:json=` + nest(92, "1")},
		{"too deep", nest(101, "1"), `quarantined json_depth a.a.a.a.a.a.a.a`},
		{"too deep in an array", `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, `quarantined json_depth a`},
		{"far too deep", strings.Repeat(`{"a":`, 200_000), `quarantined json_depth`},
		{"two thousand fields", many(2001), `quarantined contract_fields`},
		{"twice", `{"a":1,"b":{"c":1,"c":2}}`, `quarantined json_duplicate_name b.c`},
		{"twice by escape", `{"a":1,"\u0061":2}`, `quarantined json_duplicate_name a`},
		{"twice in an array", `{"x":[{"c":1,"c":2}]}`, `quarantined json_duplicate_name x.0.c`},
		{"twice by path", `{"a.b":1,"a":{"b":2}}`, `quarantined json_duplicate_name a.b`},
		{"cut off", `{"a":1,"b":"x`, `quarantined json_malformed`},
		{"cut off in an escape", `{"a":"\`, `quarantined json_malformed`},
		{"two values", `{"a":1}{"a":1}`, `quarantined json_malformed`},
		{"trailing comma", `{"a":1,}`, `quarantined json_malformed`},
		{"NaN", `{"a":NaN}`, `quarantined json_malformed`},
		{"infinity", `{"a":-Infinity}`, `quarantined json_malformed`},
		{"leading zero", `{"a":007}`, `quarantined json_malformed`},
		{"out of range", `{"a":1e999}`, `quarantined json_number a`},
		{"out of range within an array is only text", `{"a":[1e999]}`, `a:json=[1e999]`},
		{"invalid UTF-8", "{\"a\":\"\xff\"}", `quarantined json_utf8`},
		{"half a surrogate", `{"a":"\ud800"}`, `quarantined json_utf8`},
		{"array", `[{"a":1}]`, `quarantined json_not_object`},
		{"text", `"a"`, `quarantined json_not_object`},
		{"long name", `{"` + strings.Repeat("n", 1001) + `":1}`, `quarantined json_name`},
	} {
		t.Run(row.name, func(t *testing.T) {
			st := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event})
			for range 2 { // the second time the names are known
				if d := cmp.Diff(row.want, show(refine(t, st, event(row.props)))); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func schema(fields ...contract.Field) *contract.Schema { return &contract.Schema{Fields: fields} }

func TestTypedByTheContract(t *testing.T) {
	for _, row := range []struct {
		kind  record.ValueKind
		value string
		want  string
	}{
		{record.Int, `"12"`, "integer=12"},
		{record.Int, `" -7 "`, "integer=-7"},
		{record.Int, `""`, "null="},
		{record.Int, `12.0`, "integer=12"},
		{record.Int, `12.5`, "quarantined contract_type f"},
		{record.Int, `"twelve"`, "quarantined contract_type f"},
		{record.Int, `9007199254740994.0`, "quarantined contract_type f"},
		{record.Float, `"12.50"`, "number=12.5"},
		{record.Float, `3`, "number=3"},
		{record.Float, `"NaN"`, "quarantined contract_type f"},
		{record.Float, `"0x10"`, "quarantined contract_type f"},
		{record.Bool, `"Yes"`, "boolean=true"},
		{record.Bool, `0`, "boolean=false"},
		{record.Bool, `2`, "quarantined contract_type f"},
		{record.Date, `"2024-02-29"`, "date=2024-02-29"},
		{record.Date, `"2024-02-29T00:00:00Z"`, "date=2024-02-29"},
		{record.Date, `"2024-02-29T10:00:00Z"`, "quarantined contract_type f"},
		{record.Date, `"29/02/2024"`, "quarantined contract_type f"},
		{record.Time, `"2024-02-29 10:00:00"`, "timestamp=2024-02-29T10:00:00Z"},
		{record.Time, `"2024-02-29"`, "timestamp=2024-02-29T00:00:00Z"},
		{record.Time, `1704067200`, "timestamp=2024-01-01T00:00:00Z"},
		{record.Time, `"1704067200123"`, "timestamp=2024-01-01T00:00:00.123Z"},
		{record.Time, `1704067200123456`, "timestamp=2024-01-01T00:00:00.123456Z"},
		{record.Time, `999999999999999999`, "quarantined contract_type f"},
		{record.String, `12`, "string=12"},
		{record.String, `12345678901234567890`, "string=12345678901234567890"},
		{record.String, `1.10`, "string=1.10"},
		{record.String, `true`, "string=true"},
		{record.String, `""`, "string="},
		{record.String, `[1]`, "quarantined contract_type f"},
		{record.JSON, `"a"`, `json="a"`},
		{record.JSON, `[1]`, `json=[1]`},
		{record.JSON, `{"b": 1}`, `json={"b":1}`},
		{record.JSON, `null`, `null=`},
	} {
		st := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.Freeze,
			Schema: schema(contract.Field{Path: "f", Type: row.kind, Nullable: true})})
		got := strings.TrimPrefix(show(refine(t, st, event(`{"f":`+row.value+`}`))), "f:")
		if got != row.want {
			t.Errorf("%s as %s: %q, want %q", row.value, row.kind, got, row.want)
		}
	}
}

func TestDriftPolicies(t *testing.T) {
	applied := schema(
		contract.Field{Path: "age", Type: record.Int, Nullable: true},
		contract.Field{Path: "id", Type: record.String, Required: true},
		contract.Field{Path: "seen", Type: record.Date, Nullable: true},
	)
	for _, row := range []struct{ name, props, evolve, freeze, row, value string }{
		{"keeps to it", `{"id":"a","age":"3"}`, "age:integer=3 id:string=a", "age:integer=3 id:string=a", "age:integer=3 id:string=a", "age:integer=3 id:string=a"},
		{"new field", `{"id":"a","n":{"x":1}}`, "id:string=a n.x:integer=1", "quarantined contract_new_field n.x", "discarded contract_new_field n.x", "id:string=a partly"},
		{"missing", `{"age":3}`, "age:integer=3", "quarantined contract_missing id", "discarded contract_missing id", "age:integer=3"},
		{"null", `{"id":null}`, "id:null=", "quarantined contract_null id", "discarded contract_null id", "partly"},
		{"type", `{"id":"a","age":"old"}`, "age:string=old id:string=a", "quarantined contract_type age", "discarded contract_type age", "id:string=a partly"},
		{"wider number", `{"id":"a","age":1.5}`, "age:number=1.5 id:string=a", "quarantined contract_type age", "discarded contract_type age", "id:string=a partly"},
		{"wider date", `{"id":"a","seen":"2024-01-02T03:04:05Z"}`, "id:string=a seen:timestamp=2024-01-02T03:04:05Z", "quarantined contract_type seen", "discarded contract_type seen", "id:string=a partly"},
		{"a date that is a number", `{"id":"a","seen":7}`, "id:string=a seen:string=7", "quarantined contract_type seen", "discarded contract_type seen", "id:string=a partly"},
		{"a list", `{"id":"a","age":[1, 2]}`, "age:json=[1,2] id:string=a", "quarantined contract_type age", "discarded contract_type age", "id:string=a partly"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for policy, want := range map[contract.Policy]string{"": row.evolve, contract.Evolve: row.evolve,
				contract.Freeze: row.freeze, contract.DiscardRow: row.row, contract.DiscardValue: row.value} {
				st := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: policy, Schema: applied})
				if got := show(refine(t, st, event(row.props))); got != want {
					t.Errorf("%s: %q, want %q", policy, got, want)
				}
			}
		})
	}
	t.Run("without a contract every policy evolves", func(t *testing.T) {
		st := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.Freeze})
		if got := show(refine(t, st, event(`{"x":"1"}`))); got != "x:string=1" {
			t.Error(got)
		}
	})
	t.Run("a delete is not judged, a patch may leave out", func(t *testing.T) {
		st := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.Freeze, Schema: applied})
		r := event(`{"id":null,"other":1}`)
		r.Op = record.Delete
		if got := show(refine(t, st, r)); got != "id:null= other:integer=1" {
			t.Error(got)
		}
		r = event(`{"age":4}`)
		r.Op = record.Patch
		if got := show(refine(t, st, r)); got != "age:integer=4" {
			t.Error(got)
		}
	})
}

func TestWhatRefinePassesOver(t *testing.T) {
	st := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Customer, Key: "id"})
	for _, row := range []struct {
		name string
		r    record.Record
		want string
	}{
		{"unknown stream", record.Record{Stream: "t", Kind: record.Event, Pin: 1}, "quarantined stream_unknown"},
		{"customer without key", record.Record{Stream: "s", Kind: record.Customer, Pin: 1, Props: []byte(`{"a":1}`)}, "quarantined key_missing id"},
		{"object without key", record.Record{Stream: "s", Kind: record.Object, Pin: 1}, "quarantined key_missing id"},
		{"malformed goes first", record.Record{Stream: "s", Kind: record.Customer, Pin: 1, Props: []byte(`{`)}, "quarantined json_malformed"},
		{"consent needs none", record.Record{Stream: "s", Kind: record.Consent, Pin: 1, Props: []byte(`{"a":1}`)}, "a:integer=1"},
		{"control", record.Record{Stream: "nowhere", Kind: record.Control, Pin: 99, Props: []byte(`{`)}, ""},
		{"set aside before", record.Record{Stream: "nowhere", Kind: record.Event, Pin: 99, Verdict: record.Verdict{Outcome: record.Duplicate}}, "duplicate"},
	} {
		if got := show(refine(t, st, row.r)); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

func TestRefineWaitsForItsPin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := contract.New(contract.Deps{})
		b := record.Batch{Records: []record.Record{event(`{"a":1}`)}}
		done := make(chan error, 1)
		go func() { done <- st.Refine(t.Context(), &b) }()
		synctest.Wait()
		if len(done) != 0 {
			t.Fatal("Refine did not wait")
		}
		if err := st.Install(1, []contract.StreamConfig{{Stream: "s", Kind: record.Event}}); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil || show(b.Records[0]) != "a:integer=1" {
			t.Fatal(err, show(b.Records[0]))
		}
	})
}

func TestInstallGivesAllFaults(t *testing.T) {
	err := contract.New(contract.Deps{}).Install(1, []contract.StreamConfig{
		{Stream: "a", OnDrift: "explode"}, {Stream: "a"}, {},
		{Stream: "b", Schema: schema(contract.Field{Path: "x"}, contract.Field{Path: "x"})},
	})
	if err == nil {
		t.Fatal("no fault")
	}
	for _, code := range []string{"on_drift_unknown", "stream_twice", "stream_name", "contract_field"} {
		if !strings.Contains(err.Error(), "["+code+"]") {
			t.Errorf("%s is not among: %v", code, err)
		}
	}
}

// FuzzRefine holds the reader to jsontext's word on what is JSON, and the door's
// mapping to the reader's word on what a path holds.
func FuzzRefine(f *testing.F) {
	for _, s := range []string{webEvent, crmRow, `{"a":{"b":[1,{"c":"\u00e9"}]}}`, `{"k":"x","k":"y"}`, `{"a":1e999}`, "{\"a\":\"\xff\"}", `{"a":"\`, `[`, `{"k":12.50}`, `{"a":{"k":"\""}}`} {
		f.Add([]byte(s))
	}
	applied := schema(contract.Field{Path: "a", Type: record.Int}, contract.Field{Path: "a.b", Type: record.Time, Required: true})
	st := stage(f, contract.StreamConfig{Stream: "s", Kind: record.Event, Key: "k", Seq: "a.k", Occurred: "a", Deleted: "d"},
		contract.StreamConfig{Stream: "frozen", Kind: record.Event, OnDrift: contract.Freeze, Schema: applied},
		contract.StreamConfig{Stream: "evolving", Kind: record.Event, Schema: applied})
	f.Fuzz(func(t *testing.T, props []byte) {
		before := string(props)
		r := event(before)
		r.Kind, r.Op, r.Props = 0, 0, props
		if err := st.Map(1, &r); err != nil {
			t.Fatal(err)
		}
		key := r.Key
		r = refine(t, st, r)
		if string(props) != before {
			t.Fatal("the properties were changed")
		}
		if v := r.Verdict; !v.Keep() && v.Code == "" {
			t.Fatal("set aside without a code")
		}
		if r.Verdict.Keep() {
			for i := 1; i < len(r.Fields); i++ {
				if r.Fields[i-1].Name >= r.Fields[i].Name {
					t.Fatalf("fields out of order: %q", show(r))
				}
			}
			for _, fd := range r.Fields {
				if fd.Name == "k" && fd.Value.Kind == record.String && key != fd.Value.S && strings.TrimSpace(fd.Value.S) != "" {
					t.Fatalf("Map read the key %q, Refine %q", key, fd.Value.S)
				}
			}
		}
		for _, stream := range []string{"frozen", "evolving"} {
			r := event(before)
			r.Stream = stream
			if got := refine(t, st, r); stream == "evolving" && got.Verdict.Partly {
				t.Fatal("an evolving stream lost a value")
			}
		}
	})
}

// TestManyShapesAtOnce refines records of ever new names and orders from several
// goroutines, past what a stream remembers, while other versions are installed.
func TestManyShapesAtOnce(t *testing.T) {
	st := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event})
	row := func(g, i int) (props, want string) {
		names := []string{fmt.Sprintf("n%d", i), fmt.Sprintf("m%d", i%7), "p.x", "p.a"}
		want = fmt.Sprintf("m%d:integer=2 n%d:integer=1 p.a:integer=4 p.x:integer=3", i%7, i)
		nested := fmt.Sprintf(`"p":{"x":3,"a":4},"%s":2`, names[1])
		if g%2 == 0 {
			nested = fmt.Sprintf(`"%s":2,"p":{"a":4,"x":3}`, names[1])
		}
		return fmt.Sprintf(`{"%s":1,%s}`, names[0], nested), want
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 1500 {
				props, want := row(g, (i*(g+1))%6000)
				b := record.Batch{Records: []record.Record{event(props)}}
				if err := st.Refine(t.Context(), &b); err != nil {
					t.Error(err)
					return
				}
				if got := show(b.Records[0]); got != want {
					t.Errorf("%s: %q, want %q", props, got, want)
					return
				}
			}
		})
	}
	for pin := range uint32(20) {
		if err := st.Install(pin+2, nil); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}
