package resolve

import (
	"context"
	"regexp"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/identity/match"
)

// Measure is a result that is measured, whoever found it, and the truth.
type Measure struct {
	Clusters     string // a file of records, each with its id and its person
	ID, Person   string // columns of Clusters
	Truth        string // another file; empty: Clusters has the truth as well
	TruthID      string // the column of ids in Truth
	Label        string // the column of the truth; empty, without LabelPattern: Truth is a list of labelled pairs
	LabelPattern *regexp.Regexp
	Worst        int // so many of the people with the most false pairs are told
}

// Measured is what came out.
type Measured struct {
	Records   int            `json:"records"`
	Unlabeled int            `json:"unlabelled"` // records whose truth is not known
	Absent    int            `json:"absent"`     // records, or pairs, of the truth that the result does not have
	Quality   *match.Quality `json:"quality,omitzero"`
	Judged    *match.Judged  `json:"judged,omitzero"`
	Fused     []Sizes        `json:"fused,omitempty"`
	Split     []Sizes        `json:"split,omitempty"`
	Worst     []Fusion       `json:"worst,omitempty"`
	// WorstShare is the share of all false pairs that the worst people have.
	WorstShare float64 `json:"worst_share,omitzero"`
}

// Sizes counts people whose rows are so many.
type Sizes = match.Sizes

// Fusion is a person found that is several true ones.
type Fusion struct {
	Person     string     `json:"person_id"`
	Records    int        `json:"records"`
	FalsePairs int64      `json:"false_pairs"`
	People     [][]string `json:"people"` // ids by true person
}

// Evaluate measures a result by the truth.
func Evaluate(ctx context.Context, c Measure) (*Measured, error) {
	clusters, err := table(ctx, Config{Files: []string{c.Clusters}, ID: c.ID, Label: sameFile(c).Label, LabelPattern: sameFile(c).LabelPattern})
	if err != nil {
		return nil, err
	}
	people, err := clusters.column("--person", c.Person)
	if err != nil {
		return nil, err
	}
	of := make([]int32, clusters.rows)
	first := map[string]int32{}
	for row := range of {
		of[row] = int32(row)
		if person := people.At(row); person != "" {
			at, ok := first[person]
			if !ok {
				first[person], at = int32(row), int32(row)
			}
			of[row] = at
		}
	}
	done := &Measured{Records: clusters.rows}
	labels := clusters.labels
	switch {
	case c.Truth != "" && c.Label == "" && c.LabelPattern == nil:
		answers, _, err := readLabels(c.Truth)
		if err != nil {
			return nil, err
		}
		judged, unknown := labelled(answers, clusters.rowsByID())
		q := match.Judge(of, judged)
		done.Absent, done.Judged = unknown, &q
		return done, nil
	case c.Truth != "":
		if labels, done.Absent, err = clusters.labelsFrom(ctx, c); err != nil {
			return nil, err
		}
	}
	for _, l := range labels {
		if l == "" {
			done.Unlabeled++
		}
	}
	q := match.Evaluate(of, labels)
	done.Quality = &q
	done.inspect(clusters, people, match.Inspect(of, labels, c.Worst))
	return done, nil
}

// sameFile says what of the truth lies in the clusters' own file.
func sameFile(c Measure) Measure {
	if c.Truth != "" {
		return Measure{}
	}
	return c
}

func (d *Measured) inspect(in *records, people *match.Builder, f match.Faults) {
	d.Fused, d.Split = f.Fused, f.Split
	worst := int64(0)
	for _, w := range f.Worst {
		worst += w.FalsePairs
		fusion := Fusion{Person: people.At(int(w.Of)), Records: w.Rows, FalsePairs: w.FalsePairs}
		for _, rows := range w.People {
			var ids []string
			for _, row := range rows {
				ids = append(ids, in.id(int(row)))
			}
			fusion.People = append(fusion.People, ids)
		}
		d.Worst = append(d.Worst, fusion)
	}
	if d.Quality.FalsePairs > 0 {
		d.WorstShare = float64(worst) / float64(d.Quality.FalsePairs)
	}
}

// labelsFrom gives each record the truth that another file has of its id. absent counts
// the records of that file that are not here.
func (in *records) labelsFrom(ctx context.Context, c Measure) (labels []string, absent int, err error) {
	truth, err := table(ctx, Config{Files: []string{c.Truth}, ID: c.TruthID, Label: c.Label, LabelPattern: c.LabelPattern})
	if err != nil {
		return nil, 0, err
	}
	byID := make(map[string]string, truth.rows)
	for row, label := range truth.labels {
		if id := truth.id(row); id != "" { // records without one are not therefore the same
			byID[id] = label
		}
	}
	labels = make([]string, in.rows)
	met := make(map[string]bool, len(byID))
	for row := range labels {
		id := in.id(row)
		labels[row] = byID[id]
		if _, ok := byID[id]; ok {
			met[id] = true
		}
	}
	return labels, len(byID) - len(met), nil
}

// table reads a file as columns, and nothing more.
func table(ctx context.Context, c Config) (*records, error) {
	in := &records{config: c, ids: match.NewBuilder(c.ID), names: map[string]int{}}
	in.decoder = jsontext.NewDecoder(&in.row)
	_, err := in.read(ctx)
	return in, err
}

// column gives a column that a flag names.
func (in *records) column(flag, name string) (*match.Builder, error) {
	if at, ok := in.names[name]; ok {
		return in.columns[at], nil
	}
	return nil, in.noColumn(flag, name)
}
