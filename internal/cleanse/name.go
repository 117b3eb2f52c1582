package cleanse

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/kithdata/kith/internal/kit/errs"
)

func nameSteps() []stepDef {
	return []stepDef{
		{doc: StepDoc{Name: "name", Args: "language: tr or az, whose i and ı are two letters, or nl, where IJ is one; language_from: another attribute that tells it",
			What:  "Writes a person's name as people do, where a word of it is all in capitals or all in small letters; a word in mixed case stays.",
			Table: [][2]string{{"O'BRIEN", "O'Brien"}, {"mary-anne mcdonald", "Mary-Anne McDonald"}, {"MACLEOD", "MacLeod"}, {"JAN VAN DER BERG", "Jan van der Berg"}, {"OMAR AL-FARSI", "Omar al-Farsi"}, {"JOHN SMITH JR.", "John Smith Jr."}, {"ANN LEE PHD", "Ann Lee PhD"}, {"ΓΙΩΡΓΟΣ ΠΑΠΑΣ", "Γιωργος Παπας"}, {"ИВАН ПЕТРОВ", "Иван Петров"}, {"DeShawn", "DeShawn"}},
			More:  []Table{{Args: map[string]string{"language": "tr"}, Rows: [][2]string{{"IŞIL YILDIZ", "Işıl Yıldız"}, {"İPEK", "İpek"}}}}},
			args: []string{"language"}, told: []string{"language"}, dear: true, make: makeName},
		{doc: StepDoc{Name: "name_part", Args: "part: family (default), given, middle, title or suffix; order: given_first (default) or family_first; families: 1 (default) or 2, as in Spain and Latin America; language: ja, zh or ko, for names without spaces; language_from: another attribute that tells it",
			What:  "Takes a part of a person's whole name. A comma after the family name is understood; particles such as van der go with the family name; the title is written as by honorific. Three words of Cyrillic with a patronymic are told apart by it. Names in Chinese characters, kana or Hangul have the family name first, and without a space are divided by tables of common family names, of two characters too (欧阳, 남궁): where the tables of China and Japan differ, or know none, language must say which, or there are no parts. Any other name of one word has none.",
			Table: [][2]string{{"Dr. Jan van der Berg", "van der Berg"}, {"SMITH, John Paul", "Smith"}, {"山田太郎", "山田"}, {"欧阳小美", "欧阳"}, {"김민수", "김"}, {"Иванов Иван Иванович", "Иванов"}, {"Cher", ""}},
			More: []Table{{Args: map[string]string{"part": "given"}, Rows: [][2]string{{"Mr John Paul Smith Jr.", "John"}, {"Smith, John", "John"}, {"王小明", "小明"}, {"田中実", ""}}},
				{Args: map[string]string{"part": "given", "language": "ja"}, Rows: [][2]string{{"田中実", "実"}}},
				{Args: map[string]string{"part": "middle"}, Rows: [][2]string{{"John Paul Smith", "Paul"}, {"John Smith", ""}}},
				{Args: map[string]string{"part": "title"}, Rows: [][2]string{{"prof. dr. Anna Koch", "Prof Dr"}, {"Anna Koch", ""}}},
				{Args: map[string]string{"part": "suffix"}, Rows: [][2]string{{"John Smith III", "III"}, {"Ann Lee, M.D., Ph.D.", "MD PhD"}}},
				{Args: map[string]string{"families": "2"}, Rows: [][2]string{{"María del Carmen García López", "García López"}, {"Juan García", "García"}}},
				{Args: map[string]string{"part": "given", "order": "family_first"}, Rows: [][2]string{{"山田 太郎", "太郎"}, {"Nagy Anna", "Anna"}}}}},
			args: []string{"part", "order", "families", "language"}, told: []string{"language"}, dear: true, picky: true, make: makeNamePart},
	}
}

func makeName(s StepConfig) (stepFunc, *errs.Error) {
	p, fault := properOf(s)
	if fault != nil {
		return nil, fault
	}
	return onText(p.name), nil
}

// proper writes names as people do, in a language whose letters need it.
type proper struct {
	turkic bool // i and ı are two letters
	dutch  bool // ij is one
}

func properOf(s StepConfig) (p proper, fault *errs.Error) {
	name, set := s.Args["language"]
	if !set {
		return p, nil
	}
	l, ok := localeNamed(name)
	if !ok {
		return p, errs.New("step_args", "there is no such language").At(".language").Fix("use a BCP 47 tag such as tr")
	}
	base, _ := l.Base()
	p.turkic = base == language.MustParseBase("tr") || base == language.MustParseBase("az")
	p.dutch = base == language.MustParseBase("nl")
	return p, nil
}

// name changes only words that are all capitals or all small letters: who typed
// McDonald or DeShawn meant it.
func (p proper) name(s string) string {
	s = trim(s)
	words := strings.Split(s, " ")
	last := len(words) - 1
	for last > 0 && nameSuffix(words[last]) != "" {
		last--
	}
	for i, w := range words {
		switch {
		case mixedCase(w):
		case i > last:
			words[i] = suffixCased(w)
		case isParticle(w) && i < last, i > 0 && i < last && isLaterParticle(w), i < last && isPreposition(w) && isParticle(words[i+1]):
			words[i] = p.lower(w)
		case i > 0 && (strings.HasPrefix(strings.ToLower(w), "al-") || strings.HasPrefix(strings.ToLower(w), "el-")):
			words[i] = p.lower(w[:3]) + p.word(w[3:])
		default:
			words[i] = p.word(w)
		}
	}
	return strings.Join(words, " ")
}

// suffixCased writes a suffix in its own case, and leaves its dots as they are.
func suffixCased(w string) string {
	canonical := nameSuffix(w)
	var b strings.Builder
	at := 0
	for _, c := range w {
		if c != '.' && at < len(canonical) && unicode.ToLower(c) == unicode.ToLower(rune(canonical[at])) {
			c = rune(canonical[at])
			at++
		} else {
			c = unicode.ToLower(c)
		}
		b.WriteRune(c)
	}
	return b.String()
}

// mixedCase reports whether w has both capitals and small letters. One capital
// letter alone, an initial, has no case to mend.
func mixedCase(w string) bool {
	var upper, lower bool
	for _, c := range w {
		upper = upper || unicode.IsUpper(c) || unicode.IsTitle(c)
		lower = lower || unicode.IsLower(c)
	}
	return upper && lower
}

// isParticle knows the small words of Dutch, German, French, Spanish, Portuguese,
// Italian and Scandinavian surnames. Words that are as often a given name (Al, Ben,
// El, Mac) are left out.
func isParticle(w string) bool {
	switch strings.ToLower(w) {
	case "af", "av", "da", "dal", "dalla", "das", "de", "degli", "dei", "del", "della", "den", "der", "des", "di", "do", "dos", "du",
		"la", "las", "le", "los", "of", "ten", "ter", "tot", "van", "vom", "von", "y", "zu", "zum", "zur", "'t", "’t":
		return true
	}
	return false
}

// isLaterParticle knows those of Arabic, Malay and Welsh names, which are given names as
// well where they stand first.
func isLaterParticle(w string) bool {
	switch strings.ToLower(w) {
	case "al", "ap", "bin", "bint", "binti", "el", "ibn", "ould":
		return true
	}
	return false
}

// isPreposition knows the words that stand before a Dutch or German particle.
func isPreposition(w string) bool {
	switch strings.ToLower(w) {
	case "aan", "an", "auf", "bij", "in", "op", "onder", "over", "uit", "und", "voor":
		return true
	}
	return false
}

// nameSuffix gives the canonical form of what stands after a name, or "".
func nameSuffix(w string) string {
	key := strings.ToLower(strings.ReplaceAll(strings.Trim(w, "."), ".", ""))
	switch key {
	case "jr", "jnr", "junior":
		return "Jr"
	case "sr", "snr":
		return "Sr"
	case "ii", "iii", "iv", "md", "obe", "mbe", "cbe", "kbe", "dds", "dmd", "dvm", "mba", "cpa", "rn", "jd", "llm", "llb", "kc", "qc", "frcs":
		return strings.ToUpper(key)
	case "2nd", "3rd":
		return map[string]string{"2nd": "II", "3rd": "III"}[key]
	case "phd", "esq", "msc", "bsc", "dphil", "edd":
		return map[string]string{"phd": "PhD", "esq": "Esq", "msc": "MSc", "bsc": "BSc", "dphil": "DPhil", "edd": "EdD"}[key]
	}
	return ""
}

// lower writes small letters, with the sigma that ends a word.
func (p proper) lower(w string) string {
	if p.turkic {
		return strings.ToLowerSpecial(unicode.TurkishCase, w)
	}
	return lowered(w)
}

// lowered is strings.ToLower, with Greek's other sigma at the end of words.
func lowered(s string) string { return finalSigmas(strings.ToLower(s)) }

// finalSigmas writes the small sigmas that end words as Greek does.
func finalSigmas(s string) string {
	if !strings.Contains(s, "σ") {
		return s
	}
	runes := []rune(s)
	for i, c := range runes {
		if c == 'σ' && i > 0 && unicode.IsLetter(runes[i-1]) && (i == len(runes)-1 || !unicode.IsLetter(runes[i+1]) && !unicode.IsMark(runes[i+1])) {
			runes[i] = 'ς'
		}
	}
	return string(runes)
}

// word capitalises a word's parts between hyphens, and after O', D', Mc and the Mac of
// common names.
func (p proper) word(w string) string {
	var b strings.Builder
	b.Grow(len(w))
	start, letters := true, 0 // letters since the part's start
	rest := p.lower(w)
	for rest != "" {
		c, size := utf8.DecodeRuneInString(rest)
		if start && strings.HasPrefix(rest, "mc") && len(rest) > 3 {
			b.WriteString("Mc")
			rest, letters = rest[2:], 2
			continue
		}
		if start && isMacName(rest) {
			b.WriteString("Mac")
			rest, letters = rest[3:], 3
			continue
		}
		if start && p.dutch && strings.HasPrefix(rest, "ij") {
			b.WriteString("IJ")
			rest, letters, start = rest[2:], 2, false
			continue
		}
		switch {
		case c == '-' || c == '.' || c == '(' || c == '/':
			start, letters = true, 0
		case c == '\'' || c == '’':
			start = letters == 1 // O'Brien, but not Anna's
		case start:
			if c = unicode.ToTitle(c); p.turkic && rest[0] == 'i' {
				c = 'İ'
			}
			start = false
			letters++
		default:
			letters++
		}
		b.WriteRune(c)
		rest = rest[size:]
	}
	return b.String()
}

// isMacName knows the common names that begin with Mac and go on with a capital: most
// words that begin so (Machado, Macy, Mackey) do not.
func isMacName(rest string) bool {
	name, ok := strings.CutPrefix(rest, "mac")
	if !ok {
		return false
	}
	if end := strings.IndexFunc(name, func(c rune) bool { return !unicode.IsLetter(c) }); end >= 0 {
		name = name[:end]
	}
	return slices.Contains([]string{"arthur", "aulay", "callum", "cormack", "diarmid", "donald", "donell", "dougall", "duff", "farlane", "gillivray", "gregor", "innes", "intosh", "intyre", "iver",
		"kenna", "kinnon", "lachlan", "laren", "lean", "lennan", "leod", "millan", "nab", "namara", "neil", "neill", "pherson", "quarrie", "rae", "tavish"}, name)
}
