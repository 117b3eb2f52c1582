package duckdb

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/warehouse"
)

// stages are the loader's temporary tables; they live with its connection.
const stages = `CREATE TEMP TABLE IF NOT EXISTS stage_key (k UUID);
CREATE TEMP TABLE IF NOT EXISTS stage_row (rid BIGINT);
CREATE TEMP TABLE IF NOT EXISTS stage_place (p BIGINT, o BIGINT);
CREATE TEMP TABLE IF NOT EXISTS stage_end (rid BIGINT, valid_to TIMESTAMP, ended_by VARCHAR, merged_into VARCHAR, last BOOLEAN);
CREATE TEMP TABLE IF NOT EXISTS stage_move (rid BIGINT, customer_id VARCHAR, move_version BIGINT, moved TIMESTAMP);`

// create makes the tables of a new file, or checks the version of an old one (I8).
func (d *DB) create() error {
	tables := 0
	err := d.raw.each("SELECT count(*) FROM duckdb_tables() WHERE table_name = '_format' AND NOT temporary", func(_ int, c []column) { tables = int(c[0].int64(0)) })
	if err != nil {
		return errs.Wrap(warehouse.CodeOpen, "reading the warehouse", err).At(d.cfg.Path)
	}
	if tables == 1 {
		found := int64(0)
		if err := d.raw.each("SELECT max(version) FROM _format", func(_ int, c []column) { found = c[0].int64(0) }); err != nil {
			return errs.Wrap(warehouse.CodeOpen, "reading the warehouse's version", err).At(d.cfg.Path)
		}
		if found != warehouse.FormatVersion {
			return errs.New(warehouse.CodeFormat, "the warehouse has format "+strconv.FormatInt(found, 10)).At(d.cfg.Path).
				Fix("open it with the version of Kith that wrote it, or move the file away: it is built again from the topics")
		}
		return nil
	}
	var b strings.Builder
	b.WriteString("BEGIN TRANSACTION;")
	for _, t := range warehouse.FixedTables {
		fmt.Fprintf(&b, "CREATE TABLE %s (%s);", quote(t.Name), definitions(t.Columns))
	}
	fmt.Fprintf(&b, "CREATE TABLE dim_customer (%s);", definitions(warehouse.CustomerColumns))
	fmt.Fprintf(&b, `INSERT INTO dim_customer (customer_id, version, valid_from, is_current, change, suppressed, pending, source_customers, _last)
		VALUES ('%s', 0, TIMESTAMP '1970-01-01', true, 'created', false, false, 0, false);`, warehouse.Unknown)
	fmt.Fprintf(&b, "%s; INSERT INTO _format VALUES (%d); COMMIT;", customerView(nil), warehouse.FormatVersion)
	if err := d.raw.exec(b.String()); err != nil {
		return errs.Wrap(warehouse.CodeOpen, "making the warehouse's tables", err).At(d.cfg.Path)
	}
	return nil
}

func definitions(cols []warehouse.Column) string {
	defs := make([]string, len(cols))
	for i, c := range cols {
		defs[i] = quote(c.Name) + " " + fixedType(c)
	}
	return strings.Join(defs, ", ")
}

// reload reads catalogue, ledger and positions from the database.
func (d *DB) reload() error {
	c := &catalog{tables: map[string]*table{}, streams: map[string]*stream{}, namer: warehouse.NewNamer("dim_customer"), viewsOld: true}
	for _, t := range warehouse.FixedTables {
		c.namer.Take(t.Name)
	}
	c.customer = newTable("dim_customer", "", roleCustomer, "", warehouse.CustomerColumns)
	c.customer.stored = true
	c.tables["dim_customer"] = c.customer
	err := d.raw.each("SELECT table_name, stream, role, field FROM _tables ORDER BY length(table_name), table_name", func(n int, cols []column) {
		for i := range n {
			c.add(cols[0].string(i), cols[1].string(i), cols[2].string(i), cols[3].string(i))
		}
	})
	if err != nil {
		return err
	}
	// In the order in which the table has them: appenders write by place.
	err = d.raw.each(`SELECT k.table_name, k.column_name, k.attribute, k.type FROM _columns k JOIN duckdb_columns() c
		ON c.table_name = k.table_name AND c.column_name = k.column_name AND c.schema_name = 'main' AND c.database_name = current_database() ORDER BY k.table_name, c.column_index`, func(n int, cols []column) {
		for i := range n {
			t := c.tables[cols[0].string(i)]
			if t == nil {
				continue
			}
			name, attr := cols[1].string(i), cols[2].string(i)
			typ, ok := warehouse.ParseType(cols[3].string(i))
			if !ok || attr == "" {
				continue
			}
			k := attrKey{attr[0], attr[1:]}
			t.byAttr[k] = len(t.cols)
			t.cols = append(t.cols, attrColumn{attr: k, name: name, typ: typ, want: typ})
			t.namer.Take(name)
		}
	})
	if err != nil {
		return err
	}
	d.c = c
	if d.ledger, err = readLedger(d.raw); err != nil {
		return err
	}
	d.at = warehouse.Positions{}
	return d.raw.each("SELECT topic, log_partition, next_number FROM _positions", func(n int, cols []column) {
		for i := range n {
			d.at.Set(cols[0].string(i), int32(cols[1].int64(i)), uint64(cols[2].int64(i)))
		}
	})
}

// add enters a stored table into the catalogue; parents come before children.
func (c *catalog) add(name, streamName, role, field string) {
	fixed := warehouse.FactColumns
	if role == roleChild {
		fixed = warehouse.ChildColumns
	}
	t := newTable(name, streamName, role, field, fixed)
	t.stored = true
	c.tables[name] = t
	c.namer.Take(name)
	s := c.streams[streamName]
	if s == nil {
		s = &stream{}
		c.streams[streamName] = s
	}
	switch role {
	case roleFact:
		s.fact = t
	case roleDim:
		s.dim = t
	case roleChild:
		for _, parent := range []*table{s.fact, s.dim} {
			if parent != nil && strings.HasPrefix(name, parent.name+"__") {
				parent.children[field] = t
			}
		}
	}
}

// append opens an appender on a table, lets fn write and closes it.
func (d *DB) append(catalog, table string, fn func(a *appender) error) error {
	a, err := d.raw.openAppender(catalog, table)
	if err != nil {
		return err
	}
	return a.close(fn(a))
}

// stage empties a temporary table and fills it.
func (d *DB) stage(table string, fn func(a *appender) error) error {
	if err := d.raw.exec("TRUNCATE temp." + table); err != nil {
		return err
	}
	return d.append("temp", table, fn)
}

func (d *DB) stageKeys(keys [][16]byte) error {
	return d.stage("stage_key", func(a *appender) error {
		for _, k := range keys {
			a.key(0, k)
			if err := a.next(); err != nil {
				return err
			}
		}
		return nil
	})
}

// deleteRows removes rows by row id.
func (d *DB) deleteRows(table string, rids []int64) error {
	if len(rids) == 0 {
		return nil
	}
	err := d.stage("stage_row", func(a *appender) error {
		for _, r := range rids {
			a.int64(0, r)
			if err := a.next(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.raw.exec(fmt.Sprintf("DELETE FROM %s WHERE rowid IN (SELECT rid FROM temp.stage_row)", quote(table)))
}
