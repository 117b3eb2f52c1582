package pipeline

import (
	"context"
	"errors"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/record"
)

// lead does, one process at a time, what only one may do. A leader that was cut short
// leaves in the stored generations how far it got, and the next goes on from there.
func (k *Keeper) lead(ctx context.Context) error {
	return k.onAndOn(ctx, func(ctx context.Context) error {
		return k.deps.Engine.State.Lease(ctx, LeaseKeeper, k.deps.About(), func(ctx context.Context) error {
			if err := k.patiently(ctx, func() error { return k.look(ctx) }); err != nil {
				return err
			}
			return k.onAndOn(ctx, k.guide)
		})
	})
}

// guide takes the generations one step on: it emits what the last swap changed, or
// brings what is being built nearer to a swap, and sweeps meanwhile. It gives nil when
// the step is done or another is due.
func (k *Keeper) guide(ctx context.Context) error {
	g := k.get()
	if g.emitting {
		return k.finishSwap(ctx)
	}
	changed := k.begin(ctx, k.changed(g))
	sweep := k.begin(ctx, func(ctx context.Context) error { return k.sweepUnused(ctx, g) })
	step := &running{} // nothing is built: it never ends
	switch {
	case g.building == 0:
	case g.sealed:
		step = k.begin(ctx, func(ctx context.Context) error { return k.turn(ctx, g) })
	default:
		step = k.begin(ctx, func(ctx context.Context) error { return k.near(ctx, g) })
	}
	for swept := sweep.ended; ; {
		select {
		case <-swept:
			if sweep.err == nil {
				swept = nil
				continue
			}
		case <-changed.ended:
		case <-step.ended:
		case <-ctx.Done():
		}
		return errors.Join(step.stop(), sweep.stop(), changed.stop())
	}
}

// near waits until little is left for the build to do, and then seals the current
// generation. A replay that is applied in part is waited for: only the current road can
// end it.
func (k *Keeper) near(ctx context.Context, g generations) error {
	for {
		if err := k.caughtUp(ctx, g); err != nil {
			return err
		}
		if err := k.deferred(ctx, g.building); err != nil {
			return err
		}
		err := k.patiently(ctx, func() error { return k.seal(ctx, g) })
		var stepping steppingAt
		if !errors.As(err, &stepping) {
			return err
		}
		if err := k.waitOffset(ctx, Reader(g.current), engine.ControlPartition, uint64(stepping)+1); err != nil {
			return err
		}
	}
}

// steppingAt says that the replay at an offset is applied in part.
type steppingAt uint64

func (steppingAt) Error() string { return "a replay is applied in part" }

// seal has the current generation stand still wherever its roads run: what they have
// under way is refused from here on. So its stored offsets are final, and the build can
// reach them.
func (k *Keeper) seal(ctx context.Context, was generations) error {
	return k.update(ctx, func(tx engine.Tx, g *generations) error {
		if g.phase() != was.phase() {
			return nil // sealed by a try whose answer was lost, or another build was asked for
		}
		if err := (fence{generation: g.current}).shut(k.deps.Engine.Log, tx); err != nil {
			return err
		}
		g.sealed = true
		stepping, err := tx.Lock(steppingKey(engine.Space{Generation: g.current}))
		if err == nil && stepping[0] != nil {
			err = steppingAt(decodeU64(stepping[0]))
		}
		return err
	})
}

// turn swaps the build in once it is level with the current generation, which is sealed.
func (k *Keeper) turn(ctx context.Context, g generations) error {
	if err := k.caughtUp(ctx, g); err != nil {
		return err
	}
	if err := k.resolved(ctx, g.building); err != nil {
		return err
	}
	return k.patiently(ctx, func() error { return k.swap(ctx, g) })
}

// caughtUp waits until the build has done all that the current road had done when
// it was called.
func (k *Keeper) caughtUp(ctx context.Context, g generations) error {
	for p := range k.deps.Engine.Log.Partitions(engine.TopicIngest) {
		want, err := k.offset(ctx, Reader(g.current), p)
		if err != nil {
			return err
		}
		if err := k.waitOffset(ctx, Reader(g.building), p, want); err != nil {
			return err
		}
	}
	return nil
}

// offset, waitOffset and end ask the engine, and again where it is out of reach: a step
// of the leader asks often, and would get nowhere if each fault began it anew.
func (k *Keeper) offset(ctx context.Context, reader string, p int32) (at uint64, err error) {
	err = k.patiently(ctx, func() (err error) {
		at, err = k.deps.Engine.State.Offset(ctx, reader, p)
		return err
	})
	return at, err
}

func (k *Keeper) waitOffset(ctx context.Context, reader string, p int32, want uint64) error {
	return k.patiently(ctx, func() error { return k.deps.Engine.State.WaitOffset(ctx, reader, p, want) })
}

func (k *Keeper) end(ctx context.Context, topic string, p int32) (end uint64, err error) {
	err = k.patiently(ctx, func() (err error) {
		_, end, err = k.deps.Engine.Log.Bounds(ctx, topic, p)
		return err
	})
	return end, err
}

// deferred waits until a generation has done the work that was deferred when it was called.
func (k *Keeper) deferred(ctx context.Context, generation uint32) error {
	for p := range k.deps.Engine.Log.Partitions(record.TopicResolve) {
		end, err := k.end(ctx, record.TopicResolve, p)
		if err != nil {
			return err
		}
		if err := k.waitOffset(ctx, ResolveReader(generation), p, end); err != nil {
			return err
		}
	}
	return nil
}

// resolved waits until no deferred work of a sealed generation's build is left: what
// was deferred may defer more, but nobody else does.
func (k *Keeper) resolved(ctx context.Context, generation uint32) error {
	for before, now := uint64(0), uint64(1); before != now; {
		before = now
		if err := k.deferred(ctx, generation); err != nil {
			return err
		}
		now = 1
		for p := range k.deps.Engine.Log.Partitions(record.TopicResolve) {
			end, err := k.end(ctx, record.TopicResolve, p)
			if err != nil {
				return err
			}
			now += end
		}
	}
	return nil
}
