package webhook

import (
	"container/heap"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
)

// The bounds of a session's memory and the rhythm of its saves.
const (
	chunkRecords = 256
	maxPending   = 16 << 10               // messages read and not done with; then reading waits
	maxKept      = 8 << 20                // bytes of bodies; beyond that they are read again
	saveEvery    = 100 * time.Millisecond // after a delivery
	saveCount    = 500                    // deliveries
	saveIdle     = time.Second            // where records were only skipped
	saveAgain    = time.Second            // after a save that failed
	lagEvery     = 5 * time.Second
	lookupAgain  = time.Second
	grace        = time.Second // that requests under way get when the session ends
)

// ending is why a session ended.
type ending uint8

const (
	endDone   ending = iota // its context ended
	endGone                 // 410
	endCutOff               // past the horizon, or trimmed
)

// session is one run of deliveries. One goroutine, run's, owns all of it; readers,
// workers and the watch speak to it through channels.
type session struct {
	d       *Destination
	parts   []*partition
	lanes   map[laneKey]*lane
	ready   []*lane  // a message each may be sent, first come first served
	waiting laneHeap // for their next try
	pending int      // messages of parts
	flying  int      // requests under way
	kept    int      // bytes of bodies
	hold    time.Time
	docs    map[string][]byte // dead letters and others, to be saved with the positions
	unsaved int               // deliveries since the last save
	saveAt  time.Time         // zero: nothing to save
	broken  bool              // the last save failed: send nothing until one succeeds
	why     ending
	err     error
	over    bool

	chunks  chan chunk
	jobs    chan *message
	results chan result
	ends    chan []uint64
	faults  chan error
}

// partition is one partition of a topic, and how far it is done with.
type partition struct {
	topic   string
	number  int32
	head    uint64
	pending map[uint64]struct{}
	dirty   bool
	restore []uint64 // pending when the last session ended
}

func (p *partition) position() position {
	at := position{head: p.head, pending: make([]uint64, 0, len(p.pending))}
	for n := range p.pending {
		at.pending = append(at.pending, n)
	}
	slices.Sort(at.pending)
	return at
}

// chunk is what a reader found.
type chunk struct {
	part     *partition
	head     uint64 // everything before it was read
	messages []*message
	dropped  []uint64 // restored ones that are not to be sent after all
	skipped  int
}

// result is what came of one try.
type result struct {
	m       *message
	o       outcome
	dropped bool // it is no longer to be sent
	final   bool // no use trying again
}

// newSession finds where each partition was left. A place that the topic does not
// have any more, or not yet, cuts the session off at once.
func newSession(ctx context.Context, d *Destination) (*session, error) {
	s := &session{d: d, lanes: map[laneKey]*lane{}, docs: map[string][]byte{},
		chunks: make(chan chunk), jobs: make(chan *message, d.cfg.Concurrency),
		// Room for every worker's last result, so that none waits when the session ends.
		results: make(chan result, d.cfg.Concurrency), ends: make(chan []uint64), faults: make(chan error)}
	for _, topic := range d.choice.topics() {
		for n := range d.deps.Partitions(topic) {
			first, last, err := d.deps.Bounds(ctx, topic, n)
			if err != nil {
				return nil, err
			}
			at, known, err := d.loadPosition(ctx, topic, n)
			if err != nil {
				return nil, err
			}
			if !known {
				at.head = first
			}
			if at.low() < first || at.head > last {
				s.finish(endCutOff, nil)
			}
			p := &partition{topic: topic, number: n, head: at.head, pending: map[uint64]struct{}{}, restore: at.pending}
			for _, number := range at.pending {
				p.pending[number] = struct{}{}
			}
			s.parts = append(s.parts, p)
		}
	}
	return s, nil
}

// run delivers until ctx ends, the endpoint wants no more, or it lags too far.
func (s *session) run(ctx context.Context) (ending, error) {
	reading, stopReading := context.WithCancel(ctx)
	sending, stopSending := context.WithCancel(context.WithoutCancel(ctx))
	defer stopReading()
	defer stopSending()
	var others, workers sync.WaitGroup
	if !s.over {
		for _, p := range s.parts {
			others.Go(func() { s.read(reading, p) })
		}
		others.Go(func() { s.watch(reading) })
		for range s.d.cfg.Concurrency {
			workers.Go(func() { s.work(sending) })
		}
		s.loop(ctx)
	}
	stopReading()
	close(s.jobs)
	last := time.AfterFunc(grace, stopSending)
	workers.Wait()
	last.Stop()
	others.Wait()
	close(s.results)
	for r := range s.results {
		s.settle(r)
	}
	s.dismiss()
	if s.why != endCutOff {
		saving, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer stop()
		if err := s.save(saving); err != nil && s.err == nil {
			s.err = err
		}
	}
	return s.why, s.err
}

// finish ends the session. A request that was still under way may turn a mere end
// into a 410.
func (s *session) finish(why ending, err error) {
	if !s.over || s.why == endDone && s.err == nil && why == endGone {
		s.over, s.why, s.err = true, why, err
	}
}

func (s *session) loop(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for !s.over {
		now := s.d.deps.Clock.Now()
		if !s.saveAt.IsZero() && !now.Before(s.saveAt) {
			s.trySave(ctx)
			continue
		}
		s.dispatch(now)
		s.report()
		timer.Reset(s.next(now))
		chunks := s.chunks
		if s.pending >= maxPending {
			chunks = nil
		}
		select {
		case <-ctx.Done():
			s.finish(endDone, nil)
		case c := <-chunks:
			s.accept(c)
		case r := <-s.results:
			s.settle(r)
		case c := <-s.d.commands:
			s.retryLetter(c)
		case ends := <-s.ends:
			s.lag(ends)
		case err := <-s.faults:
			if errs.Is(err, codeTrimmed) {
				s.finish(endCutOff, nil)
			} else {
				s.finish(endDone, err)
			}
		case <-timer.C:
		}
	}
}

// dispatch gives every worker that is free the first message of a lane.
func (s *session) dispatch(now time.Time) {
	for len(s.waiting) > 0 && !now.Before(s.waiting[0].due) {
		s.ready = append(s.ready, heap.Pop(&s.waiting).(*lane))
	}
	for len(s.ready) > 0 && s.flying < s.d.cfg.Concurrency && !s.broken && !now.Before(s.hold) {
		l := s.ready[0]
		s.ready = s.ready[1:]
		s.flying++
		s.jobs <- l.queue[0] // has room: as many as workers
	}
}

// next is how long nothing has to be done unless something comes in.
func (s *session) next(now time.Time) time.Duration {
	at := now.Add(time.Hour)
	earlier := func(t time.Time) {
		if t.Before(at) {
			at = t
		}
	}
	if !s.saveAt.IsZero() {
		earlier(s.saveAt)
	}
	if len(s.waiting) > 0 {
		earlier(s.waiting[0].due)
	}
	if len(s.ready) > 0 && s.hold.After(now) {
		earlier(s.hold)
	}
	return at.Sub(now)
}

// accept takes in what a reader found.
func (s *session) accept(c chunk) {
	c.part.head = max(c.part.head, c.head)
	c.part.dirty = true
	for _, n := range c.dropped {
		s.undo(c.part, n)
	}
	for _, m := range c.messages {
		c.part.pending[m.number] = struct{}{}
		s.pending++
		if s.kept += len(m.body); s.kept > maxKept {
			s.forget(m)
		}
		s.enqueue(m)
	}
	if c.skipped > 0 {
		s.d.count(func(st *Stats) { st.Skipped += uint64(c.skipped) }) //nolint:gosec // not negative
	}
	s.saveBy(saveIdle)
}

func (s *session) undo(p *partition, number uint64) {
	delete(p.pending, number)
	p.dirty = true
}

// forget drops a body: it is read again when its turn comes.
func (s *session) forget(m *message) {
	s.kept -= len(m.body)
	m.body = nil
}

// settle acts on what came of a try.
func (s *session) settle(r result) {
	s.flying--
	m := r.m
	m.tries++
	s.forget(m)
	switch {
	case m.reply != nil:
		s.answer(r)
	case r.o.delivered, r.dropped:
		s.done(m)
	case r.o.gone:
		s.finish(endGone, nil)
		return
	case r.o.reason == canceled:
		return // cut short by the end of the session: not a try
	case r.final || m.tries >= s.d.cfg.Attempts:
		s.docs[m.deadName()] = s.d.bury(m, r.o.reason)
		s.d.deps.Logger.Warn("webhook message given up", "destination", s.d.cfg.Name, "message", m.id(), "reason", r.o.reason, "tries", m.tries)
		s.done(m)
		s.d.count(func(st *Stats) { st.DeadLettered++ })
	default:
		s.postpone(m, r.o)
		return
	}
	if r.o.delivered {
		s.d.count(func(st *Stats) { st.Delivered++ })
	}
	s.advance(m)
}

// done counts a message as dealt with.
func (s *session) done(m *message) {
	s.undo(m.part, m.number)
	s.pending--
	s.unsaved++
	s.saveBy(saveEvery)
	if s.unsaved >= saveCount {
		s.saveBy(0)
	}
}

func (s *session) postpone(m *message, o outcome) {
	now := s.d.deps.Clock.Now()
	l := s.lanes[m.lane]
	l.due = now.Add(max(backoff(m.tries, s.d.deps.Rand()), o.after))
	heap.Push(&s.waiting, l)
	if o.hold {
		if until := now.Add(o.after); until.After(s.hold) {
			s.hold = until
		}
	}
}

// answer tells who asked for a dead letter what came of it.
func (s *session) answer(r result) {
	switch {
	case r.o.delivered, r.dropped:
		s.docs[r.m.deadName()] = nil
		s.saveBy(saveEvery)
		r.m.reply <- nil
	default:
		r.m.reply <- errs.New(CodeFailed, "the message was not delivered: "+r.o.reason)
	}
}

func (s *session) retryLetter(c command) {
	s.enqueue(&message{place: c.letter.place(), lane: c.lane, tries: c.letter.Tries, reply: c.reply})
}

// dismiss answers whoever still waits for a dead letter.
func (s *session) dismiss() {
	for _, l := range s.lanes {
		for _, m := range l.queue {
			if m.reply != nil {
				select {
				case m.reply <- errNotRunning():
				default: // answered already
				}
			}
		}
	}
}

// lag compares the topics' ends with what is done.
func (s *session) lag(ends []uint64) {
	var lag uint64
	for i, p := range s.parts {
		low := p.head
		for n := range p.pending {
			low = min(low, n)
		}
		if ends[i] > low {
			lag += ends[i] - low
		}
	}
	s.d.count(func(st *Stats) { st.Lag = lag })
	if lag > s.d.cfg.Horizon {
		s.finish(endCutOff, nil)
	}
}

func (s *session) report() {
	var read uint64
	for _, p := range s.parts {
		read += p.head
	}
	s.d.count(func(st *Stats) { st.Pending, st.InFlight, st.Read = s.pending, s.flying, read })
}

func (s *session) saveBy(d time.Duration) {
	if at := s.d.deps.Clock.Now().Add(d); s.saveAt.IsZero() || at.Before(s.saveAt) && !s.broken {
		s.saveAt = at
	}
}

func (s *session) trySave(ctx context.Context) {
	err := s.save(ctx)
	s.saveAt = time.Time{}
	if err == nil {
		s.broken = false
		return
	}
	if ctx.Err() != nil {
		return
	}
	if errs.Is(err, codeFenced) {
		s.finish(endDone, err)
		return
	}
	if !s.broken {
		s.d.deps.Logger.Error("webhook waits: its position could not be saved", "destination", s.d.cfg.Name, "code", string(errs.CodeOf(err)))
	}
	s.broken = true
	s.saveAt = s.d.deps.Clock.Now().Add(saveAgain)
}

// save writes positions and dead letters in one step, so that no message is lost
// between the two.
func (s *session) save(ctx context.Context) error {
	docs := s.docs
	for _, p := range s.parts {
		if p.dirty {
			docs[positionName(p.topic, p.number)] = encodePosition(p.position())
		}
	}
	if len(docs) == 0 {
		return nil
	}
	if err := s.d.deps.Store.Save(ctx, docs); err != nil {
		return err
	}
	for _, p := range s.parts {
		p.dirty = false
	}
	s.docs, s.unsaved = map[string][]byte{}, 0
	return nil
}
