package cleanse

import (
	"strings"
	"sync"

	"github.com/kithdata/kith/internal/kit/isotime"
	"github.com/kithdata/kith/internal/record"
)

// booleans are the words for yes and no, folded.
var booleans = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	for yes, words := range map[bool]string{
		true: "true t yes y on 1 ja jah oui sí sì sim tak ano da да так evet igen kyllä ναι 是 はい 예 네 نعم כן " +
			"wahr vrai vero verdadero verdadeiro waar sant sand prawda истина 真",
		false: "false f no n off 0 nein non nee nej nei não nie ne nu нет ні hayır nem ei όχι 否 いいえ 아니오 아니요 لا לא " +
			"falsch faux falso onwaar falskt falsk fałsz ложь 假",
	} {
		for w := range strings.FieldsSeq(words) {
			known[fold(w)] = yes
		}
	}
	return known
})

func boolean(v record.Value) (record.Value, bool) {
	switch v.Kind {
	case record.Bool:
		return v, true
	case record.Int:
		return record.BoolValue(v.N == 1), v.N == 0 || v.N == 1
	case record.String:
		switch s := strings.TrimFunc(v.S, isSpace); s {
		case "":
			return record.Value{}, true
		case "✓", "✔", "☑", "✅":
			return record.BoolValue(true), true
		case "✗", "✘", "☐", "❌":
			return record.BoolValue(false), true
		default:
			if len(s) > 30 {
				return v, false
			}
			yes, known := booleans()[strings.ToLower(s)] // most need no folding
			if !known {
				yes, known = booleans()[fold(s)]
			}
			return record.BoolValue(yes), known
		}
	}
	return v, false
}

// isoDate reads ISO dates and timestamps.
func isoDate(v record.Value) (record.Value, bool) {
	if v.Kind != record.String {
		return v, v.Kind == record.Date || v.Kind == record.Time
	}
	s := strings.TrimFunc(v.S, isSpace)
	if s == "" {
		return record.Value{}, true
	}
	micros, dateOnly, ok := isotime.Parse(s)
	switch {
	case !ok:
		return v, false
	case dateOnly:
		return record.DateValue(micros / isotime.DayMicros), true
	}
	return record.TimeValue(micros), true
}

// orderedDate reads three numbers in the order that format says, with one kind of
// separator, and a time of day after a space or T. Eight digits alone are ymd.
func orderedDate(s, format string, pivot int) (record.Value, bool) {
	if len(s) == 8 && format == "ymd" && allDigits(s) {
		s = s[:4] + "-" + s[4:6] + "-" + s[6:]
	}
	day, clock := s, ""
	if i := strings.IndexAny(s, "Tt"); i > 0 {
		day, clock = s[:i], s[i+1:]
	} else if i := strings.IndexByte(s, ' '); i > 0 && strings.IndexByte(s, ':') > i {
		day, clock = s[:i], s[i+1:]
	}
	var parts [3]int
	var lens [3]int
	n, sep := 0, byte(0)
	for i := range len(day) {
		switch c := day[i]; {
		case c >= '0' && c <= '9':
			parts[n] = parts[n]*10 + int(c-'0')
			if lens[n]++; lens[n] > 4 {
				return record.Value{}, false
			}
		case (c == '/' || c == '-' || c == '.' || c == ' ') && (sep == 0 || sep == c) && n < 2 && lens[n] > 0:
			sep = c
			n++
		default:
			return record.Value{}, false
		}
	}
	if n != 2 {
		return record.Value{}, false
	}
	if lens[0] == 4 { // a year in front is one in every order, and month and day follow it
		format = "ymd"
	}
	at := [3]int{strings.IndexByte(format, 'y'), strings.IndexByte(format, 'm'), strings.IndexByte(format, 'd')}
	if lens[at[0]] == 2 && pivot >= 0 && lens[0] <= 2 {
		parts[at[0]], lens[at[0]] = century(parts[at[0]], pivot), 4
	}
	if lens[at[0]] != 4 || lens[at[1]] > 2 || lens[at[2]] > 2 || lens[at[1]] == 0 || lens[at[2]] == 0 {
		return record.Value{}, false
	}
	days, ok := isotime.Days(parts[at[0]], parts[at[1]], parts[at[2]])
	if !ok {
		return record.Value{}, false
	}
	if clock == "" {
		return record.DateValue(days), true
	}
	of, ok := timeOfDay(strings.TrimLeft(clock, " "))
	return record.TimeValue(days*isotime.DayMicros + of), ok
}

// timeOfDay reads what isotime.Clock reads, an hour of one digit, and a clock of
// twelve hours with AM or PM after it, as microseconds after midnight.
func timeOfDay(s string) (micros int64, ok bool) {
	if len(s) > 1 && s[1] == ':' {
		s = "0" + s
	}
	half, twelve := int64(0), false
	if n := len(s) - 2; n > 0 && s[n+1]|0x20 == 'm' && (s[n]|0x20 == 'a' || s[n]|0x20 == 'p') {
		twelve = true
		if s[n]|0x20 == 'p' {
			half = isotime.DayMicros / 2
		}
		s = strings.TrimRight(s[:n], " \u00a0\u202f")
	}
	if micros, ok = isotime.Clock(s); !ok || !twelve {
		return micros, ok
	}
	switch hour := s[:2]; {
	case hour == "12":
		micros -= isotime.DayMicros / 2
	case hour == "00" || hour > "12":
		return 0, false
	}
	return micros + half, true
}
