package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
)

// quarantine implements api.Quarantine.
type quarantine struct{ a *App }

// pageBytes is after how many bytes of records a page ends.
const pageBytes = 8 << 20

func (q quarantine) List(ctx context.Context, f api.QuarantineFilter) ([]api.Quarantined, bool, error) {
	filter := pipeline.QuarantineFilter{Code: f.Code, Stream: f.Stream, Limit: f.Limit, Bytes: pageBytes}
	if f.After != nil {
		filter.After = &pipeline.Place{Partition: f.After.Partition, Offset: f.After.Offset}
	}
	rejected, more, err := pipeline.PageQuarantine(ctx, q.a.engine.State, q.a.keeper.Current(), filter)
	out := make([]api.Quarantined, 0, len(rejected))
	for _, r := range rejected {
		out = append(out, api.Quarantined{Place: api.Place{Partition: r.Partition, Offset: r.Offset}, Reason: r.Reason, Record: r.Record})
	}
	return out, more, err
}

// replayPlaces is how many places one control record names.
const replayPlaces = 5000

func (q quarantine) each(ctx context.Context, f pipeline.QuarantineFilter, fn func(*pipeline.Rejected)) error {
	return pipeline.EachQuarantined(ctx, q.a.engine.State, q.a.keeper.Current(), f, func(r *pipeline.Rejected) bool { fn(r); return true })
}

func (q quarantine) Reasons(ctx context.Context) ([]api.QuarantineReason, error) {
	type group struct{ code, source, stream, field string }
	at := make(map[group]int)
	out := []api.QuarantineReason{}
	err := q.each(ctx, pipeline.QuarantineFilter{}, func(r *pipeline.Rejected) {
		k := group{r.Reason.Code, r.Reason.Source, r.Reason.Stream, r.Reason.Field}
		i, ok := at[k]
		if !ok { // the texts do not outlive the call
			k = group{strings.Clone(k.code), strings.Clone(k.source), strings.Clone(k.stream), strings.Clone(k.field)}
			i = len(out)
			at[k] = i
			out = append(out, api.QuarantineReason{Code: k.code, Source: k.source, Stream: k.stream, Field: k.field, Mend: strings.Clone(r.Reason.Detail)})
		}
		out[i].Count++
	})
	return out, err
}

// Replay appends replays of at most replayPlaces each.
func (q quarantine) Replay(ctx context.Context, r *api.ReplayRequest) (*api.Replayed, error) {
	var places []pipeline.Place
	if len(r.Places) > 0 {
		for _, p := range r.Places {
			places = append(places, pipeline.Place{Partition: p.Partition, Offset: p.Offset})
		}
	} else {
		if !r.All && r.Code == "" && r.Stream == "" {
			return nil, errs.New("replay_what", "nothing was chosen").Fix("name places, a code, a stream, or say all")
		}
		err := q.each(ctx, pipeline.QuarantineFilter{Code: r.Code, Stream: r.Stream}, func(rej *pipeline.Rejected) { places = append(places, rej.Place) })
		if err != nil {
			return nil, err
		}
	}
	pin, _ := q.a.rules.last()
	return q.put(ctx, pipeline.Replay{Pin: pin}, places)
}

func (q quarantine) Expire(ctx context.Context, r *api.ExpireRequest) (*api.Replayed, error) {
	var places []pipeline.Place
	before := r.Before.UnixMicro()
	err := q.each(ctx, pipeline.QuarantineFilter{Code: r.Code, Stream: r.Stream}, func(rej *pipeline.Rejected) {
		if rej.Reason.Received < before {
			places = append(places, rej.Place)
		}
	})
	if err != nil {
		return nil, err
	}
	return q.put(ctx, pipeline.Replay{Expire: true}, places)
}

// put appends what is to become of places, in control records of replayPlaces each.
func (q quarantine) put(ctx context.Context, what pipeline.Replay, places []pipeline.Place) (*api.Replayed, error) {
	out := &api.Replayed{Records: len(places)}
	var raw [12]byte
	_, _ = rand.Read(raw[:]) // never fails since Go 1.24
	for n := 0; len(places) > 0; n++ {
		what.Places = places[:min(len(places), replayPlaces)]
		places = places[len(what.Places):]
		props, err := what.Props()
		if err != nil {
			return nil, err
		}
		pos, err := q.a.door.PutControl(ctx, pipeline.StreamReplay, fmt.Sprintf("replay-%s-%d", hex.EncodeToString(raw[:]), n), props)
		if err != nil {
			return nil, err
		}
		out.Token = pos.Token()
	}
	return out, nil
}
