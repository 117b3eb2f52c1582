package cleanse

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/unicode/norm"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// maxText is the longest text, in bytes, that a step takes apart or lets grow. A
// longer one cannot be read.
const maxText = 64 << 10

func textSteps() []stepDef {
	return []stepDef{
		{doc: StepDoc{Name: "map", Args: `the texts and what they become; "" for null, and "*" for every text that is not named`,
			What: "Writes listed texts as something else. Case and space around do not matter; a text that is not listed stays, and an empty one is null.",
			More: []Table{{Args: map[string]string{"m": "male", "f": "female", "x": ""}, Rows: [][2]string{{" M ", "male"}, {"x", ""}, {"other", "other"}}},
				{Args: map[string]string{"gold": "1", "*": "0"}, Rows: [][2]string{{"Gold", "1"}, {"tin", "0"}}}}},
			open: true, make: makeMap},
		{doc: StepDoc{Name: "replace", Args: `pattern: a regular expression (RE2); with: what stands in its place, "" by default, $1 for its first group`,
			What: "Replaces whatever a pattern finds.",
			More: []Table{{Args: map[string]string{"pattern": `^CUST-0*(\d+)$`, "with": "$1"}, Rows: [][2]string{{"CUST-0042", "42"}, {"other", "other"}}},
				{Args: map[string]string{"pattern": `[^0-9]`}, Rows: [][2]string{{"AB 12-3", "123"}, {"none", ""}}}}},
			args: []string{"pattern", "with"}, need: "pattern", dear: true, picky: true, make: makeReplace},
		{doc: StepDoc{Name: "split", Args: "by: what stands between the parts; part: which to take, from 1, or from the end with -1; without it the parts become a list",
			What: "Splits a text, and takes one of its parts or makes a list. Space around a part goes.",
			More: []Table{{Args: map[string]string{"by": ";", "part": "2"}, Rows: [][2]string{{"a; b;c", "b"}, {"a", ""}}},
				{Args: map[string]string{"by": ",", "part": "-1"}, Rows: [][2]string{{"Leeds, York", "York"}}},
				{Args: map[string]string{"by": "|"}, Rows: [][2]string{{"red| blue |", `["red","blue"]`}}}}},
			args: []string{"by", "part"}, need: "by", picky: true, make: makeSplit},
		{doc: StepDoc{Name: "unicode", Args: "form: nfc (default), nfd, nfkc or nfkd; accents: keep (default) or strip",
			What:  "Writes text in one Unicode form, so that texts that look alike are alike, and leaves out accents when asked.",
			Table: [][2]string{{"Jose\u0301", "José"}},
			More: []Table{{Args: map[string]string{"form": "nfkc"}, Rows: [][2]string{{"ＡＢ①", "AB1"}, {"ﬁn", "fin"}}},
				{Args: map[string]string{"accents": "strip"}, Rows: [][2]string{{"José Ångström", "Jose Angstrom"}}}}},
			args: []string{"form", "accents"}, dear: true, make: makeUnicode},
	}
}

func makeMap(s StepConfig) (stepFunc, *errs.Error) {
	values := make(map[string]string, len(s.Args))
	for from, to := range s.Args {
		values[strings.ToLower(strings.TrimFunc(from, isSpace))] = to
	}
	if len(values) != len(s.Args) || len(values) == 0 {
		return nil, errs.New("step_args", "the step map lists no text, or one twice").Fix("write {map: {from: to}}; case and space do not tell texts apart")
	}
	other, all := values["*"]
	return func(v record.Value) (record.Value, bool) {
		if v.Kind == record.JSON {
			return v, true
		}
		key := strings.ToLower(strings.TrimFunc(v.Text(), isSpace))
		to, ok := values[key]
		if !ok && key == "" { // an empty cell says nothing
			return record.Value{}, true
		}
		if !ok {
			if !all {
				return v, true
			}
			to = other
		}
		if to == "" {
			return record.Value{}, true
		}
		return record.StringValue(to), true
	}, nil
}

func makeReplace(s StepConfig) (stepFunc, *errs.Error) {
	if len(s.Args["pattern"]) > 1000 || len(s.Args["with"]) > 1000 {
		return nil, errs.New("step_args", "the pattern or what replaces it has more than 1000 bytes").At(".pattern")
	}
	re, err := regexp.Compile(s.Args["pattern"])
	if err != nil {
		return nil, errs.New("step_args", "the pattern is no regular expression").At(".pattern").Fix("write it in RE2's syntax; look-around and back-references are not in it")
	}
	with := s.Args["with"]
	return func(v record.Value) (record.Value, bool) {
		if v.Kind != record.String {
			return v, true
		}
		if len(v.S) > maxText {
			return v, false
		}
		var out []byte
		last := 0
		for _, m := range re.FindAllStringSubmatchIndex(v.S, -1) {
			out = append(out, v.S[last:m[0]]...)
			out = re.ExpandString(out, with, v.S, m)
			last = m[1]
			if len(out) > maxText { // a group written often can grow without end
				return v, false
			}
		}
		if last == 0 && out == nil {
			return v, true
		}
		return record.StringValue(strings.ToValidUTF8(string(append(out, v.S[last:]...)), "")), true
	}, nil
}

func makeSplit(s StepConfig) (stepFunc, *errs.Error) {
	by, part := s.Args["by"], 0
	if text, ok := s.Args["part"]; ok {
		n, err := strconv.Atoi(text)
		if err != nil || n == 0 {
			return nil, errs.New("step_args", "the part is no place in a list").At(".part").Fix("count from 1, or from the end from -1")
		}
		part = n
	}
	return func(v record.Value) (record.Value, bool) {
		if v.Kind != record.String {
			return v, true
		}
		if len(v.S) > maxText {
			return v, false
		}
		parts := strings.Split(v.S, by)
		if part != 0 {
			at := part - 1
			if part < 0 {
				at = len(parts) + part
			}
			if at < 0 || at >= len(parts) {
				return record.Value{}, true
			}
			return record.StringValue(strings.TrimFunc(parts[at], isSpace)), true
		}
		kept := []string{}
		for _, p := range parts {
			if p = strings.TrimFunc(p, isSpace); p != "" {
				kept = append(kept, p)
			}
		}
		text, err := json.Marshal(kept)
		return record.JSONValue(string(text)), err == nil
	}, nil
}

func makeUnicode(s StepConfig) (stepFunc, *errs.Error) {
	form := norm.NFC
	switch s.Args["form"] {
	case "", "nfc":
	case "nfd":
		form = norm.NFD
	case "nfkc":
		form = norm.NFKC
	case "nfkd":
		form = norm.NFKD
	default:
		return nil, errs.New("step_args", "there is no such Unicode form").At(".form").Fix("use nfc, nfd, nfkc or nfkd")
	}
	switch s.Args["accents"] {
	case "", "keep":
		return onText(form.String), nil
	case "strip":
		return onText(func(text string) string { return form.String(stripMarks(text)) }), nil
	}
	return nil, errs.New("step_args", "accents are kept or stripped").At(".accents").Fix("use keep or strip")
}

// stripMarks leaves out what stands above and below letters, and writes the letters
// of European languages that do not come apart without their strokes.
func stripMarks(s string) string {
	plain := true
	for i := range len(s) {
		plain = plain && s[i] < 0x80
	}
	if plain {
		return s
	}
	var b strings.Builder
	for _, c := range norm.NFD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, c):
		case c == 'ø' || c == 'Ø' || c == 'ł' || c == 'Ł' || c == 'đ' || c == 'Đ':
			b.WriteRune(map[rune]rune{'ø': 'o', 'Ø': 'O', 'ł': 'l', 'Ł': 'L', 'đ': 'd', 'Đ': 'D'}[c])
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// fold writes a text so that spellings of one word are alike: small letters and
// digits without accents, and nothing else.
func fold(s string) string {
	var b strings.Builder
	for _, c := range norm.NFKD.String(stripMarks(s)) {
		switch c = unicode.ToLower(c); {
		case c == 'ς':
			b.WriteRune('σ')
		case c == 'ı':
			b.WriteByte('i')
		case c == 'ß':
			b.WriteString("ss")
		case c == 'æ':
			b.WriteString("ae")
		case c == 'œ':
			b.WriteString("oe")
		case unicode.IsLetter(c) || unicode.IsDigit(c):
			b.WriteRune(c)
		case c == '&':
			b.WriteString("and")
		}
	}
	return b.String()
}

// choose gives a choice among settings: its value, or the first where it is not set.
func choose(s StepConfig, arg string, values ...string) (string, *errs.Error) {
	v, set := s.Args[arg]
	if !set {
		return values[0], nil
	}
	for _, known := range values {
		if v == known {
			return v, nil
		}
	}
	return "", errs.New("step_args", "the step "+s.Name+" cannot be set so").At("." + arg).Fix("use one of " + strings.Join(values, ", "))
}

// read is a step over texts alone: what is empty is null, and a text longer than most
// bytes cannot be read.
func read(most int, fn func(string) (string, bool)) stepFunc {
	return func(v record.Value) (record.Value, bool) {
		if v.Kind == record.Int {
			v = record.StringValue(v.Text())
		}
		if v.Kind != record.String {
			return v, false
		}
		s := strings.TrimFunc(v.S, isSpace)
		if s == "" {
			return record.Value{}, true
		}
		if len(s) > most {
			return v, false
		}
		out, ok := fn(s)
		if !ok {
			return v, false
		}
		return record.StringValue(out), true
	}
}
