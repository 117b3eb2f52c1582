package tracking

import (
	"bytes"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"
)

// members walks the members of one JSON object whose syntax was already checked:
// it only finds where names and values begin and end, and how deep they nest.
// Names and values alias the object.
type members struct {
	b     []byte
	i     int
	depth int // deepest nesting met so far, the object itself counting as 1

	name       []byte // with its quotes
	value      []byte
	start, end int // of the whole member, for leaving it out of a hash
}

// object starts a walk; ok is false where b is no object.
func object(b []byte) (m members, ok bool) {
	b = bytes.TrimLeft(b, " \t\r\n")
	if len(b) == 0 || b[0] != '{' {
		return members{}, false
	}
	return members{b: b, i: 1, depth: 1}, true
}

// next goes to the next member.
func (m *members) next() bool {
	m.space()
	if m.i < len(m.b) && m.b[m.i] == ',' {
		m.i++
		m.space()
	}
	if m.i >= len(m.b) || m.b[m.i] != '"' {
		return false
	}
	m.start = m.i
	m.i = skipString(m.b, m.i)
	m.name = m.b[m.start:m.i:m.i]
	m.space()
	m.i++ // the colon
	m.space()
	from := m.i
	m.skipValue()
	m.end = m.i
	m.value = m.b[min(from, m.end):m.end:m.end]
	return true
}

func (m *members) space() {
	for m.i < len(m.b) {
		switch m.b[m.i] {
		case ' ', '\t', '\r', '\n':
			m.i++
		default:
			return
		}
	}
}

// skipValue moves past one value.
func (m *members) skipValue() {
	b, depth := m.b, 1
	i := m.i
	for i < len(b) {
		switch b[i] {
		case '"':
			i = skipString(b, i)
			if depth == 1 {
				m.i = i
				return
			}
			continue
		case '{', '[':
			depth++
			m.depth = max(m.depth, depth)
		case '}', ']':
			depth--
			if depth == 1 {
				m.i = i + 1
				return
			}
			if depth < 1 { // the end of the object around a bare number or literal
				m.i = i
				return
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 1 {
				m.i = i
				return
			}
		}
		i++
	}
	m.i = min(i, len(b))
}

// skipString gives the index after the string that begins at i.
func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return len(b)
}

// is reports whether the member's name is want, however it was escaped.
func (m *members) is(want string) bool { return sameName(m.name, want) }

func sameName(quoted []byte, want string) bool {
	if len(quoted) == len(want)+2 && string(quoted[1:len(quoted)-1]) == want {
		return true
	}
	if bytes.IndexByte(quoted, '\\') < 0 {
		return false
	}
	plain, err := jsontext.AppendUnquote(nil, quoted)
	return err == nil && string(plain) == want
}

// sameNames compares two quoted names, however they were escaped.
func sameNames(a, b []byte) bool {
	if bytes.IndexByte(b, '\\') < 0 {
		return sameName(a, view(b[1:len(b)-1]))
	}
	plain, err := jsontext.AppendUnquote(nil, b)
	return err == nil && sameName(a, string(plain))
}

// view is b as a string without copying; it lives as long as b stays unchanged.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// isNull reports whether a value is absent or null.
func isNull(v []byte) bool { return len(v) == 0 || v[0] == 'n' }

// inner is what lies between an object's braces, without the space around it;
// empty for an empty object.
func inner(object []byte) []byte {
	if len(object) < 2 {
		return nil
	}
	return bytes.Trim(object[1:len(object)-1], " \t\r\n")
}
