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
			if moved = math.Abs(mo.prior - was); moved < still {
				break
			}
		}
		if pass > 0 && moved < still && slices.Equal(before, mo.parents) {
			break
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
	mo := &model{akin: math.Inf(-1), parents: make([][mostParents]int, n), m: make([][contexts]distribution, n), u: make([][contexts]distribution, n),
		kin: make([][contexts][mostLevels]float64, n), found: make([]distribution, n),
		weight: make([][contexts][mostLevels]float64, n), usual: make([]distribution, n)}
	for i := range mo.parents {
		mo.parents[i] = [mostParents]int{-1, -1, -1}
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
		for c := range mo.m[i] {
			mo.m[i][c] = d
		}
	}
}

// relations takes r from the pairs that share something and are not one.
func (m *matcher) relations(mo *model, e *evidence) {
	total := 0.0
	counts := make([][contexts]distribution, len(m.fields))
	for i, p := range e.likely.patterns {
		w := e.likely.akin[i] * e.likely.weights[i]
		total += w
		for f := range m.fields {
			counts[f][mo.context(m.fields, p, f)][p.at(f)] += w
		}
	}
	mo.akin = math.Log2(max(total, 1) / e.all)
	if mo.r == nil {
		mo.r, mo.kindred = make([][contexts]distribution, len(m.fields)), make([]distribution, len(m.fields))
	}
	m.spread(mo.r, mo.kindred, counts)
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
		inParallel(len(t.patterns), 1024, func(from, to int) {
			for i := from; i < to; i++ {
				one, akin := mo.bits(m.fields, t.patterns[i])
				t.post[i] = probability(mo.odds(one, akin))
				t.akin[i] = (1 - t.post[i]) * probability(mo.akin+akin)
			}
		})
	}
}

// maximise takes m from the pairs that are likely to match, and u from all others.
func (m *matcher) maximise(mo *model, e *evidence) {
	matches := 0.0
	t := e.likely
	n := len(m.fields)
	counts := make([][contexts]distribution, n)
	for i, p := range t.patterns {
		w := t.post[i] * t.weights[i]
		matches += w
		for f := range m.fields {
			counts[f][mo.context(m.fields, p, f)][p.at(f)] += w
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
	for i, p := range e.random.patterns {
		w := (1 - e.random.post[i]) * e.random.weights[i]
		for f := range m.fields {
			seen[f][p.at(f)] += w
		}
	}
	found := make([]distribution, n) // among likely pairs: no more than there are
	for i, p := range e.likely.patterns {
		w := (1 - e.likely.post[i]) * e.likely.weights[i]
		for f := range m.fields {
			found[f][p.at(f)] += w
		}
	}
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
		mo.u[f][contextOf(0, other)] = d
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

// conditional takes, for each field that follows others, u given how far those agree.
func (m *matcher) conditional(mo *model, e *evidence) {
	for f, parents := range mo.parents {
		for slot, j := range parents {
			mo.u[f][contextOf(slot, other)] = mo.usual[f]
			if j >= 0 {
				mo.u[f][contextOf(slot, equal)] = m.given(e.equal[j], f, j, equal, mo.usual[f])
				mo.u[f][contextOf(slot, near)] = m.given(e.likely, f, j, near, mo.usual[f])
			}
		}
	}
}

// given is how far a field agrees in pairs that do not match, where another agrees so
// far; where few such pairs were seen it is as usual.
func (m *matcher) given(t *tally, f, j int, s state, usual distribution) (d distribution) {
	n := 0.0
	for i, p := range t.patterns {
		if l := p.at(f); l != absent && stateOf(p.at(j), m.fields[j].kind) == s {
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
	for at, i := range order {
		type parent struct {
			j    int
			bits float64
		}
		var found []parent
		for _, j := range order[:at] {
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
	}
}

// matched is the share of matches in which all of some fields agree.
func (t *tally) matched(fields ...int) float64 {
	all, n := 0.0, 1.0
	for i, p := range t.patterns {
		w := t.post[i] * t.weights[i]
		n += w
		agree := true
		for _, f := range fields {
			agree = agree && p.at(f) == same
		}
		if agree {
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
	return e.likely.matched(i, j) * max(lift(i, j), lift(j, i))
}
