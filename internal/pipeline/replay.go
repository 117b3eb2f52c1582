package pipeline

import (
	"cmp"
	"context"
	"slices"

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

// The bounds of one step of a replay: what is read, and what one transaction takes.
const (
	replayRecords = 500
	replayBytes   = 8 << 20
)

// Replay is a control record: judge these records again, under newer rules, or, with
// Expire and no pin, give them up. The disposition moves; accepted does not. A record
// that acted already is left alone.
type Replay struct {
	Pin    uint32  `json:"pin"`
	Places []Place `json:"places"`
	Expire bool    `json:"expire,omitzero"`
}

// pinExpire stands where a pin does for records that are given up: no rules have it.
const pinExpire = 0

// ParseReplay reads a replay's properties. It fails with code bad_replay.
func ParseReplay(props []byte) (Replay, error) {
	var p Replay
	if err := json.Unmarshal(props, &p); err != nil || (p.Pin == pinExpire) != p.Expire {
		return p, errs.New("bad_replay", "a replay needs a pin and places")
	}
	return p, nil
}

// Replayable reports whether a replay judges what is in quarantine for code.
func Replayable(code string) bool { return code != codeReused }

// Props is the replay as a control record's properties.
func (p Replay) Props() ([]byte, error) { return json.Marshal(p) }

// steppingKey holds the offset of a replay that was applied in part. While it is
// there the generation is not sealed, and so no other swapped in: that would apply, and
// emit, the same steps once more (I2).
func steppingKey(s engine.Space) []byte { return s.Key(engine.TableQuarantine, []byte{2}) }

// step is a part of a replay that one transaction applies: places of one partition.
type step struct {
	pin    uint32
	fence  *record.Batch // of the control record
	batch  record.Batch  // those that are quarantined
	absent []uint64      // those that are not: they acted, or the road is still to reach them
}

// replays applies what the replays among b's records name, step by step. Each step
// can be run again: what left the quarantine once is not touched a second time.
func (r *Road) replays(ctx context.Context, b *record.Batch) error {
	for i := range b.Records {
		rec := &b.Records[i]
		if rec.Kind != record.Control || rec.Stream != StreamReplay || !rec.Verdict.Keep() {
			continue
		}
		replay, err := ParseReplay(rec.Props)
		if err != nil {
			continue // Control says so
		}
		places := replay.Places
		slices.SortFunc(places, func(a, b Place) int {
			return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
		})
		if err := r.replayPlaces(ctx, b, replay.Pin, slices.Compact(places)); err != nil {
			return err
		}
	}
	return nil
}

// replayPlaces replays places, sorted, in steps of one partition each. Steps shrink
// until what fails is alone, and grow again after it.
func (r *Road) replayPlaces(ctx context.Context, fence *record.Batch, pin uint32, places []Place) error {
	for size := replayRecords; len(places) > 0; {
		if p := places[0].Partition; p < 0 || p >= r.deps.Engine.Log.Partitions(engine.TopicIngest) {
			places = places[1:] // nothing is there, and nothing will be
			continue
		}
		n := 1
		for n < min(len(places), size) && places[n].Partition == places[0].Partition {
			n++
		}
		step, done := places[:n], 0
		poisoned, err := r.insist(ctx, fence, func() (err error) {
			done, err = r.replayStep(ctx, fence, pin, step, nil)
			return err
		})
		switch {
		case err == nil:
			size = min(2*size, replayRecords)
		case !poisoned:
			return err
		case n > 1:
			size = n / 2
			continue
		default:
			cause := err
			_, err = r.insist(ctx, fence, func() (err error) {
				done, err = r.replayStep(ctx, fence, pin, step, cause)
				return err
			})
			if err != nil {
				return err
			}
		}
		places = places[done:]
	}
	return nil
}

// replayStep reads, judges and applies places; with a poison, it only notes that one
// under the only place.
func (r *Road) replayStep(ctx context.Context, fence *record.Batch, pin uint32, places []Place, poison error) (n int, err error) {
	s := &step{pin: pin, fence: fence, batch: record.Batch{Generation: fence.Generation, Silent: fence.Silent, Partition: places[0].Partition}}
	for size := 0; n < len(places) && size < replayBytes; n++ {
		rec, code, err := r.quarantined(ctx, places[n], pin)
		if err != nil {
			return 0, err
		}
		switch {
		case code == "":
			s.absent = append(s.absent, places[n].Offset)
		case pin == pinExpire: // all of them
			s.batch.Records = append(s.batch.Records, rec)
			size += len(rec.Props)
		case code == codeReused: // whose id it is was settled when it came; the first may be forgotten by now
		default:
			s.batch.Records = append(s.batch.Records, rec)
			size += len(rec.Props)
		}
	}
	switch {
	case pin == pinExpire:
		s.batch.Judge()
	case poison != nil && len(s.batch.Records) == 1:
		r.condemn(&s.batch, poison)
	default:
		if err := r.rejudge(ctx, &s.batch, pin); err != nil {
			return 0, err
		}
		if err := r.hold(ctx, &s.batch); err != nil {
			return 0, err
		}
	}
	return n, r.update(ctx, func(tx engine.Tx) error {
		s.batch.Reset()
		// The fence: another owner of the control partition may have come further.
		if err := tx.Advance(Reader(fence.Generation), fence.Partition, fence.From, fence.From); err != nil {
			return err
		}
		if err := stands(tx, r.fence().road(), fence.Partition); err != nil {
			return err
		}
		return r.replay(ctx, tx, s)
	})
}

// quarantined gives a record as it came where it lies in quarantine now, and the code
// that it lies there for; else no code. One that expires is given as it lies there.
func (r *Road) quarantined(ctx context.Context, place Place, pin uint32) (rec record.Record, code string, err error) {
	var stored []byte
	err = r.deps.Engine.State.View(ctx, func(reader engine.Reader) error {
		values, err := reader.Get(quarantineKey(engine.Space{Generation: r.deps.Generation}, place))
		if err == nil {
			stored = values[0]
		}
		return err
	})
	if err != nil || stored == nil {
		return rec, "", err
	}
	rej, err := decodeRejected(place, stored)
	if err != nil {
		return rec, "", err
	}
	if pin == pinExpire {
		why := &rej.Reason
		rej.Record.Verdict = record.Verdict{Outcome: record.Expired, Code: why.Code, Field: why.Field, Detail: why.Detail}
		return rej.Record, why.Code, nil
	}
	rec, err = r.original(ctx, place)
	if errs.Is(err, engine.CodeTrimmed) {
		rec, err = rej.Record, nil
	}
	return rec, rej.Reason.Code, err
}

// replay applies one step within the transaction. Where a record is not in
// quarantine, either the road has not reached it yet, and an override waits for
// it, or it has acted already, and nothing is to be done.
func (r *Road) replay(ctx context.Context, tx engine.Tx, s *step) error {
	b := &s.batch
	space := engine.Space{Generation: b.Generation}
	keys := [][]byte{ledgerKey(space, b.Partition), doneKey(space, b.Partition), overridesKey(space, b.Partition), steppingKey(space)}
	for _, offset := range s.absent {
		keys = append(keys, quarantineKey(space, Place{b.Partition, offset}))
	}
	for i := range b.Records {
		offset := b.Records[i].Offset
		keys = append(keys, quarantineKey(space, Place{b.Partition, offset}), transitionKey(space, b.Partition, offset))
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
	ledger, before := values[0], len(waiting)
	tx.Put(steppingKey(space), engine.U64(s.fence.From))
	values = values[4:]
	for i, offset := range s.absent {
		switch {
		case values[i] != nil:
			return errs.New(codeReplayRaced, "a record was quarantined while its replay was prepared")
		case offset >= done:
			waiting = merged(waiting, override{offset: offset, pin: s.pin})
		}
	}
	if len(waiting) != before {
		tx.Put(overridesKey(space, b.Partition), encodeOverrides(waiting))
	}
	values = values[len(s.absent):]
	kept := record.Batch{Generation: b.Generation, Silent: b.Silent, Partition: b.Partition, Checks: b.Checks}
	for i := range b.Records {
		if values[2*i] != nil { // else an earlier try has done it
			kept.Records = append(kept.Records, b.Records[i])
		}
	}
	if len(kept.Records) == 0 {
		return nil
	}
	if s.pin != pinExpire { // what expires acts on nothing
		if err := r.duplicates(tx, &kept); err != nil {
			return err
		}
		for _, stage := range r.deps.Chain.Apply {
			if err := stage.Apply(ctx, tx, &kept); err != nil {
				return err
			}
		}
	}
	return transition(tx, &kept, ledger)
}

// transition moves the dispositions of records that were in quarantine.
func transition(tx engine.Tx, b *record.Batch, ledger []byte) error {
	space := engine.Space{Generation: b.Generation}
	stored, err := decodeCounts(ledger)
	if err != nil {
		return err
	}
	for i := range b.Records {
		rec := &b.Records[i]
		place := Place{b.Partition, rec.Offset}
		if rec.Verdict.Outcome == record.Quarantined {
			tx.Put(quarantineKey(space, place), encodeRejected(rec))
		} else {
			tx.Delete(quarantineKey(space, place))
		}
		one := record.Batch{From: rec.Offset, Records: b.Records[i : i+1]}
		tx.Put(transitionKey(space, b.Partition, rec.Offset), encodeOutcomes(&one))
		var moved [2]record.DispositionCount // apart, so that a reader sees a record leave its outcome
		for j := range moved {
			moved[j].Source, moved[j].Stream = rec.Source, rec.Stream
		}
		moved[0].N[record.Quarantined], moved[1].N[rec.Verdict.Outcome] = -1, 1
		stored.merge(moved[:])
		if b.Silent {
			continue
		}
		out := record.Disposition{Partition: b.Partition, From: rec.Offset, To: rec.Offset + 1, Counts: moved[:]}
		if i == 0 {
			out.Checks = b.Checks
		}
		if told(&rec.Verdict) {
			out.Set = []record.Reason{reason(rec)}
		}
		tx.Emit(record.TopicDispositions, engine.U32(uint32(b.Partition)), record.AppendDisposition(nil, &out))
	}
	tx.Put(ledgerKey(space, b.Partition), encodeCounts(stored))
	return nil
}
