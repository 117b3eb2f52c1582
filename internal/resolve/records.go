package resolve

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/identity/match"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/source/file"
)

// records are the rows of all files, as columns.
type records struct {
	config  Config
	columns []*match.Builder
	names   map[string]int
	ids     *match.Builder
	labels  []string
	known   []match.Label // pairs that somebody labelled
	strange int           // pairs that somebody labelled, of records that are not here
	origin  []uint16
	skipped skipped
	wide    bool         // there are more columns than there may be
	long    atomic.Int64 // values that were cut

	decided           decisions
	unnamed, repeated int // records without an id; those with one that another of their file has
	rows              int
	row               bytes.Reader // of the row that is taken apart
	decoder           *jsontext.Decoder
	text              []byte // a value with its escapes resolved
}

func (in *records) read(ctx context.Context) (*match.Table, error) {
	c := in.config
	label := match.NewBuilder(c.Label)
	for n, path := range c.Files {
		path, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		cfg := fileConfig(path)
		flat, err := in.readColumns(ctx, cfg, uint16(n), label)
		if err == nil && !flat {
			err = in.readRows(ctx, cfg, uint16(n), label)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := in.check(label); err != nil {
		return nil, err
	}
	in.label(label)
	t := &match.Table{Rows: in.rows, Key: in.keys()}
	if len(c.Files) > 1 {
		t.Origin = in.origin
	}
	for _, c := range in.columns {
		t.Columns = append(t.Columns, c.Column(in.rows))
	}
	return t, nil
}

// readRows reads a file row by row.
func (in *records) readRows(ctx context.Context, cfg file.Config, origin uint16, label *match.Builder) error {
	var fault error
	seen, err := file.Each(ctx, cfg, cfg.Path, func(r file.Row) bool {
		if r.Reject != "" {
			return true
		}
		if fault = in.add(r.Props, label); in.wide {
			fault = tooMany()
		}
		in.took(1, origin)
		return fault == nil
	})
	return errors.Join(err, fault, in.saw(seen, origin))
}

// readColumns reads a file whose rows are made of columns alone; else flat is false.
func (in *records) readColumns(ctx context.Context, cfg file.Config, origin uint16, label *match.Builder) (flat bool, err error) {
	seen, flat, err := file.Columns(ctx, cfg, cfg.Path, func(b *file.Batch) bool {
		columns := make([][]*match.Builder, len(b.Names))
		for i, name := range b.Names {
			columns[i] = in.columnsOf(name, label)
		}
		if in.wide {
			return false
		}
		var next atomic.Int64
		var group sync.WaitGroup
		for range min(runtime.GOMAXPROCS(0), len(columns)) {
			group.Go(func() {
				for i := int(next.Add(1)) - 1; i < len(columns); i = int(next.Add(1)) - 1 {
					for _, c := range columns[i] {
						for row := range b.Rows {
							c.Set(in.rows+row, in.cut(b.Value(row, i)))
						}
					}
				}
			})
		}
		group.Wait()
		in.took(b.Rows, origin)
		return true
	})
	if in.wide {
		err = tooMany()
	}
	return flat, errors.Join(err, in.saw(seen, origin))
}

// took counts rows that were read.
func (in *records) took(rows int, origin uint16) {
	const step = 100_000
	for range rows {
		in.origin = append(in.origin, origin)
	}
	told := in.rows / step
	if in.rows += rows; in.rows/step > told {
		in.config.tell("read", in.rows, 0)
	}
}

// check reports a column that was named and that no record has.
func (in *records) check(label *match.Builder) error {
	c := in.config
	missing := func(flag, name string, c *match.Builder) error {
		if name == "" || !c.Empty() || in.rows == 0 {
			return nil
		}
		return in.noColumn(flag, name)
	}
	if err := errors.Join(missing(cmp.Or(c.idAt, "--id"), c.ID, in.ids), missing("--label", c.Label, label)); err != nil {
		return err
	}
	return in.checkIDs()
}

// noColumn is the fault of a flag that names a column which is not there.
func (in *records) noColumn(flag, name string) error {
	names := make([]string, 0, len(in.columns))
	for _, c := range in.columns {
		names = append(names, c.Name())
	}
	return errs.New("resolve_column", "no record has a column named "+strconv.Quote(name)).At(flag).Fix("the columns are: " + strings.Join(names, ", "))
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

// set puts a value in its columns.
func (in *records) set(name string, value []byte, label *match.Builder) {
	for _, c := range in.columnsOf(name, label) {
		c.Set(in.rows, in.cut(value))
	}
}

// columnsOf gives where the values of a name belong; ids and labels are in no column that
// is compared.
func (in *records) columnsOf(name string, label *match.Builder) []*match.Builder {
	c := in.config
	var own []*match.Builder
	if name == c.Label {
		own = append(own, label)
	}
	if name == c.ID {
		own = append(own, in.ids)
	}
	if len(own) > 0 {
		return own
	}
	at, ok := in.names[name]
	if !ok && len(in.columns) == maxColumns {
		in.wide = true
		return nil
	}
	if !ok {
		at = len(in.columns)
		in.names[name] = at
		in.columns = append(in.columns, match.NewBuilder(name))
	}
	return in.columns[at : at+1]
}

// label takes each row's label out of the column that tells it.
func (in *records) label(label *match.Builder) {
	c := in.config
	if c.Label == "" && c.LabelPattern == nil {
		return
	}
	from := label
	if c.Label == "" {
		from = in.ids
	}
	in.labels = make([]string, in.rows)
	for row := range in.labels {
		v := from.At(row)
		if c.LabelPattern != nil {
			groups := c.LabelPattern.FindStringSubmatch(v)
			v = ""
			if len(groups) > 1 {
				v = groups[1]
			}
		}
		in.labels[row] = v
	}
}
