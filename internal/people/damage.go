package people

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// damage spoils what is written: by ear, by hand, by machine.
func (m *mention) damage() {
	v, d := &m.row.Values, &m.dice
	if m.happens(Phonetic, true) {
		m.spoil(Phonetic, soundAlike, GivenName, FamilyName, FamilyName, Street, Town)
	}
	for n := 0; m.happens(Typo, true) && n < mostTypos; n++ {
		m.spoil(Typo, mistype, GivenName, FamilyName, Street, Town, Email, Phone, Postcode, NationalID, HouseNumber, Employer)
	}
	if m.happens(OCR, true) {
		m.spoil(OCR, misread, GivenName, FamilyName, Street, Town, Phone, Postcode, NationalID, HouseNumber, Employer)
	}
	if m.happens(Truncated, true) {
		m.spoil(Truncated, cutOff, FamilyName, GivenName, Street, Town, Email, Employer)
	}
	if m.happens(SwappedNames, v[GivenName] != "" && v[GivenName] != v[FamilyName]) {
		v[GivenName], v[FamilyName] = v[FamilyName], v[GivenName]
		m.note(SwappedNames)
	}
	if pair := pick(d, strayings[:]); m.happens(WrongField, v[pair[0]] != v[pair[1]]) {
		m.note(WrongField)
		v[pair[0]], v[pair[1]] = v[pair[1]], v[pair[0]]
	}
	if m.happens(Uppercase, true) {
		for _, f := range []Field{GivenName, FamilyName, Street, Town} {
			v[f] = strings.ToUpper(v[f])
		}
		m.note(Uppercase)
	}
}

const mostTypos = 4

// strayings are columns whose values get into each other's.
var strayings = [...][2]Field{{Street, Town}, {Town, Region}, {Phone, Email}, {GivenName, Employer}, {Postcode, HouseNumber}}

// spoil changes one of the values that are there, and notes it where one could be.
func (m *mention) spoil(c Case, how func(d *dice, s string) string, of ...Field) {
	start := m.dice.n(len(of))
	for i := range of {
		value := &m.row.Values[of[(start+i)%len(of)]]
		if *value == "" {
			continue
		}
		if spoiled := how(&m.dice, *value); spoiled != *value && strings.TrimSpace(spoiled) != "" {
			*value = spoiled
			m.note(c)
			return
		}
	}
}

var keyboard = [...]string{"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"}

// neighbour is a key beside another's: on its row, or for a letter the rows next to it.
func neighbour(d *dice, c rune) rune {
	low := c | 0x20 // of a letter, and of a digit the same
	for row, keys := range keyboard {
		at := strings.IndexRune(keys, low)
		if at < 0 {
			continue
		}
		near := make([]byte, 0, 4)
		if at > 0 {
			near = append(near, keys[at-1])
		}
		if at+1 < len(keys) {
			near = append(near, keys[at+1])
		}
		if row > 1 && at < len(keyboard[row-1]) {
			near = append(near, keyboard[row-1][at])
		}
		if row > 0 && row < 3 && at < len(keyboard[row+1]) {
			near = append(near, keyboard[row+1][at])
		}
		return rune(pick(d, near))
	}
	return 'e'
}

// mistype inserts, leaves out, substitutes or transposes a character.
func mistype(d *dice, s string) string {
	r := []rune(s)
	at := d.n(len(r))
	if at == 0 && len(r) > 2 && d.chance(0.7) {
		at = 1 + d.n(len(r)-1) // beginnings are seldom wrong
	}
	digit := r[at] >= '0' && r[at] <= '9'
	switch way := d.n(4); {
	case way == 0 && len(r) > 2:
		r = slices.Delete(r, at, at+1)
	case way == 1 && at+1 < len(r):
		r[at], r[at+1] = r[at+1], r[at]
	case way == 2:
		extra := r[at]
		if d.chance(0.6) {
			extra = neighbour(d, r[at])
		}
		r = slices.Insert(r, at+1, extra)
	default:
		was := r[at]
		if r[at] = neighbour(d, was); was >= 'A' && was <= 'Z' && !digit {
			r[at] -= 0x20
		}
	}
	return string(r)
}

// alike are characters that readers of paper take for others, in both directions.
var alike = [...][2]string{{"0", "O"}, {"1", "l"}, {"rn", "m"}, {"5", "S"}, {"8", "B"}, {"cl", "d"}, {"vv", "w"}, {"I", "l"}, {"2", "Z"},
	{"6", "G"}, {"e", "c"}, {"h", "b"}, {"ii", "u"}, {"nn", "m"}, {"f", "t"}, {"1", "7"}, {"g", "q"}}

func misread(d *dice, s string) string { return oneOf(d, s, alike[:], true) }

// sounds are spellings of one sound. Some are of one language alone; people write names
// of others by the habits of their own.
var sounds = [...][2]string{{"ph", "f"}, {"ck", "k"}, {"ie", "y"}, {"ei", "ai"}, {"ey", "ie"}, {"th", "t"}, {"ss", "s"}, {"tt", "t"}, {"ll", "l"},
	{"nn", "n"}, {"mm", "m"}, {"rr", "r"}, {"sch", "sh"}, {"tz", "z"}, {"cz", "ch"}, {"sz", "sh"}, {"rz", "z"}, {"ł", "w"}, {"w", "v"}, {"c", "k"},
	{"z", "s"}, {"y", "i"}, {"qu", "kw"}, {"x", "ks"}, {"ee", "ea"}, {"oo", "u"}, {"ou", "u"}, {"eau", "o"}, {"ij", "y"}, {"aa", "a"}, {"gh", "g"},
	{"dh", "d"}, {"bh", "b"}, {"v", "b"}, {"j", "g"}, {"h", ""}, {"ae", "e"}, {"er", "a"}, {"on", "en"}, {"an", "en"}, {"e", "a"}, {"i", "e"}}

func soundAlike(d *dice, s string) string { return oneOf(d, s, sounds[:], false) }

// oneOf replaces one side of a pair by the other where it stands in s, after the first
// letter at least when only small letters count.
func oneOf(d *dice, s string, pairs [][2]string, first bool) string {
	start := d.n(len(pairs))
	skip := 0
	if !first {
		_, skip = utf8.DecodeRuneInString(s)
	}
	for i := range pairs {
		pair := pairs[(start+i)%len(pairs)]
		side := d.n(2)
		for _, from := range []string{pair[side], pair[1-side]} {
			to := pair[0]
			if from == to {
				to = pair[1]
			}
			if from == "" {
				continue
			}
			if at := strings.Index(s[skip:], from); at >= 0 {
				at += skip
				return s[:at] + to + s[at+len(from):]
			}
		}
	}
	return s
}

// cutOff keeps the beginning of a value that is long.
func cutOff(d *dice, s string) string {
	r := []rune(s)
	if len(r) < 7 {
		return s
	}
	return string(r[:5+d.n(len(r)-6)])
}

// The letters with accents, as they are written without: by two letters where that is
// the custom, or bare.
var (
	plainLetters = strings.NewReplacer(append([]string{"ä", "ae", "ö", "oe", "ü", "ue", "Ä", "Ae", "Ö", "Oe", "Ü", "Ue", "ß", "ss"}, bare...)...)
	bareLetters  = strings.NewReplacer(append([]string{"ä", "a", "ö", "o", "ü", "u", "Ä", "A", "Ö", "O", "Ü", "U", "ß", "s"}, bare...)...)
	bare         = []string{"á", "a", "à", "a", "â", "a", "ç", "c", "é", "e", "è", "e", "ê", "e", "ë", "e", "í", "i", "î", "i", "ï", "i", "ñ", "n",
		"ó", "o", "ô", "o", "ú", "u", "ù", "u", "û", "u", "ą", "a", "ć", "c", "ę", "e", "ł", "l", "ń", "n", "ś", "s", "ź", "z", "ż", "z",
		"Á", "A", "É", "E", "È", "E", "Í", "I", "Î", "I", "Ó", "O", "Ú", "U", "Ç", "C", "Ł", "L", "Ś", "S", "Ż", "Z", "Ź", "Z", "Ñ", "N"}
)
