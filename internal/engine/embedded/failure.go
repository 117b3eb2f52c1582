package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
)

// failure remembers that the engine can go on no longer, and why.
//
// After a failed write or sync nobody knows what of the unsynced part reached the
// disk, and Pebble's own locks may be held for ever by the goroutine that met the
// fault. So nothing more is written, every waiter is told, and the databases are
// left as they are: the supervisor ends the process, and Open in a new one replays
// what is on disk, writes it out afresh and syncs it before it returns. There is no
// reopening within the process: the folder stays locked until the process ends.
type failure struct {
	once sync.Once
	ch   chan struct{}
	err  error // set before ch is closed
	log  *slog.Logger
}

func newFailure(log *slog.Logger) *failure {
	return &failure{ch: make(chan struct{}), log: log}
}

func (f *failure) mark(cause error) {
	f.once.Do(func() {
		f.err = errs.Wrap(engine.CodeFailed, "writing the data folder", cause).
			Fix("see that the disk is sound and has room, then start Kith again; nothing acknowledged is lost")
		f.log.Error("the data folder cannot be written; the engine has stopped", "err", f.err)
		close(f.ch)
	})
}

// get is the failure, or nil while there is none.
func (f *failure) get() error {
	select {
	case <-f.ch:
		return f.err
	default:
		return nil
	}
}

// guard runs fn, which calls into Pebble's write path, and turns its panics, which
// Pebble raises when its log cannot be written, into the failure.
func (f *failure) guard(fn func() error) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			ok = false
			f.mark(fmt.Errorf("%v", r))
		}
	}()
	if err := fn(); err != nil {
		f.mark(err)
		return false
	}
	return true
}

// pebbleLogger hands Pebble's messages on, and stands in for its habit of ending
// the process: a fatal fault parks the goroutine that met it.
type pebbleLogger struct {
	fail *failure
	log  *slog.Logger
}

func (l pebbleLogger) Infof(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug(fmt.Sprintf(format, args...))
	}
}

func (l pebbleLogger) Errorf(format string, args ...any) { l.log.Warn(fmt.Sprintf(format, args...)) }

func (l pebbleLogger) Fatalf(format string, args ...any) {
	l.fail.mark(fmt.Errorf(format, args...))
	select {} // Pebble must not go on; it may hold its locks, so nobody may call it again
}

// setbacks spaces out what Pebble tries again in the background. It would do so at
// once and for ever: on a full disk, also while it opens, that is a spinning processor
// and thousands of log lines a second.
type setbacks struct {
	log   *slog.Logger
	mu    sync.Mutex
	times int
	last  time.Time
}

const (
	setbackPause = 10 * time.Millisecond
	setbackMost  = 500 * time.Millisecond
	setbackOver  = 10 * time.Second // without another one
)

func newSetbacks(log *slog.Logger) *setbacks { return &setbacks{log: log} }

// meet is Pebble's BackgroundError. Pebble holds a lock meanwhile that new files and
// snapshots wait for, but no read and no write to the current log: the pause is short.
func (s *setbacks) meet(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Sub(s.last) > setbackOver {
		s.times = 0
	}
	s.times++
	if s.times&(s.times-1) == 0 { // the first, second, fourth, …
		s.log.Warn("writing in the background failed; it is tried again until there is room", "times", s.times, "err", err)
	}
	time.Sleep(min(time.Duration(s.times)*setbackPause, setbackMost))
	s.last = time.Now()
}

// gate counts the operations under way, so that Close can wait for them, and turns
// new ones away once the engine is closed or has failed.
type gate struct {
	fail    *failure
	closing chan struct{}
	mu      sync.RWMutex
	closed  bool
	ops     sync.WaitGroup
}

func (g *gate) enter() error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.closed {
		return errClosed()
	}
	if err := g.fail.get(); err != nil {
		return err
	}
	g.ops.Add(1)
	return nil
}

func (g *gate) leave() { g.ops.Done() }

// shut turns new operations away and waits for those under way, unless the engine
// has failed. It reports whether this call was the first.
func (g *gate) shut() bool {
	g.mu.Lock()
	first := !g.closed
	g.closed = true
	g.mu.Unlock()
	if !first {
		return false
	}
	close(g.closing)
	idle := make(chan struct{})
	go func() { g.ops.Wait(); close(idle) }()
	select {
	case <-idle:
	case <-g.fail.ch:
	}
	return true
}

// wait waits for ch and gives nil, or why the wait ended before. An ended ch wins.
func (g *gate) wait(ctx context.Context, ch <-chan struct{}) error {
	select {
	case <-ch:
		return nil
	default:
	}
	select {
	case <-ch:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-g.fail.ch:
		return g.fail.err
	case <-g.closing:
		return errClosed()
	}
}

func errClosed() error {
	return errs.New(engine.CodeClosed, "the engine is closed").Fix("open it again")
}
