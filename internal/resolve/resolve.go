// Package resolve is entity resolution on files alone: it reads records as columns, has
// match find who is who, and writes what was found.
package resolve

import (
	"context"
	"fmt"
	"maps"
	"math/bits"
	"regexp"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/identity/match"
	"github.com/kithdata/kith/internal/kit/errs"
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
	Labels       string         // a file of labelled pairs, to learn from; empty: none
	Anomalies    int            // so many people that are out of line are listed; 0: none is looked for
	Decisions    string         // a file of pairs that are one, or are not; empty: none

	// What is written, as CSV, NDJSON or Parquet by the name's ending; empty: not at all.
	Out    string // who each record is
	Pairs  string // pairs that may be one
	Golden string // what is best known of each person

	Snapshot string // a file that what was learned is written to; empty: none

	// Progress is told, by one goroutine at a time, how far a phase is: of so many, or
	// where that is not known of 0; may be nil.
	Progress func(phase string, done, of int)

	idAt string // where the column of ids is named; empty: by a flag
}

// mostFiles is how many files can be told apart.
const mostFiles = 1 << 16

func (c Config) tell(phase string, done, of int) {
	if c.Progress != nil {
		c.Progress(phase, done, of)
	}
}

// Estimate is what is expected of a result that nobody has measured.
type Estimate = match.Estimate

// Summary is what a resolution found, and what it took.
type Summary struct {
	Records         int                `json:"records"`
	People          int                `json:"people"`
	PairsCompared   int64              `json:"pairs_compared"`
	Largest         int                `json:"largest"`
	Sizes           []Size             `json:"sizes"`  // people by their number of records
	Review          int                `json:"review"` // pairs that wait for a review
	Seconds         float64            `json:"seconds"`
	PeakMemoryBytes int64              `json:"peak_memory_bytes"`
	SecondsByPhase  map[string]float64 `json:"seconds_by_phase"`
	Fields          map[string]string  `json:"fields"`
	*Estimate                          // nil where nothing was compared
	Quality         *match.Quality     `json:"quality,omitzero"`
	Skipped         int                `json:"skipped"` // rows that could not be read
	SkippedRows     []SkippedRow       `json:"skipped_rows,omitzero"`
	Repeated        int                `json:"repeated_ids"`    // records with the id of another of their file
	Unnamed         int                `json:"missing_ids"`     // records without an id
	Long            int                `json:"long_values"`     // values of which the beginning was taken
	Empty           []string           `json:"empty,omitempty"` // files without a record

	// QualityComponents is what joining every pair from Accept on would have given.
	QualityComponents *match.Quality `json:"quality_components,omitzero"`
	LabelledPairs     int            `json:"labelled_pairs,omitzero"` // in Labels, of records that are here
	UnknownPairs      int            `json:"unknown_pairs,omitzero"`  // in Labels, of others
	Fitted            string         `json:"fitted,omitempty"`        // labels, or records where the labels were too few or taught nothing
	Anomalies         map[string]int `json:"anomalies,omitempty"`     // by kind
	Listed            []Anomaly      `json:"listed,omitzero"`         // of these, in people of the most records first
}

// Size is how many people have so many records, from Least to Most.
type Size struct {
	Least  int `json:"least"`
	Most   int `json:"most"`
	People int `json:"people"`
}

// Run sees that results can be written, reads the files, finds who is who, and writes it.
// Results are put in their places once all are whole, or not at all.
func Run(ctx context.Context, c Config) (*Summary, error) {
	if len(c.Files) > mostFiles {
		return nil, errs.New("bad_value", "there are too many files").At("FILE").Fix(fmt.Sprintf("name at most %d", mostFiles))
	}
	o, err := openOutputs(c)
	if err != nil {
		return nil, err
	}
	defer o.discard()
	w := &watch{config: c, began: time.Now(), spent: map[string]float64{}}
	in, found, err := find(ctx, c, w)
	if err != nil {
		return nil, err
	}
	w.next("write")
	r := in.result(found)
	if err := r.write(ctx, o); err != nil {
		return nil, err
	}
	w.next("")
	return r.summary(w), nil
}

// write writes what is wanted.
func (r *result) write(ctx context.Context, o outputs) error {
	for _, each := range []struct {
		to *output
		do func(context.Context, *output) error
	}{{o.out, r.writeOut}, {o.pairs, r.writePairs}, {o.golden, r.writeGolden}, {o.snapshot, r.writeSnapshot}} {
		if each.to == nil {
			continue
		}
		if err := each.do(ctx, each.to); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return o.place()
}

// find reads the files and finds who is who.
func find(ctx context.Context, c Config, w *watch) (*records, *match.Result, error) {
	settled := &rules{}
	if c.Rules != "" {
		var err error
		if settled, err = readRules(c.Rules); err != nil {
			return nil, nil, err
		}
		if c, err = settled.config(c); err != nil {
			return nil, nil, err
		}
	}
	if c.Labels != "" && c.ID == "" {
		return nil, nil, noIDs("--labels")
	}
	in := &records{config: c, ids: match.NewBuilder(c.ID), names: map[string]int{}}
	in.decoder = jsontext.NewDecoder(&in.row)
	w.rows = func() int { return in.rows }
	w.next("read")
	said, err := readDecisions(ctx, c.Decisions)
	if err != nil {
		return nil, nil, err
	}
	table, err := in.read(ctx)
	if err != nil {
		return nil, nil, err
	}
	labels, err := in.readVerdicts()
	if err != nil {
		return nil, nil, err
	}
	if in.decided, err = in.decide(said); err != nil {
		return nil, nil, err
	}
	found := match.Run(table, match.Config{Accept: c.Accept, Link: c.Link, Plan: settled.plan, Snapshot: settled.snapshot, Labels: labels, Phase: w.next, Progress: w.progress,
		Stop: func() bool { return ctx.Err() != nil }, Same: in.decided.same, Different: in.decided.different})
	if found == nil {
		return nil, nil, ctx.Err()
	}
	return in, found, settled.faults(found)
}

// summary tells what was found, and what it took.
func (r *result) summary(w *watch) *Summary {
	c, found := r.config, r.found
	done := &Summary{Records: r.rows, People: found.People, PairsCompared: found.Compared, Estimate: found.Expected, Review: r.reviews(),
		Fields: map[string]string{}, SecondsByPhase: w.spent, Sizes: []Size{},
		Skipped: r.skipped.rows, SkippedRows: r.skipped.first, Repeated: r.repeated, Unnamed: r.unnamed, Long: int(r.long.Load())}
	for name, kind := range found.Fields() {
		done.Fields[name] = kind.String()
	}
	done.sizes(found.Of)
	rows := make([]int, len(c.Files))
	for _, of := range r.origin {
		rows[of]++
	}
	for i, n := range rows {
		if n == 0 {
			done.Empty = append(done.Empty, c.Files[i])
		}
	}
	if c.Label != "" || c.LabelPattern != nil {
		q, components := match.Evaluate(found.Of, r.labels), match.Evaluate(found.Components(), r.labels)
		done.Quality, done.QualityComponents = &q, &components
	}
	r.tellLabels(done, found)
	r.tellAnomalies(done, found)
	done.Seconds = time.Since(w.began).Seconds()
	done.PeakMemoryBytes = peakMemory()
	return done
}

// sizes counts people by their number of records: 1, 2, 3, 4, 5 to 8, 9 to 16, and so on.
func (s *Summary) sizes(of []int32) {
	size := map[int32]int{}
	for _, person := range of {
		size[person]++
	}
	by := map[int]int{} // by Least
	for _, n := range size {
		s.Largest = max(s.Largest, n)
		by[leastOf(n)]++
	}
	for _, least := range slices.Sorted(maps.Keys(by)) {
		most := least
		if least > 4 {
			most = min(2*least-2, s.Largest)
		}
		s.Sizes = append(s.Sizes, Size{least, most, by[least]})
	}
}

// leastOf is the least size of those that one of n records is counted with: 5 to 8, 9 to 16.
func leastOf(n int) int {
	if n <= 4 {
		return n
	}
	return 1<<(bits.Len(uint(n-1))-1) + 1
}

// watch times the phases, and tells of each as it begins.
type watch struct {
	config Config
	rows   func() int
	began  time.Time
	phase  string
	since  time.Time
	spent  map[string]float64 // seconds by phase
	told   int                // how far the phase was when that was last told
}

func (w *watch) next(phase string) {
	if w.phase != "" {
		w.spent[w.phase] += time.Since(w.since).Seconds()
	}
	w.phase, w.since, w.told = phase, time.Now(), 0
	if phase != "" {
		w.config.tell(phase, 0, w.rows())
	}
}

// progress tells how far the phase is that is going on.
func (w *watch) progress(done, of int) {
	const often = 200 // times a phase
	if done > 0 && done-w.told > of/often {
		w.told = done
		w.config.tell(w.phase, done, of)
	}
}
