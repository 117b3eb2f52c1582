package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/app"
	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/kit/errs"
)

// Options is how the demo runs.
type Options struct {
	Params
	Dir     string // of the demo's project; empty: a folder of its own, removed at the end
	Exit    bool   // end after the summary
	JSON    bool   // the summary as one JSON object on the last line
	Listen  string
	Version string
	Self    string // the program as it was called, for what to try next
	Out     io.Writer
	Err     io.Writer
}

// Result is what a demo came to: its last line with --json.
type Result struct {
	Received    uint64            `json:"records_received"`
	Applied     int64             `json:"records_applied"`
	Superseded  int64             `json:"records_superseded"`
	Quarantined int64             `json:"records_quarantined"`
	Duplicate   int64             `json:"records_duplicate"`
	Discarded   int64             `json:"records_discarded"`
	Reasons     map[string]uint64 `json:"quarantined_by_reason"`
	Profiles    int64             `json:"profiles"`
	Score
	Seconds   float64          `json:"seconds"`
	PerSecond float64          `json:"records_per_second"`
	Rows      map[string]int64 `json:"warehouse_rows"`
	Delivered int64            `json:"webhooks_delivered"`
	Balanced  bool             `json:"ledger_balanced"`
}

// show is one running demo.
type show struct {
	Options
	world    *World
	dir      string
	hook     *receiver
	app      *app.App
	client   client
	progress *progress
	ended    chan error
	result   Result
	shown    string         // the profile that the summary shows
	owners   map[string]int // by profile: the person that all its mentions are of, or several
}

// Run runs the demo: it invents the shop, takes its records through the whole road,
// prints a summary, and stays up until ctx ends unless Exit is set.
func Run(ctx context.Context, o Options) (err error) {
	if o.People < 10 || o.People > 10_000_000 {
		return errs.New("demo_people", "the demo needs between 10 and 10,000,000 people").At("--people")
	}
	s := &show{Options: o, progress: newProgress(o.Err)}
	cleanup, err := s.folder()
	if err != nil {
		return err
	}
	defer cleanup()
	if s.hook, err = newReceiver(ctx); err != nil {
		return err
	}
	defer s.hook.close()
	s.progress.say("inventing %d people and what six sources say of them", o.People)
	batches, expected, err := s.invent()
	if err != nil {
		return err
	}
	stop, err := s.start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if err := s.load(ctx, batches, expected); err != nil {
		return err
	}
	if err := s.measure(ctx); err != nil {
		return err
	}
	if o.JSON {
		line, err := json.Marshal(s.result)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(o.Out, "%s\n", line)
		if err != nil {
			return err
		}
	} else if err := s.summary(ctx); err != nil {
		return err
	}
	if o.Exit {
		return nil
	}
	select {
	case err := <-s.ended:
		s.ended <- err
		return err
	case <-ctx.Done():
		return nil
	}
}

// folder makes the project's folder. One that is named must be new, empty, or an
// earlier demo's, whose data is then made anew.
func (s *show) folder() (cleanup func(), err error) {
	keep := func() {}
	if s.Dir == "" {
		s.dir, err = os.MkdirTemp("", "kith-demo-")
		if err != nil {
			return keep, err
		}
		dir := s.dir
		return func() { _ = os.RemoveAll(dir) }, nil // a temporary folder: the system sweeps what is left
	}
	s.dir = s.Dir
	marker := filepath.Join(s.dir, ".kith-demo")
	entries, err := os.ReadDir(s.dir)
	if err == nil && len(entries) > 0 {
		if _, err := os.Stat(marker); err != nil {
			return keep, errs.New("demo_folder", "the folder holds something else than a demo").At(s.dir).Fix("name a new folder")
		}
		for _, name := range []string{"data", "sources", "contracts"} {
			if err := os.RemoveAll(filepath.Join(s.dir, name)); err != nil {
				return keep, err
			}
		}
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return keep, err
	}
	return keep, os.WriteFile(marker, []byte("made by kith demo\n"), 0o644)
}

const writeKey = "demo-write-key"

// invent makes the world and writes the project; it gives the web's traffic and how
// many records all sources hold.
func (s *show) invent() ([]WebBatch, int, error) {
	s.world = NewWorld(s.Params)
	sources := filepath.Join(s.dir, "sources")
	if err := os.MkdirAll(sources, 0o755); err != nil {
		return nil, 0, err
	}
	n, err := s.world.WriteFiles(sources)
	if err != nil {
		return nil, 0, err
	}
	batches, web := s.world.WebTraffic(writeKey)
	return batches, n.Rows + web.Rows, nil
}

// start opens and runs the project, as kith run would.
func (s *show) start(ctx context.Context) (stop func() error, err error) {
	listen := s.Listen
	if listen == "" {
		listen = freeAddress(ctx)
	}
	if err := writeProject(s.dir, !s.Exit, s.hook.url, s.hook.secretText(), listen); err != nil {
		return nil, err
	}
	load := func() (*config.Tree, error) {
		return config.Load(s.dir, func(string) (string, bool) { return "", false })
	}
	tree, err := load()
	if err != nil {
		return nil, err
	}
	logger := slog.New(slog.NewTextHandler(s.Err, &slog.HandlerOptions{Level: slog.LevelError}))
	a, err := app.Open(ctx, tree, app.Options{Version: s.Version, Logger: logger, Load: load})
	if err != nil {
		return nil, err
	}
	s.app, s.ended = a, make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	go func() { s.ended <- a.Run(ctx) }()
	stop = func() error {
		cancel()
		err := <-s.ended
		s.ended <- err
		return errors.Join(err, a.Close())
	}
	select {
	case <-a.Listening():
	case err := <-s.ended:
		s.ended <- err
		return nil, errors.Join(err, stop())
	}
	local, _ := app.ReadLocal(tree.Data)
	s.client = client{base: local.Address, key: local.Key, http: http.Client{Timeout: 5 * time.Minute}}
	return stop, nil
}

// freeAddress is the usual address, or a free port where that is taken.
func freeAddress(ctx context.Context) string {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:8471")
	if err != nil {
		return "127.0.0.1:0"
	}
	_ = l.Close() // it was only tried
	return "127.0.0.1:8471"
}

// load sends everything in and waits until the warehouse shows it. The time runs
// from the first append to the last row.
func (s *show) load(ctx context.Context, batches []WebBatch, expected int) error {
	began := time.Now()
	var sent atomic.Int64
	sending := make(chan error, 1)
	go func() { sending <- s.client.send(ctx, batches, func(n int) { sent.Add(int64(n)) }) }()
	done := make(chan error, 1)
	go func() {
		done <- func() error {
			if err := <-sending; err != nil {
				return err
			}
			if err := s.app.WaitAccepted(ctx, uint64(expected)); err != nil {
				return err
			}
			return s.app.Drain(ctx)
		}()
	}()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			s.result.Seconds = time.Since(began).Seconds()
			s.progress.end()
			return err
		case err := <-s.ended:
			s.ended <- err
			return errors.Join(errors.New("the server ended while the demo loaded"), err)
		case <-tick.C:
			s.progress.bar(s.app.Done(), uint64(expected), time.Since(began))
		}
	}
}

// measure asks the running server what came of it all.
func (s *show) measure(ctx context.Context) error {
	var ledger struct {
		Balanced bool   `json:"balanced"`
		Accepted uint64 `json:"accepted"`
		Lines    []struct {
			Applied     int64 `json:"applied"`
			Superseded  int64 `json:"superseded"`
			Duplicate   int64 `json:"duplicate"`
			Quarantined int64 `json:"quarantined"`
			Discarded   int64 `json:"discarded"`
		} `json:"lines"`
	}
	if err := s.client.call(ctx, http.MethodGet, "/api/ledger", nil, &ledger); err != nil {
		return err
	}
	r := &s.result
	r.Balanced, r.Received = ledger.Balanced, ledger.Accepted
	for _, l := range ledger.Lines {
		r.Applied += l.Applied + l.Superseded
		r.Superseded += l.Superseded
		r.Duplicate += l.Duplicate
		r.Quarantined += l.Quarantined
		r.Discarded += l.Discarded
	}
	r.PerSecond = float64(r.Received) / r.Seconds
	if err := s.reasons(ctx); err != nil {
		return err
	}
	if err := s.tables(ctx); err != nil {
		return err
	}
	if err := s.score(ctx); err != nil {
		return err
	}
	return s.deliveries(ctx)
}

func (s *show) reasons(ctx context.Context) error {
	var out struct {
		Items []struct {
			Code  string `json:"code"`
			Count uint64 `json:"count"`
		} `json:"items"`
	}
	s.result.Reasons = map[string]uint64{}
	if err := s.client.call(ctx, http.MethodGet, "/api/quarantine/reasons", nil, &out); err != nil {
		return err
	}
	for _, r := range out.Items {
		s.result.Reasons[r.Code] += r.Count
	}
	return nil
}

// tables counts the rows of every table of the warehouse.
func (s *show) tables(ctx context.Context) error {
	s.result.Rows = map[string]int64{}
	names, err := s.client.sql(ctx, `select table_name from information_schema.tables where table_schema = 'main' and table_type = 'BASE TABLE' and table_name not like '\_%' escape '\' order by 1`)
	if err != nil {
		return err
	}
	for _, row := range names.Rows {
		name := fmt.Sprint(row[0])
		count, err := s.client.sql(ctx, `select count(*) from "`+name+`"`)
		if err != nil {
			return err
		}
		s.result.Rows[name] = number(count.Rows[0][0])
	}
	people, err := s.client.sql(ctx, "select count(*) from v_customer")
	if err != nil {
		return err
	}
	s.result.Profiles = number(people.Rows[0][0])
	return nil
}

func number(v any) int64 {
	if f, ok := v.(float64); ok {
		return int64(f)
	}
	var n int64
	_, _ = fmt.Sscan(fmt.Sprint(v), &n) // large integers come as text
	return n
}

// score finds the profile of every mention, through the warehouse where the
// warehouse knows it, and compares with the truth.
func (s *show) score(ctx context.Context) error {
	found := make(map[mentionKey]string, len(s.world.Mentions))
	for source, query := range map[string]string{
		"shop.orders":  "select record_key, customer_id from v_fact_shop_orders",
		"desk.tickets": "select record_key, customer_id from v_fact_desk_tickets",
		"web":          "select identifier_value, customer_id from bridge_identity where identifier_type = 'anonymous_id'",
	} {
		rows, err := s.client.sqlAll(ctx, query)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if id := fmt.Sprint(row[1]); id != "unknown" {
				found[mentionKey{source, fmt.Sprint(row[0])}] = id
			}
		}
	}
	var fault error
	profileOf := func(i int) string {
		m := &s.world.Mentions[i]
		source, isFile := customerStreams[m.Source]
		if !isFile {
			return found[mentionKey{m.Source, m.Key}]
		}
		id, ok, err := s.app.ProfileOf(ctx, source, m.Source, m.Key)
		if err != nil {
			fault = err
		}
		if !ok {
			return ""
		}
		return id.String()
	}
	s.owners = make(map[string]int)
	s.result.Score = s.world.Score(func(i int) string {
		id, person := profileOf(i), s.world.Mentions[i].Person
		if before, ok := s.owners[id]; ok && before != person {
			person = several
		}
		s.owners[id] = person
		return id
	})
	return fault
}

// several stands for more than one person.
const several = -1

// customerStreams are the streams whose rows are source customers, by source.
var customerStreams = map[string]string{"crm.contacts": "crm", "news.subscribers": "news", "bought.people": "bought"}

// deliveries waits until the destination has caught up, with a bound: a demo on a
// slow machine says how far it came.
func (s *show) deliveries(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		behind, err := s.app.DestinationsBehind(ctx)
		if err != nil {
			return err
		}
		s.result.Delivered = s.hook.delivered.Load()
		if behind == 0 {
			return nil
		}
		select {
		case <-tick.C:
			s.progress.note("webhooks: %d delivered, %d to go", s.result.Delivered, behind)
		case <-ctx.Done():
			return nil
		}
	}
}
