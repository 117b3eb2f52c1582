package cleanse

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// CheckReadable is the name under which the stage counts, by attribute, the values
// that its steps could read and those that became null because they could not.
const CheckReadable = "readable"

// tally counts the values of one stream's attributes in a batch, by place in
// stream.order. Attributes whose steps read every value are not counted.
type tally struct {
	st           *stream
	read, failed []uint64
}

// tallyOf gives the tally of a stream; a batch has few streams.
func (w *worker) tallyOf(st *stream) *tally {
	for _, t := range w.tallies {
		if t.st == st {
			return t
		}
	}
	t := newTally(st)
	w.tallies = append(w.tallies, t)
	return t
}

func newTally(st *stream) *tally {
	return &tally{st: st, read: make([]uint64, len(st.order)), failed: make([]uint64, len(st.order))}
}

func (t *tally) count(at int, readable bool) {
	if readable {
		t.read[at]++
	} else {
		t.failed[at]++
	}
}

// report adds the counts to the batch's, by stream and column. The sums over any
// cutting of the records into batches are the same.
func (w *worker) report(b *record.Batch) {
	from := len(b.Checks)
	for _, t := range w.tallies {
		for i := range t.st.order {
			if t.read[i]+t.failed[i] > 0 {
				b.Checks = append(b.Checks, record.CheckCount{Stream: t.st.name, Check: CheckReadable, Column: t.st.order[i], Passed: t.read[i], Failed: t.failed[i]})
			}
		}
	}
	slices.SortStableFunc(b.Checks[from:], func(x, y record.CheckCount) int {
		return cmp.Or(strings.Compare(x.Stream, y.Stream), strings.Compare(x.Column, y.Column))
	})
}
