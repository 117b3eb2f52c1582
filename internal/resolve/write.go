package resolve

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/identity/match"
	"github.com/kithdata/kith/internal/kit/errs"
)

// id is what a row is called.
func (in *records) id(row int) string {
	if in.config.ID != "" {
		return in.ids.At(row)
	}
	return strconv.Itoa(row + 1)
}

// write puts down who each record is. A person is called by the least id of its records.
func (in *records) write(found *match.Result) error {
	return placed(in.config.Out, func(w io.Writer) error { return in.writeRows(w, found) })
}

// placed writes a file that is there whole, or not at all.
func placed(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".kith-resolve-*")
	if err != nil {
		return errs.New("resolve_out", "the result cannot be written").At(path).Fix("name a folder that exists and may be written to")
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	b := bufio.NewWriterSize(f, 1<<16)
	if err := write(b); err != nil {
		return err
	}
	if err := errors.Join(b.Flush(), f.Chmod(0o644)); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func (in *records) writeRows(b io.Writer, found *match.Result) error {
	names := in.people(found)
	w := csv.NewWriter(b)
	if err := w.Write([]string{"id", "person_id", "score", "reason"}); err != nil {
		return err
	}
	for row := range in.rows {
		line := []string{in.id(row), names[found.Of[row]], "", ""}
		if best := found.Best[row]; int(best.With) != row {
			line[2] = strconv.FormatFloat(best.Probability(), 'f', 4, 64)
			line[3] = fmt.Sprintf("with %s: %s", in.id(int(best.With)), found.Why(row))
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// people names each person; one whose name another has as well, because ids repeat,
// is numbered.
func (in *records) people(found *match.Result) map[int32]string {
	least := map[int32]string{}
	for row := range in.rows {
		id := in.id(row)
		if old, ok := least[found.Of[row]]; !ok || compareIDs(id, old) < 0 {
			least[found.Of[row]] = id
		}
	}
	taken := map[string]int{}
	roots := make([]int32, 0, len(least))
	for root := range least {
		roots = append(roots, root)
	}
	slices.Sort(roots)
	for _, root := range roots {
		id := least[root]
		if taken[id]++; taken[id] > 1 {
			least[root] = fmt.Sprintf("%s#%d", id, taken[id])
		}
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
