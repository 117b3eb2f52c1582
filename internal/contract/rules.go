package contract

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Rules are what a contract says of a field's values beyond their type. They are
// judged once a value has its type; a null breaks none. What is inferred has none.
type Rules struct {
	Enum      []string `json:"enum,omitempty"`      // the values' texts, sorted
	Pattern   string   `json:"pattern,omitempty"`   // of strings; RE2, found anywhere
	MinLength int      `json:"min_length,omitzero"` // of strings, in characters
	MaxLength *int     `json:"max_length,omitempty"`
	Min       *float64 `json:"min,omitempty"` // of integers and numbers
	Max       *float64 `json:"max,omitempty"`
	Above     *float64 `json:"above,omitempty"` // exclusive
	Below     *float64 `json:"below,omitempty"`
	Items     []string `json:"items,omitempty"` // of arrays: the JSON types of their items, sorted
}

func (r *Rules) empty() bool {
	return r == nil || r.Enum == nil && r.Pattern == "" && r.MinLength == 0 && r.MaxLength == nil &&
		r.Min == nil && r.Max == nil && r.Above == nil && r.Below == nil && r.Items == nil
}

func (r *Rules) equal(o *Rules) bool {
	if r.empty() || o.empty() {
		return r.empty() && o.empty()
	}
	return r.within(o) && o.within(r)
}

// within reports whether every value that keeps r is seen to keep o.
func (r *Rules) within(o *Rules) bool {
	if o.empty() {
		return true
	}
	if r.empty() {
		return false
	}
	subset := func(a, b []string) bool {
		return b == nil || a != nil && !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
	}
	return subset(r.Enum, o.Enum) && subset(r.Items, o.Items) && (o.Pattern == "" || r.Pattern == o.Pattern) && r.MinLength >= o.MinLength &&
		tighter(r.MaxLength, o.MaxLength, -1) && tighter(r.Min, o.Min, 1) && tighter(r.Above, o.Above, 1) &&
		tighter(r.Max, o.Max, -1) && tighter(r.Below, o.Below, -1)
}

// tighter compares two bounds: lower ones with sign 1, upper ones with -1.
func tighter[T cmp.Ordered](a, b *T, sign int) bool {
	return b == nil || a != nil && cmp.Compare(*a, *b)*sign >= 0
}

// said is the rules in words, "" for none.
func (r *Rules) said() string {
	if r.empty() {
		return ""
	}
	var words []string
	add := func(name, value string) { words = append(words, name+" "+value) }
	if r.Enum != nil {
		add("enum", strings.Join(r.Enum, " | "))
	}
	if r.Pattern != "" {
		add("pattern", r.Pattern)
	}
	if r.MinLength > 0 {
		add("minLength", strconv.Itoa(r.MinLength))
	}
	if r.MaxLength != nil {
		add("maxLength", strconv.Itoa(*r.MaxLength))
	}
	for _, b := range r.bounds() {
		if *b.at != nil {
			add(b.name, formatFloat(**b.at))
		}
	}
	if r.Items != nil {
		add("items", strings.Join(r.Items, " | "))
	}
	return strings.Join(words, ", ")
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

type bound struct {
	name string // in JSON Schema
	at   **float64
}

func (r *Rules) bounds() []bound {
	return []bound{{"minimum", &r.Min}, {"maximum", &r.Max}, {"exclusiveMinimum", &r.Above}, {"exclusiveMaximum", &r.Below}}
}

// ruler is a field's Rules made ready.
type ruler struct {
	rules   *Rules
	enum    map[string]bool
	pattern *regexp.Regexp
	said    string // for a verdict, and so not longer than one should be
}

const maxSaid = 200

// compileRules is nil where there is nothing to judge. A pattern that does not
// compile was refused by Validate.
func compileRules(r *Rules) *ruler {
	if r.empty() {
		return nil
	}
	c := &ruler{rules: r, said: shortly(r.said())}
	if r.Enum != nil {
		c.enum = make(map[string]bool, len(r.Enum))
		for _, text := range r.Enum {
			c.enum[text] = true
		}
	}
	if r.Pattern != "" {
		c.pattern, _ = regexp.Compile(r.Pattern)
	}
	return c
}

// keeps judges a value that has its field's type.
func (c *ruler) keeps(v *record.Value) bool {
	if c == nil || v.IsNull() {
		return true
	}
	if c.enum != nil && !c.enum[v.Text()] {
		return false
	}
	switch v.Kind {
	case record.String:
		return c.keepsText(v.S)
	case record.Int:
		return c.rules.between(float64(v.N))
	case record.Float:
		return c.rules.between(v.Float())
	case record.JSON:
		return c.rules.Items == nil || itemsKeep(v.S, c.rules.Items)
	}
	return true
}

func (c *ruler) keepsText(s string) bool {
	if c.rules.MinLength > 0 || c.rules.MaxLength != nil {
		n := utf8.RuneCountInString(s)
		if n < c.rules.MinLength || c.rules.MaxLength != nil && n > *c.rules.MaxLength {
			return false
		}
	}
	return c.pattern == nil || c.pattern.MatchString(s)
}

func (r *Rules) between(f float64) bool {
	return (r.Min == nil || f >= *r.Min) && (r.Max == nil || f <= *r.Max) && (r.Above == nil || f > *r.Above) && (r.Below == nil || f < *r.Below)
}

// itemsKeep judges the items of an array; what is no array has none.
func itemsKeep(text string, types []string) bool {
	dec := jsontext.NewDecoder(strings.NewReader(text))
	if dec.PeekKind() != '[' {
		return true
	}
	if _, err := dec.ReadToken(); err != nil {
		return false
	}
	for dec.PeekKind() != ']' {
		value, err := dec.ReadValue()
		if err != nil {
			return false
		}
		if !slices.ContainsFunc(types, func(t string) bool { return isJSONType(value, t) }) {
			return false
		}
	}
	return true
}

// isJSONType reports whether a JSON value is of a JSON Schema type.
func isJSONType(v jsontext.Value, name string) bool {
	switch v.Kind() {
	case '"':
		return name == "string"
	case 't', 'f':
		return name == "boolean"
	case 'n':
		return name == "null"
	case '{':
		return name == "object"
	case '[':
		return name == "array"
	}
	if name == "number" {
		return true
	}
	n, ok := number(v)
	if name == "integer" && ok {
		_, ok = fit(n, record.Int)
		return ok || n.Kind == record.Float && n.Float() == float64(int64(n.Float()))
	}
	return false
}

// validateRules gives the fault of stored rules, if any.
func validateRules(at string, f *Field) []error {
	if f.Rules == nil || f.Rules.Pattern == "" {
		return nil
	}
	if _, err := regexp.Compile(f.Rules.Pattern); err != nil {
		return []error{errs.New("contract_field", "the field's pattern does not compile").At(at + "." + f.Path)}
	}
	return nil
}
