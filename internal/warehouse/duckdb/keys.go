package duckdb

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// recordKey is the key of a record's row: a hash of (source, key), or of the
// record's place in the log where it has no key.
func recordKey(f *record.Fact) (k [16]byte) {
	var e wire.Encoder
	e.B = make([]byte, 0, 128)
	e.String(f.Source)
	e.String(f.Key)
	if f.Key == "" {
		e.Int(int64(f.Partition))
		e.Uint(f.Offset)
	}
	sum := sha256.Sum256(e.B)
	copy(k[:], sum[:])
	return k
}

// links is a fingerprint of a profile's identifiers and consents: while it stays,
// their bridge rows need no touch.
func links(p *record.Profile) int64 {
	var e wire.Encoder
	e.B = make([]byte, 0, 256)
	for i := range p.Identifiers {
		id := &p.Identifiers[i]
		e.String(id.Type)
		e.String(id.Value)
		e.Int(id.First)
	}
	record.EncodeConsents(&e, p.Consents)
	sum := sha256.Sum256(e.B)
	return int64(binary.BigEndian.Uint64(sum[:]))
}

// orderBytes is an Order as bytes that compare as it does.
func orderBytes(o record.Order) string {
	b := make([]byte, 0, 48)
	b = append(b, byte(o.Seq.Kind))
	b = binary.BigEndian.AppendUint64(b, uint64(o.Seq.A)^(1<<63))
	b = binary.BigEndian.AppendUint64(b, uint64(o.Seq.B)^(1<<63))
	for i := range len(o.Seq.S) { // a zero byte is 0 255, the end 0 0: shorter sorts first
		if b = append(b, o.Seq.S[i]); o.Seq.S[i] == 0 {
			b = append(b, 255)
		}
	}
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint64(b, uint64(o.Effective)^(1<<63))
	return string(binary.BigEndian.AppendUint64(b, o.Hash))
}
