package embedded

import (
	"bytes"
	"errors"
	"runtime"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
)

// CodeNotLocked is reported, where Deps.Strict is set, for a write to a key that
// the transaction neither locked nor covers by a range: a defect in the caller.
const CodeNotLocked errs.Code = "key_unlocked"

// CodeBadTopic is reported for emitting to the ingest log, which only doors write.
const CodeBadTopic errs.Code = "bad_topic"

// tx implements engine.Tx. There is one writer at a time, so locks are only marks;
// what a caller could not do on a shared backend is refused all the same.
type tx struct {
	s       *state
	rows    table
	emits   map[outlet]*framer
	order   []outlet // of emits, by first use
	moves   map[mark]uint64
	ranges  [][2][]byte // declared, in Strict
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
	t.rows.reset()
	for _, o := range t.order {
		t.emits[o].reset()
	}
	if len(t.emits) > 1024 {
		t.emits = make(map[outlet]*framer)
	}
	clear(t.moves)
	t.order, t.ranges, t.err = t.order[:0], nil, nil
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
		i := t.rows.find(hash, key)
		if i >= 0 {
			r := &t.rows.rows[i]
			if r.locked || r.written {
				r.locked = true
				values[n] = r.value
				if missed != nil && r.value == nil { // may be a key listed twice, not read yet
					missed = append(missed, miss{row: i, at: int32(n), again: true})
				}
				continue
			}
		}
		i = t.rows.add(hash, t.rows.own(key))
		r := &t.rows.rows[i]
		r.locked = true
		if value, ok := t.s.cache.get(hash, key, t.s.seq); ok {
			r.value, values[n] = value, value
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
		values[m.at] = t.rows.rows[m.row].value
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
		return t.loadOne(&t.rows.rows[missed[0].row])
	}
	slices.SortFunc(missed, func(a, b miss) int { return t.rows.compare(a.row, b.row) })
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
		r := &t.rows.rows[m.row]
		if m.again {
			continue
		}
		key = append(append(key[:0], keyState), r.key...)
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
		r.value = t.s.cache.put(r.hash, r.key, value, t.s.seq)
	}
	return nil
}

func (t *tx) loadOne(r *row) error {
	t.key = append(append(t.key[:0], keyState), r.key...)
	value, closer, err := t.s.db.Get(t.key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	}
	if err != nil {
		return errRead(err)
	}
	r.value = t.s.cache.put(r.hash, r.key, value, t.s.seq)
	return errRead(closer.Close())
}

// Range implements engine.Tx. fn sees the range as it was when Range was called;
// what fn writes to it is not shown.
func (t *tx) Range(owner, lo, hi []byte, fn func(key, value []byte) bool) error {
	if t.err != nil {
		return t.err
	}
	if i := t.rows.find(t.s.cache.hash(owner), owner); i < 0 || !t.rows.rows[i].locked {
		return t.fault(errs.New(engine.CodeNotOwner, "a range was read without its owner's lock").
			Fix("this is a defect in Kith: please report it"))
	}
	if t.s.strict {
		t.ranges = append(t.ranges, [2][]byte{slices.Clone(lo), slices.Clone(hi)})
	}
	it, err := t.iter()
	if err != nil {
		return t.fault(err)
	}
	defer t.giveBack(it)
	lower, upper := stateBounds(lo, hi)
	it.SetBounds(lower, upper)
	defer it.SetBounds([]byte{keyState}, []byte{keyState + 1})
	if err := t.merge(it, t.pending(lo, hi), fn); err != nil {
		return t.fault(err)
	}
	return nil
}

// pending copies the rows written within [lo, hi), as fn may write while they are shown.
func (t *tx) pending(lo, hi []byte) []row {
	if len(t.rows.written) == 0 {
		return nil
	}
	found := t.rows.between(lo, hi)
	if len(found) == 0 {
		return nil
	}
	rows := make([]row, len(found))
	for n, i := range found {
		rows[n] = t.rows.rows[i]
	}
	return rows
}

// merge shows fn what the database holds, overlaid by what the transaction wrote.
func (t *tx) merge(it *pebble.Iterator, wrote []row, fn func(key, value []byte) bool) error {
	ok := it.First()
	for ok || len(wrote) > 0 {
		order := -1 // of the database's entry against the written one
		switch {
		case !ok:
			order = 1
		case len(wrote) > 0:
			order = bytes.Compare(it.Key()[1:], wrote[0].key)
		}
		if order >= 0 {
			r := wrote[0]
			wrote = wrote[1:]
			if order == 0 {
				ok = it.Next()
			}
			if r.value != nil && !fn(r.key, r.value) {
				return nil
			}
			continue
		}
		value, err := it.ValueAndErr()
		if err != nil {
			return errRead(err)
		}
		if !fn(it.Key()[1:], value) {
			return nil
		}
		ok = it.Next()
	}
	return errRead(it.Error())
}

// Put implements engine.Tx.
func (t *tx) Put(key, value []byte) {
	if value == nil {
		value = []byte{} // nil stands for absent
	}
	t.write(key, value)
}

// Delete implements engine.Tx.
func (t *tx) Delete(key []byte) { t.write(key, nil) }

func (t *tx) write(key, value []byte) {
	hash := t.s.cache.hash(key)
	i := t.rows.find(hash, key)
	if t.s.strict && (i < 0 || !t.rows.rows[i].locked) && !t.covered(key) {
		_ = t.fault(errs.New(CodeNotLocked, "a key was written that is neither locked nor in a range whose owner is").
			Fix("this is a defect in Kith: please report it"))
		return
	}
	if i < 0 {
		i = t.rows.add(hash, key)
	}
	t.rows.write(i, value)
}

func (t *tx) covered(key []byte) bool {
	for _, r := range t.ranges {
		if bytes.Compare(key, r[0]) >= 0 && (r[1] == nil || bytes.Compare(key, r[1]) < 0) {
			return true
		}
	}
	return false
}

// Emit implements engine.Tx. It copies value.
func (t *tx) Emit(topic string, key, value []byte) {
	if topic == engine.TopicIngest {
		_ = t.fault(errs.New(CodeBadTopic, "the ingest log cannot be emitted to").Fix("this is a defect in Kith: please report it"))
		return
	}
	o := outlet{topic, int32(partition(key, int(t.s.topics.partitions)))}
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
