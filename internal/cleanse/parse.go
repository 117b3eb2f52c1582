package cleanse

import (
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func boolean(v record.Value) (record.Value, bool) {
	switch v.Kind {
	case record.Bool:
		return v, true
	case record.Int:
		return record.BoolValue(v.N == 1), v.N == 0 || v.N == 1
	case record.String:
		switch strings.ToLower(strings.TrimFunc(v.S, isSpace)) {
		case "":
			return record.Value{}, true
		case "true", "t", "yes", "y", "on", "1", "ja", "oui", "si", "sí", "sì", "sim", "tak", "ano", "да", "是", "はい":
			return record.BoolValue(true), true
		case "false", "f", "no", "n", "off", "0", "nein", "non", "nee", "nej", "nei", "não", "nao", "nie", "ne", "нет", "否", "いいえ":
			return record.BoolValue(false), true
		}
	}
	return v, false
}

func makeNumber(s StepConfig) (stepFunc, *errs.Error) {
	decimal, thousands := byte('.'), ","
	if d, ok := s.Args["decimal"]; ok {
		if d != "." && d != "," {
			return nil, errs.New("step_args", "the decimal sign is neither . nor ,").At(".decimal")
		}
		decimal = d[0]
	}
	if decimal == ',' {
		thousands = "."
	}
	if t, ok := s.Args["thousands"]; ok {
		switch t {
		case "", ",", ".", "'", " ", "space":
		default:
			return nil, errs.New("step_args", "there is no such sign between thousands").At(".thousands").Fix(`use ",", ".", "'", "space" or ""`)
		}
		thousands = t
	}
	if thousands == "space" {
		thousands = " "
	}
	if thousands == string(decimal) {
		return nil, errs.New("step_args", "decimal and thousands are the same sign").At(".thousands")
	}
	return func(v record.Value) (record.Value, bool) { return number(v, decimal, thousands) }, nil
}

func plainNumber(v record.Value) (record.Value, bool) { return number(v, '.', "") }

// number reads digits, with thousands in groups of three or none, and a fraction.
func number(v record.Value, decimal byte, thousands string) (record.Value, bool) {
	if v.Kind != record.String {
		return v, v.Numeric()
	}
	s := strings.TrimFunc(v.S, isSpace)
	if s == "" {
		return record.Value{}, true
	}
	if thousands == " " {
		s = strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(s)
	}
	text := make([]byte, 0, 32)
	if s[0] == '-' || s[0] == '+' {
		if s[0] == '-' {
			text = append(text, '-')
		}
		s = s[1:]
	}
	whole, fraction, broken := s, "", false
	if i := strings.IndexByte(s, decimal); i >= 0 {
		whole, fraction, broken = s[:i], s[i+1:], true
	}
	text, ok := appendGroups(text, whole, thousands)
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

func appendGroups(text []byte, whole, thousands string) ([]byte, bool) {
	if thousands == "" || !strings.Contains(whole, thousands) {
		return append(text, whole...), allDigits(whole)
	}
	for i, group := range strings.Split(whole, thousands) {
		if !allDigits(group) || i == 0 && len(group) > 3 || i > 0 && len(group) != 3 {
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
