package cleanse

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func moneySteps() []stepDef {
	return []stepDef{
		{doc: StepDoc{Name: "money", Args: `part: amount (default) or currency; currency: which dollars or crowns a sign such as $ or kr means, and that of amounts without any, such as USD; locale, country, decimal and thousands as of number, and the region of a locale tells which dollars a sign means; currency_from, locale_from, country_from: another attribute that tells it`,
			What:  "Reads an amount of money, or its currency as an ISO 4217 code. An amount in brackets is below zero.",
			Table: [][2]string{{"£1,234.50", "1234.5"}, {"USD 12", "12"}, {"(3.20)", "-3.2"}, {"12 apples", ""}},
			More: []Table{{Args: map[string]string{"part": "currency"}, Rows: [][2]string{{"1,234.50 €", "EUR"}, {"usd 12", "USD"}, {"$5", ""}}},
				{Args: map[string]string{"part": "currency", "currency": "AUD"}, Rows: [][2]string{{"$5", "AUD"}, {"5", "AUD"}, {"£5", "GBP"}}},
				{Args: map[string]string{"decimal": ","}, Rows: [][2]string{{"1.234,50 €", "1234.5"}, {"-5 kr", "-5"}}},
				{Args: map[string]string{"locale": "de-CH"}, Rows: [][2]string{{"CHF 1’234.50", "1234.5"}, {"Fr. 5.–", "5"}, {"1.234,50", ""}}},
				{Args: map[string]string{"locale": "en-IN"}, Rows: [][2]string{{"₹1,23,456.78", "123456.78"}}},
				{Args: map[string]string{"locale": "es-MX", "part": "currency"}, Rows: [][2]string{{"$5", "MXN"}, {"5", ""}}}}},
			args: []string{"part", "currency", "decimal", "thousands", "locale", "country"}, told: []string{"currency", "locale", "country"}, picky: true, make: makeMoney},
	}
}

// moneySigns maps signs and short words, in small letters, to currencies: several for
// those that more than one country uses.
var moneySigns = sync.OnceValue(func() map[string][]string {
	signs := map[string][]string{}
	for line := range strings.SplitSeq("£ GBP,€ EUR,us$ USD,a$ AUD,au$ AUD,c$ CAD,ca$ CAD,nz$ NZD,hk$ HKD,nt$ TWD,s$ SGD,sg$ SGD,mx$ MXN,r$ BRL,cn¥ CNY,jp¥ JPY,₹ INR,₽ RUB,руб RUB,руб. RUB,"+
		"₺ TRY,tl TRY,zł PLN,zl PLN,kč CZK,kc CZK,₩ KRW,원 KRW,円 JPY,₪ ILS,₫ VND,₴ UAH,₦ NGN,₱ PHP,฿ THB,₸ KZT,₾ GEL,₲ PYG,₡ CRC,lei RON,ft HUF,лв BGN,лв. BGN,rm MYR,rp IDR,fr CHF,fr. CHF,sfr CHF,sfr. CHF,r ZAR,د.إ AED,ر.س SAR,"+
		"$ USD AUD CAD NZD HKD SGD TWD MXN ARS CLP COP UYU DOP BSD BBD JMD TTD FJD NAD LRD BZD GYD SRD XCD BMD KYD SBD,"+
		"kr SEK NOK DKK ISK,kr. SEK NOK DKK ISK,¥ JPY CNY,￥ JPY CNY,元 CNY TWD HKD,rs INR PKR LKR NPR MUR SCR,rs. INR PKR LKR NPR MUR SCR", ",") {
		words := strings.Fields(line)
		signs[words[0]] = words[1:]
	}
	return signs
})

// signOf gives what a sign of money means. One that several countries use means that
// of the stated currency, or of the locale's country; "" where neither tells.
func signOf(sign, assumed, local string) (code string, known bool) {
	codes := moneySigns()[strings.ToLower(sign)]
	switch {
	case len(codes) == 1:
		return codes[0], true
	case len(codes) == 0:
		unit, err := currency.ParseISO(sign)
		return unit.String(), err == nil
	case assumed == "" && slices.Contains(codes, local):
		return local, true
	}
	return assumed, true
}

func makeMoney(s StepConfig) (stepFunc, *errs.Error) {
	part, fault := choose(s, "part", "amount", "currency")
	if fault != nil {
		return nil, fault
	}
	assumed := ""
	if text, ok := s.Args["currency"]; ok {
		unit, err := currency.ParseISO(text)
		if err != nil {
			return nil, errs.New("step_args", "there is no such currency").At(".currency").Fix("use an ISO 4217 code such as USD")
		}
		assumed = unit.String()
	}
	form, l, fault := numberFormOf(s)
	if fault != nil {
		return nil, fault
	}
	local := ""
	if _, _, region := l.Raw(); region != (language.Region{}) {
		if unit, ok := currency.FromRegion(region); ok {
			local = unit.String()
		}
	}
	return func(v record.Value) (record.Value, bool) {
		text, sign := v.S, ""
		if v.Kind == record.String {
			if len(text) > 100 {
				return v, false
			}
			text, sign = apart(strings.TrimFunc(plainText(text), isSpace))
		}
		code, known := assumed, true
		if sign != "" {
			code, known = signOf(sign, assumed, local)
		}
		if v.Kind == record.String {
			v = record.StringValue(text)
		}
		amount, ok := readNumber(v, form)
		if !ok || !known {
			return v, false
		}
		if part == "amount" || amount.IsNull() {
			return amount, true
		}
		return record.StringValue(code), code != ""
	}, nil
}

// apart splits an amount from the sign in front of or after it. A dash in place of the
// cents says that there are none.
func apart(s string) (number, sign string) {
	minus := ""
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") {
		s, minus = s[1:len(s)-1], "-"
	}
	if rest, ok := strings.CutPrefix(s, "-"); ok && minus == "" {
		s, minus = rest, "-"
	}
	from := strings.IndexFunc(s, unicode.IsDigit)
	if from < 0 {
		return s, ""
	}
	to := strings.LastIndexFunc(s, unicode.IsDigit) + 1
	for to < len(s) && s[to] >= 0x80 && s[to]&0xC0 == 0x80 { // a digit of more than one byte
		to++
	}
	front, after := strings.TrimFunc(s[:from], isSpace), s[to:]
	for _, none := range []string{",--", ".--", ",-", ".-"} {
		if rest, ok := strings.CutPrefix(after, none); ok {
			after = rest
			break
		}
	}
	after = strings.TrimFunc(after, isSpace)
	for _, side := range []*string{&front, &after} {
		rest, ok := strings.CutSuffix(*side, "-")
		if !ok {
			rest, ok = strings.CutPrefix(*side, "-")
		}
		if ok && minus == "" {
			*side, minus = strings.TrimFunc(rest, isSpace), "-"
		}
	}
	if front != "" && after != "" {
		return s, "" // two signs, or text: no amount
	}
	return minus + s[from:to], front + after
}
