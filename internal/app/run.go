package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
)

// Run serves and moves everything until ctx ends, or until something happens that
// only reopening can mend: then it returns an error with code engine_failed.
func (a *App) Run(ctx context.Context) error {
	address, err := a.server.Listen(ctx)
	if err != nil {
		return err
	}
	if err := a.announce(a.server.Scheme() + "://" + address.String()); err != nil {
		return err
	}
	a.answersAt(a.server.Scheme() + "://" + address.String())
	close(a.listening)
	defer func() {
		if err := a.announce(""); err != nil {
			a.log.Warn("the server's address could not be withdrawn", "error", err)
		}
	}()
	if err := a.patiently(ctx, func() error { return a.buildWhatIsDue(ctx) }); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	start := func(what string, run func(context.Context) error) {
		wg.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("%s: %w", what, err))
			}
		})
	}
	start("serving HTTP", a.server.Serve)
	start("running the road", a.keeper.Run)
	start("watching the rules", a.watchRules)
	start("loading the warehouse", a.leased(leaseWarehouse, a.loader.Run))
	for _, d := range a.hooks {
		start("delivering to a webhook", a.leased(leaseDestination+d.Name(), d.Run))
	}
	start("reading files", a.runFiles)
	start("watching the log", a.watchLag)
	start("mirroring contracts", a.mirrorContracts)
	start("forgetting old message ids", a.leased(leaseForget, a.forgetMessages))
	if a.tree.Pipeline.Keep > 0 {
		start("expiring quarantined records", a.leased(leaseExpire, a.expireQuarantine))
	}
	select {
	case <-ctx.Done():
	case <-a.engine.Failed:
		cancel(errs.New(engine.CodeFailed, "a write to the data folder failed").At(a.tree.Data).
			Fix("check the disk; what was acknowledged is safe; start Kith again (kith run does so by itself)"))
	}
	wg.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// runFiles waits until rules are in force, then reads all file sources. One process
// reads each: the others wait for its lease and, where it has ended rather than been
// lost, find nothing left to read.
func (a *App) runFiles(ctx context.Context) error {
	if err := a.waitRules(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	faults := make([]error, len(a.files))
	for i, s := range a.files {
		name, watches := a.tree.Files[i].Name, a.tree.Files[i].Watch
		wg.Go(func() {
			defer func() {
				switch {
				case errors.Is(faults[i], context.Canceled): // it ended as it was told to
					faults[i] = nil
				case watches && faults[i] != nil:
					cancel() // the others would watch on, and nobody be told
				}
			}()
			faults[i] = a.leased(leaseSource+name, func(held context.Context) error {
				err := s.Run(held)
				if held.Err() != nil && ctx.Err() == nil {
					a.counts.leave(name) // another process reads it from now on
				}
				return err
			})(ctx)
		})
	}
	wg.Wait()
	close(a.filesDone)
	return errors.Join(faults...)
}

// FilesDone is closed once every file source has ended, in whichever process: when
// none of them watches.
func (a *App) FilesDone() <-chan struct{} { return a.filesDone }

// waitRules waits until the door has rules to pin.
func (a *App) waitRules(ctx context.Context) error {
	return waitFor(ctx, func() (bool, error) { return a.door.Pinned() != 0, nil })
}

// watchLag keeps the number of records that the road has not done: doors refuse
// beyond a bound.
func (a *App) watchLag(ctx context.Context) error {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		switch lag, err := a.behind(ctx); {
		case err == nil:
			a.lag.Store(lag)
		case ctx.Err() == nil && !errs.Is(err, engine.CodeUnavailable): // else doors are refused by the log itself
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// behind counts the records in the log that the current road has not done.
func (a *App) behind(ctx context.Context) (uint64, error) { return a.behindOf(ctx, a.keeper.Current()) }

// behindOf counts the records in the log that a generation's road has not done.
func (a *App) behindOf(ctx context.Context, generation uint32) (lag uint64, err error) {
	ends, err := a.engine.Log.Ends(ctx, engine.TopicIngest)
	if err != nil {
		return 0, err
	}
	done, err := a.engine.State.Offsets(ctx, pipeline.Reader(generation), int32(len(ends))) //nolint:gosec // there are few
	if err != nil {
		return 0, err
	}
	for p, end := range ends {
		lag += end - min(done[p], end)
	}
	return lag, nil
}

// Drain waits until all that was accepted so far is in the profiles and in the warehouse.
func (a *App) Drain(ctx context.Context) error {
	if err := a.drainRoad(ctx); err != nil {
		return err
	}
	return a.drainWarehouse(ctx)
}

func (a *App) drainRoad(ctx context.Context) error {
	if err := a.waitRules(ctx); err != nil {
		return err
	}
	end := record.Position{Log: a.engine.Log.ID()}
	ends, err := a.engine.Log.Ends(ctx, engine.TopicIngest)
	if err != nil {
		return err
	}
	end.Offsets = ends
	if err := a.keeper.WaitDone(ctx, end); err != nil {
		return err
	}
	if err := a.keeper.WaitResolved(ctx); err != nil {
		return err
	}
	return a.keeper.WaitEmitted(ctx)
}

// ready says whether requests should come here.
func (a *App) ready(ctx context.Context) (bool, []string) {
	var reasons []string
	if a.door.Pinned() == 0 {
		reasons = append(reasons, "no rules are in force yet")
	}
	select {
	case <-a.engine.Failed:
		reasons = append(reasons, "the data folder cannot be written")
	default:
	}
	if a.engine.Ready != nil {
		if err := a.engine.Ready(); err != nil {
			reasons = append(reasons, reasonOf(err))
		}
	}
	if a.door.Overloaded() {
		reasons = append(reasons, "the road is behind")
	}
	if ctx.Err() != nil {
		reasons = append(reasons, "the server is stopping")
	}
	return len(reasons) == 0, reasons
}

// reasonOf is what an engine says of why it is not ready, without its code and mend.
func reasonOf(err error) string {
	if e, ok := errors.AsType[*errs.Error](err); ok && e.What != "" {
		return e.What
	}
	return err.Error()
}

// mirrorContracts writes the inferred contract of each stream that has none applied
// to its file, marked as proposed.
func (a *App) mirrorContracts(ctx context.Context) error {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	written := make(map[string]string)
	for {
		ended := ctx.Err() != nil // then once more: what was learned last
		if err := a.mirrorOnce(context.WithoutCancel(ctx), written); err != nil {
			a.log.Warn("contracts could not be mirrored to their files", "error", err)
		}
		if ended {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

func (a *App) mirrorOnce(ctx context.Context, written map[string]string) error {
	var texts map[string][]byte
	err := a.engine.State.View(ctx, func(r engine.Reader) error {
		schemas, err := a.refine.contract.Schemas(r)
		texts = make(map[string][]byte, len(schemas))
		for stream, schema := range schemas {
			texts[stream] = schema.Published().Proposal(stream)
		}
		return err
	})
	if err != nil {
		return err
	}
	for stream, path := range a.tree.Contracts {
		text, ok := texts[stream]
		if !ok || written[path] == string(text) || config.Applied(path) {
			continue
		}
		if err := mirror(path, text); err != nil {
			return err
		}
		written[path] = string(text)
	}
	return nil
}

func mirror(path string, text []byte) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == string(text) {
		return nil
	}
	if err := os.MkdirAll(dirOf(path), 0o755); err != nil {
		return plainPath(err)
	}
	return writeFile(path, text, 0o644)
}

// forgetMessages drops message ids whose window has passed.
func (a *App) forgetMessages(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		n, err := pipeline.ForgetMessages(ctx, a.engine.State, a.tree.Pipeline, a.keeper.Current(), a.clock)
		if err != nil && ctx.Err() == nil && !waits(err) {
			return err
		}
		a.log.Debug("old message ids were forgotten", "count", n)
	}
}

// Done is the number of records that the road has done since the start.
func (a *App) Done() uint64 { return a.keeper.Done() }

// Listening is closed once the server answers.
func (a *App) Listening() <-chan struct{} { return a.listening }

// WaitAccepted waits until at least n records of sources were accepted since the start.
func (a *App) WaitAccepted(ctx context.Context, n uint64) error {
	return waitFor(ctx, func() (bool, error) { return a.door.Accepted() >= n, nil })
}

// DestinationsBehind counts the emitted records that some destination has not done.
func (a *App) DestinationsBehind(ctx context.Context) (behind uint64, err error) {
	for _, d := range a.hooks {
		n, err := d.Behind(ctx)
		if err != nil {
			return 0, err
		}
		behind += n
	}
	return behind, nil
}
