// Package pinned keeps what was compiled from each version of the rules, for
// readers that may meet a version before it was installed and then wait for it.
// It imports only the standard library.
package pinned

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
)

// Map holds one T a version. Reading a version that is there takes one atomic
// load; a version is put rarely and copies the map. The zero Map is not usable.
type Map[T any] struct {
	mu  sync.Mutex // orders writers
	now atomic.Pointer[state[T]]
}

type state[T any] struct {
	by    map[uint32]T
	grown chan struct{} // closed when a newer state replaces this one
}

// New makes an empty Map.
func New[T any]() *Map[T] {
	m := &Map[T]{}
	m.now.Store(&state[T]{by: map[uint32]T{}, grown: make(chan struct{})})
	return m
}

// Put sets the value of a version, replacing one that is there, and wakes all who
// wait.
func (m *Map[T]) Put(pin uint32, v T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.now.Load()
	by := maps.Clone(old.by)
	by[pin] = v
	m.now.Store(&state[T]{by: by, grown: make(chan struct{})})
	close(old.grown)
}

// Get gives the value of a version, if it is there.
func (m *Map[T]) Get(pin uint32) (T, bool) {
	v, ok := m.now.Load().by[pin]
	return v, ok
}

// Wait gives the value of a version once it is there. It fails only with ctx.
func (m *Map[T]) Wait(ctx context.Context, pin uint32) (T, error) {
	for {
		s := m.now.Load()
		if v, ok := s.by[pin]; ok {
			return v, nil
		}
		select {
		case <-s.grown:
		case <-ctx.Done():
			var none T
			return none, context.Cause(ctx)
		}
	}
}
