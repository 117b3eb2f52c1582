package match

import (
	"math"
	"math/bits"
	"testing"

	"pgregory.net/rapid"
)

// slowEdits is the textbook's table of the restricted distance.
func slowEdits(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

func TestEditsAgreeWithTheTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringMatching(`[abc]{0,64}`).Draw(t, "a")
		b := rapid.StringMatching(`[abc]{0,64}`).Draw(t, "b")
		most := rapid.IntRange(0, 70).Draw(t, "most")
		if got, want := edits(a, b, most), min(slowEdits(a, b), most+1); got != want {
			t.Fatalf("edits(%q, %q, %d) = %d, want %d", a, b, most, got, want)
		}
	})
}

// The examples of Winkler's own paper (1990).
func TestJaroWinkler(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"shackleford", "shackelford", 0.9818}, {"dunningham", "cunnigham", 0.8963}, {"nichleson", "nichulson", 0.9556},
		{"jones", "johnson", 0.8323}, {"massey", "massie", 0.9333}, {"abroms", "abrams", 0.9222},
		{"itman", "smith", 0.4667}, {"jeraldine", "geraldine", 0.9259}, {"marhta", "martha", 0.9611},
		{"", "a", 0}, {"a", "a", 1},
	} {
		if got := jaroWinkler(c.a, c.b); math.Abs(got-c.want) > 0.0002 {
			t.Errorf("jaroWinkler(%q, %q) = %.4f, want %.4f", c.a, c.b, got, c.want)
		}
	}
}

// What is not worth comparing would not be alike: no letter that both have is overlooked.
func TestAtMostAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringMatching(`[a-f0-2é]{1,40}`).Draw(t, "a")
		b := rapid.StringMatching(`[a-f0-2é]{1,40}`).Draw(t, "b")
		if most, got := atMostAlike(a, b, letters(a), letters(b)), jaroWinkler(a, b); got > most {
			t.Fatalf("jaroWinkler(%q, %q) = %v, at most %v is expected", a, b, got, most)
		}
		if n := slowEdits(a, b); n <= 2 && bits.OnesCount64(letters(a)^letters(b)) > 2*n {
			t.Fatalf("%q and %q are %d edits apart and differ in more letters", a, b, n)
		}
	})
}
