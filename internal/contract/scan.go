package contract

// The scanner walks JSON text. Refine walks only text that jsontext has found
// valid; the door's mapping walks whatever came, so every step checks its bounds
// and answers -1 where the text cannot be JSON.

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// stringEnd gives the index after the closing quote of the string that opens at i,
// and whether it holds escapes.
func stringEnd(b []byte, i int) (end int, escaped bool) {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1, escaped
		case '\\':
			escaped = true
			i++
		}
	}
	return -1, escaped
}

// scalarEnd gives the index after a number or literal that begins at i.
func scalarEnd(b []byte, i int) int {
	start := i
	for i < len(b) {
		switch b[i] {
		case ',', '}', ']', ' ', '\n', '\t', '\r', '"', ':', '{', '[':
			if i == start {
				return -1
			}
			return i
		}
		i++
	}
	if i == start {
		return -1
	}
	return i
}

// containerEnd gives the index after the array or object that opens at i, the
// depth of nesting in it (1 for a flat one) and whether it is compact already.
func containerEnd(b []byte, i int) (end, depth int, compact bool) {
	open := 0
	compact = true
	for i < len(b) {
		switch b[i] {
		case '"':
			if i, _ = stringEnd(b, i); i < 0 {
				return -1, depth, compact
			}
			continue
		case '{', '[':
			open++
			depth = max(depth, open)
		case '}', ']':
			if open--; open == 0 {
				return i + 1, depth, compact
			}
		case ' ', '\n', '\t', '\r':
			compact = false
		}
		i++
	}
	return -1, depth, compact
}

// appendCompact appends the container's text without the space between tokens.
func appendCompact(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		switch text[i] {
		case '"':
			end, _ := stringEnd(text, i)
			if end < 0 {
				return dst
			}
			dst = append(dst, text[i:end]...)
			i = end
			continue
		case ' ', '\n', '\t', '\r':
		default:
			dst = append(dst, text[i])
		}
		i++
	}
	return dst
}

// valueEnd gives the index after the value that begins at i.
func valueEnd(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		end, _ := stringEnd(b, i)
		return end
	case '{', '[':
		end, _, _ := containerEnd(b, i)
		return end
	}
	return scalarEnd(b, i)
}

// member is one name and the start of its value within an object.
type member struct {
	name    []byte // between the quotes, as sent
	escaped bool   // name holds escapes
	value   int    // where the value begins
}

// nextMember reads the member that begins at or after i, past a comma; ok is false
// at the object's end, with next after the brace, and where the text is no JSON,
// with next -1.
func nextMember(b []byte, i int) (m member, next int, ok bool) {
	i = skipSpace(b, i)
	if i < len(b) && b[i] == ',' {
		i = skipSpace(b, i+1)
	}
	if i >= len(b) {
		return m, -1, false
	}
	if b[i] == '}' {
		return m, i + 1, false
	}
	if b[i] != '"' {
		return m, -1, false
	}
	end, escaped := stringEnd(b, i)
	if end < 0 {
		return m, -1, false
	}
	m.name, m.escaped = b[i+1:end-1], escaped
	i = skipSpace(b, end)
	if i >= len(b) || b[i] != ':' {
		return m, -1, false
	}
	m.value = skipSpace(b, i+1)
	return m, m.value, m.value < len(b)
}
