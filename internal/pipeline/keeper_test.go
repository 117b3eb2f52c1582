package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/embedded"
	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
)

// hall is a Keeper whose stages, disk and time a test decides on.
type hall struct {
	t      *testing.T
	engine *engine.Engine
	door   *pipeline.Door
	keeper *pipeline.Keeper
	deps   pipeline.KeeperDeps
	full   atomic.Bool // the next commit is refused
	refine func(b *record.Batch, r *record.Record) error
	apply  func(b *record.Batch, r *record.Record) error // within the engine's only writer: it must not wait
	swap   func(cause record.Cause)
	ended  chan error
	cancel context.CancelFunc
}

func newHall(t *testing.T) *hall {
	nothing := func(*record.Batch, *record.Record) error { return nil }
	h := &hall{t: t, refine: nothing, apply: nothing, swap: func(record.Cause) {}}
	e, err := embedded.Open(t.Context(), engine.EmbeddedConfig{Dir: t.TempDir(), Partitions: 2, TopicPartitions: 1, ReserveBytes: 1}, embedded.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	hasher, err := record.NewHasher(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	h.engine = &engine.Engine{Log: e.Log, State: fullState{e.State, &h.full}, Close: e.Close, Failed: e.Failed}
	h.door = pipeline.NewDoor(pipeline.Config{}, pipeline.DoorDeps{Log: e.Log, Mapper: lateMapping{}, Clock: clock.Fixed(time.Unix(1_700_000_000, 0))})
	h.door.Pin(1)
	h.deps = pipeline.KeeperDeps{Engine: h.engine, Hasher: hasher, Logger: quiet(),
		After: func(time.Duration) <-chan time.Time { return time.After(time.Millisecond) },
		Stages: func(uint32, uint32) (pipeline.Chain, pipeline.Swapper, error) {
			return pipeline.Chain{Refine: []pipeline.Refiner{h}, Apply: []pipeline.Applier{h}}, h, nil
		}}
	return h
}

// fullState refuses one commit for want of room when it is told to.
type fullState struct {
	engine.State
	full *atomic.Bool
}

func (s fullState) Update(ctx context.Context, fn func(tx engine.Tx) error) error {
	return s.State.Update(ctx, func(tx engine.Tx) error {
		err := fn(tx)
		if err == nil && s.full.Swap(false) {
			err = errs.New(engine.CodeDiskFull, "no room")
		}
		return err
	})
}

// Refine changes nothing.
func (h *hall) Refine(_ context.Context, b *record.Batch) error {
	for i := range b.Records {
		if err := h.refine(b, &b.Records[i]); err != nil {
			return err
		}
	}
	return nil
}

// Apply writes one key a record, in the generation's space.
func (h *hall) Apply(_ context.Context, tx engine.Tx, b *record.Batch) error {
	for i := range b.Records {
		r := &b.Records[i]
		if err := h.apply(b, r); err != nil {
			return err
		}
		key := sumKey(b.Generation, r.Key)
		if _, err := tx.Lock(key); err != nil {
			return err
		}
		tx.Put(key, []byte{1})
	}
	return nil
}

func (h *hall) SwapProfiles(_ context.Context, _ engine.Tx, _ uint32, _ []record.ProfileID, cause record.Cause) error {
	h.swap(cause)
	return nil
}

func (h *hall) SwapMoves(context.Context, engine.Tx, uint32, uint32, []record.NodeKey, record.Cause) error {
	return nil
}

func (h *hall) start() {
	h.t.Helper()
	keeper, err := pipeline.OpenKeeper(h.t.Context(), pipeline.Config{BatchRecords: 1}, h.deps, 1)
	if err != nil {
		h.t.Fatal(err)
	}
	h.keeper, h.ended = keeper, make(chan error, 1)
	var ctx context.Context
	ctx, h.cancel = context.WithCancel(context.Background())
	go func() { h.ended <- keeper.Run(ctx) }()
	h.t.Cleanup(func() { h.stop() })
}

// stop ends Run and gives what it ended with.
func (h *hall) stop() error {
	h.cancel()
	err, ok := <-h.ended
	if ok {
		close(h.ended)
	}
	return err
}

func (h *hall) put(n int) record.Position {
	h.t.Helper()
	pos, err := h.door.Put(h.t.Context(), []record.Record{event(n, `{}`)})
	if err != nil {
		h.t.Fatal(err)
	}
	return pos
}

func (h *hall) within() context.Context {
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	h.t.Cleanup(cancel)
	return ctx
}

func (h *hall) build() {
	h.t.Helper()
	if err := h.keeper.Rebuild(h.t.Context(), 1); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hall) settled(want uint32) {
	h.t.Helper()
	if err := h.keeper.WaitSettled(h.within()); err != nil || h.keeper.Current() != want {
		h.t.Fatalf("generation %d is current, not %d: %v", h.keeper.Current(), want, err)
	}
}

// keys counts the keys of a generation.
func (h *hall) keys(generation uint32) (n int) {
	h.t.Helper()
	lo := engine.U32(generation)
	err := h.engine.State.View(h.t.Context(), func(r engine.Reader) error {
		return r.Scan(lo, engine.PrefixEnd(lo), func(_, _ []byte) bool { n++; return true })
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestNothingIsLeftOfGenerationsThatWereDroppedOrSwappedOut(t *testing.T) {
	h := newHall(t)
	begun, let := make(chan struct{}), make(chan struct{})
	var once sync.Once
	h.refine = func(b *record.Batch, r *record.Record) error {
		if b.Generation == 2 && r.Key == "k005" {
			once.Do(func() { close(begun) })
			<-let
		}
		return nil
	}
	h.start()
	var pos record.Position
	for i := range 10 {
		for p, offset := range h.put(i).Offsets {
			pos.Raise(int32(p), offset)
		}
	}
	if err := h.keeper.WaitDone(h.within(), pos); err != nil {
		t.Fatal(err)
	}
	h.build()
	<-begun
	h.build() // drops the one under way
	close(let)
	h.settled(3)
	for generation, want := range map[uint32]bool{1: false, 2: false, 3: true} {
		if n := h.keys(generation); (n > 0) != want {
			t.Errorf("generation %d has %d keys", generation, n)
		}
	}
}

func TestWhoWaitsForAGenerationIsServedByTheNext(t *testing.T) {
	h := newHall(t)
	var swapped atomic.Bool
	h.apply = func(b *record.Batch, r *record.Record) error {
		if b.Generation == 1 && r.Key == "k002" && !swapped.Load() {
			return errs.New(engine.CodeDiskFull, "not before the swap")
		}
		return nil
	}
	h.swap = func(record.Cause) { swapped.Store(true) }
	h.start()
	if err := h.keeper.WaitDone(h.within(), h.put(1)); err != nil {
		t.Fatal(err)
	}
	pos := h.put(2)
	waited := make(chan error, 1)
	go func() { waited <- h.keeper.WaitDone(h.within(), pos) }()
	h.build()
	if err := <-waited; err != nil {
		t.Error(err)
	}
	if h.keeper.Current() != 2 {
		t.Error("the record was done before the swap: nothing was tested")
	}
}

func TestABuildThatFailsAtTheLastEndsTheKeeper(t *testing.T) {
	h := newHall(t)
	first, second := make(chan struct{}), make(chan struct{}, 1) // first: the build may go on; second: may fail
	met := make(chan struct{}, 8)
	h.refine = func(b *record.Batch, r *record.Record) error {
		switch {
		case b.Generation != 2:
		case r.Key == "early": // in the last partition: caughtUp asks for it last
			met <- struct{}{}
			<-first
		case r.Key == "late":
			met <- struct{}{}
			<-second
			return errs.New(engine.CodeFailed, "the disk is broken")
		}
		return nil
	}
	h.start()
	append1 := func(partition int32, key string) {
		t.Helper()
		r := record.Record{ID: key, Source: "s", Stream: "s.t", Kind: record.Event, Op: record.Upsert, Key: key, Received: 1, Pin: 1, Props: []byte(`{}`)}
		if _, err := h.engine.Log.Append(t.Context(), []engine.Entry{{Partition: partition, Value: record.AppendEnvelope(nil, &r)}}); err != nil {
			t.Fatal(err)
		}
		_, end, err := h.engine.Log.Bounds(t.Context(), engine.TopicIngest, partition)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.engine.State.WaitOffset(h.within(), pipeline.Reader(1), partition, end); err != nil {
			t.Fatal(err)
		}
	}
	append1(2, "early")
	h.build()
	<-met
	append1(1, "late") // the build is behind by it in a partition that was level
	close(first)
	<-met
	// The current road has stopped once its partitions can be had.
	owned, free := context.WithCancel(h.within())
	defer free()
	err := h.engine.Log.Own(owned, pipeline.Reader(1), engine.TopicIngest, func(context.Context, int32) error { free(); return nil })
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	close(second)
	select {
	case err := <-h.ended:
		h.ended <- err
		if !errs.Is(err, engine.CodeFailed) {
			t.Error(err)
		}
	case <-h.within().Done():
		t.Error("the keeper waits for a build that has ended")
	}
}

func TestASwapOutlivesAFullDisk(t *testing.T) {
	h := newHall(t)
	tries := 0
	h.swap = func(record.Cause) {
		if tries++; tries == 1 {
			h.full.Store(true)
		}
	}
	h.start()
	if err := h.keeper.WaitDone(h.within(), h.put(1)); err != nil {
		t.Fatal(err)
	}
	h.build()
	h.settled(2)
	if tries < 2 {
		t.Error("the disk was never full")
	}
	if err := h.stop(); err != nil {
		t.Error(err)
	}
}

func TestWhatASwapChangesBearsTheTimeOfTheLastRecord(t *testing.T) {
	h := newHall(t)
	var causes []record.Cause
	h.swap = func(c record.Cause) { causes = append(causes, c) }
	h.start()
	for i := range 5 {
		if err := h.keeper.WaitDone(h.within(), h.put(i)); err != nil {
			t.Fatal(err)
		}
	}
	h.build()
	h.settled(2)
	want := time.Unix(1_700_000_000, 0).UnixMicro() + 4 // the door's stamps grow by a microsecond
	if len(causes) != 1 || causes[0].Received != want {
		t.Errorf("%+v, not at %d", causes, want)
	}
}

func TestAControlRecordIsToldOfAlthoughTheRoadIsStopped(t *testing.T) {
	h := newHall(t)
	h.apply = func(_ *record.Batch, r *record.Record) error {
		if r.Kind == record.Control {
			h.cancel() // too late for the commit: it is under way
		}
		return nil
	}
	told := make(chan error, 1)
	h.deps.OnControl = func(ctx context.Context, _ *record.Record) error { told <- ctx.Err(); return nil }
	h.start()
	if _, err := h.door.PutControl(t.Context(), pipeline.StreamRules, "r", []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	if err := <-h.ended; err != nil {
		t.Error(err)
	}
	close(h.ended)
	select {
	case err := <-told:
		if err != nil {
			t.Error("what is told cannot be acted on:", err)
		}
	default:
		t.Error("nobody was told")
	}
}

func TestAFullDiskAfterAControlRecordIsWaitedOut(t *testing.T) {
	h := newHall(t)
	var times []string
	done := make(chan struct{})
	h.deps.OnControl = func(_ context.Context, r *record.Record) error {
		times = append(times, r.Key)
		switch len(times) {
		case 1:
			return errs.New(engine.CodeDiskFull, "no room to ask for a build")
		case 3:
			close(done)
		}
		return nil
	}
	h.start()
	for _, id := range []string{"a", "b"} {
		if _, err := h.door.PutControl(t.Context(), pipeline.StreamRules, id, []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-done:
	case <-h.within().Done():
	}
	if err := h.stop(); err != nil || fmt.Sprint(times) != "[a a b]" {
		t.Error(times, err)
	}
}
