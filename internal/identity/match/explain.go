package match

import (
	"math"
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

// Weight is what one field says of two rows being one.
type Weight struct {
	Field  string
	Kind   Kind
	Level  string  // how far the two values agree
	Bits   float64 // for the two rows being one, where positive
	Rarity float64 // bits besides: the value that both have is rarer, or more common, than most
	Follow string  // the field that this one's agreement follows from, whose agreement is taken into account; or ""
}

// Explanation is why two rows are taken for one, or not: Prior and all Bits and
// Rarity, less Kinship, are the odds.
type Explanation struct {
	Prior   float64 // the odds of two rows taken at random, in bits
	Weights []Weight
	Kinship float64  // bits taken off because the two could be related, and not one
	Bits    float64  // the odds
	Rules   []string // the rules that propose the pair
}

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
		w := Weight{Field: f.name, Kind: f.kind, Level: f.levelName(l), Bits: r.model.weight[i][r.model.context(m.fields, p, i)][l]}
		for _, j := range r.model.parents[i] {
			if j >= 0 && p.at(j) != absent {
				w.Follow = m.fields[j].name
				break
			}
		}
		if l == same && !r.model.told(p, i) {
			w.Rarity = m.evidence.rare[i][f.codes[a]]
		}
		sum += w.Bits + w.Rarity
		e.Weights = append(e.Weights, w)
	}
	e.Kinship = sum - e.Bits
	covered := m.covered(a, b)
	for _, rule := range r.rules {
		if covered&rule.set() == rule.set() {
			e.Rules = append(e.Rules, m.ruleName(rule))
		}
	}
	return e
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
	Given    int // rows that have a value
	Distinct int // values
	Levels   []LevelWeight
	Follows  []string // fields that its agreement follows from
}

// RuleModel is a rule that proposes pairs.
type RuleModel struct {
	Rule  string
	Pairs float64 // estimated
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
		fm := FieldModel{Field: f.name, Kind: f.kind, Given: f.given, Distinct: len(f.norm) - 1}
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
		for _, rule := range r.rules {
			mo.Rules = append(mo.Rules, RuleModel{m.ruleName(rule), rule.pairs})
		}
	}
	return mo
}
