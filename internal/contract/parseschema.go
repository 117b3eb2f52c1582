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
// object's properties, nested up to eight levels, their type, the formats date and
// date-time, required, references within the file, and the keywords that become Rules.
// What fields cannot keep (choices, conditions, whole arrays and objects) is judged as
// it was written. An object that refers to itself stays whole from there. Annotations
// and other formats are passed over, since they judge nothing; every keyword that would
// judge but is not kept is a fault of code contract_schema_unsupported, so that no
// contract promises more than it does. All faults are given at once, each with its place
// as a JSON Pointer.
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
	p.tellCircles(p.tops)
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
	out := &Schema{Fields: p.fields, Judged: p.judged}
	if len(p.judged) > 0 {
		slices.SortFunc(out.Judged, func(a, b Judged) int { return cmp.Compare(a.Path, b.Path) })
		compact := raw.Clone()
		_ = compact.Compact() // it was read before
		out.Text = string(compact)
	}
	return out, nil
}

type schemaParser struct {
	fields []Field
	by     map[string]int
	judged []Judged
	faults []error
	values map[string]*assertion // whole schemas that were compiled, by pointer
	tops   map[string]*assertion // what is judged, by pointer
	told   map[string]bool       // places of faults
	placed map[string]string     // of fields, by path

	within int  // how many choices and arrays are around: what judges these judges all within
	wanted int  // how often a place within asked to be judged
	solid  bool // what a choice is about is an object

	doc      jsontext.Value
	places   map[string]map[string]jsontext.Value // by pointer: the parts of what lies there
	open     []string                             // pointers of the objects around
	visits   int
	draft07  bool
	nestedID bool
}

const maxSchemaFaults = 100

func (p *schemaParser) fault(code errs.Code, at, what, mend string) {
	if key := at + " " + what; len(p.faults) < maxSchemaFaults && !p.told[key] {
		if p.told == nil {
			p.told = map[string]bool{}
		}
		p.told[key] = true
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
	values     valueKeywords
	refs       []string // places that $ref led to

	all  []schemaMember   // schemas that hold as well
	some [][]schemaMember // of each list one may hold
}

// solid reports whether the value is an object whenever it is there.
func (k *keywords) solid() bool { return slices.Equal(k.types, []string{"object"}) }

func (p *schemaParser) root(raw jsontext.Value) {
	k := p.keywords("", raw, true)
	if k.typed && !k.solid() {
		p.fault(CodeSchemaInvalid, "/type", "a contract's type is object", `write "type": "object"`)
	}
	p.open = append(p.open, k.refs...)
	k.types, k.typed = []string{"object"}, true
	own := p.collect(func() { p.object("", &k, 1, true) })
	fields := p.compose("", own, &k, 1, true)
	p.addAll(slices.DeleteFunc(fields, func(f Field) bool { return f.Path == "" }))
	k.values.judged = k.values.judged || len(k.values.list) > 0 || k.values.items != nil
	p.judgeObject("", "", &k, true)
}

// object adds the fields of an object's properties. required says whether every
// object on the way here is required.
func (p *schemaParser) object(path string, k *keywords, level int, required bool) {
	solid := p.solid
	p.solid = false
	defer func() { p.solid = solid }()
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
	switch raw.Kind() {
	case 't', 'f': // anything, or nothing
		p.add(at, Field{Path: path, Type: record.JSON, Nullable: true, Required: required})
		if raw.Kind() == 'f' {
			p.judge(Judged{Path: path, At: at})
		}
		return
	case '{':
	default:
		p.fault(CodeSchemaInvalid, at, "a property's schema is an object, true or false", `write {"type": …}`)
		return
	}
	k := p.keywords(at, raw, false)
	again := slices.ContainsFunc(k.refs, func(ref string) bool { return slices.Contains(p.open, ref) })
	if again && !k.nested && len(k.all)+len(k.some) > 0 { // a choice that comes back to what is around it
		p.add(at, Field{Path: path, Type: record.JSON, Nullable: true, Required: required})
		p.judge(Judged{Path: path, At: at})
		return
	}
	open := len(p.open)
	p.open = append(append(p.open, at), k.refs...)
	deep := k.nested && (level >= maxFlat || again)
	solid := k.solid() || !k.typed && p.solid
	own := p.collect(func() { p.own(at, path, &k, level, required, deep, solid) })
	fields := p.compose(path, own, &k, level, required)
	p.open = p.open[:open]
	p.addAll(fields)
	if k.nested && !deep {
		p.judgeObject(path, at, &k, required && solid)
	} else if deep || k.values.judged {
		p.judge(Judged{Path: path, At: at})
	}
}

// own adds the fields that a property has by its own keywords.
func (p *schemaParser) own(at, path string, k *keywords, level int, required, deep, solid bool) {
	f, ok := p.typeOf(at, path, k)
	if k.nested && !deep {
		p.object(path, k, level+1, required && solid)
	}
	if deep {
		f.Type, f.Items = record.JSON, nil
	} else if !ok {
		return
	}
	f.Required = required
	p.add(at, f)
}

// judgeObject has an object judged whose members are fields. sure says whether what it
// requires is required of the record.
func (p *schemaParser) judgeObject(path, at string, k *keywords, sure bool) {
	known := !slices.ContainsFunc(k.required, func(name string) bool {
		return !slices.ContainsFunc(k.properties, func(m schemaMember) bool { return m.name == name })
	})
	must := len(k.required) > 0 && !(sure && known)
	if path != "" && len(k.properties) == 0 { // no field says that it is an object
		p.judge(Judged{Path: path, At: at})
		return
	}
	if must || k.values.judged {
		p.judge(Judged{Path: path, At: at, Object: true, Required: must})
	}
}

func (p *schemaParser) judge(j Judged) {
	if p.within > 0 {
		p.wanted++
		return
	}
	p.judged = append(p.judged, j)
	raw, ok := p.at(j.At)
	if !ok {
		return
	}
	if p.tops == nil {
		p.tops = map[string]*assertion{}
	}
	p.tops[j.At] = newAssertions(p).compile(j.At, raw, j.as())
}

// typeOf gives the field that the property is itself; ok is false when it is only
// an object of other fields.
func (p *schemaParser) typeOf(at, path string, k *keywords) (f Field, ok bool) {
	f.Path = path
	if !k.typed {
		f.Type, f.Nullable = record.JSON, true
		p.rules(&k.values, &f, nil)
		return f, true
	}
	var kinds []record.ValueKind
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
		kinds = append(kinds, kind)
		f.Type, ok = JoinTypes(f.Type, kind), true
	}
	types := slices.DeleteFunc(slices.Clone(k.types), func(t string) bool { return t == "null" })
	p.elements(&k.values, &f, types)
	p.rules(&k.values, &f, types)
	anything := f.Type == record.JSON && len(types) >= len(jsonTypes)-2 // all but null, with number or integer or both
	if f.Items == nil && !anything && (f.Type == record.JSON || ok && len(kinds) > 0 && !slices.Contains(kinds, f.Type)) {
		k.values.judged = true // the field's type takes more
	}
	return f, ok
}

// elements gives an array its elements.
func (p *schemaParser) elements(k *valueKeywords, f *Field, types []string) {
	if f.Type != record.JSON || !slices.Equal(types, []string{"array"}) || k.tuple {
		return
	}
	items, at := jsontext.Value("true"), ""
	if k.items != nil {
		items, at = k.items.value, k.items.at
	}
	wanted := p.wanted
	p.within++
	of := p.collect(func() { p.property(at, "", items, 1, true) })
	p.within--
	rich := p.wanted > wanted || slices.ContainsFunc(of, func(f Field) bool { return !f.Rules.empty() })
	k.judged = k.judged || rich
	for i := range of {
		of[i].Rules = nil
		if of[i].Path == "" {
			of[i].Required = len(of) == 1
		}
	}
	slices.SortFunc(of, func(a, b Field) int { return cmp.Compare(a.Path, b.Path) })
	f.Items = &Elements{Of: &Schema{Fields: of}}
}

func (p *schemaParser) add(at string, f Field) {
	if _, twice := p.by[f.Path]; twice {
		p.fault(CodeSchemaInvalid, at, "two properties have one path", "rename one")
		return
	}
	if at != "" {
		if p.placed == nil {
			p.placed = map[string]string{}
		}
		p.placed[f.Path] = at
	}
	p.by[f.Path] = len(p.fields)
	p.fields = append(p.fields, f)
}

// annotations judge nothing.
var annotations = [...]string{"title", "description", "$comment", "default", "example", "examples", "deprecated", "readOnly", "writeOnly", "$id", "contentEncoding", "contentMediaType", "contentSchema"}

func (p *schemaParser) keywords(at string, raw jsontext.Value, root bool) (k keywords) {
	members, refs, also := p.expand(at, raw)
	k.refs, k.all = refs, also
	k.values.judged = len(also) > 0
	for _, m := range members {
		if !p.keyword(&k, m, root) {
			p.fault(CodeSchemaInvalid, m.at, "the keyword's value has the wrong type", "")
		}
	}
	if k.typed && !slices.Contains(k.types, "object") { // what is said of objects says nothing
		k.nested, k.properties = false, nil
	}
	return k
}

// keyword takes one keyword; false says that its value is none.
func (p *schemaParser) keyword(k *keywords, m schemaMember, root bool) (ok bool) {
	var err error
	switch m.name {
	case "type":
		k.types, ok = typesOf(m.value)
		k.typed = true
		return ok
	case "format":
		k.format, ok = stringOf(m.value)
		return ok
	case "required":
		k.required, ok = stringsOf(m.value)
		return ok
	case "properties":
		if m.value.Kind() != '{' {
			return false
		}
		k.properties, err = objectMembers(m.value)
		k.nested, k.within = true, m.at
		return err == nil
	case "$defs", "definitions":
		return m.value.Kind() == '{'
	case "$schema":
		draft, ok := stringOf(m.value)
		p.draft(m.at, draft, root)
		return ok
	case "additionalProperties":
		// What becomes of new fields is the stream's on_drift to say; a schema judges them.
		k.values.judged = k.values.judged || m.value.Kind() == '{'
		return true
	case "allOf", "anyOf", "oneOf", "then", "else", "dependentSchemas", "dependencies":
		if p.judges(m.name) {
			return p.choice(k, m)
		}
	}
	known, ok := p.value(&k.values, m)
	switch {
	case known:
		return ok
	case isNote(m.name):
	case p.judges(m.name):
		k.values.judged = true
		k.values.tuple = k.values.tuple || m.name == "prefixItems"
	default:
		p.unsupported(m)
	}
	return true
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
