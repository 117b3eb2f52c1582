package quality

import (
	"math"
	"strconv"
	"strings"
	"unicode"

	"github.com/kithdata/kith/internal/kit/isotime"
	"github.com/kithdata/kith/internal/record"
)

func not(fn func(record.Value) bool) func(record.Value) bool {
	return func(v record.Value) bool { return !fn(v) }
}

func notNull(v record.Value) bool { return !v.IsNull() }

func notEmpty(v record.Value) bool {
	switch v.Kind {
	case record.Null:
		return false
	case record.String:
		return strings.TrimFunc(v.S, unicode.IsSpace) != ""
	case record.JSON:
		return v.S != "[]" && v.S != "{}"
	}
	return true
}

// number reads a number, also one that is a text. What a text can say of NaN and
// infinity is none.
func number(v record.Value) (float64, bool) {
	if v.Numeric() {
		return v.Float(), true
	}
	if v.Kind != record.String || !numberLike(v.S) {
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(v.S), 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// numberLike tells most texts that are no number without the error that parsing makes.
func numberLike(s string) bool {
	s = strings.TrimSpace(s)
	return s != "" && (s[0] >= '0' && s[0] <= '9' || s[0] == '-' || s[0] == '+' || s[0] == '.')
}

// maxDays keeps days within what microseconds can hold.
const maxDays = math.MaxInt64/isotime.DayMicros - 1

// moment reads a date or timestamp, also one that is a text; day says that it is a
// date, and has no time of day.
func moment(v record.Value) (micros int64, day, ok bool) {
	switch v.Kind {
	case record.Time:
		return v.N, false, true
	case record.Date:
		return min(max(v.N, -maxDays), maxDays) * isotime.DayMicros, true, true
	case record.String:
		return isotime.Parse(strings.TrimSpace(v.S))
	}
	return 0, false, false
}

// compareMoments looks at days alone where one of the two is a date.
func compareMoments(a int64, aDay bool, b int64, bDay bool) int {
	if aDay || bDay {
		a, b = dayOf(a), dayOf(b)
	}
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func dayOf(micros int64) int64 {
	day := micros / isotime.DayMicros
	if micros%isotime.DayMicros < 0 {
		day--
	}
	return day
}

// span is a range of numbers or, where dated, of moments.
type span struct {
	lo, hi       Bound
	strict       [2]bool
	dated        bool
	low, high    float64
	from, to     int64
	fromDay, day bool // lo, and hi, is a date
}

// spanOf reads a check's range; ok is false where it has neither end, where they are
// not of one kind, or where nothing lies between them.
func spanOf(c *CheckConfig, dates bool) (s span, ok bool) {
	s = span{lo: c.Min, hi: c.Max, strict: [2]bool{c.StrictMin, c.StrictMax}, low: math.Inf(-1), high: math.Inf(1), from: math.MinInt64, to: math.MaxInt64}
	numbers, moments := 0, 0
	for i, b := range [...]Bound{s.lo, s.hi} {
		if b == "" {
			continue
		}
		if f, ok := b.number(); ok {
			numbers++
			if i == 0 {
				s.low = f
			} else {
				s.high = f
			}
			continue
		}
		micros, day, ok := isotime.Parse(string(b))
		if !ok || !dates {
			return s, false
		}
		moments++
		if i == 0 {
			s.from, s.fromDay = micros, day
		} else {
			s.to, s.day = micros, day
		}
	}
	s.dated = moments > 0
	return s, (numbers == 0) != (moments == 0) && s.low <= s.high && s.from <= s.to
}

func (s *span) holds(f float64) bool {
	return (f > s.low || f == s.low && !s.strict[0]) && (f < s.high || f == s.high && !s.strict[1])
}

func (s *span) holdsMoment(micros int64, day bool) bool {
	if s.lo != "" {
		if c := compareMoments(micros, day, s.from, s.fromDay); c < 0 || c == 0 && s.strict[0] {
			return false
		}
	}
	if s.hi != "" {
		if c := compareMoments(micros, day, s.to, s.day); c > 0 || c == 0 && s.strict[1] {
			return false
		}
	}
	return true
}

const (
	badRange  = "range has neither min nor max, a min above its max, or ends of two kinds"
	mendRange = "give min, max or both, as numbers or as dates such as 2024-01-31"
)

func makeRange(c *CheckConfig, ck *check, bad *faults) {
	s, ok := spanOf(c, true)
	if !ok {
		bad.add("check_range", "", badRange, mendRange)
	}
	if s.dated {
		ck.one = func(v record.Value) bool {
			micros, day, ok := moment(v)
			return ok && s.holdsMoment(micros, day)
		}
		return
	}
	ck.one = func(v record.Value) bool {
		f, ok := number(v)
		return ok && s.holds(f)
	}
}

func sign(holds func(float64) bool) func(*CheckConfig, *check, *faults) {
	return func(_ *CheckConfig, ck *check, _ *faults) {
		ck.one = func(v record.Value) bool {
			f, ok := number(v)
			return ok && holds(f)
		}
	}
}

func makeMultipleOf(c *CheckConfig, ck *check, bad *faults) {
	unit, ok := Bound(c.Value).number()
	if !ok || unit <= 0 {
		bad.add("check_value", ".value", "multiple_of has no number above 0", "write for example value: 0.01")
		return
	}
	ck.one = func(v record.Value) bool {
		f, ok := number(v)
		if !ok {
			return false
		}
		q := f / unit // off by some units in the last place, as 0.3 / 0.1 is
		return math.Abs(q-math.Round(q)) <= 4*0x1p-52*math.Abs(q)
	}
}

// set holds values by what they mean: numbers and dates have more than one spelling.
type set struct {
	texts  map[string]struct{}
	values map[record.Value]struct{}
	floats map[float64]struct{}
}

func makeSet(texts []string) set {
	s := set{texts: map[string]struct{}{}, values: map[record.Value]struct{}{}, floats: map[float64]struct{}{}}
	add := func(v record.Value) { s.values[v] = struct{}{} }
	for _, text := range texts {
		s.texts[text] = struct{}{}
		add(record.JSONValue(text))
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			s.floats[f] = struct{}{}
			if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
				add(record.IntValue(int64(f)))
			}
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			add(record.IntValue(n))
		}
		if micros, day, ok := isotime.Parse(text); ok {
			add(record.TimeValue(micros))
			if day {
				add(record.DateValue(micros / isotime.DayMicros))
			}
		}
		if text == "true" || text == "false" {
			add(record.BoolValue(text == "true"))
		}
	}
	return s
}

func (s *set) has(v record.Value) bool {
	var ok bool
	switch v.Kind {
	case record.String:
		_, ok = s.texts[v.S]
	case record.Float:
		_, ok = s.floats[v.Float()]
	default:
		_, ok = s.values[v]
	}
	return ok
}

func makeInSet(c *CheckConfig, ck *check, bad *faults) {
	if len(c.Values) == 0 {
		bad.add("check_values", ".values", c.Check+" has no values", "list them")
	}
	s := makeSet(c.Values)
	ck.one = s.has
}

func makeEquals(c *CheckConfig, ck *check, bad *faults) {
	if c.Value == "" {
		bad.add("check_value", ".value", "equals has no value", "write the one that is wanted")
	}
	s := makeSet([]string{c.Value})
	ck.one = s.has
}

func makeType(c *CheckConfig, ck *check, bad *faults) {
	var wanted [8]bool
	for _, name := range c.Values {
		known := false
		for k := record.String; k <= record.JSON; k++ {
			if k.String() == name {
				wanted[k], known = true, true
			}
		}
		if !known {
			bad.add("check_values", ".values", "there is no such type", "use string, integer, number, boolean, timestamp, date or json")
		}
	}
	if len(c.Values) == 0 {
		bad.add("check_values", ".values", "type has no values", "list the types that are allowed")
	}
	wanted[record.Int] = wanted[record.Int] || wanted[record.Float]
	ck.one = func(v record.Value) bool { return int(v.Kind) < len(wanted) && wanted[v.Kind] }
}
