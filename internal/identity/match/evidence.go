package match

import (
	"cmp"
	"math"
	"slices"
)

// trained is a pair of rows looked at while learning.
type trained struct {
	a, b    uint32
	covered uint64
	pattern pattern
}

// tally is how often each pattern was seen, by pattern.
type tally struct {
	patterns []pattern
	weights  []float64
	post     []float64 // the probability of a match, by the latest model
	akin     []float64 // likewise, of rows that are related and not one
	cells    [][]cell  // by field, of each pattern
}

// newTally counts patterns, each for so many.
func newTally(seen []pattern, each float64) *tally {
	sorted := make([]uint64, len(seen))
	for i, p := range seen {
		sorted[i] = uint64(p)
	}
	sortRadix(sorted, 0)
	t := &tally{}
	for i := 0; i < len(sorted); {
		j := i + 1
		for j < len(sorted) && sorted[j] == sorted[i] {
			j++
		}
		t.patterns, t.weights = append(t.patterns, pattern(sorted[i])), append(t.weights, float64(j-i)*each)
		i = j
	}
	t.post, t.akin = make([]float64, len(t.patterns)), make([]float64, len(t.patterns))
	return t
}

// cell is how far a field agrees in a pattern, and in which context.
type cell uint8

func cellOf(c context, l level) cell { return cell(c)<<levelBits | cell(l) }

func (c cell) level() level { return level(c) & (mostLevels - 1) }

func (c cell) context() context { return context(c >> levelBits) }

func (e *evidence) tallies() []*tally { return append([]*tally{e.likely, e.random}, e.equal...) }

// contexts brings the cells up to date with the fields that others follow from.
func (m *matcher) contexts(mo *model, e *evidence) {
	for _, t := range e.tallies() {
		if t.cells == nil {
			t.cells = make([][]cell, len(m.fields))
		}
		inParallel(len(m.fields), 1, func(f, _ int) {
			if t.cells[f] == nil {
				t.cells[f] = make([]cell, len(t.patterns))
			}
			for i, p := range t.patterns {
				t.cells[f][i] = cellOf(mo.context(m.fields, p, f), p.at(f))
			}
		})
	}
}

// evidence is what learning goes by: pairs that are likely to match, pairs taken at
// random, and for each field pairs that have its value in common.
type evidence struct {
	rules  []rule
	pairs  []trained
	likely *tally
	random *tally
	equal  []*tally    // by field
	share  []float64   // by field: of all pairs, those that have its value in common
	rare   [][]float64 // by field and code: how many bits more than on average a value tells that is the same
	all    float64     // pairs of rows
	every  float64     // one in so many of the likely pairs was taken

	matches map[uint64]float64 // how many are expected, by the components that the rows share
}

const (
	trainingPairs = 400_000 // all rules together
	randomPairs   = 200_000
	equalPairs    = 20_000            // a field
	taughtPairs   = 8 * trainingPairs // as they are estimated, those of several rules counted again
	leastTaught   = 50_000            // rows
)

func (m *matcher) gather() *evidence {
	e := &evidence{all: m.allPairs(), rules: m.candidates()}
	defer m.forget()
	e.gatherLikely(m)
	e.gatherRandom(m)
	e.gatherEqual(m)
	return e
}

// gatherLikely takes pairs that rules propose: of all of them one in so many, whatever
// number of rules a pair has. Where there are many more than are learned from, they are
// those of some rows alone, which are in no order that means anything.
func (e *evidence) gatherLikely(m *matcher) {
	teachers := m.teachers(e.rules)
	rows, most := m.taught(teachers)
	of := float64(m.table.Rows) / float64(rows)
	var pairs []uint64
	every := uint64(1)
	m.indexes(teachers, rows, func(_ int, index entries) {
		pairs = m.propose(pairs, index, most, every)
		for len(pairs) > 4*trainingPairs {
			every *= 2
			pairs = slices.DeleteFunc(pairs, func(p uint64) bool { return !m.drawn(uint32(p>>32), uint32(p), every) })
		}
	})
	pairs = distinct(pairs)
	for len(pairs) > trainingPairs {
		every *= 2
		pairs = slices.DeleteFunc(pairs, func(p uint64) bool { return !m.drawn(uint32(p>>32), uint32(p), every) })
	}
	m.grow(^uint64(0), rows)
	e.pairs = make([]trained, len(pairs))
	m.parallel(len(pairs), func(c *comparer, from, to int) {
		for i, x := range pairs[from:to] {
			a, b := uint32(x>>32), uint32(x)
			e.pairs[from+i] = trained{a: a, b: b, covered: m.covered(a, b), pattern: c.pattern(a, b)}
		}
	})
	e.every = float64(every) * of * of
	seen := make([]pattern, len(e.pairs))
	for i, p := range e.pairs {
		seen[i] = p.pattern
	}
	e.likely = newTally(seen, e.every)
}

// taught is of how many rows the pairs that rules propose are learned from, and how
// many of them a block may have.
func (m *matcher) taught(rules []rule) (rows, most int) {
	pairs := 0.0
	for _, r := range rules {
		pairs += r.pairs
	}
	rows = m.table.Rows
	if few := float64(rows) * math.Sqrt(taughtPairs/max(pairs, 1)); few < float64(rows) {
		rows = min(rows, max(int(few), leastTaught))
	}
	return rows, max(2, int(float64(m.blockCap)*float64(rows)/float64(m.table.Rows)))
}

// teachers are the rules whose pairs are learned from: for every field and every two,
// the one that proposes most without being too wide.
func (m *matcher) teachers(rules []rule) []rule {
	best := map[[2]int]rule{}
	wide := max(100_000, 3*float64(m.table.Rows))
	if len(rules) > 0 { // where people have very many records, the narrowest there is
		wide = max(wide, 2*slices.MinFunc(rules, func(x, y rule) int { return cmp.Compare(x.pairs, y.pairs) }).pairs)
	}
	for _, r := range rules {
		fields := [2]int{m.components[r.a].field, -1}
		if r.b >= 0 {
			fields[1] = m.components[r.b].field
		}
		if old, ok := best[fields]; r.pairs <= wide && (!ok || r.pairs > old.pairs) {
			best[fields] = r
		}
	}
	var chosen []rule
	for _, r := range best {
		chosen = append(chosen, r)
	}
	slices.SortFunc(chosen, func(x, y rule) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	return chosen
}

// drawn reports whether a pair is among the one in every that is learned from.
func (m *matcher) drawn(a, b uint32, every uint64) bool {
	return every == 1 || mix(m.rowHash[a], m.rowHash[b])>>20&(every-1) == 0
}

// propose appends one in every of the pairs of each block that has most rows or fewer.
func (m *matcher) propose(pairs []uint64, index entries, most int, every uint64) []uint64 {
	index.blocks(func(b entries) {
		if len(b) > most {
			return
		}
		for j := range b {
			y := b.row(j)
			for k := range j {
				if x := b.row(k); x != y && m.linkable(x, y) && m.drawn(x, y, every) {
					pairs = append(pairs, twoRows(x, y))
				}
			}
		}
	})
	return pairs
}

// twoRows is a pair of rows in one number, the lesser first.
func twoRows(a, b uint32) uint64 { return uint64(min(a, b))<<32 | uint64(max(a, b)) }

func distinct(pairs []uint64) []uint64 {
	sortRadix(pairs, 0)
	return slices.Compact(pairs)
}

// forget gives the memory back that the keys take.
func (m *matcher) forget() {
	for _, c := range m.components {
		c.forget()
	}
}

// gatherRandom takes pairs at random: each row, or as many as will do, with some that follow.
func (e *evidence) gatherRandom(m *matcher) {
	n := m.table.Rows
	var pairs []uint64
	steps := min(n-1, 1+randomPairs/n)
	for s := 1; s <= steps; s++ {
		gap := s
		if steps < n-1 {
			gap = 1 + int(mix(0, uint64(s))%uint64(n-1))
		}
		for i := range min(n, randomPairs) {
			if a, b := uint32(i), uint32((i+gap)%n); m.linkable(a, b) {
				pairs = append(pairs, twoRows(a, b))
			}
		}
	}
	e.random = newTally(m.patterns(pairs), 1)
}

// gatherEqual takes, for each field, pairs of rows that have its value in common.
func (e *evidence) gatherEqual(m *matcher) {
	e.equal = make([]*tally, len(m.fields))
	e.share = make([]float64, len(m.fields))
	e.rare = make([][]float64, len(m.fields))
	n := float64(m.table.Rows)
	pairs := make([][]uint64, len(m.fields))
	inParallel(len(m.fields), 1, func(i, _ int) { pairs[i] = m.drawEqual(m.fields[i], m.fields[i].every()) })
	for i, f := range m.fields {
		e.equal[i] = newTally(m.patterns(pairs[i]), f.every())
		e.share[i] = f.equals() / (n * (n - 1) / 2)
		e.rare[i] = make([]float64, len(f.norm))
		if f.common() {
			continue
		}
		for code, k := range f.count[1:] {
			e.rare[i][code+1] = rarity(e.share[i], m.table.Rows, f.given, k)
		}
	}
}

// equals is how many pairs of rows have a value in common.
func (f *field) equals() float64 {
	total := 0.0
	for _, k := range f.count[1:] {
		total += float64(k) * float64(k-1) / 2
	}
	return total
}

// every says that one in so many of them is looked at.
func (f *field) every() float64 { return max(1, f.equals()/equalPairs) }

// drawEqual draws one in so many of the pairs of rows that have a value in common.
func (m *matcher) drawEqual(f *field, every float64) []uint64 {
	start := make([]int, len(f.norm)+1)
	for code, k := range f.count {
		start[code+1] = start[code] + int(k)
	}
	rows := make([]uint32, len(f.codes))
	at := slices.Clone(start)
	for row, code := range f.codes {
		rows[at[code]] = uint32(row)
		at[code]++
	}
	var pairs []uint64
	for code := 1; code < len(f.norm); code++ {
		group := rows[start[code]:start[code+1]]
		if len(group) < 2 {
			continue
		}
		n := uint64(len(group))
		draw := float64(n*(n-1)/2) / every
		times := uint64(draw)
		seed := mix(f.print, hash(f.norm[code]))
		if float64(seed>>11)/(1<<53) < draw-float64(times) {
			times++
		}
		for t := range times {
			h := mix(seed, t)
			x := h % n
			y := (x + 1 + (h>>32)%(n-1)) % n
			if m.linkable(group[x], group[y]) {
				pairs = append(pairs, twoRows(group[x], group[y]))
			}
		}
	}
	return pairs
}
