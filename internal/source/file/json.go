package file

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/kit/errs"
)

// maxDepth is how many levels of objects and arrays a row may nest.
const maxDepth = 100

// extent finds where a JSON value ends, by brackets and quotes alone and in no more
// memory than itself, however long and deep the value is.
type extent struct {
	depth, deepest int
	text, escaped  bool // within a string; behind a backslash of it
	bare           bool // within a number or a word
}

// scan goes over b, and gives where the value ends, once it does.
func (e *extent) scan(b []byte) (n int, done bool) {
	for i, c := range b {
		switch {
		case e.escaped:
			e.escaped = false
		case e.text:
			e.escaped = c == '\\'
			if e.text = c != '"'; !e.text && e.depth == 0 {
				return i + 1, true
			}
		case e.bare && (isSpace(c) || c == ',' || c == ']' || c == '}' || c == ':'):
			return i, true
		case c == '"' && !e.bare:
			e.text = true
		case c == '{' || c == '[':
			e.depth++
			e.deepest = max(e.deepest, e.depth)
		case (c == '}' || c == ']') && e.depth <= 1:
			return i + 1, true
		case c == '}' || c == ']':
			e.depth--
		case e.depth == 0:
			e.bare = true
		}
	}
	return len(b), false
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// tooDeep reports whether a value nests deeper than a row may.
func tooDeep(value []byte) bool {
	if bytes.Count(value, []byte{'{'})+bytes.Count(value, []byte{'['}) <= maxDepth {
		return false
	}
	var e extent
	e.scan(value)
	return e.deepest > maxDepth
}

// judgeJSON gives the code of a value that is no row.
func judgeJSON(value []byte) errs.Code {
	switch {
	case tooDeep(value): // before all that might follow it down
		return CodeDeep
	case !jsontext.Value(value).IsValid():
		return CodeJSON
	case value[0] != '{':
		return CodeNotObject
	}
	return ""
}

// jsonFormat is where in a file that is one array, or holds one, reading is.
type jsonFormat struct {
	path  []string // of members, to the array
	begun bool     // the array's bracket is passed
	item  bool     // so is an item, and no comma behind it
	ended bool     // so is its closing bracket
}

// errCut is that a file ended within its array.
var errCut = errors.New("it ends before its array does")

// jsonFault is a place behind which a file's items cannot be told apart.
type jsonFault struct {
	line int64
	err  error
}

func (f *jsonFault) Error() string { return fmt.Sprintf("line %d: %v", f.line, f.err) }

func (f *jsonFault) Unwrap() error { return f.err }

// stop ends the reading of a file for a fault.
func (r *rows) stop(what string) status {
	r.w.err = &jsonFault{line: r.line + 1, err: errors.New(what)}
	return gotPart
}

// cut ends the reading of a file within its array: it may still be growing.
func (r *rows) cut() status {
	if !r.hold && r.w.err == nil {
		r.w.err = &jsonFault{line: r.line + 1, err: errCut}
	}
	return gotPart
}

// passText passes n bytes and counts the lines among them.
func (r *rows) passText(n int) {
	r.passLines(n, int64(bytes.Count(r.w.rest()[:n], []byte{'\n'})))
}

// peek passes space, and gives the byte behind it; 0 at the end.
func (r *rows) peek() byte {
	for {
		rest := r.w.rest()
		n := 0
		for n < len(rest) && isSpace(rest[n]) {
			n++
		}
		r.passText(n)
		if n < len(rest) {
			return max(rest[n], 1)
		}
		if !r.w.fill() {
			return 0
		}
	}
}

// skip passes the value that is next, of any length, and gives its first bytes.
func (r *rows) skip(keep int) (head []byte, size int64, ok bool) {
	var e extent
	for {
		n, done := e.scan(r.w.rest())
		if room := keep - len(head); room > 0 {
			head = append(head, r.w.rest()[:min(room, n)]...)
		}
		r.passText(n)
		size += int64(n)
		if done {
			return head, size, true
		}
		if !r.w.fill() {
			return head, size, false
		}
	}
}

// value gives the value that is next, and does not pass it: gotLong where it is over
// the limit.
func (r *rows) value() (v []byte, st status) {
	var e extent
	from := 0
	for {
		n, done := e.scan(r.w.rest()[from:])
		from += n
		switch {
		case from > r.w.limit:
			return nil, gotLong
		case done:
			return r.w.rest()[:from], gotRow
		case !r.w.fill():
			return nil, r.cut()
		}
	}
}

// seek passes what comes before the array's items.
func (r *rows) seek() status {
	for _, name := range r.json.path {
		if st := r.member(name); st != gotRow {
			return st
		}
	}
	switch r.peek() {
	case 0:
		if r.w.at == 0 || len(r.json.path) == 0 && r.w.err == nil {
			return gotEnd // there is nothing but space
		}
		return r.cut()
	case '[':
		r.passText(1)
		r.json.begun = true
		return gotRow
	}
	return r.stop("no array is where the records should be")
}

// member passes what comes before the value of an object's member.
func (r *rows) member(name string) status {
	switch r.peek() {
	case 0:
		return r.cut()
	default:
		return r.stop("no object is where the path to the records leads through one")
	case '{':
		r.passText(1)
	}
	for {
		switch r.peek() {
		case 0:
			return r.cut()
		case ',':
			r.passText(1)
			continue
		case '"':
		default:
			return r.stop("it has no member " + name + " on the path to the records")
		}
		quoted, st := r.value()
		if st == gotPart {
			return st
		}
		found := false
		if st == gotRow {
			text, err := jsontext.AppendUnquote(nil, quoted)
			found = err == nil && string(text) == name
		}
		if _, _, ok := r.skip(0); !ok {
			return r.cut()
		}
		if c := r.peek(); c == 0 {
			return r.cut()
		} else if c != ':' {
			return r.stop("a member has no value")
		}
		r.passText(1)
		if r.peek() == 0 {
			return r.cut()
		}
		if found {
			return gotRow
		}
		if _, _, ok := r.skip(0); !ok {
			return r.cut()
		}
	}
}

// nextItem appends the next item of the array.
func (r *rows) nextItem(b []byte) ([]byte, errs.Code, status) {
	j := r.json
	if !j.begun {
		if st := r.seek(); st != gotRow {
			return b, "", st
		}
	}
	if j.ended {
		return b, "", r.tail()
	}
	c := r.peek()
	if c == ',' && j.item {
		r.passText(1)
		j.item = false
		c = r.peek()
	}
	switch {
	case c == 0:
		return b, "", r.cut()
	case c == ']':
		r.passText(1)
		j.ended = true
		return b, "", r.tail()
	case j.item || c == ',' || c == '}' || c == ':':
		return b, "", r.stop("its array is malformed")
	}
	v, st := r.value()
	if st != gotRow {
		return b, "", st
	}
	code := judgeJSON(v)
	if code == "" {
		from := len(b)
		b = append(b, v...)
		if bytes.IndexByte(v, '\n') >= 0 {
			row := jsontext.Value(b[from:])
			_ = row.Compact() // it is valid, and only shrinks
			b = append(b[:from], row...)
		}
	} else {
		b = appendRaw(b, rawRow{line: r.line + 1, size: int64(len(v)), raw: v, whole: code != CodeDeep})
	}
	r.passText(len(v))
	j.item = true
	r.row++
	return b, code, gotRow
}

// skipItem passes an item over the limit and gives it as a rejected row.
func (r *rows) skipItem(b []byte) ([]byte, errs.Code, status) {
	line := r.line + 1
	head, size, ok := r.skip(keepRaw)
	if !ok {
		return b, "", r.cut()
	}
	r.json.item = true
	r.row++
	return appendRaw(b, rawRow{line: line, size: size, raw: head}), CodeLong, gotRow
}

// tail passes what follows the array.
func (r *rows) tail() status {
	for r.peek() != 0 {
		if len(r.json.path) == 0 {
			return r.stop("something follows its array")
		}
		r.passText(len(r.w.rest()))
	}
	if r.w.err != nil {
		return gotPart
	}
	return gotEnd
}

// again passes the items that were taken before. They are counted: what is noted of a
// file may reach over the comma behind the last of them.
func (r *rows) again(items int64) {
	for r.row < items {
		_, _, st := r.nextItem(nil)
		if st == gotLong {
			_, _, st = r.skipItem(nil)
		}
		if st != gotRow {
			return
		}
	}
}
