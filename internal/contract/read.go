package contract

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/record"
)

const (
	// MaxDepth is how deep a record's properties may nest.
	MaxDepth = 100
	// maxFlat is how many levels of objects become paths; deeper ones stay JSON.
	maxFlat = 8
	// maxPath bounds a path in bytes, and so the size of contracts and columns.
	maxPath = 1000
)

// reader reads one record after another; it lives for one batch.
type reader struct {
	st     *stream
	r      *record.Record
	fields []record.Attr
	judge  bool // drift counts: not for deletes, which carry little but their key
	must   int  // required fields met

	// seen is told of all drift, also of what evolves; nil but where it is counted.
	seen func(code, path string, v record.Value)

	came  []*node // of fields, in order of coming
	sum   uint64  // of came
	moved []record.Attr
}

func (rd *reader) refine(st *stream, r *record.Record) {
	rd.st, rd.r, rd.fields, rd.must = st, r, r.Fields[:0], 0
	if st.unplanned != "" {
		if st = rd.planned(st); st == nil {
			return
		}
		rd.st = st
	}
	rd.judge = st.applied != nil && r.Op != record.Delete
	rd.came, rd.sum = rd.came[:0], 0
	if !rd.read(r.Props) {
		r.Fields = rd.fields[:0]
		return
	}
	if twice := rd.sort(); twice != "" {
		r.Quarantine(CodeDuplicate, twice, "two members have this path, one nested and one with dots in its name; rename one")
		return
	}
	r.Fields = rd.fields
	// A patch says nothing of what it leaves out.
	if rd.judge && (st.must || rd.seen != nil) && r.Op != record.Patch && rd.must < st.applied.required {
		rd.missing()
	}
	if r.Key == "" && (r.Kind == record.Customer || r.Kind == record.Object) {
		r.Quarantine(CodeKey, st.cfg.Key, "the record has no value for its stream's key; every customer and object needs one")
	}
}

// missing judges a record that lacks a required field.
func (rd *reader) missing() {
	for i := range rd.st.applied.schema.Fields {
		f := &rd.st.applied.schema.Fields[i]
		if !f.Required {
			continue
		}
		if _, ok := slices.BinarySearchFunc(rd.fields, f.Path, byName); !ok {
			policy := rd.st.names.drift.missing(f.Path)
			if !judges(policy) {
				if policy == Evolve {
					rd.tell(CodeMissing, f.Path, record.Value{})
				}
				continue
			}
			rd.tell(CodeMissing, f.Path, record.Value{})
			rd.drift(policy, CodeMissing, f.Path, "the contract requires this field")
			return
		}
	}
}

func byName(a record.Attr, name string) int { return strings.Compare(a.Name, name) }

// sort orders the fields by path, and gives a path that is there twice, if any.
func (rd *reader) sort() (twice string) {
	if o := rd.st.names.remembered(rd.sum, rd.came); o != nil {
		rd.moved = append(rd.moved[:0], rd.fields...)
		for i, to := range o.to {
			rd.fields[to] = rd.moved[i]
		}
		return ""
	}
	slices.SortFunc(rd.fields, func(a, b record.Attr) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(rd.fields); i++ {
		if rd.fields[i].Name == rd.fields[i-1].Name {
			return rd.fields[i].Name
		}
	}
	rd.st.names.remember(rd.sum, rd.came)
	return ""
}

// read fills fields from the text, and reports whether it got through; if not the
// record has its verdict.
func (rd *reader) read(props []byte) bool {
	if len(props) == 0 { // a delete, or an alias: there is nothing to say
		return true
	}
	if !jsontext.Value(props).IsValid() {
		rd.refuse(props)
		return false
	}
	i := skipSpace(props, 0)
	if props[i] != '{' {
		rd.r.Quarantine(CodeNotObject, "", "the properties are JSON but no object")
		return false
	}
	end := rd.object(props, i+1, &rd.st.names.root, 1)
	return end >= 0 && rd.whole(&rd.st.names.root, props[i:end], mark{})
}

// object reads the members of the object whose first member begins at i, and gives
// the index after its brace, or -1 when the record has its verdict.
func (rd *reader) object(b []byte, i int, at *node, level int) int {
	hint := 0
	for {
		m, next, ok := nextMember(b, i)
		if !ok {
			return next
		}
		var n *node
		n, hint = rd.st.names.child(at, m.name, m.escaped, hint)
		if len(n.path) > maxPath {
			rd.r.Quarantine(CodeName, "", "the path of a member is longer than "+strconv.Itoa(maxPath)+" bytes")
			return -1
		}
		if b[m.value] == '{' && level < maxFlat && !n.whole {
			before := rd.mark()
			i = rd.object(b, m.value+1, n, level+1)
			if i >= 0 && n.judged != nil && !rd.whole(n, b[m.value:i], before) {
				return -1
			}
		} else {
			i = rd.leaf(b, m.value, n, level)
		}
		if i < 0 {
			return -1
		}
	}
}

// mark is how far a record was read, to go back there.
type mark struct {
	fields int
	sum    uint64
	must   int
}

func (rd *reader) mark() mark { return mark{len(rd.fields), rd.sum, rd.must} }

// whole judges an object, whose fields were judged, as a whole. Where it is to be
// discarded its fields, which came after the mark, are; a whole record has no value to
// discard. It reports whether the record is kept.
func (rd *reader) whole(n *node, text []byte, before mark) bool {
	if n.judged == nil || !rd.judge || rd.r.Op == record.Patch || n.judged.keepsText(text) {
		return true
	}
	path := n.path
	if path == "" {
		path = wholeRecord
	}
	rd.tell(CodeValue, path, record.JSONValue(string(text)))
	if n.policy == Evolve || n == &rd.st.names.root && n.policy == DiscardValue {
		return true
	}
	rd.drift(n.policy, CodeValue, path, "the object breaks the rules of its contract's text")
	if !rd.r.Verdict.Keep() {
		return false
	}
	clear(rd.fields[before.fields:])
	rd.fields, rd.came, rd.sum, rd.must = rd.fields[:before.fields], rd.came[:before.fields], before.sum, before.must
	return true
}

// wholeRecord stands in a path's place for the record as a whole.
const wholeRecord = "(record)"

func (rd *reader) leaf(b []byte, i int, n *node, level int) int {
	if len(rd.fields) >= MaxFields {
		rd.r.Quarantine(CodeFields, "", "the record has more than "+strconv.Itoa(MaxFields)+" fields")
		return -1
	}
	v, end := rd.value(b, i, n, level)
	if end < 0 {
		return -1
	}
	if rd.judge {
		var ok bool
		if v, ok = rd.typed(v, n, b[i:end]); !ok {
			if rd.r.Verdict.Keep() { // the value alone is dropped
				return end
			}
			return -1
		}
	}
	if v.Kind == record.Float {
		v.S = "" // its text was kept for a contract that wants a string
	}
	rd.fields = append(rd.fields, record.Attr{Name: n.path, Value: v})
	rd.came = append(rd.came, n)
	rd.sum = n.sum(rd.sum)
	return end
}

func (rd *reader) value(b []byte, i int, n *node, level int) (record.Value, int) {
	switch b[i] {
	case '"':
		end, escaped := stringEnd(b, i)
		if escaped {
			return record.StringValue(unquote(b[i+1 : end-1])), end
		}
		return record.StringValue(text(b[i+1 : end-1])), end
	case '{', '[':
		end, depth, compact := containerEnd(b, i)
		if level+depth > MaxDepth {
			rd.r.Quarantine(CodeDepth, n.path, "the properties nest deeper than "+strconv.Itoa(MaxDepth)+" levels")
			return record.Value{}, -1
		}
		if compact {
			return record.JSONValue(text(b[i:end])), end
		}
		return record.JSONValue(text(appendCompact(make([]byte, 0, end-i), b[i:end]))), end
	case 't':
		return record.BoolValue(true), i + len("true")
	case 'f':
		return record.BoolValue(false), i + len("false")
	case 'n':
		return record.Value{}, i + len("null")
	}
	end := scalarEnd(b, i)
	v, ok := number(b[i:end])
	if !ok {
		rd.r.Quarantine(CodeNumber, n.path, "the number is beyond the range of a 64-bit float; send it as a string")
		return v, -1
	}
	return v, end
}

// bytesOf shares s's memory, and is only read.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// text shares b's memory: a record's strings cost no copy.
func text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}

// number reads a valid JSON number. A Float's text stays in S.
func number(b []byte) (record.Value, bool) {
	integer := true
	for _, c := range b {
		if c == '.' || c == 'e' || c == 'E' {
			integer = false
			break
		}
	}
	if integer {
		if n, err := strconv.ParseInt(text(b), 10, 64); err == nil {
			return record.IntValue(n), true
		}
	}
	f, err := strconv.ParseFloat(text(b), 64)
	v := record.FloatValue(f)
	v.S = text(b)
	return v, err == nil
}

// refuse finds out why the text is not valid. It runs for refused records alone,
// so it may read the text again for each question.
func (rd *reader) refuse(props []byte) {
	value := jsontext.Value(props)
	switch {
	case depth(props) > MaxDepth:
		rd.r.Quarantine(CodeDepth, "", "the properties nest deeper than "+strconv.Itoa(MaxDepth)+" levels")
	case value.IsValid(jsontext.AllowDuplicateNames(true)):
		rd.r.Quarantine(CodeDuplicate, duplicatePath(props), "an object has two members of one name")
	case !utf8.Valid(props), value.IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)):
		rd.r.Quarantine(CodeUTF8, "", "the properties are no valid UTF-8")
	default:
		rd.r.Quarantine(CodeMalformed, "", "the properties are no valid JSON, or were cut off")
	}
}

// depth is how deep brackets nest in text that may be no JSON.
func depth(b []byte) int {
	deepest, open := 0, 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			end, _ := stringEnd(b, i)
			if end < 0 {
				return deepest
			}
			i = end - 1
		case '{', '[':
			open++
			deepest = max(deepest, open)
		case '}', ']':
			open--
		}
	}
	return deepest
}

// duplicatePath is the path of the first name that an object has twice.
func duplicatePath(props []byte) string {
	dec := jsontext.NewDecoder(strings.NewReader(string(props)))
	_, err := dec.ReadValue()
	var fault *jsontext.SyntacticError
	if !errors.As(err, &fault) {
		return ""
	}
	var path strings.Builder
	for token := range fault.JSONPointer.Tokens() {
		if path.Len()+len(token) >= maxPath {
			break
		}
		if path.Len() > 0 {
			path.WriteByte('.')
		}
		path.WriteString(token)
	}
	return path.String()
}
