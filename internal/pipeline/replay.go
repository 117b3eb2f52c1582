package pipeline

import (
	"context"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// StreamReplay is the control stream of replays.
const StreamReplay = "replay"

// codeReplayRaced says that a replay was prepared before the record that it names
// was quarantined: it is prepared again.
const codeReplayRaced errs.Code = "replay_raced"

const retryPause = 500 * time.Millisecond

// Replay is a control record: judge these records again, under newer rules. The
// disposition moves; accepted does not.
type Replay struct {
	Pin    uint32  `json:"pin"`
	Places []Place `json:"places"`
}

// ParseReplay reads a replay's properties. It fails with code bad_replay.
func ParseReplay(props []byte) (Replay, error) {
	var p Replay
	if err := json.Unmarshal(props, &p); err != nil || p.Pin == 0 {
		return p, errs.New("bad_replay", "a replay needs a pin and places")
	}
	return p, nil
}

// Props is the replay as a control record's properties.
func (p Replay) Props() ([]byte, error) { return json.Marshal(p) }

// replayed reads and refines the quarantined records that b's replays name, each
// partition's as a batch of its own.
func (r *Road) replayed(ctx context.Context, b *record.Batch) ([]*record.Batch, error) {
	var subs []*record.Batch
	for i := range b.Records {
		rec := &b.Records[i]
		if rec.Kind != record.Control || rec.Stream != StreamReplay {
			continue
		}
		replay, err := ParseReplay(rec.Props)
		if err != nil {
			rec.Quarantine("bad_replay", "", "a replay needs a pin and places")
			continue
		}
		space := engine.Space{Generation: b.Generation}
		byPartition := make(map[int32]*record.Batch)
		err = r.deps.Engine.State.View(ctx, func(reader engine.Reader) error {
			for _, place := range replay.Places {
				sub := byPartition[place.Partition]
				if sub == nil {
					sub = &record.Batch{Generation: b.Generation, Silent: b.Silent, Partition: place.Partition}
					byPartition[place.Partition] = sub
					subs = append(subs, sub)
				}
				values, err := reader.Get(quarantineKey(space, place))
				if err != nil {
					return err
				}
				again := record.Record{Kind: record.Control, Partition: place.Partition, Offset: place.Offset, Pin: replay.Pin}
				if values[0] != nil {
					rej, err := decodeRejected(place, values[0])
					if err != nil {
						return err
					}
					again = rej.Record
					again.Pin = replay.Pin
					refused(&again)
				}
				sub.Records = append(sub.Records, again)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for _, sub := range subs {
		slices.SortFunc(sub.Records, func(a, b record.Record) int { return int(int64(a.Offset) - int64(b.Offset)) })
		if err := r.refine(ctx, sub); err != nil {
			return nil, err
		}
	}
	return subs, nil
}

// replay applies one partition's replayed records within the transaction. Where a
// record is not in quarantine, either the road has not reached it yet, and the
// override waits for it, or it has acted already, and nothing is to be done.
func (r *Road) replay(ctx context.Context, tx engine.Tx, sub *record.Batch) error {
	space := engine.Space{Generation: sub.Generation}
	keys := [][]byte{ledgerKey(space, sub.Partition), doneKey(space, sub.Partition), overridesKey(space, sub.Partition)}
	for i := range sub.Records {
		keys = append(keys, quarantineKey(space, Place{sub.Partition, sub.Records[i].Offset}), transitionKey(space, sub.Partition, sub.Records[i].Offset))
	}
	values, err := tx.Lock(keys...)
	if err != nil {
		return err
	}
	done := decodeU64(values[1])
	waiting, err := decodeOverrides(values[2])
	if err != nil {
		return err
	}
	before := len(waiting)
	kept := sub.Records[:0:0]
	for i := range sub.Records {
		rec := &sub.Records[i]
		switch {
		case values[3+2*i] != nil && rec.Kind != record.Control:
			kept = append(kept, *rec)
		case values[3+2*i] != nil:
			return errs.New(codeReplayRaced, "a record was quarantined while its replay was prepared")
		case rec.Offset >= done:
			waiting = slices.DeleteFunc(waiting, func(o override) bool { return o.offset == rec.Offset && o.pin <= rec.Pin })
			waiting = append(waiting, override{offset: rec.Offset, pin: rec.Pin})
		}
	}
	if len(waiting) != before {
		tx.Put(overridesKey(space, sub.Partition), encodeOverrides(waiting))
	}
	if len(kept) == 0 {
		return nil
	}
	batch := *sub
	batch.Records, batch.Effects = kept, nil
	return r.transition(ctx, tx, &batch, values[0])
}

// transition applies records out of quarantine and moves their dispositions.
func (r *Road) transition(ctx context.Context, tx engine.Tx, b *record.Batch, ledger []byte) error {
	space := engine.Space{Generation: b.Generation}
	if err := r.duplicates(tx, b); err != nil {
		return err
	}
	for _, stage := range r.deps.Chain.Apply {
		if err := stage.Apply(ctx, tx, b); err != nil {
			return err
		}
	}
	stored, err := decodeCounts(ledger)
	if err != nil {
		return err
	}
	out := record.Disposition{Partition: b.Partition, Checks: b.Checks}
	var moved counts
	for i := range b.Records {
		rec := &b.Records[i]
		place := Place{b.Partition, rec.Offset}
		moved.add(rec.Source, rec.Stream, record.Quarantined, -1)
		moved.add(rec.Source, rec.Stream, rec.Verdict.Outcome, 1)
		out.Set = append(out.Set, reason(rec))
		if rec.Verdict.Outcome == record.Quarantined {
			tx.Put(quarantineKey(space, place), encodeRejected(rec))
		} else {
			tx.Delete(quarantineKey(space, place))
		}
		one := record.Batch{From: rec.Offset, Records: b.Records[i : i+1]}
		tx.Put(transitionKey(space, b.Partition, rec.Offset), encodeOutcomes(&one))
	}
	stored.merge(moved)
	tx.Put(ledgerKey(space, b.Partition), encodeCounts(stored))
	if !b.Silent {
		out.Counts = moved
		tx.Emit(record.TopicDispositions, engine.U32(uint32(b.Partition)), record.AppendDisposition(nil, &out))
	}
	return nil
}
