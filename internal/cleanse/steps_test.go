package cleanse_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/record"
)

// clean runs one attribute's steps over v, through the whole stage; partly says
// that a value was lost.
func clean(t testing.TB, st *cleanse.Stage, v record.Value) (out record.Value, partly bool) {
	t.Helper()
	b := record.Batch{Records: []record.Record{{Stream: "s", Kind: record.Customer, Op: record.Upsert, Pin: 1, Fields: []record.Attr{{Name: "f", Value: v}}}}}
	if err := st.Refine(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	r := b.Records[0]
	if len(r.Attrs) != 1 || r.Attrs[0].Name != "a" || r.Fields[0].Value != v {
		t.Fatalf("attributes %v, fields %v", r.Attrs, r.Fields)
	}
	return r.Attrs[0].Value, r.Verdict.Partly
}

func stepStage(t testing.TB, typ string, steps ...cleanse.StepConfig) *cleanse.Stage {
	t.Helper()
	st := cleanse.New()
	cfg := cleanse.StreamConfig{Stream: "s", Attributes: []cleanse.AttributeConfig{{Name: "a", From: "f", Type: typ, Steps: steps}}}
	if err := st.Install(1, []cleanse.StreamConfig{cfg}); err != nil {
		t.Fatal(err)
	}
	return st
}

const lost = "(lost)" // null, and the record says so

func TestStepTables(t *testing.T) {
	args := func(kv ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i]] = kv[i+1]
		}
		return m
	}
	step := func(name string, kv ...string) cleanse.StepConfig {
		return cleanse.StepConfig{Name: name, Args: args(kv...)}
	}
	tables := []struct {
		step cleanse.StepConfig
		rows [][2]string // in, out as text; "" is null
	}{
		{step("trim"), [][2]string{{"  a  b ", "a b"}, {"a\u00a0\tb", "a b"}, {"\ufeffa\u200b", "a"}, {"a b", "a b"}, {" ", ""}}},
		{step("lower"), [][2]string{{"ÀB c", "àb c"}}},
		{step("upper"), [][2]string{{"ls1 4ap", "LS1 4AP"}}},
		{step("title"), [][2]string{{"NEW york", "New York"}, {"l'oréal paris", "L'oréal Paris"}, {"1st avenue", "1st Avenue"}, {"stoke-on-trent", "Stoke-On-Trent"}}},
		{step("name"), [][2]string{
			{"O'BRIEN", "O'Brien"}, {"o’neill", "O’Neill"}, {"d'angelo", "D'Angelo"}, {"mcdonald", "McDonald"}, {"MCDONALD", "McDonald"}, {"McDonald", "McDonald"},
			{"mary-anne", "Mary-Anne"}, {"SMITH-JONES", "Smith-Jones"}, {"van der berg", "van der Berg"}, {"VAN DER BERG", "van der Berg"},
			{"Jan VAN DER BERG", "Jan van der Berg"}, {"VAN", "Van"}, {"ludwig van houten", "Ludwig van Houten"}, {"juan DE LA cruz", "Juan de la Cruz"},
			{"DeShawn", "DeShawn"}, {"john smith iii", "John Smith III"}, {"j. r. r. tolkien", "J. R. R. Tolkien"}, {"J.R. SMITH", "J.R. Smith"},
			{"  ÉLODIE   müller ", "Élodie Müller"}, {"mc", "Mc"}, {"MCA", "Mca"}, {"jo", "Jo"}, {"ANNA'S", "Anna's"}, {"李 明", "李 明"},
		}},
		{step("email"), [][2]string{
			{" Jo.Doe+x@Example.COM ", "jo.doe+x@example.com"}, {"mailto:jo@example.com", "jo@example.com"}, {"jörg@exämple.example.com", "jörg@exämple.example.com"},
			{"", ""}, {"jo@example", lost}, {"jo", lost}, {"@example.com", lost}, {"jo@@example.com", lost}, {"jo@ex ample.com", lost}, {".jo@example.com", lost},
			{"j..o@example.com", lost}, {"jo@-example.com", lost}, {"jo@example..com", lost}, {"jo@example.com,jo@example.org", lost}, {"Jo <Jo@example.com>", "jo@example.com"}, {"<>", lost}, {">", lost},
			{strings.Repeat("a", 65) + "@example.com", lost},
		}},
		{step("phone", "region", "GB"), [][2]string{
			{"07700 900123", "+447700900123"}, {"(020) 7946 0018", "+442079460018"}, {"+1 202-555-0123", "+12025550123"}, {"00447700900123", "+447700900123"},
			{"", ""}, {"123", lost}, {"call me", lost}, {"07700 900123 07700 900124", lost}, {"n/a", lost}, {strings.Repeat("7", 100), lost},
		}},
		{step("phone"), [][2]string{{"+44 7700 900123", "+447700900123"}, {"07700 900123", lost}}},
		{step("date"), [][2]string{{"2024-02-29", "2024-02-29"}, {"2024-02-29T10:00:00+01:00", "2024-02-29T09:00:00Z"}, {"", ""}, {"29/02/2024", lost}, {"2023-02-29", lost}}},
		{step("date", "format", "dmy"), [][2]string{{"29/02/2024", "2024-02-29"}, {"1.2.2024", "2024-02-01"}, {"01-02-2024 10:30", "2024-02-01T10:30:00Z"}, {"2024-02-01", "2024-02-01"}, {"2024/2/1", "2024-02-01"},
			{"1/2/24", lost}, {"13/13/2024", lost}, {"1/2-2024", lost}, {"1/2/2024/3", lost}, {"/2/2024", lost}, {"1/2/", lost}, {"01/02/2024 25:00", lost}}},
		{step("date", "format", "mdy"), [][2]string{{"02/29/2024", "2024-02-29"}, {"29/02/2024", lost}, {"1 2 2024", "2024-01-02"}}},
		{step("date", "format", "ymd"), [][2]string{{"2024.1.2", "2024-01-02"}, {"1/2/2024", lost}, {"20240102", "2024-01-02"}, {"20240230", lost}, {"2024010", lost}}},
		{step("date", "format", "dmy"), [][2]string{{"20240102", lost}, {"2/1/2024 9:05", "2024-01-02T09:05:00Z"}}},
		{step("date", "format", "mdy"), [][2]string{
			{"1/2/2024 3:45 PM", "2024-01-02T15:45:00Z"}, {"1/2/2024 12:00 am", "2024-01-02T00:00:00Z"}, {"1/2/2024 12:30:10 PM", "2024-01-02T12:30:10Z"},
			{"1/2/2024 13:00 PM", lost}, {"1/2/2024 00:00 AM", lost}, {"1/2/2024 PM", lost}, {"1/2/2024 3 PM", lost}}},
		{step("number"), [][2]string{{"1,234,567.50", "1.2345675e+06"}, {"12", "12"}, {"-0.5", "-0.5"}, {"+7", "7"}, {"007", "7"}, {"", ""},
			{"1,5", lost}, {"12,34", lost}, {"1234,567", lost}, {"1.", lost}, {".5", lost}, {"1e5", lost}, {"£5", lost}, {"99999999999999999999", lost}, {"NaN", lost}}},
		{step("number", "decimal", ","), [][2]string{{"1.234,5", "1234.5"}, {"1,5", "1.5"}, {"1.5", lost}}},
		{step("number", "decimal", ",", "thousands", "space"), [][2]string{{"1 234,5", "1234.5"}, {"1\u00a0234", "1234"}, {"1\u202f234", "1234"}, {"12 34", lost}}},
		{step("number", "thousands", ""), [][2]string{{"1234.5", "1234.5"}, {"1,234", lost}}},
		{step("boolean"), [][2]string{{" Yes ", "true"}, {"off", "false"}, {"Ja", "true"}, {"NÃO", "false"}, {"да", "true"}, {"1", "true"}, {"", ""}, {"perhaps", lost}, {"2", lost}}},
		{step("null_tokens"), [][2]string{{"N/A", ""}, {" - ", ""}, {"Unknown", ""}, {"NULL", ""}, {"Nora", "Nora"}}},
		{cleanse.StepConfig{Name: "null_tokens", List: []string{"TBC"}}, [][2]string{{"tbc", ""}, {"n/a", "n/a"}}},
	}
	seen := map[string]bool{}
	for _, table := range tables {
		seen[table.step.Name] = true
		st := stepStage(t, "", table.step)
		for range 2 { // the second time from the cache
			for _, row := range table.rows {
				v, partly := clean(t, st, record.StringValue(row[0]))
				got := v.Text()
				if partly {
					got = lost
				}
				if got != row[1] || partly && !v.IsNull() || got == "" && !v.IsNull() {
					t.Errorf("%s %v: %q gave %q (%s), want %q", table.step.Name, table.step.Args, row[0], got, v.Kind, row[1])
				}
			}
			if v, partly := clean(t, st, record.Value{}); !v.IsNull() || partly {
				t.Errorf("%s made %v of null", table.step.Name, v)
			}
		}
	}
	for _, doc := range cleanse.Steps() {
		if !seen[doc.Name] && len(doc.Table)+len(doc.More) == 0 {
			t.Errorf("the step %s has no table", doc.Name)
		}
	}
}

// tablesOf gives the tables of a step, with its settings and without.
func tablesOf(doc cleanse.StepDoc) []cleanse.Table {
	if len(doc.Table) == 0 {
		return doc.More
	}
	return append([]cleanse.Table{{Rows: doc.Table}}, doc.More...)
}

// once names the steps of which a second pass may change what the first one gave:
// they take a part, or say something of the text.
func once(name string) bool {
	switch name {
	case "lower", "upper", "title", "unicode": // Unicode's case mappings are not all idempotent, nor stripping after a mapping
		return true
	case "address", "map", "replace", "split", "email_part", "name_part", "utm", "user_agent", "money":
		return true
	}
	return false
}

// TestDocsTellTheTruth runs the examples of the reference page.
func TestDocsTellTheTruth(t *testing.T) {
	docs := cleanse.Steps()
	if !slices.IsSortedFunc(docs, func(a, b cleanse.StepDoc) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the steps are not in order")
	}
	for _, doc := range docs {
		if doc.What == "" || len(doc.Table)+len(doc.More) == 0 {
			t.Errorf("%s is not documented", doc.Name)
		}
		for _, table := range tablesOf(doc) {
			st := stepStage(t, "", cleanse.StepConfig{Name: doc.Name, Args: table.Args})
			for _, row := range table.Rows {
				if v, _ := clean(t, st, record.StringValue(row[0])); v.Text() != row[1] || row[1] == "" && !v.IsNull() {
					t.Errorf("%s %v: the page says that %q becomes %q, but it is %q", doc.Name, table.Args, row[0], row[1], v.Text())
				}
			}
		}
	}
}

func TestTypedValuesAndTypes(t *testing.T) {
	for _, row := range []struct {
		step, typ string
		in        record.Value
		want      string
	}{
		{"phone", "", record.IntValue(447700900123), lost}, // without + it has no country
		{"number", "", record.FloatValue(1.5), "number 1.5"},
		{"boolean", "", record.IntValue(1), "boolean true"},
		{"date", "", record.TimeValue(0), "timestamp 1970-01-01T00:00:00Z"},
		{"upper", "", record.BoolValue(true), "boolean true"},
		{"trim", "", record.JSONValue(`[ ]`), "json [ ]"},
		{"email", "", record.JSONValue(`["jo@example.com"]`), lost},
		{"", "string", record.IntValue(5), "string 5"},
		{"", "integer", record.StringValue("5"), "integer 5"},
		{"", "integer", record.FloatValue(5), "integer 5"},
		{"", "integer", record.FloatValue(5.5), lost},
		{"", "number", record.StringValue("5"), "number 5"},
		{"", "number", record.StringValue("x"), lost},
		{"", "boolean", record.StringValue("no"), "boolean false"},
		{"", "date", record.TimeValue(-1), "date 1969-12-31"},
		{"", "date", record.StringValue("2024-02-29 23:00"), "date 2024-02-29"},
		{"", "timestamp", record.DateValue(1), "timestamp 1970-01-02T00:00:00Z"},
		{"", "json", record.StringValue("a"), `json "a"`},
		{"", "integer", record.StringValue(" "), "null "},
	} {
		var steps []cleanse.StepConfig
		if row.step != "" {
			steps = append(steps, cleanse.StepConfig{Name: row.step})
		}
		v, partly := clean(t, stepStage(t, row.typ, steps...), row.in)
		got := v.Kind.String() + " " + v.Text()
		if partly {
			got = lost
		}
		if got != row.want {
			t.Errorf("%s %s of %v: %q, want %q", row.step, row.typ, row.in, got, row.want)
		}
	}
}

// FuzzSteps runs every step, and checks what all of them owe: no panic, the same
// from the cache, valid text out of valid text, and a second pass that changes
// nothing.
func FuzzSteps(f *testing.F) {
	for _, s := range []string{"O'BRIEN van der berg", " Jo@Example.com", "07700 900123", "29/02/2024 10:30", "1,234.50", "N/A", "\u0130\u0307", "mcmcd", "ǆ-ß", "https://Example.com:443/?utm_source=x", "::ffff:192.0.2.1", "$1,234.50", "Dr. Jan van der Berg", "김민수", "ls1 4ap", "1 février 2024", "D-10115", "令和6年2月1日 午後3時45分", "1.7.2024 12:00 Europe/Berlin", "١٬٢٣٤٫٥", "1’234.56", "Frau Prof. Dr.", "山田太郎", "María del Carmen García y López", "Smith, John, Jr.", "jo@xn--exmple-cua.example.com", "Île-de-France"} {
		f.Add(s)
	}
	stages := map[string][2]*cleanse.Stage{}
	for _, doc := range cleanse.Steps() {
		for i, table := range doc.More {
			step := cleanse.StepConfig{Name: doc.Name, Args: table.Args}
			key := fmt.Sprintf("%s table %d", doc.Name, i)
			stages[key] = [2]*cleanse.Stage{stepStage(f, "", step), stepStage(f, "", step)}
		}
		if len(doc.Table) == 0 {
			continue
		}
		for _, arg := range [][2]string{{}, {"region", "GB"}, {"format", "dmy"}, {"format", "mdy"}, {"decimal", ","}} {
			step := cleanse.StepConfig{Name: doc.Name}
			if arg[0] != "" {
				if !strings.Contains(doc.Args, arg[0]+":") {
					continue
				}
				step.Args = map[string]string{arg[0]: arg[1]}
			}
			stages[doc.Name+" "+arg[1]] = [2]*cleanse.Stage{stepStage(f, "", step), stepStage(f, "", step)}
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // the contract lets no such text through
		}
		for name, st := range stages {
			first, lostFirst := clean(t, st[0], record.StringValue(s))
			again, lostAgain := clean(t, st[0], record.StringValue(s))
			fresh, lostFresh := clean(t, st[1], record.StringValue(s))
			if first != again || first != fresh || lostFirst != lostAgain || lostFirst != lostFresh {
				t.Fatalf("%s of %q is now %v, now %v, now %v", name, s, first, again, fresh)
			}
			if !utf8.ValidString(first.S) {
				t.Fatalf("%s of %q is no text: %q", name, s, first.S)
			}
			if lostFirst && !first.IsNull() {
				t.Fatalf("%s of %q lost its value and kept %v", name, s, first)
			}
			if step, _, _ := strings.Cut(name, " "); first.Kind != record.String || once(step) || step == "url" && strings.Contains(name, "table") {
				continue
			}
			if strings.HasPrefix(name, "name ") && hasOddCase(s) {
				continue
			}
			if second, lost := clean(t, st[0], first); second != first || lost {
				t.Fatalf("%s of %q is %v, of which it is %v", name, s, first, second)
			}
		}
	})
}

// hasOddCase finds letters beyond those of European names, whose case mappings do
// not go to and fro.
func hasOddCase(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool {
		return c > 0x17f || c == 0x130 || c == 0x131 || c == 0x149 || c == 'ß' || c == 'ŉ'
	})
}
