package cleanse

import (
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// postcodeForms lists the forms of postcodes, each with the countries that have it: 9
// is a digit, A a letter, a small letter itself.
func postcodeForms() [][2]string {
	return [][2]string{
		{"A9 9AA,A99 9AA,AA9 9AA,AA99 9AA,A9A 9AA,AA9A 9AA", "GB GG IM JE"},
		{"99999,99999-9999", "US PR GU VI AS MP"},
		{"A9A 9A9", "CA"},
		{"9999 AA", "NL"},
		{"999 99", "SE CZ SK GR"},
		{"99-999", "PL"},
		{"9999-999", "PT"},
		{"99999-999", "BR"},
		{"999-9999", "JP"},
		{"A99 AAAA,A99 AAA9,A99 AA99,A99 AA9A,A99 A999,A99 A9AA,A99 A9A9,A99 A99A,A9A A9A9,A99 9AAA,A99 9A99,A99 9AA9,A99 99AA,A99 9A9A,A9A 9AAA", "IE"},
		{"999", "IS FO MG LS OM PG"},
		{"9999", "AF AL AM AT AU BD BE BG CC CH CV CX CY DK ET GE GL GW HU LI LR LU MK MZ NE NF NO NZ PH PY SI SJ SV TN VE ZA"},
		{"99999", "AX BA BL BT CR CU DE DO DZ EE EG ES FI FR GF GP GT HN HR ID IQ IT JO KE KH KR KW LA LK LY MA MC ME MF MM MQ MX MY NC NI NP PE PF PK PM RE SD SM SN TH TR UA UY VA WF YT ZM"},
		{"999999", "BY CN CO EC IN KG KZ NG RO RU SG TJ TM TT UZ VN"},
		{"9999999,99999", "IL"},
		{"9999999,999-9999", "CL"},
		{"99999-99999", "IR"},
		{"99999,99999-9999", "SA"},
		{"99999,999999", "RS"},
		{"999,99999,999999", "TW"},
		{"9999,A9999AAA", "AR"},
		{"9999,9999 9999", "LB"},
		{"99999,999999", "MN"},
		{"99999,9999", "PA"},
		{"lt-99999", "LT"}, {"lv-9999", "LV"}, {"md-9999", "MD"}, {"az 9999", "AZ"}, {"ad999", "AD"}, {"bb99999", "BB"}, {"ht9999", "HT"},
		{"AAA 9999", "MT"}, {"A999", "SZ"}, {"AA9999", "BN"}, {"AA 99,AA AA", "BM"}, {"ky9-9999", "KY"}, {"gx11 1aa", "GI"}, {"AAAA 9AA", "AI FK IO PN SH GS TC"},
	}
}

func postcodes(country string) []string {
	for _, row := range postcodeForms() {
		if slices.Contains(strings.Fields(row[1]), country) {
			return strings.Split(row[0], ",")
		}
	}
	return nil
}

func makePostcode(s StepConfig) (stepFunc, *errs.Error) {
	country := strings.ToUpper(s.Args["country"])
	if country == "" { // told by another attribute, which says nothing or a country of which nothing is known
		return untold, nil
	}
	forms := postcodes(country)
	if forms == nil {
		return nil, errs.New("step_args", "the form of this country's postcodes is not known, or it has none").At(".country").Fix("use two letters such as GB, or leave the step out")
	}
	inFront := countryPrefixes(country)
	fn := read(40, func(text string) (string, bool) {
		plain, ok := plainPostcode(text)
		if !ok {
			return "", false
		}
		if out, ok := inForms(plain, forms, country); ok {
			return out, true
		}
		n := 0 // an old country letter in front: D-10115
		for n < len(plain) && plain[n] >= 'A' {
			n++
		}
		if n == 0 || !slices.Contains(inFront, string(plain[:n])) {
			return "", false
		}
		return inForms(plain[n:], forms, country)
	})
	if strings.Trim(forms[0], "9") != "" {
		return fn, nil
	}
	return func(v record.Value) (record.Value, bool) {
		if v.Kind == record.Int && v.N >= 0 { // taken for a number, it lost its zeros
			if text := v.Text(); len(text) < len(forms[0]) {
				v = record.StringValue(strings.Repeat("0", len(forms[0])-len(text)) + text)
			}
		}
		return fn(v)
	}, nil
}

// countryPrefixes are what people write before a postcode to say its country.
func countryPrefixes(country string) []string {
	all := []string{country, country[:1]}
	if r, err := language.ParseRegion(country); err == nil {
		all = append(all, r.ISO3())
	}
	return all
}

// plainPostcode gives the letters and digits of a postcode, in capitals and ASCII.
func plainPostcode(text string) ([]byte, bool) {
	plain := make([]byte, 0, 24)
	for _, c := range plainText(text) {
		switch {
		case c >= 'ａ' && c <= 'ｚ':
			c += 'A' - 'ａ'
		case c >= 'Ａ' && c <= 'Ｚ':
			c += 'A' - 'Ａ'
		case c >= 'a' && c <= 'z':
			c += 'A' - 'a'
		}
		switch {
		case c >= '0' && c <= '9' || c >= 'A' && c <= 'Z':
			plain = append(plain, byte(c))
		case c == ' ' || c == '-' || c == '.' || c == '〒':
		default:
			return nil, false
		}
	}
	return plain, true
}

func inForms(plain []byte, forms []string, country string) (string, bool) {
	for _, form := range forms {
		if out, ok := shaped(plain, form, country); ok {
			return out, true
		}
	}
	return "", false
}

// shaped writes a postcode's letters and digits in a form. Where the form begins with
// its country's letters, they are not among them.
func shaped(plain []byte, form, country string) (string, bool) {
	out := make([]byte, 0, len(form))
	if strings.HasPrefix(form, strings.ToLower(country)) {
		out, form = append(out, country...), form[2:]
	}
	for i := range len(form) {
		c := form[i]
		switch {
		case c == '9' || c == 'A':
			if len(plain) == 0 || (plain[0] <= '9') != (c == '9') {
				return "", false
			}
			out, plain = append(out, plain[0]), plain[1:]
		case c == ' ' || c == '-':
			out = append(out, c)
		default: // a letter or digit that is always the same
			want := strings.ToUpper(form[i : i+1])[0]
			if len(plain) == 0 || plain[0] != want {
				return "", false
			}
			out, plain = append(out, want), plain[1:]
		}
	}
	return string(out), len(plain) == 0
}
