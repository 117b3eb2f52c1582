package quality

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/itchyny/timefmt-go"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kithdata/kith/internal/kit/isotime"
	"github.com/kithdata/kith/internal/record"
)

func makeCasing(c *CheckConfig, ck *check, bad *faults) {
	other := unicode.IsUpper
	switch c.Format {
	case "lower":
	case "upper":
		other = unicode.IsLower
	default:
		bad.add("check_format", ".format", "casing has no format", "use lower or upper")
	}
	ck.one = func(v record.Value) bool { return strings.IndexFunc(v.Text(), other) < 0 }
}

func makeLength(c *CheckConfig, ck *check, bad *faults) {
	if c.Value != "" {
		if c.Min != "" || c.Max != "" {
			bad.add("check_range", "", "length has a value and a range", "give value, or min and max")
		}
		c.Min, c.Max = NewBound(c.Value), NewBound(c.Value)
	}
	s, ok := spanOf(c, false)
	if !ok {
		bad.add("check_range", "", "length has no number of characters, or a min above its max", "give value, min, max or both")
	}
	ck.one = func(v record.Value) bool { return s.holds(float64(utf8.RuneCountInString(v.Text()))) }
}

// compilePatterns compiles a check's patterns, each made a regular expression by as.
func compilePatterns(c *CheckConfig, bad *faults, as func(string) string) []*regexp.Regexp {
	patterns := c.Patterns
	if len(patterns) == 0 {
		patterns = []string{c.Pattern}
	}
	switch c.Match {
	case "", "any", "all":
	default:
		bad.add("check_setting", ".match", "there is no such way to match", "use any or all")
	}
	var all []*regexp.Regexp
	for _, p := range patterns {
		re, err := regexp.Compile(as(p))
		if err != nil || p == "" {
			bad.add("check_pattern", ".pattern", "the pattern is missing or no RE2 regular expression", "see https://github.com/google/re2/wiki/Syntax")
			continue
		}
		all = append(all, re)
	}
	return all
}

// matching passes where all patterns match, or any, as the check says; with want
// false, where they do not.
func matching(c *CheckConfig, ck *check, all []*regexp.Regexp, want bool) {
	if len(all) == 1 { // the usual case, straight
		re := all[0]
		ck.one = func(v record.Value) bool { return re.MatchString(v.Text()) == want }
		return
	}
	enough := c.Match == "any"
	ck.one = func(v record.Value) bool {
		text := v.Text()
		for _, re := range all {
			if (re.MatchString(text) == want) == enough {
				return enough
			}
		}
		return !enough
	}
}

func asWritten(pattern string) string { return pattern }

func makeRegex(c *CheckConfig, ck *check, bad *faults) {
	matching(c, ck, compilePatterns(c, bad, asWritten), true)
}

func makeNotRegex(c *CheckConfig, ck *check, bad *faults) {
	matching(c, ck, compilePatterns(c, bad, asWritten), false)
}

func makeLike(c *CheckConfig, ck *check, bad *faults) {
	matching(c, ck, compilePatterns(c, bad, likePattern), true)
}

func makeNotLike(c *CheckConfig, ck *check, bad *faults) {
	matching(c, ck, compilePatterns(c, bad, likePattern), false)
}

// likePattern writes a pattern of SQL LIKE as a regular expression.
func likePattern(pattern string) string {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	escaped := false
	for _, r := range pattern {
		switch {
		case escaped, r != '%' && r != '_' && r != '\\':
			b.WriteString(regexp.QuoteMeta(string(r)))
			escaped = false
		case r == '\\':
			escaped = true
		case r == '%':
			b.WriteString(`.*`)
		default:
			b.WriteString(`.`)
		}
	}
	if escaped {
		b.WriteString(`\\`)
	}
	b.WriteString(`\z`)
	return b.String()
}

func makeDateFormat(c *CheckConfig, ck *check, bad *faults) {
	format := c.Format
	if format != "" && (!strings.Contains(format, "%") || !readable(format)) {
		bad.add("check_format", ".format", "the format is none of strftime", `write for example "%d/%m/%Y"`)
	}
	ck.one = func(v record.Value) bool {
		switch v.Kind {
		case record.Date, record.Time:
			return true
		case record.String:
		default:
			return false
		}
		if format == "" {
			_, _, ok := isotime.Parse(strings.TrimSpace(v.S))
			return ok
		}
		return inFormat(v.S, format)
	}
}

// inFormat reports whether s is a date in format. What names no zone is UTC. A day that
// its month does not have would be read as one of the first of the next month: such a
// date is written again, and must be what was read.
func inFormat(s, format string) bool {
	t, err := timefmt.ParseInLocation(s, format, time.UTC)
	if err != nil {
		return false
	}
	if t.Day() > 3 || strings.ContainsAny(format, "zZs") { // a zone has more than one spelling, a second of 1970 no month
		return true
	}
	var buffer [64]byte
	return spelledAlike(s, string(timefmt.AppendFormat(buffer[:0], t, format)))
}

// spelledAlike compares texts but for case, space, and zeros in front of numbers.
func spelledAlike(a, b string) bool {
	fold := func(s string) string {
		var out strings.Builder
		number := false
		for _, r := range s {
			digit := r >= '0' && r <= '9'
			if !unicode.IsSpace(r) && (r != '0' || number) {
				out.WriteRune(unicode.ToLower(r))
				number = digit
			}
			if !digit {
				number = false
			}
		}
		return out.String()
	}
	return fold(a) == fold(b)
}

// readable reports whether what is written in this format can be read again.
func readable(format string) bool {
	_, err := timefmt.ParseInLocation(timefmt.Format(time.Unix(0, 0).UTC(), format), format, time.UTC)
	return err == nil
}

func makeJSON(_ *CheckConfig, ck *check, _ *faults) {
	ck.one = func(v record.Value) bool {
		return v.Kind != record.String || jsontext.Value(v.S).IsValid()
	}
}

var errNoReference = errors.New("a schema refers to nothing outside itself")

// nothing refuses what a schema refers to: a check reads no file and asks no server.
type nothing struct{}

func (nothing) Load(string) (any, error) { return nil, errNoReference }

// maxSchema is the most bytes of a schema.
const maxSchema = 256 << 10

func makeJSONSchema(c *CheckConfig, ck *check, bad *faults) {
	schema, err := compileSchema(c.Schema)
	if err != nil {
		bad.add("check_schema", ".schema", "the schema is missing, too large, refers to something outside itself or is no JSON Schema", "write one that stands alone, such as {\"type\": \"object\"}")
		return
	}
	ck.one = func(v record.Value) bool {
		text := v.S
		if v.Kind != record.String && v.Kind != record.JSON {
			text = string(v.AppendJSON(nil))
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		return err == nil && schema.Validate(doc) == nil
	}
}

func compileSchema(text string) (*jsonschema.Schema, error) {
	if len(text) > maxSchema {
		return nil, errNoReference
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(nothing{})
	if err := compiler.AddResource("check.json", doc); err != nil {
		return nil, err
	}
	return compiler.Compile("check.json")
}
