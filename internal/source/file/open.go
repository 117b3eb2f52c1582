package file

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/transform"

	"github.com/kithdata/kith/internal/kit/errs"
)

// headBytes is how much of a file's beginning tells files apart at a glance.
const headBytes = 4 << 10

// stream is a file's content: unpacked, in UTF-8 where it was in a known encoding, the
// rest as it is.
type stream struct {
	r      io.Reader // from the content's start, head included
	head   []byte    // its first bytes, at most headBytes
	format string
	file   blob      // the content as it can be read at places; nil: a member of an archive that is read on
	under  io.Closer // what the content is unpacked from; nil: file alone
	raw    *counter
	bound  *bound
	unpack *zstd.Decoder // nil: it is not packed by zstd
	plain  bool          // the content is the file's own bytes: it can be seeked
	zip    *zip.Reader   // of a workbook or an archive
	book   *workbook     // once its sheet was chosen
	table  table         // nil: it is read from its start to its end
}

// counter counts what is read of the file itself.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (s *stream) Close() {
	if s.table != nil {
		_ = s.table.Close() // it was only read
	}
	if s.unpack != nil {
		s.unpack.Close()
	}
	for _, c := range []io.Closer{s.file, s.under} {
		if c != nil {
			_ = c.Close() // it was only read
		}
	}
}

// open opens a file of a place, or a member of an archive. Its errors carry a code.
func (c Config) open(ctx context.Context, p place, e entry) (*stream, error) {
	s, err := c.openBytes(ctx, p, e)
	if err != nil {
		return nil, err
	}
	if err := s.begin(c, e); err != nil {
		s.Close()
		return nil, readFault(e.path, err)
	}
	return s, nil
}

func (c Config) openBytes(ctx context.Context, p place, e entry) (*stream, error) {
	if e.member != nil {
		return e.member.open(e.path)
	}
	f, err := p.open(ctx, e)
	if err != nil {
		return nil, err
	}
	raw := &counter{r: f}
	return &stream{r: raw, file: f, raw: raw, plain: true, bound: &bound{limit: c.MaxUnpacked, packed: raw}}, nil
}

// begin unpacks the content, and tells by its first bytes what it is.
func (s *stream) begin(c Config, e entry) error {
	if err := s.unpacked(e.path); err != nil {
		return err
	}
	if err := s.readHead(); err != nil {
		return err
	}
	switch {
	case isZip(s.head):
		return s.beginZip(e)
	case bytes.HasPrefix(s.head, oleMagic):
		return s.oldWorkbook()
	case namedZip(e.path) && len(s.head) > 0:
		return zipFault(errors.New("it is no archive, though it is called one"))
	}
	if s.format = c.formatOf(e.path, s.head); isTable(s.format) { // its bytes are no text
		return s.whole()
	}
	if decode := c.decoder(s.head); decode != nil {
		s.plain = false
		s.r = transform.NewReader(s.r, decode)
		return s.readHead()
	}
	return nil
}

// whole makes the content one that can be read at any place.
func (s *stream) whole() error {
	if !s.plain {
		file, err := spool(s.r)
		if err != nil {
			return err
		}
		if s.file != nil {
			s.under = s.file
		}
		s.file = file
		s.raw = &counter{r: file}
		s.r = s.raw
	} else {
		s.bound.packed = &counter{n: s.file.Size()} // rows are made of bytes here and there
	}
	s.plain = false
	return nil
}

// openRegular opens a regular file and nothing else: a pipe would be waited for, and
// a device has no end. What was opened is what is judged, whatever lay there before.
func openRegular(path string) (*os.File, error) {
	unreadable := func(err error) error {
		mend := "let Kith's user read it"
		if errors.Is(err, os.ErrNotExist) {
			mend = "name a file that is there"
		}
		return errs.Wrap("file_unreadable", "opening a file", err).At(path).Fix(mend)
	}
	named, err := os.Lstat(path)
	if err != nil {
		return nil, unreadable(err)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|noWait, 0)
	if err != nil {
		return nil, unreadable(err)
	}
	opened, err := f.Stat()
	link := named.Mode()&os.ModeSymlink != 0
	switch {
	case err != nil:
		err = unreadable(err)
	case !opened.Mode().IsRegular():
		err = errs.New("file_not_regular", "it is a pipe, a device or a folder").At(path).Fix("name files only")
	case link && !mayFollow(named, opened):
		err = errs.New("file_link", "it is a link that another user made to a file of yet another").At(path).
			Fix("copy the file there, or make the link as the user who runs Kith")
	case !link && !os.SameFile(named, opened):
		err = errs.New("file_unreadable", "the file was replaced while it was opened").At(path).Fix("nothing: it is looked at again once it changes")
	}
	if err != nil {
		_ = f.Close() // nothing was read
		return nil, err
	}
	return f, nil
}

// readHead reads the first bytes and puts them back in front of the rest. A fault
// after some bytes is met again by whoever reads on.
func (s *stream) readHead() error {
	head := make([]byte, headBytes)
	n, err := io.ReadFull(s.r, head)
	s.head = head[:n]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && n > 0 {
		err = nil
	}
	s.r = io.MultiReader(bytes.NewReader(s.head), s.r)
	return err
}

// The formats.
const (
	formatCSV    = "csv"
	formatNDJSON = "ndjson"
	formatJSON   = "json" // one array of objects, or an object that holds one

	formatParquet = "parquet"
	formatXLSX    = "xlsx" // one sheet of a workbook

	formatZip = "zip" // an archive of files; no setting names it
)

// formatOf tells a file's format by the configuration, its name, or its first bytes.
func (c Config) formatOf(path string, head []byte) string {
	if c.Format != "" {
		return c.Format
	}
	if c.Records != "" {
		return formatJSON
	}
	if bytes.HasPrefix(head, parquetMagic) {
		return formatParquet
	}
	first := bytes.TrimLeft(bytes.TrimPrefix(head, bom), " \t\r\n")
	array := len(first) > 0 && first[0] == '['
	switch filepath.Ext(unpackedName(strings.ToLower(path))) {
	case ".csv", ".tsv", ".tab", ".psv":
		return formatCSV
	case ".parquet", ".pq":
		return formatParquet
	case ".xlsx", ".xlsm":
		return formatXLSX
	case ".ndjson", ".jsonl":
		return formatNDJSON
	case ".json":
		if array {
			return formatJSON
		}
		return formatNDJSON
	}
	switch {
	case array && bytes.HasPrefix(bytes.TrimLeft(first[1:], " \t\r\n"), []byte{'{'}):
		return formatJSON
	case len(first) > 0 && first[0] == '{':
		return formatNDJSON
	}
	return formatCSV
}

var bom = []byte{0xEF, 0xBB, 0xBF}
