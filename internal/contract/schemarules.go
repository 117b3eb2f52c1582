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
	list []schemaMember // all but items
	enum []jsontext.Value
	enumerated,
	items bool
	itemTypes []string
	itemsAt   string
}

// value takes a keyword that judges values. known is false for any other.
func (p *schemaParser) value(k *valueKeywords, m schemaMember) (known, ok bool) {
	switch m.name {
	case "enum":
		if m.value.Kind() != '[' || json.Unmarshal(m.value, &k.enum) != nil || len(k.enum) == 0 || k.enumerated {
			return true, k.enumerated
		}
		k.enumerated = true
	case "const":
		if k.enumerated {
			p.fault(CodeSchemaUnsupported, m.at, "const and enum stand in one schema", "write one of the two")
			return true, true
		}
		k.enum, k.enumerated = []jsontext.Value{m.value}, true
	case "items":
		return true, p.itemsOf(k, m)
	case "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum":
	default:
		return false, true
	}
	k.list = append(k.list, m)
	return true, true
}

// itemsOf takes the types of an array's items. Whatever else is said of them would
// go unjudged.
func (p *schemaParser) itemsOf(k *valueKeywords, m schemaMember) bool {
	switch m.value.Kind() {
	case 't':
		return true
	case '{':
	default:
		p.fault(CodeSchemaUnsupported, m.at, "only a schema for all items is kept", `write {"type": …}`)
		return true
	}
	members, _ := p.expand(m.at, m.value)
	for _, of := range members {
		switch {
		case of.name == "type":
			types, ok := typesOf(of.value)
			if !ok {
				return false
			}
			for _, t := range types {
				if !slices.Contains(jsonTypes[:], t) {
					p.fault(CodeSchemaInvalid, of.at, "there is no such type", "use string, integer, number, boolean, object, array or null")
					return true
				}
			}
			slices.Sort(types)
			k.items, k.itemTypes, k.itemsAt = true, slices.Compact(types), m.at
		case isNote(of.name):
		default:
			p.fault(CodeSchemaUnsupported, of.at, "of an array's items a contract keeps the type alone", "remove it")
		}
	}
	return true
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
// apart: a keyword holds for one type, so it is refused where values of another
// could come as well.
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
			if f.Type != record.String || !slices.Equal(types, []string{"string"}) {
				p.unfit(m, "a string")
				continue
			}
			p.textRule(r, m)
		default:
			if f.Type != record.Int && f.Type != record.Float {
				p.unfit(m, "an integer or a number")
				continue
			}
			p.bound(r, m)
		}
	}
	if k.items {
		if f.Type != record.JSON {
			p.unfit(schemaMember{at: k.itemsAt}, "an array")
		} else {
			r.Items = k.itemTypes
		}
	}
	if !r.empty() {
		f.Rules = r
	}
}

func (p *schemaParser) unfit(m schemaMember, of string) {
	p.fault(CodeSchemaUnsupported, m.at, "this keyword is kept only where the type is "+of+" and nothing else but null", "say the type, or use a check under expect instead")
}

func (p *schemaParser) textRule(r *Rules, m schemaMember) {
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
		r.Pattern = text
		return
	}
	n, ok := numberOf(m.value)
	if !ok || n != math.Trunc(n) || n < 0 || n > math.MaxInt32 {
		p.fault(CodeSchemaInvalid, m.at, "a length is a whole number that is not negative", "")
		return
	}
	length := int(n)
	if m.name == "minLength" {
		r.MinLength = length
		return
	}
	r.MaxLength = &length
}

func (p *schemaParser) bound(r *Rules, m schemaMember) {
	n, ok := numberOf(m.value)
	if !ok {
		p.fault(CodeSchemaInvalid, m.at, "a bound is a number", "")
		return
	}
	if math.Abs(n) >= exactFloat {
		p.fault(CodeSchemaUnsupported, m.at, "the bound is beyond the numbers that a 64-bit float holds exactly", "")
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
			p.fault(CodeSchemaUnsupported, at, "of listed values a contract keeps texts, numbers and booleans", "remove arrays and objects")
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
		p.unfit(schemaMember{at: at}, "of one value")
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
