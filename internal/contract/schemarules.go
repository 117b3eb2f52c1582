package contract

import (
	"math"
	"regexp"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/record"
)

// valueKeywords are the keywords of one schema that judge a field's values.
type valueKeywords struct {
	list       []schemaMember // those that become rules
	enum       []jsontext.Value
	enumerated bool
	items      *schemaMember // the schema of all items
	tuple      bool          // single items have schemas of their own
	judged     bool          // fields and rules cannot keep all that is said
}

// value takes a keyword that judges values. known is false for any other.
func (p *schemaParser) value(k *valueKeywords, m schemaMember) (known, ok bool) {
	switch m.name {
	case "enum":
		var list []jsontext.Value
		if m.value.Kind() != '[' || json.Unmarshal(m.value, &list) != nil || len(list) == 0 {
			return true, false
		}
		k.listed(list)
	case "const":
		k.listed([]jsontext.Value{m.value})
	case "items":
		if p.draft07 && m.value.Kind() == '[' {
			k.tuple, k.judged = true, true
			return true, true
		}
		if m.value.Kind() == '[' {
			p.fault(CodeSchemaUnsupported, m.at, "under 2020-12 items is one schema", "write the list under prefixItems")
			return true, true
		}
		k.items = &m
		return true, true
	case "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum":
	default:
		return false, true
	}
	k.list = append(k.list, m)
	return true, true
}

// listed takes the values of enum or const; where both are there, they are judged as they
// were written.
func (k *valueKeywords) listed(values []jsontext.Value) {
	k.judged = k.judged || k.enumerated
	k.enum, k.enumerated = values, true
}

var jsonTypes = [...]string{"array", "boolean", "integer", "null", "number", "object", "string"}

func typesOf(raw jsontext.Value) ([]string, bool) {
	if one, ok := stringOf(raw); ok {
		return []string{one}, true
	}
	list, ok := stringsOf(raw)
	return list, ok && len(list) > 0
}

// rules gives f the rules of its keywords. types are those that the schema says, null
// apart: a rule holds for one type, so what is said where values of another could come
// as well is judged as it was written.
func (p *schemaParser) rules(k *valueKeywords, f *Field, types []string) {
	if k.enumerated {
		p.enum(k, f, types)
	}
	r := &Rules{}
	if f.Rules != nil {
		r = f.Rules
	}
	for _, m := range k.list {
		switch m.name {
		case "enum", "const":
		case "pattern", "minLength", "maxLength":
			p.textRule(k, r, m, f.Type == record.String && slices.Equal(types, []string{"string"}))
		default:
			p.bound(k, r, m, f.Type == record.Int || f.Type == record.Float)
		}
	}
	if k.items != nil && f.Items == nil { // said of what can be no array, or other things as well
		k.judged = true
	}
	if !r.empty() {
		f.Rules = r
	}
}

// textRule takes a keyword of texts. fits says whether the values are texts alone.
func (p *schemaParser) textRule(k *valueKeywords, r *Rules, m schemaMember, fits bool) {
	k.judged = k.judged || !fits
	if m.name == "pattern" {
		text, ok := stringOf(m.value)
		if !ok {
			p.fault(CodeSchemaInvalid, m.at, "the keyword's value has the wrong type", "")
			return
		}
		if _, err := regexp.Compile(text); err != nil {
			p.fault(CodeSchemaUnsupported, m.at, "the pattern does not compile as RE2", "write it without look-around and back-references")
			return
		}
		if fits {
			r.Pattern = text
		}
		return
	}
	n, ok := numberOf(m.value)
	if !ok || n != math.Trunc(n) || n < 0 || n > math.MaxInt32 {
		p.fault(CodeSchemaInvalid, m.at, "a length is a whole number that is not negative", "")
		return
	}
	length := int(n)
	switch {
	case !fits:
	case m.name == "minLength":
		r.MinLength = length
	default:
		r.MaxLength = &length
	}
}

// bound takes a bound of numbers. fits says whether the values are numbers alone.
func (p *schemaParser) bound(k *valueKeywords, r *Rules, m schemaMember, fits bool) {
	n, ok := numberOf(m.value)
	if !ok {
		p.fault(CodeSchemaInvalid, m.at, "a bound is a number", "")
		return
	}
	if !fits || math.Abs(n) >= exactFloat { // a rule holds what a float64 does
		k.judged = true
		return
	}
	for _, b := range r.bounds() {
		if b.name == m.name {
			*b.at = &n
		}
	}
}

func numberOf(raw jsontext.Value) (float64, bool) {
	if raw.Kind() != '0' {
		return 0, false
	}
	v, ok := number(raw)
	if v.Kind == record.Int {
		return float64(v.N), ok
	}
	return v.Float(), ok
}

// enum gives f the values that are listed: those of its types, as text.
func (p *schemaParser) enum(k *valueKeywords, f *Field, types []string) {
	at := k.list[slices.IndexFunc(k.list, func(m schemaMember) bool { return m.name == "enum" || m.name == "const" })].at
	null := false
	var kind record.ValueKind
	var values []record.Value
	for _, raw := range k.enum {
		v, t, ok := scalarOf(raw)
		switch {
		case !ok:
			k.judged = true
			return
		case v.IsNull():
			null = true
		case len(types) == 0 || slices.Contains(types, t) || t == "integer" && slices.Contains(types, "number"):
			values, kind = append(values, v), JoinTypes(kind, v.Kind)
		}
	}
	if len(types) == 0 { // the values say the type
		f.Type, f.Nullable = kind, null
	}
	f.Nullable = f.Nullable && null
	if len(values) == 0 {
		if !f.Nullable {
			p.fault(CodeSchemaInvalid, at, "no listed value is of the schema's type", "")
		}
		f.Type = record.Null
		return
	}
	if f.Type == record.JSON {
		k.judged = true
		return
	}
	var texts []string
	for _, v := range values {
		if out, ok := fit(v, f.Type); ok && !out.IsNull() {
			texts = append(texts, out.Text())
		}
	}
	if len(texts) == 0 {
		p.fault(CodeSchemaInvalid, at, "no listed value is of the schema's type", "")
		return
	}
	slices.Sort(texts)
	f.Rules = &Rules{Enum: slices.Compact(texts)}
}

// scalarOf reads a JSON value that is no array and no object, and names its type.
func scalarOf(raw jsontext.Value) (v record.Value, name string, ok bool) {
	switch raw.Kind() {
	case '"':
		s, ok := stringOf(raw)
		return record.StringValue(s), "string", ok
	case 't', 'f':
		return record.BoolValue(raw.Kind() == 't'), "boolean", true
	case 'n':
		return record.Value{}, "null", true
	case '0':
		v, ok := number(raw)
		if v.Kind == record.Float {
			if whole, fits := fit(v, record.Int); fits {
				return whole, "integer", ok
			}
			return v, "number", ok
		}
		return v, "integer", ok
	}
	return v, "", false
}
