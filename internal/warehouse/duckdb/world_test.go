package duckdb_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/warehouse"
	"github.com/kithdata/kith/internal/warehouse/duckdb"
)

const partitions = 3

// topics are emitted topics in memory.
type topics map[string][][]record.Emitted

func newTopics() topics {
	t := topics{}
	for _, name := range warehouse.Topics {
		t[name] = make([][]record.Emitted, partitions)
	}
	return t
}

func (t topics) emit(topic string, key byte, value []byte) {
	p := int32(key) % partitions
	t[topic][p] = append(t[topic][p], record.Emitted{Topic: topic, Partition: p, Number: uint64(len(t[topic][p])), Value: value})
}

func (t topics) end() warehouse.Positions {
	at := warehouse.Positions{}
	for name, ps := range t {
		for p := range ps {
			at.Set(name, int32(p), uint64(len(ps[p])))
		}
	}
	return at
}

type memoryCursor struct{ values []record.Emitted }

func (c memoryCursor) Next(ctx context.Context, from uint64, limit int) ([]record.Emitted, error) {
	if from >= uint64(len(c.values)) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return c.values[from:min(uint64(len(c.values)), from+uint64(limit))], nil
}

func (t topics) deps() warehouse.LoaderDeps {
	return warehouse.LoaderDeps{
		Cursor:     func(topic string, p int32) record.Cursor { return memoryCursor{t[topic][p]} },
		Partitions: func(string) int32 { return partitions },
	}
}

func nodeKey(kind byte, n int) (k record.NodeKey) {
	k[0], k[8] = byte(n), kind
	binary.BigEndian.PutUint32(k[1:], uint32(n))
	return k
}

const (
	second = int64(1_000_000)
	day    = 86_400 * second
	start  = 19_800 * day // in 2024
)

// world makes a made-up shop's topics: people who change, merge and come back,
// events and objects whose attributes drift, deletes, moves, outcomes.
func world(seed uint64, n int) topics {
	r := rand.New(rand.NewPCG(seed, 7))
	t := newTopics()
	versions := map[int]uint64{}
	moved := map[int]uint64{}
	orders := map[int]int64{}
	for i := range n {
		at := start + int64(i)*37*second
		switch r.IntN(10) {
		case 0, 1, 2:
			who := r.IntN(1 + n/8)
			versions[who]++
			p := profile(r, who, versions[who], at)
			t.emit(record.TopicChanges, p.ID[0], record.AppendProfile(nil, &p))
		case 3:
			k := r.IntN(1 + n/4)
			moved[k]++
			m := record.Move{Node: nodeKey('n', k), Version: moved[k], Time: at}
			if r.IntN(5) > 0 {
				m.Profile = nodeKey('p', r.IntN(1+n/8))
			}
			t.emit(record.TopicMoves, m.Node[0], record.AppendMove(nil, m))
		case 4, 5, 6, 7:
			f := event(r, i, n, at)
			t.emit(record.TopicFacts, f.Node[0], record.AppendFact(nil, &f))
		case 8:
			k := r.IntN(1 + n/10)
			orders[k]++
			f := object(r, k, orders[k], i, at)
			t.emit(record.TopicFacts, byte(k), record.AppendFact(nil, &f)) // not by node: its node changes
		case 9:
			q := disposition(r, i, at)
			t.emit(record.TopicDispositions, 1, record.AppendDisposition(nil, &q))
		}
	}
	return t
}

func profile(r *rand.Rand, who int, version uint64, at int64) record.Profile {
	p := record.Profile{ID: nodeKey('p', who), Version: version, Kind: record.Updated, Customers: 1 + uint32(r.IntN(3)),
		Cause: record.Cause{Received: at - int64(r.IntN(100))*second, Offset: version, Source: "crm", Stream: "crm.contacts"}}
	if version == 1 {
		p.Kind = record.Created
	}
	switch r.IntN(12) {
	case 0:
		p.Kind, p.Into = record.Merged, nodeKey('p', r.IntN(1+who))
		return p
	case 1:
		p.Kind = record.Gone
		return p
	}
	attr := func(name string, v record.Value) {
		p.Attrs = append(p.Attrs, record.GoldenAttr{Attr: record.Attr{Name: name, Value: v}, Source: "crm", Time: at})
	}
	attr("email", record.StringValue(fmt.Sprintf("p%d@example.com", who)))
	attr("first_name", record.StringValue(fmt.Sprintf("A fairly long name %d", r.IntN(50))))
	if r.IntN(3) == 0 {
		attr("score", drifting(r, int(version)))
	}
	p.Identifiers = []record.MemberIdentifier{{Identifier: record.Identifier{Type: "email", Value: fmt.Sprintf("p%d@example.com", who)}, Node: nodeKey('i', who), First: start}}
	if r.IntN(2) == 0 {
		p.Identifiers = append(p.Identifiers, record.MemberIdentifier{Identifier: record.Identifier{Type: "phone", Value: fmt.Sprint("+4420794600", r.IntN(10), r.IntN(10))}, Node: nodeKey('j', who), First: start + 5})
	}
	if r.IntN(3) == 0 {
		p.Consents = []record.ConsentState{{Purpose: "marketing", Channel: "email", Granted: r.IntN(2) == 0, Effective: at, Source: "crm"}}
	}
	return p
}

// drifting is a value whose kind widens as n grows.
func drifting(r *rand.Rand, n int) record.Value {
	switch r.IntN(min(n+1, 8)) {
	case 0, 1:
		return record.IntValue(int64(r.IntN(1000)))
	case 2:
		return record.FloatValue(float64(r.IntN(100000)) / 64)
	case 3:
		return record.FloatValue(float64(r.IntN(10)))
	case 4:
		return record.DateValue(19000 + int64(r.IntN(100)))
	case 5:
		return record.TimeValue(start + int64(r.IntN(100))*second/8)
	case 6:
		return record.BoolValue(r.IntN(2) == 0)
	}
	return record.StringValue("text \x00 'quoted' \"" + strings.Repeat("x", r.IntN(20)))
}

func event(r *rand.Rand, i, n int, at int64) record.Fact {
	f := record.Fact{Source: "web", Stream: "web.events", Kind: record.Event, Op: record.Upsert, Event: "Page Viewed", Key: fmt.Sprint("m", i),
		Node: nodeKey('n', r.IntN(1+n/4)), Occurred: at - int64(r.IntN(1000))*second, Received: at, Partition: 1, Offset: uint64(i)}
	add := func(name string, v record.Value) { f.Attrs = append(f.Attrs, record.Attr{Name: name, Value: v}) }
	add("url", record.StringValue(fmt.Sprintf("https://shop.example.com/page/%d", r.IntN(1000))))
	add("Source", record.StringValue("clashes with a column of ours"))
	add("select", record.IntValue(int64(i)))
	add("URL", record.StringValue("other case"))
	add(fmt.Sprintf("drift_%d", r.IntN(4)), drifting(r, i/20))
	switch r.IntN(4) {
	case 0:
		f.Stream = "web_events" // its table's name is taken
	case 1:
		add("items", record.JSONValue(fmt.Sprintf(`[{"sku":"a%d","n":%d,"x":[1,{"y":2}]},{"sku":null,"price":%d.5,"N":true}]`, r.IntN(9), r.IntN(9), r.IntN(9))))
	case 2:
		add("context", record.JSONValue(`{"page":{"title":"T"}}`))
	}
	return f
}

func object(r *rand.Rand, k int, seq int64, i int, at int64) record.Fact {
	f := record.Fact{Source: "shop", Stream: "shop.orders", Kind: record.Object, Op: record.Upsert, Key: fmt.Sprint("o", k), Received: at, Partition: 2, Offset: uint64(i),
		Order: record.Order{Seq: record.Seq{Kind: record.SeqNumber, A: seq - int64(r.IntN(3))}, Effective: at, Hash: r.Uint64()}}
	if r.IntN(4) > 0 {
		f.Node = nodeKey('n', k)
	}
	if r.IntN(8) == 0 {
		f.Op = record.Delete
		return f
	}
	f.Attrs = []record.Attr{{Name: "status", Value: record.StringValue("paid")}, {Name: "total", Value: drifting(r, min(i/50, 3))},
		{Name: "lines", Value: record.JSONValue(fmt.Sprintf(`[{"sku":"s%d","qty":%d}]`, r.IntN(5), r.IntN(5)))}}
	return f
}

func disposition(r *rand.Rand, i int, at int64) record.Disposition {
	q := record.Disposition{Partition: 1, From: uint64(i), To: uint64(i + 1), Counts: []record.DispositionCount{{Source: "crm", Stream: "crm.contacts"}},
		Checks: []record.CheckCount{{Stream: "crm.contacts", Check: "not_null", Column: "email", Passed: 1}}}
	switch r.IntN(3) {
	case 0:
		q.Counts[0].N[record.Applied] = 1
	case 1:
		q.Counts[0].N[record.Quarantined] = 1
		q.Set = []record.Reason{{Offset: uint64(i), Outcome: record.Quarantined, Source: "crm", Stream: "crm.contacts", Code: "contract_type", Field: "age", Received: at}}
	case 2:
		q.Counts[0].N[record.Duplicate] = 1
		q.Set = []record.Reason{{Offset: uint64(i), Outcome: record.Duplicate, Source: "crm", Stream: "crm.contacts", Code: "duplicate", Received: at}}
	}
	return q
}

// step takes at most n records of every partition from at on, and moves at.
func (t topics) step(tb testing.TB, at warehouse.Positions, n int) *warehouse.Step {
	tb.Helper()
	s := &warehouse.Step{}
	for _, name := range warehouse.Topics {
		for p := range t[name] {
			from := at.Get(name, int32(p))
			values := t[name][p][from:min(uint64(len(t[name][p])), from+uint64(n))]
			if len(values) == 0 {
				continue
			}
			part, err := warehouse.Decode(name, int32(p), from, values)
			if err != nil {
				tb.Fatal(err)
			}
			s.Parts = append(s.Parts, part)
			at.Set(name, int32(p), part.To)
		}
	}
	return s
}

func open(tb testing.TB, path string, fault func(string) error) *duckdb.DB {
	tb.Helper()
	db, err := duckdb.Open(warehouse.Config{Path: path, Memory: "256MB"}, duckdb.Deps{Fault: fault})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return db
}

func dump(tb testing.TB, db *duckdb.DB) string {
	tb.Helper()
	var b strings.Builder
	if err := db.Dump(context.Background(), &b); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// loadWhole loads everything in one step into a new warehouse.
func loadWhole(tb testing.TB, t topics) *duckdb.DB {
	tb.Helper()
	db := open(tb, filepath.Join(tb.TempDir(), "w.duckdb"), nil)
	if err := db.Load(context.Background(), t.step(tb, warehouse.Positions{}, 1<<30)); err != nil {
		tb.Fatal(err)
	}
	return db
}
