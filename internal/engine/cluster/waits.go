package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/kithdata/kith/internal/engine"
)

// waits wakes who waits for a stored offset: at once when this process moves it, and
// soon when another does, by asking the database while anybody waits.
type waits struct {
	mu     sync.Mutex
	places map[mark]*place
	kick   chan struct{} // capacity 1: somebody began to wait
	ended  chan struct{}
	stopIt context.CancelFunc
}

type place struct {
	at    uint64
	users int
	wake  chan struct{} // closed, and renewed, whenever at changes
}

// waitEvery is how often the database is asked for the offsets that somebody waits for.
const waitEvery = 20 * time.Millisecond

func (w *waits) start(c *cluster) {
	ctx, cancel := context.WithCancel(c.ctx)
	w.places, w.kick, w.ended, w.stopIt = make(map[mark]*place), make(chan struct{}, 1), make(chan struct{}), cancel
	go func() {
		defer close(w.ended)
		for ctx.Err() == nil {
			w.mu.Lock()
			marks := make([]mark, 0, len(w.places))
			for m := range w.places {
				marks = append(marks, m)
			}
			w.mu.Unlock()
			if len(marks) == 0 {
				select {
				case <-w.kick:
				case <-ctx.Done():
				}
				continue
			}
			found, err := c.positions(ctx, marks)
			for m, at := range found {
				if err == nil {
					w.reached(m, at)
				}
			}
			_ = pause(ctx, waitEvery) // its end is seen above
		}
	}()
}

func (w *waits) stop() {
	w.stopIt()
	<-w.ended
}

// reached notes that a stored offset is at.
func (w *waits) reached(m mark, at uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.places[m]; p != nil && p.at != at {
		p.at = at
		close(p.wake)
		p.wake = make(chan struct{})
	}
}

// join begins to wait at m.
func (w *waits) join(m mark) *place {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.places[m]
	if p == nil {
		p = &place{wake: make(chan struct{})}
		w.places[m] = p
		select {
		case w.kick <- struct{}{}:
		default:
		}
	}
	p.users++
	return p
}

func (w *waits) leave(m mark, p *place) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.users--; p.users == 0 {
		delete(w.places, m)
	}
}

// WaitOffset implements engine.State.
func (s *state) WaitOffset(ctx context.Context, reader string, partition int32, want uint64) error {
	return s.during(ctx, func(ctx context.Context) error {
		m := mark{reader, partition}
		p := s.waits.join(m)
		defer s.waits.leave(m, p)
		for {
			s.waits.mu.Lock()
			at, wake := p.at, p.wake
			s.waits.mu.Unlock()
			if at >= want {
				return nil
			}
			select {
			case <-wake:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
}

var _ engine.State = (*state)(nil)
