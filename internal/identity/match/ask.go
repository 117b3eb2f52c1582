package match

import (
	"cmp"
	"math"
	"slices"
)

// Inquiry says which pairs of rows are worth being looked at, by somebody who can tell
// whether they are one.
//
// Every other pair is drawn at random from all pairs that may be one, so that precision
// and recall can be estimated without bias; the others are chosen for what they would
// teach. Which is which follows from the rows alone, so that an inquiry that was broken
// off goes on from its labels, and nothing else.
type Inquiry struct {
	m       *matcher
	compare *comparer
	people  []uint32 // by row of the matcher: the least of its person
	size    []int    // by row of the matcher: of its person
	rows    []uint32
	base    *model // what was learned without labels
	model   *model // and with those so far
	strata  []stratum
	pool    []candidate
	perBin  [bins]int // labels, by bits
	said    map[uint64]Label
	times   map[pattern]int // labels, by pattern
	labels  []Label
	ours    []uint32
	fitted  int // labels that the model was taught
}

// Question is a pair of rows to be looked at.
type Question struct {
	A, B        int32
	Probability float64 // of being one, by what was learned so far
	Joined      bool    // they are of one person, by the result
}

// stratum is pairs of about as many bits, joined or not, in the order in which they are
// drawn. Those of them whose labels are asked for are always the first.
type stratum struct {
	joined bool
	pairs  int64
	expect float64 // how many of them are one, by the model
	order  []uint64
}

// candidate is a pair that could be chosen.
type candidate struct {
	pair    uint64
	pattern pattern
	bin     int
	base    float64
	hash    uint64
}

const (
	mostDrawn  = 4096    // a stratum: nobody will label more
	mostLooked = 500_000 // pairs, for those that could be chosen
	perBin     = 1500    // pairs that could be chosen
	again      = 10      // answers, after which what they teach is learned
)

// Inquire begins an inquiry, or goes on with one, on a result that was found without labels.
func (r *Result) Inquire(labels []Label) *Inquiry {
	q := &Inquiry{m: r.matcher, compare: r.matcher.comparer(), ours: r.ours, said: map[uint64]Label{}, times: map[pattern]int{}}
	if r.model == nil {
		return q
	}
	q.rows, q.base, q.model = r.matcher.rows, r.model, r.model
	q.divide(r)
	q.gather(r.edges)
	for _, l := range labels {
		q.note(l)
	}
	q.learn(len(q.labels) - len(q.labels)%again)
	return q
}

// divide parts the pairs that may be one into strata.
func (q *Inquiry) divide(r *Result) {
	n := len(q.rows)
	q.people, q.size = make([]uint32, n), make([]int, n)
	least := map[int32]uint32{}
	var members [][]uint32
	at := map[uint32]int{}
	for our := range uint32(n) {
		of := r.Of[q.rows[our]]
		first, ok := least[of]
		if !ok {
			first = our
			least[of], at[our] = our, len(members)
			members = append(members, nil)
		}
		q.people[our] = first
		members[at[first]] = append(members[at[first]], our)
	}
	for our, first := range q.people {
		q.size[our] = len(members[at[first]])
	}
	bounds := []float64{-1, 1, 3, 6, 10, math.Inf(1)}
	strata := make([]stratum, 2*len(bounds)+1)
	var within []uint64
	for _, e := range r.edges {
		i := 0
		for float64(e.bits) >= bounds[i] {
			i++
		}
		if q.people[e.a] == q.people[e.b] {
			i += len(bounds)
			strata[i].joined = true
			within = append(within, twoRows(e.a, e.b))
		}
		s := &strata[i]
		s.pairs++
		s.expect += probability(float64(e.bits))
		s.order = append(s.order, twoRows(e.a, e.b))
	}
	slices.Sort(within)
	strata[len(strata)-1] = q.through(members, within)
	for i := range strata {
		s := &strata[i]
		q.shuffle(s.order)
		s.order = slices.Clone(s.order[:min(len(s.order), mostDrawn)])
	}
	q.strata = slices.DeleteFunc(strata, func(s stratum) bool { return s.pairs == 0 })
}

// through is the stratum of pairs that are joined through others alone. They are too
// many to be listed: pairs of a person are drawn.
func (q *Inquiry) through(members [][]uint32, within []uint64) stratum {
	s := stratum{joined: true}
	ends := make([]int64, len(members))
	all := int64(0)
	for i, rows := range members {
		all += pairsOf(len(rows))
		ends[i] = all
	}
	if s.pairs = all - int64(len(within)); s.pairs == 0 {
		return s
	}
	s.expect = 0.05 * float64(s.pairs) // each is less likely than one to eight
	for t := range uint64(2 * mostDrawn) {
		h := mix(1, t)
		i, _ := slices.BinarySearch(ends, int64(h%uint64(all))+1)
		rows := members[i]
		x := h >> 20 % uint64(len(rows))
		y := (x + 1 + h>>40%uint64(len(rows)-1)) % uint64(len(rows))
		pair := twoRows(rows[x], rows[y])
		if _, edge := slices.BinarySearch(within, pair); !edge {
			s.order = append(s.order, pair)
		}
	}
	slices.Sort(s.order)
	s.order = slices.Compact(s.order)
	return s
}

// shuffle brings pairs into an order that says nothing of them.
func (q *Inquiry) shuffle(pairs []uint64) {
	slices.SortFunc(pairs, func(x, y uint64) int { return cmp.Or(cmp.Compare(q.hash(x), q.hash(y)), cmp.Compare(x, y)) })
}

func (q *Inquiry) hash(pair uint64) uint64 {
	return mix(q.m.rowHash[pair>>32], q.m.rowHash[uint32(pair)])
}

// gather takes pairs that could be chosen: of all bits, as many of each.
func (q *Inquiry) gather(edges []edge) {
	pairs := make([]uint64, 0, len(edges)+len(q.m.evidence.pairs))
	for _, e := range edges {
		pairs = append(pairs, twoRows(e.a, e.b))
	}
	for _, p := range q.m.evidence.pairs {
		pairs = append(pairs, twoRows(p.a, p.b))
	}
	pairs = distinct(pairs)
	q.shuffle(pairs)
	pairs = pairs[:min(len(pairs), mostLooked)]
	var n [bins]int
	for _, p := range pairs {
		a, b := uint32(p>>32), uint32(p)
		c := candidate{pair: p, pattern: q.compare.pattern(a, b), hash: q.hash(p)}
		c.base = q.m.weigh(q.base, a, b, c.pattern)
		c.bin = binOf(c.base)
		if n[c.bin]++; n[c.bin] <= perBin {
			q.pool = append(q.pool, c)
		}
	}
}

// Answer takes what was said of a question.
func (q *Inquiry) Answer(l Label) {
	q.note(l)
	if len(q.labels)-q.fitted >= again {
		q.learn(len(q.labels))
	}
}

func (q *Inquiry) note(l Label) {
	a, b := q.ours[l.A], q.ours[l.B]
	if a == b {
		return
	}
	pair := twoRows(a, b)
	if _, known := q.said[pair]; known {
		q.said[pair] = l
		i := slices.IndexFunc(q.labels, func(o Label) bool { return twoRows(q.ours[o.A], q.ours[o.B]) == pair })
		q.labels[i] = l
		return
	}
	q.said[pair] = l
	q.labels = append(q.labels, l)
	p := q.compare.pattern(a, b)
	q.times[p]++
	q.perBin[binOf(q.m.weigh(q.base, a, b, p))]++
}

// learn fits the model to the first labels.
func (q *Inquiry) learn(first int) {
	q.fitted = first
	mo := q.base.clone()
	const freely = 1.5 // bits: what to ask next need not be right
	q.m.move(mo, q.m.lessonsOf(q.labels[:first], q.ours), freely)
	q.model = mo
}

// Next gives the pair that is to be looked at next, if there is one left.
func (q *Inquiry) Next() (Question, bool) {
	ways := [...]func() (uint64, bool){q.draw, q.doubtful, q.draw, q.unlike}
	for i := range ways {
		if pair, ok := ways[(len(q.labels)+i)%len(ways)](); ok {
			a, b := uint32(pair>>32), uint32(pair)
			x, y := int32(q.rows[a]), int32(q.rows[b])
			bits := q.m.weigh(q.model, a, b, q.compare.pattern(a, b))
			return Question{A: min(x, y), B: max(x, y), Probability: probability(bits), Joined: q.people[a] == q.people[b]}, true
		}
	}
	return Question{}, false
}

// draw gives the next pair of the stratum in which one more answer narrows the estimate most.
func (q *Inquiry) draw() (pair uint64, ok bool) {
	best := 0.0
	for i := range q.strata {
		s := &q.strata[i]
		n, same, next := q.drawn(s)
		if next == len(s.order) || int64(n) == s.pairs {
			continue
		}
		share := (same + 0.5) / (n + 1)
		gain := float64(s.pairs) * float64(s.pairs) * share * (1 - share) * (1/(n+1) - 1/(n+2))
		if gain > best {
			best, pair, ok = gain, s.order[next], true
		}
	}
	return pair, ok
}

// drawn counts the answers on a stratum's pairs that were drawn, and where the next lies.
func (q *Inquiry) drawn(s *stratum) (n, same float64, next int) {
	for i, pair := range s.order {
		l, ok := q.said[pair]
		switch {
		case !ok:
			return n, same, i
		case l.Unsure:
			continue
		case l.Same:
			same++
		}
		n++
	}
	return n, same, len(s.order)
}

// doubtful gives the pair that would teach most: whose answer is least certain, on whose
// pattern the fewest answers were given, and which decides about the most records.
func (q *Inquiry) doubtful() (pair uint64, ok bool) {
	best := 0.0
	for i := range q.pool {
		c := &q.pool[i]
		if _, said := q.said[c.pair]; said {
			continue
		}
		a, b := uint32(c.pair>>32), uint32(c.pair)
		p := probability(q.m.weigh(q.model, a, b, c.pattern))
		stake := float64(q.size[a])
		if q.people[a] != q.people[b] {
			stake *= float64(q.size[b])
		}
		worth := p * (1 - p) * (4 + math.Log2(stake)) / float64(1+q.times[c.pattern])
		if worth > best {
			best, pair, ok = worth, c.pair, true
		}
	}
	return pair, ok
}

// unlike gives a pair whose bits are such as were asked least: where the model is sure
// and wrong, nothing else would tell.
func (q *Inquiry) unlike() (pair uint64, ok bool) {
	fewest := math.MaxInt
	for i := range q.pool {
		c := &q.pool[i]
		if _, said := q.said[c.pair]; !said && q.perBin[c.bin] < fewest {
			fewest, pair, ok = q.perBin[c.bin], c.pair, true
		}
	}
	return pair, ok
}

// Survey is how good a result is, by the labels of pairs that were drawn.
type Survey struct {
	Drawn     int      `json:"drawn"` // labelled pairs that it rests on
	Precision Interval `json:"precision"`
	// Recall is of the pairs that were found or have odds of at least one to eight: what
	// was never proposed, or looked like nothing, is not in it.
	Recall Interval `json:"recall"`
}

// Interval is an estimate and the bounds that hold it with a probability of 0.95.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Survey gives the present one: each stratum counts by its pairs, however many of them
// were looked at (Cochran, 1977, "Sampling Techniques", chapter 5). One in which nothing
// was yet answered counts as the model expects.
func (q *Inquiry) Survey() Survey {
	var e Survey
	var found, right, missed, varRight, varMissed, smoothRight, smoothMissed float64
	for i := range q.strata {
		s := &q.strata[i]
		n, same, _ := q.drawn(s)
		e.Drawn += int(n)
		pairs := float64(s.pairs)
		rate := s.expect / pairs
		if n > 0 {
			rate = same / n
		}
		// The middle and the spread of the interval are those of a beta distribution
		// (Jeffreys), or a few answers that are all the same would leave no doubt.
		smooth := (same + 0.5) / (n + 1)
		spread := pairs * pairs * smooth * (1 - smooth) / (n + 2) * max(0, 1-n/pairs)
		if s.joined {
			found += pairs
			right += rate * pairs
			smoothRight += smooth * pairs
			varRight += spread
		} else {
			missed += rate * pairs
			smoothMissed += smooth * pairs
			varMissed += spread
		}
	}
	e.Precision = interval(share(right, found), share(smoothRight, found), math.Sqrt(varRight)/max(found, 1))
	all := max(smoothRight+smoothMissed, 1)
	e.Recall = interval(share(right, right+missed), share(smoothRight, smoothRight+smoothMissed),
		math.Sqrt(smoothMissed*smoothMissed*varRight+smoothRight*smoothRight*varMissed)/(all*all))
	return e
}

func interval(value, middle, deviation float64) Interval {
	const normal = 1.96
	return Interval{value, max(0, min(value, middle-normal*deviation)), min(1, max(value, middle+normal*deviation))}
}
