package cleanse

import (
	"strings"
	"unicode"

	"golang.org/x/text/currency"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func moneySteps() []stepDef {
	return []stepDef{
		{doc: StepDoc{Name: "money", Args: `part: amount (default) or currency; currency: which dollars or crowns a sign such as $ or kr means, and that of amounts without any, such as USD; decimal and thousands as of number`,
			What:  "Reads an amount of money, or its currency as an ISO 4217 code. An amount in brackets is below zero.",
			Table: [][2]string{{"£1,234.50", "1234.5"}, {"USD 12", "12"}, {"(3.20)", "-3.2"}, {"12 apples", ""}},
			More: []Table{{Args: map[string]string{"part": "currency"}, Rows: [][2]string{{"1,234.50 €", "EUR"}, {"usd 12", "USD"}, {"$5", ""}}},
				{Args: map[string]string{"part": "currency", "currency": "AUD"}, Rows: [][2]string{{"$5", "AUD"}, {"5", "AUD"}, {"£5", "GBP"}}},
				{Args: map[string]string{"decimal": ","}, Rows: [][2]string{{"1.234,50 €", "1234.5"}, {"-5 kr", "-5"}}}}},
			args: []string{"part", "currency", "decimal", "thousands"}, picky: true, make: makeMoney},
	}
}

// signOf gives what a sign of money means; "?" for one that several countries use.
func signOf(sign string) (code string, known bool) {
	switch strings.ToLower(sign) {
	case "£":
		code = "GBP"
	case "€":
		code = "EUR"
	case "us$":
		code = "USD"
	case "a$", "au$":
		code = "AUD"
	case "c$", "ca$":
		code = "CAD"
	case "nz$":
		code = "NZD"
	case "hk$":
		code = "HKD"
	case "r$":
		code = "BRL"
	case "₹":
		code = "INR"
	case "₽":
		code = "RUB"
	case "₺":
		code = "TRY"
	case "zł":
		code = "PLN"
	case "kč":
		code = "CZK"
	case "₩":
		code = "KRW"
	case "₪":
		code = "ILS"
	case "$", "kr", "kr.", "¥":
		code = "?"
	default:
		unit, err := currency.ParseISO(sign)
		return unit.String(), err == nil
	}
	return code, true
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
	plain, fault := makeNumber(s)
	if fault != nil {
		return nil, fault
	}
	return func(v record.Value) (record.Value, bool) {
		text, sign := v.S, ""
		if v.Kind == record.String {
			if len(text) > 100 {
				return v, false
			}
			text, sign = apart(strings.TrimFunc(text, isSpace))
		}
		code, known := assumed, true
		if sign != "" {
			if code, known = signOf(sign); code == "?" {
				code = assumed
			}
		}
		if v.Kind == record.String {
			v = record.StringValue(text)
		}
		amount, ok := plain(v)
		if !ok || !known {
			return v, false
		}
		if part == "amount" || amount.IsNull() {
			return amount, true
		}
		return record.StringValue(code), code != ""
	}, nil
}

// apart splits an amount from the sign in front of or after it.
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
	front, after := strings.TrimFunc(s[:from], isSpace), strings.TrimFunc(s[to:], isSpace)
	if rest, ok := strings.CutSuffix(front, "-"); ok && minus == "" {
		front, minus = rest, "-"
	}
	if front != "" && after != "" {
		return s, "" // two signs, or text: no amount
	}
	return minus + s[from:to], front + after
}
