// Package file is the source that reads CSV, NDJSON, JSON array, Parquet and Excel files, plain or packed,
// and those in zip archives, named by a glob, once or for as long as it watches.
//
// It may touch the files it is pointed at (it only reads), the Sink that its rows
// go to and the Store in which it keeps how far it got. Every row becomes a record
// or, where it cannot be read, a record with Reject set, which the road
// quarantines (I4). Kind, key and occurred time are left for the Sink's mapping.
//
// # How a file is known
//
// A file is known by what was read of it, not by its name. For each content the
// Store has one document: an ordinal of first sight, how many bytes were taken,
// the digest (64-bit xxHash) of exactly those bytes, and the number of rows they
// made. Content means unpacked bytes, and UTF-8 where the file's encoding is known. On sight
// of a file whose size or time of change is new, its bytes are hashed up to the
// places at which known contents ended, and the longest that it begins with tells
// what it is:
//
//   - none: a new file. It gets the next ordinal, which is stored before its first
//     row is put.
//   - one that was taken whole, and this file ends there too: the same file again,
//     under whatever name. Nothing is read.
//   - one last seen under the same name, or under a name that is gone, or whose
//     reading was interrupted: that file, grown or to be resumed. Reading goes on
//     behind what was taken, under its ordinal.
//   - one that lies elsewhere still: another file that begins with rows had
//     already. Its further rows are read under a new ordinal.
//
// A JSON array cut off is so read on when more of it is there; one that was whole and
// then grew within its brackets is a new file.
//
// Parquet files and workbooks say at their end what their bytes mean. Such a file is hashed
// as a whole first, is known by all its bytes, the format it was read as and its sheet, and is
// resumed by counting rows. A member of an archive is known as a file is; of the archive
// only that it needs no further look is stored.
//
// So a file of which an earlier byte changed is a new file, and all its rows are
// read. A record's id is "<ordinal>:<row>" and its order (ordinal, row).
//
// # Exactly once
//
// The document is saved after each Put, when its rows are durable, while the next is
// under way. A crash between the two puts those rows again after the restart, with the same ids and bytes,
// and the road drops them as duplicates (I2). A failed Put is repeated until it
// succeeds, or returned when waiting cannot mend it; no row is skipped.
//
// # Snapshots
//
// Where Config.Snapshot says that each file is the whole truth of its stream, the keys of
// its rows are stored with how far it was read, and a key that an earlier file had and
// this one lacks is deleted once it was read to its end. See snapshot.go.
package file

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Deps is what a Source works with.
type Deps struct {
	Sink   record.Sink
	Store  record.Store
	Clock  clock.Clock
	Logger *slog.Logger // nil: silent
	// Progress is told how far reading got, after every batch and at the begin and end
	// of every look, by the goroutine that runs Run; nil: nobody is.
	Progress func(Progress)
	// After is time.After, for waiting between looks and before retries; tests
	// give their own. nil: time.After.
	After func(time.Duration) <-chan time.Time
}

// Progress is how far a Source got since Run began.
type Progress struct {
	Rows       int64 // put, rejected ones included
	Rejected   int64 // of them, those that the road will quarantine
	Bytes      int64 // of the files as they lie on disk
	TotalBytes int64 // of all files to be read in this look
	Files      int   // taken to their end
	// Idle says that nothing is left to be read for now: a look is over, and no line
	// waits for its end. What was read is durable.
	Idle bool
	// Fault is the code for which the files could not be listed, or a place not be read,
	// at the last look; empty where they could.
	Fault errs.Code
	// Damaged is the code for which a file that is there could not be read to its end;
	// empty where all could.
	Damaged errs.Code
	// Kept is the code for which the latest snapshot of a stream deleted nothing.
	Kept errs.Code
}

// Source reads the files of one configured source.
type Source struct {
	cfg   Config
	deps  Deps
	place place
}

// New makes a Source. It fails with code bad_value, for all faults at once.
func New(cfg Config, deps Deps) (*Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	if deps.After == nil {
		deps.After = time.After
	}
	p, err := newPlace(cfg)
	if err != nil {
		return nil, errs.Wrap("bad_value", "finding where the files are", err).At("sources." + cfg.Name)
	}
	return &Source{cfg: cfg.withDefaults(), deps: deps, place: p}, nil
}

// Run reads every file that the glob names, in order of name. With Watch it then
// goes on looking until ctx is done, and returns nil; else it returns once all is
// read, with the faults of the files that could not be read to their end. Only one
// Run of a source may be under way; it may be called again, in this process or another
// that sees the same files and Store, and goes on where the Store says.
func (s *Source) Run(ctx context.Context) error {
	defer s.place.close()
	r := &run{Source: s, held: map[string]heldSight{}, faulty: map[string]sight{}, damaged: map[string]errs.Code{}}
	err := r.persist(ctx, func() (err error) {
		r.known, err = load(ctx, s.deps.Store, s.place, s.cfg.Path)
		return err
	})
	if err == nil && s.cfg.Snapshot {
		err = r.persist(ctx, func() (err error) {
			r.truths, err = loadTruths(ctx, s.deps.Store)
			return err
		})
	}
	if err != nil {
		return err
	}
	if !s.cfg.Watch {
		faults, err := r.look(ctx)
		return errors.Join(append(faults, err)...)
	}
	err = r.watch(ctx)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // an end that was asked for is no fault
	}
	return err
}

// run is one Run under way.
type run struct {
	*Source
	known    *known
	truths   map[string]*truth    // by stream; nil where files are no snapshots
	held     map[string]heldSight // by path: ends in a line without its end
	faulty   map[string]sight     // by path: could not be read; not tried again until it changes
	damaged  map[string]errs.Code // by path, of those that are faulty for what they hold
	progress Progress
	warned   bool      // that the glob names nothing
	silent   errs.Code // why the files could not be listed, when they last could not
	before   int64     // bytes of the files done in this look
	batch    batch
}

// heldSight is a file whose last line has no end yet, as it was when that was seen.
type heldSight struct {
	sight
	since time.Time
}

// look reads whatever is new among the files. Faults are those of single files;
// err is one that ends the run.
func (r *run) look(ctx context.Context) (faults []error, err error) {
	found, err := r.place.list(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		r.unlisted(err)
		r.progress.Idle, r.progress.Fault = false, errs.CodeOf(err)
		r.report(0)
		return []error{err}, nil
	}
	r.silent, r.progress.Fault = "", ""
	if len(found) == 0 && !r.warned {
		r.warned = true
		r.deps.Logger.Warn("no file matches the path of a source", "source", r.cfg.Name, "path", r.cfg.Path,
			"code", "file_no_match", "mend", "check the path; a relative one is taken from the configuration's folder")
	}
	todo, total := r.todo(found)
	if len(todo) > 0 {
		r.progress.Idle = false
		r.progress.TotalBytes, r.before = total, 0
	}
	r.report(0)
	for _, f := range todo {
		if err := ctx.Err(); err != nil {
			return faults, err
		}
		met, err := r.read(ctx, f)
		if err != nil {
			return faults, err
		}
		for _, fault := range met {
			if passing(fault) { // not the file's, and tried again at the next look
				r.progress.Fault = CodeUnreachable
			} else {
				r.faulty[f.path], r.damaged[f.path] = f.sight, errs.CodeOf(fault)
			}
			if r.cfg.Watch {
				r.deps.Logger.Warn("a file could not be read to its end", "source", r.cfg.Name, "error", fault)
			}
		}
		if slices.ContainsFunc(met, passing) {
			delete(r.faulty, f.path)
		}
		faults = append(faults, met...)
		r.before += f.size
	}
	r.progress.Damaged = r.damage(found)
	r.progress.Idle = !slices.ContainsFunc(found, r.holds) && !slices.ContainsFunc(faults, passing)
	r.report(0)
	return faults, nil
}

// damage gives a code of the files that could not be read to their end, and forgets those
// that were read since or are gone.
func (r *run) damage(found []entry) (code errs.Code) {
	still := make(map[string]errs.Code, len(r.damaged))
	for _, e := range found {
		if _, faulty := r.faulty[e.path]; faulty && r.damaged[e.path] != "" {
			still[e.path] = r.damaged[e.path]
			code = max(code, still[e.path]) // one of them, whatever the order
		}
	}
	r.damaged = still
	return code
}

// holds reports whether the last line of a file waits for its end.
func (r *run) holds(e entry) bool {
	_, held := r.held[e.path]
	_, faulty := r.faulty[e.path]
	return held && !faulty
}

// passing reports whether a fault is one that waiting may mend.
func passing(err error) bool { return errs.Is(err, CodeUnreachable) }

// unlisted tells once of each reason for which the files cannot be listed.
func (r *run) unlisted(err error) {
	code := errs.CodeOf(err)
	if r.cfg.Watch && code != r.silent {
		r.deps.Logger.Warn("the files of a source cannot be listed", "source", r.cfg.Name, "error", err)
	}
	r.silent = code
}

// unmatched tells of a file that nobody wants.
func (r *run) unmatched(path string) {
	r.deps.Logger.Warn("a file belongs to no stream and is left alone", "source", r.cfg.Name, "file", path,
		"code", "file_no_stream", "mend", "give a stream a pattern that matches its name")
}

// candidate is a file to look into.
type candidate struct {
	entry
	stream string // empty: none, unless it is an archive
	final  bool   // a last line without its end is a row
}

// todo gives the files that have changed since they were last taken whole.
func (r *run) todo(found []entry) (todo []candidate, bytes int64) {
	for _, e := range found {
		path, now := e.path, e.sight
		if seen, ok := r.known.sight(path); ok && seen == now {
			continue
		}
		if seen, ok := r.faulty[path]; ok && seen == now {
			continue
		}
		stream, ok := r.cfg.streamOf(path)
		if !ok && !namedZip(path) { // whose members may belong to one
			r.faulty[path] = now
			r.unmatched(path)
			continue
		}
		final := !r.cfg.Watch || r.place.sudden()
		if h, ok := r.held[path]; ok && h.sight == now && !final {
			if r.deps.Clock.Now().Sub(h.since) < r.cfg.Poll {
				continue // its end may still be on the way
			}
			final = true
		}
		todo = append(todo, candidate{entry: e, stream: stream, final: final})
		bytes += now.size
	}
	return todo, bytes
}

// report tells how far the file now being read got.
func (r *run) report(bytes int64) {
	if r.deps.Progress == nil {
		return
	}
	p := r.progress
	p.Bytes, p.Kept = r.before+bytes, r.kept()
	r.deps.Progress(p)
}

// retryable reports whether a Sink's or Store's fault passes by waiting.
func retryable(err error) bool {
	return errs.Is(err, "overloaded") || errs.Is(err, "disk_full") || errs.Is(err, "engine_unavailable")
}

// The waits between tries of a Put: from the first, doubling, up to the last.
const (
	firstWait = 50 * time.Millisecond
	lastWait  = 5 * time.Second
)

// persist repeats try until it succeeds, ctx is done or its fault does not pass.
func (r *run) persist(ctx context.Context, try func() error) error {
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := try()
		if err == nil || !retryable(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.deps.After(wait):
		}
	}
}
