package contract

import (
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/kit/errs"
)

// judgedAs says which of a schema's keywords an assertion takes. Of objects whose members
// became fields of their own, the fields judge types and members.
type judgedAs uint8

const (
	asValue    judgedAs = iota // all of them
	asObject                   // all but type, members, and whether others are allowed
	asRequired                 // as asObject, and which members must be there
)

// assertions compiles what is judged at one place. What it shares with other places of
// the document, whole schemas, the parser keeps.
type assertions struct {
	p       *schemaParser // resolves references, and is told of faults
	objects map[string]*assertion
	apart   map[string]bool // what references name that says otherwise than what stands beside
}

func newAssertions(p *schemaParser) *assertions {
	if p.values == nil {
		p.values = map[string]*assertion{}
	}
	return &assertions{p: p, objects: map[string]*assertion{}, apart: map[string]bool{}}
}

// In which draft a keyword that assertions take is one; bits.
const (
	in202012 = 1 << iota
	in07
	inBoth = in202012 | in07
)

// judgingKeywords are all that an assertion takes.
var judgingKeywords = map[string]int{
	"type": inBoth, "enum": inBoth, "const": inBoth, "multipleOf": inBoth, "minimum": inBoth, "maximum": inBoth,
	"exclusiveMinimum": inBoth, "exclusiveMaximum": inBoth, "minLength": inBoth, "maxLength": inBoth, "pattern": inBoth,
	"items": inBoth, "contains": inBoth, "minItems": inBoth, "maxItems": inBoth, "uniqueItems": inBoth,
	"properties": inBoth, "patternProperties": inBoth, "additionalProperties": inBoth, "propertyNames": inBoth,
	"required": inBoth, "minProperties": inBoth, "maxProperties": inBoth,
	"allOf": inBoth, "anyOf": inBoth, "oneOf": inBoth, "not": inBoth, "if": inBoth, "then": inBoth, "else": inBoth, "$ref": inBoth,
	"prefixItems": in202012, "minContains": in202012, "maxContains": in202012, "dependentRequired": in202012, "dependentSchemas": in202012,
	"additionalItems": in07, "dependencies": in07,
}

// judges reports whether a keyword is one that assertions take in the document's draft.
func (p *schemaParser) judges(name string) bool {
	draft := in202012
	if p.draft07 {
		draft = in07
	}
	return judgingKeywords[name]&draft != 0
}

func newAssertion() *assertion {
	return &assertion{maxText: -1, maxItems: -1, maxMember: -1, minContains: 1, maxContains: -1}
}

// compile makes the assertion of the schema at a place.
func (c *assertions) compile(at string, raw jsontext.Value, as judgedAs) *assertion {
	known := c.p.values
	if as != asValue {
		known = c.objects
	}
	if done := known[at]; done != nil {
		return done
	}
	a := newAssertion()
	known[at] = a
	if c.p.visits++; c.p.visits > maxVisits {
		if c.p.visits == maxVisits+1 {
			c.p.fault(CodeSchemaUnsupported, at, "the contract has too many schemas within schemas", "name each object once")
		}
		return a
	}
	switch raw.Kind() {
	case 't':
		return a
	case 'f':
		a.never = true
		return a
	case '{':
	default:
		c.p.fault(CodeSchemaInvalid, at, "a schema is an object, true or false", "")
		return a
	}
	members, err := objectMembers(raw)
	if err != nil {
		c.p.fault(CodeSchemaInvalid, at, "the schema cannot be read", "")
		return a
	}
	if as != asValue {
		_, _, also := c.p.expand(at, raw)
		for _, m := range also {
			c.apart[m.at] = true
		}
	}
	alone := c.p.draft07 && slices.ContainsFunc(members, func(m schemaMember) bool { return m.name == "$ref" })
	var bounds containsBounds
	for i := range members {
		members[i].at = at + "/" + pointerToken(members[i].name)
		m := members[i]
		switch {
		case alone && m.name != "$ref", as != asValue && (m.name == "type" && string(m.value) == `"object"` || m.name == "required" && as != asRequired):
		case isNote(m.name), isDefinitions(m.name), m.name == "$schema", m.name == "format":
		case !c.p.judges(m.name):
			c.p.unsupported(m)
		case !c.keyword(a, m, as, &bounds):
			c.p.fault(CodeSchemaInvalid, m.at, "the keyword's value has the wrong type", "")
		}
	}
	if a.contains != nil {
		bounds.set(a)
	}
	c.arrays(a, members, alone)
	return a
}

// unsupported tells of a keyword that judges and that a contract does not keep.
func (p *schemaParser) unsupported(m schemaMember) {
	switch {
	case strings.HasPrefix(m.name, "unevaluated"):
		p.fault(CodeSchemaUnsupported, m.at, "this keyword is not kept by a contract", "on_drift says what becomes of new fields; within a choice, list the members and write additionalProperties: false")
	case judgingKeywords[m.name] != 0:
		p.fault(CodeSchemaUnsupported, m.at, "the contract's draft does not have this keyword", "write it as the draft does, or say the other draft in $schema")
	default:
		p.fault(CodeSchemaUnsupported, m.at, "this keyword is not kept by a contract", "remove it, and use a check under expect instead")
	}
}

// containsBounds are those of contains, without which they say nothing.
type containsBounds struct{ least, most *int }

func (b containsBounds) set(a *assertion) {
	if b.least != nil {
		a.minContains = *b.least
	}
	if b.most != nil {
		a.maxContains = *b.most
	}
}

// keyword takes one keyword; false says that its value is none.
func (c *assertions) keyword(a *assertion, m schemaMember, as judgedAs, within *containsBounds) (ok bool) {
	switch m.name {
	case "$ref":
		if pointer, value, ok := c.p.follow(m.at, m.value); ok {
			if c.apart[pointer] { // no fields were made of it
				as = asValue
			}
			a.ref = c.compile(pointer, value, as)
		}
		return true
	case "type":
		return c.types(a, m)
	case "enum", "const":
		return c.enum(a, m)
	case "pattern":
		text, ok := stringOf(m.value)
		a.pattern = c.regexp(m.at, text, ok)
		return ok
	case "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum":
		return a.numeric(m)
	case "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains":
		return a.count(m, within)
	case "uniqueItems":
		a.unique = m.value.Kind() == 't'
		return a.unique || m.value.Kind() == 'f'
	case "required":
		a.required, ok = stringsOf(m.value)
		return ok
	case "properties", "patternProperties", "dependentSchemas", "dependentRequired", "dependencies":
		return c.members(a, m, as)
	case "additionalProperties":
		if as == asValue || m.value.Kind() == '{' {
			a.additional = c.compile(m.at, m.value, asValue)
		}
		return true
	case "propertyNames":
		a.memberNames = c.compile(m.at, m.value, asValue)
	case "contains":
		a.contains = c.compile(m.at, m.value, asValue)
	case "not":
		a.not = c.compile(m.at, m.value, asValue)
	case "if":
		a.when = c.compile(m.at, m.value, asValue)
	case "then":
		a.so = c.compile(m.at, m.value, asValue)
	case "else":
		a.els = c.compile(m.at, m.value, asValue)
	case "allOf", "anyOf", "oneOf":
		list, ok := c.list(m)
		*map[string]*[]*assertion{"allOf": &a.all, "anyOf": &a.any, "oneOf": &a.one}[m.name] = list
		return ok && len(list) > 0
	}
	return true // those of arrays are read together
}

func (c *assertions) list(m schemaMember) (list []*assertion, ok bool) {
	schemas, ok := elementsOf(m.value)
	for i, raw := range schemas {
		list = append(list, c.compile(m.at+"/"+strconv.Itoa(i), raw, asValue))
	}
	return list, ok
}

// arrays takes the schemas of an array's items, which the drafts write differently.
func (c *assertions) arrays(a *assertion, members []schemaMember, alone bool) {
	find := func(name string) (m schemaMember, ok bool) {
		i := slices.IndexFunc(members, func(m schemaMember) bool { return m.name == name })
		if i < 0 || alone || !c.p.judges(name) {
			return m, false
		}
		return members[i], true
	}
	items, hasItems := find("items")
	if prefix, ok := find("prefixItems"); ok {
		if a.prefix, ok = c.list(prefix); !ok || len(a.prefix) == 0 {
			c.p.fault(CodeSchemaInvalid, prefix.at, "the keyword's value has the wrong type", "")
		}
	}
	switch {
	case !hasItems:
	case c.p.draft07 && items.value.Kind() == '[':
		a.prefix, _ = c.list(items)
		if rest, ok := find("additionalItems"); ok {
			a.items = c.compile(rest.at, rest.value, asValue)
		}
	case items.value.Kind() == '[':
		c.p.fault(CodeSchemaUnsupported, items.at, "under 2020-12 items is one schema", "write the list under prefixItems")
	default:
		a.items = c.compile(items.at, items.value, asValue)
	}
}

func (c *assertions) types(a *assertion, m schemaMember) bool {
	names, ok := typesOf(m.value)
	for _, name := range names {
		bit, known := typeBits[name]
		if !known {
			c.p.fault(CodeSchemaInvalid, m.at, "there is no such type", "use string, integer, number, boolean, object, array or null")
		}
		a.types |= bit
	}
	return ok
}

func (c *assertions) enum(a *assertion, m schemaMember) bool {
	values := []jsontext.Value{m.value}
	if m.name == "enum" {
		var ok bool
		if values, ok = elementsOf(m.value); !ok {
			return false
		}
	}
	listed := map[string]bool{}
	for _, raw := range values {
		v, ok := parseValue(raw)
		if !ok {
			return false
		}
		if key := string(v.canonical(nil)); a.enum == nil || a.enum[key] { // of enum and const both hold
			listed[key] = true
		}
	}
	a.enum = listed
	return true
}

func (a *assertion) numeric(m schemaMember) bool {
	if m.value.Kind() != '0' {
		return false
	}
	n := decimalOf(string(m.value))
	if m.name == "multipleOf" {
		a.multiple = &n
		return n.cmp(decimal{}) > 0
	}
	a.bounds[slices.Index([]string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}, m.name)] = &n
	return true
}

func (a *assertion) count(m schemaMember, within *containsBounds) bool {
	n, ok := numberOf(m.value)
	if !ok || n != math.Trunc(n) || n < 0 || n > math.MaxInt32 {
		return false
	}
	count := int(n)
	switch m.name {
	case "minLength":
		a.minText = count
	case "maxLength":
		a.maxText = count
	case "minItems":
		a.minItems = count
	case "maxItems":
		a.maxItems = count
	case "minProperties":
		a.minMember = count
	case "maxProperties":
		a.maxMember = count
	case "minContains":
		within.least = &count
	case "maxContains":
		within.most = &count
	}
	return true
}

func (c *assertions) regexp(at, text string, ok bool) *regexp.Regexp {
	if !ok {
		return nil
	}
	pattern, err := regexp.Compile(text)
	if err != nil {
		c.p.fault(CodeSchemaUnsupported, at, "the pattern does not compile as RE2", "write it without look-around and back-references")
	}
	return pattern
}

// members takes the keywords whose value has a schema, or names, for each of its members.
func (c *assertions) members(a *assertion, m schemaMember, as judgedAs) bool {
	if m.value.Kind() != '{' {
		return false
	}
	list, err := objectMembers(m.value)
	if err != nil {
		return false
	}
	for _, each := range list {
		at := m.at + "/" + pointerToken(each.name)
		switch m.name {
		case "properties":
			one := namedAssertion{name: each.name}
			if as == asValue {
				one.assertion = c.compile(at, each.value, asValue)
			}
			a.properties = append(a.properties, one)
			continue
		case "patternProperties":
			a.patterns = append(a.patterns, patternAssertion{c.regexp(at, each.name, true), c.compile(at, each.value, asValue)})
			continue
		}
		needs := newAssertion()
		if names, ok := stringsOf(each.value); ok && m.name != "dependentSchemas" {
			needs.required = names
		} else if m.name == "dependentRequired" {
			return false
		} else {
			needs = c.compile(at, each.value, asValue)
		}
		a.depends(each.name, needs)
	}
	slices.SortFunc(a.properties, func(a, b namedAssertion) int { return strings.Compare(a.name, b.name) })
	return true
}

// depends adds what an object keeps where it has a member.
func (a *assertion) depends(name string, needs *assertion) {
	at, known := findNamed(a.dependents, name)
	if !known {
		a.dependents = slices.Insert(a.dependents, at, namedAssertion{name, needs})
		return
	}
	both := newAssertion()
	both.all = []*assertion{a.dependents[at].assertion, needs}
	a.dependents[at].assertion = both
}

// elementsOf gives the elements of a JSON array.
func elementsOf(raw jsontext.Value) (list []jsontext.Value, ok bool) {
	if raw.Kind() != '[' {
		return nil, false
	}
	dec := jsontext.NewDecoder(strings.NewReader(string(raw)))
	if _, err := dec.ReadToken(); err != nil {
		return nil, false
	}
	for dec.PeekKind() != ']' {
		value, err := dec.ReadValue()
		if err != nil {
			return nil, false
		}
		list = append(list, value.Clone())
	}
	return list, true
}

// circular reports whether an assertion comes back to itself for the same value.
func (a *assertion) circular(state map[*assertion]int) bool {
	const open, done = 1, 2
	if a == nil || state[a] == done {
		return false
	}
	if state[a] == open {
		return true
	}
	state[a] = open
	same := slices.Concat(a.all, a.any, a.one, []*assertion{a.ref, a.not, a.when, a.so, a.els})
	for _, d := range a.dependents {
		same = append(same, d.assertion)
	}
	for _, each := range same {
		if each.circular(state) {
			return true
		}
	}
	state[a] = done
	return false
}

// tellCircles tells of a schema that comes back to itself without a step into the value.
func (p *schemaParser) tellCircles(tops map[string]*assertion) {
	state := map[*assertion]int{}
	for _, of := range []map[string]*assertion{p.values, tops} {
		for _, at := range slices.Sorted(maps.Keys(of)) {
			if of[at].circular(state) {
				p.fault(CodeSchemaInvalid, at, "the schema comes back to itself", "name a schema that says something")
				return
			}
		}
	}
}

// assertions compiles what a contract has judged as it was written, by path. It fails
// where the text does not have it.
func (s *Schema) assertions() (map[string]*assertion, error) {
	if len(s.Judged) == 0 {
		return nil, nil
	}
	p := schemaParser{}
	p.begin(jsontext.Value(s.Text))
	judged := make(map[string]*assertion, len(s.Judged))
	for _, j := range s.Judged {
		raw, ok := p.at(j.At)
		if !ok {
			return nil, errs.New("contract_field", "the contract's text has nothing at the place "+j.At)
		}
		judged[j.Path] = newAssertions(&p).compile(j.At, raw, j.as())
	}
	p.tellCircles(judged)
	if len(p.faults) > 0 {
		return nil, p.faults[0]
	}
	return judged, nil
}
