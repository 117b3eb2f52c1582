package file

import (
	"context"
	"os"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
)

// Sampled says what Sample saw of a file.
type Sampled struct {
	Format    string // csv, ndjson, json, parquet or xlsx
	Delimiter string // csv
	Headless  bool   // csv: no row has the columns' names
	Sheets    string // xlsx: those that are shown and were not read, with commas between
	Rejected  int    // rows that the source would quarantine
	First     [fewRejected]Rejected
	Whole     bool // the file was read to its end
}

// Members gives the files in the archive at path that may be data, in order of name: each as
// a path that Sample takes. It gives none where there is no archive.
func Members(ctx context.Context, cfg Config, path string) (paths []string, archive bool, err error) {
	cfg = cfg.withDefaults()
	s, err := cfg.open(ctx, folder{}, entry{path: path})
	if err != nil {
		return nil, false, err
	}
	defer s.Close()
	if s.format != formatZip {
		return nil, false, nil
	}
	for _, m := range cfg.members(s, s.file.Size()) {
		if IsData(m.name) {
			paths = append(paths, path+memberSep+m.name)
		}
	}
	return paths, true, nil
}

// Rejected is where a row that cannot be read ends, and why it cannot.
type Rejected struct {
	Line int64
	Code errs.Code
}

// fewRejected is how many rejected rows are told of one by one.
const fewRejected = 5

// SplitMember cuts the path of a member into that of its archive and its name; what is no
// such path has no name.
func SplitMember(path string) (archive, name string) {
	for at := strings.Index(path, memberSep); at >= 0; {
		if info, err := os.Stat(path[:at]); err == nil && info.Mode().IsRegular() {
			return path[:at], path[at+len(memberSep):]
		}
		next := strings.Index(path[at+1:], memberSep)
		if next < 0 {
			break
		}
		at += 1 + next
	}
	return path, ""
}

// Row is one row of a file.
type Row struct {
	Props  []byte    // one JSON object, which lives during the call only
	Line   int64     // where it ends; of a table, its place in that
	Reject errs.Code // set: it cannot be read, and Props is as the quarantine would have it
}

// Sample gives the first rows of the file at path to fn, exactly as a source of this
// Config would send them: one JSON object each, which lives during the call only. Of
// cfg it takes what says how files are read. It stops after limit rows, at least one, or
// when fn gives false.
func Sample(ctx context.Context, cfg Config, path string, limit int, fn func(props []byte) bool) (Sampled, error) {
	return Each(ctx, cfg, path, func(r Row) bool {
		limit--
		return (r.Reject != "" || fn(r.Props)) && limit > 0
	})
}

// Each gives the rows of the file at path to fn, as Sample does, those that cannot be
// read among them. It stops when fn gives false.
func Each(ctx context.Context, cfg Config, path string, fn func(Row) bool) (Sampled, error) {
	cfg = cfg.withDefaults()
	e, s, done, err := cfg.openPath(ctx, path)
	if err != nil {
		return Sampled{}, err
	}
	defer done()
	f := &reading{candidate: candidate{entry: e, final: true}, content: s}
	if err := f.start(ctx, cfg, found{}); err != nil {
		return Sampled{}, err
	}
	return f.each(ctx, fn)
}

// openPath opens a file, or a member of an archive; done closes it.
func (c Config) openPath(ctx context.Context, path string) (e entry, s *stream, done func(), err error) {
	e, done = entry{path: path}, func() {}
	if archive, name := SplitMember(path); name != "" {
		a, err := c.open(ctx, folder{}, entry{path: archive})
		if err != nil {
			return e, nil, nil, err
		}
		if e, err = c.memberOf(a, entry{path: archive}, name); err != nil {
			a.Close()
			return e, nil, nil, err
		}
		done = a.Close
	}
	if s, err = c.open(ctx, folder{}, e); err != nil {
		done()
		return e, nil, nil, err
	}
	archive := done
	done = func() { s.Close(); archive() }
	if s.format == formatZip {
		done()
		return e, nil, nil, errs.New(CodeZip, "it is an archive of files").At(path).Fix("name one of its members")
	}
	return e, s, done, nil
}

// each gives the rows of a file that was begun.
func (f *reading) each(ctx context.Context, fn func(Row) bool) (Sampled, error) {
	seen := Sampled{Format: f.content.format, Sheets: f.content.book.others()}
	var row []byte
	for ctx.Err() == nil {
		out, reject, st := f.rows.next(row[:0])
		if st == gotLong {
			out, reject, st = f.rows.skipLong(row[:0])
		}
		if st == gotBlank {
			continue
		}
		if f.rows.csv != nil && f.rows.csv.delimiter != 0 {
			seen.Delimiter, seen.Headless = string(f.rows.csv.delimiter), f.rows.csv.headless
		}
		if st == gotEnd || st == gotPart {
			seen.Whole = f.rows.w.err == nil
			break
		}
		row = out
		if reject != "" {
			if seen.Rejected < fewRejected {
				seen.First[seen.Rejected] = Rejected{f.rows.line, reject}
			}
			seen.Rejected++
		}
		if !fn(Row{Props: out, Line: f.rows.line, Reject: reject}) {
			return seen, nil
		}
	}
	if f.rows.w.err != nil {
		return seen, readFault(f.path, f.rows.w.err)
	}
	return seen, ctx.Err()
}
