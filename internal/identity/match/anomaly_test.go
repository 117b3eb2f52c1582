package match

import "testing"

// Two groups of three that share one row: joining every pair fuses them, and that row is a hub.
func TestComponentsAndHubs(t *testing.T) {
	r := &Result{Of: make([]int32, 7), Expected: &Estimate{Accept: 0.5}, matcher: &matcher{rows: []uint32{0, 1, 2, 3, 4, 5, 6}}}
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

// A family of one address and one name that a record without more was drawn into: what
// no longer fits everybody is let go, and what fits few is told.
func TestWhatNoLongerFits(t *testing.T) {
	names, rows, truth := town(9, 400)
	for i := range rows {
		rows[i][2] = "" // no dates of birth: namesakes are fused
	}
	found := Run(tableOf(names, rows), Config{})
	size := map[int32]int{}
	for _, of := range found.Of {
		size[of]++
	}
	if len(size) != found.People {
		t.Errorf("%d people are told, there are %d", found.People, len(size))
	}
	for row, best := range found.Best {
		if found.Of[row] != found.Of[best.With] {
			t.Errorf("row %d is of its person because of %d, which is of another", row, best.With)
		}
	}
	for _, a := range found.Anomalies() {
		if a.Rows != size[a.Of] || a.Row >= 0 && found.Of[a.Row] != a.Of {
			t.Errorf("%+v, of a person of %d rows", a, size[a.Of])
		}
	}
	if q, c := Evaluate(found.Of, truth), Evaluate(found.Components(), truth); q.Precision < c.Precision {
		t.Errorf("precision %.4f is below that of components, %.4f", q.Precision, c.Precision)
	}
}

// release lets go of a row that fits one of a person's others alone.
func TestRelease(t *testing.T) {
	names := []string{"given", "family", "phone", "mail"}
	var rows [][]string
	_, crowd, _ := town(11, 120)
	for _, r := range crowd {
		rows = append(rows, []string{r[0], r[1], r[4], r[5]})
	}
	found := Run(tableOf(names, rows), Config{})
	m := found.matcher
	c := &clustering{m: m, mo: found.model, compare: m.comparer(), parent: make([]uint32, len(rows)), members: make([][]uint32, len(rows)), across: map[uint64]crossSum{}, beside: map[uint32][]uint32{}}
	for i := range c.parent {
		c.parent[i] = uint32(i)
	}
	// Four strangers and two rows of one person, joined by force.
	of := map[int32][]uint32{}
	for row, p := range found.Of {
		of[p] = append(of[p], found.ours[row])
	}
	var forced []uint32
	for p := range int32(len(rows)) {
		if len(of[p]) >= 2 && len(forced) == 0 {
			forced = append(forced, of[p][:2]...)
		} else if len(of[p]) == 1 && len(forced) > 0 && len(forced) < 6 {
			forced = append(forced, of[p][0])
		}
	}
	for _, row := range forced {
		c.parent[row] = forced[0]
	}
	c.members[forced[0]] = forced
	c.release(nil, 0)
	together := map[uint32]int{}
	for _, row := range forced {
		together[c.find(row)]++
	}
	if len(together) < 5 {
		t.Errorf("six rows of five people are %d people", len(together))
	}
}
