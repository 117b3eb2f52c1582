package warehouse

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// LoaderDeps is what a Loader reads and tells.
type LoaderDeps struct {
	Cursor     func(topic string, partition int32) record.Cursor
	Partitions func(topic string) int32 // of each emitted topic
	Clock      clock.Clock
	Logger     *slog.Logger
}

// Topics are the emitted topics that a warehouse holds.
var Topics = [...]string{record.TopicChanges, record.TopicMoves, record.TopicFacts, record.TopicDispositions}

// Loader brings the emitted topics into a warehouse: one goroutine a partition
// reads and decodes, one gathers steps, one loads. The positions lie in the
// warehouse beside the rows, so that a crash anywhere loads nothing twice (I2).
// Whatever the warehouse's trouble, it costs the road nothing: topics wait.
type Loader struct {
	wh    Warehouse
	deps  LoaderDeps
	rows  int
	wait  time.Duration
	retry func(try int) time.Duration

	mu       sync.Mutex
	progress Progress
	moved    chan struct{} // closed and renewed with every loaded step
}

// NewLoader makes a loader; cfg gives the size and the longest wait of a step.
func NewLoader(wh Warehouse, cfg Config, deps LoaderDeps) *Loader {
	if deps.Clock == nil {
		deps.Clock = clock.System{}
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	return &Loader{
		wh: wh, deps: deps,
		rows:  cmp.Or(cfg.StepRows, 10_000),
		wait:  cmp.Or(cfg.StepTime, 250*time.Millisecond),
		retry: backoff,
		moved: make(chan struct{}),
	}
}

// backoff is 0.1 s, doubled with each try up to 30 s.
func backoff(try int) time.Duration {
	return min(100*time.Millisecond<<min(try, 10), 30*time.Second)
}

// Run loads until ctx is done and returns nil then. Faults are retried with
// back-off and told through Progress and the log; nothing is skipped.
func (l *Loader) Run(ctx context.Context) error {
	for try := 0; ctx.Err() == nil; try++ {
		before := l.steps()
		err := l.session(ctx)
		if ctx.Err() != nil {
			break
		}
		if l.steps() != before {
			try = 0
		}
		if try > 0 || !errs.Is(err, CodeMoved) { // once moved is no fault: the stored positions are read again
			l.failed(err)
		}
		sleep(ctx, l.retry(try))
	}
	return nil //nolint:nilerr // an end that was asked for is no fault
}

// Progress tells how far the loader has come.
func (l *Loader) Progress() Progress {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.progress
	p.Positions = p.Positions.Clone()
	return p
}

// WaitPositions waits until everything before want is loaded, or ctx is done.
func (l *Loader) WaitPositions(ctx context.Context, want Positions) error {
	for {
		l.mu.Lock()
		ok, moved := l.progress.Positions != nil && l.progress.Positions.Covers(want), l.moved
		l.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// session loads from the stored positions on until something fails.
func (l *Loader) session(ctx context.Context) error {
	positions, err := l.wh.Positions(ctx)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.progress.Positions = positions.Clone()
	l.announce()
	l.mu.Unlock()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	parts := make(chan Part)     // unbuffered: each reader holds one part ahead of the gatherer
	steps := make(chan *Step, 1) // one step is gathered while another is loaded
	var group sync.WaitGroup
	for _, topic := range Topics {
		for p := range l.deps.Partitions(topic) {
			group.Go(func() {
				if err := l.read(ctx, topic, p, positions.Get(topic, p), parts); err != nil {
					cancel(err)
				}
			})
		}
	}
	group.Go(func() { l.gather(ctx, parts, steps) })
	group.Go(func() {
		if err := l.load(ctx, steps); err != nil {
			cancel(err)
		}
	})
	group.Wait()
	return context.Cause(ctx)
}

// read decodes one partition into parts until ctx is done.
func (l *Loader) read(ctx context.Context, topic string, partition int32, from uint64, parts chan<- Part) error {
	cursor := l.deps.Cursor(topic, partition)
	limit := max(1, min(2000, l.rows/2))
	for {
		values, err := cursor.Next(ctx, from, limit)
		if err != nil {
			return err
		}
		if len(values) == 0 {
			continue
		}
		part, err := Decode(topic, partition, from, values)
		if err != nil {
			return err
		}
		select {
		case parts <- part:
			from = part.To
		case <-ctx.Done():
			return nil
		}
	}
}

// gather makes steps: full ones at once, smaller ones after the longest wait.
func (l *Loader) gather(ctx context.Context, parts <-chan Part, steps chan<- *Step) {
	step, rows := &Step{}, 0
	timer := time.NewTimer(l.wait)
	timer.Stop()
	defer timer.Stop()
	due := false
	for {
		out := steps
		if rows == 0 || rows < l.rows && !due {
			out = nil
		}
		in := parts
		if rows >= l.rows {
			in = nil // full: wait for the loader
		}
		select {
		case part := <-in:
			if rows == 0 {
				timer.Reset(l.wait)
			}
			step.Parts = append(step.Parts, part)
			rows += part.Rows()
		case <-timer.C:
			due = true
		case out <- step:
			step, rows, due = &Step{}, 0, false
			timer.Stop()
		case <-ctx.Done():
			return
		}
	}
}

// load brings steps into the warehouse one after the other.
func (l *Loader) load(ctx context.Context, steps <-chan *Step) error {
	for {
		select {
		case step := <-steps:
			if err := l.loadStep(ctx, step); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// loadStep tries until the step is in. A step that keeps failing is halved, so that
// one that is too big for the engine's memory gets through.
func (l *Loader) loadStep(ctx context.Context, step *Step) error {
	for try := 0; ; try++ {
		began := time.Now()
		err := l.wh.Load(ctx, step)
		switch {
		case err == nil:
			l.loaded(step, time.Since(began))
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errs.Is(err, CodeMoved):
			return err
		}
		l.failed(err)
		if first, second, ok := step.halve(); ok && try >= 2 {
			if err := l.loadStep(ctx, first); err != nil {
				return err
			}
			return l.loadStep(ctx, second)
		}
		if !sleep(ctx, l.retry(try)) {
			return ctx.Err()
		}
	}
}

func (l *Loader) loaded(step *Step, took time.Duration) {
	_, to := step.Bounds()
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &l.progress
	for topic, ns := range to {
		for i, n := range ns {
			if n > p.Positions.Get(topic, int32(i)) {
				p.Positions.Set(topic, int32(i), n)
			}
		}
	}
	rows := step.Rows()
	p.Rows += uint64(rows)
	p.Steps++
	p.Behind, p.LastStep, p.LastRows, p.LastAt = nil, took, rows, l.deps.Clock.Now()
	l.announce()
}

// announce wakes the waiters; the caller holds mu.
func (l *Loader) announce() {
	close(l.moved)
	l.moved = make(chan struct{})
}

func (l *Loader) failed(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	l.mu.Lock()
	l.progress.Failures++
	l.progress.Behind = err
	l.mu.Unlock()
	l.deps.Logger.Error("the warehouse is behind; loading is tried again", "error", err)
}

func (l *Loader) steps() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.progress.Steps
}

// sleep waits for d and reports whether ctx is still live.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
