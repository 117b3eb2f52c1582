package match

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// comparer gives the patterns of pairs of rows; it remembers the levels of values that
// it met. One goroutine at a time may use it.
type comparer struct {
	m    *matcher
	a, b uint32     // the rows that are compared
	met  [][]uint64 // by field: two codes and their level, by hash; nil where few come again
}

const (
	metBits  = 14
	codeBits = 30
	// oneIn so many pairs of rows at least has the same value, where two values are likely to
	// be met again soon.
	oneIn = 20_000
)

func (m *matcher) comparer() *comparer {
	c := &comparer{m: m, met: make([][]uint64, len(m.fields))}
	for i, f := range m.fields {
		if n := float64(f.given); f.equals()*2*oneIn >= n*n {
			c.met[i] = make([]uint64, 1<<metBits)
		}
	}
	return c
}

// row gives the codes of a row, by field.
func (m *matcher) row(a uint32) []uint32 {
	n := len(m.fields)
	return m.codes[int(a)*n:][:n:n]
}

func (c *comparer) pattern(a, b uint32) pattern {
	x, y := c.m.row(a), c.m.row(b)
	c.a, c.b = a, b
	var p pattern
	for i := range x {
		p |= pattern(c.level(i, x, y)) << (levelBits * i)
	}
	return p
}

// level is how far the rows x and y agree in a field.
func (c *comparer) level(i int, x, y []uint32) level {
	if f := c.m.fields[i]; f.custom != nil {
		return c.customLevel(i, f, c.a, c.b)
	}
	p, q := x[i], y[i]
	if p == 0 || q == 0 {
		return absent
	}
	if p == q {
		return same
	}
	if p > q {
		p, q = q, p
	}
	l := c.unlike(i, p, q)
	if l == 7 && c.m.partner[i] >= 0 && c.m.swapped(i, x, y) {
		return 6
	}
	return l
}

// unlike is the level of two values that are not the same, the lesser code first.
func (c *comparer) unlike(i int, p, q uint32) level {
	met := c.met[i]
	if met == nil {
		return c.m.fields[i].compare(p, q)
	}
	key := uint64(p)<<codeBits | uint64(q)
	at := &met[key*0x9e3779b97f4a7c15>>(64-metBits)]
	if *at>>levelBits == key {
		return level(*at & (mostLevels - 1))
	}
	l := c.m.fields[i].compare(p, q)
	*at = key<<levelBits | uint64(l)
	return l
}

// swapped reports whether two rows have each other's value of a field in its partner.
func (m *matcher) swapped(i int, x, y []uint32) bool {
	j := m.partner[i]
	return y[j] != 0 && m.across[i][x[i]] == y[j] && m.across[j][x[j]] == y[i]
}

// patterns compares pairs of rows, on all processors.
func (m *matcher) patterns(pairs []uint64) []pattern {
	out := make([]pattern, len(pairs))
	m.parallel(len(pairs), func(c *comparer, from, to int) {
		for i := from; i < to; i++ {
			out[i] = c.pattern(uint32(pairs[i]>>32), uint32(pairs[i]))
		}
	})
	return out
}

// parallel calls do with ranges of 0 to n, each goroutine with a comparer of its own.
func (m *matcher) parallel(n int, do func(c *comparer, from, to int)) {
	workers(n, 8192, func(ranges func() (from, to int, ok bool)) {
		c := m.lend()
		defer m.takeBack(c)
		for from, to, ok := ranges(); ok && !m.config.stopped(); from, to, ok = ranges() {
			do(c, from, to)
		}
	})
}

// lend gives a comparer, of those that have met values before if there are any.
func (m *matcher) lend() *comparer {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.idle); n > 0 {
		c := m.idle[n-1]
		m.idle = m.idle[:n-1]
		return c
	}
	return m.comparer()
}

func (m *matcher) takeBack(c *comparer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.idle = append(m.idle, c)
}

// workers calls do once a processor; each takes ranges of 0 to n until there are no more.
func workers(n, chunk int, do func(ranges func() (from, to int, ok bool))) {
	var next atomic.Int64
	ranges := func() (from, to int, ok bool) {
		from = int(next.Add(int64(chunk))) - chunk
		return from, min(from+chunk, n), from < n
	}
	if n <= chunk || runtime.GOMAXPROCS(0) == 1 {
		do(ranges)
		return
	}
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (n+chunk-1)/chunk) {
		group.Go(func() { do(ranges) })
	}
	group.Wait()
}

// inParallel calls do for ranges of 0 to n, on all processors.
func inParallel(n, chunk int, do func(from, to int)) {
	workers(n, chunk, func(ranges func() (from, to int, ok bool)) {
		for from, to, ok := ranges(); ok; from, to, ok = ranges() {
			do(from, to)
		}
	})
}
