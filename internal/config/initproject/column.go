package initproject

import (
	"regexp"
	"strings"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/record"
)

const (
	maxDistinct = 1000 // values whose counts are kept
	maxKept     = 400  // values kept for guessing
)

// patterns are the forms that a value is recognised by.
type patterns struct {
	email, phone, integer, dot, comma, date, compact, uuid, money, american *regexp.Regexp
}

func newPatterns() patterns {
	return patterns{
		email:   regexp.MustCompile(`^[^\s@"(),:;<>\[\\\]]+@[^\s@.]+(\.[^\s@.]+)+$`),
		phone:   regexp.MustCompile(`^(\+|00)?\(?[0-9][0-9 ().\-/]{5,22}[0-9]( ?(x|ext\.?) ?[0-9]+)?$`),
		integer: regexp.MustCompile(`^[+-]?[0-9]{1,18}$`),
		dot:     regexp.MustCompile(`^[+-]?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)\.[0-9]+$`),
		comma:   regexp.MustCompile(`^[+-]?([0-9]{1,3}([. ][0-9]{3})+|[0-9]+),[0-9]+$`),
		date:    regexp.MustCompile(`^([0-9]{1,4})[./\-]([0-9]{1,2})[./\-]([0-9]{1,4})( [0-9:.]+( ?[APap][Mm])?)?$`),
		compact: regexp.MustCompile(`^(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$`),
		money:   regexp.MustCompile(`^([£$€¥₹]|[A-Z]{3} )? ?-?[0-9][0-9.,' ]* ?([£$€¥₹]|[A-Z]{3}|zł|kr)?$`),
		// as the United States and Canada write numbers
		american: regexp.MustCompile(`^(1[ .\-])?(\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .\-])[0-9]{3}[.\-][0-9]{4}([^0-9]|$)`),
		uuid:     regexp.MustCompile(`^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$`),
	}
}

// column is what is known of one field.
type column struct {
	name    string
	words   []string // of its name, plain and lower
	meaning meaning
	filled  int
	last    int // the row that last filled it
	bare    int // values that JSON did not quote
	nested  bool
	repeats bool
	hashes  map[uint64]struct{}
	counts  map[string]int // of the first maxDistinct distinct values; tokens for null left out
	kept    []string
	nulls   map[string]int // tokens that stand for null, as written
	length  int            // of all values together
	forms   forms          // of the values in kept
}

// forms counts the kept values of each form.
type forms struct {
	email, phone, integer, dot, comma, iso, isoTime, date, compact, uuid, boolean, padded, money, american, noon, short int
	dayFirst, monthFirst, yearFirst, either                                                                             int // of date
	shortDay, shortMonth                                                                                                int // of short
	timed                                                                                                               int
}

func newColumn(name string) *column {
	return &column{name: name, hashes: map[uint64]struct{}{}, counts: map[string]int{}, nulls: map[string]int{}}
}

// isNullToken reports whether a value is a way of writing nothing.
func isNullToken(s string) bool {
	if len(s) > len("undefined") {
		return false
	}
	switch strings.ToLower(s) {
	case "n/a", "na", "#n/a", "n.a.", "nan", "null", "(null)", "<null>", "nil", "none", `\n`, "-", "--", "?", ".", "k.a.", "s/d", "n/d", "#value!", "undefined":
		return true
	}
	return false
}

// fnv is the 64-bit FNV-1a hash.
func fnv(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

func (c *column) add(v string, row int) {
	s := strings.TrimSpace(v)
	if s == "" {
		return
	}
	if isNullToken(s) {
		if len(c.nulls) < 20 {
			c.nulls[s]++
		}
		return
	}
	if row == c.last { // a second value of one row: JSON names that meet under one path
		return
	}
	c.last = row
	c.filled++
	c.length += len(s)
	if s != v {
		c.forms.padded++
	}
	sum := fnv(s)
	if _, seen := c.hashes[sum]; seen {
		c.repeats = true
	} else {
		c.hashes[sum] = struct{}{}
		if len(c.kept) < maxKept {
			c.kept = append(c.kept, s)
		}
	}
	if _, ok := c.counts[s]; ok || len(c.counts) < maxDistinct {
		c.counts[s]++
	}
}

// judge recognises the kept values.
func (c *column) judge(p patterns) {
	f := &c.forms
	for _, s := range c.kept {
		s = strings.TrimPrefix(s, "'") // how spreadsheets mark what looks like a number as text
		if p.money.MatchString(s) {
			f.money++
		}
		if p.american.MatchString(s) {
			f.american++
		}
		if p.email.MatchString(s) {
			f.email++
		}
		if p.integer.MatchString(s) {
			f.integer++
		}
		if p.dot.MatchString(s) {
			f.dot++
		}
		if p.comma.MatchString(s) {
			f.comma++
		}
		if p.uuid.MatchString(s) {
			f.uuid++
		}
		if p.compact.MatchString(s) {
			f.compact++
		}
		switch strings.ToLower(s) {
		case "true", "false", "yes", "no", "y", "n", "t", "f", "1", "0", "ja", "nein", "nee", "nej", "nei", "oui", "non", "si", "sí", "sì", "sim", "nao", "não", "tak", "nie", "ano", "ne", "да", "нет", "是", "否", "はい", "いいえ":
			f.boolean++
		}
		if _, kind, ok := contract.ParseTime(s); ok {
			f.iso++
			if kind == record.Time {
				f.isoTime++
			}
		} else if m := p.date.FindStringSubmatch(s); m != nil {
			f.dates(m)
		} else if p.phone.MatchString(s) && digits(s) >= 7 && digits(s) <= 15 && !p.dot.MatchString(s) && !p.uuid.MatchString(s) {
			f.phone++
		}
	}
	c.words = wordsOf(c.name)
	c.meaning = meaningOf(c)
}

func (f *forms) dates(m []string) {
	a, b, y := atoi(m[1]), atoi(m[2]), atoi(m[3])
	switch { // of a year with two digits nobody knows the century: such dates stay text
	case len(m[1]) == 4:
		if b >= 1 && b <= 12 && y >= 1 && y <= 31 && len(m[3]) <= 2 {
			f.yearFirst++
			f.date++
		}
		return
	case len(m[1]) <= 2 && len(m[3]) == 2 && a <= 31 && b <= 31:
		f.short++
		if a > 12 {
			f.shortDay++
		} else if b > 12 {
			f.shortMonth++
		}
		return
	case len(m[1]) > 2 || len(m[3]) != 4 || a < 1 || b < 1 || a > 31 || b > 31 || a > 12 && b > 12:
		return
	case a > 12:
		f.dayFirst++
	case b > 12:
		f.monthFirst++
	default:
		f.either++
	}
	f.date++
	if m[4] != "" {
		f.timed++
		if strings.ContainsAny(m[4], "mM") {
			f.noon++
		}
	}
}

func digits(s string) int {
	n := 0
	for _, c := range s {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	return n
}

func atoi(s string) int {
	n := 0
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

// share is how large a part of the kept values a count is.
func (c *column) share(count int) float64 {
	if len(c.kept) == 0 {
		return 0
	}
	return float64(count) / float64(len(c.kept))
}

// unique reports whether every row has a value of its own.
func (c *column) unique(rows int) bool { return c.filled == rows && !c.repeats && !c.nested }

// distinctShare is how nearly the values are unique.
func (c *column) distinctShare() float64 {
	if c.filled == 0 {
		return 0
	}
	return float64(len(c.hashes)) / float64(c.filled)
}

func (c *column) average() int {
	if c.filled == 0 {
		return 0
	}
	return c.length / c.filled
}

// marked reports whether values begin with the apostrophe by which spreadsheets mark as
// text what looks like a number.
func (c *column) marked() bool {
	n := 0
	for _, v := range c.kept {
		if strings.HasPrefix(v, "'") {
			n++
		}
	}
	return c.share(n) > 0.3
}

func (c *column) isTime() bool   { return c.share(c.forms.iso) >= 0.9 }
func (c *column) isDate() bool   { return c.share(c.forms.date+c.forms.iso) >= 0.8 && c.forms.date > 0 }
func (c *column) isInt() bool    { return c.share(c.forms.integer) >= 0.98 }
func (c *column) isNumber() bool { return c.share(c.forms.integer+c.forms.dot) >= 0.95 }
func (c *column) isComma() bool {
	return c.forms.comma > 0 && c.share(c.forms.integer+c.forms.comma) >= 0.95
}
func (c *column) isEmail() bool { return c.share(c.forms.email) >= 0.5 }

// isCode reports whether values are written as ids often are: a few letters, perhaps a
// dash, and digits.
func (c *column) isCode() bool {
	n := 0
	for _, v := range c.kept {
		letters := strings.IndexFunc(v, func(r rune) bool { return r < 'A' || r > 'z' || r > 'Z' && r < 'a' })
		if letters > 0 && letters <= 6 && len(v) <= 24 && strings.Trim(v[letters:], "0123456789-_") == "" && digits(v) > 0 {
			n++
		}
	}
	return len(c.kept) > 0 && n == len(c.kept)
}

// compactDate reports whether values are dates of eight digits, by name and form.
func (c *column) compactDate() bool {
	return (c.meaning == birthDate || c.meaning == occurred || c.meaning == created || c.meaning == updated || hasWord(c.words, "date", "datum", "dt", "day")) &&
		c.share(c.forms.compact) >= 0.8
}

// unixTime reports whether whole numbers are seconds, milliseconds or microseconds of this
// era.
func (c *column) unixTime() bool {
	for _, v := range c.kept {
		if len(v) != 10 && len(v) != 13 && len(v) != 16 || v[0] != '1' && v[0] != '2' {
			return false
		}
	}
	return len(c.kept) > 0
}
