package initproject

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// stream is one file, or several alike, and what was decided of it.
type stream struct {
	*sample
	source string // its name; the stream is source.rows
	glob   string // as the configuration writes it
	files  int    // how many files it stands for

	// Of members of archives:
	shared   string // the source, which several streams share
	pattern  string // of the members' names
	archives bool   // they lie in several
	members  bool   // they have several names

	words []string

	kind     record.Kind
	kindWhy  string
	key      *column
	rowKey   bool // each row is its own key
	keyWhy   string
	seq      *column
	occurred *column
	deleted  *column
	allowed  *column // the status of a consent
	ids      []identified
	mapped   []mapped
	parted   bool     // some file of people has the parts of names
	near     []string // regions that other files speak for
	notes    []string // what the reader should look at
}

// identified is one identifier that a stream gives.
type identified struct {
	typ string
	col *column
	why string
}

func (s *stream) name() string {
	if s.shared != "" {
		return s.shared + "." + s.source
	}
	return s.source + ".rows"
}

// from is the name of the source that it comes from.
func (s *stream) from() string { return cmp.Or(s.shared, s.source) }

func (s *stream) with(m meaning) []*column {
	var all []*column
	for _, c := range s.columns {
		if c.meaning == m && c.filled > 0 {
			all = append(all, c)
		}
	}
	return all
}

func (s *stream) has(m meaning) bool { return len(s.with(m)) > 0 }

func (s *stream) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// decide settles all that one file alone can tell.
func (s *stream) decide() {
	if s.sheets != "" {
		s.note("one sheet is read, and not %s: name another with sheet, in a source of its own", s.sheets)
	}
	s.looksHeadless()
	s.settleNames()
	s.findKey()
	s.findKind()
	s.settleKey()
	s.findTimes()
	s.findIdentifiers()
	if s.rejected > 0 {
		s.note("%d of %d rows cannot be read and would be quarantined", s.rejected, s.rows+s.rejected)
	}
}

// looksHeadless notes a first row that is data itself.
func (s *stream) looksHeadless() {
	if s.format != "csv" {
		return
	}
	if s.headless {
		s.note("the first row looks like data, so the columns are named by their places: write header: [names, of, columns] instead of false to name them")
		return
	}
	unnamed := 0
	for i, c := range s.columns {
		if c.name == fmt.Sprintf("column_%d", i+1) {
			unnamed++
		}
	}
	if unnamed > 1 && 2*unnamed > len(s.columns) {
		s.note("the first row names %d of %d columns: if it is a title, remove it, so that the header is the first row", len(s.columns)-unnamed, len(s.columns))
		return
	}
	p := newPatterns()
	for _, c := range s.columns {
		if p.email.MatchString(c.name) || p.date.MatchString(c.name) || p.integer.MatchString(c.name) && len(c.name) > 2 {
			s.note("the first row looks like data: add a header row, or the first record is lost to it")
			return
		}
	}
}

// settleNames tells whole names from parts: a column called only "name" beside one of
// first names holds last names where its values are single words, and a column of
// first names without one of last names holds whole names where they are several.
func (s *stream) settleNames() {
	words := func(c *column) float64 {
		n := 0
		for _, v := range c.kept {
			if strings.ContainsAny(v, " ,") {
				n++
			}
		}
		return c.share(n)
	}
	first, last, full := s.with(firstName), s.with(lastName), s.with(fullName)
	switch {
	case len(first) == 1 && len(last) == 0 && len(full) == 1 && words(full[0]) < 0.5:
		full[0].meaning = lastName
	case len(first) == 1 && len(last) == 0 && len(full) == 0 && words(first[0]) > 0.7:
		first[0].meaning = fullName
	case len(first) == 0 && len(last) == 1 && len(full) == 1 && words(full[0]) < 0.3:
		full[0].meaning = firstName
	}
}

// findTimes looks for the source's own order and for when things happened. Only ISO
// dates and times can serve; others are cleansed as attributes.
func (s *stream) findTimes() {
	most := func(c *column) bool { return float64(c.filled) >= 0.95*float64(s.rows) }
	if s.kind != record.Event && !s.rowKey {
		for _, c := range s.with(updated) {
			if s.seq == nil && most(c) && (c.isTime() || c.isInt()) {
				s.seq = c
			}
		}
	}
	for _, m := range []meaning{occurred, updated, created} {
		for _, c := range s.with(m) {
			if s.occurred == nil && c.isTime() && (m != updated || s.kind != record.Event) {
				s.occurred = c
			}
		}
	}
	if s.seq != nil && s.seq.isTime() && s.kind == record.Customer {
		s.occurred = s.seq
	}
	if s.occurred == nil && s.kind == record.Event {
		for _, c := range s.columns {
			if s.occurred == nil && c.isTime() && c.meaning != birthDate && most(c) {
				s.occurred = c
			}
		}
	}
	if s.occurred == nil {
		for _, c := range s.with(occurred) {
			if c.isInt() && c.unixTime() {
				s.note("%s looks like unix time: give its field the type timestamp in the contract, and add occurred: %s", c.name, c.name)
			}
		}
	}
	for _, m := range []meaning{updated, occurred} {
		for _, c := range s.with(m) {
			switch {
			case c.isTime() || c.isInt() || !c.isDate():
			case c.forms.iso > c.forms.date:
				s.note("some values of %s are no dates, so it cannot order records; the order of rows does", c.name)
			default:
				s.note("%s is no ISO date, so it cannot order records; the order of rows does", c.name)
			}
		}
	}
	if d := s.with(deleted); len(d) > 0 && s.kind != record.Event {
		s.deleted = d[0]
	}
}
