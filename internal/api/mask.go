package api

import "unicode/utf8"

// maskLimit is the most bytes of content that are shown masked.
const maskLimit = 16 << 10

// mask shows the shape of a record's content without what it says: in values,
// letters become x and digits 9, so that a date in a wrong form can still be told
// from a phone number. Member names, true, false, null and punctuation stay. It
// works on any bytes, JSON or not, since what is malformed is what gets here: a
// string counts as a name only where a value may not stand and a colon follows it.
func mask(content []byte) []byte {
	cut := len(content) > maskLimit
	if cut {
		content = content[:maskLimit]
	}
	out := make([]byte, 0, len(content)+3)
	for i := 0; i < len(content); {
		if content[i] == '"' {
			end, whole := stringEnd(content, i)
			if whole && isName(content, i, end) {
				out = append(out, content[i:end]...)
			} else {
				out = maskText(out, content[i:end])
			}
			i = end
			continue
		}
		if word := literal(content[i:]); word > 0 && (i == 0 || !isWord(content[i-1])) {
			out = append(out, content[i:i+word]...)
			i += word
			continue
		}
		r, n := utf8.DecodeRune(content[i:])
		out = maskRune(out, r, content[i:i+n])
		i += n
	}
	if cut {
		out = append(out, "..."...)
	}
	return out
}

// stringEnd gives the end of the string that begins at i, and whether it is closed.
func stringEnd(b []byte, i int) (int, bool) {
	for j := i + 1; j < len(b); j++ {
		switch b[j] {
		case '\\':
			j++
		case '"':
			return j + 1, true
		case '\n':
			return j, false
		}
	}
	return len(b), false
}

// isName reports whether the string [i, end) stands as a member's name: after { or a
// comma, before a colon, and looks like one: names that hold a space or an @ are
// more likely values, put there by whoever wrote the malformed record.
func isName(b []byte, i, end int) bool {
	if end-i > 66 {
		return false
	}
	for _, c := range b[i+1 : end-1] {
		if !isWord(c) && c != '-' && c != '.' && c != '$' {
			return false
		}
	}
	for i--; i >= 0 && isSpace(b[i]); i-- {
	}
	for ; end < len(b) && isSpace(b[end]); end++ {
	}
	return i >= 0 && (b[i] == '{' || b[i] == ',') && end < len(b) && b[end] == ':'
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// literal gives the length of true, false or null at the start of b, or 0.
func literal(b []byte) int {
	for _, word := range [...]string{"true", "false", "null"} {
		if len(b) >= len(word) && string(b[:len(word)]) == word && (len(b) == len(word) || !isWord(b[len(word)]) && b[len(word)] < utf8.RuneSelf) {
			return len(word)
		}
	}
	return 0
}

func maskText(out, text []byte) []byte {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		out = maskRune(out, r, text[i:i+n])
		i += n
	}
	return out
}

func maskRune(out []byte, r rune, raw []byte) []byte {
	switch {
	case r >= '0' && r <= '9':
		return append(out, '9')
	case r >= utf8.RuneSelf, isWord(raw[0]) && r != '_':
		return append(out, 'x')
	}
	return append(out, raw...)
}
