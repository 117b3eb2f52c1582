package match

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kithdata/kith/internal/people"
)

// population makes up records of people with a stated share of hard cases.
func population(t *testing.T, records int, seed uint64, hardness string) (*Table, []string) {
	t.Helper()
	rates, err := people.RatesOf(hardness, nil)
	if err != nil {
		t.Fatal(err)
	}
	g, err := people.New(people.Settings{Records: records, Seed: seed, Rates: rates})
	if err != nil {
		t.Fatal(err)
	}
	var builders []*Builder
	for f := people.GivenName; f <= people.Employer; f++ {
		builders = append(builders, NewBuilder(f.String()))
	}
	truth := make([]string, records)
	var row people.Row
	for i := range records {
		g.Row(i, &row)
		truth[i] = fmt.Sprint(row.Person)
		for f, b := range builders {
			if v := row.Values[f]; v != "" {
				b.Set(i, []byte(v))
			}
		}
	}
	table := &Table{Rows: records}
	for _, b := range builders {
		table.Columns = append(table.Columns, b.Column(records))
	}
	return table, truth
}

// nearBlocking checks that what no rule proposes is foretold, too: what the keys that were tried propose
// is not all there is, and those that none proposes are told from those that few do.
func nearBlocking(t *testing.T, found *Result, truth []string) {
	t.Helper()
	b, each, first := found.Blocking()
	var pairs []uint64
	m := found.matcher
	m.indexes(found.rules, len(truth), func(_ int, index entries) { pairs = m.propose(pairs, index, m.blockCap, 1) })
	hit, all := 0.0, 0.0
	for _, p := range distinct(pairs) {
		if truth[m.rows[p>>32]] == truth[m.rows[uint32(p)]] {
			hit++
		}
	}
	count := map[string]float64{}
	for _, l := range truth {
		all += count[l]
		count[l]++
	}
	t.Logf("the rules find %.4f, expected %.4f", hit/all, b.Recall())
	if d := math.Abs(b.Recall() - hit/all); d > 0.05 {
		t.Errorf("the rules find %.4f of the true pairs, expected %.4f", hit/all, b.Recall())
	}
	sum := 0.0
	for i := range each {
		sum += first[i]
		if first[i] > each[i] || each[i] > b.Known {
			t.Errorf("rule %d finds %.0f, of which %.0f first, of %.0f", i, each[i], first[i], b.Known)
		}
	}
	if math.Abs(sum-b.Covered) > 1e-6*b.Known {
		t.Errorf("the rules find %.1f one after the other, %.1f together", sum, b.Covered)
	}
}

// A threshold that is given is kept; the estimate is of it.
func TestGivenThresholdIsKept(t *testing.T) {
	names, rows, _ := town(5, 300)
	if e := Run(tableOf(names, rows), Config{Accept: 0.8}).Expected; e == nil || e.Accept != 0.8 || e.Precision < 0.95 {
		t.Errorf("%+v", e)
	}
	if e := Run(tableOf(names, rows[:1]), Config{}).Expected; e != nil {
		t.Errorf("of nothing compared, %+v is expected", e)
	}
}

func TestScoresCountAllPairs(t *testing.T) {
	names, rows, _ := town(6, 200)
	found := Run(tableOf(names, rows), Config{})
	pairs, matches := int64(0), 0.0
	for _, s := range found.Scores() {
		pairs += s.Pairs
		matches += s.Matches
		if s.Matches > float64(s.Pairs) || s.To != s.From+1 {
			t.Errorf("%+v", s)
		}
	}
	if given := math.Abs(float64(pairs-found.Compared)) / float64(found.Compared); given > 0.2 || matches < 50 {
		t.Errorf("%d pairs and %.0f matches, of %d", pairs, matches, found.Compared)
	}
	var s scores
	for _, bits := range []float64{math.Inf(-1), -500, 0, 63.9, 500, math.Inf(1)} {
		s.add(bits, 2)
	}
	if s[0] != 4 || s[len(s)-1] != 6 {
		t.Errorf("%v", s)
	}
}

// What is expected, and the threshold with it, is the same in whatever order the records come.
func TestEstimateKnowsNoOrder(t *testing.T) {
	names, rows, _ := town(14, 600)
	want := Run(tableOf(names, rows), Config{})
	shuffled := slices.Clone(rows)
	rand.New(rand.NewPCG(5, 5)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	if got := Run(tableOf(names, shuffled), Config{}); *got.Expected != *want.Expected {
		t.Errorf("%+v once shuffled, %+v before", got.Expected, want.Expected)
	}
}

// A sample promises what the whole does.
func TestSampleSpeaksForTheWhole(t *testing.T) {
	names, rows, _ := town(15, 1_500)
	found := Run(tableOf(names, rows), Config{})
	e := found.matcher.estimator(found.model, found.edges, found.scores, 0)
	whole := e.at(0.5)
	parts := newParts(len(rows))
	for _, x := range found.edges {
		if x.bits >= 0 {
			parts.join(x.a, x.b)
		}
	}
	share := e.draw(found.edges, parts, 4)
	e.lost += share * found.scores.below(leastBits)
	if share < 0.15 || share > 0.35 || len(e.edges)*5 < len(found.edges) {
		t.Errorf("one in four is %.3f of the matches, %d of %d pairs", share, len(e.edges), len(found.edges))
	}
	sample := e.at(0.5)
	if math.Abs(sample.Precision-whole.Precision) > 0.01 || math.Abs(sample.Recall-whole.Recall) > 0.01 {
		t.Errorf("%+v of the sample, %+v of the whole", sample, whole)
	}
}
