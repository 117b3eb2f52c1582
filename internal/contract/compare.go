package contract

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Compatibility is what a changed contract promises, in the terms of schema
// registries.
type Compatibility string

// The compatibilities.
const (
	Backward Compatibility = "backward" // the new contract reads what was written under the old one
	Forward  Compatibility = "forward"  // the old contract reads what is written under the new one
	Full     Compatibility = "full"     // both
)

// CompatibilityOf reads a compatibility's name. It fails with code bad_compatibility.
func CompatibilityOf(name string) (Compatibility, error) {
	switch c := Compatibility(name); c {
	case Backward, Forward, Full:
		return c, nil
	}
	return "", errs.New("bad_compatibility", "there is no such compatibility").Fix("use backward, forward or full")
}

// Difference is one thing that a field says in one contract and not in the other.
type Difference struct {
	Path   string `json:"path"`
	Change string `json:"change"` // added, removed, type, nullable, required or rules
	Was    string `json:"was,omitempty"`
	Is     string `json:"is,omitempty"`
}

// Offence is a field by which what one contract allows cannot be read under another.
type Offence struct {
	Path string        `json:"path"`
	In   Compatibility `json:"in"` // backward or forward
	Why  string        `json:"why"`
}

// Comparison is how a new contract stands to an old one.
type Comparison struct {
	Differences []Difference `json:"differences"` // in order of path, as the next
	Offences    []Offence    `json:"offences"`
	Backward    bool         `json:"backward"`
	Forward     bool         `json:"forward"`
}

// Keeps reports whether the new contract keeps a promise.
func (c *Comparison) Keeps(promise Compatibility) bool {
	switch promise {
	case Backward:
		return c.Backward
	case Forward:
		return c.Forward
	}
	return c.Backward && c.Forward
}

// Compare tells how a new contract differs from an old one. A field that the reader
// does not know is passed over, as in Avro and Protobuf.
func Compare(before, after *Schema) *Comparison {
	c := &Comparison{Differences: []Difference{}, Offences: []Offence{}}
	old, now := compile(before), compile(after)
	both := Join(old.schema, now.schema) // every path, sorted
	for _, f := range both.Fields {
		a, b := old.by[f.Path], now.by[f.Path]
		c.differ(f.Path, a, b)
		c.offend(f.Path, Backward, a, b)
		c.offend(f.Path, Forward, b, a)
	}
	c.texts(before, after)
	c.Backward, c.Forward = true, true
	for _, o := range c.Offences {
		c.Backward = c.Backward && o.In != Backward
		c.Forward = c.Forward && o.In != Forward
	}
	return c
}

func (c *Comparison) differ(path string, a, b *Field) {
	add := func(change, was, is string) {
		if was != is {
			c.Differences = append(c.Differences, Difference{Path: path, Change: change, Was: was, Is: is})
		}
	}
	switch {
	case a == nil:
		add("added", "", b.said())
	case b == nil:
		add("removed", a.said(), "")
	default:
		add("type", a.Type.String(), b.Type.String())
		add("nullable", yesNo(a.Nullable), yesNo(b.Nullable))
		add("required", yesNo(a.Required), yesNo(b.Required))
		add("items", a.Items.said(), b.Items.said())
		add("rules", a.Rules.said(), b.Rules.said())
	}
}

// said is a field in words.
func (f *Field) said() string {
	words := []string{f.Type.String()}
	if f.Nullable && f.Type != record.Null {
		words = append(words, "or null")
	}
	if f.Required {
		words = append(words, "required")
	}
	if f.Loose {
		words = append(words, "of some choices")
	}
	if f.Items != nil {
		words[0] = f.Items.said()
	}
	if !f.Rules.empty() {
		words = append(words, f.Rules.said())
	}
	return strings.Join(words, ", ")
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// offend tells why what the writer's field allows does not fit the reader's.
func (c *Comparison) offend(path string, in Compatibility, writer, reader *Field) {
	add := func(why string) { c.Offences = append(c.Offences, Offence{Path: path, In: in, Why: why}) }
	if reader == nil {
		return
	}
	if reader.Required && (writer == nil || !writer.Required) {
		add("the reader requires the field, and it may be missing from what was written")
	}
	if writer == nil {
		return
	}
	if reader.Loose {
		return
	}
	if JoinTypes(writer.Type, reader.Type) != reader.Type || writer.Loose {
		add("the reader's " + reader.Type.String() + " does not hold every " + writer.Type.String())
	}
	if !writer.Items.within(reader.Items, writer.Type) {
		add("the reader's elements of the array do not hold every one of the writer's")
	}
	if !writer.Rules.within(reader.Rules) {
		add("the reader's rules may refuse a value that the writer's allow")
	}
	if writer.Nullable && !reader.Nullable {
		add("the reader allows no null, and it may be null in what was written")
	}
}

// said is an array's elements in words.
func (e *Elements) said() string {
	switch {
	case e == nil:
		return ""
	case e.Of == nil || e.Of.takesAny():
		return "array"
	}
	var words []string
	for i := range e.Of.Fields {
		f := &e.Of.Fields[i]
		said := f.said()
		if f.Path != "" {
			said = f.Path + ": " + said
		} else {
			said = strings.TrimSuffix(said, ", required")
		}
		words = append(words, said)
	}
	return "array of (" + strings.Join(words, "; ") + ")"
}

// within reports whether every array of e is seen to be one of o. kind is the type of e's
// field.
func (e *Elements) within(o *Elements, kind record.ValueKind) bool {
	switch {
	case o == nil || kind == record.Null:
		return true
	case e == nil:
		return false
	case e.Of == nil || o.Of == nil || o.Of.takesAny():
		return true
	}
	c := Comparison{}
	old, now := compile(e.Of), compile(o.Of)
	for _, f := range Join(e.Of, o.Of).Fields {
		writer, reader := old.by[f.Path], now.by[f.Path]
		if f.Path == "" && writer != nil && reader == nil {
			return false
		}
		if f.Path == "" && reader != nil {
			loose := *reader
			loose.Required, reader = false, &loose
		}
		c.offend(f.Path, Backward, writer, reader)
	}
	return len(c.Offences) == 0
}

// texts compares what two contracts have judged as it was written. Of two texts that
// differ neither is seen to hold the other.
func (c *Comparison) texts(before, after *Schema) {
	old, now := before.judgedTexts(), after.judgedTexts()
	paths := slices.Collect(maps.Keys(old))
	for path := range now {
		if _, both := old[path]; !both {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	for _, path := range paths {
		a, b := old[path], now[path]
		if a == b {
			continue
		}
		shown := cmp.Or(path, wholeRecord)
		c.Differences = append(c.Differences, Difference{Path: shown, Change: "rules", Was: shortly(a), Is: shortly(b)})
		const why = "the reader's rules may refuse a value that the writer's allow"
		if b != "" {
			c.Offences = append(c.Offences, Offence{Path: shown, In: Backward, Why: why})
		}
		if a != "" {
			c.Offences = append(c.Offences, Offence{Path: shown, In: Forward, Why: why})
		}
	}
}

// judgedTexts is what a contract has judged as it was written, by path: the schemas, and
// those that they refer to.
func (s *Schema) judgedTexts() map[string]string {
	out := map[string]string{}
	if s == nil || len(s.Judged) == 0 {
		return out
	}
	p := schemaParser{}
	p.begin(jsontext.Value(s.Text))
	for i := range s.Judged {
		j := &s.Judged[i]
		raw, ok := p.at(j.At)
		if !ok {
			continue
		}
		if raw = raw.Clone(); j.Object {
			raw = ownRules(raw, j.Required)
		}
		if raw.Canonicalize() != nil {
			continue
		}
		referred := map[string]string{}
		p.referred(raw, referred)
		out[j.Path] = string(raw)
		for _, pointer := range slices.Sorted(maps.Keys(referred)) {
			out[j.Path] += ", " + pointer + ": " + referred[pointer]
		}
	}
	return out
}

// ownRules leaves of an object's schema what its fields do not judge.
func ownRules(raw jsontext.Value, required bool) jsontext.Value {
	members, err := objectMembers(raw)
	if err != nil {
		return raw
	}
	return objectOf(slices.DeleteFunc(members, func(m schemaMember) bool {
		switch m.name {
		case "type", "properties", "$schema":
			return true
		case "required":
			return !required
		case "additionalProperties":
			return m.value.Kind() != '{'
		}
		return isNote(m.name) || isDefinitions(m.name)
	}))
}

// referred gathers the schemas that a schema refers to, by pointer.
func (p *schemaParser) referred(raw jsontext.Value, found map[string]string) {
	if raw.Kind() == '[' {
		list, _ := elementsOf(raw)
		for _, each := range list {
			p.referred(each, found)
		}
	}
	if raw.Kind() != '{' {
		return
	}
	members, _ := objectMembers(raw)
	for _, m := range members {
		if text, ok := stringOf(m.value); ok && m.name == "$ref" {
			pointer, target, ok := p.follow("", m.value)
			if _, known := found[pointer]; ok && !known {
				target = target.Clone()
				_ = target.Canonicalize() // it was read before
				found[pointer] = string(target)
				p.referred(target, found)
			} else if !ok {
				found[text] = ""
			}
			continue
		}
		p.referred(m.value, found)
	}
}

// shortly is a text at the length of a line.
func shortly(text string) string {
	if len(text) > maxSaid {
		return strings.ToValidUTF8(text[:maxSaid], "") + "..."
	}
	return text
}
