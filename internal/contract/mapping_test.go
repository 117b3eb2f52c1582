package contract_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func TestMap(t *testing.T) {
	cfg := contract.StreamConfig{Stream: "s", Source: "crm", Kind: record.Customer, Key: "id", Seq: "meta.v", Occurred: "meta.at", Deleted: "gone"}
	unix := cfg
	unix.Stream, unix.Schema = "unix", schema(contract.Field{Path: "meta.at", Type: record.Time}, contract.Field{Path: "meta.v", Type: record.Time})
	unordered := cfg
	unordered.Stream, unordered.Seq = "unordered", ""
	st := stage(t, cfg, unix, unordered, contract.StreamConfig{Stream: "pushed", Source: "web", Kind: record.Event})

	type want struct {
		Key      string
		Seq      record.Seq
		Occurred int64
		Op       record.Op
	}
	const micros = int64(1_704_164_645_000_000) // 2024-01-02T03:04:05Z
	const received = micros + 1
	number := func(n int64) record.Seq { return record.Seq{Kind: record.SeqNumber, A: n} }
	for _, row := range []struct {
		name, stream, props string
		want                want
	}{
		{"all of them", "s", `{"x":[1,{"id":0}],"id":"C1","meta":{"v":7,"at":"2024-01-02T03:04:05Z"},"gone":false}`, want{"C1", number(7), micros, record.Upsert}},
		{"names with dots", "s", `{"meta.v":"8","meta.at":"2024-01-02 03:04:05","id":12}`, want{"12", number(8), micros, record.Upsert}},
		{"deleted", "s", `{"id":"C1","meta":{"v":7},"gone":"Yes"}`, want{Key: "C1", Seq: number(7), Op: record.Delete}},
		{"deleted without seq", "s", `{"id":"C1","gone":"Yes"}`, want{Key: "C1", Seq: record.Seq{Kind: record.SeqTime, A: received}, Op: record.Delete}},
		{"deleted where no seq is mapped", "unordered", `{"id":"C1","gone":"Yes"}`, want{Key: "C1", Op: record.Delete}},
		{"a time as seq", "s", `{"id":"C1","meta":{"v":"2024-01-02T03:04:05Z"}}`, want{Key: "C1", Seq: record.Seq{Kind: record.SeqTime, A: micros}, Op: record.Upsert}},
		{"a text as seq", "s", `{"id":"C1","meta":{"v":"r-0012"}}`, want{Key: "C1", Seq: record.Seq{Kind: record.SeqText, S: "r-0012"}, Op: record.Upsert}},
		{"escapes", "s", `{"\u0069d":"a\u0062\n"}`, want{Key: "ab\n", Op: record.Upsert}},
		{"long escapes", "s", `{"id":"\u0062bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}`, want{Key: "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", Op: record.Upsert}},
		{"no key", "s", `{"x":1}`, want{Op: record.Upsert}},
		{"blank key", "s", `{"id":"  "}`, want{Op: record.Upsert}},
		{"null key", "s", `{"id":null}`, want{Op: record.Upsert}},
		{"object key", "s", `{"id":{"a":1}}`, want{Op: record.Upsert}},
		{"a number that is a time of today's kind", "s", `{"id":1,"meta":{"at":1704164645}}`, want{Key: "1", Occurred: micros, Op: record.Upsert}},
		{"in milliseconds", "s", `{"id":1,"meta":{"at":"1704164645000"}}`, want{Key: "1", Occurred: micros, Op: record.Upsert}},
		{"in microseconds", "s", `{"id":1,"meta":{"at":1704164645000000}}`, want{Key: "1", Occurred: micros, Op: record.Upsert}},
		{"other numbers are no time without a contract", "s", `{"id":1,"meta":{"at":20240102}}`, want{Key: "1", Op: record.Upsert}},
		{"nor is a date and time written as a number", "s", `{"id":1,"meta":{"at":20240102030405}}`, want{Key: "1", Op: record.Upsert}},
		{"nor what no int64 holds", "s", `{"id":1,"meta":{"at":99999999999999999999}}`, want{Key: "1", Op: record.Upsert}},
		{"unix time by contract", "unix", `{"id":1,"meta":{"at":1704164645,"v":"1704164645000"}}`, want{"1", record.Seq{Kind: record.SeqTime, A: micros}, micros, record.Upsert}},
		{"malformed", "s", `{"x":"`, want{Op: record.Upsert}},
		{"malformed after the key", "s", `{"id":"C1","x`, want{Key: "C1", Op: record.Upsert}},
		{"nothing", "s", ``, want{Op: record.Upsert}},
		{"no paths", "pushed", `{"id":"C1"}`, want{Op: record.Upsert}},
	} {
		r := record.Record{Stream: row.stream, Received: received, Props: []byte(row.props)}
		if err := st.Map(1, &r); err != nil {
			t.Fatal(row.name, err)
		}
		if d := cmp.Diff(row.want, want{r.Key, r.Seq, r.Occurred, r.Op}); d != "" {
			t.Errorf("%s: %s", row.name, d)
		}
	}
}

// TestMapReadsTimesAsTheyAreWritten: what a stream says of how its times are written
// holds for seq and occurred alike; what is no time so is none.
func TestMapReadsTimesAsTheyAreWritten(t *testing.T) {
	pivot := 69
	forms := map[string]contract.TimeFormat{
		"german":   {Format: "dmy", Zone: "Europe/Berlin"},
		"american": {Format: "mdy"},
		"short":    {Format: "dmy", Pivot: &pivot},
		"eight":    {Format: "ymd"},
		"zone":     {Zone: "Europe/Berlin"},
	}
	var all []contract.StreamConfig
	for name, f := range forms {
		all = append(all, contract.StreamConfig{Stream: name, Source: "crm", Kind: record.Customer, Key: "id", Seq: "at", SeqTime: &f, Occurred: "at", OccurredTime: &f})
	}
	typed := contract.StreamConfig{Stream: "typed", Source: "crm", Kind: record.Customer, Key: "id", Seq: "at", SeqTime: all[0].SeqTime, Occurred: "at", OccurredTime: all[0].SeqTime,
		Schema: schema(contract.Field{Path: "at", Type: record.Time})}
	st := stage(t, append(all, typed)...)
	for _, row := range []struct{ stream, props, want string }{ // want is empty where it is no time
		{"german", `{"at":"24.12.2025 10:00"}`, "2025-12-24T09:00:00Z"},
		{"german", `{"at":" 24.12.2025 "}`, "2025-12-23T23:00:00Z"},
		{"german", `{"at":"24. Dezember 2025"}`, "2025-12-23T23:00:00Z"},
		{"german", `{"at":"2\u0034.12.2025"}`, "2025-12-23T23:00:00Z"},
		{"german", `{"at":"2025-07-24 10:00:00"}`, "2025-07-24T08:00:00Z"},
		{"german", `{"at":"12/24/2025"}`, ""},
		{"german", `{"at":"unknown"}`, ""},
		{"german", `{"at":""}`, ""},
		{"german", `{"at":null}`, ""},
		{"german", `{"at":1704164645}`, ""},
		{"american", `{"at":"12/24/2025 10:00 PM"}`, "2025-12-24T22:00:00Z"},
		{"american", `{"at":"24.12.2025"}`, ""},
		{"short", `{"at":"24.12.25"}`, "2025-12-24T00:00:00Z"},
		{"eight", `{"at":20251224}`, "2025-12-24T00:00:00Z"},
		{"zone", `{"at":"2025-12-24 10:00"}`, "2025-12-24T09:00:00Z"},
		{"zone", `{"at":"24.12.2025"}`, ""},
		{"typed", `{"at":1704164645}`, "2024-01-02T03:04:05Z"},
	} {
		r := record.Record{Stream: row.stream, Seq: record.Seq{Kind: record.SeqRow, A: 1, B: 2}, Props: []byte(row.props)}
		before := r.Seq
		if err := st.Map(1, &r); err != nil {
			t.Fatal(err)
		}
		want, order := int64(0), before
		if row.want != "" {
			at, err := time.Parse(time.RFC3339, row.want)
			if err != nil {
				t.Fatal(err)
			}
			want = at.UnixMicro()
			order = record.Seq{Kind: record.SeqTime, A: want}
		}
		if r.Occurred != want || r.Seq != order {
			t.Errorf("%s %s: occurred %s, seq %v; want %q", row.stream, row.props, time.UnixMicro(r.Occurred).UTC(), r.Seq, row.want)
		}
	}
	// A time ahead of its receipt is believed for five minutes, in this form too.
	r := record.Record{Stream: "german", Received: 1_766_570_400_000_000, Props: []byte(`{"at":"24.12.2076"}`)}
	if err := st.Map(1, &r); err != nil || r.Order().Seq.A != r.Received+record.MaxFuture || r.Effective() != r.Received+record.MaxFuture {
		t.Errorf("%v: a clock ahead has seq %v, effective %d", err, r.Order().Seq, r.Effective())
	}
}

func TestValidateOfTimes(t *testing.T) {
	high := 100
	two := 20
	for _, row := range []struct {
		format contract.TimeFormat
		where  string
	}{
		{contract.TimeFormat{Format: "dym"}, ".format"},
		{contract.TimeFormat{Format: "dmy", Zone: "Berlin"}, ".zone"},
		{contract.TimeFormat{Format: "dmy", Zone: "Local"}, ".zone"},
		{contract.TimeFormat{Format: "dmy", Pivot: &high}, ".pivot"},
		{contract.TimeFormat{Format: "iso", Pivot: &two}, ".pivot"},
		{contract.TimeFormat{Format: "dmy", Pivot: &two}, "none"},
	} {
		faults := contract.Validate([]contract.StreamConfig{{Stream: "s", Kind: record.Customer, Seq: "a", SeqTime: &row.format, Occurred: "b", OccurredTime: &row.format}})
		if row.where == "none" {
			if len(faults) > 0 {
				t.Error(faults)
			}
			continue
		}
		if len(faults) != 2 || errs.CodeOf(faults[0]) != contract.CodeTimeFormat ||
			!strings.Contains(faults[0].Error(), "streams.s.seq"+row.where) || !strings.Contains(faults[1].Error(), "streams.s.occurred"+row.where) {
			t.Errorf("%+v: %v", row.format, faults)
		}
	}
	if faults := contract.Validate([]contract.StreamConfig{{Stream: "s", Kind: record.Customer, SeqTime: &contract.TimeFormat{Format: "dmy"}}}); len(faults) != 1 {
		t.Error("a form of no field is no fault", faults)
	}
}

func TestARowIsItsOwnKey(t *testing.T) {
	st := stage(t, contract.StreamConfig{Stream: "s", Source: "crm", Kind: record.Customer, Key: contract.RowKey, Seq: "v"})
	key := func(r record.Record) string {
		t.Helper()
		r.Stream = "s"
		if err := st.Map(1, &r); err != nil {
			t.Fatal(err)
		}
		return r.Key
	}
	first := key(record.Record{ID: "1:1", Props: []byte(`{"a":"x","_row":"9","v":"1"}`)})
	if len(first) != 32 {
		t.Errorf("key %q", first)
	}
	if again := key(record.Record{ID: "2:7", Props: []byte(`{"a":"x","_row":"9","v":"1"}`)}); again != first {
		t.Error("the same row in another file has another key")
	}
	if other := key(record.Record{ID: "1:1", Props: []byte(`{"a":"y","_row":"9","v":"1"}`)}); other == first {
		t.Error("another row has the same key")
	}
	if set := key(record.Record{Key: "k", Props: []byte(`{}`)}); set != "k" {
		t.Errorf("the source's own key became %q", set)
	}
	if none := key(record.Record{}); none != "" {
		t.Errorf("nothing has the key %q", none)
	}
}

func TestMapKeepsWhatTheSourceSet(t *testing.T) {
	st := stage(t, contract.StreamConfig{Stream: "s", Source: "crm", Kind: record.Customer, Key: "id", Seq: "v", Occurred: "at"})
	props := []byte(`{"id":"from props","v":7,"at":"2024-01-02"}`)
	r := record.Record{Stream: "s", Source: "own", Kind: record.Object, Op: record.Patch, Key: "k", Seq: record.Seq{Kind: record.SeqNumber, A: 1}, Occurred: 5, Props: props}
	before := r.Clone()
	if err := st.Map(1, &r); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before.Key+before.Source, r.Key+r.Source); d != "" || r.Kind != before.Kind || r.Op != before.Op || r.Seq != before.Seq || r.Occurred != before.Occurred {
		t.Fatal("Map changed what the source set", r)
	}
	r = record.Record{Stream: "s", Seq: record.Seq{Kind: record.SeqRow, A: 1, B: 2}, Props: props}
	if err := st.Map(1, &r); err != nil {
		t.Fatal(err)
	}
	if r.Seq != (record.Seq{Kind: record.SeqNumber, A: 7}) || r.Source != "crm" || r.Kind != record.Customer || r.Op != record.Upsert {
		t.Fatal("the stream's own seq does not go before the row", r)
	}
}

func TestMapOfUnknownStreamOrPin(t *testing.T) {
	st := stage(t)
	r := record.Record{Stream: "nowhere", Pin: 1, Props: []byte(`{}`)}
	if err := st.Map(1, &r); err != nil || r.Kind == 0 || r.Op == 0 {
		t.Fatal("the record could not be stored", err, r.Kind, r.Op)
	}
	if got := show(refine(t, st, r)); got != "quarantined stream_unknown" {
		t.Fatal(got)
	}
	if err := st.Map(2, &r); errs.CodeOf(err) != contract.CodePin {
		t.Fatal(err)
	}
}
