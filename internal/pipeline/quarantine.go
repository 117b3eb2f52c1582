package pipeline

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// Place is a record's place in the ingest log.
type Place struct {
	Partition int32  `json:"partition"`
	Offset    uint64 `json:"offset"`
}

// Rejected is one quarantined record with its reason.
type Rejected struct {
	Place
	Reason record.Reason
	Record record.Record
}

func quarantineKey(s engine.Space, p Place) []byte {
	return s.Key(engine.TableQuarantine, []byte{0}, engine.U32(uint32(p.Partition)), engine.U64(p.Offset))
}

func encodeRejected(r *record.Record) []byte {
	e := wire.Encoder{}
	e.Byte(storedVersion)
	v := &r.Verdict
	e.String(v.Code)
	e.String(v.Field)
	e.String(v.Detail)
	e.B = record.AppendEnvelope(e.B, r)
	return e.B
}

func decodeRejected(p Place, b []byte) (Rejected, error) {
	d := wire.NewDecoder(b)
	if d.Byte() != storedVersion {
		return Rejected{}, errStored
	}
	rej := Rejected{Place: p}
	code, field, detail := d.String(), d.String(), d.String()
	rest := d.Raw(d.Len())
	if d.Err() != nil {
		return rej, d.Err()
	}
	if err := record.DecodeEnvelope(rest, &rej.Record); err != nil {
		return rej, err
	}
	rej.Record.Partition, rej.Record.Offset = p.Partition, p.Offset
	rej.Reason = record.Reason{Offset: p.Offset, Outcome: record.Quarantined, Source: rej.Record.Source, Stream: rej.Record.Stream,
		Code: code, Field: field, Detail: detail, Received: rej.Record.Received}
	return rej, nil
}

// Clone gives a copy that outlives what r's texts lie in.
func (r *Rejected) Clone() (Rejected, error) {
	rec := r.Record
	rec.Verdict = record.Verdict{Code: r.Reason.Code, Field: r.Reason.Field, Detail: r.Reason.Detail}
	return decodeRejected(r.Place, encodeRejected(&rec))
}

// QuarantineFilter chooses quarantined records; zero fields choose all.
type QuarantineFilter struct {
	Code, Source, Stream string
	Field                *string // "": those that are about no field
	After                *Place  // those that lie after it
	Limit                int
	Bytes                int // stored, after which a list ends
}

func (f *QuarantineFilter) chooses(r *record.Reason) bool {
	return (f.Code == "" || f.Code == r.Code) && (f.Source == "" || f.Source == r.Source) && (f.Stream == "" || f.Stream == r.Stream) &&
		(f.Field == nil || *f.Field == r.Field)
}

// ListQuarantine gives the quarantined records of a generation in order of place.
func ListQuarantine(ctx context.Context, state engine.State, generation uint32, f QuarantineFilter) ([]Rejected, error) {
	list, _, err := PageQuarantine(ctx, state, generation, f)
	return list, err
}

// PageQuarantine is ListQuarantine, and says whether a limit ended the list: then
// others may follow.
func PageQuarantine(ctx context.Context, state engine.State, generation uint32, f QuarantineFilter) (list []Rejected, more bool, err error) {
	size := 0
	err = scanQuarantine(ctx, state, generation, f, func(rej *Rejected, value []byte) (bool, error) {
		kept, err := decodeRejected(rej.Place, slices.Clone(value))
		list = append(list, kept)
		size += len(value)
		more = f.Limit > 0 && len(list) >= f.Limit || f.Bytes > 0 && size >= f.Bytes
		return !more, err
	})
	return list, more, err
}

// EachQuarantined calls fn with each quarantined record that f chooses, in order of
// place, until fn gives false; Limit is not looked at. What fn is given, its texts
// too, lives during the call alone: however many there are, one is in memory.
func EachQuarantined(ctx context.Context, state engine.State, generation uint32, f QuarantineFilter, fn func(*Rejected) bool) error {
	return scanQuarantine(ctx, state, generation, f, func(rej *Rejected, _ []byte) (bool, error) { return fn(rej), ctx.Err() })
}

// overdueLook is how many records Overdue looks at, so that no step of an expiry is
// long, however many are in quarantine.
const overdueLook = 20_000

// Overdue gives the places of quarantined records that were received before a time, at
// most limit, of those that lie after a place; after nil, from the first. next is
// where to go on, nil where there are no others.
func Overdue(ctx context.Context, state engine.State, generation uint32, before int64, after *Place, limit int) (places []Place, next *Place, err error) {
	looked := 0
	err = EachQuarantined(ctx, state, generation, QuarantineFilter{After: after}, func(r *Rejected) bool {
		looked++
		if r.Reason.Received < before {
			places = append(places, r.Place)
		}
		if looked < overdueLook && len(places) < limit {
			return true
		}
		last := r.Place
		next = &last
		return false
	})
	return places, next, err
}

func scanQuarantine(ctx context.Context, state engine.State, generation uint32, f QuarantineFilter, fn func(*Rejected, []byte) (bool, error)) error {
	space := engine.Space{Generation: generation}
	lo, hi := space.Bounds(engine.TableQuarantine, []byte{0})
	head := len(lo)
	if f.After != nil {
		lo = append(quarantineKey(space, *f.After), 0)
	}
	return state.View(ctx, func(r engine.Reader) error {
		var bad error
		err := r.Scan(lo, hi, func(k, v []byte) bool {
			place := Place{Partition: int32(binary.BigEndian.Uint32(k[head:])), Offset: binary.BigEndian.Uint64(k[head+4:])}
			var rej Rejected
			if rej, bad = decodeRejected(place, v); bad != nil {
				return false
			}
			if !f.chooses(&rej.Reason) {
				return true
			}
			var more bool
			more, bad = fn(&rej, v)
			return more && bad == nil
		})
		if err == nil {
			err = bad
		}
		return err
	})
}
