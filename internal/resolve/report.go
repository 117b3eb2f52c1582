package resolve

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/kithdata/kith/internal/identity/match"
)

// Report is what a resolution learned and found, and how far it is to be trusted. It
// names records and people by their ids, and holds none of their values but what Values asked for.
type Report struct {
	Files     []string       `json:"files"`
	Records   int            `json:"records"`
	People    int            `json:"people"`
	Largest   int            `json:"largest"`
	Compared  int64          `json:"pairs_compared"`
	Possible  float64        `json:"pairs_possible"`
	*Estimate                // nil where nothing was compared
	Needed    float64        `json:"-"`
	Quality   *match.Quality `json:"quality,omitzero"`
	Blocking  BlockingReport `json:"blocking"`
	Curve     []CurvePoint   `json:"curve"`
	Scores    []match.Score  `json:"-"`
	Model     match.Model    `json:"-"`
	Sizes     []PeopleOf     `json:"sizes"`
	Biggest   []PersonReport `json:"-"`
	Doubtful  []PersonReport `json:"-"`
	Border    []*Explanation `json:"-"`
	Values    bool           `json:"-"`

	config Config
}

// BlockingReport is how many of the matches the rules are expected to find.
type BlockingReport struct {
	All    bool    `json:"all_compared"`
	Recall float64 `json:"estimated_recall"`
	Found  float64 `json:"expected_matches"` // among the pairs that the rules propose
	Passed float64 `json:"expected_passed"`  // among pairs that keys propose which no rule was made of
	Unseen float64 `json:"estimated_unseen"` // that no key proposes
}

// CurvePoint is what is expected of a threshold, and what labels say of it.
type CurvePoint struct {
	match.Estimate
	True *match.Quality `json:"true,omitzero"`
}

// PeopleOf is how many people have so many records.
type PeopleOf struct {
	Records int `json:"records"`
	People  int `json:"people"`
}

// PersonReport is a person, and the pair that holds it together least.
type PersonReport struct {
	Name    string
	Records int
	Weakest Step
}

// thresholds are those of the curve.
var thresholds = []float64{0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99}

const (
	listed      = 10 // people of a list
	borderPairs = 3  // on each side of the threshold
)

// Examine reads the files, finds who is who, and reports on it.
func Examine(ctx context.Context, c Config, values bool) (*Report, error) {
	in, found, err := find(ctx, c, &watch{config: c, began: time.Now(), spent: map[string]float64{}})
	if err != nil {
		return nil, err
	}
	c.tell("report", 0, in.rows)
	r := &Report{Records: in.rows, People: found.People, Compared: found.Compared, Possible: found.Possible(), Estimate: found.Expected, Needed: found.Needed(),
		Scores: found.Scores(), Model: found.Model(), Values: values, config: c}
	for _, f := range c.Files {
		r.Files = append(r.Files, filepath.Base(f))
	}
	b, _, _ := found.Blocking()
	r.Blocking = BlockingReport{b.All, b.Recall(), b.Covered, b.Known - b.Covered, b.Unseen}
	if len(in.labels) > 0 {
		q := match.Evaluate(found.Of, in.labels)
		r.Quality = &q
	}
	if err := r.curve(ctx, in, found); err != nil {
		return nil, err
	}
	r.sizes(found)
	r.persons(in, found)
	r.border(in, found)
	return r, ctx.Err()
}

// curve weighs every threshold, and that which was taken.
func (r *Report) curve(ctx context.Context, in *records, found *match.Result) error {
	if found.Expected == nil {
		return nil
	}
	accepts := slices.Clone(thresholds)
	if at, is := slices.BinarySearch(accepts, found.Expected.Accept); !is {
		accepts = slices.Insert(accepts, at, found.Expected.Accept)
	}
	for _, e := range found.Curve(accepts) {
		if e.Accept == r.Accept {
			e = *found.Expected // of another sample than the rest, perhaps
		}
		point := CurvePoint{Estimate: e}
		if r.Quality != nil {
			q := match.Evaluate(found.At(e.Accept), in.labels)
			point.True = &q
		}
		r.Curve = append(r.Curve, point)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) sizes(found *match.Result) {
	rows, people := map[int32]int{}, map[int]int{}
	for _, of := range found.Of {
		rows[of]++
	}
	for _, n := range rows {
		people[n]++
		r.Largest = max(r.Largest, n)
	}
	for n, k := range people {
		r.Sizes = append(r.Sizes, PeopleOf{n, k})
	}
	slices.SortFunc(r.Sizes, func(a, b PeopleOf) int { return cmp.Compare(a.Records, b.Records) })
}

// persons finds the largest, and those that hang together least.
func (r *Report) persons(in *records, found *match.Result) {
	names, places := in.people(found), in.places()
	list := func(all []match.Person) (some []PersonReport) {
		for _, p := range all[:min(listed, len(all))] {
			person := PersonReport{Name: names[p.Of], Records: p.Rows}
			if p.Weakest.A != p.Weakest.B { // else by decisions alone
				person.Weakest = step(places, p.Weakest)
			}
			some = append(some, person)
		}
		return some
	}
	all := found.Persons()
	slices.SortStableFunc(all, func(a, b match.Person) int { return cmp.Compare(b.Rows, a.Rows) })
	r.Biggest = list(all)
	slices.SortStableFunc(all, func(a, b match.Person) int { return cmp.Compare(a.Weakest.Bits, b.Weakest.Bits) })
	r.Doubtful = list(all)
}

func step(places *places, p match.Pair) Step {
	return Step{A: places.name(int(p.A)), B: places.name(int(p.B)), Bits: float64(p.Bits), Probability: p.Probability()}
}

// border explains the pairs nearest to the threshold, on both sides.
func (r *Report) border(in *records, found *match.Result) {
	var above, below []match.Pair
	found.Pairs(func(p match.Pair) bool {
		if float64(p.Bits) >= r.Needed {
			above = append(above[max(0, len(above)-borderPairs+1):], p)
			return true
		}
		below = append(below, p)
		return len(below) < borderPairs
	})
	places := in.places()
	for _, p := range slices.Concat(above, below) {
		r.Border = append(r.Border, in.explain(found, places, int(p.A), int(p.B), r.Values))
	}
}
