package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/golden"
	"github.com/kithdata/kith/internal/identity"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/quality"
	"github.com/kithdata/kith/internal/record"
)

// rulesInForce is every version of the rules that the state holds, compiled.
type rulesInForce struct {
	mu       sync.Mutex
	versions map[uint32]config.Rules
	applied  map[uint32]appliedBy
	latest   uint32
	proposed uint32 // the greatest version that this process put into the log

	learning sync.Mutex // held while new versions are read and installed
}

// appliedBy is how a version of the rules came into force.
type appliedBy struct {
	received int64 // microseconds UTC, 0 where it is not known
	by       string
}

func (r *rulesInForce) get(version uint32) (config.Rules, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rules, ok := r.versions[version]
	return rules, ok
}

func (r *rulesInForce) last() (uint32, config.Rules) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.latest, r.versions[r.latest]
}

// openRules compiles every version of the rules that the state knows.
func (a *App) openRules(ctx context.Context) error {
	a.rules.versions, a.rules.applied = make(map[uint32]config.Rules), make(map[uint32]appliedBy)
	a.refine = refineStages{contract: contract.New(contract.Deps{}), cleanse: cleanse.New(), quality: quality.New()}
	list, err := pipeline.ReadRules(ctx, a.engine.State)
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := a.install(r); err != nil {
			return err
		}
	}
	return nil
}

// install makes one version of the rules known to every stage.
func (a *App) install(r pipeline.Rules) error {
	rules, err := config.ParseRules(r.Body)
	if err != nil {
		return err
	}
	for _, err := range []error{
		a.refine.contract.Install(r.Version, rules.Told()),
		a.refine.cleanse.Install(r.Version, rules.Cleanse),
		a.refine.quality.Install(r.Version, rules.Quality),
	} {
		if err != nil {
			return fmt.Errorf("putting version %d of the rules into force: %w", r.Version, err)
		}
	}
	a.rules.mu.Lock()
	defer a.rules.mu.Unlock()
	a.rules.versions[r.Version] = rules
	a.rules.applied[r.Version] = appliedBy{r.Received, r.By}
	a.rules.latest = max(a.rules.latest, r.Version)
	return nil
}

// putRulesInForce compares the file's rules with the last version of the state and
// the log: the first file's are applied at once, later ones when that was asked for.
func (a *App) putRulesInForce(ctx context.Context) error {
	latest, _ := a.rules.last()
	pending, err := pipeline.PendingRules(ctx, a.engine, a.keeper.Current(), latest)
	if err != nil {
		return err
	}
	for _, r := range pending {
		if err := a.install(r); err != nil {
			return err
		}
	}
	latest, now := a.rules.last()
	switch {
	case latest == 0:
		if a.opts.Offline {
			return nil
		}
		_, err := a.proposeRules(ctx, a.tree.Rules, pipeline.ByStart)
		return err
	case now.Fingerprint() == a.tree.Rules.Fingerprint() || a.opts.Offline:
		a.door.Pin(latest)
		return nil
	case a.opts.ApplyRules, a.tree.OnlyBrought(now):
		a.door.Pin(latest)
		_, err := a.proposeRules(ctx, a.tree.Rules, pipeline.ByStart)
		return err
	}
	return a.rulesChanged(now)
}

func (a *App) rulesChanged(now config.Rules) error {
	plan := config.NewPlan(now, a.tree.Rules)
	return errs.New("rules_changed", fmt.Sprintf("the file's rules differ from those in force in %d places", len(plan.Changes))).At(a.tree.Path).
		Fix("see what they would do with kith plan, and apply them with kith plan --apply")
}

// proposeRules appends the next version of the rules to the log. They are in force
// once the road has reached them (onControl).
func (a *App) proposeRules(ctx context.Context, rules config.Rules, by string) (record.Position, error) {
	body, err := rules.Marshal()
	if err != nil {
		return record.Position{}, err
	}
	a.rules.mu.Lock()
	latest := a.rules.latest
	busy := a.rules.proposed > latest
	a.rules.proposed = latest + 1
	a.rules.mu.Unlock()
	if busy { // of two that replace one version, the second would be told yes and be dropped
		return record.Position{}, errs.New("plan_changed", "another change of the rules is on its way").Fix("make the plan again once it is in force")
	}
	props, err := pipeline.Rules{Version: latest + 1, Replaces: latest, Fingerprint: rules.Fingerprint(), By: by, Body: body}.Props()
	if err != nil {
		return record.Position{}, err
	}
	pos, err := a.door.PutControl(ctx, pipeline.StreamRules, fmt.Sprintf("rules-%d-%s", latest+1, rules.Fingerprint()[:12]), props)
	if err != nil {
		a.rules.mu.Lock()
		defer a.rules.mu.Unlock()
		a.rules.proposed = latest
	}
	return pos, err
}

// onControl is told of each control record once its effects are committed, in the
// process whose road committed them.
func (a *App) onControl(ctx context.Context, r *record.Record) error {
	if r.Stream != pipeline.StreamRules {
		return nil
	}
	return a.learnRules(ctx)
}

// rulesEvery is how often the state is looked at for rules that another process's road
// put into force.
const rulesEvery = 200 * time.Millisecond

// watchRules learns of new rules, whichever process's road put them into force. A
// record that another process pinned by them waits for that (contract).
func (a *App) watchRules(ctx context.Context) error {
	tick := time.NewTicker(rulesEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		if err := a.lookForRules(ctx); err != nil && ctx.Err() == nil && !waits(err) {
			return err
		}
	}
}

// waits reports whether a fault passes, so that what met it is to be done again later.
func waits(err error) bool {
	return errs.Is(err, engine.CodeUnavailable) || errs.Is(err, engine.CodeDiskFull)
}

func (a *App) lookForRules(ctx context.Context) error {
	version, err := pipeline.RulesVersion(ctx, a.engine.State)
	if latest, _ := a.rules.last(); err != nil || version <= latest && a.door.Pinned() >= version {
		return err
	}
	return a.learnRules(ctx)
}

// learnRules installs what rules the state has that are not known here, asks for the
// generation that they may want, and pins the last at the door.
func (a *App) learnRules(ctx context.Context) error {
	a.rules.learning.Lock()
	defer a.rules.learning.Unlock()
	list, err := pipeline.ReadRules(ctx, a.engine.State)
	if err != nil {
		return err
	}
	for _, r := range list {
		if _, known := a.rules.get(r.Version); known {
			continue
		}
		if err := a.ownFirst(r); err != nil {
			return err
		}
		if err := a.install(r); err != nil {
			return err
		}
	}
	latest, _ := a.rules.last()
	if latest == 0 {
		return nil
	}
	// Pinned last: until then, the next look does all of this again.
	if err := a.buildWhatIsDue(ctx); err != nil {
		return err
	}
	a.door.Pin(latest)
	return nil
}

// ownFirst refuses the first rules of a new state where they are not those of this
// process's file: of several that started at once with different files, another was
// first. They must not be installed here, as the stages of the first generation were
// made from the file: no record that waits for them may act before this process ends.
func (a *App) ownFirst(r pipeline.Rules) error {
	if latest, _ := a.rules.last(); latest != 0 || r.Version != 1 || a.opts.Offline {
		return nil
	}
	first, err := config.ParseRules(r.Body)
	if err != nil || first.Fingerprint() == a.tree.Rules.Fingerprint() {
		return err
	}
	return a.rulesChanged(first)
}

// buildWhatIsDue asks for a new generation where the rules in force want one and
// none is being built for them: after a change of rules, and at the start, as a crash
// may have come between the two.
func (a *App) buildWhatIsDue(ctx context.Context) error {
	latest, now := a.rules.last()
	pinned, ok := a.rules.get(a.keeper.TargetRules())
	if latest == 0 || !ok || !config.NewPlan(pinned, now).NeedsGeneration {
		return nil
	}
	return a.keeper.Build(ctx, latest)
}

// stageCache keeps the stages of each generation: the road, readers and swaps share them.
type stageCache struct {
	mu   sync.Mutex
	list map[uint32]*generation
}

// generation is the stages whose rules a generation pins.
type generation struct {
	rules    uint32
	identity *identity.Stage
	golden   *golden.Stage
}

// chain implements pipeline.Stages.
func (a *App) chain(number, rules uint32) (pipeline.Chain, pipeline.Swapper, error) {
	g, err := a.generation(number, rules)
	if err != nil {
		return pipeline.Chain{}, nil, err
	}
	return pipeline.Chain{
		Refine:   []pipeline.Refiner{a.refine.contract, a.refine.cleanse, a.refine.quality},
		Apply:    []pipeline.Applier{a.refine.contract, pipeline.Control{}, g.identity, g.golden},
		Resolve:  g.identity,
		Resolved: []pipeline.Applier{g.golden},
	}, swapper{g}, nil
}

func (a *App) generation(number, rules uint32) (*generation, error) {
	a.stages.mu.Lock()
	defer a.stages.mu.Unlock()
	if g := a.stages.list[number]; g != nil && g.rules == rules {
		return g, nil
	}
	r, ok := a.rules.get(rules)
	if !ok && rules > 1 {
		return nil, errs.New(pipeline.CodePinUnknown, "the rules of this version are not known here yet").Fix("wait: they are being read")
	}
	if !ok { // a new state: the first rules are on their way through the log
		r = a.tree.Rules
	}
	people, err := identity.New(r.Identity, identity.Deps{Hasher: a.hasher})
	if err != nil {
		return nil, err
	}
	rows, err := golden.New(r.Golden, golden.Deps{Resolve: resolveIn(people)})
	if err != nil {
		return nil, err
	}
	g := &generation{rules: rules, identity: people, golden: rows}
	if !ok {
		return g, nil // not to be kept: another file's rules may come first
	}
	if a.stages.list == nil {
		a.stages.list = make(map[uint32]*generation)
	}
	for old := range a.stages.list {
		if old+keptStages <= number {
			delete(a.stages.list, old)
		}
	}
	a.stages.list[number] = g
	return g, nil
}

// keptStages is how many generations' stages are kept: the current one, one that is
// being built, and some that were swapped out and are still being read.
const keptStages = 4

type swapper struct{ *generation }

func (s swapper) SwapProfiles(ctx context.Context, tx engine.Tx, now uint32, ids []record.ProfileID, cause record.Cause) error {
	return s.golden.Swap(ctx, tx, now, ids, cause)
}
