package contract

import (
	"math"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/kit/isotime"
	"github.com/kithdata/kith/internal/record"
)

// ParseTime reads an ISO date or timestamp (RFC 3339 and its common variants; no
// zone means UTC) as microseconds UTC and the kind it is: record.Date, at
// midnight, or record.Time.
func ParseTime(s string) (micros int64, kind record.ValueKind, ok bool) {
	micros, dateOnly, ok := isotime.Parse(s)
	switch {
	case !ok:
		return 0, record.Null, false
	case dateOnly:
		return micros, record.Date, true
	}
	return micros, record.Time, true
}

// JoinTypes is the least type that holds both: integer < number < string, date <
// timestamp < string, boolean < string, json above all, null below all. It is
// commutative, associative and idempotent.
func JoinTypes(a, b record.ValueKind) record.ValueKind {
	if a > b {
		a, b = b, a
	}
	switch {
	case a == b || a == record.Null:
		return b
	case b == record.JSON:
		return b
	case a == record.Int && b == record.Float:
		return record.Float
	case a == record.Time && b == record.Date:
		return record.Time
	}
	return record.String
}

// The longest texts that are inferred as numbers. Longer strings of digits are
// phone numbers, accounts and the like, on which nobody does arithmetic; and a
// float64 gives back at most 15 digits as they were.
const (
	maxIntDigits   = 9
	maxFloatDigits = 15
)

// Natural is the least type that holds v: of a string, what its text looks like.
func Natural(v record.Value) record.ValueKind {
	if v.Kind == record.String {
		return naturalText(v.S)
	}
	return v.Kind
}

func naturalText(s string) record.ValueKind {
	if s == "" {
		return record.Null
	}
	switch c := s[0]; {
	case c == '-' || c >= '0' && c <= '9':
		if k := numberText(s); k != record.Null {
			return k
		}
		if _, k, ok := ParseTime(s); ok {
			return k
		}
	case c|0x20 == 't' || c|0x20 == 'f':
		if strings.EqualFold(s, "true") || strings.EqualFold(s, "false") {
			return record.Bool
		}
	}
	return record.String
}

// numberText tells an integer or number whose text its value gives back; Null for
// any other, such as 007 and 1e5.
func numberText(s string) record.ValueKind {
	if s[0] == '-' {
		s = s[1:]
	}
	whole := 0
	for whole < len(s) && s[whole] >= '0' && s[whole] <= '9' {
		whole++
	}
	switch {
	case whole == 0 || whole > 1 && s[0] == '0':
		return record.Null
	case whole == len(s):
		if whole > maxIntDigits {
			return record.Null
		}
		return record.Int
	case s[whole] != '.' || len(s) == whole+1 || len(s)-1 > maxFloatDigits:
		return record.Null
	}
	for _, c := range []byte(s[whole+1:]) {
		if c < '0' || c > '9' {
			return record.Null
		}
	}
	return record.Float
}

// exactFloat is the range in which a float64 holds every integer.
const exactFloat = float64(1 << 53)

// fit reads v as a value of kind k; ok is false where that would lose or guess.
// An empty text is null under any kind but string and json. Null fits every kind:
// whether it may stand there is the caller's question.
func fit(v record.Value, k record.ValueKind) (record.Value, bool) {
	switch {
	case v.Kind == k, v.Kind == record.Null:
		return v, true
	case v.Kind == record.String && k != record.JSON:
		return fitText(v.S, k)
	}
	switch k {
	case record.String:
		return fitString(v)
	case record.Int:
		if f := v.Float(); v.Kind == record.Float && f == math.Trunc(f) && math.Abs(f) <= exactFloat {
			return record.IntValue(int64(f)), true
		}
	case record.Float:
		if v.Kind == record.Int {
			return record.FloatValue(float64(v.N)), true
		}
	case record.Bool:
		if v.Kind == record.Int && (v.N == 0 || v.N == 1) {
			return record.BoolValue(v.N == 1), true
		}
	case record.Time:
		switch v.Kind {
		case record.Int:
			return unixTime(v.N)
		case record.Date:
			return record.TimeValue(v.N * isotime.DayMicros), true
		}
	case record.JSON:
		return record.JSONValue(string(v.AppendJSON(nil))), true
	}
	return v, false
}

func fitString(v record.Value) (record.Value, bool) {
	if v.Kind == record.JSON {
		return v, false
	}
	if v.Kind == record.Float && v.S != "" { // the number's own text: no digit is lost
		return record.StringValue(v.S), true
	}
	return record.StringValue(v.Text()), true
}

func fitText(s string, k record.ValueKind) (record.Value, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return record.Value{}, true
	}
	switch k {
	case record.Int:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return record.IntValue(n), true
		}
	case record.Float:
		if f, ok := parseFloat(s); ok {
			return record.FloatValue(f), true
		}
	case record.Bool:
		if b, ok := parseBool(s); ok {
			return record.BoolValue(b), true
		}
	case record.Date:
		// A midnight is how systems without a date type write a date.
		if micros, _, ok := ParseTime(s); ok && micros%isotime.DayMicros == 0 {
			return record.DateValue(micros / isotime.DayMicros), true
		}
	case record.Time:
		if micros, _, ok := ParseTime(s); ok {
			return record.TimeValue(micros), true
		}
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return unixTime(n)
		}
	}
	return record.StringValue(s), false
}

// Unix times below maxUnixSeconds (the year 5138) are seconds, from there to
// maxUnixMillis milliseconds, to maxUnixMicros microseconds.
const (
	maxUnixSeconds = int64(100_000_000_000)
	maxUnixMillis  = int64(100_000_000_000_000)
	maxUnixMicros  = int64(100_000_000_000_000_000)
)

func unixTime(n int64) (record.Value, bool) {
	switch {
	case n <= -maxUnixMicros || n >= maxUnixMicros:
		return record.Value{}, false
	case n <= -maxUnixMillis || n >= maxUnixMillis:
		return record.TimeValue(n), true
	case n <= -maxUnixSeconds || n >= maxUnixSeconds:
		return record.TimeValue(n * 1000), true
	}
	return record.TimeValue(n * 1_000_000), true
}

// recentUnix reads seconds, milliseconds or microseconds since 1970 from September 2001
// to the end of 2099, or gives 0. No number within these bounds is a date written as
// one, so that it needs no contract to be known.
func recentUnix(s string) int64 {
	const first, last = 1_000_000_000, 4_102_444_800
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	for unit := int64(1_000_000); unit > 0; unit /= 1_000 {
		if micros := n * unit; n >= first*(1_000_000/unit) && n < last*(1_000_000/unit) {
			return micros
		}
	}
	return 0
}

// parseFloat reads a decimal number; strconv's hexadecimal, underscores, NaN and
// infinity are none.
func parseFloat(s string) (float64, bool) {
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9', c == '.', c == '-', c == '+', c == 'e', c == 'E':
		default:
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

func parseBool(s string) (value, ok bool) {
	for _, t := range [...]string{"true", "t", "yes", "y", "1"} {
		if strings.EqualFold(s, t) {
			return true, true
		}
	}
	for _, f := range [...]string{"false", "f", "no", "n", "0"} {
		if strings.EqualFold(s, f) {
			return false, true
		}
	}
	return false, false
}
