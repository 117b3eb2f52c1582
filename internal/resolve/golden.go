package resolve

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/golden"
	"github.com/kithdata/kith/internal/identity/match"
	"github.com/kithdata/kith/internal/record"
)

// survivorship is how a person's value is chosen: files know no time at which something
// was said, and their order says nothing.
func survivorship() golden.Config {
	return golden.Config{Default: golden.RuleConfig{Rule: golden.MostFrequent, Ties: golden.Longest}}
}

// writeGolden puts down one row for each person, in order of its first record: of each
// column the value that survives.
func (r *result) writeGolden(ctx context.Context, o *output) error {
	rules, err := golden.Compile(survivorship())
	if err != nil {
		return err
	}
	columns, order := r.goldenColumns()
	people := r.members()
	line := make([]value, len(columns))
	return o.write(columns, func(s sheet) error {
		var customers []*record.SourceCustomer
		return r.each(ctx, len(people), func(i int) error {
			rows := people[i]
			customers = r.customers(customers[:0], rows, order)
			clear(line)
			line[0], line[1] = textOf(r.people[r.found.Of[rows[0]]]), numberOf(float64(len(rows)))
			for _, a := range golden.Survive(customers, rules) {
				at, _ := slices.BinarySearchFunc(order, a.Name, func(c *match.Builder, name string) int { return strings.Compare(c.Name(), name) })
				line[2+r.names[order[at].Name()]] = textOf(a.Value.S)
			}
			return s.write(line)
		})
	})
}

// goldenColumns gives the columns of golden records, those of the input as they came,
// and the input's columns by name.
func (r *result) goldenColumns() (columns []column, order []*match.Builder) {
	columns = []column{{"person_id", text}, {"records", count}}
	taken := map[string]bool{}
	for _, c := range r.columns {
		taken[c.Name()] = true
	}
	for i := range columns { // a column of the input keeps its name
		name := columns[i].name
		for n := 2; taken[columns[i].name]; n++ {
			columns[i].name = name + "_" + strconv.Itoa(n)
		}
	}
	for _, c := range r.columns {
		columns = append(columns, column{c.Name(), text})
	}
	order = slices.Clone(r.columns)
	slices.SortFunc(order, func(a, b *match.Builder) int { return cmp.Compare(a.Name(), b.Name()) })
	return columns, order
}

// members gives the rows of each person, in order of the first.
func (r *result) members() [][]int32 {
	at := make(map[int32]int, r.found.People)
	people := make([][]int32, 0, r.found.People)
	for row, of := range r.found.Of {
		i, ok := at[of]
		if !ok {
			i = len(people)
			at[of] = i
			people = append(people, nil)
		}
		people[i] = append(people[i], int32(row)) //nolint:gosec // rows are counted by int32
	}
	return people
}

// customers gives rows as golden takes them, each attribute by name.
func (r *result) customers(all []*record.SourceCustomer, rows []int32, order []*match.Builder) []*record.SourceCustomer {
	for _, row := range rows {
		c := &record.SourceCustomer{}
		for _, column := range order {
			if v := column.At(int(row)); v != "" {
				said := record.StringValue(v)
				said.Filled = match.Missing(v) // it survives where nobody says more
				c.Attrs = append(c.Attrs, record.TimedAttr{Attr: record.Attr{Name: column.Name(), Value: said}})
			}
		}
		all = append(all, c)
	}
	return all
}
