package initproject

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/kit/isotime"
	"github.com/kithdata/kith/internal/record"
)

// pivot is the last year of two digits that is taken for this century, but of births.
const pivot = "69"

// timing is how a column's times are written; its zero is ISO.
type timing struct {
	format string
	pivots bool
	why    string
}

// writing tells how a column's times are written, and whether that is beyond doubt: a
// number over 12 says which is the day, a month has its name, or the year stands first.
func (c *column) writing() (w timing, settled bool) {
	f := c.forms
	share := func() string {
		return fmt.Sprintf("%d of %d values can be nothing else", f.dayFirst+f.monthFirst, f.date)
	}
	switch {
	case c.isTime():
		return timing{}, true
	case c.compactDate():
		w = timing{format: "ymd", why: "eight digits: year, month, day"}
	case c.isDate() && f.yearFirst > f.dayFirst+f.monthFirst+f.either:
		w = timing{format: "ymd", why: "year first"}
	case c.isDate() && f.dayFirst > 0 && f.monthFirst == 0:
		w = timing{format: "dmy", why: "day first: " + share()}
	case c.isDate() && f.monthFirst > 0 && f.dayFirst == 0:
		w = timing{format: "mdy", why: "month first: " + share()}
	case c.shortDates() && f.shortDay > 0 && f.shortMonth == 0 && c.yearLast():
		w = timing{format: "dmy", pivots: true, why: "day first; years up to " + pivot + " are taken for this century"}
	case c.shortDates() && f.shortMonth > 0 && f.shortDay == 0:
		w = timing{format: "mdy", pivots: true, why: "month first; years up to " + pivot + " are taken for this century"}
	case c.dated() && c.monthsNamed():
		w = timing{format: "dmy", why: "months by their names"}
	default:
		return timing{}, false
	}
	return w, c.readAs(w) >= enough
}

// readAs is how large a part of the values are times in a writing.
func (c *column) readAs(w timing) float64 {
	n, f := 0, isotime.Format{Order: w.format, Pivots: w.pivots}
	f.Pivot, _ = strconv.Atoi(pivot)
	for _, v := range c.kept {
		if _, ok := f.Moment(v); ok {
			n++
		}
	}
	return c.share(n)
}

// monthsNamed reports whether the order makes no difference to the values.
func (c *column) monthsNamed() bool {
	days, months := isotime.Format{Order: "dmy"}, isotime.Format{Order: "mdy"}
	for _, v := range c.kept {
		a, _ := days.Moment(v)
		if b, _ := months.Moment(v); a != b {
			return false
		}
	}
	return true
}

func (c *column) shortDates() bool { return c.share(c.forms.short) > 0.8 }

// yearLast reports whether of dates with years of two digits the last number is the
// year: dots are written so, and elsewhere days run through the month while years stay.
func (c *column) yearLast() bool {
	var low, high [3]int
	dots := true
	for i, v := range c.kept {
		parts := strings.FieldsFunc(v, func(r rune) bool { return r < '0' || r > '9' })
		if len(parts) < 3 {
			continue
		}
		dots = dots && strings.Count(v, ".") >= 2
		for p := range low {
			n := atoi(parts[p])
			if i == 0 {
				low[p], high[p] = n, n
			}
			low[p], high[p] = min(low[p], n), max(high[p], n)
		}
	}
	return dots || high[0]-low[0] >= 20 && high[2]-low[2] <= 5
}

// orders reports whether a column's values can be read as times on the road.
func (c *column) orders() bool {
	_, settled := c.writing()
	return settled
}

// findTimes looks for the source's own order and for when things happened.
func (s *stream) findTimes() {
	most := func(c *column) bool { return float64(c.filled) >= 0.95*float64(s.rows) }
	if s.kind != record.Event && !s.rowKey {
		for _, c := range s.with(updated) {
			if s.seq == nil && most(c) && (c.isInt() || c.orders()) {
				s.seq = c
			}
		}
	}
	for _, m := range []meaning{occurred, updated, created} {
		for _, c := range s.with(m) {
			if s.occurred == nil && 2*c.filled >= s.rows && (m != updated || s.kind != record.Event) && c.orders() {
				s.occurred = c
			}
		}
	}
	if c := s.occurred; c != nil && c.meaning == created && s.kind == record.Customer {
		s.occurredWhy = "when the record was made; no column says when it last changed"
	}
	if s.seq != nil && s.kind == record.Customer && s.seq.orders() {
		s.occurred, s.occurredWhy = s.seq, ""
	}
	if s.occurred == nil && s.kind != record.Customer {
		for _, c := range s.columns {
			if s.occurred == nil && c.meaning != birthDate && most(c) && (s.kind == record.Event || !hasWord(c.words, "due", "end", "expiry", "expires", "until", "next", "delivery", "valid", "to", "fallig", "check", "departure", "arrival")) && c.orders() {
				s.occurred = c
			}
		}
	}
	s.findUnixTimes(most)
	s.noteTimes()
	s.lookLikeStaff()
	s.lookForConsent()
	if d := s.with(deleted); len(d) > 0 && s.kind != record.Event {
		s.deleted = d[0]
	}
}

// noteTimes tells of dates that would order records, were it plain how they are written.
func (s *stream) noteTimes() {
	for _, m := range []meaning{updated, occurred} {
		for _, c := range s.with(m) {
			f := c.forms
			days, months := f.dayFirst+f.shortDay, f.monthFirst+f.shortMonth
			switch {
			case c.isInt() || c.orders() || !c.isDate() && !c.shortDates():
			case f.iso > f.date:
				s.note("some values of %s are no dates, so it cannot order records; the order of rows does", c.name)
			case days > 0 && months > 0:
				s.note("%s mixes day-first dates with month-first ones, so it cannot order records; the order of rows does", c.name)
			case days+months == 0 || c.shortDates():
				s.note("%s does not show which number is the day, so it orders no records and the order of rows does; if you know, write %s: {from: %s, format: dmy%s}, or mdy", c.name, setting(m), quote(c.name), pivoted(c.shortDates()))
			default:
				s.note("some values of %s are no dates, so it cannot order records; the order of rows does", c.name)
			}
		}
	}
}

func setting(m meaning) string {
	if m == updated {
		return "seq"
	}
	return "occurred"
}

func pivoted(short bool) string {
	if short {
		return ", pivot: " + pivot
	}
	return ""
}

// timeField writes a column as seq or occurred, with the reason for how it is written.
func (c *column) timeField(why string) (text, reason string) {
	w, settled := c.writing()
	if !settled || c.isInt() && w.format == "" {
		return quote(c.name), why
	}
	reason = why
	if w.why != "" {
		reason += "; " + w.why
	}
	if w.format != "" {
		text = "{from: " + quote(c.name) + ", format: " + w.format + pivoted(w.pivots) + "}"
		if c.clocked() {
			reason += `; in UTC, but with, for example, zone: Europe/Berlin`
		}
	}
	return cmp.Or(text, quote(c.name)), reason
}

// clocked reports whether a time of day is among the values.
func (c *column) clocked() bool {
	for _, v := range c.kept {
		if strings.Contains(v, ":") {
			return true
		}
	}
	return false
}

// findUnixTimes takes numbers that count from 1970 where no date or time serves.
func (s *stream) findUnixTimes(most func(*column) bool) {
	for _, m := range []meaning{occurred, updated, created} {
		for _, c := range s.with(m) {
			if s.occurred == nil && c.isInt() && c.unixTime() && most(c) && (m != updated || s.kind != record.Event) {
				s.occurred, s.occurredWhy = c, "when it happened, counted from 1970: its contract says that it is a time"
				s.unix = append(s.unix, c)
			}
		}
	}
	if s.seq != nil && s.seq.isInt() && s.seq.unixTime() {
		if s.kind == record.Customer {
			s.occurred, s.unix = s.seq, nil
		}
		if s.occurred != s.seq || s.unix == nil {
			s.unix = append(s.unix, s.seq)
		}
	}
}
