package cli

import (
	"encoding/csv"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/api/client"
	"github.com/kithdata/kith/internal/kit/errs"
)

type sqlCmd struct {
	Query string `arg:"" help:"One reading statement, or - to read it from standard input."`
	CSV   bool   `name:"csv" help:"Print CSV with a header."`
	Rows  int    `default:"10000" placeholder:"N" help:"Give at most this many rows, up to 100,000."`
}

func (sqlCmd) Help() string {
	return `Example: kith sql "select count(*) from v_customer"

The door to the warehouse is read-only, with limits of time and memory, and leaves
an entry in the audit chain. v_customer holds the people as they are now; kith sql
"show tables" lists all there is, where names that begin with _ are the loader's own.`
}

// maxQuery is the most bytes that the API takes for a query.
const maxQuery = 64 << 10

func (c sqlCmd) Run(g *Globals) (err error) {
	if g.JSON && c.CSV {
		return usage("choose one of --json and --csv")
	}
	if c.Query == "-" {
		text, err := io.ReadAll(io.LimitReader(g.In, maxQuery+1))
		if err != nil {
			return errs.Wrap("sql_input", "reading the query from standard input", err)
		}
		c.Query = string(text)
	}
	if strings.TrimSpace(c.Query) == "" {
		return usage("the query is empty")
	}
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	if conn.offline() {
		if err := conn.app.CatchUp(g.ctx); err != nil {
			return err
		}
	}
	a, err := ask[client.SQLResult](conn.QuerySQL(g.ctx, client.SQLRequest{Query: c.Query, MaxRows: &c.Rows}))
	if err != nil {
		return err
	}
	switch {
	case c.CSV:
		err = writeCSV(g.Out, &a.value)
	default:
		err = show(g, a, (*printer).rows)
	}
	if err == nil && a.value.Truncated {
		g.say("kith: only the first %s are shown; --rows gives more", count(int64(len(a.value.Rows)), "row", "rows"))
	}
	return err
}

func (p *printer) rows(r client.SQLResult) {
	heads := make([]string, len(r.Columns))
	for i, name := range r.Columns {
		heads[i] = harmless(name)
	}
	t := newTable(heads...)
	for i := range heads {
		t.heads[i], t.right[i] = heads[i], i < len(r.Types) && numeric(r.Types[i])
	}
	for _, row := range r.Rows {
		t.add(row...)
	}
	p.table(t)
	p.line("%s", p.paint(dim, "("+count(int64(len(r.Rows)), "row", "rows")+")"))
}

// numeric reports whether values of a warehouse's type are aligned to the right.
func numeric(kind string) bool {
	for _, prefix := range []string{"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL"} {
		if strings.HasPrefix(strings.ToUpper(kind), prefix) && !strings.HasSuffix(kind, "]") {
			return true
		}
	}
	return false
}

// writeCSV writes rows as they are: escapes are for terminals alone.
func writeCSV(w io.Writer, r *client.SQLResult) error {
	out := csv.NewWriter(w)
	line := r.Columns
	for n := 0; ; n++ {
		if err := out.Write(line); err != nil {
			return err
		}
		if n == len(r.Rows) {
			break
		}
		line = make([]string, len(r.Rows[n]))
		for i, v := range r.Rows[n] {
			line[i] = bare(v)
		}
	}
	out.Flush()
	return out.Error()
}

// bare is a value without escapes: text as it is, all else as JSON writes it.
func bare(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case jsontext.Value:
		return string(v)
	}
	return cell(v)
}
