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

// QuarantineFilter chooses quarantined records; zero fields choose all.
type QuarantineFilter struct {
	Code, Stream string
	After        *Place // those that lie after it
	Limit        int
	Bytes        int // stored, after which a list ends
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
			if f.Code != "" && f.Code != rej.Reason.Code || f.Stream != "" && f.Stream != rej.Reason.Stream {
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
