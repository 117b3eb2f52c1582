package cleanse

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/isotime"
	"github.com/kithdata/kith/internal/record"
)

// maxDate is the longest text that is tried as a date.
const maxDate = 100

func dateSteps() []stepDef {
	return []stepDef{
		{doc: StepDoc{Name: "date", Args: "format: iso (default), dmy, mdy, ymd, epoch (seconds) or epoch_ms; locale: a BCP 47 tag such as de-DE, which says the order, and whose language alone names the months; country: two letters, which say the order; zone: the IANA zone of times that name none, UTC by default; pivot: 00 to 99, the last year of two digits that is of 2000 and after; without it years need four digits; locale_from, country_from, zone_from: another attribute that tells it; of a record where it tells nothing and none is stated, only ISO dates are read",
			What:  "Reads a date, and a timestamp where a time of day follows. A year in front is understood in every format. ymd also reads eight digits without a sign between. All but iso and epochs also read months by their names in 30 languages (ar, bg, ca, cs, da, de, el, en, es, et, fi, fr, hr, hu, id, is, it, lt, lv, nb, nl, pl, pt, ro, ru, sk, sl, sv, tr, uk; without a locale, names that mean two months in two languages are not read), dates such as 2024年2月1日, Japan's eras, the digits of any script, a clock of twelve hours, and zones by their IANA names or as EST, CET and the like.",
			Table: [][2]string{{"2024-02-01", "2024-02-01"}, {"2024-02-01 10:30", "2024-02-01T10:30:00Z"}, {"2024-02-01 10:30 Europe/Paris", "2024-02-01T09:30:00Z"}, {"2024-02-30", ""}, {"1/2/24", ""}},
			More: []Table{{Args: map[string]string{"format": "dmy"}, Rows: [][2]string{{"1/2/2024", "2024-02-01"}, {"1. März 2024", "2024-03-01"}, {"1 février 2024", "2024-02-01"}, {"2 de mayo de 2024", "2024-05-02"}, {"Feb 1, 2024", "2024-02-01"}, {"1 listopada 2024", ""}, {"1 Smarch 2024", ""}}},
				{Args: map[string]string{"format": "mdy"}, Rows: [][2]string{{"1/2/2024 3:45 PM", "2024-01-02T15:45:00Z"}}},
				{Args: map[string]string{"locale": "en-US"}, Rows: [][2]string{{"1/2/2024", "2024-01-02"}, {"Thu, Feb 1, 2024 3:45 p.m.", "2024-02-01T15:45:00Z"}, {"13/2/2024", ""}}},
				{Args: map[string]string{"locale": "pl-PL"}, Rows: [][2]string{{"1 listopada 2024", "2024-11-01"}, {"1.2.2024", "2024-02-01"}, {"1 March 2024", ""}}},
				{Args: map[string]string{"locale": "ja"}, Rows: [][2]string{{"2024年2月1日", "2024-02-01"}, {"令和6年2月1日 午後3時45分", "2024-02-01T15:45:00Z"}}},
				{Args: map[string]string{"locale": "ko"}, Rows: [][2]string{{"2024년 2월 1일", "2024-02-01"}, {"2024. 2. 1.", "2024-02-01"}}},
				{Args: map[string]string{"locale": "ar"}, Rows: [][2]string{{"١ فبراير ٢٠٢٤", "2024-02-01"}}},
				{Args: map[string]string{"country": "FI"}, Rows: [][2]string{{"1.2.2024 klo 10.30", "2024-02-01T10:30:00Z"}}},
				{Args: map[string]string{"format": "dmy", "pivot": "30"}, Rows: [][2]string{{"1/2/24", "2024-02-01"}, {"1/2/84", "1984-02-01"}}},
				{Args: map[string]string{"format": "dmy", "zone": "Europe/Berlin"}, Rows: [][2]string{{"1.7.2024 12:00", "2024-07-01T10:00:00Z"}, {"2024-01-01T12:00:00Z", "2024-01-01T12:00:00Z"}, {"1.7.2024 12:00 EST", "2024-07-01T17:00:00Z"}, {"1.7.2024", "2024-07-01"}}},
				{Args: map[string]string{"format": "epoch"}, Rows: [][2]string{{"1706745600", "2024-02-01T00:00:00Z"}}}}},
			args: []string{"format", "zone", "pivot", "locale", "country"}, told: []string{"locale", "country", "zone"}, dear: true, picky: true, make: makeDate},
	}
}

// dateForm is how dates are written.
type dateForm struct {
	format string // the order of day, month and year, or iso or epoch
	pivot  int
	zone   *time.Location // of times that name none
	words  calendar
}

func makeDate(s StepConfig) (stepFunc, *errs.Error) {
	f, fault := dateFormOf(s)
	if fault != nil {
		return nil, fault
	}
	return func(v record.Value) (record.Value, bool) {
		if f.format == "epoch" || f.format == "epoch_ms" {
			return epoch(v, f.format == "epoch_ms")
		}
		out, ok := isoDate(v)
		switch {
		case ok:
			if out.Kind == record.Time && v.Kind == record.String && !zoned(v.S) {
				out = record.TimeValue(inZone(out.N, f.zone))
			}
			return out, true
		case v.Kind == record.Int && f.format == "ymd": // 19451210, taken for a number by its contract
			return orderedDate(v.Text(), f.format, f.pivot)
		case v.Kind != record.String || len(v.S) > maxDate:
			return v, false
		}
		return f.read(v.S)
	}, nil
}

func dateFormOf(s StepConfig) (f dateForm, fault *errs.Error) {
	f = dateForm{pivot: -1, zone: time.UTC, words: calendars()[""]}
	l, fault := localeOf(s)
	if fault != nil {
		return f, fault
	}
	if f.format, fault = choose(s, "format", "iso", "dmy", "mdy", "ymd", "epoch", "epoch_ms"); fault != nil {
		return f, fault
	}
	if l != language.Und {
		words, known := calendarOf(l)
		if s.Args["locale"] != "" {
			f.words = words
		}
		if !known && s.Args["locale"] != "" {
			return f, errs.New("step_args", "the months of this locale's language are not known").At(".locale").Fix("use format, and the step map for its months")
		}
		if _, stated := s.Args["format"]; !stated {
			f.format = orderOf(l)
		}
	}
	if text, ok := s.Args["pivot"]; ok {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 99 {
			return f, errs.New("step_args", "the pivot is no year of two digits").At(".pivot").Fix("write 30 for 00 to 30 in this century and 31 to 99 in the last")
		}
		f.pivot = n
	}
	if name, ok := s.Args["zone"]; ok {
		zone, ok := zoneNamed(name)
		if !ok {
			return f, errs.New("step_args", "there is no such time zone").At(".zone").Fix("use a name of the IANA database, such as Europe/Berlin")
		}
		f.zone = zone
	}
	return f, nil
}

// read reads a date that is not in the form of ISO 8601, or whose zone has a name.
func (f dateForm) read(text string) (out record.Value, ok bool) {
	text, zone := zoneAfter(trim(plainText(text)))
	text = tidyDate(text)
	if out, ok = isoDate(record.StringValue(text)); !ok && f.format != "iso" {
		if east, is := eastAsian(text); is {
			text = east
		}
		if out, ok = orderedDate(text, f.format, f.pivot); !ok {
			if text, ok = f.numbered(text); ok {
				out, ok = orderedDate(text, f.format, f.pivot)
			}
		}
	}
	if !ok || out.Kind != record.Time {
		return out, ok && (zone == nil || out.IsNull())
	}
	switch {
	case zone != nil && zoned(text):
		return out, false // two zones
	case zone != nil:
		out = record.TimeValue(inZone(out.N, zone))
	case !zoned(text):
		out = record.TimeValue(inZone(out.N, f.zone))
	}
	return out, true
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
	if zone == time.UTC {
		return micros
	}
	t := time.UnixMicro(micros).UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone).UnixMicro()
}

// zoned reports whether a text with a time of day ends in a zone.
func zoned(s string) bool {
	return isotime.Zoned(strings.TrimFunc(s, isSpace))
}

// numbered writes a date whose month has a name as three numbers in the order that
// the format says. Which number is the day is plain then: the other has four digits, or
// stands last.
func (f dateForm) numbered(s string) (string, bool) {
	day, clock := s, ""
	if i := strings.IndexByte(s, ':'); i > 0 {
		at := strings.LastIndexByte(s[:i], ' ')
		if at < 0 {
			return "", false
		}
		day, clock = s[:at], s[at:]
		if at := strings.LastIndexByte(clock, ' '); len(clock)-at == 5 && allDigits(clock[at+1:]) && strings.IndexByte(clock, ':') < at { // Thu Feb 1 10:30:00 2024
			day, clock = day+clock[at:], clock[:at]
		}
	}
	month := 0
	var numbers []string
	for _, w := range strings.FieldsFunc(day, func(c rune) bool { return isSpace(c) || strings.ContainsRune(",.-/،()", c) }) {
		w = strings.TrimPrefix(strings.TrimPrefix(w, "d'"), "l'")
		word := fold(w)
		switch m := f.words.months[word]; {
		case m > 0 && (month == 0 || month == m):
			month = m
		case w != "" && w[0] >= '0' && w[0] <= '9':
			n := ordinal(w)
			if n == "" {
				return "", false
			}
			numbers = append(numbers, n)
		case f.words.days[word] || isDateFiller(word):
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
	case f.format == "mdy":
		return m + "/" + d + "/" + y + clock, true
	case f.format == "dmy":
		return d + "/" + m + "/" + y + clock, true
	}
	return "", false
}

// ordinal gives the digits of 1, 1st, 2nd, 1er, 1º and 1-го, or "".
func ordinal(w string) string {
	n := strings.IndexFunc(w, func(c rune) bool { return c < '0' || c > '9' })
	if n < 0 {
		return w
	}
	switch strings.ToLower(w[n:]) {
	case "st", "nd", "rd", "th", "er", "e", "re", "ère", "º", "ª", "°", "o", "a", "го", "е", "η", "ain":
		return w[:n]
	}
	return ""
}

// isDateFiller knows the small words of dates, folded.
func isDateFiller(w string) bool {
	switch w {
	case "de", "del", "of", "the", "at", "den", "der", "am", "um", "uhr", "le", "a", "el", "il", "alle", "om", "kl", "klo", "г", "года", "год", "в", "р", "року", "roku", "r", "gada", "του", "στις", "م":
		return true
	}
	return false
}
