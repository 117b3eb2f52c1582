package match

import (
	"maps"
	"math"
	"slices"
)

// Estimate is what is expected of a partition by the model alone, where nobody said who
// is who. It is as good as the model: where different things are alike throughout it
// expects too few faults, and where the records of one say little it expects too many.
type Estimate struct {
	Accept    float64 `json:"accept"`              // pairs of at least this probability are joined
	Precision float64 `json:"estimated_precision"` // of the pairs of rows that are joined
	Recall    float64 `json:"estimated_recall"`
	F1        float64 `json:"estimated_f1"`
}

// acceptable are the thresholds that are weighed where none is given.
var acceptable = [...]float64{0.5, 0.7, 0.9}

// leastGain is how much better in F1 another threshold than the first must promise to
// be: the estimates are not finer.
const leastGain = 0.01

// foretell gives what is expected of joining from the given probability on, or where it
// is 0 from the one that promises most.
func (m *matcher) foretell(mo *model, edges []edge, seen *scores, accept float64) Estimate {
	e := m.estimator(mo, edges, seen, acceptedBits(accept))
	if accept > 0 {
		return e.at(accept)
	}
	best := e.at(acceptable[0])
	first := best.F1
	for _, accept := range acceptable[1:] {
		if next := e.at(accept); next.F1 > max(best.F1, first+leastGain) {
			best = next
		}
	}
	return best
}

// acceptedBits is the odds, in bits, from which pairs are joined.
func acceptedBits(accept float64) float64 {
	if accept <= 0 {
		accept = acceptable[0]
	}
	return math.Log2(accept / (1 - accept))
}

// Curve gives what is expected of joining from each probability on.
func (r *Result) Curve(accepts []float64) []Estimate {
	if r.model == nil || len(accepts) == 0 {
		return nil
	}
	e := r.matcher.estimator(r.model, r.edges, r.scores, acceptedBits(slices.Min(accepts)))
	all := make([]Estimate, len(accepts))
	for i, accept := range accepts {
		all[i] = e.at(accept)
	}
	return all
}

// At tells who would be whom if pairs were joined from a probability on.
func (r *Result) At(accept float64) []int32 {
	if r.model == nil {
		return r.Of
	}
	return r.matcher.cluster(r.model, r.edges, accept).Of
}

// sampledEdges is how many edges an estimate goes by.
const sampledEdges = 10_000

// estimator foretells what joining from a probability on gives, by a sample of rows of
// which each is there with all that it could be joined to.
type estimator struct {
	m     *matcher
	mo    *model
	edges []edge   // the most certain first
	rows  []uint32 // that have an edge, ascending
	lost  float64  // matches expected in the sample that no threshold joins
}

// estimator takes a sample for thresholds of at least so many bits.
func (m *matcher) estimator(mo *model, edges []edge, seen *scores, least float64) *estimator {
	parts := newParts(m.table.Rows)
	for _, x := range edges {
		if float64(x.bits) >= least {
			parts.join(x.a, x.b)
		}
	}
	every := uint64(1)
	for len(edges) > sampledEdges*int(every) {
		every *= 2
	}
	e := &estimator{m: m, mo: mo}
	share := e.draw(edges, parts, every)
	for every > 1 && len(e.edges) < sampledEdges/4 { // most hang together, and were not drawn
		every /= 2
		share = e.draw(edges, parts, every)
	}
	e.lost += share * (seen.below(leastBits) + m.blocking(mo, nil).Unseen)
	return e
}

// draw takes one in so many of the parts; it gives the share of the matches that are in the sample.
func (e *estimator) draw(edges []edge, parts parts, every uint64) float64 {
	e.edges, e.rows, e.lost = e.edges[:0], e.rows[:0], 0
	drawn := func(row uint32) bool { return mix(e.m.rowHash[parts.find(row)], 0)>>20&(every-1) == 0 }
	sampled, all := 0.0, 0.0
	for _, x := range edges {
		p := probability(float64(x.bits))
		all += p
		switch a, b := drawn(x.a), drawn(x.b); {
		case a && b:
			sampled += p
			e.edges = append(e.edges, x)
			e.rows = append(e.rows, x.a, x.b)
		case a || b: // half of the pair's rows are in the sample
			sampled += p / 2
			e.lost += p / 2
		}
	}
	slices.Sort(e.rows)
	e.rows = slices.Compact(e.rows)
	return share(sampled, all)
}

// at is what is expected of joining from a probability on: of each pair of rows that is
// joined its own probability, whatever joined it.
func (e *estimator) at(accept float64) Estimate {
	of := e.m.cluster(e.mo, e.edges, accept).Of
	person := func(row uint32) int32 { return of[e.m.rows[row]] }
	missed := e.lost
	for _, x := range e.edges {
		if person(x.a) != person(x.b) {
			missed += probability(float64(x.bits))
		}
	}
	members := map[int32][]uint32{}
	var people []int32 // in order of their first rows, as sums depend on it
	for _, row := range e.rows {
		p := person(row)
		if members[p] == nil {
			people = append(people, p)
		}
		members[p] = append(members[p], row)
	}
	joined, right := 0.0, 0.0
	compare := e.m.comparer()
	for _, p := range people {
		n, mean := e.within(compare, members[p])
		joined += n
		right += n * mean
	}
	est := Estimate{Accept: accept, Precision: share(right, joined), Recall: share(right, right+missed)}
	est.F1 = harmonic(est.Precision, est.Recall)
	return est
}

// mostWithin is how many rows of one person are weighed against each other.
const mostWithin = 48

// within gives the pairs of a person's rows, and their mean probability.
func (e *estimator) within(compare *comparer, rows []uint32) (n, mean float64) {
	n = float64(len(rows)) * float64(len(rows)-1) / 2
	rows = rows[:min(len(rows), mostWithin)]
	sum, weighed := 0.0, 0.0
	for i, a := range rows {
		for _, b := range rows[:i] {
			sum += probability(e.m.weigh(e.mo, a, b, compare.pattern(a, b)))
			weighed++
		}
	}
	return n, sum / max(weighed, 1)
}

// Blocking is how many matches the rules are expected to find.
type Blocking struct {
	All     bool    // every pair was compared: there is nothing to miss
	Known   float64 // matches expected among the pairs that any key proposes which was tried
	Covered float64 // those of them that the rules propose
	Unseen  float64 // matches that no key proposes
}

// Recall is the share of matches that the rules propose.
func (b Blocking) Recall() float64 {
	if b.All {
		return 1
	}
	return share(b.Covered, b.Known+b.Unseen)
}

// Blocking tells how many matches the rules are expected to find, and of each rule how
// many, and how many that no rule before it finds.
func (r *Result) Blocking() (b Blocking, found, first []float64) {
	if r.model == nil {
		return Blocking{All: true}, nil, nil
	}
	found, first = make([]float64, len(r.rules)), make([]float64, len(r.rules))
	b = r.matcher.blocking(r.model, func(covered uint64, weight float64) (any bool) {
		for i, rule := range r.rules {
			if covered&rule.set() == rule.set() {
				found[i] += weight
				if !any {
					first[i] += weight
				}
				any = true
			}
		}
		return any
	})
	return b, found, first
}

// blocking adds up the matches that learning met, by the keys that their rows share. How
// many there are that it could not meet is told from how many it met by one rule
// alone and by two: the least number, after Chao (1987, "Estimating the population size for
// capture-recapture data with unequal catchability"). Where every pair was compared none are missed.
func (m *matcher) blocking(mo *model, covers func(covered uint64, weight float64) bool) Blocking {
	if m.few() {
		return Blocking{All: true}
	}
	var b Blocking
	teachers := m.teachers(m.evidence.rules)
	once, twice := 0.0, 0.0
	matches := m.expected(mo)
	for _, covered := range slices.Sorted(maps.Keys(matches)) {
		w := matches[covered]
		b.Known += w
		if covers != nil && covers(covered, w) {
			b.Covered += w
		}
		times := 0
		for _, rule := range teachers {
			if covered&rule.set() == rule.set() {
				if times++; times > 2 {
					break
				}
			}
		}
		switch times {
		case 1:
			once += w
		case 2:
			twice += w
		}
	}
	b.Unseen = once * once / (2 * max(twice, 1))
	return b
}

// expected is how many matches there are among the pairs that were learned from, by the
// components that their rows share.
func (m *matcher) expected(mo *model) map[uint64]float64 {
	e := m.evidence
	if e.matches == nil {
		e.matches = map[uint64]float64{}
		for _, p := range e.pairs {
			e.matches[p.covered] += probability(m.weigh(mo, p.a, p.b, p.pattern)) * e.every
		}
	}
	return e.matches
}

// scores counts the pairs that were compared, by their bits, two to a bit. Of those given
// up early some stand for all.
type scores [4 * mostScore]int64

const mostScore = 64

func (s *scores) add(bits float64, pairs int64) {
	s[int(2*(max(-mostScore, min(mostScore-0.25, bits))+mostScore))] += pairs
}

// bitsOf is the middle of a count.
func (s *scores) bitsOf(i int) float64 { return float64(i-2*mostScore)/2 + 0.25 }

// below is how many matches are expected below so many bits.
func (s *scores) below(bits float64) float64 {
	sum := 0.0
	for i, n := range s {
		if at := s.bitsOf(i); at < bits {
			sum += float64(n) * probability(at)
		}
	}
	return sum
}

// Score is how many of the pairs compared have about so many bits.
type Score struct {
	From, To float64 // bits
	Pairs    int64
	Matches  float64 // expected
}

// Scores gives the pairs that were compared by their bits, a bit each, from the first that has any to
// the last.
func (r *Result) Scores() []Score {
	if r.scores == nil {
		return nil
	}
	var all []Score
	for i := 0; i < len(r.scores); i += 2 {
		s := Score{From: float64(i/2 - mostScore), To: float64(i/2 - mostScore + 1)}
		for j := i; j < i+2; j++ {
			s.Pairs += r.scores[j]
			s.Matches += float64(r.scores[j]) * probability(r.scores.bitsOf(j))
		}
		all = append(all, s)
	}
	some := func(s Score) bool { return s.Pairs > 0 }
	from := slices.IndexFunc(all, some)
	if from < 0 {
		return nil
	}
	to := len(all)
	for !some(all[to-1]) {
		to--
	}
	return all[from:to]
}

// parts are rows that hang together.
type parts []uint32

func newParts(rows int) parts {
	p := make(parts, rows)
	for i := range p {
		p[i] = uint32(i)
	}
	return p
}

func (p parts) find(i uint32) uint32 {
	for p[i] != i {
		p[i] = p[p[i]]
		i = p[i]
	}
	return i
}

// join makes one part of two, which goes by its least row; it tells whether they were two.
func (p parts) join(a, b uint32) bool {
	x, y := p.find(a), p.find(b)
	p[max(x, y)] = min(x, y)
	return x != y
}
