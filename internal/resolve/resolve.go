// Package resolve is entity resolution on files alone: it reads records as columns, has
// match find who is who, and writes what was found.
package resolve

import (
	"context"
	"regexp"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/identity/match"
)

// Config is what is resolved, and what becomes of it.
type Config struct {
	Files        []string
	ID           string         // the column of the records' ids; empty: rows are numbered
	Label        string         // the column that tells the truth, for measuring alone
	LabelPattern *regexp.Regexp // its first group, in Label or else in ID, is the label
	Link         bool           // only records of different files can be one
	Accept       float64        // 0: chosen from the estimated error
	Review       float64        // pairs from this probability up to Accept wait for a review; 0: none
	Rules        string         // a plan, Splink's settings or a snapshot; empty: all is found out
	Snapshot     string         // a file that what was learned is written to; empty: none
	Out          string         // a CSV file; empty: none
	Phase        func(name string, rows int)
	idAt         string // where the column of ids is named; empty: by a flag
}

// Estimate is what is expected of a result that nobody has measured.
type Estimate = match.Estimate

// Summary is what a resolution found, and what it took.
type Summary struct {
	Records         int                `json:"records"`
	People          int                `json:"people"`
	PairsCompared   int64              `json:"pairs_compared"`
	Largest         int                `json:"largest"`
	Seconds         float64            `json:"seconds"`
	PeakMemoryBytes int64              `json:"peak_memory_bytes"`
	SecondsByPhase  map[string]float64 `json:"seconds_by_phase"`
	Fields          map[string]string  `json:"fields"`
	*Estimate                          // nil where nothing was compared
	Quality         *match.Quality     `json:"quality,omitzero"`
}

// Run reads the files, finds who is who, and writes Out.
func Run(ctx context.Context, c Config) (*Summary, error) {
	w := &watch{config: c, began: time.Now(), spent: map[string]float64{}}
	in, found, err := find(ctx, c, w)
	if err != nil {
		return nil, err
	}
	w.next("write")
	if c.Snapshot != "" {
		if err := writeSnapshot(c.Snapshot, found); err != nil {
			return nil, err
		}
	}
	if c.Out != "" {
		if err := in.write(found); err != nil {
			return nil, err
		}
	}
	w.next("")
	done := &Summary{Records: in.rows, People: found.People, PairsCompared: found.Compared, Estimate: found.Expected, Fields: map[string]string{}, SecondsByPhase: w.spent}
	for name, kind := range found.Fields() {
		done.Fields[name] = kind.String()
	}
	size := map[int32]int{}
	for _, of := range found.Of {
		size[of]++
		done.Largest = max(done.Largest, size[of])
	}
	if c.Label != "" || c.LabelPattern != nil {
		q := match.Evaluate(found.Of, in.labels)
		done.Quality = &q
	}
	done.Seconds = time.Since(w.began).Seconds()
	done.PeakMemoryBytes = peakMemory()
	return done, ctx.Err()
}

// find reads the files and finds who is who.
func find(ctx context.Context, c Config, w *watch) (*records, *match.Result, error) {
	said := &rules{}
	if c.Rules != "" {
		var err error
		if said, err = readRules(c.Rules); err != nil {
			return nil, nil, err
		}
		if c, err = said.config(c); err != nil {
			return nil, nil, err
		}
	}
	in := &records{config: c, ids: match.NewBuilder(c.ID), names: map[string]int{}}
	in.decoder = jsontext.NewDecoder(&in.row)
	w.rows = func() int { return in.rows }
	w.next("read")
	table, err := in.read(ctx)
	if err != nil {
		return nil, nil, err
	}
	found := match.Run(table, match.Config{Accept: c.Accept, Link: c.Link, Plan: said.plan, Snapshot: said.snapshot, Phase: w.next})
	return in, found, said.faults(found)
}

// watch times the phases, and tells of each as it begins.
type watch struct {
	config Config
	rows   func() int
	began  time.Time
	phase  string
	since  time.Time
	spent  map[string]float64 // seconds by phase
}

func (w *watch) next(phase string) {
	if w.phase != "" {
		w.spent[w.phase] += time.Since(w.since).Seconds()
	}
	w.phase, w.since = phase, time.Now()
	if w.config.Phase != nil && phase != "" {
		w.config.Phase(phase, w.rows())
	}
}
