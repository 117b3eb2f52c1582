package quality

import (
	"math"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// compareValues orders two values as numbers, as moments, or as text; ok is false
// where they have no order.
func compareValues(a, b record.Value) (order int, ok bool) {
	if a.Kind == record.Int && b.Kind == record.Int {
		return a.Compare(b), true
	}
	if x, ok := number(a); ok {
		if y, ok := number(b); ok {
			return sameOrder(x, y), true
		}
	}
	if x, xDay, ok := moment(a); ok {
		if y, yDay, ok := moment(b); ok {
			return compareMoments(x, xDay, y, yDay), true
		}
	}
	if a.Kind != b.Kind || a.IsNull() {
		return 0, false
	}
	return a.Compare(b), true
}

func sameOrder(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// same reports whether two values are one: two texts only where they are equal.
func same(a, b record.Value) bool {
	if a.Kind == b.Kind && a.Kind != record.Float {
		return a == b
	}
	order, ok := compareValues(a, b)
	return ok && order == 0
}

func makeCompare(c *CheckConfig, ck *check, bad *faults) {
	var holds func(order int) bool
	switch c.Operator {
	case "=":
		ck.many = func(v []record.Value) bool { return same(v[0], v[1]) }
		return
	case "!=":
		ck.many = func(v []record.Value) bool { return !same(v[0], v[1]) }
		return
	case ">":
		holds = func(order int) bool { return order > 0 }
	case ">=":
		holds = func(order int) bool { return order >= 0 }
	case "<":
		holds = func(order int) bool { return order < 0 }
	case "<=":
		holds = func(order int) bool { return order <= 0 }
	default:
		bad.add("check_operator", ".operator", "compare has no operator", "use >, >=, =, !=, < or <=, in quotes")
		return
	}
	ck.many = func(v []record.Value) bool {
		order, ok := compareValues(v[0], v[1])
		return ok && holds(order)
	}
}

func makePairInSet(c *CheckConfig, ck *check, bad *faults) {
	type pair [2]set
	var all []pair
	for _, p := range c.Pairs {
		if len(p) != 2 {
			bad.add("check_values", ".pairs", "a pair is not of two values", "write pairs: [[GB, GBP], [DE, EUR]]")
			return
		}
		all = append(all, pair{makeSet(p[:1]), makeSet(p[1:])})
	}
	if len(all) == 0 {
		bad.add("check_values", ".pairs", "pair_in_set has no pairs", "write pairs: [[GB, GBP], [DE, EUR]]")
	}
	ck.many = func(v []record.Value) bool {
		return slices.ContainsFunc(all, func(p pair) bool { return p[0].has(v[0]) && p[1].has(v[1]) })
	}
}

func makeUnique(_ *CheckConfig, ck *check, _ *faults) {
	ck.many = func(values []record.Value) bool {
		for i, a := range values {
			for _, b := range values[i+1:] {
				if !a.IsNull() && same(a, b) {
					return false
				}
			}
		}
		return true
	}
}

func makeRatio(c *CheckConfig, ck *check, bad *faults) {
	s, ok := spanOf(c, false)
	if !ok {
		bad.add("check_range", "", "ratio has neither min nor max, or a min above its max", "give min, max or both, as numbers")
	}
	ck.many = func(v []record.Value) bool {
		a, ok1 := number(v[0])
		b, ok2 := number(v[1])
		return ok1 && ok2 && b != 0 && s.holds(a/b)
	}
}

// makeSum compares with what it adds up to, but for the last bits, which the order of
// adding decides: 0.1 and 0.2 are 0.3.
func makeSum(c *CheckConfig, ck *check, bad *faults) {
	given := 0
	for _, yes := range [...]bool{c.Value != "", c.Total != "", c.Min != "" || c.Max != ""} {
		if yes {
			given++
		}
	}
	want, isNumber := Bound(c.Value).number()
	if given != 1 || c.Value != "" && !isNumber {
		bad.add("check_value", "", "sum needs one of value, total, and min or max", "write for example value: 100, or total: with the column that holds the sum")
		return
	}
	switch {
	case c.Value != "":
		ck.many = func(v []record.Value) bool {
			sum, size, ok := add(v)
			return ok && near(sum, want, size)
		}
	case c.Total != "":
		ck.many = func(v []record.Value) bool {
			last := len(v) - 1
			sum, size, ok := add(v[:last])
			total, known := number(v[last])
			return ok && known && near(sum, total, size)
		}
	default:
		s, ok := spanOf(c, false)
		if !ok {
			bad.add("check_range", "", badRange, "give min, max or both, as numbers")
		}
		ck.many = func(v []record.Value) bool {
			sum, _, ok := add(v)
			return ok && s.holds(sum)
		}
	}
}

// add sums numbers, nulls left out; size is the sum of what they are without a sign.
func add(values []record.Value) (sum, size float64, ok bool) {
	for _, v := range values {
		if v.IsNull() {
			continue
		}
		f, ok := number(v)
		if !ok {
			return 0, 0, false
		}
		sum += f
		size += math.Abs(f)
	}
	return sum, size, true
}

func near(a, b, size float64) bool { return math.Abs(a-b) <= 1e-12*(size+math.Abs(b)) }

// columnsText names the columns of a check in one text.
func columnsText(columns []string) string { return strings.Join(columns, ", ") }
