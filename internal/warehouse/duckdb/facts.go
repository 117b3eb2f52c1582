package duckdb

import (
	"fmt"

	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/warehouse"
)

// factRow is a fact on its way into its table.
type factRow struct {
	f        *record.Fact
	key      [16]byte
	order    string // objects: as bytes
	children []childSet
}

type childSet struct {
	at    int // the attribute's place in the fact
	child *table
	rows  [][]record.Attr
}

// objectKey names an object across a stream's tables.
type objectKey struct {
	stream string
	key    [16]byte
}

// stored is an object's row that the warehouse has, or its tombstone.
type storedObject struct {
	table *table // nil: a tombstone
	rid   int64
	order string
}

// facts gathers a step's facts by table.
type facts struct {
	c       *catalog
	objects map[objectKey]factRow // the greatest of each key in the step
	keys    []objectKey           // in order of first sight
	text    []byte                // for values rendered as text
}

// scan finds the tables, columns and types that the step's facts need. Types are
// those of all values, also of rows that lose to another version of theirs: so they
// do not depend on how the records were cut into steps.
func (w *facts) scan(list []record.Fact) {
	for i := range list {
		f := &list[i]
		row := factRow{f: f}
		t := w.c.factTable(f)
		if f.Op != record.Delete {
			row.children = w.see(t, f)
		}
		if f.Kind == record.Event {
			if len(row.children) > 0 {
				row.key = recordKey(f)
			}
			t.rows = append(t.rows, row)
			continue
		}
		row.key, row.order = recordKey(f), orderBytes(f.Order)
		k := objectKey{f.Stream, row.key}
		old, ok := w.objects[k]
		if !ok {
			w.keys = append(w.keys, k)
		}
		if !ok || row.order >= old.order {
			w.objects[k] = row
		}
	}
}

// see notes the columns of one fact and takes its arrays of objects apart.
func (w *facts) see(t *table, f *record.Fact) (children []childSet) {
	for i := range f.Attrs {
		a := &f.Attrs[i]
		if a.Value.Kind == record.JSON {
			if rows, ok := parseChildren(a.Value.S); ok {
				child := w.c.childTable(t, a.Name)
				for _, attrs := range rows {
					for j := range attrs {
						child.see(j, attrKey{'a', attrs[j].Name}, attrs[j].Value)
					}
				}
				children = append(children, childSet{i, child, rows})
				continue
			}
		}
		t.see(i, attrKey{'a', a.Name}, a.Value)
	}
	return children
}

// settle decides, for every object of the step, between its newest version here and
// what the warehouse has, removes what lost and queues what won.
func (w *facts) settle(d *DB) error {
	if len(w.keys) == 0 {
		return nil
	}
	have, err := w.stored(d)
	if err != nil {
		return err
	}
	dead := map[*table][]int64{}
	gone := map[*table][][16]byte{} // whose child rows go
	var bury []objectKey
	for _, k := range w.keys {
		row := w.objects[k]
		wins := true
		for _, o := range have[k] {
			wins = wins && (o.order < row.order || o.table != nil && o.order == row.order)
		}
		if !wins {
			continue
		}
		for _, o := range have[k] {
			if o.table != nil {
				dead[o.table] = append(dead[o.table], o.rid)
				gone[o.table] = append(gone[o.table], k.key)
			}
		}
		if row.f.Op == record.Delete {
			bury = append(bury, k)
			continue
		}
		t := w.c.factTable(row.f)
		t.rows = append(t.rows, row)
	}
	for _, name := range sorted(w.c.tables) {
		t := w.c.tables[name]
		if err := d.deleteRows(t.name, dead[t]); err != nil {
			return err
		}
		if len(gone[t]) > 0 && len(t.children) > 0 {
			if err := d.stageKeys(gone[t]); err != nil {
				return err
			}
			for _, field := range sorted(t.children) {
				if err := d.raw.exec(fmt.Sprintf("DELETE FROM %s WHERE _key IN (SELECT k FROM temp.stage_key)", t.children[field].quoted())); err != nil {
					return err
				}
			}
		}
	}
	return w.bury(d, bury)
}

// stored looks the step's objects up.
func (w *facts) stored(d *DB) (map[objectKey][]storedObject, error) {
	byStream := map[string][][16]byte{}
	for _, k := range w.keys {
		byStream[k.stream] = append(byStream[k.stream], k.key)
	}
	have := make(map[objectKey][]storedObject, len(w.keys))
	for _, name := range sorted(byStream) {
		if err := d.stageKeys(byStream[name]); err != nil {
			return nil, err
		}
		s := w.c.streams[name]
		for _, t := range []*table{s.fact, s.dim} {
			if t == nil {
				continue
			}
			err := d.raw.each(fmt.Sprintf("SELECT f._key, f.rowid, f._order FROM %s f JOIN temp.stage_key s ON f._key = s.k WHERE f._order IS NOT NULL", t.quoted()), func(n int, c []column) {
				for i := range n {
					k := objectKey{name, c[0].key(i)}
					have[k] = append(have[k], storedObject{t, c[1].int64(i), c[2].string(i)})
				}
			})
			if err != nil {
				return nil, err
			}
		}
		err := d.raw.each("SELECT t._key, t._order FROM _tombstones t JOIN temp.stage_key s ON t._key = s.k WHERE t.table_name = "+literal(name), func(n int, c []column) {
			for i := range n {
				k := objectKey{name, c[0].key(i)}
				have[k] = append(have[k], storedObject{order: c[1].string(i)})
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return have, nil
}

// bury writes tombstones: an older version that comes late must stay dead.
func (w *facts) bury(d *DB, keys []objectKey) error {
	if len(keys) == 0 {
		return nil
	}
	return d.append("", "_tombstones", func(a *appender) error {
		for _, k := range keys {
			a.text(0, k.stream)
			a.key(1, k.key)
			a.blob(2, w.objects[k].order)
			if err := a.next(); err != nil {
				return err
			}
		}
		return nil
	})
}

// write appends the queued rows of every fact and child table.
func (w *facts) write(d *DB) error {
	for _, name := range sorted(w.c.tables) {
		t := w.c.tables[name]
		if len(t.rows) > 0 {
			if err := d.append("", t.name, func(a *appender) error { return w.writeTable(t, a) }); err != nil {
				return err
			}
		}
	}
	for _, name := range sorted(w.c.tables) {
		t := w.c.tables[name]
		if len(t.childRows) > 0 {
			if err := d.append("", t.name, func(a *appender) error { return w.writeChildren(t, a) }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *facts) writeTable(t *table, a *appender) error {
	n := len(t.fixed)
	for i := range t.rows {
		row := &t.rows[i]
		f := row.f
		a.text(0, f.Source)
		a.text(1, f.Key)
		if f.Event != "" {
			a.text(2, f.Event)
		}
		if !f.Node.IsZero() {
			a.key(3, f.Node)
		}
		if f.Occurred != 0 {
			a.stamp(4, f.Occurred)
		}
		a.stamp(5, f.Received)
		a.int64(6, int64(f.Partition))
		a.int64(7, int64(f.Offset))
		if f.Kind != record.Event || len(row.children) > 0 {
			a.key(8, row.key)
		}
		if f.Kind != record.Event {
			a.blob(9, row.order)
		}
		next := 0 // of row.children
		for j := range f.Attrs {
			if next < len(row.children) && row.children[next].at == j {
				c := &row.children[next]
				next++
				for k, attrs := range c.rows {
					c.child.childRows = append(c.child.childRows, childRow{f, row.key, int64(k), attrs})
				}
				continue
			}
			w.value(t, a, n, j, attrKey{'a', f.Attrs[j].Name}, f.Attrs[j].Value)
		}
		if err := a.next(); err != nil {
			return err
		}
	}
	return nil
}

func (w *facts) writeChildren(t *table, a *appender) error {
	n := len(t.fixed)
	for i := range t.childRows {
		row := &t.childRows[i]
		a.text(0, row.parent.Source)
		a.text(1, row.parent.Key)
		a.int64(2, row.ordinal)
		a.key(3, row.key)
		for j := range row.attrs {
			w.value(t, a, n, j, attrKey{'a', row.attrs[j].Name}, row.attrs[j].Value)
		}
		if err := a.next(); err != nil {
			return err
		}
	}
	return nil
}

func (w *facts) value(t *table, a *appender, base, at int, k attrKey, v record.Value) {
	if v.Kind == record.Null {
		return
	}
	if i := t.lookup(at, k); i >= 0 {
		w.text = a.value(base+i, t.cols[i].typ, v, w.text)
	}
}

// value writes v into a column of type t, which is wide enough for it. scratch is
// for rendering and comes back.
func (a *appender) value(col int, t warehouse.Type, v record.Value, scratch []byte) []byte {
	switch t {
	case warehouse.Boolean:
		a.bool(col, v.N != 0)
	case warehouse.Integer, warehouse.BigInt:
		a.int64(col, v.N)
	case warehouse.Double:
		a.float64(col, v.Float())
	case warehouse.Date:
		a.int32(col, int32(v.N))
	case warehouse.Stamp:
		if v.Kind == record.Date {
			a.int64(col, v.N*86_400_000_000)
		} else {
			a.int64(col, v.N)
		}
	default:
		if v.Kind == record.String || v.Kind == record.JSON {
			a.text(col, v.S)
			break
		}
		scratch = warehouse.AppendText(scratch[:0], v)
		a.text(col, string(scratch))
	}
	return scratch
}

// stamp writes a moment; one outside of years 1 to 9999 is null, for a column of
// Kith's own has one type.
func (a *appender) stamp(col int, micros int64) {
	if warehouse.TypeOf(record.TimeValue(micros)) == warehouse.Stamp {
		a.int64(col, micros)
	}
}
