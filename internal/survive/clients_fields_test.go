//go:build integration

package survive

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// sent is one call of a client, as it arrived.
type sent struct {
	exchange
	item   map[string]any
	sentAt any // of the batch
}

// shortType is the type that a browser's path stands for.
var shortType = map[string]string{"i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias"}

// items takes the bodies apart. A call sent again under its id counts once.
func (w *wire) items() (all []sent) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := map[string]bool{}
	add := func(s sent) {
		id, _ := s.item["messageId"].(string)
		if id == "" {
			w.t.Errorf("a client sent a call without messageId: %v", s.item)
		}
		if !seen[id] {
			seen[id] = true
			all = append(all, s)
		}
	}
	for _, e := range w.calls {
		var body map[string]any
		if err := json.Unmarshal(e.body, &body); err != nil {
			w.t.Fatalf("a client sent what is no JSON: %v", err)
		}
		batch, isBatch := body["batch"].([]any)
		for _, item := range batch {
			add(sent{exchange: e, item: item.(map[string]any), sentAt: body["sentAt"]})
		}
		if !isBatch {
			if body["type"] == nil {
				body["type"] = shortType[e.path[strings.LastIndexByte(e.path, '/')+1:]]
			}
			add(sent{exchange: e, item: body, sentAt: body["sentAt"]})
		}
	}
	return all
}

// table is a table of the warehouse, with its rows by key.
type table struct {
	columns map[string]string // by attribute
	rows    map[string][]map[string]any
}

// load reads whole tables.
func (p *project) load(prefix, key string) map[string]table {
	p.t.Helper()
	tables := map[string]table{}
	for _, c := range p.sql(`select table_name, column_name, attribute from _columns where starts_with(table_name, '` + prefix + `') and attribute[1] = 'a'`) {
		if tables[c[0]].columns == nil {
			tables[c[0]] = table{columns: map[string]string{}, rows: map[string][]map[string]any{}}
		}
		tables[c[0]].columns[c[2][1:]] = c[1]
	}
	for name, t := range tables {
		order := key
		if strings.Contains(name, "__") {
			order += ", ordinal"
		}
		var out struct {
			Columns []string `json:"columns"`
			Rows    [][]any  `json:"rows"`
		}
		p.must("POST", "/api/sql", map[string]any{"query": "select * from " + name + " order by " + order}, &out)
		for _, cells := range out.Rows {
			row := map[string]any{}
			for i, c := range out.Columns {
				row[c] = cells[i]
			}
			k := fmt.Sprint(row[key])
			t.rows[k] = append(t.rows[k], row)
		}
	}
	return tables
}

// holds waits until everything is loaded, and looks every field of the n calls up that
// the client sent.
func (p *project) holds(w *wire, n int) {
	p.t.Helper()
	p.poll("road and warehouse have done all", time.Minute, p.idle)
	calls := w.items()
	if len(calls) != n {
		p.t.Errorf("the client sent %d calls, want %d", len(calls), n)
	}
	l, err := p.ledger()
	if err != nil || !l.Balanced {
		p.t.Errorf("the ledger does not balance: %v %+v", err, l)
	}
	if q := p.sql("select stream, code, field, detail from quarantine"); len(q) > 0 {
		p.t.Errorf("calls of a real client are in the quarantine: %v", q)
	}
	tables := p.load("fact_web_", "record_key")
	maps.Copy(tables, p.load("dim_web_", "record_key"))
	people := p.load("dim_customer", "customer_id")["dim_customer"]
	links := map[string][]string{}
	for _, r := range p.sql("select identifier_type || ' ' || identifier_value, customer_id, node_key from bridge_identity") {
		links[r[0]] = r[1:]
	}
	whose := map[string]string{}
	for _, r := range p.sql("select node_key, customer_id from bridge_node") {
		whose[r[0]] = r[1]
	}
	fields := 0
	for _, c := range calls {
		fields += (&lookup{project: p, tables: tables, people: people, links: links, whose: whose, call: c}).all()
	}
	p.t.Logf("%d calls, %d fields found", len(calls), fields)
}

// lookup holds one call against the warehouse.
type lookup struct {
	*project
	tables map[string]table
	people table
	links  map[string][]string // customer and node by type and value
	whose  map[string]string
	call   sent
	found  int
}

// facts are the table in which a call's event is, by its type.
var facts = map[string]string{"track": "fact_web_events", "page": "fact_web_pages", "screen": "fact_web_screens", "alias": "fact_web_aliases",
	"identify": "fact_web_identifies", "group": "fact_web_memberships"}

// all looks every member up, and gives how many fields there were.
func (l *lookup) all() int {
	item := l.call.item
	kind, _ := item["type"].(string)
	id, _ := item["messageId"].(string)
	what := kind + " " + id
	if kind == "identify" || kind == "group" {
		id += "#call"
	}
	fact, ok := l.tables[facts[kind]]
	if !ok || len(fact.rows[id]) != 1 {
		l.t.Errorf("%s: %d rows in %s", what, len(fact.rows[id]), facts[kind])
		return 0
	}
	row := fact.rows[id][0]
	customer := l.whose[fmt.Sprint(row["node_key"])]
	for name, v := range item {
		at := what + ": " + name
		switch name {
		case "type", "writeKey", "sentAt", "messageId": // the table, the source, part of occurred, the key
			l.found++
		case "timestamp", "originalTimestamp":
			if name == "timestamp" || item["timestamp"] == nil {
				l.occurred(at, row["occurred"])
			} else {
				l.value(facts[kind], id, at, []string{"message_fields", name}, v)
			}
		case "userId", "previousId", "anonymousId":
			l.identifier(at, kind, name, v, customer, id)
		case "event":
			l.equal(at, row["event"], v)
		case "name":
			l.equal(at, row["event"], v)
		case "groupId":
			l.value(facts[kind], id, at, []string{"group_id"}, v)
			l.attribute(at, customer, []string{"group_id"}, v)
		case "category":
			l.value(facts[kind], id, at, []string{"category"}, v)
		case "properties":
			for k, v := range v.(map[string]any) {
				if k == "context" || k == "integrations" {
					k = "properties_" + k
				}
				l.value(facts[kind], id, at, []string{k}, v)
			}
		case "traits":
			for k, v := range v.(map[string]any) {
				l.value(facts[kind], id, at, []string{k}, v)
				if kind == "identify" {
					l.attribute(at, customer, []string{k}, v)
				} else {
					l.value("dim_web_groups", fmt.Sprint(item["groupId"]), at, []string{k}, v)
				}
			}
		case "context", "integrations":
			l.value(facts[kind], id, at, []string{name}, v)
		default:
			l.value(facts[kind], id, at, []string{"message_fields", name}, v)
		}
	}
	return l.found
}

// occurred is the time that the call says, corrected for the client's clock.
func (l *lookup) occurred(at string, got any) {
	l.found++
	said, _ := l.call.item["timestamp"].(string)
	both := said != "" && l.call.item["originalTimestamp"] != nil
	if said == "" {
		said, _ = l.call.item["originalTimestamp"].(string)
	}
	want, ok := moment(said)
	is, isTime := moment(fmt.Sprint(got))
	if !ok || !isTime {
		l.t.Errorf("%s is %v, said as %q", at, got, said)
		return
	}
	late := time.Duration(0) // how much later than said it may be: the way of the call
	if s, ok := moment(fmt.Sprint(l.call.sentAt)); ok && !both {
		want = want.Add(l.call.before.Sub(s))
		late = l.call.after.Sub(l.call.before)
	}
	if d := is.Sub(want); d < -time.Millisecond || d > late+time.Millisecond {
		l.t.Errorf("%s is %s, want %s and at most %s more", at, is, want, late)
	}
}

func moment(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// identifier leads to the customer that the call's event belongs to.
func (l *lookup) identifier(at, kind, name string, v any, customer, id string) {
	typ := "user_id"
	switch {
	case v == nil:
		l.found++
		return
	case name == "anonymousId" && kind == "alias" && v != l.call.item["previousId"]:
		l.value(facts[kind], id, at, []string{"message_fields", name}, v)
		return
	case name == "anonymousId", name == "previousId" && v == l.call.item["anonymousId"]:
		typ = "anonymous_id"
	}
	l.found++
	if link := l.links[typ+" "+fmt.Sprint(v)]; len(link) == 0 || link[0] != customer || customer == "" {
		l.t.Errorf("%s leads to %v, its event to customer %q", at, link, customer)
	}
}

// attribute is in some version of the customer.
func (l *lookup) attribute(at, customer string, path []string, want any) {
	var last string
	for _, row := range l.people.rows[customer] {
		if last = l.leaves(l.people, row, nil, path, want); last == "" {
			return
		}
	}
	l.t.Errorf("%s of customer %s: %s", at, customer, last)
}

// value is in a row of a table or in those of its children.
func (l *lookup) value(name, key, at string, path []string, want any) {
	t := l.tables[name]
	if len(t.rows[key]) != 1 {
		l.t.Errorf("%s: %d rows in %s", at, len(t.rows[key]), name)
		return
	}
	children := func(field string) (table, []map[string]any, bool) {
		child, ok := l.tables[name+"__"+field]
		return child, child.rows[key], ok
	}
	if fault := l.leaves(t, t.rows[key][0], children, path, want); fault != "" {
		l.t.Errorf("%s in %s: %s", at, name, fault)
	}
}

// leaves walks want down to where a column, or a table of children, holds it. It gives
// what is wrong.
func (l *lookup) leaves(t table, row map[string]any, children func(string) (table, []map[string]any, bool), path []string, want any) string {
	name := strings.ReplaceAll(strings.Join(path, "_"), ".", "_")
	if want == "" && row[t.columns[name]] == nil { // null, where the field's kind was not yet known
		want = nil
	}
	if column, ok := t.columns[name]; ok && want != nil {
		l.found++
		if !same(row[column], want) {
			return fmt.Sprintf("%s is %v, want %v", column, row[column], want)
		}
		return ""
	}
	switch v := want.(type) {
	case nil: // a null is the absence of a value
		l.found++
		if column, ok := t.columns[name]; ok && row[column] != nil {
			return fmt.Sprintf("%s is %v, want null", column, row[column])
		}
		return ""
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if fault := l.leaves(t, row, children, append(slices.Clone(path), k), v[k]); fault != "" {
				return fault
			}
		}
		return ""
	case []any:
		if children == nil {
			break
		}
		child, rows, ok := children(strings.ToLower(name))
		if !ok || len(rows) != len(v) {
			return fmt.Sprintf("%d rows for the %d elements of %s", len(rows), len(v), name)
		}
		for i, element := range v {
			for k, field := range element.(map[string]any) {
				if fault := l.leaves(child, rows[i], nil, []string{k}, field); fault != "" {
					return fault
				}
			}
		}
		return ""
	}
	return "no column for " + name
}

func (l *lookup) equal(at string, got, want any) {
	l.found++
	if !same(got, want) {
		l.t.Errorf("%s is %v, want %v", at, got, want)
	}
}

// same compares a cell with what a client sent. Lists and nested objects are JSON text.
func same(cell, want any) bool {
	switch w := want.(type) {
	case map[string]any, []any:
		var parsed any
		text, ok := cell.(string)
		return ok && json.Unmarshal([]byte(text), &parsed) == nil && reflect.DeepEqual(parsed, want)
	case string:
		if fmt.Sprint(cell) == w {
			return true
		}
		a, ok := moment(fmt.Sprint(cell))
		b, also := moment(w)
		return ok && also && a.Equal(b)
	case float64:
		n, err := strconv.ParseFloat(fmt.Sprint(cell), 64)
		return err == nil && n == w
	}
	return fmt.Sprint(cell) == fmt.Sprint(want)
}
