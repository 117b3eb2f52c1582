package app

import (
	"context"
	"time"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/golden"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
)

// road implements api.Road.
type road struct{ a *App }

func (r road) Ledger(ctx context.Context) (*api.Ledger, error) {
	l, err := pipeline.ReadLedger(ctx, r.a.engine, r.a.keeper.Current())
	if err != nil {
		return nil, err
	}
	out := &api.Ledger{Balanced: l.Balanced(), Accepted: l.Accepted, Pending: l.Pending, Lines: []api.LedgerLine{}}
	for _, line := range l.Lines {
		n := line.N
		out.Lines = append(out.Lines, api.LedgerLine{Source: line.Source, Stream: line.Stream, Applied: n[record.Applied], Superseded: n[record.Superseded],
			Duplicate: n[record.Duplicate], Quarantined: n[record.Quarantined], Discarded: n[record.Discarded], Erased: n[record.Erased],
			Expired: n[record.Expired], Pending: n[record.Pending]})
	}
	return out, nil
}

func (r road) Status(ctx context.Context) (*api.Status, error) {
	a := r.a
	// Not the last that is known: between learning it and pinning it, records are judged by the one before.
	s := &api.Status{Name: a.tree.Name, Version: a.opts.Version, Started: a.started, Rules: a.door.Pinned(), Done: a.keeper.Done()}
	s.Sources = a.Sources() // before the log's ends: what an idle source put is among them
	reader := pipeline.Reader(a.keeper.Current())
	for p := range a.engine.Log.Partitions(engine.TopicIngest) {
		first, end, err := a.engine.Log.Bounds(ctx, engine.TopicIngest, p)
		if err != nil {
			return nil, err
		}
		done, err := a.engine.State.Offset(ctx, reader, p)
		if err != nil {
			return nil, err
		}
		s.Accepted += end
		s.Lag += end - min(done, end)
		s.Partitions = append(s.Partitions, api.Partition{Partition: p, First: first, End: end, Done: done})
	}
	if up := a.clock.Now().Sub(a.started).Seconds(); up > 0 {
		s.PerSecond = float64(s.Done) / up
	}
	s.Generations = []api.Generation{{Number: a.keeper.Current(), Rules: a.keeper.CurrentRules(), State: "current", Behind: s.Lag}}
	if b := a.keeper.Building(); b != 0 {
		behind, err := a.behindOf(ctx, b)
		if err != nil {
			return nil, err
		}
		s.Generations = append(s.Generations, api.Generation{Number: b, Rules: a.keeper.TargetRules(), State: "building", Behind: behind})
	}
	progress := a.loader.Progress()
	s.Warehouse = &api.WarehouseStatus{Rows: progress.Rows, Failures: progress.Failures, LastLoad: progress.LastAt, Fault: string(errs.CodeOf(progress.Behind))}
	want, err := a.emitted(ctx)
	if err != nil {
		return nil, err
	}
	have, err := a.db.Positions(ctx)
	if err != nil {
		return nil, err
	}
	for _, topic := range loadedTopics {
		for p := range a.engine.Log.Partitions(topic) {
			s.Warehouse.Behind += want.Get(topic, p) - min(want.Get(topic, p), have.Get(topic, p))
		}
	}
	s.Destinations = destinations{a}.here()
	a.peers.merge(ctx, s)
	return s, nil
}

func (r road) Rebuild(ctx context.Context) (*api.Rebuilt, error) {
	latest, _ := r.a.rules.last()
	if err := r.a.keeper.Rebuild(ctx, latest); err != nil {
		return nil, err
	}
	return &api.Rebuilt{Generation: r.a.keeper.Building()}, nil
}

// Trace tells where a message went, hop by hop.
func (r road) Trace(ctx context.Context, source, messageID string, values bool) (*api.Trace, error) {
	a := r.a
	l, err := pipeline.Locate(ctx, a.engine, a.hasher, a.keeper.Current(), source, messageID)
	if err != nil {
		return nil, err
	}
	t := &api.Trace{Source: source, MessageID: messageID}
	place := &api.Place{Partition: l.Partition, Offset: l.Offset}
	if values && l.Verdict.Outcome != record.Erased && l.Verdict.Outcome != record.Expired {
		if t.Values, err = a.tracedValues(ctx, &l.Record); err != nil {
			return nil, err
		}
	}
	t.Hops = append(t.Hops, api.Hop{Hop: "accepted", Time: micros(l.Record.Received), Place: place, Outcome: "durable", Detail: "stream " + l.Record.Stream})
	if !l.Done {
		t.Hops = append(t.Hops, api.Hop{Hop: "refined", Outcome: "pending", Detail: "the road has not reached it yet"})
		return t, nil
	}
	t.Hops = append(t.Hops, api.Hop{Hop: "refined", Outcome: l.Verdict.Outcome.String(), Code: l.Verdict.Code, Field: l.Verdict.Field, Place: place})
	if !l.Verdict.Keep() {
		return t, nil
	}
	id, found, err := a.profileOf(ctx, &l.Record)
	if err != nil {
		return nil, err
	}
	if !found {
		t.Hops = append(t.Hops, api.Hop{Hop: "resolved", Outcome: "unattributed", Detail: "none of its identifiers names a person"})
		return t, nil
	}
	t.Hops = append(t.Hops, api.Hop{Hop: "resolved", Outcome: "attributed", Profile: id.String()})
	version, err := r.caused(ctx, id, l.Place)
	if err != nil {
		return nil, err
	}
	if version == 0 {
		t.Hops = append(t.Hops, api.Hop{Hop: "golden", Outcome: "unchanged", Profile: id.String(), Detail: "it changed no golden value"})
	} else {
		t.Hops = append(t.Hops, api.Hop{Hop: "golden", Outcome: "new version", Profile: id.String(), Version: version})
	}
	return t, r.downstream(ctx, t)
}

// tracedValues reads a record again, and shows its attributes beside what was sent. Of
// one that no rules let act there is only what was sent.
func (a *App) tracedValues(ctx context.Context, rec *record.Record) (*api.TracedValues, error) {
	out := &api.TracedValues{Content: string(rec.Props), Attributes: []api.TracedAttribute{}}
	read, err := a.readAgain(ctx, rec)
	if err != nil || !read.Verdict.Keep() {
		return out, err
	}
	for _, o := range a.refine.cleanse.Origins(read) {
		shown := api.TracedAttribute{Attribute: o.Name, Filled: o.Value.Filled, Fields: []api.TracedField{}}
		if o.Name != "" {
			shown.Value = string(o.Value.AppendJSON(nil))
		}
		for _, f := range o.Fields {
			shown.Fields = append(shown.Fields, api.TracedField{Field: f.Name, Value: string(f.Value.AppendJSON(nil))})
		}
		out.Attributes = append(out.Attributes, shown)
	}
	return out, nil
}

// caused finds the version of a profile that the record at place caused.
func (r road) caused(ctx context.Context, id record.ProfileID, place pipeline.Place) (version uint64, err error) {
	err = r.a.engine.State.View(ctx, func(rd engine.Reader) error {
		row, err := golden.Last(rd, id)
		for n := 0; err == nil && row != nil && n < tracedVersions; n++ {
			if row.Cause.Partition == place.Partition && row.Cause.Offset == place.Offset {
				version = row.Version
			}
			if version != 0 || row.Version == 1 {
				break
			}
			row, err = golden.AtVersion(rd, id, row.Version-1)
		}
		return err
	})
	return version, err
}

// tracedVersions is how many of a profile's latest versions a trace looks through.
const tracedVersions = 1000

// downstream adds how far the warehouse and the destinations have come.
func (r road) downstream(ctx context.Context, t *api.Trace) error {
	s, err := r.Status(ctx)
	if err != nil {
		return err
	}
	outcome := func(behind uint64) string {
		if behind == 0 {
			return "done"
		}
		return "behind"
	}
	t.Hops = append(t.Hops, api.Hop{Hop: "warehouse", Outcome: outcome(s.Warehouse.Behind)})
	for _, d := range s.Destinations {
		t.Hops = append(t.Hops, api.Hop{Hop: "destination", Detail: d.Name, Outcome: outcome(d.Behind)})
	}
	return nil
}

func micros(t int64) time.Time { return time.UnixMicro(t).UTC() }
