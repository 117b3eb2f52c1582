package match

import (
	"encoding/binary"
	"math/bits"
)

// edits is the restricted Damerau-Levenshtein distance of a and b by bytes, or
// most+1 where it is greater than most. It is Hyyrö's bit-parallel form (2003,
// "A bit-vector algorithm for computing Levenshtein and Damerau edit distances")
// for values of up to 64 bytes; of longer ones only the first 64 are read.
func edits(a, b string, most int) int {
	if a == b {
		return 0
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > most {
		return most + 1
	}
	a, b = a[:min(len(a), 64)], b[:min(len(b), 64)]
	for len(a) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a) == 0 {
		return min(len(b), most+1)
	}
	if len(a) <= 16 {
		var short shortMasks
		short.set(a)
		return vectors(&short, len(a), b, most)
	}
	var long longMasks
	for i := range len(a) {
		long[a[i]] |= 1 << i
	}
	return vectors(&long, len(a), b, most)
}

// longMasks tells at which places of a value a byte stands, by byte.
type longMasks [256]uint64

func (l *longMasks) of(c byte) uint64 { return l[c] }

// shortMasks does so for a value of up to 16 bytes, which it compares all at once: to
// clear a table would take longer.
type shortMasks struct {
	low, high uint64
	used      uint64
}

func (s *shortMasks) set(a string) {
	var b [16]byte
	copy(b[:], a)
	s.low, s.high = binary.LittleEndian.Uint64(b[:8]), binary.LittleEndian.Uint64(b[8:])
	s.used = 1<<len(a) - 1
}

func (s *shortMasks) of(c byte) uint64 {
	all := uint64(c) * 0x0101010101010101
	return (zeros(s.low^all) | zeros(s.high^all)<<8) & s.used
}

// zeros tells which of eight bytes are 0, one bit for each.
func zeros(x uint64) uint64 {
	const low = 0x7f7f7f7f7f7f7f7f
	return ^((x&low + low) | x | low) >> 7 * 0x0102040810204080 >> 56
}

func vectors[M interface{ of(c byte) uint64 }](masks M, m int, b string, most int) int {
	var (
		pv, mv   = ^uint64(0), uint64(0)
		d0, prev uint64
		top      = uint64(1) << (m - 1)
		distance = m
	)
	for i := range len(b) {
		pm := masks.of(b[i])
		swapped := ((^d0 & pm) << 1) & prev
		d0 = (((pm & pv) + pv) ^ pv) | pm | mv | swapped
		hp := mv | ^(d0 | pv)
		hn := pv & d0
		if hp&top != 0 {
			distance++
		}
		if hn&top != 0 {
			distance--
		}
		hp = hp<<1 | 1
		hn <<= 1
		pv, mv = hn|^(d0|hp), hp&d0
		prev = pm
		if distance-(len(b)-1-i) > most {
			return most + 1
		}
	}
	return min(distance, most+1)
}

// jaroWinkler is Winkler's form of Jaro's similarity, 0 to 1, of values by bytes;
// of values longer than 64 bytes only the first 64 are read.
func jaroWinkler(a, b string) float64 {
	similar := jaro(a, b)
	prefix := 0
	for similar > 0 && prefix < min(4, len(a), len(b)) && a[prefix] == b[prefix] {
		prefix++
	}
	return similar + float64(prefix)*0.1*(1-similar)
}

// jaro is Jaro's similarity (1989), likewise.
func jaro(a, b string) float64 {
	if a > b { // which comes first must not matter
		a, b = b, a
	}
	a, b = a[:min(len(a), 64)], b[:min(len(b), 64)]
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	window := max(0, max(len(a), len(b))/2-1)
	var usedA, usedB uint64
	common := 0
	for i := range len(a) {
		for j := max(0, i-window); j < min(len(b), i+window+1); j++ {
			if usedB&(1<<j) == 0 && a[i] == b[j] {
				usedA |= 1 << i
				usedB |= 1 << j
				common++
				break
			}
		}
	}
	if common == 0 {
		return 0
	}
	crossed, j := 0, 0
	for i := range len(a) {
		if usedA&(1<<i) == 0 {
			continue
		}
		for usedB&(1<<j) == 0 {
			j++
		}
		if a[i] != b[j] {
			crossed++
		}
		j++
	}
	c := float64(common)
	return (c/float64(len(a)) + c/float64(len(b)) + (c-float64(crossed/2))/c) / 3
}

// atMostAlike is the most that jaroWinkler can give of two values, by which letters each
// has: a letter that only one of them has is in common nowhere.
func atMostAlike(a, b string, lettersA, lettersB uint64) float64 {
	if len(a) == 0 || len(b) == 0 || len(a) > 64 || len(b) > 64 {
		return 1
	}
	common := min(len(a)-bits.OnesCount64(lettersA&^lettersB), len(b)-bits.OnesCount64(lettersB&^lettersA))
	c := float64(common)
	jaro := (c/float64(len(a)) + c/float64(len(b)) + 1) / 3
	prefix := 0
	for prefix < min(4, len(a), len(b)) && a[prefix] == b[prefix] {
		prefix++
	}
	return jaro + float64(prefix)*0.1*(1-jaro) + 1e-9
}
