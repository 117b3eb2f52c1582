package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/config"
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
	trialGroups  = 1000
	trialBytes   = 8 << 20 // of samples
	trialTime    = time.Minute
)

// trial judges quarantined records by rules that are not in force, in stages of its
// own: nothing that it does is seen elsewhere.
type trial struct {
	engine *engine.Engine
	stages refineStages
	out    *api.Tried
	groups map[api.TriedGroup]int
	show   int // of each group
	shown  int // bytes
}

// trialPin is the only version of the rules that a trial's stages know.
const trialPin = 1

// tried are the rules that a trial is of.
func (q quarantine) tried(r *api.TryRequest) (config.Rules, error) {
	if r.Rules != nil {
		return config.ReadRules(r.Rules)
	}
	tree, err := plans(q).tree()
	if err != nil {
		return config.Rules{}, err
	}
	return tree.Rules, nil
}

// Try judges the quarantined records by the rules that are sent, or by the project's
// file as it is now.
func (q quarantine) Try(ctx context.Context, r *api.TryRequest) (*api.Tried, error) {
	rules, err := q.tried(r)
	if err != nil {
		return nil, err
	}
	began := q.a.clock.Now()
	version, now := q.a.rules.last()
	t := &trial{engine: q.a.engine, groups: map[api.TriedGroup]int{}, show: r.Samples,
		out:    &api.Tried{Fingerprint: rules.Fingerprint(), Rules: version, Changes: changes(config.NewPlan(now, rules)), Groups: []api.Trial{}},
		stages: refineStages{contract: contract.New(contract.Deps{}), cleanse: cleanse.New(), quality: quality.New()}}
	for _, err := range []error{
		t.stages.contract.Install(trialPin, rules.Streams),
		t.stages.cleanse.Install(trialPin, rules.Cleanse),
		t.stages.quality.Install(trialPin, rules.Quality),
	} {
		if err != nil {
			return nil, err
		}
	}
	filter := chosen(&r.Chosen)
	filter.Limit, filter.Bytes = trialPage, pageBytes
	for {
		page, more, err := pipeline.PageQuarantine(ctx, q.a.engine.State, q.a.keeper.Current(), filter)
		if err != nil {
			return nil, err
		}
		if err := t.judge(ctx, page); err != nil {
			return nil, err
		}
		if !more || len(page) == 0 {
			return t.result(), nil
		}
		if t.out.Records >= trialRecords || q.a.clock.Now().Sub(began) > trialTime { // where each is read from afar
			t.out.More = true
			return t.result(), nil
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
	v, why := &rec.Verdict, &rej.Reason
	g := api.TriedGroup{Code: why.Code, Source: why.Source, Stream: why.Stream, Field: why.Field, Outcome: v.Outcome.String(), NewCode: v.Code, NewField: v.Field}
	t.out.Records++
	if v.Keep() {
		t.out.Pass++
		g.Outcome = "passes"
	}
	i, ok := t.groups[g]
	if !ok && len(t.out.Groups) >= trialGroups {
		g.Field, g.NewField = otherFields, otherFields
		i, ok = t.groups[g]
	}
	if !ok {
		i = len(t.out.Groups)
		t.groups[g] = i
		t.out.Groups = append(t.out.Groups, api.Trial{TriedGroup: g, NewDetail: v.Detail, Samples: []api.TriedSample{}})
	}
	group := &t.out.Groups[i]
	group.Count++
	if len(group.Samples) < t.show && t.shown < trialBytes {
		s := api.TriedSample{Place: api.Place{Partition: rej.Partition, Offset: rej.Offset}, Before: string(rec.Props), After: attributes(rec)}
		t.shown += len(s.Before) + len(s.After)
		group.Samples = append(group.Samples, s)
	}
}

// attributes writes those that a record would act by.
func attributes(rec *record.Record) string {
	b := []byte{'{'}
	for i, a := range rec.Attrs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(record.AppendJSONString(b, a.Name), ':')
		b = a.Value.AppendJSON(b)
	}
	return string(append(b, '}'))
}

// result gives the groups of each reason together, the most frequent first.
func (t *trial) result() *api.Tried {
	of := map[reasonKey]int{}
	key := func(g *api.Trial) reasonKey { return reasonKey{g.Code, g.Source, g.Stream, g.Field} }
	for i := range t.out.Groups {
		of[key(&t.out.Groups[i])] += t.out.Groups[i].Count
	}
	slices.SortStableFunc(t.out.Groups, func(a, b api.Trial) int {
		x, y := key(&a), key(&b)
		return cmp.Or(cmp.Compare(of[y], of[x]), cmp.Compare(x.code, y.code), cmp.Compare(x.source, y.source), cmp.Compare(x.stream, y.stream),
			cmp.Compare(x.field, y.field), cmp.Compare(b.Count, a.Count), cmp.Compare(a.NewCode, b.NewCode), cmp.Compare(a.NewField, b.NewField))
	})
	return t.out
}
