// Package enginetest is the one suite that every backend of package engine passes,
// in every mode it has. It asks nothing that only a store within one process can
// do: where a backend can be opened twice at once, the races run across two handles.
//
// It imports the ports and kit, never a backend.
package enginetest

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Options shape the store that a test wants.
type Options struct {
	Partitions      int32 // data partitions of the ingest log
	TopicPartitions int32
	// Conflict, when set, is to be asked after each run of an Update's fn where the
	// backend can be made to; true stands for a conflict, so that fn runs again.
	Conflict func() bool
}

// Store is one durable, empty store, made for one test.
type Store struct {
	// Open opens the store, also after its Close, and fails t when it cannot. The
	// backend must refuse writes to keys that a transaction has not locked.
	Open func(t *testing.T) *engine.Engine
	// Shared tells that a second engine may be opened beside the first.
	Shared bool
}

// Run runs the suite, each test on a store of its own from make.
func Run(t *testing.T, partitions int32, make func(t *testing.T, o Options) Store) {
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			h := &harness{T: t, partitions: partitions}
			h.store = make(t, Options{Partitions: partitions, TopicPartitions: partitions, Conflict: c.conflict})
			h.open()
			c.run(h)
		})
	}
}

type testCase struct {
	name     string
	run      func(h *harness)
	conflict func() bool
}

func cases() []testCase {
	var all []testCase
	for _, part := range [][]testCase{logCases(), topicCases(), stateCases(), raceCases(), readerCases(), lifeCases()} {
		all = append(all, part...)
	}
	return all
}

// harness is one test's store and the engines opened on it.
type harness struct {
	*testing.T
	store      Store
	partitions int32
	e          *engine.Engine
	second     *engine.Engine // the first one where the backend is not shared
}

func (h *harness) open() {
	h.Helper()
	h.e = h.store.Open(h.T)
	h.second = h.e
	if h.store.Shared {
		h.second = h.store.Open(h.T)
		second := h.second
		h.Cleanup(func() { h.ok(second.Close()) })
	}
	first := h.e
	h.Cleanup(func() { h.ok(first.Close()) })
}

// reopen closes all and opens the store again, as a new process would.
func (h *harness) reopen() {
	h.Helper()
	h.ok(h.e.Close())
	h.ok(h.second.Close())
	h.open()
}

// handle gives the engines in turn.
func (h *harness) handle(n int) *engine.Engine {
	if n%2 == 1 {
		return h.second
	}
	return h.e
}

func (h *harness) ctx() context.Context { return h.Context() }

func (h *harness) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *harness) code(err error, want errs.Code) {
	h.Helper()
	if !errs.Is(err, want) {
		h.Fatalf("got %v, want code %s", err, want)
	}
}

func (h *harness) append(entries ...engine.Entry) record.Position {
	h.Helper()
	pos, err := h.e.Log.Append(h.ctx(), entries)
	h.ok(err)
	return pos
}

func (h *harness) update(fn func(tx engine.Tx) error) {
	h.Helper()
	h.ok(h.e.State.Update(h.ctx(), fn))
}

// set writes pairs of key and value.
func (h *harness) set(pairs ...string) {
	h.Helper()
	h.update(func(tx engine.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := put(tx, pairs[i], pairs[i+1]); err != nil {
				return err
			}
		}
		return nil
	})
}

func put(tx engine.Tx, key, value string) error {
	if _, err := tx.Lock([]byte(key)); err != nil {
		return err
	}
	tx.Put([]byte(key), []byte(value))
	return nil
}

// get reads one key in a View; "(none)" when absent.
func (h *harness) get(key string) string {
	h.Helper()
	got := "(none)"
	h.ok(h.e.State.View(h.ctx(), func(r engine.Reader) error {
		values, err := r.Get([]byte(key))
		if err == nil && values[0] != nil {
			got = string(values[0])
		}
		return err
	}))
	return got
}

func (h *harness) want(got, want any) {
	h.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		h.Fatalf("got %v, want %v", got, want)
	}
}

func (h *harness) bounds(topic string, partition int32) [2]uint64 {
	h.Helper()
	first, end, err := h.e.Log.Bounds(h.ctx(), topic, partition)
	h.ok(err)
	return [2]uint64{first, end}
}

// ends checks that Ends and Offsets agree with what is told of single partitions.
func (h *harness) ends(topic, reader string) {
	h.Helper()
	ends, err := h.second.Log.Ends(h.ctx(), topic)
	h.ok(err)
	h.want(len(ends), h.e.Log.Partitions(topic))
	at, err := h.second.State.Offsets(h.ctx(), reader, int32(len(ends)))
	h.ok(err)
	for p := range ends {
		h.want(ends[p], h.bounds(topic, int32(p))[1])
		h.want(at[p], h.offset(reader, int32(p)))
	}
}

// all reads one partition from an offset to its durable end.
func (h *harness) all(topic string, partition int32, from uint64) []string {
	h.Helper()
	var out []string
	for end := h.bounds(topic, partition)[1]; from < end; {
		values, err := h.e.Log.Read(h.ctx(), topic, partition, from, 100)
		h.ok(err)
		if len(values) == 0 {
			h.Fatal("Read gave nothing and no error")
		}
		for _, v := range values {
			out = append(out, string(v))
		}
		from += uint64(len(values))
	}
	return out
}

// offset reads a reader's stored offset.
func (h *harness) offset(reader string, partition int32) uint64 {
	h.Helper()
	at, err := h.e.State.Offset(h.ctx(), reader, partition)
	h.ok(err)
	return at
}

func u64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func toU64(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// together runs fn n times at once and fails the test with the first error.
func (h *harness) together(n int, fn func(worker int) error) {
	h.Helper()
	start, results := make(chan struct{}), make(chan error, n)
	for w := range n {
		go func() {
			<-start
			results <- fn(w)
		}()
	}
	close(start)
	var first error
	for range n {
		if err := <-results; err != nil && first == nil {
			first = err
		}
	}
	h.ok(first)
}
