package app

import (
	"context"
	"errors"
	"sync"

	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/warehouse"
)

// Settle moves what the log holds through the road and into the warehouse, and
// builds the generation that is asked for, then stops: no source, destination or
// server runs. It is for a project opened Offline, where what was written to the log
// should take effect at once. Rules is the version that must be in force by then; 0
// for the one that is. It fails as Run does.
func (a *App) Settle(ctx context.Context, rules uint32) error {
	if latest, _ := a.rules.last(); latest == 0 && rules == 0 {
		return errs.New("rules_none", "no rules are in force yet: the project has not run").Fix("start it once with kith run")
	}
	if err := a.buildWhatIsDue(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var runs sync.WaitGroup
	for _, run := range []func(context.Context) error{a.keeper.Run, a.watchRules, a.leased(leaseWarehouse, a.loader.Run)} {
		runs.Go(func() {
			if err := run(ctx); err != nil {
				cancel(err)
			}
		})
	}
	settled := make(chan error, 1)
	go func() { settled <- a.settled(ctx, rules) }()
	var err error
	select {
	case err = <-settled:
		cancel(nil)
	case <-a.engine.Failed:
		err = errs.New(engine.CodeFailed, "a write to the data folder failed").At(a.tree.Data).
			Fix("check the disk; what was acknowledged is safe; run the command again")
		cancel(err)
		<-settled //nolint:errcheck // it tells only of cancel
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause // why the waiting ended
	}
	runs.Wait()
	return err
}

// settled waits until rules are in force, no generation is being built, and all that
// was accepted is in the profiles and in the warehouse.
func (a *App) settled(ctx context.Context, rules uint32) error {
	err := waitFor(ctx, func() (bool, error) {
		latest, now := a.rules.last()
		pinned, ok := a.rules.get(a.keeper.CurrentRules())
		return latest >= rules && ok && !config.NewPlan(pinned, now).NeedsGeneration, nil
	})
	if err != nil {
		return err
	}
	for _, wait := range []func(context.Context) error{a.keeper.WaitSettled, a.drainRoad, a.keeper.WaitSettled, a.drainWarehouse} {
		if err := wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// CatchUp loads into the warehouse what the road has emitted and no loader has taken
// yet. It is for a project opened Offline, before its warehouse is asked. Where a
// server loads the warehouse it does nothing: what is asked is passed on to that one.
func (a *App) CatchUp(ctx context.Context) error {
	if base, err := a.peers.Where(ctx, leaseWarehouse); err != nil || base != "" {
		return err
	}
	want, err := a.emitted(ctx)
	if err != nil {
		return err
	}
	have, err := a.db.Positions(ctx)
	if err != nil || covers(a, have, want) {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	loaded := make(chan error, 1)
	go func() { loaded <- a.leased(leaseWarehouse, a.loader.Run)(ctx) }()
	waited := make(chan error, 1)
	go func() { waited <- a.loader.WaitPositions(ctx, want) }()
	select {
	case err = <-waited:
		cancel()
		<-loaded //nolint:errcheck // ended by cancel: all was loaded
	case err = <-loaded:
		cancel()
		<-waited //nolint:errcheck // ended by cancel: err is why
	}
	return err
}

// covers reports whether the warehouse has all that it should have.
func covers(a *App, have, want warehouse.Positions) bool {
	for _, topic := range loadedTopics {
		for p := range a.engine.Log.Partitions(topic) {
			if have.Get(topic, p) < want.Get(topic, p) {
				return false
			}
		}
	}
	return true
}
