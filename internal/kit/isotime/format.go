package isotime

import (
	"strings"
	"time"
	_ "time/tzdata" // zones are known where the machine has no table of them
)

// maxText is the longest text that is tried as a date in an order of its own.
const maxText = 100

// Format says how people or systems write dates and times. ISO 8601 is read whatever
// it says. The zero Format reads nothing else, in UTC.
type Format struct {
	// Order is that of day, month and year: "dmy", "mdy" or "ymd"; empty for ISO alone.
	Order string
	// Pivots says that years of two digits are read, those up to Pivot as of 2000 and
	// after and the others as of 1900 and after.
	Pivots bool
	Pivot  int
	// Zone is that of times that name none; nil is UTC.
	Zone *time.Location
}

// LoadZone finds a time zone by its name in the IANA database. The machine's own, which
// Go calls Local, is none.
func LoadZone(name string) (zone *time.Location, ok bool) {
	if name == "" || name == "Local" {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}

// Parse reads what the package's Parse reads, and in f's order three numbers with one
// of "./- " between them, or a month's name and two numbers, alone or before a time of
// day of 24 or twelve hours. A year of four digits in front is one in every order; ymd
// is also eight digits. micros is microseconds since 1970 UTC; of a date alone it is
// midnight there, whatever the zone.
func (f *Format) Parse(s string) (micros int64, dateOnly, ok bool) {
	micros, dateOnly, ok = Parse(s)
	if !ok && f.Order != "" && len(s) <= maxText {
		if micros, dateOnly, ok = f.ordered(s, f.Order); !ok {
			var order string
			// Words are kept in a list, and what s points to would have to be on the heap
			// for all callers.
			if s, order, ok = named(strings.Clone(s), f.Order); ok {
				micros, dateOnly, ok = f.ordered(s, order)
			}
		}
	}
	if ok && !dateOnly && f.Zone != nil && f.Zone != time.UTC && !Zoned(s) {
		micros = f.inZone(micros)
	}
	return micros, dateOnly, ok
}

// Moment is Parse where a date alone stands for the moment at which it begins in f's
// zone.
func (f *Format) Moment(s string) (micros int64, ok bool) {
	micros, dateOnly, ok := f.Parse(s)
	if ok && dateOnly && f.Zone != nil {
		micros = f.inZone(micros)
	}
	return micros, ok
}

// inZone takes a time that was read as UTC for one of the zone's own clock. A time
// that the clock shows twice is the first of the two, and one that it leaps over is
// counted on from before the leap, as RFC 5545 (3.3.5) has it; time.Date promises
// neither.
func (f *Format) inZone(micros int64) int64 {
	before, after := f.offset(micros-DayMicros), f.offset(micros+DayMicros)
	if first := micros - max(before, after); before != after && f.offset(first) == max(before, after) {
		return first
	}
	if second := micros - after; f.offset(second) == after {
		return second
	}
	return micros - before
}

// offset is the zone's from UTC at a moment.
func (f *Format) offset(micros int64) int64 {
	_, seconds := time.UnixMicro(micros).In(f.Zone).Zone()
	return int64(seconds) * second
}

// Zoned reports whether a text with a time of day ends in a zone.
func Zoned(s string) bool {
	clock := s[strings.IndexByte(s, ':')+1:]
	return strings.ContainsAny(clock, "+-Zz") || strings.HasSuffix(clock, "UTC") || strings.HasSuffix(clock, "GMT")
}

// split takes a date from a time of day after T, or after a space and perhaps a comma.
func split(s string) (day, clock string) {
	if i := strings.IndexAny(s, "Tt"); i > 0 {
		return s[:i], s[i+1:]
	}
	i := strings.IndexByte(s, ' ')
	if i <= 0 || strings.IndexByte(s, ':') < i {
		return s, ""
	}
	return strings.TrimSuffix(s[:i], ","), strings.TrimLeft(s[i+1:], " ")
}

// ordered reads three numbers in an order, with one kind of separator, and a time of
// day. Eight digits alone are ymd.
func (f *Format) ordered(s, order string) (micros int64, dateOnly, ok bool) {
	var parts, lens [3]int
	day, clock := split(s)
	if len(s) == 8 && order == "ymd" && !strings.ContainsFunc(s, func(c rune) bool { return c < '0' || c > '9' }) {
		parts[0], _ = digits(s[:4])
		parts[1], _ = digits(s[4:6])
		parts[2], _ = digits(s[6:])
		lens = [3]int{4, 2, 2}
	} else if parts, lens, ok = numbers(day); !ok {
		return 0, false, false
	}
	days, ok := f.day(parts, lens, order)
	if !ok {
		return 0, false, false
	}
	if clock == "" {
		return days * DayMicros, true, true
	}
	of, ok := TimeOfDay(clock)
	if !ok {
		return 0, false, false
	}
	return days*DayMicros + of, false, true
}

// Day reads three numbers in f's order, with one kind of separator between them, as days
// since 1970. A year of four digits in front is one in every order.
func (f *Format) Day(s string) (days int64, ok bool) {
	parts, lens, ok := numbers(s)
	if !ok {
		return 0, false
	}
	return f.day(parts, lens, f.Order)
}

func (f *Format) day(parts, lens [3]int, order string) (days int64, ok bool) {
	if lens[0] == 4 { // month and day follow it
		order = "ymd"
	}
	y, m, d := strings.IndexByte(order, 'y'), strings.IndexByte(order, 'm'), strings.IndexByte(order, 'd')
	if lens[y] == 2 && f.Pivots && lens[0] <= 2 {
		parts[y], lens[y] = f.century(parts[y]), 4
	}
	if lens[y] != 4 || lens[m] > 2 || lens[d] > 2 {
		return 0, false
	}
	return Days(parts[y], parts[m], parts[d])
}

// numbers takes three numbers apart that have one kind of separator between them.
func numbers(day string) (parts, lens [3]int, ok bool) {
	n, sep := 0, byte(0)
	for i := range len(day) {
		switch c := day[i]; {
		case c >= '0' && c <= '9':
			parts[n] = parts[n]*10 + int(c-'0')
			if lens[n]++; lens[n] > 4 {
				return parts, lens, false
			}
		case (c == '/' || c == '-' || c == '.' || c == ' ') && (sep == 0 || sep == c) && n < 2 && lens[n] > 0:
			sep = c
			n++
		default:
			return parts, lens, false
		}
	}
	return parts, lens, n == 2 && lens[2] > 0
}

// century gives a year of two digits its century.
func (f *Format) century(year int) int {
	if year <= f.Pivot {
		return 2000 + year
	}
	return 1900 + year
}

// TimeOfDay reads what Clock reads, an hour of one digit, and a clock of twelve hours
// with AM or PM after it, as microseconds after midnight.
func TimeOfDay(s string) (micros int64, ok bool) {
	if len(s) > 1 && s[1] == ':' {
		s = "0" + s
	}
	half, twelve := int64(0), false
	if n := len(s) - 2; n > 0 && s[n+1]|0x20 == 'm' && (s[n]|0x20 == 'a' || s[n]|0x20 == 'p') {
		twelve = true
		if s[n]|0x20 == 'p' {
			half = DayMicros / 2
		}
		s = strings.TrimRight(s[:n], " \u00a0\u202f")
	}
	if micros, ok = Clock(s); !ok || !twelve {
		return micros, ok
	}
	switch hour := s[:2]; {
	case hour == "12":
		micros -= DayMicros / 2
	case hour == "00" || hour > "12":
		return 0, false
	}
	return micros + half, true
}
