package contract

import (
	"bytes"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonValue is JSON text, read once for the rules of a schema. The members of an object
// are sorted by name.
type jsonValue struct {
	kind  jsontext.Kind // as jsontext tells it: n, t, f, ", 0, [ or {
	text  string        // of a string
	num   decimal       // of a number
	items []jsonValue   // of an array, and the values of an object's members
	names []string      // of an object's members
}

// decimal is a JSON number without loss: small where it is a whole number of at most 18
// digits, and exact otherwise.
type decimal struct {
	small int64
	exact *big.Rat // nil: small holds it
}

// maxExponent bounds what a number takes to hold exactly. Beyond it a number counts as
// this power of ten, or as nothing, which no rule of a contract comes near.
const maxExponent = 400

func decimalOf(literal string) decimal {
	if n, err := strconv.ParseInt(literal, 10, 64); err == nil && len(literal) <= 18 {
		return decimal{small: n}
	}
	mantissa, exponent := literal, ""
	if at := strings.IndexAny(literal, "eE"); at >= 0 {
		mantissa, exponent = literal[:at], literal[at+1:]
	}
	power, err := strconv.Atoi(exponent)
	if exponent == "" {
		power, err = 0, nil
	}
	if err == nil && power >= -maxExponent && power <= maxExponent && len(literal) <= 3*maxExponent {
		if r, ok := new(big.Rat).SetString(literal); ok {
			return normal(r)
		}
	}
	if strings.Trim(mantissa, "-0.") == "" || strings.HasPrefix(exponent, "-") {
		return decimal{}
	}
	limit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(maxExponent), nil))
	if strings.HasPrefix(literal, "-") {
		limit.Neg(limit)
	}
	return decimal{exact: limit}
}

// normal keeps one form of each number.
func normal(r *big.Rat) decimal {
	if r.IsInt() && r.Num().IsInt64() {
		if n := r.Num().Int64(); len(strconv.FormatInt(n, 10)) <= 18 {
			return decimal{small: n}
		}
	}
	return decimal{exact: r}
}

func (d decimal) rat() *big.Rat {
	if d.exact != nil {
		return d.exact
	}
	return new(big.Rat).SetInt64(d.small)
}

func (d decimal) cmp(o decimal) int {
	if d.exact == nil && o.exact == nil {
		switch {
		case d.small < o.small:
			return -1
		case d.small > o.small:
			return 1
		}
		return 0
	}
	return d.rat().Cmp(o.rat())
}

func (d decimal) isInt() bool { return d.exact == nil || d.exact.IsInt() }

func (d decimal) String() string {
	if d.exact == nil {
		return strconv.FormatInt(d.small, 10)
	}
	return d.exact.RatString()
}

// multipleOf reports whether d divided by o, which is not 0, is whole.
func (d decimal) multipleOf(o decimal) bool {
	if d.exact == nil && o.exact == nil {
		return d.small%o.small == 0
	}
	return new(big.Rat).Quo(d.rat(), o.rat()).IsInt()
}

// parseValue reads one JSON value; ok is false where the text is none.
func parseValue(text []byte) (v jsonValue, ok bool) {
	dec := jsontext.NewDecoder(bytes.NewReader(text))
	v, err := readValue(dec)
	return v, err == nil
}

func readValue(dec *jsontext.Decoder) (v jsonValue, err error) {
	token, err := dec.ReadToken()
	if err != nil {
		return v, err
	}
	switch v.kind = token.Kind(); v.kind {
	case '"':
		v.text = token.String()
	case '0':
		v.num = decimalOf(token.String())
	case '[':
		for dec.PeekKind() != ']' {
			item, err := readValue(dec)
			if err != nil {
				return v, err
			}
			v.items = append(v.items, item)
		}
		_, err = dec.ReadToken()
	case '{':
		return v, v.readMembers(dec)
	}
	return v, err
}

func (v *jsonValue) readMembers(dec *jsontext.Decoder) error {
	sorted := true
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		v.names = append(v.names, name.String())
		value, err := readValue(dec)
		if err != nil {
			return err
		}
		v.items = append(v.items, value)
		n := len(v.names)
		sorted = sorted && (n == 1 || v.names[n-2] < v.names[n-1])
	}
	if !sorted {
		order := make([]int, len(v.names))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return strings.Compare(v.names[a], v.names[b]) })
		names, items := make([]string, len(order)), make([]jsonValue, len(order))
		for to, from := range order {
			names[to], items[to] = v.names[from], v.items[from]
		}
		v.names, v.items = names, items
	}
	_, err := dec.ReadToken()
	return err
}

// member gives an object's member of a name; nil where there is none.
func (v *jsonValue) member(name string) *jsonValue {
	if v.kind != '{' {
		return nil
	}
	if i, ok := slices.BinarySearch(v.names, name); ok {
		return &v.items[i]
	}
	return nil
}

// canonical appends a text that equal values share: numbers by value, members by name.
func (v *jsonValue) canonical(b []byte) []byte {
	switch v.kind {
	case '"':
		return strconv.AppendQuote(b, v.text)
	case '0':
		return append(b, v.num.String()...)
	case '[', '{':
		b = append(b, byte(v.kind))
		for i := range v.items {
			if i > 0 {
				b = append(b, ',')
			}
			if v.kind == '{' {
				b = append(strconv.AppendQuote(b, v.names[i]), ':')
			}
			b = v.items[i].canonical(b)
		}
		return append(b, ']')
	}
	return append(b, byte(v.kind))
}
