package match

import "testing"

// Telephone numbers are the same however their digits are grouped, and whatever stands
// in front of them.
func TestPhones(t *testing.T) {
	rows := [][]string{{"030 12345678"}, {"03012345678"}, {"+49 (0)30-123 456 78"}, {"0049 30 12345678 ext 3"}, {"0309999999"}, {"(030) 9999999"}, {"0307777777"}, {"n/a"}}
	f := newField(tableOf([]string{"phone"}, rows), 0, Skipped)
	if f.kind != Phone {
		t.Fatalf("it is taken for a %s", f.kind)
	}
	for row, same := range []int{0, 0, 0, 0, 4, 4, 6} {
		if f.codes[row] != f.codes[same] {
			t.Errorf("%q and %q differ", rows[row], rows[same])
		}
	}
	if len(f.norm) != 4 || f.codes[7] != 0 || f.given != 7 {
		t.Errorf("%d values of %d rows, want 3 of 7: %q", len(f.norm)-1, f.given, f.norm)
	}
}

// Codes are the same with spaces or without.
func TestSpacesInCodesMeanNothing(t *testing.T) {
	rows := [][]string{{"SW1A 1AA"}, {"sw1a1aa"}, {"EC4 7HX"}, {"N16 5TX"}}
	f := newField(tableOf([]string{"postcode"}, rows), 0, Code)
	if f.codes[0] != f.codes[1] || len(f.norm) != 4 {
		t.Errorf("%q", f.norm)
	}
}

// Titles are no part of a name, as long as something else is.
func TestTitles(t *testing.T) {
	for v, want := range map[string]string{"prof dr anna": "anna", "anna": "anna", "dr": "dr", "frau": "frau", "mme le brun": "le brun", "anna dr": "anna dr"} {
		if got := untitled(v); got != want {
			t.Errorf("%q is %q, want %q", v, got, want)
		}
	}
}
