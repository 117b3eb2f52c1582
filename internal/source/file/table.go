package file

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/kithdata/kith/internal/kit/errs"
)

// table is a file that can only be read as a whole: what its bytes mean stands at its
// end. It is known by all of its bytes, and resumed by counting rows.
type table interface {
	// next appends the next row, one JSON object, to b; ok is false behind the last.
	next(b []byte) (out []byte, ok bool, err error)
	// line is where the row that next gave stands, as whoever opens the file sees it.
	line() int64
	// skip passes rows that were taken before.
	skip(rows int64) error
	io.Closer
}

// tableMark begins the Dialect of a table's progress: by it no other format takes
// the bytes of a table for its own.
const tableMark = "table "

// mark is what a table is known by beside its bytes.
func (s *stream) mark(c Config) (string, error) {
	mark := tableMark + s.format
	if s.format != formatXLSX {
		return mark, nil
	}
	if s.book == nil { // as its sheet has another number in each
		book, err := openWorkbook(s.zip, s.bound, c.Sheet)
		if err != nil {
			return "", err
		}
		s.book = book
	}
	return mark + " " + strconv.Itoa(s.book.chosen), nil
}

func isTable(format string) bool { return format == formatParquet || format == formatXLSX }

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
// A snapshot is told apart by delivered, which gets the stream's latest; else t is nil.
func (k *known) recogniseTable(ctx context.Context, path, mark string, s *stream, t *truth) (found, error) {
	path = k.below(path)
	fresh := found{progress: progress{Path: path, HeadLen: int64(len(s.head)), Head: xxhash.Sum64(s.head), Dialect: mark}}
	fresh.digest.Reset()
	n, err := hashOn(ctx, &fresh.digest, s.r, math.MaxInt64)
	if ctx.Err() != nil {
		return found{}, ctx.Err()
	}
	if !errors.Is(err, io.EOF) {
		return found{}, err
	}
	fresh.Pos, fresh.Digest = n, fresh.digest.Sum64()
	s.raw.n = 0
	var same []found
	for _, p := range k.files {
		if p.Dialect == mark && p.Pos == n && p.Digest == fresh.Digest {
			same = append(same, found{progress: *p, digest: fresh.digest, whole: p.Done})
		}
	}
	if len(same) == 0 {
		return fresh, nil
	}
	slices.SortFunc(same, func(a, b found) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
	best := same[0]
	if t != nil {
		best.whole = true // all of them end where it does
		return k.delivered(ctx, path, same, best, fresh, t.current), nil
	}
	best.Path = path
	return best, nil
}

// startTable opens the table, and passes the rows that were taken before.
func (f *reading) startTable(cfg Config, from found) error {
	s := f.content
	w := newWindow(strings.NewReader(""), cfg.MaxLine)
	w.restart(strings.NewReader(""), s.file.Size(), from.digest)
	f.rows = &rows{w: w}
	t, err := cfg.openTable(s)
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

func (c Config) openTable(s *stream) (table, error) {
	if s.format == formatXLSX {
		if _, err := s.mark(c); err != nil {
			return nil, err
		}
		return newSheet(s.book, c.Dialect, c.MaxLine)
	}
	return newParquet(&source{blob: s.file, raw: s.raw}, s.bound)
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
	r.line = r.table.line()
	row := out[from:]
	if len(row) <= r.w.limit {
		if t, ok := r.table.(*parquetTable); ok && r.into != nil {
			r.into.takeValues(out, t.spans)
			return b, "", gotRow
		}
		return out, "", gotRow
	}
	head := append([]byte(nil), row[:min(len(row), keepRaw)]...)
	return appendRaw(out[:from], rawRow{line: r.line, size: int64(len(row)), raw: head}), CodeLong, gotRow
}
