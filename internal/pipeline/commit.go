package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// errRefineAgain says that a replay named records of this batch before the road
// reached them: they are judged under its pin instead.
var errRefineAgain = errors.New("a replay changed the pins of this batch")

// commit applies b in one transaction: positions, duplicates, the stages' effects,
// quarantine, dispositions and ledger (I2, I4).
func (r *Road) commit(ctx context.Context, b *record.Batch) error {
	var again []override
	replays, err := r.replayed(ctx, b)
	if err != nil {
		return err
	}
	err = r.deps.Engine.State.Update(ctx, func(tx engine.Tx) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = errs.New("stage_panic", "a stage panicked: "+panicKind(p))
			}
		}()
		b.Reset()
		for _, sub := range replays {
			sub.Reset()
		}
		if err := tx.Advance(Reader(b.Generation), b.Partition, b.From, b.To); err != nil {
			return err
		}
		if again, err = r.apply(tx, b); err != nil {
			return err
		}
		if err := r.stages(ctx, tx, b); err != nil {
			return err
		}
		for _, sub := range replays {
			if err := r.replay(ctx, tx, sub); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errRefineAgain) {
		return r.overridden(ctx, b, again)
	}
	if err == nil && b.Partition == engine.ControlPartition && r.deps.OnControl != nil {
		// What is committed is not met again: a road that is told to stop for a swap
		// must not lose the build that new rules ask for.
		told := context.WithoutCancel(ctx)
		for i := range b.Records {
			if err := r.deps.OnControl(told, &b.Records[i]); err != nil {
				return err
			}
		}
	}
	return err
}

// apply locks the batch's own keys and settles duplicates. It gives errRefineAgain
// and the overrides to refine by when a replay came first.
func (r *Road) apply(tx engine.Tx, b *record.Batch) ([]override, error) {
	space := engine.Space{Generation: b.Generation}
	values, err := tx.Lock(overridesKey(space, b.Partition))
	if err != nil {
		return nil, err
	}
	if values[0] != nil {
		list, err := decodeOverrides(values[0])
		if err != nil {
			return nil, err
		}
		var mine, later []override
		for _, o := range list {
			switch {
			case o.offset >= b.To:
				later = append(later, o)
			case o.offset >= b.From && b.Records[o.offset-b.From].Pin != o.pin:
				mine = append(mine, o)
			}
		}
		if len(mine) > 0 {
			return mine, errRefineAgain
		}
		if len(later) == 0 {
			tx.Delete(overridesKey(space, b.Partition))
		} else {
			tx.Put(overridesKey(space, b.Partition), encodeOverrides(later))
		}
	}
	return nil, r.duplicates(tx, b)
}

// stages runs the appliers and writes what became of each record.
func (r *Road) stages(ctx context.Context, tx engine.Tx, b *record.Batch) error {
	for _, stage := range r.deps.Chain.Apply {
		if err := stage.Apply(ctx, tx, b); err != nil {
			return err
		}
	}
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

// overridden judges b's records again, under the pins that replays gave them.
func (r *Road) overridden(ctx context.Context, b *record.Batch, list []override) error {
	b.Reset()
	for _, o := range list {
		b.Records[o.offset-b.From].Pin = o.pin
	}
	b.Unrefined = true
	return r.attempt(ctx, b)
}

// resolve does the deferred work of one partition of topic resolve.
func (r *Road) resolve(ctx context.Context, p int32) error {
	reader := ResolveReader(r.deps.Generation)
	from, err := r.deps.Engine.State.Offset(ctx, reader, p)
	if err != nil {
		return err
	}
	for {
		items, err := r.deps.Engine.Log.Read(ctx, record.TopicResolve, p, from, 1000)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		b := &record.Batch{Generation: r.deps.Generation, Silent: r.deps.Silent, Partition: p}
		to := from + uint64(len(items))
		err = r.deps.Engine.State.Update(ctx, func(tx engine.Tx) error {
			b.Effects = b.Effects[:0]
			if err := tx.Advance(reader, p, from, to); err != nil {
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
		switch {
		case err == nil:
			from = to
		case ctx.Err() != nil:
			return nil
		case errs.Is(err, engine.CodeDiskFull):
			select {
			case <-r.deps.After(retryPause):
			case <-ctx.Done():
				return nil
			}
		default:
			return fmt.Errorf("resolving deferred regions: %w", err)
		}
	}
}
