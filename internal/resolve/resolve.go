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
	Out          string         // a CSV file; empty: none
	Phase        func(name string, rows int)
}

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
	Quality         *match.Quality     `json:"quality,omitzero"`
}

// Run reads the files, finds who is who, and writes Out.
func Run(ctx context.Context, c Config) (*Summary, error) {
	began := time.Now()
	done := &Summary{SecondsByPhase: map[string]float64{}}
	in := &records{config: c, ids: match.NewBuilder(c.ID), names: map[string]int{}}
	in.decoder = jsontext.NewDecoder(&in.row)
	phase, since := "", began
	next := func(name string) {
		if phase != "" {
			done.SecondsByPhase[phase] += time.Since(since).Seconds()
		}
		phase, since = name, time.Now()
		if c.Phase != nil && name != "" {
			c.Phase(name, in.rows)
		}
	}
	next("read")
	table, err := in.read(ctx)
	if err != nil {
		return nil, err
	}
	found := match.Run(table, match.Config{Accept: c.Accept, Link: c.Link, Phase: next})
	next("write")
	if c.Out != "" {
		if err := in.write(found); err != nil {
			return nil, err
		}
	}
	next("")
	done.Records, done.People, done.PairsCompared = in.rows, found.People, found.Compared
	done.Fields = map[string]string{}
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
	done.Seconds = time.Since(began).Seconds()
	done.PeakMemoryBytes = peakMemory()
	return done, ctx.Err()
}
