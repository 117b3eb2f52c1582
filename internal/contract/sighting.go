package contract

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// Sighting is one way in which a stream's records departed from its applied
// contract: how often, and the first of them by (received, partition, offset).
type Sighting struct {
	Path      string // of an event with a contract of its own, the event's name goes before it
	Code      string // contract_new_field, contract_type, contract_null, contract_value, contract_missing or contract_unplanned_event
	Count     uint64
	Received  int64 // microseconds UTC
	Partition int32
	Offset    uint64
	Example   string // the first's value, letters as x and digits as 9; empty where none was
}

// Bounds of what is kept of a stream. Of more sightings the least by path and code
// stay, so that what is kept does not depend on the order in which they came.
const (
	maxSightings = 200
	maxExample   = 60 // bytes
)

// driftKey is where a stream's sightings lie, outside generations as its contract.
func driftKey(stream string) []byte { return engine.Space{}.Key(engine.TableDrift, []byte(stream)) }

func (s *Sighting) compare(o *Sighting) int {
	return cmp.Or(strings.Compare(s.Path, o.Path), strings.Compare(s.Code, o.Code))
}

func (s *Sighting) before(o *Sighting) bool {
	return cmp.Or(cmp.Compare(s.Received, o.Received), cmp.Compare(s.Partition, o.Partition), cmp.Compare(s.Offset, o.Offset),
		strings.Compare(s.Example, o.Example)) < 0
}

// sighted joins two lists of sightings, each sorted. It is commutative and
// associative.
func sighted(a, b []Sighting) []Sighting {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(x, y Sighting) int { return x.compare(&y) })
	out := all[:0]
	for _, s := range all {
		if n := len(out); n > 0 && out[n-1].compare(&s) == 0 {
			first, count := out[n-1], out[n-1].Count+s.Count
			if s.before(&first) {
				first = s
			}
			first.Count = count
			out[n-1] = first
			continue
		}
		out = append(out, s)
	}
	return out[:min(len(out), maxSightings)]
}

// watch counts the batch's drift into the state. It runs inside the state
// transaction. Records are read again for it, those alone that may have drifted: what
// drifted is known to nobody once a record is judged, and is not carried with it.
func (s *Stage) watch(ctx context.Context, tx engine.Tx, b *record.Batch) error {
	seen := map[string][]Sighting{}
	read := reader{}
	var of *record.Record
	var found []Sighting
	read.seen = func(code, path string, v record.Value) {
		found = append(found, Sighting{Path: read.st.sightingPath(path), Code: code, Count: 1, Received: of.Received, Partition: of.Partition, Offset: of.Offset, Example: example(v)})
	}
	for i := range b.Records {
		of = &b.Records[i]
		if of.Kind == record.Control || !mayDrift(&of.Verdict) {
			continue
		}
		streams, err := s.pins.Wait(ctx, of.Pin)
		if err != nil {
			return err
		}
		st := streams[of.Stream]
		if st == nil || of.Op == record.Delete || !st.mayDrift(of) {
			continue
		}
		again := record.Record{Kind: of.Kind, Op: of.Op, Key: of.Key, Event: of.Event, Props: of.Props}
		if st.unplanned != "" && st.planned(of.Event) == nil && st.applied == nil {
			again.Props = nil // that it is unplanned is all there is to tell
		}
		found = found[:0]
		read.refine(st, &again)
		seen[of.Stream] = sighted(seen[of.Stream], found)
	}
	maps.DeleteFunc(seen, func(_ string, list []Sighting) bool { return len(list) == 0 })
	return putSightings(tx, seen)
}

// mayDrift reports whether a record, kept or set aside for drift, has any to count.
func (st *stream) mayDrift(r *record.Record) bool {
	by := st.planned(r.Event)
	if by == nil {
		if by = st; st.unplanned != "" {
			return true
		}
	}
	if root := &by.names.root; root.judged != nil && root.policy == DiscardValue { // there is no value to discard
		return true
	}
	return by.applied != nil && (!r.Verdict.Keep() || r.Verdict.Partly || by.evolves && !by.applied.covers(r.Fields, by))
}

// mayDrift reports whether a record with this verdict can be one that drifted: one
// that is kept, or that this stage set aside for it.
func mayDrift(v *record.Verdict) bool {
	switch v.Code {
	case CodeNewField, CodeMissing, CodeNull, CodeType, CodeValue, CodeUnplanned:
		return true
	}
	return v.Keep()
}

func putSightings(tx engine.Tx, seen map[string][]Sighting) error {
	if len(seen) == 0 {
		return nil
	}
	streams := slices.Sorted(maps.Keys(seen)) // every transaction locks in the same order
	keys := make([][]byte, len(streams))
	for i, stream := range streams {
		keys[i] = driftKey(stream)
	}
	stored, err := tx.Lock(keys...)
	if err != nil {
		return err
	}
	for i, stream := range streams {
		var old []Sighting
		if stored[i] != nil {
			if old, err = decodeSightings(stored[i]); err != nil {
				return err
			}
		}
		tx.Put(keys[i], appendSightings(nil, sighted(old, seen[stream])))
	}
	return nil
}

// example shows the form of a value without what it says.
func example(v record.Value) string {
	if v.IsNull() {
		return ""
	}
	text := v.Text()
	if v.Kind == record.JSON {
		text = v.S
	}
	var out strings.Builder
	for _, r := range text {
		switch {
		case out.Len() >= maxExample:
			out.WriteString("...")
			return out.String()
		case r >= '0' && r <= '9':
			r = '9'
		case r > unicode.MaxASCII || unicode.IsLetter(r):
			r = 'x'
		}
		out.WriteRune(r)
	}
	return out.String()
}

const sightingVersion = 1

func appendSightings(b []byte, list []Sighting) []byte {
	e := wire.Encoder{B: b}
	e.Byte(sightingVersion)
	e.Uint(uint64(len(list)))
	for i := range list {
		s := &list[i]
		e.String(s.Path)
		e.String(s.Code)
		e.Uint(s.Count)
		e.Int(s.Received)
		e.Int(int64(s.Partition))
		e.Uint(s.Offset)
		e.String(s.Example)
	}
	return e.B
}

// decodeSightings fails with code contract_format.
func decodeSightings(b []byte) ([]Sighting, error) {
	d := wire.NewDecoder(bytes.Clone(b))
	if v := d.Byte(); d.Err() == nil && v != sightingVersion {
		return nil, errs.New("contract_format", "the stored drift was written by a newer Kith").Fix("open this data folder with the version that wrote it, or a later one")
	}
	var list []Sighting
	for range d.Count() {
		list = append(list, Sighting{Path: d.String(), Code: d.String(), Count: d.Uint(), Received: d.Int(), Partition: int32(d.Int()), Offset: d.Uint(), Example: d.String()}) //nolint:gosec // written from an int32
	}
	if err := d.Finish(); err != nil {
		return nil, errs.Wrap("contract_format", "reading stored drift", err)
	}
	return list, nil
}

// Drift reads how a stream's records departed from its contract, by path and code.
func Drift(r engine.Reader, stream string) ([]Sighting, error) {
	values, err := r.Get(driftKey(stream))
	if err != nil || values[0] == nil {
		return nil, err
	}
	return decodeSightings(values[0])
}
