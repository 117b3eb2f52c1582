package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kithdata/kith/internal/record"
)

// identify tells of people 0 to n-1 by the tracking API and waits until the road has
// them all.
func (r *running) identify(people int) error {
	var serial atomic.Uint64
	m := newMould("/v1/batch", writeKey, identifyItem, batchEvents)
	var left atomic.Int64
	left.Store(int64((people + batchEvents - 1) / batchEvents))
	_, err := crew(r.ctx, 4, senders(r.ctx, r.address, m, people, &serial), func(ctx context.Context, _ int, _ time.Time, do worker) error {
		for left.Add(-1) >= 0 && ctx.Err() == nil {
			if err := do(); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	return r.Drain(r.ctx)
}

// lookup asks for a person by account, in a state that has seen token.
func lookup(key, user string, token []byte) []byte {
	body := []byte(`{"by":{"user_id":`)
	body = record.AppendJSONString(body, user)
	body = append(body, '}')
	if len(token) > 0 {
		body = append(body, `,"wait_ms":30000,"at_least":`...)
		body = record.AppendJSONString(body, string(token))
	}
	return request("POST", "/api/profiles/lookup", key, append(body, '}'))
}

// visible measures how long after its acknowledgement a call shows in the profile API,
// beside 10,000 identify calls a second.
func visible(ctx context.Context, b *bench) ([]Figure, error) {
	const (
		load    = 10_000.0 / batchEvents
		probes  = 50.0 // a second
		clients = 8
	)
	var fresh atomic.Uint64
	kith := func(ctx context.Context) (out reading, err error) {
		dir, err := b.project("visible", peopleProject)
		if err != nil {
			return nil, err
		}
		r, err := b.start(ctx, dir)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, r.stop()) }()
		if err := r.identify(b.size.readers); err != nil {
			return nil, err
		}
		var mu sync.Mutex
		var seen latencies
		probe := func(int) (worker, func(), error) {
			w, err := dial(r.ctx, r.address)
			if err != nil {
				return nil, nil, err
			}
			return func() error {
				user := fmt.Sprintf("new-%09d", fresh.Add(1))
				call := request("POST", "/v1/identify", writeKey, []byte(`{"messageId":"`+user+`","userId":"`+user+`","traits":{"plan":"guest"}}`))
				if err := w.ok(call); err != nil {
					return err
				}
				began := time.Now()
				if err := w.do(lookup(r.key, user, w.token)); err != nil {
					return err
				}
				took := time.Since(began)
				// Not yet, after half a minute, is an answer as well: a time of that length.
				if w.status != http.StatusServiceUnavailable && !bytes.Contains(w.body, []byte(`"guest"`)) {
					return fmt.Errorf("a read at least as new as a call answered %d and did not show it", w.status)
				}
				mu.Lock()
				defer mu.Unlock()
				seen = append(seen, took)
				return nil
			}, w.close, nil
		}
		var serial atomic.Uint64
		serial.Store(1 << 30) // ids that identify did not use
		stop := background(r.ctx, batchClients, load*b.size.load, senders(r.ctx, r.address, newMould("/v1/batch", writeKey, identifyItem, batchEvents), b.size.readers, &serial))
		began := time.Now()
		_, err = paced(r.ctx, clients, probes*b.size.load, 2*b.size.span, probe)
		took := time.Since(began).Seconds()
		_, fault := stop()
		return reading{"p50": seen.at(0.5), "p99": seen.at(0.99), "events_per_second": float64(serial.Load()-1<<30) / took}, errors.Join(err, fault)
	}
	raw := func(ctx context.Context) (out reading, err error) {
		log, state, err := b.pair()
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, log.Close(), state.Close()) }()
		var serial atomic.Uint64
		stop := background(ctx, batchClients, load*b.size.load, committers(batchEvents, len(identifyItem), &serial, log, state))
		seen, err := paced(ctx, clients, probes*b.size.load, 2*b.size.span, committers(1, len(identifyItem), &serial, log, state))
		_, fault := stop()
		return reading{"p50": seen.at(0.5), "p99": seen.at(0.99)}, errors.Join(err, fault)
	}
	m, err := b.inTurns(ctx, contender{"kith", kith}, contender{"raw-pebble", raw})
	if err != nil {
		return nil, err
	}
	f := Figure{What: "accepted to visible p99, beside 10,000 identify calls/s", Unit: "ms", AtMost: true, Goal: 100, Measured: m[0]["p99"],
		More: map[string]float64{"p50_ms": m[0]["p50"], "raw_p50_ms": m[1]["p50"], "load_accepted_per_second": m[0]["events_per_second"]}}
	f.against("two synced Pebble commits, a log's and a state's, beside as many", m[1]["p99"])
	return []Figure{f}, nil
}

// reads measures look-ups of profiles at 10,000 a second.
func reads(ctx context.Context, b *bench) ([]Figure, error) {
	const (
		rate    = 10_000.0
		clients = 32
	)
	dir, err := b.project("read", peopleProject)
	if err != nil {
		return nil, err
	}
	r, err := b.start(ctx, dir)
	if err != nil {
		return nil, err
	}
	figures, err := func() ([]Figure, error) {
		if err := r.identify(b.size.readers); err != nil {
			return nil, err
		}
		answer, err := r.sample()
		if err != nil {
			return nil, err
		}
		ask := func(ctx context.Context, address string) (reading, error) {
			cpu, began := cpuTime(), time.Now()
			l, err := paced(ctx, clients, rate*b.size.load, b.size.span, func(k int) (worker, func(), error) {
				w, err := dial(ctx, address)
				if err != nil {
					return nil, nil, err
				}
				rng := rand.New(rand.NewPCG(1, uint64(k)))
				text := lookup(r.key, "u-$$$$$$$$", nil)
				at := runs(text, '$')[0]
				return func() error {
					number(text[at[0]:at[1]], rng.Uint64N(uint64(b.size.readers)))
					if err := w.ok(text); err != nil {
						return err
					}
					if len(w.body) < len(answer)/2 {
						return errors.New("a look-up of a resident person found nobody")
					}
					return nil
				}, w.close, nil
			})
			n := float64(max(len(l), 1))
			return reading{"p50": l.at(0.5), "p99": l.at(0.99), "per_second": n / time.Since(began).Seconds(),
				"cpu_us": (cpuTime() - cpu).Seconds() * 1e6 / n}, err
		}
		address, stop, err := serve(ctx, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			_, _ = io.Copy(io.Discard, req.Body) // a client that left has no answer to wait for
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(answer)
		}))
		if err != nil {
			return nil, err
		}
		defer stop()
		m, err := b.inTurns(r.ctx,
			contender{"kith", func(ctx context.Context) (reading, error) { return ask(ctx, r.address) }},
			contender{"raw-http", func(ctx context.Context) (reading, error) { return ask(ctx, address) }})
		if err != nil {
			return nil, err
		}
		f := Figure{What: "profile look-up p99 at 10,000/s, open loop", Unit: "ms", AtMost: true, Goal: 1, Measured: m[0]["p99"],
			More: map[string]float64{"p50_ms": m[0]["p50"], "raw_p50_ms": m[1]["p50"], "answered_per_second": m[0]["per_second"],
				"cpu_us_per_read": m[0]["cpu_us"], "raw_cpu_us_per_read": m[1]["cpu_us"], "answer_bytes": float64(len(answer))}}
		f.against("net/http that answers the same bytes", m[1]["p99"])
		return []Figure{f}, nil
	}()
	return figures, errors.Join(err, r.stop())
}

// sample is the answer to one look-up.
func (r *running) sample() ([]byte, error) {
	w, err := dial(r.ctx, r.address)
	if err != nil {
		return nil, err
	}
	defer w.close()
	err = w.ok(lookup(r.key, "u-00000001", nil))
	if err == nil && !bytes.Contains(w.body, []byte(`"member"`)) {
		err = errors.New("a look-up of a resident person found nobody")
	}
	return w.body, err
}
