package match

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// Edges in their thousands are put in the order that a few are.
func TestSortEdges(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var edges []edge
	for range 5_000 {
		edges = append(edges, edge{r.Uint32N(50) << r.IntN(20), r.Uint32N(1 << 30), float32(r.IntN(40)-10) / 8})
	}
	want := slices.Clone(edges)
	slices.SortFunc(want, func(x, y edge) int {
		return cmp.Or(cmp.Compare(y.bits, x.bits), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	if sortEdges(edges); !slices.Equal(edges, want) {
		t.Error("they are in another order")
	}
}

// What is given up early could not have been kept, and a pair that several rules propose
// is weighed once.
func TestScoreIsThatOfEveryPair(t *testing.T) {
	names, rows, _ := town(5, 900)
	for i := range rows { // a text, whose words are several keys
		rows[i] = append(rows[i], rows[i][3]+" "+rows[i][0]+" street "+rows[i][1])
	}
	m := newMatcher(tableOf(append(names, "address"), rows), Config{})
	m.blockCap = 60 // so that some blocks are too large
	mo := m.learn()
	rules := m.choose(mo)
	if len(rules) < 4 {
		t.Fatalf("%d rules are too few for this", len(rules))
	}
	var pairs []uint64
	m.indexes(rules, m.table.Rows, func(_ int, index entries) { pairs = m.propose(pairs, index, m.blockCap, 1) })
	pairs = distinct(pairs)
	var want []edge
	c := m.comparer()
	for _, p := range pairs {
		a, b := uint32(p>>32), uint32(p)
		if w := float32(m.weigh(mo, a, b, c.pattern(a, b))); w > leastBits {
			want = append(want, edge{a, b, w})
		}
	}
	sortEdges(want)
	got, _, compared := m.score(mo, rules)
	if int(compared) != len(pairs) {
		t.Errorf("%d pairs are weighed, want %d", compared, len(pairs))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d edges, want %d", len(got), len(want))
	}
}

// Edges are parted by what they connect, each part in the order of all.
func TestConnected(t *testing.T) {
	edges := []edge{{0, 5, 9}, {1, 2, 8}, {3, 5, 7}, {2, 4, 6}, {6, 7, 5}}
	start, parts := connected(8, edges, nil)
	want := []edge{{0, 5, 9}, {3, 5, 7}, {1, 2, 8}, {2, 4, 6}, {6, 7, 5}}
	if !slices.Equal(parts, want) || !slices.Equal(start, []uint32{0, 2, 4, 5}) {
		t.Errorf("parts %v from %v, want %v", parts, start, want)
	}
	if start, parts := connected(3, nil, nil); len(start) != 1 || len(parts) != 0 {
		t.Errorf("of none: %v, %v", start, parts)
	}
}
