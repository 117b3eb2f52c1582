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
