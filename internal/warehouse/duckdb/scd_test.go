package duckdb_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/warehouse"
	"github.com/kithdata/kith/internal/warehouse/duckdb"
)

// ask gives an answer as lines of values joined with "|".
func ask(t *testing.T, db *duckdb.DB, sql string) string {
	t.Helper()
	r, err := db.Query(context.Background(), sql, warehouse.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var b strings.Builder
	for _, row := range r.Rows {
		for i, v := range row {
			if i > 0 {
				b.WriteByte('|')
			}
			fmt.Fprint(&b, strings.Trim(string(warehouse.AppendJSONValue(nil, v)), `"`))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func named(id byte, version uint64, kind record.ChangeKind, at int64, name string) record.Profile {
	p := record.Profile{ID: nodeKey('p', int(id)), Version: version, Kind: kind, Customers: 1, Cause: record.Cause{Received: start + at*second}}
	if name != "" {
		p.Attrs = []record.GoldenAttr{{Attr: record.Attr{Name: "name", Value: record.StringValue(name)}}}
		p.Identifiers = []record.MemberIdentifier{{Identifier: record.Identifier{Type: "email", Value: name + "@example.com"}, First: start}}
	}
	return p
}

// Versions within one step and across steps make the same history.
func TestHistoryOfCustomers(t *testing.T) {
	topics := newTopics()
	merged := named(1, 4, record.Merged, 40, "")
	merged.Into = nodeKey('p', 2)
	for _, p := range []record.Profile{
		named(1, 1, record.Created, 10, "ann"), named(1, 2, record.Updated, 30, "anna"),
		named(1, 3, record.Updated, 20, "hanna"), // its cause was received earlier: valid_from may not run back
		merged,
		named(1, 5, record.Split, 50, "ann"), // the id comes back
		named(1, 6, record.Gone, 60, ""),
		named(2, 1, record.Created, 5, "bob"),
	} {
		topics.emit(record.TopicChanges, 0, record.AppendProfile(nil, &p))
	}
	const history = "select change, (epoch(valid_from) - 19800*86400)::int, (epoch(valid_to) - 19800*86400)::int, is_current, ended_by, merged_into = (select min(customer_id) from dim_customer where name = 'bob'), name from dim_customer where name is not null order by name = 'bob', version"
	const want = "created|10|30|false|updated|null|ann\nupdated|30|30|false|updated|null|anna\nupdated|30|40|false|merged|true|hanna\nsplit|50|60|false|erased|null|ann\ncreated|5|null|true|null|null|bob\n"
	for n := 1; n <= 7; n++ {
		db := open(t, filepath.Join(t.TempDir(), "w.duckdb"), nil)
		for at := (warehouse.Positions{}); !at.Covers(topics.end()); {
			if err := db.Load(context.Background(), topics.step(t, at, n)); err != nil {
				t.Fatal(err)
			}
		}
		if got := ask(t, db, history); got != want {
			t.Errorf("%d a step:\n%s\nwant\n%s", n, got, want)
		}
		if got := ask(t, db, "select identifier_value from bridge_identity"); got != "bob@example.com\n" {
			t.Errorf("%d a step: bridge_identity holds %s", n, got)
		}
		if got := ask(t, db, "select count(*) from dim_customer where _last and _key is not null"); got != "2\n" {
			t.Errorf("%d a step: last rows %s", n, got)
		}
	}
}

// The views give the customer of now and the customer as known then.
func TestViewsJoinCustomers(t *testing.T) {
	topics := newTopics()
	for _, p := range []record.Profile{named(1, 1, record.Created, 10, "ann"), named(1, 2, record.Updated, 100, "anna")} {
		topics.emit(record.TopicChanges, 0, record.AppendProfile(nil, &p))
	}
	topics.emit(record.TopicMoves, 0, record.AppendMove(nil, record.Move{Node: nodeKey('n', 1), Profile: nodeKey('p', 1), Version: 1, Time: start}))
	for i, n := range []int{1, 2} { // the second node belongs to nobody known
		f := record.Fact{Source: "web", Stream: "web.events", Kind: record.Event, Op: record.Upsert, Event: "E", Key: fmt.Sprint(i), Node: nodeKey('n', n), Received: start + 50*second}
		topics.emit(record.TopicFacts, 0, record.AppendFact(nil, &f))
	}
	db := loadWhole(t, topics)
	if got := ask(t, db, "select record_key, customer_name, customer_id = 'unknown' from v_fact_web_events order by 1"); got != "0|anna|false\n1|null|true\n" {
		t.Error(got)
	}
	if got := ask(t, db, "select record_key, customer_name from v_fact_web_events_asof order by 1"); got != "0|ann\n1|null\n" {
		t.Error(got)
	}
	if got := ask(t, db, "select count(*) from dim_customer where customer_id = 'unknown' and is_current"); got != "1\n" {
		t.Error(got)
	}
}

// v_customer holds the people as they are now, and nothing of the loader's.
func TestCustomersAsTheyAreNow(t *testing.T) {
	columns := "select string_agg(column_name, ' ' order by column_index) from duckdb_columns() where table_name = 'v_customer'"
	const fixed = "customer_id version valid_from change suppressed pending source_customers"
	db := open(t, filepath.Join(t.TempDir(), "w.duckdb"), nil)
	if got := ask(t, db, "select count(*) from v_customer") + ask(t, db, columns); got != "0\n"+fixed+"\n" {
		t.Errorf("before anything was loaded: %s", got)
	}
	topics := newTopics()
	for _, p := range []record.Profile{named(1, 1, record.Created, 10, "ann"), named(2, 1, record.Created, 20, "bob"), named(1, 2, record.Updated, 30, "anna"), named(2, 2, record.Gone, 50, "")} {
		topics.emit(record.TopicChanges, 0, record.AppendProfile(nil, &p))
	}
	db = loadWhole(t, topics)
	if got := ask(t, db, "select version, change, name from v_customer"); got != "2|updated|anna\n" {
		t.Errorf("now: %s", got)
	}
	if got := ask(t, db, columns); got != fixed+" id_email name\n" && got != fixed+" name id_email\n" {
		t.Errorf("its columns are %s", got)
	}
}

func order(seq int64, op record.Op, node record.NodeKey, attrs ...record.Attr) record.Fact {
	return record.Fact{Source: "shop", Stream: "shop.orders", Kind: record.Object, Op: op, Key: "o1", Node: node, Received: start,
		Order: record.Order{Seq: record.Seq{Kind: record.SeqNumber, A: seq}}, Attrs: attrs}
}

// An object is its greatest version, wherever it lay before, and stays deleted.
func TestObjects(t *testing.T) {
	lines := func(text string) record.Attr { return record.Attr{Name: "lines", Value: record.JSONValue(text)} }
	nobody, somebody := record.NodeKey{}, nodeKey('n', 1)
	for _, c := range []struct {
		name               string
		list               []record.Fact
		fact, dim, childof string
	}{
		{"newest wins", []record.Fact{order(2, record.Upsert, somebody, lines(`[{"a":1},{"a":2}]`)), order(1, record.Upsert, somebody, lines(`[{"a":9}]`))}, "1\n", "", "1\n2\n"},
		{"replaced", []record.Fact{order(1, record.Upsert, somebody, lines(`[{"a":1},{"a":2}]`)), order(2, record.Upsert, somebody, lines(`[{"a":3}]`))}, "1\n", "", "3\n"},
		{"deleted", []record.Fact{order(1, record.Upsert, somebody, lines(`[{"a":1}]`)), order(2, record.Delete, somebody)}, "0\n", "", ""},
		{"late after delete", []record.Fact{order(3, record.Delete, somebody), order(2, record.Upsert, somebody, lines(`[{"a":1}]`))}, "0\n", "", ""},
		{"back after delete", []record.Fact{order(1, record.Upsert, somebody), order(2, record.Delete, somebody), order(3, record.Upsert, somebody, lines(`[{"a":1}]`))}, "1\n", "", "1\n"},
		{"finds its person", []record.Fact{order(1, record.Upsert, nobody), order(2, record.Upsert, somebody, lines(`[{"a":1}]`))}, "1\n", "0\n", "1\n"},
	} {
		for n := 1; n <= len(c.list); n++ {
			topics := newTopics()
			for i := range c.list {
				topics.emit(record.TopicFacts, 0, record.AppendFact(nil, &c.list[i]))
			}
			db := open(t, filepath.Join(t.TempDir(), "w.duckdb"), nil)
			for at := (warehouse.Positions{}); !at.Covers(topics.end()); {
				if err := db.Load(context.Background(), topics.step(t, at, n)); err != nil {
					t.Fatal(err)
				}
			}
			if got := ask(t, db, "select count(*) from fact_shop_orders"); got != c.fact {
				t.Errorf("%s, %d a step: %s facts", c.name, n, got)
			}
			if c.dim != "" {
				if got := ask(t, db, "select count(*) from dim_shop_orders"); got != c.dim {
					t.Errorf("%s, %d a step: %s in the dimension", c.name, n, got)
				}
			}
			if c.childof != "" || strings.Contains(ask(t, db, "show tables"), "__lines") {
				if got := ask(t, db, "select a from fact_shop_orders__lines order by a"); got != c.childof {
					t.Errorf("%s, %d a step: children %q", c.name, n, got)
				}
			}
		}
	}
}

// The greatest move version wins, in one step or in several.
func TestMoves(t *testing.T) {
	for n := 1; n <= 3; n++ {
		topics := newTopics()
		for _, m := range []record.Move{{Version: 2, Profile: nodeKey('p', 2)}, {Version: 3}, {Version: 1, Profile: nodeKey('p', 1)}} {
			m.Node = nodeKey('n', 0)
			topics.emit(record.TopicMoves, 0, record.AppendMove(nil, m))
		}
		db := open(t, filepath.Join(t.TempDir(), "w.duckdb"), nil)
		for at := (warehouse.Positions{}); !at.Covers(topics.end()); {
			if err := db.Load(context.Background(), topics.step(t, at, n)); err != nil {
				t.Fatal(err)
			}
		}
		if got := ask(t, db, "select customer_id, move_version from bridge_node"); got != "unknown|3\n" {
			t.Errorf("%d a step: %s", n, got)
		}
	}
}

// A replayed record leaves quarantine, and the ledger's sums follow.
func TestLedgerAndQuarantine(t *testing.T) {
	one := func(outcome record.Outcome, n int64) (c [record.Outcomes]int64) { c[outcome] = n; return c }
	first := record.Disposition{Partition: 1, From: 0, To: 2, Counts: []record.DispositionCount{{Source: "crm", Stream: "crm.contacts", N: one(record.Quarantined, 2)}},
		Set:    []record.Reason{{Offset: 0, Outcome: record.Quarantined, Code: "a"}, {Offset: 1, Outcome: record.Quarantined, Code: "b"}},
		Checks: []record.CheckCount{{Stream: "crm.contacts", Check: "not_null", Column: "email", Passed: 3, Failed: 1}}}
	moved := one(record.Quarantined, -1)
	moved[record.Applied] = 1
	replay := record.Disposition{Partition: 1, From: 1, To: 2, Counts: []record.DispositionCount{{Source: "crm", Stream: "crm.contacts", N: moved}}}
	for n := 1; n <= 2; n++ {
		topics := newTopics()
		topics.emit(record.TopicDispositions, 1, record.AppendDisposition(nil, &first))
		topics.emit(record.TopicDispositions, 1, record.AppendDisposition(nil, &replay))
		db := open(t, filepath.Join(t.TempDir(), "w.duckdb"), nil)
		for at := (warehouse.Positions{}); !at.Covers(topics.end()); {
			if err := db.Load(context.Background(), topics.step(t, at, n)); err != nil {
				t.Fatal(err)
			}
		}
		if got := ask(t, db, "select log_offset, code from quarantine"); got != "0|a\n" {
			t.Errorf("quarantine: %s", got)
		}
		if got := ask(t, db, "select applied, quarantined from ledger"); got != "1|1\n" {
			t.Errorf("ledger: %s", got)
		}
		if got := ask(t, db, "select check_name, passed, failed from quality_result"); got != "not_null|3|1\n" {
			t.Errorf("quality: %s", got)
		}
	}
}
