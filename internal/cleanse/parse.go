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
	days, ok := (&isotime.Format{Order: format, Pivots: pivot >= 0, Pivot: pivot}).Day(day)
	if !ok {
		return record.Value{}, false
	}
	if clock == "" {
		return record.DateValue(days), true
	}
	of, ok := isotime.TimeOfDay(strings.TrimLeft(clock, " "))
	return record.TimeValue(days*isotime.DayMicros + of), ok
}
