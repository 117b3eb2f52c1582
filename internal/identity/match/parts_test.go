package match

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A date of birth in three columns is compared as one date, and the same people are found
// by the plan and by the snapshot that tell so.
func TestDateInParts(t *testing.T) {
	names, rows, truth := town(21, 400)
	born := slices.Index(names, "born")
	names = append(slices.Delete(slices.Clone(names), born, born+1), "d", "m", "y")
	for i, row := range rows {
		var year, month, day string
		if parts := strings.Split(row[born], "-"); len(parts) == 3 {
			year, month, day = parts[0], parts[1], parts[2]
		}
		rows[i] = append(slices.Delete(row, born, born+1), day, month, year)
	}
	table := tableOf(names, rows)
	found := Run(table, Config{})
	kinds := found.Fields()
	if kinds["y-m-d"] != Date || len(kinds) != 6 {
		t.Fatalf("compared are %v", kinds)
	}
	if q := Evaluate(found.Of, truth); q.F1 < 0.98 {
		t.Errorf("%+v", q)
	}
	plan := found.Plan()
	if again := Run(table, Config{Plan: &plan}); !slices.Equal(again.Of, found.Of) {
		t.Error("its own plan gives other people")
	}
	if again := Run(table, Config{Snapshot: found.Snapshot()}); !slices.Equal(again.Of, found.Of) {
		t.Error("its own snapshot gives other people")
	}
}

// Two columns of years, or months that are given without a year, are no date.
func TestNoDateInParts(t *testing.T) {
	var rows [][]string
	for i := range 400 {
		year, month, day := 1950+i%50, 1+i%12, 1+i%28
		rows = append(rows, []string{strconv.Itoa(year), strconv.Itoa(month), strconv.Itoa(day), strconv.Itoa(year + 1)})
	}
	for names, want := range map[string]bool{"year month day": true, "year month day other": false} {
		fields := strings.Fields(names)
		table := tableOf(fields, rows)
		table.Columns = table.Columns[:len(fields)]
		var all []*field
		for i := range table.Columns {
			all = append(all, newField(table, i, Skipped))
		}
		if _, ok := findDateParts(all); ok != want {
			t.Errorf("%s: %t", names, ok)
		}
	}
}
