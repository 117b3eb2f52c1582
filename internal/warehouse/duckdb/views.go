package duckdb

import (
	"fmt"
	"strings"

	"github.com/kithdata/kith/internal/warehouse"
)

// views makes v_customer, v_<fact> and v_<fact>_asof anew: DuckDB fixes a view's
// columns when it is made, and tables have grown since.
func (c *catalog) views(r *raw) error {
	if err := r.exec(customerView(c.customer.cols)); err != nil {
		return err
	}
	for _, name := range sorted(c.tables) {
		t := c.tables[name]
		if t.role != roleFact || !t.stored {
			continue
		}
		cols := c.viewColumns(t)
		err := r.exec(fmt.Sprintf(`CREATE OR REPLACE VIEW %s AS SELECT %s FROM %s f
			LEFT JOIN bridge_node b ON b.node_key = f.node_key
			LEFT JOIN dim_customer c ON c.customer_id = coalesce(b.customer_id, '%s') AND c.is_current`,
			quote("v_"+name), cols, t.quoted(), warehouse.Unknown))
		if err != nil {
			return err
		}
		err = r.exec(fmt.Sprintf(`CREATE OR REPLACE VIEW %s AS SELECT %s FROM %s f
			LEFT JOIN bridge_node b ON b.node_key = f.node_key
			LEFT JOIN dim_customer c ON c.customer_id = coalesce(b.customer_id, '%s')
				AND f.received >= c.valid_from AND (c.valid_to IS NULL OR f.received < c.valid_to)`,
			quote("v_"+name+"_asof"), cols, t.quoted(), warehouse.Unknown))
		if err != nil {
			return err
		}
	}
	return nil
}

// customerView makes the view of the people as they are now: a row each, without the
// loader's own columns, those that only closed versions have, and the row for nobody
// known.
func customerView(cols []attrColumn) string {
	var list []string
	for _, f := range warehouse.CustomerColumns {
		switch f.Name {
		case "valid_to", "is_current", "ended_by", "merged_into":
		default:
			if !strings.HasPrefix(f.Name, "_") {
				list = append(list, quote(f.Name))
			}
		}
	}
	for i := range cols {
		if cols[i].typ != warehouse.None {
			list = append(list, quote(cols[i].name))
		}
	}
	return fmt.Sprintf("CREATE OR REPLACE VIEW v_customer AS SELECT %s FROM dim_customer WHERE is_current AND customer_id <> '%s'",
		strings.Join(list, ", "), warehouse.Unknown)
}

// viewColumns lists the fact's own columns and the customer's, these as customer_…
func (c *catalog) viewColumns(t *table) string {
	namer := warehouse.NewNamer()
	list := []string{fmt.Sprintf("coalesce(b.customer_id, '%s') AS customer_id", warehouse.Unknown)}
	namer.Take("customer_id")
	add := func(from, column, want string) {
		list = append(list, fmt.Sprintf("%s.%s AS %s", from, quote(column), quote(namer.Give(want))))
	}
	for _, f := range t.fixed {
		if !strings.HasPrefix(f.Name, "_") {
			add("f", f.Name, f.Name)
		}
	}
	for i := range t.cols {
		if t.cols[i].typ != warehouse.None {
			add("f", t.cols[i].name, t.cols[i].name)
		}
	}
	add("c", "version", "customer_version")
	for i := range c.customer.cols {
		if col := &c.customer.cols[i]; col.typ != warehouse.None {
			add("c", col.name, "customer_"+col.name)
		}
	}
	return strings.Join(list, ", ")
}
