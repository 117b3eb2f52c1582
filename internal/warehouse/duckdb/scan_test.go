package duckdb

import (
	"testing"

	"github.com/kithdata/kith/internal/record"
)

// FuzzScan: tokens lie in order within the text and never overlap.
func FuzzScan(f *testing.F) {
	for _, s := range []string{"select 1", "select 'a''b', \"c\"\"d\" -- e", "/* a /* b */ c */ x", "$$ a $$ $t$ b $t$", "e'\\' x'", "'", "\"", "$1", "/*", "é(1)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		at := 0
		for _, k := range scan(sql) {
			if k.start < at || k.end <= k.start || k.end > len(sql) {
				t.Fatalf("token %d..%d after %d of %d", k.start, k.end, at, len(sql))
			}
			at = k.end
		}
		_ = mask(sql)
	})
}

// FuzzChildren: any text is rows of objects or stays whole.
func FuzzChildren(f *testing.F) {
	for _, s := range []string{`[{"a":1}]`, `[{"a":1},2]`, `[{"a":[{"b":1}]},{}]`, `[`, `[{`, `[{"a":1e400},{"a":123456789012345678901234567890}]`, `[{"a":"\ud800"}]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rows, ok := parseChildren(text)
		if ok && len(rows) == 0 {
			t.Fatal("no rows, and yet taken apart")
		}
		for _, row := range rows {
			for _, a := range row {
				if a.Value.Kind > record.JSON {
					t.Fatalf("kind %d", a.Value.Kind)
				}
			}
		}
	})
}
