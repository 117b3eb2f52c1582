package match

import "slices"

// decide joins what is decided to be one, and remembers what is not. It gives the pairs
// that are one, in an order of their own.
func (c *clustering) decide() []uint64 {
	pairs := func(rows [][2]int32) []uint64 {
		var all []uint64
		for _, p := range rows {
			if p[0] != p[1] {
				all = append(all, twoRows(c.m.ours[p[0]], c.m.ours[p[1]]))
			}
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	decided := pairs(c.m.config.Same)
	for _, p := range decided {
		if x, y := c.find(uint32(p>>32)), c.find(uint32(p)); x != y {
			c.join(x, y)
		}
	}
	different := pairs(c.m.config.Different)
	c.ties = slices.Concat(decided, different)
	if len(different) > 0 {
		c.foes = make([][]uint32, len(c.parent))
	}
	for _, p := range different {
		a, b := uint32(p>>32), uint32(p)
		x, y := c.find(a), c.find(b)
		c.foes[x] = append(c.foes[x], b)
		c.foes[y] = append(c.foes[y], a)
	}
	return decided
}

// allEqual reports whether all rows say the same, in every column that says anything.
// Then nothing tells them apart, and there is nothing to compare.
func (m *matcher) allEqual() bool {
	t := m.table
	if t.Rows < 2 || len(m.fields) > 0 {
		return false
	}
	says := false
	for i := range t.Columns {
		c := &t.Columns[i]
		first := normalise(c.Values[c.Codes[0]])
		alike := map[uint32]bool{c.Codes[0]: true}
		for _, code := range c.Codes {
			if !alike[code] {
				if normalise(c.Values[code]) != first {
					return false
				}
				alike[code] = true
			}
		}
		says = says || first != ""
	}
	return says
}

// joinAll makes one of all rows, but for those that are vetoed.
func (c *clustering) joinAll() bool {
	for i := range uint32(len(c.parent)) {
		if x, y := c.find(0), c.find(i); x != y && !c.vetoed(x, y) {
			c.join(x, y)
		}
	}
	return true
}

// allOne gives all rows that have no better reason the one that all rows say the same.
func (r *Result) allOne() {
	for row := range r.Best {
		if best := &r.Best[row]; int(best.With) == row && r.Of[row] != int32(row) {
			*best = Reason{With: r.Of[row], Ground: AllEqual}
			if first := &r.Best[r.Of[row]]; first.With == r.Of[row] {
				*first = Reason{With: int32(row), Ground: AllEqual}
			}
		}
	}
}
