//go:build !race

package resolve_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kithdata/kith/internal/resolve"
)

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
