package resolve

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/identity/match"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/source/file"
)

// decision is one row of Decisions: two records are one, or are not.
type decision struct {
	line int64
	same bool
	id   [2]string
	file [2]string // of the ids; "" where the id alone says which
	rows [2]int32
}

// decisions are pairs of rows that are one, and pairs that are not, whatever they say.
type decisions struct{ same, different [][2]int32 }

// of tells what was decided of two rows: that they are the same, if a decision is on the
// way that joins them, or that they, or others that are one with them, are different.
func (d decisions) of(found *match.Result, x, y int) string {
	if found.Of[x] != found.Of[y] {
		for _, p := range d.different {
			a, b := found.Of[p[0]], found.Of[p[1]]
			if a == found.Of[x] && b == found.Of[y] || a == found.Of[y] && b == found.Of[x] {
				return "different"
			}
		}
		return ""
	}
	if d.has(d.same, x, y) {
		return "same"
	}
	for _, p := range found.Path(x, y) {
		if d.has(d.same, int(p.A), int(p.B)) {
			return "same"
		}
	}
	if x != y && found.Expected == nil && found.Best[x].Ground == match.Decided { // nothing was compared
		return "same"
	}
	return ""
}

// has reports whether two rows are among pairs of rows.
func (decisions) has(pairs [][2]int32, x, y int) bool {
	return slices.ContainsFunc(pairs, func(p [2]int32) bool {
		return int(p[0]) == x && int(p[1]) == y || int(p[0]) == y && int(p[1]) == x
	})
}

// readDecisions reads the decisions' file, without yet knowing the records.
func readDecisions(ctx context.Context, path string) ([]decision, error) {
	if path == "" {
		return nil, nil
	}
	at, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	var all []decision
	var faults []error
	_, err = file.Each(ctx, fileConfig(at), at, func(r file.Row) bool {
		d := decision{line: r.Line}
		err := d.read(r)
		if err != nil {
			faults = append(faults, d.fault(path, err.Error()))
		}
		all = append(all, d)
		return len(faults) < mostFaults
	})
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, err
	}
	return all, nil
}

// mostFaults is how many faults of decisions are told at once.
const mostFaults = 20

func (d *decision) fault(path, what string) error {
	return errs.New("resolve_decision", what).At(fmt.Sprintf("%s:%d", path, d.line)).
		Fix("write id_a,id_b,decision with ids of records, and same or different; where an id is of several files, file_a and file_b")
}

// read takes one row apart.
func (d *decision) read(r file.Row) error {
	if r.Reject != "" {
		return fmt.Errorf("the row cannot be read (%s)", r.Reject)
	}
	said, err := members(r.Props)
	if err != nil {
		return err
	}
	d.id, d.file = [2]string{said["id_a"], said["id_b"]}, [2]string{said["file_a"], said["file_b"]}
	if d.id[0] == "" || d.id[1] == "" {
		return errors.New("id_a or id_b is missing")
	}
	switch strings.ToLower(strings.TrimSpace(said["decision"])) {
	case "same":
		d.same = true
	case "different":
	default:
		return errors.New("the decision is neither same nor different")
	}
	return nil
}

// members gives the scalar members of an object as text.
func members(object []byte) (map[string]string, error) {
	d := jsontext.NewDecoder(strings.NewReader(string(object)))
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	said := map[string]string{}
	for d.PeekKind() != jsontext.KindEndObject {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		switch d.PeekKind() {
		case jsontext.KindBeginObject, jsontext.KindBeginArray, jsontext.KindNull:
			err = d.SkipValue()
		default:
			var v jsontext.Token
			if v, err = d.ReadToken(); err == nil {
				said[key] = v.String()
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return said, nil
}

// decide finds the records that decisions name, and reports decisions that contradict
// each other.
func (in *records) decide(all []decision) (decisions, error) {
	if len(all) == 0 {
		return decisions{}, nil
	}
	named := in.named(all)
	var faults []error
	for i := range all {
		d := &all[i]
		for side := range d.id {
			row, err := in.find(named, d.id[side], d.file[side])
			if err != nil && len(faults) < mostFaults {
				faults = append(faults, d.fault(in.config.Decisions, fmt.Sprintf("id_%c %v", 'a'+side, err)))
			}
			d.rows[side] = row
		}
	}
	if len(faults) == 0 {
		faults = in.contradictions(all)
	}
	if len(faults) > 0 {
		return decisions{}, errors.Join(faults...)
	}
	var out decisions
	for _, d := range all {
		if d.same {
			out.same = append(out.same, d.rows)
		} else {
			out.different = append(out.different, d.rows)
		}
	}
	return out, nil
}

// named gives the rows of each id that decisions name.
func (in *records) named(all []decision) map[string][]int32 {
	named := map[string][]int32{}
	for _, d := range all {
		named[d.id[0]], named[d.id[1]] = nil, nil
	}
	for row := range in.rows {
		id := in.id(row)
		if rows, ok := named[id]; ok {
			named[id] = append(rows, int32(row)) //nolint:gosec // rows are counted by int32
		}
	}
	return named
}

// find gives the one record that an id, and a file where it is told, is of.
func (in *records) find(named map[string][]int32, id, path string) (int32, error) {
	rows := named[id]
	if path != "" {
		rows = slices.DeleteFunc(slices.Clone(rows), func(row int32) bool {
			of := in.config.Files[in.origin[row]]
			return of != path && filepath.Base(of) != path
		})
	}
	switch {
	case len(rows) == 0:
		return 0, errors.New("is of no record")
	case len(rows) > 1:
		return 0, fmt.Errorf("is of %d records: it does not tell which is meant", len(rows))
	}
	return rows[0], nil
}

// contradictions reports decisions by which two records are two, while others make them one.
func (in *records) contradictions(all []decision) []error {
	parent := map[int32]int32{}
	var root func(row int32) int32
	root = func(row int32) int32 {
		up, ok := parent[row]
		if !ok || up == row {
			return row
		}
		parent[row] = root(up)
		return parent[row]
	}
	for _, d := range all {
		if d.same {
			parent[root(d.rows[0])] = root(d.rows[1])
		}
	}
	var faults []error
	for _, d := range all {
		if !d.same && root(d.rows[0]) == root(d.rows[1]) && len(faults) < mostFaults {
			faults = append(faults, d.fault(in.config.Decisions, "the two records are different, but other decisions make them the same"))
		}
	}
	return faults
}
