package config

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// schemaNode is the part of JSON Schema that editors need.
type schemaNode struct {
	Schema      string                 `json:"$schema,omitempty"`
	Title       string                 `json:"title,omitempty"`
	Description string                 `json:"description,omitempty"`
	Type        string                 `json:"type,omitempty"`
	Enum        []string               `json:"enum,omitempty"`
	Const       string                 `json:"const,omitempty"`
	Pattern     string                 `json:"pattern,omitempty"`
	Minimum     *float64               `json:"minimum,omitempty"`
	Maximum     *float64               `json:"maximum,omitempty"`
	Default     string                 `json:"default,omitempty"`
	Required    []string               `json:"required,omitempty"`
	Properties  map[string]*schemaNode `json:"properties,omitempty"`
	Additional  any                    `json:"additionalProperties,omitempty"` // false or a *schemaNode
	Items       *schemaNode            `json:"items,omitempty"`
	AnyOf       []*schemaNode          `json:"anyOf,omitempty"`
}

// variable is what any scalar may hold instead of its own form.
const variable = `\$\{`

// SchemaJSON is the JSON Schema (draft 2020-12) of kith.yaml, for editors.
func SchemaJSON() []byte {
	root := spec().schema()
	root.Schema = "https://json-schema.org/draft/2020-12/schema"
	root.Title = "kith.yaml"
	data, err := json.Marshal(root, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return nil // the schema is made of strings and numbers alone
	}
	return append(data, '\n')
}

func (f field) schema() *schemaNode {
	s := f.bareSchema()
	s.Description = f.doc
	if f.def != "" && f.shape != list && f.shape != object {
		s.Default = f.def
	}
	return s
}

func (f field) bareSchema() *schemaNode {
	switch f.shape {
	case object:
		return f.objectSchema()
	case table:
		return &schemaNode{Type: "object", Additional: f.item.schema()}
	case list:
		many := &schemaNode{Type: "array", Items: f.item.schema()}
		if f.item.shape == object || f.item.shape == arguments {
			return many
		}
		return &schemaNode{AnyOf: []*schemaNode{many, f.item.schema()}}
	case either:
		s := &schemaNode{}
		for _, o := range f.options {
			s.AnyOf = append(s.AnyOf, o.schema())
		}
		return s
	case arguments:
		return &schemaNode{AnyOf: []*schemaNode{{Type: "string"}, {Type: "object"}}}
	case integer, number:
		n := &schemaNode{Type: map[shape]string{integer: "integer", number: "number"}[f.shape]}
		if f.high > f.low {
			n.Minimum, n.Maximum = &f.low, &f.high
		}
		return orVariable(n)
	case boolean:
		return orVariable(&schemaNode{Type: "boolean"})
	case choice:
		return orVariable(&schemaNode{Type: "string", Enum: f.choices})
	case duration:
		return orVariable(&schemaNode{Type: "string", Pattern: `^([0-9.]+(ns|us|µs|ms|s|m|h))+$|^[0-9.]+d$`})
	case size:
		return &schemaNode{AnyOf: []*schemaNode{{Type: "integer"}, {Type: "string", Pattern: `^[0-9.]+ ?([kKmMgGtT]?i?[bB]?)$|` + variable}}}
	}
	return &schemaNode{AnyOf: []*schemaNode{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}}
}

func orVariable(s *schemaNode) *schemaNode {
	return &schemaNode{AnyOf: []*schemaNode{s, {Type: "string", Pattern: variable}}}
}

func (f field) objectSchema() *schemaNode {
	if f.by == "" {
		return closed(f.fields)
	}
	s := &schemaNode{}
	for _, v := range f.variants {
		one := closed(append(append([]field(nil), f.fields...), v.fields...))
		one.Description = v.doc
		by, _ := f.child(f.by)
		one.Properties[f.by] = &schemaNode{Const: v.name, Description: by.doc}
		s.AnyOf = append(s.AnyOf, one)
	}
	return s
}

// closed is an object without other keys than these.
func closed(fields []field) *schemaNode {
	s := &schemaNode{Type: "object", Properties: map[string]*schemaNode{}, Additional: false}
	for _, f := range fields {
		s.Properties[f.key] = f.schema()
		if f.required {
			s.Required = append(s.Required, f.key)
		}
	}
	return s
}

// limits writes a number's bounds, for the reference page.
func (f field) limits() string {
	if f.high <= f.low {
		return ""
	}
	return f.bound(f.low) + " to " + f.bound(f.high)
}
