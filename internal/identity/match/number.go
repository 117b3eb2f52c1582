package match

import (
	"math"
	"strconv"
	"strings"
)

// parseNumber reads an amount: a sign, a currency's sign, thousands apart by commas or
// points, a fraction behind the other. Whole tells whether it has neither fraction nor
// currency: what is only digits may be a code.
func parseNumber(v string) (n float64, whole, ok bool) {
	s := strings.TrimSpace(v)
	bare := strings.TrimSpace(strings.Trim(s, "€$£¥"))
	whole = bare == s
	negative := strings.HasPrefix(bare, "-")
	bare = strings.TrimPrefix(strings.TrimPrefix(bare, "-"), "+")
	if len(bare) == 0 || len(bare) > 24 {
		return 0, false, false
	}
	digits := make([]byte, 0, len(bare))
	point := strings.LastIndexAny(bare, ".,")
	if point >= 0 && strings.Count(bare, bare[point:point+1]) > 1 || point >= 0 && bare[point] == ',' && len(bare)-point-1 == 3 {
		point = len(bare) // all of them are between thousands
	}
	for i := range len(bare) {
		switch c := bare[i]; {
		case '0' <= c && c <= '9':
			digits = append(digits, c)
		case i == point:
			digits = append(digits, '.')
			whole = false
		case (c == '.' || c == ',') && i > 0 && len(bare)-i > 3 && (point < 0 || i < point) && thousands(bare[i+1:]):
		default:
			return 0, false, false
		}
	}
	n, err := strconv.ParseFloat(string(digits), 64)
	if negative {
		n = -n
	}
	return n, whole, err == nil
}

// thousands reports whether three digits come, and then no fourth.
func thousands(s string) bool {
	return len(s) >= 3 && allDigits(s[:3]) && (len(s) == 3 || s[3] < '0' || s[3] > '9')
}

// looksLikeNumbers reports whether values are amounts, not digits that may be a code.
func looksLikeNumbers(values []string) bool {
	n, numbers, fractions := 0, 0, 0
	for _, v := range values {
		if v == "" {
			continue
		}
		n++
		if _, whole, ok := parseNumber(v); ok {
			numbers++
			if !whole {
				fractions++
			}
		}
	}
	return numbers*10 >= n*9 && fractions*5 >= n && n > 0
}

// normalNumber is how an amount is written, however it was.
func normalNumber(v string) (string, bool) {
	n, _, ok := parseNumber(v)
	return strconv.FormatFloat(n, 'f', -1, 64), ok
}

// compareNumbers goes by how far two amounts are apart beside the greater.
func (f *field) compareNumbers(a, b uint32) level {
	x, y := f.numbers[a], f.numbers[b]
	gap, most := math.Abs(x-y), max(math.Abs(x), math.Abs(y))
	switch {
	case math.IsNaN(gap):
		return 5
	case gap <= most/100:
		return 2
	case gap <= most/20:
		return 3
	case gap <= most/5:
		return 4
	}
	return 5
}
