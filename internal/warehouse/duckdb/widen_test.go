package duckdb_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/warehouse"
)

var kinds = []*rapid.Generator[record.Value]{
	rapid.Map(rapid.Int64(), record.IntValue),
	rapid.Map(rapid.Int64Range(-9, 9), record.IntValue),
	rapid.Map(rapid.Float64(), record.FloatValue),
	rapid.Map(rapid.Float64Range(-1e6, 1e6), record.FloatValue),
	rapid.Map(rapid.Bool(), record.BoolValue),
	rapid.Map(rapid.Int64Range(-800_000, 3_000_000), record.DateValue),
	rapid.Map(rapid.Int64Range(-62_135_596_800_000_000, 253_402_300_799_999_999), record.TimeValue),
	rapid.Map(rapid.Int64Range(-700_000, 2_900_000), func(d int64) record.Value { return record.TimeValue(d * day) }),
	rapid.Map(rapid.String(), record.StringValue),
	rapid.Just(record.JSONValue(`{"a":[1]}`)),
	rapid.Just(record.Value{}),
}

var anyValue = rapid.OneOf(kinds...)

// A column's type and every value in it are a function of the set of values: not of
// the order in which they came, nor of the steps.
func TestWideningForgetsNothing(t *testing.T) {
	const columns, rows = 150, 6
	r := rand.New(rand.NewPCG(1, 2))
	var facts []record.Fact
	for i := range rows {
		facts = append(facts, record.Fact{Source: "s", Stream: "s.t", Kind: record.Event, Op: record.Upsert, Key: fmt.Sprint(i), Received: start})
	}
	for c := range columns {
		kind := anyValue
		if c%2 == 0 { // every other column has values of one kind
			kind = kinds[c/2%len(kinds)]
		}
		for i, v := range rapid.SliceOfN(kind, rows, rows).Example(c) {
			if r.IntN(3) > 0 { // the fewer values, the narrower the column
				facts[i].Attrs = append(facts[i].Attrs, record.Attr{Name: fmt.Sprint("c", c), Value: v})
			}
		}
	}
	var dumps []string
	for _, order := range [][]int{r.Perm(rows), r.Perm(rows), r.Perm(rows)} {
		for _, size := range []int{1, 2, rows} {
			topics := newTopics()
			for _, i := range order {
				topics.emit(record.TopicFacts, 0, record.AppendFact(nil, &facts[i]))
			}
			db := open(t, filepath.Join(t.TempDir(), "w.duckdb"), nil)
			for at := (warehouse.Positions{}); !at.Covers(topics.end()); {
				if err := db.Load(context.Background(), topics.step(t, at, size)); err != nil {
					t.Fatal(err)
				}
			}
			dumps = append(dumps, dump(t, db))
			_ = db.Close()
		}
	}
	for _, d := range dumps[1:] {
		if d != dumps[0] {
			t.Fatal(firstDifference(d, dumps[0]))
		}
	}
	for _, typ := range []string{"boolean", "integer", "bigint", "double", "date", "timestamp", "json", "text"} {
		if !strings.Contains(dumps[0], ":"+typ) {
			t.Errorf("no column of type %s was made", typ)
		}
	}
}

// Names of every kind make columns, each its own.
func TestNamesAndWidth(t *testing.T) {
	f := record.Fact{Source: "s", Stream: "select", Kind: record.Event, Op: record.Upsert, Key: "k", Received: start}
	names := []string{"a", "A", "a ", "", " ", "1", "é", "日本", "select", "SELECT", "rowid", "_key", "source", "Source", "x\"y", "x'y", "nul\x00", "a_2", "table.column", "; drop table dim_date; --"}
	for i := range 600 {
		names = append(names, fmt.Sprintf("column %d", i))
	}
	for i, n := range names {
		f.Attrs = append(f.Attrs, record.Attr{Name: n, Value: record.IntValue(int64(i))})
	}
	topics := newTopics()
	topics.emit(record.TopicFacts, 0, record.AppendFact(nil, &f))
	path := filepath.Join(t.TempDir(), "w.duckdb")
	db := open(t, path, nil)
	at := warehouse.Positions{}
	for range 2 { // the second time with the catalogue read from the file
		if err := db.Load(context.Background(), topics.step(t, at, 1)); err != nil {
			t.Fatal(err)
		}
		topics.emit(record.TopicFacts, 0, record.AppendFact(nil, &f))
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		db = open(t, path, nil)
	}
	r, err := db.Query(context.Background(), "select * from fact_select_", warehouse.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(r.Columns), len(names)+len(warehouse.FactColumns); got != want {
		t.Fatalf("%d columns, want %d", got, want)
	}
	seen := map[any]bool{}
	for i := range names {
		v := r.Rows[1][len(warehouse.FactColumns)+i]
		if seen[v] {
			t.Errorf("value %v lies in two columns", v)
		}
		seen[v] = true
		if v != r.Rows[0][len(warehouse.FactColumns)+i] {
			t.Errorf("column %s changed its attribute", r.Columns[len(warehouse.FactColumns)+i])
		}
	}
}
