package cleanse

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/kithdata/kith/internal/kit/errs"
)

// honorific is what one word of a form of address means.
type honorific struct {
	canonical string // "" for a word that only goes with others, or says nothing
	gender    string // where it clearly says one
	alone     bool   // a name or an initial as well: within a name it counts only as a short form with a dot
}

func honorificSteps() []stepDef {
	return []stepDef{
		{doc: StepDoc{Name: "honorific", What: "Writes a form of address in one vocabulary, from what a dozen languages write, with dots or not: Mr, Mrs, Ms, Miss, Mx, then Prof, Dr, then Ing, Mag, Lic, Rev, Sir, Dame, Lord, Lady, Hon, Capt, Maj, Col, Gen, Lt, Sgt and the like. Herr, M., Sr. and Sig. are Mr; Frau, Mme, Sra. and Sig.ra, which do not say who is married, are Ms; Mrs is only what says so. One for two people (Mr and Mrs) cannot be read. See gender for what it says of that.",
			Table: [][2]string{{"MR", "Mr"}, {"Herr", "Mr"}, {"Mme", "Ms"}, {"Mlle.", "Miss"}, {"Sig.ra", "Ms"}, {"prof. dr.", "Prof Dr"}, {"Frau Dr. med.", "Ms Dr"}, {"Dott.ssa", "Dr"}, {"г-жа", "Ms"}, {"Mr & Mrs", ""}, {"boss", ""}}},
			dear: true, picky: true, make: makeHonorific},
	}
}

// honorificWords lists the forms of address: the canonical one, the gender that it says,
// and what is written for it, in a dozen languages. Words that say another gender than
// others of their line follow in a line of their own.
func honorificWords() [][3]string {
	return [][3]string{
		{"Mr", "male", "mr mister herr herrn hr monsieur sr senhor señor signor signore sig dhr meneer mijnheer mnr heer pán господин г-н гн пан κύριος κος herra úr 先生 السيد"},
		{"Mr", "male", "+m +d +don +dom +pan +bay +bey"},
		{"Mrs", "female", "mrs missus missis"},
		{"Ms", "female", "ms frau madame mme mdm madam sra senhora señora signora sig.ra mevr mevrouw mw mej paní pani госпожа г-жа гжа пані κυρία κα rouva fru asszony 女士 太太 السيدة"},
		{"Ms", "female", "+doña +dña +dona +bayan +hanım"},
		{"Miss", "female", "miss fräulein frl mademoiselle mlle srta senhorita señorita signorina sig.na juffrouw slečna neiti frøken frk fröken 小姐 الآنسة"},
		{"Mx", "", "mx"},
		{"Prof", "", "prof professor professeur profesor univ.-prof univprof проф профессор καθηγητής 教授 교수"},
		{"Prof", "female", "prof.ssa professoressa profesora professorin professora"},
		{"Dr", "", "dr doctor doktor docteur dott dottor dr.-ing dottore doutor δρ д-р др доктор 博士 박사 الدكتور"},
		{"Dr", "female", "dott.ssa dottoressa dra doctora doutora"},
		{"Ing", "", "ing dipl.-ing ingenieur ingeniero +eng"}, {"Mag", "", "+mag mgr"}, {"Ir", "", "+ir"}, {"Drs", "", "drs"}, {"Lic", "", "lic lcdo"}, {"Lic", "female", "lcda licda"},
		{"Avv", "", "avv avvocato"}, {"Arch", "", "+arch"}, {"Me", "", "+me maître"}, {"PD", "", "priv.-doz +pd"},
		{"Rev", "", "rev revd reverend pfarrer"}, {"Rabbi", "", "rabbi"}, {"Imam", "", "+imam"}, {"Sister", "female", "+sister"}, {"Father", "male", "+father"},
		{"Sir", "male", "sir"}, {"Dame", "female", "dame"}, {"Lord", "male", "lord"}, {"Lady", "female", "lady"}, {"Baron", "male", "+baron"}, {"Baroness", "female", "baroness baronin"},
		{"Hon", "", "hon honourable honorable"}, {"Judge", "", "+judge"},
		{"Capt", "", "capt captain"}, {"Maj", "", "+maj"}, {"Col", "", "+col colonel"}, {"Gen", "", "+gen"}, {"Lt", "", "lt lieutenant"}, {"Sgt", "", "sgt sergeant"}, {"Cpl", "", "cpl"},
		{"", "", "+med +phil +jur +iur +rer +nat +oec +pol +dent +vet +theol +habil +hc +h.c +mult +em +emeritus +assoc +associate +asst +assistant +rt +right +the"},
		{"", "", "様 さま さん 氏 殿 씨 님 님께"}, // polite to anybody
	}
}

var honorifics = sync.OnceValue(func() map[string]honorific {
	known := map[string]honorific{}
	for _, row := range honorificWords() {
		for w := range strings.FieldsSeq(row[2]) {
			w, alone := strings.CutPrefix(w, "+")
			if _, there := known[fold(w)]; !there {
				known[fold(w)] = honorific{canonical: row[0], gender: row[1], alone: alone}
			}
		}
	}
	return known
})

// honorificText is what the words of a form of address say together.
type honorificText struct {
	canonical string
	gender    string
	mixed     bool // of two people, or of two genders
}

// honorificsOf reads a form of address; ok is false where a word of it is none.
func honorificsOf(text string) (h honorificText, ok bool) {
	var all []honorific
	for _, w := range strings.FieldsFunc(text, func(c rune) bool { return isSpace(c) || c == ',' || c == '/' || c == '(' || c == ')' }) {
		found := honorificsIn(w)
		if found == nil {
			return h, false
		}
		all = append(all, found...)
	}
	says := slices.ContainsFunc(all, func(o honorific) bool { return o.canonical != "" || !o.alone })
	return together(all), says
}

// honorificsIn gives what one word means, or each part of Prof.Dr.; nil for another word.
func honorificsIn(w string) []honorific {
	known := honorifics()
	if h, ok := known[fold(w)]; ok {
		return []honorific{h}
	}
	var all []honorific
	for part := range strings.SplitSeq(w, ".") {
		if part == "" {
			continue
		}
		h, ok := known[fold(part)]
		if !ok {
			return nil
		}
		all = append(all, h)
	}
	return all
}

// titleIn gives what a word in front of a name means, where it is a form of address.
func titleIn(w string) []honorific {
	found := honorificsIn(w)
	dotted := len(found) == 1 && strings.HasSuffix(w, ".") && len([]rune(w)) > 2
	if slices.ContainsFunc(found, func(h honorific) bool { return h.alone && !dotted }) {
		return nil
	}
	return found
}

// together writes forms of address in one order: Mr or Ms, Prof, Dr, others as they
// came; each once.
func together(all []honorific) (h honorificText) {
	var words []string
	civil := 0
	for _, o := range all {
		if o.gender != "" {
			h.mixed = h.mixed || h.gender != "" && h.gender != o.gender
			h.gender = o.gender
		}
		if o.canonical != "" && !slices.Contains(words, o.canonical) {
			words = append(words, o.canonical)
			if rankOf(o.canonical) == 0 {
				civil++
			}
		}
	}
	h.mixed = h.mixed || civil > 1
	slices.SortStableFunc(words, func(a, b string) int { return cmp.Compare(rankOf(a), rankOf(b)) })
	h.canonical = strings.Join(words, " ")
	return h
}

func rankOf(canonical string) int {
	switch canonical {
	case "Mr", "Mrs", "Ms", "Miss", "Mx":
		return 0
	case "Prof":
		return 1
	case "Dr":
		return 2
	}
	return 3
}

func makeHonorific(StepConfig) (stepFunc, *errs.Error) {
	return read(80, func(text string) (string, bool) {
		h, ok := honorificsOf(text)
		return h.canonical, ok && !h.mixed
	}), nil
}
