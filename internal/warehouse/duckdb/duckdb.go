// Package duckdb is the warehouse on DuckDB, inside the process: one file, no
// service. It is the only room that links DuckDB, and with it C.
//
// One connection loads, through DuckDB's C interface; every query has a connection
// and a read-only transaction of its own. Tables have no indexes: a step looks its
// rows up with one hash join each and changes them by row id.
package duckdb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/warehouse"
)

// Deps is what a DB needs from outside.
type Deps struct {
	Logger *slog.Logger
	// Fault, where a test sets it, is asked at named places of a load; an error
	// fails the load there.
	Fault func(place string) error
}

// DB is a DuckDB warehouse.
type DB struct {
	cfg  warehouse.Config
	deps Deps

	loading sync.Mutex // one load at a time; guards what the loader holds
	raw     *raw
	c       *catalog
	ledger  *ledger
	at      warehouse.Positions
	broken  bool // reopen before the next load

	open   sync.RWMutex // held for writing while the database is closed or reopened
	sql    *sql.DB
	denied map[string]bool // table functions that no query may call
	closed bool

	slots   chan struct{} // one element for each query under way; its capacity bounds them
	ceiling int64         // what this database adds to DuckDB's ceiling
}

var _ warehouse.Warehouse = (*DB)(nil)

// Open opens or makes the database file at cfg.Path. It fails with code
// warehouse_open, or warehouse_format for a file of a later version.
func Open(cfg warehouse.Config, deps Deps) (*DB, error) {
	cfg.Memory = cmp.Or(cfg.Memory, "512MB")
	cfg.QueryTime = cmp.Or(cfg.QueryTime, 30*time.Second)
	cfg.QueryRows = cmp.Or(cfg.QueryRows, 10_000)
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	if deps.Fault == nil {
		deps.Fault = func(string) error { return nil }
	}
	if cfg.Path == "" {
		return nil, errs.New(warehouse.CodeOpen, "the warehouse has no path").At("warehouse.path")
	}
	path, err := filepath.Abs(cfg.Path)
	if err != nil {
		return nil, errs.Wrap(warehouse.CodeOpen, "finding the warehouse", err).At(cfg.Path)
	}
	if strings.ContainsAny(path, "?#%") { // the driver reads paths as addresses
		return nil, errs.New(warehouse.CodeOpen, "the warehouse's path holds one of ? # %").At("warehouse.path").Fix("choose a folder without them")
	}
	cfg.Path = path
	d := &DB{cfg: cfg, deps: deps, slots: make(chan struct{}, querySlots)}
	if err := d.start(); err != nil {
		return nil, err
	}
	return d, nil
}

// settings are given at opening and locked at once: no query can change them.
func (d *DB) settings() []setting {
	return []setting{
		{"duckdb_api", "go"},
		{"threads", "2"},
		{"memory_limit", d.cfg.Memory},
		{"max_temp_directory_size", "8GB"},
		{"enable_external_access", "false"},
		{"autoinstall_known_extensions", "false"},
		{"autoload_known_extensions", "false"},
		{"allow_community_extensions", "false"},
		{"allow_unsigned_extensions", "false"},
		{"checkpoint_threshold", "256MB"},
		// A column that is being written holds a block or two in memory: with the
		// usual 256 KiB, a table of 600 columns would need 300 MB.
		{"default_block_size", "16384"},
	}
}

// start opens the file and reads what it holds; the caller holds what guards d.
func (d *DB) start() error {
	if err := os.MkdirAll(filepath.Dir(d.cfg.Path), 0o700); err != nil {
		return errs.Wrap(warehouse.CodeOpen, "making the warehouse's folder", err).At(filepath.Dir(d.cfg.Path))
	}
	settings := d.settings()
	r, err := openRaw(d.cfg.Path, settings)
	if err != nil {
		return err
	}
	options := url.Values{}
	for _, s := range settings {
		options.Set(s.name, s.value)
	}
	connector, err := duckdb.NewConnector(d.cfg.Path+"?"+options.Encode(), nil)
	if err != nil {
		r.close()
		return errs.Wrap(warehouse.CodeOpen, "opening the warehouse for queries", errors.New(mask(err.Error()))).At(d.cfg.Path)
	}
	d.raw, d.sql = r, sql.OpenDB(connector)
	d.sql.SetMaxIdleConns(0) // what a query leaves in its session ends with it
	if err := d.prepare(); err != nil {
		d.stop()
		return err
	}
	d.broken = false
	return nil
}

func (d *DB) stop() {
	if d.sql != nil {
		_ = d.sql.Close() // its faults say nothing that the next opening does not
		d.sql = nil
	}
	if d.raw != nil {
		d.raw.close()
		d.raw = nil
	}
	raiseCeiling(-d.ceiling)
	d.ceiling = 0
}

// bound sets how much DuckDB may take besides what it counts itself: as much again.
func (d *DB) bound() error {
	err := d.raw.each("SELECT current_setting('memory_limit')", func(_ int, c []column) { d.ceiling = 2 * readSize(c[0].string(0)) })
	raiseCeiling(d.ceiling)
	return err
}

// prepare locks the settings, makes the tables where there are none and reads the
// catalogue.
func (d *DB) prepare() error {
	if err := d.raw.exec("SET lock_configuration = true"); err != nil {
		return errs.Wrap(warehouse.CodeOpen, "locking the warehouse's settings", err).At(d.cfg.Path)
	}
	if err := d.bound(); err != nil {
		return errs.Wrap(warehouse.CodeOpen, "reading the warehouse's memory limit", err).At(d.cfg.Path)
	}
	if err := d.raw.exec(stages); err != nil {
		return errs.Wrap(warehouse.CodeOpen, "making the staging tables", err).At(d.cfg.Path)
	}
	if err := d.create(); err != nil {
		return err
	}
	if err := d.denyFunctions(); err != nil {
		return errs.Wrap(warehouse.CodeOpen, "reading DuckDB's functions", err).At(d.cfg.Path)
	}
	if err := d.reload(); err != nil {
		return errs.Wrap(warehouse.CodeOpen, "reading the warehouse's catalogue", err).At(d.cfg.Path)
	}
	return nil
}

// ready makes sure that the database is open; the caller holds loading.
func (d *DB) ready() error {
	if !d.broken && d.raw != nil { // no need to wait for queries
		return nil
	}
	d.open.Lock()
	defer d.open.Unlock()
	if d.closed {
		return errs.New(warehouse.CodeClosed, "the warehouse is closed")
	}
	d.stop()
	return d.start()
}

// Close closes the file. Queries that run are waited for, at most 10 seconds: a
// function of DuckDB that is busy with one value cannot be stopped, and then the
// file is left as after a crash, which the next opening mends.
func (d *DB) Close() error {
	d.loading.Lock()
	defer d.loading.Unlock()
	free, ok := d.settle()
	if !ok {
		d.deps.Logger.Warn("the warehouse is left open: a query does not end; the next opening replays its log")
		return nil
	}
	defer free()
	d.open.Lock()
	defer d.open.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	if d.raw != nil && !d.broken {
		if e := d.raw.exec("CHECKPOINT"); e != nil {
			d.deps.Logger.Warn("the warehouse was closed without a checkpoint; the next opening replays its log", "error", e)
		}
	}
	d.stop()
	return nil
}

// Positions gives what is loaded.
func (d *DB) Positions(ctx context.Context) (warehouse.Positions, error) {
	d.loading.Lock()
	defer d.loading.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := d.ready(); err != nil {
		return nil, err
	}
	return d.at.Clone(), nil
}
