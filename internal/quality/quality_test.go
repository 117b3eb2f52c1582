package quality_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/quality"
	"github.com/kithdata/kith/internal/record"
)

func install(t testing.TB, cfg ...quality.StreamConfig) *quality.Stage {
	t.Helper()
	st := quality.New()
	if err := st.Install(1, cfg); err != nil {
		t.Fatal(err)
	}
	return st
}

func rec(stream string, attrs ...record.Attr) record.Record {
	return record.Record{Stream: stream, Kind: record.Customer, Op: record.Upsert, Pin: 1, Attrs: attrs}
}

func attr(v record.Value) record.Attr { return record.Attr{Name: "c", Value: v} }

func TestChecks(t *testing.T) {
	for _, row := range []struct {
		check quality.CheckConfig
		value record.Value
		want  string // pass, fail, or empty: it has nothing to say
	}{
		{quality.CheckConfig{Check: "not_null"}, record.StringValue("x"), "pass"},
		{quality.CheckConfig{Check: "not_null"}, record.Value{}, "fail"},
		{quality.CheckConfig{Check: "in_set", Values: []string{"a", "b"}}, record.StringValue("b"), "pass"},
		{quality.CheckConfig{Check: "in_set", Values: []string{"a", "b"}}, record.StringValue("B"), "fail"},
		{quality.CheckConfig{Check: "in_set", Values: []string{"a"}}, record.Value{}, ""},
		{quality.CheckConfig{Check: "in_set", Values: []string{"1", "2.50"}}, record.IntValue(1), "pass"},
		{quality.CheckConfig{Check: "in_set", Values: []string{"1", "2.50"}}, record.FloatValue(2.5), "pass"},
		{quality.CheckConfig{Check: "in_set", Values: []string{"9007199254740993"}}, record.IntValue(9007199254740992), "fail"},
		{quality.CheckConfig{Check: "in_set", Values: []string{"true"}}, record.BoolValue(true), "pass"},
		{quality.CheckConfig{Check: "in_set", Values: []string{"1970-01-02"}}, record.DateValue(1), "pass"},
		{quality.CheckConfig{Check: "range", Min: "0", Max: "10"}, record.IntValue(10), "pass"},
		{quality.CheckConfig{Check: "range", Min: "0", Max: "10"}, record.FloatValue(10.5), "fail"},
		{quality.CheckConfig{Check: "range", Min: "0"}, record.IntValue(-1), "fail"},
		{quality.CheckConfig{Check: "range", Max: "0"}, record.StringValue(" -1.5 "), "pass"},
		{quality.CheckConfig{Check: "range", Min: "0"}, record.StringValue("many"), "fail"},
		{quality.CheckConfig{Check: "range", Min: "0"}, record.StringValue("NaN"), "fail"},
		{quality.CheckConfig{Check: "range", Min: "0"}, record.StringValue("Inf"), "fail"},
		{quality.CheckConfig{Check: "range", Min: "0"}, record.DateValue(5), "fail"},
		{quality.CheckConfig{Check: "range", Min: "0"}, record.Value{}, ""},
		{quality.CheckConfig{Check: "regex", Pattern: `^[A-Z]{2}\d$`}, record.StringValue("AB1"), "pass"},
		{quality.CheckConfig{Check: "regex", Pattern: `^[A-Z]{2}\d$`}, record.StringValue("AB12"), "fail"},
		{quality.CheckConfig{Check: "regex", Pattern: `^1`}, record.IntValue(12), "pass"},
	} {
		row.check.Column = "c"
		b := record.Batch{Records: []record.Record{rec("s", attr(row.value))}}
		if err := install(t, quality.StreamConfig{Stream: "s", Checks: []quality.CheckConfig{row.check}}).Refine(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		got, v := "", b.Records[0].Verdict
		if len(b.Checks) == 1 {
			got = "pass"
			if b.Checks[0].Failed == 1 {
				got = "fail"
			}
		}
		if got != row.want {
			t.Errorf("%s of %v: %q, want %q", row.check.Check, row.value, got, row.want)
		}
		if failed := v.Code == "quality_"+row.check.Check && v.Field == "c" && v.Outcome == record.Quarantined; failed != (row.want == "fail") {
			t.Errorf("%s of %v: %+v", row.check.Check, row.value, v)
		}
		if s := row.value.S; len(s) > 2 && strings.Contains(v.Detail, s) {
			t.Errorf("the value is in the verdict: %q (I6)", v.Detail)
		}
	}
}

func TestSeverityAndMostly(t *testing.T) {
	for _, row := range []struct {
		severity string
		mostly   float64
		rejects  bool
	}{{"", 0, true}, {"reject", 1, true}, {"reject", 0.95, false}, {"warn", 0, false}} {
		st := install(t, quality.StreamConfig{Stream: "s", Checks: []quality.CheckConfig{{Check: "not_null", Column: "c", Severity: row.severity, Mostly: row.mostly}}})
		b := record.Batch{Records: []record.Record{rec("s")}}
		if err := st.Refine(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		if b.Records[0].Verdict.Keep() == row.rejects || len(b.Checks) != 1 || b.Checks[0].Failed != 1 {
			t.Errorf("%+v: %+v %v", row, b.Records[0].Verdict, b.Checks)
		}
	}
}

func TestCountsAreInAnOrderOfTheirOwn(t *testing.T) {
	checks := []quality.CheckConfig{
		{Check: "regex", Column: "c", Pattern: "x", Severity: "warn"}, {Check: "not_null", Column: "c"}, {Check: "not_null", Column: "b", Severity: "warn"},
		{Check: "range", Column: "n", Min: "0", Severity: "warn"}, {Check: "range", Column: "n", Max: "9", Severity: "warn"},
	}
	st := install(t, quality.StreamConfig{Stream: "t", Checks: checks[1:2]}, quality.StreamConfig{Stream: "s", Checks: checks}, quality.StreamConfig{Stream: "free"})
	if err := st.Install(2, []quality.StreamConfig{{Stream: "s", Checks: checks[1:2]}}); err != nil {
		t.Fatal(err)
	}
	x := attr(record.StringValue("x"))
	second := rec("s", x)
	second.Pin = 2
	number := rec("s", x, record.Attr{Name: "n", Value: record.IntValue(10)})
	first := []record.CheckCount{{Stream: "earlier"}}
	records := []record.Record{rec("t", x), rec("s", x), second, rec("free", x), number, rec("s"), rec("t")}
	want := []record.CheckCount{
		{Stream: "earlier"},
		{Stream: "s", Check: "not_null", Column: "b", Failed: 3},
		{Stream: "s", Check: "not_null", Column: "c", Passed: 3, Failed: 1},
		{Stream: "s", Check: "range", Column: "n", Passed: 1, Failed: 1},
		{Stream: "s", Check: "regex", Column: "c", Passed: 2},
		{Stream: "t", Check: "not_null", Column: "c", Passed: 1, Failed: 1},
	}
	for range 2 {
		b := record.Batch{Checks: append([]record.CheckCount(nil), first...), Records: records}
		for i := range b.Records {
			b.Records[i].Verdict = record.Verdict{}
		}
		if err := st.Refine(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, b.Checks); d != "" {
			t.Fatal(d)
		}
		for i, j := 0, len(records)-1; i < j; i, j = i+1, j-1 { // and from behind
			records[i], records[j] = records[j], records[i]
		}
	}
}

func TestColumnsAndWhatIsNotChecked(t *testing.T) {
	st := install(t, quality.StreamConfig{Stream: "s", Checks: []quality.CheckConfig{{Check: "not_null", Column: "c"}}})
	field := rec("s")
	field.Fields = []record.Attr{attr(record.IntValue(1))}
	cleansedAway := rec("s", attr(record.Value{}))
	cleansedAway.Fields = field.Fields
	deleted, patch, nullPatch := rec("s"), rec("s"), rec("s", attr(record.Value{}))
	deleted.Op, patch.Op, nullPatch.Op = record.Delete, record.Patch, record.Patch
	control := rec("nowhere")
	control.Kind, control.Pin = record.Control, 9
	aside := rec("s")
	aside.Quarantine("earlier", "", "")
	b := record.Batch{Records: []record.Record{field, cleansedAway, deleted, patch, nullPatch, control, aside, rec("nowhere")}}
	if err := st.Refine(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	want := []string{"", "quality_not_null", "", "", "quality_not_null", "", "earlier", ""}
	for i := range b.Records {
		if got := b.Records[i].Verdict.Code; got != want[i] {
			t.Errorf("record %d: %q, want %q", i, got, want[i])
		}
	}
	if d := cmp.Diff([]record.CheckCount{{Stream: "s", Check: "not_null", Column: "c", Passed: 1, Failed: 2}}, b.Checks); d != "" {
		t.Error(d)
	}
}

func TestRefineWaitsForItsPin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := quality.New()
		b := record.Batch{Records: []record.Record{rec("s")}}
		done := make(chan error, 1)
		go func() { done <- st.Refine(t.Context(), &b) }()
		synctest.Wait()
		if len(done) != 0 {
			t.Fatal("Refine did not wait")
		}
		if err := st.Install(1, []quality.StreamConfig{{Stream: "s"}}); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil || !b.Records[0].Verdict.Keep() {
			t.Fatal(err, b.Records[0].Verdict)
		}
	})
}

func TestValidateGivesAllFaults(t *testing.T) {
	cfg := []quality.StreamConfig{{Stream: "s", Checks: []quality.CheckConfig{
		{Check: "unique", Column: "c"}, {Check: "not_null"}, {Check: "not_null", Column: "c", Mostly: 2, Severity: "fatal"},
		{Check: "in_set", Column: "c"}, {Check: "range", Column: "c"}, {Check: "range", Column: "c", Min: "2", Max: "1"}, {Check: "regex", Column: "c", Pattern: "("},
	}}, {Stream: "s"}, {}}
	var got []string
	for _, f := range quality.Validate(cfg) {
		var e *errs.Error
		if !errors.As(f, &e) {
			t.Fatal("a fault without a code", f)
		}
		got = append(got, string(e.Code)+" "+e.Where)
	}
	at := "streams.s.expect"
	want := []string{"check_unknown " + at + "[0].check", "check_column " + at + "[1].column", "check_mostly " + at + "[2].mostly", "check_severity " + at + "[2].severity",
		"check_values " + at + "[3].values", "check_range " + at + "[4]", "check_range " + at + "[5]", "check_pattern " + at + "[6].pattern", "stream_twice streams.s", "stream_name streams[2]"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if err := quality.New().Install(1, cfg); err == nil {
		t.Error("Install took a faulty configuration")
	}
}

func BenchmarkRefine(b *testing.B) {
	st := install(b, quality.StreamConfig{Stream: "s", Checks: []quality.CheckConfig{{Check: "not_null", Column: "email", Mostly: 0.95}, {Check: "in_set", Column: "status", Values: []string{"active", "lapsed"}}}})
	attrs := []record.Attr{}
	for _, name := range []string{"born", "city", "email", "first_name", "last_name", "phone", "postcode", "status"} {
		attrs = append(attrs, record.Attr{Name: name, Value: record.StringValue("active")})
	}
	batch := record.Batch{Records: make([]record.Record, 256)}
	for i := range batch.Records {
		batch.Records[i] = rec("s", attrs...)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		batch.Checks = batch.Checks[:0]
		if err := st.Refine(b.Context(), &batch); err != nil {
			b.Fatal(err)
		}
		n += len(batch.Records)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/record")
}
