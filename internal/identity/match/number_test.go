package match

import "testing"

func TestParseNumber(t *testing.T) {
	for v, want := range map[string]string{
		"19.90": "19.9", "19,90": "19.9", "$1,299.00": "1299", "1.299,5": "1299.5", "€ 12": "12", "-3.5": "-3.5", "1,299": "1299", "1.000.000": "1000000", "12": "12",
		"12.05.1999": "", "1.2.3": "", "": "", "-": "", "12a": "", "1,29,9.0": "", "$": "",
	} {
		got, ok := normalNumber(v)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q is %q, %t; want %q", v, got, ok, want)
		}
	}
}

// Prices are compared as amounts, however they are written.
func TestNumbers(t *testing.T) {
	rows := [][]string{{"$1,000.00"}, {"1000"}, {"1004.5"}, {"1.040,00"}, {"1190.0"}, {"2000.25"}, {"on request"}, {"3000.10"}, {"4000.10"}, {"5000.10"}, {"6000.10"}, {"7000.10"}}
	f := newField(tableOf([]string{"price"}, rows), 0, Skipped)
	if f.kind != Number || f.codes[0] != f.codes[1] {
		t.Fatalf("it is taken for a %s: %q", f.kind, f.norm)
	}
	f.prepare()
	for row, want := range map[int]string{2: "within 1%", 3: "within 5%", 4: "within 20%", 5: "apart", 6: "apart"} {
		if got := f.kind.levels()[f.compare(f.codes[0], f.codes[row])]; got != want {
			t.Errorf("%q and %q are %s, want %s", rows[0], rows[row], got, want)
		}
	}
}
