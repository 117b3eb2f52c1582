package golden_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/record"
)

// memory is a state in a map: what golden needs of engine.Tx and engine.Reader. It
// holds golden to the rules of the port: a key is written only if it was locked, or
// if the profile's TableVersions entry, its owner, was.
type memory struct {
	t      testing.TB
	rows   map[string][]byte
	locked map[string]bool
	locks  int
	emits  []record.Emitted
}

func newMemory(t testing.TB) *memory { return &memory{t: t, rows: map[string][]byte{}} }

func (m *memory) update(fn func(engine.Tx) error) {
	m.t.Helper()
	m.locked, m.locks = map[string]bool{}, 0
	if err := fn(m); err != nil {
		m.t.Fatal(err)
	}
	if m.locks > 1 {
		m.t.Fatalf("%d calls of Lock in one transaction", m.locks)
	}
}

func (m *memory) Lock(keys ...[]byte) ([][]byte, error) {
	m.locks++
	for _, k := range keys {
		m.locked[string(k)] = true
	}
	return m.Get(keys...)
}

func (m *memory) Get(keys ...[]byte) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, k := range keys {
		values[i] = m.rows[string(k)]
	}
	return values, nil
}

func (m *memory) Scan(lo, hi []byte, fn func(key, value []byte) bool) error {
	for _, k := range slices.Sorted(maps.Keys(m.rows)) {
		if k >= string(lo) && (hi == nil || k < string(hi)) && !fn([]byte(k), m.rows[k]) {
			break
		}
	}
	return nil
}

func (m *memory) Range(_, _, _ []byte, _ func(key, value []byte) bool) error {
	m.t.Fatal("golden reads no range")
	return nil
}

func (m *memory) writable(owner, key []byte) {
	if stands := (engine.Space{}).Key(engine.TableVersions, key[5:21]); !bytes.Equal(owner, key) && !bytes.Equal(owner, stands) {
		m.t.Fatalf("key %x is written under another owner than its profile's versions", key)
	}
	if !m.locked[string(owner)] {
		m.t.Fatalf("key %x is written without a lock", key)
	}
}

func (m *memory) Put(key, value []byte) { m.PutUnder(key, key, value) }

func (m *memory) Delete(key []byte) { m.DeleteUnder(key, key) }

func (m *memory) PutUnder(owner, key, value []byte) {
	m.writable(owner, key)
	m.rows[string(key)] = value
}

func (m *memory) DeleteUnder(owner, key []byte) {
	m.writable(owner, key)
	delete(m.rows, string(key))
}

func (m *memory) Emit(topic string, key, value []byte) {
	m.emits = append(m.emits, record.Emitted{Topic: topic, Number: uint64(len(m.emits)), Value: bytes.Clone(value)})
	if p, err := record.DecodeProfile(value); err != nil || !bytes.Equal(key, p.ID[:]) {
		m.t.Fatalf("emitted under key %x: %v", key, err)
	}
}

func (m *memory) Advance(string, int32, uint64, uint64) error {
	m.t.Fatal("golden has no offsets")
	return nil
}

// emitted gives the profiles emitted so far.
func (m *memory) emitted() (all []record.Profile) {
	for _, e := range m.emits {
		p, err := record.DecodeProfile(e.Value)
		if err != nil || e.Topic != record.TopicChanges {
			m.t.Fatalf("emitted on %s: %v", e.Topic, err)
		}
		all = append(all, p)
	}
	return all
}

var _ engine.Tx = (*memory)(nil)
var _ engine.Reader = (*memory)(nil)
