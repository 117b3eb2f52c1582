package duckdb_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/warehouse"
	"github.com/kithdata/kith/internal/warehouse/duckdb"
)

const killedPath = "KITH_TEST_WAREHOUSE"

func TestMain(m *testing.M) {
	if path := os.Getenv(killedPath); path != "" {
		if err := loadUntilKilled(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const killedSeed, killedRows = 42, 4000

// loadUntilKilled is the child: it loads the same topics through a Loader.
func loadUntilKilled(path string) error {
	topics := world(killedSeed, killedRows)
	cfg := warehouse.Config{Path: path, Memory: "256MB", StepRows: 40, StepTime: time.Millisecond}
	db, err := duckdb.Open(cfg, duckdb.Deps{})
	if err != nil {
		return err
	}
	loader := warehouse.NewLoader(db, cfg, topics.deps())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- loader.Run(ctx) }()
	if err := loader.WaitPositions(ctx, topics.end()); err != nil {
		return err
	}
	cancel()
	if err := <-ended; err != nil {
		return err
	}
	return db.Close()
}

// I2: a process killed at random moments, started again each time, leaves what an
// undisturbed load does.
func TestKilledLoadIsExactlyOnce(t *testing.T) {
	want := dump(t, loadWhole(t, world(killedSeed, killedRows)))
	path := filepath.Join(t.TempDir(), "w.duckdb")
	r := rand.New(rand.NewPCG(1, 1))
	kills := 0
	for {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), killedPath+"="+path)
		child.Stderr = os.Stderr
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- child.Wait() }()
		wait := time.Hour // the moment is what is random here, not the outcome
		if kills < 5 {
			wait = time.Duration(30+r.IntN(400)) * time.Millisecond
		}
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("after %d kills the load failed: %v", kills, err)
			}
		case <-time.After(wait):
			_ = child.Process.Kill()
			<-ended
			kills++
			continue
		}
		break
	}
	if kills == 0 {
		t.Error("the load was never killed")
	}
	if got := dump(t, open(t, path, nil)); got != want {
		t.Fatalf("after %d kills:\n%s", kills, firstDifference(got, want))
	}
}
