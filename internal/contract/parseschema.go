package contract

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Codes of ParseJSONSchema's faults.
const (
	CodeSchemaInvalid     errs.Code = "contract_schema_invalid"     // no JSON Schema
	CodeSchemaUnsupported errs.Code = "contract_schema_unsupported" // a JSON Schema that says more than a contract can
	CodeSchemaRemote      errs.Code = "contract_schema_remote"      // a reference to another file or host
)

const maxSchemaBytes = 4 << 20

// ParseJSONSchema reads a contract from JSON Schema, draft 2020-12 or draft-07: an
// object's properties, nested up to eight levels, their type (one, or several of
// which null makes the field nullable), the formats date and date-time, required,
// references within the file, and the keywords that become Rules. An object that
// refers to itself stays whole from there. Annotations and other formats are passed over, since they judge
// nothing; every keyword that would judge but is not kept is a fault of code
// contract_schema_unsupported, so that no contract promises more than it does. All
// faults are given at once, each with its place as a JSON Pointer.
func ParseJSONSchema(text []byte) (*Schema, error) {
	if len(text) > maxSchemaBytes {
		return nil, tooLarge()
	}
	if !jsontext.Value(text).IsValid() || depth(text) > MaxDepth {
		return nil, errs.New(CodeSchemaInvalid, "the contract's file is no valid JSON").Fix("check its syntax; names must not repeat within an object")
	}
	raw := jsontext.Value(bytes.TrimSpace(text))
	if raw.Kind() != '{' {
		return nil, errs.New(CodeSchemaInvalid, "a contract is a JSON Schema of type object")
	}
	p := schemaParser{by: map[string]int{}}
	p.begin(raw)
	p.root(raw)
	if len(p.faults) == 0 && len(p.fields) > MaxFields {
		p.fault(CodeSchemaUnsupported, "", "the contract has more than "+strconv.Itoa(MaxFields)+" fields", "")
	}
	if len(p.faults) == 0 {
		p.check(text)
	}
	if len(p.faults) > 0 {
		return nil, errors.Join(p.faults...)
	}
	slices.SortFunc(p.fields, func(a, b Field) int { return cmp.Compare(a.Path, b.Path) })
	return &Schema{Fields: p.fields}, nil
}

type schemaParser struct {
	fields []Field
	by     map[string]int
	faults []error

	doc      jsontext.Value
	places   map[string]jsontext.Value // by pointer: what references named
	open     []string                  // pointers of the objects around
	visits   int
	draft07  bool
	nestedID bool
}

const maxSchemaFaults = 100

func (p *schemaParser) fault(code errs.Code, at, what, mend string) {
	if len(p.faults) < maxSchemaFaults {
		p.faults = append(p.faults, errs.New(code, what).At("#"+at).Fix(mend))
	}
}

// check lets a full implementation judge the file against its draft's own schema.
// It loads nothing: references out of the file were refused before.
func (p *schemaParser) check(text []byte) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		c := jsonschema.NewCompiler()
		c.UseLoader(noLoader{})
		if err = c.AddResource("contract.json", doc); err == nil {
			_, err = c.Compile("contract.json")
		}
	}
	if err != nil {
		p.faults = append(p.faults, errs.Wrap(CodeSchemaInvalid, "checking the contract against its draft of JSON Schema", err))
	}
}

// keywords are those of one schema object that a contract keeps.
type keywords struct {
	types      []string
	typed      bool
	format     string
	properties []schemaMember
	nested     bool
	within     string // place of the properties
	required   []string
	requiredAt string
	values     valueKeywords
	refs       []string // places that $ref led to
}

func (p *schemaParser) root(raw jsontext.Value) {
	k := p.keywords("", raw, true)
	if k.typed && !slices.Equal(k.types, []string{"object"}) {
		p.fault(CodeSchemaInvalid, "/type", "a contract's type is object", `write "type": "object"`)
	}
	if len(k.values.list) > 0 || k.values.items {
		p.fault(CodeSchemaUnsupported, "", "a contract's root is an object, of whose value nothing more can be said", "")
	}
	p.open = append(p.open, k.refs...)
	p.object("", k, 1, true)
}

// object adds the fields of an object's properties. required says whether every
// object on the way here is required.
func (p *schemaParser) object(path string, k keywords, level int, required bool) {
	for _, name := range k.required {
		if !slices.ContainsFunc(k.properties, func(m schemaMember) bool { return m.name == name }) {
			p.fault(CodeSchemaUnsupported, k.requiredAt, "a required property is not among the properties", "add it there")
		}
	}
	for _, m := range k.properties {
		if p.visits > maxVisits || len(p.fields) > MaxFields {
			return // it is told
		}
		here := k.within + "/" + pointerToken(m.name)
		name := cmp.Or(m.name, "_")
		if path != "" {
			name = path + "." + name
		}
		if len(name) > maxPath {
			p.fault(CodeSchemaUnsupported, here, "the path is longer than "+strconv.Itoa(maxPath)+" bytes", "")
			continue
		}
		must := slices.Contains(k.required, m.name)
		p.property(here, name, m.value, level, required && must)
	}
}

func (p *schemaParser) property(at, path string, raw jsontext.Value, level int, required bool) {
	if raw.Kind() != '{' {
		if raw.Kind() == 't' { // the schema true: anything
			p.add(at, Field{Path: path, Type: record.JSON, Nullable: true, Required: required})
			return
		}
		p.fault(CodeSchemaUnsupported, at, "a property's schema is an object", `write {"type": …}`)
		return
	}
	k := p.keywords(at, raw, false)
	f, ok := p.typeOf(at, path, k)
	again := slices.ContainsFunc(k.refs, func(ref string) bool { return slices.Contains(p.open, ref) })
	deep := k.nested && (level >= maxFlat || again)
	if k.nested && !deep {
		open := len(p.open)
		p.open = append(append(p.open, at), k.refs...)
		p.object(path, k, level+1, required)
		p.open = p.open[:open]
	}
	switch {
	case deep:
		f.Type = record.JSON
	case !ok:
		return
	}
	f.Required = required
	p.add(at, f)
}

// typeOf gives the field that the property is itself; ok is false when it is only
// an object of other fields.
func (p *schemaParser) typeOf(at, path string, k keywords) (f Field, ok bool) {
	f.Path = path
	if !k.typed {
		f.Type, f.Nullable = record.JSON, true
		p.rules(&k.values, &f, nil)
		return f, true
	}
	for _, t := range k.types {
		var kind record.ValueKind
		switch t {
		case "null":
			f.Nullable, ok = true, true
			continue
		case "object":
			if k.nested {
				continue // its properties are the fields
			}
			kind = record.JSON
		case "array":
			kind = record.JSON
		case "string":
			kind = record.String
			if k.format == "date" {
				kind = record.Date
			} else if k.format == "date-time" {
				kind = record.Time
			}
		case "integer":
			kind = record.Int
		case "number":
			kind = record.Float
		case "boolean":
			kind = record.Bool
		default:
			p.fault(CodeSchemaInvalid, at+"/type", "there is no such type", "use string, integer, number, boolean, object, array or null")
			return f, false
		}
		f.Type, ok = JoinTypes(f.Type, kind), true
	}
	p.rules(&k.values, &f, slices.DeleteFunc(slices.Clone(k.types), func(t string) bool { return t == "null" }))
	return f, ok
}

func (p *schemaParser) add(at string, f Field) {
	if _, twice := p.by[f.Path]; twice {
		p.fault(CodeSchemaInvalid, at, "two properties have one path", "rename one")
		return
	}
	p.by[f.Path] = len(p.fields)
	p.fields = append(p.fields, f)
}

// annotations judge nothing.
var annotations = [...]string{"title", "description", "$comment", "default", "example", "examples", "deprecated", "readOnly", "writeOnly", "$id"}

func (p *schemaParser) keywords(at string, raw jsontext.Value, root bool) (k keywords) {
	members, refs := p.expand(at, raw)
	k.refs = refs
	for _, m := range members {
		here, ok := m.at, true
		var err error
		switch m.name {
		case "type":
			k.types, ok = typesOf(m.value)
			k.typed = true
		case "format":
			k.format, ok = stringOf(m.value)
		case "required":
			k.requiredAt = here
			k.required, ok = stringsOf(m.value)
		case "properties":
			if ok = m.value.Kind() == '{'; ok {
				k.properties, err = objectMembers(m.value)
				ok = err == nil
			}
			k.nested, k.within = true, here
		case "$defs", "definitions":
			ok = m.value.Kind() == '{'
		case "$schema":
			var draft string
			draft, ok = stringOf(m.value)
			p.draft(here, draft, root)
		case "additionalProperties":
			// What becomes of new fields is the stream's on_drift to say.
			if kind := m.value.Kind(); kind != 't' && kind != 'f' {
				p.fault(CodeSchemaUnsupported, here, "a schema for additional properties is not kept", "write true or false; on_drift says what becomes of new fields")
			}
		default:
			var known bool
			if known, ok = p.value(&k.values, m); !known && !isNote(m.name) {
				p.fault(CodeSchemaUnsupported, here, "this keyword is not kept by a contract", "remove it, and use a check under expect instead")
			}
		}
		if !ok {
			p.fault(CodeSchemaInvalid, here, "the keyword's value has the wrong type", "")
		}
	}
	return k
}

func (p *schemaParser) draft(at, draft string, root bool) {
	switch strings.TrimSuffix(draft, "#") {
	case draft202012, draft07:
		if root {
			return
		}
	}
	p.fault(CodeSchemaUnsupported, at, "the draft is neither 2020-12 nor draft-07, or not said at the root", "write "+draft202012)
}

// pointerToken escapes a name for a JSON Pointer.
func pointerToken(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}
