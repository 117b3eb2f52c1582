package duckdb_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/warehouse"
)

// BenchmarkFacts loads events of ten attributes, 10,000 a step, decoding included.
func BenchmarkFacts(b *testing.B) {
	const rows = 10_000
	values := make([]record.Emitted, rows)
	for i := range values {
		f := record.Fact{Source: "web", Stream: "web.events", Kind: record.Event, Op: record.Upsert, Event: "Page Viewed", Key: fmt.Sprintf("message-%016d", i),
			Node: nodeKey('n', i%3000), Occurred: start + int64(i)*second, Received: start + int64(i)*second, Partition: 1, Offset: uint64(i)}
		for j := range 10 {
			v := record.StringValue(fmt.Sprintf("https://shop.example.com/%d/%d", j, i%500))
			switch j {
			case 1, 2, 3:
				v = record.IntValue(int64(i * j))
			case 4:
				v = record.FloatValue(float64(i) / 3)
			case 5:
				v = record.TimeValue(start + int64(i))
			case 6:
				v = record.BoolValue(i%2 == 0)
			case 7:
				v = record.StringValue("GBP")
			}
			f.Attrs = append(f.Attrs, record.Attr{Name: fmt.Sprintf("attribute_%d", j), Value: v})
		}
		values[i] = record.Emitted{Number: uint64(i), Value: record.AppendFact(nil, &f)}
	}
	benchmark(b, record.TopicFacts, values)
}

// BenchmarkChanges loads profile versions: half of them new people, half changes of
// known ones.
func BenchmarkChanges(b *testing.B) {
	const rows = 10_000
	values := make([]record.Emitted, rows)
	n := 0
	next := func(at uint64) []byte {
		who, version := int(at)/2*1, uint64(1)
		if at%2 == 1 {
			who, version = int(at)/4, 2+at
		}
		n++
		p := record.Profile{ID: nodeKey('p', who), Version: version, Kind: record.Updated, Customers: 1, Cause: record.Cause{Received: start + int64(at)*second, Source: "crm"}}
		for j := range 8 {
			p.Attrs = append(p.Attrs, record.GoldenAttr{Attr: record.Attr{Name: fmt.Sprintf("attribute_%d", j), Value: record.StringValue(fmt.Sprintf("value %d of %d", j, at))}, Source: "crm", Rule: "most_recent", Time: start})
		}
		p.Identifiers = []record.MemberIdentifier{{Identifier: record.Identifier{Type: "email", Value: fmt.Sprintf("p%d@example.com", who)}, Node: nodeKey('i', who), First: start}}
		return record.AppendProfile(nil, &p)
	}
	db := open(b, filepath.Join(b.TempDir(), "w.duckdb"), nil)
	at := uint64(0)
	fill := func() {
		for i := range values {
			values[i] = record.Emitted{Number: at + uint64(i), Value: next(at + uint64(i))}
		}
	}
	loadRounds(b, rows, func() {
		b.StopTimer()
		fill()
		b.StartTimer()
		part, err := warehouse.Decode(record.TopicChanges, 0, at, values)
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Load(context.Background(), &warehouse.Step{Parts: []warehouse.Part{part}}); err != nil {
			b.Fatal(err)
		}
		at += rows
	})
}

// BenchmarkMoves re-points nodes, half of them known.
func BenchmarkMoves(b *testing.B) {
	const rows = 10_000
	values := make([]record.Emitted, rows)
	db := open(b, filepath.Join(b.TempDir(), "w.duckdb"), nil)
	at := uint64(0)
	loadRounds(b, rows, func() {
		b.StopTimer()
		for i := range values {
			n := at + uint64(i)
			m := record.Move{Node: nodeKey('n', int(n)/2+i%2*int(n)/4), Profile: nodeKey('p', i), Version: n + 1, Time: start}
			values[i] = record.Emitted{Number: n, Value: record.AppendMove(nil, m)}
		}
		b.StartTimer()
		part, err := warehouse.Decode(record.TopicMoves, 0, at, values)
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Load(context.Background(), &warehouse.Step{Parts: []warehouse.Part{part}}); err != nil {
			b.Fatal(err)
		}
		at += rows
	})
}

func benchmark(b *testing.B, topic string, values []record.Emitted) {
	db := open(b, filepath.Join(b.TempDir(), "w.duckdb"), nil)
	at := uint64(0)
	loadRounds(b, len(values), func() {
		for i := range values {
			values[i].Number = at + uint64(i)
		}
		part, err := warehouse.Decode(topic, 0, at, values)
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Load(context.Background(), &warehouse.Step{Parts: []warehouse.Part{part}}); err != nil {
			b.Fatal(err)
		}
		at += uint64(len(values))
	})
}

func loadRounds(b *testing.B, rows int, round func()) {
	b.ReportAllocs()
	for b.Loop() {
		round()
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
