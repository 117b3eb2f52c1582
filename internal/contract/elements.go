package contract

import (
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// Elements is what a contract says of an array's elements. A field that has Elements is
// an array, or null where that is allowed.
type Elements struct {
	// Of are the fields of the elements: those of objects, with dotted paths, and under
	// the empty path the element that is no object. It is nil where no element was seen.
	Of *Schema `json:"of,omitempty"`
}

// ofPath is how a path goes on within an array's elements.
const ofPath = "[]"

// Bounds of what is inferred within arrays. Of more fields the first by path stay, and
// of more arrays in a schema those after the first are any JSON, so that neither depends
// on the order in which records came: what is JSON once stays so.
const (
	maxArrays       = 64 // of a record
	maxInnerArrays  = 4  // of an element; arrays within arrays end there
	maxElementField = 50
	maxElements     = 1000 // of one array that inference looks at
)

// limits are the bounds of a schema at one depth of arrays.
type limits struct {
	fields, arrays int
	inner          *limits
}

func limitsOf() *limits {
	last := &limits{fields: maxElementField}
	return &limits{fields: MaxFields, arrays: maxArrays, inner: &limits{fields: maxElementField, arrays: maxInnerArrays, inner: last}}
}

// bound leaves what the limits allow of a schema that is nobody else's.
func (l *limits) bound(s *Schema) *Schema {
	if len(s.Fields) > l.fields {
		s.Fields = s.Fields[:l.fields]
	}
	arrays := 0
	for i := range s.Fields {
		if s.Fields[i].Type != record.JSON {
			continue
		}
		arrays++
		switch of := s.Fields[i].Items; {
		case of == nil:
		case arrays > l.arrays || l.inner == nil:
			s.Fields[i].Items = nil
		case of.Of != nil && !l.inner.holds(of.Of):
			s.Fields[i].Items = &Elements{Of: l.inner.bound(&Schema{Fields: slices.Clone(of.Of.Fields)})}
		}
	}
	return s
}

// holds reports whether a schema is within the limits.
func (l *limits) holds(s *Schema) bool {
	arrays := 0
	for i := range s.Fields {
		of := s.Fields[i].Items
		if s.Fields[i].Type == record.JSON {
			arrays++
		}
		if of != nil && (arrays > l.arrays || l.inner == nil || of.Of != nil && !l.inner.holds(of.Of)) {
			return false
		}
	}
	return len(s.Fields) <= l.fields
}

// joinElements joins what two fields say of elements. No elements at all stands for any
// JSON, unless the other field was null alone.
func joinElements(a, b *Field, l *limits) *Elements {
	switch {
	case a.Type == record.Null:
		return b.Items
	case b.Type == record.Null:
		return a.Items
	case a.Items == nil || b.Items == nil || l.inner == nil:
		return nil
	}
	return &Elements{Of: join(a.Items.Of, b.Items.Of, l.inner)}
}

func (e *Elements) equal(o *Elements) bool {
	if e == nil || o == nil {
		return e == o
	}
	return e.Of.Equal(o.Of)
}

// shapeOf is the contract of one array's elements; nil where the text is no array.
func shapeOf(text string, l *limits) *Elements {
	if l == nil || text == "" || text[0] != '[' {
		return nil
	}
	e := &Elements{}
	eachElement(text, maxElements, func(fields []record.Attr) bool {
		if !e.Of.holds(fields) {
			e.Of = join(e.Of, shapeWithin(fields, l), l)
		}
		return true
	})
	return e
}

// holds reports whether an element changes nothing about the schema of elements.
func (s *Schema) holds(fields []record.Attr) bool {
	if s == nil {
		return false
	}
	at := 0
	for i := range fields {
		for at < len(s.Fields) && s.Fields[at].Path < fields[i].Name {
			if s.Fields[at].Required {
				return false
			}
			at++
		}
		if at == len(s.Fields) || s.Fields[at].Path != fields[i].Name {
			if len(s.Fields) < maxElementField || at < len(s.Fields) {
				return false
			}
			continue // it has no place
		}
		if !s.Fields[at].holds(&fields[i].Value) {
			return false
		}
		at++
	}
	return !slices.ContainsFunc(s.Fields[at:], func(f Field) bool { return f.Required })
}

// holds reports whether a value changes nothing about what was inferred of its field.
func (f *Field) holds(v *record.Value) bool {
	k := Natural(*v)
	if k == record.Null && !f.Nullable || JoinTypes(k, f.Type) != f.Type {
		return false
	}
	if f.Formats != 0 && k != record.Null && (k != record.String || f.Formats&^formatsOf(v.S) != 0) {
		return false
	}
	return f.Items == nil || k == record.Null || f.Items.hold(v.S)
}

// hold reports whether an array, by its text, changes nothing about its elements.
func (e *Elements) hold(text string) bool {
	if text == "" || text[0] != '[' {
		return false
	}
	ok := true
	eachElement(text, maxElements, func(fields []record.Attr) bool {
		ok = e.Of.holds(fields)
		return ok
	})
	return ok
}

// eachElement gives the fields of each of an array's elements, sorted by path, which are
// not kept. The text is valid JSON.
func eachElement(text string, most int, each func(fields []record.Attr) bool) {
	var room [16]record.Attr
	b := bytesOf(text)
	i := skipSpace(b, 1)
	for n := 0; i < len(b) && b[i] != ']' && n < most; n++ {
		var fields []record.Attr
		if b[i] == '{' {
			fields, i = objectFields(room[:0], b, i+1, "", 1)
			slices.SortStableFunc(fields, func(a, b record.Attr) int { return strings.Compare(a.Name, b.Name) })
			fields = oncePath(fields)
		} else {
			var v record.Value
			v, i = plainValue(b, i)
			fields = append(room[:0], record.Attr{Value: v})
		}
		if i < 0 || !each(fields) {
			return
		}
		if i = skipSpace(b, i); i < len(b) && b[i] == ',' {
			i = skipSpace(b, i+1)
		}
	}
}

// oncePath makes one field of two that have one path, one nested and one with dots in its
// name: of what it is nothing can be said.
func oncePath(fields []record.Attr) []record.Attr {
	out := fields[:0]
	for _, f := range fields {
		if n := len(out); n > 0 && out[n-1].Name == f.Name {
			out[n-1].Value = record.JSONValue("{}")
			continue
		}
		out = append(out, f)
	}
	return out
}

// objectFields appends the fields of the object whose first member begins at i, below
// parent, and gives the index after its brace.
func objectFields(dst []record.Attr, b []byte, i int, parent string, level int) ([]record.Attr, int) {
	for {
		m, next, ok := nextMember(b, i)
		if !ok {
			return dst, next
		}
		path := memberPath(parent, m.name, m.escaped, level == 1)
		switch {
		case len(path) > maxPath: // it has no place in a contract
			i = valueEnd(b, m.value)
		case b[m.value] == '{' && level < maxFlat:
			dst, i = objectFields(dst, b, m.value+1, path, level+1)
		default:
			var v record.Value
			v, i = plainValue(b, m.value)
			dst = append(dst, record.Attr{Name: path, Value: v})
		}
		if i < 0 {
			return dst, i
		}
	}
}

// saysNothing reports whether a JSON value is an object without a field, of which a
// contract knows nothing.
func saysNothing(text string) bool {
	if text == "" || text[0] != '{' {
		return false
	}
	var room [1]record.Attr
	fields, _ := objectFields(room[:0], bytesOf(text), 1, "", 1)
	return len(fields) == 0
}

// plainValue reads the value that begins at i. A number beyond a float64's range is the
// largest of its sign.
func plainValue(b []byte, i int) (record.Value, int) {
	switch b[i] {
	case '"':
		end, escaped := stringEnd(b, i)
		switch {
		case end < 0:
			return record.Value{}, -1
		case escaped:
			return record.StringValue(unquote(b[i+1 : end-1])), end
		}
		return record.StringValue(text(b[i+1 : end-1])), end
	case '{', '[':
		end, _, _ := containerEnd(b, i)
		if end < 0 {
			return record.Value{}, -1
		}
		return record.JSONValue(text(b[i:end])), end
	}
	end := scalarEnd(b, i)
	switch {
	case end < 0:
		return record.Value{}, -1
	case b[i] == 't' || b[i] == 'f':
		return record.BoolValue(b[i] == 't'), end
	case b[i] == 'n':
		return record.Value{}, end
	}
	v, _ := number(b[i:end])
	return v, end
}

// A fault is one way in which a value departs from what a contract says of it.
type fault struct {
	code, path string
	value      record.Value
}

// maxElementFaults bounds the ways that are told of one array.
const maxElementFaults = 20

// faults gives the ways in which an array's elements depart from the contract's, each
// once. path is the array's.
func (e *Elements) faults(text, path string, found []fault) []fault {
	add := func(code, path string, v record.Value) {
		if len(found) < maxElementFaults && !slices.ContainsFunc(found, func(f fault) bool { return f.code == code && f.path == path }) {
			found = append(found, fault{code, path, v})
		}
	}
	if e.Of == nil {
		return found
	}
	eachElement(text, len(text), func(fields []record.Attr) bool {
		object := len(fields) != 1 || fields[0].Name != ""
		at := 0
		of := e.Of.Fields
		for i := range fields {
			v, here := fields[i].Value, path+ofPath+"."+fields[i].Name
			if !object {
				here = path + ofPath
			}
			for ; at < len(of) && of[at].Path < fields[i].Name; at++ {
				if of[at].Required && of[at].Path != "" {
					add(CodeMissing, path+ofPath+"."+of[at].Path, record.Value{})
				}
			}
			if at == len(of) || of[at].Path != fields[i].Name {
				switch {
				case !object && v.IsNull():
					add(CodeNull, here, v)
				case !object:
					add(CodeType, here, v)
				case !e.Of.takesAny():
					add(CodeNewField, here, v)
				}
				continue
			}
			f := &of[at]
			at++
			out, fits := fit(v, f.Type)
			if f.Items != nil && fits {
				out, fits = fitArray(v, out)
			}
			switch {
			case !fits:
				add(CodeType, here, v)
			case out.IsNull() && !f.Nullable:
				add(CodeNull, here, v)
			case f.Items != nil && !out.IsNull() && out.S[0] == '[':
				found = f.Items.faults(out.S, here, found)
			}
		}
		for ; object && at < len(of); at++ {
			if of[at].Required && of[at].Path != "" {
				add(CodeMissing, path+ofPath+"."+of[at].Path, record.Value{})
			}
		}
		return len(found) < maxElementFaults
	})
	return found
}

// takesAny reports whether elements may be anything.
func (s *Schema) takesAny() bool {
	return len(s.Fields) == 1 && s.Fields[0].isAny()
}

// isAny reports whether a field may be anything.
func (f *Field) isAny() bool {
	return f.Type == record.JSON && f.Nullable && f.Items == nil && f.Rules.empty()
}
