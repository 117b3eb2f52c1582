package app

import (
	"context"
	"fmt"
	"sync"

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
	latest   uint32
	proposed uint32 // the greatest version that this process put into the log
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
	a.rules.versions = make(map[uint32]config.Rules)
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
		a.refine.contract.Install(r.Version, rules.Streams),
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
		_, err := a.proposeRules(ctx, a.tree.Rules)
		return err
	case now.Fingerprint() == a.tree.Rules.Fingerprint() || a.opts.Offline:
		a.door.Pin(latest)
		return nil
	case a.opts.ApplyRules:
		a.door.Pin(latest)
		_, err := a.proposeRules(ctx, a.tree.Rules)
		return err
	}
	plan := config.NewPlan(now, a.tree.Rules)
	return errs.New("rules_changed", fmt.Sprintf("the file's rules differ from those in force in %d places", len(plan.Changes))).At(a.tree.Path).
		Fix("see what they would do with kith plan, and apply them with kith plan --apply")
}

// proposeRules appends the next version of the rules to the log. They are in force
// once the road has reached them (onControl).
func (a *App) proposeRules(ctx context.Context, rules config.Rules) (record.Position, error) {
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
	props, err := pipeline.Rules{Version: latest + 1, Replaces: latest, Fingerprint: rules.Fingerprint(), Body: body}.Props()
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

// onControl is told of each control record once its effects are committed.
func (a *App) onControl(ctx context.Context, r *record.Record) error {
	if r.Stream != pipeline.StreamRules || !r.Verdict.Keep() {
		return nil
	}
	proposed, err := pipeline.ParseRules(r.Props)
	if err != nil {
		return nil //nolint:nilerr // quarantined
	}
	if _, known := a.rules.get(proposed.Version); !known {
		if err := a.install(proposed); err != nil {
			return err
		}
	}
	latest, _ := a.rules.last()
	a.door.Pin(latest)
	return a.buildWhatIsDue(ctx)
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
