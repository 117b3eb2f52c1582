package conflict

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// counts are the numbers of processes that a table has columns for.
var counts = [...]int{1, 2, 4, 8, 16, 32}

// Grid is what a table has rows for: each of Batches by each of People by each of Loads.
type Grid struct {
	Batches []int
	People  []int
	Loads   []Load
}

// Load is how records lie over people, as Params has it.
type Load struct {
	Skew, Shared, New, Affinity float64
}

// FullGrid is all that is worth asking for.
func FullGrid() Grid {
	g := ShortGrid()
	g.Batches = []int{50, 100, 200, 500, 2000}
	g.People = []int{100_000, 1_000_000, 10_000_000, 100_000_000}
	g.Loads = append(g.Loads, Load{Skew: 1, Shared: 0.1, New: 0.05}, Load{Skew: 0.6}, Load{Skew: 0.8}, Load{Skew: 1}, Load{Shared: 0.3})
	return g
}

// ShortGrid is what docs/scale.md shows.
func ShortGrid() Grid {
	return Grid{
		Batches: []int{50, 200, 500, 2000},
		People:  []int{1_000_000, 100_000_000},
		Loads: []Load{{}, {Skew: 0.6, Shared: 0.1, New: 0.05}, {Skew: 0.8, Shared: 0.1, New: 0.05},
			{Skew: 0.8, Shared: 0.1, New: 0.05, Affinity: 0.9}, {Skew: 1.2}},
	}
}

// Table simulates a grid and prints one line for each of its cases: how likely two
// batches have a row in common; the throughput of 1, 2, 4 … processes, relative to as
// many that never meet; and of 8 processes, the share of time that they wait, and the
// retries by batch. All else is as p has it.
func Table(w io.Writer, p Params, g Grid) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "people\tbatch\tskew\tshared\tnew\tat home\ttwo meet\t")
	for _, n := range counts {
		fmt.Fprintf(t, "×%d\t", n)
	}
	fmt.Fprintf(t, "waiting\tretries\t\n")
	for _, people := range g.People {
		for _, l := range g.Loads {
			for _, batch := range g.Batches {
				p.People, p.Batch = people, batch
				p.Skew, p.Shared, p.New, p.Affinity = l.Skew, l.Shared, l.New, l.Affinity
				if err := p.line(t); err != nil {
					return err
				}
			}
		}
	}
	return t.Flush()
}

func (p Params) line(w io.Writer) error {
	var eight Result
	text := ""
	for _, n := range counts {
		p.Processes = n
		p.Batches = max(240, 15*n)
		r, err := simulate(p)
		if err != nil {
			return err
		}
		if n == 8 {
			eight = r
			eight.Touch = touch(p)
		}
		text += fmt.Sprintf("%.2f\t", r.Relative)
	}
	_, err := fmt.Fprintf(w, "%.0e\t%d\t%.1f\t%.0f %%\t%.0f %%\t%.0f %%\t%.3f\t%s%.0f %%\t%.2f\t\n", float64(p.People), p.Batch, p.Skew,
		100*p.Shared, 100*p.New, 100*p.Affinity, eight.Touch, text, 100*eight.Waiting, eight.Retries)
	return err
}
