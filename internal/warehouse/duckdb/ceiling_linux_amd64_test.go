package duckdb

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/kithdata/kith/internal/warehouse"
)

// What was counted is given back: a count that drifted up would refuse every query
// in the end, one that drifted down none.
func TestTheCeilingCountsWhatIsHeld(t *testing.T) {
	db, err := Open(warehouse.Config{Path: filepath.Join(t.TempDir(), "w.duckdb"), Memory: "256MB"}, Deps{})
	if err != nil {
		t.Fatal(err)
	}
	if db.ceiling < 480_000_000 || db.ceiling > 520_000_000 {
		t.Errorf("the ceiling is %d bytes, twice 256 MB is wanted", db.ceiling)
	}
	for range 3 {
		for _, sql := range []string{"select length(repeat('x', 50000000))", "select len(range(500000))", "select len(range(300000000))", "select length(string_agg(i::varchar, ',')) from range(1000000) t(i)"} {
			_, _ = db.Query(context.Background(), sql, warehouse.Limits{}) // some are refused, which must cost nothing either
		}
	}
	if n := heldBytes(); n < 0 || n > 16<<20 {
		t.Errorf("DuckDB is said to hold %d bytes while nothing runs", n)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if n := heldBytes(); n < 0 || n > 1<<20 {
		t.Errorf("a closed database is said to hold %d bytes", n)
	}
	for text, want := range map[string]int64{"488.2 MiB": 511_914_803, "1.0 GiB": 1 << 30, "12 bytes": 12, "much": 0} {
		if got := readSize(text); got != want {
			t.Errorf("%s is %d bytes, want %d", text, got, want)
		}
	}
}
