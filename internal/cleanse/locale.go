package cleanse

import (
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"github.com/kithdata/kith/internal/kit/isotime"
)

// writtenLanguages are the languages of which the Unicode CLDR has locales.
var writtenLanguages = sync.OnceValue(func() map[language.Base]bool {
	known := map[language.Base]bool{language.MustParseBase("nb"): true} // there it is called no
	for _, tag := range display.Supported.Tags() {
		base, _ := tag.Base()
		known[base] = true
	}
	return known
})

// localeNamed reads the name of a locale: a language, and a script or region that it
// may have.
func localeNamed(name string) (language.Tag, bool) {
	if len(name) > 35 {
		return language.Und, false
	}
	tag, err := language.Parse(strings.ReplaceAll(name, "_", "-"))
	if err != nil {
		return language.Und, false
	}
	base, script, region := tag.Raw()
	parts := []any{base}
	if script != (language.Script{}) {
		parts = append(parts, script)
	}
	if region != (language.Region{}) {
		parts = append(parts, region)
	}
	if tag, err = language.Compose(parts...); err != nil || tag.IsRoot() || !writtenLanguages()[base] {
		return language.Und, false
	}
	return tag, true
}

// localeOfCountry is the locale of the language that most people of a country write.
func localeOfCountry(text string) (language.Tag, bool) {
	code, ok := countryCode(text)
	if !ok {
		return language.Und, false
	}
	region := language.MustParseRegion(code)
	tag, err := language.Compose(region)
	if err != nil {
		return language.Und, false
	}
	base, sure := tag.Base()
	if sure == language.No || !writtenLanguages()[base] {
		return language.Und, false
	}
	tag, err = language.Compose(base, region)
	return tag, err == nil
}

func zoneNamed(name string) (*time.Location, bool) {
	if len(name) > 64 {
		return nil, false
	}
	return isotime.LoadZone(name)
}

// Arabic has signs of its own, which mean the same wherever they stand.
const (
	arabicDecimal   = "٫"
	arabicThousands = "٬"
)

// numberForm is how numbers are written: ASCII signs, whatever the digits.
type numberForm struct {
	decimal   byte   // 0: no fraction is read
	thousands string // "": numbers stand in no groups; else ",", ".", " " or "'"
	other     string // a second sign between groups, "" for none
	pairs     bool   // beyond the last three digits, groups may be of two: 12,34,567
}

// formOf gives how a locale writes numbers, as the CLDR has it.
func formOf(l language.Tag) numberForm {
	text := plainText(message.NewPrinter(l).Sprint(number.Decimal(1234567.5)))
	text = strings.NewReplacer(arabicDecimal, ".", arabicThousands, ",").Replace(text)
	form := numberForm{decimal: '.'}
	signs := strings.FieldsFunc(text, func(c rune) bool { return c >= '0' && c <= '9' })
	if n := len(signs); n > 0 {
		form.decimal = signs[n-1][0]
		if n > 1 {
			form.thousands = signs[0]
		}
	}
	if l == language.MustParse("de-AT") {
		form.other = "." // which Austria writes in amounts of money, and often in other numbers
	}
	form.pairs = strings.HasPrefix(text, "12"+form.thousands+"34")
	return form
}

// plainText writes a number's text with ASCII digits and signs: digits of any script,
// the spaces and apostrophes that stand between groups, the signs of Arabic and of
// full width, and a minus of any length. Marks of direction are left out. Most texts
// are plain, and stay as they are.
func plainText(s string) string {
	if strings.IndexFunc(s, func(c rune) bool { return c >= 0x80 }) < 0 {
		return s
	}
	return strings.Map(func(c rune) rune {
		switch c {
		case '\u00a0', '\u202f', '\u2009', '\u2007', '\u2002', '\u3000':
			return ' '
		case '’', '‘', 'ʼ', '′', '＇':
			return '\''
		case '−', '﹣', '－', '‐', '‑', '–', '—':
			return '-'
		case '＋':
			return '+'
		case '，':
			return ','
		case '．':
			return '.'
		case '\u200e', '\u200f', '\u061c', '\u200b', '\ufeff':
			return -1
		}
		if d, ok := digitOf(c); ok {
			return '0' + rune(d)
		}
		return c
	}, s)
}

// digitOf gives the value of a decimal digit of any script. Unicode has them in runs
// of ten, from zero.
func digitOf(c rune) (int, bool) {
	if c < 0x80 || !unicode.Is(unicode.Nd, c) {
		return int(c - '0'), c >= '0' && c <= '9'
	}
	for _, r := range unicode.Nd.R16 {
		if c >= rune(r.Lo) && c <= rune(r.Hi) {
			return int(c-rune(r.Lo)) % 10, true
		}
	}
	for _, r := range unicode.Nd.R32 {
		if c >= rune(r.Lo) && c <= rune(r.Hi) {
			return int(c-rune(r.Lo)) % 10, true
		}
	}
	return 0, false
}
