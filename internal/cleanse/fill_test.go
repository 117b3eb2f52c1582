package cleanse_test

import (
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/record"
)

func filling(fill *cleanse.FillConfig) cleanse.StreamConfig {
	return cleanse.StreamConfig{
		Attributes: []cleanse.AttributeConfig{
			{Name: "city", From: "city", Steps: []cleanse.StepConfig{{Name: "trim"}}, Fill: &cleanse.FillConfig{Value: &cleanse.Constant{Text: "Leeds"}}},
			{Name: "country", From: "land", Steps: []cleanse.StepConfig{{Name: "country"}}, Fill: fill},
			{Name: "email", From: "mail"},
		},
		Identifiers: []cleanse.IdentifierConfig{{Type: "email", From: "mail"}},
	}
}

// marked shows attributes, those that nobody said with a ~.
func marked(attrs []record.Attr) string {
	var parts []string
	for _, a := range attrs {
		mark := ""
		if a.Value.Filled {
			mark = "~"
		}
		parts = append(parts, a.Name+"="+mark+a.Value.Text())
	}
	return strings.Join(parts, " ")
}

// TestFill gives the stated value where a record says nothing, and only there.
func TestFill(t *testing.T) {
	by := &cleanse.FillConfig{By: "city", Map: map[string]cleanse.Constant{"Leeds": {Text: "United Kingdom"}, "Lyon": {Text: "FR"}}}
	value := &cleanse.FillConfig{Value: &cleanse.Constant{Text: "gb"}}
	both := &cleanse.FillConfig{By: by.By, Map: by.Map, Value: &cleanse.Constant{Text: "DE"}}
	for _, c := range []struct {
		name   string
		fill   *cleanse.FillConfig
		op     record.Op
		kind   record.Kind
		fields []record.Attr
		want   string
	}{
		{"missing", value, record.Upsert, record.Customer, []record.Attr{str("city", "York")}, "city=York country=~GB"},
		{"null", value, record.Upsert, record.Customer, []record.Attr{str("city", "York"), {Name: "land"}}, "city=York country=~GB"},
		{"empty", value, record.Upsert, record.Event, []record.Attr{str("city", "York"), str("land", "")}, "city=York country=~GB"},
		{"said", value, record.Upsert, record.Customer, []record.Attr{str("city", "York"), str("land", "France")}, "city=York country=FR"},
		{"said and unread", value, record.Upsert, record.Customer, []record.Attr{str("city", "York"), str("land", "Ruritania")}, "city=York country="},
		{"by", by, record.Upsert, record.Customer, []record.Attr{str("city", " LYON ")}, "city=LYON country=~FR"},
		{"by none of the map", by, record.Upsert, record.Customer, []record.Attr{str("city", "York")}, "city=York"},
		{"by none of the map, then value", both, record.Upsert, record.Customer, []record.Attr{str("city", "York")}, "city=York country=~DE"},
		{"by what was itself filled", by, record.Upsert, record.Customer, []record.Attr{str("mail", "jo@example.com")}, "city=~Leeds email=jo@example.com"},
		{"a patch of something else", value, record.Patch, record.Customer, []record.Attr{str("city", "York")}, "city=York"},
		{"a patch that takes it away", value, record.Patch, record.Customer, []record.Attr{str("city", "York"), {Name: "land"}}, "city=York country=~GB"},
		{"a delete", value, record.Delete, record.Customer, nil, ""},
		{"an event's field of this name", value, record.Upsert, record.Event, []record.Attr{str("city", "York"), str("country", "France")}, "city=York country=France"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := refine(t, filling(c.fill), record.Record{Kind: c.kind, Op: c.op, Fields: c.fields})
			if s := marked(got.Attrs); s != c.want {
				t.Errorf("gives %q, not %q", s, c.want)
			}
			for _, id := range got.Identifiers {
				if id.Value != "jo@example.com" {
					t.Error("a person is named by", id)
				}
			}
		})
	}
}

// TestFillKeepsTheTypeOfTheAttribute passes the stated value through the steps and the type.
func TestFillKeepsTheTypeOfTheAttribute(t *testing.T) {
	got := refine(t, cleanse.StreamConfig{Attributes: []cleanse.AttributeConfig{
		{Name: "born", From: "born", Type: "date", Fill: &cleanse.FillConfig{Value: &cleanse.Constant{Text: "1900-01-01"}}},
		{Name: "name", From: "first", More: []string{"last"}, Steps: []cleanse.StepConfig{{Name: "join"}, {Name: "upper"}}, Fill: &cleanse.FillConfig{Value: &cleanse.Constant{Text: "nobody"}}},
		{Name: "points", From: "points", Fill: &cleanse.FillConfig{Value: &cleanse.Constant{Text: "0", Type: "integer"}}},
	}}, record.Record{Kind: record.Customer, Op: record.Upsert})
	if s := marked(got.Attrs); s != "born=~1900-01-01 name=~NOBODY points=~0" || got.Attrs[0].Value.Kind != record.Date || got.Attrs[2].Value.Kind != record.Int {
		t.Fatal(s, got.Attrs)
	}
}

// TestFillFaults refuses fills that say nothing or would name people.
func TestFillFaults(t *testing.T) {
	gb := &cleanse.Constant{Text: "GB"}
	for name, fill := range map[string]*cleanse.FillConfig{
		"nothing":      {},
		"by alone":     {By: "city"},
		"map alone":    {Map: map[string]cleanse.Constant{"a": *gb}},
		"by itself":    {By: "country", Map: map[string]cleanse.Constant{"a": *gb}},
		"by none":      {By: "planet", Map: map[string]cleanse.Constant{"a": *gb}},
		"unread":       {Value: &cleanse.Constant{Text: "Ruritania"}},
		"unread in it": {By: "city", Map: map[string]cleanse.Constant{"a": {Text: "Ruritania"}}},
		"twice":        {By: "city", Map: map[string]cleanse.Constant{"a": *gb, "A ": *gb}},
	} {
		c := filling(fill)
		c.Stream = "s"
		faults := cleanse.Validate([]cleanse.StreamConfig{c})
		if len(faults) != 1 || !strings.Contains(faults[0].Error(), "attribute_fill") || !strings.Contains(faults[0].Error(), "country.fill") {
			t.Error(name, faults)
		}
	}
	for _, from := range []string{"land", "country2"} { // the only field, and one of several
		c := filling(&cleanse.FillConfig{Value: gb})
		c.Stream, c.Identifiers = "s", []cleanse.IdentifierConfig{{Type: "email", From: from}}
		c.Attributes[1].More = []string{"country2"}
		if err := cleanse.New().Install(1, []cleanse.StreamConfig{c}); err == nil || !strings.Contains(err.Error(), "attribute_fill") {
			t.Error("an identifier may be filled in:", err)
		}
	}
}

// TestOriginsShowRawBesideCleansed gives each attribute with the fields it came from.
func TestOriginsShowRawBesideCleansed(t *testing.T) {
	st := cleanse.New()
	cfg := filling(&cleanse.FillConfig{Value: &cleanse.Constant{Text: "GB"}})
	cfg.Stream = "s"
	cfg.Attributes = append(cfg.Attributes, cleanse.AttributeConfig{Name: "name", From: "first", More: []string{"last"}, Steps: []cleanse.StepConfig{{Name: "join"}}})
	if err := st.Install(1, []cleanse.StreamConfig{cfg, {Stream: "all"}}); err != nil {
		t.Fatal(err)
	}
	fields := []record.Attr{str("a.b", "x"), str("city", " Leeds "), str("first", "Jo"), str("last", "Bloggs")}
	for _, c := range []struct {
		stream string
		kind   record.Kind
		want   string
	}{
		{"s", record.Customer, "city=Leeds<city= Leeds |country=~GB<|name=Jo Bloggs<first=Jo last=Bloggs|=<a.b=x|"},
		{"s", record.Event, "a_b=x<a.b=x|city=Leeds<city= Leeds |country=~GB<|name=Jo Bloggs<first=Jo last=Bloggs|"},
		{"all", record.Customer, "a_b=x<a.b=x|city= Leeds <city= Leeds |first=Jo<first=Jo|last=Bloggs<last=Bloggs|"},
		{"none", record.Customer, ""},
	} {
		b := record.Batch{Records: []record.Record{{Stream: c.stream, Pin: 1, Kind: c.kind, Op: record.Upsert, Fields: fields}}}
		if err := st.Refine(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, o := range st.Origins(&b.Records[0]) {
			got += marked([]record.Attr{o.Attr}) + "<" + show(o.Fields) + "|"
		}
		if got != c.want {
			t.Errorf("%s, %s: %q", c.stream, c.kind, got)
		}
	}
}
