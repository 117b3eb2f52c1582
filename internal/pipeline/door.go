package pipeline

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// CodeOverloaded is the fault of a door whose road is too far behind.
const CodeOverloaded errs.Code = "overloaded"

// CodePinUnknown is the fault of a Mapper that does not know a pin yet.
const CodePinUnknown errs.Code = "pin_unknown"

// Mapper sets a record's kind, operation, key, seq and occurred time by the rules
// that pin names, where its source did not. It never fails a record: what it
// cannot map, the stages judge.
type Mapper interface {
	Map(pin uint32, r *record.Record) error
}

// Door is the Sink of every source: the only place that stamps received time and
// pins rules.
type Door struct {
	log        engine.Log
	mapper     Mapper
	clock      clock.Clock
	partitions uint64 // of data
	maxLag     uint64
	pin        atomic.Uint32
	lag        func() uint64
	buffers    sync.Pool
	accepted   atomic.Uint64
	stamped    atomic.Int64 // the next free microsecond
}

// DoorDeps is what a Door works with.
type DoorDeps struct {
	Log    engine.Log
	Mapper Mapper
	Clock  clock.Clock
	// Lag is how many records of the log the road has not yet done; nil: never overloaded.
	Lag func() uint64
}

// NewDoor makes a Door. Until Pin is called it accepts nothing but control records.
func NewDoor(cfg Config, deps DoorDeps) *Door {
	cfg = cfg.withDefaults()
	return &Door{
		log: deps.Log, mapper: deps.Mapper, clock: deps.Clock, lag: deps.Lag, maxLag: cfg.MaxLag,
		partitions: uint64(deps.Log.Partitions(engine.TopicIngest) - 1),
		buffers:    sync.Pool{New: func() any { return &doorBuffer{} }},
	}
}

type doorBuffer struct {
	bytes   []byte
	ends    []int
	entries []engine.Entry
}

// Pin makes version the rules under which later records are mapped and judged.
func (d *Door) Pin(version uint32) { d.pin.Store(version) }

// Pinned is the version in force at the door.
func (d *Door) Pinned() uint32 { return d.pin.Load() }

// Accepted is the number of records of sources acknowledged since the start.
func (d *Door) Accepted() uint64 { return d.accepted.Load() }

// Overloaded reports whether Put would refuse for now.
func (d *Door) Overloaded() bool { return d.lag != nil && d.lag() > d.maxLag }

// Put implements record.Sink.
func (d *Door) Put(ctx context.Context, records []record.Record) (record.Position, error) {
	if len(records) == 0 {
		return record.Position{Log: d.log.ID()}, nil
	}
	if d.Overloaded() {
		return record.Position{}, errs.New(CodeOverloaded, "the road is behind by more records than may wait").Fix("send again later")
	}
	pin := d.pin.Load()
	if pin == 0 {
		return record.Position{}, errs.New(CodeOverloaded, "no rules are in force yet").Fix("send again in a moment")
	}
	buf := d.buffers.Get().(*doorBuffer)
	defer d.buffers.Put(buf)
	buf.bytes, buf.ends, buf.entries = buf.bytes[:0], buf.ends[:0], buf.entries[:0]
	received := d.stamp(len(records))
	for i := range records {
		r := &records[i]
		r.Received, r.Pin = received+int64(i), pin
		if err := d.mapper.Map(pin, r); err != nil {
			return record.Position{}, err
		}
		d.complete(r)
		from := len(buf.bytes)
		buf.bytes = record.AppendEnvelope(buf.bytes, r)
		if size := len(buf.bytes) - from; size > engine.MaxEntry {
			buf.bytes = record.AppendEnvelope(buf.bytes[:from], tooLarge(r, size))
		}
		buf.ends = append(buf.ends, len(buf.bytes))
		buf.entries = append(buf.entries, engine.Entry{Partition: d.partition(r)})
	}
	start := 0
	for i, end := range buf.ends {
		buf.entries[i].Value = buf.bytes[start:end:end]
		start = end
	}
	pos, err := d.log.Append(ctx, buf.entries)
	if err == nil {
		d.accepted.Add(uint64(len(records)))
	}
	return pos, err
}

// PutControl appends one control record, named id, to the control partition.
func (d *Door) PutControl(ctx context.Context, stream, id string, props []byte) (record.Position, error) {
	r := record.Record{
		ID: id, Source: "kith", Stream: stream, Kind: record.Control, Op: record.Upsert, Key: id,
		Received: clock.Micros(d.clock.Now()), Pin: d.pin.Load(), Hash: xxhash.Sum64(props), Props: props,
	}
	return d.log.Append(ctx, []engine.Entry{{Partition: engine.ControlPartition, Value: record.AppendEnvelope(nil, &r)}})
}

// stamp gives the received time of the first of n records; the others follow by a
// microsecond each. No two records of a process share one: a person's founder is
// then the first to arrive, and its id does not move as more arrive.
func (d *Door) stamp(n int) int64 {
	now := clock.Micros(d.clock.Now())
	for {
		last := d.stamped.Load()
		first := max(now, last)
		if d.stamped.CompareAndSwap(last, first+int64(n)) {
			return first
		}
	}
}

// complete fills what must not be empty.
func (d *Door) complete(r *record.Record) {
	if r.Kind == 0 || r.Kind == record.Control {
		r.Kind = record.Event // an unknown stream: the stages will say so
	}
	if r.Op == 0 {
		r.Op = record.Upsert
	}
	if r.ID == "" {
		var id [16]byte
		_, _ = rand.Read(id[:]) // never fails since Go 1.24
		r.ID = hex.EncodeToString(id[:])
	}
	if r.Hash == 0 {
		r.Hash = xxhash.Sum64(r.Props)
	}
}

// tooLarge is what is kept of a record that the log does not take: that there was one.
// To refuse it would stop its source at it, for ever.
func tooLarge(r *record.Record, size int) *record.Record {
	kept := record.Record{ID: r.ID, Source: r.Source, Stream: r.Stream, Kind: r.Kind, Op: r.Op, Occurred: r.Occurred, Received: r.Received, Pin: r.Pin}
	kept.Props = fmt.Appendf(nil, `{"_bytes":%d}`, size)
	kept.Hash, kept.Reject = r.Hash, string(engine.CodeTooLarge)
	return &kept
}

// partition spreads records by (source, key); what has no key goes by its id.
func (d *Door) partition(r *record.Record) int32 {
	key := r.Key
	if key == "" {
		key = r.ID
	}
	var buf [128]byte
	b := append(buf[:0], r.Source...)
	b = append(b, 0)
	b = append(b, key...)
	return int32(xxhash.Sum64(b)%d.partitions) + 1
}
