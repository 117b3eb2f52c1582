package file

import (
	"context"
)

// Sampled says what Sample saw of a file.
type Sampled struct {
	Format    string // csv, ndjson, json, parquet or xlsx
	Delimiter string // csv
	Headless  bool   // csv: no row has the columns' names
	Rejected  int    // rows that the source would quarantine
	Whole     bool   // the file was read to its end
}

// Sample gives the first rows of the file at path to fn, exactly as a source of this
// Config would send them: one JSON object each, which lives during the call only. Of
// cfg it takes what says how files are read. It stops after limit rows, or when fn
// gives false.
func Sample(ctx context.Context, cfg Config, path string, limit int, fn func(props []byte) bool) (Sampled, error) {
	cfg = cfg.withDefaults()
	s, err := cfg.open(ctx, folder{}, entry{path: path})
	if err != nil {
		return Sampled{}, err
	}
	defer s.Close()
	f := &reading{candidate: candidate{entry: entry{path: path}, final: true}, content: s}
	if err := f.start(ctx, cfg, found{}); err != nil {
		return Sampled{}, err
	}
	seen := Sampled{Format: s.format}
	var row []byte
	for n := 0; n < limit && ctx.Err() == nil; n++ {
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
			seen.Rejected++
		} else if !fn(out) {
			return seen, nil
		}
	}
	if f.rows.w.err != nil {
		return seen, readFault(path, f.rows.w.err)
	}
	return seen, ctx.Err()
}
