package cluster

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
)

//go:embed schema/*.sql
var schema embed.FS

// idleInTransaction is how long the database keeps the locks of a process that was
// cut off, or stopped, in the middle of a transaction: as milliseconds.
func idleInTransaction(lease time.Duration) string {
	return strconv.FormatInt((lease * 3 / 2).Milliseconds(), 10)
}

func (c *cluster) openState(ctx context.Context) error {
	cfg, err := pgxpool.ParseConfig(c.cfg.Postgres.DSN)
	if err != nil {
		// The parser's own words may show the password.
		return errs.New(CodeOpen, "the DSN cannot be read").At("engine.cluster.postgres.dsn").
			Fix("give a URL such as postgres://user@host:5432/database?sslmode=verify-full, or key=value pairs")
	}
	name := c.cfg.Postgres.Schema
	cfg.MaxConns = c.cfg.Postgres.MaxConns
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.HealthCheckPeriod = 15 * time.Second
	cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	cfg.ConnConfig.RuntimeParams["search_path"] = pgx.Identifier{name}.Sanitize()
	cfg.ConnConfig.RuntimeParams["application_name"] = "kith"
	cfg.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = idleInTransaction(c.cfg.LeaseTime)
	cfg.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := c.connect(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return counted{conn, &c.count.state}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	if c.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return errs.New(CodeOpen, "the settings of the database cannot be").At("engine.cluster.postgres").Fix("check the DSN")
	}
	// Asked first: to make it needs a right that a user whose schema was made for it lacks.
	var there bool
	if err := c.pool.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)", name).Scan(&there); err != nil {
		return c.cannotOpen(err)
	}
	if !there {
		if _, err := c.pool.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{name}.Sanitize()); err != nil && !repeated(err) {
			return c.cannotOpen(err)
		}
	}
	return c.migrate(ctx)
}

// repeated reports whether another process made the same thing at the same moment.
func repeated(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == "23505" || e.Code == "42P06" || e.Code == "42P07")
}

func (c *cluster) cannotOpen(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return errs.New(CodeOpen, "the database refuses: "+e.Code+" "+e.Message).At("engine.cluster.postgres").
			Fix("give Kith's user the right to connect, and to make its schema and tables in it")
	}
	return errs.Wrap(engine.CodeUnavailable, "reaching the database", root(err)).At("engine.cluster.postgres.dsn").
		Fix("see that it runs and can be reached from here, with this user and password")
}

// root is the last cause of a fault to connect: what is around it names the DSN's parts.
func root(err error) error {
	for {
		switch u := err.(type) {
		case interface{ Unwrap() error }:
			if u.Unwrap() == nil {
				return err
			}
			err = u.Unwrap()
		case interface{ Unwrap() []error }:
			list := u.Unwrap()
			if len(list) == 0 {
				return err
			}
			err = list[len(list)-1]
		default:
			return err
		}
	}
}

// migrate brings the schema up to this version's. Migrations only add, so that
// processes of the version before go on beside it.
func (c *cluster) migrate(ctx context.Context) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	db := stdlib.OpenDBFromPool(c.pool)
	defer db.Close() //nolint:errcheck // the pool stays
	locker, err := lock.NewPostgresTableLocker(lock.WithTableName("migration_lock"),
		lock.WithTableLockTimeout(250*time.Millisecond, 240), lock.WithTableLogger(slog.New(slog.DiscardHandler)),
		lock.WithTableRetryPolicy(func(err error) bool {
			_, answered := errors.AsType[*pgconn.PgError](err)
			return !answered || conflicting(err) || repeated(err) // held, by another that migrates
		}))
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithTableName("migration"),
		goose.WithLocker(locker), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	newest := sources[len(sources)-1].Version
	var at int64
	err = c.pool.QueryRow(ctx, "SELECT COALESCE(max(version_id), 0) FROM migration WHERE is_applied").Scan(&at)
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == "42P01" { // no such table: a new schema
		at, err = 0, nil
	}
	switch {
	case err != nil:
		return c.cannotOpen(err)
	case at > newest:
		return errs.New(CodeOpen, "the database's schema is of a later version of Kith").At("engine.cluster.postgres").Fix("run that version, or a later one")
	case at == newest:
		return nil
	}
	for tries := 0; ; tries++ {
		_, err = provider.Up(ctx)
		if err == nil || tries == 20 || !repeated(err) && !conflicting(err) && !strings.Contains(err.Error(), "already exists") {
			break
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	if err != nil {
		return c.cannotOpen(err)
	}
	return nil
}

// conflicting reports whether a transaction met another and is to be run again.
func conflicting(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	switch e.Code {
	case "40001", "40P01", // serialization, deadlock
		"55P03", // a lock was not to be had in time: perhaps a deadlock that nobody finds
		"23505": // a key that was absent is there now
		return true
	}
	return false
}

// lostConnection reports whether the server, and not the statement, is to blame.
func lostConnection(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return !errors.Is(err, pgx.ErrNoRows)
	}
	switch e.Code[:2] {
	case "08", // connection
		"53", // out of connections, memory or disk
		"57", // shut down, starting up, cancelled
		"25": // ended while idle in a transaction, or read-only after a failover
		return true
	}
	return false
}

// query does one statement outside of transactions, with a bound on its time.
func (c *cluster) query(ctx context.Context, do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c.count.trips.Add(1)
	err := do(ctx)
	if err != nil && lostConnection(err) {
		return unavailable("asking the database", bare(err))
	}
	return err
}

// bare keeps of a database's fault what holds no data.
func bare(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return errors.New("SQLSTATE " + e.Code)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return errors.New("it cannot be connected to")
	}
	return err
}

// meta reads one of the state's own notes, "" when it is not there.
func (c *cluster) meta(ctx context.Context, name string) (value string, err error) {
	err = c.query(ctx, func(ctx context.Context) error {
		return c.pool.QueryRow(ctx, "SELECT value FROM meta WHERE name = $1", name).Scan(&value)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return value, err
}

// metaOnce notes value where nothing is noted yet, and gives what is.
func (c *cluster) metaOnce(ctx context.Context, name, value string) (string, error) {
	err := c.query(ctx, func(ctx context.Context) error {
		_, err := c.pool.Exec(ctx, "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, value)
		return err
	})
	if err != nil {
		return "", err
	}
	return c.meta(ctx, name)
}
