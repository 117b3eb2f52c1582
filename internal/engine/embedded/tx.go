package embedded

import (
	"errors"
	"runtime"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/rows"
	"github.com/kithdata/kith/internal/kit/errs"
)

// CodeNotLocked is reported, where Deps.Strict is set, for a write to a key that
// the transaction has not locked, nor its owner: a defect in the caller.
const CodeNotLocked errs.Code = "key_unlocked"

// CodeBadTopic is reported for emitting to the ingest log, which only doors write.
const CodeBadTopic errs.Code = "bad_topic"

// tx implements engine.Tx. There is one writer at a time, so locks are only marks;
// what a caller could not do on a shared backend is refused all the same.
type tx struct {
	s       *state
	rows    rows.Table
	emits   map[outlet]*framer
	order   []outlet // of emits, by first use
	moves   map[mark]uint64
	iters   []*pebble.Iterator
	err     error // the first fault: the commit fails with it
	key     []byte
	singles int // misses read one by one
}

type outlet struct {
	topic     string
	partition int32
}

func (t *tx) reset() {
	t.rows.Reset()
	for _, o := range t.order {
		t.emits[o].reset()
	}
	if len(t.emits) > 1024 {
		t.emits = make(map[outlet]*framer)
	}
	clear(t.moves)
	t.order, t.err = t.order[:0], nil
	t.singles = 0
}

// finish lets go of what the transaction read with.
func (t *tx) finish() {
	for _, it := range t.iters {
		_ = it.Close() // its faults were reported by the reads
	}
	t.iters = t.iters[:0]
}

func (t *tx) fault(err error) error {
	if t.err == nil {
		t.err = err
	}
	return err
}

// iter gives an iterator over all of the state. The database does not change
// while the transaction runs, so one serves all its reads, unless they nest.
func (t *tx) iter() (*pebble.Iterator, error) {
	if n := len(t.iters); n > 0 {
		it := t.iters[n-1]
		t.iters = t.iters[:n-1]
		return it, nil
	}
	it, err := t.s.db.NewIter(&pebble.IterOptions{
		LowerBound: []byte{keyState}, UpperBound: []byte{keyState + 1},
		UseL6Filters: true, // most misses are for keys not seen before
	})
	return it, errRead(err)
}

func (t *tx) giveBack(it *pebble.Iterator) { t.iters = append(t.iters, it) }

// Lock implements engine.Tx.
func (t *tx) Lock(keys ...[]byte) ([][]byte, error) {
	if t.err != nil {
		return nil, t.err
	}
	values := make([][]byte, len(keys))
	var missed []miss
	for n, key := range keys {
		hash := t.s.cache.hash(key)
		i := t.rows.Find(hash, key)
		if i >= 0 {
			r := &t.rows.Rows[i]
			if r.Locked || r.Written {
				r.Locked = true
				values[n] = r.Value
				if missed != nil && r.Value == nil { // may be a key listed twice, not read yet
					missed = append(missed, miss{row: i, at: int32(n), again: true})
				}
				continue
			}
		}
		i = t.rows.Add(hash, t.rows.Own(key))
		r := &t.rows.Rows[i]
		r.Locked = true
		if value, ok := t.s.cache.get(hash, key, t.s.seq); ok {
			r.Value, values[n] = value, value
			continue
		}
		missed = append(missed, miss{row: i, at: int32(n)})
	}
	if missed == nil {
		return values, nil
	}
	if err := t.load(missed); err != nil {
		return nil, t.fault(err)
	}
	for _, m := range missed {
		values[m.at] = t.rows.Rows[m.row].Value
	}
	return values, nil
}

type miss struct {
	row   int32
	at    int32 // where in the answer
	again bool  // another miss reads it
}

// sideBySide is how many misses are worth another goroutine.
const sideBySide = 256

// load reads what the cache did not have, in order of key, as neighbours share
// blocks; many of them side by side.
func (t *tx) load(missed []miss) error {
	if len(missed) == 1 && len(t.iters) == 0 && t.singles < 2 {
		t.singles++ // an iterator costs as much as two Gets
		return t.loadOne(&t.rows.Rows[missed[0].row])
	}
	slices.SortFunc(missed, func(a, b miss) int { return t.rows.Compare(a.row, b.row) })
	parts := max(1, min(runtime.GOMAXPROCS(0), len(missed)/sideBySide))
	size := (len(missed) + parts - 1) / parts
	faults := make([]error, parts)
	var wg sync.WaitGroup
	for n, part := range slices.Collect(slices.Chunk(missed, size)) {
		it, err := t.iter()
		if err != nil {
			faults[n] = err
			break
		}
		defer t.giveBack(it)
		if n == parts-1 {
			faults[n] = t.loadPart(it, part)
			break
		}
		wg.Go(func() { faults[n] = t.loadPart(it, part) })
	}
	wg.Wait()
	return errors.Join(faults...)
}

// loadPart fills the rows of part, which no other goroutine touches.
func (t *tx) loadPart(it *pebble.Iterator, part []miss) error {
	var key []byte
	for _, m := range part {
		r := &t.rows.Rows[m.row]
		if m.again {
			continue
		}
		key = append(append(key[:0], keyState), r.Key...)
		if !it.SeekPrefixGE(key) {
			if err := it.Error(); err != nil {
				return errRead(err)
			}
			continue
		}
		value, err := it.ValueAndErr()
		if err != nil {
			return errRead(err)
		}
		r.Value = t.s.cache.put(r.Hash, r.Key, value, t.s.seq)
	}
	return nil
}

func (t *tx) loadOne(r *rows.Row) error {
	t.key = append(append(t.key[:0], keyState), r.Key...)
	value, closer, err := t.s.db.Get(t.key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	}
	if err != nil {
		return errRead(err)
	}
	r.Value = t.s.cache.put(r.Hash, r.Key, value, t.s.seq)
	return errRead(closer.Close())
}

// Range implements engine.Tx. fn sees the range as it was when Range was called;
// what fn writes to it is not shown.
func (t *tx) Range(owner, lo, hi []byte, fn func(key, value []byte) bool) error {
	if t.err != nil {
		return t.err
	}
	if !t.locked(owner) {
		return t.fault(errs.New(engine.CodeNotOwner, "a range was read without its owner's lock").
			Fix("this is a defect in Kith: please report it"))
	}
	it, err := t.iter()
	if err != nil {
		return t.fault(err)
	}
	defer t.giveBack(it)
	lower, upper := stateBounds(lo, hi)
	it.SetBounds(lower, upper)
	defer it.SetBounds([]byte{keyState}, []byte{keyState + 1})
	ok := it.First()
	err = rows.Overlay(t.rows.Within(lo, hi), func() (key, value []byte, more bool, err error) {
		if !ok {
			return nil, nil, false, errRead(it.Error())
		}
		value, err = it.ValueAndErr()
		return it.Key()[1:], value, true, errRead(err)
	}, func() { ok = it.Next() }, fn)
	if err != nil {
		return t.fault(err)
	}
	return nil
}

// Put implements engine.Tx.
func (t *tx) Put(key, value []byte) { t.write(key, key, present(value)) }

// Delete implements engine.Tx.
func (t *tx) Delete(key []byte) { t.write(key, key, nil) }

// PutUnder implements engine.Tx.
func (t *tx) PutUnder(owner, key, value []byte) { t.write(owner, key, present(value)) }

// DeleteUnder implements engine.Tx.
func (t *tx) DeleteUnder(owner, key []byte) { t.write(owner, key, nil) }

// present is value, which is never nil: that stands for absent.
func present(value []byte) []byte {
	if value == nil {
		return []byte{}
	}
	return value
}

func (t *tx) write(owner, key, value []byte) {
	if t.s.strict && !t.locked(owner) {
		_ = t.fault(errs.New(CodeNotLocked, "a key was written that neither is locked nor has an owner that is").
			Fix("this is a defect in Kith: please report it"))
		return
	}
	hash := t.s.cache.hash(key)
	i := t.rows.Find(hash, key)
	if i < 0 {
		i = t.rows.Add(hash, key)
	}
	t.rows.Write(i, value)
}

func (t *tx) locked(key []byte) bool {
	i := t.rows.Find(t.s.cache.hash(key), key)
	return i >= 0 && t.rows.Rows[i].Locked
}

// Emit implements engine.Tx. It copies value.
func (t *tx) Emit(topic string, key, value []byte) {
	if topic == engine.TopicIngest {
		_ = t.fault(errs.New(CodeBadTopic, "the ingest log cannot be emitted to").Fix("this is a defect in Kith: please report it"))
		return
	}
	if len(value) > engine.MaxEmit {
		_ = t.fault(errs.New(engine.CodeTooLarge, "what a record leads to is larger than a topic takes").Fix("keep fewer or shorter attributes of one person"))
		return
	}
	t.emit(outlet{topic, engine.PartitionOf(key, t.s.topics.partitions)}, value)
}

func (t *tx) emit(o outlet, value []byte) {
	f, ok := t.emits[o]
	if !ok {
		f = &framer{}
		t.emits[o] = f
	}
	if f.total == 0 {
		t.order = append(t.order, o)
	}
	f.add(value)
}

// Advance implements engine.Tx. A stale owner is told at once, and the commit
// fails whatever fn makes of it.
func (t *tx) Advance(reader string, partition int32, from, to uint64) error {
	if t.err != nil {
		return t.err
	}
	m := mark{reader, partition}
	stored, moved := t.moves[m]
	if !moved {
		stored = t.s.offsets.applied(m)
	}
	if stored != from {
		return t.fault(errs.New(engine.CodeFenced, "another owner has moved this partition's stored offset").
			Fix("read the stored offset again and go on from there"))
	}
	t.moves[m] = to
	return nil
}

// stateBounds are the bounds of [lo, hi) in the database; a nil hi is no bound.
func stateBounds(lo, hi []byte) (lower, upper []byte) {
	lower = append([]byte{keyState}, lo...)
	if hi == nil {
		return lower, []byte{keyState + 1}
	}
	return lower, append([]byte{keyState}, hi...)
}
