package identity_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/kithdata/kith/internal/identity"
	"github.com/kithdata/kith/internal/record"
)

// store is a state in memory that holds the stage to the port's rules: what is
// written must be locked, what is ranged over must be owned.
type store struct {
	data    map[string][]byte
	emitted map[string][][]byte
}

func newStore() *store { return &store{data: map[string][]byte{}, emitted: map[string][][]byte{}} }

func (s *store) Get(keys ...[]byte) ([][]byte, error) {
	out := make([][]byte, len(keys))
	for i, k := range keys {
		out[i] = s.data[string(k)]
	}
	return out, nil
}

func (s *store) Scan(lo, hi []byte, fn func(key, value []byte) bool) error {
	var keys []string
	for k := range s.data {
		if k >= string(lo) && (hi == nil || k < string(hi)) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		if !fn([]byte(k), s.data[k]) {
			return nil
		}
	}
	return nil
}

type tx struct {
	*store
	locked map[string]bool
}

func (s *store) begin() *tx { return &tx{store: s, locked: map[string]bool{}} }

func (t *tx) Lock(keys ...[]byte) ([][]byte, error) {
	for _, k := range keys {
		t.locked[string(k)] = true
	}
	return t.Get(keys...)
}

func (t *tx) Range(owner, lo, hi []byte, fn func(key, value []byte) bool) error {
	if !t.locked[string(owner)] {
		return fmt.Errorf("range without its owner's lock")
	}
	return t.Scan(lo, hi, fn)
}

func (t *tx) owned(key []byte) {
	if !t.locked[string(key)] {
		panic(fmt.Sprintf("write to table %c without a lock", key[4]))
	}
}

func (t *tx) Put(key, value []byte) { t.PutUnder(key, key, value) }
func (t *tx) Delete(key []byte)     { t.DeleteUnder(key, key) }
func (t *tx) PutUnder(owner, key, value []byte) {
	t.owned(owner)
	t.data[string(key)] = value
}
func (t *tx) DeleteUnder(owner, key []byte) {
	t.owned(owner)
	delete(t.data, string(key))
}
func (t *tx) Emit(topic string, _, value []byte) {
	t.emitted[topic] = append(t.emitted[topic], value)
}
func (t *tx) Advance(string, int32, uint64, uint64) error { return nil }

const generation = 3

// world runs a stage over a store and mirrors all that it tells.
type world struct {
	t        testing.TB
	cfg      identity.Config
	inline   int
	hasher   *record.Hasher
	stage    *identity.Stage
	store    *store
	offset   uint64
	resolved int
	profiles map[record.ProfileID]record.Effect
	retired  map[record.ProfileID]record.Effect
	effects  []record.Effect
}

func newWorld(t testing.TB, cfg identity.Config, inline int) *world {
	h, err := record.NewHasher([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, cfg: cfg, inline: inline, hasher: h, store: newStore(),
		profiles: map[record.ProfileID]record.Effect{}, retired: map[record.ProfileID]record.Effect{}}
	w.restart()
	return w
}

type fatal interface {
	Fatalf(string, ...any)
	Logf(string, ...any)
}

func (w *world) restart() {
	s, err := identity.New(w.cfg, identity.Deps{Hasher: w.hasher})
	if err != nil {
		w.t.Fatal(err)
	}
	if w.inline > 0 {
		s.InlineEdges(w.inline)
	}
	w.stage = s
}

func (w *world) apply(f fatal, records ...record.Record) *record.Batch {
	b := &record.Batch{Generation: generation, Partition: 1, From: w.offset}
	for _, r := range records {
		c := r.Clone()
		c.Partition, c.Offset = 1, w.offset
		w.offset++
		b.Records = append(b.Records, c)
		f.Logf("record %d: %v %v %s %s %q seq=%d received=%d order=%v %v %s", c.Offset, c.Kind, c.Op, c.Stream, c.Key, c.Identifiers, c.Seq.A, c.Received, c.Order(), c.Attrs, c.Props)
	}
	b.To = w.offset
	if err := w.stage.Apply(context.Background(), w.store.begin(), b); err != nil {
		f.Fatalf("apply: %v", err)
	}
	w.mirror(f, b)
	return b
}

// resolve does at most limit deferred items.
func (w *world) resolve(f fatal, limit int) {
	items := w.store.emitted[record.TopicResolve][w.resolved:]
	items = items[:min(limit, len(items))]
	w.resolved += len(items)
	f.Logf("resolve %d items", len(items))
	b := &record.Batch{Generation: generation}
	if err := w.stage.Resolve(context.Background(), w.store.begin(), b, items); err != nil {
		f.Fatalf("resolve: %v", err)
	}
	w.mirror(f, b)
}

func (w *world) drain(f fatal) {
	for w.resolved < len(w.store.emitted[record.TopicResolve]) {
		w.resolve(f, 1<<30)
	}
	if pending, err := w.stage.Pending(w.store, generation); err != nil || pending {
		f.Fatalf("after all deferred work: pending %v, %v", pending, err)
	}
}

// mirror does what golden does with effects, and checks that they make sense.
func (w *world) mirror(f fatal, b *record.Batch) {
	for _, e := range b.Effects {
		w.effects = append(w.effects, e)
		f.Logf("effect of %d: %v %v into %v, members %v", e.Cause.Offset, e.Kind, e.Profile, e.Into, e.Members)
		_, there := w.profiles[e.Profile]
		switch e.Kind {
		case record.Created, record.Split:
			if there {
				f.Fatalf("%v of a profile that exists", e.Kind)
			}
			w.profiles[e.Profile] = e
		case record.Updated:
			if !there {
				f.Fatalf("update of a profile that does not exist")
			}
			w.profiles[e.Profile] = e
		case record.Merged, record.Gone:
			if !there {
				f.Fatalf("%v of a profile that does not exist", e.Kind)
			}
			if _, into := w.profiles[e.Into]; into != (e.Kind == record.Merged) {
				f.Fatalf("%v into a profile that does not exist", e.Kind)
			}
			delete(w.profiles, e.Profile)
			w.retired[e.Profile] = e
		}
	}
}

func (w *world) canonical(f fatal) []identity.Person {
	var out []identity.Person
	if err := w.stage.Canonical(w.store, generation, func(p identity.Person) bool { out = append(out, p); return true }); err != nil {
		f.Fatalf("canonical: %v", err)
	}
	return out
}

// moves gives the last move of each bridge node.
func (w *world) moves(f fatal) map[record.NodeKey]record.ProfileID {
	at := map[record.NodeKey]record.ProfileID{}
	version := map[record.NodeKey]uint64{}
	for _, v := range w.store.emitted[record.TopicMoves] {
		m, err := record.DecodeMove(v)
		if err != nil {
			f.Fatalf("move: %v", err)
		}
		if m.Version <= version[m.Node] || (m.Version>>40 != generation && m.Version>>40 != generation+1) {
			f.Fatalf("move versions of a node must grow within the generation: %x after %x", m.Version, version[m.Node])
		}
		version[m.Node], at[m.Node] = m.Version, m.Profile
	}
	return at
}

// facts gives the live facts: events by message id, objects by stream and key.
func (w *world) facts(f fatal) map[string]record.Fact {
	live := map[string]record.Fact{}
	order := map[string]record.Order{}
	for _, v := range w.store.emitted[record.TopicFacts] {
		var fact record.Fact
		if err := record.DecodeFact(v, &fact); err != nil {
			f.Fatalf("fact: %v", err)
		}
		name := fmt.Sprint(fact.Kind, fact.Source, fact.Stream, fact.Key)
		if o, ok := order[name]; ok && fact.Order.Compare(o) < 0 {
			f.Fatalf("a fact's order goes backwards")
		}
		order[name] = fact.Order
		live[name] = fact
		if fact.Op == record.Delete {
			delete(live, name)
		}
	}
	return live
}
