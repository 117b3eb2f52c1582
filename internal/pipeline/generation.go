package pipeline

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// Plan of generations, as stored: which one is current, which is being built, and
// how far the emission of what a swap changed has come.
type generations struct {
	current, rules          uint32 // rules: the version whose identity and golden rules it pins
	building, buildingRules uint32 // 0: none
	previous                uint32 // swapped out; 0 once it is swept away
	emitted                 []byte // profile ids up to here were compared after the swap
	emitting                bool
	highest                 uint32 // numbers are never used again
}

func (g generations) encode() []byte {
	var e wire.Encoder
	e.Byte(storedVersion)
	for _, n := range []uint32{g.current, g.rules, g.building, g.buildingRules, g.previous, g.highest} {
		e.Uint(uint64(n))
	}
	e.Bool(g.emitting)
	e.Bytes(g.emitted)
	return e.B
}

func decodeGenerations(b []byte) (g generations, err error) {
	if b == nil {
		return g, nil
	}
	d := wire.NewDecoder(b)
	if d.Byte() != storedVersion {
		return g, errStored
	}
	for _, n := range []*uint32{&g.current, &g.rules, &g.building, &g.buildingRules, &g.previous, &g.highest} {
		*n = uint32(d.Uint())
	}
	g.emitting = d.Bool()
	g.emitted = d.Bytes()
	return g, d.Finish()
}

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
	mu      sync.Mutex
	g       generations
	current atomic.Uint32
	changed chan struct{} // capacity 1: a build was asked for
	moved   chan struct{} // closed and renewed whenever g changes
	done    atomic.Uint64
}

// KeeperDeps is what a Keeper works with.
type KeeperDeps struct {
	Engine    *engine.Engine
	Hasher    *record.Hasher
	Stages    Stages
	Clock     clock.Clock
	Logger    *slog.Logger
	Mapper    Mapper // as in RoadDeps
	OnControl func(ctx context.Context, r *record.Record) error
}

// OpenKeeper reads which generation is current; in a new state it makes the first,
// under the given version of the rules.
func OpenKeeper(ctx context.Context, cfg Config, deps KeeperDeps, rules uint32) (*Keeper, error) {
	k := &Keeper{cfg: cfg, deps: deps, changed: make(chan struct{}, 1), moved: make(chan struct{})}
	err := k.update(ctx, func(g *generations) {
		if g.current == 0 {
			*g = generations{current: 1, rules: rules, highest: 1}
		}
	})
	return k, err
}

// Current is the generation that readers read.
func (k *Keeper) Current() uint32 { return k.current.Load() }

// CurrentRules is the version of the rules whose identity and golden rules are in force.
func (k *Keeper) CurrentRules() uint32 { k.mu.Lock(); defer k.mu.Unlock(); return k.g.rules }

// Building is the generation being built, 0 when none is.
func (k *Keeper) Building() uint32 { k.mu.Lock(); defer k.mu.Unlock(); return k.g.building }

// Done is the number of records committed by the current road since the start.
func (k *Keeper) Done() uint64 { return k.done.Load() }

// Build asks for a new generation under a version of the rules; one that is being
// built already is dropped.
func (k *Keeper) Build(ctx context.Context, rules uint32) error {
	err := k.update(ctx, func(g *generations) {
		g.highest++
		g.building, g.buildingRules = g.highest, rules
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
	for {
		k.mu.Lock()
		g, moved := k.g, k.moved
		k.mu.Unlock()
		if g.building == 0 && !g.emitting && g.previous == 0 {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// update changes the stored generations in a transaction.
func (k *Keeper) update(ctx context.Context, change func(g *generations)) error {
	var g generations
	err := k.deps.Engine.State.Update(ctx, func(tx engine.Tx) error {
		values, err := tx.Lock(metaKey("generations"))
		if err != nil {
			return err
		}
		if g, err = decodeGenerations(values[0]); err != nil {
			return err
		}
		change(&g)
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

// Run runs the roads until ctx ends or one meets a fault.
func (k *Keeper) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := k.finishSwap(ctx); err != nil {
			return ignoreEnd(ctx, err)
		}
		if err := k.epoch(ctx); err != nil {
			return ignoreEnd(ctx, err)
		}
	}
	return nil
}

func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// epoch runs the current road, and a build beside it, until the build is swapped
// in, another is asked for, or ctx ends.
func (k *Keeper) epoch(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g := k.get()
	chain, _, err := k.deps.Stages(g.current, g.rules)
	if err != nil {
		return err
	}
	road := NewRoad(k.cfg, RoadDeps{Engine: k.deps.Engine, Hasher: k.deps.Hasher, Chain: chain, Generation: g.current,
		Logger: k.deps.Logger, Mapper: k.deps.Mapper, OnControl: k.deps.OnControl, Count: &k.done})
	main := k.start(ctx, road)
	if g.building == 0 {
		select {
		case <-k.changed:
		case <-main.ended:
		case <-ctx.Done():
		}
		return main.stop()
	}
	chain, _, err = k.deps.Stages(g.building, g.buildingRules)
	if err != nil {
		return err
	}
	build := k.start(ctx, NewRoad(k.cfg, RoadDeps{Engine: k.deps.Engine, Hasher: k.deps.Hasher, Chain: chain, Generation: g.building,
		Logger: k.deps.Logger, Mapper: k.deps.Mapper, Silent: true, Ceiling: g.current}))
	near := make(chan error, 1)
	go func() { near <- k.caughtUp(ctx, g) }()
	select {
	case <-k.changed:
	case <-main.ended:
	case <-build.ended:
	case <-ctx.Done():
	case err = <-near: // the rest is small: the road may stand still for it
		if err == nil {
			if err = main.stop(); err == nil {
				if err = k.caughtUp(ctx, g); err == nil {
					err = k.resolved(ctx, g.building)
				}
			}
		}
		if stop := build.stop(); err == nil {
			err = stop
		}
		if err == nil {
			err = k.swap(ctx, g)
		}
		return err
	}
	cancel()
	if err := main.stop(); err != nil {
		_ = build.stop()
		return err
	}
	return build.stop()
}

type running struct {
	cancel context.CancelFunc
	ended  chan struct{}
	err    error
}

func (k *Keeper) start(ctx context.Context, road *Road) *running {
	ctx, cancel := context.WithCancel(ctx)
	r := &running{cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(r.ended)
		r.err = road.Run(ctx)
	}()
	return r
}

func (r *running) stop() error {
	r.cancel()
	<-r.ended
	return r.err
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

func (k *Keeper) swap(ctx context.Context, was generations) error {
	k.deps.Logger.Info("a new generation is swapped in", "was", was.current, "now", was.building)
	return k.update(ctx, func(g *generations) {
		if g.building != was.building {
			return // another build was asked for meanwhile
		}
		g.previous, g.current, g.rules = g.current, g.building, g.buildingRules
		g.building, g.buildingRules, g.emitting, g.emitted = 0, 0, true, nil
	})
}

const swapChunk = 500

// finishSwap emits what the last swap changed, then sweeps the old generation away.
// It goes on where a crash left it.
func (k *Keeper) finishSwap(ctx context.Context) error {
	for {
		g := k.get()
		if !g.emitting {
			break
		}
		if err := k.emitChunk(ctx, g); err != nil {
			return err
		}
	}
	if g := k.get(); g.previous != 0 {
		if err := k.sweep(ctx, g.previous); err != nil {
			return err
		}
		return k.update(ctx, func(now *generations) { now.previous = 0 })
	}
	return nil
}

// emitChunk compares the next profiles and nodes of the two generations. The key
// of both tables starts with the same 16 bytes, a node key, so one place serves.
func (k *Keeper) emitChunk(ctx context.Context, g generations) error {
	_, swapper, err := k.deps.Stages(g.current, g.rules)
	if err != nil {
		return err
	}
	var ids, nodes []record.NodeKey
	var last []byte
	err = k.deps.Engine.State.View(ctx, func(r engine.Reader) error {
		for _, t := range []engine.Table{engine.TableProfile, engine.TableNode} {
			found := &ids
			if t == engine.TableNode {
				found = &nodes
			}
			for _, generation := range []uint32{g.previous, g.current} {
				if err := scanKeys(r, generation, t, g.emitted, swapChunk, found); err != nil {
					return err
				}
			}
		}
		ids, nodes = sortedKeys(ids), sortedKeys(nodes)
		// Only keys up to the least place that every scan has reached are complete.
		last = nil
		if len(ids) >= swapChunk {
			last = ids[swapChunk-1][:]
		}
		if len(nodes) >= swapChunk && (last == nil || bytes.Compare(nodes[swapChunk-1][:], last) < 0) {
			last = nodes[swapChunk-1][:]
		}
		return nil
	})
	if err != nil {
		return err
	}
	ids, nodes = upTo(ids, last), upTo(nodes, last)
	cause := record.Cause{Partition: engine.ControlPartition, Received: clock.Micros(k.deps.Clock.Now())}
	var after generations
	err = k.deps.Engine.State.Update(ctx, func(tx engine.Tx) error {
		values, err := tx.Lock(metaKey("generations"))
		if err != nil {
			return err
		}
		if after, err = decodeGenerations(values[0]); err != nil {
			return err
		}
		if err := swapper.SwapProfiles(ctx, tx, g.current, ids, cause); err != nil {
			return err
		}
		if err := swapper.SwapMoves(ctx, tx, g.previous, g.current, nodes, cause); err != nil {
			return err
		}
		after.emitted, after.emitting = last, last != nil
		tx.Put(metaKey("generations"), after.encode())
		return nil
	})
	if err == nil {
		k.set(after)
	}
	return err
}

func scanKeys(r engine.Reader, generation uint32, t engine.Table, after []byte, limit int, out *[]record.NodeKey) error {
	space := engine.Space{Generation: generation}
	lo, hi := space.Bounds(t)
	head := len(lo)
	if after != nil {
		lo = append(space.Key(t, after), 0)
	}
	n := 0
	return r.Scan(lo, hi, func(key, _ []byte) bool {
		if len(key) == head+16 {
			*out = append(*out, record.NodeKey(key[head:]))
			n++
		}
		return n < limit
	})
}

// sweep deletes all of a generation, in steps.
func (k *Keeper) sweep(ctx context.Context, generation uint32) error {
	prefix := binary.BigEndian.AppendUint32(nil, generation)
	for {
		var keys [][]byte
		err := k.deps.Engine.State.View(ctx, func(r engine.Reader) error {
			return r.Scan(prefix, engine.PrefixEnd(prefix), func(key, _ []byte) bool {
				keys = append(keys, bytes.Clone(key))
				return len(keys) < 5000
			})
		})
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			return nil
		}
		err = k.deps.Engine.State.Update(ctx, func(tx engine.Tx) error {
			if _, err := tx.Lock(keys...); err != nil {
				return err
			}
			for _, key := range keys {
				tx.Delete(bytes.Clone(key))
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("sweeping generation %d: %w", generation, err)
		}
	}
}
