package file

import (
	"context"
	"errors"
	"io"
	"math"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/kithdata/kith/internal/kit/errs"
)

// table is a file that can only be read as a whole: what its bytes mean stands at its
// end. It is known by all of its bytes, and resumed by counting rows.
type table interface {
	// next appends the next row, one JSON object, to b; ok is false behind the last.
	next(b []byte) (out []byte, ok bool, err error)
	// skip passes rows that were taken before.
	skip(rows int64) error
	io.Closer
}

// tableMark begins the Dialect of a table's progress: by it no other format takes
// the bytes of a table for its own.
const tableMark = "table "

// mark is what a table is known by beside its bytes.
func (c Config) mark(format string) string { return tableMark + format }

func isTable(format string) bool { return format == formatParquet }

// tableFault is damage of a table.
type tableFault struct {
	format string
	err    error
}

func (f *tableFault) Error() string { return f.err.Error() }

func (f *tableFault) Unwrap() error { return f.err }

// fault is the one that a user is told.
func (f *tableFault) fault(path string) error {
	return errs.Wrap("file_parquet", "reading a Parquet file", f.err).At(path).
		Fix("write it again, and deliver it whole and not packed; the rows before the damage were taken")
}

// source gives a table the bytes of its file, and remembers what reading them failed
// for: libraries lose it.
type source struct {
	blob
	raw *counter
	err error
}

func (s *source) ReadAt(p []byte, at int64) (int, error) {
	n, err := s.blob.ReadAt(p, at)
	s.raw.n = min(s.raw.n+int64(n), s.Size())
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// recogniseTable finds a table with the same bytes, read in the same way.
func (k *known) recogniseTable(ctx context.Context, path, mark string, s *stream) (found, error) {
	path = k.below(path)
	best := found{progress: progress{Path: path, HeadLen: int64(len(s.head)), Head: xxhash.Sum64(s.head), Dialect: mark}}
	best.digest.Reset()
	n, err := hashOn(ctx, &best.digest, s.r, math.MaxInt64)
	if ctx.Err() != nil {
		return found{}, ctx.Err()
	}
	if !errors.Is(err, io.EOF) {
		return found{}, err
	}
	best.Pos, best.Digest = n, best.digest.Sum64()
	s.raw.n = 0
	var same *progress
	for _, p := range k.files {
		if p.Dialect == mark && p.Pos == n && p.Digest == best.Digest && (same == nil || p.Ordinal < same.Ordinal) {
			same = p
		}
	}
	if same != nil {
		best.progress, best.whole = *same, same.Done
		best.Path = path
	}
	return best, nil
}

// startTable opens the table, and passes the rows that were taken before.
func (f *reading) startTable(cfg Config, format string, from found) error {
	s := f.content
	w := newWindow(strings.NewReader(""), cfg.MaxLine)
	w.restart(strings.NewReader(""), s.file.Size(), from.digest)
	f.rows = &rows{w: w}
	t, err := cfg.openTable(format, f.path, s)
	if err != nil {
		return readFault(f.path, err)
	}
	s.table = t
	f.rows.table = t
	if err := t.skip(from.Row); err != nil {
		return readFault(f.path, err)
	}
	f.rows.row = from.Row
	return nil
}

func (c Config) openTable(format, path string, s *stream) (table, error) {
	if packingOf(path) != packedNot {
		return nil, &tableFault{format, errors.New("it is packed, though the format itself packs")}
	}
	src := &source{blob: s.file, raw: s.raw}
	return newParquet(src, c.MaxUnpacked)
}

// nextTable appends a table's next row.
func (r *rows) nextTable(b []byte) ([]byte, errs.Code, status) {
	from := len(b)
	out, ok, err := r.table.next(b)
	if err != nil {
		r.w.err = err
		return b, "", gotPart
	}
	if !ok {
		return b, "", gotEnd
	}
	r.row++
	row := out[from:]
	code := errs.Code("")
	switch {
	case len(row) > r.w.limit:
		code = CodeLong
	default:
		return out, "", gotRow
	}
	head := append([]byte(nil), row[:min(len(row), keepRaw)]...)
	return appendRaw(out[:from], rawRow{line: r.row, size: int64(len(row)), raw: head}), code, gotRow
}
