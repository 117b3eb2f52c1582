package contract

import (
	"bytes"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/kit/errs"
)

// maxPrunes bounds how often a schema is read, cut back and read again.
const maxPrunes = 50

// write makes the contract's text from a schema that may say more than a contract
// keeps: what ParseJSONSchema does not take is left out, and told.
func (out *Planned) write(r *planRule, schema jsontext.Value, added []schemaMember) error {
	p := pruner{drop: map[string]bool{}}
	if schema.Kind() != '{' {
		schema = jsontext.Value("{}")
	}
	schema = p.schema("", "", withProperties(schema, added))
	for range maxPrunes {
		text := contractText(r, schema)
		read, err := ParseJSONSchema(text)
		if err == nil {
			out.Text, out.Fields = text, len(read.Fields)
			out.Left = append(out.Left, p.left...)
			return nil
		}
		clear(p.drop)
		for _, fault := range joined(err) {
			p.drop[strings.TrimPrefix(fault.Where, "#")] = true
		}
		before := len(p.left)
		if schema = p.schema("", "", schema); len(p.left) == before {
			return err
		}
	}
	return errs.New(CodePlan, "its schema has too much that a contract does not keep")
}

// joined gives the faults of an error that joins several.
func joined(err error) (list []*errs.Error) {
	switch e := err.(type) { //nolint:errorlint // as ParseJSONSchema gives it
	case *errs.Error:
		return []*errs.Error{e}
	case interface{ Unwrap() []error }:
		for _, each := range e.Unwrap() {
			list = append(list, joined(each)...)
		}
	}
	return list
}

// withProperties adds those properties that an object's schema does not have. One that
// has no properties takes any, and is left so.
func withProperties(schema jsontext.Value, added []schemaMember) jsontext.Value {
	properties := memberOf(schema, "properties")
	if properties.Kind() != '{' {
		return schema
	}
	all, _ := objectMembers(properties)
	for _, m := range added {
		if !slices.ContainsFunc(all, func(has schemaMember) bool { return has.name == m.name }) {
			all = append(all, m)
		}
	}
	members, _ := objectMembers(schema)
	for i := range members {
		if members[i].name == "properties" {
			members[i].value = objectOf(all)
		}
	}
	return objectOf(members)
}

// contractText is the file of a contract.
func contractText(r *planRule, schema jsontext.Value) []byte {
	head := []schemaMember{{name: "$schema", value: stringValue(draft07 + "#")}, {name: "title", value: stringValue(r.title())}}
	if r.Description != "" {
		head = append(head, schemaMember{name: "description", value: stringValue(r.Description)})
	}
	head = append(head, schemaMember{name: "type", value: stringValue("object")})
	members, _ := objectMembers(schema)
	for _, m := range members {
		if !slices.ContainsFunc(head, func(has schemaMember) bool { return has.name == m.name }) {
			head = append(head, m)
		}
	}
	text := objectOf(head)
	_ = text.Indent(jsontext.WithIndent("  ")) // it was read before
	return append(bytes.TrimSpace(text), '\n')
}

func (r *planRule) title() string {
	if r.Key != "" {
		return r.Key
	}
	return strings.ToLower(r.Type)
}

// objectOf writes an object of members whose names differ and whose values were read
// as JSON.
func objectOf(members []schemaMember) jsontext.Value {
	out := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, stringValue(m.name)...), ':'), m.value...)
	}
	return append(out, '}')
}

func stringValue(s string) jsontext.Value {
	out, _ := jsontext.AppendQuote(nil, s) // what is no UTF-8 was refused
	return out
}

// pruner cuts keywords out of a schema.
type pruner struct {
	drop map[string]bool // JSON Pointers of what a contract does not keep
	left []string        // what was cut, by field and keyword
}

func (p *pruner) leave(path, keyword string) {
	if path == "" {
		path = "all properties"
	}
	p.left = append(p.left, path+": "+keyword)
}

// dropped reports whether something at or below a keyword is not kept.
func (p *pruner) dropped(at string) bool {
	if p.drop[at] {
		return true
	}
	for pointer := range p.drop {
		if strings.HasPrefix(pointer, at+"/") {
			return true
		}
	}
	return false
}

// schema copies an object's schema without what is cut.
func (p *pruner) schema(at, path string, raw jsontext.Value) jsontext.Value {
	members, _ := objectMembers(raw)
	var kept []schemaMember
	var names []string
	for _, m := range members {
		if m.name == "properties" && m.value.Kind() == '{' {
			m.value, names = p.properties(at+"/properties", path, m.value)
			kept = append(kept, m)
			continue
		}
		switch m.name {
		case "id", "$id", "$schema", "labels", proposedName: // say nothing of the values, or what is not theirs to say
			continue
		case "$ref", "definitions", "$defs": // what they mean lies outside
			p.leave(path, m.name)
			continue
		}
		if m.name != "required" && p.dropped(at+"/"+pointerToken(m.name)) {
			p.leave(path, m.name)
			continue
		}
		kept = append(kept, m)
	}
	return objectOf(p.required(path, kept, names))
}

// required cuts those names that are not among an object's properties.
func (p *pruner) required(path string, members []schemaMember, names []string) []schemaMember {
	for i, m := range members {
		if m.name != "required" {
			continue
		}
		list, ok := stringsOf(m.value)
		if !ok {
			p.leave(path, m.name)
			return slices.Delete(members, i, i+1)
		}
		kept := slices.DeleteFunc(slices.Clone(list), func(name string) bool { return !slices.Contains(names, name) })
		if len(kept) == len(list) {
			return members
		}
		p.leave(path, "required, of what is not among the properties")
		if len(kept) == 0 {
			return slices.Delete(members, i, i+1)
		}
		members[i].value, _ = json.Marshal(kept)
		return members
	}
	return members
}

// properties copies an object's properties, and gives the names of those that stay.
func (p *pruner) properties(at, path string, raw jsontext.Value) (jsontext.Value, []string) {
	members, _ := objectMembers(raw)
	var kept []schemaMember
	var names []string
	for _, m := range members {
		here, below := at+"/"+pointerToken(m.name), m.name
		if path != "" {
			below = path + "." + m.name
		}
		below = eventName(below)
		if p.drop[here] {
			p.leave(below, "the field itself")
			continue
		}
		if m.value.Kind() == '{' {
			m.value = p.schema(here, below, m.value)
		}
		kept, names = append(kept, m), append(names, m.name)
	}
	return objectOf(kept), names
}
