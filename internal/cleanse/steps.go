package cleanse

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// StepDoc documents one step for the reference page.
type StepDoc struct {
	Name  string
	Args  string      // its settings and their defaults; empty for none
	What  string      // what it does, in a sentence
	Table [][2]string // examples without settings: in, out; out is empty for null
	More  []Table     // examples with settings
}

// Table is what a step does under some settings.
type Table struct {
	Args map[string]string
	Rows [][2]string // in, out; out is empty for null
}

// stepDef is one step that can be configured.
type stepDef struct {
	doc   StepDoc
	args  []string
	need  string   // the setting that it cannot do without
	told  []string // the settings that another attribute may tell
	open  bool     // its settings may have any name
	list  bool     // takes StepConfig.List
	dear  bool     // its results are worth a look-up
	picky bool     // there are values that it cannot read
	make  func(StepConfig) (stepFunc, *errs.Error)
}

// Steps documents every step, by name.
func Steps() []StepDoc {
	defs := stepDefs()
	docs := make([]StepDoc, len(defs))
	for i := range defs {
		docs[i] = defs[i].doc
	}
	return docs
}

func findStep(name string) (stepDef, bool) {
	for _, d := range stepDefs() {
		if d.doc.Name == name {
			return d, true
		}
	}
	return stepDef{}, false
}

func stepNames() string {
	var names []string
	for _, d := range stepDefs() {
		names = append(names, d.doc.Name)
	}
	return strings.Join(names, ", ")
}

// stepDefs is the list of steps, sorted by name.
func stepDefs() []stepDef {
	defs := slices.Concat(firstSteps(), addressSteps(), dateSteps(), nameSteps(), honorificSteps(), numberSteps(), textSteps(), combineSteps(), contactSteps(), placeSteps(), moneySteps(), webSteps())
	slices.SortFunc(defs, func(a, b stepDef) int { return strings.Compare(a.doc.Name, b.doc.Name) })
	return defs
}

func firstSteps() []stepDef {
	return []stepDef{
		{doc: StepDoc{Name: "boolean", What: "Reads true, t, yes, y, on and 1 as true, false, f, no, n, off and 0 as false, and yes and no, and some words for true and false, in two dozen languages, such as ja and nein.",
			Table: [][2]string{{"Yes", "true"}, {"0", "false"}, {"nein", "false"}, {"evet", "true"}, {"✓", "true"}, {"perhaps", ""}}}, picky: true, make: plain(boolean)},
		{doc: StepDoc{Name: "email", What: "Trims, lower-cases and checks the syntax of an e-mail address. A domain is written in its own letters, in one Unicode form.",
			Table: [][2]string{{" Jo.Doe@Example.COM ", "jo.doe@example.com"}, {"Jo Doe <jo@example.com>", "jo@example.com"}, {"jo@xn--exmple-cua.example.com", "jo@exämple.example.com"}, {"jo@example.com,", "jo@example.com"}, {"jo at example.com", ""}}}, dear: true, picky: true, make: plain(email)},
		{doc: StepDoc{Name: "lower", What: "Writes text in lower case.", Table: [][2]string{{"ABC Ünï", "abc ünï"}}}, make: plain(onText(lowered))},
		{doc: StepDoc{Name: "null_tokens", Args: `a list; default "", null, (null), \N, n/a, n.a., #n/a, na, none, (none), undefined, not available, unknown, -, -- and ?`, What: "Makes texts that stand for nothing null. Case and space around do not matter.",
			Table: [][2]string{{"N/A", ""}, {" - ", ""}, {"Nora", "Nora"}}}, list: true, make: makeNullTokens},
		{doc: StepDoc{Name: "phone", Args: "region: two letters such as GB; without it only numbers with + and a country code are read; region_from: another attribute that tells the country, by code or name, before region",
			What: "Writes a telephone number in E.164.", Table: [][2]string{{"+44 7700 900123", "+447700900123"}, {"call me", ""}},
			More: []Table{{Args: map[string]string{"region": "GB"}, Rows: [][2]string{{"07700 900123", "+447700900123"}, {"0044 7700 900123", "+447700900123"}}}}},
			args: []string{"region"}, told: []string{"region"}, dear: true, picky: true, make: makePhone},
		{doc: StepDoc{Name: "title", What: "Writes every word with a capital in front and small letters after it.",
			Table: [][2]string{{"NEW york", "New York"}, {"stoke-on-trent", "Stoke-On-Trent"}}}, make: plain(onText(title))},
		{doc: StepDoc{Name: "trim", What: "Removes space around, and makes every run of space inside one space.",
			Table: [][2]string{{"  Jo \t Doe ", "Jo Doe"}, {"   ", ""}}}, make: plain(onText(trim))},
		{doc: StepDoc{Name: "upper", What: "Writes text in capitals.", Table: [][2]string{{"ls1 4ap", "LS1 4AP"}, {"Straße", "STRASSE"}}}, make: plain(onText(uppered))},
	}
}

func plain(fn stepFunc) func(StepConfig) (stepFunc, *errs.Error) {
	return func(StepConfig) (stepFunc, *errs.Error) { return fn, nil }
}

// onText applies fn to a text. Any other value has neither case nor space.
func onText(fn func(string) string) stepFunc {
	return func(v record.Value) (record.Value, bool) {
		if v.Kind == record.String {
			v = record.StringValue(fn(v.S))
		}
		return v, true
	}
}

// trim leaves text that needs nothing as it is, without allocating.
func trim(s string) string {
	s = strings.TrimFunc(s, isSpace)
	space := false
	for _, c := range s {
		if isSpace(c) && (space || c != ' ') {
			return strings.Join(strings.FieldsFunc(s, isSpace), " ")
		}
		space = c == ' '
	}
	return s
}

// isSpace counts in the invisible characters that spreadsheets leave behind.
func isSpace(c rune) bool {
	return unicode.IsSpace(c) || c == '\u200b' || c == '\ufeff'
}

// uppered is strings.ToUpper, with the ß that has no capital of its own written out.
func uppered(s string) string { return strings.ReplaceAll(strings.ToUpper(s), "ß", "SS") }

func title(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	start := true
	for _, c := range s {
		switch {
		case !unicode.IsLetter(c) && !unicode.IsMark(c) && c != '\'' && c != '’':
			start = !unicode.IsDigit(c)
			b.WriteRune(c)
		case start:
			b.WriteRune(unicode.ToTitle(c))
			start = false
		default:
			b.WriteRune(unicode.ToLower(c))
		}
	}
	return finalSigmas(b.String())
}

// email checks what RFC 5321 asks of an address without quotes, and that its domain
// has a dot; anything rarer is more often a mistake than an address.
func email(v record.Value) (record.Value, bool) {
	if v.Kind != record.String {
		return v, false
	}
	s := strings.ToLower(strings.TrimFunc(v.S, isSpace))
	if s == "" {
		return record.Value{}, true
	}
	if len(s) > maxText {
		return v, false
	}
	s = strings.TrimRight(s, ",;.")
	if i := strings.LastIndexByte(s, '<'); i >= 0 && s[len(s)-1] == '>' {
		s = s[i+1 : len(s)-1]
	}
	if link, ok := strings.CutPrefix(s, "mailto:"); ok {
		s, _, _ = strings.Cut(link, "?")
	}
	s = plainAddress(s)
	local, domain, ok := strings.Cut(s, "@")
	if !ok || len(s) > 254 || len(local) > 64 || !validLocal(local) || !validDomain(domain) {
		return v, false
	}
	return record.StringValue(s), true
}

// plainAddress writes an address so that spellings of it are alike: in one Unicode form,
// without the wide signs of East Asian keyboards, and a domain in its own letters.
func plainAddress(s string) string {
	if strings.IndexFunc(s, func(c rune) bool { return c >= utf8.RuneSelf }) >= 0 {
		s = norm.NFC.String(strings.NewReplacer("＠", "@", "．", ".", "。", ".").Replace(s))
	}
	at := strings.LastIndexByte(s, '@')
	if at < 0 || !strings.Contains(s[at:], "xn--") {
		return s
	}
	domain, err := idna.Lookup.ToUnicode(s[at+1:])
	if err != nil {
		return s
	}
	return s[:at+1] + domain
}

func validLocal(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") || !utf8.ValidString(s) {
		return false
	}
	for _, c := range s {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", c):
		case c >= utf8.RuneSelf && (unicode.IsLetter(c) || unicode.IsMark(c) || unicode.IsDigit(c)):
		default:
			return false
		}
	}
	return true
}

func validDomain(s string) bool {
	if !utf8.ValidString(s) || !strings.Contains(s, ".") {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range label {
			if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c >= utf8.RuneSelf && (unicode.IsLetter(c) || unicode.IsMark(c))) {
				return false
			}
		}
	}
	return true
}

// maxExtension is how many digits an extension has at most; more are another number.
const maxExtension = 6

// maxPhone is the longest text that is tried as a number.
const maxPhone = 60

func makePhone(s StepConfig) (stepFunc, *errs.Error) {
	region := strings.ToUpper(s.Args["region"])
	if region != "" && !phonenumbers.GetSupportedRegions()[region] {
		return nil, errs.New("step_args", "the region is none that has telephone numbers").At(".region").Fix("use an ISO 3166 code of two letters, such as GB")
	}
	return func(v record.Value) (record.Value, bool) {
		text := v.S
		switch v.Kind {
		case record.String:
		case record.Int:
			text = v.Text()
		default:
			return v, false
		}
		text = strings.TrimFunc(text, isSpace)
		if text == "" {
			return record.Value{}, true
		}
		if len(text) > maxPhone {
			return v, false
		}
		return e164(text, region)
	}, nil
}

// e164 reads a number that is valid, or one that is possible: numbers set aside for
// drama, and ranges newer than the library's tables, are still somebody's.
func e164(text, region string) (record.Value, bool) {
	if region == "" && strings.HasPrefix(text, "00") {
		text = "+" + text[2:] // how most countries dial abroad
	}
	number, err := phonenumbers.Parse(text, region)
	if err != nil {
		return record.Value{}, false
	}
	if len(number.GetExtension()) > maxExtension { // a second number after a comma
		return record.Value{}, false
	}
	out := phonenumbers.Format(number, phonenumbers.E164)
	// Asked of the stream's own region first: most numbers are of it, and to ask of all
	// that share its country code takes twice as long.
	if (region == "" || !phonenumbers.IsValidNumberForRegion(number, region)) && !phonenumbers.IsValidNumber(number) {
		if phonenumbers.IsPossibleNumberWithReason(number) != phonenumbers.IS_POSSIBLE {
			return record.Value{}, false
		}
		// A number that does not read back as itself was misread.
		again, err := phonenumbers.Parse(out, "")
		if err != nil || phonenumbers.Format(again, phonenumbers.E164) != out {
			return record.Value{}, false
		}
	}
	return record.StringValue(out), true
}

func makeNullTokens(s StepConfig) (stepFunc, *errs.Error) {
	list := s.List
	if list == nil {
		list = []string{"", "null", "(null)", `\N`, "n/a", "n.a.", "#n/a", "na", "none", "(none)", "undefined", "not available", "unknown", "-", "--", "?"}
	}
	tokens := make(map[string]bool, len(list))
	for _, t := range list {
		tokens[strings.ToLower(strings.TrimFunc(t, isSpace))] = true
	}
	return func(v record.Value) (record.Value, bool) {
		if v.Kind == record.String && tokens[strings.ToLower(strings.TrimFunc(v.S, isSpace))] {
			return record.Value{}, true
		}
		return v, true
	}, nil
}
