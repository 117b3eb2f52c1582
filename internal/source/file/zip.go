package file

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"

	"github.com/kithdata/kith/internal/kit/errs"
)

// The faults of archives and their members.
const (
	CodeZip       errs.Code = "file_zip"
	CodeZipMethod errs.Code = "file_zip_method"
	CodeZipName   errs.Code = "file_zip_name"
	CodeZipNested errs.Code = "file_zip_nested"
	CodeEncrypted errs.Code = "file_encrypted"
)

const (
	// maxMembers is how many files an archive may have, and maxDirectory how many bytes its
	// directory, which is held in memory.
	maxMembers   = 10_000
	maxDirectory = 16 << 20

	// memberSep stands between an archive and a member in what a file is called.
	memberSep = "!"
)

// isZip reports whether a file begins as an archive does, an empty one included.
func isZip(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))
}

// namedZip reports whether a file is called an archive.
func namedZip(path string) bool {
	return strings.HasSuffix(strings.ToLower(unpackedName(path)), ".zip")
}

func zipFault(err error) error {
	if errs.CodeOf(err) != "" { // the place has told
		return err
	}
	return &formatFault{CodeZip, "reading a zip archive", "deliver it again, and whole; what was read before the damage is kept", err}
}

// beginZip tells a workbook from an archive.
func (s *stream) beginZip(e entry) error {
	if err := s.whole(); err != nil {
		return err
	}
	var err error
	if s.zip, err = openZip(&source{blob: s.file, raw: s.raw}); err != nil {
		return zipFault(err)
	}
	s.format = formatZip
	switch {
	case slices.ContainsFunc(s.zip.File, isWorkbookPart):
		s.format = formatXLSX
	case slices.ContainsFunc(s.zip.File, isDocumentPart):
		return xlsxFault(errors.New("it is a document of another kind, such as .ods or .docx"))
	case e.member != nil:
		return &formatFault{CodeZipNested, "reading an archive within an archive", "pack the files themselves, or deliver each archive by itself", errors.New("it is another archive")}
	}
	return nil
}

// openZip reads an archive's directory.
func openZip(src *source) (*zip.Reader, error) {
	if err := checkDirectory(src); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(src, src.Size())
	if src.err != nil {
		return nil, src.err
	}
	if err != nil {
		return nil, errors.New("it has no whole directory at its end")
	}
	z.RegisterDecompressor(zip.Deflate, flate.NewReader)
	z.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor(zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow)))
	return z, nil
}

// The records at an archive's end, of which APPNOTE.TXT 4.3.14 to 4.3.16 tells.
const (
	endLen       = 22
	endLocator64 = 20
	end64Len     = 56
)

// checkDirectory looks at how large the directory says to be before the library makes room
// for it.
func checkDirectory(src *source) error {
	tail := make([]byte, min(src.Size(), 1<<16+endLen+endLocator64))
	if _, err := src.ReadAt(tail, src.Size()-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || at+endLen > len(tail) {
		return errors.New("it has no directory at its end: it is cut off, or was not written to its end yet")
	}
	end := tail[at:]
	records, size := uint64(binary.LittleEndian.Uint16(end[10:])), uint64(binary.LittleEndian.Uint32(end[12:]))
	if l := at - endLocator64; l >= 0 && bytes.HasPrefix(tail[l:], []byte("PK\x06\x07")) {
		end64 := make([]byte, end64Len)
		where := binary.LittleEndian.Uint64(tail[l+8:])
		if where > uint64(src.Size()) {
			return errors.New("its directory lies beyond its end")
		}
		if _, err := src.ReadAt(end64, int64(where)); err != nil { //nolint:gosec // within the file
			return errors.New("its directory lies beyond its end")
		}
		records, size = max(records, binary.LittleEndian.Uint64(end64[32:])), max(size, binary.LittleEndian.Uint64(end64[40:]))
	}
	if records > maxMembers || size > maxDirectory {
		if records == 0xffff || size == 0xffffffff { // as zip64 has it, without what belongs to it
			return errors.New("its directory is cut off")
		}
		return errors.New("it has more than 10,000 members")
	}
	return nil
}

// archive is what the members of one have in common.
type archive struct {
	size  int64 // of the archive
	limit int64 // see bound
	spent int64 // bytes that members read to their end unpacked to
}

// member is a file in an archive.
type member struct {
	*archive
	file *zip.File
	name string // with slashes, and valid
}

// stray reports whether a member is one that systems leave behind beside what was packed.
func stray(name string) bool {
	base := path.Base(name)
	return strings.HasSuffix(name, "/") || strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(base, "._") ||
		slices.Contains([]string{".DS_Store", "Thumbs.db", "desktop.ini"}, base)
}

// memberName is a member's name as it is told.
func memberName(f *zip.File) string {
	return strings.ToValidUTF8(strings.ReplaceAll(f.Name, `\`, "/"), "\uFFFD")
}

// open begins to read a member that may be read.
func (m *member) open(path string) (*stream, error) {
	refuse := func(code errs.Code, what, mend string) (*stream, error) {
		return nil, errs.New(code, what).At(path).Fix(mend)
	}
	if drive := strings.IndexByte(m.name, ':'); !fs.ValidPath(m.name) || drive == 1 || strings.ContainsFunc(m.name, func(r rune) bool { return r < ' ' }) {
		return refuse(CodeZipName, "a member's name leads out of the archive", "pack it with names below the archive's own folder: find out who made an archive like that")
	}
	if m.file.Flags&1 != 0 {
		return refuse(CodeEncrypted, "a member of the archive is encrypted", "deliver the archive without a password")
	}
	r, err := m.file.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		return refuse(CodeZipMethod, "a member is packed in a way that is not known", "pack it with deflate, which is what zip programs do by themselves")
	}
	if err != nil {
		return nil, readFault(path, zipFault(err))
	}
	raw := &counter{r: zipped{r}}
	within := &bound{n: m.spent, limit: m.limit, packed: &counter{n: m.size}}
	return &stream{r: bounded{raw, within}, under: opened{r, m, within}, raw: raw, bound: within}, nil
}

// opened is a member being read, which may be twice.
type opened struct {
	io.Closer
	*member
	within *bound
}

func (o opened) Close() error {
	o.spent = max(o.spent, o.within.n)
	return o.Closer.Close()
}

// zipped is what a member unpacks to.
type zipped struct{ r io.Reader }

func (z zipped) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = zipFault(err)
	}
	return n, err
}
