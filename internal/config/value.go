package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/kithdata/kith/internal/kit/errs"
)

const (
	maxDepth = 64      // of nesting
	maxNodes = 200_000 // after aliases are followed
)

// value is one setting as read: checked against its field, or absent (nil). All its
// methods work on nil and give the zero of their type.
type value struct {
	node  *yaml.Node
	key   *yaml.Node // of its entry in a map, for faults of its name
	field field
	path  string
	str   string // scalars, after variables
	n     int64  // integer, size, duration in nanoseconds, boolean
	f     float64
	names []string // object and table: keys, in the file's order
	subs  map[string]*value
	items []*value
}

func (v *value) get(key string) *value {
	if v == nil {
		return nil
	}
	return v.subs[key]
}

func (v *value) text() string {
	if v == nil {
		return ""
	}
	return v.str
}

func (v *value) textOr(def string) string {
	if v == nil || v.str == "" {
		return def
	}
	return v.str
}

func (v *value) texts() []string {
	var all []string
	if v != nil {
		for _, item := range v.items {
			all = append(all, item.str)
		}
	}
	return all
}

func (v *value) int() int {
	if v == nil {
		return 0
	}
	return int(v.n)
}

func (v *value) bool(def bool) bool {
	if v == nil {
		return def
	}
	return v.n == 1
}

func (v *value) duration() time.Duration {
	if v == nil {
		return 0
	}
	return time.Duration(v.n)
}

func (v *value) at() *yaml.Node {
	if v == nil {
		return nil
	}
	return v.node
}

// reader checks nodes against fields, gathering faults.
type reader struct {
	*faults
	env   func(string) (string, bool)
	dir   string // that relative paths start from
	nodes int
	over  bool
}

// read gives the value of a node, or nil where it is absent or faulty.
func (r *reader) read(n *yaml.Node, f field, path string, depth int) *value {
	if f.shape == ignored {
		return nil
	}
	n = r.follow(n, depth)
	if n == nil || isNull(n) {
		return nil
	}
	v := &value{node: n, field: f, path: path}
	switch f.shape {
	case object, table:
		return r.readMap(v, depth)
	case list:
		return r.readList(v, depth)
	case either:
		return r.readEither(v, depth)
	case arguments:
		return r.readArguments(v, depth)
	}
	if n.Kind != yaml.ScalarNode {
		r.add(n, CodeValueType, fmt.Sprintf("%s is %s", path, kindOf(n)), "write "+f.wanted())
		return nil
	}
	if !r.expand(v) || !r.scalar(v) {
		return nil
	}
	return v
}

// follow resolves aliases within the limits of depth and size.
func (r *reader) follow(n *yaml.Node, depth int) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
		r.nodes++
	}
	r.nodes++
	if r.nodes > maxNodes || depth > maxDepth {
		if !r.over {
			r.over = true
			r.add(n, CodeTooLarge, fmt.Sprintf("the file says more than %d things or nests deeper than %d levels", maxNodes, maxDepth), "use fewer aliases and levels")
		}
		return nil
	}
	return n
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		return "a single value"
	}
	return "something else"
}

func (r *reader) readMap(v *value, depth int) *value {
	if v.node.Kind != yaml.MappingNode {
		r.add(v.node, CodeValueType, fmt.Sprintf("%s is %s", v.path, kindOf(v.node)), "write "+v.field.wanted())
		return nil
	}
	fields := v.field.fields
	if v.field.by != "" {
		var known bool
		if fields, known = r.variantFields(v, depth); !known {
			return v // its type is told; its keys cannot be judged
		}
	}
	v.subs = map[string]*value{}
	lines := map[string]int{}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		keyNode := r.follow(v.node.Content[i], depth+1)
		if keyNode == nil {
			return v
		}
		if keyNode.Kind != yaml.ScalarNode {
			r.add(keyNode, CodeValueType, fmt.Sprintf("a key of %s is %s", v.path, kindOf(keyNode)), "write a name")
			continue
		}
		key, content := keyNode.Value, v.node.Content[i+1]
		name := v.nameOf(fields, key, content)
		if line, twice := lines[key]; twice {
			r.add(keyNode, CodeKeyTwice, name+" is written twice", fmt.Sprintf("keep one of them; the first is on line %d", line))
			continue
		}
		lines[key] = keyNode.Line
		f, ok := r.keyField(v, fields, keyNode, name)
		if !ok {
			continue
		}
		sub := r.read(content, f, name, depth+1)
		if sub == nil && isEmpty(content) && (v.field.shape == table || f.required || f.needy()) {
			r.add(keyNode, CodeKeyMissing, name+" is empty", "write "+f.wanted())
		}
		if sub != nil {
			sub.key = keyNode
			v.names = append(v.names, key)
			v.subs[key] = sub
		}
	}
	for _, f := range fields {
		if f.required && lines[f.key] == 0 {
			r.add(v.node, CodeKeyMissing, join(v.path, f.key)+" is missing", fmt.Sprintf("add %s: %s", f.key, f.example))
		}
	}
	return v
}

// hidden stands for a key that must not be shown.
const hidden = "…"

// nameOf is the path of a key. One that is no setting, has no value and stands beside
// secrets is not shown: it may be what follows a comma in a secret without quotes.
func (v *value) nameOf(fields []field, key string, content *yaml.Node) string {
	secrets := slices.ContainsFunc(fields, func(f field) bool { return f.shape == secret })
	known := slices.ContainsFunc(fields, func(f field) bool { return f.key == key })
	if secrets && !known && isEmpty(content) {
		return join(v.path, hidden)
	}
	return join(v.path, key)
}

// needy reports whether a map must say something of itself.
func (f field) needy() bool {
	return f.shape == object && slices.ContainsFunc(f.fields, func(c field) bool { return c.required })
}

// isEmpty reports whether nothing is written for a key.
func isEmpty(n *yaml.Node) bool {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n == nil || isNull(n)
}

// keyField finds the field of a key, or tells that there is none.
func (r *reader) keyField(v *value, fields []field, key *yaml.Node, name string) (field, bool) {
	if v.field.shape == table {
		return *v.field.item, true
	}
	names := make([]string, 0, len(fields))
	for _, f := range fields {
		if f.key == key.Value {
			return f, true
		}
		names = append(names, f.key)
	}
	mend := meant(key.Value, names)
	switch {
	case key.Value == "<<":
		mend = "write the keys out: maps are not merged"
	case strings.HasSuffix(name, hidden):
		mend = "put quotes around a value that has commas"
	}
	r.add(key, CodeKeyUnknown, name+" is not a setting", mend)
	return field{}, false
}

// variantFields gives the fields of an object whose kind one of its keys names.
func (r *reader) variantFields(v *value, depth int) ([]field, bool) {
	by, _ := v.field.child(v.field.by)
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		if v.node.Content[i].Value != v.field.by {
			continue
		}
		quiet := &reader{faults: &faults{}, env: r.env, dir: r.dir}
		by.shape = text
		name := quiet.read(v.node.Content[i+1], by, "", depth+1).text()
		for _, known := range v.field.variants {
			if known.name == name {
				return append(slices.Clone(v.field.fields), known.fields...), true
			}
		}
		code, what := CodeSourceType, "source"
		if strings.HasPrefix(v.path, "destinations") {
			code, what = CodeDestType, "destination"
		}
		r.add(v.node.Content[i+1], code, fmt.Sprintf("%s: there is no %s of type %s", v.path, what, quote(v.node.Content[i+1])),
			"this version speaks to "+listing(by.choices))
		return nil, false
	}
	r.add(v.node, CodeKeyMissing, join(v.path, by.key)+" is missing", "add "+by.key+": "+listing(by.choices))
	return nil, false
}

func (r *reader) readList(v *value, depth int) *value {
	nodes := []*yaml.Node{v.node}
	if v.node.Kind == yaml.SequenceNode {
		nodes = v.node.Content
	} else if v.field.item.shape == object || v.node.Kind == yaml.MappingNode && v.field.item.shape != arguments {
		r.add(v.node, CodeValueType, fmt.Sprintf("%s is %s", v.path, kindOf(v.node)), "write "+v.field.wanted())
		return nil
	}
	for i, n := range nodes {
		if item := r.read(n, *v.field.item, fmt.Sprintf("%s[%d]", v.path, i), depth+1); item != nil {
			v.items = append(v.items, item)
		}
	}
	return v
}

func (r *reader) readEither(v *value, depth int) *value {
	for _, f := range v.field.options {
		if f.fits(v.node) {
			f.key = v.field.key
			return r.read(v.node, f, v.path, depth)
		}
	}
	r.add(v.node, CodeValueType, fmt.Sprintf("%s is %s", v.path, kindOf(v.node)), "write "+v.field.wanted())
	return nil
}

// readArguments reads freely: scalars as text, maps and lists of those.
func (r *reader) readArguments(v *value, depth int) *value {
	inner := field{shape: arguments}
	switch v.node.Kind {
	case yaml.ScalarNode:
		v.field.shape = text
		if !r.expand(v) {
			return nil
		}
	case yaml.SequenceNode:
		for i, n := range v.node.Content {
			if item := r.read(n, inner, fmt.Sprintf("%s[%d]", v.path, i), depth+1); item != nil {
				v.items = append(v.items, item)
			}
		}
	case yaml.MappingNode:
		t := field{shape: table, item: &inner}
		v.field = t
		return r.readMap(v, depth)
	}
	return v
}

func (f field) fits(n *yaml.Node) bool {
	switch f.shape {
	case object, table:
		return n.Kind == yaml.MappingNode
	case list:
		return n.Kind == yaml.SequenceNode
	case either:
		return slices.ContainsFunc(f.options, func(o field) bool { return o.fits(n) })
	case arguments:
		return true
	}
	return n.Kind == yaml.ScalarNode
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// scalar reads v.str as the field's shape.
func (r *reader) scalar(v *value) bool {
	var err error
	switch v.field.shape {
	case integer:
		v.n, err = strconv.ParseInt(v.str, 0, 64)
		v.f = float64(v.n)
	case number:
		if v.f, err = strconv.ParseFloat(v.str, 64); err == nil && (math.IsNaN(v.f) || math.IsInf(v.f, 0)) {
			err = strconv.ErrRange
		}
	case boolean:
		var b, ok bool
		if b, ok = parseBool(v.str); !ok {
			err = strconv.ErrSyntax
		} else if b {
			v.n = 1
		}
	case duration:
		var d time.Duration
		d, err = parseDuration(v.str)
		v.n, v.f = int64(d), d.Seconds()
	case size:
		v.n, err = parseSize(v.str)
	case choice:
		if !slices.Contains(v.field.choices, v.str) {
			mend := meant(v.str, v.field.choices)
			if v.field.instead != "" && nearest(v.str, v.field.choices) == "" {
				mend += ", or " + v.field.instead
			}
			return r.bad(v, CodeValueChoice, mend)
		}
	case text, secret:
		if v.str == "" && v.field.required {
			return r.bad(v, CodeKeyMissing, "write "+v.field.wanted())
		}
	}
	if err != nil {
		return r.bad(v, CodeValueType, "write "+v.field.wanted())
	}
	if v.field.high > v.field.low && (v.f < v.field.low || v.f > v.field.high) {
		return r.bad(v, CodeValueRange, "write "+v.field.wanted())
	}
	return true
}

// bad tells of a value that is wrong. What came from the environment is not shown.
func (r *reader) bad(v *value, code errs.Code, mend string) bool {
	r.add(v.node, code, fmt.Sprintf("%s cannot be %s", v.path, quote(v.node)), mend)
	return false
}

// quote shows a scalar as the file writes it, before variables, cut to a line.
func quote(n *yaml.Node) string {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		return kindOf(n)
	}
	if len(n.Value) > 80 {
		return "what it is"
	}
	return strconv.Quote(n.Value)
}

// wanted says what a field takes, for the way to mend it.
func (f field) wanted() string {
	example := ""
	if f.example != "" {
		example = ", for example " + f.example
	}
	switch f.shape {
	case integer, number:
		what := "a whole number"
		if f.shape == number {
			what = "a number"
		}
		if f.high > f.low {
			what += " from " + f.bound(f.low) + " to " + f.bound(f.high)
		}
		return what + example
	case boolean:
		return "true or false"
	case duration:
		if f.high > f.low {
			return "a time from " + f.bound(f.low) + " to " + f.bound(f.high) + example
		}
		return "a time such as 500ms, 2s, 10m, 24h or 30d"
	case size:
		return "a size in bytes, such as 64KiB, 256MiB or 1GiB"
	case choice:
		return listing(f.choices)
	case object, table:
		return "a map" + example
	case list:
		return "a list" + example
	case either:
		var all []string
		for _, o := range f.options {
			all = append(all, o.wanted())
		}
		return strings.Join(all, "; or ") + example
	}
	return "a text" + example
}

// bound writes low or high.
func (f field) bound(n float64) string {
	switch {
	case f.shape == duration && n >= 86400 && math.Mod(n, 86400) == 0:
		return plain(n/86400) + "d"
	case f.shape == duration && n >= 60 && math.Mod(n, 60) == 0:
		return plain(n/60) + "m"
	case f.shape == duration:
		return plain(n) + "s"
	}
	return plain(n)
}

func plain(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// find gives the node at a path such as streams.crm.contacts.key, or at the longest
// part of it that the file writes.
func (v *value) find(path string) *yaml.Node {
	if rest, ok := strings.CutPrefix(path, "["); ok && v != nil {
		at, rest, _ := strings.Cut(rest, "]")
		if i, err := strconv.Atoi(at); err == nil && i >= 0 && i < len(v.items) {
			item := v.items[i]
			if len(item.names) == 1 && item.subs[item.names[0]] != nil { // {step: {setting: value}}
				item = item.subs[item.names[0]]
			}
			return item.find(strings.TrimPrefix(rest, "."))
		}
	}
	best := ""
	for _, name := range v.keys() {
		if (path == name || strings.HasPrefix(path, name) && strings.ContainsAny(path[len(name):len(name)+1], ".[")) && len(name) > len(best) {
			best = name
		}
	}
	if best == "" {
		if v.key != nil {
			return v.key
		}
		return v.at()
	}
	return v.subs[best].find(strings.TrimPrefix(path[len(best):], "."))
}
