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

// Meant tells what to write for a name that is no check's though other tools have it, or
// people say it; empty for names that nobody has.
func Meant(name string) string {
	for format := range strings.FieldsSeq("card country currency email hostname iban ip ipv4 ipv6 phone ssn url uuid") {
		if name == format || name == "is_"+format || name == "valid_"+format || name == "expect_column_values_to_be_valid_"+format {
			return "write check: format, format: " + format
		}
	}
	switch name {
	case "unique", "is_unique", "primary_key", "expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique", "unique_combination_of_columns":
		return "a check sees one record: name what is unique as the stream's key, and a second record of it is a new version of the first"
	case "between", "accepted_range", "min", "max", "in_range":
		return "write check: range, with min, max or both"
	case "required", "exists", "present", "not_missing", "is_not_null":
		return "write check: not_null, or not_empty"
	case "accepted_values", "enum", "one_of", "allowed_values", "is_in", "isin":
		return "write check: in_set, values: [a, b]"
	case "matches", "pattern", "match":
		return "write check: regex, with a pattern"
	case "greater_than", "less_than", "gt", "ge", "lt", "le", "equal_to", "pair":
		return "write check: compare, columns: [a, b], operator: \">\"; or range, for a bound of one column"
	case "non_negative", "nonnegative":
		return "write check: not_negative"
	case "relationships", "foreign_key":
		return "a check sees one record, and looks nothing up in others"
	}
	return ""
}

// OwnNames lists the checks by their own names.
func OwnNames() []string {
	var all []string
	for _, d := range defs() {
		all = append(all, d.doc.Name)
	}
	return all
}

// Names lists every name that a check has, its own ones first.
func Names() []string {
	all := OwnNames()
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
