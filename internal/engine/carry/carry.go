// Package carry moves all that one backend holds into an empty one of another kind,
// and proves that both hold the same. It knows backends only by the engine's ports.
package carry

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
)

// Codes of the faults of a migration.
const (
	CodeNotEmpty  errs.Code = "migrate_target"    // the target holds something already
	CodeShape     errs.Code = "migrate_shape"     // the two have other numbers of partitions
	CodeDifferent errs.Code = "migrate_different" // what arrived is not what was sent
)

// The bounds of one step.
const (
	stepValues = 2000
	stepBytes  = 4 << 20
	stepKeys   = 2000
)

// Progress is told how much was moved, or compared, of what.
type Progress func(part string, done, of uint64)

// Part is one part of what both hold: so many things, with this digest.
type Part struct {
	Name   string
	Count  uint64
	Digest string // SHA-256 over all of it, in order
}

// Move copies everything: the ingest log, emitted topics with their numbers, the
// state's entries and the readers' positions. The source must be at rest, and the
// target empty, of the same numbers of partitions.
func Move(ctx context.Context, from, to *engine.Engine, progress Progress) error {
	if err := fits(ctx, from, to); err != nil {
		return err
	}
	if err := moveLog(ctx, from, to, progress); err != nil {
		return fmt.Errorf("moving the ingest log: %w", err)
	}
	if err := moveTopics(ctx, from, to, progress); err != nil {
		return fmt.Errorf("moving the emitted topics: %w", err)
	}
	if err := moveState(ctx, from, to, progress); err != nil {
		return fmt.Errorf("moving the state: %w", err)
	}
	return nil
}

// fits refuses a target that holds something, or cannot hold what the source does.
func fits(ctx context.Context, from, to *engine.Engine) error {
	for _, topic := range []string{engine.TopicIngest, "any emitted one"} {
		if a, b := from.Log.Partitions(topic), to.Log.Partitions(topic); a != b {
			return errs.New(CodeShape, fmt.Sprintf("the source has %d partitions where the target has %d", a, b)).
				Fix("make the target with the source's numbers: they are part of what is stored")
		}
	}
	var kept uint64
	for p := range to.Log.Partitions(engine.TopicIngest) {
		_, end, err := to.Log.Bounds(ctx, engine.TopicIngest, p)
		if err != nil {
			return err
		}
		kept += end
	}
	topics, err := to.Carrier.Topics(ctx)
	if err != nil {
		return err
	}
	readers, err := to.Carrier.Readers(ctx)
	if err != nil {
		return err
	}
	entries := 0
	err = to.State.View(ctx, func(r engine.Reader) error {
		return r.Scan(nil, nil, func(_, _ []byte) bool { entries++; return false })
	})
	if err == nil && kept+uint64(len(topics)+len(readers)+entries) > 0 {
		err = errs.New(CodeNotEmpty, "the target holds something already").
			Fix("name an empty one: another data folder, or another schema and prefix")
	}
	return err
}

func moveLog(ctx context.Context, from, to *engine.Engine, progress Progress) error {
	var done, all uint64
	for p := range from.Log.Partitions(engine.TopicIngest) {
		first, end, err := from.Log.Bounds(ctx, engine.TopicIngest, p)
		if err != nil {
			return err
		}
		if first != 0 {
			return trimmed(engine.TopicIngest, p)
		}
		all += end
	}
	for p := range from.Log.Partitions(engine.TopicIngest) {
		err := each(ctx, from.Log, engine.TopicIngest, p, func(values [][]byte) error {
			entries := make([]engine.Entry, len(values))
			for i, v := range values {
				entries[i] = engine.Entry{Partition: p, Value: v}
			}
			_, err := to.Log.Append(ctx, entries)
			done += uint64(len(values))
			progress("log", done, all)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// trimmed is the fault of a part whose beginning is gone: offsets and numbers must
// stay as they are, and a new log begins at 0.
func trimmed(topic string, p int32) error {
	return errs.New(engine.CodeTrimmed, "the beginning of topic "+topic+", partition "+strconv.Itoa(int(p))+", was trimmed away").
		Fix("it cannot be moved with its offsets; restore a backup that has it")
}

func moveTopics(ctx context.Context, from, to *engine.Engine, progress Progress) error {
	topics, err := from.Carrier.Topics(ctx)
	if err != nil {
		return err
	}
	var done, all uint64
	for _, topic := range topics {
		for p := range from.Log.Partitions(topic) {
			first, end, err := from.Log.Bounds(ctx, topic, p)
			if err != nil {
				return err
			}
			if first != 0 {
				return trimmed(topic, p)
			}
			all += end
		}
	}
	for _, topic := range topics {
		for p := range from.Log.Partitions(topic) {
			err := each(ctx, from.Log, topic, p, func(values [][]byte) error {
				done += uint64(len(values))
				progress("topics", done, all)
				return to.Carrier.Publish(ctx, topic, p, values)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// each gives all values of a partition, in order, in steps.
func each(ctx context.Context, l engine.Log, topic string, p int32, do func(values [][]byte) error) error {
	at, end, err := l.Bounds(ctx, topic, p)
	for err == nil && at < end {
		var values [][]byte
		if values, err = l.Read(ctx, topic, p, at, int(min(stepValues, end-at))); err != nil {
			break
		}
		at += uint64(len(values))
		for len(values) > 0 && err == nil {
			n, bytes := 0, 0
			for n < len(values) && (n == 0 || bytes+len(values[n]) <= stepBytes) {
				bytes += len(values[n])
				n++
			}
			err = do(values[:n])
			values = values[n:]
		}
	}
	return err
}

func moveState(ctx context.Context, from, to *engine.Engine, progress Progress) error {
	var done uint64
	err := entries(ctx, from.State, func(keys, values [][]byte) error {
		done += uint64(len(keys))
		progress("state", done, 0)
		return to.State.Update(ctx, func(tx engine.Tx) error {
			if _, err := tx.Lock(keys...); err != nil {
				return err
			}
			for i := range keys {
				tx.Put(keys[i], values[i])
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	readers, err := from.Carrier.Readers(ctx)
	if err != nil {
		return err
	}
	// Last, and at once: whoever finds positions finds everything.
	return to.State.Update(ctx, func(tx engine.Tx) error {
		for _, r := range readers {
			if err := tx.Advance(r.Reader, r.Partition, 0, r.Offset); err != nil {
				return err
			}
		}
		return nil
	})
}

// entries gives all of the state, in order, in steps.
func entries(ctx context.Context, s engine.State, do func(keys, values [][]byte) error) error {
	var lo []byte
	for {
		var keys, values [][]byte
		size := 0
		err := s.View(ctx, func(r engine.Reader) error {
			return r.Scan(lo, nil, func(k, v []byte) bool {
				keys, values = append(keys, bytes.Clone(k)), append(values, bytes.Clone(v))
				size += len(k) + len(v)
				return len(keys) < stepKeys && size < stepBytes
			})
		})
		if err != nil || len(keys) == 0 {
			return err
		}
		last := keys[len(keys)-1]
		lo = append(last[:len(last):len(last)], 0)
		if err := do(keys, values); err != nil {
			return err
		}
	}
}

// Describe counts and digests all that an engine at rest holds.
func Describe(ctx context.Context, e *engine.Engine, progress Progress) (parts []Part, err error) {
	topics, err := e.Carrier.Topics(ctx)
	if err != nil {
		return nil, err
	}
	for _, topic := range append([]string{engine.TopicIngest}, topics...) {
		for p := range e.Log.Partitions(topic) {
			d := newDigest(topic + "/" + strconv.Itoa(int(p)))
			err := each(ctx, e.Log, topic, p, func(values [][]byte) error {
				for _, v := range values {
					d.add(v)
				}
				progress("comparing "+topic, d.count, 0)
				return nil
			})
			if err != nil {
				return nil, err
			}
			parts = append(parts, d.part())
		}
	}
	d := newDigest("state")
	err = entries(ctx, e.State, func(keys, values [][]byte) error {
		for i := range keys {
			d.add(keys[i], values[i])
		}
		progress("comparing state", d.count, 0)
		return nil
	})
	if err != nil {
		return nil, err
	}
	parts = append(parts, d.part())
	readers, err := e.Carrier.Readers(ctx)
	if err != nil {
		return nil, err
	}
	d = newDigest("positions")
	for _, r := range readers {
		d.add([]byte(r.Reader), binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(nil, uint32(r.Partition)), r.Offset)) //nolint:gosec // as bits
	}
	return append(parts, d.part()), nil
}

type digest struct {
	name  string
	count uint64
	sum   hash.Hash
}

func newDigest(name string) *digest { return &digest{name: name, sum: sha256.New()} }

// add adds one thing of several pieces, each after its length.
func (d *digest) add(pieces ...[]byte) {
	d.count++
	for _, p := range pieces {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		d.sum.Write(n[:]) // never fails
		d.sum.Write(p)
	}
}

func (d *digest) part() Part {
	return Part{Name: d.name, Count: d.count, Digest: hex.EncodeToString(d.sum.Sum(nil))}
}

// Compare gives the parts of both, and CodeDifferent with the first that differs.
func Compare(ctx context.Context, from, to *engine.Engine, progress Progress) ([]Part, error) {
	have, err := Describe(ctx, from, progress)
	if err != nil {
		return nil, err
	}
	got, err := Describe(ctx, to, progress)
	if err != nil {
		return nil, err
	}
	for i := range have {
		if i >= len(got) || got[i] != have[i] {
			return have, errs.New(CodeDifferent, "part "+have[i].Name+" is not the same in both").
				Fix("nothing of the source was changed: empty the target and move again")
		}
	}
	if len(got) > len(have) {
		return have, errs.New(CodeDifferent, "the target has more than the source").Fix("empty the target and move again")
	}
	return have, nil
}
