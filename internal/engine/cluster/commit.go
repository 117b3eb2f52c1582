package cluster

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

const (
	// Plain: another's row of the same key is a conflict. In order of key, so that of
	// two commits that insert the same keys one waits, and neither for the other.
	sqlInsert = "INSERT INTO entry (k, v) SELECT k, v FROM unnest($1::bytea[], $2::bytea[]) AS w(k, v)"
	sqlUpdate = "UPDATE entry e SET v = w.v FROM unnest($1::bytea[], $2::bytea[]) AS w(k, v) WHERE e.k = w.k"
	sqlUpsert = sqlInsert + " ON CONFLICT (k) DO UPDATE SET v = excluded.v"
	sqlDelete = "DELETE FROM entry WHERE k = ANY($1::bytea[])"
	sqlMove   = `UPDATE reader r SET at = w.at FROM unnest($1::text[], $2::int[], $3::bigint[]) AS w(name, part, at)
		WHERE r.name = w.name AND r.part = w.part`
	sqlLockOutlets = `SELECT 1 FROM outlet o JOIN unnest($1::text[], $2::int[]) AS w(topic, part) ON o.topic = w.topic AND o.part = w.part
		ORDER BY o.topic, o.part FOR UPDATE OF o`
	// Numbers are given under the outlets' locks, which end with the commit: whoever
	// sees a number sees all those before it.
	sqlEmit = `WITH moved AS (
			UPDATE outlet o SET next = o.next + w.n FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bytea[]) AS w(topic, part, n, block)
			WHERE o.topic = w.topic AND o.part = w.part RETURNING o.topic, o.part, o.next - w.n AS first, w.n, w.block
		) INSERT INTO outbox (topic, part, first, n, block) SELECT topic, part, first, n, block FROM moved`
	sqlCommit = "COMMIT"
)

// pairs is the columns of a statement over many keys.
type pairs struct{ keys, values [][]byte }

func (p *pairs) add(key, value []byte) {
	p.keys, p.values = append(p.keys, key), append(p.values, value)
}

// writes sorts what the transaction wrote by the statement that does it.
type writes struct {
	inserts pairs // locked while they were absent
	updates pairs // locked
	upserts pairs // under an owner that is locked
	deletes [][]byte
}

func (t *tx) writes() (w writes) {
	empty := []byte{}
	for _, i := range t.rows.Sort() {
		r := &t.rows.Rows[i]
		switch {
		case !r.Locked && r.Value != nil:
			w.upserts.add(r.Key, r.Value)
		case !r.Locked, r.Value == nil && (r.Stored || r.Held):
			w.deletes = append(w.deletes, r.Key)
		case r.Stored || r.Held:
			w.updates.add(r.Key, r.Value)
		case r.Value != nil:
			w.inserts.add(r.Key, r.Value)
		}
	}
	if len(t.rows.Written)+len(t.order) == 0 && !t.moved() {
		return w
	}
	// A key that was read as absent, and stays so, must still be absent at the commit.
	wrote := len(w.inserts.keys)
	for i := range t.rows.Rows {
		r := &t.rows.Rows[i]
		if !r.Locked || r.Stored || (r.Value != nil && r.Written) {
			continue
		}
		if !r.Held {
			w.inserts.add(r.Key, empty)
		}
		if !r.Held || !r.Written {
			w.deletes = append(w.deletes, r.Key)
		}
	}
	if len(w.inserts.keys) > wrote {
		w.inserts.sort()
	}
	return w
}

func (p *pairs) sort() {
	at := make([]int, len(p.keys))
	for i := range at {
		at[i] = i
	}
	slices.SortFunc(at, func(a, b int) int { return slices.Compare(p.keys[a], p.keys[b]) })
	var sorted pairs
	for _, i := range at {
		sorted.add(p.keys[i], p.values[i])
	}
	*p = sorted
}

// moved reports whether a position is changed.
func (t *tx) moved() bool {
	for _, m := range t.moves {
		if m.from != m.to {
			return true
		}
	}
	return false
}

// prepare sees to what no transaction can do: the topics that are emitted to.
func (t *tx) prepare() error {
	for _, o := range t.order {
		if err := t.s.ensure(t.ctx, o.topic); err != nil {
			return t.fault(err)
		}
	}
	return nil
}

// commit sends all writes and COMMIT in one round trip. It is not ended by ctx. When
// the answer is lost nobody knows whether it took effect: whoever tries again is
// fenced by the position, if it did.
func (t *tx) commit() error {
	w := t.writes()
	if t.conn == nil && len(t.marks) == 0 && t.held == nil && len(w.inserts.keys)+len(w.updates.keys)+len(w.upserts.keys)+len(w.deletes)+len(t.order) == 0 {
		return nil
	}
	if t.asked < len(t.marks) || t.conn == nil { // positions are compared before anything is written
		if err := t.send(t.ctx, func(*pgx.Batch) {}, func(pgx.BatchResults) error { return nil }); err != nil {
			return err
		}
	}
	statements := 0
	err := t.send(context.WithoutCancel(t.ctx), func(b *pgx.Batch) {
		t.queue(b, &w)
		b.Queue(sqlCommit)
		statements = b.Len()
	}, func(r pgx.BatchResults) error {
		for range statements {
			if _, err := r.Exec(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	t.s.count.commits.Add(1)
	t.tell()
	return nil
}

func (t *tx) queue(b *pgx.Batch, w *writes) {
	for _, each := range []struct {
		sql string
		pairs
	}{{sqlInsert, w.inserts}, {sqlUpdate, w.updates}, {sqlUpsert, w.upserts}} {
		if len(each.keys) > 0 {
			b.Queue(each.sql, each.keys, each.values)
		}
	}
	if len(w.deletes) > 0 {
		b.Queue(sqlDelete, w.deletes)
	}
	if t.moved() {
		names, parts := columns(t.marks)
		to := make([]int64, len(t.marks))
		for i, m := range t.marks {
			to[i] = int64(t.moves[m].to) //nolint:gosec // an offset
		}
		b.Queue(sqlMove, names, parts, to)
	}
	if len(t.order) > 0 {
		slices.SortFunc(t.order, func(a, b outlet) int {
			return cmp.Or(strings.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition))
		})
		var topics []string
		var parts []int32
		var counts []int64
		var blocks [][]byte
		for _, o := range t.order {
			e := t.emits[o]
			topics, parts, counts, blocks = append(topics, o.topic), append(parts, o.partition), append(counts, e.n), append(blocks, e.bytes)
		}
		b.Queue(sqlLockOutlets, topics, parts)
		b.Queue(sqlEmit, topics, parts, counts, blocks)
	}
}

// tell wakes those in this process that wait for what was committed.
func (t *tx) tell() {
	for _, m := range t.marks {
		t.s.waits.reached(m, t.moves[m].to)
	}
	for _, o := range t.order {
		select {
		case t.s.kick[o.partition] <- struct{}{}:
		default:
		}
	}
}
