package match

import (
	"math/bits"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// level is how far two values of a field agree: 0 where one of them is missing, 1
// where they are the same, up to the last of its kind, where they do not agree.
type level = uint8

// mostLevels of a field fit a pattern's three bits.
const (
	levelBits  = 3
	mostLevels = 1 << levelBits
	mostFields = 64 / levelBits
)

// The levels that all kinds share.
const (
	absent level = 0
	same   level = 1
)

// levels gives the names of a kind's levels, from missing to apart.
func (k Kind) levels() []string {
	switch k {
	case Name:
		return []string{Missing, "same", "nickname or sound", "one edit", "similar", "initial or beginning", "swapped", "apart"}
	case Text:
		return []string{Missing, "same", "same words", "most words", "many words", "some words", "few words", "apart"}
	case Code:
		return []string{Missing, "same", "one edit", "two edits", "same beginning or end", "near in number", "apart"}
	case Date:
		return []string{Missing, "same", "one edit or swapped", "two parts", "same year or near", "apart"}
	case Email:
		return []string{Missing, "same", "same before @", "one or two edits", "similar before @", "apart"}
	}
	return nil
}

// apart is the level of values that do not agree.
func (k Kind) apart() level { return level(len(k.levels()) - 1) }

// compare gives the level of two values, by code, that are given and not the same.
// It is the same whichever comes first.
func (f *field) compare(a, b uint32) level {
	if f.norm[a] > f.norm[b] {
		a, b = b, a
	}
	switch f.kind {
	case Name:
		return f.compareNames(a, b)
	case Text:
		return f.compareTexts(a, b)
	case Code:
		return f.compareCodes(a, b)
	case Date:
		return f.compareDates(a, b)
	case Email:
		return f.compareEmails(a, b)
	}
	return f.kind.apart()
}

// comparer gives the patterns of pairs of rows; it remembers the levels of values that
// it met. One goroutine at a time may use it.
type comparer struct {
	m   *matcher
	met [][]uint64 // by field: two codes and their level, by hash
}

const (
	metBits  = 14
	codeBits = 30
)

func (m *matcher) comparer() *comparer {
	c := &comparer{m: m, met: make([][]uint64, len(m.fields))}
	for i := range m.fields {
		c.met[i] = make([]uint64, 1<<metBits)
	}
	return c
}

func (c *comparer) pattern(a, b uint32) pattern {
	var p pattern
	for i := range c.m.fields {
		p |= pattern(c.level(i, a, b)) << (levelBits * i)
	}
	return p
}

func (c *comparer) level(i int, a, b uint32) level {
	f := c.m.fields[i]
	x, y := f.codes[a], f.codes[b]
	if x == 0 || y == 0 {
		return absent
	}
	if x == y {
		return same
	}
	if x > y {
		x, y = y, x
	}
	key := uint64(x)<<codeBits | uint64(y)
	at := key * 0x9e3779b97f4a7c15 >> (64 - metBits)
	l := level(c.met[i][at] & (mostLevels - 1))
	if c.met[i][at]>>levelBits != key {
		l = f.compare(x, y)
		c.met[i][at] = key<<levelBits | uint64(l)
	}
	if l == 7 && c.m.partner[i] >= 0 && c.m.swapped(i, a, b) {
		return 6
	}
	return l
}

// swapped reports whether two rows have each other's value of a field in its partner.
func (m *matcher) swapped(i int, a, b uint32) bool {
	j := m.partner[i]
	f, g := m.fields[i], m.fields[j]
	return g.codes[b] != 0 && m.across[i][f.codes[a]] == g.codes[b] && m.across[j][g.codes[a]] == f.codes[b]
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
	const chunk = 8192
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n/chunk+1) {
		group.Go(func() {
			c := m.comparer()
			for {
				from := int(next.Add(chunk)) - chunk
				if from >= n {
					return
				}
				do(c, from, min(from+chunk, n))
			}
		})
	}
	group.Wait()
}

func (f *field) compareNames(a, b uint32) level {
	if sameName(f.names[a], f.names[b]) {
		return 2
	}
	x, y := f.squash[a], f.squash[b]
	if len(x) == 1 || len(y) == 1 {
		if x[0] == y[0] {
			return 5
		}
		return 7
	}
	// Values that differ in many letters are not alike, by any measure below.
	if bits.OnesCount64(f.masks[a]^f.masks[b]) > (len(x)+len(y)+1)/2 {
		return 7
	}
	short := min(len(x), len(y))
	d := edits(x, y, 2)
	alike := f.sounds[a] == f.sounds[b] && f.sounds[a] != 0
	switch {
	case d == 0, alike && d <= 1 && short >= 3:
		return 2
	case d == 1 && short >= 3:
		return 3
	}
	switch jw := jaroWinkler(x, y); {
	case jw >= 0.94 && short >= 4:
		return 3
	case d == 2 && short >= 6, jw >= 0.88, alike && jw >= 0.75:
		return 4
	case short >= 3 && (strings.HasPrefix(x, y) || strings.HasPrefix(y, x)):
		return 5
	case (len(x) < len(f.norm[a]) || len(y) < len(f.norm[b])) && sharesWord(f.norm[a], f.norm[b]):
		return 4
	}
	return 7
}

// sharesWord reports whether two values have a word of three letters or more in common.
func sharesWord(a, b string) bool {
	if !strings.Contains(a, " ") && !strings.Contains(b, " ") {
		return false
	}
	for _, w := range strings.Fields(a) {
		if len(w) >= 3 && strings.Contains(" "+b+" ", " "+w+" ") {
			return true
		}
	}
	return false
}

func (f *field) compareCodes(a, b uint32) level {
	x, y := f.norm[a], f.norm[b]
	short := min(len(x), len(y))
	d := 3
	if bits.OnesCount64(f.masks[a]^f.masks[b]) <= 4 {
		d = edits(x, y, 2)
	}
	switch {
	case d == 1 && short >= 3:
		return 2
	case d == 2 && short >= 6:
		return 3
	case short >= 4 && (ends(x, y, (short+2)/2)):
		return 4
	}
	if len(x) <= 4 && len(y) <= 4 && allDigits(x) && allDigits(y) {
		n, m := atoi(x), atoi(y)
		if gap := max(n-m, m-n); gap <= 2 || gap*20 <= max(n, m) {
			return 5
		}
	}
	return 6
}

// ends reports whether two values begin or end with the same n bytes.
func ends(x, y string, n int) bool {
	return x[:n] == y[:n] || x[len(x)-n:] == y[len(y)-n:]
}

func (f *field) compareDates(a, b uint32) level {
	x, y := f.days[a], f.days[b]
	if x.year == 0 || y.year == 0 {
		if edits(f.norm[a], f.norm[b], 1) <= 1 {
			return 2
		}
		return 5
	}
	p, q := x.digits(), y.digits()
	switch {
	case x.year == y.year && x.month == y.day && x.day == y.month, edits(string(p[:]), string(q[:]), 1) <= 1:
		return 2
	}
	parts := 0
	for _, equal := range [...]bool{x.year == y.year, x.month == y.month, x.day == y.day} {
		if equal {
			parts++
		}
	}
	gap := x.ordinal() - y.ordinal()
	switch {
	case parts == 2:
		return 3
	case x.year == y.year, gap < 90 && gap > -90:
		return 4
	}
	return 5
}

func (f *field) compareEmails(a, b uint32) level {
	x, y := f.norm[a], f.norm[b]
	p, d, _ := strings.Cut(x, "@")
	q, e, _ := strings.Cut(y, "@")
	switch {
	case p == q && len(p) >= 3:
		return 2
	case bits.OnesCount64(letters(p)^letters(q)) > 6:
		return 5
	case d == e && edits(p, q, 2) <= 2 && min(len(p), len(q)) >= 5, edits(x, y, 1) == 1:
		return 3
	case jaroWinkler(p, q) >= 0.9 && min(len(p), len(q)) >= 4:
		return 4
	}
	return 5
}

// compareTexts goes by how much of the two values' weight lies in words that they
// share, or that are alike.
func (f *field) compareTexts(a, b uint32) level {
	x, y := f.squash[a], f.squash[b]
	if x == y {
		return 2
	}
	s := f.overlap(f.words[a], f.words[b])
	if s < 0.9 && len(x) <= 64 && len(y) <= 64 && bits.OnesCount64(f.masks[a]^f.masks[b]) <= 8 {
		long := max(len(x), len(y))
		if d := edits(x, y, long/4); d <= long/4 {
			s = max(s, 1-2*float32(d)/float32(long))
		}
	}
	switch {
	case s >= 0.95:
		return 2
	case s >= 0.8:
		return 3
	case s >= 0.6:
		return 4
	case s >= 0.4:
		return 5
	case s >= 0.2:
		return 6
	}
	return 7
}

// overlap is the cosine of two texts' words, where words that are alike count in part.
func (f *field) overlap(a, b []word) float32 {
	var s float32
	var leftA, leftB [mostWords]word
	n, m := 0, 0
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case j == len(b) || i < len(a) && a[i].id < b[j].id:
			leftA[n] = a[i]
			n++
			i++
		case i == len(a) || b[j].id < a[i].id:
			leftB[m] = b[j]
			m++
			j++
		default:
			s += a[i].weight * b[j].weight
			i++
			j++
		}
	}
	if n == 0 || m == 0 {
		return s
	}
	var used uint32
	for _, v := range leftA[:n] {
		best, at := float32(0), -1
		for j, w := range leftB[:m] {
			if used&(1<<j) != 0 {
				continue
			}
			if q := f.alike(v.id, w.id) * w.weight; q > best {
				best, at = q, j
			}
		}
		if at >= 0 {
			used |= 1 << at
			s += v.weight * best
		}
	}
	return s
}

// alike is how far two words that are not the same count as one.
func (f *field) alike(a, b uint32) float32 {
	x, y := f.spelt[a], f.spelt[b]
	if x[0] != y[0] && bits.OnesCount64(f.wordMasks[a]^f.wordMasks[b]) > 4 && f.known[a] == nil {
		return 0
	}
	if len(x) > len(y) {
		x, y = y, x
	}
	switch {
	case sameName(f.known[a], f.known[b]):
		return 0.9
	case len(x) == 1:
		if x[0] == y[0] && y[0] > '9' {
			return 0.7
		}
		return 0
	case x[0] <= '9' || y[0] <= '9':
		return 0
	case strings.HasPrefix(y, x) && len(x) >= 3:
		return 0.8
	case len(y) >= 4 && edits(x, y, 1) <= 1:
		return 0.9
	case len(y) >= 8 && edits(x, y, 2) <= 2:
		return 0.8
	case x[0] == y[0] && len(x) >= 2 && jaroWinkler(x, y) >= 0.9:
		return 0.7
	}
	return 0
}
