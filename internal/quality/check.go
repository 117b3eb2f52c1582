package quality

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/expr"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// The severities.
const (
	Reject = "reject"
	Warn   = "warn"
)

// What a check on several columns does where some of them have no value.
const (
	skipAny   = "any"   // one null is enough to pass the record over
	skipAll   = "all"   // only where every column is null
	skipNever = "never" // never
)

// maxColumns is the most columns that one check may compare.
const maxColumns = 32

// check is one compiled expectation. Of one, many and condition, one is set.
type check struct {
	name      string
	column    string // of one; as the verdict names it, of many
	columns   []string
	skip      string // of many
	code      string
	detail    string
	rejects   bool
	nulls     bool // it has something to say of null
	when      *expr.Condition
	one       func(record.Value) bool
	many      func([]record.Value) bool
	condition *expr.Condition
}

// result is what a check says of a record.
type result uint8

const (
	skipped result = iota
	passed
	failed
)

func resultOf(ok bool) result {
	if ok {
		return passed
	}
	return failed
}

// judge asks the check of r. values has room for the columns that it compares.
func (c *check) judge(r *record.Record, values []record.Value) result {
	if c.when != nil {
		if yes, _ := c.when.Record(r); !yes {
			return skipped
		}
	}
	switch {
	case c.condition != nil:
		yes, known := c.condition.Record(r)
		if !known && r.Op == record.Patch {
			return skipped // it may be of what the patch does not name
		}
		return resultOf(yes)
	case c.many != nil:
		return c.judgeMany(r, values[:0])
	}
	v, there := column(r, c.column)
	if v.IsNull() && (!c.nulls || !there && r.Op == record.Patch) {
		return skipped
	}
	return resultOf(c.one(v))
}

func (c *check) judgeMany(r *record.Record, values []record.Value) result {
	nulls := 0
	for _, name := range c.columns {
		v, there := column(r, name)
		if !there && r.Op == record.Patch {
			return skipped
		}
		if v.IsNull() {
			nulls++
		}
		values = append(values, v)
	}
	if c.skip == skipAny && nulls > 0 || c.skip == skipAll && nulls == len(values) {
		return skipped
	}
	return resultOf(c.many(values))
}

// column is the attribute of this name, or else the field.
func column(r *record.Record, name string) (record.Value, bool) {
	for _, attrs := range [...][]record.Attr{r.Attrs, r.Fields} {
		if i, ok := slices.BinarySearchFunc(attrs, name, byName); ok {
			v := attrs[i].Value
			v.Filled = false // a check judges what a value is, not whence it is
			return v, true
		}
	}
	return record.Value{}, false
}

func byName(a record.Attr, name string) int { return strings.Compare(a.Name, name) }

// faults gathers what is wrong with one check; places are settings such as .pattern.
type faults []*errs.Error

func (f *faults) add(code errs.Code, at, what, mend string) {
	*f = append(*f, errs.New(code, what).At(at).Fix(mend))
}

func compile(c CheckConfig) (*check, faults) {
	c = Canonical(c)
	ck := &check{name: c.Check, column: c.Column, columns: c.Columns, skip: c.SkipNulls, code: CodePrefix + c.Check}
	var bad faults
	d, known := lookUp(c.Check)
	if !known {
		bad.add("check_unknown", ".check", "there is no such check", "see the row checks in docs/configuration.md")
		return ck, bad
	}
	ck.nulls = d.nulls
	ck.detail = "the expectation " + c.Check + " failed: " + d.fails
	bad.columns(&c, d)
	if len(c.Columns) > 0 {
		ck.column = columnsText(c.Columns)
	}
	if c.Total != "" {
		ck.columns = append(slices.Clone(c.Columns), c.Total)
	}
	if c.Mostly < 0 || c.Mostly > 1 || math.IsNaN(c.Mostly) {
		bad.add("check_mostly", ".mostly", "mostly is no share", "use a number above 0 and up to 1")
	}
	switch c.Severity {
	case "", Reject:
		ck.rejects = c.Mostly == 0 || c.Mostly == 1
	case Warn:
	default:
		bad.add("check_severity", ".severity", "there is no such severity", "use reject or warn")
	}
	switch c.SkipNulls {
	case "":
		ck.skip = skipAny
	case skipAny, skipAll, skipNever:
	default:
		bad.add("check_setting", ".skip_nulls", "there is no such way to skip nulls", "use any, all or never")
	}
	if c.When != "" {
		ck.when = bad.compileCondition(".when", c.When)
	}
	d.make(&c, ck, &bad)
	return ck, bad
}

// columns checks how many columns the check names.
func (f *faults) columns(c *CheckConfig, d def) {
	const one, several = "name an attribute or a field", "name them in columns: [a, b]"
	switch {
	case d.columns == oneColumn && c.Column == "":
		f.add("check_column", ".column", "the check names no column", one)
	case d.columns == oneColumn && len(c.Columns) > 0:
		f.add("check_column", ".columns", "the check is of one column", "name it in column; give every column a check of its own")
	case d.columns == pairColumns && len(c.Columns) != 2:
		f.add("check_column", ".columns", "the check compares two columns", several)
	case d.columns == manyColumns && (len(c.Columns) < 2 || len(c.Columns) > maxColumns):
		f.add("check_column", ".columns", "the check compares from 2 to "+strconv.Itoa(maxColumns)+" columns", several)
	case slices.Contains(c.Columns, ""):
		f.add("check_column", ".columns", "a column has no name", one)
	}
}

func (f *faults) compileCondition(at, source string) *expr.Condition {
	c, err := expr.Compile(source, expr.Record)
	if err != nil {
		what := "the condition does not compile"
		if e, ok := errors.AsType[*errs.Error](err); ok && e.What != "" {
			what += ": " + e.What
		}
		f.add("check_condition", at, what, "see the Common Expression Language; its variables are attributes, fields, event, source, stream, occurred and received")
	}
	return c
}

// Validate gives every fault of a configuration.
func Validate(cfg []StreamConfig) []error {
	var all []error
	seen := map[string]bool{}
	for i, s := range cfg {
		at := "streams." + s.Stream
		switch {
		case s.Stream == "":
			all = append(all, errs.New("stream_name", "a stream has no name").At("streams["+strconv.Itoa(i)+"]"))
		case seen[s.Stream]:
			all = append(all, errs.New("stream_twice", "two streams have this name").At(at))
		}
		seen[s.Stream] = true
		for n, c := range s.Checks {
			_, bad := compile(c)
			for _, fault := range bad {
				fault.Where = at + ".expect[" + strconv.Itoa(n) + "]" + fault.Where
				all = append(all, fault)
			}
		}
	}
	return all
}

// ValidateCheck gives every fault of one check as it is written, also the settings
// that would do nothing: rules that are stored may have some, a file may not.
func ValidateCheck(c CheckConfig) []*errs.Error {
	_, bad := compile(c)
	if d, ok := lookUp(Canonical(c).Check); ok {
		for _, name := range c.settings() {
			if !slices.Contains(d.takes, name) && !(len(c.Columns) > 0 && d.columns != oneColumn && name == "skip_nulls") {
				mend := "leave it out"
				if len(d.takes) > 0 {
					mend = "it takes " + strings.Join(d.takes, ", ")
				}
				bad.add("check_setting", "."+name, "the check "+d.doc.Name+" takes no "+name, mend)
			}
		}
	}
	return bad
}

// settings names those that c has and that not every check takes.
func (c CheckConfig) settings() []string {
	var all []string
	for _, s := range [...]struct {
		name string
		set  bool
	}{
		{"values", len(c.Values) > 0}, {"pairs", len(c.Pairs) > 0}, {"value", c.Value != ""}, {"total", c.Total != ""},
		{"min", c.Min != ""}, {"max", c.Max != ""}, {"strict_min", c.StrictMin}, {"strict_max", c.StrictMax},
		{"operator", c.Operator != ""}, {"pattern", c.Pattern != "" || len(c.Patterns) > 0}, {"match", c.Match != ""},
		{"format", c.Format != ""}, {"schema", c.Schema != ""}, {"condition", c.Condition != ""}, {"skip_nulls", c.SkipNulls != ""},
	} {
		if s.set {
			all = append(all, s.name)
		}
	}
	return all
}
