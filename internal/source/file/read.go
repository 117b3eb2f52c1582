package file

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"unsafe"

	"github.com/cespare/xxhash/v2"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

const (
	batchRows  = 1_000
	batchBytes = 4 << 20
)

// batch is the rows of one Put. Props and ids lie in buffers of its own, which are
// used again once the Put has returned.
type batch struct {
	rows    []rowAt
	props   []byte
	ids     []byte
	records []record.Record
}

type rowAt struct {
	from, to int // in props
	row      int64
	reject   errs.Code
}

func (b *batch) reset() { b.rows, b.props = b.rows[:0], b.props[:0] }

func (b *batch) full() bool { return len(b.rows) >= batchRows || len(b.props) >= batchBytes }

// build makes the records anew, since a Sink may have changed those of a failed try. A
// row that could not be read has the file's name with it. That is no part of what makes
// it the same row: a file may be renamed while it is half read.
func (b *batch) build(source, stream, file string, ordinal int64) []record.Record {
	const idRoom = 2*20 + 1
	if need := len(b.rows) * idRoom; cap(b.ids) < need {
		b.ids = make([]byte, 0, need) // once for all: ids alias it
	}
	b.ids, b.records = b.ids[:0], b.records[:0]
	for _, r := range b.rows {
		from := len(b.ids)
		b.ids = strconv.AppendInt(b.ids, ordinal, 10)
		b.ids = append(b.ids, ':')
		b.ids = strconv.AppendInt(b.ids, r.row, 10)
		props := b.props[r.from:r.to:r.to]
		hash := xxhash.Sum64(props)
		if r.reject != "" {
			props = appendFile(props, file)
		}
		b.records = append(b.records, record.Record{
			ID:     unsafe.String(&b.ids[from], len(b.ids)-from),
			Source: source, Stream: stream, Op: record.Upsert,
			Seq:    record.Seq{Kind: record.SeqRow, A: ordinal, B: r.row},
			Hash:   hash,
			Props:  props,
			Reject: string(r.reject),
		})
	}
	return b.records
}

// reading is one file being read.
type reading struct {
	candidate
	at      progress // how far what was put reaches
	unsaved bool     // at is not yet in the Store
	content *stream
	rows    *rows
	keys    *keys // of a snapshot; else nil
}

// read takes what is new of one file, or of each member of an archive. Faults are those
// of files; err ends the run.
func (r *run) read(ctx context.Context, c candidate) (faults []error, err error) {
	s, fault := r.cfg.open(ctx, r.place, c.entry)
	if fault != nil {
		return []error{fault}, r.keepFor(ctx, c, fault)
	}
	defer s.Close()
	if s.format == formatZip {
		return r.readArchive(ctx, c, s)
	}
	if c.stream == "" {
		r.unmatched(c.path)
		r.faulty[c.path] = c.sight
		return nil, nil
	}
	fault, err = r.readOne(ctx, c, s)
	if fault == nil || err != nil {
		return nil, err
	}
	return []error{fault}, r.keepFor(ctx, c, fault)
}

// keepFor has a snapshot that cannot be read to its end delete nothing.
func (r *run) keepFor(ctx context.Context, c candidate, fault error) error {
	if c.stream == "" || passing(fault) {
		return nil
	}
	return r.keepAll(ctx, c, CodeSnapshotKept)
}

// readOne takes what is new of a file that was opened.
func (r *run) readOne(ctx context.Context, c candidate, s *stream) (fault, err error) {
	if len(s.head) == 0 {
		return nil, errors.Join(r.keepAll(ctx, c, CodeSnapshotKept), r.settle(ctx, c, nil)) // empty: nothing to be known by
	}
	from, fault, err := r.recognise(ctx, c, s)
	if fault != nil || err != nil {
		return fault, err
	}
	if from.whole {
		r.progress.Files++
		r.report(c.size)
		if r.cfg.Snapshot { // which may have moved
			return nil, r.settle(ctx, c, &from.progress)
		}
		return nil, r.settle(ctx, c, nil)
	}
	if from.Ordinal == 0 {
		from.Ordinal = r.known.last + 1
		if err := r.save(ctx, &from.progress, nil); err != nil {
			return nil, err
		}
	}
	if !isTable(s.format) { // else it is read at places, whatever was read of it
		if s, fault = r.cfg.open(ctx, r.place, c.entry); fault != nil {
			return fault, nil
		}
		defer s.Close()
	}
	f := &reading{candidate: c, at: from.progress, content: s}
	if fault := f.start(ctx, r.cfg, from); fault != nil {
		return fault, ctx.Err()
	}
	if f.keys, err = r.keysOf(ctx, f); err != nil {
		return nil, err
	}
	return r.take(ctx, f)
}

// recognise finds what is known of a file's content.
func (r *run) recognise(ctx context.Context, c candidate, s *stream) (from found, fault, err error) {
	if !isTable(s.format) {
		from, err = r.known.recognise(ctx, c.path, s, r.truth(c.stream))
		return from, nil, err
	}
	mark, err := s.mark(r.cfg)
	if err == nil {
		from, err = r.known.recogniseTable(ctx, c.path, mark, s, r.truth(c.stream))
	}
	if err != nil && ctx.Err() == nil {
		return from, readFault(c.path, err), nil
	}
	return from, nil, err
}

// start brings the reading to where it goes on.
func (f *reading) start(ctx context.Context, cfg Config, from found) error {
	s := f.content
	w := newWindow(s.r, cfg.MaxLine)
	f.rows = &rows{w: w, hold: !f.final}
	if isTable(s.format) {
		return f.startTable(cfg, from)
	}
	switch s.format {
	case formatJSON:
		f.rows.json = &jsonFormat{}
		if cfg.Records != "" {
			f.rows.json.path = strings.Split(cfg.Records, ".")
		}
	case formatCSV:
		f.rows.csv = &csvFormat{set: cfg.Dialect, stored: from.Dialect, resumed: from.Pos > 0, rowed: from.Row > 0}
	}
	if bytes.HasPrefix(s.head, bom) {
		for len(w.rest()) < len(bom) && w.fill() {
		}
		w.pass(len(bom))
	}
	if from.Pos == 0 {
		return nil
	}
	if f.rows.json != nil { // where in the array it is, only what comes before tells
		if f.rows.again(from.Row); f.rows.row < from.Row {
			return readFault(f.path, cmp.Or(w.err, io.ErrUnexpectedEOF))
		}
		return nil
	}
	if f.rows.csv != nil {
		f.rows.header(from.Pos)
	}
	f.rows.row, f.rows.line = from.Row, from.Line
	if s.plain {
		if _, err := s.file.Seek(from.Pos, io.SeekStart); err != nil {
			return readFault(f.path, err)
		}
		w.restart(s.raw, from.Pos, from.digest)
		return nil
	}
	for w.at < from.Pos && ctx.Err() == nil {
		if len(w.rest()) == 0 && !w.fill() {
			return readFault(f.path, io.ErrUnexpectedEOF)
		}
		w.pass(int(min(int64(len(w.rest())), from.Pos-w.at)))
	}
	return nil
}

// take reads on to the file's end.
func (r *run) take(ctx context.Context, f *reading) (fault, err error) {
	b := &r.batch
	b.reset()
	for {
		from := len(b.props)
		props, reject, st := f.rows.next(b.props)
		if st == gotLong {
			// Flushed first: a line held back must not lie within what is saved.
			if err := r.flush(ctx, f, false); err != nil {
				return nil, err
			}
			from = len(b.props)
			props, reject, st = f.rows.skipLong(b.props)
		}
		b.props = props
		switch st {
		case gotBlank:
		case gotRow:
			b.rows = append(b.rows, rowAt{from: from, to: len(props), row: f.rows.row, reject: reject})
			if b.full() {
				if err := r.flush(ctx, f, false); err != nil {
					return nil, err
				}
			}
		case gotPart:
			return r.part(ctx, f)
		default:
			if f.rows.w.err != nil || f.keys != nil && !f.final { // a snapshot must have stayed as it is for a while
				return r.part(ctx, f)
			}
			if err := r.flush(ctx, f, true); err != nil {
				return nil, err
			}
			r.progress.Files++
			r.report(f.size)
			return nil, nil
		}
	}
}

// part ends a reading before the file's end: the rest is unreadable, or a line that
// may still be growing.
func (r *run) part(ctx context.Context, f *reading) (fault, err error) {
	if len(r.batch.rows) > 0 {
		if err := r.flush(ctx, f, false); err != nil {
			return nil, err
		}
	}
	if f.unsaved {
		if err := r.save(ctx, &f.at, f.keys.docs()); err != nil {
			return nil, err
		}
		f.keys.saved()
	}
	if f.rows.w.err != nil {
		return readFault(f.path, f.rows.w.err), nil
	}
	r.held[f.path] = heldSight{sight: f.sight, since: r.deps.Clock.Now()}
	return nil, nil
}

// flush puts the batch, and notes how far it reaches. That is saved while the next
// Put is under way, or at once when the file is done: so a crash puts at most two
// batches again, and reading does not wait for two syncs in turn.
func (r *run) flush(ctx context.Context, f *reading, done bool) error {
	b := &r.batch
	if len(b.rows) > 0 {
		if err := r.saveDialect(ctx, f); err != nil {
			return err
		}
		if err := r.put(ctx, f); err != nil {
			return err
		}
	}
	w := f.rows.w
	f.at.Pos, f.at.Digest, f.at.Row, f.at.Line, f.at.Done = w.at, w.sum(), f.rows.row, f.rows.line, done
	if w.at > 0 {
		n := min(w.at, int64(len(f.content.head)))
		f.at.HeadLen, f.at.Head = n, xxhash.Sum64(f.content.head[:n])
	}
	r.progress.Rows += int64(len(b.rows))
	for i := range b.rows {
		if b.rows[i].reject != "" {
			r.progress.Rejected++
		}
	}
	b.reset()
	f.unsaved = true
	var err error
	if done {
		if err := r.finish(ctx, f); err != nil {
			return err
		}
		f.unsaved = false
		err = r.settle(ctx, f.candidate, &f.at)
	}
	bytes := f.content.raw.n
	if f.content.plain {
		bytes = w.at
	}
	r.report(min(bytes, f.size)) // a member's are counted unpacked
	return err
}

// saveDialect stores the dialect by which a CSV is read before its first rows are put:
// after a crash they must come out the same, though more of the file may then be there
// to detect it by.
func (r *run) saveDialect(ctx context.Context, f *reading) error {
	if f.rows.csv == nil || f.at.Dialect != "" {
		return nil
	}
	f.at.Dialect = f.rows.csv.encode()
	return r.save(ctx, &f.at, nil)
}

// put puts the batch, and saves meanwhile how far the one before it reached.
func (r *run) put(ctx context.Context, f *reading) error {
	saved := make(chan error, 1) // one result, so that the saver never waits
	if f.unsaved {
		docs := f.keys.docs()
		docs[f.at.name()] = f.at.encode()
		go func() { saved <- r.persist(ctx, func() error { return r.deps.Store.Save(ctx, docs) }) }()
	} else {
		saved <- nil
	}
	err := r.persist(ctx, func() error {
		_, err := r.deps.Sink.Put(ctx, r.batch.build(r.cfg.Name, f.stream, r.known.below(f.path), f.at.Ordinal))
		return err
	})
	if saveErr := <-saved; saveErr != nil {
		return errors.Join(saveErr, err)
	}
	if f.unsaved {
		r.keep(f.at)
		f.keys.saved()
		f.unsaved = false
	}
	if err == nil {
		f.keys.take(r.batch.records)
	}
	return err
}

// settle remembers that the file as sighted needs no further look.
func (r *run) settle(ctx context.Context, c candidate, p *progress) error {
	delete(r.held, c.path)
	delete(r.faulty, c.path)
	if c.member != nil { // the archive is remembered, in the end
		if p == nil {
			return nil
		}
		return r.save(ctx, p, nil)
	}
	name := pathName(r.known.below(c.path))
	if err := r.save(ctx, p, map[string][]byte{name: c.sight.encode()}); err != nil {
		return err
	}
	r.known.sights[name] = c.sight
	return nil
}

// save stores a content's progress, and docs with it.
func (r *run) save(ctx context.Context, p *progress, docs map[string][]byte) error {
	if docs == nil {
		docs = map[string][]byte{}
	}
	if p != nil {
		docs[p.name()] = p.encode()
	}
	if err := r.persist(ctx, func() error { return r.deps.Store.Save(ctx, docs) }); err != nil {
		return err
	}
	if p != nil {
		r.keep(*p)
	}
	return nil
}

// keep makes known what was saved.
func (r *run) keep(p progress) {
	r.known.files[p.Ordinal] = &p
	r.known.last = max(r.known.last, p.Ordinal)
}
