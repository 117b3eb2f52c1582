package webhook

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep a delivery may nest. Real ones stay below twenty.
const maxDepth = 100

// check reports why b is not one JSON value that can be taken: its syntax, duplicate
// names, UTF-8, or its depth.
func check(b []byte) *fault {
	d := jsontext.NewDecoder(bytes.NewBuffer(b))
	for {
		_, err := d.ReadToken()
		switch {
		case err != nil:
			return malformed // also of a body of nothing
		case d.StackDepth() > maxDepth:
			return tooDeep
		case d.StackDepth() == 0:
			if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
				return malformed
			}
			return nil
		}
	}
}

// walker goes over the members or elements of one checked JSON value.
type walker struct {
	b    []byte
	d    *jsontext.Decoder
	open bool
}

func walk(b []byte) walker {
	w := walker{b: b, d: jsontext.NewDecoder(bytes.NewBuffer(b), jsontext.AllowDuplicateNames(true))}
	if k := w.d.PeekKind(); k == '{' || k == '[' {
		_, err := w.d.ReadToken()
		w.open = err == nil
	}
	return w
}

// member gives the next name and value of an object.
func (w *walker) member() (name string, value []byte, ok bool) {
	if !w.open || w.d.PeekKind() != '"' {
		return "", nil, false
	}
	t, err := w.d.ReadToken()
	if err != nil {
		return "", nil, false
	}
	name = t.String()
	value, ok = w.element()
	return name, value, ok
}

// element gives the next value of an array.
func (w *walker) element() (value []byte, ok bool) {
	if k := w.d.PeekKind(); !w.open || k == ']' || k == '}' || k == 0 {
		return nil, false
	}
	v, err := w.d.ReadValue()
	if err != nil {
		return nil, false
	}
	end := int(w.d.InputOffset())
	return w.b[end-len(v) : end : end], true
}

func kindOf(b []byte) jsontext.Kind { return jsontext.Value(b).Kind() }

// find gives what lies at a path within a checked JSON value: names with dots between
// them, and numbers for the elements of an array. A member whose own name has dots is
// found by them.
func find(b []byte, path string) (value []byte, found bool) {
	if path == "" {
		return nil, false
	}
	switch w := walk(b); kindOf(b) {
	case '{':
		for {
			name, v, ok := w.member()
			if !ok {
				return nil, false
			}
			if name == path {
				return v, true
			}
			if rest, below := strings.CutPrefix(path, name+"."); below {
				if v, found := find(v, rest); found {
					return v, true
				}
			}
		}
	case '[':
		first, rest, below := strings.Cut(path, ".")
		n, err := strconv.Atoi(first)
		if err != nil || n < 0 {
			return nil, false
		}
		for {
			v, ok := w.element()
			switch {
			case !ok:
				return nil, false
			case n > 0:
				n--
			case below:
				return find(v, rest)
			default:
				return v, true
			}
		}
	}
	return nil, false
}

// textAt gives the text, number or boolean at a path; empty where there is none.
func textAt(b []byte, path string) string {
	v, found := find(b, path)
	if !found {
		return ""
	}
	switch kindOf(v) {
	case '"':
		s, err := jsontext.AppendUnquote(nil, v)
		if err != nil {
			return ""
		}
		return string(s)
	case '0', 't', 'f':
		return string(v)
	}
	return ""
}
