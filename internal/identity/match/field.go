package match

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Kind is what the values of a column are, as far as comparing them goes.
type Kind uint8

// The kinds of column.
const (
	Skipped Kind = iota // nothing in it tells records apart, or brings them together
	Name                // a word or two of letters: a given name, a family name, a town, a state
	Text                // several words: a full name, an address, a title
	Code                // digits, or digits and letters: an identifier, a telephone number, a postcode
	Date
	Email
)

var kindNames = [...]string{"skipped", "name", "text", "code", "date", "email"}

func (k Kind) String() string { return kindNames[k] }

// field is a column made ready to be compared: its distinct values, normalised and
// taken apart.
type field struct {
	column    int // in the table
	name      string
	kind      Kind
	codes     []uint32   // by row; 0: missing
	norm      []string   // by code
	count     []int32    // rows, by code
	given     int        // rows that have a value
	days      []date     // Date
	names     [][]uint16 // Name: the names in full that the value may stand for
	sounds    []uint32   // Name: phonetic key, 0: none
	masks     []uint64   // which letters and digits it has
	words     [][]word   // Text: by code, by id
	spelt     []string   // Text: words by id
	weight    []float32  // Text: of a word, by id
	wordMasks []uint64   // which letters a word has, by id
	known     [][]uint16 // Text: names in full of a word, by id
	squash    []string   // without spaces
	print     uint64     // of all values, whatever the order of rows
}

// word is one word of a value.
type word struct {
	id     uint32
	weight float32 // of the whole, whose squares sum to 1
}

// newFields takes the columns of t that help to tell who is who: of many, those that
// tell most. Their order depends on their values alone.
func newFields(t *Table, stopped func() bool) []*field {
	var fields []*field
	for i := range t.Columns {
		if stopped() {
			return nil
		}
		if f := newField(t, i); f.kind != Skipped {
			fields = append(fields, f)
		}
	}
	slices.SortStableFunc(fields, func(a, b *field) int { return cmp.Or(cmp.Compare(b.tells(), a.tells()), cmp.Compare(a.print, b.print)) })
	fields = fields[:min(len(fields), mostFields)]
	slices.SortStableFunc(fields, func(a, b *field) int { return cmp.Compare(a.print, b.print) })
	return fields
}

// tells is how many bits the field says of a row on the whole: those of two values being
// the same by chance, where it is given.
func (f *field) tells() float64 {
	sum := 0.0
	for _, n := range f.count[1:] {
		p := float64(n) / float64(f.given)
		sum += p * p
	}
	return -math.Log2(sum) * float64(f.given) / float64(len(f.codes))
}

func newField(t *Table, column int) *field {
	c := &t.Columns[column]
	f := &field{column: column, name: c.Name}
	f.fold(c)
	f.kind = f.guess(t.Rows)
	if f.kind == Code {
		f.refold(func(s string) string { return strings.ReplaceAll(s, " ", "") })
	}
	return f
}

// fold brings values that are the same once normalised under one code.
func (f *field) fold(c *Column) {
	f.norm = make([]string, 1, len(c.Values))
	index := make(map[string]uint32, len(c.Values))
	index[""] = 0
	to := make([]uint32, len(c.Values))
	email := looksLikeEmail(c.Values)
	for code, v := range c.Values {
		var n string
		if email {
			n = strings.ToLower(strings.TrimSpace(v))
			if missing[n] {
				n = ""
			}
		} else {
			n = normalise(v)
		}
		at, ok := index[n]
		if !ok {
			at = uint32(len(f.norm))
			index[n] = at
			f.norm = append(f.norm, n)
		}
		to[code] = at
	}
	f.codes = make([]uint32, len(c.Codes))
	for row, code := range c.Codes {
		f.codes[row] = to[code]
	}
	f.tally()
	if email {
		f.kind = Email
	}
}

func (f *field) refold(change func(string) string) {
	old := Column{Codes: f.codes, Values: f.norm}
	for i, v := range old.Values {
		old.Values[i] = change(v)
	}
	kind := f.kind
	f.fold(&old)
	f.kind = kind
}

func (f *field) tally() {
	f.count = make([]int32, len(f.norm))
	f.given = 0
	for _, code := range f.codes {
		f.count[code]++
		if code != 0 {
			f.given++
		}
	}
	f.print = 0
	for code, v := range f.norm {
		if code > 0 {
			f.print += mix(hash(v), uint64(f.count[code]))
		}
	}
}

func looksLikeEmail(values []string) bool {
	n, at := 0, 0
	for _, v := range values {
		if v == "" {
			continue
		}
		n++
		local, domain, ok := strings.Cut(strings.TrimSpace(v), "@")
		if ok && local != "" && len(domain) > 2 && !strings.ContainsAny(local+domain, " @/") {
			at++
		}
	}
	return n > 0 && at*10 >= n*8
}

// guess tells a column's kind from its values.
func (f *field) guess(rows int) Kind {
	distinct := len(f.norm) - 1
	if distinct < 2 || f.given*50 < rows {
		return Skipped
	}
	if f.kind == Email {
		return Email
	}
	var s shape
	for code, v := range f.norm {
		if code > 0 {
			s.add(v, int(f.count[code]))
		}
	}
	n := float64(f.given)
	switch {
	case float64(s.dates) >= 0.8*n:
		return Date
	case float64(s.digital) >= 0.7*n && float64(s.words) <= 2.2*n && s.letters < s.digits:
		return Code
	case float64(s.words) <= 1.6*n && float64(s.length) <= 16*n:
		return Name
	default:
		return Text
	}
}

// shape is what the values of a column look like, added up.
type shape struct {
	dates, digital  int // rows
	words, length   int
	letters, digits int
}

// add adds a value that so many rows have.
func (s *shape) add(v string, rows int) {
	if _, ok := parseDate(v); ok {
		s.dates += rows
	}
	digits, words, letters := 0, 1, 0
	for i := range len(v) {
		switch c := v[i]; {
		case '0' <= c && c <= '9':
			digits++
		case c == ' ':
			words++
		default:
			letters++
		}
	}
	if digits > 0 {
		s.digital += rows
	}
	s.letters += letters * rows
	s.digits += digits * rows
	s.words += words * rows
	s.length += len(v) * rows
}

// prepare takes the values apart, as their kind is compared.
func (f *field) prepare() {
	f.masks = make([]uint64, len(f.norm))
	for code, v := range f.norm {
		f.masks[code] = letters(v)
	}
	switch f.kind {
	case Date:
		f.days = make([]date, len(f.norm))
		for code, v := range f.norm {
			f.days[code], _ = parseDate(v)
		}
	case Name:
		f.names, f.sounds = make([][]uint16, len(f.norm)), make([]uint32, len(f.norm))
		f.squash = make([]string, len(f.norm))
		index := map[string]uint32{"": 0}
		for code, v := range f.norm {
			f.names[code] = nicknames[v]
			f.squash[code] = strings.ReplaceAll(v, " ", "")
			key := sound(f.squash[code])
			if _, ok := index[key]; !ok {
				index[key] = uint32(len(index))
			}
			f.sounds[code] = index[key]
		}
	case Text:
		f.squash = make([]string, len(f.norm))
		for code, v := range f.norm {
			f.squash[code] = strings.ReplaceAll(v, " ", "")
		}
		f.split()
	}
}

// mostWords of a value are compared: those that tell most.
const mostWords = 24

// split takes texts into words, each weighed by how few rows have it.
func (f *field) split() {
	index := map[string]uint32{}
	lists := make([][]uint32, len(f.norm))
	var rows []float64
	var last []int // by id: the last value that has the word
	for code, v := range f.norm {
		for _, w := range tokens(v) {
			id, ok := index[w]
			if !ok {
				id = uint32(len(f.spelt))
				index[w] = id
				f.spelt = append(f.spelt, w)
				rows, last = append(rows, 0), append(last, -1)
			}
			if last[id] != code {
				last[id] = code
				lists[code] = append(lists[code], id)
				rows[id] += float64(f.count[code])
			}
		}
	}
	f.weight = make([]float32, len(rows))
	f.known, f.wordMasks = make([][]uint16, len(rows)), make([]uint64, len(rows))
	for id, n := range rows {
		f.weight[id] = float32(math.Log(1 + float64(f.given)/n))
		f.known[id] = nicknames[f.spelt[id]]
		f.wordMasks[id] = letters(f.spelt[id])
	}
	f.words = make([][]word, len(f.norm))
	for code, ids := range lists {
		if len(ids) > mostWords {
			slices.SortFunc(ids, func(a, b uint32) int {
				return cmp.Or(cmp.Compare(f.weight[b], f.weight[a]), strings.Compare(f.spelt[a], f.spelt[b]))
			})
			ids = ids[:mostWords]
		}
		slices.Sort(ids)
		sum := 0.0
		for _, id := range ids {
			sum += float64(f.weight[id]) * float64(f.weight[id])
		}
		length := float32(math.Sqrt(sum))
		for _, id := range ids {
			f.words[code] = append(f.words[code], word{id, f.weight[id] / length})
		}
	}
}

// letters tells which letters and digits a value has, one bit for each.
func letters(v string) uint64 {
	var m uint64
	for i := range len(v) {
		switch c := v[i]; {
		case 'a' <= c && c <= 'z':
			m |= 1 << (c - 'a')
		case '0' <= c && c <= '9':
			m |= 1 << (26 + c - '0')
		default:
			m |= 1 << (36 + c%28)
		}
	}
	return m
}
