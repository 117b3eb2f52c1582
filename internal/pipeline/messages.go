package pipeline

import (
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// codeReused is the code of a record whose message id another body had first.
const codeReused = "message_id_reused"

// message is what is remembered of a message id within its window: enough to know
// a copy from a different body under the same id, and where the first one lies.
type message struct {
	hash      uint64
	received  int64
	partition int32
	offset    uint64
}

func encodeMessage(m message) []byte {
	e := wire.Encoder{B: make([]byte, 0, 32)}
	e.Byte(storedVersion)
	e.Fixed64(m.hash)
	e.Int(m.received)
	e.Uint(uint64(m.partition))
	e.Uint(m.offset)
	return e.B
}

func decodeMessage(b []byte) (message, error) {
	d := wire.NewDecoder(b)
	if d.Byte() != storedVersion {
		return message{}, errStored
	}
	m := message{hash: d.Fixed64(), received: d.Int(), partition: int32(d.Uint()), offset: d.Uint()}
	return m, d.Finish()
}

// duplicates settles the records whose message id was seen before within the
// window: copies as duplicates, other bodies as quarantined. A record that meets
// itself (a rebuild, a replay, a retry of the batch) passes.
func (r *Road) duplicates(tx engine.Tx, b *record.Batch) error {
	space := engine.Space{Generation: b.Generation}
	keys := make([][]byte, len(b.Records))
	at := make(map[record.NodeKey]int, len(b.Records)) // first record of the batch with that id
	hashes := make([]record.NodeKey, len(b.Records))
	for i := range b.Records {
		hashes[i] = r.deps.Hasher.Message(b.Records[i].Source, b.Records[i].ID)
		keys[i] = space.Key(engine.TableMessage, hashes[i][:])
	}
	values, err := tx.Lock(keys...)
	if err != nil {
		return err
	}
	known := make([]message, len(b.Records))
	for i := range b.Records {
		rec := &b.Records[i]
		mine := message{hash: rec.Hash, received: rec.Received, partition: rec.Partition, offset: rec.Offset}
		seen, exists := message{}, false
		if first, ok := at[hashes[i]]; ok {
			seen, exists = known[first], true
		} else if values[i] != nil {
			if seen, err = decodeMessage(values[i]); err != nil {
				return err
			}
			exists = true
		}
		first := exists && seen.partition == mine.partition && seen.offset == mine.offset
		if exists && !first && rec.Received-seen.received <= r.window && seen.received-rec.Received <= r.window {
			// A record that refine rejected is a copy all the same.
			rec.Verdict = record.Verdict{}
			if seen.hash == mine.hash {
				rec.Settle(record.Duplicate, "duplicate", "", "")
			} else {
				rec.Settle(record.Quarantined, codeReused, "id", "another body came under this message id; give every message an id of its own")
			}
			continue
		}
		if at[hashes[i]], known[i] = i, mine; first {
			continue
		}
		if exists && seen.received > mine.received { // a replay of an old one must not hide copies of the newest
			known[i] = seen
			continue
		}
		tx.Put(keys[i], encodeMessage(mine))
	}
	return nil
}
