package pipeline

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

const storedVersion = 1

var errStored = errs.New("state_format", "a document of the ledger has a format this version cannot read").
	Fix("open this data folder with the version that wrote it, or a later one")

// Keys of TableDisposition: a batch's outcomes lie under the offset after its last
// record, so that the first key past an offset is the batch that holds it; what a
// replay changed lies under the record's own offset.
func batchKey(s engine.Space, partition int32, to uint64) []byte {
	return s.Key(engine.TableDisposition, []byte{0}, engine.U32(uint32(partition)), engine.U64(to))
}

func transitionKey(s engine.Space, partition int32, offset uint64) []byte {
	return s.Key(engine.TableDisposition, []byte{1}, engine.U32(uint32(partition)), engine.U64(offset))
}

func ledgerKey(s engine.Space, partition int32) []byte {
	return s.Key(engine.TableLedger, engine.U32(uint32(partition)))
}

// encodeOutcomes writes the outcome of each of b's records, run by run, and the
// reasons of those that did not act.
func encodeOutcomes(b *record.Batch) []byte {
	var e wire.Encoder
	e.Byte(storedVersion)
	e.Uint(b.From)
	for i := 0; i < len(b.Records); {
		j := i
		v := &b.Records[i].Verdict
		for j < len(b.Records) && b.Records[j].Verdict.Outcome == v.Outcome && b.Records[j].Verdict.Code == v.Code && b.Records[j].Verdict.Field == v.Field {
			j++
		}
		e.Uint(uint64(j - i))
		e.Byte(byte(v.Outcome))
		e.String(v.Code)
		e.String(v.Field)
		i = j
	}
	return e.B
}

// outcomeAt finds the verdict of offset in what encodeOutcomes wrote.
func outcomeAt(b []byte, offset uint64) (v record.Verdict, ok bool, err error) {
	d := wire.NewDecoder(b)
	if d.Byte() != storedVersion {
		return v, false, errStored
	}
	at := d.Uint()
	for d.Len() > 0 {
		n := d.Uint()
		v = record.Verdict{Outcome: record.Outcome(d.Byte()), Code: d.String(), Field: d.String()}
		if d.Err() != nil {
			break
		}
		if offset >= at && offset < at+n {
			return v, true, nil
		}
		at += n
	}
	return record.Verdict{}, false, d.Err()
}

// counts is the ledger of one partition, or of one batch: outcomes by stream.
type counts []record.DispositionCount

func (c *counts) add(source, stream string, o record.Outcome, n int64) {
	for i := range *c {
		if each := &(*c)[i]; each.Stream == stream && each.Source == source {
			each.N[o] += n
			return
		}
	}
	each := record.DispositionCount{Source: source, Stream: stream}
	each.N[o] = n
	*c = append(*c, each)
}

func (c *counts) merge(o counts) {
	for i := range o {
		for k, n := range o[i].N {
			if n != 0 {
				c.add(o[i].Source, o[i].Stream, record.Outcome(k), n)
			}
		}
	}
}

func encodeCounts(c counts) []byte {
	var e wire.Encoder
	e.Byte(storedVersion)
	e.Uint(uint64(len(c)))
	for i := range c {
		e.String(c[i].Source)
		e.String(c[i].Stream)
		for _, n := range c[i].N {
			e.Int(n)
		}
	}
	return e.B
}

func decodeCounts(b []byte) (c counts, err error) {
	if b == nil {
		return nil, nil
	}
	d := wire.NewDecoder(b)
	if d.Byte() != storedVersion {
		return nil, errStored
	}
	for range d.Count() {
		each := record.DispositionCount{Source: d.String(), Stream: d.String()}
		for k := range each.N {
			each.N[k] = d.Int()
		}
		c = append(c, each)
	}
	return c, d.Finish()
}

// writeDispositions records what became of every record of b: its outcomes, the
// ledger's counts, and the emitted disposition (I4). Caller has locked ledgerKey,
// whose value is ledger.
func writeDispositions(tx engine.Tx, b *record.Batch, ledger []byte) error {
	space := engine.Space{Generation: b.Generation}
	stored, err := decodeCounts(ledger)
	if err != nil {
		return err
	}
	out := record.Disposition{Partition: b.Partition, From: b.From, To: b.To, Checks: b.Checks}
	var now counts
	for i := range b.Records {
		r := &b.Records[i]
		now.add(r.Source, r.Stream, r.Verdict.Outcome, 1)
		if told(&r.Verdict) {
			out.Set = append(out.Set, reason(r))
		}
	}
	stored.merge(now)
	tx.Put(ledgerKey(space, b.Partition), encodeCounts(stored))
	tx.Put(batchKey(space, b.Partition, b.To), encodeOutcomes(b))
	if !b.Silent {
		out.Counts = now
		tx.Emit(record.TopicDispositions, engine.U32(uint32(b.Partition)), record.AppendDisposition(nil, &out))
	}
	return nil
}

// told reports whether a disposition says why its record did not act.
func told(v *record.Verdict) bool {
	return v.Outcome == record.Quarantined || v.Outcome == record.Discarded || v.Outcome == record.Expired
}

func reason(r *record.Record) record.Reason {
	v := &r.Verdict
	return record.Reason{Offset: r.Offset, Outcome: v.Outcome, Source: r.Source, Stream: r.Stream,
		Code: v.Code, Field: v.Field, Detail: v.Detail, Received: r.Received}
}

// LedgerLine is one line of the ledger: what became of a stream's records.
type LedgerLine struct {
	Source, Stream string
	N              [record.Outcomes]int64
}

// Ledger is the whole account (I4): Accepted is the sum of all outcomes and of
// Pending, or something is wrong.
type Ledger struct {
	Lines    []LedgerLine
	Accepted uint64 // records in the log, trimmed ones included
	Pending  uint64 // in the log, not yet done
	Done     int64  // sum of all lines
}

// Balanced reports whether every accepted record is accounted for.
func (l Ledger) Balanced() bool { return l.Accepted == uint64(l.Done)+l.Pending }

// ReadLedger sums the ledger of a generation.
func ReadLedger(ctx context.Context, e *engine.Engine, generation uint32) (Ledger, error) {
	var l Ledger
	var sum counts
	space := engine.Space{Generation: generation}
	for p := range e.Log.Partitions(engine.TopicIngest) {
		// Done before accepted: a record that arrives between is pending, not lost.
		err := e.State.View(ctx, func(r engine.Reader) error {
			values, err := r.Get(ledgerKey(space, p))
			if err != nil {
				return err
			}
			c, err := decodeCounts(values[0])
			var done uint64
			for i := range c {
				for _, n := range c[i].N {
					done += uint64(n)
				}
			}
			sum.merge(c)
			l.Done += int64(done)
			if err != nil {
				return err
			}
			_, end, err := e.Log.Bounds(ctx, engine.TopicIngest, p)
			l.Accepted += end
			at := lastDone(r, space, p)
			if end > at {
				l.Pending += end - at
			}
			return err
		})
		if err != nil {
			return l, err
		}
	}
	for i := range sum {
		l.Lines = append(l.Lines, LedgerLine(sum[i]))
	}
	slices.SortFunc(l.Lines, func(a, b LedgerLine) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Stream, b.Stream))
	})
	return l, nil
}

// lastDone is the offset after the last record with a disposition. It is read from
// the dispositions, in the same snapshot as the counts, not from the stored offset,
// so that a ledger which lost either does not balance.
func lastDone(r engine.Reader, space engine.Space, partition int32) (to uint64) {
	values, err := r.Get(space.Key(engine.TableDisposition, []byte{2}, engine.U32(uint32(partition))))
	if err == nil {
		to = decodeU64(values[0])
	}
	return to
}

func doneKey(s engine.Space, partition int32) []byte {
	return s.Key(engine.TableDisposition, []byte{2}, engine.U32(uint32(partition)))
}

func decodeU64(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}
