package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/quality"
	"github.com/kithdata/kith/internal/record"
)

// checked gives what a check, as kith.yaml writes it, says of one record.
func checked(t *testing.T, check string, attrs []record.Attr) string {
	t.Helper()
	tree, err := parse(t, stream("    expect: [{"+check+"}]\n"))
	if err != nil {
		t.Fatalf("%s: %v", check, err)
	}
	st := quality.New()
	if err := st.Install(1, tree.Rules.Quality); err != nil {
		t.Fatal(err)
	}
	b := record.Batch{Records: []record.Record{{Stream: tree.Rules.Quality[0].Stream, Kind: record.Customer, Op: record.Upsert, Pin: 1, Attrs: attrs}}}
	if err := st.Refine(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	switch {
	case len(b.Checks) == 0:
		return "skipped"
	case b.Checks[0].Failed == 1:
		if want := "quality_" + b.Checks[0].Check; b.Records[0].Verdict.Code != want {
			t.Errorf("%s gives the code %s", check, b.Records[0].Verdict.Code)
		}
		return "fails"
	}
	return "passes"
}

// valueOf reads a value of the examples.
func valueOf(t *testing.T, text jsontext.Value) record.Value {
	t.Helper()
	d := jsontext.NewDecoder(strings.NewReader(string(text)))
	switch text.Kind() {
	case '{', '[':
		return record.JSONValue(string(text))
	case '0':
		tok, err := d.ReadToken()
		if err != nil {
			t.Fatal(text, err)
		}
		if n, err := tok.Int(); err == nil && !strings.Contains(string(text), ".") {
			return record.IntValue(n)
		}
		f, _ := tok.Float()
		return record.FloatValue(f)
	case '"':
		tok, err := d.ReadToken()
		if err != nil {
			t.Fatal(text, err)
		}
		return record.StringValue(tok.String())
	}
	return record.Value{}
}

// columnsOf reads an example of several columns.
func columnsOf(t *testing.T, text string) (attrs []record.Attr) {
	t.Helper()
	d := jsontext.NewDecoder(strings.NewReader(text))
	_, err := d.ReadToken()
	for err == nil && d.PeekKind() != '}' {
		var name jsontext.Token
		if name, err = d.ReadToken(); err != nil {
			break
		}
		key := name.String()
		var v jsontext.Value
		if v, err = d.ReadValue(); err == nil {
			attrs = append(attrs, record.Attr{Name: key, Value: valueOf(t, v)})
		}
	}
	if err != nil {
		t.Fatal(text, err)
	}
	return attrs
}

func TestTheExamplesOfTheChecksHold(t *testing.T) {
	for _, d := range quality.Checks() {
		if len(d.Examples) == 0 {
			t.Errorf("%s has no example", d.Name)
		}
		for _, e := range d.Examples {
			check, several := "check: "+d.Name, strings.HasPrefix(d.Settings, "columns") || d.Name == "condition" || d.Name == "unique_within_record"
			switch {
			case d.Name == "condition":
			case several:
				check += ", columns: [a, b]"
			default:
				check += ", column: a"
			}
			if e.Settings != "" {
				check += ", " + e.Settings
			}
			for want, texts := range map[string][]string{"passes": e.Pass, "fails": e.Fail} {
				if len(texts) == 0 {
					t.Errorf("%s: nothing %s", check, want)
				}
				for _, text := range texts {
					attrs := []record.Attr{{Name: "a", Value: valueOf(t, jsontext.Value(text))}}
					if several {
						attrs = columnsOf(t, text)
					}
					if got := checked(t, check, attrs); got != want {
						t.Errorf("{%s} of %s: %s, want %s", check, text, got, want)
					}
				}
			}
		}
	}
}

func TestNamesOfGreatExpectations(t *testing.T) {
	attrs := []record.Attr{{Name: "a", Value: record.IntValue(2)}, {Name: "b", Value: record.IntValue(1)}, {Name: "n"}, {Name: "s", Value: record.StringValue("open")}}
	for check, want := range map[string]string{
		"check: expect_column_values_to_be_in_set, kwargs: {column: s, value_set: [open]}":                                   "passes",
		"check: expect_column_values_to_be_between, kwargs: {column: a, min_value: 2, strict_min: true}":                     "fails",
		"check: expect_column_value_lengths_to_equal, kwargs: {column: s, value: 4}":                                         "passes",
		"check: expect_column_values_to_match_regex_list, kwargs: {column: s, regex_list: [x, ^o]}":                          "passes",
		"check: expect_column_pair_values_a_to_be_greater_than_b, kwargs: {column_A: a, column_B: b}":                        "passes",
		"check: expect_column_pair_values_a_to_be_greater_than_b, kwargs: {column_A: b, column_B: b, or_equal: true}":        "passes",
		"check: expect_column_pair_values_a_to_be_greater_than_b, kwargs: {column_A: b, column_B: n}":                        "fails",
		"check: expect_column_pair_values_a_to_be_greater_than_b, kwargs: {column_A: n, column_B: n}":                        "skipped",
		"check: expect_multicolumn_sum_to_equal, kwargs: {column_list: [a, b], sum_total: 3}":                                "passes",
		"check: expect_column_pair_values_to_be_in_set, kwargs: {column_A: a, column_B: b, value_pairs_set: [[2, 1]]}":       "passes",
		"check: expect_column_values_to_not_be_null, column: n":                                                              "fails",
		"check: expect_select_column_values_to_be_unique_within_record, kwargs: {column_list: [a, b], result_format: BASIC}": "passes",
		"check: range, column: a, min: 5, when: \"attributes.s == 'closed'\"":                                                "skipped",
		"check: range, column: a, min: 5, when: \"attributes.s == 'open'\"":                                                  "fails",
		"check: compare, columns: [a, n], operator: \">\"":                                                                   "skipped",
		"check: compare, columns: [a, n], operator: \">\", skip_nulls: never":                                                "fails",
	} {
		if got := checked(t, check, slices.Clone(attrs)); got != want {
			t.Errorf("{%s}: %s, want %s", check, got, want)
		}
	}
}

func TestFaultsOfChecksHaveTheirPlace(t *testing.T) {
	for check, want := range map[string]string{
		"check: not_null, column: a, pattern: x":                                              "takes no pattern",
		"check: json_schema, column: a, schema: none.json":                                    "does not exist",
		"check: json_schema, column: a, schema: '{\"$ref\": \"https://example.com/s.json\"}'": "outside itself",
		"check: condition, condition: 'attributes.'":                                          "does not compile",
		"check: range, column: a, min: 1, when: 'nothing == 1'":                               "does not compile",
		"check: compare, columns: [a], operator: \">\"":                                       "two columns",
		"check: not_null":           "names no column",
		"check: not_nul, column: a": "did you mean not_null?",
		"check: expect_column_values_to_be_unique, kwargs: {column: a}":                  "a check sees one record",
		"check: expect_column_mean_to_be_between, kwargs: {column: a}":                   "a whole table",
		"check: expect_column_values_to_be_in_sets, kwargs: {column: a, value_set: [b]}": "did you mean expect_column_values_to_be_in_set?",
		"check: between, column: a":                                                     "write check: range",
		"check: email, column: a":                                                       "format: email",
		"check: accepted_values, column: a":                                             "write check: in_set",
		"check: nonsense, column: a":                                                    "write casing, compare, condition",
		"check: range, column: a, min: 2020-01-01, max: 5":                              "two kinds",
		"check: format, column: a, format: isbn":                                        "no such format",
		"check: date_format, column: a, format: YYYY":                                   "strftime",
		"check: expect_column_values_to_be_null, kwargs: {column: a, row_condition: x}": "no setting of a check",
	} {
		_, err := parse(t, stream("    expect: [{"+check+"}]\n"))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), string(config.CodeCheck)) || !strings.Contains(err.Error(), "kith.yaml:8:") {
			t.Errorf("{%s}: %v, want %s", check, err, want)
		}
	}
}

// A check whose column is misspelt would pass over every record: that is told.
func TestMisspeltColumnsAreNoted(t *testing.T) {
	tree, err := parse(t, stream("    attributes: {email: {from: E-Mail}, age: {from: alter}, updated_at: {from: u}, phone1: {from: p}}\n    expect: [{check: not_null, column: emial}, {check: range, column: agee, min: 0}, {check: not_null, column: alter}, {check: not_null, column: something_else}, {check: not_null, column: created_at}, {check: not_null, column: update_by}, {check: not_null, column: phone2}, {check: compare, columns: [age, emaill], operator: \"=\"}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(config.CheckCautions(tree), "\n")
	for _, want := range []string{"called emial, as expect[0] has it; did you mean email?", "agee, as expect[1] has it; did you mean age?", "emaill, as expect[7] has it; did you mean email?"} {
		if !strings.Contains(notes, want) {
			t.Errorf("%q is missing from\n%s", want, notes)
		}
	}
	if strings.Count(notes, "\n") != 2 {
		t.Errorf("what is no mistake is noted too:\n%s", notes)
	}
}

// What a CSV file says is text until somebody says otherwise, and no condition orders it.
func TestConditionsOnTextAreNoted(t *testing.T) {
	const lines = "    attributes: {net: {from: net, clean: [number]}, n: {from: n}, age: {from: age, type: integer}}\n    expect: [{check: condition, condition: \"attributes.net <= attributes.gross || attributes.gross > 5.0\"}, {check: not_null, column: n, when: \"attributes.n > 5\"}, {check: not_null, column: n, when: \"attributes.age == 5 && attributes.n == 'x'\"}]\n"
	for path, want := range map[string]int{"a.csv": 2, "a.ndjson": 0} {
		tree, err := parse(t, strings.Replace(stream(lines), "path: a.csv", "path: "+path, 1))
		if err != nil {
			t.Fatal(err)
		}
		notes := config.CheckCautions(tree)
		if len(notes) != want || want > 0 && (!strings.Contains(notes[0], "expect[0] compares gross") || !strings.Contains(notes[1], "expect[1] compares n,")) {
			t.Errorf("%s: %q", path, notes)
		}
	}
}
