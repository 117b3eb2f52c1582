package match

import (
	"cmp"
	"math"
	"slices"
)

// Label is what somebody who looked at two rows said of them.
type Label struct {
	A, B   int32 // rows
	Same   bool  // they are of one person
	Unsure bool  // it could not be told
}

// lesson is a label of the matcher's own rows.
type lesson struct {
	a, b    uint32
	pattern pattern
	same    bool
}

// fewestLabels of each verdict are needed to learn from them.
const fewestLabels = 3

// lessonsOf takes the labels that say something, in an order that depends on what the
// rows say alone.
func (m *matcher) lessonsOf(labels []Label, ours []uint32) []lesson {
	if len(labels) == 0 {
		return nil
	}
	compare := m.comparer()
	var all []lesson
	for _, l := range labels {
		if a, b := ours[l.A], ours[l.B]; !l.Unsure && a != b && m.linkable(a, b) {
			a, b = min(a, b), max(a, b)
			all = append(all, lesson{a, b, compare.pattern(a, b), l.Same})
		}
	}
	verdict := func(l lesson) int { // two may differ on records that say the same
		if l.same {
			return 1
		}
		return 0
	}
	slices.SortFunc(all, func(x, y lesson) int {
		return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b), cmp.Compare(verdict(x), verdict(y)))
	})
	return all
}

// teaching is how far labels may move the model: by about so many bits a level, and the
// line from which pairs are joined down to so many bits.
type teaching struct{ spread, line float64 }

// spreads are those tried, from no movement on, and lines likewise.
func spreads() []float64 { return []float64{0, 0.7, 1.5, 4} }
func lines() []float64   { return []float64{0, -0.5, -1, -1.5, -2} }

// teach moves what levels are worth as far as labels ask for it, and gives the bits from
// which pairs are to be joined. It reports whether anything was moved: labels that are
// few, or that bear out what was learned without them, move nothing.
//
// It is a logistic regression of the verdicts whose prior is the model. To put verdicts
// into expectation and maximisation, as the probabilities of pairs of their pattern, was
// tried: it moves too little, as what is wrong is mostly that fields are not independent,
// which m and u alone cannot say.
func (m *matcher) teach(mo *model, lessons []lesson) (line float64, taught bool) {
	same := 0
	for _, l := range lessons {
		if l.same {
			same++
		}
	}
	if min(same, len(lessons)-same) < fewestLabels || m.evidence.random == nil { // a snapshot is as it is
		return 0, false
	}
	t := m.chooseTeaching(mo, lessons)
	m.move(mo, lessons, t.spread)
	return t.line, t != teaching{}
}

// heldBack is what was held back of lessons while the others were learned from.
type heldBack struct {
	fold []int
	mass []float64 // by lesson: the pairs that it stands for
	same []bool
	bits [][]float64 // by spread and lesson
}

// folds are the parts that lessons are held back in.
const folds = 5

// chooseTeaching tells, from lessons that were held back, how far the model should move.
// Each step further, and the lower line, must give a better F1 whichever part of the
// lessons is left out.
func (m *matcher) chooseTeaching(mo *model, lessons []lesson) teaching {
	h := m.holdBack(mo, lessons)
	best := 0
	for s := range spreads() {
		if h.better(s, 0, best, 0) {
			best = s
		}
	}
	// A line that is lower joins strangers through others as well, which pairs alone do
	// not show: it must gain much.
	const much = 1.15
	at, line, most := best, 0.0, much*h.f1(best, 0, -1)
	for s := range spreads() {
		for _, l := range lines() {
			if f := h.f1(s, l, -1); f > most && h.better(s, l, best, 0) {
				at, line, most = s, l, f
			}
		}
	}
	return teaching{spreads()[at], line}
}

func (m *matcher) holdBack(mo *model, lessons []lesson) *heldBack {
	h := &heldBack{mass: m.importance(mo, lessons)}
	for _, l := range lessons {
		h.fold = append(h.fold, int(mix(m.rowHash[l.a], m.rowHash[l.b])>>7%folds))
		h.same = append(h.same, l.same)
	}
	for _, spread := range spreads() {
		bits := make([]float64, len(lessons))
		for fold := range folds {
			var others []lesson
			for i, l := range lessons {
				if h.fold[i] != fold {
					others = append(others, l)
				}
			}
			taught := mo.clone()
			m.move(taught, others, spread)
			for i, l := range lessons {
				if h.fold[i] == fold {
					bits[i] = m.weigh(taught, l.a, l.b, l.pattern)
				}
			}
		}
		h.bits = append(h.bits, bits)
	}
	return h
}

// f1 is that of joining pairs of so many bits, one part of the lessons left out.
func (h *heldBack) f1(spread int, line float64, without int) float64 {
	right, found, one := 0.0, 0.0, 0.0
	for i, bits := range h.bits[spread] {
		if h.fold[i] == without {
			continue
		}
		if bits >= line {
			found += h.mass[i]
		}
		if h.same[i] {
			one += h.mass[i]
		}
		if bits >= line && h.same[i] {
			right += h.mass[i]
		}
	}
	return 2 * right / max(found+one, math.SmallestNonzeroFloat64)
}

// better reports whether one way is better than another, whichever part is left out.
func (h *heldBack) better(spread int, line float64, than int, thanLine float64) bool {
	for without := range folds {
		if h.f1(spread, line, without) <= h.f1(than, thanLine, without) {
			return false
		}
	}
	return true
}

// move fits the model to lessons, each level by about so many bits at most.
func (m *matcher) move(mo *model, lessons []lesson, spread float64) {
	if spread == 0 || len(lessons) == 0 {
		return
	}
	fit := &regression{weights: len(m.fields)*mostLevels + 1, spread: spread}
	importance := m.importance(mo, lessons)
	for i, l := range lessons {
		fit.examples = append(fit.examples, m.example(m.weigh(mo, l.a, l.b, l.pattern), l.pattern, l.same, importance[i]))
	}
	m.addStrangers(mo, fit, float64(len(lessons)))
	moves := fit.solve()
	mo.prior += moves[len(moves)-1]
	for f := range m.fields {
		mo.move(f, moves[f*mostLevels:(f+1)*mostLevels])
	}
}

// example is a verdict, of so many bits before anything is moved. The last weight is
// that of all pairs.
func (m *matcher) example(bits float64, p pattern, same bool, importance float64) example {
	e := example{offset: bits, same: same, importance: importance, ones: []int{len(m.fields) * mostLevels}}
	for f := range m.fields {
		if l := p.at(f); l != absent {
			e.ones = append(e.ones, f*mostLevels+int(l))
		}
	}
	return e
}

// addStrangers adds pairs taken at random, which hardly ever are one, as much as the
// lessons together: nobody labels them, and without them nothing holds the model back
// from making all that is seldom asked about likely.
func (m *matcher) addStrangers(mo *model, fit *regression, importance float64) {
	const most = 1000 // patterns
	t := m.evidence.random
	commonest := make([]int, len(t.patterns))
	for i := range commonest {
		commonest[i] = i
	}
	slices.SortStableFunc(commonest, func(i, j int) int { return cmp.Compare(t.weights[j], t.weights[i]) })
	commonest = commonest[:min(len(commonest), most)]
	sum := 0.0
	for _, i := range commonest {
		sum += t.weights[i]
	}
	for _, i := range commonest {
		bits := mo.odds(mo.bits(m.fields, t.patterns[i]))
		weight := t.weights[i] / sum * importance * (1 - probability(bits))
		fit.examples = append(fit.examples, m.example(bits, t.patterns[i], false, weight))
	}
}

// move adds bits to what a field's levels are worth, and takes m to be what is worth that.
func (mo *model) move(f int, bits []float64) {
	shift := func(d *distribution) {
		sum := 0.0
		for l := 1; l < mostLevels; l++ {
			d[l] *= math.Exp2(bits[l])
			sum += d[l]
		}
		for l := 1; l < mostLevels && sum > 0; l++ {
			d[l] /= sum
		}
	}
	for c := range mo.weight[f] {
		for l := 1; l < mostLevels; l++ {
			mo.weight[f][c][l] += bits[l]
		}
		shift(&mo.m[f][c])
	}
	shift(&mo.found[f])
}

func (mo *model) clone() *model {
	c := *mo
	c.m, c.found, c.weight = slices.Clone(mo.m), slices.Clone(mo.found), slices.Clone(mo.weight)
	return &c
}

// Pairs are sorted into bins by their bits, three wide each; the first and the last are open.
const (
	bins     = 14
	binWidth = 3
	leastBin = -21
)

func binOf(bits float64) int {
	return int(max(0, min(bins-1, math.Floor((bits-leastBin)/binWidth))))
}

// importance weighs lessons by the pairs that they stand for, those of about as many
// bits: what was asked about most is not what counts most. The root of their number keeps
// a few labels from standing for nearly everything.
func (m *matcher) importance(mo *model, lessons []lesson) []float64 {
	var mass, asked [bins]float64
	for i, p := range m.evidence.likely.patterns {
		mass[binOf(mo.odds(mo.bits(m.fields, p)))] += m.evidence.likely.weights[i]
	}
	bin := make([]int, len(lessons))
	for i, l := range lessons {
		bin[i] = binOf(mo.odds(mo.bits(m.fields, l.pattern)))
		asked[bin[i]]++
	}
	out := make([]float64, len(lessons))
	sum := 0.0
	for i, b := range bin {
		out[i] = math.Sqrt((mass[b] + 1) / asked[b])
		sum += out[i]
	}
	for i := range out {
		out[i] *= float64(len(out)) / sum
	}
	return out
}
