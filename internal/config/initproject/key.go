package initproject

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/record"
)

// findKey looks for the column that is the source's own id: unique in every row, and
// looking like an id by its name or its values.
func (s *stream) findKey() {
	best := 0
	for place, c := range s.columns {
		if !c.unique(s.rows) || c.average() > 80 {
			continue
		}
		score, why := s.idLike(c)
		if score > 0 && score*1000-place > best {
			best, s.key, s.keyWhy = score*1000-place, c, why
		}
	}
	if !s.whole {
		s.keyWhy = strings.Replace(s.keyWhy, "in every row", "in every row looked at", 1)
	}
}

// idLike says how much speaks for a unique column being an id, and why; 0 for none.
func (s *stream) idLike(c *column) (score int, why string) {
	if c.secret() || c.isTime() || c.isDate() || c.isComma() || c.isNumber() && !c.isInt() || c.isEmail() {
		return 0, ""
	}
	joined := strings.Join(c.words, "")
	id := isID(c.words)
	switch c.meaning {
	case unknown, userID, loyaltyID, nationalID:
		if c.isInt() && c.unixTime() && hasWord(c.words, "date", "time", "timestamp", "ts") {
			return 0, ""
		}
	case company, status, city, eventName: // "Organization Id" is none of these
		if !id {
			return 0, ""
		}
	default:
		return 0, ""
	}
	switch foreign := (isThing(s.words) || isEvent(s.words)) && isPerson(c.words) && !isThing(c.words); {
	case foreign: // the customer of an order
		return 0, ""
	case slices.Contains([]string{"id", "uuid", "guid", "recid", "uniqueid", "recordid", "uniquekey", "objectid", "oid", "pk", "globalid", "idoid"}, joined):
		return 100, "unique in every row, and called an id"
	case id && s.calledAlike(c):
		return 95, "unique in every row, and the id of what the file is called"
	case id && place(c.words) && c.meaning != loyaltyID:
		return 0, ""
	case hasWord(c.words, "row", "zeile", "line"):
		return s.counted(c)
	case joined == "number" && s.columns[0] == c:
		return 86, "unique in every row, called a number, and the first"
	case slices.Contains([]string{"number", "no", "nr", "num"}, joined):
		if i := slices.Index(s.columns, c); i > 0 && s.columns[i-1].meaning == street {
			return 0, "" // a house's
		}
		return 78, "unique in every row, and called a number"
	case id && c.meaning != nationalID && (isPerson(c.words) || isThing(c.words) || isCompany(c.words)):
		return 90, "unique in every row, and called an id"
	case id && c.meaning != nationalID:
		return 80, "unique in every row, and called an id"
	case s.calledAlike(c) && !s.wordy(c):
		return 85, "unique in every row, and called what the file is called"
	case len(c.words) == 1 && (isThing(c.words) || isPerson(c.words)) && !s.wordy(c):
		return 82, "unique in every row, and called what a row is"
	}
	if s.rows < 2 {
		return 0, "" // one row makes everything unique
	}
	switch {
	case c.share(c.forms.uuid) > 0.9:
		return 75, "unique in every row, and made of UUIDs"
	case c.meaning == userID:
		return 70, "unique in every row, and names a user"
	case c.meaning == loyaltyID:
		return 66, "unique in every row, and named as a member's number"
	case c.meaning == nationalID:
		return 0, "" // good enough for people only
	case s.rows >= 3 && c.isCode(), s.rows >= 10 && c.coded():
		return 64, "unique in every row, and made of codes alike"
	}
	if len(s.columns) > 0 && c == s.columns[0] && c.isInt() && meaningless(c.name) {
		return 62, "unique whole numbers in the first column; no header says what it is"
	}
	return s.counted(c)
}

// counted takes whole numbers that count up.
func (s *stream) counted(c *column) (score int, why string) {
	if s.rows >= 5 && c.isInt() && c.dense() {
		return 61, "whole numbers that count up, row by row; no better id was found"
	}
	return 0, ""
}

// calledAlike reports whether a column's name, but for words such as id, is that of
// the file.
func (s *stream) calledAlike(c *column) bool {
	var rest []string
	for _, w := range c.words {
		if !isID([]string{w}) || len(w) > 6 {
			rest = append(rest, strings.TrimSuffix(strings.TrimSuffix(w, "nummer"), "id"))
		}
	}
	for _, w := range rest {
		if len(w) > 2 && !about(s.words, w) && !(len(w) > 3 && strings.Contains(strings.Join(s.words, ""), w)) {
			return false
		}
	}
	return len(rest) > 0 && len(strings.Join(rest, "")) > 2
}

// wrapped reports whether an id stands alone in an object that only wraps the record, as
// change feeds and APIs have it.
func wrapped(words []string) bool {
	return len(words) == 2 && words[1] == "id" && hasWord(words[:1], "after", "data", "attributes", "payload", "value", "fields", "properties", "object", "row", "new", "doc", "body")
}

// place reports whether a number or code is that of a place on earth or on a page.
func place(words []string) bool {
	return hasWord(words, "haus", "hausnr", "hausnummer", "house", "building", "street", "strasse", "str", "apt", "apartment", "unit", "flat", "room", "floor", "area", "zone", "ward", "district", "zip", "postal", "post", "plz", "country", "state", "region", "city", "currency", "language", "page", "version", "huisnummer", "numero", "phone", "tel", "fax", "network", "collector", "campaign", "batch", "website", "iban", "card", "vat", "sort", "dial") &&
		!isPerson(words) && !isThing(words)
}

// wordy reports whether values are words rather than codes.
func (s *stream) wordy(c *column) bool {
	n := 0
	for _, v := range c.kept {
		if strings.Contains(v, " ") || digits(v) == 0 {
			n++
		}
	}
	return c.share(n) > 0.1
}

// coded reports whether values are codes of one make: digits in each, no space, and
// lengths alike.
func (c *column) coded() bool {
	low, high := 1<<30, 0
	for _, v := range c.kept {
		if digits(v) < 2 || strings.ContainsAny(v, " @,;.:/") {
			return false
		}
		low, high = min(low, len(v)), max(high, len(v))
	}
	if c.share(c.forms.dot)+c.share(c.forms.comma)+c.share(c.forms.phone)/2 > 0.5 && !c.isInt() {
		return false
	}
	return low >= 5 && high-low <= 2
}

// dense reports whether whole numbers leave no gap.
func (c *column) dense() bool {
	low, high := int64(0), int64(0)
	for i, v := range c.kept {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return false
		}
		if i == 0 {
			low, high = n, n
		}
		low, high = min(low, n), max(high, n)
	}
	return len(c.kept) > 0 && high-low+1 == int64(len(c.kept))
}

// settleKey finds the next best key for people and things, whose records need one.
func (s *stream) settleKey() {
	switch {
	case s.kind == record.Event, s.kind == record.Consent:
		s.key = nil
	case s.key != nil:
	case s.kind == record.Customer:
		s.settlePerson()
	default:
		s.settleThing()
	}
}

// settlePerson takes what names one person each, or else the row itself, so that a
// file of people without ids still makes profiles.
func (s *stream) settlePerson() {
	best := 0.0
	for _, c := range s.columns {
		if c.nested || c.filled < s.rows || c.average() > 80 {
			continue
		}
		score := c.distinctShare()
		versions := s.has(updated) && score > 0.3
		switch {
		case c.meaning == nationalID && score == 1:
			score += 3
		case isID(c.words) && c.meaning == unknown && (isPerson(c.words) || s.calledAlike(c) || len(c.words) == 1 || c.words[0] == "record" || wrapped(c.words)) && !place(c.words) && (score > 0.9 || versions):
			score += 2
		case c.isEmail() && (score > 0.9 || versions):
			score++
		default:
			continue
		}
		if score > best {
			best, s.key = score, c
		}
	}
	if s.key == nil {
		s.rowKey = true
		s.keyWhy = "no column tells every row apart, so each row is its own record; equal rows are one"
		s.note("a row that changes in a later file counts as a new record beside the old one: add an id column to the file if you can")
		if s.twins > 0 {
			s.note("rows that equal an earlier one: %d; they add nothing", s.twins)
		}
		return
	}
	if s.key.repeats {
		s.repeated()
		return
	}
	s.keyWhy = "unique in every row; no column looks like an id"
}

// settleThing takes an id of which few repeat. Ids that repeat more are those of
// something else; then the rows are what happened.
func (s *stream) settleThing() {
	best := 0.9
	for _, c := range s.columns {
		versions := s.has(updated) && c.distinctShare() > 0.3
		if c.nested || c.filled < s.rows || !isID(c.words) || c.meaning != unknown || isPerson(c.words) || place(c.words) || !(s.calledAlike(c) || c.words[0] == "id") {
			continue
		}
		if score := c.distinctShare(); score > best || versions {
			best, s.key = score, c
		}
	}
	switch {
	case s.key != nil:
		s.repeated()
	case s.twins == 0 && !s.has(occurred) && !s.has(created) && !s.has(amount):
		s.rowKey = true
		s.keyWhy = "no column tells every row apart, so each row is its own record"
	default:
		s.kind, s.kindWhy = record.Event, "no column tells its rows apart, so they are taken as things that happened"
	}
}

func (s *stream) repeated() {
	s.keyWhy = fmt.Sprintf("the nearest to an id: %d rows have %d different values", s.rows, len(s.key.hashes))
	s.note("%s repeats: rows with the same one count as newer versions of one record", s.key.name)
}

// keyName is what the configuration calls the key; empty for none.
func (s *stream) keyName() string {
	switch {
	case s.rowKey:
		return contract.RowKey
	case s.key != nil:
		return s.key.name
	}
	return ""
}
