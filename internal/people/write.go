package people

import (
	"bufio"
	"context"
	"encoding/csv"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// Format is how records are written.
type Format uint8

// The formats: comma-separated values under a header, or an object a line without the
// values that are missing.
const (
	CSV Format = iota
	NDJSON
)

// Tally is what was written, counted.
type Tally struct {
	Records int         `json:"records"`
	People  int         `json:"people"`
	Pairs   int         `json:"pairs"` // of records of one person
	Cases   []CaseTally `json:"cases"`
}

// CaseTally counts one case. Missing alone has a rate of values, not of records.
type CaseTally struct {
	Case    string  `json:"case"`
	Rate    float64 `json:"rate"`
	Could   int     `json:"could"`   // records that it could happen to
	Records int     `json:"records"` // that it happened to
}

// between is how many records are written before somebody is told, or asked whether to
// go on.
const between = 1 << 13

// Write writes every record: its id, its person (the truth), the fields, and, where
// wanted, its cases. tell hears how many records are written.
func (g *Generator) Write(ctx context.Context, w io.Writer, format Format, withCases bool, tell func(done int)) (Tally, error) {
	t := Tally{People: g.People(), Pairs: g.Pairs(), Cases: make([]CaseTally, cases)}
	for c := range cases {
		t.Cases[c].Case, t.Cases[c].Rate = c.String(), g.settings.Rates[c]
	}
	buf := bufio.NewWriterSize(w, 1<<16)
	put := g.putter(buf, format, withCases)
	if err := put.head(); err != nil {
		return t, err
	}
	var r Row
	for at := range g.Records() {
		if at%between == 0 {
			if err := ctx.Err(); err != nil {
				return t, err
			}
			tell(at)
		}
		g.Row(at, &r)
		if err := put.row(at, &r); err != nil {
			return t, err
		}
		t.add(&r)
	}
	if err := put.end(); err != nil {
		return t, err
	}
	tell(t.Records)
	return t, buf.Flush()
}

func (t *Tally) add(r *Row) {
	t.Records++
	for c := range r.Could.each {
		t.Cases[c].Could++
	}
	for c := range r.Cases.each {
		t.Cases[c].Records++
	}
}

// putter writes rows in one format.
type putter interface {
	head() error
	row(at int, r *Row) error
	end() error
}

func (g *Generator) putter(w *bufio.Writer, format Format, withCases bool) putter {
	names := []string{"record_id", "person_id"}
	for f := range fields {
		names = append(names, f.String())
	}
	if withCases {
		names = append(names, "case")
	}
	cells := make([]string, len(names))
	if format == NDJSON {
		return &objects{w: w, names: names, cells: cells}
	}
	return &table{w: csv.NewWriter(w), names: names, cells: cells}
}

// fill puts a row into cells: ids tell the place in the file and the person alone.
func (r *Row) fill(at int, cells []string) {
	cells[0], cells[1] = "r"+digits(at+1, 8), "p"+digits(r.Person+1, 8)
	copy(cells[2:], r.Values[:])
	if len(cells) > 2+int(fields) {
		cells[len(cells)-1] = r.Cases.String()
	}
}

type table struct {
	w            *csv.Writer
	names, cells []string
}

func (t *table) head() error { return t.w.Write(t.names) }

func (t *table) row(at int, r *Row) error {
	r.fill(at, t.cells)
	return t.w.Write(t.cells)
}

func (t *table) end() error {
	t.w.Flush()
	return t.w.Error()
}

type objects struct {
	w            *bufio.Writer
	names, cells []string
	line         []byte
}

func (o *objects) head() error { return nil }

func (o *objects) row(at int, r *Row) (err error) {
	r.fill(at, o.cells)
	o.line = o.line[:0]
	for i, cell := range o.cells {
		if cell == "" {
			continue
		}
		o.line = append(o.line, ',', '"')
		o.line = append(append(o.line, o.names[i]...), '"', ':')
		if o.line, err = jsontext.AppendQuote(o.line, cell); err != nil {
			return err
		}
	}
	o.line[0] = '{'
	_, err = o.w.Write(append(o.line, '}', '\n'))
	return err
}

func (o *objects) end() error { return nil }
