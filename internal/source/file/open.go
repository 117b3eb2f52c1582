package file

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/kithdata/kith/internal/kit/errs"
)

// headBytes is how much of a file's beginning tells files apart at a glance.
const headBytes = 4 << 10

// stream is a file's content: unzipped, UTF-16 made UTF-8, the rest as it is.
type stream struct {
	r     io.Reader // from the content's start, head included
	head  []byte    // its first bytes, at most headBytes
	file  blob
	raw   *counter
	plain bool // the content is the file's own bytes: it can be seeked
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

func (s *stream) Close() { _ = s.file.Close() } // it was only read

// open opens a file of a place. Its errors carry a code.
func open(ctx context.Context, p place, e entry) (*stream, error) {
	path := e.path
	f, err := p.open(ctx, e)
	if err != nil {
		return nil, err
	}
	s := &stream{file: f, raw: &counter{r: f}, plain: true}
	s.r = s.raw
	if zipped(path) {
		s.plain = false
		z, err := gzip.NewReader(s.raw)
		switch {
		case errors.Is(err, io.EOF): // an empty file
			s.r = bytes.NewReader(nil)
		case err != nil:
			s.Close()
			return nil, gzipFault(path, err)
		default:
			s.r = z
		}
	}
	if err := s.readHead(); err != nil {
		s.Close()
		return nil, readFault(path, err)
	}
	if b := s.head; len(b) >= 2 && (b[0] == 0xFE && b[1] == 0xFF || b[0] == 0xFF && b[1] == 0xFE) {
		s.plain = false
		s.r = transform.NewReader(s.r, unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewDecoder())
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

func zipped(path string) bool { return strings.EqualFold(filepath.Ext(path), ".gz") }

func gzipFault(path string, err error) error {
	if code := errs.CodeOf(err); code != "" { // the place has told
		return err
	}
	return errs.Wrap("file_gzip", "unzipping a file", err).At(path).Fix("deliver it again: what was read before the damage is kept")
}

func readFault(path string, err error) error {
	if code := errs.CodeOf(err); code != "" { // the place has told
		return err
	}
	if zipped(path) {
		return gzipFault(path, err)
	}
	return errs.Wrap("file_unreadable", "reading a file", err).At(path).Fix("deliver it again: what was read is kept")
}

// isCSV tells a file's format by the configuration, its name, or its first byte.
func (c Config) isCSV(path string, head []byte) bool {
	switch c.Format {
	case "csv":
		return true
	case "ndjson":
		return false
	}
	name := strings.ToLower(path)
	if zipped(name) {
		name = strings.TrimSuffix(name, ".gz")
	}
	switch filepath.Ext(name) {
	case ".csv", ".tsv", ".tab", ".psv":
		return true
	case ".ndjson", ".jsonl", ".json":
		return false
	}
	first := bytes.TrimLeft(bytes.TrimPrefix(head, bom), " \t\r\n")
	return len(first) == 0 || first[0] != '{'
}

var bom = []byte{0xEF, 0xBB, 0xBF}
