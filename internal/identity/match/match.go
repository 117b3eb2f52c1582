// Package match finds which records are of one person or thing, from nothing but
// the records: it compares them field by field, learns what agreement is worth, and
// joins those that belong together.
//
// The model is that of Fellegi and Sunter (1969, "A theory for record linkage").
// Nothing here reads a clock, a file or a name of a column: the same records in any
// order, under any names, give the same people.
package match

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strings"
	"sync"
)

// Config is what a run may be told.
type Config struct {
	Accept   float64           // join pairs of at least this probability; 0: where the estimated error is least
	Link     bool              // only records of different files can be one
	Plan     *Plan             // what is not left to be found out; may be nil
	Snapshot *Snapshot         // what was learned before, and is not learned now; may be nil
	Labels   []Label           // what is known of some pairs, to learn from; they bind nothing
	Phase    func(name string) // called as each phase begins; may be nil

	// Progress is told, by one goroutine at a time, how many of a phase's pairs are done;
	// may be nil.
	Progress func(done, of int)
	// Stop is asked now and then, by any goroutine, whether to end early; may be nil.
	Stop func() bool

	Same      [][2]int32 // rows that are one, whatever they say and whatever file they are of
	Different [][2]int32 // rows that are not: nothing but Same brings them together
}

func (c Config) stopped() bool { return c.Stop != nil && c.Stop() }

// Result is what a run found.
type Result struct {
	Of       []int32  // by row: the least row of its person
	Best     []Reason // by row: why it is of its person
	People   int
	Compared int64
	Expected *Estimate // nil where nothing was compared
	Lessons  int       // labels that were learned from; 0 where they changed nothing
	matcher  *matcher
	model    *model // nil where nothing was compared
	rules    []rule
	edges    []edge // the most certain first
	scores   *scores
	mu       sync.Mutex
	said     map[pattern]string // what words gave
	ours     []uint32           // by row of the table: the matcher's own
	Faults   []Fault            // what the plan asks that this table does not have: then nothing was done
}

// Reason is the pair that speaks most for a row being of its person.
type Reason struct {
	With    int32 // the other row; the row itself where it is alone
	Bits    float32
	Ground  Ground
	pattern pattern
}

// Ground is what a reason rests on.
type Ground uint8

// The grounds.
const (
	Compared Ground = iota // what the two rows say
	Decided                // Config.Same says so
	AllEqual               // all rows say the same
)

// Probability is how likely the two rows of a reason are one.
func (r Reason) Probability() float64 {
	if r.Ground != Compared {
		return 1
	}
	return probability(float64(r.Bits))
}

// Why tells in words how far the fields of a reason's two rows agree: their names and
// levels, never a value.
func (r *Result) Why(row int) string {
	best := r.Best[row]
	switch {
	case int(best.With) == row:
		return ""
	case best.Ground == Decided:
		return "decided"
	case best.Ground == AllEqual:
		return "all records say the same"
	}
	return r.words(best.pattern)
}

// words tells how far the fields agree in a pattern, of which most come again.
func (r *Result) words(p pattern) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	said, ok := r.said[p]
	if !ok {
		var words []string
		for i, f := range r.matcher.fields {
			if l := p.at(i); l != absent && l != f.kind.apart() {
				words = append(words, f.name+" "+f.levelName(l))
			}
		}
		if said = strings.Join(words, ", "); r.said == nil {
			r.said = map[pattern]string{}
		}
		r.said[p] = said
	}
	return said
}

// Fields gives the columns that were compared, and the kind that each was taken for.
func (r *Result) Fields() map[string]Kind {
	fields := map[string]Kind{}
	for _, f := range r.matcher.fields {
		fields[f.name] = f.kind
	}
	return fields
}

type matcher struct {
	config     Config
	telling    sync.Mutex // of how far the work is
	table      *Table
	fields     []*field
	components []*component
	rows       []uint32 // the table's row of each of ours, which are in order of what they say
	ours       []uint32 // by row of the table: the one of ours that it is
	copies     *copies  // rows that were left out; nil where none were
	rowHash    []uint64 // ascending; no two are the same
	origin     []uint16
	budget     float64
	blockCap   int
	partner    []int // by field: the one whose values it shares, or -1
	derived    []int // by field: the one whose words it is made of, or -1
	evidence   *evidence
	across     [][]uint32 // by field: its codes as the partner's
	stated     []rule     // those that a plan states; nil: they are chosen
	faults     []Fault
	unused     []unused // columns that are not compared
	codes      []uint32 // of all fields, row by row

	mu   sync.Mutex
	idle []*comparer
}

// Run finds who is who. It gives nil where config.Stop ended it.
func Run(t *Table, config Config) *Result {
	if config.Phase == nil {
		config.Phase = func(string) {}
	}
	config.Phase("prepare")
	learn := (*matcher).learn
	if config.Snapshot != nil {
		config.Plan, learn = config.Snapshot.plan(), (*matcher).recall
	}
	m := newMatcher(t, config)
	if len(m.faults) > 0 {
		return &Result{Faults: m.faults}
	}
	var (
		mo    *model
		rules []rule
		edges []edge
		seen  = &scores{}

		compared int64
		lessons  []lesson
		line     float64 // bits
		taught   bool
	)
	if t.Rows > 1 && len(m.fields) > 0 && m.allPairs() > 0 && !config.stopped() {
		config.Phase("learn")
		mo = learn(m)
		mo.held.finish(mo)
		lessons = m.lessonsOf(config.Labels, m.ours)
		line, taught = m.teach(mo, lessons)
		rules = m.choose(mo)
		config.Phase("compare")
		edges, seen, compared = m.score(mo, rules)
	}
	if config.stopped() {
		return nil
	}
	config.Phase("cluster")
	accept, expected := config.Accept, (*Estimate)(nil)
	if accept == 0 && taught { // what is fitted to labels needs no margin
		accept = probability(line)
	}
	if mo != nil {
		e := m.foretell(mo, edges, seen, accept)
		accept, expected = e.Accept, &e
	}
	r := m.cluster(mo, edges, accept)
	if config.stopped() {
		return nil
	}
	if taught {
		r.Lessons = len(lessons)
	}
	r.Compared, r.Expected, r.matcher, r.model, r.rules, r.edges, r.scores, r.ours = compared, expected, m, mo, rules, edges, seen, m.ours
	return r
}

func newMatcher(t *Table, config Config) *matcher {
	m := &matcher{config: config, table: t}
	p := newPlanning(t, config)
	m.fields = newFields(p)
	m.faults, m.unused = p.faults, p.unused
	m.order()
	inParallel(len(m.fields), 1, func(i, _ int) {
		if !config.stopped() {
			m.fields[i].prepare()
		}
	})
	if config.stopped() {
		return m
	}
	m.pairNames()
	m.findDerived()
	m.budget = max(500_000, 50*float64(t.Rows))
	m.blockCap = 500
	m.components = components(m.fields, m.wanted())
	m.checkFollows()
	m.stateRules()
	return m
}

// keyed is a row with the hash of what it says, and its key.
type keyed struct {
	hash, key uint64
	row       uint32
}

// order brings the rows, and the values of each field, into an order that depends on
// what they say alone: whatever is sampled or summed later is the same for the same set.
func (m *matcher) order() {
	m.rowHash = make([]uint64, m.table.Rows)
	for _, f := range m.fields {
		m.say(f)
		f.others(m.say)
	}
	sorted := make([]keyed, m.table.Rows)
	for row, h := range m.rowHash {
		sorted[row] = keyed{hash: h, row: uint32(row)}
		if m.table.Key != nil {
			sorted[row].key = m.table.Key[row]
		}
	}
	byHash := func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.key, b.key), cmp.Compare(a.row, b.row))
	}
	sorted = sortHashed(sorted, byHash)
	if len(m.fields) > 0 && m.copies == nil && !m.config.Link && m.leaveOut(sorted) {
		m.order()
		m.copies.settle(m)
		return
	}
	// Rows that say the same are scattered, or a sample would have all of them or none.
	for i, n := 1, uint64(0); i < len(sorted); i++ {
		if n++; sorted[i].hash != m.rowHash[sorted[i-1].row] {
			n = 0
		}
		sorted[i].hash = mix(sorted[i].hash, n)
	}
	sorted = sortHashed(sorted, byHash)
	m.rows, m.ours = make([]uint32, len(sorted)), make([]uint32, len(sorted))
	for i, k := range sorted {
		m.rows[i], m.rowHash[i], m.ours[k.row] = k.row, k.hash, uint32(i)
	}
	if m.table.Origin != nil {
		m.origin = make([]uint16, len(m.rows))
		for i, row := range m.rows {
			m.origin[i] = m.table.Origin[row]
		}
	}
	inParallel(len(m.fields), 1, func(i, _ int) { m.fields[i].reorder(m.rows) })
	m.codes = make([]uint32, len(m.rows)*len(m.fields))
	inParallel(len(m.rows), 8192, func(from, to int) {
		for i, f := range m.fields {
			for row := from; row < to; row++ {
				m.codes[row*len(m.fields)+i] = f.codes[row]
			}
		}
	})
}

// sortHashed sorts rows, of which less tells by their hashes first: most are where they
// belong once they are parted by the first bits of those.
func sortHashed(rows []keyed, less func(a, b keyed) int) []keyed {
	const few = 1 << 12
	if len(rows) < few {
		slices.SortFunc(rows, less)
		return rows
	}
	shift := 64 - bits.Len(uint(len(rows)/16))
	start := make([]uint32, 1<<(64-shift)+1)
	for _, r := range rows {
		start[r.hash>>shift+1]++
	}
	for i := range start[1:] {
		start[i+1] += start[i]
	}
	sorted, at := make([]keyed, len(rows)), slices.Clone(start)
	for _, r := range rows {
		part := r.hash >> shift
		sorted[at[part]] = r
		at[part]++
	}
	inParallel(len(start)-1, 256, func(from, to int) {
		for part := from; part < to; part++ {
			slices.SortFunc(sorted[start[part]:start[part+1]], less)
		}
	})
	return sorted
}

// say takes what the rows say in a field into their hashes.
func (m *matcher) say(f *field) {
	of := make([]uint64, len(f.norm))
	inParallel(len(of), 8192, func(from, to int) {
		for code := from; code < to; code++ {
			of[code] = hash(f.norm[code])
		}
	})
	inParallel(len(f.codes), 8192, func(from, to int) {
		for row := from; row < to; row++ {
			m.rowHash[row] = mix(m.rowHash[row], of[f.codes[row]])
		}
	})
}

// reorder puts the rows in the order given, and the values in that of their first row.
func (f *field) reorder(rows []uint32) {
	codes := make([]uint32, len(rows))
	to := make([]uint32, len(f.norm))
	norm := make([]string, 1, len(f.norm))
	count := append(make([]int32, 0, len(f.norm)), f.count[0])
	for i, row := range rows {
		code := f.codes[row]
		if code != 0 && to[code] == 0 {
			to[code] = uint32(len(norm))
			norm = append(norm, f.norm[code])
			count = append(count, f.count[code])
		}
		codes[i] = to[code]
	}
	f.codes, f.norm, f.count = codes, norm, count
	f.others(func(o *field) { o.reorder(rows) })
}

// pairNames finds fields that hold the same kind of names, whose values are swapped at times.
func (m *matcher) pairNames() {
	m.partner = make([]int, len(m.fields))
	m.across = make([][]uint32, len(m.fields))
	for i := range m.fields {
		m.partner[i] = -1
	}
	if m.config.Snapshot != nil {
		m.recallNames()
		return
	}
	for i, f := range m.fields {
		for j, g := range m.fields[:i] {
			if f.kind != Name || g.kind != Name || m.partner[i] >= 0 || m.partner[j] >= 0 {
				continue
			}
			to, shared := crossing(f, g)
			from, _ := crossing(g, f)
			if shared*20 >= min(f.given, g.given) {
				m.partner[i], m.partner[j], m.across[i], m.across[j] = j, i, to, from
			}
		}
	}
}

// findDerived finds fields whose words are a part of another's: a surname beside a
// whole name. What they say is not said twice.
func (m *matcher) findDerived() {
	m.derived = make([]int, len(m.fields))
	width := make([]int, len(m.fields))
	for i, f := range m.fields {
		width[i] = f.width()
	}
	for i, f := range m.fields {
		m.derived[i] = -1
		for j, g := range m.fields {
			if i != j && g.kind == Text && width[j] > width[i] && (m.derived[i] < 0 || width[j] < width[m.derived[i]]) && contained(f, g) {
				m.derived[i] = j
			}
		}
	}
}

// width is how long a field's values are, together.
func (f *field) width() int {
	n := 0
	for code, v := range f.norm {
		n += len(v) * int(f.count[code])
	}
	return n / max(f.given, 1)
}

// contained reports whether f's words are among g's in most of the first rows.
func contained(f, g *field) bool {
	both, in := 0, 0
	for row := range min(2_000, len(f.codes)) {
		v, whole := f.norm[f.codes[row]], g.norm[g.codes[row]]
		if v == "" || whole == "" {
			continue
		}
		both++
		if wordsIn(v, whole) {
			in++
		}
	}
	return both >= 20 && in*2 > both
}

func wordsIn(v, whole string) bool {
	whole = " " + whole + " "
	for _, w := range strings.Fields(v) {
		if !strings.Contains(whole, " "+w+" ") {
			return false
		}
	}
	return true
}

// crossing gives g's code of each value of f, and how many rows of f have a value of g's.
func crossing(f, g *field) (to []uint32, shared int) {
	index := make(map[string]uint32, len(g.norm))
	for code, v := range g.norm {
		index[v] = uint32(code)
	}
	to = make([]uint32, len(f.norm))
	for code, v := range f.norm {
		if at := index[v]; at != 0 {
			to[code] = at
			shared += int(f.count[code])
		}
	}
	return to, shared
}

// tell tells how far a phase is; where another goroutine is telling, it need not.
func (m *matcher) tell(done, of int) {
	if m.config.Progress != nil && m.telling.TryLock() {
		m.config.Progress(done, of)
		m.telling.Unlock()
	}
}

// pattern is the levels of all fields for one pair of rows, three bits a field.
type pattern uint64

func (p pattern) at(field int) level { return level(p>>(levelBits*field)) & (mostLevels - 1) }

func (m *matcher) linkable(a, b uint32) bool {
	return !m.config.Link || m.origin[a] != m.origin[b]
}

// allPairs is how many pairs of rows there are.
func (m *matcher) allPairs() float64 {
	pairs := pairsOf(m.table.Rows)
	if m.config.Link {
		same := map[uint16]int{}
		for _, o := range m.origin {
			same[o]++
		}
		for _, k := range same {
			pairs -= pairsOf(k)
		}
	}
	return float64(pairs)
}

func probability(bits float64) float64 { return 1 / (1 + math.Exp2(-bits)) }
