package initproject

import (
	"fmt"
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// findIdentifiers takes e-mail addresses, telephone numbers and ids of people.
func (s *stream) findIdentifiers() {
	if s.ofCompany() {
		return
	}
	s.identify("email", email, "e-mail addresses", func(c *column) int { return c.forms.email })
	s.identify("phone", phone, "telephone numbers", func(c *column) int { return c.forms.phone })
	if c := s.user(); c != nil {
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

// identify takes all columns of a meaning, but those of staff where others remain.
func (s *stream) identify(typ string, m meaning, what string, count func(*column) int) {
	columns := s.with(m)
	var own []*column
	for _, c := range columns {
		if !isStaff(c.words) && !s.shared(c) {
			own = append(own, c)
		}
	}
	good, all := 0, 0
	for _, c := range own {
		good, all = good+count(c), all+len(c.kept)
	}
	for _, c := range own {
		s.ids = append(s.ids, identified{typ, c, fmt.Sprintf("%d of %d values looked at are %s", good, all, what)})
	}
}

// user is the one column that names a user best: two would be two people.
func (s *stream) user() *column {
	var best *column
	for _, c := range s.with(userID) {
		if c.isNumber() && !c.isInt() || c.isTime() || isStaff(c.words) {
			continue
		}
		if best == nil || isID(c.words) && !isID(best.words) || isID(c.words) == isID(best.words) && c.filled > best.filled {
			best = c
		}
	}
	return best
}

// relate finds columns that hold the ids of another file's people. Where several
// files could be meant, the names decide.
func relate(streams []*stream) {
	used := map[*stream]bool{}
	for _, b := range streams {
		for _, c := range b.columns {
			if isStaff(c.words) || b.ofCompany() {
				continue
			}
			var best *stream
			strength, reason := 0, ""
			for _, a := range streams {
				if a == b || a.kind != record.Customer || a.key == nil || a.key.isEmail() {
					continue
				}
				if n, why := refers(a, b, c); n > strength {
					best, strength, reason = a, n, why
				}
			}
			if best != nil && b.takes(c, best.idType(), reason) {
				used[best] = true
			}
		}
	}
	for _, a := range streams {
		if used[a] && !a.identifies(a.key) {
			a.ids = append(a.ids, identified{a.idType(), a.key, "other files name people by it"})
		}
	}
	for _, b := range streams {
		b.orphans(streams)
	}
}

// idType is the identifier type of a file of people's keys.
func (s *stream) idType() string {
	if s.key.meaning == userID {
		return "user_id"
	}
	return s.source + "_id"
}

// takes makes c an identifier of typ. What was taken for a user's id by its name is
// one of typ after all.
func (s *stream) takes(c *column, typ, why string) bool {
	for i, id := range s.ids {
		switch {
		case id.col != c:
		case id.typ == typ:
			return true
		case id.typ == "user_id":
			s.ids[i] = identified{typ, c, why}
			return true
		default:
			return false
		}
	}
	s.ids = append(s.ids, identified{typ, c, why})
	return true
}

// orphans takes the ids of people of whom no file tells: records with one are still
// somebody's.
func (s *stream) orphans(streams []*stream) {
	if s.kind == record.Customer && !s.rowKey || s.ofCompany() {
		return
	}
	for _, id := range s.ids {
		if strings.HasSuffix(id.typ, "_id") && id.typ != "anonymous_id" {
			return
		}
	}
	for _, c := range s.columns {
		if c == s.key || c.nested || c.filled == 0 || c.meaning != unknown || !isClient(c.words) || isStaff(c.words) || isThing(c.words) || c.secret() || c.tally() ||
			!isID(c.words) && len(c.words) > 1 || s.wordy(c) || c.isTime() || c.isDate() || len(c.hashes) < 2 {
			continue
		}
		typ := slug(c.name)
		for _, a := range streams {
			if a.kind == record.Customer && a.key != nil && a.idType() == typ {
				typ = s.source + "_" + typ // not that file's: its values are others
			}
		}
		for _, other := range streams {
			for _, id := range other.ids {
				if other != s && id.typ == typ && !overlap(id.col, c) {
					typ = s.source + "_" + typ // another system's customers
				}
			}
		}
		if reservedType(typ) {
			return
		}
		s.ids = append(s.ids, identified{typ, c, "named as a customer's id; no file of customers has it as its key"})
		return
	}
}

// overlap reports whether most values of the column with fewer are in the other.
func overlap(a, b *column) bool {
	if len(a.hashes) > len(b.hashes) {
		a, b = b, a
	}
	found := 0
	for h := range a.hashes {
		if _, ok := b.hashes[h]; ok {
			found++
		}
	}
	return 10*found >= 6*len(a.hashes)
}

func reservedType(typ string) bool {
	switch typ {
	case "email", "phone", "anonymous_id", "user_id", "national_id", "loyalty_id":
		return true
	}
	return false
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
