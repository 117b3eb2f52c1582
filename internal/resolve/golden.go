package resolve

import (
	"cmp"
	"context"
	"slices"
	"strconv"

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
		var g gathered
		return r.each(ctx, len(people), func(i int) error {
			rows := people[i]
			clear(line)
			line[0], line[1] = textOf(r.people[r.found.Of[rows[0]]]), numberOf(float64(len(rows)))
			if len(rows) == 1 {
				for i, c := range r.columns {
					line[2+i] = textOf(c.At(int(rows[0])))
				}
				return s.write(line)
			}
			step := len(order)
			if len(rows) > manyRecords {
				step = 1
			}
			for some := range slices.Chunk(order, max(step, 1)) {
				for _, a := range golden.Survive(g.customers(rows, some), rules) {
					line[2+r.names[a.Name]] = textOf(a.Value.S)
				}
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

// manyRecords is from how many records on a person's columns are taken one by one, so that
// not all that they say is held a second time.
const manyRecords = 1000

// gathered is what a person's records say, as golden takes it; its memory is used again.
type gathered struct {
	all []*record.SourceCustomer
}

// customers takes some columns, by name.
func (g *gathered) customers(rows []int32, order []*match.Builder) []*record.SourceCustomer {
	for len(g.all) < len(rows) {
		g.all = append(g.all, &record.SourceCustomer{})
	}
	for i, row := range rows {
		c := g.all[i]
		c.Attrs = c.Attrs[:0]
		for _, column := range order {
			if v := column.At(int(row)); v != "" {
				said := record.StringValue(v)
				said.Filled = match.SaysNothing(v) // it survives where nobody says more
				c.Attrs = append(c.Attrs, record.TimedAttr{Attr: record.Attr{Name: column.Name(), Value: said}})
			}
		}
	}
	return g.all[:len(rows)]
}
