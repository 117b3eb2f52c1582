package warehouse

import (
	"math"
	"strconv"

	"github.com/kithdata/kith/internal/record"
)

// Type is the type of a column that widens by itself. Types form a lattice: a
// column's type is the Join of the types of all values it has held, so it does not
// depend on their order (I2).
type Type uint8

// The types of column. Text is the top: every value has one text form.
const (
	None    Type = iota // only nulls so far: no column yet
	Boolean             // BOOLEAN
	Integer             // BIGINT; every value so far fits a double exactly
	BigInt              // BIGINT; some value does not
	Double              // DOUBLE
	Date                // DATE
	Stamp               // TIMESTAMP, microseconds UTC
	JSON                // text that is one JSON array or object
	Text                // VARCHAR
)

var typeNames = [...]string{"none", "boolean", "integer", "bigint", "double", "date", "timestamp", "json", "text"}

func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "unknown"
}

// ParseType reads a Type's name; ok is false for a name that is none.
func ParseType(name string) (t Type, ok bool) {
	for i, n := range typeNames {
		if n == name {
			return Type(i), true
		}
	}
	return None, false
}

// exactDouble is the greatest magnitude up to which every integer is a double.
const exactDouble = 1 << 53

// The moments that a date or timestamp column holds: years 1 to 9999. Others are
// kept as text, for nothing is truncated.
const (
	minDay, maxDay     = -719162, 2932896
	minMicro, maxMicro = minDay * 86_400_000_000, (maxDay+1)*86_400_000_000 - 1
)

// TypeOf is the narrowest type that holds v exactly.
func TypeOf(v record.Value) Type {
	switch v.Kind {
	case record.Null:
		return None
	case record.Bool:
		return Boolean
	case record.Int:
		if v.N > exactDouble || v.N < -exactDouble {
			return BigInt
		}
		return Integer
	case record.Float:
		return Double
	case record.Date:
		if v.N < minDay || v.N > maxDay {
			return Text
		}
		return Date
	case record.Time:
		if v.N < minMicro || v.N > maxMicro {
			return Text
		}
		return Stamp
	case record.JSON:
		return JSON
	}
	return Text
}

// Join is the narrowest type that holds all values of both, without loss.
func (t Type) Join(u Type) Type {
	if t > u {
		t, u = u, t
	}
	switch {
	case t == u, t == None:
		return u
	case t == Integer && (u == BigInt || u == Double):
		return u
	case t == Date && u == Stamp:
		return u
	}
	return Text // also BigInt with Double: a double would lose digits
}

// AppendText appends the form that v has in a text column. It depends only on the
// value that narrower columns would have kept: an integral number has no fraction,
// and midnight is written as its date, whichever way it came.
func AppendText(b []byte, v record.Value) []byte {
	switch v.Kind {
	case record.Float:
		return appendDouble(b, v.Float())
	case record.Time:
		if v.N%86_400_000_000 == 0 {
			return append(b, record.DateValue(v.N/86_400_000_000).Text()...)
		}
	}
	return append(b, v.Text()...)
}

func appendDouble(b []byte, f float64) []byte {
	if a := math.Abs(f); a == 0 || a >= 1e-4 && a < 1e16 {
		if a == 0 {
			f = 0 // of either sign
		}
		return strconv.AppendFloat(b, f, 'f', -1, 64)
	}
	return strconv.AppendFloat(b, f, 'e', -1, 64)
}
