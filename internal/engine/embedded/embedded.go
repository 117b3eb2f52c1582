// Package embedded is the engine of one machine: both ports of package engine on
// two Pebble databases in one folder. Dir/log holds the ingest log; Dir/state holds
// the state, the emitted topics and the readers' offsets. They are two because a
// shared one more than doubled the time that an Append takes under load.
//
// The room may touch its folder and nothing else: no clock but to space out its
// readings of the free space, no look into what it carries.
//
// Writes of each database go through one goroutine and are synced in order (I1).
// Readers of topics, Views and WaitOffset see only what is synced; a transaction
// sees what is applied. See failure for what happens when a sync fails.
package embedded

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
)

// Codes of the faults that opening a folder can meet.
const (
	CodeInUse    errs.Code = "data_in_use"         // another process holds the folder
	CodeReadOnly errs.Code = "data_read_only"      // the folder cannot be written
	CodeFormat   errs.Code = "data_format"         // made by a newer Kith
	CodeChanged  errs.Code = "data_partitions"     // partition counts are fixed when the folder is made
	CodeMismatch errs.Code = "data_mismatch"       // log/ and state/ are not of one folder
	CodeBadSize  errs.Code = "bad_engine_settings" // a partition count or size that cannot be
)

// formatVersion is that of all keys and blocks of this room (I8).
const formatVersion = 1

// Waiting for a folder in use: a killed process may take a moment to end.
const (
	lockPatience = 5 * time.Second
	lockEvery    = 50 * time.Millisecond
)

// Deps is what the engine needs from its surroundings. The zero value serves.
type Deps struct {
	FS     vfs.FS       // nil: the machine's
	Logger *slog.Logger // nil: none
	// FreeBytes reads the free space of dir's disk; nil asks the file system. It is
	// called every 100 ms at most, and before a write is refused.
	FreeBytes func(dir string) (uint64, error)
	// Strict refuses writes to keys that the transaction has not locked. It costs a
	// little; suites turn it on.
	Strict bool
	// Conflict, when set, is asked after each run of an Update's fn; true throws the
	// run away and runs fn again, as a conflict on a shared backend would. For tests.
	Conflict func() bool
}

// Open opens the folder cfg.Dir, or makes it. It waits up to five seconds for
// another process to let go of it. The engine's Close waits for all operations
// under way, so it must not be called from within one.
func Open(ctx context.Context, cfg engine.EmbeddedConfig, deps Deps) (*engine.Engine, error) {
	cfg, err := complete(cfg)
	if err != nil {
		return nil, err
	}
	if deps.FS == nil {
		deps.FS = vfs.Default
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	if deps.FreeBytes == nil {
		deps.FreeBytes = freeBytes(deps.FS)
	}
	lock, err := lockFolder(ctx, deps.FS, cfg.Dir)
	if err != nil {
		return nil, err
	}
	fail := newFailure(deps.Logger)
	e := &embedded{gate: &gate{fail: fail, closing: make(chan struct{})}, lock: lock, closeDone: make(chan struct{})}
	opened := make(chan error, 1)
	go func() { opened <- e.open(cfg, deps) }() // a fatal fault parks it
	select {
	case err = <-opened:
	case <-fail.ch:
		return nil, fail.err
	}
	if err != nil {
		return nil, errors.Join(err, e.closeDatabases(), lock.Close())
	}
	return &engine.Engine{Log: e.log, State: e.state, Close: e.close, Failed: fail.ch, Ready: func() error { return nil }, Traffic: func() engine.Traffic { return engine.Traffic{} },
		Carrier: carrier{e.state}}, nil
}

func complete(cfg engine.EmbeddedConfig) (engine.EmbeddedConfig, error) {
	set64 := func(v *int64) {
		if *v == 0 {
			*v = 256 << 20
		}
	}
	set64(&cfg.CacheBytes)
	set64(&cfg.ReserveBytes)
	const most = 1024
	if cfg.Dir == "" || cfg.Partitions < 0 || cfg.Partitions > most || cfg.TopicPartitions < 0 ||
		cfg.TopicPartitions > most || cfg.CacheBytes < 0 || cfg.ReserveBytes < 0 {
		return cfg, errs.New(CodeBadSize, "the embedded engine's settings cannot be").
			At("engine.embedded").Fix("give a folder, partition counts of 1 to 1024 and sizes that are not negative")
	}
	return cfg, nil
}

// embedded is an open engine.
type embedded struct {
	*gate
	log       *ingestLog
	state     *state
	dbs       []*pebble.DB
	caches    []*pebble.Cache
	lock      *pebble.Lock
	closeErr  error
	closeDone chan struct{}
}

// open opens both databases. The caller closes them when it fails.
func (e *embedded) open(cfg engine.EmbeddedConfig, deps Deps) error {
	cache := pebble.NewCache(cfg.CacheBytes/2 + memtableRoom)
	e.caches = append(e.caches, cache)
	logger := pebbleLogger{fail: e.fail, log: deps.Logger}
	open := func(name string, opts *pebble.Options) (*pebble.DB, error) {
		db, err := pebble.Open(deps.FS.PathJoin(cfg.Dir, name), opts)
		if err != nil {
			return nil, errOpen(err)
		}
		e.dbs = append(e.dbs, db)
		return db, nil
	}
	logDB, err := open("log", logOptions(deps.FS, cache, logger))
	if err != nil {
		return err
	}
	stateDB, err := open("state", stateOptions(deps.FS, cache, logger))
	if err != nil {
		return err
	}
	id, err := checkMeta(logDB, stateDB, &cfg)
	if err != nil {
		return err
	}
	return e.assemble(cfg, deps, id, logDB, stateDB)
}

func (e *embedded) assemble(cfg engine.EmbeddedConfig, deps Deps, id string, logDB, stateDB *pebble.DB) error {
	var parts []*stream
	for p := range 1 + cfg.Partitions {
		s, err := openStream(logDB, engine.TopicIngest, p)
		if err != nil {
			return err
		}
		parts = append(parts, s)
	}
	offsets, err := loadOffsets(stateDB)
	if err != nil {
		return err
	}
	space := &reserve{dir: cfg.Dir, keep: uint64(cfg.ReserveBytes), free: deps.FreeBytes, now: time.Now}
	topics := &topics{db: stateDB, partitions: cfg.TopicPartitions, byName: make(map[string][]*stream)}
	e.state = &state{
		gate: e.gate, db: stateDB, cache: newRowCache(cfg.CacheBytes / 2), topics: topics, offsets: offsets,
		space: space, pipe: newPipeline(stateDB, e.fail), views: newViews(stateDB.NewSnapshot()),
		strict: deps.Strict, conflict: deps.Conflict,
	}
	e.log = &ingestLog{
		gate: e.gate, id: id, db: logDB, parts: parts, topics: topics, space: space,
		pipe: newPipeline(logDB, e.fail), trimmed: e.state.trimTopic,
	}
	e.state.start()
	e.log.start()
	return nil
}

// close implements Engine.Close: idempotent, and it waits for all goroutines. A
// failed engine lets go of nothing; see failure.
func (e *embedded) close() error {
	if !e.shut() {
		<-e.closeDone
		return e.closeErr
	}
	defer close(e.closeDone)
	if e.closeErr = e.fail.get(); e.closeErr != nil {
		return e.closeErr
	}
	e.log.halt()
	e.state.halt()
	if e.closeErr = e.fail.get(); e.closeErr != nil {
		return e.closeErr
	}
	e.closeErr = errors.Join(e.closeDatabases(), e.lock.Close())
	return e.closeErr
}

func (e *embedded) closeDatabases() error {
	var all []error
	for _, db := range e.dbs {
		all = append(all, db.Close())
	}
	for _, c := range e.caches {
		c.Unref()
	}
	e.dbs, e.caches = nil, nil
	return errors.Join(all...)
}

// lockFolder makes dir and locks it for this process.
func lockFolder(ctx context.Context, fsys vfs.FS, dir string) (*pebble.Lock, error) {
	if err := makeFolder(fsys, dir); err != nil {
		return nil, errOpen(err)
	}
	patience := time.NewTimer(lockPatience)
	defer patience.Stop()
	for {
		lock, err := pebble.LockDirectory(dir, fsys)
		if err == nil {
			return lock, nil
		}
		// A bare EACCES or EAGAIN is the lock's own answer; making the file fails with a path.
		if path := (*fs.PathError)(nil); errors.As(err, &path) || errors.Is(err, syscall.EROFS) {
			return nil, errOpen(err)
		}
		inUse := errs.Wrap(CodeInUse, "locking the data folder", err).
			Fix("another Kith uses this folder: stop it, or give this one a folder of its own")
		again := time.NewTimer(lockEvery)
		select {
		case <-again.C:
			continue
		case <-ctx.Done():
		case <-patience.C:
		}
		again.Stop()
		return nil, inUse
	}
}

// makeFolder makes dir and what lies above it, and syncs each parent that it had to
// add to: a folder whose entry is lost takes all that was acknowledged with it (I1).
func makeFolder(fsys vfs.FS, dir string) error {
	var parents []string
	for at := dir; ; {
		_, err := fsys.Stat(at)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		up := fsys.PathDir(at)
		parents = append(parents, up)
		if up == at {
			break
		}
		at = up
	}
	if err := fsys.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for _, parent := range parents {
		f, err := fsys.OpenDir(parent)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// errOpen is the fault of a folder that cannot be opened.
func errOpen(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return errs.Wrap(CodeReadOnly, "opening the data folder", err).
			Fix("give the user that runs Kith the right to write there, or set another folder in data")
	}
	return errs.Wrap(CodeUnreadable, "opening the data folder", err).
		Fix("see that the disk is sound and that this Kith is not older than the one that made the folder; else restore a backup")
}

// meta is what a database says of itself.
type meta struct {
	log        string // the log's id
	partitions int32  // of the log, without control; 0 in the state's
	topics     int32  // partitions of each emitted topic; 0 in the log's
}

// defaultPartitions is how many a new folder has of each.
const defaultPartitions = 4

// checkMeta reads what both databases say of themselves, or writes it to new ones,
// and completes cfg by it.
func checkMeta(logDB, stateDB *pebble.DB, cfg *engine.EmbeddedConfig) (id string, err error) {
	inLog, hasLog, err := readMeta(logDB)
	if err != nil {
		return "", err
	}
	inState, hasState, err := readMeta(stateDB)
	if err != nil {
		return "", err
	}
	if hasState && (!hasLog || inState.log != inLog.log) {
		return "", errs.New(CodeMismatch, "log/ and state/ in the data folder do not belong together").
			Fix("restore both from one backup")
	}
	if !hasLog {
		var raw [16]byte
		_, _ = rand.Read(raw[:]) // never fails
		inLog = meta{log: hex.EncodeToString(raw[:]), partitions: cmp.Or(cfg.Partitions, defaultPartitions)}
		if err := writeMeta(logDB, inLog); err != nil {
			return "", err
		}
	}
	if !hasState { // also where the making of the folder was cut short
		inState = meta{log: inLog.log, topics: cmp.Or(cfg.TopicPartitions, defaultPartitions)}
		if err := writeMeta(stateDB, inState); err != nil {
			return "", err
		}
	}
	cfg.Partitions, cfg.TopicPartitions = cmp.Or(cfg.Partitions, inLog.partitions), cmp.Or(cfg.TopicPartitions, inState.topics)
	if inLog.partitions != cfg.Partitions || inState.topics != cfg.TopicPartitions {
		return "", errs.New(CodeChanged, "the data folder was made with other partition counts").At("engine.embedded").
			Fix("leave partitions and topic_partitions out, which takes what the folder was made with, or migrate into a new folder")
	}
	return inLog.log, nil
}

func readMeta(db *pebble.DB) (m meta, ok bool, err error) {
	raw, closer, err := db.Get([]byte{keyMeta})
	if errors.Is(err, pebble.ErrNotFound) {
		return m, false, nil
	}
	if err != nil {
		return m, false, errRead(err)
	}
	defer func() { _ = closer.Close() }() // it only gives a buffer back
	m, err = parseMeta(raw)
	return m, true, err
}

func parseMeta(raw []byte) (m meta, err error) {
	d := wire.NewDecoder(raw)
	if v := d.Byte(); d.Err() == nil && v != formatVersion {
		return m, errs.New(CodeFormat, "the data folder was made by another version of Kith").
			Fix("run the Kith that made it, or a newer one")
	}
	m.log = string(d.Bytes())
	partitions, topics := d.Uint(), d.Uint()
	if partitions > 1<<20 || topics > 1<<20 {
		d.Fail()
	}
	m.partitions, m.topics = int32(partitions), int32(topics)
	if err := d.Finish(); err != nil {
		return meta{}, errCorrupt(err)
	}
	return m, nil
}

func writeMeta(db *pebble.DB, m meta) error {
	e := wire.Encoder{B: []byte{formatVersion}}
	e.String(m.log)
	e.Uint(uint64(m.partitions))
	e.Uint(uint64(m.topics))
	if err := db.Set([]byte{keyMeta}, e.B, pebble.Sync); err != nil {
		return errs.Wrap(engine.CodeFailed, "making the data folder", err).Fix("see that the disk is sound and has room")
	}
	return nil
}
