package contract_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/record"
)

// inferred is a contract in words, as a comparison with nothing shows it.
func inferred(t *testing.T, rows ...string) string {
	t.Helper()
	var words []string
	for _, d := range contract.Compare(&contract.Schema{}, infer(t, rows...)).Differences {
		words = append(words, d.Path+" "+d.Is)
	}
	return strings.Join(words, " / ")
}

func TestElementsAreInferred(t *testing.T) {
	for _, row := range []struct {
		rows []string
		want string
	}{
		{[]string{`{"a":[]}`}, "a array, required"},
		{[]string{`{"a":[]}`, `{"a":[1]}`, `{"a":[2.5,3]}`}, "a array of (number), required"},
		{[]string{`{"a":[1]}`, `{"a":["x"]}`, `{"a":null}`}, "a array of (string), or null, required"},
		{[]string{`{"a":["2024-01-02"]}`, `{"a":["2024-01-02T03:04:05Z",null]}`}, "a array of (timestamp, or null), required"},
		{[]string{`{"a":[{"sku":"x","n":{"m":1}}]}`, `{"a":[{"sku":"y","gift":true}]}`}, "a array of (gift: boolean; n.m: integer; sku: string, required), required"},
		{[]string{`{"a":[{"sku":"x"},7]}`}, "a array of (integer; sku: string), required"},
		{[]string{`{"a":[[1],[2.5]]}`}, "a array of (array of (number)), required"},
		{[]string{`{"a":[[["x"]]]}`}, "a array of (array of (json)), required"}, // deeper than arrays are followed
		{[]string{`{"a":[1]}`, `{"a":"x"}`}, "a json, required"},
		{[]string{`{"a":[1]}`, `{}`}, "a array of (integer)"},
	} {
		for range 2 {
			if got := inferred(t, row.rows...); got != row.want {
				t.Errorf("%q: %s, want %s", row.rows, got, row.want)
			}
			slices.Reverse(row.rows)
		}
	}
}

// TestElementsAreBounded: in fields, in arrays and in how deep they nest, and as an
// inferred contract is stored.
func TestElementsAreBounded(t *testing.T) {
	var row, element strings.Builder
	for i := range 60 {
		name := `"f` + string(rune('a'+i/26)) + string(rune('a'+i%26)) + `":`
		element.WriteString(name + `[{"x":[1]}],`)
	}
	one := "{" + strings.TrimSuffix(element.String(), ",") + "}"
	for i := range 80 {
		row.WriteString(`"r` + string(rune('a'+i/26)) + string(rune('a'+i%26)) + `":[` + one + `],`)
	}
	s := infer(t, "{"+strings.TrimSuffix(row.String(), ",")+"}")
	arrays, inner := 0, 0
	for _, f := range s.Fields {
		if f.Items == nil {
			continue
		}
		arrays++
		if n := len(f.Items.Of.Fields); n != 50 {
			t.Errorf("%d fields in an element", n)
		}
		for _, e := range f.Items.Of.Fields {
			if e.Items != nil {
				inner++
			}
		}
	}
	if arrays != 64 || inner != 64*4 {
		t.Errorf("%d arrays, and %d within", arrays, inner)
	}
	back, err := contract.DecodeSchema(contract.AppendSchema(nil, s))
	if err != nil || !back.Equal(s) {
		t.Error(err, cmp.Diff(s, back))
	}
}

// TestElementsAreJudged by each policy, with the place within the array.
func TestElementsAreJudged(t *testing.T) {
	s := parsed(t, `{"properties": {"id": {"type": "string"}, "lines": {"type": "array", "items": {"type": "object", "required": ["sku"],
		"properties": {"sku": {"type": "string"}, "qty": {"type": "integer"}, "at": {"type": "object", "properties": {"day": {"type": "string", "format": "date"}}},
			"tags": {"type": "array", "items": {"type": "boolean"}}}}}}}`)
	if len(s.Judged) > 0 {
		t.Errorf("what fields keep is judged twice: %+v", s.Judged)
	}
	st := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.Freeze, Schema: s})
	for props, want := range map[string]string{
		`{"lines":[{"sku":"a","qty":"2","at":{"day":"2024-01-02"},"tags":[true,false]},{"sku":"b"}]}`: "",
		`{"lines":[]}`:                                "",
		`{"lines":[{"sku":"a"},{"qty":1}]}`:           "quarantined contract_missing lines[].sku",
		`{"lines":[{"sku":"a","qty":"many"}]}`:        "quarantined contract_type lines[].qty",
		`{"lines":[{"sku":null}]}`:                    "quarantined contract_null lines[].sku",
		`{"lines":[{"sku":"a","at":{"day":"soon"}}]}`: "quarantined contract_type lines[].at.day",
		`{"lines":[{"sku":"a","tags":[true,"x"]}]}`:   "quarantined contract_type lines[].tags[]",
		`{"lines":[{"sku":"a","more":1}]}`:            "quarantined contract_new_field lines[].more",
		`{"lines":[7]}`:                               "quarantined contract_type lines[]",
		`{"lines":[null]}`:                            "quarantined contract_null lines[]",
		`{"lines":{"sku":"a"}}`:                       "quarantined contract_type lines",
		`{"lines":"[]"}`:                              "quarantined contract_type lines",
	} {
		r := refine(t, st, event(props))
		if got := show(r); want != "" && got != want || want == "" && !r.Verdict.Keep() {
			t.Errorf("%s: %s, want %s", props, got, want)
		}
	}
	discards := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.DiscardValue, Schema: s})
	if got := show(refine(t, discards, event(`{"id":"x","lines":[{"sku":"a","more":1}]}`))); !strings.HasPrefix(got, "id:string=x") || strings.Contains(got, "lines") {
		t.Error(got)
	}
	evolves := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.Evolve, Schema: s})
	m := newMemory()
	m.apply(t.Context(), t, evolves, batch(`{"lines":[{"sku":"Jo 7","qty":"many"},{"sku":"b","qty":"few","more":1}]}`))
	list, err := contract.Drift(m, "s")
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, d := range list {
		seen = append(seen, d.Path+" "+d.Code+" "+d.Example)
	}
	if d := cmp.Diff([]string{"lines[].more contract_new_field 9", "lines[].qty contract_type xxxx"}, seen); d != "" {
		t.Error(d)
	}
	if got, want := stored(t, evolves, m).Fields[1].Items.Of, "more integer / qty string"; len(got.Fields) != 5 || got.Fields[1].Type != record.Int || got.Fields[2].Type != record.String {
		t.Errorf("%+v, want %s", got, want)
	}
}
