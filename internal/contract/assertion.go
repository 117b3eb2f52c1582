package contract

import (
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/kithdata/kith/internal/record"
)

// assertion is a schema of JSON Schema, compiled to judge JSON values. It holds what a
// contract's flat fields cannot: choices, conditions, whole objects and arrays.
type assertion struct {
	never bool // the schema false
	ref   *assertion

	types    typeSet // none: any
	enum     map[string]bool
	multiple *decimal
	bounds   [4]*decimal // minimum, maximum, exclusiveMinimum, exclusiveMaximum
	minText  int
	maxText  int // as the next bounds, unbounded where it is negative
	pattern  *regexp.Regexp

	prefix                   []*assertion
	items                    *assertion // of those after prefix
	contains                 *assertion
	minContains, maxContains int
	minItems, maxItems       int
	unique                   bool

	properties         []namedAssertion // sorted by name
	patterns           []patternAssertion
	additional         *assertion // of members that neither of the two names
	memberNames        *assertion
	required           []string
	minMember          int
	maxMember          int
	dependents         []namedAssertion // what an object keeps where it has this member
	all, any, one      []*assertion
	not, when, so, els *assertion
}

type namedAssertion struct {
	name string
	*assertion
}

type patternAssertion struct {
	pattern *regexp.Regexp
	*assertion
}

// typeSet is a set of JSON Schema's types.
type typeSet uint8

const (
	typeNull typeSet = 1 << iota
	typeBoolean
	typeObject
	typeArray
	typeNumber
	typeInteger
	typeString
)

var typeBits = map[string]typeSet{"null": typeNull, "boolean": typeBoolean, "object": typeObject, "array": typeArray,
	"number": typeNumber, "integer": typeInteger, "string": typeString}

// maxSteps bounds how many schemas one value is judged by: references can fan out. A
// value that takes more is not seen to keep its rules.
const maxSteps = 1 << 18

// judgement is the judging of one value.
type judgement struct {
	steps int
	// lenient reads texts as what a schema asks for, and numbers as texts, as a contract
	// does for fields: rows of files are all texts.
	lenient bool
}

// keeps judges a value as it was sent, and else as a contract reads fields.
func (a *assertion) keeps(v *jsonValue) bool {
	strict := judgement{}
	if strict.keeps(a, v) {
		return true
	}
	lenient := judgement{lenient: true}
	return lenient.keeps(a, v)
}

// keepsText judges valid JSON.
func (a *assertion) keepsText(text []byte) bool {
	v, ok := parseValue(text)
	return ok && a.keeps(&v)
}

func (j *judgement) keeps(a *assertion, v *jsonValue) bool {
	if a == nil {
		return true
	}
	if j.steps++; j.steps > maxSteps || a.never {
		return false
	}
	if j.lenient {
		v = a.read(v)
	}
	return j.keepsValue(a, v) && j.keepsParts(a, v) && j.keepsChoices(a, v)
}

// read gives a scalar as the schema asks for it.
func (a *assertion) read(v *jsonValue) *jsonValue {
	numeric := a.types == 0 && (a.multiple != nil || a.bounds != [4]*decimal{})
	switch {
	case v.kind == '"' && (numeric || a.types != 0 && a.types&typeString == 0):
		for _, kind := range [...]struct {
			set  typeSet
			kind record.ValueKind
		}{{typeInteger, record.Int}, {typeNumber, record.Float}, {typeBoolean, record.Bool}} {
			if a.types&kind.set == 0 && (!numeric || kind.kind != record.Float) {
				continue
			}
			if out, ok := fitText(v.text, kind.kind); ok && !out.IsNull() {
				if read, ok := parseValue(out.AppendJSON(nil)); ok {
					return &read
				}
			}
		}
		if v.text == "" && a.types&typeNull != 0 {
			return &jsonValue{kind: 'n'}
		}
	case (v.kind == '0' || v.kind == 't' || v.kind == 'f') && a.types&typeString != 0 && !a.types.is(v):
		return &jsonValue{kind: '"', text: v.literal()}
	}
	return v
}

func (v *jsonValue) literal() string {
	switch v.kind {
	case 't':
		return "true"
	case 'f':
		return "false"
	}
	return v.num.String()
}

// is reports whether a value is of one of the types.
func (t typeSet) is(v *jsonValue) bool {
	switch v.kind {
	case 'n':
		return t&typeNull != 0
	case 't', 'f':
		return t&typeBoolean != 0
	case '{':
		return t&typeObject != 0
	case '[':
		return t&typeArray != 0
	case '"':
		return t&typeString != 0
	}
	return t&typeNumber != 0 || t&typeInteger != 0 && v.num.isInt()
}

// keepsValue judges a value by what is said of its type and of scalars.
func (j *judgement) keepsValue(a *assertion, v *jsonValue) bool {
	if a.types != 0 && !a.types.is(v) || a.enum != nil && !a.listed(v, j.lenient) {
		return false
	}
	switch v.kind {
	case '0':
		b := &a.bounds
		return (a.multiple == nil || v.num.multipleOf(*a.multiple)) &&
			(b[0] == nil || v.num.cmp(*b[0]) >= 0) && (b[1] == nil || v.num.cmp(*b[1]) <= 0) &&
			(b[2] == nil || v.num.cmp(*b[2]) > 0) && (b[3] == nil || v.num.cmp(*b[3]) < 0)
	case '"':
		if a.minText > 0 || a.maxText >= 0 {
			if n := utf8.RuneCountInString(v.text); n < a.minText || a.maxText >= 0 && n > a.maxText {
				return false
			}
		}
		return a.pattern == nil || a.pattern.MatchString(v.text)
	}
	return true
}

func (a *assertion) listed(v *jsonValue, lenient bool) bool {
	if a.enum[string(v.canonical(nil))] {
		return true
	}
	switch {
	case !lenient:
	case v.kind == '"':
		if n, ok := fitText(v.text, record.Float); ok && !n.IsNull() {
			number := jsonValue{kind: '0', num: decimalOf(n.Text())}
			return a.enum[string(number.canonical(nil))]
		}
	case v.kind == '0':
		text := jsonValue{kind: '"', text: v.literal()}
		return a.enum[string(text.canonical(nil))]
	}
	return false
}

// keepsParts judges what arrays and objects hold.
func (j *judgement) keepsParts(a *assertion, v *jsonValue) bool {
	switch v.kind {
	case '[':
		return j.keepsItems(a, v)
	case '{':
		return j.keepsMembers(a, v)
	}
	return true
}

func (j *judgement) keepsItems(a *assertion, v *jsonValue) bool {
	if n := len(v.items); n < a.minItems || a.maxItems >= 0 && n > a.maxItems {
		return false
	}
	contained := 0
	seen := map[string]bool{}
	for i := range v.items {
		of := a.items
		if i < len(a.prefix) {
			of = a.prefix[i]
		}
		if !j.keeps(of, &v.items[i]) {
			return false
		}
		if a.contains != nil && j.keeps(a.contains, &v.items[i]) {
			contained++
		}
		if a.unique {
			key := string(v.items[i].canonical(nil))
			if seen[key] {
				return false
			}
			seen[key] = true
		}
	}
	return a.contains == nil || contained >= a.minContains && (a.maxContains < 0 || contained <= a.maxContains)
}

func (j *judgement) keepsMembers(a *assertion, v *jsonValue) bool {
	if n := len(v.names); n < a.minMember || a.maxMember >= 0 && n > a.maxMember {
		return false
	}
	for _, name := range a.required {
		if v.member(name) == nil {
			return false
		}
	}
	if a.memberNames == nil && a.properties == nil && a.patterns == nil && a.additional == nil && a.dependents == nil {
		return true
	}
	for i, name := range v.names {
		if a.memberNames != nil && !j.keeps(a.memberNames, &jsonValue{kind: '"', text: name}) {
			return false
		}
		value, known := &v.items[i], false
		if at, ok := findNamed(a.properties, name); ok {
			if known = true; !j.keeps(a.properties[at].assertion, value) {
				return false
			}
		}
		for _, p := range a.patterns {
			if p.pattern.MatchString(name) {
				if known = true; !j.keeps(p.assertion, value) {
					return false
				}
			}
		}
		if !known && !j.keeps(a.additional, value) {
			return false
		}
		if at, ok := findNamed(a.dependents, name); ok && !j.keeps(a.dependents[at].assertion, v) {
			return false
		}
	}
	return true
}

func findNamed(list []namedAssertion, name string) (int, bool) {
	return slices.BinarySearchFunc(list, name, func(a namedAssertion, name string) int {
		switch {
		case a.name < name:
			return -1
		case a.name > name:
			return 1
		}
		return 0
	})
}

// keepsChoices judges a value by the schemas that hold for the same value.
func (j *judgement) keepsChoices(a *assertion, v *jsonValue) bool {
	if a.ref != nil && !j.keeps(a.ref, v) {
		return false
	}
	for _, each := range a.all {
		if !j.keeps(each, v) {
			return false
		}
	}
	if a.any != nil && !slices.ContainsFunc(a.any, func(each *assertion) bool { return j.keeps(each, v) }) {
		return false
	}
	if a.one != nil {
		kept := 0
		for _, each := range a.one {
			if j.keeps(each, v) {
				kept++
			}
		}
		if kept != 1 {
			return false
		}
	}
	if a.not != nil && j.keeps(a.not, v) {
		return false
	}
	if a.when == nil {
		return true
	}
	if j.keeps(a.when, v) {
		return j.keeps(a.so, v)
	}
	return j.keeps(a.els, v)
}
