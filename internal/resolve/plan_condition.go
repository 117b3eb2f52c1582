package resolve

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/identity/match"
)

// sqlValue is what of one record's column an expression looks at.
type sqlValue struct {
	column   string
	right    bool // of the right record
	part     match.Part
	from, to int // a span of letters; to 0: all. From is negative from the end
	year     bool
}

// alike reports whether two values are the same of the two records.
func (v sqlValue) alike(o sqlValue) bool {
	v.right = !v.right
	return v == o
}

// valueOf understands an expression of one column.
func valueOf(n *sqlNode) (v sqlValue, err error) {
	if n.kind == sqlColumn {
		name, right := strings.CutSuffix(n.text, "_r")
		if !right {
			var left bool
			if name, left = strings.CutSuffix(n.text, "_l"); !left {
				return v, fmt.Errorf("the column %q is of neither record: its name ends in neither _l nor _r", n.text)
			}
		}
		return sqlValue{column: name, right: right}, nil
	}
	if n.kind != sqlCall || len(n.args) == 0 {
		return v, fmt.Errorf("a literal stands where a column should")
	}
	at := 0
	if n.text == "date_part" || n.text == "datepart" {
		at = len(n.args) - 1
	}
	if v, err = valueOf(n.args[at]); err != nil {
		return v, err
	}
	number := func(i int) int {
		if i >= len(n.args) || n.args[i].kind != sqlNumber {
			return 0
		}
		k, _ := strconv.Atoi(n.args[i].text) // 0 is refused below
		return k
	}
	text := func(i int) string {
		if i >= len(n.args) || n.args[i].kind != sqlText {
			return ""
		}
		return n.args[i].text
	}
	whole := v.to == 0 && v.from == 0 && v.part == match.Whole && !v.year
	switch n.text {
	case "lower", "upper", "trim", "epoch", "try_strptime", "strptime", "to_date", "to_timestamp", "try_to_timestamp", "date", "try_to_date", "unix_timestamp":
		return v, nil
	case "nullif":
		if text(1) == "" && len(n.args) == 2 && n.args[1].kind == sqlText {
			return v, nil
		}
	case "substr", "substring":
		if from, length := number(1), number(2); whole && from > 0 && length > 0 {
			v.from, v.to = from-1, from-1+length
			return v, nil
		}
	case "left":
		if k := number(1); whole && k > 0 {
			v.to = k
			return v, nil
		}
	case "right":
		if k := number(1); whole && k > 0 {
			v.from = -k
			return v, nil
		}
	case "year":
		v.year = true
		return v, nil
	case "date_part", "datepart":
		if strings.EqualFold(text(0), "year") {
			v.year = true
			return v, nil
		}
	case "split_part":
		if text(1) == "@" && number(2) == 1 && whole {
			v.part = match.Username
			return v, nil
		}
	case "regexp_extract":
		if part, ok := extracts[text(1)]; ok && whole {
			v.part = part
			return v, nil
		}
		return v, fmt.Errorf("the pattern %q is none that is known", text(1))
	}
	return v, fmt.Errorf("%s(…) is not understood", n.text)
}

// extracts are the patterns by which Splink takes values apart.
var extracts = map[string]match.Part{
	`^[^@]+`:                                match.Username,
	`^[A-Za-z]{1,2}`:                        match.Area,
	`^[A-Za-z]{1,2}[0-9][A-Za-z0-9]?`:       match.District,
	`^[A-Za-z]{1,2}[0-9][A-Za-z0-9]? [0-9]`: match.Sector,
	`^[A-Z]{1,2}`:                           match.Area,
	`^[A-Z]{1,2}[0-9][A-Z0-9]?`:             match.District,
	`^[A-Z]{1,2}[0-9][A-Z0-9]? [0-9]`:       match.Sector,
}

// conditionOf understands a level's condition.
func conditionOf(n *sqlNode) (match.Condition, error) {
	none := match.Condition{}
	if n.kind == sqlColumn && strings.EqualFold(n.text, "else") {
		return none, nil
	}
	if n.kind != sqlCall {
		return none, fmt.Errorf("it is no condition")
	}
	switch n.text {
	case "and", "or":
		return joint(n)
	case "=":
		return equality(n.args[0], n.args[1])
	case "<", "<=":
		return measured(n.args[0], n.args[1], n.text == "<", true)
	case ">", ">=":
		return measured(n.args[0], n.args[1], n.text == ">", false)
	}
	return none, fmt.Errorf("%q is not understood", n.text)
}

// joint understands what and, or or join: two equalities across are two columns swapped.
func joint(n *sqlNode) (match.Condition, error) {
	test := match.All
	if n.text == "or" {
		test = match.Any
	}
	parts := flat(n, n.text)
	if n.text == "and" {
		parts = slices.DeleteFunc(parts, func(p *sqlNode) bool { return p.kind == sqlCall && p.text == "is not null" })
	}
	var all []match.Condition
	for i := 0; i < len(parts); i++ {
		if c, ok := swap(parts[i:]); ok && test == match.All {
			all = append(all, c)
			i++
			continue
		}
		c, err := conditionOf(parts[i])
		if err != nil {
			return c, err
		}
		all = append(all, c)
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return match.Condition{Test: test, Of: all}, nil
}

func flat(n *sqlNode, name string) []*sqlNode {
	if n.kind != sqlCall || n.text != name {
		return []*sqlNode{n}
	}
	var all []*sqlNode
	for _, a := range n.args {
		all = append(all, flat(a, name)...)
	}
	return all
}

// swap understands x_l = y_r and x_r = y_l, and the other ways to write it.
func swap(parts []*sqlNode) (match.Condition, bool) {
	if len(parts) < 2 {
		return match.Condition{}, false
	}
	a, b, ok := sides(parts[0])
	c, d, also := sides(parts[1])
	if !ok || !also || a.column == b.column {
		return match.Condition{}, false
	}
	// a is of the left record, b of the right: the other equality has them the other way.
	if c.column != b.column || d.column != a.column {
		return match.Condition{}, false
	}
	return match.Condition{Test: match.SwappedWith, Column: a.column, Other: b.column}, true
}

// sides gives the two columns of an equality, the left record's first.
func sides(n *sqlNode) (l, r sqlValue, ok bool) {
	if n.kind != sqlCall || n.text != "=" || n.args[0].kind != sqlColumn || n.args[1].kind != sqlColumn {
		return l, r, false
	}
	l, err := valueOf(n.args[0])
	if err != nil {
		return l, r, false
	}
	if r, err = valueOf(n.args[1]); err != nil || l.right == r.right {
		return l, r, false
	}
	if l.right {
		l, r = r, l
	}
	return l, r, true
}

// both gives what of a column two expressions look at, of the two records.
func both(a, b *sqlNode) (sqlValue, error) {
	v, err := valueOf(a)
	if err != nil {
		return v, err
	}
	w, err := valueOf(b)
	if err != nil {
		return v, err
	}
	if !v.alike(w) {
		if v.column != w.column {
			return v, fmt.Errorf("it compares %q with %q; columns that are swapped are to be compared both ways", v.column, w.column)
		}
		return v, fmt.Errorf("its two sides are not the same of the two records")
	}
	v.right = false
	return v, nil
}

func equality(a, b *sqlNode) (match.Condition, error) {
	v, err := both(a, b)
	c := match.Condition{Test: match.Same, Column: v.column, Part: v.part}
	switch {
	case err != nil:
		return c, err
	case v.year:
		return c, fmt.Errorf("parts of dates are not compared as a level")
	case v.to > 0 && v.from == 0:
		c.Test, c.N = match.Prefix, v.to
	case v.from < 0:
		c.Test, c.N = match.Suffix, -v.from
	case v.to > 0:
		return c, fmt.Errorf("letters within a value are not compared as a level")
	}
	return c, nil
}

// distances and similarities by the names that databases give them.
var measures = map[string]match.Test{
	"levenshtein": match.Edits, "damerau_levenshtein": match.Edits, "editdist3": match.Edits, "edit_distance": match.Edits,
	"jaro_winkler_similarity": match.JaroWinkler, "jaro_winkler": match.JaroWinkler, "jaro_similarity": match.Jaro, "jaro_sim": match.Jaro, "jaccard": match.Jaccard,
}

// measured understands a distance of at most a number, or a similarity of at least one.
func measured(a, b *sqlNode, strict, most bool) (c match.Condition, err error) {
	if b.kind != sqlNumber {
		return c, fmt.Errorf("it is compared with what is no number")
	}
	x, err := strconv.ParseFloat(b.text, 64)
	if err != nil || math.IsNaN(x) || x < 0 || x > 1e12 || a.kind != sqlCall {
		return c, fmt.Errorf("%q is no number that fits", b.text)
	}
	test, ok := measures[a.text]
	switch {
	case ok && len(a.args) == 2:
		v, err := both(a.args[0], a.args[1])
		c = match.Condition{Test: test, Column: v.column, Part: v.part, X: x}
		switch {
		case err != nil:
			return c, err
		case v.to != 0 || v.from != 0 || v.year:
			return c, fmt.Errorf("parts of values are not measured")
		case most != (test == match.Edits):
			return c, fmt.Errorf("%s is bounded on the wrong side", a.text)
		}
		if test == match.Edits {
			c.X, c.N = 0, atMost(x, strict)
			if c.N < 1 || c.N > 64 {
				return c, fmt.Errorf("%q is no number of letters that fits", b.text)
			}
		} else if c.X > 1 {
			return c, fmt.Errorf("%q is above 1", b.text)
		}
		return c, nil
	case most && a.text == "abs" && len(a.args) == 1:
		return apart(a.args[0], x)
	case most && (a.text == "datediff" || a.text == "date_diff"):
		return apart(a, x)
	case !most && (a.text == "array_length" || a.text == "len" || a.text == "size" || a.text == "cardinality") && len(a.args) >= 1:
		return shared(a.args[0], x, strict)
	}
	return c, fmt.Errorf("%s(…) is not understood", a.text)
}

// atMost is the greatest whole number that is at most x, or below it.
func atMost(x float64, strict bool) int {
	n := math.Floor(x)
	if strict && n == x {
		n--
	}
	return int(n)
}

// apart understands how far two dates lie apart: as seconds or by datediff.
func apart(n *sqlNode, most float64) (c match.Condition, err error) {
	unit, args := 1.0/86400, n.args
	switch {
	case n.text == "-" && len(n.args) == 2 && n.args[0].text == "epoch" && n.args[1].text == "epoch":
	case (n.text == "datediff" || n.text == "date_diff") && len(n.args) == 2:
		unit = 1
	case (n.text == "datediff" || n.text == "date_diff") && len(n.args) == 3:
		var ok bool
		if unit, ok = map[string]float64{"day": 1, "month": month, "year": year}[strings.ToLower(n.args[0].text)]; !ok {
			return c, fmt.Errorf("the unit %q is not understood", n.args[0].text)
		}
		args = n.args[1:]
	default:
		return c, fmt.Errorf("a difference of what are no dates is not understood")
	}
	v, err := both(args[0], args[1])
	if err != nil {
		return c, err
	}
	return match.Condition{Test: match.WithinDays, Column: v.column, X: most * unit}, nil
}

// shared understands how many items two lists have in common.
func shared(n *sqlNode, least float64, strict bool) (c match.Condition, err error) {
	if n.kind != sqlCall || len(n.args) != 2 || n.text != "list_intersect" && n.text != "array_intersect" {
		return c, fmt.Errorf("a length of what is no intersection is not understood")
	}
	v, err := both(n.args[0], n.args[1])
	if err != nil {
		return c, err
	}
	if c = (match.Condition{Test: match.SharedWords, Column: v.column, N: int(math.Ceil(least))}); strict && least == math.Floor(least) {
		c.N++
	}
	if c.N < 1 || c.N > 64 {
		return c, fmt.Errorf("%g is no number of items that fits", least)
	}
	return c, nil
}

// isNull reports whether a condition only asks for what is missing.
func isNull(n *sqlNode) bool {
	if n.kind != sqlCall {
		return false
	}
	if n.text == "and" || n.text == "or" {
		return isNull(n.args[0]) && isNull(n.args[1])
	}
	return n.text == "is null"
}
