package cleanse

import (
	"strings"
	"unicode"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func contactSteps() []stepDef {
	return []stepDef{
		{doc: StepDoc{Name: "disposable", What: "Says whether an e-mail address, or a domain, is of a known service of throw-away addresses.",
			Table: [][2]string{{"jo@mailinator.com", "true"}, {"jo@example.com", "false"}, {"nonsense", ""}}},
			dear: true, picky: true, make: makeDisposable},
		{doc: StepDoc{Name: "email_part", Args: "part: domain (default), local or tag (what follows a plus sign)",
			What:  "Takes a part of an e-mail address.",
			Table: [][2]string{{"Jo+news@Example.com", "example.com"}, {"jo", ""}},
			More:  []Table{{Args: map[string]string{"part": "tag"}, Rows: [][2]string{{"jo+news@example.com", "news"}, {"jo@example.com", ""}}}}},
			args: []string{"part"}, dear: true, picky: true, make: makeEmailPart},
		{doc: StepDoc{Name: "gender", What: "Writes a gender as female, male or nonbinary, from words, letters and forms of address in several languages. What says that nothing is known is null.",
			Table: [][2]string{{"F", "female"}, {"Mr.", "male"}, {"Frau", "female"}, {"non-binary", "nonbinary"}, {"unknown", ""}, {"7", ""}}},
			dear: true, picky: true, make: makeGender},
		{doc: StepDoc{Name: "name_part", Args: "part: family (default), given, middle, title or suffix; order: given_first (default) or family_first",
			What:  "Takes a part of a person's whole name. A comma after the family name is understood; particles such as van der go with the family name. A name of one word has no parts, but for Hangul.",
			Table: [][2]string{{"Dr. Jan van der Berg", "van der Berg"}, {"SMITH, John Paul", "Smith"}, {"김민수", "김"}, {"Cher", ""}},
			More: []Table{{Args: map[string]string{"part": "given"}, Rows: [][2]string{{"Mr John Paul Smith Jr.", "John"}, {"Smith, John", "John"}}},
				{Args: map[string]string{"part": "middle"}, Rows: [][2]string{{"John Paul Smith", "Paul"}, {"John Smith", ""}}},
				{Args: map[string]string{"part": "title"}, Rows: [][2]string{{"prof. dr. Anna Koch", "Prof. Dr."}, {"Anna Koch", ""}}},
				{Args: map[string]string{"part": "suffix"}, Rows: [][2]string{{"John Smith III", "III"}}},
				{Args: map[string]string{"part": "given", "order": "family_first"}, Rows: [][2]string{{"山田 太郎", "太郎"}, {"Nagy Anna", "Anna"}}}}},
			args: []string{"part", "order"}, dear: true, picky: true, make: makeNamePart},
	}
}

// disposableDomains are services of throw-away addresses that many sign-ups name.
func disposableDomains() string {
	return "0-mail.com 10minutemail.com 20minutemail.com 33mail.com anonbox.net burnermail.io discard.email discardmail.com dispostable.com emailondeck.com fakeinbox.com fakemail.net " +
		"getairmail.com getnada.com grr.la guerrillamail.biz guerrillamail.com guerrillamail.de guerrillamail.info guerrillamail.net guerrillamail.org guerrillamailblock.com " +
		"incognitomail.org jetable.org mailcatch.com maildrop.cc maileater.com mailexpire.com mailinator.com mailinator.net mailinator2.com mailnesia.com mailnull.com mailsac.com " +
		"meltmail.com minutemail.com mintemail.com moakt.com mohmal.com mytemp.email mytrashmail.com nada.email notmailinator.com pokemail.net sharklasers.com sneakemail.com " +
		"spam4.me spambog.com spambox.us spamex.com spamgourmet.com spamherelots.com temp-mail.io temp-mail.org tempail.com tempinbox.com tempmail.com tempmail.dev tempmail.net " +
		"tempmailaddress.com tempr.email throwaway.email throwawaymail.com trash-mail.com trashmail.com trashmail.de trashmail.net trbvm.com wegwerfmail.de wegwerfmail.net " +
		"yopmail.com yopmail.fr yopmail.net"
}

func makeDisposable(StepConfig) (stepFunc, *errs.Error) {
	known := map[string]bool{}
	for d := range strings.FieldsSeq(disposableDomains()) {
		known[d] = true
	}
	return flag(func(text string) (bool, bool) {
		domain := strings.ToLower(text)
		if strings.Contains(text, "@") {
			v, ok := email(record.StringValue(text))
			if !ok {
				return false, false
			}
			_, domain, _ = strings.Cut(v.S, "@")
		}
		if len(domain) > 253 || !validDomain(domain) {
			return false, false
		}
		for d := domain; d != ""; _, d, _ = strings.Cut(d, ".") { // names below count as well
			if known[d] {
				return true, true
			}
		}
		return false, true
	}), nil
}

func makeEmailPart(s StepConfig) (stepFunc, *errs.Error) {
	part, fault := choose(s, "part", "domain", "local", "tag")
	if fault != nil {
		return nil, fault
	}
	return func(v record.Value) (record.Value, bool) {
		v, ok := email(v)
		if !ok || v.IsNull() {
			return v, ok
		}
		local, domain, _ := strings.Cut(v.S, "@")
		switch part {
		case "domain":
			return record.StringValue(domain), true
		case "tag":
			_, local, _ = strings.Cut(local, "+")
		}
		return record.StringValue(local), true
	}, nil
}

func makeGender(StepConfig) (stepFunc, *errs.Error) {
	words := map[string]string{}
	for meaning, list := range map[string]string{
		"female":    "f female w woman weiblich frau girl femme féminin mme mlle madame donna femmina mujer femenino sra señora mulher feminino vrouw mevrouw kvinna kvinde kobieta ж женский 女 女性 여성 mrs ms miss lady signora",
		"male":      "m male man männlich herr boy homme masculin monsieur uomo maschio hombre masculino sr señor homem heer mand mężczyzna м мужской 男 男性 남성 mr sir signore",
		"nonbinary": "nonbinary nb x d divers diverse other mx genderqueer enby nichtbinär nonbinaire",
		"":          "unknown u unbekannt inconnu undisclosed notspecified prefernottosay notknown keineangabe",
	} {
		for w := range strings.FieldsSeq(list) {
			words[fold(w)] = meaning
		}
	}
	return read(40, func(text string) (string, bool) {
		meaning, ok := words[fold(text)]
		return meaning, ok
	}), nil
}

func isTitleWord(w string) bool {
	switch strings.TrimRight(strings.ToLower(w), ".") {
	case "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "dame", "rev", "herr", "frau", "mme", "mlle", "sra", "srta", "dott", "ing", "dipl-ing", "hon", "capt", "mag":
		return true
	}
	return false
}

func isSuffixWord(w string) bool {
	switch strings.Trim(strings.ToLower(w), ".,") {
	case "jr", "sr", "ii", "iii", "iv", "phd", "ph.d", "md", "m.d", "esq", "obe", "mbe", "cbe":
		return true
	}
	return false
}

// nameParts is a whole name taken apart.
type nameParts struct{ title, given, middle, family, suffix string }

// partsOfName takes a name apart; ok is false where it has but one part, of which
// nobody knows which it is.
func partsOfName(text string, familyFirst bool) (p nameParts, ok bool) {
	before, after, comma := strings.Cut(text, ",")
	if comma && !isSuffixWord(strings.TrimFunc(after, isSpace)) {
		text, familyFirst = after, false
	} else {
		before, comma = "", false
		text = strings.ReplaceAll(text, ",", " ")
	}
	words := strings.FieldsFunc(text, isSpace)
	var titles, suffixes []string
	for len(words) > 1 && isTitleWord(words[0]) {
		titles, words = append(titles, properWord(words[0])), words[1:]
	}
	for len(words) > 1 && isSuffixWord(words[len(words)-1]) {
		suffixes, words = append([]string{words[len(words)-1]}, suffixes...), words[:len(words)-1]
	}
	p.title, p.suffix = strings.Join(titles, " "), strings.Join(suffixes, " ")
	if comma {
		if p.family = properName(before); p.family == "" || len(words) == 0 {
			return p, false
		}
		p.given, p.middle = properName(words[0]), properName(strings.Join(words[1:], " "))
		return p, true
	}
	if len(words) == 1 {
		runes := []rune(words[0])
		if len(runes) < 2 || len(runes) > 4 || strings.ContainsFunc(words[0], func(c rune) bool { return !unicode.Is(unicode.Hangul, c) }) {
			return p, false
		}
		n := 1
		switch string(runes[:2]) {
		case "남궁", "황보", "제갈", "선우", "독고", "사공", "서문": // the family names of two syllables
			n = min(2, len(runes)-1)
		}
		p.family, p.given = string(runes[:n]), string(runes[n:])
		return p, true
	}
	if len(words) == 0 {
		return p, false
	}
	if familyFirst {
		i := 0
		for i < len(words)-2 && isParticle(words[i]) {
			i++
		}
		p.family, p.given, p.middle = properName(strings.Join(words[:i+1], " ")), properName(words[i+1]), properName(strings.Join(words[i+2:], " "))
		return p, true
	}
	from := len(words) - 1
	for from > 1 && isParticle(words[from-1]) {
		from--
	}
	p.given, p.middle, p.family = properName(words[0]), properName(strings.Join(words[1:from], " ")), properName(strings.Join(words[from:], " "))
	return p, true
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
	return read(500, func(text string) (string, bool) {
		p, ok := partsOfName(text, order == "family_first")
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
