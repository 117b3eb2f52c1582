package cluster

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/rows"
	"github.com/kithdata/kith/internal/kit/errs"
)

// tx implements engine.Tx. It collects what is to be done, and sends it together with
// the next thing whose answer is waited for: BEGIN, the proof of the lease and
// the positions' locks go with the first read, and all writes with COMMIT.
type tx struct {
	s    *state
	ctx  context.Context //nolint:containedctx // of the Update that it lives in
	try  int
	held *holding
	conn *pgxpool.Conn

	seed  maphash.Seed
	rows  rows.Table
	moves map[mark]*move
	marks []mark // of moves, by first use; those from asked on are not locked yet
	asked int
	emits map[outlet]*block
	order []outlet // of emits, by first use

	err error // the first fault: the commit fails with it
}

type move struct{ from, to uint64 }

type outlet struct {
	topic     string
	partition int32
}

// block is what a transaction emits to one outlet: each value after its length.
type block struct {
	n     int64
	bytes []byte
}

func (b *block) add(value []byte) {
	b.n++
	b.bytes = binary.AppendUvarint(b.bytes, uint64(len(value)))
	b.bytes = append(b.bytes, value...)
}

func newTx(s *state) *tx {
	t := &tx{s: s, seed: maphash.MakeSeed(), moves: make(map[mark]*move), emits: make(map[outlet]*block)}
	t.rows.Reset()
	return t
}

func (t *tx) reset() {
	t.rows.Reset()
	clear(t.moves)
	clear(t.emits)
	t.marks, t.asked, t.order, t.err = t.marks[:0], 0, t.order[:0], nil
	t.ctx, t.conn = nil, nil
}

// end lets go of the connection; what was not committed is rolled back.
func (t *tx) end(committed bool) {
	if t.conn == nil {
		return
	}
	if !committed {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), time.Second)
		defer cancel()
		_, _ = t.conn.Exec(ctx, "ROLLBACK") // of a connection that is lost nothing is asked
	}
	t.conn.Release()
	t.conn = nil
}

// fault keeps the first error, as what Update returns or as a conflict.
func (t *tx) fault(err error) error {
	if t.err != nil {
		return t.err
	}
	switch {
	case errs.CodeOf(err) != "":
		t.err = err
	case t.ctx.Err() != nil:
		t.err = t.ctx.Err()
	case conflicting(err):
		t.err = errConflict
	case lostConnection(err):
		t.err = unavailable("in a transaction of the state", bare(err))
	default:
		t.err = errs.Wrap(CodeUnreadable, "in a transaction of the state", bare(err)).Fix("see the database's own log")
	}
	return t.err
}

const (
	sqlBegin = "BEGIN ISOLATION LEVEL READ COMMITTED"
	// The keys are given in order, and looked up in it. To ask for the order has a planner
	// that thinks the table small walk all of its index.
	sqlLock = "SELECT k, v FROM entry WHERE k = ANY($1::bytea[]) FOR UPDATE"
	// The reader's row is the first that a commit locks, so that a stale owner is told
	// before it has done anything.
	sqlLockPositions = `SELECT r.name, r.part, r.at FROM reader r
		JOIN unnest($1::text[], $2::int[]) AS w(name, part) ON r.name = w.name AND r.part = w.part
		ORDER BY r.name, r.part FOR UPDATE OF r`
	sqlMakePositions = `INSERT INTO reader (name, part, at) SELECT name, part, 0 FROM unnest($1::text[], $2::int[]) AS w(name, part)
		ON CONFLICT (name, part) DO NOTHING`
	sqlPatient   = "SET LOCAL lock_timeout = 20000"
	sqlTakeTurn  = "SELECT 1 FROM turn WHERE one = 1 FOR UPDATE"
	sqlHoldOwner = "INSERT INTO entry (k, v) VALUES ($1, '')"
)

// lockWait bounds a wait for locks: by then it is a deadlock, mostly, which the
// database itself looks for only after a second. Each try waits longer.
func lockWait(try int) string {
	return "SET LOCAL lock_timeout = " + strconv.Itoa(200<<min(try, 6))
}

// send sends statements, after those that must come before, in one round trip. It
// reads the answers of the latter itself.
func (t *tx) send(ctx context.Context, queue func(b *pgx.Batch), read func(r pgx.BatchResults) error) error {
	if t.err != nil {
		return t.err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	b := &pgx.Batch{}
	begin, statements := t.conn == nil, 2
	if begin {
		conn, err := t.s.pool.Acquire(ctx)
		if err != nil {
			return t.fault(err)
		}
		t.conn = conn
		b.Queue(sqlBegin)
		if t.s.crowd.Load() > 0 { // before any other lock, so that no two wait for each other
			b.Queue(sqlPatient)
			b.Queue(sqlTakeTurn)
			statements += 2
		}
		b.Queue(lockWait(t.try))
		if t.held != nil {
			b.Queue(sqlProveLease, t.held.name, t.held.epoch)
		}
	}
	asking := t.marks[t.asked:]
	if len(asking) > 0 {
		asking = slices.Clone(asking)
		slices.SortFunc(asking, func(a, b mark) int {
			return cmp.Or(strings.Compare(a.reader, b.reader), cmp.Compare(a.partition, b.partition))
		})
		names, parts := columns(asking)
		b.Queue(sqlLockPositions, names, parts)
	}
	queue(b)
	t.s.count.trips.Add(1)
	r := t.conn.SendBatch(ctx, b)
	missing := []mark(nil)
	err := func() (err error) {
		if begin {
			for range statements {
				if _, err := r.Exec(); err != nil {
					return err
				}
			}
			if t.held != nil {
				tag, err := r.Exec()
				if err != nil {
					return err
				}
				if tag.RowsAffected() == 0 {
					return errs.New(engine.CodeFenced, "another process has taken the lease "+t.held.name).Fix("leave the work to it")
				}
			}
		}
		if len(asking) > 0 {
			if missing, err = t.readPositions(r, asking); err != nil {
				return err
			}
		}
		return read(r)
	}()
	if err = errors.Join(err, r.Close()); err != nil {
		return t.fault(err)
	}
	t.asked = len(t.marks)
	if len(missing) > 0 {
		return t.makePositions(ctx, missing)
	}
	return nil
}

// readPositions compares the stored offsets with where the moves start from. It gives
// those that have no row yet.
func (t *tx) readPositions(r pgx.BatchResults, asked []mark) (missing []mark, err error) {
	q, err := r.Query()
	if err != nil {
		return nil, err
	}
	stored := make(map[mark]uint64, len(asked))
	if err := eachPosition(q, stored); err != nil {
		return nil, err
	}
	for _, m := range asked {
		at, ok := stored[m]
		if !ok {
			missing = append(missing, m)
		}
		if at != t.moves[m].from {
			return nil, errFenced()
		}
	}
	return missing, nil
}

// makePositions makes the rows of readers that never moved, and locks them.
func (t *tx) makePositions(ctx context.Context, missing []mark) error {
	names, parts := columns(missing)
	b := &pgx.Batch{}
	b.Queue(sqlMakePositions, names, parts)
	b.Queue(sqlLockPositions, names, parts)
	t.s.count.trips.Add(1)
	r := t.conn.SendBatch(ctx, b)
	err := func() error {
		if _, err := r.Exec(); err != nil {
			return err
		}
		_, err := t.readPositions(r, missing)
		return err
	}()
	if err = errors.Join(err, r.Close()); err != nil {
		return t.fault(err)
	}
	return nil
}

func errFenced() error {
	return errs.New(engine.CodeFenced, "another owner has moved this partition's stored offset").
		Fix("read the stored offset again and go on from there")
}

// Lock implements engine.Tx.
func (t *tx) Lock(keys ...[]byte) ([][]byte, error) {
	if t.err != nil {
		return nil, t.err
	}
	var missed [][]byte
	at := make([]int32, len(keys))
	for n, key := range keys {
		hash := maphash.Bytes(t.seed, key)
		i := t.rows.Find(hash, key)
		if i < 0 {
			i = t.rows.Add(hash, t.rows.Own(key))
		}
		at[n] = i
		if r := &t.rows.Rows[i]; !r.Locked {
			r.Locked = true
			missed = append(missed, r.Key)
		}
	}
	if len(missed) > 0 {
		slices.SortFunc(missed, bytes.Compare)
		if err := t.load(missed); err != nil {
			return nil, err
		}
	}
	values := make([][]byte, len(keys))
	for n, i := range at {
		values[n] = t.rows.Rows[i].Value
	}
	return values, nil
}

func (t *tx) load(keys [][]byte) error {
	return t.send(t.ctx, func(b *pgx.Batch) { b.Queue(sqlLock, keys) }, func(r pgx.BatchResults) error {
		q, err := r.Query()
		if err != nil {
			return err
		}
		return eachPair(q, func(key, value []byte) {
			r := &t.rows.Rows[t.rows.Find(maphash.Bytes(t.seed, key), key)]
			r.Stored = true
			if !r.Written { // by a write without a lock, before
				r.Value = value
			}
		})
	})
}

// Range implements engine.Tx. fn sees the range as it was when Range was called, but
// for what lies beyond the first page; nobody else may change it meanwhile.
func (t *tx) Range(owner, lo, hi []byte, fn func(key, value []byte) bool) error {
	if t.err != nil {
		return t.err
	}
	i := t.rows.Find(maphash.Bytes(t.seed, owner), owner)
	if i < 0 || !t.rows.Rows[i].Locked {
		return t.fault(errs.New(engine.CodeNotOwner, "a range was read without its owner's lock").
			Fix("this is a defect in Kith: please report it"))
	}
	if r := &t.rows.Rows[i]; !r.Stored && !r.Held {
		// Nobody holds a lock on what is not there: two would read one range side by side.
		err := t.send(t.ctx, func(b *pgx.Batch) { b.Queue(sqlHoldOwner, r.Key) }, func(res pgx.BatchResults) error {
			_, err := res.Exec()
			return err
		})
		if err != nil {
			return err
		}
		t.rows.Rows[i].Held = true
	}
	p := &pages{lo: lo, hi: hi, ask: func(sql string, args []any, each func(key, value []byte)) error {
		return t.send(t.ctx, func(b *pgx.Batch) { b.Queue(sql, args...) }, func(r pgx.BatchResults) error {
			q, err := r.Query()
			if err != nil {
				return err
			}
			return eachPair(q, each)
		})
	}}
	at := func() (key, value []byte, more bool, err error) {
		for {
			if key, value, more, err = p.at(); err != nil || !more || !t.placeholder(key) {
				return key, value, more, err
			}
			p.step()
		}
	}
	if err := rows.Overlay(t.rows.Within(lo, hi), at, p.step, fn); err != nil {
		return t.fault(err)
	}
	return nil
}

// placeholder reports whether key is stored only because this transaction holds it.
func (t *tx) placeholder(key []byte) bool {
	i := t.rows.Find(maphash.Bytes(t.seed, key), key)
	return i >= 0 && t.rows.Rows[i].Held
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
	hash := maphash.Bytes(t.seed, key)
	i := t.rows.Find(hash, key)
	if i < 0 {
		i = t.rows.Add(hash, key)
	}
	t.rows.Write(i, value)
}

func (t *tx) locked(key []byte) bool {
	i := t.rows.Find(maphash.Bytes(t.seed, key), key)
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
	t.emit(outlet{topic, engine.PartitionOf(key, t.s.topicPartitions)}, value)
}

func (t *tx) emit(o outlet, value []byte) {
	b, ok := t.emits[o]
	if !ok {
		b = &block{}
		t.emits[o] = b
		t.order = append(t.order, o)
	}
	b.add(value)
}

// Advance implements engine.Tx. The stored offset is compared when the transaction
// next asks the database, at the latest by its commit.
func (t *tx) Advance(reader string, partition int32, from, to uint64) error {
	if t.err != nil {
		return t.err
	}
	m := mark{reader, partition}
	now, ok := t.moves[m]
	if !ok {
		t.moves[m] = &move{from, to}
		t.marks = append(t.marks, m)
		return nil
	}
	if now.to != from {
		return t.fault(errFenced())
	}
	now.to = to
	return nil
}
