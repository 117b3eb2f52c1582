package duckdb

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/warehouse"
)

// opening are the words that a statement may start with.
var opening = []string{"select", "with", "from", "values", "table", "explain", "describe", "desc", "show", "summarize", "pivot", "unpivot"}

// allowed are the table functions that only read what the warehouse holds, or
// nothing. Every other one is refused: some change settings, write the log file,
// read files or take addresses of memory.
var allowed = []string{"range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree", "histogram", "histogram_values", "summary",
	"duckdb_tables", "duckdb_columns", "duckdb_views", "duckdb_functions", "duckdb_types", "duckdb_keywords", "duckdb_schemas", "duckdb_constraints",
	"show_tables", "show", "pragma_table_info", "pragma_show", "pg_timezone_names", "version", "pragma_version"}

// denied are further functions that act on more than their own query, tell where
// things lie on this machine (current_setting), or make a value the text of a fault
// (error).
var denied = []string{"write_log", "nextval", "currval", "setseed", "stats", "sleep_ms", "json_execute_serialized_sql", "query", "query_table", "getenv", "getvariable",
	"current_setting", "error"}

// deniedViews are built-in views that show settings, paths or other queries.
var deniedViews = []string{"duckdb_databases", "duckdb_logs", "pragma_database_list", "pg_settings", "pg_prepared_statements"}

func refused(what string) *errs.Error {
	return errs.New(warehouse.CodeSQLRefused, what).Fix("ask with one SELECT, WITH, FROM, VALUES, SHOW, DESCRIBE, SUMMARIZE or EXPLAIN statement over the warehouse's own tables")
}

// denyFunctions reads which functions no query may call.
func (d *DB) denyFunctions() error {
	names := map[string]bool{}
	err := d.raw.each("SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN ('table', 'pragma')", func(n int, c []column) {
		for i := range n {
			names[strings.ToLower(c[0].string(i))] = true
		}
	})
	for _, n := range allowed {
		delete(names, n)
	}
	for _, n := range denied {
		names[n] = true
	}
	d.denied = names
	return err
}

// Query answers one reading statement. It fails with code sql_refused, sql_bad,
// sql_timeout or sql_memory; more rows than the limit are cut off and told.
func (d *DB) Query(ctx context.Context, text string, limits warehouse.Limits) (*warehouse.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(limits.Time, d.cfg.QueryTime))
	defer cancel()
	return d.guarded(ctx, func() (*warehouse.Result, error) { return d.answer(ctx, text, cmp.Or(limits.Rows, d.cfg.QueryRows)) })
}

func (d *DB) answer(ctx context.Context, text string, limit int) (*warehouse.Result, error) {
	d.open.RLock()
	defer d.open.RUnlock()
	if d.closed || d.sql == nil {
		return nil, errs.New(warehouse.CodeClosed, "the warehouse is not open")
	}
	statement, explain, err := d.read(text)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	conn, err := d.sql.Conn(ctx)
	if err != nil {
		return nil, fault(ctx, err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, "BEGIN TRANSACTION READ ONLY"); err != nil {
		return nil, fault(ctx, err)
	}
	defer func() { _, _ = conn.ExecContext(context.Background(), "ROLLBACK") }()
	columns, err := checkKind(conn, statement, explain)
	if err != nil {
		return nil, fault(ctx, err)
	}
	if ctx.Err() != nil { // preparing, which computes what is constant, heeds no interrupt
		return nil, fault(ctx, ctx.Err())
	}
	if columns != nil {
		statement = bounded(statement, columns, limit)
	}
	result, err := fetch(ctx, conn, statement, limit)
	if err != nil {
		return nil, fault(ctx, err)
	}
	for i := range columns {
		result.Columns[i] = columns[i].name
	}
	result.Elapsed = time.Since(began)
	return result, nil
}

// read checks the text of a statement and takes its end mark off. For an EXPLAIN,
// explain is the statement that is explained.
func (d *DB) read(text string) (statement, explain string, err error) {
	if len(text) > 1<<20 || strings.ContainsRune(text, 0) {
		return "", "", refused("the statement is longer than 1 MiB or holds a zero byte")
	}
	tokens := scan(text)
	for len(tokens) > 0 && tokens[len(tokens)-1].kind == ';' {
		tokens = tokens[:len(tokens)-1]
	}
	if len(tokens) == 0 {
		return "", "", refused("there is no statement")
	}
	first := 0
	for first < len(tokens)-1 && tokens[first].kind == '(' {
		first++
	}
	if tokens[first].kind != 'w' || !slices.Contains(opening, tokens[first].text) {
		return "", "", refused("the statement does not only read")
	}
	for i, t := range tokens {
		if t.kind == ';' {
			return "", "", refused("there is more than one statement")
		}
		if (t.kind == 'w' || t.kind == 'n') && slices.Contains(deniedViews, strings.ToLower(t.text)) {
			return "", "", refused("the view " + strings.ToLower(t.text) + " is not open to queries")
		}
		call := i+1 < len(tokens) && tokens[i+1].kind == '('
		if (t.kind == 'w' || t.kind == 'n') && call && d.denied[strings.ToLower(t.text)] {
			return "", "", refused("the function " + strings.ToLower(t.text) + " is not open to queries")
		}
	}
	statement = text[tokens[0].start:tokens[len(tokens)-1].end]
	if tokens[0].text == "explain" {
		if explain = explained(text, tokens); explain == "" {
			return "", "", refused("there is nothing to explain")
		}
	}
	return statement, explain, nil
}

// explained gives the statement behind EXPLAIN, ANALYZE and their options.
func explained(text string, tokens []token) string {
	i := 1
	for i < len(tokens) && tokens[i].kind == 'w' && (tokens[i].text == "analyze" || tokens[i].text == "analyse" || tokens[i].text == "verbose") {
		i++
	}
	if i+1 < len(tokens) && tokens[i].kind == '(' && tokens[i+1].kind == 'w' && !slices.Contains(opening, tokens[i+1].text) {
		for i < len(tokens) && tokens[i].kind != ')' {
			i++
		}
		i++
	}
	if i >= len(tokens) {
		return ""
	}
	return text[tokens[i].start:tokens[len(tokens)-1].end]
}

// checkKind lets DuckDB itself say what kind of statement it is. It gives the
// columns of a SELECT, nil for an EXPLAIN.
func checkKind(conn *sql.Conn, statement, explain string) (columns []queryColumn, err error) {
	if explain != "" {
		_, err := prepareSelect(conn, explain)
		return nil, err
	}
	return prepareSelect(conn, statement)
}

// queryColumn is a column of an answer.
type queryColumn struct {
	name string
	kind duckdb.Type
}

func prepareSelect(conn *sql.Conn, statement string) (columns []queryColumn, err error) {
	err = conn.Raw(func(c any) error {
		stmt, err := c.(driver.Conn).Prepare(statement)
		if err != nil {
			return err
		}
		defer func() { _ = stmt.Close() }()
		s, ok := stmt.(*duckdb.Stmt)
		if !ok {
			return refused("the statement cannot be checked")
		}
		kind, err := s.StatementType()
		if err != nil {
			return err
		}
		if kind != duckdb.STATEMENT_TYPE_SELECT {
			return refused("the statement does not only read")
		}
		if s.NumInput() != 0 {
			return refused("the statement has parameters")
		}
		n, err := s.ColumnCount()
		if err != nil {
			return err
		}
		columns = make([]queryColumn, n)
		for i := range columns {
			if columns[i].name, err = s.ColumnName(i); err != nil {
				return err
			}
			if columns[i].kind, err = s.ColumnType(i); err != nil {
				return err
			}
		}
		return nil
	})
	return columns, err
}

// fetch runs a statement and reads at most limit rows, of maxResultSize together.
func fetch(ctx context.Context, conn *sql.Conn, statement string, limit int) (*warehouse.Result, error) {
	rows, err := conn.QueryContext(ctx, statement)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	r := &warehouse.Result{Rows: [][]any{}}
	if r.Columns, err = rows.Columns(); err != nil {
		return nil, err
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	for _, t := range types {
		r.Types = append(r.Types, t.DatabaseTypeName())
	}
	targets, size := make([]any, len(r.Columns)), 0
	for rows.Next() {
		if len(r.Rows) == limit || size > maxResultSize {
			r.Truncated = true
			break
		}
		row := make([]any, len(r.Columns))
		for i := range row {
			targets[i] = &row[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return nil, err
		}
		for i := range row {
			row[i] = plain(row[i], r.Types[i])
			size += sizeOf(row[i])
		}
		r.Rows = append(r.Rows, row)
	}
	return r, rows.Err()
}

// plain turns the driver's own types into Go's.
func plain(v any, typ string) any {
	switch v := v.(type) {
	case []byte:
		if typ == "UUID" && len(v) == 16 {
			var u duckdb.UUID
			copy(u[:], v)
			return u.String()
		}
	case duckdb.UUID:
		return v.String()
	case duckdb.Decimal:
		return v.Float64()
	case duckdb.Interval:
		return fmt.Sprintf("%d months %d days %d us", v.Months, v.Days, v.Micros)
	case time.Time:
		switch typ {
		case "DATE":
			return v.Format("2006-01-02")
		case "TIME":
			return v.Format("15:04:05.999999")
		}
		return v.UTC()
	case duckdb.Map:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[fmt.Sprint(k)] = plain(e, "")
		}
		return m
	case map[string]any:
		for k, e := range v {
			v[k] = plain(e, "")
		}
	case []any:
		for i, e := range v {
			v[i] = plain(e, "")
		}
	case *big.Int:
		if v.IsInt64() {
			return v.Int64()
		}
	}
	return v
}

// fault gives DuckDB's faults their codes; no value of the data is in them (I6).
func fault(ctx context.Context, err error) error {
	if errs.CodeOf(err) != "" {
		return err
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errSlow()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var e *duckdb.Error
	if errors.As(err, &e) {
		if strings.Contains(e.Msg, bigRow) {
			return errBig()
		}
		switch e.Type {
		case duckdb.ErrorTypeOutOfMemory:
			return errs.New(warehouse.CodeSQLMemory, "the query needs more memory than it may").Fix("narrow it, or raise warehouse.memory")
		case duckdb.ErrorTypePermission:
			return refused("the statement reaches outside of the warehouse")
		}
		return errs.New(warehouse.CodeSQLBad, mask(e.Msg)).Fix("see DESCRIBE <table> and SHOW TABLES for what there is")
	}
	return errs.New(warehouse.CodeSQLBad, mask(err.Error()))
}

// Counts gives the number of rows of every table.
func (d *DB) Counts(ctx context.Context) (map[string]int64, error) {
	d.open.RLock()
	defer d.open.RUnlock()
	if d.closed || d.sql == nil {
		return nil, errs.New(warehouse.CodeClosed, "the warehouse is not open")
	}
	names, err := d.tableNames(ctx)
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int64, len(names))
	for _, name := range names {
		var n int64
		if err := d.sql.QueryRowContext(ctx, "SELECT count(*) FROM main."+quote(name)).Scan(&n); err != nil {
			return nil, fault(ctx, err)
		}
		counts[name] = n
	}
	return counts, nil
}

func (d *DB) tableNames(ctx context.Context) (names []string, err error) {
	rows, err := d.sql.QueryContext(ctx, "SELECT table_name FROM duckdb_tables() WHERE NOT temporary AND NOT starts_with(table_name, '_') ORDER BY table_name")
	if err != nil {
		return nil, fault(ctx, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
