package audit

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
)

const (
	defaultEvery        = 250 * time.Millisecond
	maxEvery            = time.Second // I7: no more than this is lost of reads through the API
	defaultSegmentBytes = 64 << 20
	early               = 4096 // waiting entries that start a sync before its time
)

// Log is an open chain. It is safe for concurrent use.
type Log struct {
	cfg  Config
	deps Deps

	mu      sync.Mutex
	waiting []waiting // recorded, not yet durable, in order
	failing bool      // the last sync failed: every entry waits for its own
	closed  bool

	wake chan struct{} // capacity 1: a sync is wanted now
	stop chan struct{}
	done sync.WaitGroup

	// Owned by the goroutine that syncs.
	file    *os.File // nil: to be reopened
	size    int64    // durable bytes of file
	number  int      // of the segment
	at      head     // durable head
	buf     []byte
	entries []waiting

	kept keeper
}

// waiting is an entry that is not durable yet; result is nil when nobody waits.
type waiting struct {
	line   line
	result chan error // capacity 1
}

// Open continues the chain in cfg.Dir, or begins one, in a new segment. What a
// killed process left of its last line stays where it is and is named in the new
// segment. It fails with code audit_folder.
//
// Where the chain ends before the head that was kept in deps.Heads, it goes on with
// an entry that says so.
func Open(ctx context.Context, cfg Config, deps Deps) (*Log, error) {
	if cfg.Name == "" {
		cfg.Name = "main"
	}
	if cfg.Every <= 0 {
		cfg.Every = defaultEvery
	}
	cfg.Every = min(cfg.Every, maxEvery)
	if cfg.SegmentBytes <= 0 {
		cfg.SegmentBytes = defaultSegmentBytes
	}
	if len(deps.Key) < 16 {
		return nil, errs.New("hash_key_size", "the audit key must have at least 16 bytes")
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, folderError(err)
	}
	l := &Log{cfg: cfg, deps: deps, wake: make(chan struct{}, 1), stop: make(chan struct{})}
	l.kept.init(deps.Heads, cfg.Name)
	if err := l.begin(); err != nil {
		return nil, err
	}
	if err := l.compare(ctx); err != nil {
		l.abandon()
		return nil, err
	}
	l.kept.set(keptHead{segment: l.number, head: l.at})
	l.done.Go(l.run)
	l.done.Go(func() { l.kept.run(l.stop, deps.Log) })
	return l, nil
}

// compare writes an entry that stays when the chain found at the start does not hold
// the head that was kept: from then on, Verify says that entries were removed.
func (l *Log) compare(ctx context.Context) error {
	kept, err := l.kept.load(ctx)
	if err != nil || kept.head.n == 0 {
		return err
	}
	names, err := segments(l.cfg.Dir)
	if err != nil {
		return err
	}
	found := false
	for i := len(names) - 1; i >= 0 && !found; i-- { // it lies near the end
		_, err := readFile(filepath.Join(l.cfg.Dir, names[i]), func(_ int, e *line) {
			found = found || e.N == kept.head.n && e.Hash == kept.head.hash
		})
		if err != nil {
			return err
		}
	}
	if found {
		return nil
	}
	l.deps.Log.Error("the audit chain no longer holds the entry it had reached: entries were removed or changed", "reached", kept.head.n)
	return l.write([]waiting{{line: line{Principal: "kith", Action: actionCut, Outcome: "cut", Time: l.now(),
		What: fmt.Sprintf("the chain had reached entry %d, hash %s", kept.head.n, kept.head.hash)}}})
}

// Hash is the keyed hash of texts under which an entry may name what was asked.
func (l *Log) Hash(parts ...string) string { return hashText(l.deps.Key, parts...) }

// Query is the form in which an entry may name an SQL query: the kind of statement
// and the keyed hash of its text.
func (l *Log) Query(sql string) string { return Statement(sql) + " " + l.Hash(sql) }

// Record adds an entry. Where durable is set it returns once the entry is synced to
// disk; else the entry is synced within a second. While syncs fail, every entry
// waits for its own. It fails with codes audit_unavailable (do not show what was
// read), audit_entry and audit_closed, or with ctx's error, and then the entry may
// or may not be in the chain.
func (l *Log) Record(ctx context.Context, e Entry, durable bool) error {
	if err := e.check(); err != nil {
		return err
	}
	w := waiting{line: line{Principal: e.Principal, Action: e.Action, What: e.What, Outcome: e.Outcome}}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return errs.New(CodeClosed, "the audit chain is closed")
	}
	if durable || l.failing {
		w.result = make(chan error, 1)
	}
	w.line.Time = l.now()
	l.waiting = append(l.waiting, w)
	many := len(l.waiting) == early
	l.mu.Unlock()
	if w.result == nil {
		if many {
			l.nudge()
		}
		return nil
	}
	l.nudge()
	select {
	case err := <-w.result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *Log) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *Log) now() string {
	return l.deps.Clock.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
}

// Verify is the room's Verify on this chain, which also demands that the chain
// reaches at least the head that was last kept in Deps.Heads.
func (l *Log) Verify(ctx context.Context) (Report, error) {
	kept, err := l.kept.load(ctx)
	if err != nil {
		return Report{}, err
	}
	return verify(l.cfg.Dir, kept.head)
}

// Close makes everything recorded durable and closes the chain. Closing again does
// nothing.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.mu.Unlock()
	close(l.stop)
	l.done.Wait()
	err := l.sync()
	l.kept.save(context.Background(), l.deps.Log)
	if l.file != nil {
		_ = l.file.Close() // it is synced, and nothing was written since
		l.file = nil
	}
	return err
}

func (l *Log) run() {
	tick := time.NewTicker(l.cfg.Every)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-l.stop:
			return
		case <-l.wake:
		case <-tick.C:
		}
		err := l.sync()
		if err != nil && !failing { // once, not at every try
			l.deps.Log.Error("the audit chain cannot be written; personal data is not shown until it can", "error", err)
		}
		failing = err != nil
	}
}

// sync makes all that waits durable in one group. On a fault, the entries that
// somebody waits for are refused and left out; the others stay for the next try.
func (l *Log) sync() error {
	l.mu.Lock()
	l.entries, l.waiting = l.waiting, l.entries[:0]
	l.mu.Unlock()
	if len(l.entries) == 0 {
		return nil // also while failing: the next entry tries again
	}
	err := l.write(l.entries)
	if err != nil {
		err = errs.Wrap(CodeUnavailable, "writing the audit chain", err).Fix("free space on the disk that holds the audit folder, and make it writable")
	}
	rest := l.entries[:0]
	for _, w := range l.entries {
		if w.result != nil {
			w.result <- err
		} else if err != nil {
			rest = append(rest, w)
		}
	}
	l.mu.Lock()
	l.failing = err != nil
	if len(rest) > 0 {
		l.waiting = append(append([]waiting(nil), rest...), l.waiting...)
	}
	l.mu.Unlock()
	l.entries = l.entries[:0]
	if err == nil {
		l.kept.set(keptHead{segment: l.number, head: l.at})
	}
	return err
}

// write appends entries to the segment and syncs it. After a fault the file ends
// where it durably ended before, or is left behind for a new segment.
func (l *Log) write(entries []waiting) error {
	if l.file == nil || l.size >= l.cfg.SegmentBytes {
		if err := l.begin(); err != nil {
			return err
		}
	}
	at := l.at
	l.buf = l.buf[:0]
	for i := range entries {
		l.buf, at = appendLine(l.buf, &entries[i].line, at)
	}
	_, err := l.file.Write(l.buf)
	if err != nil {
		if l.file.Truncate(l.size) != nil {
			l.abandon()
		}
		return err
	}
	if err := l.file.Sync(); err != nil {
		// After a failed sync nobody knows what the file holds: cut it to what was
		// synced before and never write to it again.
		_ = l.file.Truncate(l.size)
		l.abandon()
		return err
	}
	l.at, l.size = at, l.size+int64(len(l.buf))
	return nil
}

func (l *Log) abandon() {
	_ = l.file.Close() // what matters of it is synced, the rest is given up
	l.file = nil
}

// begin opens the next segment and makes its first entry durable.
func (l *Log) begin() error {
	if l.file != nil {
		l.abandon()
	}
	names, err := segments(l.cfg.Dir)
	if err != nil {
		return err
	}
	first := line{Principal: "kith", Action: actionStart, Outcome: "ok", Time: l.now(), Chain: l.cfg.Name, Segment: 1}
	at := head{hash: originHash}
	for i := len(names) - 1; i >= 0; i-- {
		s, err := readFile(filepath.Join(l.cfg.Dir, names[i]), func(int, *line) {})
		if err != nil {
			return err
		}
		if first.Segment == 1 && s.good+s.tail.bytes > 0 { // a last file that is empty is used again
			first.Segment = segmentNumber(names[i]) + 1
			if s.tail.bytes > 0 {
				first.TornBytes, first.TornHash, first.Outcome = s.tail.bytes, s.tail.hash, "torn"
				l.deps.Log.Warn("the last audit segment ends in an incomplete line; the chain goes on from the entry before it",
					"segment", names[i], "entry", s.last.n, "bytes", s.tail.bytes, "damage", s.tail.damage)
			}
		}
		if s.good > 0 {
			at = s.last
			break
		}
	}
	buf, at := appendLine(nil, &first, at)
	path := filepath.Join(l.cfg.Dir, segmentName(first.Segment))
	f, err := create(path, buf, l.cfg.Dir)
	if err != nil {
		return folderError(err)
	}
	l.file, l.size, l.number, l.at = f, int64(len(buf)), first.Segment, at
	return nil
}

// create makes a segment with its first entry, durable together with its name, or
// leaves no file.
func create(path string, content []byte, dir string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err == nil && end != 0 {
		err = errs.New(CodeFolder, "another process writes to this audit chain").Fix("give each process a data folder of its own")
		_ = f.Close() // nothing was written
		return nil, err
	}
	if err == nil {
		_, err = f.Write(content)
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		_ = f.Close() // the fault that matters is err
		_ = os.Remove(path)
		return nil, err
	}
	return f, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }() // Sync tells what matters
	return d.Sync()
}
