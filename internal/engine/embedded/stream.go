package embedded

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
)

// The kinds of keys in both databases.
const (
	keyMeta   = 'm' // format and ids
	keyBlock  = 'b' // topic, partition, offset of the first value: a block
	keyFirst  = 'f' // topic, partition: first offset kept, eight bytes
	keyOffset = 'o' // reader, partition: a reader's stored offset, eight bytes
	keyState  = 'k' // a key of the state
)

// maxReadBytes bounds what one Read gives, whatever its limit.
const maxReadBytes = 16 << 20

// stream is one partition of one topic: where it begins and ends, and who waits.
type stream struct {
	db     *pebble.DB
	prefix []byte // of its block keys; an offset follows
	first  []byte // key of its first offset

	next uint64 // offset after the last one given out; the database's one writer owns it

	mu    sync.Mutex
	begin uint64        // first offset kept
	end   uint64        // after the last durable value
	wake  chan struct{} // closed when end rises; nil while nobody waits
}

func streamKey(kind byte, name string, partition int32) []byte {
	b := make([]byte, 0, 1+binary.MaxVarintLen64+len(name)+12)
	b = append(b, kind)
	b = binary.AppendUvarint(b, uint64(len(name)))
	b = append(b, name...)
	return binary.BigEndian.AppendUint32(b, uint32(partition))
}

// openStream finds where a partition begins and ends. Nothing of it may be in
// flight, so that all it finds is durable.
func openStream(db *pebble.DB, topic string, partition int32) (*stream, error) {
	s := &stream{db: db, prefix: streamKey(keyBlock, topic, partition), first: streamKey(keyFirst, topic, partition)}
	begin, err := readUint(db, s.first)
	if err != nil {
		return nil, err
	}
	it, err := db.NewIter(&pebble.IterOptions{LowerBound: s.prefix, UpperBound: engine.PrefixEnd(s.prefix)})
	if err != nil {
		return nil, errRead(err)
	}
	defer func() { _ = it.Close() }() // its faults are those of Error
	s.begin, s.end = begin, begin
	if it.Last() {
		start, count, err := s.block(it)
		if err != nil {
			return nil, err
		}
		s.end = max(begin, start+uint64(count))
	}
	s.next = s.end
	return s, errRead(it.Error())
}

// block gives the first offset and the count of the block that it stands on.
func (s *stream) block(it *pebble.Iterator) (start uint64, count int, err error) {
	key := it.Key()
	value, err := it.ValueAndErr()
	if err != nil {
		return 0, 0, errRead(err)
	}
	if len(key) != len(s.prefix)+8 {
		return 0, 0, errCorrupt(nil)
	}
	count, err = blockCount(value)
	if err != nil {
		return 0, 0, errCorrupt(err)
	}
	return binary.BigEndian.Uint64(key[len(s.prefix):]), count, nil
}

func (s *stream) blockKey(offset uint64) []byte {
	return binary.BigEndian.AppendUint64(s.prefix[:len(s.prefix):len(s.prefix)], offset)
}

// put adds the blocks of f to b and gives them offsets. The database's one writer calls it.
func (s *stream) put(b *pebble.Batch, f *framer) {
	for _, frame := range f.frames {
		op := b.SetDeferred(len(s.prefix)+8, frame.size())
		n := copy(op.Key, s.prefix)
		binary.BigEndian.PutUint64(op.Key[n:], s.next)
		frame.fill(op.Value)
		_ = op.Finish() // fails only on an indexed batch
		s.next += uint64(frame.count)
	}
}

// publish makes everything before end readable and wakes who waits.
func (s *stream) publish(end uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end = max(s.end, end)
	if s.wake != nil {
		close(s.wake)
		s.wake = nil
	}
}

// state gives the bounds and a channel that is closed when end rises.
func (s *stream) state() (begin, end uint64, wake <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wake == nil {
		s.wake = make(chan struct{})
	}
	return s.begin, s.end, s.wake
}

func (s *stream) bounds() (begin, end uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begin, s.end
}

// await waits until offset from can be read and gives the durable end.
func (s *stream) await(ctx context.Context, g *gate, from uint64) (uint64, error) {
	for {
		begin, end := s.bounds()
		if from >= begin && from < end {
			return end, nil
		}
		if from < begin {
			return 0, errTrimmed()
		}
		_, end, wake := s.state()
		if from < end {
			continue
		}
		if err := g.wait(ctx, wake); err != nil {
			return 0, err
		}
	}
}

// read gives at most limit values of [from, end).
func (s *stream) read(from, end uint64, limit int) ([][]byte, error) {
	if limit <= 0 {
		limit = 1
	}
	limit = int(min(uint64(limit), end-from))
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: s.prefix, UpperBound: s.blockKey(end)})
	if err != nil {
		return nil, errRead(err)
	}
	defer func() { _ = it.Close() }() // its faults are those of Error
	out := make([][]byte, 0, min(limit, 4096))
	bytes := 0
	for ok := it.SeekLT(s.blockKey(from + 1)); ok && len(out) < limit && bytes < maxReadBytes; ok = it.Next() {
		start, count, err := s.block(it)
		if err != nil {
			return nil, err
		}
		at := from + uint64(len(out))
		if start > at || start+uint64(count) <= at {
			break // trimmed meanwhile, or a hole: told apart below
		}
		block, err := it.ValueAndErr()
		if err != nil {
			return nil, errRead(err)
		}
		if out, err = takeBlock(out, block, int(at-start), limit); err != nil {
			return nil, errCorrupt(err)
		}
		bytes += len(block)
	}
	if err := it.Error(); err != nil {
		return nil, errRead(err)
	}
	if len(out) == 0 {
		if begin, _ := s.bounds(); from < begin {
			return nil, errTrimmed()
		}
		return nil, errCorrupt(nil)
	}
	return out, nil
}

// trim adds to b what drops everything before an offset. It gives the new begin,
// and false when there is nothing to do.
func (s *stream) trim(b *pebble.Batch, before uint64) (uint64, bool, error) {
	begin, end := s.bounds()
	before = min(before, end)
	if before <= begin {
		return begin, false, nil
	}
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: s.prefix, UpperBound: engine.PrefixEnd(s.prefix)})
	if err != nil {
		return 0, false, errRead(err)
	}
	defer func() { _ = it.Close() }() // its faults are those of Error
	upto := before
	if it.SeekLT(s.blockKey(before)) {
		start, count, err := s.block(it)
		if err != nil {
			return 0, false, err
		}
		if start+uint64(count) > before {
			upto = start // the block that holds it stays whole
		}
	}
	if err := it.Error(); err != nil {
		return 0, false, errRead(err)
	}
	if err := b.DeleteRange(s.prefix, s.blockKey(upto), nil); err != nil {
		return 0, false, errRead(err)
	}
	return before, true, b.Set(s.first, binary.BigEndian.AppendUint64(nil, before), nil)
}

func (s *stream) setBegin(begin uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin = max(s.begin, begin)
	if s.wake != nil { // a reader may wait below the new begin
		close(s.wake)
		s.wake = nil
	}
}

// readUint reads eight bytes, 0 when absent.
func readUint(db pebble.Reader, key []byte) (uint64, error) {
	value, closer, err := db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, errRead(err)
	}
	defer func() { _ = closer.Close() }() // it only gives a buffer back
	if len(value) != 8 {
		return 0, errCorrupt(nil)
	}
	return binary.BigEndian.Uint64(value), nil
}

func errTrimmed() error {
	return errs.New(engine.CodeTrimmed, "this part of the log is kept no longer").
		Fix("start from the first offset kept, or rebuild from the base that covers what was trimmed")
}

// CodeUnreadable is reported where stored bytes cannot be read or make no sense.
const CodeUnreadable errs.Code = "data_unreadable"

func errRead(err error) error {
	if err == nil {
		return nil
	}
	return errs.Wrap(CodeUnreadable, "reading the data folder", err).Fix("see that the disk is sound; if it is, restore a backup")
}

func errCorrupt(err error) error {
	e := errs.New(CodeUnreadable, "a stored block is corrupt").Fix("restore a backup")
	e.Cause = err
	return e
}
