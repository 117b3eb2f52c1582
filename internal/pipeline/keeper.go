package pipeline

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Swapper emits what a swap of generations changed. Both calls are repeated after a
// crash, so they must change nothing the second time.
type Swapper interface {
	// SwapProfiles emits a new version of each profile whose row in generation now
	// differs from the last one emitted.
	SwapProfiles(ctx context.Context, tx engine.Tx, now uint32, ids []record.ProfileID, cause record.Cause) error
	// SwapMoves emits the moves of those nodes whose profile differs between the two.
	SwapMoves(ctx context.Context, tx engine.Tx, was, now uint32, nodes []record.NodeKey, cause record.Cause) error
}

// Stages makes the chain of a generation under a version of the rules.
type Stages func(generation, rules uint32) (Chain, Swapper, error)

// Keeper keeps the generations: it runs the current one's road, builds the next
// beside it, swaps and emits the differences.
type Keeper struct {
	cfg     Config
	deps    KeeperDeps
	writing sync.Mutex // held from the change of what is stored to that of g
	mu      sync.Mutex
	g       generations
	current atomic.Uint32
	changed chan struct{} // capacity 1: a build was asked for
	moved   chan struct{} // closed and renewed whenever g changes
	done    atomic.Uint64
	swept   map[uint32]bool // generations of which nothing is left; Run's own
}

// KeeperDeps is what a Keeper works with.
type KeeperDeps struct {
	Engine    *engine.Engine
	Hasher    *record.Hasher
	Stages    Stages
	Logger    *slog.Logger
	Mapper    Mapper // as in RoadDeps
	OnControl func(ctx context.Context, r *record.Record) error
	After     func(time.Duration) <-chan time.Time // as in RoadDeps
}

// OpenKeeper reads which generation is current; in a new state it makes the first,
// under the given version of the rules.
func OpenKeeper(ctx context.Context, cfg Config, deps KeeperDeps, rules uint32) (*Keeper, error) {
	if deps.After == nil {
		deps.After = time.After
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	k := &Keeper{cfg: cfg, deps: deps, changed: make(chan struct{}, 1), moved: make(chan struct{}), swept: map[uint32]bool{}}
	err := k.update(ctx, func(_ engine.Tx, g *generations) error {
		if g.current == 0 {
			*g = generations{current: 1, rules: rules, highest: 1}
		}
		return nil
	})
	return k, err
}

// Current is the generation that readers read.
func (k *Keeper) Current() uint32 { return k.current.Load() }

// CurrentRules is the version of the rules whose identity and golden rules are in force.
func (k *Keeper) CurrentRules() uint32 { return k.get().rules }

// TargetRules is the version that CurrentRules will give once what is being built,
// if anything is, has been swapped in.
func (k *Keeper) TargetRules() uint32 { return k.get().target() }

// Building is the generation being built, 0 when none is.
func (k *Keeper) Building() uint32 { return k.get().building }

// Done is the number of records committed by the current road since the start.
func (k *Keeper) Done() uint64 { return k.done.Load() }

// Build asks for a new generation under a version of the rules; one that is being
// built already is dropped.
func (k *Keeper) Build(ctx context.Context, rules uint32) error {
	err := k.update(ctx, func(_ engine.Tx, g *generations) error {
		g.highest++
		g.building, g.buildingRules = g.highest, rules
		return nil
	})
	if err == nil {
		select {
		case k.changed <- struct{}{}:
		default:
		}
	}
	return err
}

// WaitSettled waits until no generation is being built and everything that the last
// swap changed is emitted.
func (k *Keeper) WaitSettled(ctx context.Context) error {
	return k.until(ctx, func(g generations) bool { return g.building == 0 && !g.emitting && g.previous == 0 })
}

// WaitEmitted waits until everything that the last swap changed is emitted.
func (k *Keeper) WaitEmitted(ctx context.Context) error {
	return k.until(ctx, func(g generations) bool { return !g.emitting })
}

// until waits for a state of the generations.
func (k *Keeper) until(ctx context.Context, reached func(generations) bool) error {
	for {
		k.mu.Lock()
		g, moved := k.g, k.moved
		k.mu.Unlock()
		if reached(g) {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// WaitDone waits until the current road has done everything before at. A swap may
// come in between: what one generation has done, the next has.
func (k *Keeper) WaitDone(ctx context.Context, at record.Position) error {
	for p, want := range at.Offsets {
		if err := k.follow(ctx, Reader, int32(p), want); err != nil { //nolint:gosec // there are few partitions
			return err
		}
	}
	return nil
}

// WaitResolved waits until the current generation has done all the work that was
// deferred so far.
func (k *Keeper) WaitResolved(ctx context.Context) error {
	log := k.deps.Engine.Log
	for p := range log.Partitions(record.TopicResolve) {
		_, end, err := log.Bounds(ctx, record.TopicResolve, p)
		if err != nil {
			return err
		}
		if err := k.follow(ctx, ResolveReader, p, end); err != nil {
			return err
		}
	}
	return nil
}

// follow waits for an offset of whichever generation is current.
func (k *Keeper) follow(ctx context.Context, reader func(uint32) string, p int32, want uint64) error {
	state := k.deps.Engine.State
	for {
		k.mu.Lock()
		current, moved := k.g.current, k.moved
		k.mu.Unlock()
		if at, err := state.Offset(ctx, reader(current), p); err != nil || at >= want {
			return err
		}
		waiting, cancel := context.WithCancel(ctx)
		reached := make(chan error, 1)
		go func() { reached <- state.WaitOffset(waiting, reader(current), p, want) }()
		var err error
		over := false
		select {
		case err = <-reached:
			over = true
		case <-moved: // perhaps a swap: nobody moves the old offset any longer
		}
		cancel()
		if over {
			return err
		}
		<-reached //nolint:errcheck // the new generation's offset is asked next
	}
}

// update changes the stored generations in a transaction.
func (k *Keeper) update(ctx context.Context, change func(tx engine.Tx, g *generations) error) error {
	k.writing.Lock()
	defer k.writing.Unlock()
	var g generations
	err := k.deps.Engine.State.Update(ctx, func(tx engine.Tx) error {
		values, err := tx.Lock(metaKey("generations"))
		if err != nil {
			return err
		}
		if g, err = decodeGenerations(values[0]); err != nil {
			return err
		}
		if err := change(tx, &g); err != nil {
			return err
		}
		if now := g.encode(); !bytes.Equal(now, values[0]) { // a full disk must not keep readers out
			tx.Put(metaKey("generations"), now)
		}
		return nil
	})
	if err == nil {
		k.set(g)
	}
	return err
}

func (k *Keeper) set(g generations) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.g = g
	k.current.Store(g.current)
	close(k.moved)
	k.moved = make(chan struct{})
}

func (k *Keeper) get() generations {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.g
}

// patiently calls do again for as long as the disk is full.
func (k *Keeper) patiently(ctx context.Context, do func() error) error {
	for {
		err := do()
		if !errs.Is(err, engine.CodeDiskFull) {
			return err
		}
		k.deps.Logger.Warn("the generations wait for disk space")
		select {
		case <-k.deps.After(retryPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Run runs the roads until ctx ends or one meets a fault.
func (k *Keeper) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := k.finishSwap(ctx)
		if err == nil {
			err = k.epoch(ctx)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// epoch runs the current road, and a build beside it, until the build is swapped
// in, another is asked for, or ctx ends. What earlier generations left is swept away
// meanwhile.
func (k *Keeper) epoch(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g := k.get()
	main, err := k.start(ctx, RoadDeps{Generation: g.current, OnControl: k.deps.OnControl, Count: &k.done}, g.rules)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, main.stop()) }()
	swept := k.begin(ctx, func(ctx context.Context) error { return k.sweepUnused(ctx, g) })
	defer func() { err = errors.Join(err, swept.stop()) }()
	build, near := &running{}, &running{} // no build: neither ever ends
	if g.building != 0 {
		if build, err = k.start(ctx, RoadDeps{Generation: g.building, Silent: true, Ceiling: g.current}, g.buildingRules); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, build.stop()) }()
		near = k.begin(ctx, func(ctx context.Context) error { return k.near(ctx, g) })
		defer func() { err = errors.Join(err, near.stop()) }()
	}
	cleaned := swept.ended
	for {
		select {
		case <-k.changed:
		case <-main.ended:
		case <-build.ended:
		case <-ctx.Done():
		case <-cleaned:
			if swept.err == nil {
				cleaned = nil
				continue
			}
		case <-near.ended: // the rest is small: the road may stand still for it
			if near.err == nil {
				return k.turn(ctx, g, main, build)
			}
		}
		return nil // with the fault, if any, of whichever ended
	}
}

// turn ends both roads where they are level and swaps the build in. A fault of
// either is left for epoch to find.
func (k *Keeper) turn(ctx context.Context, g generations, main, build *running) error {
	if main.stop() != nil {
		return nil //nolint:nilerr // epoch finds it
	}
	level := k.begin(ctx, func(ctx context.Context) error {
		if err := k.caughtUp(ctx, g); err != nil {
			return err
		}
		return k.resolved(ctx, g.building)
	})
	select {
	case <-level.ended:
	case <-build.ended: // it never gets level
	}
	leveled := level.finished()
	if err := level.stop(); err != nil {
		return err
	}
	if build.stop() != nil || !leveled || ctx.Err() != nil {
		return nil //nolint:nilerr // epoch finds it
	}
	return k.patiently(ctx, func() error { return k.swap(ctx, g) })
}

// running is something that an epoch began, and waits for.
type running struct {
	cancel context.CancelFunc
	ended  chan struct{} // nil for what was never begun
	err    error         // once ended; nil where it was told to
}

func (k *Keeper) begin(ctx context.Context, run func(context.Context) error) *running {
	ctx, cancel := context.WithCancel(ctx)
	r := &running{cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(r.ended)
		if err := run(ctx); ctx.Err() == nil {
			r.err = err
		}
	}()
	return r
}

// finished reports whether it ended by itself, and well.
func (r *running) finished() bool {
	select {
	case <-r.ended:
		return r.err == nil
	default:
		return false
	}
}

// stop has it end, waits for that, and gives its fault.
func (r *running) stop() error {
	r.cancel()
	<-r.ended
	return r.err
}

// start begins the road of a generation.
func (k *Keeper) start(ctx context.Context, deps RoadDeps, rules uint32) (*running, error) {
	chain, _, err := k.deps.Stages(deps.Generation, rules)
	if err != nil {
		return nil, err
	}
	deps.Engine, deps.Hasher, deps.Chain = k.deps.Engine, k.deps.Hasher, chain
	deps.Logger, deps.Mapper, deps.After = k.deps.Logger, k.deps.Mapper, k.deps.After
	return k.begin(ctx, NewRoad(k.cfg, deps).Run), nil
}

// near waits until little is left for the build to do, and no replay of the current
// road is applied in part.
func (k *Keeper) near(ctx context.Context, g generations) error {
	for {
		if err := k.caughtUp(ctx, g); err != nil {
			return err
		}
		var at []byte
		err := k.deps.Engine.State.View(ctx, func(r engine.Reader) error {
			values, err := r.Get(steppingKey(engine.Space{Generation: g.current}))
			if err == nil {
				at = values[0]
			}
			return err
		})
		if err != nil || at == nil {
			return err
		}
		if err := k.deps.Engine.State.WaitOffset(ctx, Reader(g.current), engine.ControlPartition, decodeU64(at)+1); err != nil {
			return err
		}
	}
}

// caughtUp waits until the build has done all that the current road had done when
// it was called.
func (k *Keeper) caughtUp(ctx context.Context, g generations) error {
	state := k.deps.Engine.State
	for p := range k.deps.Engine.Log.Partitions(engine.TopicIngest) {
		want, err := state.Offset(ctx, Reader(g.current), p)
		if err != nil {
			return err
		}
		if err := state.WaitOffset(ctx, Reader(g.building), p, want); err != nil {
			return err
		}
	}
	return nil
}

// resolved waits until no deferred work of a generation is left.
func (k *Keeper) resolved(ctx context.Context, generation uint32) error {
	log, state := k.deps.Engine.Log, k.deps.Engine.State
	for p := range log.Partitions(record.TopicResolve) {
		for {
			_, end, err := log.Bounds(ctx, record.TopicResolve, p)
			if err != nil {
				return err
			}
			if err := state.WaitOffset(ctx, ResolveReader(generation), p, end); err != nil {
				return err
			}
			_, now, err := log.Bounds(ctx, record.TopicResolve, p)
			if err != nil {
				return err
			}
			if now == end {
				break
			}
		}
	}
	return nil
}
