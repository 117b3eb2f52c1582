package resolve_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kithdata/kith/internal/people"
	"github.com/kithdata/kith/internal/resolve"
)

// crowd writes so many records of made-up people, hard cases and all, and gives the
// truth by id.
func crowd(t *testing.T, records int, hardness string) (path string, truth map[string]string) {
	t.Helper()
	rates, err := people.RatesOf(hardness, nil)
	if err != nil {
		t.Fatal(err)
	}
	g, err := people.New(people.Settings{Records: records, Seed: 7, Rates: rates})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := g.Write(t.Context(), &text, people.CSV, false, func(int) {}); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&text).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	truth = map[string]string{}
	for _, row := range rows[1:] {
		truth[row[0]] = row[1]
	}
	return path, truth
}

func config(path string) resolve.Config {
	return resolve.Config{Files: []string{path}, ID: "record_id", Label: "person_id"}
}

// clerk answers questions by the truth, until so many are labelled.
func clerk(t *testing.T, l *resolve.Labelling, truth map[string]string, until int) {
	t.Helper()
	for l.Stands().Pairs < until {
		q, ok := l.Next()
		if !ok {
			t.Fatalf("no pair is left after %d", l.Stands().Pairs)
		}
		v := resolve.Different
		if truth[q.A] == truth[q.B] {
			v = resolve.Same
		}
		if err := l.Answer(v); err != nil {
			t.Fatal(err)
		}
	}
}

// without writes the records of a file anew, less some columns.
func without(t *testing.T, path string, columns ...string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range slices.Backward(rows[0]) {
		if slices.Contains(columns, name) {
			for r := range rows {
				rows[r] = slices.Delete(rows[r], i, i+1)
			}
		}
	}
	var less bytes.Buffer
	if err := csv.NewWriter(&less).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "less.csv")
	if err := os.WriteFile(path, less.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Labels of made-up people of whom no date of birth is known, so that households pass for
// people, raise F1 on all the pairs that nobody labelled, and the estimates that they give
// hold what is true.
func TestLabelsRaiseF1(t *testing.T) {
	path, truth := crowd(t, 3000, "hard")
	path = without(t, path, "birth_date")
	labels := filepath.Join(t.TempDir(), "labels.csv")
	before, err := resolve.Run(t.Context(), config(path))
	if err != nil {
		t.Fatal(err)
	}
	const n = 60
	l, err := resolve.Label(t.Context(), config(path), labels)
	if err != nil {
		t.Fatal(err)
	}
	clerk(t, l, truth, n)
	if e := l.Stands().Estimate; e.Precision.Low > before.Quality.Precision || e.Precision.High < before.Quality.Precision {
		t.Errorf("by %d labels precision is %+v; it is %.3f", n, e.Precision, before.Quality.Precision)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c := config(path)
	c.Labels = labels
	with, err := resolve.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d labels: F1 %.4f, without %.4f", n, with.Quality.F1, before.Quality.F1)
	if with.LabelledPairs != n || with.UnknownPairs != 0 {
		t.Errorf("%d labelled pairs of %d are told, %d unknown", with.LabelledPairs, n, with.UnknownPairs)
	}
	if with.Fitted != "labels" || with.Quality.F1 < before.Quality.F1+0.02 {
		t.Errorf("with %d labels F1 is %.4f, fitted to %s; without them it is %.4f", n, with.Quality.F1, with.Fitted, before.Quality.F1)
	}
}

// A labelling that is broken off after each answer asks what one that is not asks, and
// nothing twice; each answer is in the file before the next question.
func TestLabellingGoesOn(t *testing.T) {
	path, truth := crowd(t, 300, "hard")
	whole, err := resolve.Label(t.Context(), config(path), filepath.Join(t.TempDir(), "whole.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	broken := filepath.Join(t.TempDir(), "broken.csv")
	asked := map[[2]string]bool{}
	for n := 1; n <= 12; n++ {
		l, err := resolve.Label(t.Context(), config(path), broken)
		if err != nil {
			t.Fatal(err)
		}
		q, _ := l.Next()
		if asked[[2]string{q.A, q.B}] {
			t.Errorf("question %d was asked before", n)
		}
		asked[[2]string{q.A, q.B}] = true
		if w, _ := whole.Next(); w.A != q.A || w.B != q.B {
			t.Errorf("question %d is on %s and %s, not on %s and %s", n, q.A, q.B, w.A, w.B)
		}
		clerk(t, l, truth, n)
		clerk(t, whole, truth, n)
		text, err := os.ReadFile(broken)
		if err != nil || bytes.Count(text, []byte("\n")) != n+1 {
			t.Errorf("after %d answers the file is %q (%v)", n, text, err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLabellingEndsWhenTold(t *testing.T) {
	path, _ := crowd(t, 50, "easy")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if l, err := resolve.Label(ctx, config(path), filepath.Join(t.TempDir(), "labels.csv")); err == nil {
		t.Errorf("it goes on, with %v", l.Stands())
	}
}

// What is shown is every column but the truth and the ids.
func TestWhatIsShown(t *testing.T) {
	path, _ := crowd(t, 300, "easy")
	l, err := resolve.Label(t.Context(), config(path), filepath.Join(t.TempDir(), "labels.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	q, _ := l.Next()
	var names []string
	for _, f := range q.Fields {
		names = append(names, f.Name)
	}
	if !slices.Contains(names, "family_name") || slices.Contains(names, "person_id") || slices.Contains(names, "record_id") {
		t.Errorf("shown are %v", names)
	}
}
