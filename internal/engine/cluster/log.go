package cluster

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// log implements engine.Log. An offset of the ingest log is Kafka's own: nothing but
// records is written to its topic, no transaction's markers, and nothing is
// compacted. A number of an emitted topic is not (see relay).
type log struct {
	*cluster
	readers readers
}

func (l *log) ID() string { return l.logID }

func (l *log) Partitions(topic string) int32 {
	if topic == engine.TopicIngest {
		return l.partitions + 1
	}
	return l.topicPartitions
}

func (l *log) check(topic string, partition int32) error {
	if partition < 0 || partition >= l.Partitions(topic) {
		return errs.New(CodeNoPartition, "topic "+strconv.Quote(topic)+" has no partition "+strconv.Itoa(int(partition))).
			Fix("use a partition below Partitions of the topic")
	}
	return nil
}

// Append implements engine.Log (I1): it returns when all in-sync replicas have
// everything. When ctx ends first, what is on its way may still be written; its
// sender was told no, sends again, and the copy counts as duplicate.
func (l *log) Append(ctx context.Context, entries []engine.Entry) (record.Position, error) {
	pos := l.nowhere()
	err := l.during(ctx, func(ctx context.Context) (err error) {
		pos, err = l.append(ctx, entries)
		return err
	})
	return pos, err
}

func (l *log) append(ctx context.Context, entries []engine.Entry) (record.Position, error) {
	size := 0
	for i := range entries {
		if err := l.check(engine.TopicIngest, entries[i].Partition); err != nil {
			return l.nowhere(), err
		}
		if len(entries[i].Value) > engine.MaxEntry {
			return l.nowhere(), errs.New(engine.CodeTooLarge, "a record is larger than the log takes").Fix("send at most 7 MiB in one record")
		}
		size += len(entries[i].Value)
	}
	if len(entries) == 0 {
		return l.nowhere(), nil
	}
	a := &appending{pos: l.nowhere(), left: len(entries), done: make(chan struct{})}
	name := l.name(engine.TopicIngest)
	bytes := make([]byte, 0, size) // a value may be reused while Kafka's client still holds it
	list := make([]kgo.Record, len(entries))
	for i := range entries {
		from := len(bytes)
		bytes = append(bytes, entries[i].Value...)
		list[i] = kgo.Record{Topic: name, Partition: entries[i].Partition, Value: bytes[from:len(bytes):len(bytes)]}
		// The records of one call must not end half sent where ctx ends in between.
		l.kafka.Produce(context.WithoutCancel(ctx), &list[i], a.produced)
	}
	timeout := time.NewTimer(patience + 5*time.Second)
	defer timeout.Stop()
	select {
	case <-a.done:
	case <-ctx.Done():
		return l.nowhere(), ctx.Err()
	case <-timeout.C:
		return l.nowhere(), unavailable("writing to Kafka", context.DeadlineExceeded)
	}
	if a.err != nil {
		if errors.Is(a.err, kerr.MessageTooLarge) {
			return l.nowhere(), errs.Wrap(engine.CodeTooLarge, "writing to Kafka", a.err).Fix("raise max.message.bytes of the topic, or send smaller records")
		}
		return l.nowhere(), unavailable("writing to Kafka", a.err)
	}
	return a.pos, nil
}

// appending is one Append on its way.
type appending struct {
	mu   sync.Mutex
	pos  record.Position
	left int
	err  error
	done chan struct{}
}

func (a *appending) produced(r *kgo.Record, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.err = err
	} else {
		a.pos.Raise(r.Partition, uint64(r.Offset)+1) //nolint:gosec // not negative
	}
	if a.left--; a.left == 0 {
		close(a.done)
	}
}

// Bounds implements engine.Log.
func (l *log) Bounds(ctx context.Context, topic string, partition int32) (first, end uint64, err error) {
	err = l.during(ctx, func(ctx context.Context) (err error) {
		first, end, err = l.bounds(ctx, topic, partition)
		return err
	})
	return first, end, err
}

func (l *log) bounds(ctx context.Context, topic string, partition int32) (first, end uint64, err error) {
	if err := l.check(topic, partition); err != nil {
		return 0, 0, err
	}
	if topic != engine.TopicIngest {
		o, err := l.outlet(ctx, topic, partition)
		return o.first, o.next, err
	}
	return l.offsets(ctx, topic, partition)
}

// Ends implements engine.Log.
func (l *log) Ends(ctx context.Context, topic string) (ends []uint64, err error) {
	err = l.during(ctx, func(ctx context.Context) (err error) {
		if topic != engine.TopicIngest {
			ends, err = l.outletEnds(ctx, topic)
			return err
		}
		ends, err = l.topicEnds(ctx, topic)
		return err
	})
	return ends, err
}

// Trim implements engine.Log.
func (l *log) Trim(ctx context.Context, topic string, partition int32, before uint64) error {
	return l.during(ctx, func(ctx context.Context) error { return l.trim(ctx, topic, partition, before) })
}

func (l *log) trim(ctx context.Context, topic string, partition int32, before uint64) error {
	first, end, err := l.bounds(ctx, topic, partition)
	if before = min(before, end); err != nil || before <= first {
		return err
	}
	defer l.readers.forget(topic, partition)
	if topic == engine.TopicIngest {
		return l.deleteBefore(ctx, topic, partition, before)
	}
	at, err := l.readers.offsetOf(ctx, topic, partition, before)
	if err != nil {
		return err
	}
	if err := l.moveOutlet(ctx, topic, partition, before, at); err != nil {
		return err
	}
	return l.deleteBefore(ctx, topic, partition, at)
}

// Read implements engine.Log.
func (l *log) Read(ctx context.Context, topic string, partition int32, from uint64, limit int) ([][]byte, error) {
	var values [][]byte
	err := l.during(ctx, func(ctx context.Context) (err error) {
		if err := l.check(topic, partition); err != nil {
			return err
		}
		values, err = l.readers.read(ctx, topic, partition, from, max(1, limit))
		return err
	})
	return values, err
}
