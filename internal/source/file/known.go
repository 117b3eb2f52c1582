package file

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

const (
	filePrefix = "file/" // one document per content: progress
	pathPrefix = "path/" // one document per path: what need not be looked at again
	docVersion = 1
	// progressVersion is of the documents of contents: 1 knew no dialect.
	progressVersion = 2
	taggedVersion   = 2 // of a sight with its tag
	maxDocs         = 1 << 20
)

// progress is what is stored of one content: how far it was read, and the digest
// by which it is known again.
type progress struct {
	Ordinal int64  // of first sight, from 1
	Path    string // where it was last seen, below the glob's folder
	HeadLen int64  // of the bytes that Head is of; at least 1
	Head    uint64
	Pos     int64  // bytes of content taken
	Digest  uint64 // of those bytes
	Row     int64  // rows given
	Line    int64  // physical lines passed
	Done    bool   // the content ended at Pos
	Dialect string // of a CSV from which rows were put, see decodeDialect
}

// sight is a path as it was when its content was wholly taken.
type sight struct {
	size, modified int64
	tag            string // a store's own mark of the content; empty where there is none
}

func (p *progress) name() string { return fmt.Sprintf("%s%019d", filePrefix, p.Ordinal) }

func (p *progress) encode() []byte {
	var e wire.Encoder
	e.Byte(progressVersion)
	e.Int(p.Ordinal)
	e.String(p.Path)
	e.Int(p.HeadLen)
	e.Fixed64(p.Head)
	e.Int(p.Pos)
	e.Fixed64(p.Digest)
	e.Int(p.Row)
	e.Int(p.Line)
	e.Bool(p.Done)
	e.String(p.Dialect)
	return e.B
}

func decodeProgress(b []byte) (p progress, err error) {
	d := wire.NewDecoder(b)
	version := d.Byte()
	if version < 1 || version > progressVersion {
		d.Fail()
	}
	p = progress{Ordinal: d.Int(), Path: d.String(), HeadLen: d.Int(), Head: d.Fixed64(), Pos: d.Int(), Digest: d.Fixed64(),
		Row: d.Int(), Line: d.Int(), Done: d.Bool()}
	if version > 1 {
		p.Dialect = d.String()
	}
	if p.Ordinal < 1 || p.HeadLen < 1 || p.HeadLen > headBytes || p.Pos < 0 || p.Row < 0 || p.Line < 0 {
		d.Fail()
	}
	return p, storeFault(d.Finish())
}

func (s sight) encode() []byte {
	var e wire.Encoder
	if s.tag == "" {
		e.Byte(docVersion)
	} else {
		e.Byte(taggedVersion)
		e.String(s.tag)
	}
	e.Int(s.size)
	e.Int(s.modified)
	return e.B
}

func decodeSight(b []byte) (s sight, err error) {
	d := wire.NewDecoder(b)
	switch d.Byte() {
	case docVersion:
	case taggedVersion:
		s.tag = d.String()
	default:
		d.Fail()
	}
	s = sight{tag: s.tag, size: d.Int(), modified: d.Int()}
	return s, storeFault(d.Finish())
}

func storeFault(err error) error {
	if err == nil {
		return nil
	}
	return errs.Wrap("file_progress_format", "reading how far files were read", err).Fix("open this data folder with the version that wrote it, or a later one")
}

// pathName is the name of a path's document: a hash, for a file's name may name a
// person.
func pathName(path string) string {
	sum := sha256.Sum256([]byte(path))
	return pathPrefix + hex.EncodeToString(sum[:16])
}

func sightOf(fi os.FileInfo) sight {
	return sight{size: fi.Size(), modified: fi.ModTime().UnixNano()}
}

// known is all that the Store holds of one source.
type known struct {
	files  map[int64]*progress
	sights map[string]sight // by pathName
	last   int64            // greatest ordinal given
	folder string           // the glob's
	place  place
}

// below is a path as the Store has it: without the glob's folder, which may be another
// one for each process that reads the source in turn.
func (k *known) below(path string) string {
	if rest, ok := strings.CutPrefix(path, k.folder); ok {
		return rest
	}
	return path
}

// fixed is the folder that all files of a glob lie in, with its separator.
func fixed(glob string) string {
	if at := strings.IndexAny(glob, `*?[`); at >= 0 {
		glob = glob[:at]
	}
	dir, _ := filepath.Split(glob)
	return dir
}

// sight gives what is noted of a path. Before it was noted below the glob's folder, it
// was in full.
func (k *known) sight(path string) (s sight, ok bool) {
	if s, ok = k.sights[pathName(k.below(path))]; !ok {
		s, ok = k.sights[pathName(path)]
	}
	return s, ok
}

func load(ctx context.Context, store record.Store, p place, glob string) (*known, error) {
	k := &known{files: map[int64]*progress{}, sights: map[string]sight{}, folder: fixed(glob), place: p}
	docs, err := store.List(ctx, filePrefix, maxDocs)
	if err != nil {
		return nil, err
	}
	for _, d := range docs {
		p, err := decodeProgress(slices.Clone(d.Value))
		if err != nil {
			return nil, err
		}
		p.Path = k.below(p.Path)
		k.files[p.Ordinal] = &p
		k.last = max(k.last, p.Ordinal)
	}
	if docs, err = store.List(ctx, pathPrefix, maxDocs); err != nil {
		return nil, err
	}
	for _, d := range docs {
		s, err := decodeSight(slices.Clone(d.Value))
		if err != nil {
			return nil, err
		}
		k.sights[d.Name] = s
	}
	return k, nil
}

// found is what is known of a content: from where to read it and as what.
type found struct {
	progress               // to go on from; Ordinal 0: it needs a new one
	digest   xxhash.Digest // of the content up to Pos
	whole    bool          // it was taken to its end already, perhaps under another name
}

// recognise finds the longest content taken before that the file at path begins
// with. It reads no more than that.
// A snapshot is told apart by delivered, which gets the stream's latest; else t is nil.
func (k *known) recognise(ctx context.Context, path string, s *stream, t *truth) (found, error) {
	path = k.below(path)
	fresh := found{progress: progress{Path: path, HeadLen: int64(len(s.head)), Head: xxhash.Sum64(s.head)}}
	fresh.digest.Reset()
	fresh.Digest = fresh.digest.Sum64()
	best, matches := fresh, []found(nil)
	candidates := k.candidates(path, s.head)
	d, at := fresh.digest, int64(0)
	for _, c := range candidates {
		n, err := hashOn(ctx, &d, s.r, c.Pos-at)
		at += n
		if ctx.Err() != nil {
			return found{}, ctx.Err()
		}
		if err != nil {
			break // shorter than that content; a fault is met again by who reads on
		}
		if d.Sum64() == c.Digest {
			best = found{progress: *c, digest: d}
			if t != nil {
				matches = append(matches, best)
			}
		}
	}
	if best.Ordinal == 0 {
		return best, nil
	}
	if (best.Done || t != nil) && at == best.Pos {
		_, err := io.ReadFull(s.r, make([]byte, 1))
		best.whole = errors.Is(err, io.EOF)
	}
	if t != nil {
		return k.delivered(ctx, path, matches, best, fresh, t.current), nil
	}
	return k.claim(ctx, path, best, fresh), nil
}

// claim decides as what a content is read on that begins with one taken before.
func (k *known) claim(ctx context.Context, path string, best, fresh found) found {
	if best.whole || best.Path == path || !best.Done || k.gone(ctx, best.Path) {
		best.Path = path
		return best
	}
	// Another file, of which some was taken already: its further rows are its own,
	// and later in order.
	best.Ordinal, best.Path = 0, path
	best.HeadLen, best.Head = fresh.HeadLen, fresh.Head
	best.Done = false
	return best
}

// gone reports whether nothing is at a path of the Store's any more.
func (k *known) gone(ctx context.Context, path string) bool {
	if !filepath.IsAbs(path) && !Elsewhere(path) {
		path = k.folder + path
	}
	if archive, _, ok := strings.Cut(path, memberSep); ok && !k.place.gone(ctx, archive) {
		return false // the member counts as there while its archive is
	}
	return k.place.gone(ctx, path)
}

// candidates gives the contents that may be the beginning of one with this head,
// shortest first; of equals, the one last seen at path, then the first seen, last.
func (k *known) candidates(path string, head []byte) []*progress {
	heads := map[int64]uint64{}
	var cs []*progress
	for _, p := range k.files {
		if strings.HasPrefix(p.Dialect, tableMark) || p.HeadLen > int64(len(head)) || p.Pos == 0 && p.Path != path {
			continue
		}
		h, ok := heads[p.HeadLen]
		if !ok {
			h = xxhash.Sum64(head[:p.HeadLen])
			heads[p.HeadLen] = h
		}
		if h == p.Head {
			cs = append(cs, p)
		}
	}
	slices.SortFunc(cs, func(a, b *progress) int {
		return cmp.Or(cmp.Compare(a.Pos, b.Pos), cmp.Compare(rank(a, path), rank(b, path)), -cmp.Compare(a.Ordinal, b.Ordinal))
	})
	return cs
}

func rank(p *progress, path string) int {
	if p.Path == path {
		return 1
	}
	return 0
}

// hashOn hashes n further bytes of r, in steps between which it heeds ctx.
func hashOn(ctx context.Context, d *xxhash.Digest, r io.Reader, n int64) (done int64, err error) {
	const step = 16 << 20
	for done < n && err == nil && ctx.Err() == nil {
		var m int64
		m, err = io.CopyN(d, r, min(step, n-done))
		done += m
	}
	return done, err
}
