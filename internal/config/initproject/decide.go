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
	parent   string // the source, which several streams share
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
	// why occurred is what it is, where that is not plain
	occurredWhy string
	unix        []*column // numbers that count from 1970, which only a contract can say
	deleted     *column
	allowed     *column // the status of a consent
	ids         []identified
	mapped      []mapped
	checks      []check
	company     bool     // its columns are those of companies
	parted      bool     // some file of people has the parts of names
	near        []string // regions that other files speak for
	notes       []string // what the reader should look at
}

// identified is one identifier that a stream gives.
type identified struct {
	typ string
	col *column
	why string
}

func (s *stream) name() string {
	if s.parent != "" {
		return s.parent + "." + s.source
	}
	return s.source + ".rows"
}

// from is the name of the source that it comes from.
func (s *stream) from() string { return cmp.Or(s.parent, s.source) }

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
	s.guess()
	s.settleNames()
	s.settleCards()
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
	case len(first) == 0 && len(last) == 0 && len(full) == 2 && words(full[0]) < 0.3 && words(full[1]) < 0.3 && full[0].words[0] != full[1].words[0]: // Name1 and Name2
		given := givenNames()
		a, _ := full[0].called(given)
		b, _ := full[1].called(given)
		if full[0].meaning, full[1].meaning = lastName, firstName; a > b {
			full[0].meaning, full[1].meaning = firstName, lastName
		}
		s.note("%s and %s are taken for the parts of a name, by which holds given names: please check", full[0].name, full[1].name)
	case len(first) == 0 && len(last) == 1 && len(full) == 1 && words(full[0]) < 0.3:
		full[0].meaning = firstName
	}
}

// lookLikeStaff notes files of those who work in the house.
func (s *stream) lookLikeStaff() {
	n := 0
	for _, c := range s.columns {
		if c.filled > 0 && (hasWord(c.words, "salary", "gehalt", "salaire", "salario", "stipendio", "hire", "hired", "payroll", "personalnummer", "matricule") || hasWord(c.words, "manager", "supervisor") && hasWord(c.words, "line", "email", "id") || hasWord(c.words, "employee", "emp", "mitarbeiter") && isID(c.words)) {
			n++
		}
	}
	if n > 1 && s.kind == record.Customer {
		s.note("this looks like a list of staff: leave it out, unless they are customers too")
	}
}
