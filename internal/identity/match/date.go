package match

import "strings"

// date is a day, or a year or a month of one; 0 where a part is not known.
type date struct {
	year       int16
	month, day int8
}

// months are the beginnings of month names in the languages that use them.
var months = map[string]int8{
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
	"mai": 5, "okt": 10, "dez": 12, "ene": 1, "abr": 4, "ago": 8, "dic": 12, "fev": 2, "avr": 4, "set": 9, "out": 10, "mag": 5, "giu": 6, "lug": 7, "ott": 10, "maj": 5, "mrt": 3,
}

// parseDate reads a normalised value as a day: 1971-06-24, 19710624, 24/6/1971,
// 6/24/1971, 24 june 1971, with a time of day or without. Day and month that could
// be either way round are read as day first; comparing allows for both.
func parseDate(v string) (date, bool) {
	if len(v) == 8 && allDigits(v) {
		d, ok := newDate(atoi(v[:4]), atoi(v[4:6]), atoi(v[6:]))
		return d, ok && d.exists()
	}
	if len(v) < 6 || len(v) > 32 {
		return date{}, false
	}
	var parts [3]string
	rest := v
	for i := range parts {
		part, after, more := strings.Cut(rest, " ")
		if parts[i] = part; !more && i < 2 {
			return date{}, false
		}
		rest = after
	}
	a, b, c := parts[0], parts[1], parts[2]
	if at := strings.IndexByte(c, 't'); at > 0 && len(c) > 2 { // 24T10:00:00Z
		c = c[:at]
	}
	switch {
	case len(a) == 4 && allDigits(a+b+c) && len(b) <= 2 && len(c) <= 2:
		return newDate(atoi(a), atoi(b), atoi(c))
	case len(c) == 4 && allDigits(a+b+c) && len(a) <= 2 && len(b) <= 2:
		if atoi(b) > 12 {
			a, b = b, a
		}
		return newDate(atoi(c), atoi(b), atoi(a))
	case len(c) == 4 && allDigits(a+c) && len(a) <= 2 && len(b) >= 3 && months[b[:3]] > 0:
		return newDate(atoi(c), int(months[b[:3]]), atoi(a))
	case len(c) == 4 && allDigits(b+c) && len(b) <= 2 && len(a) >= 3 && months[a[:3]] > 0:
		return newDate(atoi(c), int(months[a[:3]]), atoi(b))
	}
	return date{}, false
}

func newDate(year, month, day int) (date, bool) {
	return date{int16(year), int8(month), int8(day)}, year > 0 && month < 100 && day < 100
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func atoi(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// exists reports whether there may have been such a day.
func (d date) exists() bool {
	return d.year >= 1000 && d.year < 2200 && d.month <= 12 && d.day <= 31
}

// digits writes a day as eight digits.
func (d date) digits() [8]byte {
	y, m, day := d.year, d.month, d.day
	return [8]byte{
		byte('0' + y/1000), byte('0' + y/100%10), byte('0' + y/10%10), byte('0' + y%10),
		byte('0' + m/10), byte('0' + m%10), byte('0' + day/10), byte('0' + day%10),
	}
}

// ordinal is close to the number of days since year 0.
func (d date) ordinal() int { return int(d.year)*365 + int(d.month)*30 + int(d.day) }
