package bench

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// print writes the figures as a plain table: each with its goal, then what it was
// measured against, then what else was seen.
func (r *Report) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "figure\tmeasured\tgoal\tratio\t\n")
	for _, f := range r.Figures {
		if f.Goal == 0 {
			fmt.Fprintf(w, "%s: %s\t%s %s\t\t\t\n", f.Name, f.What, short(f.Measured), f.Unit)
			continue
		}
		verdict, sign := "met", "≥"
		if !f.Met {
			verdict = "not met"
		}
		if f.AtMost {
			sign = "≤"
		}
		fmt.Fprintf(w, "%s: %s\t%s %s\t%s %s\t\t%s\n", f.Name, f.What, short(f.Measured), f.Unit, sign, short(f.Goal), verdict)
		for _, p := range f.Against {
			fmt.Fprintf(w, "    against %s\t%s %s\t\t%s\t\n", p.What, short(p.Measured), f.Unit, short(p.Ratio))
		}
		for _, name := range slices.Sorted(maps.Keys(f.More)) {
			fmt.Fprintf(w, "    %s\t%s\t\t\t\n", strings.ReplaceAll(name, "_", " "), short(f.More[name]))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%d CPUs, %s, %.0f s in all; the load comes from the same process\n", r.CPUs, r.Go, r.Seconds)
	return err
}

// short writes a number with about three digits that count, thousands grouped.
func short(v float64) string {
	switch {
	case v >= 1000:
		s := fmt.Sprintf("%.0f", v)
		for i := len(s) - 3; i > 0; i -= 3 {
			s = s[:i] + "," + s[i:]
		}
		return s
	case v >= 100 || v == float64(int64(v)):
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}
