package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/quality"
)

// expectation reads the settings of one check: they stand beside its name or, as Great
// Expectations writes them and under its names, in kwargs.
type expectation struct{ item *value }

// kwargs are the names that Great Expectations has for settings of a check.
func kwargs() map[string][]string {
	return map[string][]string{
		"values": {"value_set", "type_", "type_list"}, "min": {"min_value"}, "max": {"max_value"},
		"pattern": {"regex", "regex_list", "like_pattern", "like_pattern_list"}, "match": {"match_on"},
		"format": {"strftime_format"}, "schema": {"json_schema"}, "columns": {"column_list"}, "pairs": {"value_pairs_set"},
		"value": {"sum_total"}, "skip_nulls": {"ignore_row_if"}, "column": nil, "mostly": nil, "strict_min": nil, "strict_max": nil,
		"column_A": nil, "column_B": nil, "or_equal": nil,
	}
}

// ignoredKwargs say how a result is shown there.
func ignoredKwargs() []string {
	return []string{"result_format", "catch_exceptions", "include_config", "meta"}
}

func (e expectation) get(name string) *value {
	if v := e.item.get(name); v != nil {
		return v
	}
	in := e.item.get("kwargs")
	for _, each := range append([]string{name}, kwargs()[name]...) {
		if v := in.get(each); v != nil {
			return v
		}
	}
	return nil
}

// list is a setting's items; a single one stands for a list.
func (v *value) list() []string {
	if v != nil && v.items == nil && v.subs == nil {
		return []string{v.str}
	}
	return v.texts()
}

func (b *builder) checks(v *value) []quality.CheckConfig {
	var all []quality.CheckConfig
	if v == nil {
		return nil
	}
	for _, item := range v.items {
		if c, ok := b.check(expectation{item}); ok {
			all = append(all, c)
		}
	}
	return all
}

func (b *builder) check(e expectation) (c quality.CheckConfig, ok bool) {
	for name, v := range e.item.get("kwargs").entries() {
		if !knownKwarg(name) {
			b.add(v.key, CodeCheck, v.path+" is no setting of a check", "see the row checks in docs/configuration.md; a row_condition is written as when: (CEL)")
			return c, false
		}
	}
	c = quality.CheckConfig{
		Check:     e.get("check").text(),
		Column:    e.get("column").text(),
		Columns:   e.get("columns").list(),
		Severity:  e.get("severity").text(),
		When:      e.get("when").text(),
		Values:    e.get("values").list(),
		Value:     e.get("value").text(),
		Total:     e.get("total").text(),
		Min:       quality.NewBound(e.get("min").text()),
		Max:       quality.NewBound(e.get("max").text()),
		StrictMin: e.yes("strict_min"),
		StrictMax: e.yes("strict_max"),
		Operator:  e.get("operator").text(),
		Match:     e.get("match").text(),
		Format:    e.get("format").text(),
		Condition: e.get("condition").text(),
		SkipNulls: skipNulls(e.get("skip_nulls").text()),
	}
	if c.Check == "" {
		return c, false // told as missing
	}
	if !b.mostly(e.get("mostly"), &c) {
		return c, false
	}
	switch patterns := e.get("pattern").list(); {
	case len(patterns) == 1:
		c.Pattern = patterns[0]
	case len(patterns) > 1:
		c.Patterns = patterns
	}
	if pairs := e.get("pairs"); pairs != nil {
		for _, pair := range pairs.items {
			c.Pairs = append(c.Pairs, pair.list())
		}
	}
	if left, right := e.get("column_A"), e.get("column_B"); left != nil && right != nil {
		c.Columns = []string{left.str, right.str}
	}
	if e.yes("or_equal") {
		c.Operator = ">="
	}
	if schema := e.get("schema"); schema != nil {
		if c.Schema, ok = b.checkSchema(schema); !ok {
			return c, false
		}
	}
	if !slices.Contains(quality.Names(), c.Check) {
		b.add(e.item.node, CodeCheck, fmt.Sprintf("%s: there is no check %q", e.item.path, c.Check), meantCheck(c.Check))
		return c, false
	}
	c = quality.Canonical(c)
	faults := quality.ValidateCheck(c)
	for _, fault := range faults {
		at := e.item
		if v := e.get(strings.TrimPrefix(fault.Where, ".")); v != nil {
			at = v
		}
		b.add(at.node, CodeCheck, at.path+": "+fault.What, orElse(fault.Mend, "see docs/configuration.md"))
	}
	return c, len(faults) == 0
}

// meantCheck says what to write in place of a check that there is not.
func meantCheck(name string) string {
	if mend := quality.Meant(name); mend != "" && nearest(name, quality.OwnNames()) == "" {
		return mend
	}
	if n := nearest(name, quality.Names()); n != "" {
		return "did you mean " + n + "?"
	}
	if strings.HasPrefix(name, "expect_") {
		return "a check sees one record: what looks at a whole table is none, and the names that are understood are in docs/configuration.md"
	}
	return "write " + listing(quality.OwnNames())
}

func (b *builder) mostly(m *value, c *quality.CheckConfig) bool {
	if m == nil {
		return true
	}
	f, err := strconv.ParseFloat(m.str, 64)
	switch {
	case err != nil || !(f >= 0 && f <= 1):
		b.add(m.node, CodeValueRange, m.path+" is no share", "write a number above 0, up to 1")
		return false
	case f == 0:
		b.add(m.node, CodeValueRange, m.path+" is 0: nothing could fail", "write a share above 0, up to 1")
	}
	c.Mostly = f
	return true
}

// yes reports whether a setting says true, beside the check or in kwargs.
func (e expectation) yes(name string) bool {
	yes, _ := parseBool(e.get(name).text())
	return yes
}

// skipNulls reads also what Great Expectations has for it.
func skipNulls(s string) string {
	switch s {
	case "either_value_is_missing", "any_value_is_missing":
		return "any"
	case "both_values_are_missing", "all_values_are_missing":
		return "all"
	}
	return s
}

func knownKwarg(name string) bool {
	for own, others := range kwargs() {
		if name == own || slices.Contains(others, name) {
			return true
		}
	}
	return slices.Contains(ignoredKwargs(), name)
}

// checkSchema reads a schema that stands there as text, or in a file.
func (b *builder) checkSchema(v *value) (string, bool) {
	if strings.HasPrefix(strings.TrimSpace(v.str), "{") {
		return v.str, true
	}
	path := b.resolve(v.str)
	info, err := os.Stat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > MaxFile) {
		err = errors.New("it is no file, or too large")
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		what := reason(err)
		if errors.Is(err, fs.ErrNotExist) {
			what = "it does not exist"
		}
		b.add(v.node, CodeCheck, v.path+" names a schema that cannot be read: "+what, "name a JSON Schema file, or write the schema itself in quotes")
		return "", false
	}
	return string(data), true
}

// checksMarkdown is the reference of the row checks.
func checksMarkdown() string {
	var b strings.Builder
	b.WriteString(checksIntro)
	b.WriteString("| check | settings | what must hold | passes | fails |\n|---|---|---|---|---|\n")
	var names strings.Builder
	for _, d := range quality.Checks() {
		var pass, fail []string
		for _, e := range d.Examples {
			with := ""
			if e.Settings != "" && len(d.Examples) > 1 {
				with = code(e.Settings) + ": "
			}
			pass = append(pass, with+codes(e.Pass))
			fail = append(fail, with+codes(e.Fail))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", code(d.Name), cell(d.Settings), cell(d.What), strings.Join(pass, "; "), strings.Join(fail, "; "))
		if len(d.Also) > 0 {
			fmt.Fprintf(&names, "| %s | %s |\n", codes(d.Also), code(d.Name))
		}
	}
	b.WriteString(checksNames)
	b.WriteString(names.String())
	return b.String()
}

const checksIntro = `A check looks at one record as it is once it is cleansed; a column is an attribute, or else a field as it came. A record that
fails one is set aside under the code ` + "`quality_`" + ` and the check's name. ` + "`severity: warn`" + ` only counts it. So does ` + "`mostly`" + ` under 1: it is
the share of records that should pass, which no single record can break; the table ` + "`quality_result`" + ` of the warehouse has the counts that
tell whether it is kept. Checks of one name and columns are counted together.

` + "`when`" + ` is a condition (CEL) on ` + "`attributes`" + `, ` + "`fields`" + `, ` + "`event`" + `, ` + "`source`" + `, ` + "`stream`" + `, ` + "`occurred`" + ` and ` + "`received`" + `: only the records for
which it holds are checked, and counted. A null, or a column that is not there, fails ` + "`not_null`" + ` and ` + "`not_empty`" + ` and is passed over by
every other check of one column; a check of several passes over a record where one of them is null (` + "`skip_nulls: any`" + `), where all
are (` + "`all`" + `), or none (` + "`never`" + `). A patch is held only to what it names, a delete to nothing. A number or date that
came as text counts as one, but for ` + "`type`" + ` and within conditions: there what a CSV file says is text until its contract is
applied or the attribute has a ` + "`type`" + `, and ` + "`double(attributes.net)`" + ` makes it a number.

`

const checksNames = `
The names and, in ` + "`kwargs`" + `, the settings of Great Expectations are understood too, as in
` + "`{check: expect_column_values_to_be_in_set, kwargs: {column: status, value_set: [open, closed]}}`" + `; there a check of several columns passes
over a record only where all are null, unless ` + "`ignore_row_if`" + ` says otherwise.

| name | check |
|---|---|
`

func codes(all []string) string {
	var shown []string
	for _, s := range all {
		shown = append(shown, code(s))
	}
	return strings.Join(shown, ", ")
}
