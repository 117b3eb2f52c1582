//go:build integration

package survive_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/cluster"
	"github.com/kithdata/kith/internal/servers"
)

var clusterRounds = flag.Int("cluster-rounds", defaultClusterRounds, "worlds that the metamorphic suite tries on the cluster")

// clusterPatience is how long a road on the cluster may take: each crash costs a lease.
const clusterPatience = 90 * time.Second

// leastSaid leaves out worlds in which processes hardly meet.
const leastSaid = 15

// lingers is the longest that a transaction is held open.
const lingers = 10 * time.Millisecond

// hall is the servers that clusters live on.
type hall struct {
	postgres *servers.Postgres
	kafka    *servers.Kafka
	made     atomic.Int64
	met      atomic.Uint64 // conflicts of transactions of several processes
}

func newHall(t *testing.T) *hall {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	p, err := servers.StartPostgres(ctx, t.TempDir(), servers.PostgresOptions{})
	if err != nil {
		t.Fatal(err)
	}
	stop := func(stop func() error) {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(func() { stop(p.Stop) })
	k, err := servers.StartKafka(ctx, t.TempDir(), servers.KafkaOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(k.Stop) })
	return &hall{postgres: p, kafka: k}
}

// draw draws a variant on the cluster.
func (h *hall) draw(w *world, seed uint64, processes int) variant {
	d := &drawer{Rand: rand.New(rand.NewPCG(seed, 12))}
	return variant{Seed: seed, Engine: "cluster", Processes: processes, Partitions: int32(min(processes, 2) + d.IntN(2)), Topics: int32(1 + d.IntN(2)),
		Batch: pick(d, 1, 1, 2, 7, 100), Conflicts: d.chance(3), every: 5, first: w.Rules[0], machine: h.cluster, patience: clusterPatience}
}

// machines is processes on machines of their own that share topics and a schema.
type machines struct {
	h     *hall
	v     variant
	cfg   engine.ClusterConfig
	wires map[*engine.Engine]*wire
	dead  []func() error // wait for what is left of processes that were killed
}

func (h *hall) cluster(v variant) machine {
	name := fmt.Sprintf("meta%d", h.made.Add(1))
	return &machines{h: h, v: v, wires: map[*engine.Engine]*wire{}, cfg: engine.ClusterConfig{
		Kafka:     engine.KafkaConfig{Brokers: h.kafka.Bootstrap(), Prefix: name, Partitions: v.Partitions, TopicPartitions: v.Topics},
		Postgres:  engine.PostgresConfig{DSN: h.postgres.DSN("postgres"), Schema: name, MaxConns: 6},
		LeaseTime: 2 * time.Second,
	}}
}

func (m *machines) open(ctx context.Context) (*engine.Engine, error) {
	w := &wire{}
	deps := cluster.Deps{Logger: slog.New(slog.DiscardHandler), Strict: true, Dial: w.dial, Conflict: func() bool { return false }}
	if m.v.Conflicts {
		deps.Conflict = conflicts(m.v.Seed)
	}
	if m.v.Processes > 1 {
		deps.Conflict = lingering(deps.Conflict)
	}
	e, err := cluster.Open(ctx, m.cfg, deps)
	if err == nil {
		m.wires[e] = w
	}
	return e, err
}

// lingering holds each transaction open for a moment before its commit, so that those of
// several processes meet.
func lingering(conflict func() bool) func() bool {
	return func() bool {
		time.Sleep(rand.N(lingers))
		return conflict()
	}
}

// kill cuts a process off for good: neither what it has under way nor a farewell
// comes through. What is left of it ends by itself.
func (m *machines) kill(e *engine.Engine, stop func() error) error {
	m.wires[e].cut()
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	m.dead = append(m.dead, func() error { return <-ended })
	return nil
}

func (m *machines) sleep(e *engine.Engine) { m.wires[e].hold() }

func (m *machines) wake(e *engine.Engine) { m.wires[e].release() }

// close waits for the dead, and drops topics and schema.
func (m *machines) close() (err error) {
	for e, w := range m.wires {
		if !m.v.Conflicts {
			m.h.met.Add(e.Traffic().Retries)
		}
		w.heal() // so that a client that says farewell is soon told that nobody knows it
	}
	for _, ended := range m.dead {
		err = errors.Join(err, ended())
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return errors.Join(err, m.dropTopics(ctx), m.dropSchema(ctx))
}

func (m *machines) dropSchema(ctx context.Context) error {
	c, err := pgx.Connect(ctx, m.cfg.Postgres.DSN)
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, "DROP SCHEMA IF EXISTS "+m.cfg.Postgres.Schema+" CASCADE")
	return errors.Join(err, c.Close(ctx))
}

func (m *machines) dropTopics(ctx context.Context) error {
	c, err := kgo.NewClient(kgo.SeedBrokers(m.cfg.Kafka.Brokers...))
	if err != nil {
		return err
	}
	defer c.Close()
	admin := kadm.NewClient(c)
	list, err := admin.ListTopics(ctx)
	if err != nil {
		return err
	}
	ours := slices.DeleteFunc(list.Names(), func(name string) bool { return !strings.HasPrefix(name, m.cfg.Kafka.Prefix+".") })
	gone, err := admin.DeleteTopics(ctx, ours...)
	if err == nil {
		err = gone.Error()
	}
	return err
}

// wire is what lies between one process and the servers.
type wire struct {
	mu    sync.Mutex
	down  bool
	held  chan struct{} // closed when what is held goes on; nil: nothing is
	conns map[net.Conn]bool
}

func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	w.pass()
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		return nil, errors.Join(errors.New("the wire is cut"), conn.Close())
	}
	if w.conns == nil {
		w.conns = map[net.Conn]bool{}
	}
	w.conns[conn] = true
	return wired{conn, w}, nil
}

// cut ends all connections, as the end of a process does, and lets no other come about.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = true
	w.free()
	for conn := range w.conns {
		_ = conn.Close() // it may have ended already
	}
}

func (w *wire) heal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = false
}

// hold has nothing come through in either way, as if the process stood still.
func (w *wire) hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = make(chan struct{})
}

func (w *wire) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.free()
}

func (w *wire) free() {
	if w.held != nil {
		close(w.held)
		w.held = nil
	}
}

// pass waits while the wire is held.
func (w *wire) pass() {
	w.mu.Lock()
	held := w.held
	w.mu.Unlock()
	if held != nil {
		<-held
	}
}

type wired struct {
	net.Conn
	w *wire
}

func (c wired) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.w.pass()
	return n, err
}

func (c wired) Write(b []byte) (int, error) {
	c.w.pass()
	return c.Conn.Write(b)
}

func (c wired) Close() error {
	c.w.mu.Lock()
	delete(c.w.conns, c.Conn)
	c.w.mu.Unlock()
	return c.Conn.Close()
}

// I3, I5: embedded or on real servers, in one process or in four, a world comes to the
// same, which is what the naive model finds; and a decision can be taken back.
func TestMetamorphicCluster(t *testing.T) {
	h := newHall(t)
	first := firstSeed(t, "tags integration -cluster-rounds", *clusterRounds)
	took := func(w *world, processes int, began time.Time) {
		t.Logf("seed %d, %d said, %d processes: %v", w.Seed, len(w.Said), processes, time.Since(began).Round(time.Millisecond))
	}
	defer func() { t.Logf("transactions conflicted %d times", h.met.Load()) }()
	for i, next := 0, first; i < *clusterRounds; i++ {
		w := drawWorld(next)
		for ; len(w.Said) < leastSaid; w = drawWorld(next) {
			next++
		}
		next++
		for _, processes := range []int{1, 4} {
			began := time.Now()
			d := differs(w, h.draw(w, 3*w.Seed+uint64(processes), processes)) //nolint:gosec // few
			took(w, processes, began)
			if d != nil {
				t.Logf("seed %d differs (%v); shrinking", w.Seed, d.fault)
				t.Fatal(shrink(d, time.Now().Add(time.Minute)))
			}
		}
		if i%3 == 0 {
			w, began := drawReversible(w.Seed), time.Now()
			d := differsReversed(w, h.draw(w, 3*w.Seed, 2))
			took(w, 2, began)
			if d != nil {
				t.Fatal(d)
			}
		}
	}
}
