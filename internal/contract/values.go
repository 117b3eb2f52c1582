package contract

import (
	"slices"
	"strings"
	"unicode"

	"github.com/kithdata/kith/internal/record"
)

// Values is which texts a field has shown, where they may be told: those of a column that
// holds few codes. It counts up to what decides whether they are told, and no further, so
// that what is kept is bounded and does not depend on the order in which records came.
// No Values at all says that the field shows more, or what must not be told.
type Values struct {
	Rows int         // texts seen, at most enoughRows
	Seen []ValueSeen // sorted by text
}

// ValueSeen is one text.
type ValueSeen struct {
	Text  string
	Times int // at most enoughTimes
}

// When values are told: a column of names in a small file has few values too, and a value
// that is seldom seen can stand for one person.
const (
	maxValues   = 20  // distinct ones of a field
	enoughRows  = 100 // texts of the field
	enoughTimes = 5   // of each value
	maxCode     = 32  // bytes of one
)

// valuesOf is what one text of a field shows; nil where it is none that may be told.
func valuesOf(path, text string) *Values {
	if !isCode(text) || TellsOfPeople(path) {
		return nil
	}
	return &Values{Rows: 1, Seen: []ValueSeen{{text, 1}}}
}

// join adds what was seen of one field in other records. It is commutative and
// associative; a record counts as often as it is joined.
func (v *Values) join(o *Values) *Values {
	if v == nil || o == nil {
		return nil
	}
	out := &Values{Rows: min(v.Rows+o.Rows, enoughRows)}
	all := slices.Concat(v.Seen, o.Seen)
	slices.SortFunc(all, func(a, b ValueSeen) int { return strings.Compare(a.Text, b.Text) })
	for _, s := range all {
		if n := len(out.Seen); n > 0 && out.Seen[n-1].Text == s.Text {
			out.Seen[n-1].Times = min(out.Seen[n-1].Times+s.Times, enoughTimes)
			continue
		}
		out.Seen = append(out.Seen, s)
	}
	if len(out.Seen) > maxValues {
		return nil
	}
	return out
}

// joinValues joins the values of two fields. A field that was null alone has shown none,
// and one whose values a contract lists none beyond these.
func joinValues(a, b *Field) *Values {
	silent := func(f *Field) bool {
		return f.Type == record.Null || f.Values == nil && !f.Rules.empty() && f.Rules.Enum != nil
	}
	switch {
	case silent(a):
		return b.Values
	case silent(b):
		return a.Values
	}
	return a.Values.join(b.Values)
}

func (v *Values) equal(o *Values) bool {
	if v == nil || o == nil {
		return v == o
	}
	return v.Rows == o.Rows && slices.Equal(v.Seen, o.Seen)
}

// holds reports whether a text changes nothing about what is kept.
func (v *Values) holds(text string) bool {
	i, ok := slices.BinarySearchFunc(v.Seen, text, func(s ValueSeen, text string) int { return strings.Compare(s.Text, text) })
	return ok && v.Rows == enoughRows && v.Seen[i].Times == enoughTimes
}

// often gives the values that were seen often enough to be told.
func (v *Values) often() (list []string) {
	if v == nil {
		return nil
	}
	for _, s := range v.Seen {
		if s.Times == enoughTimes {
			list = append(list, s.Text)
		}
	}
	return list
}

// told gives the field's values where they make an enum; nil where they do not.
func (v *Values) told() []string {
	list := v.often()
	if v == nil || v.Rows < enoughRows || len(list) < len(v.Seen) {
		return nil
	}
	return list
}

// Published is the contract that was inferred as it may be shown: with the values of
// fields that hold few codes, and no other values.
func (s *Schema) Published() *Schema {
	out := &Schema{Fields: slices.Clone(s.Fields)}
	for i := range out.Fields {
		f := &out.Fields[i]
		if list := f.Values.told(); list != nil && f.Type == record.String {
			f.Rules = &Rules{Enum: list}
		}
		f.Values = nil
	}
	return out
}

// Beyond is what records showed, where that is more than a contract says: the contract
// widened by it. A listed value goes with the others once it was seen often enough.
func (s *Schema) Beyond(applied *Schema) *Schema {
	out := Join(applied.Inferable(), s)
	shown, was := compile(s), compile(applied)
	for i := range out.Fields {
		f := &out.Fields[i]
		old := was.by[f.Path]
		switch {
		case old == nil:
			if list := f.Values.told(); list != nil && f.Type == record.String {
				f.Rules = &Rules{Enum: list}
			}
		case f.Type == record.String && old.enumerated():
			list := slices.Clone(old.Rules.Enum)
			if now := shown.by[f.Path]; now != nil {
				list = append(list, now.Values.often()...)
			}
			slices.Sort(list)
			f.Rules = &Rules{Enum: slices.Compact(list)}
		}
		f.Values = nil
	}
	return out
}

// enumerated reports whether a field's texts are listed.
func (f *Field) enumerated() bool {
	return f.Type == record.String && !f.Rules.empty() && f.Rules.Enum != nil
}

// Inferable is the contract as inference could have made it.
func (s *Schema) Inferable() *Schema {
	bare := &Schema{Fields: slices.Clone(s.Fields)}
	for i := range bare.Fields {
		f := &bare.Fields[i]
		if f.Loose = false; f.enumerated() {
			f.Rules = &Rules{Enum: f.Rules.Enum}
		} else {
			f.Rules = nil
		}
	}
	return bare
}

// isCode reports whether a text looks like a code of a system, and not like what people
// are called, write or are numbered by: short, of ASCII letters, digits and a few signs,
// with more letters than digits, and no word that begins with a capital alone.
func isCode(text string) bool {
	if text == "" || len(text) > maxCode {
		return false
	}
	letters, digits := 0, 0
	for i := range len(text) {
		switch c := text[i]; {
		case isAlpha(c):
			letters++
			if i > 0 && c >= 'a' && text[i-1] >= 'A' && text[i-1] <= 'Z' {
				return false
			}
		case c >= '0' && c <= '9':
			digits++
		case c != '_' && c != '-':
			return false
		}
	}
	return letters > digits
}

// aboutPeople are words in the names of fields whose values people are known by.
var aboutPeople = [...]string{"name", "first", "last", "given", "family", "surname", "nick", "nickname", "firstname", "lastname", "username", "fullname",
	"user", "login", "email", "mail", "phone", "mobile", "tel", "fax", "address", "street", "postcode", "zip", "birth", "born", "dob", "ssn", "iban",
	"password", "secret", "token", "key", "id", "ip", "owner", "manager", "agent", "rep", "contact", "person", "customer", "author", "by",
	"note", "notes", "comment", "message", "text"}

// TellsOfPeople reports whether a field's name says that its values may be what people
// are known by.
func TellsOfPeople(path string) bool {
	found := false
	words(path, func(word string) {
		found = found || slices.Contains(aboutPeople[:], word)
	})
	return found
}

// words gives the words of a name in lower case: parted by signs, and where a capital
// follows a small letter.
func words(name string, each func(string)) {
	start, last := 0, rune(0)
	cut := func(end int) {
		if end > start {
			each(strings.ToLower(name[start:end]))
		}
		start = end
	}
	for i, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			cut(i)
			start = i + len(string(r))
		case unicode.IsUpper(r) && unicode.IsLower(last):
			cut(i)
		}
		last = r
	}
	cut(len(name))
}

// keepPrivate takes from a record's contract the values that must not be told, and those
// that the applied contract lists already.
func (st *stream) keepPrivate(show *Schema, fields []record.Attr) *Schema {
	for i := range show.Fields {
		f := &show.Fields[i]
		switch {
		case f.Values == nil && f.Type != record.String:
		case st.private[f.Path]:
			f.Values = nil
		case st.lists(f.Path, fields):
			f.Values = &Values{}
		}
	}
	return show
}

// lists reports whether the applied contract lists the value of a record's field.
func (st *stream) lists(path string, fields []record.Attr) bool {
	r := st.applied.ruler(path)
	if r == nil || r.enum == nil {
		return false
	}
	i, ok := slices.BinarySearchFunc(fields, path, byName)
	return ok && r.enum[fields[i].Value.Text()]
}

// privateOf are the paths of a stream whose values are not to be told: its key and what
// the rules say are of people.
func privateOf(c *StreamConfig) map[string]bool {
	private := map[string]bool{c.Key: true}
	for _, path := range c.Personal {
		private[path] = true
	}
	return private
}

// holdsValue reports whether a value changes nothing about those that the field has shown.
func (f *Field) holdsValue(v *record.Value, fields []record.Attr, of *stream) bool {
	switch Natural(*v) {
	case record.Null:
		return true
	case record.String:
		return f.Values.holds(v.S) || of.lists(f.Path, fields)
	}
	return false
}
