package webhook

import (
	"context"
	"strconv"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// place names a record of an emitted topic for ever.
type place struct {
	topic     string
	partition int32
	number    uint64
}

// id is the webhook-id: the same at every try, and after every restart (I2).
func (p place) id() string {
	return p.topic + "-" + strconv.Itoa(int(p.partition)) + "-" + strconv.FormatUint(p.number, 10)
}

func resyncID(since int64, p *record.Profile) string {
	return "resync-" + strconv.FormatInt(since, 10) + "-" + p.ID.String() + "-" + strconv.FormatUint(p.Version, 10)
}

// laneKey says which messages must go one after the other: those of one profile. An
// event that belongs to nobody has a lane of its own.
type laneKey struct {
	id     record.NodeKey
	number uint64
	part   int32
}

// message is a record that is to be sent.
type message struct {
	place
	part  *partition // nil: a dead letter that is sent again
	lane  laneKey
	body  []byte // nil: it is read from the topic again when its turn comes
	tries int
	fault string       // it cannot be sent at all, and this is why
	reply chan<- error // of a dead letter
}

// judgement is what is to be done with a record.
type judgement struct {
	wanted bool
	lane   laneKey
	body   []byte
}

// judge decides on a record of a topic and renders it. late is said of a record that
// was emitted a while ago: consent is asked again, as of now. It fails with the
// codec's own error, or the one of looking a profile up.
func (d *Destination) judge(ctx context.Context, e record.Emitted, late bool) (judgement, error) {
	if e.Topic == record.TopicFacts {
		return d.judgeEvent(ctx, e)
	}
	p, err := record.DecodeProfile(e.Value)
	if err != nil {
		return judgement{}, err
	}
	if !d.choice.wantsProfile(&p) {
		return judgement{}, nil
	}
	if late && p.Kind != record.Merged && p.Kind != record.Gone && d.deps.Profile != nil {
		now, err := d.deps.Profile(ctx, p.ID)
		if err != nil {
			return judgement{}, errLookup(err)
		}
		if now == nil || !d.choice.allowed(now) {
			return judgement{}, nil
		}
	}
	return judgement{wanted: true, lane: laneKey{id: p.ID}, body: renderProfile(&p)}, nil
}

func (d *Destination) judgeEvent(ctx context.Context, e record.Emitted) (judgement, error) {
	var f record.Fact
	if err := record.DecodeFact(e.Value, &f); err != nil {
		return judgement{}, err
	}
	if !d.choice.wantsEvent(&f) {
		return judgement{}, nil
	}
	j := judgement{wanted: true, lane: laneKey{id: f.Node}}
	if f.Node.IsZero() {
		j.lane = laneKey{number: e.Number, part: e.Partition}
	}
	var owner *record.Profile
	if d.deps.Profile != nil && !f.Node.IsZero() {
		var err error
		if owner, err = d.deps.Profile(ctx, f.Node); err != nil {
			return judgement{}, errLookup(err)
		}
	}
	switch {
	case owner != nil && !d.choice.allowed(owner), owner == nil && d.choice.purpose != "":
		return judgement{}, nil
	case owner != nil:
		j.lane = laneKey{id: owner.ID}
	}
	j.body = renderEvent(&f, owner)
	return j, nil
}

// codeLookup marks a profile that could not be looked up: worth another try.
const codeLookup errs.Code = "webhook_lookup"

func errLookup(cause error) error {
	return errs.Wrap(codeLookup, "looking up whom a message belongs to", cause)
}

// renderProfile is the body of a message on a profile. It depends on the row alone,
// so that every try has the same bytes.
func renderProfile(p *record.Profile) []byte {
	b := append(make([]byte, 0, 1024), `{"type":"profile.`...)
	b = append(b, p.Kind.String()...)
	b = appendTimestamp(b, p.Cause.Received)
	return append(record.AppendProfileJSON(b, p), '}')
}

func renderEvent(f *record.Fact, owner *record.Profile) []byte {
	b := append(make([]byte, 0, 512), `{"type":`...)
	b = record.AppendJSONString(b, "event."+f.Event)
	b = appendTimestamp(b[:len(b)-1], f.Received)
	b = record.AppendFactJSON(b, f)
	if owner != nil {
		b = append(b, `,"profile_id":"`...)
		b = append(append(b, owner.ID.String()...), '"')
	}
	return append(b, '}')
}

// appendTimestamp ends the string that b ends in, and goes on to the data.
func appendTimestamp(b []byte, micros int64) []byte {
	b = append(b, `","timestamp":"`...)
	b = append(b, record.TimeValue(micros).Text()...)
	return append(b, `","data":`...)
}
