package app

import (
	"context"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/quality"
	"github.com/kithdata/kith/internal/record"
)

// The bounds of a trial: what one judges, what is read at a time, and what it shows.
const (
	trialRecords = 20_000
	trialPage    = 500
	trialSamples = 3
)

// trial judges quarantined records by rules that are not in force, in stages of its
// own: nothing that it does is seen elsewhere.
type trial struct {
	engine *engine.Engine
	stages refineStages
	out    *api.Tried
	groups map[api.TriedGroup]int
}

// trialPin is the only version of the rules that a trial's stages know.
const trialPin = 1

// Try judges the quarantined records by the project's file as it is now.
func (q quarantine) Try(ctx context.Context, r *api.TryRequest) (*api.Tried, error) {
	tree, err := plans(q).tree()
	if err != nil {
		return nil, err
	}
	t := &trial{engine: q.a.engine, out: &api.Tried{Fingerprint: tree.Rules.Fingerprint(), Groups: []api.Trial{}}, groups: map[api.TriedGroup]int{},
		stages: refineStages{contract: contract.New(contract.Deps{}), cleanse: cleanse.New(), quality: quality.New()}}
	for _, err := range []error{
		t.stages.contract.Install(trialPin, tree.Rules.Streams),
		t.stages.cleanse.Install(trialPin, tree.Rules.Cleanse),
		t.stages.quality.Install(trialPin, tree.Rules.Quality),
	} {
		if err != nil {
			return nil, err
		}
	}
	filter := pipeline.QuarantineFilter{Code: r.Code, Stream: r.Stream, Limit: trialPage, Bytes: pageBytes}
	for {
		page, more, err := pipeline.PageQuarantine(ctx, q.a.engine.State, q.a.keeper.Current(), filter)
		if err != nil {
			return nil, err
		}
		if err := t.judge(ctx, page); err != nil {
			return nil, err
		}
		if !more || len(page) == 0 {
			return t.out, nil
		}
		if t.out.Records >= trialRecords {
			t.out.More = true
			return t.out, nil
		}
		filter.After = &page[len(page)-1].Place
	}
}

// judge does with a page what a replay would, up to the stages that change state.
func (t *trial) judge(ctx context.Context, page []pipeline.Rejected) error {
	b := record.Batch{Records: make([]record.Record, len(page))}
	for i := range page {
		rec := &b.Records[i]
		if err := t.original(ctx, &page[i], rec); err != nil {
			return err
		}
		why := &page[i].Reason
		rec.Pin = trialPin
		switch {
		case rec.Reject != "", rec.Kind == record.Control, !pipeline.Replayable(why.Code): // no rule takes it
			rec.Quarantine(why.Code, why.Field, why.Detail)
		default:
			if err := t.stages.contract.Map(trialPin, rec); err != nil {
				return err
			}
		}
	}
	for _, stage := range []pipeline.Refiner{t.stages.contract, t.stages.cleanse, t.stages.quality} {
		if err := stage.Refine(ctx, &b); err != nil {
			return err
		}
	}
	for i := range page {
		t.count(&page[i], &b.Records[i])
	}
	return nil
}

// original reads a record as it came, or as the quarantine keeps it where the log does
// not any more.
func (t *trial) original(ctx context.Context, rej *pipeline.Rejected, rec *record.Record) error {
	values, err := t.engine.Log.Read(ctx, engine.TopicIngest, rej.Partition, rej.Offset, 1)
	switch {
	case errs.Is(err, engine.CodeTrimmed):
		*rec = rej.Record
	case err != nil:
		return err
	default:
		if err := record.DecodeEnvelope(values[0], rec); err != nil {
			return err
		}
	}
	rec.Partition, rec.Offset = rej.Partition, rej.Offset
	return nil
}

func (t *trial) count(rej *pipeline.Rejected, rec *record.Record) {
	v := &rec.Verdict
	g := api.TriedGroup{Code: rej.Reason.Code, Stream: rej.Reason.Stream, Field: rej.Reason.Field, Outcome: v.Outcome.String(), NewCode: v.Code, NewField: v.Field}
	t.out.Records++
	if v.Keep() {
		t.out.Pass++
		g.Outcome = "passes"
	}
	i, ok := t.groups[g]
	if !ok {
		i = len(t.out.Groups)
		t.groups[g] = i
		t.out.Groups = append(t.out.Groups, api.Trial{TriedGroup: g, Samples: []api.TriedSample{}})
	}
	group := &t.out.Groups[i]
	group.Count++
	if len(group.Samples) < trialSamples {
		after := []byte{'{'}
		for i, a := range rec.Attrs {
			if i > 0 {
				after = append(after, ',')
			}
			after = append(record.AppendJSONString(after, a.Name), ':')
			after = a.Value.AppendJSON(after)
		}
		group.Samples = append(group.Samples, api.TriedSample{Place: api.Place{Partition: rej.Partition, Offset: rej.Offset}, Before: string(rec.Props), After: string(append(after, '}'))})
	}
}
