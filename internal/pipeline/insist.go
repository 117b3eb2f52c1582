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

// insist calls do until it succeeds. It waits while the disk is full, as that is no
// fault of the work. After three failures it gives up, and poisoned says that
// the work itself is to blame; any other fault ends the road.
func (r *Road) insist(ctx context.Context, b *record.Batch, do func() error) (poisoned bool, err error) {
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
	select {
	case <-r.deps.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
