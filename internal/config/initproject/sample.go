package initproject

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/source/file"
)

// How much of a file is looked at.
const (
	maxRows    = 50_000
	maxBytes   = 64 << 20 // unpacked
	maxColumns = 500
	maxCells   = 1_000_000 // of wide files fewer rows are looked at
	minRows    = 2_000     // but no fewer than these
)

// sample is what was read of one file.
type sample struct {
	path      string
	archive   string // the zip archive that it is a member of; empty: none
	member    string // its name in there
	format    string // csv, ndjson, json, parquet or xlsx
	delimiter string // csv
	headless  bool   // csv: its columns have no names but column_1 and so on
	titles    int    // csv: lines above the header
	encoding  string // where it must be said
	records   string // json: the path to the array within
	sheets    string // of a workbook, those that were not read
	columns   []*column
	rows      int
	rejected  int  // rows that could not be read
	twins     int  // rows that equal an earlier one
	whole     bool // the file was read to its end
	binary    bool // its first rows hold NUL bytes
	byName    map[string]*column
	cfg       file.Config // how it was read
}

// rowsOf reads the first rows, as the file source would with cfg.
func (s *sample) rowsOf(ctx context.Context, cfg file.Config, path string, limit int) (file.Sampled, error) {
	size := 0
	known := map[uint64]struct{}{}
	seen, err := file.Sample(ctx, cfg, path, limit, func(props []byte) bool {
		s.binary = s.binary || bytes.Contains(props, []byte(`\u0000`)) && s.rows < 10
		s.rows++
		known[fnv(string(props))] = struct{}{}
		s.flatten("", props, 0)
		size += len(props)
		return size < maxBytes && (s.rows < minRows || s.rows*len(s.columns) < maxCells)
	})
	s.twins, s.rejected = s.rows-len(known), seen.Rejected
	return seen, err
}

// unnamed counts the columns of a CSV file that its header leaves without a name, or
// calls by what is a value.
func (s *sample) unnamed() int {
	n := 0
	p := newPatterns()
	for i, c := range s.columns {
		if c.name == fmt.Sprintf("column_%d", i+1) || p.email.MatchString(c.name) || p.date.MatchString(c.name) || p.dot.MatchString(c.name) || p.integer.MatchString(c.name) && len(c.name) > 2 {
			n++
		}
	}
	return n
}

// misread reports whether the first row may be something else than a header.
func (s *sample) misread(seen file.Sampled) bool {
	return seen.Headless || 2*s.unnamed() > len(s.columns) || len(s.columns) == 1 && s.rows > 1 || seen.Rejected > s.rows
}

// isData reports whether a file's name is that of data.
func isData(name string) bool { return filepath.Ext(name) != "" && file.IsData(name) }

// document reports whether a file's name is that of one JSON document.
func document(path string) bool {
	name := strings.ToLower(path)
	for _, packed := range []string{".gz", ".zst", ".zstd"} {
		name = strings.TrimSuffix(name, packed)
	}
	return strings.HasSuffix(name, ".json")
}

// newSample is one of which nothing is known but how its file is read.
func newSample(path string, cfg file.Config) *sample {
	s := &sample{path: path, byName: map[string]*column{}, cfg: cfg, encoding: cfg.Encoding, records: cfg.Records, titles: cfg.Dialect.SkipLines}
	if archive, member := file.SplitMember(path); member != "" {
		s.archive, s.member = archive, member
	}
	return s
}

// read looks at the beginning of a file, through the file source's own reader.
func read(ctx context.Context, path string) (*sample, error) {
	whole, _ := file.SplitMember(path)
	if info, err := os.Stat(whole); err != nil || !info.Mode().IsRegular() {
		return nil, fileFault(path, "is not a file that can be read", "name a CSV, NDJSON, JSON, Parquet or Excel file, a zip archive or a folder of them, or a pattern")
	}
	cfg := file.Config{}
	head, err := file.Head(ctx, cfg, path, headBytes)
	if err == nil {
		cfg.Encoding = encodingOf(head)
	}
	s := newSample(path, cfg)
	seen, err := s.rowsOf(ctx, cfg, path, maxRows)
	if document(path) && seen.Format == "ndjson" && (s.rows == 1 || s.rejected > 0) {
		if records := arrayIn(ctx, cfg, path); records != "" {
			cfg.Records = records
			s = newSample(path, cfg)
			seen, err = s.rowsOf(ctx, cfg, path, maxRows)
		}
	}
	if seen.Format == "csv" && s.misread(seen) {
		if n := titles(ctx, cfg, path); n > 0 {
			cfg.Dialect.SkipLines = n
			s = newSample(path, cfg)
			seen, err = s.rowsOf(ctx, cfg, path, maxRows)
		}
	}
	if err != nil && s.rows == 0 {
		return nil, fileFault(path, "cannot be read", "check the file: "+string(errs.CodeOf(err)))
	}
	s.format, s.delimiter, s.headless = seen.Format, seen.Delimiter, seen.Headless
	s.sheets = seen.Sheets
	s.rejected, s.whole = seen.Rejected, seen.Whole && err == nil
	binary := s.binary
	if s.rows == 0 && s.rejected == 0 && !binary {
		return nil, fileFault(path, "is empty, or has a header alone", "name a file that has rows: what they hold is what tells what they mean")
	}
	if len(s.columns) == 0 || binary || s.rejected > 10*s.rows {
		return nil, fileFault(path, "has no rows that can be read", "name a CSV file with a header and at least one row, NDJSON, which is one JSON object a line, or JSON that is one array of objects")
	}
	return s, nil
}

func fileFault(path, what, mend string) *errs.Error {
	return errs.New(CodeFile, what).At(path).Fix(mend)
}

// flatten adds the members of one object under dotted paths.
func (s *sample) flatten(prefix string, object []byte, depth int) {
	d := jsontext.NewDecoder(bytes.NewReader(object))
	if _, err := d.ReadToken(); err != nil {
		return
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return
		}
		path := prefix + name.String()
		value, err := d.ReadValue()
		if err != nil {
			return
		}
		switch value.Kind() {
		case '{':
			if depth < 4 {
				s.flatten(path+".", value.Clone(), depth+1)
			}
		case '[':
			s.column(path).nested = true
		case 'n':
			s.column(path)
		case '"':
			text, err := jsontext.AppendUnquote(nil, value)
			if err == nil {
				s.column(path).add(string(text), s.rows)
			}
		default:
			c := s.column(path)
			c.bare++
			c.add(string(value), s.rows)
		}
	}
}

func (s *sample) column(name string) *column {
	c, ok := s.byName[name]
	if !ok {
		c = newColumn(name)
		s.byName[name] = c
		if len(s.columns) < maxColumns {
			s.columns = append(s.columns, c)
		}
	}
	return c
}
