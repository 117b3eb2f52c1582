package embedded

import (
	"context"
	"errors"
	"sync"
)

// leases sees to it that one partition of a topic has one owner within a group,
// also where Own is called twice: the second call waits for the first to end.
type leases struct {
	mu   sync.Mutex
	held map[lease]chan struct{} // closed when given back
}

type lease struct {
	group, topic string
	partition    int32
}

// acquire waits for the lease; it gives false when ctx ended first.
func (l *leases) acquire(ctx context.Context, k lease) bool {
	for {
		l.mu.Lock()
		held, taken := l.held[k]
		if !taken {
			if l.held == nil {
				l.held = make(map[lease]chan struct{})
			}
			l.held[k] = make(chan struct{})
			l.mu.Unlock()
			return true
		}
		l.mu.Unlock()
		select {
		case <-held:
		case <-ctx.Done():
			return false
		}
	}
}

func (l *leases) release(k lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.held[k])
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
			if !l.leases.acquire(runs, k) {
				return
			}
			defer l.leases.release(k)
			if runs.Err() != nil {
				return
			}
			if err := run(runs, p); err != nil && runs.Err() == nil {
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
