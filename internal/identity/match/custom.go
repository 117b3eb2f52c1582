package match

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// Test is what a condition asks of two values.
type Test uint8

// The tests. All are the same whichever value comes first.
const (
	Otherwise   Test = iota // nothing
	Same                    // the values are the same
	SameSound               // they have one phonetic key
	Nickname                // one is a form of the other's name
	Edits                   // at most N letters are put in, left out, replaced or swapped
	Jaro                    // Jaro's similarity is at least X
	JaroWinkler             // Winkler's form of it
	Jaccard                 // of all letters that either has, both have at least the share X
	Prefix                  // the first N letters are the same
	Suffix                  // the last N
	SharedWords             // at least N words are the same
	WithinDays              // they are dates no more than X days apart
	SwappedWith             // each row has the other's value in the column Other
	All                     // all conditions of Of hold
	Any                     // one of them does
)

// Tests gives the name of each test.
func Tests() []string {
	return []string{"otherwise", "same", "same_sound", "nickname", "edits", "jaro", "jaro_winkler", "jaccard", "prefix", "suffix", "shared_words", "within", "swapped_with", "all", "any"}
}

func (t Test) String() string { return Tests()[t] }

// Part is the part of a value that a condition looks at.
type Part uint8

// The parts.
const (
	Whole    Part = iota
	Username      // of an e-mail address: what is before @
	Area          // of a British postcode: its letters at the beginning
	District      // all before the space
	Sector        // and the digit after it
)

// Parts gives the name of each part.
func Parts() []string { return []string{"whole", "username", "area", "district", "sector"} }

func (p Part) String() string { return Parts()[p] }

// Level is one level of a field that states its own.
type Level struct {
	Name string    `json:"name,omitzero"` // in words; "": made of the condition
	When Condition `json:"when"`
}

// Condition is when a level holds. A value that is missing meets none but Otherwise.
type Condition struct {
	Test   Test        `json:"test"`
	Column string      `json:"column,omitzero"` // whose values are looked at; "": the field's
	Part   Part        `json:"part,omitzero"`
	N      int         `json:"n,omitzero"`
	X      float64     `json:"x,omitzero"`
	Other  string      `json:"other,omitzero"`
	Of     []Condition `json:"of,omitzero"`
}

// columns appends the columns that a condition looks at besides the field's.
func (c *Condition) columns(names []string) []string {
	for _, name := range []string{c.Column, c.Other} {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for i := range c.Of {
		names = c.Of[i].columns(names)
	}
	return names
}

// username reports whether a condition looks at the user's name in a column of addresses.
func (c *Condition) username(column string) bool {
	return c.Column == column && c.Part == Username || slices.ContainsFunc(c.Of, func(of Condition) bool { return of.username(column) })
}

// Text is a level in words.
func (l Level) Text() string {
	if l.Name != "" {
		return l.Name
	}
	return l.When.String()
}

func (c Condition) String() string {
	if c.Test == All || c.Test == Any {
		words := make([]string, len(c.Of))
		for i, of := range c.Of {
			words[i] = of.String()
		}
		joint := " and "
		if c.Test == Any {
			joint = " or "
		}
		return strings.Join(words, joint)
	}
	text := strings.ReplaceAll(c.Test.String(), "_", " ")
	switch c.Test {
	case Edits, Prefix, Suffix, SharedWords:
		text += " " + strconv.Itoa(c.N)
	case Jaro, JaroWinkler, Jaccard:
		text += " " + strconv.FormatFloat(c.X, 'g', -1, 64)
	case WithinDays:
		text += " " + strconv.FormatFloat(c.X, 'g', -1, 64) + " days"
	case SwappedWith:
		text += " " + c.Other
	}
	if c.Part != Whole {
		text += " of " + c.Part.String()
	}
	if c.Column != "" {
		text = c.Column + " " + text
	}
	return text
}

// custom is how a field is compared whose levels are its own.
type custom struct {
	plan   *PlanField
	base   Kind // what its values are, for what is not comparing them
	own    []*field
	parts  map[string]*field // by column; the field itself, where it is one column
	meets  []func(a, b uint32) bool
	single bool // it looks at its own column alone
}

// customKind is the kind of a field with so many levels of its own.
func customKind(levels int) Kind { return firstCustom + Kind(levels) }

// firstCustom is above all kinds that values tell.
const firstCustom Kind = 128

// IsCustom reports whether a field of this kind states its own levels.
func (k Kind) IsCustom() bool { return k >= firstCustom }

// like is what a field's values are, however they are compared.
func (f *field) like() Kind {
	if f.custom != nil {
		return f.custom.base
	}
	return f.kind
}

// levelName is a level in words.
func (f *field) levelName(l level) string {
	switch {
	case f.custom == nil:
		return f.kind.levels()[l]
	case l == absent:
		return "missing"
	}
	return f.custom.plan.Levels[l-1].Text()
}

func newCustom(f *field, of *PlanField, parts map[string]*field) *custom {
	c := &custom{plan: of, base: f.kind, parts: parts, single: len(parts) == 1}
	if len(of.Columns) == 0 {
		c.own = []*field{f}
	}
	for _, name := range of.Columns {
		c.own = append(c.own, parts[name])
	}
	return c
}

// others visits the columns that a field looks at and that are no fields themselves.
func (f *field) others(visit func(*field)) {
	if f.custom == nil {
		return
	}
	var names []string
	for name, p := range f.custom.parts {
		if p != f {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		visit(f.custom.parts[name])
	}
}

// compile makes the conditions ready, once the rows are in their order.
func (c *custom) compile() {
	c.meets = make([]func(a, b uint32) bool, len(c.plan.Levels))
	for i, l := range c.plan.Levels {
		c.meets[i] = c.condition(l.When)
	}
}

func (c *custom) condition(of Condition) func(a, b uint32) bool {
	switch of.Test {
	case Otherwise:
		return func(_, _ uint32) bool { return true }
	case All, Any:
		all := make([]func(a, b uint32) bool, len(of.Of))
		for i := range of.Of {
			all[i] = c.condition(of.Of[i])
		}
		want := of.Test == Any
		return func(a, b uint32) bool {
			for _, meets := range all {
				if meets(a, b) == want {
					return want
				}
			}
			return !want
		}
	case SwappedWith:
		return c.swapped(of)
	case Same:
		if of.Column == "" && len(c.own) > 1 {
			return c.allSame()
		}
	}
	p := c.part(of.Column)
	met := pairTest(of, p)
	return func(a, b uint32) bool {
		x, y := p.codes[a], p.codes[b]
		return x != 0 && y != 0 && met(x, y)
	}
}

func (c *custom) part(column string) *field {
	if column == "" {
		return c.own[0]
	}
	return c.parts[column]
}

func (c *custom) allSame() func(a, b uint32) bool {
	return func(a, b uint32) bool {
		for _, p := range c.own {
			if p.codes[a] == 0 || p.codes[a] != p.codes[b] {
				return false
			}
		}
		return true
	}
}

func (c *custom) swapped(of Condition) func(a, b uint32) bool {
	f, g := c.part(of.Column), c.parts[of.Other]
	to, _ := crossing(f, g)
	return func(a, b uint32) bool {
		x, y := to[f.codes[a]], to[f.codes[b]]
		return x != 0 && y != 0 && x == g.codes[b] && y == g.codes[a]
	}
}

// pairTest gives what a condition asks of two codes of a column that are given.
func pairTest(of Condition, p *field) func(x, y uint32) bool {
	values := make([]string, len(p.norm))
	for code, v := range p.norm {
		values[code] = of.Part.of(v)
	}
	text := func(meets func(x, y string) bool) func(x, y uint32) bool {
		return func(x, y uint32) bool {
			a, b := values[x], values[y]
			if a == "" || b == "" {
				return false
			}
			if a > b {
				a, b = b, a
			}
			return a == b || meets(a, b)
		}
	}
	switch of.Test {
	case SameSound:
		sounds := make([]string, len(values))
		for code, v := range values {
			sounds[code] = sound(strings.ReplaceAll(v, " ", ""))
		}
		return func(x, y uint32) bool { return sounds[x] == sounds[y] && sounds[x] != "" }
	case WithinDays:
		return within(values, of.X)
	case Nickname:
		return text(func(x, y string) bool { return sameName(nicknames[x], nicknames[y]) })
	case Edits:
		return text(func(x, y string) bool { return edits(x, y, of.N) <= of.N })
	case Jaro:
		return text(func(x, y string) bool { return jaro(x, y) >= of.X })
	case JaroWinkler:
		return text(func(x, y string) bool { return winkler(x, y) >= of.X })
	case Jaccard:
		return text(func(x, y string) bool { return jaccard(x, y) >= of.X })
	case Prefix:
		return text(func(x, y string) bool { return len(x) >= of.N && len(y) >= of.N && x[:of.N] == y[:of.N] })
	case Suffix:
		return text(func(x, y string) bool {
			return len(x) >= of.N && len(y) >= of.N && x[len(x)-of.N:] == y[len(y)-of.N:]
		})
	case SharedWords:
		return text(func(x, y string) bool { return sharedWords(x, y) >= of.N })
	}
	return text(func(_, _ string) bool { return false }) // Same
}

// winkler is jaroWinkler where values are similar already, as others' programs have it.
func winkler(x, y string) float64 {
	if similar := jaro(x, y); similar <= 0.7 {
		return similar
	}
	return jaroWinkler(x, y)
}

// within tells which values are dates so few days apart.
func within(values []string, most float64) func(x, y uint32) bool {
	days := make([]int, len(values))
	for code, v := range values {
		if d, ok := parseDate(v); ok && d.exists() && d.month > 0 && d.day > 0 {
			days[code] = d.count()
		}
	}
	return func(x, y uint32) bool {
		a, b := days[x], days[y]
		return a != 0 && b != 0 && float64(max(a-b, b-a)) <= most
	}
}

// count is the number of days since 1 March of year 0 of the Gregorian calendar,
// after Richards (1998, "Mapping time", chapter 25).
func (d date) count() int {
	y, m := int(d.year), int(d.month)
	if m < 3 {
		y, m = y-1, m+12
	}
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + int(d.day)
}

// jaccard is the share that two values have in common of the letters that either has.
func jaccard(x, y string) float64 {
	set := func(s string) (of [4]uint64) {
		for i := range len(s) {
			of[s[i]>>6] |= 1 << (s[i] & 63)
		}
		return of
	}
	a, b := set(x), set(y)
	both, either := 0, 0
	for i := range a {
		both += bits.OnesCount64(a[i] & b[i])
		either += bits.OnesCount64(a[i] | b[i])
	}
	return share(float64(both), float64(either))
}

// sharedWords is how many words of x are among those of y.
func sharedWords(x, y string) int {
	n := 0
	of := tokens(y)
	for _, w := range tokens(x) {
		if at := slices.Index(of, w); at >= 0 {
			n++
			of = slices.Delete(slices.Clone(of), at, at+1)
		}
	}
	return n
}

// of gives the part of a normalised value; "" where it has none.
func (p Part) of(v string) string {
	switch p {
	case Username:
		local, _, ok := strings.Cut(v, "@")
		if !ok {
			return ""
		}
		return local
	case Area, District, Sector:
		return postcode(v, p)
	}
	return v
}

// postcode takes a British postcode apart: its last three characters are a digit and
// two letters, its beginning is letters, then a digit.
func postcode(v string, p Part) string {
	v = strings.ReplaceAll(v, " ", "")
	letters := 0
	for letters < len(v) && v[letters] > '9' {
		letters++
	}
	if letters == 0 || letters > 2 || len(v) < letters+4 || len(v) > letters+5 || v[letters] > '9' || v[len(v)-3] > '9' {
		return ""
	}
	switch p {
	case Area:
		return v[:letters]
	case District:
		return v[:len(v)-3]
	}
	return v[:len(v)-2]
}

// customLevel gives the level of a field that states its own: the first that holds.
func (c *comparer) customLevel(i int, f *field, a, b uint32) level {
	of := f.custom
	given := false
	for _, p := range of.own {
		given = given || p.codes[a] != 0 && p.codes[b] != 0
	}
	if !given {
		return absent
	}
	if !of.single {
		return of.level(a, b)
	}
	x, y := f.codes[a], f.codes[b]
	if x == y {
		return same
	}
	if c.met[i] == nil {
		return of.level(a, b)
	}
	key := uint64(min(x, y))<<codeBits | uint64(max(x, y))
	at := key * 0x9e3779b97f4a7c15 >> (64 - metBits)
	if c.met[i][at]>>levelBits != key {
		c.met[i][at] = key<<levelBits | uint64(of.level(a, b))
	}
	return level(c.met[i][at] & (mostLevels - 1))
}

// loose reports whether a field may agree in rows of which one lacks its value: it
// looks at several columns.
func (f *field) loose() bool { return f.custom != nil && len(f.custom.own) > 1 }

func (c *custom) level(a, b uint32) level {
	for l, meets := range c.meets {
		if meets(a, b) {
			return same + level(l)
		}
	}
	return level(len(c.meets))
}

// Check reports what is wrong with levels that a field is to have: nothing where err is "".
func Check(levels []Level) (at int, what, mend string) {
	switch {
	case len(levels) < 2 || len(levels) > mostLevels-1:
		return 0, fmt.Sprintf("%d levels are stated", len(levels)), fmt.Sprintf("state from 2 to %d, the last of them otherwise", mostLevels-1)
	case !levels[0].When.same():
		return 0, "the first level is not: same", "begin with the level of values that are the same"
	}
	for i, l := range levels {
		if !l.When.sound() {
			return i, "a condition cannot be", "state a number that fits"
		}
		if last := i == len(levels)-1; (l.When.Test == Otherwise) != last {
			return i, "otherwise is the last level, and no other", "end with otherwise, which holds for what is left"
		}
	}
	return -1, "", ""
}

// sound reports whether a condition has what its test needs.
func (c *Condition) sound() bool {
	switch c.Test {
	case All, Any:
		return len(c.Of) > 0 && !slices.ContainsFunc(c.Of, func(of Condition) bool { return !of.sound() })
	case SwappedWith:
		return c.Other != ""
	case Edits, Prefix, Suffix, SharedWords:
		return c.N > 0 && c.N <= 64
	case WithinDays:
		return c.X >= 0
	case Jaro, JaroWinkler, Jaccard:
		return c.X >= 0 && c.X <= 1
	}
	return true
}

// same reports whether a condition asks for the field's own values to be the same.
func (c *Condition) same() bool { return c.Test == Same && c.Part == Whole && c.Column == "" }
