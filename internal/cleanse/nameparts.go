package cleanse

import (
	"slices"
	"strings"
	"unicode"

	"github.com/kithdata/kith/internal/kit/errs"
)

// nameParts is a whole name taken apart.
type nameParts struct{ title, given, middle, family, suffix string }

// nameOrder is how the parts of a name stand.
type nameOrder struct {
	familyFirst bool
	families    int
	language    string // ja, zh or ko, or "" where nobody says
	proper      proper
}

func makeNamePart(s StepConfig) (stepFunc, *errs.Error) {
	part, fault := choose(s, "part", "family", "given", "middle", "title", "suffix")
	if fault != nil {
		return nil, fault
	}
	order, fault := choose(s, "order", "given_first", "family_first")
	if fault != nil {
		return nil, fault
	}
	families, fault := choose(s, "families", "1", "2")
	if fault != nil {
		return nil, fault
	}
	o := nameOrder{familyFirst: order == "family_first", families: int(families[0] - '0')}
	if o.proper, fault = properOf(s); fault != nil {
		return nil, fault
	}
	if l, ok := localeNamed(s.Args["language"]); ok {
		base, _ := l.Base()
		o.language = base.String()
	}
	return read(500, func(text string) (string, bool) {
		p, ok := o.parts(text)
		switch part {
		case "given":
			return p.given, ok
		case "middle":
			return p.middle, ok
		case "title":
			return p.title, true
		case "suffix":
			return p.suffix, true
		}
		return p.family, ok
	}), nil
}

// parts takes a name apart; ok is false where it has but one part, of which nobody
// knows which it is.
func (o nameOrder) parts(text string) (p nameParts, ok bool) {
	var titles []honorific
	var suffixes []string
	var segments [][]string // between commas, without titles and suffixes
	for segment := range strings.SplitSeq(withoutAsides(text), ",") {
		words := strings.FieldsFunc(segment, isSpace)
		// A name keeps its last word: Sr and Baron are names of people too.
		least := 1
		if len(segments) > 0 {
			least = 0
		}
		for len(words) > least {
			found := titleIn(words[0])
			if found == nil && len(titles) > 0 { // Dr. med. Anna Koch
				if more := honorificsIn(words[0]); len(more) == 1 && more[0].canonical == "" && more[0].alone && strings.HasSuffix(words[0], ".") {
					found = more
				}
			}
			if found == nil {
				break
			}
			titles, words = append(titles, found...), words[1:]
		}
		var ends []string
		for len(words) > least && nameSuffix(words[len(words)-1]) != "" {
			ends, words = append([]string{nameSuffix(words[len(words)-1])}, ends...), words[:len(words)-1]
		}
		suffixes = append(suffixes, ends...)
		if len(words) > 0 {
			segments = append(segments, words)
		}
	}
	p.title, p.suffix = together(titles).canonical, strings.Join(suffixes, " ")
	switch len(segments) {
	case 1:
		return o.ordered(p, segments[0])
	case 2: // the family name stood first
		given := segments[1]
		p.family, p.given, p.middle = o.family(segments[0]), o.name(given[:1]), o.name(given[1:])
		return p, true
	}
	return p, false
}

// withoutAsides leaves out what stands in brackets or quotation marks, a nickname mostly.
func withoutAsides(s string) string {
	for _, marks := range [][2]string{{"(", ")"}, {"\"", "\""}, {"“", "”"}, {"（", "）"}} {
		for {
			from := strings.Index(s, marks[0])
			if from < 0 {
				break
			}
			n := strings.Index(s[from+len(marks[0]):], marks[1])
			if n < 0 {
				break
			}
			s = s[:from] + " " + s[from+len(marks[0])+n+len(marks[1]):]
		}
	}
	return s
}

func (o nameOrder) name(words []string) string { return o.proper.name(strings.Join(words, " ")) }

// family writes a family name, whose first word may be a particle.
func (o nameOrder) family(words []string) string {
	name := o.name(words)
	if len(words) > 1 && isLaterParticle(words[0]) && !mixedCase(words[0]) {
		return o.proper.lower(name[:len(words[0])]) + name[len(words[0]):]
	}
	return name
}

// ordered divides the words of a name that no comma divides.
func (o nameOrder) ordered(p nameParts, words []string) (nameParts, bool) {
	if whole := strings.Join(words, ""); eastern(whole) {
		if family, given, ok := o.divideEastern(words); ok {
			p.family, p.given = family, given
			return p, true
		}
		return p, false
	}
	if len(words) < 2 {
		return p, false
	}
	familyFirst := o.familyFirst
	if at := patronymicAt(words); at == 2 {
		familyFirst = true
	} else if at == 1 {
		familyFirst = false
	}
	if familyFirst {
		i := 0
		for i < len(words)-2 && leadsName(words, i) {
			i++
		}
		for n := 1; n < o.families && i < len(words)-2; n++ {
			i++
		}
		p.family, p.given, p.middle = o.family(words[:i+1]), o.name(words[i+1:i+2]), o.name(words[i+2:])
		return p, true
	}
	if isParticle(words[0]) && words[0] == strings.ToLower(words[0]) && mixedCase(strings.Join(words[1:], "")) {
		return p, false // a family name alone: van der Berg, not Van Merrick
	}
	from := len(words)
	for n := 0; n < o.families && from > 1; n++ {
		from--
		for from > 1 && (leadsName(words, from-1) || from < len(words) && strings.EqualFold(words[from], "y")) {
			if strings.EqualFold(words[from-1], "y") && from > 2 {
				from-- // Prados y Vidal is one name of two
				n++
			}
			from--
		}
	}
	p.given, p.middle, p.family = o.name(words[:1]), o.name(words[1:from]), o.family(words[from:])
	return p, true
}

// leadsName reports whether the word at i belongs to the name after it.
func leadsName(words []string, i int) bool {
	w := words[i]
	return isParticle(w) || i > 0 && isLaterParticle(w) || isPreposition(w) && i+1 < len(words) && isParticle(words[i+1])
}

// patronymicAt gives the place of a Russian patronymic among three words, or -1.
func patronymicAt(words []string) int {
	if len(words) != 3 {
		return -1
	}
	for _, i := range []int{2, 1} {
		w := strings.ToLower(words[i])
		for _, end := range []string{"вич", "вна", "ична", "ьич", "оглы", "кызы"} {
			if strings.HasSuffix(w, end) && len(w) > len(end)+2 {
				return i
			}
		}
	}
	return -1
}

// eastern reports whether a name is written in Chinese characters, kana or Hangul alone.
func eastern(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return !unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) && c != 'ー' && c != '・' && c != '·' && c != '々'
	})
}

// divideEastern gives the family name, which stands first, but where a dot divides a
// foreign name.
func (o nameOrder) divideEastern(words []string) (family, given string, ok bool) {
	if len(words) == 1 {
		for _, dot := range []string{"・", "·"} {
			if parts := strings.Split(words[0], dot); len(parts) > 1 {
				return parts[len(parts)-1], parts[0], !slices.Contains(parts, "")
			}
		}
		return o.divideWhole(words[0])
	}
	if len(words) != 2 {
		return "", "", false
	}
	return words[0], words[1], true
}

// divideWhole divides a name without a space by the tables of family names.
func (o nameOrder) divideWhole(s string) (family, given string, ok bool) {
	runes := []rune(s)
	hangul := !strings.ContainsFunc(s, func(c rune) bool { return !unicode.Is(unicode.Hangul, c) })
	n := 0
	switch known := familyNames(); {
	case hangul:
		n = known.korean(runes)
	case o.language == "ja":
		n = known.japanese(runes)
	case o.language == "zh":
		n = known.chinese(runes)
	default:
		ja, zh := known.japanese(runes), known.chinese(runes)
		switch {
		case known.jaWhole[s], ja > 0 && zh > 0 && ja != zh: // a family name alone, or read one way here and another there
		case ja == 0 && zh == 1 && known.jaFirst[runes[0]]: // 金嶺武 has a family name that the table lacks
		default:
			n = max(ja, zh)
		}
	}
	if n == 0 {
		return "", "", false
	}
	return string(runes[:n]), string(runes[n:]), true
}
