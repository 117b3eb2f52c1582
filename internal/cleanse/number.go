package cleanse

import (
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func numberSteps() []stepDef {
	return []stepDef{
		{doc: StepDoc{Name: "number", Args: `locale: a BCP 47 tag such as de-DE, whose signs the Unicode CLDR gives; or country: two letters, for what most people write there; or decimal: "." (default) or "," and thousands: "," (default), ".", "space", "'" or ""; locale_from, country_from: another attribute that tells it; of a record where it tells nothing and none is stated, only whole numbers without signs are read`,
			What:  "Reads a number, in the digits of any script. Thousands must stand in groups of three, so that 1,5 is not read as 15, or as India groups them where that is the locale. What contradicts the locale is not read.",
			Table: [][2]string{{"1,234.50", "1234.5"}, {"-12", "-12"}, {"1,5", ""}, {"12 kg", ""}, {"١٢٣", "123"}},
			More: []Table{{Args: map[string]string{"locale": "de-DE"}, Rows: [][2]string{{"1.234,56", "1234.56"}, {"1234,5", "1234.5"}, {"1,234.56", ""}, {"1.5", ""}}},
				{Args: map[string]string{"locale": "fr-FR"}, Rows: [][2]string{{"1\u202f234,56", "1234.56"}, {"1 234", "1234"}, {"1.234,56", ""}}},
				{Args: map[string]string{"locale": "de-CH"}, Rows: [][2]string{{"1’234.56", "1234.56"}, {"1'234", "1234"}}},
				{Args: map[string]string{"locale": "en-IN"}, Rows: [][2]string{{"1,23,456.78", "123456.78"}, {"123,456", "123456"}, {"1,2,345", ""}}},
				{Args: map[string]string{"locale": "ar"}, Rows: [][2]string{{"١٬٢٣٤٫٥", "1234.5"}}},
				{Args: map[string]string{"country": "BR"}, Rows: [][2]string{{"1.234,56", "1234.56"}}}}},
			args: []string{"decimal", "thousands", "locale", "country"}, told: []string{"locale", "country"}, picky: true, make: makeNumber},
	}
}

func makeNumber(s StepConfig) (stepFunc, *errs.Error) {
	form, _, fault := numberFormOf(s)
	if fault != nil {
		return nil, fault
	}
	return func(v record.Value) (record.Value, bool) { return readNumber(v, form) }, nil
}

// numberFormOf is the form of numbers that a step's settings state, and their locale.
func numberFormOf(s StepConfig) (numberForm, language.Tag, *errs.Error) {
	form := numberForm{decimal: '.', thousands: ","}
	l, fault := localeOf(s)
	if fault != nil {
		return form, l, fault
	}
	d, decimal := s.Args["decimal"]
	t, thousands := s.Args["thousands"]
	if l != language.Und || s.asked("locale", "country") {
		if decimal || thousands {
			return form, l, errs.New("step_args", "a locale says itself what signs stand in numbers").At(".locale").Fix("leave decimal and thousands out, or locale and country")
		}
		if l == language.Und {
			return numberForm{}, l, nil
		}
		return formOf(l), l, nil
	}
	if decimal {
		if d != "." && d != "," {
			return form, l, errs.New("step_args", "the decimal sign is neither . nor ,").At(".decimal")
		}
		form.decimal = d[0]
	}
	if form.decimal == ',' {
		form.thousands = "."
	}
	if thousands {
		switch t {
		case "", ",", ".", "'", " ", "space":
		default:
			return form, l, errs.New("step_args", "there is no such sign between thousands").At(".thousands").Fix(`use ",", ".", "'", "space" or ""`)
		}
		if form.thousands = t; t == "space" {
			form.thousands = " "
		}
	}
	if form.thousands == string(form.decimal) {
		return form, l, errs.New("step_args", "decimal and thousands are the same sign").At(".thousands")
	}
	return form, l, nil
}

func plainNumber(v record.Value) (record.Value, bool) {
	return readNumber(v, numberForm{decimal: '.'})
}

// readNumber reads digits, with thousands in groups or none, and a fraction.
func readNumber(v record.Value, form numberForm) (record.Value, bool) {
	if v.Kind != record.String {
		return v, v.Numeric()
	}
	s := strings.TrimFunc(plainText(v.S), isSpace)
	if s == "" {
		return record.Value{}, strings.TrimFunc(v.S, isSpace) == ""
	}
	if strings.Contains(s, "\u066b") || strings.Contains(s, "\u066c") {
		if form.decimal == 0 || form.thousands == "" {
			return v, false
		}
		s = strings.NewReplacer(arabicDecimal, string(form.decimal), arabicThousands, form.thousands).Replace(s)
	}
	text := make([]byte, 0, 32)
	switch last := len(s) - 1; {
	case s[0] == '-':
		text, s = append(text, '-'), s[1:]
	case s[0] == '+':
		s = s[1:]
	case s[last] == '-': // as some ledgers write it
		text, s = append(text, '-'), s[:last]
	}
	whole, fraction, broken := s, "", false
	if i := strings.IndexByte(s, form.decimal); i >= 0 && form.decimal != 0 {
		whole, fraction, broken = s[:i], s[i+1:], true
	}
	if form.other != "" && strings.Contains(whole, form.other) {
		form.thousands = form.other
	}
	text, ok := appendGroups(text, whole, form)
	if !ok || broken && !allDigits(fraction) || len(text)+len(fraction) > 64 {
		return v, false
	}
	if !broken {
		if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			return record.IntValue(n), true
		}
		return v, false // more digits than a number here holds exactly
	}
	text = append(append(text, '.'), fraction...)
	f, err := strconv.ParseFloat(string(text), 64)
	return record.FloatValue(f), err == nil
}

func appendGroups(text []byte, whole string, form numberForm) ([]byte, bool) {
	if form.thousands == "" || !strings.Contains(whole, form.thousands) {
		return append(text, whole...), allDigits(whole)
	}
	groups := strings.Split(whole, form.thousands)
	size := 3
	if form.pairs && len(groups) > 2 && len(groups[1]) == 2 {
		size = 2
	}
	for i, group := range groups {
		want := size
		if i == len(groups)-1 {
			want = 3
		}
		if !allDigits(group) || i == 0 && len(group) > size || i > 0 && len(group) != want {
			return text, false
		}
		text = append(text, group...)
	}
	return text, true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
