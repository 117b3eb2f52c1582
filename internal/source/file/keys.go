package file

import (
	"context"
	"fmt"
	"slices"

	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

const (
	snapPrefix = "snap/" // one document per snapshot: snapshot
	keysPrefix = "keys/" // its chunks of keys

	chunkKeys  = 1_000
	chunkBytes = 64 << 10 // but for a single key that is longer
)

// snapshot is what is stored of the keys of one content.
type snapshot struct {
	ordinal int64
	stream  string
	chunks  int64
	keys    int64 // in them; a key of several batches counts for each
	unknown int64 // rows of which the key is not known
}

func (s *snapshot) name() string { return fmt.Sprintf("%s%019d", snapPrefix, s.ordinal) }

func (s *snapshot) chunk(n int64) string {
	return fmt.Sprintf("%s%019d/%019d", keysPrefix, s.ordinal, n)
}

func (s *snapshot) encode() []byte {
	var e wire.Encoder
	e.Byte(docVersion)
	e.Int(s.ordinal)
	e.String(s.stream)
	e.Int(s.chunks)
	e.Int(s.keys)
	e.Int(s.unknown)
	return e.B
}

func decodeSnapshot(b []byte) (s snapshot, err error) {
	d := wire.NewDecoder(b)
	if d.Byte() != docVersion {
		d.Fail()
	}
	s = snapshot{ordinal: d.Int(), stream: d.String(), chunks: d.Int(), keys: d.Int(), unknown: d.Int()}
	if s.ordinal < 1 || s.chunks < 0 || s.keys < 0 || s.unknown < 0 {
		d.Fail()
	}
	return s, storeFault(d.Finish())
}

// encodeKeys writes sorted keys, each as what it shares with the one before and the rest.
func encodeKeys(keys []string) []byte {
	var e wire.Encoder
	e.Byte(docVersion)
	e.Uint(uint64(len(keys)))
	last := ""
	for _, key := range keys {
		n := 0
		for n < len(key) && n < len(last) && key[n] == last[n] {
			n++
		}
		e.Uint(uint64(n))
		e.String(key[n:])
		last = key
	}
	return e.B
}

// decodeKeys gives each key of a chunk, valid until the next is given.
func decodeKeys(b []byte, each func(i int, key []byte) error) error {
	d := wire.NewDecoder(b)
	if d.Byte() != docVersion {
		d.Fail()
	}
	var key []byte
	for i := range d.Count() {
		n := d.Uint()
		rest := d.Bytes()
		if d.Err() != nil || n > uint64(len(key)) {
			d.Fail()
			break
		}
		key = append(key[:n], rest...)
		if err := each(i, key); err != nil {
			return err
		}
	}
	return storeFault(d.Finish())
}

// keys are those of a snapshot being read. Its methods do nothing where there is none.
type keys struct {
	snapshot          // as stored; but unknown counts on
	next     snapshot // as docs gave it
	pending  []string // put, and not stored yet
}

// keysOf goes on with the keys of a content.
func (r *run) keysOf(ctx context.Context, f *reading) (*keys, error) {
	if !r.cfg.Snapshot {
		return nil, nil
	}
	k := &keys{snapshot: snapshot{ordinal: f.at.Ordinal, stream: f.stream, unknown: f.at.Row}}
	b, err := r.load(ctx, k.name())
	if err == nil && b != nil {
		k.snapshot, err = decodeSnapshot(b)
	}
	return k, err
}

// take notes the keys of records that were put.
func (k *keys) take(records []record.Record) {
	if k == nil {
		return
	}
	for i := range records {
		if key := records[i].Key; key != "" {
			k.pending = append(k.pending, key)
		} else {
			k.unknown++
		}
	}
}

// docs gives the documents of the pending keys, to be saved with the progress that covers
// them; saved must follow.
func (k *keys) docs() map[string][]byte {
	docs := map[string][]byte{}
	if k == nil {
		return docs
	}
	slices.Sort(k.pending)
	k.pending = slices.Compact(k.pending)
	next := k.snapshot
	for rest := k.pending; len(rest) > 0; next.chunks++ {
		n, size := 0, 0
		for n < len(rest) && n < chunkKeys && (n == 0 || size+len(rest[n]) <= chunkBytes) {
			size += len(rest[n])
			n++
		}
		docs[next.chunk(next.chunks)] = encodeKeys(rest[:n])
		next.keys += int64(n)
		rest = rest[n:]
	}
	docs[next.name()] = next.encode()
	k.next = next
	return docs
}

// saved takes over what docs gave.
func (k *keys) saved() {
	if k == nil {
		return
	}
	k.snapshot, k.pending = k.next, k.pending[:0]
}
