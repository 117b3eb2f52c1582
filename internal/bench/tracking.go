package bench

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

const (
	batchEvents  = 100
	batchClients = 16
	callClients  = 64
	trackers     = 20_000 // people whom the events name
)

// tracking measures how many events the tracking API acknowledges.
func tracking(ctx context.Context, b *bench) ([]Figure, error) {
	var serial atomic.Uint64
	batch, call := newMould("/v1/batch", writeKey, trackItem, batchEvents), newMould("/v1/track", writeKey, trackItem, 0)
	flood := func(ctx context.Context, address string) (reading, error) {
		out := reading{}
		cpu := cpuTime()
		n, took, err := saturate(ctx, batchClients, b.size.span, senders(ctx, address, batch, trackers, &serial))
		if err != nil {
			return nil, err
		}
		events := float64(n * batchEvents)
		out["events_per_second"] = events / took.Seconds()
		out["cpu_us_per_event"] = (cpuTime() - cpu).Seconds() * 1e6 / max(events, 1)
		cpu = cpuTime()
		n, took, err = saturate(ctx, callClients, b.size.span, senders(ctx, address, call, trackers, &serial))
		out["calls_per_second"] = float64(n) / took.Seconds()
		out["cpu_us_per_call"] = (cpuTime() - cpu).Seconds() * 1e6 / float64(max(n, 1))
		return out, err
	}
	doorAlone := func(ctx context.Context) (out reading, err error) {
		address, stop, err := b.door(ctx)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, stop()) }()
		return flood(ctx, address)
	}
	withRoad := func(ctx context.Context) (out reading, err error) {
		dir, err := b.project("tracking", peopleProject)
		if err != nil {
			return nil, err
		}
		r, err := b.start(ctx, dir)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, r.stop()) }()
		return flood(r.ctx, r.address)
	}
	bareHTTP := func(ctx context.Context) (reading, error) {
		address, stop, err := serve(ctx, http.HandlerFunc(bodyReader))
		if err != nil {
			return nil, err
		}
		defer stop()
		return flood(ctx, address)
	}
	m, err := b.inTurns(ctx, contender{"kith", doorAlone}, contender{"kith-road", withRoad}, contender{"raw-http", bareHTTP}, contender{"raw-pebble", b.commits(&serial)})
	if err != nil {
		return nil, err
	}
	one := func(what, of string, goal float64) Figure {
		rate, cpu := of+"s_per_second", "cpu_us_per_"+of
		f := Figure{What: what, Unit: "/s", Goal: goal, Measured: m[0][rate]}
		f.More = map[string]float64{"while_the_road_runs_per_second": m[1][rate], cpu: m[0][cpu], "raw_http_" + cpu: m[2][cpu]}
		f.against("net/http that only reads the body", m[2][rate])
		f.against("bare synced Pebble commits", m[3][rate])
		return f
	}
	return []Figure{one("events acknowledged after sync, batches of 100", "event", 100_000),
		one("calls of one event acknowledged after sync", "call", 20_000)}, nil
}

// acknowledgement measures how long one call waits, idle and beside a load.
func acknowledgement(ctx context.Context, b *bench) ([]Figure, error) {
	const (
		calls = 100.0 // a second, by one client
		load  = 500.0 // batches of 100 a second beside it: the road's rate
	)
	var serial atomic.Uint64
	batch, call := newMould("/v1/batch", writeKey, trackItem, batchEvents), newMould("/v1/track", writeKey, trackItem, 0)
	both := func(ctx context.Context, one, many workers) (reading, error) {
		idle, err := paced(ctx, 1, calls*b.size.load, 2*b.size.span, one)
		if err != nil {
			return nil, err
		}
		stop := background(ctx, batchClients, load*b.size.load, many)
		busy, err := paced(ctx, 1, calls*b.size.load, 2*b.size.span, one)
		batches, fault := stop()
		return reading{"idle_p50": idle.at(0.5), "idle_p99": idle.at(0.99), "load_p50": busy.at(0.5), "load_p99": busy.at(0.99),
			"batch_p50": batches.at(0.5), "batch_p99": batches.at(0.99)}, errors.Join(err, fault)
	}
	kith := func(ctx context.Context) (out reading, err error) {
		dir, err := b.project("ack", peopleProject)
		if err != nil {
			return nil, err
		}
		r, err := b.start(ctx, dir)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, r.stop()) }()
		return both(r.ctx, senders(r.ctx, r.address, call, trackers, &serial), senders(r.ctx, r.address, batch, trackers, &serial))
	}
	raw := func(ctx context.Context) (out reading, err error) {
		db, err := b.bare(64 << 20)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		return both(ctx, committers(1, len(trackItem), &serial, db), committers(batchEvents, len(trackItem), &serial, db))
	}
	m, err := b.inTurns(ctx, contender{"kith", kith}, contender{"raw-pebble", raw})
	if err != nil {
		return nil, err
	}
	idle := Figure{What: "ack p99, idle: one client, 100 calls/s", Unit: "ms", AtMost: true, Goal: 2, Measured: m[0]["idle_p99"],
		More: map[string]float64{"p50_ms": m[0]["idle_p50"], "raw_p50_ms": m[1]["idle_p50"]}}
	idle.against("bare synced Pebble commits", m[1]["idle_p99"])
	busy := Figure{What: "ack p99 beside 50,000 events/s and their road", Unit: "ms", AtMost: true, Goal: 25, Measured: m[0]["load_p99"],
		More: map[string]float64{"p50_ms": m[0]["load_p50"], "raw_p50_ms": m[1]["load_p50"], "batch_p50_ms": m[0]["batch_p50"], "batch_p99_ms": m[0]["batch_p99"]}}
	busy.against("bare synced Pebble commits beside as many", m[1]["load_p99"])
	return []Figure{idle, busy}, nil
}

// pair is two bare databases, as a log and a state.
func (b *bench) pair() (log, state *pebble.DB, err error) {
	if log, err = b.bare(64 << 20); err != nil {
		return nil, nil, err
	}
	if state, err = b.bare(64 << 20); err != nil {
		return nil, nil, errors.Join(err, log.Close())
	}
	return log, state, nil
}
