package contract

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/kit/errs"
)

// maxVisits bounds the schemas that are read, since references can fan out.
const maxVisits = 4 * MaxFields

// noLoader refuses to load what a schema names.
type noLoader struct{}

func (noLoader) Load(string) (any, error) {
	return nil, errs.New(CodeSchemaRemote, "a contract reads no other file")
}

// expand gives the members of a schema object, each with its place, and those of what
// its $ref names in its stead. refs are the places that were gone to. Under draft-07
// what stands beside $ref says nothing; under 2020-12 both hold, and where they say two
// things of one keyword, also has what is named.
func (p *schemaParser) expand(at string, raw jsontext.Value) (all []schemaMember, refs []string, also []schemaMember) {
	for {
		if p.visits++; p.visits > maxVisits {
			if p.visits == maxVisits+1 {
				p.fault(CodeSchemaUnsupported, at, "the references of the contract fan out too far", "name each object once")
			}
			return all, refs, also
		}
		members, err := objectMembers(raw)
		if err != nil {
			p.fault(CodeSchemaInvalid, at, "the schema cannot be read", "")
			return all, refs, also
		}
		if len(refs) > 0 && conflict(all, members) {
			return all, refs[:len(refs)-1], append(also, schemaMember{at: at, value: raw})
		}
		ref := slices.IndexFunc(members, func(m schemaMember) bool { return m.name == "$ref" })
		for _, m := range members {
			m.at = at + "/" + pointerToken(m.name)
			if m.name == "$ref" || m.name == "$schema" && len(refs) > 0 || ref >= 0 && p.draft07 && !strings.HasPrefix(m.name, "$") {
				continue
			}
			if !slices.ContainsFunc(all, func(o schemaMember) bool { return o.name == m.name }) {
				all = append(all, m)
			}
		}
		if ref < 0 {
			return all, refs, also
		}
		target, value, ok := p.follow(at+"/$ref", members[ref].value)
		if ok && (slices.Contains(refs, target) || target == at) {
			p.fault(CodeSchemaInvalid, at+"/$ref", "the reference comes back to itself", "name a schema that says something")
			ok = false
		}
		if !ok {
			return all, refs, also
		}
		refs, at, raw = append(refs, target), target, value
	}
}

// conflict reports whether members say otherwise of a keyword than others do.
func conflict(all, members []schemaMember) bool {
	return slices.ContainsFunc(members, func(m schemaMember) bool {
		return !isNote(m.name) && !isDefinitions(m.name) && m.name != "$schema" && slices.ContainsFunc(all, func(o schemaMember) bool {
			return o.name == m.name && string(o.value) != string(m.value)
		})
	})
}

// follow finds what a reference within the file names.
func (p *schemaParser) follow(at string, raw jsontext.Value) (pointer string, value jsontext.Value, ok bool) {
	ref, isText := stringOf(raw)
	fragment, local := strings.CutPrefix(ref, "#")
	switch {
	case !isText:
		p.fault(CodeSchemaInvalid, at, "a reference is a text", "")
		return "", nil, false
	case !local:
		p.fault(CodeSchemaRemote, at, "the reference leaves the file, and a contract reads no other", "copy what it names under $defs, and refer to #/$defs/NAME")
		return "", nil, false
	case fragment != "" && fragment[0] != '/':
		p.fault(CodeSchemaUnsupported, at, "references to anchors are not kept by a contract", "refer to #/$defs/NAME")
		return "", nil, false
	case p.nestedID:
		p.fault(CodeSchemaUnsupported, at, "the file has an $id below its root, which changes what references mean", "remove that $id")
		return "", nil, false
	}
	pointer, err := url.PathUnescape(fragment)
	if err == nil {
		value, ok = p.at(pointer)
	}
	if !ok {
		p.fault(CodeSchemaInvalid, at, "the file has nothing at the place that the reference names", "")
		return "", nil, false
	}
	if value.Kind() != '{' {
		p.fault(CodeSchemaUnsupported, at, "the reference names no object", "")
		return "", nil, false
	}
	return pointer, value, true
}

// at is what lies at a JSON Pointer. What it walks through is read once.
func (p *schemaParser) at(pointer string) (jsontext.Value, bool) {
	if pointer == "" {
		return p.doc, true
	}
	cut := strings.LastIndexByte(pointer, '/')
	if cut < 0 {
		return nil, false
	}
	parts, read := p.places[pointer[:cut]]
	if !read {
		within, ok := p.at(pointer[:cut])
		if !ok {
			return nil, false
		}
		parts = partsOf(within)
		p.places[pointer[:cut]] = parts
	}
	v, ok := parts[strings.ReplaceAll(strings.ReplaceAll(pointer[cut+1:], "~1", "/"), "~0", "~")]
	return v, ok
}

// partsOf gives an object's members by name, or an array's elements by number.
func partsOf(v jsontext.Value) map[string]jsontext.Value {
	parts := map[string]jsontext.Value{}
	if list, ok := elementsOf(v); ok {
		for i, each := range list {
			parts[strconv.Itoa(i)] = each
		}
	} else if v.Kind() == '{' {
		members, _ := objectMembers(v)
		for _, m := range members {
			parts[m.name] = m.value
		}
	}
	return parts
}

// begin learns of the whole file what its parts depend on.
func (p *schemaParser) begin(doc jsontext.Value) {
	p.doc, p.places, p.open = doc, map[string]map[string]jsontext.Value{}, []string{""}
	members, err := objectMembers(doc)
	if err != nil {
		return
	}
	for _, m := range members {
		switch {
		case m.name == "$schema":
			draft, _ := stringOf(m.value)
			p.draft07 = strings.TrimSuffix(draft, "#") == draft07
		case m.value.Kind() == '{' || m.value.Kind() == '[':
			p.nestedID = p.nestedID || strings.Contains(string(m.value), `"$id"`)
		}
	}
}

func isDefinitions(name string) bool { return name == "$defs" || name == "definitions" }

func isNote(name string) bool {
	return slices.Contains(annotations[:], name) || strings.HasPrefix(name, "x-")
}
