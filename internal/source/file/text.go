package file

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/encoding/charmap"

	"github.com/kithdata/kith/internal/record"
)

// keepRaw is how much of a row that cannot be read is kept, in bytes.
const keepRaw = 1 << 10

// appendText appends s as a JSON string. What is not UTF-8 is taken for
// Windows-1252, which agrees with Latin-1 on every printable character.
func appendText(b, s []byte) []byte {
	clean := true
	for _, c := range s {
		if c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			clean = false
			break
		}
	}
	if clean {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	if !utf8.Valid(s) {
		wide := make([]rune, len(s))
		for i, c := range s {
			wide[i] = charmap.Windows1252.DecodeByte(c)
		}
		return record.AppendJSONString(b, string(wide))
	}
	b, _ = jsontext.AppendQuote(b, s) // fails only for what is not UTF-8
	return b
}

// rawRow is a row that cannot be read.
type rawRow struct {
	line            int64 // where it begins
	size            int64 // in bytes
	raw             []byte
	whole           bool  // keep all of raw, not its first keepRaw bytes alone
	fields, columns int   // of a CSV's row and header, where they differ
	quoteLine       int64 // where the quote opens that does not close
}

// appendRaw appends the Props of a row that cannot be read.
func appendRaw(b []byte, r rawRow) []byte {
	raw := r.raw
	if !r.whole && len(raw) > keepRaw {
		raw = raw[:keepRaw]
	}
	if int64(len(raw)) < r.size {
		raw = cutRune(raw)
	}
	member := func(name string, n int64) { b = strconv.AppendInt(append(b, name...), n, 10) }
	member(`{"_line":`, r.line)
	member(`,"_bytes":`, r.size)
	if r.columns > 0 {
		member(`,"_fields":`, int64(r.fields))
		member(`,"_columns":`, int64(r.columns))
	}
	if r.quoteLine > 0 {
		member(`,"_quote_line":`, r.quoteLine)
	}
	b = append(b, `,"_raw":`...)
	b = appendText(b, raw)
	return append(b, '}')
}

// appendFile gives the Props of a row that cannot be read with the file's name in them,
// and leaves those that it was given as they are.
func appendFile(props []byte, file string) []byte {
	b := append([]byte(nil), bytes.TrimSuffix(props, []byte("}"))...)
	b = append(b, `,"_file":`...)
	return append(appendText(b, []byte(file)), '}')
}

// cutRune drops a character that the cut left incomplete, which would make the
// rest look like another encoding.
func cutRune(b []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}
