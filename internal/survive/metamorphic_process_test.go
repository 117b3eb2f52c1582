package survive_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/golden"
	"github.com/kithdata/kith/internal/identity"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/quality"
	"github.com/kithdata/kith/internal/record"
)

// process is one of those that share a road, wired as app wires it: it keeps nothing
// but what lies in its engine.
type process struct {
	r       *road
	engine  *engine.Engine
	keeper  *pipeline.Keeper
	refine  refiners
	mu      sync.Mutex // over the two below
	known   map[uint32]*rules
	stages  map[[2]uint32]*generation
	learned sync.Mutex // held while rules are read and installed
	stop    func() error
	running bool
	watched func() // ends the watch over rules
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

func (r *road) newProcess(ctx context.Context) (p *process, err error) {
	e, err := r.on.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	p = &process{r: r, engine: e, known: map[uint32]*rules{}, stages: map[[2]uint32]*generation{},
		refine: refiners{contract.New(contract.Deps{}), cleanse.New(), quality.New()}}
	list, err := pipeline.ReadRules(ctx, e.State)
	if err != nil {
		return nil, err
	}
	for _, v := range list {
		if err := p.install(v); err != nil {
			return nil, err
		}
	}
	p.keeper, err = pipeline.OpenKeeper(ctx, r.config(), pipeline.KeeperDeps{Engine: e, Hasher: r.hasher,
		Logger: slog.New(slog.DiscardHandler), Stages: p.chain, OnControl: p.onControl}, 1)
	if err != nil {
		return nil, err
	}
	if err := p.buildWhatIsDue(ctx); err != nil { // a crash may have come between the rules and the asking
		return nil, err
	}
	p.watch()
	return p, nil
}

// install makes a version of the rules known to the stages before the log.
func (p *process) install(v pipeline.Rules) error {
	var body rules
	if err := json.Unmarshal(v.Body, &body); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[v.Version] = &body
	return errors.Join(p.refine.contract.Install(v.Version, body.streams()), p.refine.cleanse.Install(v.Version, cleansing(v.Version)),
		p.refine.quality.Install(v.Version, checks(v.Version)))
}

func (p *process) installed(version uint32) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known[version] != nil
}

// latest is the newest version of the rules that is known.
func (p *process) latest() (version uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for v := range p.known {
		version = max(version, v)
	}
	return version
}

func (p *process) onControl(ctx context.Context, rec *record.Record) error {
	if rec.Stream != pipeline.StreamRules {
		return nil
	}
	return p.learn(ctx)
}

// learn installs what rules the state has that are not known here, and asks for the
// generation that they want.
func (p *process) learn(ctx context.Context) error {
	p.learned.Lock()
	defer p.learned.Unlock()
	list, err := pipeline.ReadRules(ctx, p.engine.State)
	if err != nil {
		return err
	}
	for _, v := range list {
		if !p.installed(v.Version) {
			if err := p.install(v); err != nil {
				return err
			}
		}
	}
	return p.buildWhatIsDue(ctx)
}

func (p *process) buildWhatIsDue(ctx context.Context) error {
	if latest := p.latest(); latest > p.keeper.TargetRules() {
		return p.keeper.Build(ctx, latest)
	}
	return nil
}

// watch learns of rules that another process's road put into force, where there may be one.
func (p *process) watch() {
	p.watched = func() {}
	if p.r.v.Engine == plainEngine {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-tick.C:
			case <-ctx.Done():
				tick.Stop()
				return
			}
			version, err := pipeline.RulesVersion(ctx, p.engine.State)
			if err == nil && version > p.latest() {
				err = p.learn(ctx)
			}
			if err != nil && ctx.Err() == nil && !errs.Is(err, engine.CodeUnavailable) {
				p.r.failed(fmt.Errorf("watching over rules: %w", err))
			}
		}
	}()
	p.watched = func() { cancel(); <-ended }
}

// chain implements pipeline.Stages.
func (p *process) chain(number, version uint32) (pipeline.Chain, pipeline.Swapper, error) {
	g, err := p.generation(number, version)
	if err != nil {
		return pipeline.Chain{}, nil, err
	}
	return pipeline.Chain{
		Refine:   []pipeline.Refiner{p.refine.contract, p.refine.cleanse, p.refine.quality},
		Apply:    []pipeline.Applier{p.refine.contract, pipeline.Control{}, g.identity, g.golden},
		Resolve:  g.identity,
		Resolved: []pipeline.Applier{g.golden},
	}, g, nil
}

func (p *process) generation(number, version uint32) (*generation, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if g := p.stages[[2]uint32{number, version}]; g != nil {
		return g, nil
	}
	body := p.known[version]
	if body == nil && version > 1 {
		return nil, errs.New(pipeline.CodePinUnknown, "the rules of this version are not known here yet")
	}
	if body == nil {
		body = &p.r.v.first
	}
	people, err := identity.New(body.Identity, identity.Deps{Hasher: p.r.hasher})
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
	p.stages[[2]uint32{number, version}] = g
	return g, nil
}

// start lets the process's roads run; halt stops them.
func (p *process) start() {
	if p.running {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	keeper := p.keeper
	go func() {
		err := keeper.Run(ctx)
		if err != nil {
			p.r.failed(fmt.Errorf("the road ended: %w", err))
		}
		ended <- err
	}()
	p.running = true
	p.stop = func() error {
		cancel()
		return <-ended
	}
}

func (p *process) halt() error {
	if !p.running {
		return nil
	}
	p.running = false
	return p.stop()
}

func (p *process) close() error {
	err := p.halt()
	p.watched()
	return errors.Join(err, p.engine.Close())
}

// newDoor opens a door of its own for each record, as if each had come by another
// process: one door's received times only ever grow.
func (p *process) newDoor() *pipeline.Door {
	return pipeline.NewDoor(p.r.config(), pipeline.DoorDeps{Log: p.engine.Log, Mapper: p.refine.contract, Clock: &p.r.clock})
}
