package pipeline

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// swap makes the build the current generation, at once. Both of its fences are shut by
// that: to roads that still build it, for ever, and to its own until what the swap
// changed is emitted.
func (k *Keeper) swap(ctx context.Context, was generations) error {
	swapped := false
	err := k.update(ctx, func(tx engine.Tx, g *generations) error {
		if swapped = g.sealed && g.phase() == was.phase(); !swapped {
			return nil // another build was asked for meanwhile
		}
		for _, silent := range []bool{true, false} {
			if err := (fence{g.building, silent}).shut(k.deps.Engine.Log, tx); err != nil {
				return err
			}
		}
		g.previous, g.current, g.rules = g.current, g.building, g.buildingRules
		g.building, g.buildingRules, g.emitting, g.emitted = 0, 0, true, nil
		return nil
	})
	if err == nil && swapped {
		k.deps.Logger.Info("a new generation is swapped in", "was", was.current, "now", was.building)
	}
	return err
}

const swapChunk = 500

// finishSwap emits what the last swap changed. It goes on where a crash left it. The
// roads stand still meanwhile: what they would emit must come after it.
func (k *Keeper) finishSwap(ctx context.Context) error {
	cause := record.Cause{Partition: engine.ControlPartition}
	var err error
	if cause.Received, err = k.lastReceived(ctx, k.get().current); err != nil {
		return err
	}
	for g := k.get(); g.emitting; g = k.get() {
		if err := k.emitChunk(ctx, g, cause); err != nil {
			return err
		}
	}
	return nil
}

// lastReceived is when the latest record that a generation has done was received: the
// time of what a swap changes, as nothing behind the log reads a clock.
func (k *Keeper) lastReceived(ctx context.Context, generation uint32) (last int64, err error) {
	log := k.deps.Engine.Log
	for p := range log.Partitions(engine.TopicIngest) {
		done, err := k.offset(ctx, Reader(generation), p)
		if err != nil {
			return 0, err
		}
		if done == 0 {
			continue
		}
		var values [][]byte
		err = k.patiently(ctx, func() (err error) {
			values, err = log.Read(ctx, engine.TopicIngest, p, done-1, 1)
			return err
		})
		if errs.Is(err, engine.CodeTrimmed) {
			continue
		}
		if err != nil {
			return 0, err
		}
		var rec record.Record
		if err := record.DecodeEnvelope(values[0], &rec); err != nil {
			return 0, err
		}
		last = max(last, rec.Received)
	}
	return last, nil
}

// emitChunk compares the next profiles and nodes of the two generations. The key
// of both tables starts with the same 16 bytes, a node key, so one place serves.
func (k *Keeper) emitChunk(ctx context.Context, g generations, cause record.Cause) error {
	_, swapper, err := k.stages(ctx, g.current, g.rules)
	if err != nil {
		return err
	}
	var ids, nodes []record.NodeKey
	var last []byte
	err = k.view(ctx, func(r engine.Reader) error {
		ids, nodes = nil, nil
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
	return k.patiently(ctx, func() error {
		return k.update(ctx, func(tx engine.Tx, after *generations) error {
			if after.phase() != g.phase() || !bytes.Equal(after.emitted, g.emitted) {
				return nil // this chunk was emitted by a try whose answer was lost, or by who leads now
			}
			if err := swapper.SwapProfiles(ctx, tx, g.current, ids, cause); err != nil {
				return err
			}
			if err := swapper.SwapMoves(ctx, tx, g.previous, g.current, nodes, cause); err != nil {
				return err
			}
			after.emitted, after.emitting = last, last != nil
			if after.emitting {
				return nil
			}
			return k.unseal(tx, after) // a swap of before there were fences shut none
		})
	})
}

// view is State.View, tried again where the engine is out of reach.
func (k *Keeper) view(ctx context.Context, fn func(r engine.Reader) error) error {
	return k.patiently(ctx, func() error { return k.deps.Engine.State.View(ctx, fn) })
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

// sweepUnused deletes what generations left that nobody reads any longer.
func (k *Keeper) sweepUnused(ctx context.Context, g generations) error {
	for _, n := range g.unused() {
		if k.swept[n] {
			continue
		}
		if err := k.sweep(ctx, n); err != nil {
			return fmt.Errorf("sweeping generation %d: %w", n, err)
		}
		k.swept[n] = true
	}
	if g.previous == 0 || g.emitting {
		return nil
	}
	return k.patiently(ctx, func() error {
		return k.update(ctx, func(_ engine.Tx, now *generations) error {
			if now.previous == g.previous {
				now.previous = 0
			}
			return nil
		})
	})
}

const sweepChunk = 1000 // the road waits for no more than that

// sweep deletes all of a generation, in steps.
func (k *Keeper) sweep(ctx context.Context, generation uint32) error {
	lo := binary.BigEndian.AppendUint32(nil, generation)
	hi := engine.PrefixEnd(lo)
	for {
		var keys [][]byte
		err := k.view(ctx, func(r engine.Reader) error {
			keys = nil
			return r.Scan(lo, hi, func(key, _ []byte) bool {
				keys = append(keys, bytes.Clone(key))
				return len(keys) < sweepChunk
			})
		})
		if err != nil || len(keys) == 0 {
			return err
		}
		err = k.patiently(ctx, func() error {
			return k.deps.Engine.State.Update(ctx, func(tx engine.Tx) error {
				if _, err := tx.Lock(keys...); err != nil {
					return err
				}
				for _, key := range keys {
					tx.Delete(bytes.Clone(key))
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
		lo = append(keys[len(keys)-1], 0) // not over what was deleted just now
	}
}
