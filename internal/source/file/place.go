package file

import (
	"context"
	"io"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
)

// place is where the files of a source lie: folders of this machine, a bucket, or
// another machine. Its errors carry a code, and no secret.
type place interface {
	// list gives the files that the source's path names, in order of name.
	list(ctx context.Context) ([]entry, error)
	// open opens a file as it was listed, for as long as ctx lives.
	open(ctx context.Context, e entry) (blob, error)
	// gone reports whether nothing is at path any more.
	gone(ctx context.Context, path string) bool
	// sudden reports whether a file appears there whole, never while it is written.
	sudden() bool
	close()
}

// entry is a file as a place lists it. A path elsewhere is an address, such as
// s3://bucket/exports/crm-1.csv.
type entry struct {
	path string
	sight
	member *member // of an archive; nil: a file of the place
}

// blob is an open file: read on from where it is, or at any place of it.
type blob interface {
	io.ReadSeeker
	io.ReaderAt
	io.Closer
	Size() int64
}

// newPlace gives the place that a source's path names. It connects to nothing.
func newPlace(c Config) (place, error) {
	switch {
	case strings.HasPrefix(c.Path, s3Scheme):
		return newBucket(c)
	case strings.HasPrefix(c.Path, sftpScheme):
		return newServer(c)
	default:
		return folder{glob: c.Path}, nil
	}
}

// Elsewhere reports whether a source's path is an address rather than a path of this
// machine.
func Elsewhere(path string) bool { return strings.Contains(path, "://") }

const (
	// CodeUnreachable is the fault of a place that does not answer, or says no.
	CodeUnreachable errs.Code = "file_unreachable"
	// CodePrivate is the fault of a place within networks that are not public ones.
	CodePrivate errs.Code = "file_address_private"
)

// fixedPrefix is what all names that a pattern matches begin with.
func fixedPrefix(pattern string) string {
	if at := strings.IndexAny(pattern, `*?[\`); at >= 0 {
		return pattern[:at]
	}
	return pattern
}
