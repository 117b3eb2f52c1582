// Package cluster is the backend for several processes: the log on Kafka, the state
// on PostgreSQL or what speaks its protocol. It may touch the network, and nothing of
// the road: it carries bytes.
//
// Kafka holds the ingest log and the emitted topics. PostgreSQL holds the state, the
// readers' positions, and an outbox: what a transaction emits is numbered and stored
// by its commit, and a relay publishes it to Kafka afterwards. Whoever is cut off
// from either waits, and tells it with CodeUnavailable; whoever was thought dead and
// comes back is fenced by positions and leases that others have moved meanwhile.
package cluster

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Codes of the faults that this backend alone reports.
const (
	CodeOpen        errs.Code = "cluster_open"      // it cannot be opened as it is configured
	CodeOtherLog    errs.Code = "engine_other_log"  // the state belongs to another log than Kafka has
	CodeNoPartition errs.Code = "unknown_partition" // a topic or partition that cannot be
	CodeNotLocked   errs.Code = "key_unlocked"      // Deps.Strict: a write to a key that was not locked
	CodeBadTopic    errs.Code = "bad_topic"         // an emission to the ingest log
	CodeUnreadable  errs.Code = "data_unreadable"   // stored bytes that make no sense
)

// Deps is what the engine is given.
type Deps struct {
	Logger *slog.Logger
	// Strict refuses writes to keys of which a transaction locked neither them nor their owner.
	Strict bool
	// Conflict, when set, is asked after each run of a transaction; true runs it again.
	Conflict func() bool
	// Dial connects to the servers; nil: by TCP from this machine.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// patience bounds every wait for a server's answer.
const patience = 30 * time.Second

// cluster is an open engine.
type cluster struct {
	cfg    engine.ClusterConfig
	logger *slog.Logger
	id     string // of this handle, among all that share the state
	dial   func(ctx context.Context, network, address string) (net.Conn, error)

	ctx    context.Context // ends when the engine is closed
	cancel context.CancelFunc
	mu     sync.Mutex
	closed bool
	ops    sync.WaitGroup

	pool  *pgxpool.Pool
	kafka *kgo.Client // produces, and asks
	admin *kadm.Client
	count traffic

	partitions, topicPartitions int32
	logID                       string
	failed                      chan struct{} // never closed: servers come back

	topics sync.Map // names of emitted topics that are known to be there
	owners owners
	waits  waits
	relays sync.WaitGroup
	kick   []chan struct{} // capacity 1, by partition: there is something in the outbox
}

type traffic struct {
	commits, retries, trips, state, log atomic.Uint64
}

// Open connects to the servers, makes what is not there yet, and starts the relay.
// It fails with CodeUnavailable when a server does not answer, with CodeOpen
// or CodeOtherLog when it must not go on.
func Open(ctx context.Context, cfg engine.ClusterConfig, deps Deps) (*engine.Engine, error) {
	cfg, err := complete(cfg)
	if err != nil {
		return nil, err
	}
	c := &cluster{cfg: cfg, logger: deps.Logger, id: newID(), dial: deps.Dial, failed: make(chan struct{})}
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}
	c.ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for _, step := range []func(context.Context) error{c.openState, c.openLog, c.agree} {
		if err := step(ctx); err != nil {
			c.cancel()
			c.disconnect()
			return nil, err
		}
	}
	s := &state{cluster: c, strict: deps.Strict, conflict: deps.Conflict, turn: make(chan struct{}, 1)}
	l := &log{cluster: c, readers: readers{cluster: c}}
	c.waits.start(c)
	c.startRelays(s)
	return &engine.Engine{
		Log: l, State: s, Failed: c.failed, Ready: c.owners.ready,
		Traffic: c.traffic, Carrier: carrier{s},
		Close: func() error {
			c.close(l)
			return nil
		},
	}, nil
}

func complete(cfg engine.ClusterConfig) (engine.ClusterConfig, error) {
	cfg = cfg.WithDefaults()
	k, p := &cfg.Kafka, &cfg.Postgres
	const most = 1024
	if len(k.Brokers) == 0 || p.DSN == "" || k.Partitions < 1 || k.Partitions > most || k.TopicPartitions < 1 || k.TopicPartitions > most ||
		k.Replication < 1 || k.MinInSync < 1 || k.MinInSync > k.Replication || p.MaxConns < 4 || cfg.LeaseTime < time.Second {
		return cfg, errs.New(CodeOpen, "the cluster's settings cannot be").At("engine.cluster").
			Fix("name brokers and a database, 1 to 1024 partitions, a replication of at least min_insync, 4 connections or more, a lease of a second or more")
	}
	return cfg, nil
}

// during does one operation, with a context that ends also when the engine is closed.
func (c *cluster) during(ctx context.Context, do func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return errClosed()
	}
	c.ops.Add(1)
	c.mu.Unlock()
	defer c.ops.Done()
	bound, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ctx, cancel)()
	err := do(bound)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return errors.Join(ctx.Err(), coded(err))
	case c.ctx.Err() != nil:
		return errClosed()
	}
	return err
}

// coded keeps an error that has a code of ours, which an ended context must not hide.
func coded(err error) error {
	if code := errs.CodeOf(err); code != "" && code != engine.CodeUnavailable {
		return err
	}
	return nil
}

// close ends all that is under way, waits for it, and lets the servers go.
func (c *cluster) close(l *log) {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	c.mu.Unlock()
	if !first {
		c.ops.Wait()
		c.relays.Wait()
		return
	}
	c.cancel()
	c.ops.Wait()
	c.relays.Wait()
	c.waits.stop()
	l.readers.close()
	c.disconnect()
}

func (c *cluster) disconnect() {
	if c.kafka != nil {
		c.kafka.Close()
	}
	if c.pool != nil {
		c.pool.Close()
	}
}

func (c *cluster) traffic() engine.Traffic {
	return engine.Traffic{
		Transactions: c.count.commits.Load(), Retries: c.count.retries.Load(), RoundTrips: c.count.trips.Load(),
		StateBytes: c.count.state.Load(), LogBytes: c.count.log.Load(),
	}
}

func errClosed() error { return errs.New(engine.CodeClosed, "the engine is closed") }

// unavailable is the fault of a server that does not answer.
func unavailable(what string, err error) error {
	return errs.Wrap(engine.CodeUnavailable, what, err).Fix("see that the server runs and can be reached; Kith goes on by itself once it does")
}

// mark names one reader's place in one partition.
type mark struct {
	reader    string
	partition int32
}

// nowhere is the position of nothing in the log.
func (c *cluster) nowhere() record.Position { return record.Position{Log: c.logID} }
