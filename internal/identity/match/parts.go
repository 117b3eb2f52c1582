package match

// dateParts are three columns that tell a date together: a year, a month and a day.
type dateParts struct{ year, month, day int } // in a list of fields

// findDateParts finds a date in parts: the only columns of years, of months and of days
// there are, of which hardly any record has one without the others.
func findDateParts(fields []*field) (dateParts, bool) {
	found := [3]int{-1, -1, -1}
	for i, f := range fields {
		part := f.datePart()
		if part < 0 {
			continue
		}
		if found[part] >= 0 {
			return dateParts{}, false
		}
		found[part] = i
	}
	if found[0] < 0 || found[1] < 0 || found[2] < 0 {
		return dateParts{}, false
	}
	all, some := 0, 0
	year, month, day := fields[found[0]], fields[found[1]], fields[found[2]]
	for row, y := range year.codes {
		m, d := month.codes[row], day.codes[row]
		if y != 0 || m != 0 || d != 0 {
			some++
		}
		if y != 0 && m != 0 && d != 0 {
			all++
		}
	}
	return dateParts{found[0], found[1], found[2]}, all*20 >= some*19
}

// datePart tells a column of years (0), months (1) or days of a month (2); -1: none of them.
func (f *field) datePart() int {
	if f.kind != Code {
		return -1
	}
	kinds := [...]struct{ digits, least, most, distinct int }{{4, 1000, 2199, 10}, {2, 1, 12, 8}, {2, 1, 31, 20}}
	var rows, values [len(kinds)]int
	for code, v := range f.norm {
		if len(v) > 4 || !allDigits(v) {
			continue
		}
		for k, kind := range kinds {
			if n := atoi(v); len(v) <= kind.digits && n >= kind.least && n <= kind.most {
				rows[k] += int(f.count[code])
				values[k]++
			}
		}
	}
	for k, kind := range kinds {
		if rows[k]*20 >= f.given*19 && values[k] >= kind.distinct {
			return k
		}
	}
	return -1
}

// joinDate makes one field of a date in parts.
func (p *planning) joinDate(open []*field) []*field {
	parts, ok := findDateParts(open)
	if !ok {
		return open
	}
	year, month, day := open[parts.year], open[parts.month], open[parts.day]
	of := &PlanField{Name: year.name + "-" + month.name + "-" + day.name, Columns: []string{year.name, month.name, day.name}}
	if _, taken := p.column[of.Name]; taken {
		return open
	}
	date := newFieldOf(p.joined(of), p.table.Rows, Date)
	date.implied, date.column = of, year.column
	joined := []*field{date}
	for _, f := range open {
		if f == year || f == month || f == day {
			p.unused = append(p.unused, unused{f.name, "it is a part of " + of.Name})
			continue
		}
		joined = append(joined, f)
	}
	return joined
}
