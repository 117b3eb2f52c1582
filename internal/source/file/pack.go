package file

import (
	"errors"
	"io"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/kithdata/kith/internal/kit/errs"
)

// packing is how a file is packed, by the end of its name.
type packing uint8

const (
	packedNot packing = iota
	packedGzip
	packedZstd
)

func packingOf(path string) packing {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".gz":
		return packedGzip
	case ".zst", ".zstd":
		return packedZstd
	}
	return packedNot
}

// unpackedName is a packed file's name without the end that says so.
func unpackedName(path string) string {
	if packingOf(path) == packedNot {
		return path
	}
	return strings.TrimSuffix(path, filepath.Ext(path))
}

// maxZstdWindow is how far back a zstd file may refer, and so how much memory it takes.
// It is what the zstd command unpacks without being told more, and some.
const maxZstdWindow = 128 << 20

// unpacked has the stream unpack the file at path.
func (s *stream) unpacked(path string) (err error) {
	switch packingOf(path) {
	case packedGzip:
		var z *gzip.Reader
		z, err = gzip.NewReader(s.r)
		if errors.Is(err, io.EOF) { // an empty file
			s.plain = false
			return nil
		}
		s.r = z
	case packedZstd:
		s.unpack, err = zstd.NewReader(s.r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
		s.r = s.unpack
	default:
		return nil
	}
	s.plain = false
	s.r = bounded{s.r, s.bound}
	return err
}

// bombRatio is how many times its size a file may unpack to beyond the limit.
const bombRatio = 200

const codeBomb errs.Code = "file_bomb"

var errBomb = errors.New("it unpacks to too many times its size")

// bound ends what unpacks to more than limit bytes and more than bombRatio times the bytes
// that it is packed in. All that is unpacked of one file counts: the members of an archive,
// and what they unpack to in turn.
type bound struct {
	n, limit int64
	packed   *counter // n of it are those that were read, or all that there are
}

// take counts further bytes.
func (b *bound) take(n int) error {
	if b.n += int64(n); b.n > b.limit && b.n > bombRatio*b.packed.n {
		return errBomb
	}
	return nil
}

// bounded reads what is unpacked within a bound.
type bounded struct {
	r io.Reader
	*bound
}

func (b bounded) Read(p []byte) (int, error) {
	if err := b.take(0); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	b.n += int64(n)
	return n, err
}

// formatFault is damage of a file, by the rules of its format.
type formatFault struct {
	code        errs.Code
	doing, mend string
	err         error
}

func (f *formatFault) Error() string { return f.err.Error() }

func (f *formatFault) Unwrap() error { return f.err }

// readFault is a fault met while reading the file at path.
func readFault(path string, err error) error {
	const again = "deliver it again: what was read before the damage is kept"
	var malformed *jsonFault
	var format *formatFault
	switch packed := packingOf(path); {
	case errs.CodeOf(err) != "": // the place has told
		return err
	case errors.As(err, &malformed):
		return errs.Wrap("file_json", "reading a JSON array", err).At(path).Fix("mend it there; the rows before were taken. Where the array lies within an object, name its path: records: data.items")
	case errors.As(err, &format):
		return errs.Wrap(format.code, format.doing, format.err).At(path).Fix(format.mend)
	case errors.Is(err, errBomb):
		return errs.Wrap(codeBomb, "unpacking a file", err).At(path).Fix("deliver it unpacked, or raise max_unpacked of the source")
	case packed == packedGzip:
		return errs.Wrap("file_gzip", "unzipping a file", err).At(path).Fix(again)
	case packed == packedZstd:
		return errs.Wrap("file_zstd", "unpacking a file", err).At(path).Fix(again)
	}
	return errs.Wrap("file_unreadable", "reading a file", err).At(path).Fix("deliver it again: what was read is kept")
}
