package duckdb_test

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/warehouse"
	"github.com/kithdata/kith/internal/warehouse/duckdb"
)

// limitFiles makes every file of this process stop growing at n bytes, as a full
// disk does, until the given function is called.
func limitFiles(t *testing.T, n uint64) (lift func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ) // the write fails with EFBIG instead
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
			t.Fatal(err)
		}
		signal.Reset(syscall.SIGXFSZ)
	}
}

// A full disk fails the load with a code; with room again the same DB goes on, and
// nothing is lost or doubled.
func TestFullDisk(t *testing.T) {
	ctx := context.Background()
	topics := world(9, 1500)
	want := dump(t, loadWhole(t, topics))
	path := filepath.Join(t.TempDir(), "w.duckdb")
	db := open(t, path, nil)
	at := warehouse.Positions{}
	if err := db.Load(ctx, topics.step(t, at, 100)); err != nil {
		t.Fatal(err)
	}
	lift := limitFiles(t, 4096)
	step := topics.step(t, at, 1<<30)
	err := db.Load(ctx, step)
	lift()
	if !errs.Is(err, warehouse.CodeFailed) {
		t.Fatalf("a load onto a full disk: %v", err)
	}
	again, err := db.Positions(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Load(ctx, topics.step(t, again, 1<<30)); err != nil {
		t.Fatal(err)
	}
	if got := dump(t, db); got != want {
		t.Fatal(firstDifference(got, want))
	}
}

func TestOpenFaults(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "plain")
	if err := os.WriteFile(file, []byte(strings.Repeat("no database", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", file, filepath.Join(file, "w.duckdb"), filepath.Join(dir, "a?b")} {
		if _, err := duckdb.Open(warehouse.Config{Path: path}, duckdb.Deps{}); !errs.Is(err, warehouse.CodeOpen) {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func TestClosed(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "a b='c' é.duckdb"), nil)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	_, e1 := db.Positions(ctx)
	_, e2 := db.Query(ctx, "select 1", warehouse.Limits{})
	if !errs.Is(e1, warehouse.CodeClosed) || !errs.Is(e2, warehouse.CodeClosed) {
		t.Error(errors.Join(e1, e2))
	}
}
