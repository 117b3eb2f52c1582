// Package bench measures the figures that Kith is designed for, on the machine it
// runs on. A number alone says more of the machine than of Kith, so each figure
// stands beside a raw limit or a peer that was measured in the same run, in turns
// with it. It opens projects as kith run does, through app, and sends to them over
// HTTP; Pebble and DuckDB it speaks to itself, bare, to learn what they can do at most.
//
// Timing decides no exit code: a figure that is not met is told, not failed.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/kit/errs"
)

// Options is what to measure, and where to say so.
type Options struct {
	Quick      bool     // a minute instead of ten
	Only       []string // names of figures; empty: all
	Serve      string   // measure nothing: serve one of Served to load generators of others until the context ends
	JSON       bool     // one JSON object as the last line, instead of the table
	CPUProfile string   // a file for the CPU profile of the whole run; empty: none
	Version    string
	Out, Err   io.Writer
}

// Report is all that a run came to: its last line with JSON.
type Report struct {
	Version string   `json:"version"`
	Go      string   `json:"go"`
	CPUs    int      `json:"cpus"`
	Quick   bool     `json:"quick"`
	Seconds float64  `json:"seconds"`
	Figures []Figure `json:"figures"`
}

// Figure is one figure, measured.
type Figure struct {
	Name     string             `json:"name"`
	What     string             `json:"what"`
	Unit     string             `json:"unit"`
	AtMost   bool               `json:"at_most,omitzero"` // less is better
	Goal     float64            `json:"goal"`             // 0 for a raw limit, which has none
	Measured float64            `json:"measured"`
	Met      bool               `json:"met"`
	Against  []Peer             `json:"against,omitempty"`
	More     map[string]float64 `json:"more,omitempty"` // by name, which ends in its unit
}

// Peer is a raw limit or another system, measured in turns with a figure.
type Peer struct {
	What     string  `json:"what"`
	Measured float64 `json:"measured"` // in the figure's unit
	Ratio    float64 `json:"ratio"`    // the figure over the peer
}

func (f *Figure) judge() {
	f.Met = f.Measured >= f.Goal
	if f.AtMost {
		f.Met = f.Measured <= f.Goal
	}
}

func (f *Figure) against(what string, measured float64) {
	ratio := 0.0
	if measured > 0 {
		ratio = f.Measured / measured
	}
	f.Against = append(f.Against, Peer{what, measured, ratio})
}

// trial measures the figures that share a setting.
type trial struct {
	name string
	what string
	run  func(ctx context.Context, b *bench) ([]Figure, error)
	// asked: it only runs when it is named, as it stands beside another as well.
	asked bool
}

// trials come in the order in which they run: memory first, while the process holds
// little else.
func trials() []trial {
	return []trial{
		{name: "upsert", what: "streaming upserts among resident people, and memory", run: upserts},
		{name: "files", what: "files read and typed", run: typedFiles},
		{name: "cleanse", what: "cleansing", run: cleansing},
		{name: "resolve", what: "who is who in a file", run: resolving},
		{name: "tracking", what: "the tracking API", run: tracking},
		{name: "ack", what: "its acknowledgement", run: acknowledgement},
		{name: "road", what: "the whole road", run: wholeRoad},
		{name: "webhook", what: "the whole road with a webhook", run: roadWithWebhook},
		{name: "visible", what: "accepted to visible", run: visible},
		{name: "read", what: "profile reads", run: reads},
		{name: "commits", what: "bare synced commits", run: bareCommits, asked: true},
	}
}

// Names are the trials that Only may name.
func Names() []string {
	var names []string
	for _, t := range trials() {
		names = append(names, t.name)
	}
	return names
}

// bench is one run under way.
type bench struct {
	Options
	size size
	root string // of all that is written
	next int    // names folders
}

// size is how long and how large the trials are.
type size struct {
	rounds   int           // of each contender
	span     time.Duration // of a round that lasts by the clock
	people   int           // of the demo's mix
	readers  int           // people whose profiles are read
	resident int           // people who are there when upserts come
	updates  int           // upserts a round
	records  int           // of people, of whom is found out who is who
	load     float64       // share of the open loops' rates: 1 but in tests
}

// Run measures and prints. It fails where something breaks, never for a figure that
// is not met.
func Run(ctx context.Context, o Options) error {
	if o.Quick {
		return run(ctx, o, size{rounds: 1, span: time.Second, people: 2_500, readers: 5_000, resident: 50_000, updates: 10_000, records: 50_000, load: 1})
	}
	return run(ctx, o, size{rounds: 3, span: 4 * time.Second, people: 20_000, readers: 20_000, resident: 1_000_000, updates: 50_000, records: 50_000, load: 1})
}

func run(ctx context.Context, o Options, s size) (err error) {
	list, err := chosen(o.Only)
	if err != nil {
		return err
	}
	b := &bench{Options: o, size: s}
	if b.root, err = os.MkdirTemp("", "kith-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.root)) }()
	stop, err := profile(o.CPUProfile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if o.Serve != "" {
		return b.offer(ctx)
	}
	began := time.Now()
	r := Report{Version: o.Version, Go: runtime.Version(), CPUs: runtime.GOMAXPROCS(0), Quick: o.Quick}
	for _, t := range list {
		fmt.Fprintf(o.Err, "measuring %s\n", t.what)
		figures, fault := t.run(ctx, b)
		if fault != nil { // what was measured before it is told all the same
			err = fmt.Errorf("measuring %s: %w", t.what, fault)
			break
		}
		for i := range figures {
			figures[i].Name = t.name
			figures[i].judge()
		}
		r.Figures = append(r.Figures, figures...)
	}
	r.Seconds = time.Since(began).Seconds()
	return errors.Join(err, r.tell(o))
}

// tell prints the report as the options want it.
func (r *Report) tell(o Options) error {
	if !o.JSON {
		return r.print(o.Out)
	}
	line, err := json.Marshal(r, json.Deterministic(true))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.Out, "%s\n", line)
	return err
}

// chosen gives the trials of these names, all where there are none.
func chosen(names []string) ([]trial, error) {
	all := trials()
	for _, n := range names {
		if !slices.Contains(Names(), n) {
			return nil, errs.New("bench_unknown", "there is no figure of this name").At("--only").Fix("choose among " + strings.Join(Names(), ", "))
		}
	}
	if len(names) == 0 {
		return unlessAsked(all), nil
	}
	return slices.DeleteFunc(all, func(t trial) bool { return !slices.Contains(names, t.name) }), nil
}

// profile begins a CPU profile.
func profile(path string) (stop func() error, err error) {
	if path == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

// reading is what one round of one contender measured, by name.
type reading map[string]float64

// contender is Kith, or a raw limit, in a trial. Its samples in a CPU profile carry
// its name as the label "part", those of goroutines that it starts included.
type contender struct {
	name string
	run  func(ctx context.Context) (reading, error)
}

// inTurns runs the contenders one after the other, as often as there are rounds, so
// that whatever else the machine does falls on all of them; it gives each one's medians.
func (b *bench) inTurns(ctx context.Context, contenders ...contender) ([]reading, error) {
	all := make([]map[string][]float64, len(contenders))
	for range b.size.rounds {
		for i, c := range contenders {
			runtime.GC() // each begins without the garbage of the one before
			var r reading
			var err error
			pprof.Do(ctx, pprof.Labels("part", c.name), func(ctx context.Context) { r, err = c.run(ctx) })
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if all[i] == nil {
				all[i] = make(map[string][]float64)
			}
			for name, v := range r {
				all[i][name] = append(all[i][name], v)
			}
		}
	}
	medians := make([]reading, len(contenders))
	for i, r := range all {
		medians[i] = make(reading)
		for name, values := range r {
			medians[i][name] = median(values)
		}
	}
	return medians, nil
}

// median of values, which it sorts; of an even number the mean of the middle two.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	mid := len(values) / 2
	if len(values)%2 == 0 {
		return (values[mid-1] + values[mid]) / 2
	}
	return values[mid]
}
