package match

import "math"

// mostCopies is how many rows that say the same are compared. More of them tell nothing
// more, and would make blocks that are over the cap.
const mostCopies = 64

// copies are rows left out of the table because many others say the same: each is of the
// person that those are of, if the first two of those are of one.
type copies struct {
	rows  int
	kept  []int32    // by row of the matcher's table: the one of the table given
	left  []int32    // rows of the table given
	twins [][2]int32 // for each of left: rows of the matcher's table that say the same
}

// leaveOut makes the matcher's table one without the surplus of rows that say the same,
// and reports whether there is any. Rows that are decided on stay. Once the rows are
// in order, those that say the same lie together.
func (m *matcher) leaveOut(sorted []keyed) bool {
	decided := map[int32]bool{}
	for _, pairs := range [...][][2]int32{m.config.Same, m.config.Different} {
		for _, p := range pairs {
			decided[p[0]], decided[p[1]] = true, true
		}
	}
	var left []int32
	var twins [][2]int32
	for from := 0; from < len(sorted); {
		to := from + 1
		for to < len(sorted) && sorted[to].hash == sorted[from].hash {
			to++
		}
		for _, k := range sorted[min(from+mostCopies, to):to] {
			if row := int32(k.row); !decided[row] {
				left = append(left, row)
				twins = append(twins, [2]int32{int32(sorted[from].row), int32(sorted[from+1].row)})
			}
		}
		from = to
	}
	if len(left) == 0 {
		return false
	}
	m.copies = &copies{rows: m.table.Rows, left: left, twins: twins}
	m.thin()
	return true
}

// thin takes the rows that are left out from the table and its fields.
func (m *matcher) thin() {
	c, old := m.copies, m.table
	out := make([]bool, old.Rows)
	for _, row := range c.left {
		out[row] = true
	}
	at := make([]int32, old.Rows) // by row: the one that it is among those that stay
	for row := range old.Rows {
		if !out[row] {
			at[row] = int32(len(c.kept))
			c.kept = append(c.kept, int32(row))
		}
	}
	m.table = &Table{Rows: len(c.kept), Columns: old.Columns, Origin: pick(old.Origin, c.kept), Key: pick(old.Key, c.kept)}
	for _, f := range m.fields {
		f.codes = pick(f.codes, c.kept)
		f.tally()
	}
	move := func(pairs [][2]int32) [][2]int32 {
		moved := make([][2]int32, len(pairs))
		for i, p := range pairs {
			moved[i] = [2]int32{at[p[0]], at[p[1]]}
		}
		return moved
	}
	m.config.Same, m.config.Different, c.twins = move(m.config.Same), move(m.config.Different), move(c.twins)
}

// pick gives what stands at some rows; nil of nil.
func pick[T any](all []T, rows []int32) []T {
	if all == nil {
		return nil
	}
	some := make([]T, len(rows))
	for i, row := range rows {
		some[i] = all[row]
	}
	return some
}

// takeIn makes the result one of the table given, those in it that were left out.
func (c *copies) takeIn(r *Result) {
	m := r.matcher
	of, best, ours := make([]int32, c.rows), make([]Reason, c.rows), make([]uint32, c.rows)
	for i, row := range c.kept {
		of[row], best[row], ours[row] = c.kept[r.Of[i]], r.Best[i], m.ours[i]
		best[row].With = c.kept[r.Best[i].With]
	}
	compare := m.comparer()
	for i, row := range c.left {
		x, y := c.twins[i][0], c.twins[i][1]
		ours[row] = m.ours[x]
		if r.Of[x] != r.Of[y] {
			of[row], best[row].With = row, row
			r.People++
			continue
		}
		a, b := m.ours[x], m.ours[y]
		p := compare.pattern(a, b)
		of[row], best[row] = c.kept[r.Of[x]], Reason{With: c.kept[x], Bits: float32(m.weigh(r.model, a, b, p)), pattern: p}
	}
	least := make([]int32, c.rows)
	for i := range least {
		least[i] = math.MaxInt32
	}
	for row, root := range of {
		least[root] = min(least[root], int32(row))
	}
	for row, root := range of {
		of[row] = least[root]
	}
	for i, row := range m.rows {
		m.rows[i] = uint32(c.kept[row])
	}
	r.Of, r.Best, m.ours = of, best, ours
}
