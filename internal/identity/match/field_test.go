package match

import "testing"

// Telephone numbers are the same however their digits are grouped.
func TestSpacesInCodesMeanNothing(t *testing.T) {
	rows := [][]string{{"030 1234567"}, {"0301234567"}, {"030-123 45 67"}, {"0309999999"}, {"(030) 9999999"}, {"0307777777"}, {"n/a"}}
	f := newField(tableOf([]string{"phone"}, rows), 0)
	if f.kind != Code {
		t.Fatalf("it is taken for a %s, want a code", f.kind)
	}
	for row, same := range []int{0, 0, 0, 3, 3, 5} {
		if f.codes[row] != f.codes[same] {
			t.Errorf("%q and %q differ", rows[row], rows[same])
		}
	}
	if len(f.norm) != 4 || f.codes[6] != 0 || f.given != 6 {
		t.Errorf("%d values of %d rows, want 3 of 6: %q", len(f.norm)-1, f.given, f.norm)
	}
}
