package pipeline

import (
	"context"
	"time"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

const (
	tries      = 3
	retryPause = 500 * time.Millisecond
)

// insist calls do until it succeeds. It waits while the disk is full or a server out
// of reach, as that is no fault of the work. After three failures it gives up, and
// poisoned says that the work itself is to blame; any other fault ends the run. So
// does CodeFenced, which Own takes for a reason to begin the run again: what came of
// the work is then what the stored offset says, also where a try took effect
// although its answer was lost (I2).
func (r *Road) insist(ctx context.Context, b *record.Batch, do func() error) (poisoned bool, err error) {
	reach := patience{after: r.deps.After}
	for try := 1; ; try++ {
		err := do()
		switch {
		case err == nil:
			return false, nil
		case ctx.Err() != nil:
			return false, ctx.Err()
		case errs.Is(err, engine.CodeDiskFull):
			r.deps.Logger.Warn("the road waits for disk space", "partition", b.Partition)
			try = 0
			if err := r.pause(ctx, retryPause); err != nil {
				return false, err
			}
		case errs.Is(err, engine.CodeUnavailable):
			r.deps.Logger.Warn("the road waits for a server of the engine", "partition", b.Partition, "error", err)
			try = 0
			if err := reach.wait(ctx); err != nil {
				return false, err
			}
		case errs.Is(err, codeReplayRaced): // what it raced with is visible in a moment
			try = 0
			if err := r.pause(ctx, time.Millisecond); err != nil {
				return false, err
			}
		case errs.Is(err, engine.CodeFenced), errs.Is(err, engine.CodeFailed), errs.Is(err, engine.CodeClosed):
			return false, err
		case try == tries:
			return true, err
		default:
			r.deps.Logger.Warn("work is tried again", "partition", b.Partition, "from", b.From, "try", try, "error", err)
		}
	}
}

func (r *Road) pause(ctx context.Context, d time.Duration) error {
	return pause(ctx, r.deps.After, d)
}

// patiently is Patiently with the road's pauses, for what it reads.
func (r *Road) patiently(ctx context.Context, do func() error) error {
	return Patiently(ctx, r.deps.After, func(err error) {
		r.deps.Logger.Warn("the road waits for the engine", "generation", r.deps.Generation, "error", err)
	}, do)
}
