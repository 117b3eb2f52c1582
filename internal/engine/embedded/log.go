package embedded

import (
	"context"
	"strconv"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

const (
	maxGroupBytes  = 4 << 20 // of one group commit; more makes the sync longer, not cheaper
	maxAppendBytes = 8 << 20 // of one request; a longer Append is written in several

	entryOverhead = 4 // bytes around a value, for sizing
)

// CodeNoPartition is reported for a topic or partition that cannot be.
const CodeNoPartition errs.Code = "unknown_partition"

// ingestLog is the engine.Log: the ingest log in a database of its own, and the
// emitted topics, which lie with the state. One goroutine gathers what concurrent
// Appends brought into one batch and one sync.
type ingestLog struct {
	*gate
	id      string
	db      *pebble.DB
	parts   []*stream
	topics  *topics
	space   *reserve
	pipe    *pipeline
	leases  leases
	trimmed func(ctx context.Context, s *stream, before uint64) error // trims an emitted topic

	mu    sync.Mutex
	queue []*request
	kick  chan struct{} // capacity 1: there is something in queue, or stopping is set
	stop  bool
	ended chan struct{}
}

// request is one Append, or one Trim, waiting for the writer.
type request struct {
	entries []engine.Entry
	bytes   int
	trim    *stream
	before  uint64

	taken bool // under ingestLog.mu
	pos   record.Position
	err   error
	done  chan struct{}
}

func (l *ingestLog) start() {
	l.kick, l.ended = make(chan struct{}, 1), make(chan struct{})
	go l.writeLoop()
}

// halt ends the writer once the queue is empty; no request may follow.
func (l *ingestLog) halt() {
	l.mu.Lock()
	l.stop = true
	l.mu.Unlock()
	l.signal()
	<-l.ended
	l.pipe.stop()
}

func (l *ingestLog) signal() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

func (l *ingestLog) ID() string { return l.id }

func (l *ingestLog) Partitions(topic string) int32 {
	if topic == engine.TopicIngest {
		return int32(len(l.parts))
	}
	return l.topics.partitions
}

// Append implements engine.Log (I1). The entries of one call that go to one
// partition, and what concurrent calls bring to it, are stored as one block.
func (l *ingestLog) Append(ctx context.Context, entries []engine.Entry) (record.Position, error) {
	pos := record.Position{Log: l.id}
	if err := l.enter(); err != nil {
		return pos, err
	}
	defer l.leave()
	for i := range entries {
		if p := entries[i].Partition; p < 0 || int(p) >= len(l.parts) {
			return pos, errPartition(engine.TopicIngest, p)
		}
		if len(entries[i].Value) > engine.MaxEntry {
			return pos, errs.New(engine.CodeTooLarge, "a record is larger than the log takes").Fix("send at most 7 MiB in one record")
		}
	}
	for len(entries) > 0 {
		n, bytes := 0, 0
		for n < len(entries) && (n == 0 || bytes+len(entries[n].Value) <= maxAppendBytes) {
			bytes += len(entries[n].Value) + entryOverhead
			n++
		}
		r := &request{entries: entries[:n], bytes: bytes, pos: pos, done: make(chan struct{})}
		if err := l.send(ctx, r); err != nil {
			return record.Position{Log: l.id}, err
		}
		pos, entries = r.pos, entries[n:]
	}
	return pos, nil
}

// send queues r and waits for it. ctx takes it out of the queue; once the writer
// has taken it, its entries are being read, so the wait goes on.
func (l *ingestLog) send(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	l.queue = append(l.queue, r)
	l.mu.Unlock()
	l.signal()
	select {
	case <-r.done:
		return r.err
	case <-l.fail.ch:
		return l.fail.err
	case <-ctx.Done():
	}
	if l.withdraw(r) {
		return ctx.Err()
	}
	select {
	case <-r.done:
		return r.err
	case <-l.fail.ch:
		return l.fail.err
	}
}

func (l *ingestLog) withdraw(r *request) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.taken {
		return false
	}
	for i, each := range l.queue {
		if each == r {
			l.queue = append(l.queue[:i], l.queue[i+1:]...)
			break
		}
	}
	return true
}

// take gives the next group, nil when the queue is empty, and whether to stop.
func (l *ingestLog) take(group []*request) ([]*request, int, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, bytes := 0, 0
	for n < len(l.queue) && (n == 0 || bytes+l.queue[n].bytes <= maxGroupBytes) {
		l.queue[n].taken = true
		bytes += l.queue[n].bytes
		n++
	}
	group = append(group, l.queue[:n]...)
	rest := copy(l.queue, l.queue[n:])
	clear(l.queue[rest:])
	l.queue = l.queue[:rest]
	return group, bytes, l.stop && n == 0
}

func (l *ingestLog) writeLoop() {
	defer close(l.ended)
	framers := make([]framer, len(l.parts))
	for {
		group, bytes, stop := l.take(nil)
		if stop {
			return
		}
		if len(group) == 0 {
			select {
			case <-l.kick:
				continue
			case <-l.fail.ch:
				return
			}
		}
		if !l.write(group, bytes, framers) {
			return
		}
	}
}

// write commits one group. It gives false once the engine has failed.
func (l *ingestLog) write(group []*request, bytes int, framers []framer) bool {
	if err := l.space.admit(bytes); err != nil {
		for _, r := range group {
			r.err = err
			close(r.done)
		}
		return true
	}
	for i := range framers {
		framers[i].reset()
	}
	batch := l.db.NewBatchWithSize(bytes + bytes/8 + 4096)
	for _, r := range group {
		if r.trim != nil {
			r.err = l.addTrim(batch, r)
			continue
		}
		for i := range r.entries {
			p := r.entries[i].Partition
			framers[p].add(r.entries[i].Value)
			r.pos.Raise(p, l.parts[p].next+uint64(framers[p].total))
		}
	}
	var ends []uint64
	for p := range framers {
		l.parts[p].put(batch, &framers[p])
		ends = append(ends, l.parts[p].next)
	}
	if batch.Empty() {
		_ = batch.Close()
		finish(group)
		return true
	}
	return l.pipe.apply(&commit{batch: batch, durable: func(*commit) {
		for p, end := range ends {
			if _, had := l.parts[p].bounds(); end > had {
				l.parts[p].publish(end)
			}
		}
		finish(group)
	}})
}

func finish(group []*request) {
	for _, r := range group {
		close(r.done)
	}
}

// addTrim moves the stream's begin before the deletion can be seen, so that no
// reader takes the hole for damage. A crash before the sync only undoes the trim.
func (l *ingestLog) addTrim(batch *pebble.Batch, r *request) error {
	begin, some, err := r.trim.trim(batch, r.before)
	if err == nil && some {
		r.trim.setBegin(begin)
	}
	return err
}

func (l *ingestLog) stream(topic string, partition int32) (*stream, error) {
	if topic != engine.TopicIngest {
		return l.topics.stream(topic, partition)
	}
	if partition < 0 || int(partition) >= len(l.parts) {
		return nil, errPartition(topic, partition)
	}
	return l.parts[partition], nil
}

// Read implements engine.Log. It gives at most 16 MiB or so at a time. A value
// that is kept keeps at most the values read beside it from the same block.
func (l *ingestLog) Read(ctx context.Context, topic string, partition int32, from uint64, limit int) ([][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := l.enter(); err != nil {
		return nil, err
	}
	defer l.leave()
	s, err := l.stream(topic, partition)
	if err != nil {
		return nil, err
	}
	end, err := s.await(ctx, l.gate, from)
	if err != nil {
		return nil, err
	}
	return s.read(from, end, limit)
}

// Bounds implements engine.Log.
func (l *ingestLog) Bounds(ctx context.Context, topic string, partition int32) (first, end uint64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, 0, err
	}
	if err := l.enter(); err != nil {
		return 0, 0, err
	}
	defer l.leave()
	s, err := l.stream(topic, partition)
	if err != nil {
		return 0, 0, err
	}
	first, end = s.bounds()
	return first, end, nil
}

// Ends implements engine.Log.
func (l *ingestLog) Ends(ctx context.Context, topic string) ([]uint64, error) {
	ends := make([]uint64, l.Partitions(topic))
	for p := range ends {
		var err error
		if _, ends[p], err = l.Bounds(ctx, topic, int32(p)); err != nil { //nolint:gosec // there are few
			return nil, err
		}
	}
	return ends, nil
}

// Trim implements engine.Log. What lies past the durable end stays.
func (l *ingestLog) Trim(ctx context.Context, topic string, partition int32, before uint64) error {
	if err := l.enter(); err != nil {
		return err
	}
	defer l.leave()
	s, err := l.stream(topic, partition)
	if err != nil {
		return err
	}
	if topic != engine.TopicIngest {
		return l.trimmed(ctx, s, before)
	}
	return l.send(ctx, &request{trim: s, before: before, done: make(chan struct{})})
}

// topics holds the partitions of the emitted topics, opened as they are first met.
type topics struct {
	db         *pebble.DB
	partitions int32
	mu         sync.RWMutex
	byName     map[string][]*stream
}

// of gives the partitions of a topic. A topic's first use opens it: before it
// nothing in this process wrote to it, so all that lies in the database is durable.
func (t *topics) of(topic string) ([]*stream, error) {
	t.mu.RLock()
	parts, ok := t.byName[topic]
	t.mu.RUnlock()
	if ok {
		return parts, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if parts, ok := t.byName[topic]; ok {
		return parts, nil
	}
	for p := range t.partitions {
		s, err := openStream(t.db, topic, p)
		if err != nil {
			return nil, err
		}
		parts = append(parts, s)
	}
	t.byName[topic] = parts
	return parts, nil
}

func (t *topics) stream(topic string, partition int32) (*stream, error) {
	if partition < 0 || partition >= t.partitions {
		return nil, errPartition(topic, partition)
	}
	parts, err := t.of(topic)
	if err != nil {
		return nil, err
	}
	return parts[partition], nil
}

func errPartition(topic string, partition int32) error {
	return errs.New(CodeNoPartition, "topic "+strconv.Quote(topic)+" has no partition "+strconv.Itoa(int(partition))).
		Fix("use a partition below Partitions of the topic")
}
