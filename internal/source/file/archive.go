package file

import (
	"context"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
)

// readArchive takes what is new of each member, in order of name. Each is a file of its
// own, that is known by what it holds.
func (r *run) readArchive(ctx context.Context, c candidate, s *stream) (faults []error, err error) {
	before := r.before
	defer func() { r.before = before }()
	left := false
	for _, m := range r.cfg.members(s, c.size) {
		of := candidate{entry: memberEntry(c.entry, m), final: true} // an archive has its directory once it is whole
		stream, ok := r.cfg.memberStream(c.path, m.name)
		if !ok {
			r.unmatched(of.path)
			left = true
			continue
		}
		of.stream = stream
		fault, err := r.readMember(ctx, of)
		if err != nil {
			return faults, err
		}
		if fault != nil {
			faults = append(faults, fault)
			if err := r.keepFor(ctx, of, fault); err != nil {
				return faults, err
			}
			if passing(fault) || errs.Is(fault, codeBomb) { // the same would be met in each of the others
				return faults, nil
			}
		}
		r.before += of.size
	}
	if len(faults) > 0 {
		return faults, nil
	}
	if left { // whether somebody wants it, the next start may know
		r.faulty[c.path] = c.sight
		return nil, nil
	}
	r.before = before
	return nil, r.settle(ctx, c, nil)
}

func (r *run) readMember(ctx context.Context, c candidate) (fault, err error) {
	s, fault := r.cfg.open(ctx, r.place, c.entry)
	if fault != nil {
		return fault, nil
	}
	defer s.Close()
	fault, err = r.readOne(ctx, c, s)
	return fault, err
}

// members gives those of an archive that may be data, in order of name.
func (c Config) members(s *stream, size int64) (all []*member) {
	a := &archive{size: s.file.Size(), limit: c.MaxUnpacked}
	if s.under != nil { // it was packed once more
		a.size = size
	}
	for _, f := range s.zip.File {
		if name := memberName(f); !stray(name) {
			all = append(all, &member{archive: a, file: f, name: name})
		}
	}
	slices.SortStableFunc(all, func(a, b *member) int { return strings.Compare(a.name, b.name) })
	return all
}

// memberOf gives the member of an archive that has a name.
func (c Config) memberOf(s *stream, archive entry, name string) (entry, error) {
	if s.format == formatZip {
		for _, m := range c.members(s, s.file.Size()) {
			if m.name == name {
				return memberEntry(archive, m), nil
			}
		}
	}
	return entry{}, errs.New(CodeZip, "the archive has no member of this name").At(archive.path + memberSep + name).Fix("name one that is there")
}

// memberEntry is a member as a file.
func memberEntry(e entry, m *member) entry {
	return entry{path: e.path + memberSep + m.name, sight: sight{size: int64(min(m.file.CompressedSize64, uint64(e.size)))}, member: m} //nolint:gosec // no more than a size
}

// memberStream gives the stream of a member: the one whose pattern its name matches, or else
// the archive's, for what is called as data is.
func (c Config) memberStream(archive, name string) (stream string, ok bool) {
	base := path.Base(name)
	for _, s := range c.Streams {
		if match, _ := filepath.Match(s.Glob, base); match && s.Glob != "" { // the pattern was checked
			return s.Stream, true
		}
	}
	if !IsData(base) {
		return "", false
	}
	return c.streamOf(archive)
}

// IsData reports whether a file is called as those are that can be read.
func IsData(name string) bool {
	switch filepath.Ext(unpackedName(strings.ToLower(name))) {
	case ".csv", ".tsv", ".tab", ".psv", ".txt", ".ndjson", ".jsonl", ".json", ".parquet", ".pq", ".xlsx", ".xlsm", ".xls", ".zip", "":
		return true
	}
	return false
}
