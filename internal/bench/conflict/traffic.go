package conflict

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// draw makes batches.
type draw struct {
	p      Params
	random *rand.Rand
	people zipf
	newest uint64 // new people so far
}

// Within a table keys are scattered, so that their order says nothing of how often they
// are named. Profiles come after identifiers, the row that counts after all, and the
// row of those who take turns before all.
const (
	turn    = 0
	counter = math.MaxUint64
)

// kinds of rows, kept apart by what their numbers are mixed with.
const (
	kindNode    = iota + 1 // one of a person's identifiers
	kindOther              // the other
	kindProfile            // the person's profile
	kindShared
	kindNew
)

func key(kind, number uint64) uint64 {
	hi, lo := bits.Mul64(number^0x9e3779b97f4a7c15*kind, 0xbf58476d1ce4e5b9)
	x := (hi ^ lo) * 0x94d049bb133111eb
	x = (x ^ x>>31) >> 2
	if kind == kindProfile {
		x |= 1 << 63
	}
	return x
}

func newDraw(p Params, seed uint64) *draw {
	return &draw{p: p, newest: uint64(p.Arriving), //nolint:gosec // positive
		random: rand.New(rand.NewPCG(seed, uint64(p.Processes)<<32|uint64(p.Batch))), people: newZipf(p.Skew, p.People)} //nolint:gosec // a simulation
}

// batch is the rows of a transaction: those of each read, in order, and those that may
// not be there yet, which are among the first's.
type batch struct {
	reads [reads][]uint64
	fresh []uint64
}

// all is all rows but the one that counts.
func (b *batch) all() []uint64 { return slices.Concat(b.reads[:]...) }

// batch makes one for a process.
func (d *draw) batch(process int) *batch {
	b := &batch{}
	add := func(read int, key uint64) { b.reads[read] = append(b.reads[read], key) }
	for range d.p.Batch {
		if d.p.New > 0 && d.random.Float64() < d.p.New {
			if d.random.IntN(d.p.Burst) == 0 {
				d.newest++
			}
			number := d.newest - d.random.Uint64N(uint64(d.p.Arriving)) //nolint:gosec // positive
			b.fresh = append(b.fresh, key(kindNew, number))
			continue
		}
		person := uint64(d.people.next(d.random))                  //nolint:gosec // not negative
		if d.p.Affinity > 0 && d.random.Float64() < d.p.Affinity { // a neighbour, who belongs to this process
			n := uint64(d.p.Processes) //nolint:gosec // positive
			person = person - person%n + uint64(process)
		}
		if d.p.AtOnce {
			add(0, key(kindProfile, person))
		} else {
			named, other := key(kindNode, person), key(kindOther, person)
			if d.random.Uint64()&1 == 1 {
				named, other = other, named
			}
			add(0, named)
			if d.p.Links > 0 && d.random.Float64() < d.p.Links {
				add(1, other)
			}
			add(2, key(kindProfile, person))
		}
		if d.p.Shared > 0 && d.random.Float64() < d.p.Shared {
			devices := uint64(max(1, d.p.People/d.p.PerShared)) //nolint:gosec // positive
			add(0, key(kindShared, key(kindShared, person)%devices))
		}
	}
	b.fresh = sorted(b.fresh)
	b.reads[0] = append(b.reads[0], b.fresh...)
	for i := range b.reads {
		b.reads[i] = sorted(b.reads[i])
	}
	return b
}

func sorted(keys []uint64) []uint64 {
	slices.Sort(keys)
	return slices.Compact(keys)
}

// zipf gives numbers from 1 to n, number k with a probability that goes with k to the
// power -s, by rejection-inversion: W. Hörmann, G. Derflinger, "Rejection-inversion to
// generate variates from monotone discrete distributions", ACM TOMACS 6 (1996). Unlike
// rand.Zipf it takes any s from 0 on.
type zipf struct {
	s, n             float64
	first, last, cut float64
}

func newZipf(s float64, n int) zipf {
	z := zipf{s: s, n: float64(n)}
	z.first = z.integral(1.5) - 1
	z.last = z.integral(z.n + 0.5)
	z.cut = 2 - z.inverse(z.integral(2.5)-math.Pow(2, -s))
	return z
}

func (z *zipf) next(random *rand.Rand) int {
	if z.s == 0 {
		return 1 + random.IntN(int(z.n))
	}
	for {
		u := z.last + random.Float64()*(z.first-z.last)
		x := z.inverse(u)
		k := min(max(math.Floor(x+0.5), 1), z.n)
		if k-x <= z.cut || u >= z.integral(k+0.5)-math.Pow(k, -z.s) {
			return int(k)
		}
	}
}

// integral is the antiderivative of x to the power -s that is 0 at 1.
func (z *zipf) integral(x float64) float64 {
	l := math.Log(x)
	return over(math.Expm1, (1-z.s)*l) * l
}

func (z *zipf) inverse(x float64) float64 {
	t := max(x*(1-z.s), -1)
	return math.Exp(over(math.Log1p, t) * x)
}

// over is f(x)/x, whose limit at 0 is 1.
func over(f func(float64) float64, x float64) float64 {
	if math.Abs(x) < 1e-8 {
		return 1
	}
	return f(x) / x
}
