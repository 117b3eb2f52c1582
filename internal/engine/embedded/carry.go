package embedded

import (
	"context"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/wire"
)

// carrier implements engine.Carrier.
type carrier struct{ s *state }

func (c carrier) Readers(context.Context) (list []engine.ReaderOffset, err error) {
	if err := c.s.enter(); err != nil {
		return nil, err
	}
	defer c.s.leave()
	c.s.offsets.mu.Lock()
	defer c.s.offsets.mu.Unlock()
	for m, p := range c.s.offsets.places {
		if p.durable != 0 {
			list = append(list, engine.ReaderOffset{Reader: m.reader, Partition: m.partition, Offset: p.durable})
		}
	}
	slices.SortFunc(list, func(a, b engine.ReaderOffset) int {
		if d := strings.Compare(a.Reader, b.Reader); d != 0 {
			return d
		}
		return int(a.Partition - b.Partition)
	})
	return list, nil
}

// Topics looks for the first block of each topic.
func (c carrier) Topics(context.Context) (names []string, err error) {
	if err := c.s.enter(); err != nil {
		return nil, err
	}
	defer c.s.leave()
	it, err := c.s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{keyBlock}, UpperBound: []byte{keyBlock + 1}})
	if err != nil {
		return nil, errRead(err)
	}
	defer func() { _ = it.Close() }() // its faults are those of Error
	for ok := it.First(); ok; {
		d := wire.NewDecoder(it.Key())
		d.Byte()
		name := string(d.Bytes())
		if d.Err() != nil {
			return nil, errCorrupt(d.Err())
		}
		names = append(names, name)
		past := streamKey(keyBlock, name, 0)
		ok = it.SeekGE(engine.PrefixEnd(past[:len(past)-4]))
	}
	slices.Sort(names) // keys are in order of length first
	return names, errRead(it.Error())
}

func (c carrier) Publish(ctx context.Context, topic string, partition int32, values [][]byte) error {
	return c.s.Update(ctx, func(t engine.Tx) error {
		for _, v := range values {
			t.(*tx).emit(outlet{topic, partition}, v)
		}
		return nil
	})
}
