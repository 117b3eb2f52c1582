// Package app is the composition root: the only place that knows which backend is
// used, and where every room's small interfaces are filled. It opens a project,
// runs it, and mounts all handlers on one mux.
package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/destination/webhook"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/govern/access"
	"github.com/kithdata/kith/internal/govern/audit"
	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/quality"
	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/source/file"
	"github.com/kithdata/kith/internal/source/tracking"
	hook "github.com/kithdata/kith/internal/source/webhook"
	"github.com/kithdata/kith/internal/warehouse"
	"github.com/kithdata/kith/internal/warehouse/duckdb"
)

// Options is how a project is opened.
type Options struct {
	Version string
	Logger  *slog.Logger
	Clock   clock.Clock // nil: the machine's
	// ApplyRules puts the file's rules into force where they differ from those of
	// the state. Without it, Open fails with code rules_changed, unless Offline.
	ApplyRules bool
	// Offline opens the project to read and administer it while no server runs: no
	// source, loader, destination or road is started.
	Offline bool
	// Load reads the project's file again, for plans; nil: the tree given to Open.
	Load func() (*config.Tree, error)
}

// App is an open project.
type App struct {
	tree    *config.Tree
	opts    Options
	clock   clock.Clock
	log     *slog.Logger
	started time.Time

	engine  *engine.Engine
	hasher  *record.Hasher
	key     []byte // the hasher's
	held    held
	peers   peers
	rules   rulesInForce
	refine  refineStages
	door    *pipeline.Door
	keeper  *pipeline.Keeper
	stages  stageCache
	lag     atomic.Uint64
	keys    *access.Keys
	audit   *audit.Log
	db      *duckdb.DB
	loader  *warehouse.Loader
	hooks   []*webhook.Destination
	files   []*file.Source
	track   *tracking.Handler
	hookIn  *hook.Handler
	counts  *sourceCounts
	server  *api.Server
	metrics *prometheus.Registry

	listening chan struct{} // closed once the server answers
	filesDone chan struct{} // closed once every file source has read all there was at the start
	closers   []func() error
	closeOnce sync.Once
}

// refineStages is the stages that judge and change records before they act.
type refineStages struct {
	contract *contract.Stage
	cleanse  *cleanse.Stage
	quality  *quality.Stage
}

// Open opens the project of tree: its engine, its stages under the rules in force,
// its warehouse and its doors. Nothing moves until Run.
func Open(ctx context.Context, tree *config.Tree, opts Options) (*App, error) {
	a := &App{tree: tree, opts: opts, clock: opts.Clock, log: opts.Logger, metrics: prometheus.NewRegistry(), counts: newSourceCounts(), filesDone: make(chan struct{}), listening: make(chan struct{})}
	if a.clock == nil {
		a.clock = clock.System{}
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	a.started = a.clock.Now()
	for _, step := range []func(context.Context) error{
		a.openFolder, a.openEngine, a.checkHasher, a.openRules, a.openRoad, a.openGovern, a.openWarehouse, a.openSources, a.openDestinations, a.openServer,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, nil
}

// Close closes all that Open opened, in reverse. It may be called more than once.
func (a *App) Close() (err error) {
	a.closeOnce.Do(func() {
		for i := len(a.closers) - 1; i >= 0; i-- {
			err = errors.Join(err, a.closers[i]())
		}
	})
	return err
}

func (a *App) openRoad(ctx context.Context) error {
	a.door = pipeline.NewDoor(a.tree.Pipeline, pipeline.DoorDeps{Log: a.engine.Log, Mapper: a.refine.contract, Clock: a.clock, Lag: a.lag.Load})
	keeper, err := pipeline.OpenKeeper(ctx, a.tree.Pipeline, pipeline.KeeperDeps{Engine: a.engine, Hasher: a.hasher,
		Logger: a.log, Mapper: a.refine.contract, Stages: a.chain, OnControl: a.onControl, About: a.about}, 1)
	if err != nil {
		return err
	}
	a.keeper = keeper
	return a.putRulesInForce(ctx)
}

func (a *App) openGovern(ctx context.Context) error {
	a.keys = access.New(pipeline.NewStore(a.engine.State, "govern/access"), a.clock)
	if err := a.localKey(ctx); err != nil {
		return err
	}
	key, err := a.secret("audit.key")
	if err != nil {
		return err
	}
	name, err := a.chainName()
	if err != nil {
		return err
	}
	log, err := audit.Open(ctx, audit.Config{Dir: a.path("audit"), Name: name}, audit.Deps{Clock: a.clock, Key: key,
		Heads: pipeline.NewStore(a.engine.State, "govern/audit"), Log: a.log})
	if err != nil {
		return err
	}
	a.audit = log
	a.closers = append(a.closers, log.Close)
	return nil
}

func (a *App) openWarehouse(context.Context) error {
	db, err := duckdb.Open(a.tree.Warehouse, duckdb.Deps{Logger: a.log})
	if err != nil {
		return err
	}
	a.db = db
	a.closers = append(a.closers, db.Close)
	a.loader = warehouse.NewLoader(db, a.tree.Warehouse, warehouse.LoaderDeps{Cursor: a.cursor, Partitions: a.engine.Log.Partitions, Clock: a.clock, Logger: a.log})
	return nil
}

func (a *App) cursor(topic string, partition int32) record.Cursor {
	return pipeline.NewCursor(a.engine.Log, topic, partition)
}

func (a *App) openSources(context.Context) error {
	if len(a.tree.Tracking) > 0 {
		h, err := tracking.New(a.tree.Tracking, tracking.Deps{Sink: a.door, Clock: a.clock, Logger: a.log, Overloaded: a.door.Overloaded, PixelSecret: a.key, Observe: a.counts.observe})
		if err != nil {
			return err
		}
		a.track = h
	}
	if len(a.tree.Hooks) > 0 {
		h, err := hook.New(a.tree.Hooks, hook.Deps{Sink: a.door, Clock: a.clock, Logger: a.log, Overloaded: a.door.Overloaded, Observe: a.counts.observeHook})
		if err != nil {
			return err
		}
		a.hookIn = h
	}
	for _, cfg := range a.tree.Files {
		name := cfg.Name
		deps := file.Deps{Sink: a.door, Store: pipeline.NewStore(a.engine.State, "source/"+cfg.Name), Clock: a.clock, Logger: a.log,
			Progress: func(p file.Progress) { a.counts.read(name, p) }}
		s, err := file.New(cfg, deps)
		if err != nil {
			return err
		}
		a.files = append(a.files, s)
	}
	return nil
}

func (a *App) openDestinations(context.Context) error {
	for _, cfg := range a.tree.Webhooks {
		d, err := webhook.New(cfg, webhook.Deps{Cursor: a.cursor, Partitions: a.engine.Log.Partitions, Bounds: a.engine.Log.Bounds,
			Store: pipeline.NewStore(a.engine.State, "destination/"+cfg.Name), Clock: a.clock, Logger: a.log, Profile: a.currentProfile, Resync: a.everyProfile})
		if err != nil {
			return err
		}
		a.hooks = append(a.hooks, d)
	}
	return nil
}

func (a *App) openServer(context.Context) (err error) {
	if a.peers, err = newPeers(a); err != nil {
		return err
	}
	s, err := api.NewServer(a.tree.API, api.Deps{
		Profiles: profiles{a}, Stewards: stewards{a}, Quarantine: quarantine{a}, Road: road{a}, Plans: plans{a},
		Warehouse: sqlDoor{a}, Destinations: destinations{a}, Contracts: contracts{a}, Pixels: pixels{a}, Keys: keyring{a}, Audit: auditor{a},
		Peers: a.peers, Ready: a.ready, Registry: a.metrics, Clock: a.clock, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.server = s
	if a.track != nil {
		a.track.Register(s)
	}
	if a.hookIn != nil {
		a.hookIn.Register(s)
	}
	return a.register()
}

// Handler is the whole HTTP surface, for callers in this process.
func (a *App) Handler() http.Handler { return a.server.Handler() }
