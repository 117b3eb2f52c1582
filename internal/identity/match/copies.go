package match

// mostCopies is how many rows that say the same are compared. More of them tell nothing
// more, and would make blocks that are over the cap.
const mostCopies = 64

// copies are rows left out of the table because many others say the same: each is of the
// person that those are of, if the first two of those are of one.
type copies struct {
	rows  int         // of the table given
	kept  []int32     // those of them that are compared
	left  []int32     // those that are not
	twins [][2]uint32 // for each of left: rows compared that say the same; once in order, the matcher's own
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
	var twins [][2]uint32
	for from := 0; from < len(sorted); {
		to := from + 1
		for to < len(sorted) && sorted[to].hash == sorted[from].hash {
			to++
		}
		for _, k := range sorted[min(from+mostCopies, to):to] {
			if row := int32(k.row); !decided[row] {
				left = append(left, row)
				twins = append(twins, [2]uint32{sorted[from].row, sorted[from+1].row})
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
	for row := range old.Rows {
		if !out[row] {
			c.kept = append(c.kept, int32(row))
		}
	}
	m.table = &Table{Rows: len(c.kept), Columns: old.Columns, Origin: pick(old.Origin, c.kept), Key: pick(old.Key, c.kept)}
	for _, f := range m.fields {
		f.codes = pick(f.codes, c.kept)
		f.tally()
	}
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

// settle has the matcher's rows, now in order, stand for those of the table given.
func (c *copies) settle(m *matcher) {
	m.ours = make([]uint32, c.rows)
	for i, row := range m.rows {
		m.rows[i] = uint32(c.kept[row])
		m.ours[c.kept[row]] = uint32(i)
	}
	for i, row := range c.left {
		for n := range c.twins[i] {
			c.twins[i][n] = m.ours[c.twins[i][n]]
		}
		m.ours[row] = c.twins[i][0]
	}
}

// takeIn gives those that were left out their people.
func (c *copies) takeIn(by *clustering, r *Result) {
	m := by.m
	for i, row := range c.left {
		a, b := c.twins[i][0], c.twins[i][1]
		if by.find(a) != by.find(b) {
			r.Of[row] = row
			r.People++
			continue
		}
		p := by.compare.pattern(a, b)
		r.Of[row] = r.Of[m.rows[a]]
		r.Best[row] = Reason{With: int32(m.rows[a]), Bits: float32(m.weigh(by.mo, a, b, p)), pattern: p}
	}
	least := map[int32]int32{} // of people whose first row was left out
	for _, row := range c.left {
		if of := r.Of[row]; row < of {
			if old, ok := least[of]; !ok || row < old {
				least[of] = row
			}
		}
	}
	if len(least) > 0 {
		for row, of := range r.Of {
			if first, ok := least[of]; ok {
				r.Of[row] = first
			}
		}
	}
}
