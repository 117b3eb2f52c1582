package match

import (
	"cmp"
	"math"
	"slices"
)

// learn finds what agreement is worth by expectation and maximisation, among three
// sorts of pairs: strangers, rows that are related, such as namesakes or the works of
// one artist, and rows that are one.
func (m *matcher) learn() *model {
	e := m.gather()
	m.evidence = e
	mo := m.fit(e, nil)
	if most := m.households(mo, e.likely); most != nil {
		mo = m.fit(e, most)
	}
	return mo
}

// fit learns from the start; apart is how often a field may be apart in matches, by
// field, where that is known.
func (m *matcher) fit(e *evidence, apart []float64) *model {
	mo := m.first(e)
	mo.apart = apart
	mo.kinship, mo.akin = true, math.Log2(float64(len(e.pairs))*e.every/e.all)
	m.settle(mo, e)
	if m.agreement(mo, mo.kindred) >= 0.2 && m.doubtful(mo) < 0.85 && !m.related(mo) { // these are one as well, only less alike
		mo = m.first(e)
		mo.apart = apart
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

// settle goes on until the model no longer moves, twenty times at most.
func (m *matcher) settle(mo *model, e *evidence) {
	const still = 0.01 // bits
	for pass := range 4 {
		before := slices.Clone(mo.parents)
		m.relate(mo, e)
		moved := 0.0
		for range 5 {
			was := mo.prior
			m.expect(mo, e)
			m.maximise(mo, e)
			if moved = math.Abs(mo.prior - was); moved < still || m.config.stopped() {
				break
			}
		}
		if pass > 0 && moved < still && slices.Equal(before, mo.parents) {
			break
		}
	}
	m.expect(mo, e)
}

// related reports whether rows that were set apart are the same much oftener, in a field
// that most rows have, than those that are one, and yet agree less on the whole. Noise does
// not make values the same: they are other works of one series, not worse copies.
func (m *matcher) related(mo *model) bool {
	if m.agreement(mo, mo.found) < m.agreement(mo, mo.kindred)+0.2 {
		return false
	}
	for f, fd := range m.fields {
		if float64(fd.given)*2 >= float64(m.table.Rows) && mo.kindred[f][same] >= mo.found[f][same]+0.5 {
			return true
		}
	}
	return false
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
	mo := &model{held: m.hold(), akin: math.Inf(-1), parents: make([][mostParents]int, n), m: make([][contexts]distribution, n), u: make([][contexts]distribution, n),
		kin: make([][contexts][mostLevels]float64, n), found: make([]distribution, n),
		weight: make([][contexts][mostLevels]float64, n), usual: make([]distribution, n)}
	for i := range mo.parents {
		mo.parents[i] = [mostParents]int{-1, -1, -1}
	}
	mo.begin(m.fields, float64(m.table.Rows)/2, e.all)
	m.contexts(mo, e)
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
		for c := range mo.m[i] {
			mo.m[i][c] = d
		}
	}
}

// relations takes r from the pairs that share something and are not one.
func (m *matcher) relations(mo *model, e *evidence) {
	total := 0.0
	for i, akin := range e.likely.akin {
		total += akin * e.likely.weights[i]
	}
	mo.akin = math.Log2(max(total, 1) / e.all)
	if mo.r == nil {
		mo.r, mo.kindred = make([][contexts]distribution, len(m.fields)), make([]distribution, len(m.fields))
	}
	m.spread(mo.r, mo.kindred, m.counts(e.likely, e.likely.akin))
}

// spread turns counts of levels into probabilities, given the parent's and whatever it is.
func (m *matcher) spread(to [][contexts]distribution, whole []distribution, counts [][contexts]distribution) {
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
	mo.held.apply(mo)
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
	for _, t := range e.tallies() {
		inParallel(len(t.patterns), 512, func(from, to int) {
			var one, akin [512]float64
			for f, cells := range t.cells {
				for i, c := range cells[from:to] {
					one[i] += mo.weight[f][c.context()][c.level()]
					akin[i] += mo.kin[f][c.context()][c.level()]
				}
			}
			for i := range to - from {
				t.post[from+i], t.akin[from+i] = mo.shares(one[i], akin[i])
			}
		})
	}
}

// maximise takes m from the pairs that are likely to match, and u from all others.
func (m *matcher) maximise(mo *model, e *evidence) {
	matches := 0.0
	t := e.likely
	for i, post := range t.post {
		matches += post * t.weights[i]
	}
	matches = max(matches, 1)
	mo.prior = math.Log2(matches / max(e.all-matches, 1))
	m.spread(mo.m, mo.found, m.counts(t, t.post))
	m.steady(mo)
	if mo.kinship {
		m.relations(mo, e)
	}
	m.unlikely(mo, e)
	mo.weigh()
}

// counts adds up, for each field, how often it had each level in each context, of the
// part of each pattern that shares says.
func (m *matcher) counts(t *tally, shares []float64) [][contexts]distribution {
	counts := make([][contexts]distribution, len(m.fields))
	inParallel(len(counts), 1, func(f, _ int) {
		var sum [contexts]distribution // of its own, as neighbours in memory are slow to share
		for i, c := range t.cells[f] {
			sum[c.context()][c.level()] += shares[i] * t.weights[i]
		}
		counts[f] = sum
	})
	return counts
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
	inParallel(len(m.fields), 1, func(f, _ int) {
		fd := m.fields[f]
		seen, found := e.random.strangers(f), e.likely.strangers(f) // the latter are no more than there are
		total := 0.0
		for l := 1; l < mostLevels; l++ {
			total += seen[l]
		}
		total = max(total, 1)
		given := float64(fd.given) / float64(m.table.Rows)
		var d distribution
		for l := same; l <= fd.kind.apart(); l++ {
			d[l] = max(seen[l]/total, found[l]/(e.all*given*given), 0.2/total)
		}
		d[same] = max(e.share[f]/(given*given)*e.unmatched(f), 1e-9)
		mo.usual[f] = d
		mo.u[f][contextOf(0, other)] = d
	})
	m.conditional(mo, e)
}

// strangers adds up how often a field had each level in pairs that do not match.
func (t *tally) strangers(f int) (d distribution) {
	for i, c := range t.cells[f] {
		d[c.level()] += (1 - t.post[i]) * t.weights[i]
	}
	return d
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

// conditional takes, for each field that follows others, u given how far those agree.
func (m *matcher) conditional(mo *model, e *evidence) {
	inParallel(len(mo.parents), 1, func(f, _ int) {
		for slot, j := range mo.parents[f] {
			mo.u[f][contextOf(slot, other)] = mo.usual[f]
			if j >= 0 {
				mo.u[f][contextOf(slot, equal)] = m.given(e.equal[j], f, j, equal, mo.usual[f])
				mo.u[f][contextOf(slot, near)] = m.given(e.likely, f, j, near, mo.usual[f])
			}
		}
	})
}

// given is how far a field agrees in pairs that do not match, where another agrees so
// far; where few such pairs were seen it is as usual.
func (m *matcher) given(t *tally, f, j int, s state, usual distribution) (d distribution) {
	n := 0.0
	others := t.cells[j]
	for i, c := range t.cells[f] {
		if l := c.level(); l != absent && stateOf(others[i].level(), m.fields[j].kind) == s {
			w := t.weights[i]
			if m.derived[f] != j {
				w *= 1 - t.post[i]
			}
			d[l] += w
			n += w
		}
	}
	const pseudo = 5
	for l := same; l <= m.fields[f].kind.apart(); l++ {
		d[l] = (d[l] + pseudo*usual[l]) / (n + pseudo)
	}
	return d
}

// relate finds, for each field, those that its agreement follows from most, by how
// much would be counted twice: among the fields whose agreement is rarer, so that none
// follows from itself.
func (m *matcher) relate(mo *model, e *evidence) {
	order := make([]int, len(m.fields))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(mo.usual[a][same], mo.usual[b][same]) })
	inParallel(len(order), 1, func(at, _ int) {
		type parent struct {
			j    int
			bits float64
		}
		i := order[at]
		var found []parent
		for _, j := range order[:at] {
			if m.derived[i] != j && m.personal(e, j) {
				continue
			}
			w := m.doubled(mo, e, i, j)
			if m.derived[i] == j {
				w = math.Inf(1)
			}
			if w > 0.25 {
				found = append(found, parent{j, w})
			}
		}
		slices.SortStableFunc(found, func(a, b parent) int { return cmp.Compare(b.bits, a.bits) })
		mo.parents[i] = [mostParents]int{-1, -1, -1}
		for slot, p := range found[:min(len(found), mostParents)] {
			mo.parents[i][slot] = p.j
		}
	})
	m.follow(mo)
	m.contexts(mo, e)
}

// matched is the share of matches in which two fields agree.
func (t *tally) matched(f, g int) float64 {
	all, n := 0.0, 1.0
	others := t.cells[g]
	for i, c := range t.cells[f] {
		w := t.post[i] * t.weights[i]
		n += w
		if c.level() == same && others[i].level() == same {
			all += w
		}
	}
	return all / n
}

// doubled is how many bits a match is given twice when the fields i and j agree.
func (m *matcher) doubled(mo *model, e *evidence, i, j int) float64 {
	lift := func(f, given int) float64 {
		t := e.equal[given]
		n, both := 5.0, 5*mo.usual[f][same]
		for k, c := range t.cells[f] {
			if c.level() != absent {
				w := (1 - t.post[k]) * t.weights[k]
				n += w
				if c.level() == same {
					both += w
				}
			}
		}
		return math.Log2(both / n / mo.usual[f][same])
	}
	return e.likely.matched(i, j) * max(lift(i, j), lift(j, i))
}
