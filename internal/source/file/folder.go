package file

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
)

// folder is the place of files that this machine has.
type folder struct{ glob string }

func (f folder) list(context.Context) ([]entry, error) {
	paths, err := filepath.Glob(f.glob)
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	var found []entry
	for _, path := range paths {
		if fi, err := os.Stat(path); err == nil && fi.Mode().IsRegular() { // else gone again, or a folder
			found = append(found, entry{path: path, sight: sightOf(fi)})
		}
	}
	return found, nil
}

func (folder) open(_ context.Context, e entry) (blob, error) {
	f, err := openRegular(e.path)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err != nil {
		_ = f.Close() // nothing was read
		return nil, readFault(e.path, err)
	}
	return localFile{f, fi.Size()}, nil
}

func (folder) gone(_ context.Context, path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, os.ErrNotExist)
}

func (folder) sudden() bool { return false }

func (folder) close() {}

type localFile struct {
	*os.File
	size int64
}

// Size is what the file had when it was opened.
func (f localFile) Size() int64 { return f.size }
