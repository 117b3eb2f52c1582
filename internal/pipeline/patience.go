package pipeline

import (
	"context"
	"time"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
)

// The pauses before what a server out of reach kept from being done is tried again:
// from the first, doubling, up to the last.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

// patience is the pauses between the tries of one thing.
type patience struct {
	after func(time.Duration) <-chan time.Time
	next  time.Duration
}

// wait pauses; where it is called again, for longer. It fails only with ctx.
func (p *patience) wait(ctx context.Context) error {
	p.next = min(max(2*p.next, firstPause), lastPause)
	return pause(ctx, p.after, p.next)
}

func pause(ctx context.Context, after func(time.Duration) <-chan time.Time, d time.Duration) error {
	select {
	case <-after(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// passing reports whether a fault of the engine passes by waiting, and says nothing
// of the work: the disk is full, or a server is out of reach.
func passing(err error) bool {
	return errs.Is(err, engine.CodeDiskFull) || errs.Is(err, engine.CodeUnavailable)
}

// Patiently calls do again, after growing pauses, for as long as the disk is full or
// a server of the engine is out of reach. It gives do's other faults, and ctx's. after
// is time.After, but for tests; told is called with each fault that is waited out, nil:
// nobody is.
func Patiently(ctx context.Context, after func(time.Duration) <-chan time.Time, told func(error), do func() error) error {
	p := patience{after: after}
	for {
		err := do()
		if !passing(err) || ctx.Err() != nil {
			return err
		}
		if told != nil {
			told(err)
		}
		if err := p.wait(ctx); err != nil {
			return err
		}
	}
}
