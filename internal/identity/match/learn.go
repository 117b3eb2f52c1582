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
}

func newTally(counts map[pattern]float64) *tally {
	t := &tally{}
	for p := range counts {
		t.patterns = append(t.patterns, p)
	}
	slices.Sort(t.patterns)
	for _, p := range t.patterns {
		t.weights = append(t.weights, counts[p])
	}
	t.post, t.akin = make([]float64, len(t.patterns)), make([]float64, len(t.patterns))
	return t
}

// evidence is what learning goes by: pairs that are likely to match, pairs taken at
// random, and for each field pairs that have its value in common.
type evidence struct {
	rules  []rule
	pairs  []trained
	likely *tally
	random *tally
	equal  []*tally  // by field
	share  []float64 // by field: of all pairs, those that have its value in common
	all    float64   // pairs of rows
	every  float64   // one in so many of the likely pairs was taken
}

const (
	trainingPairs = 400_000 // all rules together
	randomPairs   = 200_000
	equalPairs    = 20_000 // a field
)

func (m *matcher) gather() *evidence {
	e := &evidence{all: m.allPairs(), rules: m.candidates()}
	e.gatherLikely(m)
	e.gatherRandom(m)
	e.gatherEqual(m)
	return e
}

// gatherLikely takes pairs that rules propose: of all of them one in so many, whatever
// number of rules a pair has.
func (e *evidence) gatherLikely(m *matcher) {
	var pairs []uint64
	every := uint64(1)
	for _, r := range m.teachers(e.rules) {
		pairs = m.propose(pairs, m.index(r, m.table.Rows), every)
		for len(pairs) > 4*trainingPairs {
			every *= 2
			pairs = slices.DeleteFunc(pairs, func(p uint64) bool { return !m.drawn(uint32(p>>32), uint32(p), every) })
		}
	}
	pairs = distinct(pairs)
	for len(pairs) > trainingPairs {
		every *= 2
		pairs = slices.DeleteFunc(pairs, func(p uint64) bool { return !m.drawn(uint32(p>>32), uint32(p), every) })
	}
	e.pairs = make([]trained, len(pairs))
	m.parallel(len(pairs), func(c *comparer, from, to int) {
		for i, x := range pairs[from:to] {
			a, b := uint32(x>>32), uint32(x)
			e.pairs[from+i] = trained{a: a, b: b, covered: m.covered(a, b), pattern: c.pattern(a, b)}
		}
	})
	e.every = float64(every)
	counts := map[pattern]float64{}
	for _, p := range e.pairs {
		counts[p.pattern] += e.every
	}
	e.likely = newTally(counts)
}

// teachers are the rules whose pairs are learned from: for every field and every two,
// the one that proposes most without being too wide.
func (m *matcher) teachers(rules []rule) []rule {
	best := map[[2]int]rule{}
	for _, r := range rules {
		fields := [2]int{m.components[r.a].field, -1}
		if r.b >= 0 {
			fields[1] = m.components[r.b].field
		}
		if old, ok := best[fields]; r.pairs <= max(100_000, 3*float64(m.table.Rows)) && (!ok || r.pairs > old.pairs) {
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

// propose appends one in every of the pairs of each block that is not over the cap.
func (m *matcher) propose(pairs []uint64, index entries, every uint64) []uint64 {
	index.blocks(func(b entries) {
		if len(b) > m.blockCap {
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

// gatherRandom takes pairs at random: each row with some that follow.
func (e *evidence) gatherRandom(m *matcher) {
	n := m.table.Rows
	var pairs []uint64
	steps := min(n-1, 1+randomPairs/n)
	for s := 1; s <= steps; s++ {
		gap := s
		if steps < n-1 {
			gap = 1 + int(mix(0, uint64(s))%uint64(n-1))
		}
		for i := range n {
			if a, b := uint32(i), uint32((i+gap)%n); m.linkable(a, b) {
				pairs = append(pairs, twoRows(a, b))
			}
		}
	}
	counts := map[pattern]float64{}
	for _, p := range m.patterns(pairs) {
		counts[p]++
	}
	e.random = newTally(counts)
}

// gatherEqual takes, for each field, pairs of rows that have its value in common.
func (e *evidence) gatherEqual(m *matcher) {
	e.equal = make([]*tally, len(m.fields))
	e.share = make([]float64, len(m.fields))
	n := float64(m.table.Rows)
	for i, f := range m.fields {
		total := 0.0
		for _, k := range f.count[1:] {
			total += float64(k) * float64(k-1) / 2
		}
		every := max(1, total/equalPairs)
		counts := map[pattern]float64{}
		for _, p := range m.patterns(m.drawEqual(f, every)) {
			counts[p] += every
		}
		e.equal[i] = newTally(counts)
		e.share[i] = total / (n * (n - 1) / 2)
	}
}

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

// distribution is the probability of each level of a field where it is not missing.
type distribution [mostLevels]float64

func (d *distribution) normalise(floor float64) {
	sum := 0.0
	for l := 1; l < mostLevels; l++ {
		sum += d[l]
	}
	for l := 1; l < mostLevels && sum > 0; l++ {
		d[l] = max(d[l]/sum, floor)
	}
}

// state is how far another field agrees: what a field's agreement may follow from.
type state uint8

const (
	equal state = iota
	near
	other
	states
)

func stateOf(l level, k Kind) state {
	switch {
	case l == same:
		return equal
	case l == absent || l == k.apart():
		return other
	default:
		return near
	}
}

// model is what agreement is worth.
type model struct {
	prior   float64 // the odds of a match of two rows taken at random, in bits
	akin    float64 // likewise, of two rows that are related, but not one
	parent  []int   // by field: the one that its agreement follows from, or -1
	m, u    [][states]distribution
	r       [][states]distribution        // of related rows; nil where there are none
	kinship bool                          // r is learned
	kindred []distribution                // r, whatever the parent
	found   []distribution                // m, whatever the parent
	weight  [][states][mostLevels]float64 // bits, of m over u
	kin     [][states][mostLevels]float64 // bits, of r over u
	usual   []distribution                // u, whatever the parent
}

// bits is the weight of a pattern for its rows being one, and for their being
// related, without the priors.
func (mo *model) bits(fields []*field, p pattern) (one, akin float64) {
	for i := range fields {
		s, l := mo.stateFor(fields, p, i), p.at(i)
		one += mo.weight[i][s][l]
		akin += mo.kin[i][s][l]
	}
	return one, akin
}

// odds are those, in bits, of rows being one rather than related or strangers.
func (mo *model) odds(one, akin float64) float64 {
	return mo.prior + one - math.Log2(1+math.Exp2(min(mo.akin+akin, 500)))
}

func (mo *model) stateFor(fields []*field, p pattern, i int) state {
	j := mo.parent[i]
	if j < 0 {
		return other
	}
	return stateOf(p.at(j), fields[j].kind)
}

// learn finds what agreement is worth by expectation and maximisation, among three
// sorts of pairs: strangers, rows that are related, such as namesakes or the works of
// one artist, and rows that are one.
func (m *matcher) learn() *model {
	e := m.gather()
	m.evidence = e
	mo := m.first(e)
	mo.kinship, mo.akin = true, math.Log2(float64(len(e.pairs))*e.every/e.all)
	m.settle(mo, e)
	if m.agreement(mo, mo.kindred) >= 0.2 && m.doubtful(mo) < 0.85 { // these are one as well, only less alike
		mo = m.first(e)
		m.settle(mo, e)
	}
	for range 2 {
		if m.agreement(mo, mo.found) >= 0.2 {
			break
		}
		m.setApart(mo, e)
		m.settle(mo, e)
	}
	return mo
}

// settle goes on until the model no longer moves.
func (m *matcher) settle(mo *model, e *evidence) {
	for range 4 {
		m.relate(mo, e)
		for range 5 {
			m.expect(mo, e)
			m.maximise(mo, e)
		}
	}
	m.expect(mo, e)
}

// doubtful is how often related rows are apart in the field, of those that tell much,
// in which they are so most.
func (m *matcher) doubtful(mo *model) float64 {
	most, tells := 0.0, 0.0
	for f := range m.fields {
		tells = max(tells, -math.Log2(mo.usual[f][same]))
	}
	for f, fd := range m.fields {
		if -math.Log2(mo.usual[f][same]) >= tells/4 && float64(fd.given)*2 >= float64(m.table.Rows) {
			most = max(most, mo.kindred[f][fd.kind.apart()])
		}
	}
	return most
}

// agreement is how much of what pairs could agree in they do, by how much the fields tell.
func (m *matcher) agreement(mo *model, found []distribution) float64 {
	sum, all := 0.0, 0.0
	for f := range m.fields {
		tells := -math.Log2(mo.usual[f][same])
		sum += tells * (found[f][same] + found[f][2] + found[f][3])
		all += tells
	}
	return sum / max(all, 1)
}

// setApart takes what was found for related records, and begins again.
func (m *matcher) setApart(mo *model, e *evidence) {
	mo.akin, mo.r, mo.kinship = mo.prior, slices.Clone(mo.m), false
	mo.begin(m.fields, float64(m.table.Rows)/20, e.all)
	m.unlikely(mo, e)
	mo.weigh()
	m.expect(mo, e)
}

// first is what is assumed before anything was learned: most fields of a match agree.
func (m *matcher) first(e *evidence) *model {
	n := len(m.fields)
	mo := &model{akin: math.Inf(-1), parent: make([]int, n), m: make([][states]distribution, n), u: make([][states]distribution, n),
		kin: make([][states][mostLevels]float64, n), found: make([]distribution, n),
		weight: make([][states][mostLevels]float64, n), usual: make([]distribution, n)}
	for i := range mo.parent {
		mo.parent[i] = -1
	}
	mo.begin(m.fields, float64(m.table.Rows)/2, e.all)
	for i := range e.likely.patterns {
		e.likely.post[i], e.likely.akin[i] = 0, 1
	}
	m.relations(mo, e)
	mo.akin = math.Inf(-1)
	m.unlikely(mo, e)
	mo.weigh()
	return mo
}

// begin assumes that most fields of a match agree.
func (mo *model) begin(fields []*field, matches, all float64) {
	mo.prior = math.Log2(matches / max(all-matches, 1))
	for i, f := range fields {
		last := f.kind.apart()
		var d distribution
		d[same], d[last] = 0.75, 0.1
		for l := same + 1; l < last; l++ {
			d[l] = 0.15 / float64(last-2)
		}
		mo.m[i] = [states]distribution{d, d, d}
	}
}

// relations takes r from the pairs that share something and are not one.
func (m *matcher) relations(mo *model, e *evidence) {
	total := 0.0
	counts := make([][states]distribution, len(m.fields))
	for i, p := range e.likely.patterns {
		w := e.likely.akin[i] * e.likely.weights[i]
		total += w
		for f := range m.fields {
			counts[f][mo.stateFor(m.fields, p, f)][p.at(f)] += w
		}
	}
	mo.akin = math.Log2(max(total, 1) / e.all)
	if mo.r == nil {
		mo.r, mo.kindred = make([][states]distribution, len(m.fields)), make([]distribution, len(m.fields))
	}
	m.spread(mo.r, mo.kindred, counts)
}

// spread turns counts of levels into probabilities, given the parent's and whatever it is.
func (m *matcher) spread(to [][states]distribution, whole []distribution, counts [][states]distribution) {
	for f := range m.fields {
		var usual distribution
		for _, d := range counts[f] {
			for l := range d {
				usual[l] += d[l]
			}
		}
		smooth(&usual, nil, m.fields[f].kind)
		whole[f] = usual
		for s := range counts[f] {
			d := counts[f][s]
			smooth(&d, &usual, m.fields[f].kind)
			to[f][s] = d
		}
	}
}

func (mo *model) weigh() {
	for i := range mo.m {
		for s := range mo.m[i] {
			for l := 1; l < mostLevels; l++ {
				mo.weight[i][s][l], mo.kin[i][s][l] = 0, 0
				if mo.m[i][s][l] > 0 && mo.u[i][s][l] > 0 {
					mo.weight[i][s][l] = math.Log2(mo.m[i][s][l] / mo.u[i][s][l])
				}
				if mo.r != nil && mo.r[i][s][l] > 0 && mo.u[i][s][l] > 0 {
					mo.kin[i][s][l] = math.Log2(mo.r[i][s][l] / mo.u[i][s][l])
				}
			}
		}
	}
}

func (m *matcher) expect(mo *model, e *evidence) {
	for _, t := range append([]*tally{e.likely, e.random}, e.equal...) {
		for i, p := range t.patterns {
			one, akin := mo.bits(m.fields, p)
			t.post[i] = probability(mo.odds(one, akin))
			t.akin[i] = (1 - t.post[i]) * probability(mo.akin+akin)
		}
	}
}

// maximise takes m from the pairs that are likely to match, and u from all others.
func (m *matcher) maximise(mo *model, e *evidence) {
	matches := 0.0
	t := e.likely
	n := len(m.fields)
	counts := make([][states]distribution, n)
	for i, p := range t.patterns {
		w := t.post[i] * t.weights[i]
		matches += w
		for f := range m.fields {
			counts[f][mo.stateFor(m.fields, p, f)][p.at(f)] += w
		}
	}
	matches = max(matches, 1)
	mo.prior = math.Log2(matches / max(e.all-matches, 1))
	m.spread(mo.m, mo.found, counts)
	if mo.kinship {
		m.relations(mo, e)
	}
	m.unlikely(mo, e)
	mo.weigh()
}

// smooth turns counts into probabilities; what was not seen is taken to be rare, or
// as it usually is.
func smooth(d, usual *distribution, k Kind) {
	const pseudo = 10
	sum := 0.0
	last := k.apart()
	for l := same; l <= last; l++ {
		sum += d[l]
	}
	for l := same; l <= last; l++ {
		if usual != nil {
			d[l] = (d[l] + pseudo*usual[l]) / (sum + pseudo)
		} else {
			d[l] = (d[l] + 0.5) / (sum + 0.5*float64(last))
		}
	}
	d[absent] = 0
}

// unlikely takes u from pairs that do not match.
func (m *matcher) unlikely(mo *model, e *evidence) {
	n := len(m.fields)
	seen := make([]distribution, n) // among random pairs
	times := make([]distribution, n)
	for i, p := range e.random.patterns {
		w := (1 - e.random.post[i]) * e.random.weights[i]
		for f := range m.fields {
			seen[f][p.at(f)] += w
			times[f][p.at(f)] += e.random.weights[i]
		}
	}
	found := make([]distribution, n) // among likely pairs: no more than there are
	near_ := make([][]distribution, n)
	for i, p := range e.likely.patterns {
		w := (1 - e.likely.post[i]) * e.likely.weights[i]
		for f := range m.fields {
			found[f][p.at(f)] += w
		}
	}
	_ = near_
	for f, fd := range m.fields {
		total := 0.0
		for l := 1; l < mostLevels; l++ {
			total += seen[f][l]
		}
		total = max(total, 1)
		given := float64(fd.given) / float64(m.table.Rows)
		var d distribution
		for l := same; l <= fd.kind.apart(); l++ {
			d[l] = max(seen[f][l]/total, found[f][l]/(e.all*given*given), 0.2/total)
		}
		d[same] = max(e.share[f]/(given*given)*e.unmatched(f), 1e-9)
		mo.usual[f] = d
		mo.u[f][other] = d
	}
	m.conditional(mo, e)
}

// unmatched is the share of pairs with a field's value in common that do not match.
func (e *evidence) unmatched(f int) float64 {
	t := e.equal[f]
	sum, all := 0.5, 1.0
	for i := range t.patterns {
		sum += (1 - t.post[i]) * t.weights[i]
		all += t.weights[i]
	}
	return sum / all
}

// conditional takes, for each field that follows another, u given how far that one agrees.
func (m *matcher) conditional(mo *model, e *evidence) {
	for f, j := range mo.parent {
		if j < 0 {
			continue
		}
		for s, t := range [states]*tally{equal: e.equal[j], near: e.likely} {
			if t == nil {
				continue
			}
			var d distribution
			n := 0.0
			for i, p := range t.patterns {
				if stateOf(p.at(j), m.fields[j].kind) == state(s) && p.at(f) != absent {
					w := t.weights[i]
					if m.derived[f] != j {
						w *= 1 - t.post[i]
					}
					d[p.at(f)] += w
					n += w
				}
			}
			const pseudo = 5
			for l := same; l <= m.fields[f].kind.apart(); l++ {
				d[l] = (d[l] + pseudo*mo.usual[f][l]) / (n + pseudo)
			}
			d[absent] = 0
			mo.u[f][s] = d
		}
	}
}

// relate finds, for each field, the one that its agreement follows from most: the
// tree of greatest weight (Chow and Liu, 1968), by how much would be counted twice.
func (m *matcher) relate(mo *model, e *evidence) {
	type edge struct {
		i, j int
		bits float64
	}
	var edges []edge
	for i, j := range m.derived {
		if j >= 0 {
			edges = append(edges, edge{i, j, math.Inf(1)})
		}
		mo.parent[i] = -1
	}
	for i := range m.fields {
		for j := range i {
			if w := m.doubled(mo, e, i, j); w > 0.25 {
				edges = append(edges, edge{i, j, w})
			}
		}
	}
	slices.SortStableFunc(edges, func(a, b edge) int { return cmp.Compare(b.bits, a.bits) })
	group := make([]int, len(m.fields))
	next := make([][]int, len(m.fields))
	for i := range group {
		group[i] = i
	}
	for _, x := range edges {
		if g, h := group[x.i], group[x.j]; g != h {
			for i := range group {
				if group[i] == h {
					group[i] = g
				}
			}
			next[x.i] = append(next[x.i], x.j)
			next[x.j] = append(next[x.j], x.i)
		}
	}
	// The rarer a field's agreement, the nearer it stands to the root.
	order := make([]int, len(m.fields))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(mo.usual[a][same], mo.usual[b][same]) })
	done := make([]bool, len(m.fields))
	for _, root := range order {
		if !done[root] {
			done[root] = true
			orient(root, next, done, mo.parent)
		}
	}
}

func orient(at int, next [][]int, done []bool, parent []int) {
	for _, i := range next[at] {
		if !done[i] {
			done[i] = true
			parent[i] = at
			orient(i, next, done, parent)
		}
	}
}

// doubled is how many bits a match is given twice when the fields i and j agree.
func (m *matcher) doubled(mo *model, e *evidence, i, j int) float64 {
	lift := func(f, given int) float64 {
		t := e.equal[given]
		n, both := 5.0, 5*mo.usual[f][same]
		for k, p := range t.patterns {
			if p.at(f) != absent {
				w := (1 - t.post[k]) * t.weights[k]
				n += w
				if p.at(f) == same {
					both += w
				}
			}
		}
		return math.Log2(both / n / mo.usual[f][same])
	}
	together, n := 0.0, 1.0
	for k, p := range e.likely.patterns {
		w := e.likely.post[k] * e.likely.weights[k]
		n += w
		if p.at(i) == same && p.at(j) == same {
			together += w
		}
	}
	return together / n * max(lift(i, j), lift(j, i))
}
