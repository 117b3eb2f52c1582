package match

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// Kind is what the values of a column are, as far as comparing them goes.
type Kind uint8

// The kinds of column.
const (
	Skipped Kind = iota // nothing in it tells records apart, or brings them together
	Name                // a word or two of letters: a given name, a family name, a town, a state
	Text                // several words: a full name, an address, a title
	Code                // digits, or digits and letters: an identifier, a house number, a postcode
	Date
	Email
	Phone
	Number // an amount: a price, a length, a coordinate
)

var kindNames = [...]string{"skipped", "name", "text", "code", "date", "email", "phone", "number"}

func (k Kind) String() string {
	if k.IsCustom() {
		return "custom"
	}
	return kindNames[k]
}

// ParseKind gives the kind of a name.
func ParseKind(name string) (Kind, bool) {
	at := slices.Index(kindNames[:], name)
	return Kind(max(at, 0)), at >= 0
}

// Kinds gives the names of the kinds.
func Kinds() []string { return slices.Clone(kindNames[:]) }

// field is a column made ready to be compared: its distinct values, normalised and
// taken apart.
type field struct {
	column   int // in the table
	name     string
	kind     Kind
	stated   Kind       // the kind that a plan states, or Skipped
	planned  *PlanField // what a plan tells of it; may be nil
	implied  *PlanField // the columns that it is made of, where no plan told it; may be nil
	custom   *custom    // how it is compared where its levels are its own
	codes    []uint32   // by row; 0: missing
	norm     []string   // by code
	count    []int32    // rows, by code
	given    int        // rows that have a value
	days     []date     // Date
	numbers  []float64  // Number; NaN where the value is none
	digits   [][8]byte  // Date: as eight digits
	names    [][]uint16 // Name: the names in full that the value may stand for
	sounds   []uint32   // Name: phonetic key, 0: none
	looks    []look     // by code
	words    [][]word   // Text: by code, by id
	spelt    []string   // Text: words by id
	weight   []float32  // Text: of a word, by id
	wordRows []float64  // rows that have a word, by id
	glances  []glance   // Text: of a word, by id
	known    [][]uint16 // Text: names in full of a word, by id
	squash   []string   // without spaces
	print    uint64     // of all values, whatever the order of rows
}

// word is one word of a value.
type word struct {
	id     uint32
	weight float32 // of the whole, whose squares sum to 1
}

// newFields takes the columns of t that help to tell who is who: of many, those that
// tell most. Their order depends on their values alone.
func newFields(p *planning) []*field {
	fields := p.fields()
	if p.stopped() {
		return nil
	}
	if p.pinned() {
		return fields
	}
	stated := func(f *field) int {
		if f.planned != nil {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(fields, func(a, b *field) int {
		return cmp.Or(cmp.Compare(stated(a), stated(b)), cmp.Compare(b.tells(), a.tells()), cmp.Compare(a.print, b.print))
	})
	for _, f := range fields[min(len(fields), mostFields):] {
		p.unused = append(p.unused, unused{f.name, f.why(p.table.Rows)})
	}
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

// newField makes a field of a column, of the kind stated or else of that which its
// values tell.
func newField(t *Table, column int, stated Kind) *field {
	f := newFieldOf(&t.Columns[column], t.Rows, stated)
	f.column = column
	return f
}

func newFieldOf(c *Column, rows int, stated Kind) *field {
	f := &field{name: c.Name, stated: stated}
	f.fold(c)
	if stated == Skipped {
		f.kind = f.guess(rows)
	} else {
		f.kind = stated
	}
	switch f.kind {
	case Code:
		f.refold(func(s string) string { return strings.ReplaceAll(s, " ", "") })
	case Phone:
		f.refold(subscriber)
	case Name:
		f.refold(untitled)
	}
	return f
}

// subscriber is a telephone number without what is written in front of it or not: the
// prefix of the country and the zero of a long distance. Nine digits are as many as the
// shortest of numbers that have one.
func subscriber(v string) string {
	digits := make([]byte, 0, len(v))
	for i := range len(v) {
		c := v[i]
		if '0' <= c && c <= '9' {
			digits = append(digits, c)
		} else if c != ' ' && len(digits) >= fewestDigits {
			break // an extension
		}
	}
	if len(digits) < fewestDigits {
		return strings.ReplaceAll(v, " ", "")
	}
	return string(digits[max(0, len(digits)-9):])
}

// A telephone number has so many digits.
const fewestDigits, mostDigits = 7, 15

// fold brings values that are the same once normalised under one code.
func (f *field) fold(c *Column) {
	read := f.readAs(c.Values)
	f.norm = make([]string, len(c.Values))
	var changed atomic.Bool
	inParallel(len(c.Values), 8192, func(from, to int) {
		for code := from; code < to; code++ {
			v := c.Values[code]
			n := f.normal(v, read)
			if f.norm[code] = n; n != v {
				changed.Store(true)
			}
		}
	})
	f.codes = c.Codes
	if changed.Load() {
		f.merge(c.Codes)
	}
	f.tally()
	f.kind = read
}

// readAs tells a kind by whose rules values are to be read, or Skipped where those of text do.
func (f *field) readAs(values []string) Kind {
	switch {
	case f.stated == Email || f.stated == Number:
		return f.stated
	case f.stated != Skipped:
	case looksLikeEmail(values):
		return Email
	case looksLikeNumbers(values):
		return Number
	}
	return Skipped
}

func (f *field) normal(v string, read Kind) string {
	if read == Number {
		if n, ok := normalNumber(v); ok {
			return n
		}
	}
	if read != Email {
		return normalise(v)
	}
	if v = strings.ToLower(strings.TrimSpace(v)); missing[v] {
		return ""
	}
	return v
}

// merge gives values that have become the same one code.
func (f *field) merge(codes []uint32) {
	all := dictionary{values: make([]string, 1, len(f.norm))}
	to := make([]uint32, len(f.norm))
	for code, v := range f.norm {
		to[code] = all.addString(v)
	}
	f.norm, f.codes = all.values, make([]uint32, len(codes))
	for row, code := range codes {
		f.codes[row] = to[code]
	}
}

// refold changes the values, where some of them change.
func (f *field) refold(change func(string) string) {
	if !slices.ContainsFunc(f.norm, func(v string) bool { return change(v) != v }) {
		return
	}
	for i, v := range f.norm {
		f.norm[i] = f.normal(change(v), Skipped)
	}
	f.merge(f.codes)
	f.tally()
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
	var print atomic.Uint64
	inParallel(len(f.norm), 8192, func(from, to int) {
		sum := uint64(0)
		for code := max(from, 1); code < to; code++ {
			sum += mix(hash(f.norm[code]), uint64(f.count[code]))
		}
		print.Add(sum)
	})
	f.print = print.Load()
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
	if f.kind != Skipped {
		return f.kind
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
	case float64(s.phones) >= 0.9*n && (float64(s.spaced) >= 0.2*n || float64(slices.Max(s.sizes[:])) < 0.9*n):
		return Phone
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
	phones, spaced  int                 // rows: that have as many digits as a telephone number; of these, with spaces
	sizes           [mostDigits + 1]int // of these, by digits
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
	if digits >= fewestDigits && digits <= mostDigits && letters <= 4 {
		s.phones += rows
		s.sizes[digits] += rows
		if words > 1 {
			s.spaced += rows
		}
	}
	s.letters += letters * rows
	s.digits += digits * rows
	s.words += words * rows
	s.length += len(v) * rows
}

// prepare takes the values apart, as their kind is compared.
func (f *field) prepare() {
	if f.custom != nil {
		f.others((*field).prepare)
		defer f.custom.compile()
	}
	switch f.like() {
	case Date:
		f.days, f.digits = make([]date, len(f.norm)), make([][8]byte, len(f.norm))
		for code, v := range f.norm {
			f.days[code], _ = parseDate(v)
			f.digits[code] = f.days[code].digits()
		}
	case Number:
		f.numbers = make([]float64, len(f.norm))
		for code, v := range f.norm {
			n, err := strconv.ParseFloat(v, 64)
			if err != nil {
				n = math.NaN()
			}
			f.numbers[code] = n
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
	f.look()
}

// look is what tells most values that are not alike apart at a glance.
type look struct {
	mask       uint64 // which letters and digits it has; of an address, before the @
	begin, end [3]byte
	size       uint8 // bytes without spaces, at most 255
	known      bool  // it may stand for a name in full
}

// differ is how many letters and digits one of two values has and the other has not.
func (l *look) differ(o *look) int { return bits.OnesCount64(l.mask ^ o.mask) }

func (f *field) look() {
	f.looks = make([]look, len(f.norm))
	for code, v := range f.norm {
		l := &f.looks[code]
		l.mask = letters(v)
		switch f.like() {
		case Email:
			local, _, _ := strings.Cut(v, "@")
			l.mask = letters(local)
		case Name:
			v, l.known = f.squash[code], f.names[code] != nil
		}
		l.size = uint8(min(len(v), 255))
		copy(l.begin[:], v)
		copy(l.end[:], v[max(0, len(v)-3):])
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
	f.wordRows = rows
	f.bySpelling(lists)
	f.weight = make([]float32, len(rows))
	f.known, f.glances = make([][]uint16, len(rows)), make([]glance, len(rows))
	for id, n := range rows {
		n, given := f.wordCount(id, n)
		f.weight[id] = float32(math.Log(1 + given/n))
		f.known[id] = nicknames[f.spelt[id]]
		f.glances[id] = glance{letters(f.spelt[id]), f.spelt[id][0], f.known[id] != nil}
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

// bySpelling numbers the words in an order that depends on them alone: how two texts
// compare is then the same beside whatever other texts.
func (f *field) bySpelling(lists [][]uint32) {
	sorted := make([]keyed, len(f.spelt))
	for id, w := range f.spelt {
		sorted[id] = keyed{hash: hash(w), row: uint32(id)}
	}
	sorted = sortHashed(sorted, func(a, b keyed) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.row, b.row)) })
	spelt, rows, to := slices.Clone(f.spelt), slices.Clone(f.wordRows), make([]uint32, len(sorted))
	for id, k := range sorted {
		f.spelt[id], f.wordRows[id], to[k.row] = spelt[k.row], rows[k.row], uint32(id)
	}
	for _, ids := range lists {
		for i, id := range ids {
			ids[i] = to[id]
		}
	}
}

// spaces is what letters gives of spaces.
var spaces = letters(" ")

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
