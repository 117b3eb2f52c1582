package duckdb

import "strings"

// token is a word, a quoted name, a string or a sign of an SQL text.
type token struct {
	kind       byte // 'w' word, 'n' quoted name, 's' string, else the sign itself
	text       string
	start, end int
}

// scan cuts SQL into tokens and leaves comments out. It reads enough of the
// language to find the first word, function calls and the end of a statement; what
// it does not understand comes as single signs.
func scan(sql string) (tokens []token) {
	for i := 0; i < len(sql); {
		start := i
		switch c := sql[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			i++
			continue
		case strings.HasPrefix(sql[i:], "--"):
			i = skipTo(sql, i, "\n")
			continue
		case strings.HasPrefix(sql[i:], "/*"):
			i = skipComment(sql, i)
			continue
		case c == '\'':
			i = skipQuoted(sql, i, '\'', (start > 0) && (sql[start-1] == 'e' || sql[start-1] == 'E'))
			tokens = append(tokens, token{'s', sql[start:i], start, i})
		case c == '"':
			i = skipQuoted(sql, i, '"', false)
			tokens = append(tokens, token{'n', strings.ReplaceAll(strings.Trim(sql[start:i], `"`), `""`, `"`), start, i})
		case c == '$' && dollarTag(sql[i:]) != "":
			tag := dollarTag(sql[i:])
			i = skipTo(sql, i+len(tag), tag)
			tokens = append(tokens, token{'s', sql[start:i], start, i})
		case wordByte(c):
			for i < len(sql) && (wordByte(sql[i]) || sql[i] == '$') {
				i++
			}
			tokens = append(tokens, token{'w', strings.ToLower(sql[start:i]), start, i})
		default:
			i++
			tokens = append(tokens, token{c, sql[start:i], start, i})
		}
	}
	return tokens
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func skipTo(s string, from int, mark string) int {
	if j := strings.Index(s[from:], mark); j >= 0 {
		return from + j + len(mark)
	}
	return len(s)
}

// skipComment skips a comment with those nested in it.
func skipComment(s string, i int) int {
	depth := 0
	for i < len(s) {
		switch {
		case strings.HasPrefix(s[i:], "/*"):
			depth++
			i += 2
		case strings.HasPrefix(s[i:], "*/"):
			depth--
			i += 2
			if depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return i
}

func skipQuoted(s string, i int, quote byte, escapes bool) int {
	for i++; i < len(s); i++ {
		switch {
		case escapes && s[i] == '\\':
			i++
		case s[i] == quote && i+1 < len(s) && s[i+1] == quote:
			i++
		case s[i] == quote:
			return i + 1
		}
	}
	return len(s)
}

// dollarTag gives the opening mark of a $tag$ string, or "".
func dollarTag(s string) string {
	for i := 1; i < len(s); i++ {
		if s[i] == '$' {
			return s[:i+1]
		}
		if !wordByte(s[i]) || i == 1 && s[i] >= '0' && s[i] <= '9' {
			break
		}
	}
	return ""
}
