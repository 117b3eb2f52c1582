package match

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"sync/atomic"
)

// leastBits are the odds from which on a pair is kept: those of one to eight.
const leastBits = -3

// ceiling is the most that a pair's fields can say for it before they were compared, so
// that one that cannot reach leastBits is given up early.
type ceiling struct {
	level  [][mostLevels]float64 // by field: bits, whatever the context
	unlike []float64             // by field: bits of the level that says most, of those of two values
	order  []int                 // fields, those first that bring it down most
	follow []bool                // by field: its agreement may follow from another's
	loose  []bool                // by field: it may agree where its value is missing
}

func (m *matcher) ceiling(mo *model) *ceiling {
	n := len(m.fields)
	c := &ceiling{level: make([][mostLevels]float64, n), unlike: make([]float64, n), order: make([]int, n), follow: make([]bool, n), loose: make([]bool, n)}
	for i, f := range m.fields {
		c.order[i] = i
		c.follow[i], c.loose[i] = slices.Max(mo.parents[i][:]) >= 0, f.loose()
		c.unlike[i] = math.Inf(-1)
		for l := same; l <= f.kind.apart(); l++ {
			c.level[i][l] = math.Inf(-1)
			for s := range mo.weight[i] {
				c.level[i][l] = max(c.level[i][l], mo.weight[i][s][l])
			}
			if l > same {
				c.unlike[i] = max(c.unlike[i], c.level[i][l])
			}
		}
		if c.loose[i] { // it may be missing, which says nothing
			c.unlike[i] = max(c.unlike[i], 0)
		}
	}
	drop := func(i int) float64 { return c.unlike[i] - c.level[i][m.fields[i].kind.apart()] }
	slices.SortStableFunc(c.order, func(a, b int) int { return cmp.Compare(drop(b), drop(a)) })
	return c
}

// scorer weighs pairs and keeps those that may match. One goroutine at a time may use it.
type scorer struct {
	*comparer
	mo       *model
	top      *ceiling
	edges    []edge
	compared int64
	proposed int64 // pairs, those that another rule proposed before among them
	seen     scores
}

// oneGivenUp in so many pairs that were given up early is weighed all the same, for the
// scores.
const oneGivenUp = 64

// pair weighs the rows a and b.
func (s *scorer) pair(a, b uint32) {
	const floor = leastBits - 0.01 // sums differ in their last bits
	s.compared++
	s.a, s.b = a, b
	x, y := s.m.row(a), s.m.row(b)
	var p pattern
	var open uint32
	bits := s.mo.prior
	for i, v := range x {
		switch w := y[i]; {
		case (v == 0 || w == 0) && !s.top.loose[i]:
		case v == w && v != 0:
			p |= pattern(same) << (levelBits * i)
			rare := s.m.evidence.rare[i][v]
			if s.top.follow[i] {
				rare = max(rare, 0)
			}
			bits += s.top.level[i][same] + rare
		default:
			open |= 1 << i
			bits += s.top.unlike[i]
		}
	}
	for _, i := range s.top.order {
		if bits <= floor {
			if mix(s.m.rowHash[min(a, b)], s.m.rowHash[max(a, b)])%oneGivenUp == 0 {
				s.seen.add(s.m.weigh(s.mo, a, b, s.pattern(a, b)), oneGivenUp)
			}
			return
		}
		if open>>i&1 != 0 {
			l := s.level(i, x, y)
			p |= pattern(l) << (levelBits * i)
			bits += s.top.level[i][l] - s.top.unlike[i]
		}
	}
	w := float32(s.m.weigh(s.mo, a, b, p))
	s.seen.add(float64(w), 1)
	if w > leastBits {
		s.edges = append(s.edges, edge{min(a, b), max(a, b), w})
	}
}

// score compares every pair that the rules propose, each under its first rule, and keeps
// those that may match. It tells as well how many it compared, and how certain they were.
func (m *matcher) score(mo *model, rules []rule) ([]edge, *scores, int64) {
	all := &gathered{m: m, mo: mo, top: m.ceiling(mo)}
	if m.few() {
		all.of = int(m.evidence.all)
		all.run(m.table.Rows, 16, func(s *scorer, from, to int) {
			for b := uint32(from); b < uint32(to); b++ {
				for a := range b {
					if m.linkable(a, b) {
						s.pair(a, b)
					}
				}
				s.proposed += int64(b)
			}
		})
	} else {
		before := m.proposed()
		for _, r := range rules {
			all.of += int(r.pairs)
		}
		m.indexes(rules, m.table.Rows, func(i int, index entries) {
			starts := before.begin(rules[i], index, m.stopped(i, rules[i]))
			all.run(len(starts), 256, func(s *scorer, from, to int) {
				of := *before
				of.keyer, of.keys = keyer{m: m}, [2][]uint64{}
				for _, at := range starts[from:to] {
					s.block(&of, index[at:])
				}
			})
		})
	}
	sortEdges(all.edges)
	return slices.Compact(all.edges), &all.seen, all.compared
}

// sortEdges puts the most certain first, and of those that are as certain the first rows.
func sortEdges(edges []edge) {
	if len(edges) < 1<<10 {
		slices.SortFunc(edges, func(x, y edge) int {
			return cmp.Or(cmp.Compare(y.bits, x.bits), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
		})
		return
	}
	from, to := edges, make([]edge, len(edges))
	for _, key := range [...]func(e *edge) uint32{
		func(e *edge) uint32 { return e.b }, func(e *edge) uint32 { return e.a },
		func(e *edge) uint32 { // what is greater has the lesser key, and what is above 0 is before what is below
			b := math.Float32bits(e.bits)
			if b>>31 == 0 {
				b ^= 1<<31 - 1
			}
			return b
		},
	} {
		for shift := 0; shift < 32; shift += 11 {
			var count [1 << 11]uint32
			for i := range from {
				count[key(&from[i])>>shift&(1<<11-1)]++
			}
			if slices.Contains(count[:], uint32(len(from))) {
				continue // all have the same
			}
			sum := uint32(0)
			for i, n := range count {
				count[i] = sum
				sum += n
			}
			for i := range from {
				at := &count[key(&from[i])>>shift&(1<<11-1)]
				to[*at] = from[i]
				*at++
			}
			from, to = to, from
		}
	}
	if &from[0] != &edges[0] {
		copy(edges, from)
	}
}

// block weighs the pairs of the block that index begins with.
func (s *scorer) block(before *proposed, index entries) {
	key := uint32(index[0] >> 32)
	for j := 1; j < len(index) && uint32(index[j]>>32) == key; j++ {
		s.proposed += int64(j)
		y := index.row(j)
		for k := range j {
			if x := index.row(k); x != y && s.m.linkable(x, y) && !before.has(key, x, y) {
				s.pair(x, y)
			}
		}
	}
}

// gathered is what all scorers found.
type gathered struct {
	m        *matcher
	mo       *model
	top      *ceiling
	edges    []edge
	compared int64
	seen     scores
	done     atomic.Int64
	of       int // pairs that there are, about
}

// run calls do with ranges of 0 to n, on all processors.
func (g *gathered) run(n, chunk int, do func(s *scorer, from, to int)) {
	workers(n, chunk, func(ranges func() (from, to int, ok bool)) {
		s := &scorer{comparer: g.m.lend(), mo: g.mo, top: g.top}
		for from, to, ok := ranges(); ok && !g.m.config.stopped(); from, to, ok = ranges() {
			before := s.proposed
			do(s, from, to)
			done := int(g.done.Add(s.proposed - before))
			g.m.tell(done, max(done, g.of))
		}
		g.m.takeBack(s.comparer)
		g.m.mu.Lock()
		defer g.m.mu.Unlock()
		g.edges = append(g.edges, s.edges...)
		g.compared += s.compared
		for i, n := range s.seen {
			g.seen[i] += n
		}
	})
}

// proposed knows the rules that have proposed their pairs, and the one that is about to.
type proposed struct {
	keyer
	rules   []rule
	sets    []uint64          // the components of each rule
	wide    []map[uint32]bool // by rule: keys that more rows have than a block may
	keys    [2][]uint64
	values  uint64   // components that are values themselves
	value   []uint64 // by field: the one of them that is its
	several uint64   // components of which a value may have several keys
}

func (m *matcher) proposed() *proposed {
	p := &proposed{keyer: keyer{m: m}, value: make([]uint64, len(m.fields))}
	for i, c := range m.components {
		if c.make == nil {
			p.values |= 1 << i
			p.value[c.field] |= 1 << i
		}
		if c.many {
			p.several |= 1 << i
		}
	}
	return p
}

// begin goes on to the next rule, and gives where the blocks begin that propose pairs.
func (p *proposed) begin(r rule, index entries, stopped map[uint32]bool) (starts []uint32) {
	wide := map[uint32]bool{}
	at := uint32(0)
	index.blocks(func(b entries) {
		for index[at]>>32 != b[0]>>32 { // those of one row
			at++
		}
		if len(b) > p.m.blockCap || stopped[uint32(b[0]>>32)] {
			wide[uint32(b[0]>>32)] = true
		} else {
			starts = append(starts, at)
		}
		at += uint32(len(b))
	})
	p.rules, p.sets, p.wide = append(p.rules, r), append(p.sets, r.set()), append(p.wide, wide)
	return starts
}

// has reports whether an earlier rule has proposed two rows, or the last one does so under
// a lesser key.
func (p *proposed) has(key uint32, a, b uint32) bool {
	x, y := p.m.row(a), p.m.row(b)
	known, shared := p.values, uint64(0) // components
	for i, v := range x {
		if v == y[i] && v != 0 {
			shared |= p.value[i]
		}
	}
	last := len(p.rules) - 1
	for i, set := range p.sets {
		if i == last && set&p.several == 0 {
			break // it has one key at most
		}
		if set&known&^shared != 0 {
			continue
		}
		for open := set &^ known; open != 0; open &= open - 1 {
			at := bits.TrailingZeros64(open)
			c := p.m.components[at]
			known |= 1 << at
			if !c.shares(x[c.field], y[c.field]) {
				break
			}
			shared |= 1 << at
		}
		if set&^shared != 0 {
			continue
		}
		if i < last && len(p.wide[i]) == 0 || p.proposes(i, key, a, b) {
			return true
		}
	}
	return false
}

// proposes reports whether a rule proposes two rows that share what it asks for; the last
// rule, whether under a lesser key.
func (p *proposed) proposes(i int, key uint32, a, b uint32) bool {
	last := len(p.rules) - 1
	p.keys[0], p.keys[1] = p.of(p.rules[i], a, p.keys[0][:0]), p.of(p.rules[i], b, p.keys[1][:0])
	for _, k := range p.keys[0] {
		if (i < last || uint32(k) < key) && !p.wide[i][uint32(k)] && slices.Contains(p.keys[1], k) {
			return true
		}
	}
	return false
}
