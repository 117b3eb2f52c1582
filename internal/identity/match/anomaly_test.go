package match

import "testing"

// Two groups of three that share one row: joining every pair fuses them, and that row is a hub.
func TestComponentsAndHubs(t *testing.T) {
	r := &Result{Of: make([]int32, 7), Accept: 0.5, matcher: &matcher{rows: []uint32{0, 1, 2, 3, 4, 5, 6}}}
	for _, e := range [][2]uint32{{0, 1}, {0, 2}, {1, 2}, {2, 3}, {1, 3}, {3, 4}, {3, 5}, {4, 5}} {
		r.edges = append(r.edges, edge{e[0], e[1], 4})
	}
	r.edges = append(r.edges, edge{5, 6, -1}) // below the line
	of := r.Components()
	for row, p := range of[:6] {
		if p != 0 {
			t.Errorf("row %d is of %d", row, p)
		}
	}
	if of[6] != 6 {
		t.Errorf("a pair below the line joins")
	}
	groups := r.groups()
	if len(groups) != 1 || len(groups[0].rows) != 7 {
		t.Fatalf("groups: %+v", groups)
	}
	if hubs := groups[0].hubs(); len(hubs) != 1 || hubs[0] != 3 {
		t.Errorf("hubs are %v, want row 3 alone", hubs)
	}
}

func TestUsualSize(t *testing.T) {
	var of []int32
	for i := range int32(1000) { // 500 people of two rows
		of = append(of, i/2*2)
	}
	r := &Result{Of: of}
	if most := r.usualSize(); most > 4 {
		t.Errorf("of people of two rows, %d are usual", most)
	}
	if most := (&Result{}).usualSize(); most != 2 {
		t.Errorf("of nobody, %d rows are usual", most)
	}
}
