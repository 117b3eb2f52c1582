package file

import (
	"bytes"
	"errors"
	"io"
	"os"

	"github.com/kithdata/kith/internal/kit/errs"
)

// spoolMemory is how much of a content that must be read at places is held in memory;
// more goes to a file.
const spoolMemory = 16 << 20

// spool keeps all that r gives, to be read at any place.
func spool(r io.Reader) (blob, error) {
	var b bytes.Buffer
	if _, err := io.CopyN(&b, r, spoolMemory); errors.Is(err, io.EOF) {
		return memoryFile{bytes.NewReader(b.Bytes())}, nil
	} else if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp("", "kith-*")
	if err != nil {
		return nil, unspooled(err)
	}
	t := spoolFile{localFile{f, 0}}
	_ = os.Remove(f.Name()) // so that it is gone whatever happens; where open files stay, Close removes it
	n, err := io.Copy(f, io.MultiReader(&b, r))
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if t.size = n; err != nil {
		_ = t.Close() // it is not used
		if _, full := errors.AsType[*os.PathError](err); full {
			err = unspooled(err)
		}
		return nil, err
	}
	return t, nil
}

func unspooled(err error) error {
	return errs.Wrap("file_unreadable", "unpacking a file that must be read at places", err).At(os.TempDir()).
		Fix("let Kith's user write to the folder of temporary files, which TMPDIR names, and give it room")
}

type memoryFile struct{ *bytes.Reader }

func (memoryFile) Close() error { return nil }

type spoolFile struct{ localFile }

func (f spoolFile) Close() error {
	err := f.localFile.Close()
	if rm := os.Remove(f.Name()); rm != nil && !errors.Is(rm, os.ErrNotExist) {
		return errors.Join(err, rm)
	}
	return err
}
