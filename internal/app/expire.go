package app

import (
	"context"
	"fmt"
	"time"

	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
)

// How often the quarantine is looked through for what is overdue: a tenth of the time
// that it is kept for, within these.
const (
	expireOften  = 100 * time.Millisecond
	expireSeldom = time.Hour
)

// expireQuarantine gives up, now and again, what has been in quarantine for longer than
// the project's file says.
func (a *App) expireQuarantine(ctx context.Context) error {
	if err := a.waitRules(ctx); err != nil {
		return err
	}
	tick := time.NewTicker(min(max(a.tree.Pipeline.Keep/10, expireOften), expireSeldom))
	defer tick.Stop()
	for {
		n, err := a.expireOverdue(ctx)
		if n > 0 {
			a.log.Info("quarantined records were given up, as quarantine.keep says", "records", n)
		}
		if err != nil && ctx.Err() == nil && !waits(err) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// expireOverdue reads the clock once, here at the door: what it finds overdue is named
// in control records, each as many as a replay names, and nothing behind the log asks
// for the time (I3). Each is done before more are looked for, so that a process that
// takes over names none twice; one that was named twice is given up once (I4).
func (a *App) expireOverdue(ctx context.Context) (n int, err error) {
	before := clock.Micros(a.clock.Now().Add(-a.tree.Pipeline.Keep))
	for after := (*pipeline.Place)(nil); ; {
		if err := a.controlDone(ctx); err != nil {
			return n, err
		}
		places, next, err := pipeline.Overdue(ctx, a.engine.State, a.keeper.Current(), before, after, replayPlaces)
		if err != nil {
			return n, err
		}
		if len(places) > 0 {
			if _, err := (quarantine{a}).put(ctx, pipeline.Replay{Expire: true}, places); err != nil {
				return n, err
			}
			n += len(places)
		}
		if after = next; after == nil {
			return n, nil
		}
	}
}

// controlDone waits until the road has done every control record that is in the log.
func (a *App) controlDone(ctx context.Context) error {
	_, end, err := a.engine.Log.Bounds(ctx, engine.TopicIngest, engine.ControlPartition)
	if err != nil {
		return err
	}
	return a.keeper.WaitDone(ctx, record.Position{Offsets: []uint64{end}}) // the control partition is the first
}

// keepNote says what a changed quarantine.keep of the file is going to do.
func (a *App) keepNote(ctx context.Context, tree *config.Tree) (string, error) {
	note := config.KeepNote(a.tree.Pipeline, tree.Pipeline)
	if note == "" || tree.Pipeline.Keep == 0 {
		return note, nil
	}
	all, overdue := 0, 0
	before := clock.Micros(a.clock.Now().Add(-tree.Pipeline.Keep))
	err := quarantine{a}.each(ctx, pipeline.QuarantineFilter{}, func(r *pipeline.Rejected) {
		all++
		if r.Reason.Received < before {
			overdue++
		}
	})
	return fmt.Sprintf("%s Of the %d records that are in quarantine, %d are older now.", note, all, overdue), err
}
