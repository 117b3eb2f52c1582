package bench

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// worker does one thing again and again: a request, a commit.
type worker func() error

// workers makes n of them, each with a connection or a batch of its own.
type workers func(n int) (do worker, done func(), err error)

// saturate has each of n workers begin anew as soon as it is done, for span, and
// gives how often all of them were done, and in how long.
func saturate(ctx context.Context, n int, span time.Duration, hire workers) (times int, took time.Duration, err error) {
	var total atomic.Int64
	took, err = crew(ctx, n, hire, func(ctx context.Context, _ int, began time.Time, do worker) error {
		for ctx.Err() == nil && time.Since(began) < span {
			if err := do(); err != nil {
				return err
			}
			total.Add(1)
		}
		return ctx.Err()
	})
	return int(total.Load()), took, err
}

// paced has n workers begin perSecond times a second in all, for span, whether or not
// the system keeps up: an open loop. A time counts from when its turn was due, so
// that a stall is charged to all that it delayed.
func paced(ctx context.Context, n int, perSecond float64, span time.Duration, hire workers) (latencies, error) {
	each := make([]latencies, n)
	gap := time.Duration(float64(time.Second) * float64(n) / perSecond)
	_, err := crew(ctx, n, hire, func(ctx context.Context, k int, began time.Time, do worker) error {
		due := began.Add(gap * time.Duration(k) / time.Duration(n))
		for ; due.Sub(began) < span && ctx.Err() == nil; due = due.Add(gap) {
			if wait := time.Until(due); wait > 0 {
				select {
				case <-time.After(wait):
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			if err := do(); err != nil {
				return err
			}
			each[k] = append(each[k], time.Since(due))
			if time.Since(began) > 4*span {
				return nil // it does not keep up at all: the times say so
			}
		}
		return ctx.Err()
	})
	return slices.Concat(each...), err
}

// crew hires n workers and has run work with each of them, all at once; the first
// fault ends all.
func crew(ctx context.Context, n int, hire workers, run func(ctx context.Context, k int, began time.Time, do worker) error) (time.Duration, error) {
	hands := make([]worker, n)
	for k := range hands {
		do, done, err := hire(k)
		if err != nil {
			return 0, err
		}
		defer done()
		hands[k] = do
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	began := time.Now()
	var wg sync.WaitGroup
	for k, do := range hands {
		wg.Go(func() {
			if err := run(ctx, k, began, do); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return 0, err
	}
	return time.Since(began), nil
}

// background runs a paced load until stop, which gives its times.
func background(ctx context.Context, n int, perSecond float64, hire workers) (stop func() (latencies, error)) {
	ctx, cancel := context.WithCancel(ctx)
	type outcome struct {
		l   latencies
		err error
	}
	ended := make(chan outcome, 1)
	go func() {
		l, err := paced(ctx, n, perSecond, time.Hour, hire)
		ended <- outcome{l, err}
	}()
	return func() (latencies, error) {
		cancel()
		o := <-ended
		if errors.Is(o.err, context.Canceled) {
			o.err = nil
		}
		return o.l, o.err
	}
}

// latencies are times, in no order.
type latencies []time.Duration

// at gives the quantile q in milliseconds: the least time that a share q does not exceed.
func (l latencies) at(q float64) float64 {
	if len(l) == 0 {
		return 0
	}
	slices.Sort(l)
	i := int(math.Ceil(q*float64(len(l)))) - 1
	return float64(l[min(max(i, 0), len(l)-1)].Microseconds()) / 1000
}
