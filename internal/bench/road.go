package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/kithdata/kith/internal/demo"
)

// mix is what the demo's six sources say, made before anything is timed.
type mix struct {
	files    []string
	bodies   [][]byte // of the tracking API
	requests [][]byte
	records  int
}

func (b *bench) mix() (*mix, error) {
	dir, err := b.folder("mix")
	if err != nil {
		return nil, err
	}
	w := demo.NewWorld(demo.Params{People: b.size.people, Seed: 1})
	written, err := w.WriteFiles(dir)
	if err != nil {
		return nil, err
	}
	m := &mix{}
	if m.files, err = filepath.Glob(filepath.Join(dir, "*")); err != nil {
		return nil, err
	}
	batches, web := w.WebTraffic(demo.WriteKey)
	for _, batch := range batches {
		m.bodies = append(m.bodies, batch.Body)
		m.requests = append(m.requests, request("POST", "/v1/batch", demo.WriteKey, batch.Body))
	}
	m.records = written.Rows + web.Rows
	return m, nil
}

// through takes the mix through a project of its own: from the start, after which the
// files are read at once, to all of it being seen in the warehouse.
func (b *bench) through(ctx context.Context, m *mix, hook string) (out reading, err error) {
	dir, err := b.folder("road")
	if err != nil {
		return nil, err
	}
	if err := demo.WriteProject(dir, hook, "127.0.0.1:0"); err != nil {
		return nil, err
	}
	sources := filepath.Join(dir, "sources")
	if err := os.Mkdir(sources, 0o755); err != nil {
		return nil, err
	}
	for _, f := range m.files {
		if err := os.Link(f, filepath.Join(sources, filepath.Base(f))); err != nil {
			return nil, err
		}
	}
	cpu, began := cpuTime(), time.Now()
	r, err := b.start(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.stop(), os.RemoveAll(dir)) }()
	if err := m.post(r.ctx, r.address); err != nil {
		return nil, err
	}
	if err := r.WaitAccepted(r.ctx, uint64(m.records)); err != nil {
		return nil, errors.Join(err, context.Cause(r.ctx))
	}
	if err := r.Drain(r.ctx); err != nil {
		return nil, errors.Join(err, context.Cause(r.ctx))
	}
	took, used := time.Since(began).Seconds(), (cpuTime() - cpu).Seconds()
	n := float64(m.records)
	return reading{"records_per_second": n / took, "cpu_us_per_record": used * 1e6 / n, "cpus_busy": used / took}, nil
}

// post sends the web's traffic over four connections.
func (m *mix) post(ctx context.Context, address string) error {
	var next atomic.Int64
	_, err := crew(ctx, 4, func(int) (worker, func(), error) {
		w, err := dial(ctx, address)
		if err != nil {
			return nil, nil, err
		}
		return func() error {
			for i := next.Add(1) - 1; int(i) < len(m.requests); i = next.Add(1) - 1 {
				if err := w.ok(m.requests[i]); err != nil {
					return err
				}
			}
			return nil
		}, w.close, nil
	}, func(_ context.Context, _ int, _ time.Time, do worker) error { return do() })
	return err
}

func wholeRoad(ctx context.Context, b *bench) ([]Figure, error) {
	m, err := b.mix()
	if err != nil {
		return nil, err
	}
	kith := func(ctx context.Context) (reading, error) { return b.through(ctx, m, "") }
	parsing := func(context.Context) (reading, error) {
		began := time.Now()
		rows, err := parse(m.files, m.bodies)
		if rows < m.records*9/10 {
			err = errors.Join(err, fmt.Errorf("the parsers found %d of %d rows", rows, m.records))
		}
		return reading{"records_per_second": float64(m.records) / time.Since(began).Seconds()}, err
	}
	appending := func(ctx context.Context) (reading, error) {
		took, err := b.appendRows(ctx, m.records)
		return reading{"records_per_second": float64(m.records) / took.Seconds()}, err
	}
	got, err := b.inTurns(ctx, contender{"kith", kith}, contender{"raw-parse", parsing}, contender{"raw-duckdb", appending})
	if err != nil {
		return nil, err
	}
	f := roadFigure("files and calls to profiles and warehouse, the demo's mix", m, got[0])
	f.against("reading CSV and JSON alone", got[1]["records_per_second"])
	f.against("bare DuckDB appender, as many rows", got[2]["records_per_second"])
	return []Figure{f}, nil
}

func roadFigure(what string, m *mix, got reading) Figure {
	return Figure{What: what, Unit: "records/s", Goal: 50_000, Measured: got["records_per_second"], More: map[string]float64{
		"records": float64(m.records), "cpu_us_per_record": got["cpu_us_per_record"], "cpus_busy": got["cpus_busy"]}}
}

// roadWithWebhook tells what a destination costs the road: the same with a receiver
// that takes every change, in turns with the road that has none.
func roadWithWebhook(ctx context.Context, b *bench) ([]Figure, error) {
	m, err := b.mix()
	if err != nil {
		return nil, err
	}
	var received atomic.Int64
	address, stop, err := serve(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		received.Add(1)
		bodyReader(w, r)
	}))
	if err != nil {
		return nil, err
	}
	defer stop()
	with := func(ctx context.Context) (reading, error) {
		before := received.Load()
		out, err := b.through(ctx, m, "http://"+address+"/profiles")
		if err == nil {
			out["messages"] = float64(received.Load() - before)
		}
		return out, err
	}
	without := func(ctx context.Context) (reading, error) { return b.through(ctx, m, "") }
	got, err := b.inTurns(ctx, contender{"kith", with}, contender{"kith-no-webhook", without})
	if err != nil {
		return nil, err
	}
	f := roadFigure("the same with a webhook on every change", m, got[0])
	f.More["messages_delivered_meanwhile"] = got[0]["messages"]
	f.against("the road without it", got[1]["records_per_second"])
	return []Figure{f}, nil
}
