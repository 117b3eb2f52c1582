package match

import (
	"cmp"
	"slices"
)

// Quality is how a partition of rows compares with the truth.
type Quality struct {
	Precision       float64 `json:"precision"` // of pairs of rows
	Recall          float64 `json:"recall"`
	F1              float64 `json:"f1"`
	BCubed          float64 `json:"b_cubed"` // the F1 of precision and recall by row (Bagga and Baldwin, 1998)
	BCubedPrecision float64 `json:"b_cubed_precision"`
	BCubedRecall    float64 `json:"b_cubed_recall"`
	Rows            int     `json:"rows"` // that have a label
	People          int     `json:"people"`
	PeopleTrue      int     `json:"people_true"`
	Exact           int     `json:"exact"`   // true people that were found with all of their rows, and no other
	Largest         int     `json:"largest"` // rows
	LargestTrue     int     `json:"largest_true"`
	Fused           int     `json:"fused"` // people found that are two true ones or more
	Split           int     `json:"split"` // true people that were found as two or more
	FalsePairs      int64   `json:"false_pairs"`
	MissedPairs     int64   `json:"missed_pairs"`
}

// Evaluate compares the people found with labels, of which two rows share one where
// they are truly one. Rows without a label are left out.
func Evaluate(of []int32, labels []string) Quality {
	return newContingency(of, labels).quality()
}

// contingency is how many rows each person found shares with each true one.
type contingency struct {
	found, truth map[int32]int // rows; a true person is named by its first row
	cells        []overlap     // by person found, then by true person
	label        []int32       // by row: its true person, or -1
	of           []int32
}

type overlap struct {
	found, truth int32
	rows         int
}

func newContingency(of []int32, labels []string) *contingency {
	t := &contingency{found: map[int32]int{}, truth: map[int32]int{}, label: make([]int32, len(of)), of: of}
	first := map[string]int32{}
	var rows []overlap
	for row, label := range labels {
		t.label[row] = -1
		if label == "" {
			continue
		}
		at, ok := first[label]
		if !ok {
			at = int32(row)
			first[label] = at
		}
		t.label[row] = at
		t.found[of[row]]++
		t.truth[at]++
		rows = append(rows, overlap{of[row], at, 1})
	}
	slices.SortFunc(rows, func(a, b overlap) int { return cmp.Or(cmp.Compare(a.found, b.found), cmp.Compare(a.truth, b.truth)) })
	for _, c := range rows {
		if last := len(t.cells) - 1; last >= 0 && t.cells[last].found == c.found && t.cells[last].truth == c.truth {
			t.cells[last].rows++
		} else {
			t.cells = append(t.cells, c)
		}
	}
	return t
}

func pairsOf(n int) int64 { return int64(n) * int64(n-1) / 2 }

func (t *contingency) quality() Quality {
	q := Quality{People: len(t.found), PeopleTrue: len(t.truth)}
	var pairsFound, pairsTrue, common int64
	for _, n := range t.found {
		pairsFound += pairsOf(n)
		q.Largest = max(q.Largest, n)
	}
	for _, n := range t.truth {
		pairsTrue += pairsOf(n)
		q.LargestTrue = max(q.LargestTrue, n)
	}
	var byFound, byTrue []float64
	inFound, inTruth := map[int32]int{}, map[int32]int{} // cells
	for _, c := range t.cells {
		common += pairsOf(c.rows)
		n, found, truth := float64(c.rows), t.found[c.found], t.truth[c.truth]
		byFound = append(byFound, n*n/float64(found))
		byTrue = append(byTrue, n*n/float64(truth))
		q.Rows += c.rows
		if c.rows == found && c.rows == truth {
			q.Exact++
		}
		inFound[c.found]++
		inTruth[c.truth]++
	}
	for _, n := range inFound {
		if n > 1 {
			q.Fused++
		}
	}
	for _, n := range inTruth {
		if n > 1 {
			q.Split++
		}
	}
	q.FalsePairs, q.MissedPairs = pairsFound-common, pairsTrue-common
	q.Precision, q.Recall = share(float64(common), float64(pairsFound)), share(float64(common), float64(pairsTrue))
	q.F1 = harmonic(q.Precision, q.Recall)
	q.BCubedPrecision, q.BCubedRecall = share(sum(byFound), float64(q.Rows)), share(sum(byTrue), float64(q.Rows))
	q.BCubed = harmonic(q.BCubedPrecision, q.BCubedRecall)
	return q
}

// sum adds up, in an order that depends on the terms alone: the same partition of rows in
// another order has the same quality to the last digit.
func sum(terms []float64) float64 {
	slices.Sort(terms)
	all := 0.0
	for _, t := range terms {
		all += t
	}
	return all
}

// Faults are a partition's, looked at by person.
type Faults struct {
	Fused []Sizes  // people found that are several, by rows
	Split []Sizes  // true people that were found as several, by rows
	Worst []Fusion // people found with the most false pairs, the worst first
}

// Sizes counts people whose rows are so many.
type Sizes struct {
	Least  int   `json:"least"` // rows
	Most   int   `json:"most"`
	People int   `json:"people"`
	Pairs  int64 `json:"pairs"` // that are false, or were missed
}

// Fusion is a person found that is several true ones.
type Fusion struct {
	Of         int32 // as in Result.Of
	Rows       int
	FalsePairs int64
	People     [][]int32 // rows by true person, the most first
}

// Inspect tells where the faults of a partition lie, with the worst of its people.
func Inspect(of []int32, labels []string, worst int) Faults {
	t := newContingency(of, labels)
	var f Faults
	right, cells := map[int32]int64{}, map[int32]int{}
	rightTrue, cellsTrue := map[int32]int64{}, map[int32]int{}
	for _, c := range t.cells {
		right[c.found] += pairsOf(c.rows)
		cells[c.found]++
		rightTrue[c.truth] += pairsOf(c.rows)
		cellsTrue[c.truth]++
	}
	for found, n := range t.found {
		if cells[found] > 1 {
			f.Worst = append(f.Worst, Fusion{Of: found, Rows: n, FalsePairs: pairsOf(n) - right[found]})
		}
	}
	f.Fused = bySize(t.found, right, cells)
	f.Split = bySize(t.truth, rightTrue, cellsTrue)
	slices.SortFunc(f.Worst, func(a, b Fusion) int { return cmp.Or(cmp.Compare(b.FalsePairs, a.FalsePairs), cmp.Compare(a.Of, b.Of)) })
	f.Worst = f.Worst[:min(len(f.Worst), worst)]
	t.fill(f.Worst)
	return f
}

// bySize counts those of several cells.
func bySize(rows map[int32]int, right map[int32]int64, cells map[int32]int) []Sizes {
	sizes := []Sizes{{Least: 2}, {Least: 3}, {Least: 4}, {Least: 5}, {Least: 10}, {Least: 20}, {Least: 100}}
	for who, n := range rows {
		if cells[who] < 2 {
			continue
		}
		at := len(sizes) - 1
		for n < sizes[at].Least {
			at--
		}
		s := &sizes[at]
		s.People++
		s.Pairs += pairsOf(n) - right[who]
		s.Most = max(s.Most, n)
	}
	return slices.DeleteFunc(sizes, func(s Sizes) bool { return s.People == 0 })
}

// fill gives fusions their rows.
func (t *contingency) fill(worst []Fusion) {
	at := map[int32]int{}
	for i, w := range worst {
		at[w.Of] = i
	}
	people := make([]map[int32][]int32, len(worst))
	for row, truth := range t.label {
		i, ok := at[t.of[row]]
		if !ok || truth < 0 {
			continue
		}
		if people[i] == nil {
			people[i] = map[int32][]int32{}
		}
		people[i][truth] = append(people[i][truth], int32(row))
	}
	for i, of := range people {
		for _, rows := range of {
			worst[i].People = append(worst[i].People, rows)
		}
		slices.SortFunc(worst[i].People, func(a, b []int32) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a[0], b[0])) })
	}
}

// Judged is how a partition compares with pairs of rows that somebody judged, and with
// these alone.
type Judged struct {
	Pairs     int     `json:"pairs"`
	Same      int     `json:"same"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	False     int     `json:"false_pairs"`
	Missed    int     `json:"missed_pairs"`
}

// Judge compares the people found with judged pairs. Those of which nobody is sure are left out.
func Judge(of []int32, labels []Label) Judged {
	var q Judged
	found, right := 0, 0
	for _, l := range labels {
		if l.Unsure {
			continue
		}
		q.Pairs++
		together := of[l.A] == of[l.B]
		switch {
		case together && l.Same:
			right++
		case together:
			q.False++
		case l.Same:
			q.Missed++
		}
		if together {
			found++
		}
		if l.Same {
			q.Same++
		}
	}
	q.Precision, q.Recall = share(float64(right), float64(found)), share(float64(right), float64(q.Same))
	q.F1 = harmonic(q.Precision, q.Recall)
	return q
}

// share is part of whole, and 1 where there is nothing to find.
func share(part, whole float64) float64 {
	if whole == 0 {
		return 1
	}
	return part / whole
}

func harmonic(p, r float64) float64 {
	if p+r == 0 {
		return 0
	}
	return 2 * p * r / (p + r)
}
