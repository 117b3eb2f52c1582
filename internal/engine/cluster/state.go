package cluster

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kithdata/kith/internal/engine"
)

// state implements engine.State. Transactions are READ COMMITTED and yet
// serializable: every key that one reads is locked until its commit (FOR UPDATE, looked
// up in order of key), a key that is absent is inserted by the commit, which fails where
// another came first, and ranges are only read under their owner's lock. SERIALIZABLE
// was tried: several processes made each other fail nearly always.
type state struct {
	*cluster
	strict   bool
	conflict func() bool
	idle     sync.Pool // of *tx: memory only
	// Capacity 1: who puts into it is this process's writer. The batches of one
	// process mostly touch the same people: side by side they only made each other
	// wait and fail (a trial: 1,100 records/s with four, 9,500 with one at a time).
	turn chan struct{}
	// crowd is how many transactions more take turns with those of other processes.
	// It rises with every conflict and falls with every commit: where processes work on
	// the same people, waiting is cheaper than to fail and do it again; where they do
	// not, nobody waits.
	crowd atomic.Int32
}

const (
	// Transactions that take turns after a conflict. More were tried (16): they keep hot
	// people no better, and have many wait for a few (docs/scale.md).
	crowdStep = 1
	crowdMost = 4
)

// Update implements engine.State.
func (s *state) Update(ctx context.Context, fn func(tx engine.Tx) error) error {
	return s.during(ctx, func(ctx context.Context) error { return s.update(ctx, fn) })
}

func (s *state) update(ctx context.Context, fn func(tx engine.Tx) error) error {
	held := heldIn(ctx)
	if held == nil { // what is done under a lease is small, and touches keys of its own
		select {
		case s.turn <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		defer func() { <-s.turn }()
	}
	t, ok := s.idle.Get().(*tx)
	if !ok {
		t = newTx(s)
	}
	defer func() {
		t.reset()
		s.idle.Put(t)
	}()
	t.held = held
	for try := 0; ; try++ {
		err := s.attempt(ctx, t, try, fn)
		if err == nil || !errors.Is(err, errConflict) {
			s.crowded(-1)
			return err
		}
		s.count.retries.Add(1)
		s.crowded(crowdStep)
		most := time.Millisecond << min(try, 4)
		if err := pause(ctx, rand.N(most)+time.Microsecond); err != nil { //nolint:gosec // a pause
			return err
		}
	}
}

// crowded changes how many transactions more take turns.
func (s *state) crowded(by int32) {
	for {
		now := s.crowd.Load()
		next := min(max(now+by, 0), crowdMost)
		if next == now || s.crowd.CompareAndSwap(now, next) {
			return
		}
	}
}

// errConflict stands for: run the transaction again.
var errConflict = errors.New("a conflict with another transaction")

// attempt runs fn once and commits.
func (s *state) attempt(ctx context.Context, t *tx, try int, fn func(tx engine.Tx) error) (err error) {
	t.reset()
	t.ctx, t.try = ctx, try
	committed := false
	defer func() { // also when fn panics
		t.end(committed)
	}()
	if err := fn(t); err != nil {
		if t.err != nil { // why fn could not go on
			return t.err
		}
		return err
	}
	if t.err != nil {
		return t.err
	}
	if s.conflict != nil && s.conflict() {
		return errConflict
	}
	if err := t.prepare(); err != nil {
		return err
	}
	if err := t.commit(); err != nil {
		return err
	}
	committed = true
	return nil
}

// View implements engine.State.
func (s *state) View(ctx context.Context, fn func(r engine.Reader) error) error {
	return s.during(ctx, func(ctx context.Context) error {
		v := &view{ctx: ctx, s: s}
		defer v.end()
		if err := fn(v); err != nil {
			return err
		}
		return v.err
	})
}

// view implements engine.Reader: a snapshot taken by its first read.
type view struct {
	ctx  context.Context //nolint:containedctx // of the View that it lives in
	s    *state
	conn *pgxpool.Conn
	err  error
}

const (
	sqlBeginView = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
	sqlGet       = "SELECT k, v FROM entry WHERE k = ANY($1::bytea[])"
)

// send sends statements in one round trip, the first ones after what begins the snapshot.
func (v *view) send(b *pgx.Batch, read func(r pgx.BatchResults) error) error {
	if v.err != nil {
		return v.err
	}
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	begin := v.conn == nil
	all := b
	if begin {
		conn, err := v.s.pool.Acquire(ctx)
		if err != nil {
			return v.fault(err)
		}
		v.conn = conn
		all = &pgx.Batch{QueuedQueries: append([]*pgx.QueuedQuery{{SQL: sqlBeginView}}, b.QueuedQueries...)}
	}
	v.s.count.trips.Add(1)
	r := v.conn.SendBatch(ctx, all)
	err := func() error {
		if begin {
			if _, err := r.Exec(); err != nil {
				return err
			}
		}
		return read(r)
	}()
	if err := errors.Join(err, r.Close()); err != nil {
		return v.fault(err)
	}
	return nil
}

func (v *view) fault(err error) error {
	switch {
	case v.ctx.Err() != nil:
		v.err = v.ctx.Err()
	case lostConnection(err) || conflicting(err):
		v.err = unavailable("reading the state", bare(err))
	default:
		v.err = bare(err)
	}
	return v.err
}

func (v *view) end() {
	if v.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(v.ctx), time.Second)
	defer cancel()
	_, _ = v.conn.Exec(ctx, "ROLLBACK") // of a connection that is lost nothing is asked
	v.conn.Release()
}

// Get implements engine.Reader.
func (v *view) Get(keys ...[]byte) ([][]byte, error) {
	values := make([][]byte, len(keys))
	if len(keys) == 0 {
		return values, v.err
	}
	b := &pgx.Batch{}
	b.Queue(sqlGet, keys)
	err := v.send(b, func(r pgx.BatchResults) error {
		found := make(map[string][]byte, len(keys))
		rows, err := r.Query()
		if err != nil {
			return err
		}
		err = eachPair(rows, func(key, value []byte) { found[string(key)] = value })
		for i, k := range keys {
			values[i] = found[string(k)]
		}
		return err
	})
	return values, err
}

// Scan implements engine.Reader.
func (v *view) Scan(lo, hi []byte, fn func(key, value []byte) bool) error {
	p := &pages{lo: lo, hi: hi, ask: func(sql string, args []any, each func(key, value []byte)) error {
		b := &pgx.Batch{}
		b.Queue(sql, args...)
		return v.send(b, func(r pgx.BatchResults) error {
			rows, err := r.Query()
			if err != nil {
				return err
			}
			return eachPair(rows, each)
		})
	}}
	for {
		key, value, more, err := p.at()
		if err != nil || !more || !fn(key, value) {
			return err
		}
		p.step()
	}
}

// eachPair gives the pairs of an answer, in memory of their own.
func eachPair(rows pgx.Rows, each func(key, value []byte)) error {
	defer rows.Close()
	for rows.Next() {
		raw := rows.RawValues()
		both := make([]byte, 0, len(raw[0])+len(raw[1]))
		both = append(append(both, raw[0]...), raw[1]...)
		each(both[:len(raw[0]):len(raw[0])], both[len(raw[0]):len(both):len(both)])
	}
	return rows.Err()
}

// pages walks [lo, hi) page by page, so that who stops early has not asked for all.
type pages struct {
	lo, hi []byte
	ask    func(sql string, args []any, each func(key, value []byte)) error
	page   [][2][]byte
	size   int
	over   bool
}

const (
	firstPage = 64
	lastPage  = 4096
	sqlPage   = "SELECT k, v FROM entry WHERE k >= $1 AND k < $2 ORDER BY k LIMIT $3"
	sqlTail   = "SELECT k, v FROM entry WHERE k >= $1 ORDER BY k LIMIT $2"
)

func (p *pages) at() (key, value []byte, more bool, err error) {
	if len(p.page) == 0 && !p.over {
		p.size = min(max(firstPage, 4*p.size), lastPage)
		lo := p.lo
		if lo == nil {
			lo = []byte{}
		}
		sql, args := sqlPage, []any{lo, p.hi, p.size}
		if p.hi == nil {
			sql, args = sqlTail, []any{lo, p.size}
		}
		var list [][2][]byte
		if err := p.ask(sql, args, func(k, v []byte) { list = append(list, [2][]byte{k, v}) }); err != nil {
			return nil, nil, false, err
		}
		p.page, p.over = list, len(list) < p.size
		if len(list) > 0 {
			last := list[len(list)-1][0]
			p.lo = append(last[:len(last):len(last)], 0)
		}
	}
	if len(p.page) == 0 {
		return nil, nil, false, nil
	}
	return p.page[0][0], p.page[0][1], true, nil
}

func (p *pages) step() { p.page = p.page[1:] }

// Offset implements engine.State.
func (s *state) Offset(ctx context.Context, reader string, partition int32) (at uint64, err error) {
	m := mark{reader, partition}
	err = s.during(ctx, func(ctx context.Context) error {
		found, err := s.positions(ctx, []mark{m})
		at = found[m]
		return err
	})
	return at, err
}

// Offsets implements engine.State.
func (s *state) Offsets(ctx context.Context, reader string, partitions int32) ([]uint64, error) {
	all := make([]uint64, partitions)
	marks := make([]mark, partitions)
	for p := range marks {
		marks[p] = mark{reader, int32(p)} //nolint:gosec // there are few
	}
	err := s.during(ctx, func(ctx context.Context) error {
		found, err := s.positions(ctx, marks)
		for p, m := range marks {
			all[p] = found[m]
		}
		return err
	})
	return all, err
}

const sqlPositions = `SELECT r.name, r.part, r.at FROM reader r
	JOIN unnest($1::text[], $2::int[]) AS w(name, part) ON r.name = w.name AND r.part = w.part`

// positions reads stored offsets.
func (c *cluster) positions(ctx context.Context, marks []mark) (map[mark]uint64, error) {
	names, parts := columns(marks)
	found := make(map[mark]uint64, len(marks))
	err := c.query(ctx, func(ctx context.Context) error {
		rows, err := c.pool.Query(ctx, sqlPositions, names, parts)
		if err != nil {
			return err
		}
		return eachPosition(rows, found)
	})
	return found, err
}

func columns(marks []mark) (names []string, parts []int32) {
	for _, m := range marks {
		names, parts = append(names, m.reader), append(parts, m.partition)
	}
	return names, parts
}

func eachPosition(rows pgx.Rows, into map[mark]uint64) error {
	defer rows.Close()
	for rows.Next() {
		var m mark
		var at int64
		if err := rows.Scan(&m.reader, &m.partition, &at); err != nil {
			return err
		}
		into[m] = uint64(at) //nolint:gosec // not negative
	}
	return rows.Err()
}
