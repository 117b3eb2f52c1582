package engine

import (
	"context"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
)

// fencedPause is how long a fenced owner waits before it begins again: by then it
// mostly knows whether it still is one.
const fencedPause = 100 * time.Millisecond

// Refenced calls run, and again for as long as it fails with CodeFenced, until ctx
// is done: what Own and Lease do alike in every backend.
func Refenced(ctx context.Context, run func() error) error {
	for {
		err := run()
		if !errs.Is(err, CodeFenced) || ctx.Err() != nil {
			return err
		}
		select {
		case <-time.After(fencedPause):
		case <-ctx.Done():
			return err
		}
	}
}
