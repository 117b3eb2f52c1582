package embedded

import (
	"context"
	"errors"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/kithdata/kith/internal/engine"
)

// views shares the snapshot after the newest durable commit among all Views, so
// that what a View shows cannot be lost in a crash, and a View costs no lock of
// Pebble's. Snapshots are closed by the applier, which alone may meet those locks.
type views struct {
	mu      sync.Mutex
	current *shared
	retired []*pebble.Snapshot
}

type shared struct {
	snapshot *pebble.Snapshot
	seq      uint64 // commits it has seen
	users    int    // Views, and one while it is current
}

func newViews(first *pebble.Snapshot) *views {
	return &views{current: &shared{snapshot: first, users: 1}}
}

func (v *views) acquire() *shared {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.current.users++
	return v.current
}

func (v *views) release(s *shared) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.unuse(s)
}

func (v *views) unuse(s *shared) {
	if s.users--; s.users == 0 {
		v.retired = append(v.retired, s.snapshot)
	}
}

// publish makes snapshot the one that Views see; nil leaves it.
func (v *views) publish(snapshot *pebble.Snapshot, seq uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.unuse(v.current)
	v.current = &shared{snapshot: snapshot, seq: seq, users: 1}
}

// sweep closes the snapshots that nobody uses any longer.
func (v *views) sweep() {
	v.mu.Lock()
	retired := v.retired
	v.retired = nil
	v.mu.Unlock()
	for _, s := range retired {
		_ = s.Close() // never fails
	}
}

// close closes the last snapshot; no View may be under way.
func (v *views) close() {
	v.release(v.current)
	v.sweep()
}

// View implements engine.State.
func (s *state) View(ctx context.Context, fn func(r engine.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	shared := s.views.acquire()
	defer s.views.release(shared)
	return fn(&view{cache: s.cache, shared: shared})
}

// view implements engine.Reader.
type view struct {
	cache  *rowCache
	shared *shared
}

// Get implements engine.Reader.
func (v *view) Get(keys ...[]byte) ([][]byte, error) {
	values := make([][]byte, len(keys))
	var key []byte
	for i, k := range keys {
		if value, ok := v.cache.get(v.cache.hash(k), k, v.shared.seq); ok {
			values[i] = value
			continue
		}
		key = append(append(key[:0], keyState), k...)
		value, closer, err := v.shared.snapshot.Get(key)
		if errors.Is(err, pebble.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, errRead(err)
		}
		values[i] = append(make([]byte, 0, len(value)), value...)
		if err := closer.Close(); err != nil {
			return nil, errRead(err)
		}
	}
	return values, nil
}

// Scan implements engine.Reader.
func (v *view) Scan(lo, hi []byte, fn func(key, value []byte) bool) error {
	lower, upper := stateBounds(lo, hi)
	it, err := v.shared.snapshot.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return errRead(err)
	}
	defer func() { _ = it.Close() }() // its faults are those of Error
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return errRead(err)
		}
		if !fn(it.Key()[1:], value) {
			return nil
		}
	}
	return errRead(it.Error())
}
