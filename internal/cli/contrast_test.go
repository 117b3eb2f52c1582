package cli

import (
	"strings"
	"testing"
)

func TestContrast(t *testing.T) {
	marked := func(spots []spot) string {
		var b strings.Builder
		for _, s := range spots {
			if s.differs {
				b.WriteString("[" + string(s.r) + "]")
			} else {
				b.WriteRune(s.r)
			}
		}
		return b.String()
	}
	long := strings.Repeat("x", 2000)
	for _, c := range [][4]string{
		{"Smith", "Smith", "Smith", "Smith"},
		{"Smith", "Smyth", "Sm[i]th", "Sm[y]th"},
		{"Jones", "Jonse", "Jon[e]s", "Jons[e]"},
		{"Anna", "", "Anna", ""},
		{"1971-06-24", "1971-24-06", "1971-[0][6][-]24", "1971-24[-][0][6]"},
		{"Müller", "Mueller", "M[ü]ller", "M[u][e]ller"},
		{"a" + long + "b", "a" + strings.Repeat("y", 2000) + "b", "a" + strings.Repeat("[x]", 2000) + "b", "a" + strings.Repeat("[y]", 2000) + "b"},
		{"a\x1b[31m", "a", `a[\][x][1][b][[][3][1][m]`, "a"},
	} {
		x, y := contrast(c[0], c[1])
		if marked(x) != c[2] || marked(y) != c[3] {
			t.Errorf("%.40q and %.40q: %.80s and %.80s", c[0], c[1], marked(x), marked(y))
		}
	}
}

func TestWrap(t *testing.T) {
	line, rest := wrap(plainText("東京都渋谷区"), 5)
	if len(line) != 2 || breadth(line) != 4 || len(rest) != 4 {
		t.Errorf("%d characters on a line of 5, %d left", len(line), len(rest))
	}
	if got := pad("employer", 5) + "|"; got != "emplo|" {
		t.Errorf("%q", got)
	}
}

// What differs is painted where there are colours, and only there.
func TestDifferencesArePainted(t *testing.T) {
	_, y := contrast("Smith", "Smyth")
	if got := (&labelScreen{printer: &printer{colour: true}}).spots(y); got != "Sm"+bad+"y"+plain+"th" {
		t.Errorf("%q", got)
	}
	if got := (&labelScreen{printer: &printer{}}).spots(y); got != "Smyth" {
		t.Errorf("%q without colours", got)
	}
}
