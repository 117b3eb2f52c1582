package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
)

// shares has several processes, each with a handle of its own, share one engine:
// which of them owns a partition within a group is decided by of.
type shares struct {
	mu    sync.Mutex
	taken map[share]chan struct{} // closed when given back
	of    func(s share) int
	fence chan struct{} // capacity 1: a run of somebody who sleeps was fenced
}

// sleeper is the number of a process that does not know that others took over.
const sleeper = 9

type share struct {
	group string
	p     int32
}

// handle is process n's engine: the one of h, but for who owns what.
func (s *shares) handle(h *hall, n int) *engine.Engine {
	e := *h.engine
	e.Log = sharedLog{h.engine.Log, s, n}
	return &e
}

type sharedLog struct {
	engine.Log
	*shares
	n int
}

// Own runs this process's partitions; a run that is fenced is begun again, at once.
func (l sharedLog) Own(ctx context.Context, group, topic string, run func(context.Context, int32) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	fault := make(chan error, 16) // one for each partition
	for p := range l.Partitions(topic) {
		s := share{group, p}
		if l.of(s) != l.n {
			continue
		}
		wg.Go(func() {
			if l.n != sleeper {
				if !l.take(ctx, s) {
					return
				}
				defer l.give(s)
			}
			for ctx.Err() == nil {
				err := run(ctx, p)
				switch {
				case ctx.Err() != nil, err == nil:
				case !errs.Is(err, engine.CodeFenced):
					fault <- err
					cancel()
				case l.n == sleeper:
					select {
					case l.fence <- struct{}{}:
					default:
					}
				}
			}
		})
	}
	<-ctx.Done()
	wg.Wait()
	select {
	case err := <-fault:
		return err
	default:
		return nil
	}
}

func (s *shares) take(ctx context.Context, k share) bool {
	for {
		s.mu.Lock()
		back, taken := s.taken[k]
		if !taken {
			if s.taken == nil {
				s.taken = map[share]chan struct{}{}
			}
			s.taken[k] = make(chan struct{})
			s.mu.Unlock()
			return true
		}
		s.mu.Unlock()
		select {
		case <-back:
		case <-ctx.Done():
			return false
		}
	}
}

func (s *shares) give(k share) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.taken[k])
	delete(s.taken, k)
}

// second starts another process's Keeper. Done gives what it ended with.
func (h *hall) second(e *engine.Engine) (k *pipeline.Keeper, done func() error) {
	h.t.Helper()
	deps := h.deps
	deps.Engine = e
	k, err := pipeline.OpenKeeper(h.t.Context(), pipeline.Config{BatchRecords: 1}, deps, 1)
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- k.Run(ctx) }()
	var once sync.Once
	done = func() (err error) {
		once.Do(func() { cancel(); err = <-ended })
		return err
	}
	h.t.Cleanup(func() {
		if err := done(); err != nil {
			h.t.Error(err)
		}
	})
	return k, done
}

func (h *hall) putAll(from, to int) (all record.Position) {
	h.t.Helper()
	for i := from; i < to; i++ {
		for p, offset := range h.put(i).Offsets {
			all.Raise(int32(p), offset)
		}
	}
	return all
}

func TestTwoProcessesShareARoadAndItsSwaps(t *testing.T) {
	h := newHall(t)
	s := &shares{of: func(k share) int { return int(k.p) % 2 }}
	h.deps.Engine = s.handle(h, 0)
	h.start()
	other, _ := h.second(s.handle(h, 1))
	if err := h.keeper.WaitDone(h.within(), h.putAll(0, 20)); err != nil {
		t.Fatal(err)
	}
	for generation := uint32(2); generation < 5; generation++ {
		k := []*pipeline.Keeper{h.keeper, other}[generation%2]
		if err := k.Rebuild(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		pos := h.putAll(int(generation)*20, int(generation)*20+20) // while it is built and swapped in
		for _, k := range []*pipeline.Keeper{h.keeper, other} {
			if err := errors.Join(k.WaitDone(h.within(), pos), settledTo(h.within(), k, generation)); err != nil {
				t.Fatal(err)
			}
		}
		if n := h.keys(generation - 1); n != 0 {
			t.Errorf("generation %d has %d keys left", generation-1, n)
		}
	}
	l, err := pipeline.ReadLedger(t.Context(), h.engine, 4)
	if err != nil || !l.Balanced() || l.Accepted != 80 || l.Pending != 0 {
		t.Errorf("%+v, %v", l, err)
	}
}

// settledTo waits until a Keeper has noticed that a generation is current, and all of
// the swap done.
func settledTo(ctx context.Context, k *pipeline.Keeper, generation uint32) error {
	for k.Current() < generation {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := k.WaitSettled(ctx); err != nil {
			return err
		}
	}
	return k.WaitSettled(ctx)
}

// TestARoadThatSleptThroughASwapIsRefused has a process that notices nothing: it is in
// the middle of a record when a new generation is swapped in. Its positions are those
// that are stored: only the fence refuses it.
func TestARoadThatSleptThroughASwapIsRefused(t *testing.T) {
	const late = int32(1)
	for kind, generation := range map[string]uint32{"loud": 1, "silent": 2} {
		t.Run(kind, func(t *testing.T) {
			h := newHall(t)
			pos := h.putAll(0, 10)
			s := &shares{fence: make(chan struct{}, 1), of: func(k share) int {
				if k.p == late && (k.group == pipeline.Reader(1) || generation == 2) {
					return sleeper
				}
				return 0
			}}
			slept, wake := make(chan struct{}), make(chan struct{})
			var once sync.Once
			road := pipeline.NewRoad(pipeline.Config{BatchRecords: 1}, pipeline.RoadDeps{Engine: s.handle(h, sleeper), Hasher: h.deps.Hasher,
				Generation: generation, Silent: kind == "silent", Logger: quiet(), After: h.deps.After,
				Chain: pipeline.Chain{Refine: []pipeline.Refiner{refineFunc(func(context.Context) error {
					once.Do(func() { close(slept) })
					<-wake
					return nil
				})}, Apply: []pipeline.Applier{h}}})
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- road.Run(ctx) }()
			<-slept
			h.deps.Engine = s.handle(h, 0)
			h.start()
			h.build()
			h.settled(2)
			if generation == 2 { // nobody else does that partition
				pos.Offsets[late] = 0
			}
			if err := h.keeper.WaitDone(h.within(), pos); err != nil {
				t.Fatal(err)
			}
			before := h.keys(2)
			close(wake)
			select {
			case <-s.fence:
			case <-h.within().Done():
				t.Error("it was not refused")
			}
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if n := h.keys(1); n != 0 {
				t.Errorf("%d keys of the old generation", n)
			}
			if n := h.keys(2); n != before {
				t.Errorf("%d keys of the new generation, not %d", n, before)
			}
		})
	}
}

type refineFunc func(context.Context) error

func (f refineFunc) Refine(ctx context.Context, _ *record.Batch) error { return f(ctx) }

// broken is a state whose n-th change of the stored generations fails for good.
type broken struct {
	engine.State
	changes atomic.Int32
	at      int32
}

type brokenTx struct {
	engine.Tx
	wrote *bool
}

func (t brokenTx) Put(key, value []byte) {
	if bytes.Equal(key, engine.Space{}.Key(engine.TableMeta, []byte("generations"))) {
		*t.wrote = true
	}
	t.Tx.Put(key, value)
}

func (b *broken) Update(ctx context.Context, fn func(tx engine.Tx) error) error {
	return b.State.Update(ctx, func(tx engine.Tx) error {
		wrote := false
		if err := fn(brokenTx{tx, &wrote}); err != nil {
			return err
		}
		if wrote && b.changes.Add(1) == b.at {
			return errs.New(engine.CodeFailed, "killed")
		}
		return nil
	})
}

// sealedHall has a Keeper that was killed when it had sealed generation 1 to swap in 2.
func sealedHall(t *testing.T) *hall {
	h := newHall(t)
	state := h.engine.State
	h.engine.State = &broken{State: state, at: 4} // opened, asked for a build, sealed, swapped
	h.start()
	if err := h.keeper.WaitDone(h.within(), h.putAll(0, 5)); err != nil {
		t.Fatal(err)
	}
	h.build()
	err := <-h.ended
	close(h.ended)
	if !errs.Is(err, engine.CodeFailed) {
		t.Fatal(err)
	}
	h.engine.State = state
	return h
}

func TestTheNextLeaderSwapsInWhatTheLastOneSealed(t *testing.T) {
	h := sealedHall(t)
	h.apply = func(b *record.Batch, r *record.Record) error {
		if b.Generation == 1 {
			t.Error("a sealed generation acts")
		}
		return nil
	}
	pos := h.put(5)
	h.start()
	h.settled(2)
	if err := h.keeper.WaitDone(h.within(), pos); err != nil {
		t.Error(err)
	}
}

func TestASealedGenerationGoesOnWhenItsBuildIsDropped(t *testing.T) {
	h := sealedHall(t)
	pos := h.put(5)
	done := make(chan struct{})
	h.refine = func(b *record.Batch, _ *record.Record) error {
		if b.Silent {
			<-done // what replaces the build does not end before that
		}
		return nil
	}
	keeper, err := pipeline.OpenKeeper(t.Context(), pipeline.Config{}, h.deps, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := keeper.Rebuild(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	h.start()
	err = h.keeper.WaitDone(h.within(), pos)
	if current := h.keeper.Current(); err != nil || current != 1 {
		t.Error("generation", current, err)
	}
	close(done)
	h.settled(3)
	if n := h.keys(2); n != 0 {
		t.Errorf("%d keys of the dropped generation", n)
	}
}

func TestTheSameRulesAreBuiltOnce(t *testing.T) {
	h := newHall(t)
	s := &shares{of: func(share) int { return 0 }}
	h.deps.Engine = s.handle(h, 0)
	h.start()
	other, _ := h.second(s.handle(h, 1))
	for _, k := range []*pipeline.Keeper{h.keeper, other, other, h.keeper} {
		if err := k.Build(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
	}
	if err := other.Build(t.Context(), 1); err != nil { // who is behind asks for nothing
		t.Fatal(err)
	}
	h.settled(2)
	if err := other.Build(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if h.keeper.Building() != 0 || h.keeper.CurrentRules() != 2 {
		t.Error("it is built again")
	}
}

// away is an engine whose servers are out of reach for the first calls of each kind.
type away struct{ calls sync.Map }

func (a *away) fault(kind string) error {
	n, _ := a.calls.LoadOrStore(kind, new(atomic.Int32))
	if n.(*atomic.Int32).Add(1)%7 != 0 {
		return errs.New(engine.CodeUnavailable, "out of reach")
	}
	return nil
}

type awayState struct {
	engine.State
	*away
}

func (s awayState) Update(ctx context.Context, fn func(tx engine.Tx) error) error {
	if err := s.fault("update"); err != nil {
		return err
	}
	return s.State.Update(ctx, fn)
}

func (s awayState) View(ctx context.Context, fn func(r engine.Reader) error) error {
	if err := s.fault("view"); err != nil {
		return err
	}
	return s.State.View(ctx, fn)
}

func (s awayState) Offset(ctx context.Context, reader string, p int32) (uint64, error) {
	if err := s.fault("offset"); err != nil {
		return 0, err
	}
	return s.State.Offset(ctx, reader, p)
}

func (s awayState) Lease(ctx context.Context, name, about string, run func(context.Context) error) error {
	if err := s.fault("lease"); err != nil {
		return err
	}
	return s.State.Lease(ctx, name, about, run)
}

type awayLog struct {
	engine.Log
	*away
}

func (l awayLog) Read(ctx context.Context, topic string, p int32, from uint64, limit int) ([][]byte, error) {
	if err := l.fault("read"); err != nil {
		return nil, err
	}
	return l.Log.Read(ctx, topic, p, from, limit)
}

func TestServersOutOfReachAreWaitedFor(t *testing.T) {
	h := newHall(t)
	a := &away{}
	e := *h.engine
	e.State, e.Log = awayState{h.engine.State, a}, awayLog{h.engine.Log, a}
	h.deps.Engine = &e
	var waited atomic.Int64
	h.deps.After = func(d time.Duration) <-chan time.Time {
		if d > time.Duration(waited.Load()) {
			waited.Store(int64(d))
		}
		return time.After(time.Millisecond)
	}
	pos := h.putAll(0, 10)
	var keeper *pipeline.Keeper
	err := errs.New(engine.CodeUnavailable, "not yet")
	for err := error(err); errs.Is(err, engine.CodeUnavailable); { // who starts is told
		keeper, err = pipeline.OpenKeeper(t.Context(), pipeline.Config{}, h.deps, 1)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- keeper.Run(ctx) }()
	for p, want := range pos.Offsets {
		if err := h.engine.State.WaitOffset(h.within(), pipeline.Reader(1), int32(p), want); err != nil {
			t.Fatal(err)
		}
	}
	for errs.Is(keeper.Rebuild(t.Context(), 1), engine.CodeUnavailable) {
	}
	if err := keeper.WaitSettled(h.within()); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	l, lerr := pipeline.ReadLedger(t.Context(), h.engine, keeper.Current())
	if lerr != nil || l.Accepted != 10 || l.Pending != 0 || len(l.Lines) == 0 || l.Lines[0].N[record.Applied] != 10 {
		t.Errorf("%+v, %v", l, lerr)
	}
	if d := time.Duration(waited.Load()); d < 400*time.Millisecond || d > 5*time.Second {
		t.Error("the longest pause was", d)
	}
}
