package match

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEvaluate(t *testing.T) {
	// Two of three records of a are found together, one with b's only one.
	q := Evaluate([]int32{0, 0, 2, 2}, []string{"a", "a", "a", "b"})
	if q.Precision != 0.5 || q.Recall != 1.0/3 || q.Largest != 2 || q.LargestTrue != 3 {
		t.Errorf("%+v", q)
	}
	// By row: precision 1, 1, 1/2, 1/2; recall 2/3, 2/3, 1/3, 1.
	if want := harmonic(0.75, 2.0/3); q.BCubed < want-1e-9 || q.BCubed > want+1e-9 {
		t.Errorf("B-cubed %.4f, want %.4f", q.BCubed, want)
	}
}

// Every figure is what looking at every pair of rows, and every row, gives.
func TestEvaluateIsWhatCountingGives(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := r.IntN(40)
		of, labels := make([]int32, n), make([]string, n)
		for i := range of {
			of[i] = int32(i)
			if i > 0 && r.IntN(2) == 0 {
				of[i] = of[r.IntN(i)]
			}
			if r.IntN(10) > 0 {
				labels[i] = fmt.Sprint(r.IntN(n/3 + 1))
			}
		}
		if diff := cmp.Diff(counted(of, labels), Evaluate(of, labels), cmp.Comparer(func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 })); diff != "" {
			t.Fatalf("%v by %v: %s", of, labels, diff)
		}
	}
}

// Rows in another order have the same quality, to the last digit.
func TestEvaluateWhateverTheOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	of, labels := make([]int32, 500), make([]string, 500)
	for i := range of {
		of[i], labels[i] = int32(r.IntN(90)), fmt.Sprint(r.IntN(110))
	}
	want := Evaluate(of, labels)
	for range 20 {
		r.Shuffle(len(of), func(i, j int) { of[i], of[j], labels[i], labels[j] = of[j], of[i], labels[j], labels[i] })
		name := r.Perm(90) // a person goes by its first row, which is another
		moved := make([]int32, len(of))
		for i, person := range of {
			moved[i] = int32(name[person])
		}
		if got := Evaluate(moved, labels); got != want {
			t.Fatalf("%+v, and in another order %+v", want, got)
		}
	}
}

func counted(of []int32, labels []string) Quality {
	var q Quality
	people, truth := map[int32][]int{}, map[string][]int{}
	for i, l := range labels {
		if l != "" {
			people[of[i]], truth[l] = append(people[of[i]], i), append(truth[l], i)
			q.Rows++
		}
	}
	both, precision, recall := 0, 0.0, 0.0
	for i := range of {
		inBoth := 0
		for j := range of {
			if labels[i] == "" || labels[j] == "" {
				continue
			}
			found, true := of[i] == of[j], labels[i] == labels[j]
			if found && true {
				inBoth++
			}
			switch {
			case j >= i:
			case found && true:
				both++
			case found:
				q.FalsePairs++
			case true:
				q.MissedPairs++
			}
		}
		if labels[i] != "" {
			precision += float64(inBoth) / float64(len(people[of[i]]))
			recall += float64(inBoth) / float64(len(truth[labels[i]]))
		}
	}
	for _, rows := range people {
		q.People++
		q.Largest = max(q.Largest, len(rows))
		if !oneOf(rows, func(i int) string { return labels[i] }) {
			q.Fused++
		}
		if slices.Equal(rows, truth[labels[rows[0]]]) {
			q.Exact++
		}
	}
	for _, rows := range truth {
		q.PeopleTrue++
		q.LargestTrue = max(q.LargestTrue, len(rows))
		if !oneOf(rows, func(i int) string { return fmt.Sprint(of[i]) }) {
			q.Split++
		}
	}
	q.Precision, q.Recall = share(float64(both), float64(both)+float64(q.FalsePairs)), share(float64(both), float64(both)+float64(q.MissedPairs))
	q.F1 = harmonic(q.Precision, q.Recall)
	q.BCubedPrecision, q.BCubedRecall = share(precision, float64(q.Rows)), share(recall, float64(q.Rows))
	q.BCubed = harmonic(q.BCubedPrecision, q.BCubedRecall)
	return q
}

func oneOf(rows []int, what func(int) string) bool {
	return !slices.ContainsFunc(rows, func(i int) bool { return what(i) != what(rows[0]) })
}

func TestInspect(t *testing.T) {
	f := Inspect([]int32{0, 0, 0, 3, 3, 5, 6}, []string{"a", "a", "b", "b", "c", "", "c"}, 1)
	want := Faults{
		Fused: []Sizes{{2, 2, 1, 1}, {3, 3, 1, 2}},
		Split: []Sizes{{2, 2, 2, 2}},
		Worst: []Fusion{{Of: 0, Rows: 3, FalsePairs: 2, People: [][]int32{{0, 1}, {2}}}},
	}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Error(diff)
	}
}

func TestJudge(t *testing.T) {
	of := []int32{0, 0, 0, 3}
	q := Judge(of, []Label{{A: 0, B: 1, Same: true}, {A: 0, B: 2}, {A: 0, B: 3, Same: true}, {A: 1, B: 3}})
	if diff := cmp.Diff(Judged{Pairs: 4, Same: 2, Precision: 0.5, Recall: 0.5, F1: 0.5, False: 1, Missed: 1}, q); diff != "" {
		t.Error(diff)
	}
}
