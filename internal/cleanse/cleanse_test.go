package cleanse_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func str(name, text string) record.Attr {
	return record.Attr{Name: name, Value: record.StringValue(text)}
}

func refine(t testing.TB, cfg cleanse.StreamConfig, r record.Record) record.Record {
	t.Helper()
	st := cleanse.New()
	cfg.Stream = "s"
	if err := st.Install(1, []cleanse.StreamConfig{cfg}); err != nil {
		t.Fatal(err)
	}
	r.Stream, r.Pin = "s", 1
	b := record.Batch{Records: []record.Record{r}}
	if err := st.Refine(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Records[0]
}

func show(attrs []record.Attr) string {
	var parts []string
	for _, a := range attrs {
		parts = append(parts, a.Name+"="+a.Value.Text())
	}
	return strings.Join(parts, " ")
}

// TestUnreadableValuesAreCounted has the same sums whatever way records lie in batches.
func TestUnreadableValuesAreCounted(t *testing.T) {
	cfg := func(stream string) cleanse.StreamConfig {
		return cleanse.StreamConfig{Stream: stream, Attributes: []cleanse.AttributeConfig{
			{Name: "mail", From: "e", Steps: []cleanse.StepConfig{{Name: "trim"}, {Name: "email"}}},
			{Name: "age", From: "a", Type: "integer"},
			{Name: "note", From: "e", Steps: []cleanse.StepConfig{{Name: "trim"}}}, // reads every value
		}}
	}
	st := cleanse.New()
	if err := st.Install(1, []cleanse.StreamConfig{cfg("s"), cfg("t")}); err != nil {
		t.Fatal(err)
	}
	var records []record.Record
	for i, e := range []string{"jo@example.com", "nonsense", "ann@example.com", "nonsense", ""} {
		r := record.Record{Kind: record.Customer, Op: record.Upsert, Pin: 1, Stream: "s", Fields: []record.Attr{{Name: "a", Value: record.IntValue(7)}, str("e", e)}}
		if i == 3 {
			r.Stream, r.Fields[0].Value = "t", record.StringValue("old")
		}
		if i == 4 {
			r.Fields = []record.Attr{{Name: "a"}, str("e", "")} // neither is a value
		}
		records = append(records, r)
	}
	whole := "s readable age 3/0, s readable mail 2/1, t readable age 0/1, t readable mail 0/1"
	for _, size := range []int{1, 2, 5} {
		sums := map[string][2]uint64{}
		for from := 0; from < len(records); from += size {
			b := record.Batch{}
			for _, r := range records[from:min(from+size, len(records))] {
				b.Records = append(b.Records, r.Clone())
			}
			if err := st.Refine(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
			for _, c := range b.Checks {
				name := c.Stream + " " + c.Check + " " + c.Column
				sums[name] = [2]uint64{sums[name][0] + c.Passed, sums[name][1] + c.Failed}
			}
		}
		var have []string
		for _, name := range slices.Sorted(maps.Keys(sums)) {
			have = append(have, fmt.Sprintf("%s %d/%d", name, sums[name][0], sums[name][1]))
		}
		if got := strings.Join(have, ", "); got != whole {
			t.Errorf("in batches of %d: %s", size, got)
		}
	}
}

func TestCanonicalTriesTheRegionsOfTheRules(t *testing.T) {
	st := cleanse.New()
	with := func(pin uint32, stream string, regions ...string) {
		cfg := cleanse.StreamConfig{Stream: stream}
		for i, region := range regions {
			cfg.Attributes = append(cfg.Attributes, cleanse.AttributeConfig{Name: fmt.Sprint("a", i), From: fmt.Sprint("f", i),
				Steps: []cleanse.StepConfig{{Name: "phone", Args: map[string]string{"region": region}}}})
		}
		if err := st.Install(pin, []cleanse.StreamConfig{cfg}); err != nil {
			t.Fatal(err)
		}
	}
	check := func(typ, value string, want ...string) {
		t.Helper()
		var have []string
		for _, id := range st.Canonical([]record.Identifier{{Type: typ, Value: value}}) {
			if id.Type != typ {
				t.Errorf("a %s became a %s", typ, id.Type)
			}
			have = append(have, id.Value)
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s %q: %s", typ, value, diff)
		}
	}
	check("phone", "07700 900123", "07700900123")
	with(1, "a", "GB", "gb")
	check("phone", "07700 900123", "07700900123", "+447700900123")
	with(2, "b", "DE", "") // the first version's region is tried still
	check("phone", "030 901820", "030901820", "+4930901820", "+44030901820")
	check("phone", "+44 7700 900123", "+447700900123")
	check("phone", "0044 7700 900123", "+447700900123")
	check("phone", "0000000000")
	check("phone", "call me")
	check("email", " Jo@Example.COM ", "jo@example.com")
	check("user_id", " 42 ", "42")
}

func TestAttributes(t *testing.T) {
	listed := cleanse.StreamConfig{Attributes: []cleanse.AttributeConfig{
		{Name: "surname", From: "last", Steps: []cleanse.StepConfig{{Name: "trim"}, {Name: "name"}}},
		{Name: "city", From: "address.city"},
		{Name: "last_raw", From: "last"},
		{Name: "absent", From: "nowhere"},
	}}
	fields := []record.Attr{str("address.city", "Leeds"), str("last", " O'BRIEN "), {Name: "note"}, str("zz", "")}
	for _, row := range []struct {
		name   string
		cfg    cleanse.StreamConfig
		kind   record.Kind
		fields []record.Attr
		want   string
		partly bool
	}{
		{"all when none is listed", cleanse.StreamConfig{}, record.Customer, fields, "address_city=Leeds last= O'BRIEN  note= zz=", false},
		{"a customer's listed ones alone", listed, record.Customer, fields, "city=Leeds last_raw= O'BRIEN  surname=O'Brien", false},
		{"an event's others pass", listed, record.Event, fields, "city=Leeds last_raw= O'BRIEN  note= surname=O'Brien zz=", false},
		{"an object's others pass", listed, record.Object, []record.Attr{str("b", "1"), str("b.c", "2")}, "b=1 b_c=2", false},
		{"order after renaming", cleanse.StreamConfig{}, record.Event, []record.Attr{str("a.x", "1"), str("aB", "2"), str("a_w", "3")}, "aB=2 a_w=3 a_x=1", false},
		{"one name twice", cleanse.StreamConfig{}, record.Event, []record.Attr{str("a.b", "1"), str("a_b", "2")}, "a_b=1", true},
		{"a listed one wins", listed, record.Event, []record.Attr{str("address.city", "Leeds"), str("city", "York")}, "city=Leeds", true},
		{"none", listed, record.Customer, nil, "", false},
	} {
		r := refine(t, row.cfg, record.Record{Kind: row.kind, Op: record.Upsert, Fields: row.fields})
		if got := show(r.Attrs); got != row.want || r.Verdict.Partly != row.partly {
			t.Errorf("%s: %q partly %v, want %q", row.name, got, r.Verdict.Partly, row.want)
		}
		for _, a := range r.Attrs {
			if a.Value == record.StringValue("") {
				t.Errorf("%s: %s is an empty text, not null", row.name, a.Name)
			}
		}
	}
}

// Nonsense that many people share must link none of them.
func TestJunkNamesNobody(t *testing.T) {
	phone := func(args map[string]string) cleanse.StreamConfig {
		return cleanse.StreamConfig{
			Attributes:  []cleanse.AttributeConfig{{Name: "tel", From: "tel", Steps: []cleanse.StepConfig{{Name: "phone", Args: args}}}},
			Identifiers: []cleanse.IdentifierConfig{{Type: "phone", From: "tel"}},
		}
	}
	here, nowhere := phone(map[string]string{"region": "GB"}), phone(nil)
	bare := cleanse.StreamConfig{Identifiers: []cleanse.IdentifierConfig{{Type: "phone", From: "tel"}, {Type: "email", From: "mail"}}}
	for _, row := range []struct {
		cfg               cleanse.StreamConfig
		field, text, want string
	}{
		{bare, "mail", "n/a", ""},
		{bare, "mail", "no mail", ""},
		{bare, "mail", "jo@", ""},
		{bare, "mail", "JO@example", ""},
		{bare, "mail", "a@example.com; b@example.com", ""},
		{bare, "mail", "Jo Doe <JO@example.com>", "jo@example.com"},
		{bare, "tel", "n/a", ""},
		{bare, "tel", "07700 900123", "07700900123"},
		{bare, "tel", "(020) 7946-0018", "02079460018"},
		{bare, "tel", "+44 20 7946 0018", "+442079460018"},
		{bare, "tel", "0044 20 7946 0018", "+442079460018"},
		{bare, "tel", "900123", ""},
		{bare, "tel", "020 7946 0018 or 020 7946 0019", ""},
		{bare, "tel", "+999 1", ""},
		{nowhere, "tel", "07700 900123", "07700900123"},
		{nowhere, "tel", "call me", ""},
		{here, "tel", "07700 900123", "+447700900123"},
		{here, "tel", "900", ""},
		{here, "tel", "0999999999999", ""},
		{bare, "tel", "0000000", ""},
		{bare, "tel", "9999999999", ""},
		{bare, "tel", "0123456789", ""},
	} {
		r := refine(t, row.cfg, record.Record{Kind: record.Customer, Op: record.Upsert, Fields: []record.Attr{str(row.field, row.text)}})
		got := ""
		for _, id := range r.Identifiers {
			got += id.Value
		}
		if got != row.want {
			t.Errorf("%s %q names %q, want %q", row.field, row.text, got, row.want)
		}
	}
}

func TestIdentifiers(t *testing.T) {
	cfg := cleanse.StreamConfig{
		Attributes: []cleanse.AttributeConfig{
			{Name: "mobile", From: "tel", Steps: []cleanse.StepConfig{{Name: "phone", Args: map[string]string{"region": "GB"}}}},
			{Name: "mail", From: "mail", Steps: []cleanse.StepConfig{{Name: "email"}}},
		},
		Identifiers: []cleanse.IdentifierConfig{{Type: "phone", From: "tel"}, {Type: "email", From: "mail"}, {Type: "loyalty", From: "card"}},
	}
	id := func(typ, value string) record.Identifier { return record.Identifier{Type: typ, Value: value} }
	for _, row := range []struct {
		name   string
		set    []record.Identifier
		fields []record.Attr
		want   []record.Identifier
	}{
		{"mapped", nil, []record.Attr{{Name: "card", Value: record.IntValue(12)}, str("mail", "Jo@Example.com"), str("tel", "07700 900123")},
			[]record.Identifier{id("email", "jo@example.com"), id("loyalty", "12"), id("phone", "+447700900123")}},
		{"the same twice", []record.Identifier{id("user_id", " u1 "), id("email", " JO@example.com"), id("user_id", "u1")}, []record.Attr{str("mail", "jo@Example.com")},
			[]record.Identifier{id("email", "jo@example.com"), id("user_id", "u1")}},
		{"set by the source, with the stream's region", []record.Identifier{id("phone", "07700 900123"), id("phone", "ext. 12"), id("anonymous_id", " A-1 ")}, nil,
			[]record.Identifier{id("anonymous_id", "A-1"), id("phone", "+447700900123")}},
		{"unreadable by its attribute's steps", nil, []record.Attr{str("mail", "none"), str("tel", "call me")}, nil},
		{"empty", []record.Identifier{id("email", "  "), id("", "x")}, []record.Attr{{Name: "card"}, str("mail", "")}, nil},
		{"a list names nobody", nil, []record.Attr{{Name: "card", Value: record.JSONValue("[1]")}}, nil},
	} {
		r := refine(t, cfg, record.Record{Kind: record.Customer, Op: record.Upsert, Identifiers: row.set, Fields: row.fields})
		if d := cmp.Diff(row.want, r.Identifiers); d != "" && len(row.want)+len(r.Identifiers) > 0 {
			t.Errorf("%s: %s", row.name, d)
		}
	}
}

func TestConsent(t *testing.T) {
	cfg := cleanse.StreamConfig{
		Consent:     &cleanse.ConsentConfig{Purpose: "'Marketing'", Channel: "via", Status: "opted", Proof: "form.id"},
		Identifiers: []cleanse.IdentifierConfig{{Type: "email", From: "mail"}},
		Attributes:  []cleanse.AttributeConfig{{Name: "address", From: "mail"}},
	}
	for _, row := range []struct {
		status record.Value
		want   string
	}{
		{record.StringValue("Opt-In"), "granted"}, {record.BoolValue(true), "granted"}, {record.IntValue(0), "denied"},
		{record.StringValue("unsubscribed"), "denied"}, {record.StringValue("Do not contact"), "suppressed"},
		{record.StringValue("maybe"), ""}, {record.Value{}, ""},
	} {
		r := refine(t, cfg, record.Record{Kind: record.Consent, Op: record.Upsert, Fields: []record.Attr{
			{Name: "form.id", Value: record.IntValue(7)}, str("mail", "Jo@example.com"), {Name: "opted", Value: row.status}, str("via", " Email ")}})
		if row.want == "" {
			if v := r.Verdict; v.Code != cleanse.CodeConsentStatus || v.Field != "opted" {
				t.Errorf("%v: %v", row.status, v)
			}
			continue
		}
		if got, want := show(r.Attrs), "channel=email proof=7 purpose=marketing status="+row.want; got != want {
			t.Errorf("%v: %q, want %q", row.status, got, want)
		}
		if d := cmp.Diff([]record.Identifier{{Type: "email", Value: "jo@example.com"}}, r.Identifiers); d != "" {
			t.Error(d)
		}
	}
	// Without a mapping the fields have the attributes' own names.
	r := refine(t, cleanse.StreamConfig{}, record.Record{Kind: record.Consent, Op: record.Upsert, Fields: []record.Attr{str("purpose", "news"), str("status", "granted")}})
	if got := show(r.Attrs); got != "purpose=news status=granted" {
		t.Error(got)
	}
	// Without a purpose: a suppression means all, and nothing else means anything.
	for status, want := range map[string]string{"granted": "", "denied": "", "suppressed": "status=suppressed", "DNC": "status=suppressed", "lifted": "status=denied"} {
		r = refine(t, cleanse.StreamConfig{}, record.Record{Kind: record.Consent, Op: record.Upsert, Fields: []record.Attr{str("status", status)}})
		if got := show(r.Attrs); got != want || (r.Verdict.Code == cleanse.CodeConsentPurpose) != (want == "") {
			t.Errorf("%s for no purpose: %q, %v", status, got, r.Verdict)
		}
	}
}

func TestRefineWaitsForItsPinAndKnowsItsStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := cleanse.New()
		b := record.Batch{Records: []record.Record{
			{Stream: "s", Kind: record.Event, Pin: 2, Fields: []record.Attr{str("a", "1")}},
			{Stream: "t", Kind: record.Event, Pin: 2},
			{Stream: "t", Kind: record.Control, Pin: 9},
			{Stream: "t", Kind: record.Event, Pin: 9, Verdict: record.Verdict{Outcome: record.Discarded}},
		}}
		done := make(chan error, 1)
		go func() { done <- st.Refine(t.Context(), &b) }()
		synctest.Wait()
		if len(done) != 0 {
			t.Fatal("Refine did not wait")
		}
		if err := st.Install(2, []cleanse.StreamConfig{{Stream: "s"}}); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil || show(b.Records[0].Attrs) != "a=1" || b.Records[1].Verdict.Code != cleanse.CodeStream {
			t.Fatal(err, b.Records)
		}
	})
}

func TestValidateGivesAllFaults(t *testing.T) {
	faults := cleanse.Validate([]cleanse.StreamConfig{{Stream: "s",
		Attributes: []cleanse.AttributeConfig{
			{Name: "a", From: "f", Type: "varchar", Steps: []cleanse.StepConfig{{Name: "polish"}, {Name: "phone", Args: map[string]string{"region": "ZZ"}}}},
			{Name: "a", Steps: []cleanse.StepConfig{{Name: "date", Args: map[string]string{"format": "now"}}, {Name: "trim", List: []string{"x"}}, {Name: "trim", Args: map[string]string{"x": ""}}}},
			{Name: "n", From: "n", Steps: []cleanse.StepConfig{{Name: "number", Args: map[string]string{"decimal": ";"}}, {Name: "number", Args: map[string]string{"thousands": "."}},
				{Name: "number", Args: map[string]string{"thousands": "#"}}, {Name: "number", Args: map[string]string{"decimal": ",", "thousands": ","}}}},
		},
		Identifiers: []cleanse.IdentifierConfig{{Type: "email"}},
		Consent:     &cleanse.ConsentConfig{},
	}, {Stream: "s"}, {}})
	var got []string
	for _, f := range faults {
		var e *errs.Error
		if !errors.As(f, &e) {
			t.Fatal("a fault without a code", f)
		}
		got = append(got, string(e.Code)+" "+e.Where)
	}
	want := []string{
		"step_unknown streams.s.attributes.a.clean[0]", "step_args streams.s.attributes.a.clean[1].region", "attribute_type streams.s.attributes.a.type",
		"attribute_name streams.s.attributes.a", "attribute_from streams.s.attributes.a.from", "step_args streams.s.attributes.a.clean[0].format",
		"step_args streams.s.attributes.a.clean[1]", "step_args streams.s.attributes.a.clean[2].x",
		"step_args streams.s.attributes.n.clean[0].decimal", "step_args streams.s.attributes.n.clean[2].thousands", "step_args streams.s.attributes.n.clean[3].thousands",
		"identifier_from streams.s.identifiers[0]", "consent_paths streams.s.consent", "stream_twice streams.s", "stream_name streams[2]",
	}
	// thousands "." beside the default decimal "." is one fault more.
	want = append(want[:9], append([]string{"step_args streams.s.attributes.n.clean[1].thousands"}, want[9:]...)...)
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
}

// TestCacheChangesNothing cleans more distinct values than the cache holds, from
// several goroutines, with two chains over the same texts.
func TestCacheChangesNothing(t *testing.T) {
	st := cleanse.New()
	cfg := []cleanse.StreamConfig{{Stream: "s", Attributes: []cleanse.AttributeConfig{
		{Name: "mail", From: "f", Steps: []cleanse.StepConfig{{Name: "email"}}},
		{Name: "name", From: "f", Steps: []cleanse.StepConfig{{Name: "name"}}},
	}}}
	if err := st.Install(1, cfg); err != nil {
		t.Fatal(err)
	}
	const values = 30_000 // with both chains about the cache's 32 MiB, twice what one age holds
	tail := "@" + strings.Repeat("example.", 21) + "com"
	var wg sync.WaitGroup
	for g := range 2 {
		wg.Go(func() {
			for round := range 2 {
				for i := g; i < values; i += 2 - round {
					text := fmt.Sprintf("Jo%d", i) + tail
					b := record.Batch{Records: []record.Record{{Stream: "s", Kind: record.Customer, Pin: 1, Fields: []record.Attr{str("f", text)}}}}
					if err := st.Refine(t.Context(), &b); err != nil {
						t.Error(err)
						return
					}
					if r := b.Records[0]; r.Attrs[0].Value.S != strings.ToLower(text) || r.Attrs[1].Value.S != text {
						t.Errorf("%q became %v", text, r.Attrs)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

func benchmarkRefine(b *testing.B, cfg cleanse.StreamConfig, kind record.Kind, fields []record.Attr) {
	st := cleanse.New()
	cfg.Stream = "s"
	if err := st.Install(1, []cleanse.StreamConfig{cfg}); err != nil {
		b.Fatal(err)
	}
	batch := record.Batch{Records: make([]record.Record, 256)}
	for i := range batch.Records {
		batch.Records[i] = record.Record{Stream: "s", Kind: kind, Op: record.Upsert, Pin: 1, Fields: fields, Identifiers: make([]record.Identifier, 0, 4)}
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for i := range batch.Records {
			batch.Records[i].Identifiers = batch.Records[i].Identifiers[:0]
		}
		if err := st.Refine(b.Context(), &batch); err != nil {
			b.Fatal(err)
		}
		n += len(batch.Records)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/record")
}

func BenchmarkRefineWebEvent(b *testing.B) {
	var fields []record.Attr
	for _, name := range []string{"coupon", "currency", "page.path", "page.referrer", "page.title", "position", "product.id", "product.name", "product.price", "product.quantity", "tags", "test"} {
		fields = append(fields, str(name, "x"))
	}
	benchmarkRefine(b, cleanse.StreamConfig{}, record.Event, fields)
}

func BenchmarkRefineCRMRow(b *testing.B) {
	trim := cleanse.StepConfig{Name: "trim"}
	benchmarkRefine(b, cleanse.StreamConfig{
		Attributes: []cleanse.AttributeConfig{
			{Name: "first_name", From: "first", Steps: []cleanse.StepConfig{trim, {Name: "name"}}},
			{Name: "last_name", From: "last", Steps: []cleanse.StepConfig{trim, {Name: "name"}}},
			{Name: "email", From: "email", Steps: []cleanse.StepConfig{{Name: "email"}}},
			{Name: "phone", From: "mobile", Steps: []cleanse.StepConfig{{Name: "phone", Args: map[string]string{"region": "GB"}}}},
			{Name: "city", From: "city", Steps: []cleanse.StepConfig{trim}}, {Name: "postcode", From: "postcode", Steps: []cleanse.StepConfig{trim, {Name: "upper"}}},
			{Name: "born", From: "born", Steps: []cleanse.StepConfig{{Name: "date"}}}, {Name: "status", From: "status"},
		},
		Identifiers: []cleanse.IdentifierConfig{{Type: "email", From: "email"}, {Type: "phone", From: "mobile"}},
	}, record.Customer, []record.Attr{str("born", "1984-03-09"), str("city", "Leeds"), str("contact_id", "C-10023"), str("email", "Mary.OBrien@Example.com"), str("first", "MARY-ANNE"),
		str("last", "o'brien"), str("mobile", "07700 900123"), str("postcode", "LS1 4AP"), str("status", "active"), str("updated_at", "2024-05-01 10:11:12")})
}

// TestIdentifiersOfReadyAttributes compares identifiers whose attribute ends in their
// type's own step, and so are not read again, with those that are.
func TestIdentifiersOfReadyAttributes(t *testing.T) {
	texts := []string{"07400 900123", "+44 7400 900123", "(0161) 496 0123", "0000000000", "+44 0123456789", "0770 0900 123 ext 4", "+39 06 698 12345", "+1 212 555 0123",
		"call me", "", " Jo.Doe@Example.COM ", "Jo Doe <jo@example.com>", "jo at example.com", "+44 7911 123456"}
	for _, typ := range []string{"email", "phone"} {
		for _, region := range []string{"", "GB", "IT", "JE"} {
			step := cleanse.StepConfig{Name: typ}
			if typ == "phone" && region != "" {
				step.Args = map[string]string{"region": region}
			}
			refined := func(text string, steps ...cleanse.StepConfig) string {
				st := cleanse.New()
				if err := st.Install(1, []cleanse.StreamConfig{{Stream: "s", Attributes: []cleanse.AttributeConfig{{Name: "a", From: "f", Steps: steps}},
					Identifiers: []cleanse.IdentifierConfig{{Type: typ, From: "f"}}}}); err != nil {
					t.Fatal(err)
				}
				b := record.Batch{Records: []record.Record{{Stream: "s", Kind: record.Customer, Op: record.Upsert, Pin: 1, Fields: []record.Attr{str("f", text)}}}}
				if err := st.Refine(t.Context(), &b); err != nil {
					t.Fatal(err)
				}
				return fmt.Sprint(b.Records[0].Identifiers)
			}
			for _, text := range texts {
				if ready, again := refined(text, step), refined(text, step, cleanse.StepConfig{Name: "trim"}); ready != again {
					t.Errorf("%s %s of %q is %s, read again %s", typ, region, text, ready, again)
				}
			}
		}
	}
}

// BenchmarkRefineNewPeople has a telephone number and an address in every row that no
// row before had: the first load of a customer base.
func BenchmarkRefineNewPeople(b *testing.B) {
	st := cleanse.New()
	if err := st.Install(1, []cleanse.StreamConfig{{
		Stream: "s",
		Attributes: []cleanse.AttributeConfig{
			{Name: "email", From: "mail", Steps: []cleanse.StepConfig{{Name: "email"}}},
			{Name: "phone", From: "tel", Steps: []cleanse.StepConfig{{Name: "phone", Args: map[string]string{"region": "GB"}}}},
		},
		Identifiers: []cleanse.IdentifierConfig{{Type: "email", From: "mail"}, {Type: "phone", From: "tel"}},
	}}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	n := 0
	batch := record.Batch{Records: make([]record.Record, 256)}
	for b.Loop() {
		for i := range batch.Records {
			n++
			batch.Records[i] = record.Record{Stream: "s", Kind: record.Customer, Op: record.Upsert, Pin: 1,
				Fields: []record.Attr{str("mail", fmt.Sprintf("p%08d@example.com", n)), str("tel", fmt.Sprintf("07%09d", 400_000_000+n))}}
		}
		if err := st.Refine(b.Context(), &batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/record")
}

func TestAttributesOfSeveralFields(t *testing.T) {
	gb := cleanse.StepConfig{Name: "phone", Args: map[string]string{"region": "GB"}}
	cfg := cleanse.StreamConfig{Attributes: []cleanse.AttributeConfig{
		{Name: "name", From: "first", More: []string{"last"}, Steps: []cleanse.StepConfig{{Name: "trim"}, {Name: "join"}, {Name: "name"}}},
		{Name: "phone", From: "mobile", More: []string{"landline"}, Steps: []cleanse.StepConfig{gb}},
	}}
	for _, row := range []struct {
		op     record.Op
		fields []record.Attr
		want   string
		partly bool
	}{
		{record.Upsert, []record.Attr{str("first", " JO "), str("landline", "020 7946 0018"), str("last", "DOE"), str("mobile", "none")}, "name=Jo Doe phone=+442079460018", false},
		{record.Upsert, []record.Attr{str("last", "DOE"), str("mobile", "none")}, "name=Doe phone=", true},
		{record.Patch, []record.Attr{str("last", "DOE"), str("mobile", "07700 900123")}, "phone=+447700900123", false},
		{record.Patch, []record.Attr{str("other", "x")}, "", false},
	} {
		r := refine(t, cfg, record.Record{Kind: record.Customer, Op: row.op, Fields: row.fields})
		if got := show(r.Attrs); got != row.want || r.Verdict.Partly != row.partly {
			t.Errorf("%v gave %q, partly %v, want %q", row.fields, got, r.Verdict.Partly, row.want)
		}
	}
	st := stepStage(t, "", cleanse.StepConfig{Name: "join", Args: map[string]string{"with": ", "}})
	if v, _ := clean(t, st, record.JSONValue(`["a",null,2]`)); v.S != "a, 2" {
		t.Error(v)
	}
}

// TestMailboxesAreForMatchingOnly has attributes as they were written beside
// identifiers that the provider's rules make equal.
func TestMailboxesAreForMatchingOnly(t *testing.T) {
	cfg := cleanse.StreamConfig{Stream: "s", Mailbox: true,
		Attributes:  []cleanse.AttributeConfig{{Name: "email", From: "mail", Steps: []cleanse.StepConfig{{Name: "email"}}}},
		Identifiers: []cleanse.IdentifierConfig{{Type: "email", From: "mail"}}}
	for in, want := range map[string]string{
		"Jo.Doe+news@GoogleMail.com": "jodoe@gmail.com", "jodoe@gmail.com": "jodoe@gmail.com", "jo.doe+x@outlook.com": "jo.doe@outlook.com",
		"jo.doe+x@example.com": "jo.doe+x@example.com", "+x@gmail.com": "+x@gmail.com"} {
		r := refine(t, cfg, record.Record{Kind: record.Customer, Op: record.Upsert, Fields: []record.Attr{str("mail", in)}})
		if r.Attrs[0].Value.S != strings.ToLower(in) || len(r.Identifiers) != 1 || r.Identifiers[0].Value != want {
			t.Errorf("%q: %v, %v", in, r.Attrs, r.Identifiers)
		}
	}
	st := cleanse.New()
	if err := st.Install(1, []cleanse.StreamConfig{cfg}); err != nil {
		t.Fatal(err)
	}
	asked := st.Canonical([]record.Identifier{{Type: "email", Value: "Jo.Doe+x@gmail.com"}})
	if d := cmp.Diff([]record.Identifier{{Type: "email", Value: "jo.doe+x@gmail.com"}, {Type: "email", Value: "jodoe@gmail.com"}}, asked); d != "" {
		t.Error(d)
	}
}

// customerRow is a customer with twelve attributes, of which nearly all are dear.
func customerRow() cleanse.StreamConfig {
	attr := func(name string, steps ...cleanse.StepConfig) cleanse.AttributeConfig {
		return cleanse.AttributeConfig{Name: name, From: name, Steps: steps}
	}
	return cleanse.StreamConfig{Stream: "s", Mailbox: true, Attributes: []cleanse.AttributeConfig{
		attr("born", step("date", "format", "dmy")), attr("city", step("trim"), step("title")), attr("country", step("country")), attr("email", step("email")),
		attr("first", step("trim"), step("name")), attr("gender", step("gender")), attr("language", step("language")), attr("last", step("trim"), step("name")),
		attr("phone", step("phone", "region", "GB")), attr("postcode", step("postcode", "country", "GB")), attr("site", step("url", "tracking", "strip")), attr("spent", step("money")),
	}, Identifiers: []cleanse.IdentifierConfig{{Type: "email", From: "email"}, {Type: "phone", From: "phone"}}}
}

func customerFields(n int) []record.Attr {
	letter := func(i int) string { return string(rune('a' + i%26)) }
	name := letter(n) + letter(n/26) + letter(n/676) + letter(n/17576)
	return []record.Attr{str("born", fmt.Sprintf("%d/%d/%d", 1+n%28, 1+n%12, 1930+n%80)), str("city", "LEEDS "+name), str("country", "Germany"), str("email", fmt.Sprintf("P.%08d+x@Gmail.com", n)),
		str("first", "MARY "+name), str("gender", "Frau"), str("language", "en_GB"), str("last", "o'"+name), str("phone", fmt.Sprintf("07%09d", 400_000_000+n)),
		str("postcode", fmt.Sprintf("ls%d %d%s%s", 1+n%28, n%10, letter(n), letter(n/26))), str("site", "https://Example.com/"+name+"?utm_source=x"), str("spent", fmt.Sprintf("£1,%03d.50", n%1000))}
}

func BenchmarkCustomerRowRepeated(b *testing.B) {
	benchmarkRefine(b, customerRow(), record.Customer, customerFields(7))
}

func BenchmarkCustomerRowNew(b *testing.B) {
	st := cleanse.New()
	if err := st.Install(1, []cleanse.StreamConfig{customerRow()}); err != nil {
		b.Fatal(err)
	}
	var batch record.Batch
	n := 0
	for b.Loop() {
		b.StopTimer()
		batch.Records = batch.Records[:0]
		for range 256 {
			n++
			batch.Records = append(batch.Records, record.Record{Stream: "s", Kind: record.Customer, Op: record.Upsert, Pin: 1, Fields: customerFields(n)})
		}
		b.StartTimer()
		if err := st.Refine(b.Context(), &batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/record")
}
