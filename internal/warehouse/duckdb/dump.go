package duckdb

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/warehouse"
)

// part is one table of a dump: what of it does not depend on how it was loaded.
type part struct {
	title, from string
	columns     []string // SQL expressions
}

// Dump writes the canonical text (I2): tables by stream, columns by attribute, rows
// in order. Versions, validity, positions, offsets and Kith's own columns are left
// out.
func (d *DB) Dump(ctx context.Context, w io.Writer) error {
	d.open.RLock()
	defer d.open.RUnlock()
	if d.closed || d.sql == nil {
		return errs.New(warehouse.CodeClosed, "the warehouse is not open")
	}
	conn, err := d.sql.Conn(ctx)
	if err != nil {
		return fault(ctx, err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, "BEGIN TRANSACTION READ ONLY"); err != nil {
		return fault(ctx, err)
	}
	defer func() { _, _ = conn.ExecContext(context.Background(), "ROLLBACK") }()
	parts, err := grown(ctx, conn)
	if err != nil {
		return fault(ctx, err)
	}
	parts = append(parts,
		part{"bridge_node", "bridge_node", []string{"node_key", "customer_id"}},
		part{"bridge_identity", "bridge_identity", []string{"identifier_type", "identifier_value", "customer_id", "first_seen", "node_key"}},
		part{"fact_consent", "fact_consent", []string{"customer_id", "purpose", "channel", "granted", "effective", "source", "proof", "identifier_type", "identifier_value"}},
		part{"dim_source", "dim_source", []string{"source", "stream", "kind", "first_received", "last_received"}},
		part{"dim_date", "dim_date", []string{"date_key"}},
	)
	out := bufio.NewWriter(w)
	for _, p := range parts {
		if err := p.write(ctx, conn, out); err != nil {
			return fault(ctx, err)
		}
	}
	return out.Flush()
}

// grown lists the tables whose columns grow, with dim_customer's current rows.
func grown(ctx context.Context, conn *sql.Conn) ([]part, error) {
	rows, err := conn.QueryContext(ctx, `SELECT t.table_name, t.stream, t.role, t.field, coalesce(k.column_name, ''), coalesce(k.attribute, ''), coalesce(k.type, '')
		FROM (SELECT * FROM _tables UNION ALL SELECT 'dim_customer', '', 'customer', '') t LEFT JOIN _columns k ON k.table_name = t.table_name
		ORDER BY t.stream, t.role, t.field, t.table_name, k.attribute`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var parts []part
	last := ""
	for rows.Next() {
		var name, stream, role, field, column, attribute, typ string
		if err := rows.Scan(&name, &stream, &role, &field, &column, &attribute, &typ); err != nil {
			return nil, err
		}
		if name != last {
			last = name
			p := part{title: strings.TrimSpace(fmt.Sprintf("%s %s %s", role, stream, field)), from: quote(name)}
			switch role {
			case roleCustomer:
				p.from += " WHERE is_current"
				p.columns = []string{"customer_id", "suppressed", "pending", "source_customers"}
			case roleChild:
				p.columns = []string{"source", "record_key", "ordinal"}
			default:
				p.columns = []string{"source", "record_key", "event", "node_key", "occurred", "received"}
			}
			parts = append(parts, p)
		}
		if column != "" {
			p := &parts[len(parts)-1]
			p.title += fmt.Sprintf(" %q:%s", attribute, typ)
			p.columns = append(p.columns, quote(column))
		}
	}
	return parts, rows.Err()
}

func (p part) write(ctx context.Context, conn *sql.Conn, out *bufio.Writer) error {
	fmt.Fprintf(out, "# %s\n", p.title)
	exprs := make([]string, len(p.columns))
	for i, c := range p.columns {
		exprs[i] = "coalesce(to_json(" + c + ")::VARCHAR, 'null')"
	}
	rows, err := conn.QueryContext(ctx, fmt.Sprintf("SELECT concat_ws(chr(9), %s) AS line FROM %s ORDER BY line", strings.Join(exprs, ", "), p.from))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		_, _ = out.WriteString(line) // a fault stays for Flush
		_ = out.WriteByte('\n')
	}
	return rows.Err()
}
