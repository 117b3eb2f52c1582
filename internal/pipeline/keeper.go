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

// Stages makes the chain of a generation under a version of the rules. It fails with
// CodePinUnknown where that version is not known here yet: it is asked again.
type Stages func(generation, rules uint32) (Chain, Swapper, error)

// Keeper keeps the generations: it runs the current one's road, builds the next
// beside it, swaps and emits the differences.
//
// Several processes may share one state, each with a Keeper. All of them run the
// roads, whose partitions the engine spreads over them. One at a time leads: it
// swaps, emits what that changed, and sweeps. What generations there are, and what
// each is for, lies in one document of the state, which every Keeper watches; that
// some notice a change late is of no harm, as fences hold their roads back (fence).
type Keeper struct {
	cfg     Config
	deps    KeeperDeps
	writing sync.Mutex // held from the change of what is stored to that of g
	mu      sync.Mutex
	g       generations
	current atomic.Uint32
	moved   chan struct{} // closed and renewed whenever g changes
	done    atomic.Uint64
	swept   map[uint32]bool // generations of which nothing is left; lead's own
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
	About     func() string                        // what the lease tells of this process while it leads; nil: that there is one
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
	if deps.About == nil {
		deps.About = func() string { return "kith" }
	}
	k := &Keeper{cfg: cfg, deps: deps, moved: make(chan struct{}), swept: map[uint32]bool{}}
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

// Build asks for a generation under a version of the rules, unless one under it, or
// under a later one, is current or being built: so several processes may ask.
func (k *Keeper) Build(ctx context.Context, rules uint32) error {
	return k.build(ctx, func(g generations) bool { return g.target() < rules }, rules)
}

// Rebuild asks for a new generation under a version of the rules, whatever there is.
func (k *Keeper) Rebuild(ctx context.Context, rules uint32) error {
	return k.build(ctx, func(generations) bool { return true }, rules)
}

// build drops what is being built for another generation. Where the current one was
// sealed for the sake of what is dropped, it goes on.
func (k *Keeper) build(ctx context.Context, due func(generations) bool, rules uint32) error {
	return k.update(ctx, func(tx engine.Tx, g *generations) error {
		if !due(*g) {
			return nil
		}
		if g.building != 0 {
			if err := (fence{g.building, true}).shut(k.deps.Engine.Log, tx); err != nil {
				return err
			}
		}
		g.highest++
		g.building, g.buildingRules = g.highest, rules
		return k.unseal(tx, g)
	})
}

// unseal lets the current generation go on, where it is sealed for a swap.
func (k *Keeper) unseal(tx engine.Tx, g *generations) error {
	if !g.sealed || g.emitting {
		return nil
	}
	g.sealed = false
	return fence{generation: g.current}.open(k.deps.Engine.Log, tx)
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

func (k *Keeper) patiently(ctx context.Context, do func() error) error {
	return Patiently(ctx, k.deps.After, func(err error) {
		k.deps.Logger.Warn("the generations wait for the engine", "error", err)
	}, do)
}

// Run runs the roads until ctx ends or one meets a fault, and leads where no other
// process does.
func (k *Keeper) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watch, roads, lead := k.begin(ctx, k.watch), k.begin(ctx, k.roads), k.begin(ctx, k.lead)
	select {
	case <-watch.ended:
	case <-roads.ended:
	case <-lead.ended:
	}
	err := errors.Join(watch.stop(), lead.stop(), roads.stop())
	if roads.err != nil {
		k.giveUp(context.WithoutCancel(ctx))
	}
	return err
}

// unsealTime is how long a Keeper that ends with a fault tries to unseal.
const unsealTime = 5 * time.Second

// giveUp unseals the current generation where the build that it waits for cannot be
// done here: it must not stand still until somebody has mended that.
func (k *Keeper) giveUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, unsealTime)
	defer cancel()
	if g := k.get(); !g.sealed || g.emitting {
		return
	}
	if err := k.update(ctx, k.unseal); err != nil {
		k.deps.Logger.Error("the current generation stays sealed until a process leads again", "error", err)
	}
}

// How often a Keeper looks at the stored generations, which other processes change:
// more often while that is to be expected.
const (
	watchEvery = 200 * time.Millisecond
	watchOften = 50 * time.Millisecond
)

// watch keeps g as it is stored.
func (k *Keeper) watch(ctx context.Context) error {
	for {
		every := watchEvery
		if g := k.get(); g.building != 0 || g.emitting {
			every = watchOften
		}
		if err := pause(ctx, k.deps.After, every); err != nil {
			return err
		}
		if err := k.look(ctx); err != nil && !passing(err) { // else the next look may do
			return err
		}
	}
}

// look reads the stored generations. writing keeps it from setting g back to what it
// was before a change of this process.
func (k *Keeper) look(ctx context.Context) error {
	k.writing.Lock()
	defer k.writing.Unlock()
	var g generations
	err := k.deps.Engine.State.View(ctx, func(r engine.Reader) error {
		values, err := r.Get(metaKey("generations"))
		if err == nil {
			g, err = decodeGenerations(bytes.Clone(values[0]))
		}
		return err
	})
	if now := k.get(); err == nil && !bytes.Equal(now.encode(), g.encode()) {
		k.set(g)
	}
	return err
}

// changed waits until other roads are to run, or others lead to a swap, than in g.
func (k *Keeper) changed(g generations) func(context.Context) error {
	return func(ctx context.Context) error {
		return k.until(ctx, func(now generations) bool { return now.phase() != g.phase() })
	}
}

// roads runs what roads there are to run.
func (k *Keeper) roads(ctx context.Context) error {
	return k.onAndOn(ctx, k.epoch)
}

// onAndOn calls do until it fails, and waits where the engine keeps it from being done.
func (k *Keeper) onAndOn(ctx context.Context, do func(context.Context) error) error {
	for ctx.Err() == nil {
		if err := k.patiently(ctx, func() error { return do(ctx) }); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// epoch runs the current generation's road, and that of what is being built, for as
// long as these are to run, ctx lasts and neither meets a fault.
func (k *Keeper) epoch(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g := k.get()
	main, build := &running{}, &running{} // not run: neither ever ends
	loud, silent := g.phase().runs()
	if loud {
		main = k.start(ctx, RoadDeps{Generation: g.current, OnControl: k.deps.OnControl, Count: &k.done}, g.rules)
	}
	if silent {
		build = k.start(ctx, RoadDeps{Generation: g.building, Silent: true, Ceiling: g.current}, g.buildingRules)
	}
	changed := k.begin(ctx, k.changed(g))
	select {
	case <-changed.ended:
	case <-main.ended:
	case <-build.ended:
	case <-ctx.Done():
	}
	return errors.Join(main.stop(), build.stop(), changed.stop())
}

// running is something that was begun, and is waited for.
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

// stop has it end, waits for that, and gives its fault.
func (r *running) stop() error {
	if r.ended == nil {
		return nil
	}
	r.cancel()
	<-r.ended
	return r.err
}

// start begins the road of a generation.
func (k *Keeper) start(ctx context.Context, deps RoadDeps, rules uint32) *running {
	deps.Engine, deps.Hasher = k.deps.Engine, k.deps.Hasher
	deps.Logger, deps.Mapper, deps.After = k.deps.Logger, k.deps.Mapper, k.deps.After
	return k.begin(ctx, func(ctx context.Context) (err error) {
		if deps.Chain, _, err = k.stages(ctx, deps.Generation, rules); err != nil {
			return err
		}
		return NewRoad(k.cfg, deps).Run(ctx)
	})
}

// stages makes the chain of a generation once the rules that it pins are known here.
func (k *Keeper) stages(ctx context.Context, generation, rules uint32) (Chain, Swapper, error) {
	for {
		chain, swapper, err := k.deps.Stages(generation, rules)
		if !errs.Is(err, CodePinUnknown) {
			return chain, swapper, err
		}
		if err := pause(ctx, k.deps.After, watchOften); err != nil {
			return Chain{}, nil, err
		}
	}
}
