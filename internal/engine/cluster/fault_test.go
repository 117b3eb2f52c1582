//go:build integration

package cluster_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/cluster"
	"github.com/kithdata/kith/internal/kit/errs"
)

// sql does statements in the schema of a test.
func sql(t *testing.T, cfg engine.ClusterConfig, statements ...string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), database.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context()) //nolint:errcheck // only asked
	for _, s := range append([]string{"SET search_path = " + cfg.Postgres.Schema}, statements...) {
		if _, err := c.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func emit(t *testing.T, e *engine.Engine, values ...string) {
	t.Helper()
	err := e.State.Update(t.Context(), func(tx engine.Tx) error {
		for _, v := range values {
			tx.Emit("facts", []byte("one key"), []byte(v))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// facts reads all that was emitted by emit.
func facts(t *testing.T, e *engine.Engine) (all []string) {
	t.Helper()
	p := engine.PartitionOf([]byte("one key"), e.Log.Partitions("facts"))
	_, end, err := e.Log.Bounds(t.Context(), "facts", p)
	if err != nil {
		t.Fatal(err)
	}
	for uint64(len(all)) < end {
		values, err := e.Log.Read(t.Context(), "facts", p, uint64(len(all)), 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			all = append(all, string(v))
		}
	}
	return all
}

func closed(t *testing.T, e *engine.Engine) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// TestTakenLeaseFencesItsOldHolder: who was thought dead, and goes on, changes nothing.
func TestTakenLeaseFencesItsOldHolder(t *testing.T) {
	cfg := newConfig(t)
	e := open(t, cfg, cluster.Deps{})
	defer closed(t, e)
	put := func(ctx context.Context) error {
		return e.State.Update(ctx, func(tx engine.Tx) error {
			_, err := tx.Lock([]byte("k"))
			tx.Put([]byte("k"), []byte("v"))
			tx.Emit("facts", []byte("one key"), []byte("late"))
			return err
		})
	}
	runs := 0
	err := e.State.Lease(t.Context(), "loader", "here", func(ctx context.Context) error {
		runs++
		if runs > 1 {
			return put(ctx) // with the lease anew
		}
		sql(t, cfg, "UPDATE lease SET holder = 'another', epoch = epoch + 1, until = now() + interval '1 second' WHERE name = 'loader'")
		if err := put(ctx); !errs.Is(err, engine.CodeFenced) {
			t.Errorf("a late holder's update gives %v", err)
			return err
		}
		if got := facts(t, e); len(got) != 0 {
			t.Errorf("a late holder emitted %q", got)
		}
		<-ctx.Done() // it is told as well, when it next renews
		return ctx.Err()
	})
	if err != nil || runs != 2 {
		t.Fatalf("%d runs, %v", runs, err)
	}
	if got := facts(t, e); !slices.Equal(got, []string{"late"}) {
		t.Fatalf("got %q", got)
	}
}

// TestCommittedIsPublishedAfterACrash: a process ends between its commit and the
// relay; another publishes.
func TestCommittedIsPublishedAfterACrash(t *testing.T) {
	cfg := newConfig(t)
	other := cfg
	cfg.Kafka.Brokers = kafka.BootstrapProxied()
	e := open(t, cfg, cluster.Deps{})
	emit(t, e, "0")
	facts(t, e)
	for i := range 3 {
		kafka.Proxy(i).Cut()
	}
	emit(t, e, "1", "2")
	emit(t, e, "3")
	closed(t, e)
	for i := range 3 {
		kafka.Proxy(i).Heal()
	}
	second := open(t, other, cluster.Deps{})
	defer closed(t, second)
	if got := facts(t, second); !slices.Equal(got, []string{"0", "1", "2", "3"}) {
		t.Fatalf("got %q", got)
	}
}

// TestPublishedTwiceIsReadOnce: a relay ends after it published and before it noted
// so. The next one publishes again; nobody sees a number twice.
func TestPublishedTwiceIsReadOnce(t *testing.T) {
	cfg := newConfig(t)
	e := open(t, cfg, cluster.Deps{})
	sql(t, cfg, "CREATE TABLE kept AS SELECT * FROM outbox")
	emit(t, e, "0", "1")
	facts(t, e) // both are published
	closed(t, e)

	// The outbox as it was before the relay noted what it had done.
	p := engine.PartitionOf([]byte("one key"), 2)
	sql(t, cfg, "DELETE FROM lease",
		fmt.Sprintf("INSERT INTO outbox (part, topic, first, n, block) VALUES (%d, 'facts', 0, 2, '\\x01300131') ON CONFLICT DO NOTHING", p),
		"UPDATE outlet SET published = 0")
	e = open(t, cfg, cluster.Deps{})
	defer closed(t, e)
	emit(t, e, "2", "3")
	if got := facts(t, e); !slices.Equal(got, []string{"0", "1", "2", "3"}) {
		t.Fatalf("got %q", got)
	}
	for from := range uint64(4) { // from every place, the copies lie in between
		values, err := e.Log.Read(t.Context(), "facts", p, from, 1)
		if err != nil || string(values[0]) != fmt.Sprint(from) {
			t.Fatalf("number %d is %q, %v", from, values, err)
		}
	}
	if err := e.Log.Trim(t.Context(), "facts", p, 3); err != nil {
		t.Fatal(err)
	}
	if values, err := e.Log.Read(t.Context(), "facts", p, 3, 1); err != nil || string(values[0]) != "3" {
		t.Fatalf("after a trim past the copies: %q, %v", values, err)
	}
}

// TestCutOffProcessHoldsNobodyUp: a process is cut off from the database while it
// holds a lock. The others get it, and what it tries to commit afterwards is refused.
func TestCutOffProcessHoldsNobodyUp(t *testing.T) {
	proxy, err := database.Proxy()
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close() //nolint:errcheck // it goes with the test
	cfg := newConfig(t)
	through := cfg
	through.Postgres.DSN = database.DSNThrough(proxy, "postgres")
	far, near := open(t, through, cluster.Deps{}), open(t, cfg, cluster.Deps{})
	defer closed(t, near)
	defer closed(t, far)
	step := func(e *engine.Engine, at uint64, inside func()) error {
		return e.State.Update(t.Context(), func(tx engine.Tx) error {
			if err := tx.Advance("road", 1, at, at+1); err != nil {
				return err
			}
			if _, err := tx.Lock([]byte("k")); err != nil {
				return err
			}
			inside()
			tx.Put([]byte("k"), fmt.Append(nil, at+1))
			tx.Emit("facts", []byte("one key"), fmt.Append(nil, at+1))
			return nil
		})
	}
	if err := step(far, 0, func() {}); err != nil {
		t.Fatal(err)
	}
	locked, took := make(chan struct{}), make(chan struct{})
	late := make(chan error, 1)
	var once sync.Once
	go func() {
		late <- step(far, 1, func() {
			once.Do(func() { proxy.Cut(); close(locked); <-took; proxy.Heal() })
		})
	}()
	<-locked
	if err := step(near, 1, func() {}); err != nil {
		t.Fatalf("the others cannot go on: %v", err)
	}
	close(took)
	if err := <-late; !errs.Is(err, engine.CodeFenced) && !errs.Is(err, engine.CodeUnavailable) {
		t.Fatalf("what the cut-off process commits gives %v", err)
	}
	if err := step(far, 1, func() {}); !errs.Is(err, engine.CodeFenced) {
		t.Fatalf("tried again, it gives %v", err)
	}
	if got := facts(t, near); !slices.Equal(got, []string{"1", "2"}) {
		t.Fatalf("got %q", got)
	}
}

// TestOpenedByManyAtOnce: processes that start together agree on the schema, the log
// and its partitions, whatever their files say.
func TestOpenedByManyAtOnce(t *testing.T) {
	cfg := newConfig(t)
	const n = 4
	opened := make([]*engine.Engine, n)
	faults := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			mine := cfg
			mine.Kafka.Partitions = int32(2 + i) // of several, one is in force
			opened[i], faults[i] = cluster.Open(t.Context(), mine, cluster.Deps{})
		})
	}
	wg.Wait()
	for _, e := range opened {
		if e != nil {
			defer closed(t, e)
		}
	}
	if err := errors.Join(faults...); err != nil {
		t.Fatal(err)
	}
	for _, e := range opened[1:] {
		if e.Log.ID() != opened[0].Log.ID() || e.Log.Partitions(engine.TopicIngest) != opened[0].Log.Partitions(engine.TopicIngest) {
			t.Fatal("two processes opened different logs")
		}
	}
}

// TestOtherLogIsRefused: a database and a Kafka that do not belong together.
func TestOtherLogIsRefused(t *testing.T) {
	cfg := newConfig(t)
	closed(t, open(t, cfg, cluster.Deps{}))
	stranger := newConfig(t)
	closed(t, open(t, stranger, cluster.Deps{}))
	cfg.Kafka.Prefix = stranger.Kafka.Prefix
	e, err := cluster.Open(t.Context(), cfg, cluster.Deps{})
	if err == nil {
		closed(t, e)
	}
	if !errs.Is(err, cluster.CodeOtherLog) {
		t.Fatalf("got %v", err)
	}
}

// worker counts up, step by step, as a road does: exactly once, whatever happens.
type worker struct {
	n     int32
	acked int // appends that were acknowledged
}

// run makes steps until the end of ctx. A fault of a server is waited out.
func (w *worker) run(ctx context.Context, e *engine.Engine) error {
	for ctx.Err() == nil {
		_, err := e.Log.Append(ctx, []engine.Entry{{Partition: w.n, Value: fmt.Appendf(nil, "%d/%d", w.n, w.acked)}})
		switch {
		case err == nil:
			w.acked++
		case ctx.Err() == nil && !errs.Is(err, engine.CodeUnavailable):
			return fmt.Errorf("appending: %w", err)
		}
		at, err := e.State.Offset(ctx, "worker", w.n)
		if err == nil {
			err = e.State.Update(ctx, func(tx engine.Tx) error {
				if err := tx.Advance("worker", w.n, at, at+1); err != nil {
					return err
				}
				mine, all := fmt.Appendf(nil, "count %d", w.n), []byte("count of all")
				values, err := tx.Lock(mine, all)
				if err != nil {
					return err
				}
				tx.Put(mine, binary.BigEndian.AppendUint64(nil, number(values[0])+1))
				tx.Put(all, binary.BigEndian.AppendUint64(nil, number(values[1])+1))
				tx.Emit("facts", []byte("one key"), fmt.Appendf(nil, "%d/%d", w.n, at))
				return nil
			})
		}
		if err != nil && ctx.Err() == nil && !errs.Is(err, engine.CodeUnavailable) && !errs.Is(err, engine.CodeFenced) {
			return fmt.Errorf("updating: %w", err)
		}
	}
	return nil
}

func number(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// TestServersAreKilled: brokers and the database are killed with SIGKILL, one after
// the other, under load, and the schema is changed; nothing acknowledged is lost,
// nothing has effect twice (I1, I2).
func TestServersAreKilled(t *testing.T) {
	cfg := newConfig(t)
	engines := []*engine.Engine{open(t, cfg, cluster.Deps{}), open(t, cfg, cluster.Deps{})}
	for _, e := range engines {
		defer closed(t, e)
	}
	ctx, stop := context.WithCancel(t.Context())
	workers := []*worker{{n: 1}, {n: 2}}
	faults := make(chan error, len(workers))
	for i, w := range workers {
		go func() { faults <- w.run(ctx, engines[i]) }()
	}
	steps := func(n uint64) { // that many more of each
		for _, w := range workers {
			from, err := engines[0].State.Offset(t.Context(), "worker", w.n)
			for errs.Is(err, engine.CodeUnavailable) {
				from, err = engines[0].State.Offset(t.Context(), "worker", w.n)
			}
			if err == nil {
				err = engines[0].State.WaitOffset(t.Context(), "worker", w.n, from+n)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for round := range rounds {
		steps(20)
		switch broker := round % 3; round % 2 {
		case 0:
			must(kafka.KillBroker(broker))
			steps(5)
			must(kafka.StartBroker(t.Context(), broker))
		case 1:
			must(database.Kill())
			must(database.Start(t.Context()))
		}
		if round == 1 { // a later version's migration, beside processes of this one
			sql(t, cfg, "ALTER TABLE entry ADD COLUMN later text", "CREATE TABLE later (n int)", "CREATE INDEX later_of_entry ON entry (later)")
		}
	}
	steps(20)
	stop()
	for range workers {
		must(<-faults)
	}

	e := engines[0]
	var total uint64
	emitted := facts(t, e)
	for _, w := range workers {
		at, err := e.State.Offset(t.Context(), "worker", w.n)
		must(err)
		total += at
		var count uint64
		must(e.State.View(t.Context(), func(r engine.Reader) error {
			values, err := r.Get(fmt.Appendf(nil, "count %d", w.n))
			count = number(values[0])
			return err
		}))
		if count != at {
			t.Errorf("worker %d made %d steps and counted %d", w.n, at, count)
		}
		var mine []string
		for _, f := range emitted {
			if strings.HasPrefix(f, fmt.Sprint(w.n, "/")) {
				mine = append(mine, f)
			}
		}
		for i, f := range mine {
			if f != fmt.Sprintf("%d/%d", w.n, i) {
				t.Fatalf("step %d of worker %d emitted %q", i, w.n, f)
			}
		}
		if uint64(len(mine)) != at {
			t.Errorf("worker %d made %d steps and emitted %d", w.n, at, len(mine))
		}
		written := map[string]bool{}
		_, end, err := e.Log.Bounds(t.Context(), engine.TopicIngest, w.n)
		must(err)
		for from := uint64(0); from < end; {
			values, err := e.Log.Read(t.Context(), engine.TopicIngest, w.n, from, 1000)
			must(err)
			for _, v := range values {
				written[string(v)] = true
			}
			from += uint64(len(values))
		}
		for i := range w.acked {
			if !written[fmt.Sprintf("%d/%d", w.n, i)] {
				t.Fatalf("append %d of worker %d was acknowledged and is lost", i, w.n)
			}
		}
		t.Logf("worker %d: %d appends acknowledged, %d steps", w.n, w.acked, at)
	}
	must(e.State.View(t.Context(), func(r engine.Reader) error {
		values, err := r.Get([]byte("count of all"))
		if number(values[0]) != total {
			t.Errorf("together they made %d steps and counted %d: an update was lost", total, number(values[0]))
		}
		return err
	}))
}
