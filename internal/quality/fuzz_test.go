package quality_test

import (
	"testing"

	"github.com/kithdata/kith/internal/quality"
	"github.com/kithdata/kith/internal/record"
)

// FuzzChecks shows every check arbitrary values under arbitrary settings: none may
// panic, none may say two things of one record, and none may change it.
func FuzzChecks(f *testing.F) {
	for _, s := range []string{"", "a", "GB82 WEST 1234 5698 7654 32", "%d/%m/%Y", "2024-02-31", "(", `{"a":[1]}`, "-0", "1e400", "\xff", "4111 1111 1111 1111", "%"} {
		f.Add(s, s, uint8(1), int64(0))
	}
	f.Add("x", `{"type":"object"}`, uint8(7), int64(-1<<63))
	f.Fuzz(func(t *testing.T, text, setting string, kind uint8, n int64) {
		v := record.Value{Kind: record.ValueKind(kind % 8), N: n}
		if v.Kind == record.String || v.Kind == record.JSON {
			v.S = text
		}
		attrs := []record.Attr{{Name: "a", Value: v}, {Name: "b", Value: record.StringValue(text)}, {Name: "c", Value: record.IntValue(n)}}
		for _, d := range quality.Checks() {
			c := quality.CheckConfig{Check: d.Name, Column: "a", Values: []string{setting}, Value: setting, Pattern: setting, Format: setting, Schema: setting,
				Min: quality.NewBound(setting), Pairs: [][]string{{setting, text}}, Operator: ">=", Condition: "attributes.a == attributes.b"}
			if bad := quality.Validate([]quality.StreamConfig{{Stream: "s", Checks: []quality.CheckConfig{c}}}); len(bad) > 0 {
				c.Column, c.Columns, c.Value = "", []string{"a", "c"}, ""
			}
			cfg := []quality.StreamConfig{{Stream: "s", Checks: []quality.CheckConfig{c}}}
			st := quality.New()
			if len(quality.Validate(cfg)) > 0 || st.Install(1, cfg) != nil {
				continue
			}
			var first string
			for i := range 2 {
				b := record.Batch{Records: []record.Record{rec("s", attrs...)}}
				if err := st.Refine(t.Context(), &b); err != nil {
					t.Fatal(err)
				}
				if got := b.Records[0].Verdict.Code; i == 0 {
					first = got
				} else if got != first {
					t.Fatalf("%s says %q, then %q", d.Name, first, got)
				}
			}
			if attrs[0].Value != v {
				t.Fatalf("%s changed the record", d.Name)
			}
		}
	})
}

// TestChecksDoNotAllocate holds the checks that every record meets to no allocation.
func TestChecksDoNotAllocate(t *testing.T) {
	for _, c := range []quality.CheckConfig{
		{Check: "not_null", Column: "s"}, {Check: "not_empty", Column: "s"}, {Check: "in_set", Column: "s", Values: []string{"x"}}, {Check: "in_set", Column: "n", Values: []string{"x"}},
		{Check: "range", Column: "n", Min: "0"}, {Check: "range", Column: "s", Min: "0"}, {Check: "range", Column: "s", Min: "2020-01-01"}, {Check: "regex", Column: "s", Pattern: "^x"},
		{Check: "like", Column: "s", Pattern: "x%"}, {Check: "length", Column: "s", Min: "1"}, {Check: "format", Column: "s", Format: "email"}, {Check: "format", Column: "s", Format: "iban"},
		{Check: "compare", Columns: []string{"n", "s"}, Operator: ">"}, {Check: "sum", Columns: []string{"n", "n"}, Value: "4"}, {Check: "unique_within_record", Columns: []string{"n", "s"}},
	} {
		st := install(t, quality.StreamConfig{Stream: "s", Checks: []quality.CheckConfig{c}})
		b := record.Batch{Checks: make([]record.CheckCount, 0, 8), Records: make([]record.Record, 100)}
		for i := range b.Records {
			b.Records[i] = rec("s", record.Attr{Name: "n", Value: record.IntValue(2)}, record.Attr{Name: "s", Value: record.StringValue("jo@example.com")})
		}
		allocs := testing.AllocsPerRun(20, func() {
			b.Checks = b.Checks[:0]
			for i := range b.Records {
				b.Records[i].Verdict = record.Verdict{}
			}
			if err := st.Refine(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
		})
		if allocs > 50 { // a few of the batch; the race detector empties the pools of package regexp now and then
			t.Errorf("%s of 100 records: %v allocations", c.Check, allocs)
		}
	}
}
