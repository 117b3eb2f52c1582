package resolve

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/identity/match"
	"github.com/kithdata/kith/internal/kit/errs"
)

// splinkSettings is what of Splink's settings, of versions 3 and 4, says how records
// are compared. What says only how Splink is to run is not read.
type splinkSettings struct {
	LinkType    string             `json:"link_type"`
	UniqueID    string             `json:"unique_id_column_name"`
	Prior       float64            `json:"probability_two_random_records_match"`
	Comparisons []splinkComparison `json:"comparisons"`
	Blocking    []jsontext.Value   `json:"blocking_rules_to_generate_predictions"`
}

type splinkComparison struct {
	Output string        `json:"output_column_name"`
	Levels []splinkLevel `json:"comparison_levels"`
}

type splinkLevel struct {
	SQL    string         `json:"sql_condition"`
	Label  string         `json:"label_for_charts"`
	IsNull bool           `json:"is_null_level"`
	M      jsontext.Value `json:"m_probability"` // version 3 writes words where it saw none
	U      jsontext.Value `json:"u_probability"`
	Rarity string         `json:"tf_adjustment_column"`
}

// splinkPrior is what Splink writes for the prior where nobody stated one.
const splinkPrior = 0.0001

// splinkReader makes a plan of settings, and gathers all that is wrong.
type splinkReader struct {
	rules *rules
	errs  []error
	open  bool // a level is left to be learned
}

func readSplink(path string, data []byte) (*rules, error) {
	var s splinkSettings
	if err := json.Unmarshal(data, &s, jsontext.AllowDuplicateNames(false)); err != nil {
		what := "they are not in the form of Splink's settings"
		if e, ok := errors.AsType[*json.SemanticError](err); ok && e.JSONPointer != "" {
			what += ", at " + string(e.JSONPointer)
		}
		return nil, errs.New(codeSplinkSetting, what).At(path).Fix("save them with linker.misc.save_model_to_json, or write what SettingsCreator gives as JSON")
	}
	r := &splinkReader{rules: &rules{file: path, id: s.UniqueID, idAt: path + ": unique_id_column_name", plan: &match.Plan{Only: true, Plain: true}}}
	r.linkType(s.LinkType)
	for i, c := range s.Comparisons {
		r.comparison(i, c)
	}
	if len(s.Comparisons) == 0 {
		r.fault("comparisons", codeSplinkSetting, "there is no comparison", "state one or more")
	}
	if len(s.Blocking) > 0 {
		r.rules.plan.Rules = [][]match.PlanKey{}
	}
	for i, b := range s.Blocking {
		r.blocking(i, b)
	}
	switch {
	case s.Prior < 0 || s.Prior >= 1:
		r.fault("probability_two_random_records_match", codeSplinkSetting, "it is no probability", "write a number between 0 and 1")
	case !r.open || s.Prior != splinkPrior:
		r.rules.plan.Prior = s.Prior
	}
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	return r.rules, nil
}

func (r *splinkReader) fault(path string, code errs.Code, what, mend string) {
	r.errs = append(r.errs, errs.New(code, what).At(r.rules.file+": "+path).Fix(mend))
}

func (r *splinkReader) linkType(t string) {
	switch t {
	case "link_only":
		r.rules.link = true
	case "dedupe_only", "link_and_dedupe", "":
	default:
		r.fault("link_type", codeSplinkSetting, "it is none that there is", "write dedupe_only, link_only or link_and_dedupe")
	}
}

const mendSQL = "write it as Splink's comparison library does, or leave the level out and state it in a plan (kith match plan FILES --rules)"

// comparison makes a field of a comparison.
func (r *splinkReader) comparison(i int, c splinkComparison) {
	path := fmt.Sprintf("comparisons[%d]", i)
	if c.Output != "" {
		path += " (" + c.Output + ")"
	}
	var f match.PlanField
	rare, before := false, len(r.errs)
	for n, l := range c.Levels {
		at := fmt.Sprintf("%s.comparison_levels[%d]", path, n)
		node, err := parseSQL(l.SQL)
		if err == nil && (l.IsNull || isNull(node)) {
			continue
		}
		var when match.Condition
		if err == nil {
			when, err = conditionOf(node)
		}
		if err != nil {
			r.fault(at, codeSplinkSQL, fmt.Sprintf("the condition %s is not understood: %v", strconv.Quote(l.SQL), err), mendSQL)
			continue
		}
		f.Levels = append(f.Levels, match.Level{Name: l.Label, When: when})
		f.M, f.U = append(f.M, r.probability(at+".m_probability", l.M)), append(f.U, r.probability(at+".u_probability", l.U))
		rare = rare || len(f.Levels) == 1 && l.Rarity != ""
	}
	if len(r.errs) > before {
		return
	}
	r.own(&f, path)
	f.Common = !rare
	r.name(&f, c.Output)
	if fixedWhole(f.M) && fixedWhole(f.U) {
		f.Follows = []string{} // Splink takes fields to be independent
	} else {
		r.open = true
	}
	if at, what, mend := match.Check(f.Levels); at >= 0 && len(r.errs) == before {
		r.fault(path, codeSplinkSetting, what, mend)
	}
	r.rules.plan.Fields = append(r.rules.plan.Fields, f)
	r.rules.fieldAt = append(r.rules.fieldAt, r.rules.file+": "+path)
}

func fixedWhole(of []float64) bool { return len(of) > 0 && !slices.Contains(of, 0) }

// probability reads m or u; 0 where there is none, or words tell that none was seen.
func (r *splinkReader) probability(path string, v jsontext.Value) float64 {
	if len(v) == 0 || v.Kind() != jsontext.KindNumber {
		return 0
	}
	p, err := strconv.ParseFloat(string(v), 64)
	if err != nil || p < 0 || p > 1 {
		r.fault(path, codeSplinkSetting, "it is no probability", "write a number between 0 and 1")
		return 0
	}
	const least = 1e-9
	return math.Min(math.Max(p, least), 1-least)
}

// own finds the columns that are a field's own: those that its first level asks to be
// the same. Where it asks for less, a level of values that are the same goes before it,
// and is worth as much.
func (r *splinkReader) own(f *match.PlanField, path string) {
	if len(f.Levels) == 0 {
		return
	}
	first := f.Levels[0].When
	switch {
	case first.Test == match.Same && first.Part == match.Whole:
		f.Columns = []string{first.Column}
	case first.Test == match.All && !slices.ContainsFunc(first.Of, func(c match.Condition) bool { return c.Test != match.Same || c.Part != match.Whole }):
		for _, c := range first.Of {
			f.Columns = append(f.Columns, c.Column)
		}
	default:
		column := firstColumn(f.Levels)
		if column == "" {
			r.fault(path, codeSplinkSetting, "no level compares a column", "begin with a level of values that are the same")
			return
		}
		f.Columns = []string{column}
		f.Levels = slices.Insert(f.Levels, 0, match.Level{})
		f.M, f.U = halved(f.M), halved(f.U)
	}
	f.Levels[0].When = match.Condition{Test: match.Same}
	if len(f.Columns) == 1 {
		for i := range f.Levels {
			ownColumn(&f.Levels[i].When, f.Columns[0])
		}
	}
}

// halved is probabilities with the first shared by two levels.
func halved(of []float64) []float64 {
	of = slices.Insert(of, 0, of[0]/2)
	of[1] /= 2
	return of
}

func firstColumn(levels []match.Level) string {
	var find func(c match.Condition) string
	find = func(c match.Condition) string {
		name := c.Column
		for i := 0; name == "" && i < len(c.Of); i++ {
			name = find(c.Of[i])
		}
		return name
	}
	for _, l := range levels {
		if name := find(l.When); name != "" {
			return name
		}
	}
	return ""
}

// ownColumn leaves out the name of a field's own column.
func ownColumn(c *match.Condition, name string) {
	if c.Column == name {
		c.Column = ""
	}
	for i := range c.Of {
		ownColumn(&c.Of[i], name)
	}
}

// name gives a field a name that no other has.
func (r *splinkReader) name(f *match.PlanField, output string) {
	f.Name = output
	if f.Name == "" {
		f.Name = strings.Join(f.Columns, " ")
	}
	taken := func() bool {
		return slices.ContainsFunc(r.rules.plan.Fields, func(o match.PlanField) bool { return o.Name == f.Name })
	}
	for n, base := 2, f.Name; taken(); n++ {
		f.Name = fmt.Sprintf("%s %d", base, n)
	}
	if len(f.Columns) == 1 && f.Columns[0] == f.Name {
		f.Columns = nil
	}
}

// blocking makes a rule of a blocking rule, which is a text or an object that has one.
func (r *splinkReader) blocking(i int, v jsontext.Value) {
	path := fmt.Sprintf("blocking_rules_to_generate_predictions[%d]", i)
	var rule struct {
		SQL     string   `json:"blocking_rule"`
		Explode []string `json:"arrays_to_explode"`
	}
	var err error
	if v.Kind() == jsontext.KindString {
		err = json.Unmarshal(v, &rule.SQL)
	} else {
		err = json.Unmarshal(v, &rule)
	}
	if err != nil || rule.SQL == "" {
		r.fault(path, codeSplinkSetting, "it is no blocking rule", `write "l.column = r.column", or an object with blocking_rule`)
		return
	}
	keys, err := r.keys(rule.SQL, rule.Explode)
	if err != nil {
		r.fault(path, codeSplinkSQL, fmt.Sprintf("the rule %s is not understood: %v", strconv.Quote(rule.SQL), err), "write equalities of columns, or of their substr, joined by AND")
		return
	}
	r.rules.plan.Rules = append(r.rules.plan.Rules, keys)
	r.rules.ruleAt = append(r.rules.ruleAt, r.rules.file+": "+path)
}

// keys understands equalities that are joined by AND.
func (r *splinkReader) keys(sql string, lists []string) ([]match.PlanKey, error) {
	node, err := parseSQL(sql)
	if err != nil {
		return nil, err
	}
	var keys []match.PlanKey
	for _, n := range flat(node, "and") {
		if n.kind == sqlCall && n.text == "is not null" {
			continue
		}
		if n.kind != sqlCall || n.text != "=" {
			return nil, fmt.Errorf("%q is no equality", cmp.Or(n.text, "it"))
		}
		v, err := both(n.args[0], n.args[1])
		if err != nil {
			return nil, err
		}
		what, kind := v.key(), match.Skipped
		switch {
		case what == "":
			return nil, fmt.Errorf("such a part of %q is no key", v.column)
		case v.year:
			kind = match.Date
		case slices.Contains(lists, v.column):
			what, kind = "word", match.Text
		}
		keys = append(keys, match.PlanKey{Field: r.keyed(v.column, kind), What: what})
	}
	return keys, nil
}

// key is what of a value rows are brought together by.
func (v sqlValue) key() string {
	switch {
	case v.part == match.Username && v.to == 0 && v.from == 0:
		return "before @"
	case v.part != match.Whole:
		return ""
	case v.year:
		return "year"
	case v.from < 0:
		return fmt.Sprintf("last %d", -v.from)
	case v.to > 0 && v.from == 0:
		return fmt.Sprintf("first %d", v.to)
	case v.to > 0:
		return fmt.Sprintf("letters %d to %d", v.from+1, v.to)
	}
	return "same"
}

// keyed gives the field of a column whose values are keys: one that is compared, or one
// that says nothing of two records.
func (r *splinkReader) keyed(column string, kind match.Kind) string {
	p := r.rules.plan
	for i := range p.Fields {
		f := &p.Fields[i]
		own := len(f.Columns) == 0 && f.Name == column || len(f.Columns) == 1 && f.Columns[0] == column
		if own && (kind == match.Skipped || f.Kind == kind || f.Kind == match.Skipped) {
			f.Kind = cmp.Or(f.Kind, kind)
			return f.Name
		}
	}
	const even = 0.5
	f := match.PlanField{Columns: []string{column}, Kind: kind, Common: true, Follows: []string{},
		Levels: []match.Level{{When: match.Condition{Test: match.Same}}, {}}, M: []float64{even, even}, U: []float64{even, even}}
	r.name(&f, column)
	p.Fields = append(p.Fields, f)
	r.rules.fieldAt = append(r.rules.fieldAt, r.rules.file+": a blocking rule")
	return f.Name
}
