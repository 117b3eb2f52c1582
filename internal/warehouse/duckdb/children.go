package duckdb

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/record"
)

// childRow is one object of an array within a record.
type childRow struct {
	parent  *record.Fact
	key     [16]byte
	ordinal int64
	attrs   []record.Attr
}

// parseChildren reads a JSON array of one or more objects. ok is false for
// anything else: that stays whole, as JSON text in the parent's own column.
func parseChildren(text string) (rows [][]record.Attr, ok bool) {
	if !looksLikeObjects(text) {
		return nil, false
	}
	d := jsontext.NewDecoder(strings.NewReader(text), jsontext.AllowDuplicateNames(true))
	if _, err := d.ReadToken(); err != nil {
		return nil, false
	}
	for d.PeekKind() == '{' {
		attrs, err := parseObject(d)
		if err != nil {
			return nil, false
		}
		rows = append(rows, attrs)
	}
	if d.PeekKind() != ']' {
		return nil, false
	}
	return rows, true
}

func looksLikeObjects(text string) bool {
	if len(text) < 3 || text[0] != '[' {
		return false
	}
	rest := strings.TrimLeft(text[1:], " \t\r\n")
	return rest != "" && rest[0] == '{'
}

func parseObject(d *jsontext.Decoder) ([]record.Attr, error) {
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	var attrs []record.Attr
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		field := name.String() // before the next read
		raw, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		attrs = append(attrs, record.Attr{Name: field, Value: jsonValue(raw)})
	}
	_, err := d.ReadToken()
	return attrs, err
}

// jsonValue types a JSON value: numbers that neither an integer nor a double holds
// exactly stay text.
func jsonValue(raw jsontext.Value) record.Value {
	switch raw.Kind() {
	case 'n':
		return record.Value{}
	case 't', 'f':
		return record.BoolValue(raw[0] == 't')
	case '"':
		s, err := jsontext.AppendUnquote(nil, raw)
		if err != nil {
			return record.StringValue(string(raw))
		}
		return record.StringValue(string(s))
	case '0':
		return jsonNumber(string(raw))
	}
	return record.JSONValue(string(raw))
}

func jsonNumber(text string) record.Value {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return record.IntValue(n)
	}
	f, err := strconv.ParseFloat(text, 64)
	digits := len(strings.TrimLeft(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, mantissa(text)), "0"))
	if err != nil || digits > 17 {
		return record.StringValue(text)
	}
	return record.FloatValue(f)
}

func mantissa(text string) string {
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		return text[:i]
	}
	return text
}
