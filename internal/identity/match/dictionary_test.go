package match

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// A dictionary numbers values as a map would, whatever their length, and keeps them
// though the bytes that they came in change.
func TestDictionary(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	d := dictionary{values: []string{""}}
	want := map[string]uint32{"": 0}
	var buf []byte
	for range 50_000 {
		value := strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(4)) + strings.Repeat("x", r.IntN(3)*r.IntN(900))
		buf = append(buf[:0], value...)
		code, known := want[value]
		if !known {
			code = uint32(len(want))
			want[value] = code
		}
		if got := d.add(buf); got != code {
			t.Fatalf("%q has the number %d, want %d", value, got, code)
		}
		if got := d.addString(value); got != code {
			t.Fatalf("%q has the number %d as a string, want %d", value, got, code)
		}
	}
	for value, code := range want {
		if d.values[code] != value {
			t.Errorf("number %d is %q, want %q", code, d.values[code], value)
		}
	}
}
