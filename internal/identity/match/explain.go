package match

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Pair is two rows that may be one.
type Pair struct {
	A, B int32 // rows; A is the lesser
	Bits float32
}

// Probability is how likely the two rows are one.
func (p Pair) Probability() float64 { return probability(float64(p.Bits)) }

// Pairs visits the pairs that may be one, the most certain first, down to odds of one to
// eight, until visit says no.
func (r *Result) Pairs(visit func(Pair) bool) {
	for _, e := range r.edges {
		a, b := int32(r.matcher.rows[e.a]), int32(r.matcher.rows[e.b])
		if !visit(Pair{min(a, b), max(a, b), e.bits}) {
			return
		}
	}
}

// Missing is the level of values of which one is not given.
const Missing = "missing"

// Weight is what one field says of two rows being one.
type Weight struct {
	Field   string
	Columns []string // that it is made of
	Kind    Kind
	Level   string  // how far the two values agree
	Bits    float64 // for the two rows being one, where positive
	Rarity  float64 // bits besides: the value that both have is rarer, or more common, than most
	Follow  string  // the field that this one's agreement follows from, whose agreement is taken into account; or ""
	Would   float64 // the odds if this field of the second row were as the first one's
}

// Explanation is why two rows are taken for one, or not: Prior and all Bits and
// Rarity, less Kinship, are the odds.
type Explanation struct {
	Prior   float64 // the odds of two rows taken at random, in bits
	Weights []Weight
	Kinship float64  // bits taken off because the two could be related, and not one
	Bits    float64  // the odds
	Rules   []string // the rules that propose the pair; none are needed where All

	All      bool // every pair was compared
	Compared bool // this one was
}

// Probability is how likely the two rows are one.
func (e Explanation) Probability() float64 { return probability(e.Bits) }

// Explain tells what speaks for two rows of the table being one, and what against it.
// Where nothing was compared there is nothing to tell.
func (r *Result) Explain(x, y int) Explanation {
	var e Explanation
	if r.model == nil {
		return e
	}
	m, a, b := r.matcher, r.ours[x], r.ours[y]
	p := m.comparer().pattern(a, b)
	e.Prior = r.model.prior
	e.Bits = m.weigh(r.model, a, b, p)
	sum := e.Prior
	for i, f := range m.fields {
		l := p.at(i)
		w := Weight{Field: f.name, Columns: f.columns(), Kind: f.kind, Level: f.levelName(l), Bits: r.model.weight[i][r.model.context(m.fields, p, i)][l]}
		for _, j := range r.model.parents[i] {
			if j >= 0 && p.at(j) != absent {
				w.Follow = m.fields[j].name
				break
			}
		}
		if l == same && !r.model.told(p, i) {
			w.Rarity = m.evidence.rare[i][m.row(a)[i]]
		}
		w.Would = e.Bits
		if l != same {
			w.Would = m.weigh(r.model, a, b, p&^(pattern(mostLevels-1)<<(levelBits*i))|pattern(same)<<(levelBits*i))
		}
		sum += w.Bits + w.Rarity
		e.Weights = append(e.Weights, w)
	}
	e.Kinship = sum - e.Bits
	e.All = m.few()
	covered := m.covered(a, b)
	for _, rule := range r.rules {
		if covered&rule.set() == rule.set() {
			e.Rules = append(e.Rules, m.ruleName(rule))
		}
	}
	e.Compared = x != y && m.linkable(a, b) && (e.All || len(e.Rules) > 0 && (e.Bits <= leastBits || r.has(a, b)))
	return e
}

// columns names those that a field is made of.
func (f *field) columns() []string {
	switch {
	case f.planned != nil && len(f.planned.Columns) > 0:
		return f.planned.Columns
	case f.implied != nil && len(f.implied.Columns) > 0: // a date in three columns
		return f.implied.Columns
	}
	return []string{f.name}
}

// has reports whether two rows are an edge: where a key is in too many rows, it proposes nothing.
func (r *Result) has(a, b uint32) bool {
	return slices.ContainsFunc(r.edges, func(e edge) bool { return twoRows(e.a, e.b) == twoRows(a, b) })
}

// ruleName is a rule in words: the fields and what of them two rows must share.
func (m *matcher) ruleName(r rule) string {
	var names []string
	for _, k := range m.keys(r) {
		names = append(names, k.Field+": "+k.What)
	}
	return strings.Join(names, ", ")
}

// LevelWeight is what one level of agreement is worth.
type LevelWeight struct {
	Level string
	M, U  float64 // how often rows that are one, and rows that are not, agree so far
	Bits  float64
}

// FieldModel is what was learned of one field, whatever the fields that it follows from.
type FieldModel struct {
	Field    string
	Kind     Kind
	Given    int     // rows that have a value
	Distinct int     // values
	Tells    float64 // bits that two values being the same by chance would say, where it is given
	Levels   []LevelWeight
	Follows  []string // fields that its agreement follows from
}

// RuleModel is a rule that proposes pairs.
type RuleModel struct {
	Rule    string
	Pairs   float64 // estimated
	Matches float64 // expected among them
	First   float64 // of them, those that no rule before it proposes
}

// Model is what was learned.
type Model struct {
	Prior  float64 // the odds of two rows taken at random being one, in bits
	Fields []FieldModel
	Rules  []RuleModel // none where all pairs were compared
}

// Model tells what was learned; it has no fields where nothing was compared.
func (r *Result) Model() Model {
	var mo Model
	if r.model == nil {
		return mo
	}
	m := r.matcher
	mo.Prior = r.model.prior
	for i, f := range m.fields {
		fm := FieldModel{Field: f.name, Kind: f.kind, Given: f.given, Distinct: len(f.norm) - 1, Tells: f.tells()}
		for l := same; l <= f.kind.apart(); l++ {
			w := LevelWeight{Level: f.levelName(l), M: r.model.found[i][l], U: r.model.usual[i][l]}
			w.Bits = math.Log2(w.M / w.U)
			fm.Levels = append(fm.Levels, w)
		}
		for _, j := range r.model.parents[i] {
			if j >= 0 {
				fm.Follows = append(fm.Follows, m.fields[j].name)
			}
		}
		mo.Fields = append(mo.Fields, fm)
	}
	if !m.few() {
		_, found, first := r.Blocking()
		for i, rule := range r.rules {
			mo.Rules = append(mo.Rules, RuleModel{m.ruleName(rule), rule.pairs, found[i], first[i]})
		}
	}
	return mo
}

// Path gives the pairs that join two rows of one person, by way of its other rows: of all
// ways that whose weakest pair is the strongest, pairs that are decided to be one being
// stronger than any. It is nil for rows of two people.
func (r *Result) Path(x, y int) []Pair {
	if r.model == nil || x == y || r.Of[x] != r.Of[y] {
		return nil
	}
	m, from, to := r.matcher, r.ours[x], r.ours[y]
	parts := map[uint32]uint32{}
	find := func(i uint32) uint32 {
		for {
			of, known := parts[i]
			if !known {
				return i
			}
			i = of
		}
	}
	next := map[uint32][]edge{} // the strongest pairs that hold the person together
	for _, e := range slices.Concat(r.decided(), r.edges) {
		if r.Of[m.rows[e.a]] != r.Of[x] || r.Of[m.rows[e.b]] != r.Of[x] {
			continue
		}
		a, b := find(e.a), find(e.b)
		if a == b {
			continue
		}
		parts[a] = b
		next[e.a] = append(next[e.a], e)
		next[e.b] = append(next[e.b], edge{e.b, e.a, e.bits})
		if find(from) == find(to) {
			break
		}
	}
	came := map[uint32]edge{from: {}}
	for queue := []uint32{from}; len(queue) > 0; queue = queue[1:] {
		for _, e := range next[queue[0]] {
			far := e.a ^ e.b ^ queue[0]
			if _, been := came[far]; !been {
				came[far] = edge{queue[0], far, e.bits}
				queue = append(queue, far)
			}
		}
	}
	var path []Pair
	for at := to; at != from; {
		e, reached := came[at]
		if !reached {
			return nil
		}
		path = append(path, Pair{int32(m.rows[e.a]), int32(m.rows[at]), e.bits})
		at = e.a
	}
	slices.Reverse(path)
	return path
}

// decided gives the pairs that are one whatever they say, with what they say.
func (r *Result) decided() []edge {
	var all []edge
	if len(r.matcher.config.Same) == 0 {
		return nil
	}
	compare := r.matcher.comparer()
	for _, p := range r.matcher.config.Same {
		if a, b := r.ours[p[0]], r.ours[p[1]]; a != b {
			all = append(all, edge{a, b, float32(r.matcher.weigh(r.model, a, b, compare.pattern(a, b)))})
		}
	}
	return all
}

// Possible is how many pairs of rows there are that could be one.
func (r *Result) Possible() float64 { return r.matcher.allPairs() }

// Needed is the odds, in bits, from which on pairs and sides are joined.
func (r *Result) Needed() float64 {
	if r.Expected == nil {
		return 0
	}
	return acceptedBits(r.Expected.Accept)
}

// Sides is how the people of two rows fit, all their rows against all: so joining asks.
type Sides struct {
	Pairs int
	Best  float64 // bits of the pair that speaks most for them being one
	Mean  float64 // bits
	Fit   float64 // what counts: a part of the best, the rest of the mean
	Apart bool    // linking keeps the records of one file apart, and both have such
}

// Between tells how the people of two rows that are not one fit.
func (r *Result) Between(x, y int) Sides {
	if r.model == nil || r.Of[x] == r.Of[y] {
		return Sides{}
	}
	m := r.matcher
	c := &clustering{m: m, mo: r.model, compare: m.comparer(), members: make([][]uint32, 2)}
	for row, of := range r.Of {
		switch of {
		case r.Of[x]:
			c.members[0] = append(c.members[0], r.ours[row])
		case r.Of[y]:
			c.members[1] = append(c.members[1], r.ours[row])
		}
	}
	slices.Sort(c.members[0])
	slices.Sort(c.members[1])
	s := c.weigh(c.members[0], c.members[1])
	return Sides{Pairs: len(c.members[0]) * len(c.members[1]), Best: s.best, Mean: s.sum / s.n,
		Fit: s.fit(), Apart: c.vetoed(0, 1)}
}

// Person is two rows or more that were found to be one.
type Person struct {
	Of      int32 // its least row
	Rows    int
	Weakest Pair // the weakest pair that it hangs by
}

// Persons gives everybody of two rows or more, by their least rows.
func (r *Result) Persons() []Person {
	if r.model == nil {
		return nil
	}
	people := map[int32]*Person{}
	for _, of := range r.Of {
		if people[of] == nil {
			people[of] = &Person{Of: of}
		}
		people[of].Rows++
	}
	parts := newParts(len(r.Of))
	r.Pairs(func(p Pair) bool {
		if of := r.Of[p.A]; of == r.Of[p.B] && parts.join(uint32(p.A), uint32(p.B)) {
			people[of].Weakest = p
		}
		return true
	})
	var all []Person
	for of, p := range people {
		if p.Rows > 1 {
			p.Of = of
			all = append(all, *p)
		}
	}
	slices.SortFunc(all, func(a, b Person) int { return cmp.Compare(a.Of, b.Of) })
	return all
}
