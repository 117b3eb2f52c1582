package cleanse_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/record"
)

func step(name string, kv ...string) cleanse.StepConfig {
	c := cleanse.StepConfig{Name: name}
	for i := 0; i < len(kv); i += 2 {
		if c.Args == nil {
			c.Args = map[string]string{}
		}
		c.Args[kv[i]] = kv[i+1]
	}
	return c
}

func attribute(name string, steps ...cleanse.StepConfig) cleanse.AttributeConfig {
	return cleanse.AttributeConfig{Name: name, From: name, Steps: steps}
}

// byCountry has rows from many countries, each of which says its own.
func byCountry() cleanse.StreamConfig {
	return cleanse.StreamConfig{
		Stream: "s",
		Attributes: []cleanse.AttributeConfig{
			attribute("address", step("address", "country_from", "country")),
			attribute("born", step("date", "country_from", "country")),
			{Name: "country", From: "land", Steps: []cleanse.StepConfig{step("country")}},
			attribute("phone", step("phone", "region", "GB", "region_from", "country")),
			attribute("postcode", step("postcode", "country", "GB", "country_from", "country")),
			attribute("region", step("region", "country_from", "country")),
			attribute("seen", step("date", "format", "dmy", "zone_from", "zone")),
			attribute("spent", step("money", "country_from", "country", "currency_from", "currency")),
			attribute("currency"), attribute("zone"), // asked by others, wherever they are listed
		},
		Identifiers: []cleanse.IdentifierConfig{{Type: "phone", From: "phone"}},
	}
}

// TestSettingsFromAnotherAttribute reads each value as the row's own country writes it,
// by the country's name or code, and by what is stated where the row says none.
func TestSettingsFromAnotherAttribute(t *testing.T) {
	st := cleanse.New()
	if err := st.Install(1, []cleanse.StreamConfig{byCountry()}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time from the cache
		for _, c := range []struct {
			fields string // name=value, separated by |
			want   string
			partly bool
		}{
			{"land=France|phone=06 12 34 56 78", "country=FR phone=+33612345678", false},
			{"land=FR|phone=06 12 34 56 78", "country=FR phone=+33612345678", false},
			{"land=Allemagne|phone=030 901820", "country=DE phone=+4930901820", false},
			{"land=Italia|phone=02 3661 8300", "country=IT phone=+390236618300", false},
			{"phone=07700 900123", "phone=+447700900123", false},
			{"land=|phone=07700 900123", "country= phone=+447700900123", false},
			{"land=Ruritania|phone=07700 900123", "country= phone=+447700900123", true},
			{"land=US|phone=07700 900123", "country=US phone=", true},
			{"land=DE|postcode=1011", "country=DE postcode=", true},
			{"land=NL|postcode=1012ab", "country=NL postcode=1012 AB", false},
			{"postcode=ls14ap", "postcode=LS1 4AP", false},
			{"land=AE|postcode= PO Box 12 ", "country=AE postcode=PO Box 12", false}, // there are no postcodes, and Britain's are no measure
			{"land=US|region=california", "country=US region=US-CA", false},
			{"land=DE|region=Bayern", "country=DE region=DE-BY", false},
			{"region=california", "region=", true},
			{"address=Hauptstr. 12 a|land=DE", "address=Hauptstraße 12a country=DE", false},
			{"address=3/45 George St|land=AU", "address=Unit 3, 45 George Street country=AU", false},
			{"address=1-2-3  Ginza|land=JP", "address=1-2-3 Ginza country=JP", false},
			{"born=1/2/2024|land=US", "born=2024-01-02 country=US", false},
			{"born=1/2/2024|land=FR", "born=2024-02-01 country=FR", false},
			{"born=1/2/2024", "born=", true},
			{"born=2024-02-01", "born=2024-02-01", false},
			{"land=DE|spent=1.234,56 €", "country=DE spent=1234.56", false},
			{"land=US|spent=$1,234.56", "country=US spent=1234.56", false},
			{"land=DE|spent=1,234.56", "country=DE spent=", true},
			{"land=" + strings.Repeat("x", 5000) + "|phone=07700 900123", "country= phone=+447700900123", true},
			{"currency=x\x00y|land=DE|spent=1.234,5", "country=DE currency=x\x00y spent=1234.5", false},
			{"spent=1.234", "spent=", true},
			{"spent=1234", "spent=1234", false},
			{"seen=1.7.2024 12:00|zone=America/New_York", "seen=2024-07-01T16:00:00Z zone=America/New_York", false},
			{"seen=1.7.2024 12:00|zone=Nowhere/Land", "seen=2024-07-01T12:00:00Z zone=Nowhere/Land", false},
		} {
			r := record.Record{Stream: "s", Pin: 1, Kind: record.Customer, Op: record.Upsert}
			for f := range strings.SplitSeq(c.fields, "|") {
				name, value, _ := strings.Cut(f, "=")
				r.Fields = append(r.Fields, str(name, value))
			}
			b := record.Batch{Records: []record.Record{r}}
			if err := st.Refine(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
			if got := show(b.Records[0].Attrs); got != c.want || b.Records[0].Verdict.Partly != c.partly {
				t.Errorf("%s: %q, partly %v, want %q", c.fields, got, b.Records[0].Verdict.Partly, c.want)
			}
		}
	}
}

// TestAskedAttributesMayAskThemselves resolves a chain of attributes in whatever order
// they are listed, with fields that are joined among them.
func TestAskedAttributesMayAskThemselves(t *testing.T) {
	cfg := cleanse.StreamConfig{Attributes: []cleanse.AttributeConfig{
		{Name: "amount", From: "a", Steps: []cleanse.StepConfig{step("number", "country_from", "country")}},
		{Name: "country", From: "c1", More: []string{"c2"}, Steps: []cleanse.StepConfig{step("country")}},
		{Name: "when", From: "w1", More: []string{"w2"}, Steps: []cleanse.StepConfig{step("coalesce"), step("date", "format", "dmy", "zone_from", "zone")}},
		{Name: "zone", From: "z", Steps: []cleanse.StepConfig{{Name: "map", Args: map[string]string{"b": "Europe/Berlin"}}}},
	}}
	r := refine(t, cfg, record.Record{Kind: record.Customer, Op: record.Upsert, Fields: []record.Attr{str("a", "1.234,5"), str("c2", "Austria or Germany"), str("w2", "1.7.2024 12:00"), str("z", "B")}})
	if got := show(r.Attrs); got != "amount= country= when=2024-07-01T10:00:00Z zone=Europe/Berlin" {
		t.Error(got)
	}
	r = refine(t, cfg, record.Record{Kind: record.Customer, Op: record.Upsert, Fields: []record.Attr{str("a", "1.234,5"), {Name: "c1"}, str("c2", "Deutschland")}})
	if got := show(r.Attrs); got != "amount=1234.5 country=DE" {
		t.Error(got)
	}
}

// TestIdentifiersFollowTheRowsCountry names people by the number as their country
// dials it, in consents too.
func TestIdentifiersFollowTheRowsCountry(t *testing.T) {
	cfg := byCountry()
	cfg.Consent = &cleanse.ConsentConfig{Purpose: "'news'", Status: "status"}
	for _, kind := range []record.Kind{record.Customer, record.Consent} {
		r := refine(t, cfg, record.Record{Kind: kind, Op: record.Upsert, Fields: []record.Attr{str("land", "France"), str("phone", "06 12 34 56 78"), str("status", "yes")}})
		if got := fmt.Sprint(r.Identifiers); got != fmt.Sprint([]record.Identifier{{Type: "phone", Value: "+33612345678"}}) {
			t.Errorf("%s: %s", kind, got)
		}
		if want := map[record.Kind]string{record.Customer: "country=FR phone=+33612345678", record.Consent: "purpose=news status=granted"}[kind]; show(r.Attrs) != want {
			t.Errorf("%s: %s", kind, show(r.Attrs))
		}
	}
}

// TestFaultsOfAskedAttributes tells circles, and settings that name nothing.
func TestFaultsOfAskedAttributes(t *testing.T) {
	for name, c := range map[string]struct {
		attributes []cleanse.AttributeConfig
		want       string
	}{
		"itself":    {[]cleanse.AttributeConfig{attribute("a", step("phone", "region_from", "a"))}, "step_args s.attributes.a.clean[0].region_from"},
		"none":      {[]cleanse.AttributeConfig{attribute("a", step("trim"), step("phone", "region_from", "b"))}, "step_args s.attributes.a.clean[1].region_from"},
		"not asked": {[]cleanse.AttributeConfig{attribute("a", step("email", "region_from", "b")), attribute("b")}, "step_args s.attributes.a.clean[0].region_from"},
		"two": {[]cleanse.AttributeConfig{attribute("a", step("phone", "region_from", "b")), attribute("b", step("trim"), step("postcode", "country_from", "a"))},
			"attribute_cycle s.attributes.a.clean[0].region_from"},
		"three": {[]cleanse.AttributeConfig{attribute("z", step("phone", "region_from", "a")), attribute("a", step("number", "locale_from", "b")), attribute("b", step("date", "zone_from", "c")),
			attribute("c", step("region", "country_from", "a"))}, "attribute_cycle s.attributes.a.clean[0].locale_from"},
	} {
		faults := cleanse.Validate([]cleanse.StreamConfig{{Stream: "s", Attributes: c.attributes}})
		if len(faults) != 1 || !strings.Contains(faults[0].Error(), strings.Fields(c.want)[0]) || !strings.Contains(faults[0].Error(), strings.Fields(c.want)[1]) {
			t.Errorf("%s: %v", name, faults)
		}
	}
}

// TestOriginsTellWhatWasAsked shows the field that told a setting beside the one read.
func TestOriginsTellWhatWasAsked(t *testing.T) {
	st := cleanse.New()
	if err := st.Install(1, []cleanse.StreamConfig{byCountry()}); err != nil {
		t.Fatal(err)
	}
	b := record.Batch{Records: []record.Record{{Stream: "s", Pin: 1, Kind: record.Customer, Op: record.Upsert, Fields: []record.Attr{str("land", "France"), str("phone", "06 12 34 56 78")}}}}
	if err := st.Refine(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, o := range st.Origins(&b.Records[0]) {
		got += o.Name + "<" + show(o.Fields) + "|"
	}
	if got != "country<land=France|phone<phone=06 12 34 56 78 land=France|" {
		t.Error(got)
	}
}

// FuzzSettingsFromAnotherAttribute compares what a row's own country does with what
// the country does where it is stated, from several goroutines that share the cache.
func FuzzSettingsFromAnotherAttribute(f *testing.F) {
	f.Add("France", "06 12 34 56 78")
	f.Add("de", "030 901820")
	f.Add("", "07700 900123")
	f.Add("Ruritania", "1.234,5")
	f.Add("\x00", "+")
	st := cleanse.New()
	if err := st.Install(1, []cleanse.StreamConfig{byCountry()}); err != nil {
		f.Fatal(err)
	}
	names := map[string]string{"France": "FR", "FR": "FR", "de": "DE", "DE": "DE", "": "GB", "US": "US", "Japan": "JP"}
	stated := map[string]*cleanse.Stage{}
	for _, code := range names {
		stated[code] = stepStage(f, "", step("phone", "region", code))
	}
	f.Fuzz(func(t *testing.T, land, phone string) {
		read := func() record.Value {
			b := record.Batch{Records: []record.Record{{Stream: "s", Pin: 1, Kind: record.Customer, Op: record.Upsert, Fields: []record.Attr{str("land", land), str("phone", phone)}}}}
			if err := st.Refine(t.Context(), &b); err != nil {
				t.Error(err)
			}
			return b.Records[0].Attrs[1].Value
		}
		first := read()
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if again := read(); again != first {
					t.Errorf("%q in %q is now %v, now %v", phone, land, first, again)
				}
			})
		}
		wg.Wait()
		if code, known := names[land]; known {
			if want, _ := clean(t, stated[code], record.StringValue(phone)); want != first {
				t.Errorf("%q in %q is %v, and %v where that is stated", phone, land, first, want)
			}
		}
	})
}

// BenchmarkCustomerRowByCountry is the row of BenchmarkCustomerRowRepeated with a
// country that tells how its number, postcode, date and money are written.
func BenchmarkCustomerRowByCountry(b *testing.B) {
	cfg := customerRow()
	for i, a := range cfg.Attributes {
		switch a.Name {
		case "phone":
			cfg.Attributes[i].Steps = []cleanse.StepConfig{step("phone", "region", "GB", "region_from", "country")}
		case "born", "postcode", "spent":
			name := map[string]string{"born": "date", "postcode": "postcode", "spent": "money"}[a.Name]
			cfg.Attributes[i].Steps = []cleanse.StepConfig{step(name, "country", "GB", "country_from", "country")}
		}
	}
	benchmarkRefine(b, cfg, record.Customer, customerFields(7))
}
