package duckdb_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/warehouse"
)

// I2: in one go, or in odd steps with failures and restarts between: equal tables.
func TestStepsAndRestartsLoadTheSame(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(4) {
		topics := world(seed, 1500)
		want := dump(t, loadWhole(t, topics))

		r := rand.New(rand.NewPCG(seed, 1))
		path := filepath.Join(t.TempDir(), "w.duckdb")
		broken := errors.New("a fault of the test")
		fault := func(string) error {
			if r.IntN(60) == 0 {
				return broken
			}
			return nil
		}
		db := open(t, path, fault)
		faults := 0
		for {
			at, err := db.Positions(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if at.Covers(topics.end()) {
				break
			}
			step := topics.step(t, at, 1+r.IntN(60))
			if err := db.Load(ctx, step); err != nil {
				if !errors.Is(err, broken) {
					t.Fatal(err)
				}
				faults++
			}
			if r.IntN(6) == 0 {
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				db = open(t, path, fault)
			}
		}
		if faults == 0 {
			t.Error("no fault was met: the test tests nothing")
		}
		if got := dump(t, db); got != want {
			t.Fatalf("seed %d: the tables differ\n%s", seed, firstDifference(got, want))
		}
	}
}

func TestLoadRefusesAnyOtherStart(t *testing.T) {
	topics := world(1, 200)
	db := loadWhole(t, topics)
	before := dump(t, db)
	err := db.Load(context.Background(), topics.step(t, warehouse.Positions{}, 5))
	if !errs.Is(err, warehouse.CodeMoved) {
		t.Fatalf("a step loaded twice: %v", err)
	}
	if dump(t, db) != before {
		t.Error("the refused step left rows")
	}
}

func firstDifference(got, want string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return "got  …" + got[max(0, i-200):min(len(got), i+200)] + "\n\nwant …" + want[max(0, i-200):min(len(want), i+200)]
		}
	}
	return "one is a prefix of the other"
}
