package match

import (
	"strings"
	"testing"
)

func FuzzNormalise(f *testing.F) {
	for _, s := range []string{"", "N/A", "Müller-Lüdenscheidt", "  A  b ", "O'Brien", "İstanbul", "ﬁne", "Straße", "1971-06-24", "\xff\xfe", "東京 ", "a\u0301\u0328"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := normalise(s)
		if again := normalise(n); again != n {
			t.Errorf("%q is %q, which is %q", s, n, again)
		}
		if strings.HasPrefix(n, " ") || strings.HasSuffix(n, " ") || strings.Contains(n, "  ") {
			t.Errorf("%q is %q", s, n)
		}
		if plain, ok := plainASCII(s); ok && foldUnicode(s) != plain {
			t.Errorf("%q is %q by bytes and %q by letters", s, plain, foldUnicode(s))
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"1971 06 24", "19710624", "24 6 1971", "6 24 1971", "24 june 1971", "june 24 1971", "1971 06 24t10", "1971 86 24", "0000 00 00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, ok := parseDate(normalise(s)); ok && (d.year < 1 || d.month < 0 || d.month > 99 || d.day < 0 || d.day > 99) {
			t.Errorf("%q is %+v", s, d)
		}
	})
}

// Two values compare, whichever comes first, to the same level of their kind.
func FuzzCompare(f *testing.F) {
	for _, s := range [][2]string{{"robert", "bob"}, {"1971-06-24", "1971-24-06"}, {"a@example.com", "a@example.org"}, {"0441 123", "0441 132"}, {"the cat sat", "cat the sat"}, {"é", "\xff"}, {"山田", "山本"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		rows := [][]string{{a}, {b}, {a + " " + b}, {b + "1"}}
		for kind := Name; kind <= Number; kind++ {
			table := tableOf([]string{"v"}, rows)
			x := newFieldOf(&table.Columns[0], table.Rows, kind)
			x.prepare()
			for i := 1; i < len(x.norm); i++ {
				for j := 1; j < i; j++ {
					l, back := x.compare(uint32(i), uint32(j)), x.compare(uint32(j), uint32(i))
					if l != back {
						t.Errorf("%s: %q and %q are %d, and the other way %d", kind, x.norm[i], x.norm[j], l, back)
					}
					if l < same || l > kind.apart() {
						t.Errorf("%s: %q and %q are %d", kind, x.norm[i], x.norm[j], l)
					}
				}
			}
		}
	})
}
