package contract

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/record"
)

const (
	draft202012 = "https://json-schema.org/draft/2020-12/schema"
	draft07     = "http://json-schema.org/draft-07/schema"
)

// property is one property of a JSON Schema on its way out.
type property struct {
	name     string
	field    *Field      // nil for an object that is no field itself
	kids     []*property // of an object, in order of path
	required bool
}

func (p *property) kid(name string) *property {
	for _, k := range p.kids {
		if k.name == name {
			return k
		}
	}
	k := &property{name: name}
	p.kids = append(p.kids, k)
	return k
}

// JSONSchema writes the contract as JSON Schema, draft 2020-12, with stable bytes, or gives
// the text that was written where that says more than fields can.
// Paths become nested properties. Where a path cannot be told from its nested form
// it is written as one property with dots in its name.
func (s *Schema) JSONSchema(title string) []byte {
	var out strings.Builder
	enc := jsontext.NewEncoder(&out, jsontext.WithIndent("  "))
	if s.Text != "" { // as it was written
		_ = enc.WriteValue(jsontext.Value(s.Text))
		return []byte(out.String())
	}
	w := schemaWriter{enc: enc}
	w.begin()
	w.text("$schema", draft202012)
	if title != "" {
		w.text("title", title)
	}
	w.text("type", "object")
	w.properties(propertiesOf(s))
	w.end()
	return []byte(out.String())
}

// propertiesOf nests a schema's fields. One of the empty path is the root itself.
func propertiesOf(s *Schema) *property {
	root := &property{}
	fields := slices.Clone(s.Fields)
	slices.SortFunc(fields, func(a, b Field) int { return strings.Compare(a.Path, b.Path) })
	flat := flatPaths(fields)
	for i := range fields {
		f := &fields[i]
		if f.Path == "" {
			root.field = f
			continue
		}
		segments := strings.Split(f.Path, ".")
		if flat[f.Path] {
			segments = []string{f.Path}
		}
		at := root
		for _, name := range segments {
			at = at.kid(name)
			at.required = at.required || f.Required
		}
		at.field = f
	}
	return root
}

// flatPaths are the paths that must not be nested: those with an empty part or too
// many parts, and those below a field of its own when either is required, since
// required would then mean both.
func flatPaths(fields []Field) map[string]bool {
	by := make(map[string]*Field, len(fields))
	touched := map[string]bool{} // fields below which something is required
	for i := range fields {
		by[fields[i].Path] = &fields[i]
	}
	parents := func(path string, each func(*Field)) {
		for at := range len(path) {
			if path[at] == '.' && by[path[:at]] != nil {
				each(by[path[:at]])
			}
		}
	}
	for _, f := range fields {
		parents(f.Path, func(parent *Field) {
			if f.Required || parent.Required {
				touched[parent.Path] = true
			}
		})
	}
	flat := map[string]bool{}
	for _, f := range fields {
		odd := strings.HasPrefix(f.Path, ".") || strings.HasSuffix(f.Path, ".") || strings.Contains(f.Path, "..")
		if odd || strings.Count(f.Path, ".") >= maxFlat {
			flat[f.Path] = true
		}
		parents(f.Path, func(parent *Field) {
			if touched[parent.Path] {
				flat[f.Path] = true
			}
		})
	}
	return flat
}

// schemaWriter writes tokens. Its encoder writes to memory and is given one object,
// so the only faults would be ours: names twice or invalid UTF-8, which compile and
// the reader rule out.
type schemaWriter struct{ enc *jsontext.Encoder }

func (w schemaWriter) put(t jsontext.Token) { _ = w.enc.WriteToken(t) }
func (w schemaWriter) begin()               { w.put(jsontext.BeginObject) }
func (w schemaWriter) end()                 { w.put(jsontext.EndObject) }
func (w schemaWriter) text(name, value string) {
	w.put(jsontext.String(name))
	w.put(jsontext.String(value))
}

func (w schemaWriter) list(name string, values []string) {
	w.put(jsontext.String(name))
	w.put(jsontext.BeginArray)
	for _, v := range values {
		w.put(jsontext.String(v))
	}
	w.put(jsontext.EndArray)
}

func (w schemaWriter) properties(p *property) {
	w.put(jsontext.String("properties"))
	w.begin()
	var required []string
	for _, k := range p.kids {
		w.put(jsontext.String(k.name))
		w.property(k)
		if k.required {
			required = append(required, k.name)
		}
	}
	w.end()
	if len(required) > 0 {
		w.list("required", required)
	}
}

func (w schemaWriter) property(p *property) {
	w.begin()
	types, format := typeNames(p.field, len(p.kids) > 0)
	switch len(types) {
	case 0:
	case 1:
		w.text("type", types[0])
	default:
		w.list("type", types)
	}
	if format != "" {
		w.text("format", format)
	}
	if p.field != nil {
		w.items(p.field.Items)
		w.rules(p.field)
	}
	if len(p.kids) > 0 {
		w.properties(p)
	}
	w.end()
}

func (w schemaWriter) items(e *Elements) {
	if e == nil || e.Of == nil || e.Of.takesAny() {
		return
	}
	w.put(jsontext.String("items"))
	w.property(propertiesOf(e.Of))
}

func (w schemaWriter) rules(f *Field) {
	r := f.Rules
	if r.empty() {
		return
	}
	if r.Enum != nil {
		w.put(jsontext.String("enum"))
		w.put(jsontext.BeginArray)
		for _, text := range r.Enum {
			if out, ok := fit(record.StringValue(text), f.Type); ok && f.Type != record.String {
				_ = w.enc.WriteValue(out.AppendJSON(nil))
			} else {
				w.put(jsontext.String(text))
			}
		}
		if f.Nullable {
			w.put(jsontext.Null)
		}
		w.put(jsontext.EndArray)
	}
	if r.Pattern != "" {
		w.text("pattern", r.Pattern)
	}
	if r.MinLength > 0 {
		w.number("minLength", float64(r.MinLength))
	}
	if r.MaxLength != nil {
		w.number("maxLength", float64(*r.MaxLength))
	}
	for _, b := range r.bounds() {
		if *b.at != nil {
			w.number(b.name, **b.at)
		}
	}
	if r.Items != nil {
		w.put(jsontext.String("items"))
		w.begin()
		w.list("type", r.Items)
		w.end()
	}
}

func (w schemaWriter) number(name string, value float64) {
	w.put(jsontext.String(name))
	w.put(jsontext.Float(value))
}

// typeNames gives JSON Schema's names of a field's type, none for any, sorted.
func typeNames(f *Field, object bool) (types []string, format string) {
	if f == nil {
		return []string{"object"}, ""
	}
	switch f.Type {
	case record.Null:
		types = []string{"null"}
	case record.Int:
		types = []string{"integer"}
	case record.Float:
		types = []string{"number"}
	case record.Bool:
		types = []string{"boolean"}
	case record.Time:
		types, format = []string{"string"}, "date-time"
	case record.Date:
		types, format = []string{"string"}, "date"
	case record.JSON:
		if f.Items != nil {
			types = []string{"array"}
			break
		}
		if f.Nullable {
			return nil, ""
		}
		types = []string{"array", "boolean", "number", "object", "string"}
	default:
		types, format = []string{"string"}, f.Formats.String()
	}
	if f.Nullable && !slices.Contains(types, "null") {
		types = append(types, "null")
	}
	if object && !slices.Contains(types, "object") {
		types = append(types, "object")
	}
	slices.Sort(types)
	return types, format
}

// names gives the members of a JSON object in order, with their raw values.
func objectMembers(raw jsontext.Value) (members []schemaMember, err error) {
	dec := jsontext.NewDecoder(strings.NewReader(string(raw)))
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		m := schemaMember{name: name.String()}
		value, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		m.value = value.Clone()
		members = append(members, m)
	}
	return members, nil
}

type schemaMember struct {
	name  string
	value jsontext.Value
	at    string // its place, as a JSON Pointer
}

func stringOf(raw jsontext.Value) (s string, ok bool) {
	return s, raw.Kind() == '"' && json.Unmarshal(raw, &s) == nil
}

func stringsOf(raw jsontext.Value) (list []string, ok bool) {
	return list, raw.Kind() == '[' && json.Unmarshal(raw, &list) == nil
}
