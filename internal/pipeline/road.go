package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Road carries one generation: it owns partitions of the ingest log, has the chain
// work on their records and commits.
type Road struct {
	deps   RoadDeps
	batch  int
	window int64 // microseconds
	pool   sync.Pool
}

// RoadDeps is what a Road works with.
type RoadDeps struct {
	Engine     *engine.Engine
	Hasher     *record.Hasher
	Chain      Chain
	Generation uint32
	Silent     bool   // a generation that is being built
	Ceiling    uint32 // the generation beyond whose offsets a build must not go; 0: none
	Logger     *slog.Logger
	// Mapper maps replayed records again, under their new pin; nil: they stay as the
	// door mapped them.
	Mapper Mapper
	// OnControl is told of every control record once it is committed, even when the
	// road is being stopped: nobody will tell of it again. nil: nobody.
	OnControl func(ctx context.Context, r *record.Record) error
	// Count counts committed records; nil: nobody asks.
	Count *atomic.Uint64
	// After gives a channel that fires after a pause; nil: time.After.
	After func(time.Duration) <-chan time.Time
}

// NewRoad makes a Road; Run starts it.
func NewRoad(cfg Config, deps RoadDeps) *Road {
	cfg = cfg.withDefaults()
	if deps.After == nil {
		deps.After = time.After
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	return &Road{deps: deps, batch: cfg.BatchRecords, window: cfg.DuplicateWindow.Microseconds(),
		pool: sync.Pool{New: func() any { return &record.Batch{} }}}
}

// Run works until ctx ends or the engine fails. It returns the first fault that
// work cannot go on after.
func (r *Road) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	faults := make(chan error, 2) // one for each of the two kinds of owner
	start := func(group, topic string, run func(context.Context, int32) error) {
		wg.Go(func() {
			err := r.deps.Engine.Log.Own(ctx, group, topic, run)
			if err != nil && ctx.Err() == nil {
				faults <- err
			}
			cancel()
		})
	}
	start(Reader(r.deps.Generation), engine.TopicIngest, r.partition)
	if r.deps.Chain.Resolve != nil {
		start(ResolveReader(r.deps.Generation), record.TopicResolve, r.resolve)
	}
	wg.Wait()
	select {
	case err := <-faults:
		return err
	default:
		return nil
	}
}

// partition works one partition of the ingest log: one batch is read and refined
// while the one before it commits.
func (r *Road) partition(owned context.Context, p int32) error {
	ctx, cancel := context.WithCancel(owned)
	defer cancel()
	from, err := r.from(ctx, Reader(r.deps.Generation), p)
	if err != nil {
		return ended(owned, err)
	}
	refined := make(chan *record.Batch, 1) // one ahead: more would only hold memory
	readErr := make(chan error, 1)
	go func() {
		defer close(refined)
		readErr <- r.read(ctx, p, from, refined)
	}()
	for b := range refined {
		if err = r.settle(ctx, b); err != nil {
			break
		}
		if r.deps.Count != nil {
			r.deps.Count.Add(uint64(len(b.Records)))
		}
		r.recycle(b)
	}
	cancel()
	for range refined { // the reader ends with ctx; what it had ready is dropped
	}
	if err == nil {
		err = <-readErr
	}
	return ended(owned, err)
}

// ended is a run's fault, or nil where it only ended because its partition was taken
// away. A run that gives nil while it still owns its partition would never be begun
// again, and the partition lie idle.
func ended(owned context.Context, err error) error {
	if owned.Err() != nil {
		return nil //nolint:nilerr // as the name says
	}
	return err
}

// from is where a run goes on: the stored offset of a reader.
func (r *Road) from(ctx context.Context, reader string, p int32) (from uint64, err error) {
	err = r.patiently(ctx, func() error {
		from, err = r.deps.Engine.State.Offset(ctx, reader, p)
		return err
	})
	return from, err
}

func (r *Road) read(ctx context.Context, p int32, from uint64, out chan<- *record.Batch) error {
	limit := r.batch
	if p == engine.ControlPartition {
		limit = 1 // what one control record changes, the next may build on
	}
	for {
		values, err := r.next(ctx, p, from, limit)
		if err != nil {
			return err
		}
		b, err := r.decode(p, from, values)
		if err != nil {
			return err
		}
		if err := r.refine(ctx, b); err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		from = b.To
		select {
		case out <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// next reads at most limit records, once there is at least one that may be read.
func (r *Road) next(ctx context.Context, p int32, from uint64, limit int) (values [][]byte, err error) {
	err = r.patiently(ctx, func() error {
		most, err := r.allowed(ctx, p, from, limit)
		if err == nil {
			values, err = r.deps.Engine.Log.Read(ctx, engine.TopicIngest, p, from, most)
		}
		return err
	})
	return values, err
}

// allowed is how many records may be read from offset from on: all that is asked
// for, but a build must not pass the current generation, whose records' facts and
// dispositions only the current road emits.
func (r *Road) allowed(ctx context.Context, p int32, from uint64, limit int) (int, error) {
	if r.deps.Ceiling == 0 {
		return limit, nil
	}
	state, reader := r.deps.Engine.State, Reader(r.deps.Ceiling)
	if err := state.WaitOffset(ctx, reader, p, from+1); err != nil {
		return 0, err
	}
	at, err := state.Offset(ctx, reader, p)
	return int(min(uint64(limit), at-from)), err
}

func (r *Road) decode(p int32, from uint64, values [][]byte) (*record.Batch, error) {
	b := r.pool.Get().(*record.Batch)
	n := len(values)
	records := b.Records
	if cap(records) < n {
		records = make([]record.Record, n)
	}
	*b = record.Batch{Generation: r.deps.Generation, Silent: r.deps.Silent, Partition: p,
		From: from, To: from + uint64(n), Records: records[:n], Effects: b.Effects[:0], Checks: b.Checks[:0]}
	for i, v := range values {
		rec := &b.Records[i]
		if err := record.DecodeEnvelope(v, rec); err != nil {
			return nil, fmt.Errorf("partition %d, offset %d: %w", p, from+uint64(i), err)
		}
		rec.Partition, rec.Offset = p, from+uint64(i)
		refused(rec)
	}
	return b, nil
}

// refused sets a record aside that its door could not read. No rule can change that:
// it is so at every replay.
func refused(rec *record.Record) {
	if rec.Reject != "" {
		rec.Quarantine(rec.Reject, "", "it cannot be read as a record: mend it at its source and send it again")
	}
}

func (r *Road) recycle(b *record.Batch) {
	clear(b.Effects)
	r.pool.Put(b)
}

// refine runs the stages that change records. Its error is kept for settle, which
// tries again: the batch is marked as not refined.
func (r *Road) refine(ctx context.Context, b *record.Batch) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errs.New("stage_panic", "a stage panicked: "+panicKind(p))
		}
		if err != nil {
			b.Unrefined = true
		}
	}()
	b.Unrefined = false
	b.Checks = b.Checks[:0]
	for _, stage := range r.deps.Chain.Refine {
		if err := stage.Refine(ctx, b); err != nil {
			return err
		}
	}
	b.Judge()
	return nil
}

// panicKind tells a panic without its values, which may be personal data.
func panicKind(p any) string {
	if e, ok := p.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("%T", p)
}

// settle commits b, trying again, and halving it until the poison record is found.
func (r *Road) settle(ctx context.Context, b *record.Batch) error {
	poisoned, err := r.insist(ctx, b, func() error { return r.attempt(ctx, b) })
	switch {
	case err == nil:
		return r.announce(ctx, b)
	case !poisoned:
		return err
	case len(b.Records) > 1:
		return r.halve(ctx, b)
	}
	return r.poison(ctx, b, err)
}

func (r *Road) attempt(ctx context.Context, b *record.Batch) error {
	if b.Unrefined {
		for i := range b.Records {
			b.Records[i].Verdict = record.Verdict{}
			refused(&b.Records[i])
		}
		if err := r.refine(ctx, b); err != nil {
			return err
		}
	}
	return r.commit(ctx, b)
}

func (r *Road) halve(ctx context.Context, b *record.Batch) error {
	mid := len(b.Records) / 2
	for _, part := range [][]record.Record{b.Records[:mid], b.Records[mid:]} {
		half := &record.Batch{Generation: b.Generation, Silent: b.Silent, Partition: b.Partition,
			From: part[0].Offset, To: part[len(part)-1].Offset + 1, Records: part, Unrefined: true}
		if err := r.settle(ctx, half); err != nil {
			return err
		}
	}
	return nil
}

// poison sets aside the one record that no stage can take.
func (r *Road) poison(ctx context.Context, b *record.Batch, cause error) error {
	r.condemn(b, cause)
	if _, err := r.insist(ctx, b, func() error { return r.commit(ctx, b) }); err != nil {
		return fmt.Errorf("quarantining the record at partition %d, offset %d: %w", b.Partition, b.From, err)
	}
	return nil
}

// condemn gives the only record of b the verdict that the stages fail on it.
func (r *Road) condemn(b *record.Batch, cause error) {
	code := errs.CodeOf(cause)
	if code == "" {
		code = "unknown"
	}
	rec := &b.Records[0]
	r.deps.Logger.Error("a record is quarantined: every try to apply it failed", "partition", rec.Partition, "offset", rec.Offset, "error", cause)
	b.Unrefined = false
	rec.Verdict = record.Verdict{}
	rec.Quarantine("poison", "", "the stages failed on it three times with code "+string(code)+"; report it, then replay it with a version that mends it")
	b.Judge()
}

// announce tells of control records that are committed. It outlasts the end of ctx:
// the records are done, so that no later run would tell of them.
func (r *Road) announce(ctx context.Context, b *record.Batch) error {
	if b.Partition != engine.ControlPartition || r.deps.OnControl == nil {
		return nil
	}
	for i := range b.Records {
		_, err := r.insist(ctx, b, func() error { return r.deps.OnControl(context.WithoutCancel(ctx), &b.Records[i]) })
		if err != nil {
			return fmt.Errorf("putting control record %d into effect: %w", b.Records[i].Offset, err)
		}
	}
	return nil
}
