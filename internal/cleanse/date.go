package cleanse

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones are known where the machine has no table of them
	"unicode"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// maxDate is the longest text that is tried as a date.
const maxDate = 100

func makeDate(s StepConfig) (stepFunc, *errs.Error) {
	format, fault := choose(s, "format", "iso", "dmy", "mdy", "ymd", "epoch", "epoch_ms")
	if fault != nil {
		return nil, fault
	}
	pivot := -1
	if text, ok := s.Args["pivot"]; ok {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 99 {
			return nil, errs.New("step_args", "the pivot is no year of two digits").At(".pivot").Fix("write 30 for 00 to 30 in this century and 31 to 99 in the last")
		}
		pivot = n
	}
	zone := time.UTC
	if name, ok := s.Args["zone"]; ok {
		var err error
		if zone, err = time.LoadLocation(name); err != nil || name == "" || name == "Local" {
			return nil, errs.New("step_args", "there is no such time zone").At(".zone").Fix("use a name of the IANA database, such as Europe/Berlin")
		}
	}
	return func(v record.Value) (record.Value, bool) {
		if format == "epoch" || format == "epoch_ms" {
			return epoch(v, format == "epoch_ms")
		}
		out, ok := isoDate(v)
		switch {
		case ok:
		case v.Kind == record.Int && format == "ymd": // 19451210, taken for a number by its contract
			out, ok = orderedDate(v.Text(), format, pivot)
		case v.Kind != record.String || format == "iso" || len(v.S) > maxDate:
			return v, false
		default:
			text := strings.TrimFunc(v.S, isSpace)
			if out, ok = orderedDate(text, format, pivot); !ok {
				if text, ok = numbered(text, format); ok {
					out, ok = orderedDate(text, format, pivot)
				}
			}
		}
		if ok && zone != time.UTC && out.Kind == record.Time && v.Kind == record.String && !zoned(v.S) {
			out = record.TimeValue(inZone(out.N, zone))
		}
		return out, ok
	}, nil
}

// epoch reads seconds or milliseconds since 1970, up to the year 9999.
func epoch(v record.Value, millis bool) (record.Value, bool) {
	if v.Kind == record.Date || v.Kind == record.Time {
		return v, true
	}
	v, ok := plainNumber(v)
	if !ok || v.IsNull() {
		return v, ok
	}
	scale := 1e6
	if millis {
		scale = 1e3
	}
	micros := v.Float() * scale
	if !(micros > -62_167_219_200e6 && micros < 253_402_300_800e6) {
		return v, false
	}
	if v.Kind == record.Int {
		return record.TimeValue(v.N * int64(scale)), true
	}
	return record.TimeValue(int64(micros)), true
}

// inZone takes a time that was read as UTC for one of the zone's own clock. A time
// that the clock shows twice is the first of the two or, where the zone says so, as
// time.Date has it: always the same.
func inZone(micros int64, zone *time.Location) int64 {
	t := time.UnixMicro(micros).UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone).UnixMicro()
}

// zoned reports whether a text with a time of day ends in a zone.
func zoned(s string) bool {
	s = strings.TrimFunc(s, isSpace)
	clock := s[strings.IndexByte(s, ':')+1:]
	return strings.ContainsAny(clock, "+-Zz") || strings.HasSuffix(clock, "UTC") || strings.HasSuffix(clock, "GMT")
}

// century gives a year of two digits its century.
func century(year, pivot int) int {
	if year <= pivot {
		return 2000 + year
	}
	return 1900 + year
}

// numbered writes a date whose month has a name as three numbers in the order that
// format says. Which number is the day is plain then: the other has four digits, or
// stands last.
func numbered(s, format string) (string, bool) {
	day, clock := s, ""
	if i := strings.IndexByte(s, ':'); i > 0 {
		at := strings.LastIndexByte(s[:i], ' ')
		if at < 0 {
			return "", false
		}
		day, clock = s[:at], s[at:]
	}
	month := 0
	var numbers []string
	for _, w := range strings.FieldsFunc(day, func(c rune) bool { return isSpace(c) || c == ',' || c == '.' || c == '-' || c == '/' }) {
		switch m := monthOf(w); {
		case m > 0 && month == 0:
			month = m
		case allDigits(strings.TrimRight(strings.ToLower(w), "stndrhoae")) && unicode.IsDigit(rune(w[0])): // 1st, 2nd, 1er
			numbers = append(numbers, strings.TrimRight(strings.ToLower(w), "stndrhoae"))
		case w == "de" || w == "of" || w == "the" || w == "at" || isWeekday(w):
		default:
			return "", false
		}
	}
	if month == 0 || len(numbers) != 2 {
		return "", false
	}
	d, y := numbers[0], numbers[1]
	if len(d) == 4 {
		d, y = y, d
	}
	m := strconv.Itoa(month)
	switch {
	case len(y) == 4:
		return y + "-" + m + "-" + d + clock, true
	case format == "mdy":
		return m + "/" + d + "/" + y + clock, true
	case format == "dmy":
		return d + "/" + m + "/" + y + clock, true
	}
	return "", false
}

// monthOf knows the months by their first letters in English, German, French,
// Spanish, Italian, Dutch and Portuguese.
func monthOf(w string) int {
	w = fold(w)
	if len(w) < 3 || len(w) > 10 {
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

func isWeekday(w string) bool {
	switch strings.ToLower(w) {
	case "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun",
		"montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche":
		return true
	}
	return false
}
