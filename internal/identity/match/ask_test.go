package match

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// clerk answers what an inquiry asks by the truth, so many times.
func clerk(q *Inquiry, truth []string, n int) (labels []Label) {
	for range n {
		x, ok := q.Next()
		if !ok {
			break
		}
		l := Label{A: x.A, B: x.B, Same: truth[x.A] == truth[x.B]}
		labels = append(labels, l)
		q.Answer(l)
	}
	return labels
}

// Estimates hold what is true, and narrow; labels of people who are found well do no harm.
func TestInquiry(t *testing.T) {
	missed := 0 // intervals are such that one in twenty does not hold what is true
	for seed := range uint64(4) {
		names, rows, truth := town(seed+10, 300)
		for i := range rows { // so that some are fused, and some split
			rows[i][4], rows[i][5] = "", ""
			if i%3 == 0 {
				rows[i][2] = ""
			}
		}
		table := tableOf(names, rows)
		found := Run(table, Config{})
		q := found.Inquire(nil)
		first := q.Survey()
		labels := clerk(q, truth, 120)
		e, is := q.Survey(), Evaluate(found.Of, truth)
		if is.Precision < e.Precision.Low || is.Precision > e.Precision.High {
			if missed++; missed > 1 {
				t.Errorf("town %d: precision %.3f is estimated as %+v", seed, is.Precision, e.Precision)
			}
		}
		if e.Precision.High-e.Precision.Low >= first.Precision.High-first.Precision.Low {
			t.Errorf("town %d: 120 answers narrow %+v to %+v", seed, first.Precision, e.Precision)
		}
		if e.Recall.Value < is.Recall-0.02 { // of what has odds of one to eight or more alone
			t.Errorf("town %d: recall %.3f is estimated as %+v", seed, is.Recall, e.Recall)
		}
		met := map[[2]int32]bool{}
		for _, l := range labels {
			if met[[2]int32{l.A, l.B}] || l.A >= l.B {
				t.Errorf("town %d: %v is asked twice, or turned", seed, l)
			}
			met[[2]int32{l.A, l.B}] = true
		}
		with := Evaluate(Run(table, Config{Labels: labels}).Of, truth)
		if with.F1 < is.F1-0.01 {
			t.Errorf("town %d: F1 falls from %.4f to %.4f", seed, is.F1, with.F1)
		}
	}
}

// A stratum's estimate is not moved by what was chosen: only pairs that come first in the
// order of the draw count, and of these the unsure do not.
func TestOnlyWhatWasDrawnCounts(t *testing.T) {
	names, rows, _ := town(3, 200)
	q := Run(tableOf(names, rows), Config{}).Inquire(nil)
	s := &q.strata[len(q.strata)-1]
	if len(s.order) < 5 {
		t.Fatalf("the stratum has %d pairs", len(s.order))
	}
	say := func(i int, l Label) {
		l.A, l.B = int32(q.rows[s.order[i]>>32]), int32(q.rows[uint32(s.order[i])])
		q.Answer(l)
	}
	say(3, Label{Same: true})
	if n, _, next := q.drawn(s); n != 0 || next != 0 {
		t.Errorf("one that was not drawn counts: %v, next %d", n, next)
	}
	say(0, Label{Unsure: true})
	say(1, Label{Same: true})
	say(2, Label{})
	if n, same, next := q.drawn(s); n != 3 || same != 2 || next != 4 {
		t.Errorf("%v drawn, %v the same, next %d; want 3, 2 and 4", n, same, next)
	}
	say(2, Label{Same: true}) // the later answer counts
	if n, same, _ := q.drawn(s); n != 3 || same != 3 {
		t.Errorf("%v drawn, %v the same after one was changed", n, same)
	}
	if len(q.labels) != 4 {
		t.Errorf("%d labelled, want 4", len(q.labels))
	}
}

// The same labels in any order, on the same records in any order, give the same people.
func TestOrderOfLabelsMeansNothing(t *testing.T) {
	names, rows, truth := town(2, 300)
	for i := range rows {
		rows[i][5] += string(rune('a'+i%26)) + string(rune('a'+i/26%26)) // no two alike
		rows[i][2] = ""
	}
	table := tableOf(names, rows)
	labels := clerk(Run(table, Config{}).Inquire(nil), truth, 80)
	want := clusters(rows, Run(table, Config{Labels: labels}), names, names)
	r := rand.New(rand.NewPCG(5, 5))
	perm := r.Perm(len(rows))
	to := make([]int32, len(rows))
	shuffled := make([][]string, len(rows))
	for i, at := range perm {
		shuffled[i], to[at] = rows[at], int32(i)
	}
	moved := make([]Label, len(labels))
	for i, at := range r.Perm(len(labels)) {
		l := labels[at]
		moved[i] = Label{A: to[l.B], B: to[l.A], Same: l.Same}
	}
	got := clusters(shuffled, Run(tableOf(names, shuffled), Config{Labels: moved}), names, names)
	if n := common(got, want); n != len(want) {
		t.Errorf("%d of %d records are with others", len(want)-n, len(want))
	}
}

func TestFewLabelsMoveNothing(t *testing.T) {
	names, rows, truth := town(6, 200)
	table := tableOf(names, rows)
	base := Run(table, Config{})
	same := Label{A: 0, B: 1, Same: truth[0] == truth[1]}
	few := Run(table, Config{Labels: []Label{same, {A: 0, B: 2}, {A: 3, B: 3}}})
	if few.Lessons != 0 || !slices.Equal(few.Of, base.Of) || few.Expected.Accept != base.Expected.Accept {
		t.Errorf("%d lessons, joined from %.2f on", few.Lessons, few.Expected.Accept)
	}
}

// There is nothing to ask where nothing was compared, and an end where little was.
func TestInquiryEnds(t *testing.T) {
	if _, ok := Run(tableOf([]string{"a"}, [][]string{{"x"}}), Config{}).Inquire(nil).Next(); ok {
		t.Error("one row is asked about")
	}
	rows := [][]string{{"robert", "smith"}, {"rob", "smith"}, {"anna", "jones"}, {"anna", "jonse"}}
	q := Run(tableOf([]string{"a", "b"}, rows), Config{}).Inquire(nil)
	if n := len(clerk(q, []string{"a", "a", "b", "b"}, 100)); n > 6 {
		t.Errorf("%d questions about 6 pairs", n)
	}
	e := q.Survey()
	if e.Precision.Low > e.Precision.Value || e.Precision.Value > e.Precision.High || e.Recall.High > 1 {
		t.Errorf("%+v", e)
	}
}

// The way down is level where a regression ends.
func TestRegression(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	fit := &regression{weights: 6, spread: 2}
	for range 300 {
		var e example
		for i := range fit.weights {
			if r.IntN(2) == 0 {
				e.ones = append(e.ones, i)
			}
		}
		e.offset, e.importance = 40*r.Float64()-20, 2*r.Float64()
		e.same = r.IntN(3) == 0
		fit.examples = append(fit.examples, e)
	}
	w := fit.solve()
	least := fit.cost(w)
	for i := range w {
		for _, by := range []float64{-0.01, 0.01} {
			v := slices.Clone(w)
			v[i] += by
			if fit.cost(v) < least {
				t.Errorf("weight %d is better moved by %g", i, by)
			}
		}
	}
}
