package people

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// The streams keep what is drawn for one purpose apart from what is drawn for another.
const (
	streamRows uint64 = iota + 0x6b697468
	streamMails
	streamPhones
	streamIDs
	streamBlock
	streamLot
	streamHome
	streamAddress
	streamPostcode
	streamGiven
	streamPerson
	streamBirth
	streamMove
	streamRecord
)

// dice draw for one thing: a household, a person, a record. They are made from the
// thing's number, so that it can be drawn anew at any time.
type dice struct{ pcg rand.PCG }

func (g *Generator) dice(stream uint64, index int) dice {
	var d dice
	key := mix(g.settings.Seed ^ mix(stream))
	d.pcg.Seed(key, mix(key+uint64(index))) //nolint:gosec // an index is not negative
	return d
}

// n draws a number below n.
func (d *dice) n(n int) int {
	hi, _ := bits.Mul64(d.pcg.Uint64(), uint64(n)) //nolint:gosec // n is not negative
	return int(hi)                                 //nolint:gosec // below n
}

// chance draws whether something of probability p happens.
func (d *dice) chance(p float64) bool { return float64(d.pcg.Uint64()>>11)/(1<<53) < p }

func pick[T any](d *dice, from []T) T { return from[d.n(len(from))] }

// mix spreads a number over all 64 bits, one to one: the finalizer of SplitMix64
// (Steele, Lea and Flood, 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// shuffle is an order of the numbers below n that no table holds: a Feistel network
// over the least power of two, walked on while it leads out of range (Black and
// Rogaway, "Ciphers with arbitrary finite domains", 2002).
type shuffle struct {
	n           uint64
	left, right uint // bits
	keys        [6]uint64
}

func newShuffle(n int, key uint64) shuffle {
	width := uint(bits.Len64(uint64(max(n, 2) - 1))) //nolint:gosec // at least 1
	s := shuffle{n: uint64(n), left: width / 2, right: width - width/2}
	for i := range s.keys {
		key = mix(key)
		s.keys[i] = key
	}
	return s
}

func (s *shuffle) at(i uint64) uint64 {
	if s.n < 2 {
		return 0
	}
	maskL, maskR := uint64(1)<<s.left-1, uint64(1)<<s.right-1
	for {
		l, r := i>>s.right, i&maskR
		for k := 0; k < len(s.keys); k += 2 {
			l ^= mix(r^s.keys[k]) & maskL
			r ^= mix(l^s.keys[k+1]) & maskR
		}
		if i = l<<s.right | r; i < s.n {
			return i
		}
	}
}

// ranks draw from a list whose members are not equally frequent.
type ranks struct{ at []uint16 }

const rankSlots = 1 << 13

// newRanks gives each member its share of the slots, and each at least one.
func newRanks(weights []float64) ranks {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	r := ranks{at: make([]uint16, 0, rankSlots+len(weights))}
	for i, w := range weights {
		for range max(1, int(math.Round(w/total*rankSlots))) {
			r.at = append(r.at, uint16(i)) //nolint:gosec // lists are short
		}
	}
	return r
}

// zipf are n members of which the k-th is drawn in proportion to 1/(k+1)^s.
func zipf(n int, s float64) ranks {
	weights := make([]float64, n)
	for k := range weights {
		weights[k] = 1 / math.Pow(float64(k+1), s)
	}
	return newRanks(weights)
}

func (r ranks) draw(d *dice) int { return int(r.at[d.n(len(r.at))]) }
