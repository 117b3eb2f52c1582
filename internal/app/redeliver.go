package app

import (
	"context"
	"slices"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
	hook "github.com/kithdata/kith/internal/source/webhook"
)

// redeliverPage is how many deliveries are read from the quarantine at a time.
const redeliverPage = 100

// redeliver has those deliveries among places that no stream took when they came go
// through their door anew, where a stream takes them now: a delivery may be several
// records, so that its own disposition cannot become theirs. Then it is given up.
// Whoever is interrupted between the two does both again, and the records are
// duplicates (I2, I4). It gives the places that are left to be replayed.
func (q quarantine) redeliver(ctx context.Context, places []pipeline.Place) (left []pipeline.Place, err error) {
	if q.a.hookIn == nil || len(places) == 0 {
		return places, nil
	}
	chosen := make(map[pipeline.Place]bool, len(places))
	for _, p := range places {
		chosen[p] = true
	}
	for _, code := range hook.Rejected() {
		filter := pipeline.QuarantineFilter{Code: code, Limit: redeliverPage, Bytes: pageBytes}
		for more := true; more; {
			var page []pipeline.Rejected
			if page, more, err = pipeline.PageQuarantine(ctx, q.a.engine.State, q.a.keeper.Current(), filter); err != nil || len(page) == 0 {
				break
			}
			filter.After = &page[len(page)-1].Place
			page = slices.DeleteFunc(page, func(r pipeline.Rejected) bool { return !chosen[r.Place] })
			if err = q.redeliverThose(ctx, page, chosen); err != nil {
				break
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(places, func(p pipeline.Place) bool { return !chosen[p] }), nil
}

// endToken is the token of all that is in the log.
func (a *App) endToken(ctx context.Context) (string, error) {
	ends, err := a.engine.Log.Ends(ctx, engine.TopicIngest)
	return record.Position{Log: a.engine.Log.ID(), Offsets: ends}.Token(), err
}

func (q quarantine) redeliverThose(ctx context.Context, page []pipeline.Rejected, chosen map[pipeline.Place]bool) error {
	var records []record.Record
	var done []pipeline.Place
	for i := range page {
		if made, ok := q.a.hookIn.Again(&page[i].Record); ok {
			records = append(records, made...)
			done = append(done, page[i].Place)
		}
	}
	if len(done) == 0 {
		return nil
	}
	if _, err := q.a.door.Put(ctx, records); err != nil {
		return err
	}
	if _, err := q.put(ctx, pipeline.Replay{Expire: true}, done); err != nil {
		return err
	}
	for _, p := range done {
		delete(chosen, p)
	}
	return nil
}
