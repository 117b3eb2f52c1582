package survive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/embedded"
	"github.com/kithdata/kith/internal/golden"
	"github.com/kithdata/kith/internal/identity"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/quality"
	"github.com/kithdata/kith/internal/record"
)

// patience is how long a road may take to do a handful of records.
const patience = 10 * time.Second

// setClock is a clock that shows what it is set to: every record keeps its received
// time in every variant, whenever it comes.
type setClock struct{ micros atomic.Int64 }

func (c *setClock) Now() time.Time { return time.UnixMicro(c.micros.Load()) }

// road is the whole road in this process, wired as app wires it, on a file system in
// memory that can lose what was not synced.
type road struct {
	v     variant
	fs    *vfs.MemFS
	clock setClock

	engine  *engine.Engine
	hasher  *record.Hasher
	keeper  *pipeline.Keeper
	refine  refiners
	mu      sync.Mutex // over the two below
	known   map[uint32]*rules
	stages  map[[2]uint32]*generation
	stop    func() error
	running bool
	dice    *rand.Rand // of crashes
	places  map[int]pipeline.Place
	failed  context.CancelCauseFunc // told of a road that ended by itself
}

type refiners struct {
	contract *contract.Stage
	cleanse  *cleanse.Stage
	quality  *quality.Stage
}

type generation struct {
	identity *identity.Stage
	golden   *golden.Stage
}

// SwapProfiles and SwapMoves make a generation's stages a pipeline.Swapper.
func (g *generation) SwapProfiles(ctx context.Context, tx engine.Tx, now uint32, ids []record.ProfileID, cause record.Cause) error {
	return g.golden.Swap(ctx, tx, now, ids, cause)
}

func (g *generation) SwapMoves(_ context.Context, tx engine.Tx, was, now uint32, nodes []record.NodeKey, cause record.Cause) error {
	return g.identity.SwapMoves(tx, was, now, nodes, cause.Received)
}

// withinTx lets identity's readers read what a transaction sees.
type withinTx struct{ engine.Tx }

func (l withinTx) Get(keys ...[]byte) ([][]byte, error) { return l.Lock(keys...) }

func (withinTx) Scan(_, _ []byte, _ func(key, value []byte) bool) error {
	return errors.New("a look-up by id scans nothing")
}

func openRoad(ctx context.Context, v variant, failed context.CancelCauseFunc) (*road, error) {
	h, err := record.NewHasher(bytes.Repeat([]byte{9}, 32))
	if err != nil {
		return nil, err
	}
	r := &road{v: v, fs: vfs.NewCrashableMem(), hasher: h, places: map[int]pipeline.Place{}, failed: failed, dice: rand.New(rand.NewPCG(v.Seed, 3))}
	r.clock.micros.Store(moment(0))
	return r, r.open(ctx)
}

// open opens the folder as a new process does: nothing is kept but what lies in it.
func (r *road) open(ctx context.Context) error {
	deps := embedded.Deps{FS: r.fs, FreeBytes: func(string) (uint64, error) { return 1 << 40, nil }}
	if r.v.Conflicts {
		deps.Conflict = conflicts(r.v.Seed)
	}
	e, err := embedded.Open(ctx, engine.EmbeddedConfig{Dir: "data", Partitions: r.v.Partitions, TopicPartitions: r.v.Topics, CacheBytes: 1 << 20, ReserveBytes: 1}, deps)
	if err != nil {
		return err
	}
	e.State = strictState{e.State}
	r.engine = e
	r.refine = refiners{contract.New(contract.Deps{}), cleanse.New(), quality.New()}
	r.known, r.stages = map[uint32]*rules{}, map[[2]uint32]*generation{}
	list, err := pipeline.ReadRules(ctx, e.State)
	if err != nil {
		return err
	}
	for _, p := range list {
		if err := r.install(p); err != nil {
			return err
		}
	}
	r.keeper, err = pipeline.OpenKeeper(ctx, r.config(), pipeline.KeeperDeps{Engine: e, Hasher: r.hasher,
		Logger: slog.New(slog.DiscardHandler), Stages: r.chain, OnControl: r.onControl}, 1)
	if err != nil {
		return err
	}
	if n := len(list); n > 1 && r.keeper.CurrentRules() != list[n-1].Version {
		return r.keeper.Build(ctx, list[n-1].Version) // a crash may have come between the rules and the asking
	}
	return nil
}

// conflicts throws away every fifth run of a transaction, as a shared backend would.
func conflicts(seed uint64) func() bool {
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(seed, 5))
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		return dice.IntN(5) == 0
	}
}

// install makes a version of the rules known to the stages before the log.
func (r *road) install(p pipeline.Rules) error {
	var body rules
	if err := json.Unmarshal(p.Body, &body); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known[p.Version] = &body
	return errors.Join(r.refine.contract.Install(p.Version, body.streams()), r.refine.cleanse.Install(p.Version, cleansing(p.Version)),
		r.refine.quality.Install(p.Version, checks(p.Version)))
}

func (r *road) installed(version uint32) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known[version] != nil
}

func (r *road) onControl(ctx context.Context, rec *record.Record) error {
	if rec.Stream != pipeline.StreamRules || !rec.Verdict.Keep() {
		return nil
	}
	p, err := pipeline.ParseRules(rec.Props)
	if err != nil {
		return err
	}
	if !r.installed(p.Version) {
		if err := r.install(p); err != nil {
			return err
		}
	}
	if p.Version > 1 {
		return r.keeper.Build(ctx, p.Version)
	}
	return nil
}

// chain implements pipeline.Stages.
func (r *road) chain(number, version uint32) (pipeline.Chain, pipeline.Swapper, error) {
	g, err := r.generation(number, version)
	if err != nil {
		return pipeline.Chain{}, nil, err
	}
	return pipeline.Chain{
		Refine:   []pipeline.Refiner{r.refine.contract, r.refine.cleanse, r.refine.quality},
		Apply:    []pipeline.Applier{r.refine.contract, pipeline.Control{}, g.identity, g.golden},
		Resolve:  g.identity,
		Resolved: []pipeline.Applier{g.golden},
	}, g, nil
}

func (r *road) generation(number, version uint32) (*generation, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if g := r.stages[[2]uint32{number, version}]; g != nil {
		return g, nil
	}
	body := r.known[version]
	if body == nil {
		body = &r.v.first
	}
	people, err := identity.New(body.Identity, identity.Deps{Hasher: r.hasher})
	if err != nil {
		return nil, err
	}
	rows, err := golden.New(body.Golden, golden.Deps{Resolve: func(tx engine.Tx, gen uint32, id record.ProfileID) (record.ProfileID, bool, error) {
		into, found, gone, err := people.ResolveID(withinTx{tx}, gen, id)
		return into, found && !gone && into != id, err
	}})
	if err != nil {
		return nil, err
	}
	g := &generation{identity: people, golden: rows}
	r.stages[[2]uint32{number, version}] = g
	return g, nil
}

// start lets the road run; done stops it.
func (r *road) start() {
	if r.running {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	keeper := r.keeper
	go func() {
		err := keeper.Run(ctx)
		if err != nil {
			r.failed(fmt.Errorf("the road ended: %w", err))
		}
		ended <- err
	}()
	r.running = true
	r.stop = func() error {
		cancel()
		return <-ended
	}
}

func (r *road) halt() error {
	if !r.running {
		return nil
	}
	r.running = false
	return r.stop()
}

func (r *road) close() error { return errors.Join(r.halt(), r.engine.Close()) }

// restart opens the folder anew. After a crash it holds what was synced, and some of
// what was not.
func (r *road) restart(ctx context.Context, crash bool) error {
	fs := r.fs
	if crash {
		fs = r.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.dice.IntN(101), RNG: r.dice})
	}
	running := r.running
	if err := r.close(); err != nil {
		return err
	}
	r.fs = fs
	if err := r.open(ctx); err != nil {
		return fmt.Errorf("opening the folder again: %w", err)
	}
	if running {
		r.start()
	}
	return nil
}

// rule puts a version of the rules into the log and waits until it is in force.
func (r *road) rule(ctx context.Context, version uint32, body *rules) error {
	props, err := body.control(version)
	if err != nil {
		return err
	}
	r.clock.micros.Store(moment(0))
	if _, err := r.newDoor().PutControl(ctx, pipeline.StreamRules, fmt.Sprintf("rules-%d", version), props); err != nil {
		return err
	}
	r.start()
	return r.wait(ctx, func() bool { return r.installed(version) })
}

// wait asks again and again, as nothing tells when rules are in force.
func (r *road) wait(ctx context.Context, done func() bool) error {
	for !done() {
		select {
		case <-time.After(100 * time.Microsecond):
		case <-ctx.Done():
			return errs.Wrap("stuck", "waiting for rules", ctx.Err())
		}
	}
	return nil
}

func (r *road) config() pipeline.Config {
	return pipeline.Config{BatchRecords: r.v.Batch, DuplicateWindow: window}
}

// newDoor opens a door of its own for each record, as if each had come by another
// process: one door's received times only ever grow.
func (r *road) newDoor() *pipeline.Door {
	return pipeline.NewDoor(r.config(), pipeline.DoorDeps{Log: r.engine.Log, Mapper: r.refine.contract, Clock: &r.clock})
}

// put says s: through the door, at the moment that it was received.
func (r *road) put(ctx context.Context, s *said) error {
	r.clock.micros.Store(moment(s.Received))
	door := r.newDoor()
	door.Pin(s.Pin)
	var pos record.Position
	var err error
	if kindOf(s.What) == record.Control {
		pos, err = door.PutControl(ctx, s.What, s.ID, s.props(func(n int) pipeline.Place { return r.places[n] }))
	} else {
		pos, err = door.Put(ctx, []record.Record{s.record()})
	}
	if err != nil {
		return err
	}
	for p, offset := range pos.Offsets {
		if offset > 0 {
			r.places[s.N] = pipeline.Place{Partition: int32(p), Offset: offset - 1}
		}
	}
	return nil
}

// settle waits until all that was said is done, deferred work and builds included.
func (r *road) settle(ctx context.Context) error {
	r.start()
	for {
		before, at, err := r.ends(ctx)
		if err != nil {
			return err
		}
		for i, wait := range []func() error{
			func() error { return r.keeper.WaitSettled(ctx) },
			func() error { return r.keeper.WaitDone(ctx, at) },
			func() error { return r.keeper.WaitResolved(ctx) },
		} {
			if err := wait(); err != nil {
				return errs.Wrap("stuck", fmt.Sprintf("waiting (%d) for the road", i), err)
			}
		}
		after, _, err := r.ends(ctx)
		if err != nil {
			return err
		}
		if before == after && r.keeper.Building() == 0 && r.keeper.CurrentRules() == r.latest() {
			return r.keeper.WaitSettled(ctx)
		}
	}
}

// ends gives how far the deferred work and the log have come.
func (r *road) ends(ctx context.Context) (deferred uint64, at record.Position, err error) {
	for p := range r.engine.Log.Partitions(record.TopicResolve) {
		_, end, err := r.engine.Log.Bounds(ctx, record.TopicResolve, p)
		if err != nil {
			return 0, at, err
		}
		deferred += end
	}
	at.Log = r.engine.Log.ID()
	for p := range r.engine.Log.Partitions(engine.TopicIngest) {
		_, end, err := r.engine.Log.Bounds(ctx, engine.TopicIngest, p)
		if err != nil {
			return 0, at, err
		}
		at.Raise(p, end)
	}
	return deferred, at, nil
}

// topic reads all of an emitted topic, by partition.
func (r *road) topic(ctx context.Context, topic string, fn func(value []byte) error) error {
	for p := range r.engine.Log.Partitions(topic) {
		_, end, err := r.engine.Log.Bounds(ctx, topic, p)
		if err != nil {
			return err
		}
		for from := uint64(0); from < end; {
			values, err := r.engine.Log.Read(ctx, topic, p, from, 1000)
			if err != nil {
				return err
			}
			for _, v := range values {
				if err := fn(v); err != nil {
					return fmt.Errorf("topic %s, partition %d: %w", topic, p, err)
				}
			}
			from += uint64(len(values))
		}
	}
	return nil
}

// latest is the newest version of the rules that is known.
func (r *road) latest() (version uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for v := range r.known {
		version = max(version, v)
	}
	return version
}
