package file

import (
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
	file   blob
	raw    *counter
	unpack *zstd.Decoder // nil: it is not packed by zstd
	plain  bool          // the content is the file's own bytes: it can be seeked
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
	_ = s.file.Close() // it was only read
}

// open opens a file of a place. Its errors carry a code.
func (c Config) open(ctx context.Context, p place, e entry) (*stream, error) {
	path := e.path
	f, err := p.open(ctx, e)
	if err != nil {
		return nil, err
	}
	s := &stream{file: f, raw: &counter{r: f}, plain: true}
	s.r = s.raw
	if err := s.unpacked(path, c.MaxUnpacked); err != nil {
		s.Close()
		return nil, readFault(path, err)
	}
	if err := s.readHead(); err != nil {
		s.Close()
		return nil, readFault(path, err)
	}
	if isTable(c.formatOf(path, s.head)) { // its bytes are no text
		s.plain = false
		return s, nil
	}
	if decode := c.decoder(s.head); decode != nil {
		s.plain = false
		s.r = transform.NewReader(s.r, decode)
		if err := s.readHead(); err != nil {
			s.Close()
			return nil, readFault(path, err)
		}
	}
	return s, nil
}

// openRegular opens a regular file and nothing else: a pipe would be waited for, and
// a device has no end. What was opened is what is judged, whatever lay there before.
func openRegular(path string) (*os.File, error) {
	unreadable := func(err error) error {
		return errs.Wrap("file_unreadable", "opening a file", err).At(path).Fix("let Kith's user read it")
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
