package isotime

import (
	"strconv"
	"strings"
	"unicode"
)

// named writes a date whose month has a name as three numbers, and says in which
// order. Which number is the day is plain: the other has four digits, or stands last.
func named(s, order string) (text, as string, ok bool) {
	day, clock := s, ""
	if i := strings.IndexByte(s, ':'); i > 0 {
		at := strings.LastIndexByte(s[:i], ' ')
		if at < 0 {
			return s, "", false
		}
		day, clock = s[:at], s[at:]
	}
	month := 0
	var numbers []string
	for _, w := range strings.FieldsFunc(day, between) {
		switch m := monthOf(w); {
		case m > 0 && month == 0:
			month = m
		case ordinal(w) != "":
			numbers = append(numbers, ordinal(w))
		case w == "de" || w == "of" || w == "the" || w == "at" || isWeekday(w):
		default:
			return s, "", false
		}
	}
	if month == 0 || len(numbers) != 2 {
		return s, "", false
	}
	d, y := numbers[0], numbers[1]
	if len(d) == 4 {
		d, y = y, d
	}
	m := strconv.Itoa(month)
	switch {
	case len(y) == 4:
		return y + "-" + m + "-" + d + clock, "ymd", true
	case order == "mdy" || order == "dmy":
		return d + "/" + m + "/" + y + clock, "dmy", true
	}
	return s, "", false
}

// between reports whether a character parts the words of a date.
func between(c rune) bool {
	return unicode.IsSpace(c) || strings.ContainsRune(",.-/\u200b\ufeff", c)
}

// ordinal gives the digits of a number that may be one in a row: 1, 1st, 2nd, 1er.
func ordinal(w string) string {
	n := strings.TrimRight(strings.ToLower(w), "stndrhoae")
	if _, ok := digits(n); !ok || len(n) > 4 {
		return ""
	}
	return n
}

// monthOf knows the months by their first letters in English, German, French,
// Spanish, Italian, Dutch and Portuguese.
func monthOf(w string) int {
	if w = plain(w); len(w) < 3 || len(w) > 10 {
		return 0
	}
	for i, names := range [...]string{
		"january januar janner janvier enero gennaio januari janeiro jan janv ene gen",
		"february februar fevrier febrero febbraio februari fevereiro feb fevr fev febr",
		"march marz maerz mars marzo maart marco mar mrz mrt",
		"april avril abril aprile apr avr abr",
		"may mai mayo maggio mei maio mag",
		"june juni juin junio giugno junho jun giu",
		"july juli juillet julio luglio julho jul juil lug",
		"august aout agosto augustus aug ago agos",
		"september septembre septiembre settembre setembro sep sept set",
		"october oktober octobre octubre ottobre outubro oct okt ott out",
		"november novembre noviembre novembro nov",
		"december dezember decembre diciembre dicembre dezembro dec dez dic",
	} {
		for n := range strings.FieldsSeq(names) {
			if n == w {
				return i + 1
			}
		}
	}
	return 0
}

// plain writes a word small and without what stands above and below the letters that
// months have.
func plain(w string) string {
	return strings.Map(func(c rune) rune {
		switch c = unicode.ToLower(c); {
		case c == 'ä':
			return 'a'
		case c == 'é':
			return 'e'
		case c == 'û':
			return 'u'
		case c == 'ç':
			return 'c'
		case unicode.Is(unicode.Mn, c):
			return -1
		}
		return c
	}, w)
}

func isWeekday(w string) bool {
	switch strings.ToLower(w) {
	case "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun",
		"montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche":
		return true
	}
	return false
}
