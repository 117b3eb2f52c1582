package record

import (
	"cmp"
	"math"
	"strconv"
	"strings"
	"time"
)

// ValueKind is the type of a Value.
type ValueKind uint8

// The types of value.
const (
	Null ValueKind = iota
	String
	Int
	Float
	Bool
	Time // microseconds UTC
	Date // days since 1970-01-01
	JSON // an array or object that stays whole, as compact JSON text
)

var valueKindNames = [...]string{"null", "string", "integer", "number", "boolean", "timestamp", "date", "json"}

func (k ValueKind) String() string {
	if int(k) < len(valueKindNames) {
		return valueKindNames[k]
	}
	return "unknown"
}

// Value is one typed value. The zero Value is null.
type Value struct {
	Kind ValueKind
	// Filled: no source said it; a stated rule of its stream put it where nothing was
	// said. It takes no part in Compare: rules that tell it apart ask for it.
	Filled bool
	N      int64  // Int, Bool (0 or 1), Time, Date; the bits of a Float
	S      string // String, JSON
}

// StringValue makes a string.
func StringValue(s string) Value { return Value{Kind: String, S: s} }

// IntValue makes an integer.
func IntValue(n int64) Value { return Value{Kind: Int, N: n} }

// FloatValue makes a number. NaN and infinities become null: no source may say them.
func FloatValue(f float64) Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Value{}
	}
	return Value{Kind: Float, N: int64(math.Float64bits(f))}
}

// BoolValue makes a boolean.
func BoolValue(b bool) Value {
	if b {
		return Value{Kind: Bool, N: 1}
	}
	return Value{Kind: Bool}
}

// TimeValue makes a timestamp from microseconds UTC.
func TimeValue(micros int64) Value { return Value{Kind: Time, N: micros} }

// DateValue makes a date from days since 1970-01-01.
func DateValue(days int64) Value { return Value{Kind: Date, N: days} }

// JSONValue holds compact JSON text of an array or object.
func JSONValue(text string) Value { return Value{Kind: JSON, S: text} }

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.Kind == Null }

// Float gives a number's value, also of an integer.
func (v Value) Float() float64 {
	if v.Kind == Float {
		return math.Float64frombits(uint64(v.N))
	}
	return float64(v.N)
}

// Numeric reports whether v is an integer or a number.
func (v Value) Numeric() bool { return v.Kind == Int || v.Kind == Float }

// Text is the value as people write it: dates as 2006-01-02, times as RFC 3339,
// null as the empty string.
func (v Value) Text() string {
	switch v.Kind {
	case String, JSON:
		return v.S
	case Int:
		return strconv.FormatInt(v.N, 10)
	case Float:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case Bool:
		return strconv.FormatBool(v.N == 1)
	case Time:
		return time.UnixMicro(v.N).UTC().Format("2006-01-02T15:04:05.999999Z07:00")
	case Date:
		return time.Unix(v.N*86400, 0).UTC().Format("2006-01-02")
	}
	return ""
}

// Compare is a total order: numbers by value across Int and Float, then other
// kinds by kind number and value. Ties in survivorship end here.
func (v Value) Compare(o Value) int {
	if v.Numeric() && o.Numeric() {
		if v.Kind == Int && o.Kind == Int {
			return cmp.Compare(v.N, o.N)
		}
		return cmp.Or(cmp.Compare(v.Float(), o.Float()), cmp.Compare(v.Kind, o.Kind))
	}
	if v.Kind != o.Kind {
		return cmp.Compare(v.Kind, o.Kind)
	}
	return cmp.Or(cmp.Compare(v.N, o.N), strings.Compare(v.S, o.S))
}

// AppendJSON appends the value as JSON.
func (v Value) AppendJSON(b []byte) []byte {
	switch v.Kind {
	case Null:
		return append(b, "null"...)
	case Int:
		return strconv.AppendInt(b, v.N, 10)
	case Float:
		return strconv.AppendFloat(b, v.Float(), 'g', -1, 64)
	case Bool:
		return strconv.AppendBool(b, v.N == 1)
	case JSON:
		return append(b, v.S...)
	}
	return AppendJSONString(b, v.Text())
}
