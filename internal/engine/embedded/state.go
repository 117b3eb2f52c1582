package embedded

import (
	"context"
	"maps"

	"github.com/cockroachdb/pebble/v2"

	"github.com/kithdata/kith/internal/engine"
)

// state is the engine.State: one writer at a time, whose commits are applied in
// order and synced while the next transaction already runs. A transaction may so
// read what is not yet synced; it is never reported durable before that, as syncs
// end in order too. Everybody else reads only what is durable.
type state struct {
	*gate
	db       *pebble.DB
	cache    *rowCache
	topics   *topics
	offsets  *offsets
	space    *reserve
	pipe     *pipeline
	views    *views
	leases   leases
	strict   bool
	conflict func() bool

	turn chan struct{} // capacity 1: who puts into it is the writer
	jobs chan *commit  // to the goroutine that applies; the writer waits for each

	// Owned by the writer.
	seq  uint64 // commits applied
	tx   *tx
	last <-chan struct{} // closed once the last commit is durable; nil at first

	ended chan struct{}
}

func (s *state) start() {
	s.turn, s.jobs, s.ended = make(chan struct{}, 1), make(chan *commit), make(chan struct{})
	s.tx = &tx{s: s, emits: make(map[outlet]*framer), moves: make(map[mark]uint64)}
	go func() {
		defer close(s.ended)
		for c := range s.jobs {
			s.views.sweep()
			if !s.pipe.apply(c) {
				return
			}
		}
	}()
}

// halt ends the writer's goroutines; no Update may follow.
func (s *state) halt() {
	close(s.jobs)
	<-s.ended
	s.pipe.stop()
	s.views.close()
}

// acquire makes the caller the writer.
func (s *state) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.fail.ch:
		return s.fail.err
	}
}

// Update implements engine.State.
func (s *state) Update(ctx context.Context, fn func(tx engine.Tx) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	durable, err := s.update(ctx, fn)
	if err != nil || durable == nil {
		return err
	}
	// ctx does not end this wait: the commit is under way.
	select {
	case <-durable:
		return nil
	case <-s.fail.ch:
		return s.fail.err
	}
}

// update runs fn and hands its commit over. It gives a channel that is closed once
// all that fn wrote, and all that it read, is durable.
func (s *state) update(ctx context.Context, fn func(tx engine.Tx) error) (<-chan struct{}, error) {
	if err := s.acquire(ctx); err != nil {
		return nil, err
	}
	defer func() { <-s.turn }()
	t := s.tx
	defer t.finish()
	for {
		t.reset()
		if err := fn(t); err != nil {
			return nil, err
		}
		if t.err != nil {
			return nil, t.err
		}
		if s.conflict == nil || !s.conflict() {
			break
		}
		t.finish()
	}
	batch, err := s.build(t)
	if err != nil {
		return nil, err
	}
	if batch == nil {
		return s.last, nil
	}
	return s.commit(t, batch)
}

// build makes the batch of what t wrote, or nil. Nothing is changed by it but the
// numbers given to emitted values, so it may be refused for want of room.
func (s *state) build(t *tx) (*pebble.Batch, error) {
	size := 64 * (len(t.moves) + 1)
	for _, i := range t.rows.Written {
		r := &t.rows.Rows[i]
		size += len(r.Key) + len(r.Value) + 12
	}
	for _, o := range t.order {
		size += t.emits[o].bytes + len(t.emits[o].frames)*(len(o.topic)+32)
	}
	if len(t.rows.Written)+len(t.order)+len(t.moves) == 0 {
		return nil, nil
	}
	if err := s.space.admit(size); err != nil {
		return nil, err
	}
	for _, o := range t.order { // opening a topic may fail: before any number is given
		if _, err := s.topics.of(o.topic); err != nil {
			return nil, err
		}
	}
	b := s.db.NewBatchWithSize(size)
	for _, i := range t.rows.Sort() { // in order: Pebble inserts neighbours faster
		r := &t.rows.Rows[i]
		if r.Value == nil {
			op := b.DeleteDeferred(len(r.Key) + 1)
			op.Key[0] = keyState
			copy(op.Key[1:], r.Key)
			_ = op.Finish() // fails only on an indexed batch
			continue
		}
		op := b.SetDeferred(len(r.Key)+1, len(r.Value))
		op.Key[0] = keyState
		copy(op.Key[1:], r.Key)
		copy(op.Value, r.Value)
		_ = op.Finish()
	}
	return b, nil
}

// end is where an emitted partition ends after a commit.
type end struct {
	stream *stream
	offset uint64
}

// commit numbers what t emitted, hands the batch over and waits until it can be
// read. From here on there is no way back but the engine's failure.
func (s *state) commit(t *tx, b *pebble.Batch) (<-chan struct{}, error) {
	var ends []end
	for _, o := range t.order {
		parts, err := s.topics.of(o.topic) // opened by build
		if err != nil {
			return nil, err
		}
		stream := parts[o.partition]
		stream.put(b, t.emits[o])
		ends = append(ends, end{stream, stream.next})
	}
	var moves map[mark]uint64
	if len(t.moves) > 0 {
		moves = maps.Clone(t.moves)
		s.offsets.put(b, moves)
	}
	s.seq++
	for _, i := range t.rows.Written {
		r := &t.rows.Rows[i]
		if r.Value == nil {
			s.cache.drop(r.Hash)
		} else {
			s.cache.put(r.Hash, r.Key, r.Value, s.seq)
		}
	}
	seq := s.seq
	c := &commit{batch: b, snap: true, done: make(chan struct{}), durable: func(c *commit) {
		s.views.publish(c.snapshot, seq)
		for _, e := range ends {
			e.stream.publish(e.offset)
		}
		s.offsets.publish(moves)
	}}
	if err := s.hand(c); err != nil {
		return nil, err
	}
	s.last = c.done
	return c.done, nil
}

// hand gives c to the applier and waits until later reads see it.
func (s *state) hand(c *commit) error {
	c.applied = make(chan struct{})
	select {
	case s.jobs <- c:
	case <-s.fail.ch:
		return s.fail.err
	}
	select {
	case <-c.applied:
		return nil
	case <-s.fail.ch:
		return s.fail.err
	}
}

// trimTopic trims one partition of an emitted topic.
func (s *state) trimTopic(ctx context.Context, stream *stream, before uint64) error {
	if err := s.acquire(ctx); err != nil {
		return err
	}
	done, err := func() (<-chan struct{}, error) {
		defer func() { <-s.turn }()
		b := s.db.NewBatch()
		begin, some, err := stream.trim(b, before)
		if err != nil || !some {
			return nil, err
		}
		stream.setBegin(begin)
		c := &commit{batch: b, done: make(chan struct{}), durable: func(*commit) {}}
		return c.done, s.hand(c)
	}()
	if err != nil || done == nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-s.fail.ch:
		return s.fail.err
	}
}
