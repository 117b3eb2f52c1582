package quality

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// The checks.
const (
	NotNull = "not_null"
	InSet   = "in_set"
	Range   = "range"
	Regex   = "regex"
)

// The severities.
const (
	Reject = "reject"
	Warn   = "warn"
)

// check is one compiled expectation.
type check struct {
	name    string
	column  string
	code    string
	detail  string
	rejects bool
	nulls   bool // it has something to say of null
	pass    func(record.Value) bool
}

func compile(c CheckConfig) (*check, []*errs.Error) {
	ck := &check{name: c.Check, column: c.Column, code: CodePrefix + c.Check}
	var faults []*errs.Error
	fault := func(code errs.Code, at, what, mend string) {
		faults = append(faults, errs.New(code, what).At(at).Fix(mend))
	}
	if c.Column == "" {
		fault("check_column", ".column", "the check names no column", "name an attribute or a field")
	}
	if c.Mostly < 0 || c.Mostly > 1 || math.IsNaN(c.Mostly) {
		fault("check_mostly", ".mostly", "mostly is no share", "use a number above 0 and up to 1")
	}
	switch c.Severity {
	case "", Reject:
		ck.rejects = c.Mostly == 0 || c.Mostly == 1
	case Warn:
	default:
		fault("check_severity", ".severity", "there is no such severity", "use reject or warn")
	}
	switch c.Check {
	case NotNull:
		ck.nulls = true
		ck.pass = func(v record.Value) bool { return !v.IsNull() }
		ck.detail = "the expectation not_null failed: the record has no value here"
	case InSet:
		if len(c.Values) == 0 {
			fault("check_values", ".values", "in_set has no values", "list those that are allowed")
		}
		ck.pass = inSet(c.Values)
		ck.detail = "the expectation in_set failed: the value is none of those listed"
	case Range:
		if c.Min == nil && c.Max == nil || c.Min != nil && c.Max != nil && !(*c.Min <= *c.Max) {
			fault("check_range", "", "range has neither min nor max, or a min above its max", "give min, max or both")
		}
		ck.pass = inRange(c.Min, c.Max)
		ck.detail = "the expectation range failed: the value is no number, or beyond min or max"
	case Regex:
		re, err := regexp.Compile(c.Pattern)
		if err != nil || c.Pattern == "" {
			fault("check_pattern", ".pattern", "the pattern is missing or no RE2 regular expression", "see https://github.com/google/re2/wiki/Syntax")
			break
		}
		ck.pass = func(v record.Value) bool { return re.MatchString(v.Text()) }
		ck.detail = "the expectation regex failed: the value does not match the pattern"
	default:
		fault("check_unknown", ".check", "there is no such check", "use not_null, in_set, range or regex")
	}
	return ck, faults
}

// Validate gives every fault of a configuration.
func Validate(cfg []StreamConfig) []error {
	var faults []error
	seen := map[string]bool{}
	for i, s := range cfg {
		at := "streams." + s.Stream
		switch {
		case s.Stream == "":
			faults = append(faults, errs.New("stream_name", "a stream has no name").At("streams["+strconv.Itoa(i)+"]"))
		case seen[s.Stream]:
			faults = append(faults, errs.New("stream_twice", "two streams have this name").At(at))
		}
		seen[s.Stream] = true
		for n, c := range s.Checks {
			_, bad := compile(c)
			for _, fault := range bad {
				fault.Where = at + ".expect[" + strconv.Itoa(n) + "]" + fault.Where
				faults = append(faults, fault)
			}
		}
	}
	return faults
}

// inSet compares texts; numbers, which have more than one spelling, by value.
func inSet(values []string) func(record.Value) bool {
	texts := make(map[string]bool, len(values))
	integers, floats := map[int64]bool{}, map[float64]bool{}
	for _, s := range values {
		texts[s] = true
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			floats[f] = true
			if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
				integers[int64(f)] = true
			}
		}
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			integers[n] = true
		}
	}
	return func(v record.Value) bool {
		switch v.Kind {
		case record.Int:
			return integers[v.N]
		case record.Float:
			return floats[v.Float()]
		}
		return texts[v.Text()]
	}
}

func inRange(lo, hi *float64) func(record.Value) bool {
	return func(v record.Value) bool {
		f := v.Float()
		if !v.Numeric() {
			var err error
			if f, err = strconv.ParseFloat(strings.TrimSpace(v.S), 64); err != nil || v.Kind != record.String {
				return false
			}
		}
		// A text can say NaN and infinity, which are in no range.
		return (lo == nil || f >= *lo) && (hi == nil || f <= *hi) && !math.IsNaN(f) && !math.IsInf(f, 0)
	}
}
