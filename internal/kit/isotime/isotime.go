// Package isotime reads the dates and timestamps that sources send: those of ISO 8601
// without allocating, and by a Format those in another order of day, month and year. It
// knows neither the machine's clock nor its zone, and imports only the standard library.
package isotime

const (
	// DayMicros is the number of microseconds in a day.
	DayMicros = int64(86_400_000_000)
	hour      = int64(3_600_000_000)
	minute    = int64(60_000_000)
	second    = int64(1_000_000)
)

// Parse reads "2024-01-02", or such a date with a time of day after "T", "t" or one
// space: "15:04", "15:04:05", with up to nine digits of a fraction after "." or
// ",", of which six count, and a zone "Z", "UTC", "+01:00", "+0100" or "+01" at the
// end, with one space in front or none. Without a zone the time is UTC. micros is
// microseconds since 1970 UTC, midnight for a date alone. Anything else is not ok.
func Parse(s string) (micros int64, dateOnly, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return 0, false, false
	}
	y, ok1 := digits(s[0:4])
	m, ok2 := digits(s[5:7])
	d, ok3 := digits(s[8:10])
	if !ok1 || !ok2 || !ok3 {
		return 0, false, false
	}
	days, ok := Days(y, m, d)
	if !ok {
		return 0, false, false
	}
	if len(s) == 10 {
		return days * DayMicros, true, true
	}
	if s[10] != 'T' && s[10] != 't' && s[10] != ' ' {
		return 0, false, false
	}
	of, ok := Clock(s[11:])
	return days*DayMicros + of, false, ok
}

// Clock reads a time of day with an optional zone, as in Parse, as microseconds
// after midnight UTC; a zone can make it negative or more than a day.
func Clock(s string) (micros int64, ok bool) {
	if len(s) < 5 || s[2] != ':' {
		return 0, false
	}
	h, ok1 := digits(s[0:2])
	m, ok2 := digits(s[3:5])
	if !ok1 || !ok2 || h > 23 || m > 59 {
		return 0, false
	}
	micros = int64(h)*hour + int64(m)*minute
	s = s[5:]
	if len(s) >= 3 && s[0] == ':' {
		sec, ok := digits(s[1:3])
		// A leap second is read as the first of the next minute.
		if !ok || sec > 60 || sec == 60 && m != 59 {
			return 0, false
		}
		micros += int64(sec) * second
		if s = s[3:]; len(s) > 0 && (s[0] == '.' || s[0] == ',') {
			var frac int64
			if frac, s, ok = fraction(s[1:]); !ok {
				return 0, false
			}
			micros += frac
		}
	}
	offset, ok := zone(s)
	return micros - offset, ok
}

func fraction(s string) (micros int64, rest string, ok bool) {
	unit, n := second/10, 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		micros += int64(s[n]-'0') * unit
		unit /= 10
		n++
	}
	return micros, s[n:], n > 0 && n <= 9
}

// zone gives the offset from UTC in microseconds; none is UTC.
func zone(s string) (offset int64, ok bool) {
	if len(s) > 1 && s[0] == ' ' {
		s = s[1:]
	}
	switch {
	case s == "" || s == "Z" || s == "z" || s == "UTC" || s == "GMT":
		return 0, true
	case s[0] != '+' && s[0] != '-':
		return 0, false
	}
	h, ok1 := 0, false
	m, ok2 := 0, true
	switch {
	case len(s) == 3:
		h, ok1 = digits(s[1:3])
	case len(s) == 5:
		h, ok1 = digits(s[1:3])
		m, ok2 = digits(s[3:5])
	case len(s) == 6 && s[3] == ':':
		h, ok1 = digits(s[1:3])
		m, ok2 = digits(s[4:6])
	}
	if !ok1 || !ok2 || h > 23 || m > 59 {
		return 0, false
	}
	offset = int64(h)*hour + int64(m)*minute
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true
}

func digits(s string) (n int, ok bool) {
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int(c)
	}
	return n, true
}

var monthDays = [...]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// Days gives the days from 1970-01-01 to a date of the Gregorian calendar; ok is
// false for a day that does not exist. Years reach from 0 to 9999.
func Days(year, month, day int) (days int64, ok bool) {
	if year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 {
		return 0, false
	}
	last := monthDays[month]
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		last = 29
	}
	if day > last {
		return 0, false
	}
	// Years are counted from March, so that the leap day is a year's last.
	y, m := year, month-3
	if m < 0 {
		y, m = y-1, m+12
	}
	y += 400 // keeps the divisions below on positive numbers; 400 years are 146,097 days
	n := 365*y + y/4 - y/100 + y/400 + (153*m+2)/5 + day - 1
	return int64(n - 146097 - 719468), true
}
