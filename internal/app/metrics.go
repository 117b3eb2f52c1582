package app

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
)

// register adds the figures of the road to the metrics. They are read when asked
// for: the road itself counts nothing twice.
func (a *App) register() error {
	for _, c := range []prometheus.Collector{collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), figures{a}} {
		if err := a.metrics.Register(c); err != nil {
			return err
		}
	}
	return nil
}

// figures is a collector over what the rooms count.
type figures struct{ a *App }

var (
	descAccepted  = prometheus.NewDesc("kith_records_accepted_total", "Records acknowledged since the start.", nil, nil)
	descDone      = prometheus.NewDesc("kith_records_done_total", "Records that the road has committed since the start.", nil, nil)
	descLag       = prometheus.NewDesc("kith_road_lag_records", "Records in the log that the road has not done.", nil, nil)
	descLedger    = prometheus.NewDesc("kith_ledger_records", "Records by what became of them.", []string{"source", "stream", "outcome"}, nil)
	descRows      = prometheus.NewDesc("kith_warehouse_rows_total", "Emitted records loaded into the warehouse since the start.", nil, nil)
	descFailures  = prometheus.NewDesc("kith_warehouse_failures_total", "Load steps that failed and were tried again.", nil, nil)
	descRecords   = prometheus.NewDesc("kith_source_records_total", "Records that a source put since the start, rejected ones included.", []string{"source"}, nil)
	descRejected  = prometheus.NewDesc("kith_source_rejected_total", "Records of a source that could not be read and are quarantined.", []string{"source"}, nil)
	descFiles     = prometheus.NewDesc("kith_source_files_total", "Files that a source read to their end since the start.", []string{"source"}, nil)
	descReading   = prometheus.NewDesc("kith_source_reading", "Whether a file source has something left to read.", []string{"source"}, nil)
	descRequests  = prometheus.NewDesc("kith_tracking_requests_total", "Requests to tracking sources by what became of them; source is empty where the write key named none.", []string{"source", "code"}, nil)
	descHooks     = prometheus.NewDesc("kith_hook_requests_total", "Deliveries to webhook sources by what became of them.", []string{"source", "code"}, nil)
	descDelivered = prometheus.NewDesc("kith_destination_delivered_total", "Messages delivered since the start.", []string{"destination"}, nil)
	descDead      = prometheus.NewDesc("kith_destination_dead_letters", "Messages given up on.", []string{"destination"}, nil)
	descCommits   = prometheus.NewDesc("kith_state_transactions_total", "Transactions of the state that were committed on its server since the start.", nil, nil)
	descRetries   = prometheus.NewDesc("kith_state_retries_total", "Runs of a transaction that were thrown away for a conflict.", nil, nil)
	descTrips     = prometheus.NewDesc("kith_state_round_trips_total", "Round trips to the state's server.", nil, nil)
	descBytes     = prometheus.NewDesc("kith_engine_bytes_total", "Bytes to and from the engine's servers: state or log.", []string{"server"}, nil)
	descBehind    = prometheus.NewDesc("kith_destination_lag_records", "Emitted records not yet done with.", []string{"destination"}, nil)
)

// Describe implements prometheus.Collector.
func (f figures) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descAccepted, descDone, descLag, descLedger, descRows, descFailures, descRecords, descRejected, descFiles, descReading, descRequests, descHooks, descDelivered, descDead, descBehind,
		descCommits, descRetries, descTrips, descBytes} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (f figures) Collect(ch chan<- prometheus.Metric) {
	ctx := context.Background() // a scrape has none; what it asks is in memory or one small read
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	a := f.a
	traffic := a.engine.Traffic()
	counter(descCommits, float64(traffic.Transactions))
	counter(descRetries, float64(traffic.Retries))
	counter(descTrips, float64(traffic.RoundTrips))
	counter(descBytes, float64(traffic.StateBytes), "state")
	counter(descBytes, float64(traffic.LogBytes), "log")
	counter(descAccepted, float64(a.door.Accepted()))
	counter(descDone, float64(a.keeper.Done()))
	if lag, err := a.behind(ctx); err == nil {
		gauge(descLag, float64(lag))
	}
	if l, err := pipeline.ReadLedger(ctx, a.engine, a.keeper.Current()); err == nil {
		for _, line := range l.Lines {
			for k, n := range line.N {
				if n != 0 {
					gauge(descLedger, float64(n), line.Source, line.Stream, record.Outcome(k).String())
				}
			}
		}
	}
	for _, s := range a.Sources() {
		counter(descRecords, float64(s.Records), s.Name)
		counter(descRejected, float64(s.Rejected), s.Name)
		if s.Type == "file" {
			counter(descFiles, float64(s.Files), s.Name)
			reading := 0.0
			if s.State == api.SourceWaiting || s.State == api.SourceReading {
				reading = 1
			}
			gauge(descReading, reading, s.Name)
		}
	}
	tracked, hooked := a.counts.requestCounts()
	for r, n := range tracked {
		counter(descRequests, float64(n), r.source, r.code)
	}
	for r, n := range hooked {
		counter(descHooks, float64(n), r.source, r.code)
	}
	p := a.loader.Progress()
	counter(descRows, float64(p.Rows))
	counter(descFailures, float64(p.Failures))
	for _, d := range a.hooks {
		s := d.Stats()
		counter(descDelivered, float64(s.Delivered), d.Name())
		gauge(descDead, float64(s.DeadLettered), d.Name())
		gauge(descBehind, float64(s.Lag), d.Name())
	}
}
