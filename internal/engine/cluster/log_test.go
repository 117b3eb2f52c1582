package cluster

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
)

// newLog is the log alone, on brokers within this process: what needs no database.
func newLog(t *testing.T, partitions int32) (*log, *kfake.Cluster) {
	t.Helper()
	known := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, known) })
	brokers, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.GroupMinSessionTimeout(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(brokers.Close)
	cfg, err := complete(engine.ClusterConfig{
		Kafka:     engine.KafkaConfig{Brokers: brokers.ListenAddrs(), Partitions: partitions},
		Postgres:  engine.PostgresConfig{DSN: "unused"},
		LeaseTime: 2 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{cfg: cfg, logger: slog.New(slog.DiscardHandler), partitions: partitions, topicPartitions: 1, logID: "log"}
	c.ctx, c.cancel = context.WithCancel(t.Context())
	l := &log{cluster: c, readers: readers{cluster: c}}
	t.Cleanup(func() {
		c.cancel()
		l.readers.close()
		c.disconnect()
	})
	if err := errors.Join(c.openLog(t.Context()), c.makeTopic(t.Context(), engine.TopicIngest, partitions+1)); err != nil {
		t.Fatal(err)
	}
	return l, brokers
}

func appendAll(t *testing.T, l *log, partition int32, values ...string) uint64 {
	t.Helper()
	var entries []engine.Entry
	for _, v := range values {
		entries = append(entries, engine.Entry{Partition: partition, Value: []byte(v)})
	}
	pos, err := l.Append(t.Context(), entries)
	if err != nil {
		t.Fatal(err)
	}
	return pos.Offsets[partition]
}

func readAll(t *testing.T, l *log, partition int32, from uint64, n int) (all []string) {
	t.Helper()
	for len(all) < n {
		values, err := l.Read(t.Context(), engine.TopicIngest, partition, from+uint64(len(all)), n-len(all))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			all = append(all, string(v))
		}
	}
	return all
}

func TestLogKeepsOrderAcrossReaders(t *testing.T) {
	l, _ := newLog(t, 2)
	var want []string
	for i := range 700 {
		want = append(want, fmt.Sprint("value ", i))
	}
	if end := appendAll(t, l, 1, want...); end != 700 {
		t.Fatalf("the position is %d", end)
	}
	var wg sync.WaitGroup
	for from := range 8 { // readers side by side, each of its own place
		wg.Go(func() {
			if got := readAll(t, l, 1, uint64(from*50), 300); !slices.Equal(got, want[from*50:from*50+300]) {
				t.Errorf("a reader from %d got other values", from*50)
			}
		})
	}
	wg.Wait()
	if first, end, err := l.Bounds(t.Context(), engine.TopicIngest, 1); err != nil || first != 0 || end != 700 {
		t.Fatalf("bounds %d to %d, %v", first, end, err)
	}
	if err := l.Trim(t.Context(), engine.TopicIngest, 1, 120); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Read(t.Context(), engine.TopicIngest, 1, 119, 1); !errs.Is(err, engine.CodeTrimmed) {
		t.Fatalf("what was trimmed gives %v", err)
	}
	if got := readAll(t, l, 1, 120, 3); !slices.Equal(got, want[120:123]) {
		t.Fatalf("after the trim: %q", got)
	}
}

func TestAppendRefusesWhatKafkaCannotHold(t *testing.T) {
	l, _ := newLog(t, 1)
	_, err := l.Append(t.Context(), []engine.Entry{{Partition: 1, Value: make([]byte, maxMessage)}})
	if !errs.Is(err, engine.CodeTooLarge) {
		t.Fatalf("got %v", err)
	}
	if _, end, err := l.Bounds(t.Context(), engine.TopicIngest, 1); err != nil || end != 0 {
		t.Fatalf("something was written: %d, %v", end, err)
	}
}

// TestAppendIsNotAcknowledgedOnAFault: a broker that refuses for good is no
// acknowledgement (I1), one that refuses for a moment is asked again.
func TestAppendIsNotAcknowledgedOnAFault(t *testing.T) {
	l, brokers := newLog(t, 1)
	refuse := func(code int16, times int) {
		brokers.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
			if brokers.KeepControl(); times == 1 {
				brokers.DropControl()
			}
			times--
			in := req.(*kmsg.ProduceRequest)
			resp := in.ResponseKind().(*kmsg.ProduceResponse)
			for _, topic := range in.Topics {
				out := kmsg.NewProduceResponseTopic()
				out.Topic, out.TopicID = topic.Topic, topic.TopicID
				for _, p := range topic.Partitions {
					part := kmsg.NewProduceResponseTopicPartition()
					part.Partition, part.ErrorCode = p.Partition, code
					out.Partitions = append(out.Partitions, part)
				}
				resp.Topics = append(resp.Topics, out)
			}
			return resp, nil, true
		})
	}
	refuse(kerr.NotEnoughReplicas.Code, 2)
	if end := appendAll(t, l, 1, "in the end"); end != 1 {
		t.Fatalf("the position is %d", end)
	}
	refuse(kerr.TopicAuthorizationFailed.Code, 1)
	if _, err := l.Append(t.Context(), []engine.Entry{{Partition: 1, Value: []byte("never")}}); !errs.Is(err, engine.CodeUnavailable) {
		t.Fatalf("a refused append gives %v", err)
	}
	appendAll(t, l, 1, "after")
	if got := readAll(t, l, 1, 0, 2); !slices.Equal(got, []string{"in the end", "after"}) {
		t.Fatalf("got %q", got)
	}
}

func TestReadSurvivesANewLeader(t *testing.T) {
	l, brokers := newLog(t, 1)
	appendAll(t, l, 1, "a", "b")
	if got := readAll(t, l, 1, 0, 2); !slices.Equal(got, []string{"a", "b"}) {
		t.Fatalf("got %q", got)
	}
	name := l.name(engine.TopicIngest)
	next := (brokers.LeaderFor(name, 1) + 1) % 3
	if err := brokers.MoveTopicPartition(name, 1, next); err != nil {
		t.Fatal(err)
	}
	appendAll(t, l, 1, "c")
	if got := readAll(t, l, 1, 2, 1); !slices.Equal(got, []string{"c"}) {
		t.Fatalf("got %q", got)
	}
}

// TestReaderPassesOverCopies: two relays, or one that came back, leave copies; every
// number is given once, and a number that is missing is not passed over.
func TestReaderPassesOverCopies(t *testing.T) {
	l, _ := newLog(t, 1)
	if err := l.makeTopic(t.Context(), "facts", 1); err != nil {
		t.Fatal(err)
	}
	publish := func(numbers ...uint64) {
		t.Helper()
		var list []*kgo.Record
		for _, n := range numbers {
			list = append(list, &kgo.Record{Topic: l.name("facts"), Key: binary.BigEndian.AppendUint64(nil, n), Value: fmt.Append(nil, n)})
		}
		if err := l.publish(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	at := func(number uint64, offset int64) *stream {
		opts, err := l.options()
		if err != nil {
			t.Fatal(err)
		}
		client, err := kgo.NewClient(append(opts, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{l.name("facts"): {0: kgo.NewOffset().At(offset)}}))...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		return &stream{cluster: l.cluster, client: client, topic: "facts", next: number}
	}
	publish(0, 1, 2)
	publish(1, 2, 3, 4) // another began at what it knew
	publish(0, 1, 2, 3) // a late one
	publish(5)
	for from := range uint64(6) {
		s := at(from, int64(min(from, 5)))
		var got []string
		for n := from; n < 6; {
			values, err := s.read(t.Context(), 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				got = append(got, string(v))
				n++
			}
		}
		if want := []string{"0", "1", "2", "3", "4", "5"}[from:]; !slices.Equal(got, want) {
			t.Fatalf("from %d: got %q, want %q", from, got, want)
		}
	}
	publish(7)
	if _, err := at(6, 6).read(t.Context(), 100); !errs.Is(err, CodeUnreadable) {
		t.Fatalf("a hole gives %v", err)
	}
}

// TestOwnSpreadsPartitions: two members share the partitions, no partition has two
// owners, and when one leaves the other has them all.
func TestOwnSpreadsPartitions(t *testing.T) {
	l, brokers := newLog(t, 5)
	other := &cluster{cfg: l.cfg, logger: l.logger, partitions: 5, topicPartitions: 1, logID: "log"}
	other.ctx, other.cancel = context.WithCancel(t.Context())
	if err := other.openLog(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { other.cancel(); other.disconnect() }()
	_ = brokers
	second := &log{cluster: other, readers: readers{cluster: other}}

	var mu sync.Mutex
	owner := make(map[int32]string)
	changed := make(chan struct{}, 1)
	own := func(l *log, ctx context.Context, name string) chan error {
		ended := make(chan error, 1)
		go func() {
			ended <- l.Own(ctx, "road", engine.TopicIngest, func(ctx context.Context, p int32) error {
				mu.Lock()
				was := owner[p]
				owner[p] = name
				mu.Unlock()
				if was != "" {
					return fmt.Errorf("partition %d has two owners", p)
				}
				select {
				case changed <- struct{}{}:
				default:
				}
				<-ctx.Done()
				mu.Lock()
				delete(owner, p)
				mu.Unlock()
				return nil
			})
		}()
		return ended
	}
	until := func(want map[string]int) {
		for {
			<-changed
			have := map[string]int{}
			mu.Lock()
			for _, name := range owner {
				have[name]++
			}
			mu.Unlock()
			if fmt.Sprint(have) == fmt.Sprint(want) {
				return
			}
		}
	}
	ctx1, cancel1 := context.WithCancel(t.Context())
	first := own(l, ctx1, "first")
	until(map[string]int{"first": 6})
	if err := l.owners.ready(); err != nil {
		t.Fatalf("with all partitions: %v", err)
	}
	ctx2, cancel2 := context.WithCancel(t.Context())
	joined := own(second, ctx2, "second")
	until(map[string]int{"first": 3, "second": 3})
	cancel1()
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	until(map[string]int{"second": 6})
	cancel2()
	if err := <-joined; err != nil {
		t.Fatal(err)
	}
}
