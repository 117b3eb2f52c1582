package file

import (
	"bytes"
	"context"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/encoding/charmap"
)

// Batch is some rows of a file, as columns of text: a number is as it is written, and
// what is null is empty.
type Batch struct {
	Names []string // of the columns
	Rows  int
	data  []byte
	ends  []uint32 // in data, of each value: row by row
}

const (
	columnRows  = 8 << 10
	columnBytes = 4 << 20
	batches     = 3 // one is filled, one is read, and one lies between
)

// Value is what a row has in a column. It lives as long as the call that gives the batch.
func (b *Batch) Value(row, column int) []byte {
	at := row*len(b.Names) + column
	from := uint32(0)
	if at > 0 {
		from = b.ends[at-1]
	}
	return b.data[from:b.ends[at]]
}

func (b *Batch) reset() { b.Rows, b.data, b.ends = 0, b.data[:0], b.ends[:0] }

func (b *Batch) full() bool { return b.Rows >= columnRows || len(b.data) >= columnBytes }

// take adds the fields just split as a row.
func (b *Batch) take(f *csvFormat) {
	for i, field := range f.fields {
		switch {
		case f.nulls > 0 && i < len(f.null) && f.null[i]:
		case utf8.Valid(field):
			b.data = append(b.data, field...)
		default:
			for _, c := range field {
				b.data = utf8.AppendRune(b.data, charmap.Windows1252.DecodeByte(c))
			}
		}
		b.ends = append(b.ends, uint32(len(b.data)))
	}
	b.Rows++
}

// takeValues adds a row that was written as JSON, of which the spans are the values.
func (b *Batch) takeValues(row []byte, spans [][2]int) {
	for _, span := range spans {
		switch v := row[span[0]:span[1]]; {
		case len(v) == 0 || v[0] != '"':
			if string(v) != "null" {
				b.data = append(b.data, v...)
			}
		case bytes.IndexByte(v, '\\') < 0:
			b.data = append(b.data, v[1:len(v)-1]...)
		default:
			b.data, _ = jsontext.AppendUnquote(b.data, v) // it was quoted just now
		}
		b.ends = append(b.ends, uint32(len(b.data)))
	}
	b.Rows++
}

// Columns gives the rows of the file at path to fn, those that Sample gives and as it
// reads them, yet as columns, which takes much less time. It stops when fn gives false.
// Where rows are not made of columns alone it gives nothing, and flat is false.
func Columns(ctx context.Context, cfg Config, path string, fn func(*Batch) bool) (seen Sampled, flat bool, err error) {
	cfg = cfg.withDefaults()
	e, s, done, err := cfg.openPath(ctx, path)
	if err != nil {
		return Sampled{}, false, err
	}
	defer done()
	f := &reading{candidate: candidate{entry: e, final: true}, content: s}
	if err := f.start(ctx, cfg, found{}); err != nil {
		return Sampled{}, false, err
	}
	if !f.flat() {
		return Sampled{}, false, nil
	}
	ctx, stop := context.WithCancel(ctx)
	full, free := make(chan *Batch, batches), make(chan *Batch, batches) // of either kind there are no more
	for range batches {
		free <- &Batch{}
	}
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(full)
		seen, err = f.batches(ctx, full, free)
	})
	wanted := true
	for b := range full {
		if wanted && !fn(b) {
			wanted = false
			stop()
		}
		free <- b
	}
	stop()
	reader.Wait()
	if !wanted {
		err = nil // it was told to stop
	}
	return seen, true, err
}

// flat reports whether the rows are made of columns alone.
func (f *reading) flat() bool {
	if t, ok := f.rows.table.(*parquetTable); ok {
		for _, n := range t.columns {
			if n.kind != nodeLeaf || n.repeated {
				return false
			}
		}
		return true
	}
	return f.rows.csv != nil
}

// batches fills the batches that are free and hands them on.
func (f *reading) batches(ctx context.Context, full chan<- *Batch, free <-chan *Batch) (Sampled, error) {
	hand := func() {
		b := f.rows.into
		if b.Rows > 0 {
			b.Names = f.columnNames(b.Names[:0])
			full <- b
			f.rows.into = <-free
			f.rows.into.reset()
		}
	}
	f.rows.into = <-free
	seen, err := f.each(ctx, func(Row) bool {
		if f.rows.into.full() {
			hand()
		}
		return true
	})
	hand()
	return seen, err
}

// columnNames appends the names of the columns.
func (f *reading) columnNames(names []string) []string {
	var quoted [][]byte
	if t, ok := f.rows.table.(*parquetTable); ok {
		for _, n := range t.columns {
			quoted = append(quoted, n.key[:len(n.key)-1])
		}
	} else {
		for _, name := range f.rows.csv.names {
			quoted = append(quoted, name[1:len(name)-1])
		}
	}
	for _, q := range quoted {
		name, _ := jsontext.AppendUnquote(nil, q) // it was quoted when the header was read
		names = append(names, string(name))
	}
	return names
}
