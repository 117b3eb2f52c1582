package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/identity/match"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/source/file"
)

// Resolve is entity resolution on files alone.
type Resolve struct {
	Files        []string
	ID           string         // the column of the records' ids; empty: rows are numbered
	Label        string         // the column that tells the truth, for measuring alone
	LabelPattern *regexp.Regexp // its first group, in Label or else in ID, is the label
	Link         bool           // only records of different files can be one
	Accept       float64        // 0: chosen from the estimated error
	Out          string         // a CSV file; empty: none
	Phase        func(name string, rows int)
}

// Resolved is what a resolution found, and what it took.
type Resolved struct {
	Records         int                `json:"records"`
	People          int                `json:"people"`
	PairsCompared   int64              `json:"pairs_compared"`
	Largest         int                `json:"largest"`
	Seconds         float64            `json:"seconds"`
	PeakMemoryBytes int64              `json:"peak_memory_bytes"`
	SecondsByPhase  map[string]float64 `json:"seconds_by_phase"`
	Fields          map[string]string  `json:"fields"`
	Quality         *match.Quality     `json:"quality,omitzero"`
}

// Run reads the files, finds who is who, and writes Out.
func (r Resolve) Run(ctx context.Context) (*Resolved, error) {
	began := time.Now()
	done := &Resolved{SecondsByPhase: map[string]float64{}}
	in := &records{resolve: r, ids: match.NewBuilder(r.ID), names: map[string]int{}}
	in.decoder = jsontext.NewDecoder(&in.row)
	phase, since := "", began
	next := func(name string) {
		if phase != "" {
			done.SecondsByPhase[phase] += time.Since(since).Seconds()
		}
		phase, since = name, time.Now()
		if r.Phase != nil && name != "" {
			r.Phase(name, in.rows)
		}
	}
	next("read")
	table, err := in.read(ctx)
	if err != nil {
		return nil, err
	}
	found := match.Run(table, match.Config{Accept: r.Accept, Link: r.Link, Phase: next})
	next("write")
	if r.Out != "" {
		if err := in.write(found); err != nil {
			return nil, err
		}
	}
	next("")
	done.Records, done.People, done.PairsCompared = in.rows, found.People, found.Compared
	done.Fields = map[string]string{}
	for name, kind := range found.Fields() {
		done.Fields[name] = kind.String()
	}
	size := map[int32]int{}
	for _, of := range found.Of {
		size[of]++
		done.Largest = max(done.Largest, size[of])
	}
	if r.Label != "" || r.LabelPattern != nil {
		q := match.Evaluate(found.Of, in.labels)
		done.Quality = &q
	}
	done.Seconds = time.Since(began).Seconds()
	done.PeakMemoryBytes = peakMemory()
	return done, ctx.Err()
}

// records are the rows of all files, as columns.
type records struct {
	resolve Resolve
	columns []*match.Builder
	names   map[string]int
	ids     *match.Builder
	labels  []string
	origin  []uint16
	rows    int
	row     bytes.Reader // of the row that is taken apart
	decoder *jsontext.Decoder
	text    []byte // a value with its escapes resolved
}

func (in *records) read(ctx context.Context) (*match.Table, error) {
	r := in.resolve
	label := match.NewBuilder(r.Label)
	for n, path := range r.Files {
		path, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		var fault error
		_, err = file.Sample(ctx, file.Config{Name: "resolve", Path: path}, path, int(^uint(0)>>1), func(props []byte) bool {
			fault = in.add(props, label)
			in.origin = append(in.origin, uint16(n))
			in.rows++
			if in.rows%100_000 == 0 && r.Phase != nil {
				r.Phase("read", in.rows)
			}
			return fault == nil
		})
		if err := errors.Join(err, fault); err != nil {
			return nil, err
		}
	}
	if err := in.check(label); err != nil {
		return nil, err
	}
	in.label(label)
	t := &match.Table{Rows: in.rows}
	if len(r.Files) > 1 {
		t.Origin = in.origin
	}
	for _, c := range in.columns {
		t.Columns = append(t.Columns, c.Column(in.rows))
	}
	return t, nil
}

// check reports a column that was named and that no record has.
func (in *records) check(label *match.Builder) error {
	r := in.resolve
	missing := func(flag, name string, c *match.Builder) error {
		if name == "" || !c.Empty() || in.rows == 0 {
			return nil
		}
		names := make([]string, 0, len(in.columns))
		for _, c := range in.columns {
			names = append(names, c.Name())
		}
		return errs.New("resolve_column", "no record has a column named "+strconv.Quote(name)).At(flag).Fix("the columns are: " + strings.Join(names, ", "))
	}
	return errors.Join(missing("--id", r.ID, in.ids), missing("--label", r.Label, label))
}

// add takes one record apart. What lies deeper has its path as name.
func (in *records) add(props []byte, label *match.Builder) error {
	in.row.Reset(props)
	in.decoder.Reset(&in.row)
	return in.object(in.decoder, "", label)
}

func (in *records) object(d *jsontext.Decoder, path string, label *match.Builder) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != jsontext.KindEndObject {
		v, err := d.ReadValue()
		if err != nil {
			return err
		}
		name, err := in.name(path, v)
		if err != nil {
			return err
		}
		switch d.PeekKind() {
		case jsontext.KindBeginObject:
			err = in.object(d, name+".", label)
		case jsontext.KindBeginArray:
			var words string
			if words, err = list(d); err == nil {
				in.set(name, []byte(words), label)
			}
		default:
			if v, err = in.scalar(d); err == nil {
				in.set(name, v, label)
			}
		}
		if err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// name gives a member's name with its path in front; that of a known column takes no memory.
func (in *records) name(path string, quoted jsontext.Value) (string, error) {
	v, err := in.unquoted(quoted)
	if err != nil {
		return "", err
	}
	if path == "" {
		if at, ok := in.names[string(v)]; ok {
			return in.columns[at].Name(), nil
		}
	}
	return path + string(v), nil
}

// scalar reads a value as text, which lives until the next is read.
func (in *records) scalar(d *jsontext.Decoder) ([]byte, error) {
	v, err := d.ReadValue()
	switch {
	case err != nil, v.Kind() == jsontext.KindNull:
		return nil, err
	case v.Kind() == jsontext.KindString:
		return in.unquoted(v)
	}
	return v, nil
}

func (in *records) unquoted(v jsontext.Value) ([]byte, error) {
	if bytes.IndexByte(v, '\\') < 0 {
		return v[1 : len(v)-1], nil
	}
	var err error
	in.text, err = jsontext.AppendUnquote(in.text[:0], v)
	return in.text, err
}

// list gives an array's scalars as words of one value.
func list(d *jsontext.Decoder) (string, error) {
	var words []string
	depth := 0
	for {
		t, err := d.ReadToken()
		if err != nil {
			return "", err
		}
		switch t.Kind() {
		case jsontext.KindBeginArray, jsontext.KindBeginObject:
			depth++
		case jsontext.KindEndArray, jsontext.KindEndObject:
			if depth--; depth == 0 {
				return strings.Join(words, " "), nil
			}
		case jsontext.KindNull:
		default:
			words = append(words, t.String())
		}
	}
}

// set puts a value in its column; ids and labels are in none that is compared.
func (in *records) set(name string, value []byte, label *match.Builder) {
	r := in.resolve
	if name == r.Label {
		label.Set(in.rows, value)
	}
	if name == r.ID {
		in.ids.Set(in.rows, value)
	}
	if name == r.ID || name == r.Label {
		return
	}
	at, ok := in.names[name]
	if !ok {
		at = len(in.columns)
		in.names[name] = at
		in.columns = append(in.columns, match.NewBuilder(name))
	}
	in.columns[at].Set(in.rows, value)
}

// label takes each row's label out of the column that tells it.
func (in *records) label(label *match.Builder) {
	r := in.resolve
	if r.Label == "" && r.LabelPattern == nil {
		return
	}
	from := label
	if r.Label == "" {
		from = in.ids
	}
	in.labels = make([]string, in.rows)
	for row := range in.labels {
		v := from.At(row)
		if r.LabelPattern != nil {
			groups := r.LabelPattern.FindStringSubmatch(v)
			v = ""
			if len(groups) > 1 {
				v = groups[1]
			}
		}
		in.labels[row] = v
	}
}

// id is what a row is called.
func (in *records) id(row int) string {
	if in.resolve.ID != "" {
		return in.ids.At(row)
	}
	return strconv.Itoa(row + 1)
}

// write puts down who each record is. A person is called by the least id of its records.
func (in *records) write(found *match.Result) (err error) {
	f, err := os.CreateTemp(filepath.Dir(in.resolve.Out), ".kith-resolve-*")
	if err != nil {
		return errs.New("resolve_out", "the result cannot be written").At(in.resolve.Out).Fix("name a folder that exists and may be written to")
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	b := bufio.NewWriterSize(f, 1<<16)
	if err := in.writeRows(b, found); err != nil {
		return err
	}
	if err := errors.Join(b.Flush(), f.Chmod(0o644)); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), in.resolve.Out)
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
