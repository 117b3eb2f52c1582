package config

import (
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v4"
)

func (v *value) keys() []string {
	if v == nil {
		return nil
	}
	return v.names
}

// entries gives a map's values by their keys.
func (v *value) entries() map[string]*value {
	if v == nil {
		return nil
	}
	return v.subs
}

// has reports whether a map writes a key, be its value faulty or not.
func (v *value) has(key string) bool {
	_, content := v.entry(key)
	return content != nil && !isNull(content)
}

// entry gives the nodes of a key and of what is written for it; nil where a map does
// not write it.
func (v *value) entry(key string) (name, content *yaml.Node) {
	if v == nil || v.node.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		if v.node.Content[i].Value == key {
			return v.node.Content[i], v.node.Content[i+1]
		}
	}
	return nil, nil
}

// plainName checks the name of a source or destination.
func (b *builder) plainName(v *value, name string) bool {
	if validName(name, true) {
		return true
	}
	b.add(v.key, CodeName, fmt.Sprintf("%q cannot be a name", name), "use up to 64 letters, digits, dashes and underscores, and start with a letter or digit")
	return false
}

// validName reports whether a name is made of ASCII letters, digits and underscores,
// with a letter first; dashed allows dashes, and a digit first.
func validName(name string, dashed bool) bool {
	for i, c := range name {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		digit := c >= '0' && c <= '9'
		if !letter && !(digit && (i > 0 || dashed)) && !(c == '_' && (i > 0 || !dashed)) && !(c == '-' && i > 0 && dashed) {
			return false
		}
	}
	return name != "" && len(name) <= 64
}

func validProject(name string) bool {
	for _, c := range name {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return len(name) <= 100
}

func keysOf[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
