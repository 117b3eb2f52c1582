package resolve

import (
	"bufio"
	"encoding/csv"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// kind is what a column of a result holds.
type kind uint8

const (
	text  kind = iota
	count      // whole numbers
	share      // numbers of four decimals: probabilities, bits
	truth      // yes or no
)

// column is one column of a result.
type column struct {
	name string
	kind kind
}

// value is one value of a result; the zero value says nothing.
type value struct {
	text   string
	number float64 // of a truth: 1 or 0
	given  bool
}

// textOf is a text; an empty one says nothing.
func textOf(s string) value { return value{text: s, given: s != ""} }

func numberOf(n float64) value { return value{number: n, given: true} }

func truthOf(yes bool) value {
	if yes {
		return numberOf(1)
	}
	return numberOf(0)
}

// sheet is a result while it is written: rows of a few columns. The row given may be
// used again.
type sheet interface {
	write(row []value) error
	close() error
}

// format is the one that a file's ending names, "" where it names none that is written.
// What has no ending is CSV.
func format(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv", ".txt", "":
		return "csv"
	case ".tsv", ".tab":
		return "tsv"
	case ".ndjson", ".jsonl":
		return "ndjson"
	case ".parquet", ".pq":
		return "parquet"
	}
	return ""
}

// newSheet begins a result in the format given.
func newSheet(w io.Writer, format string, columns []column) (sheet, error) {
	switch format {
	case "ndjson":
		b := bufio.NewWriterSize(w, 1<<16)
		return &ndjsonSheet{columns: columns, under: b, to: jsontext.NewEncoder(b)}, nil
	case "parquet":
		return newParquet(w, columns)
	}
	s := &csvSheet{columns: columns, to: csv.NewWriter(w), line: make([]string, len(columns))}
	if format == "tsv" {
		s.to.Comma = '\t'
	}
	for i, c := range columns {
		s.line[i] = c.name
	}
	return s, s.to.Write(s.line)
}

// number writes a value that is one.
func (k kind) number(v value) string {
	switch k {
	case count:
		return strconv.FormatInt(int64(v.number), 10)
	case truth:
		return strconv.FormatBool(v.number != 0)
	}
	return strconv.FormatFloat(v.number, 'f', 4, 64)
}

type csvSheet struct {
	columns []column
	to      *csv.Writer
	line    []string
}

func (s *csvSheet) write(row []value) error {
	for i, v := range row {
		switch {
		case !v.given:
			s.line[i] = ""
		case s.columns[i].kind == text:
			s.line[i] = v.text
		default:
			s.line[i] = s.columns[i].kind.number(v)
		}
	}
	return s.to.Write(s.line)
}

func (s *csvSheet) close() error {
	s.to.Flush()
	return s.to.Error()
}

type ndjsonSheet struct {
	columns []column
	under   *bufio.Writer
	to      *jsontext.Encoder
}

// write leaves out what says nothing.
func (s *ndjsonSheet) write(row []value) error {
	if err := s.to.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for i, v := range row {
		if !v.given {
			continue
		}
		if err := s.to.WriteToken(jsontext.String(s.columns[i].name)); err != nil {
			return err
		}
		var err error
		if s.columns[i].kind == text {
			err = s.to.WriteToken(jsontext.String(v.text))
		} else {
			err = s.to.WriteValue(jsontext.Value(s.columns[i].kind.number(v)))
		}
		if err != nil {
			return err
		}
	}
	return s.to.WriteToken(jsontext.EndObject)
}

func (s *ndjsonSheet) close() error { return s.under.Flush() }
