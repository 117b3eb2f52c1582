package quality

import (
	"cmp"
	"strings"
)

// alias is a name of Great Expectations for a check, with what it implies.
type alias struct {
	name, check string
	match       string // where several patterns are given
	operator    string
}

// aliases are the expectations of Great Expectations that look at one row alone.
func aliases() []alias {
	return []alias{
		{name: "expect_column_values_to_be_null", check: "is_null"},
		{name: "expect_column_values_to_not_be_null", check: "not_null"},
		{name: "expect_column_values_to_be_in_set", check: "in_set"},
		{name: "expect_column_values_to_not_be_in_set", check: "not_in_set"},
		{name: "expect_column_values_to_be_between", check: "range"},
		{name: "expect_column_values_to_match_regex", check: "regex"},
		{name: "expect_column_values_to_match_regex_list", check: "regex", match: "any"},
		{name: "expect_column_values_to_not_match_regex", check: "not_regex"},
		{name: "expect_column_values_to_not_match_regex_list", check: "not_regex"},
		{name: "expect_column_values_to_match_like_pattern", check: "like"},
		{name: "expect_column_values_to_match_like_pattern_list", check: "like", match: "any"},
		{name: "expect_column_values_to_not_match_like_pattern", check: "not_like"},
		{name: "expect_column_values_to_not_match_like_pattern_list", check: "not_like"},
		{name: "expect_column_value_lengths_to_be_between", check: "length"},
		{name: "expect_column_value_lengths_to_equal", check: "length"},
		{name: "expect_column_values_to_be_of_type", check: "type"},
		{name: "expect_column_values_to_be_in_type_list", check: "type"},
		{name: "expect_column_values_to_match_strftime_format", check: "date_format"},
		{name: "expect_column_values_to_be_dateutil_parseable", check: "date_format"},
		{name: "expect_column_values_to_be_json_parseable", check: "json"},
		{name: "expect_column_values_to_match_json_schema", check: "json_schema"},
		{name: "expect_column_pair_values_a_to_be_greater_than_b", check: "compare", operator: ">"},
		{name: "expect_column_pair_values_to_be_equal", check: "compare", operator: "="},
		{name: "expect_column_pair_values_to_be_in_set", check: "pair_in_set"},
		{name: "expect_multicolumn_sum_to_equal", check: "sum"},
		{name: "expect_select_column_values_to_be_unique_within_record", check: "unique_within_record"},
	}
}

func aliasesOf(check string) []string {
	var all []string
	for _, a := range aliases() {
		if a.check == check {
			all = append(all, a.name)
		}
	}
	return all
}

// Names lists every name that a check has, its own ones first.
func Names() []string {
	var all []string
	for _, d := range defs() {
		all = append(all, d.doc.Name)
	}
	for _, a := range aliases() {
		all = append(all, a.name)
	}
	return all
}

// Canonical gives a check under its own name, with what another name implies. As
// Great Expectations has it, a check of several columns then passes over only the
// records that have none of them.
func Canonical(c CheckConfig) CheckConfig {
	if !strings.HasPrefix(c.Check, "expect_") {
		return c
	}
	for _, a := range aliases() {
		if a.name != c.Check {
			continue
		}
		c.Check = a.check
		c.Match, c.Operator = cmp.Or(c.Match, a.match), cmp.Or(c.Operator, a.operator)
		if len(c.Columns) > 0 {
			c.SkipNulls = cmp.Or(c.SkipNulls, skipAll)
		}
	}
	return c
}
