package match

import "testing"

// Rows that share a venue much oftener than works that are one, of which two catalogues
// call it each by its own name, are of one series; where they only agree less, they are
// worse copies.
func TestRelated(t *testing.T) {
	title := func(same float64) distribution { return distribution{0, same, 0, 0, 0, 0, 0, 1 - same} }
	usual := []distribution{title(0.0001), title(0.3)}
	for _, c := range []struct {
		what         string
		one, kindred []distribution
		want         bool
	}{
		{"other works of a series", []distribution{title(0.9), title(0.05)}, []distribution{title(0.4), title(0.8)}, true},
		{"worse copies", []distribution{title(0.9), title(0.9)}, []distribution{title(0.4), title(0.8)}, false},
		{"which is which is not clear", []distribution{title(0.9), title(0.05)}, []distribution{title(0.85), title(0.8)}, false},
	} {
		m := &matcher{table: &Table{Rows: 10}, fields: []*field{{kind: Text, given: 10}, {kind: Text, given: 10}}}
		mo := &model{usual: usual, found: c.one, kindred: c.kindred}
		if got := m.related(mo); got != c.want {
			t.Errorf("%s: %t", c.what, got)
		}
	}
}
