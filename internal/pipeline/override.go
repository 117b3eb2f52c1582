package pipeline

import (
	"context"
	"errors"
	"slices"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// override is a replay that was judged before the road reached the record that it
// names. A rebuild meets the two in either order, and must end alike: the record is
// judged under its own pin first, and under that of each replay in turn for as
// long as it is quarantined (I3).
// Where pin is pinExpire, what is in quarantine by then is given up.
type override struct {
	offset uint64
	pin    uint32
}

// errRefineAgain says that replays name records of this batch by which it was not
// judged yet.
var errRefineAgain = errors.New("a replay names records of this batch")

// overridesKey holds the overrides of a partition, in order of their replays.
func overridesKey(s engine.Space, partition int32) []byte {
	return s.Key(engine.TableQuarantine, []byte{1}, engine.U32(uint32(partition)))
}

func encodeOverrides(list []override) []byte {
	var e wire.Encoder
	e.Byte(storedVersion)
	e.Uint(uint64(len(list)))
	for _, o := range list {
		e.Uint(o.offset)
		e.Uint(uint64(o.pin))
	}
	return e.B
}

func decodeOverrides(b []byte) (list []override, err error) {
	if b == nil {
		return nil, nil
	}
	d := wire.NewDecoder(b)
	if d.Byte() != storedVersion {
		return nil, errStored
	}
	for range d.Count() {
		list = append(list, override{offset: d.Uint(), pin: uint32(d.Uint())})
	}
	return list, d.Finish()
}

// overrides takes out those of b's records. It gives them with errRefineAgain where
// b was not judged by all of them: judged is by which it was, the first ones.
func (r *Road) overrides(tx engine.Tx, b *record.Batch, judged []override) (mine []override, err error) {
	key := overridesKey(engine.Space{Generation: b.Generation}, b.Partition)
	values, err := tx.Lock(key)
	if err != nil || values[0] == nil {
		return nil, err
	}
	list, err := decodeOverrides(values[0])
	if err != nil {
		return nil, err
	}
	var later []override
	for _, o := range list {
		switch {
		case o.offset >= b.To:
			later = append(later, o)
		case o.offset >= b.From:
			mine = append(mine, o)
		}
	}
	switch {
	case len(mine) != len(judged):
		return mine, errRefineAgain
	case len(later) == 0:
		tx.Delete(key)
	case len(later) < len(list):
		tx.Put(key, encodeOverrides(later))
	}
	return mine, nil
}

// override judges those of b's records again that are quarantined, under the pins
// that replays gave them: those of list from done on. None comes after a record was
// given up, which expire does once every stage has judged it.
func (r *Road) override(ctx context.Context, b *record.Batch, list []override, done int) error {
	b.Reset()
	for i := done; i < len(list); i++ {
		o := list[i]
		rec := &b.Records[o.offset-b.From]
		if rec.Verdict.Outcome != record.Quarantined || slices.Contains(list[:i+1], override{offset: o.offset, pin: pinExpire}) {
			continue
		}
		again, err := r.original(ctx, Place{b.Partition, o.offset})
		if err != nil {
			return err
		}
		one := &record.Batch{Generation: b.Generation, Silent: b.Silent, Partition: b.Partition, Records: []record.Record{again}}
		if err := r.rejudge(ctx, one, o.pin); err != nil {
			return err
		}
		*rec = one.Records[0]
		b.Checks = append(b.Checks, one.Checks...)
	}
	b.Judge()
	return nil
}

// expire gives up those of b's records that are in quarantine in the end.
func expire(b *record.Batch, list []override) {
	for _, o := range list {
		if v := &b.Records[o.offset-b.From].Verdict; o.pin == pinExpire && v.Outcome == record.Quarantined {
			v.Outcome = record.Expired
		}
	}
}

// hold sets aside, in a build, what the current generation has in quarantine: a stage
// that takes now what it once failed on would act unseen, as a build emits nothing.
// A replay brings it back in both.
func (r *Road) hold(ctx context.Context, b *record.Batch) error {
	if r.deps.Ceiling == 0 || len(b.Records) == 0 {
		return nil
	}
	space := engine.Space{Generation: r.deps.Ceiling}
	lo := quarantineKey(space, Place{b.Partition, b.Records[0].Offset})
	hi := quarantineKey(space, Place{b.Partition, b.Records[len(b.Records)-1].Offset + 1})
	held := map[uint64]record.Reason{}
	err := r.deps.Engine.State.View(ctx, func(reader engine.Reader) error {
		var bad error
		err := reader.Scan(lo, hi, func(key, value []byte) bool {
			offset := decodeU64(key[len(key)-8:])
			var rej Rejected
			rej, bad = decodeRejected(Place{b.Partition, offset}, slices.Clone(value))
			held[offset] = rej.Reason
			return bad == nil
		})
		return errors.Join(err, bad)
	})
	if err != nil || len(held) == 0 {
		return err
	}
	b.Reset()
	for i := range b.Records {
		rec := &b.Records[i]
		if why, ok := held[rec.Offset]; ok {
			rec.Quarantine(why.Code, why.Field, why.Detail)
		}
	}
	b.Judge()
	return nil
}

// original reads a record as its door put it into the log: what the stages made of
// it under one pin must not show under another.
func (r *Road) original(ctx context.Context, place Place) (rec record.Record, err error) {
	values, err := r.deps.Engine.Log.Read(ctx, engine.TopicIngest, place.Partition, place.Offset, 1)
	if err != nil {
		return rec, err
	}
	err = record.DecodeEnvelope(values[0], &rec)
	rec.Partition, rec.Offset = place.Partition, place.Offset
	return rec, err
}

// rejudge maps and refines records as they came, under another pin. What their door
// did not believe stays quarantined, and so do control records other than
// decisions: those take effect in their own place of the log or not at all.
func (r *Road) rejudge(ctx context.Context, b *record.Batch, pin uint32) error {
	for i := range b.Records {
		rec := &b.Records[i]
		rec.Pin = pin
		refused(rec)
		switch {
		case rec.Kind == record.Control && rec.Stream != StreamDecision:
			rec.Quarantine("control_replay", "", "a control record takes effect in its own place of the log alone; send it anew")
		case rec.Kind != record.Control && r.deps.Mapper != nil:
			if err := r.remap(ctx, rec, pin); err != nil {
				return err
			}
		}
	}
	return r.refine(ctx, b)
}

// remap maps a record once the rules that pin names are known here.
func (r *Road) remap(ctx context.Context, rec *record.Record, pin uint32) error {
	for {
		err := r.deps.Mapper.Map(pin, rec)
		if !errs.Is(err, CodePinUnknown) {
			return err
		}
		if err := r.pause(ctx, retryPause); err != nil {
			return err
		}
	}
}

// merged adds a replay of offset to the overrides, once.
func merged(list []override, o override) []override {
	if slices.Contains(list, o) {
		return list
	}
	return append(list, o)
}
