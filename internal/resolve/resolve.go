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
	Labels       string         // a file of labelled pairs, to learn from; empty: none
	Anomalies    int            // so many people that are out of line are listed; 0: none is looked for
	Out          string         // a CSV file; empty: none
	Phase        func(name string, rows int)
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
	// QualityComponents is what joining every pair from Accept on would have given.
	QualityComponents *match.Quality `json:"quality_components,omitzero"`
	LabelledPairs     int            `json:"labelled_pairs,omitzero"` // in Labels, of records that are here
	UnknownPairs      int            `json:"unknown_pairs,omitzero"`  // in Labels, of others
	Fitted            string         `json:"fitted,omitempty"`        // labels, or records where the labels were too few or taught nothing
	Anomalies         map[string]int `json:"anomalies,omitempty"`     // by kind
	Listed            []Anomaly      `json:"listed,omitempty"`        // of these, in people of the most records first
}

// Run reads the files, finds who is who, and writes Out.
func Run(ctx context.Context, c Config) (*Summary, error) {
	w := &watch{config: c, began: time.Now(), spent: map[string]float64{}}
	in, found, err := find(ctx, c, w)
	if err != nil {
		return nil, err
	}
	w.next("write")
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
		components := match.Evaluate(found.Components(), in.labels)
		done.Quality, done.QualityComponents = &q, &components
	}
	in.tellLabels(done, found)
	in.tellAnomalies(done, found)
	done.Seconds = time.Since(w.began).Seconds()
	done.PeakMemoryBytes = peakMemory()
	return done, ctx.Err()
}

// find reads the files and finds who is who.
func find(ctx context.Context, c Config, w *watch) (*records, *match.Result, error) {
	in := &records{config: c, ids: match.NewBuilder(c.ID), names: map[string]int{}}
	in.decoder = jsontext.NewDecoder(&in.row)
	w.rows = func() int { return in.rows }
	w.next("read")
	table, err := in.read(ctx)
	if err != nil {
		return nil, nil, err
	}
	labels, err := in.readVerdicts()
	if err != nil {
		return nil, nil, err
	}
	return in, match.Run(table, match.Config{Accept: c.Accept, Link: c.Link, Labels: labels, Phase: w.next}), nil
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
