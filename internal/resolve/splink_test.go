package resolve

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/identity/match"
	"github.com/kithdata/kith/internal/kit/errs"
)

// settings is in the form of Splink 4's, with the conditions that its library writes.
const settings = `{
 "link_type": "dedupe_only", "unique_id_column_name": "id", "sql_dialect": "duckdb", "em_convergence": 0.0001,
 "probability_two_random_records_match": 0.0001,
 "blocking_rules_to_generate_predictions": [
  {"blocking_rule": "(l.\"first_name\" = r.\"first_name\") AND (l.\"surname\" = r.\"surname\")", "sql_dialect": "duckdb"},
  {"blocking_rule": "SUBSTRING(l.dob, 1, 7) = SUBSTRING(r.dob, 1, 7)", "salting_partitions": 3},
  "l.email = r.email",
  "l.surname = r.surname and year(try_strptime(l.dob, '%Y-%m-%d')) = year(try_strptime(r.dob, '%Y-%m-%d')) and substr(l.city,2,2) = substr(r.city,2,2)"
 ],
 "comparisons": [
  {"output_column_name": "name", "comparison_levels": [
   {"sql_condition": "(\"first_name_l\" IS NULL OR \"first_name_r\" IS NULL) AND (\"surname_l\" IS NULL OR \"surname_r\" IS NULL)", "is_null_level": true},
   {"sql_condition": "(\"first_name_l\" = \"first_name_r\") AND (\"surname_l\" = \"surname_r\")", "label_for_charts": "both the same"},
   {"sql_condition": "\"first_name_l\" = \"surname_r\" AND \"first_name_r\" = \"surname_l\""},
   {"sql_condition": "(jaro_winkler_similarity(\"first_name_l\", \"first_name_r\") >= 0.92) AND (jaro_winkler_similarity(\"surname_l\", \"surname_r\") >= 0.92)"},
   {"sql_condition": "\"surname_l\" = \"surname_r\"", "tf_adjustment_column": "surname", "tf_adjustment_weight": 1.0},
   {"sql_condition": "\"first_name_l\" = \"first_name_r\""},
   {"sql_condition": "ELSE"}]},
  {"output_column_name": "dob", "comparison_levels": [
   {"sql_condition": "try_strptime(\"dob_l\", '%Y-%m-%d') IS NULL OR try_strptime(\"dob_r\", '%Y-%m-%d') IS NULL", "is_null_level": true},
   {"sql_condition": "\"dob_l\" = \"dob_r\""},
   {"sql_condition": "damerau_levenshtein(\"dob_l\", \"dob_r\") <= 1"},
   {"sql_condition": "ABS(EPOCH(try_strptime(\"dob_l\", '%Y-%m-%d')) - EPOCH(try_strptime(\"dob_r\", '%Y-%m-%d'))) <= 31557600.0"},
   {"sql_condition": "ELSE"}]},
  {"output_column_name": "city", "comparison_levels": [
   {"sql_condition": "\"city_l\" IS NULL OR \"city_r\" IS NULL", "is_null_level": true},
   {"sql_condition": "\"city_l\" = \"city_r\"", "tf_adjustment_column": "city", "m_probability": 0.9, "u_probability": 0.2},
   {"sql_condition": "ELSE", "m_probability": 0.1, "u_probability": 0.8}]},
  {"output_column_name": "email", "comparison_levels": [
   {"sql_condition": "\"email_l\" IS NULL OR \"email_r\" IS NULL", "is_null_level": true},
   {"sql_condition": "\"email_l\" = \"email_r\""},
   {"sql_condition": "NULLIF(regexp_extract(\"email_l\", '^[^@]+', 0), '') = NULLIF(regexp_extract(\"email_r\", '^[^@]+', 0), '')"},
   {"sql_condition": "jaro_winkler_similarity(NULLIF(regexp_extract(\"email_l\", '^[^@]+', 0), ''), NULLIF(regexp_extract(\"email_r\", '^[^@]+', 0), '')) >= 0.88"},
   {"sql_condition": "ELSE"}]}
 ]
}`

func TestSettingsFindPeople(t *testing.T) {
	path := people(t, 4, 700)
	found, err := Run(t.Context(), Config{Files: []string{path}, Label: "truth", Rules: textFile(t, "s.json", settings)})
	if err != nil {
		t.Fatal(err)
	}
	if found.Quality.F1 < 0.87 {
		t.Errorf("%+v", found.Quality)
	}
	if found.PairsCompared > 20_000 {
		t.Errorf("%d pairs compared: the settings' rules are to choose them", found.PairsCompared)
	}
}

func TestSettingsMeanThis(t *testing.T) {
	r, err := readSplink("s.json", []byte(settings))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range r.plan.Fields {
		fmt.Fprintf(&b, "%s %v common %v m %v\n", f.Name, f.Columns, f.Common, f.M)
		for _, l := range f.Levels {
			fmt.Fprintf(&b, "  %s\n", condition(l.When))
		}
	}
	for _, keys := range r.plan.Rules {
		fmt.Fprintln(&b, keys)
	}
	want := `name [first_name surname] common true m [0 0 0 0 0 0]
  same
  {of: first_name, swapped_with: surname}
  {all: [{of: first_name, jaro_winkler: 0.92}, {of: surname, jaro_winkler: 0.92}]}
  {of: surname, same: true}
  {of: first_name, same: true}
  otherwise
dob [] common true m [0 0 0 0]
  same
  {edits: 1}
  {within: {days: 365.25}}
  otherwise
city [] common false m [0.9 0.1]
  same
  otherwise
email [] common true m [0 0 0 0]
  same
  {part: username, same: true}
  {part: username, jaro_winkler: 0.88}
  otherwise
first_name [] common true m [0.5 0.5]
  same
  otherwise
surname [] common true m [0.5 0.5]
  same
  otherwise
[{first_name same} {surname same}]
[{dob first 7}]
[{email same}]
[{surname same} {dob year} {city letters 2 to 3}]
`
	if b.String() != want {
		t.Errorf("the settings are taken for\n%s\nwant\n%s", b.String(), want)
	}
	if r.id != "id" || r.link || !r.plan.Only || r.plan.Prior != 0 {
		t.Errorf("%+v, prior %v", r, r.plan.Prior)
	}
}

// Version 3 writes columns without quotes, rules as texts, and words for what it did not see.
func TestSettingsOfVersion3(t *testing.T) {
	r, err := readSplink("s.json", []byte(`{"link_type": "link_only", "probability_two_random_records_match": 0.01,
 "blocking_rules_to_generate_predictions": ["l.surname = r.surname AND l.dob = r.dob"],
 "comparisons": [{"output_column_name": "surname", "comparison_description": "x", "comparison_levels": [
  {"sql_condition": "surname_l IS NULL OR surname_r IS NULL", "label_for_charts": "Null", "is_null_level": true},
  {"sql_condition": "levenshtein(surname_l, surname_r) <= 2", "m_probability": 0.8, "u_probability": 0.02},
  {"sql_condition": "abs(date_diff('month', cast(dob_l as date), dob_r::date)) < 3", "m_probability": "level not observed in training dataset", "u_probability": 0.2},
  {"sql_condition": "ELSE", "m_probability": 0.2, "u_probability": 0.78}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	f := r.plan.Fields[0]
	if !r.link || r.plan.Prior != 0.01 || len(f.Levels) != 4 || f.M[0] != 0.4 || f.M[1] != 0.4 || f.U[1] != 0.01 || f.M[2] != 0 {
		t.Errorf("%+v", f)
	}
	if c := f.Levels[2].When; c.Test != match.WithinDays || c.Column != "dob" || c.X < 91 || c.X > 92 {
		t.Errorf("%+v", c)
	}
}

func TestConditionsOfSQL(t *testing.T) {
	for sql, want := range map[string]string{
		`"a_l" = "a_r"`:                 "{of: a, same: true}",
		`a_r = a_l`:                     "{of: a, same: true}",
		`l.a == r.a`:                    "{of: a, same: true}",
		`((a_l = a_r))`:                 "{of: a, same: true}",
		`levenshtein("a_l", "a_r") < 3`: "{of: a, edits: 2}",
		`damerau_levenshtein(CAST("a_l" AS TEXT), CAST("a_r" AS TEXT)) <= 1`:            "{of: a, edits: 1}",
		`jaro_similarity(lower(a_l), lower(a_r)) > .9`:                                  "{of: a, jaro: 0.9}",
		`jaccard("a_l", "a_r") >= 0.9`:                                                  "{of: a, jaccard: 0.9}",
		`ABS(EPOCH("a_l") - EPOCH("a_r")) <= 172800`:                                    "{of: a, within: {days: 2}}",
		`datediff('day', a_l, a_r) <= 5`:                                                "{of: a, within: {days: 5}}",
		`array_length(list_intersect("a_l", "a_r")) >= 1`:                               "{of: a, shared_words: 1}",
		`substr(a_l, 1, 3) = substr(a_r, 1, 3)`:                                         "{of: a, prefix: 3}",
		`right(a_l, 4) = right(a_r, 4)`:                                                 "{of: a, suffix: 4}",
		`a_l = b_r AND a_r = b_l`:                                                       "{of: a, swapped_with: b}",
		`b_l = a_r AND b_r = a_l`:                                                       "{of: b, swapped_with: a}",
		`a_l = a_r and (b_l = b_r or levenshtein(b_l, b_r) <= 1)`:                       "{all: [{of: a, same: true}, {any: [{of: b, same: true}, {of: b, edits: 1}]}]}",
		`a_l is not null and a_l = a_r`:                                                 "{of: a, same: true}",
		`"a ""x""_l" = "a ""x""_r"`:                                                     `{of: a "x", same: true}`,
		`split_part(a_l, '@', 1) = split_part(a_r, '@', 1)`:                             "{of: a, part: username, same: true}",
		`regexp_extract(a_l, '^[A-Za-z]{1,2}') = regexp_extract(a_r, '^[A-Za-z]{1,2}')`: "{of: a, part: area, same: true}",
		`else`: "otherwise",
	} {
		n, err := parseSQL(sql)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		c, err := conditionOf(n)
		if got := condition(c); err != nil || got != want {
			t.Errorf("%s is %s (%v), want %s", sql, got, err, want)
		}
	}
	for _, sql := range []string{
		"", "a_l", "a_l =", "(a_l = a_r", "a_l = a_r)", "a_l = b_r", "a_l = a_l", "a_l = 'x'", "not a_l = a_r", "a_l <> a_r", "a = b", "'a", `"a_l`,
		"levenshtein(a_l, a_r) >= 2", "jaro_similarity(a_l, a_r) <= 0.2", "jaro_similarity(a_l, a_r) >= 2", "levenshtein(a_l) <= 2", "f(a_l, a_r) <= 2",
		"abs(a_l - a_r) <= 5", "datediff('week', a_l, a_r) <= 5", "regexp_extract(a_l, '.*') = regexp_extract(a_r, '.*')", "a_l = a_r; drop table x",
		strings.Repeat("(", 5000) + "a_l = a_r" + strings.Repeat(")", 5000), strings.Repeat("not ", 5000) + "a_l", "a_l::", "cast(a_l as) = a_r",
	} {
		n, err := parseSQL(sql)
		if err == nil {
			_, err = conditionOf(n)
		}
		if err == nil {
			t.Errorf("%.60q is understood", sql)
		}
	}
}

func TestSettingsFaults(t *testing.T) {
	level := func(sql string) string {
		return `{"comparisons": [{"output_column_name": "a", "comparison_levels": [{"sql_condition": "a_l = a_r"}, {"sql_condition": "` + sql + `"}, {"sql_condition": "ELSE"}]}]`
	}
	for text, want := range map[string]string{
		`{"comparisons": 3}`:                                    `/comparisons .match_splink_setting`,
		`{"comparisons": [`:                                     `match_splink_setting`,
		`{"comparisons": []}`:                                   `no comparison`,
		level(`soundex(a_l) = soundex(a_r)`) + `}`:              `comparisons\[0\] \(a\)\.comparison_levels\[1\]: the condition .*soundex\(a_l\).*match_splink_sql.*; `,
		level(`ELSE`) + `}`:                                     `match_splink_setting.*; `,
		level(`levenshtein(a_l,a_r)<2`) + `, "link_type": "x"}`: `link_type.*match_splink_setting.*; `,
		level(`levenshtein(a_l,a_r)<2`) + `, "probability_two_random_records_match": 7}`:                            `probability_two_random_records_match.*; `,
		level(`levenshtein(a_l,a_r)<2`) + `, "blocking_rules_to_generate_predictions": ["l.a < r.a"]}`:              `blocking_rules_to_generate_predictions\[0\].*match_splink_sql.*; `,
		level(`levenshtein(a_l,a_r)<2`) + `, "blocking_rules_to_generate_predictions": [7]}`:                        `match_splink_setting.*; `,
		level(`levenshtein(a_l,a_r)<2`) + `, "blocking_rules_to_generate_predictions": ["l.a = r.a or l.b = r.b"]}`: `match_splink_sql`,
	} {
		_, err := readSplink("s.json", []byte(text))
		if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	// A column that the records lack is told with the comparison that names it.
	_, err := Run(t.Context(), Config{Files: []string{people(t, 5, 20)}, Rules: textFile(t, "s.json", level("levenshtein(a_l,a_r)<2")+"}")})
	if !errs.Is(err, "match_plan_column") || !strings.Contains(err.Error(), "comparisons[0] (a)") {
		t.Error(err)
	}
}

func FuzzSQL(f *testing.F) {
	for _, s := range []string{`"a_l" = "a_r"`, `ABS(EPOCH(try_strptime("dob_l", '%Y-%m-%d')) - EPOCH("dob_r"::date)) <= 2629800.0`, `((l.x))==-1e9`, `cast(a as varchar(3))`, `not not else`, "`x`.y", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := parseSQL(s)
		if (n == nil) == (err == nil) {
			t.Fatal("neither an expression nor a fault, or both")
		}
		if err == nil {
			if c, err := conditionOf(n); err == nil && condition(c) == "" {
				t.Error("a condition without words")
			}
		}
	})
}

func FuzzSettings(f *testing.F) {
	f.Add([]byte(settings))
	f.Add([]byte(`{"comparisons": [{"comparison_levels": [{"sql_condition": "levenshtein(a_l,a_r)<2"}, {"sql_condition": "ELSE"}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := readSplink("s.json", data); (r == nil) == (err == nil) {
			t.Fatal("neither a plan nor a fault, or both")
		}
	})
}
