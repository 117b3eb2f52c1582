package duckdb

import (
	"fmt"
	"strings"

	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/warehouse"
)

// The roles of tables whose columns grow.
const (
	roleCustomer = "customer"
	roleFact     = "fact"
	roleDim      = "dimension"
	roleChild    = "child"
)

// attrKey names an attribute's column: golden attributes and identifiers lie in
// spaces of their own.
type attrKey struct {
	space byte // 'a' attribute, 'i' identifier
	name  string
}

// attrColumn is a column that widens.
type attrColumn struct {
	attr attrKey
	name string
	typ  warehouse.Type // as it is in the database
	want warehouse.Type // as this step needs it
}

// table is a table whose columns grow.
type table struct {
	name, stream, role, field string
	fixed                     []warehouse.Column
	cols                      []attrColumn
	byAttr                    map[attrKey]int
	namer                     *warehouse.Namer
	stored                    bool // it exists in the database
	dirty                     bool // want differs from typ somewhere
	guess                     []int
	children                  map[string]*table // by field
	rows                      []factRow
	childRows                 []childRow
}

// catalog is what the database's own catalogue says, in memory. It is read again
// after every failed load.
type catalog struct {
	tables   map[string]*table // by name
	streams  map[string]*stream
	customer *table
	namer    *warehouse.Namer // of tables
	viewsOld bool             // some view must be made anew
}

// stream holds the tables of one stream: objects can lie in both, for one may lose
// its person.
type stream struct{ fact, dim *table }

// safeColumn is the name that an attribute's column would like to have.
func safeColumn(k attrKey) string {
	if k.space == 'i' {
		return "id_" + warehouse.SafeName(k.name)
	}
	return warehouse.SafeName(k.name)
}

func newTable(name, stream, role, field string, fixed []warehouse.Column) *table {
	t := &table{name: name, stream: stream, role: role, field: field, fixed: fixed,
		byAttr: map[attrKey]int{}, namer: warehouse.NewNamer("rowid"), children: map[string]*table{}}
	for _, c := range fixed {
		t.namer.Take(c.Name)
	}
	return t
}

// column gives the index in cols of an attribute's column, made when new; at is the
// attribute's place in its record, for records of one stream mostly look alike.
func (t *table) column(at int, k attrKey) int {
	if at < len(t.guess) {
		if g := t.guess[at]; g < len(t.cols) && t.cols[g].attr == k {
			return g
		}
	}
	i, ok := t.byAttr[k]
	if !ok {
		i = len(t.cols)
		k.name = strings.Clone(k.name) // the record's bytes must not outlive their step
		t.cols = append(t.cols, attrColumn{attr: k, name: t.namer.Give(safeColumn(k))})
		t.byAttr[k] = i
	}
	for at >= len(t.guess) {
		t.guess = append(t.guess, 0)
	}
	t.guess[at] = i
	return i
}

// see notes the type that a value needs. A column comes to be with its first value
// that is not null.
func (t *table) see(at int, k attrKey, v record.Value) {
	if v.Kind == record.Null {
		return
	}
	c := &t.cols[t.column(at, k)]
	if w := c.want.Join(warehouse.TypeOf(v)); w != c.want {
		c.want, t.dirty = w, true
	}
}

// lookup gives the index of an attribute's column, or -1.
func (t *table) lookup(at int, k attrKey) int {
	if at < len(t.guess) {
		if g := t.guess[at]; g < len(t.cols) && t.cols[g].attr == k {
			return g
		}
	}
	if i, ok := t.byAttr[k]; ok {
		return i
	}
	return -1
}

// factTable gives the table that a fact lies in, made when new.
func (c *catalog) factTable(f *record.Fact) *table {
	s := c.streams[f.Stream]
	if s == nil {
		s = &stream{}
		c.streams[strings.Clone(f.Stream)] = s
	}
	slot, prefix, role := &s.fact, "fact_", roleFact
	if f.Kind != record.Event && !f.Personal && f.Node.IsZero() {
		slot, prefix, role = &s.dim, "dim_", roleDim
	}
	if *slot == nil {
		name := c.namer.Give(prefix + warehouse.SafeName(f.Stream))
		*slot = newTable(name, strings.Clone(f.Stream), role, "", warehouse.FactColumns)
		c.tables[name] = *slot
	}
	return *slot
}

// childTable gives the table of an array of objects within t.
func (c *catalog) childTable(t *table, field string) *table {
	if child := t.children[field]; child != nil {
		return child
	}
	field = strings.Clone(field)
	child := newTable(c.namer.Give(t.name+"__"+warehouse.SafeName(field)), t.stream, roleChild, field, warehouse.ChildColumns)
	t.children[field] = child
	c.tables[child.name] = child
	return child
}

// sqlType is DuckDB's type of a column that widens.
func sqlType(t warehouse.Type) string {
	switch t {
	case warehouse.Boolean:
		return "BOOLEAN"
	case warehouse.Integer, warehouse.BigInt:
		return "BIGINT"
	case warehouse.Double:
		return "DOUBLE"
	case warehouse.Date:
		return "DATE"
	case warehouse.Stamp:
		return "TIMESTAMP"
	}
	return "VARCHAR"
}

func fixedType(c warehouse.Column) string {
	switch c.Kind {
	case warehouse.Key:
		return "UUID"
	case warehouse.Bytes:
		return "BLOB"
	}
	return sqlType(c.Type)
}

func quote(name string) string  { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
func (t *table) quoted() string { return quote(t.name) }

func literal(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), `'`, `''`)
	return `('` + strings.ReplaceAll(s, "\x00", `' || chr(0) || '`) + `')`
}

// widen gives the statements that turn a column into a wider type. The first is a
// bare cast: DuckDB cannot replay its log over one that calls a function. The
// second, where there is one, gives the texts the form of warehouse.AppendText; it
// must come after all changes to the table's columns.
func widen(table, column string, from, to warehouse.Type) (alter, rewrite string) {
	t, c := quote(table), quote(column)
	alter = fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s SET DATA TYPE %s", t, c, sqlType(to))
	if to == warehouse.Text {
		switch from {
		case warehouse.Double:
			rewrite = fmt.Sprintf("UPDATE %s SET %s = CASE WHEN %s = '-0.0' THEN '0' ELSE left(%s, -2) END WHERE ends_with(%s, '.0')", t, c, c, c, c)
		case warehouse.Stamp:
			rewrite = fmt.Sprintf("UPDATE %s SET %s = CASE WHEN ends_with(%s, ' 00:00:00') THEN left(%s, -9) ELSE replace(%s, ' ', 'T') || 'Z' END WHERE %s IS NOT NULL", t, c, c, c, c, c)
		}
	}
	return alter, rewrite
}

// apply brings the database's tables to what the catalogue wants.
func (c *catalog) apply(r *raw) error {
	for _, name := range sorted(c.tables) {
		t := c.tables[name]
		if !t.dirty && t.stored {
			continue
		}
		if err := t.apply(r); err != nil {
			return err
		}
		c.viewsOld = true
	}
	return nil
}

func (t *table) apply(r *raw) error {
	var note strings.Builder
	var rewrites []string
	if !t.stored {
		defs := make([]string, 0, len(t.fixed)+len(t.cols))
		for _, f := range t.fixed {
			defs = append(defs, quote(f.Name)+" "+fixedType(f))
		}
		for i := range t.cols {
			defs = append(defs, quote(t.cols[i].name)+" "+sqlType(t.cols[i].want))
		}
		if err := r.exec(fmt.Sprintf("CREATE TABLE %s (%s)", t.quoted(), strings.Join(defs, ", "))); err != nil {
			return err
		}
		fmt.Fprintf(&note, "INSERT INTO _tables VALUES (%s, %s, %s, %s);", literal(t.name), literal(t.stream), literal(t.role), literal(t.field))
	}
	for i := range t.cols {
		col := &t.cols[i]
		if col.want == col.typ {
			continue
		}
		if col.typ == warehouse.None {
			if t.stored {
				if err := r.exec(fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s", t.quoted(), quote(col.name), sqlType(col.want))); err != nil {
					return err
				}
			}
			fmt.Fprintf(&note, "INSERT INTO _columns VALUES (%s, %s, %s, %s);", literal(t.name), literal(col.name), literal(string(col.attr.space)+col.attr.name), literal(col.want.String()))
		} else {
			if sqlType(col.want) != sqlType(col.typ) {
				alter, rewrite := widen(t.name, col.name, col.typ, col.want)
				if err := r.exec(alter); err != nil {
					return err
				}
				if rewrite != "" {
					rewrites = append(rewrites, rewrite)
				}
			}
			fmt.Fprintf(&note, "UPDATE _columns SET type = %s WHERE table_name = %s AND column_name = %s;", literal(col.want.String()), literal(t.name), literal(col.name))
		}
		col.typ = col.want
	}
	t.stored, t.dirty = true, false
	for _, sql := range rewrites {
		if err := r.exec(sql); err != nil {
			return err
		}
	}
	return r.exec(note.String())
}
