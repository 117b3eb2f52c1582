package embedded

import (
	"context"
	"errors"
	"sync"

	"github.com/kithdata/kith/internal/engine"
)

// leases sees to it that one partition of a topic has one owner within a group,
// also where Own is called twice: the second call waits for the first to end.
type leases struct {
	mu   sync.Mutex
	held map[lease]*held
}

type held struct {
	back  chan struct{} // closed when given back
	about string
}

type lease struct {
	group, topic string
	partition    int32
}

// acquire waits for the lease; it gives false when ctx ended first.
func (l *leases) acquire(ctx context.Context, k lease, about string) bool {
	for {
		l.mu.Lock()
		now, taken := l.held[k]
		if !taken {
			if l.held == nil {
				l.held = make(map[lease]*held)
			}
			l.held[k] = &held{back: make(chan struct{}), about: about}
			l.mu.Unlock()
			return true
		}
		l.mu.Unlock()
		select {
		case <-now.back:
		case <-ctx.Done():
			return false
		}
	}
}

func (l *leases) release(k lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.held[k].back)
	delete(l.held, k)
}

// Own implements engine.Log. One process owns every partition, for as long as ctx
// lasts; a second Own of the same group waits for the first. It gives nil when ctx
// ended it.
func (l *ingestLog) Own(ctx context.Context, group, topic string, run func(ctx context.Context, partition int32) error) error {
	if err := l.enter(); err != nil {
		return err
	}
	defer l.leave()
	runs, cancel := context.WithCancel(ctx)
	defer cancel()

	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed []error
	for p := range l.Partitions(topic) {
		wg.Go(func() {
			k := lease{group, topic, p}
			if !l.leases.acquire(runs, k, "") {
				return
			}
			defer l.leases.release(k)
			if runs.Err() != nil {
				return
			}
			if err := engine.Refenced(runs, func() error { return run(runs, p) }); err != nil && runs.Err() == nil {
				mu.Lock()
				failed = append(failed, err)
				mu.Unlock()
				cancel()
			}
		})
	}
	ended := make(chan struct{})
	go func() { defer close(ended); wg.Wait() }()

	// A run that returns nil gives up its partition; Own still lasts until ctx ends.
	var why error
	select {
	case <-runs.Done():
	case <-l.fail.ch:
		why = l.fail.err
	case <-l.closing:
		why = errClosed()
	}
	cancel()
	<-ended
	return errors.Join(append(failed, why)...)
}

// Lease implements engine.State. The leases are those of this process, which alone
// has the data folder open: one is lost only when ctx ends, or the engine.
func (s *state) Lease(ctx context.Context, name, about string, run func(ctx context.Context) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stopped := make(chan error, 1) // why the engine ended it; nil when it did not
	go func() { stopped <- s.wait(ctx, nil); cancel() }()
	k := lease{group: name}
	var err error
	if s.leases.acquire(ctx, k, about) {
		err = engine.Refenced(ctx, func() error { return run(ctx) })
		s.leases.release(k)
	}
	ended := ctx.Err() != nil
	cancel()
	if why := <-stopped; why != nil && !errors.Is(why, context.Canceled) && !errors.Is(why, context.DeadlineExceeded) {
		return why
	}
	if ended {
		return nil
	}
	return err
}

// Holder implements engine.State.
func (s *state) Holder(ctx context.Context, name string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if err := s.enter(); err != nil {
		return "", err
	}
	defer s.leave()
	s.leases.mu.Lock()
	defer s.leases.mu.Unlock()
	if h := s.leases.held[lease{group: name}]; h != nil {
		return h.about, nil
	}
	return "", nil
}
