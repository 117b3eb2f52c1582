package match

import (
	"fmt"
	"testing"
)

// Households, movers, titles and telephone numbers however written: made-up people are
// found, in files small and large, with no less than this F1 of pairs and of rows.
func TestMadeUpPeopleAreFound(t *testing.T) {
	for _, c := range []struct {
		hardness string
		records  int
		pairs    float64
		rows     float64
	}{
		{"easy", 500, 0.95, 0.97},
		{"easy", 2_000, 0.97, 0.97},
		{"medium", 1_000, 0.9, 0.9},
		{"medium", 3_000, 0.93, 0.95},
		{"hard", 3_000, 0.75, 0.85},
	} {
		t.Run(fmt.Sprint(c.hardness, c.records), func(t *testing.T) {
			table, truth := population(t, c.records, 11, c.hardness)
			q := Evaluate(Run(table, Config{}).Of, truth)
			t.Logf("%+v", q)
			if q.F1 < c.pairs || q.BCubed < c.rows {
				t.Errorf("F1 %.4f and B-cubed %.4f, want %.2f and %.2f", q.F1, q.BCubed, c.pairs, c.rows)
			}
		})
	}
}
