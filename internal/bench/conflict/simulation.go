package conflict

import (
	"container/heap"
	"math/rand/v2"
	"slices"
	"time"
)

// simulation is processes, rows and what is to happen when. Times are nanoseconds.
type simulation struct {
	p         Params
	draw      *draw
	random    *rand.Rand // of starts and pauses
	now, from int64      // from: when counting began
	seq       uint64
	due       agenda
	processes []*process
	rows      map[uint64]*row // that are locked
	there     map[uint64]bool // of new ones: those that are committed

	committed, inserts, timeouts int
	useful, waited, lost, paused float64
}

// row is one that is locked: by whom, and who waits in line.
type row struct {
	key    uint64
	holder *process
	line   []*process
}

// process has one transaction at a time. Its steps are the reads, and then the commit:
// each has rows to lock, and then something to do.
type process struct {
	number  int
	crowd   int // transactions more that take turns
	batch   *batch
	try     int
	step    int
	wants   []uint64 // of this step, still to be locked
	held    []*row
	inserts []uint64 // that the reads did not find
	on      *row     // that it waits for
	turn    uint64   // what was due to an earlier turn is void
	began   int64    // this try, or the pause before it
	asked   int64    // for the row that it waits for
	spent   int64    // waiting, in this try
}

// event is something that is due to a process.
type event struct {
	at   int64
	seq  uint64 // of two at once the one that was made first comes first
	to   *process
	turn uint64
	what func(*process)
}

type agenda []event

func (a agenda) Len() int      { return len(a) }
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].seq < a[j].seq
}
func (a *agenda) Push(e any) { *a = append(*a, e.(event)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	e := (*a)[last]
	*a = (*a)[:last]
	return e
}

func newSimulation(p Params) *simulation {
	s := &simulation{p: p, draw: newDraw(p, p.Seed), random: rand.New(rand.NewPCG(p.Seed, 7)), //nolint:gosec // a simulation
		rows: map[uint64]*row{}, there: map[uint64]bool{}}
	for i := range p.Processes {
		q := &process{number: i}
		s.processes = append(s.processes, q)
		s.in(q, time.Duration(s.random.Int64N(int64(p.service()))), s.next) // they begin apart
	}
	return s
}

func (s *simulation) run() {
	s.until(2 * s.p.Processes)
	s.settle()
	s.until(s.p.Batches)
	for _, q := range s.processes { // what is under way counts for nothing
		switch {
		case q.batch == nil:
			s.paused += float64(s.now - q.began)
		case q.on != nil:
			q.spent += s.now - q.asked
			fallthrough
		default:
			s.waited += float64(q.spent)
			s.lost += float64(s.now - q.began - q.spent)
		}
	}
}

// until runs until n transactions are committed, or it takes five times as long as one
// process alone would.
func (s *simulation) until(n int) {
	for last := s.now + 5*int64(n+1)*int64(s.p.service()); s.committed < n && s.now < last; {
		s.step()
	}
}

// settle begins to count, now that the start is over.
func (s *simulation) settle() {
	s.from = s.now
	s.committed, s.inserts, s.timeouts = 0, 0, 0
	s.useful, s.waited, s.lost, s.paused = 0, 0, 0, 0
	for _, q := range s.processes {
		q.began, q.asked, q.spent = s.now, s.now, 0
	}
}

func (s *simulation) step() {
	e := heap.Pop(&s.due).(event)
	s.now = e.at
	if e.turn == e.to.turn {
		e.what(e.to)
	}
}

// in makes something due. It is void once q has another turn.
func (s *simulation) in(q *process, after time.Duration, what func(*process)) {
	s.seq++
	heap.Push(&s.due, event{s.now + int64(after), s.seq, q, q.turn, what})
}

// next begins with a new batch, or with the one that could not be committed.
func (s *simulation) next(q *process) {
	s.paused += float64(s.now - q.began)
	if q.try == 0 {
		q.batch = s.draw.batch(q.number)
	}
	wants := q.batch.reads[0]
	if q.crowd > 0 {
		wants = append([]uint64{turn}, wants...)
	}
	q.began, q.spent, q.step = s.now, 0, 0
	q.inserts = q.inserts[:0]
	s.enter(q, wants)
}

func (s *simulation) enter(q *process, wants []uint64) {
	q.wants = wants
	s.lock(q)
}

// reads is in how many steps a transaction finds its rows: the identifiers that are
// named; those that are linked to them; profiles.
const reads = 3

func (q *process) reading() bool { return q.step < reads }

// lock takes the rows of a step, in order, as far as nobody else holds one.
func (s *simulation) lock(q *process) {
	for ; len(q.wants) > 0; q.wants = q.wants[1:] {
		k := q.wants[0]
		if q.reading() {
			if _, fresh := slices.BinarySearch(q.batch.fresh, k); fresh && !s.there[k] {
				q.inserts = append(q.inserts, k) // nothing is there that could be locked
				continue
			}
		} else if s.there[k] { // somebody inserted it since
			s.inserts++
			s.again(q)
			return
		}
		r := s.rows[k]
		switch {
		case r == nil:
			r = &row{key: k}
			s.rows[k] = r
		case r.holder == q:
			continue
		case r.holder != nil:
			s.wait(q, r)
			return
		}
		r.holder = q
		q.held = append(q.held, r)
	}
	work := (s.p.service() - s.p.Outlet) / reads
	switch {
	case q.step+1 < reads:
		s.in(q, work, func(q *process) { q.step++; s.enter(q, q.batch.reads[q.step]) })
	case q.reading():
		s.in(q, work, func(q *process) {
			q.step++
			wants := slices.Clone(q.inserts)
			if s.p.Outlet > 0 {
				wants = append(wants, counter)
			}
			s.enter(q, wants)
		})
	default:
		s.in(q, s.p.Outlet, s.commit)
	}
}

// wait stands in line, until it is q's turn or the lock timeout is over. As in
// PostgreSQL the first in line waits for the holder, and the others for the first.
func (s *simulation) wait(q *process, r *row) {
	r.line = append(r.line, q)
	q.on, q.asked = r, s.now
	s.clocks(q)
}

// clocks starts what may end a wait.
func (s *simulation) clocks(q *process) {
	timeout := s.p.LockTimeout << min(q.try, 6)
	if q.on.key == turn {
		timeout = 20 * time.Second
	}
	s.in(q, timeout, s.timeout)
	s.in(q, s.p.DeadlockTimeout, func(q *process) {
		if s.deadlocked(q) {
			s.timeout(q)
		}
	})
}

// promoted starts the clocks of the first in line anew: it waits for someone else now.
func (s *simulation) promoted(r *row) {
	if len(r.line) > 0 {
		r.line[0].turn++
		s.clocks(r.line[0])
	}
}

func (s *simulation) timeout(q *process) {
	r := q.on
	first := r.line[0] == q
	r.line = slices.DeleteFunc(r.line, func(o *process) bool { return o == q })
	s.leaveLine(q)
	if first {
		s.promoted(r)
	}
	s.timeouts++
	s.again(q)
}

func (s *simulation) leaveLine(q *process) {
	q.spent += s.now - q.asked
	q.on = nil
	q.turn++
}

// deadlocked follows who waits for whom.
func (s *simulation) deadlocked(q *process) bool {
	at := q
	for range 2 * len(s.processes) {
		if at.on == nil {
			return false
		}
		if first := at.on.line[0]; at != first {
			at = first
		} else {
			at = at.on.holder
		}
		if at == q {
			return true
		}
	}
	return false // a ring that q only waits for
}

// again gives up this try, and begins another after a pause.
func (s *simulation) again(q *process) {
	s.waited += float64(q.spent)
	s.lost += float64(s.now - q.began - q.spent)
	pause := time.Duration(s.random.Int64N(int64(time.Millisecond << min(q.try, 4))))
	q.try++
	q.crowd = min(q.crowd+s.p.Turns, 4*s.p.Turns)
	s.leave(q)
	q.began = s.now
	s.in(q, pause, s.next)
}

// leave lets go of all rows: whoever is first in line has each from now on.
func (s *simulation) leave(q *process) {
	held := q.held
	q.held, q.wants = nil, nil
	q.turn++
	var called []*process
	for _, r := range held {
		if len(r.line) == 0 {
			delete(s.rows, r.key)
			continue
		}
		next := r.line[0]
		r.line = r.line[1:]
		r.holder = next
		next.held = append(next.held, r)
		s.promoted(r)
		called = append(called, next)
	}
	for _, next := range called { // in the order of q's locks
		s.leaveLine(next)
		s.lock(next)
	}
}

func (s *simulation) commit(q *process) {
	s.useful += float64(s.now - q.began - q.spent)
	s.waited += float64(q.spent)
	for _, k := range q.inserts {
		s.there[k] = true
	}
	s.committed++
	q.crowd = max(q.crowd-1, 0)
	q.batch, q.try, q.began = nil, 0, s.now
	s.leave(q)
	s.next(q)
}
