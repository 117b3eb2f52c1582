package initproject

import (
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
	words  []string

	kind     record.Kind
	kindWhy  string
	key      *column
	keyWhy   string
	seq      *column
	occurred *column
	deleted  *column
	ids      []identified
	mapped   []mapped
	notes    []string // what the reader should look at
}

// identified is one identifier that a stream gives.
type identified struct {
	typ string
	col *column
	why string
}

func (s *stream) name() string { return s.source + ".rows" }

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

// findKey looks for the column that is the source's own id.
func (s *stream) findKey() {
	best := 0
	for place, c := range s.columns {
		if !c.unique(s.rows) || c.average() > 80 {
			continue
		}
		score, why := 0, ""
		joined := strings.Join(c.words, "")
		stem := strings.Join(s.words, "")
		switch {
		case joined == "id" || joined == "uuid" || joined == "guid" || joined == "recid" || joined == "uniqueid" || joined == "recordid":
			score, why = 100, "unique in every row, and called an id"
		case isID(c.words) && stem != "" && strings.Contains(stem, strings.TrimSuffix(joined, "id")):
			score, why = 95, "unique in every row, and the id of what the file is called"
		case isID(c.words) && c.meaning != phone && c.meaning != postcode && !c.isEmail():
			score, why = 80, "unique in every row, and called an id"
		case c.share(c.forms.uuid) > 0.9:
			score, why = 70, "unique in every row, and made of UUIDs"
		case c.meaning == userID:
			score, why = 60, "unique in every row, and names a user"
		case c.isEmail():
			score, why = 50, "unique in every row; no column looks like an id"
		case c.meaning == unknown && s.rows >= 3 && c.isCode():
			score, why = 30, "unique in every row, and written as a code is; no column is called an id"
		case c.isInt() && c.meaning == unknown && !c.isTime():
			score, why = 40, "a whole number that is unique in every row; no column is called an id"
		case c.meaning == unknown && !c.isTime() && !c.isDate() && !c.isNumber() && !c.isComma() && s.rows >= 20 && c.average() <= 40:
			score, why = 20, "unique in every row; no column is called an id"
		}
		if score > 0 && s.rows == 1 && score < 80 {
			score /= 4 // one row makes everything unique
		}
		if score*1000-place > best {
			best, s.key, s.keyWhy = score*1000-place, c, why
		}
	}
}

// findKind weighs what speaks for a person, a thing and something that happened.
func (s *stream) findKind() {
	person, thing, event := 0, 0, 0
	var persons, things, events []string
	for _, m := range []meaning{email, phone, firstName, lastName, fullName, birthDate} {
		if s.has(m) {
			person += 2
			persons = append(persons, attributeOf(m))
		}
	}
	if s.has(street) || s.has(postcode) || s.has(city) {
		person++
		persons = append(persons, "address")
	}
	if s.has(gender) {
		person++
	}
	if isPerson(s.words) {
		person += 3
		persons = append(persons, "a telling file name")
	}
	if s.has(amount) {
		thing += 2
		things = append(things, "an amount")
	}
	if s.has(status) {
		thing++
		things = append(things, "a status")
	}
	for _, c := range s.columns {
		if isID(c.words) && isThing(c.words) {
			thing += 2
			if c == s.key {
				thing += 2
			}
			things = append(things, c.name)
			break
		}
	}
	if isThing(s.words) {
		thing += 4
		things = append(things, "a telling file name")
	}
	timed := s.has(occurred) || s.has(created)
	if s.has(eventName) {
		event += 4
		events = append(events, "a column that names events")
	}
	if isEvent(s.words) {
		event += 3
		events = append(events, "a telling file name")
	}
	if s.key == nil && timed && person < 4 {
		event += 2
		events = append(events, "a time and no unique column")
	}
	switch {
	case event >= 4 && timed && event >= person-2 && event >= thing-2:
		s.kind, s.kindWhy = record.Event, "it has "+list(events)
	case thing > person || thing >= 5 && thing >= person-4:
		s.kind, s.kindWhy = record.Object, "it has "+list(things)
	case person >= 2:
		s.kind, s.kindWhy = record.Customer, "it has "+list(persons)
	case s.key != nil:
		s.kind, s.kindWhy = record.Object, "every row has an id, and nothing says that it is a person"
	default:
		s.kind, s.kindWhy = record.Event, "no column tells rows apart, and nothing says that a row is a person"
	}
}

func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// settleKey finds the next best key for people and things, whose rows need one.
func (s *stream) settleKey() {
	if s.kind == record.Event {
		if s.key != nil && s.keyWhy != "" && !isID(s.key.words) {
			s.key = nil
		}
		return
	}
	if s.key != nil {
		return
	}
	best := 0.0
	for _, c := range s.columns {
		filled := float64(c.filled) / float64(s.rows)
		score := filled * c.distinctShare()
		switch {
		case c.nested || filled < 0.8 || c.average() > 80:
			continue
		case s.kind == record.Object && score < 0.98:
			continue // ids that repeat are those of something else
		case isID(c.words) && c.meaning != postcode && c.meaning != country && score > 0.5:
			score += 2
		case c.isEmail() && s.kind == record.Customer:
			score += 1.5
		case c.meaning == phone && s.kind == record.Customer:
			score++
		case c.meaning == userID && score > 0.5:
			score += 1.2
		case score < 0.95 || c.isTime() || c.isDate() || c.isNumber():
			continue
		}
		if score > best {
			best, s.key = score, c
		}
	}
	if s.key == nil && s.kind == record.Object {
		s.kind, s.kindWhy = record.Event, "no column tells its rows apart, so they are taken as things that happened"
		return
	}
	if s.key == nil {
		s.note("no column tells its rows apart, so they are taken as things that happened (kind: event); a %s needs a key: add an id column to the file", s.kind)
		s.kind, s.kindWhy = record.Event, "no column could be the key that a "+s.kind.String()+" needs"
		return
	}
	s.keyWhy = fmt.Sprintf("the nearest to an id: %d of %d rows have it, with %d different values", s.key.filled, s.rows, len(s.key.hashes))
	if s.key.filled < s.rows {
		s.note("%d rows have no %s and would be quarantined: name a better key if there is one", s.rows-s.key.filled, s.key.name)
	}
	if s.key.repeats {
		s.note("%s repeats: rows with the same one count as newer versions of one record", s.key.name)
	}
}

// findTimes looks for the source's own order and for when things happened. Only ISO
// dates and times can serve; others are cleansed as attributes.
func (s *stream) findTimes() {
	most := func(c *column) bool { return float64(c.filled) >= 0.95*float64(s.rows) }
	if s.kind != record.Event {
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

// findIdentifiers takes e-mail addresses, telephone numbers and user ids.
func (s *stream) findIdentifiers() {
	for _, c := range s.with(email) {
		s.ids = append(s.ids, identified{"email", c, fmt.Sprintf("%d of %d values are e-mail addresses", c.forms.email, len(c.kept))})
	}
	for _, c := range s.with(phone) {
		s.ids = append(s.ids, identified{"phone", c, fmt.Sprintf("%d of %d values are telephone numbers", c.forms.phone, len(c.kept))})
	}
	for _, c := range s.with(userID) {
		if c.isNumber() && !c.isInt() || c.isTime() {
			continue
		}
		s.ids = append(s.ids, identified{"user_id", c, "named as a user's id"})
	}
	for _, c := range s.with(nationalID) {
		s.ids = append(s.ids, identified{"national_id", c, "named as a number that a state gives to one person"})
	}
	for _, c := range s.with(loyaltyID) {
		s.ids = append(s.ids, identified{"loyalty_id", c, "named as a member's number"})
	}
	for _, c := range s.with(anonymousID) {
		s.ids = append(s.ids, identified{"anonymous_id", c, "named as a device's or visitor's id"})
	}
}

// relate finds columns that hold the ids of another file's people. Where several
// files could be meant, the names decide.
func relate(streams []*stream) {
	used := map[*stream]bool{}
	for _, b := range streams {
		for _, c := range b.columns {
			var best *stream
			strength, reason := 0, ""
			for _, a := range streams {
				if a == b || a.kind != record.Customer || a.key == nil || a.key.meaning == userID || a.key.isEmail() {
					continue
				}
				if n, why := refers(a, b, c); n > strength {
					best, strength, reason = a, n, why
				}
			}
			if best != nil && !b.identifies(c) {
				b.ids = append(b.ids, identified{best.source + "_id", c, reason})
				used[best] = true
			}
		}
	}
	for _, a := range streams {
		if used[a] && !a.identifies(a.key) {
			a.ids = append(a.ids, identified{a.source + "_id", a.key, "other files name people by it"})
		}
	}
}

func (s *stream) identifies(c *column) bool {
	for _, i := range s.ids {
		if i.col == c {
			return true
		}
	}
	return false
}

// refers says how strongly the names speak for b's column holding a's keys, and why;
// 0 where they do not, or where the values are others.
func refers(a, b *stream, c *column) (strength int, why string) {
	if c.filled == 0 || c.nested || len(c.hashes) < 2 && b.rows > 2 {
		return 0, ""
	}
	joined, key := strings.Join(c.words, ""), strings.Join(a.key.words, "")
	if c == b.key && joined != key {
		return 0, "" // two files may both count from 1
	}
	if isPerson(c.words) && (isID(c.words) || len(c.words) == 1) {
		strength = 1
	}
	for _, w := range c.words {
		if len(w) > 3 && strings.Contains(a.source, strings.TrimSuffix(w, "id")) {
			strength = 2
		}
	}
	if joined == key && joined != "id" && isID(c.words) {
		strength = 3
	}
	if strength == 0 {
		return 0, ""
	}
	found := 0
	for h := range c.hashes {
		if _, ok := a.key.hashes[h]; ok {
			found++
		}
	}
	if 10*found < 6*len(c.hashes) {
		return 0, ""
	}
	return strength, fmt.Sprintf("%d of its %d values are keys of %s", found, len(c.hashes), a.name())
}
