package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
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
	filter := chosen(&api.Chosen{Code: f.Code, Source: f.Source, Stream: f.Stream})
	filter.Limit, filter.Bytes = f.Limit, pageBytes
	if f.After != nil {
		filter.After = &pipeline.Place{Partition: f.After.Partition, Offset: f.After.Offset}
	}
	rejected, more, err := pipeline.PageQuarantine(ctx, q.a.engine.State, q.a.keeper.Current(), filter)
	out := make([]api.Quarantined, 0, len(rejected))
	for i := range rejected {
		out = append(out, shown(&rejected[i]))
	}
	return out, more, err
}

// replayPlaces is how many places one control record names.
const replayPlaces = 5000

func (q quarantine) each(ctx context.Context, f pipeline.QuarantineFilter, fn func(*pipeline.Rejected)) error {
	return pipeline.EachQuarantined(ctx, q.a.engine.State, q.a.keeper.Current(), f, func(r *pipeline.Rejected) bool { fn(r); return true })
}

func chosen(by *api.Chosen) pipeline.QuarantineFilter {
	return pipeline.QuarantineFilter{Code: by.Code, Source: by.Source, Stream: by.Stream, Field: by.Field}
}

// The bounds of what reasons hold: a source that sends ever new fields makes ever new
// reasons, and what they show may be large.
const (
	reasonGroups = 1000
	reasonBytes  = 8 << 20
	otherFields  = "…"
)

// reasonKey tells reasons apart.
type reasonKey struct{ code, source, stream, field string }

func (q quarantine) Reasons(ctx context.Context, of api.Chosen, samples int) ([]api.QuarantineReason, error) {
	at := make(map[reasonKey]int)
	out, size := []api.QuarantineReason{}, 0
	var bad error
	err := q.each(ctx, chosen(&of), func(r *pipeline.Rejected) {
		why := &r.Reason
		k := reasonKey{why.Code, why.Source, why.Stream, why.Field}
		i, ok := at[k]
		if !ok && len(out) >= reasonGroups {
			k.field = otherFields
			i, ok = at[k]
		}
		if !ok { // the texts do not outlive the call
			k = reasonKey{strings.Clone(k.code), strings.Clone(k.source), strings.Clone(k.stream), strings.Clone(k.field)}
			i = len(out)
			at[k] = i
			out = append(out, api.QuarantineReason{Code: k.code, Source: k.source, Stream: k.stream, Field: k.field, Mend: strings.Clone(why.Detail), First: micros(why.Received), Last: micros(why.Received)})
		}
		g := &out[i]
		g.Count++
		if t := micros(why.Received); t.Before(g.First) {
			g.First = t
		} else if t.After(g.Last) {
			g.Last = t
		}
		if len(g.Samples) < samples && size < reasonBytes && bad == nil {
			size += len(r.Record.Props)
			var kept pipeline.Rejected
			kept, bad = r.Clone()
			g.Samples = append(g.Samples, shown(&kept))
		}
	})
	slices.SortFunc(out, func(a, b api.QuarantineReason) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Field, b.Field))
	})
	return out, errors.Join(err, bad)
}

func shown(r *pipeline.Rejected) api.Quarantined {
	return api.Quarantined{Place: api.Place{Partition: r.Partition, Offset: r.Offset}, Reason: r.Reason, Record: r.Record}
}

// Replay appends replays of at most replayPlaces each.
func (q quarantine) Replay(ctx context.Context, r *api.ReplayRequest) (*api.Replayed, error) {
	var places []pipeline.Place
	if len(r.Places) > 0 {
		for _, p := range r.Places {
			places = append(places, pipeline.Place{Partition: p.Partition, Offset: p.Offset})
		}
	} else {
		if !r.All && !r.Any() {
			return nil, errs.New("replay_what", "nothing was chosen").Fix("name places, a code, a source, a stream or a field, or say all")
		}
		err := q.each(ctx, chosen(&r.Chosen), func(rej *pipeline.Rejected) { places = append(places, rej.Place) })
		if err != nil {
			return nil, err
		}
	}
	left, err := q.redeliver(ctx, slices.Clone(places))
	if err != nil {
		return nil, err
	}
	pin, _ := q.a.rules.last()
	done, err := q.put(ctx, pipeline.Replay{Pin: pin}, left)
	if err != nil {
		return nil, err
	}
	done.Records = len(places)
	if len(left) < len(places) { // what went through the door anew is to be waited for as well
		if done.Token, err = q.a.endToken(ctx); err != nil {
			return nil, err
		}
	}
	return done, nil
}

func (q quarantine) Expire(ctx context.Context, r *api.ExpireRequest) (*api.Replayed, error) {
	var places []pipeline.Place
	before := r.Before.UnixMicro()
	err := q.each(ctx, chosen(&r.Chosen), func(rej *pipeline.Rejected) {
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
