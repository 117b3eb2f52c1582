package file

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// How a snapshot deletes: at the end of a file, its keys are compared with those of all
// earlier snapshots of its stream that the Store still has: of the one before, and of
// those since which deleted nothing. That happens in passes, each for the keys of one
// share of all hashes, so that memory holds no more than passKeys of them. A first run
// through them counts, for the guards; what is to be done is then stored, and a second run
// puts the deletes, after each pass of which the Store learns that it is done. At the end
// the earlier snapshots are dropped.
//
// A delete's id names where in the stored keys its key lies, so it is the same after a
// crash, and tells nothing of the key.

const (
	// CodeSnapshotKept is told where a file cannot stand for the whole: nothing is deleted.
	CodeSnapshotKept errs.Code = "file_snapshot_kept"
	// CodeSnapshotDeletes is told where a file would delete too much: nothing is deleted.
	CodeSnapshotDeletes errs.Code = "file_snapshot_deletes"

	truthPrefix = "truth/" // one document per stream: truth
	passKeys    = 1 << 17  // hashes held at once
	dropDocs    = 100      // documents deleted at once
)

// truth is what is stored of the snapshots of one stream.
type truth struct {
	stream  string
	current int64     // the latest that was read to its end
	kept    errs.Code // why it deleted nothing; empty where it did

	// Of a comparison under way; next is 0 where none is.
	next   int64 // the snapshot that came
	row    int64 // its last
	passes int64
	pass   int64 // the first that is not done
}

func (t *truth) name() string { return truthPrefix + t.stream }

func (t *truth) encode() []byte {
	var e wire.Encoder
	e.Byte(docVersion)
	e.String(t.stream)
	e.Int(t.current)
	e.String(string(t.kept))
	e.Int(t.next)
	e.Int(t.row)
	e.Int(t.passes)
	e.Int(t.pass)
	return e.B
}

func decodeTruth(b []byte) (t truth, err error) {
	d := wire.NewDecoder(b)
	if d.Byte() != docVersion {
		d.Fail()
	}
	t = truth{stream: d.String(), current: d.Int(), kept: errs.Code(d.String()), next: d.Int(), row: d.Int(), passes: d.Int(), pass: d.Int()}
	if t.current < 0 || t.next < 0 || t.row < 0 || t.pass < 0 {
		d.Fail()
	}
	return t, storeFault(d.Finish())
}

func loadTruths(ctx context.Context, store record.Store) (map[string]*truth, error) {
	docs, err := store.List(ctx, truthPrefix, maxDocs)
	truths := map[string]*truth{}
	for _, d := range docs {
		t, err := decodeTruth(d.Value)
		if err != nil {
			return nil, err
		}
		truths[t.stream] = &t
	}
	return truths, err
}

// truth gives that of a stream; nil where files are no snapshots.
func (r *run) truth(stream string) *truth {
	if !r.cfg.Snapshot {
		return nil
	}
	t := r.truths[stream]
	if t == nil {
		t = &truth{stream: stream}
		r.truths[stream] = t
	}
	return t
}

// kept is the code for which a stream's latest snapshot deleted nothing.
func (r *run) kept() (code errs.Code) {
	for _, t := range r.truths {
		code = max(code, t.kept) // one of them, whatever the order
	}
	return code
}

// keepAll tells that a file deletes nothing, with counts where there are any. It does
// nothing where files are no snapshots.
func (r *run) keepAll(ctx context.Context, c candidate, code errs.Code, counts ...any) error {
	t := r.truth(c.stream)
	if t == nil {
		return nil
	}
	mend := "deliver a whole file, of which each row has its key; until then nothing is deleted"
	if code == CodeSnapshotDeletes {
		mend = "if so many are gone, raise snapshot_max_deletes of the source; the next file then deletes them"
	}
	r.deps.Logger.Warn("a snapshot deletes nothing",
		append([]any{"source", r.cfg.Name, "stream", c.stream, "file", c.path, "code", code, "mend", mend}, counts...)...)
	next := *t
	next.kept = code
	return r.saveTruth(ctx, next, nil)
}

// saveTruth stores what is known of a stream's snapshots, and docs with it.
func (r *run) saveTruth(ctx context.Context, t truth, docs map[string][]byte) error {
	if docs == nil {
		docs = map[string][]byte{}
	}
	docs[t.name()] = t.encode()
	if err := r.save(ctx, nil, docs); err != nil {
		return err
	}
	r.truths[t.stream] = &t
	return nil
}

// load gives a document of the Store.
func (r *run) load(ctx context.Context, name string) (b []byte, err error) {
	err = r.persist(ctx, func() error {
		b, err = r.deps.Store.Load(ctx, name)
		return err
	})
	return b, err
}

// finish has a snapshot that was read to its end, and put, delete what it lacks.
func (r *run) finish(ctx context.Context, f *reading) error {
	if f.keys == nil {
		return nil
	}
	at := f.at
	at.Done = false // until the deletes are put
	if err := r.save(ctx, &at, f.keys.docs()); err != nil {
		return err
	}
	f.keys.saved()
	t := r.truth(f.stream)
	if t.next != 0 && t.next != at.Ordinal { // an earlier one, whose file was not looked at again
		if err := r.sweep(ctx, *t); err != nil {
			return err
		}
		t = r.truth(f.stream)
	}
	if at.Ordinal < t.current {
		return nil // a later one said what there is
	}
	if t.next == 0 {
		if err := r.judge(ctx, f, *t); err != nil {
			return err
		}
		t = r.truth(f.stream)
	}
	if t.next == 0 {
		return nil
	}
	return r.sweep(ctx, *t)
}

// judge stores what is to be done for a snapshot that was read to its end.
func (r *run) judge(ctx context.Context, f *reading, t truth) error {
	s := f.keys.snapshot
	t.current = s.ordinal
	before, err := r.earlier(ctx, s.stream, s.ordinal)
	if err != nil {
		return err
	}
	code, counts := CodeSnapshotKept, []any(nil)
	if s.unknown == 0 && s.keys > 0 {
		total := s.keys
		for _, b := range before {
			total += b.keys
		}
		passes := (total + passKeys - 1) / passKeys
		known, gone, err := r.count(ctx, s, before, passes)
		if err != nil {
			return err
		}
		code, counts = CodeSnapshotDeletes, []any{"lacks", gone, "of", known}
		if float64(gone) <= r.cfg.MaxDeletes*float64(known) {
			t.kept = ""
			if len(before) > 0 {
				t.next, t.row, t.passes, t.pass = s.ordinal, f.at.Row, passes, 0
			}
			return r.saveTruth(ctx, t, nil)
		}
	}
	r.truths[t.stream] = &t
	return r.keepAll(ctx, f.candidate, code, counts...)
}

// earlier gives the snapshots of a stream that the Store has from before one.
func (r *run) earlier(ctx context.Context, stream string, ordinal int64) (before []snapshot, err error) {
	var docs []record.Document
	err = r.persist(ctx, func() error {
		docs, err = r.deps.Store.List(ctx, snapPrefix, maxDocs)
		return err
	})
	for _, d := range docs {
		s, err := decodeSnapshot(d.Value)
		if err != nil {
			return nil, err
		}
		if s.stream == stream && s.ordinal < ordinal {
			before = append(before, s)
		}
	}
	return before, err
}

// keyAt is where a key lies in the stored ones.
type keyAt struct {
	ordinal, chunk int64
	i              int
}

// each gives the keys of a snapshot that belong to a pass.
func (r *run) each(ctx context.Context, s snapshot, pass, passes int64, give func(at keyAt, key []byte) error) error {
	for n := range s.chunks {
		b, err := r.load(ctx, s.chunk(n))
		if err != nil {
			return err
		}
		if b == nil {
			continue // dropped before a crash
		}
		err = decodeKeys(b, func(i int, key []byte) error {
			if int64(xxhash.Sum64(key)%uint64(passes)) != pass {
				return nil
			}
			return give(keyAt{s.ordinal, n, i}, key)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// compare gives each key of a pass once: those of the snapshots before, and whether the
// new one lacks it.
func (r *run) compare(ctx context.Context, s snapshot, before []snapshot, pass, passes int64, give func(at keyAt, key []byte, gone bool) error) error {
	type hash [16]byte
	of := func(key []byte) hash { sum := sha256.Sum256(key); return hash(sum[:16]) }
	seen := map[hash]bool{} // true: of the new one, and not yet met before
	err := r.each(ctx, s, pass, passes, func(_ keyAt, key []byte) error {
		seen[of(key)] = true
		return nil
	})
	for _, b := range before {
		if err != nil {
			return err
		}
		err = r.each(ctx, b, pass, passes, func(at keyAt, key []byte) error {
			h := of(key)
			fresh, there := seen[h]
			seen[h] = false
			if there && !fresh {
				return nil
			}
			return give(at, key, !there)
		})
	}
	return err
}

// count gives how many keys there were before, and how many of them a snapshot lacks.
func (r *run) count(ctx context.Context, s snapshot, before []snapshot, passes int64) (known, gone int64, err error) {
	for pass := int64(0); pass < passes && len(before) > 0 && err == nil; pass++ {
		err = r.compare(ctx, s, before, pass, passes, func(_ keyAt, _ []byte, lacks bool) error {
			known++
			if lacks {
				gone++
			}
			return nil
		})
	}
	return known, gone, err
}

// sweep puts the deletes of a comparison from where it stopped, and drops what came before.
func (r *run) sweep(ctx context.Context, t truth) error {
	before, err := r.earlier(ctx, t.stream, t.next)
	if err != nil {
		return err
	}
	b, err := r.load(ctx, (&snapshot{ordinal: t.next}).name())
	if err != nil {
		return err
	}
	s, err := decodeSnapshot(b)
	if err != nil {
		return err
	}
	deleted := 0
	for ; t.pass < t.passes; t.pass++ {
		if err := r.saveTruth(ctx, t, nil); err != nil {
			return err
		}
		n, err := r.deletes(ctx, t, s, before)
		if err != nil {
			return err
		}
		deleted += n
	}
	if deleted > 0 {
		r.deps.Logger.Info("records that a snapshot lacks were deleted", "source", r.cfg.Name, "stream", t.stream, "records", deleted)
	}
	if err := r.saveTruth(ctx, t, nil); err != nil { // the passes are done: their keys are no longer needed
		return err
	}
	return r.drop(ctx, t, before)
}

// deletes puts those of one pass.
func (r *run) deletes(ctx context.Context, t truth, s snapshot, before []snapshot) (n int, err error) {
	type gone struct{ id, key string }
	var waiting []gone
	size := 0
	put := func() error {
		n += len(waiting)
		err := r.persist(ctx, func() error {
			records := make([]record.Record, len(waiting)) // anew: a Sink may change them
			for i, g := range waiting {
				props := []byte(`{}`)
				records[i] = record.Record{ID: g.id, Source: r.cfg.Name, Stream: t.stream, Op: record.Delete, Key: g.key,
					Seq: record.Seq{Kind: record.SeqRow, A: t.next, B: t.row + 1}, Hash: xxhash.Sum64(props), Props: props}
			}
			_, err := r.deps.Sink.Put(ctx, records)
			return err
		})
		waiting, size = waiting[:0], 0
		return err
	}
	err = r.compare(ctx, s, before, t.pass, t.passes, func(at keyAt, key []byte, lacks bool) error {
		if !lacks {
			return nil
		}
		waiting = append(waiting, gone{fmt.Sprintf("%d:-%d.%d.%d", t.next, at.ordinal, at.chunk, at.i), string(key)})
		if size += len(key); len(waiting) < batchRows && size < batchBytes {
			return nil
		}
		return put()
	})
	if err == nil && len(waiting) > 0 {
		err = put()
	}
	return n, err
}

// drop ends a comparison: the snapshots before are no longer needed.
func (r *run) drop(ctx context.Context, t truth, before []snapshot) error {
	docs := map[string][]byte{}
	for _, s := range before {
		for n := range s.chunks {
			docs[s.chunk(n)] = nil
			if len(docs) == dropDocs {
				if err := r.save(ctx, nil, docs); err != nil {
					return err
				}
				docs = map[string][]byte{}
			}
		}
	}
	for _, s := range before {
		docs[s.name()] = nil
	}
	t.current, t.next, t.row, t.passes, t.pass = max(t.current, t.next), 0, 0, 0, 0
	return r.saveTruth(ctx, t, docs)
}

// delivered decides as what a snapshot is read, of which matches are the contents that it
// begins with. The whole of one that came before is another truth than the latest: only
// the latest, and a file that was merely touched or renamed, has nothing to say.
func (k *known) delivered(ctx context.Context, path string, matches []found, best, fresh found, current int64) found {
	newest := int64(0)
	for _, p := range k.files {
		if p.Path == path {
			newest = max(newest, p.Ordinal)
		}
	}
	for _, m := range matches {
		m.whole = best.whole && m.Done && m.Pos == best.Pos
		moved := newest == 0 && (m.whole || !m.Done) && k.gone(ctx, m.Path)
		if moved {
			m.Path = path
		}
		if moved || m.Ordinal == newest || m.whole && m.Ordinal == current {
			return m
		}
	}
	return fresh
}
