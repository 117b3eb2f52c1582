package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// commit applies b in one transaction: positions, duplicates, the stages' effects,
// quarantine, dispositions and ledger (I2, I4). What its replays name was applied
// before, step by step; a crash between only has them named again.
func (r *Road) commit(ctx context.Context, b *record.Batch) error {
	if b.Partition == engine.ControlPartition {
		if err := r.replays(ctx, b); err != nil {
			return err
		}
	}
	if err := r.hold(ctx, b); err != nil {
		return err
	}
	var judged []override // those that b was judged by
	for {
		var named []override
		err := r.update(ctx, func(tx engine.Tx) (err error) {
			b.Reset()
			if err := tx.Advance(Reader(b.Generation), b.Partition, b.From, b.To); err != nil {
				return err
			}
			if err := stands(tx, r.fence().road(), b.Partition); err != nil {
				return err
			}
			if b.Partition == engine.ControlPartition {
				if err := r.stepped(tx, b); err != nil {
					return err
				}
			}
			if named, err = r.overrides(tx, b, judged); err != nil {
				return err
			}
			if err := r.duplicates(tx, b); err != nil {
				return err
			}
			return r.stages(ctx, tx, b, named)
		})
		if !errors.Is(err, errRefineAgain) {
			return err
		}
		if err := r.override(ctx, b, named, len(judged)); err != nil {
			return err
		}
		if err := r.hold(ctx, b); err != nil {
			return err
		}
		judged = named
	}
}

// fence is the fence that all commits of this road assert.
func (r *Road) fence() fence { return fence{generation: r.deps.Generation, silent: r.deps.Silent} }

// stepped notes that the replays of b are applied as a whole.
func (r *Road) stepped(tx engine.Tx, b *record.Batch) error {
	key := steppingKey(engine.Space{Generation: b.Generation})
	values, err := tx.Lock(key)
	if err == nil && values[0] != nil {
		tx.Delete(key)
	}
	return err
}

// update is State.Update in which a stage's panic is an error.
func (r *Road) update(ctx context.Context, fn func(tx engine.Tx) error) error {
	return r.deps.Engine.State.Update(ctx, func(tx engine.Tx) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = errs.New("stage_panic", "a stage panicked: "+panicKind(p))
			}
		}()
		return fn(tx)
	})
}

// stages runs the appliers and writes what became of each record.
func (r *Road) stages(ctx context.Context, tx engine.Tx, b *record.Batch, named []override) error {
	for _, stage := range r.deps.Chain.Apply {
		if err := stage.Apply(ctx, tx, b); err != nil {
			return err
		}
	}
	expire(b, named)
	space := engine.Space{Generation: b.Generation}
	keys := [][]byte{ledgerKey(space, b.Partition), doneKey(space, b.Partition), batchKey(space, b.Partition, b.To)}
	for i := range b.Records {
		if b.Records[i].Verdict.Outcome == record.Quarantined {
			keys = append(keys, quarantineKey(space, Place{b.Partition, b.Records[i].Offset}))
		}
	}
	values, err := tx.Lock(keys...)
	if err != nil {
		return err
	}
	for i := range b.Records {
		if rec := &b.Records[i]; rec.Verdict.Outcome == record.Quarantined {
			tx.Put(quarantineKey(space, Place{b.Partition, rec.Offset}), encodeRejected(rec))
		}
	}
	tx.Put(doneKey(space, b.Partition), engine.U64(b.To))
	return writeDispositions(tx, b, values[0])
}

// resolveStep is how many deferred items one transaction takes: each may be a region
// of 10,000 nodes.
const resolveStep = 32

// resolve does the deferred work of one partition of topic resolve.
func (r *Road) resolve(ctx context.Context, p int32) error {
	from, err := r.from(ctx, ResolveReader(r.deps.Generation), p)
	for err == nil {
		var items [][]byte
		err = r.patiently(ctx, func() (err error) {
			items, err = r.deps.Engine.Log.Read(ctx, record.TopicResolve, p, from, resolveStep)
			return err
		})
		if err != nil {
			break
		}
		if err = r.resolveItems(ctx, p, from, items); err != nil {
			err = fmt.Errorf("resolving deferred regions: %w", err)
		}
		from += uint64(len(items))
	}
	return ended(ctx, err)
}

// resolveItems does deferred work, halving it where it fails. One item that no try
// can do is passed over: its people stay pending, and say so, and the others go on.
func (r *Road) resolveItems(ctx context.Context, p int32, from uint64, items [][]byte) error {
	b := &record.Batch{Generation: r.deps.Generation, Silent: r.deps.Silent, Partition: p, From: from, To: from + uint64(len(items))}
	step := func(do bool) error {
		return r.update(ctx, func(tx engine.Tx) error {
			b.Effects = b.Effects[:0]
			if err := tx.Advance(ResolveReader(b.Generation), p, b.From, b.To); err != nil {
				return err
			}
			if err := stands(tx, r.fence().resolve(), p); err != nil || !do {
				return err
			}
			if err := r.deps.Chain.Resolve.Resolve(ctx, tx, b, items); err != nil {
				return err
			}
			for _, stage := range r.deps.Chain.Resolved {
				if err := stage.Apply(ctx, tx, b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	poisoned, err := r.insist(ctx, b, func() error { return step(true) })
	switch {
	case !poisoned:
		return err
	case len(items) > 1:
		mid := len(items) / 2
		if err := r.resolveItems(ctx, p, from, items[:mid]); err != nil {
			return err
		}
		return r.resolveItems(ctx, p, from+uint64(mid), items[mid:])
	}
	r.deps.Logger.Error("deferred work is passed over: every try at it failed; its people stay pending until a rebuild", "partition", p, "offset", from, "error", err)
	_, err = r.insist(ctx, b, func() error { return step(false) })
	return err
}
