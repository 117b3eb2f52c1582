package cluster

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
)

const (
	fetchWait  = 5 * time.Second // how long a broker holds an answer back while there is nothing
	fetchBytes = 1 << 20         // of one partition, compressed, that are read ahead
	idleFor    = time.Minute     // streams that nobody read from for longer are closed
	mostIdle   = 96              // streams that are kept for their next Read
	mostChunks = 128
	chunkSize  = 256 // values that a stream is asked for at least
	chunkFor   = 10 * time.Second

	steadyReaders = 3 // of one partition: the loader, a destination, another
)

// readers keeps the streams that Reads go on with. A stream is a consumer of one
// partition; a reader that reads on finds the one that stands where it left off, with
// the values after it mostly fetched already.
type readers struct {
	*cluster
	mu   sync.Mutex
	idle []*stream
	kept []chunk
}

// chunk is what one read of a stream gave: kept for a while, as several readers
// follow one topic, and some come back to single values.
type chunk struct {
	topic     string
	partition int32
	from      uint64
	values    [][]byte
	used      time.Time
}

// stream is a consumer of one partition. It belongs to one Read at a time.
type stream struct {
	*cluster
	client    *kgo.Client
	topic     string
	partition int32
	next      uint64 // the offset or number of the next value
	used      time.Time
}

// read gives values from offset from on, waiting until there is one.
func (r *readers) read(ctx context.Context, topic string, partition int32, from uint64, limit int) ([][]byte, error) {
	if values := r.again(topic, partition, from, limit); values != nil {
		return values, nil
	}
	s, err := r.take(ctx, topic, partition, from)
	if err != nil {
		return nil, err
	}
	values, err := s.read(ctx, max(limit, chunkSize))
	if err != nil && ctx.Err() == nil {
		s.client.Close() // wherever it stands now
		return nil, err
	}
	r.giveBack(s, values)
	return values[:min(limit, len(values))], err
}

// again gives values that were read lately, nil where there are none.
func (r *readers) again(topic string, partition int32, from uint64, limit int) [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for i := range r.kept {
		c := &r.kept[i]
		if c.topic != topic || c.partition != partition || from < c.from || from-c.from >= uint64(len(c.values)) || now.Sub(c.used) > chunkFor {
			continue
		}
		c.used = now
		values := c.values[from-c.from:]
		return values[:min(limit, len(values))]
	}
	return nil
}

// forget drops what is kept of a partition.
func (r *readers) forget(topic string, partition int32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = slices.DeleteFunc(r.kept, func(c chunk) bool { return c.topic == topic && c.partition == partition })
}

// take gives a stream that stands at from.
func (r *readers) take(ctx context.Context, topic string, partition int32, from uint64) (*stream, error) {
	if s := r.find(topic, partition, from); s != nil {
		return s, nil
	}
	at, err := r.start(ctx, topic, partition, from)
	if err != nil {
		return nil, err
	}
	if s := r.any(topic, partition); s != nil {
		s.seek(from, at)
		return s, nil
	}
	opts, err := r.options()
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(append(opts,
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{r.name(topic): {partition: kgo.NewOffset().At(at)}}),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()), // to jump would lose records unseen
		kgo.FetchMaxWait(fetchWait),
		kgo.FetchMaxPartitionBytes(fetchBytes),
		kgo.MaxConcurrentFetches(1),
	)...)
	if err != nil {
		return nil, errs.Wrap(CodeOpen, "connecting to Kafka", err).At("engine.cluster.kafka").Fix("check the settings")
	}
	return &stream{cluster: r.cluster, client: client, topic: topic, partition: partition, next: from}, nil
}

// find gives the idle stream that stands at from, and closes those that idle too long.
func (r *readers) find(topic string, partition int32, from uint64) (found *stream) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	kept := r.idle[:0]
	for _, s := range r.idle {
		switch {
		case found == nil && s.topic == topic && s.partition == partition && s.next == from:
			found = s
		case now.Sub(s.used) > idleFor:
			go s.client.Close()
		default:
			kept = append(kept, s)
		}
	}
	clear(r.idle[len(kept):])
	r.idle = kept
	return found
}

// any gives an idle stream of the partition to be moved, where there are more than
// its steady readers are likely to come back to.
func (r *readers) any(topic string, partition int32) *stream {
	r.mu.Lock()
	defer r.mu.Unlock()
	newest, n := -1, 0
	for i, s := range r.idle {
		if s.topic == topic && s.partition == partition {
			newest, n = i, n+1
		}
	}
	if n <= steadyReaders {
		return nil
	}
	s := r.idle[newest] // moved last: the others stand where somebody reads on
	r.idle = slices.Delete(r.idle, newest, newest+1)
	return s
}

// giveBack keeps a stream, and what it gave.
func (r *readers) giveBack(s *stream, values [][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.used = time.Now()
	r.idle = append(r.idle, s)
	if len(r.idle) > mostIdle {
		go r.idle[0].client.Close()
		r.idle = append(r.idle[:0], r.idle[1:]...)
	}
	if len(values) == 0 {
		return
	}
	c := chunk{s.topic, s.partition, s.next - uint64(len(values)), values, s.used}
	if len(r.kept) < mostChunks {
		r.kept = append(r.kept, c)
		return
	}
	oldest := 0
	for i := range r.kept {
		if r.kept[i].used.Before(r.kept[oldest].used) {
			oldest = i
		}
	}
	r.kept[oldest] = c
}

func (r *readers) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.idle {
		s.client.Close()
	}
	r.idle = nil
}

// start gives the Kafka offset from which value from is found by reading on. It
// waits until the partition has come that far.
func (r *readers) start(ctx context.Context, topic string, partition int32, from uint64) (int64, error) {
	if topic == engine.TopicIngest {
		for {
			first, end, err := r.offsets(ctx, topic, partition)
			switch {
			case err != nil:
				return 0, err
			case from < first:
				return 0, errTrimmed()
			case from <= end:
				return int64(from), nil //nolint:gosec // it is at most end
			}
			if err := pause(ctx, 50*time.Millisecond); err != nil { // a reader ahead of the log waits for it
				return 0, err
			}
		}
	}
	if err := r.ensure(ctx, topic); err != nil {
		return 0, err
	}
	o, err := r.outlet(ctx, topic, partition)
	if err != nil {
		return 0, err
	}
	if from < o.first {
		return 0, errTrimmed()
	}
	_, end, err := r.offsets(ctx, topic, partition)
	if err != nil {
		return 0, err
	}
	// Copies only push a number further back, so it lies there or after.
	return int64(min(o.offset+from-o.first, end)), nil //nolint:gosec // it is at most end
}

// seek moves a stream.
func (s *stream) seek(from uint64, at int64) {
	s.client.SetOffsets(map[string]map[int32]kgo.EpochOffset{s.name(s.topic): {s.partition: {Epoch: -1, Offset: at}}})
	s.next = from
}

// read gives the next values, at most limit.
func (s *stream) read(ctx context.Context, limit int) ([][]byte, error) {
	for {
		fetched := s.client.PollRecords(ctx, limit)
		if err := ctx.Err(); err != nil && fetched.NumRecords() == 0 {
			return nil, err
		}
		for _, f := range fetched.Errors() {
			if errors.Is(f.Err, kerr.OffsetOutOfRange) {
				return nil, s.outOfRange(ctx)
			}
			if !retriable(f.Err) {
				return nil, unavailable("reading from Kafka", f.Err)
			}
			s.logger.Warn("Kafka cannot be read from for now", "topic", s.topic, "partition", s.partition, "error", f.Err)
			if err := pause(ctx, 100*time.Millisecond); err != nil {
				return nil, err
			}
		}
		values := make([][]byte, 0, fetched.NumRecords())
		var fault error
		fetched.EachRecord(func(r *kgo.Record) {
			if fault != nil {
				return
			}
			number, err := s.number(r)
			switch {
			case err != nil:
				fault = err
			case number < s.next: // another relay's copy, or before what was asked for
			case number > s.next:
				fault = s.gap(number)
			default:
				values = append(values, value(r))
				s.next++
			}
		})
		if fault != nil || len(values) > 0 {
			return values, fault
		}
	}
}

// value is a record's value, never nil.
func value(r *kgo.Record) []byte {
	if r.Value == nil {
		return []byte{}
	}
	return r.Value
}

// number is a record's offset in the log, or the number that its relay gave it.
func (s *stream) number(r *kgo.Record) (uint64, error) {
	if s.topic == engine.TopicIngest {
		return uint64(r.Offset), nil //nolint:gosec // not negative
	}
	if len(r.Key) != 8 {
		return 0, errs.New(CodeUnreadable, "topic "+s.name(s.topic)+" has a message without a number").Fix("let nobody but Kith write to its topics")
	}
	return binary.BigEndian.Uint64(r.Key), nil
}

func (s *stream) gap(number uint64) error {
	if s.topic != engine.TopicIngest && number > s.next {
		return errs.New(CodeUnreadable, "topic "+s.name(s.topic)+" lacks a number").Fix("restore the topic from a backup; nothing but Kith may delete from it")
	}
	return errs.New(CodeUnreadable, "topic "+s.name(s.topic)+" has a hole").Fix("let nobody write to the ingest topic in transactions, or compact it")
}

// outOfRange tells what was trimmed from what is still to come.
func (s *stream) outOfRange(ctx context.Context) error {
	var first uint64
	var err error
	if s.topic == engine.TopicIngest {
		first, _, err = s.offsets(ctx, s.topic, s.partition)
	} else {
		var o outletRow
		o, err = s.outlet(ctx, s.topic, s.partition)
		first = o.first
	}
	switch {
	case err != nil:
		return err
	case s.next < first:
		return errTrimmed()
	}
	// A replica that is behind took over: what was acknowledged comes back with the others.
	return unavailable("reading from Kafka", kerr.OffsetOutOfRange)
}

func errTrimmed() error {
	return errs.New(engine.CodeTrimmed, "this part of the log is kept no longer").
		Fix("start from the first offset kept, or rebuild from the base that covers what was trimmed")
}

// offsetOf finds the Kafka offset of the first copy of an emitted number.
func (r *readers) offsetOf(ctx context.Context, topic string, partition int32, number uint64) (uint64, error) {
	o, err := r.outlet(ctx, topic, partition)
	if err != nil {
		return 0, err
	}
	for number == o.next && o.published < o.next { // all of it: once it is all there
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return 0, err
		}
		if o, err = r.outlet(ctx, topic, partition); err != nil {
			return 0, err
		}
	}
	if number == o.next {
		_, end, err := r.offsets(ctx, topic, partition)
		return end, err
	}
	s, err := r.take(ctx, topic, partition, number)
	if err != nil {
		return 0, err
	}
	defer s.client.Close()
	for {
		fetched := s.client.PollRecords(ctx, 1)
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		for _, f := range fetched.Errors() {
			return 0, unavailable("reading from Kafka", f.Err)
		}
		at, found := uint64(0), false
		var fault error
		fetched.EachRecord(func(rec *kgo.Record) {
			n, err := s.number(rec)
			at, found, fault = uint64(rec.Offset), n == number, err //nolint:gosec // not negative
		})
		if fault != nil || found {
			return at, fault
		}
	}
}

// offsets asks Kafka for the first offset kept and the one after the last.
func (c *cluster) offsets(ctx context.Context, topic string, partition int32) (first, end uint64, err error) {
	type answer struct {
		at  int64
		err error
	}
	ask := func(list func(context.Context, ...string) (kadm.ListedOffsets, error), out chan<- answer) {
		all, err := list(ctx, c.name(topic))
		if err != nil {
			out <- answer{err: err}
			return
		}
		o, ok := all.Lookup(c.name(topic), partition)
		if !ok {
			out <- answer{err: kerr.UnknownTopicOrPartition}
			return
		}
		out <- answer{o.Offset, o.Err}
	}
	for {
		begins, ends := make(chan answer, 1), make(chan answer, 1)
		go ask(c.admin.ListStartOffsets, begins)
		ask(c.admin.ListEndOffsets, ends)
		b, e := <-begins, <-ends
		err := errors.Join(b.err, e.err)
		if err == nil {
			return uint64(b.at), uint64(e.at), nil //nolint:gosec // not negative
		}
		if ctx.Err() != nil {
			return 0, 0, ctx.Err()
		}
		if !retriable(b.err) || !retriable(e.err) { // nil counts as retriable
			return 0, 0, unavailable("asking Kafka for offsets", err)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return 0, 0, unavailable("asking Kafka for offsets", err)
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil { // a leader was lost; a new one is being found
			return 0, 0, err
		}
	}
}

// topicEnds asks Kafka for the offsets after the last of all partitions.
func (c *cluster) topicEnds(ctx context.Context, topic string) ([]uint64, error) {
	for {
		all, err := c.admin.ListEndOffsets(ctx, c.name(topic))
		if err == nil {
			err = all.Error()
		}
		if err == nil {
			ends := make([]uint64, len(all[c.name(topic)]))
			for p, o := range all[c.name(topic)] {
				ends[p] = uint64(o.Offset) //nolint:gosec // not negative
			}
			return ends, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !retriable(err) || errors.Is(err, context.DeadlineExceeded) {
			return nil, unavailable("asking Kafka for offsets", err)
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil { // a leader was lost; a new one is being found
			return nil, err
		}
	}
}

// deleteBefore deletes what lies before a Kafka offset.
func (c *cluster) deleteBefore(ctx context.Context, topic string, partition int32, at uint64) error {
	var offsets kadm.Offsets
	offsets.Add(kadm.Offset{Topic: c.name(topic), Partition: partition, At: int64(at), LeaderEpoch: -1}) //nolint:gosec // an offset
	r, err := c.admin.DeleteRecords(ctx, offsets)
	if err == nil {
		err = r.Error()
	}
	if err != nil {
		return unavailable("deleting from a Kafka topic", err)
	}
	return nil
}
