package match

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zeebo/xxh3"
	"golang.org/x/text/unicode/norm"
)

// Table is records as columns of text, each value kept once.
type Table struct {
	Rows    int
	Columns []Column
	// Origin is the file of each row, for linking; nil when all come from one.
	Origin []uint16
	// Key orders rows that say the same, so that where they stand in their files means
	// nothing; nil: they are taken as they come.
	Key []uint64
}

// Column is one column of a table.
type Column struct {
	Name   string
	Codes  []uint32 // by row: an index into Values; 0 where nothing is given
	Values []string // distinct, as they were written; Values[0] is ""
}

// Builder is a column while it is read.
type Builder struct {
	column Column
	index  dictionary
}

// NewBuilder begins a column.
func NewBuilder(name string) *Builder {
	b := &Builder{column: Column{Name: name}}
	b.index.values = []string{""}
	return b
}

// Set gives a row its value. Rows come in order; those that are left out have none, and
// of two values of one row the first stays.
func (b *Builder) Set(row int, value []byte) {
	c := &b.column
	if len(c.Codes) > row {
		return
	}
	b.pad(row)
	c.Codes = append(c.Codes, b.index.add(value))
}

func (b *Builder) pad(rows int) {
	for len(b.column.Codes) < rows {
		b.column.Codes = append(b.column.Codes, 0)
	}
}

// Name is the column's.
func (b *Builder) Name() string { return b.column.Name }

// Empty reports whether no row has a value.
func (b *Builder) Empty() bool { return len(b.index.values) == 1 }

// At is the value of a row.
func (b *Builder) At(row int) string {
	if row >= len(b.column.Codes) {
		return ""
	}
	return b.index.values[b.column.Codes[row]]
}

// Column gives the column, of so many rows. No more values can then be set.
func (b *Builder) Column(rows int) Column {
	b.pad(rows)
	b.index.slots = nil
	b.column.Values = b.index.values
	return b.column
}

// missing are the spellings of "nothing is known", normalised.
var missing = map[string]bool{
	"null": true, "none": true, "nan": true, "n a": true, "na": true, "nil": true, "unknown": true,
	"not available": true, "not applicable": true, "undefined": true, "missing": true, "tbd": true, "xxx": true,
}

// normalise gives a value in lower case, without accents, its punctuation turned to
// single spaces; "" where it says that nothing is known.
func normalise(s string) string {
	out, plain := plainASCII(s)
	if !plain {
		out = foldUnicode(s)
	}
	if missing[out] {
		return ""
	}
	return out
}

// SaysNothing reports whether a value says that nothing is known.
func SaysNothing(v string) bool { return normalise(v) == "" }

// plainASCII is normalise for text of ASCII alone, which most is.
func plainASCII(s string) (string, bool) {
	clean := true
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return "", false
		}
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == ' ' && i > 0 && i+1 < len(s) && s[i-1] != ' ') {
			clean = false
		}
	}
	if clean {
		return s, true
	}
	buf := make([]byte, 0, len(s))
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			buf = append(buf, c)
		case 'A' <= c && c <= 'Z':
			buf = append(buf, c+'a'-'A')
		case c == '\'':
		default:
			if len(buf) > 0 && buf[len(buf)-1] != ' ' {
				buf = append(buf, ' ')
			}
		}
	}
	return strings.TrimSuffix(string(buf), " "), true
}

// folded are letters that have no accent to take off, yet are written without it elsewhere.
var folded = map[rune]string{'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'ł': "l", 'þ': "th", 'ı': "i", 'ς': "σ"}

func foldUnicode(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		r = unicode.ToLower(r)
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’':
		case unicode.IsLetter(r), unicode.IsDigit(r):
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			if plain, ok := folded[r]; ok {
				b.WriteString(plain)
			} else {
				b.WriteRune(r)
			}
		default:
			space = true
		}
	}
	return b.String()
}

// hash is the same in every process: what is sampled by it depends on nothing else.
func hash(s string) uint64 { return xxh3.HashString(s) }

// mix joins two hashes, in order; every bit of both moves every bit of what it gives.
func mix(a, b uint64) uint64 {
	const odd = 0xd6e8feb86659fd93
	h := a*0x9e3779b97f4a7c15 + b
	h = (h ^ h>>32) * odd
	h = (h ^ h>>32) * odd
	return h ^ h>>32
}

// tokens gives the words of a normalised value.
func tokens(s string) []string {
	if !strings.Contains(s, " ") {
		if s == "" {
			return nil
		}
		return []string{s}
	}
	return slices.Clip(strings.Fields(s))
}
