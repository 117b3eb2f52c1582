package embedded

import (
	"context"
	"encoding/binary"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/wire"
)

// mark names one reader's place in one partition.
type mark struct {
	reader    string
	partition int32
}

type place struct {
	applied uint64        // as the next transaction sees it
	durable uint64        // as everybody else does
	wake    chan struct{} // closed when durable rises; nil while nobody waits
}

// offsets holds every reader's stored offsets. There are a handful of readers.
type offsets struct {
	mu     sync.Mutex
	places map[mark]*place
}

func loadOffsets(db *pebble.DB) (*offsets, error) {
	o := &offsets{places: make(map[mark]*place)}
	it, err := db.NewIter(&pebble.IterOptions{LowerBound: []byte{keyOffset}, UpperBound: []byte{keyOffset + 1}})
	if err != nil {
		return nil, errRead(err)
	}
	defer func() { _ = it.Close() }() // its faults are those of Error
	for ok := it.First(); ok; ok = it.Next() {
		m, at, err := parseOffset(it.Key(), it.Value())
		if err != nil {
			return nil, errCorrupt(err)
		}
		o.places[m] = &place{applied: at, durable: at}
	}
	return o, errRead(it.Error())
}

func parseOffset(key, value []byte) (mark, uint64, error) {
	k := wire.NewDecoder(key)
	k.Byte()
	reader := string(k.Bytes())
	partition := k.Raw(4)
	v := wire.NewDecoder(value)
	at := v.Fixed64()
	if err := k.Finish(); err != nil {
		return mark{}, 0, err
	}
	if err := v.Finish(); err != nil {
		return mark{}, 0, err
	}
	return mark{reader, int32(binary.BigEndian.Uint32(partition))}, at, nil
}

// get gives m's place. The caller holds mu.
func (o *offsets) get(m mark) *place {
	p, ok := o.places[m]
	if !ok {
		p = &place{}
		o.places[m] = p
	}
	return p
}

func (o *offsets) applied(m mark) uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if p, ok := o.places[m]; ok {
		return p.applied
	}
	return 0
}

// put adds the moves to b and makes them what the next transaction sees.
func (o *offsets) put(b *pebble.Batch, moves map[mark]uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for m, to := range moves {
		key := streamKey(keyOffset, m.reader, m.partition)
		_ = b.Set(key, binary.BigEndian.AppendUint64(nil, to), nil) // fails only on an indexed batch
		o.get(m).applied = to
	}
}

// publish makes moves visible and wakes who waits.
func (o *offsets) publish(moves map[mark]uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for m, to := range moves {
		p := o.get(m)
		p.durable = to
		if p.wake != nil {
			close(p.wake)
			p.wake = nil
		}
	}
}

// Offset implements engine.State.
func (s *state) Offset(ctx context.Context, reader string, partition int32) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.leave()
	s.offsets.mu.Lock()
	defer s.offsets.mu.Unlock()
	if p, ok := s.offsets.places[mark{reader, partition}]; ok {
		return p.durable, nil
	}
	return 0, nil
}

// Offsets implements engine.State.
func (s *state) Offsets(ctx context.Context, reader string, partitions int32) ([]uint64, error) {
	all := make([]uint64, partitions)
	for p := range all {
		var err error
		if all[p], err = s.Offset(ctx, reader, int32(p)); err != nil { //nolint:gosec // there are few
			return nil, err
		}
	}
	return all, nil
}

// WaitOffset implements engine.State.
func (s *state) WaitOffset(ctx context.Context, reader string, partition int32, want uint64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	for {
		s.offsets.mu.Lock()
		p := s.offsets.get(mark{reader, partition})
		if p.durable >= want {
			s.offsets.mu.Unlock()
			return nil
		}
		if p.wake == nil {
			p.wake = make(chan struct{})
		}
		wake := p.wake
		s.offsets.mu.Unlock()
		if err := s.wait(ctx, wake); err != nil {
			return err
		}
	}
}

var _ engine.State = (*state)(nil)
