package resolve

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/identity/match"
)

// result is who is who, ready to be written.
type result struct {
	*records
	found  *match.Result
	people map[int32]string  // by the least row of each: what it is called
	files  []string          // as they are written
	named  map[[2]int32]bool // pairs of rows that are decided
	accept float64           // the probability from which on pairs are joined
}

func (in *records) result(found *match.Result) *result {
	r := &result{records: in, found: found, people: in.people(found), named: map[[2]int32]bool{}, accept: 1}
	if found.Expected != nil {
		r.accept = found.Expected.Accept
	}
	for _, path := range in.config.Files {
		r.files = append(r.files, strings.ToValidUTF8(path, "\ufffd"))
	}
	for _, pair := range slices.Concat(in.decided.same, in.decided.different) {
		r.named[[2]int32{min(pair[0], pair[1]), max(pair[0], pair[1])}] = true
	}
	return r
}

// id is a record's own, "" where it has none.
func (in *records) id(row int) string {
	if in.config.ID != "" {
		return in.ids.At(row)
	}
	return strconv.Itoa(row + 1)
}

// called is what a record is called, whether or not it has an id.
func (in *records) called(row int) string {
	if id := in.id(row); id != "" {
		return id
	}
	return in.place(row)
}

// people names each person: by the least id of its records, or where none has any by
// the first of its rows. One whose name another has as well, because ids repeat, is numbered.
func (in *records) people(found *match.Result) map[int32]string {
	least := map[int32]string{}
	for row := range in.rows {
		id, of := in.id(row), found.Of[row]
		if old := least[of]; id != "" && (old == "" || compareIDs(id, old) < 0) {
			least[of] = id
		} else if old == "" {
			least[of] = ""
		}
	}
	roots := make([]int32, 0, len(least))
	for root := range least {
		roots = append(roots, root)
	}
	slices.Sort(roots)
	taken := make(map[string]bool, len(least))
	var again []int32
	for _, root := range roots {
		if least[root] == "" {
			least[root] = in.called(int(root))
		}
		if taken[least[root]] {
			again = append(again, root)
		}
		taken[least[root]] = true
	}
	next := map[string]int{}
	for _, root := range again {
		id := least[root]
		for taken[least[root]] {
			least[root] = fmt.Sprintf("%s#%d", id, next[id]+2)
			next[id]++
		}
		taken[least[root]] = true
	}
	return least
}

// compareIDs puts numbers in their order: a longer one is greater.
func compareIDs(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// several reports whether a record is known only by its file and its id.
func (r *result) several() bool { return len(r.files) > 1 }

// each goes through so many of something, tells how far it is, and stops when ctx ends.
func (r *result) each(ctx context.Context, n int, do func(i int) error) error {
	for i := range n {
		if i&0x1fff == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if i > 0 {
				r.config.tell("write", i, n)
			}
		}
		if err := do(i); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// writeOut puts down who each record is, in the order of the files.
func (r *result) writeOut(ctx context.Context, o *output) error {
	columns := []column{{"id", text}, {"person_id", text}, {"score", share}, {"reason", text}}
	if r.several() {
		columns = append(columns, column{"file", text})
	}
	line := make([]value, len(columns))
	return o.write(columns, func(s sheet) error {
		return r.each(ctx, r.rows, func(row int) error {
			line[0], line[1], line[2], line[3] = textOf(r.id(row)), textOf(r.people[r.found.Of[row]]), value{}, value{}
			if best := r.found.Best[row]; int(best.With) != row {
				line[2], line[3] = numberOf(best.Probability()), textOf(r.reason(row, int(best.With)))
			}
			if r.several() {
				line[4] = textOf(r.files[r.origin[row]])
			}
			return s.write(line)
		})
	})
}

// reason tells with which other record a record is one, and why.
func (r *result) reason(row, with int) string {
	where := ""
	if r.origin[row] != r.origin[with] {
		where = " of " + r.files[r.origin[with]]
	}
	return "with " + r.called(with) + where + ": " + r.found.Why(row)
}

// What becomes of a pair.
const (
	verdictMatch   = "match"   // likely enough, and one person
	verdictRefused = "refused" // likely enough, but the people whom it would join do not fit on the whole
	verdictReview  = "review"  // between Review and the threshold
	verdictBelow   = "below"   // not likely enough
	verdictDecided = "decided" // told by Decisions
)

func (r *result) verdict(p match.Pair) string {
	likely := p.Probability()
	switch {
	case r.named[[2]int32{p.A, p.B}]:
		return verdictDecided
	case likely >= r.accept && r.found.Of[p.A] == r.found.Of[p.B]:
		return verdictMatch
	case likely >= r.accept:
		return verdictRefused
	case r.config.Review > 0 && likely >= r.config.Review:
		return verdictReview
	}
	return verdictBelow
}

// writePairs puts down every pair that may be one, the most certain first.
func (r *result) writePairs(ctx context.Context, o *output) error {
	columns := []column{{"id_a", text}, {"id_b", text}, {"probability", share}, {"bits", share}, {"same_person", truth}, {"verdict", text}}
	if r.several() {
		columns = append(columns, column{"file_a", text}, column{"file_b", text})
	}
	line := make([]value, len(columns))
	return o.write(columns, func(s sheet) error {
		var err error
		n := 0
		r.found.Pairs(func(p match.Pair) bool {
			if n&0xffff == 0 {
				if err = ctx.Err(); err != nil {
					return false
				}
				if n > 0 {
					r.config.tell("write", n, 0)
				}
			}
			n++
			line[0], line[1] = textOf(r.called(int(p.A))), textOf(r.called(int(p.B)))
			line[2], line[3] = numberOf(p.Probability()), numberOf(float64(p.Bits))
			line[4], line[5] = truthOf(r.found.Of[p.A] == r.found.Of[p.B]), textOf(r.verdict(p))
			if r.several() {
				line[6], line[7] = textOf(r.files[r.origin[p.A]]), textOf(r.files[r.origin[p.B]])
			}
			err = s.write(line)
			return err == nil
		})
		return err
	})
}

// reviews counts the pairs that wait for a review.
func (r *result) reviews() int {
	n := 0
	if r.config.Review > 0 {
		r.found.Pairs(func(p match.Pair) bool {
			if r.verdict(p) == verdictReview {
				n++
			}
			return p.Probability() >= r.config.Review
		})
	}
	return n
}
