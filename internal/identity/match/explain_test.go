package match

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// All that is told of a pair adds up to its odds, whichever record comes first.
func TestExplanationAddsUp(t *testing.T) {
	names, rows, truth := town(8, 600)
	found := Run(tableOf(names, rows), Config{})
	kept := map[[2]int32]float32{}
	found.Pairs(func(p Pair) bool {
		kept[[2]int32{p.A, p.B}] = p.Bits
		return true
	})
	told := 0
	for x := range rows {
		for y := x + 1; y < min(len(rows), x+4); y++ {
			e, back := found.Explain(x, y), found.Explain(y, x)
			sum := e.Prior - e.Kinship
			for _, w := range e.Weights {
				sum += w.Bits + w.Rarity
			}
			if math.Abs(sum-e.Bits) > 1e-6 || math.Abs(e.Bits-back.Bits) > 1e-6 {
				t.Fatalf("rows %d and %d: %.6f bits, added up %.6f, the other way %.6f", x, y, e.Bits, sum, back.Bits)
			}
			if bits, ok := kept[[2]int32{int32(x), int32(y)}]; ok {
				told++
				if math.Abs(float64(bits)-e.Bits) > 1e-3 || !e.Compared || len(e.Rules) == 0 && !e.All {
					t.Fatalf("rows %d and %d (%s, %s): %+v, joined with %.3f bits", x, y, truth[x], truth[y], e, bits)
				}
			}
		}
	}
	if told < 300 {
		t.Errorf("%d pairs that may be one were told of", told)
	}
}

// A person's rows are joined by a path; its weakest pair is as strong as any way has.
func TestPathIsTheStrongest(t *testing.T) {
	names, rows, _ := town(9, 300)
	found := Run(tableOf(names, rows), Config{})
	reach := func(x, y int32, least float32) bool { // by pairs of at least so many bits
		parts := newParts(len(rows))
		found.Pairs(func(p Pair) bool {
			if p.Bits >= least && found.Of[p.A] == found.Of[p.B] {
				parts.join(uint32(p.A), uint32(p.B))
			}
			return true
		})
		return parts.find(uint32(x)) == parts.find(uint32(y))
	}
	long := 0
	for x, of := range found.Of {
		path := found.Path(int(of), x)
		if int(of) == x {
			if path != nil {
				t.Errorf("row %d has a way to itself", x)
			}
			continue
		}
		at, weakest := of, float32(math.Inf(1))
		for _, p := range path {
			if p.A != at {
				t.Fatalf("%v does not hang together", path)
			}
			at, weakest = p.B, min(weakest, p.Bits)
		}
		if at != int32(x) || !reach(of, int32(x), weakest) || reach(of, int32(x), weakest+0.01) {
			t.Fatalf("from %d to %d by %v", of, x, path)
		}
		if len(path) > 1 {
			long++
		}
	}
	if long == 0 {
		t.Error("every way is a pair")
	}
	if path := found.Path(0, len(rows)-1); path != nil {
		t.Errorf("two people are joined by %v", path)
	}
}

// Of two apart it is told how far they are from being one, and what would turn it.
func TestWhatTurnsAPair(t *testing.T) {
	names, rows, _ := town(10, 400)
	far := strings.Split("oscar,zimmer,1933-03-03,luton,02000000001,oz@example.com", ",")
	near := strings.Split("oscar,zimmer,1978-09-12,wells,02000000002,zo@example.com", ",")
	x := len(rows)
	y := x + 1
	rows = append(rows, far, near)
	for i := range names { // the second once more, in each field as the first
		changed := append([]string{}, near...)
		changed[i] = far[i]
		rows = append(rows, changed)
	}
	found := Run(tableOf(names, rows), Config{Accept: 0.999})
	if found.Of[x] == found.Of[y] {
		t.Fatal("namesakes are taken for one")
	}
	if s := found.Between(x, y); s.Pairs == 0 || s.Best < s.Mean || s.Fit > s.Best || s.Apart {
		t.Errorf("%+v", s)
	}
	for _, w := range found.Explain(x, y).Weights {
		i := slices.Index(names, w.Field)
		if e := found.Explain(x, y+1+i); math.Abs(e.Bits-w.Would) > 1e-6 {
			t.Errorf("with %s as the first it has %.1f bits, foretold %.1f", w.Field, e.Bits, w.Would)
		}
	}
}
