package golden

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/record"
)

// Deps is what a Stage needs of others.
type Deps struct {
	// Resolve tells which profile an id resolves to in a generation; ok is false
	// where it resolves to none. Swap asks it of ids that ceased to be profiles.
	// nil: they are reported as erased.
	Resolve func(tx engine.Tx, gen uint32, id record.ProfileID) (into record.ProfileID, ok bool, err error)
}

// Stage turns identity's effects into versions of profiles. It is safe for
// concurrent use.
type Stage struct {
	rules *Rules
	deps  Deps
	pool  sync.Pool
}

// New compiles the rules. It fails as Compile does.
func New(cfg Config, deps Deps) (*Stage, error) {
	rules, err := Compile(cfg)
	if err != nil {
		return nil, err
	}
	s := &Stage{rules: rules, deps: deps}
	s.pool.New = func() any { return &stageWork{slots: map[record.ProfileID]int{}} }
	return s, nil
}

// Rules gives the compiled rules, for Losing.
func (s *Stage) Rules() *Rules { return s.rules }

// stageWork is the memory of one Apply.
type stageWork struct {
	work
	slots   map[record.ProfileID]int // into touched
	touched []touched
	keys    [][]byte
	row     record.Profile
	content []byte
	text    []byte
	hashes  []attrHash
}

// touched is a profile that the batch has effects on.
type touched struct {
	id    record.ProfileID
	head  head
	key   []byte // of its TableVersions entry; in a silent batch of its row
	moved bool   // the head is another than the stored one
	row   []byte // silent: the row to write
	drop  bool   // silent: the row goes
}

// Apply gives each effect of b, in order, at most one new version: none where the
// golden row stays as it was. It writes the row to the history, emits it on topic
// changes under the profile's id, and writes the current row once per profile.
//
// A merged or erased profile loses its current row and gets a last version of that
// kind; one that never had a version gets none. In a silent batch only the current
// rows of its generation are written.
func (s *Stage) Apply(_ context.Context, tx engine.Tx, b *record.Batch) error {
	if len(b.Effects) == 0 {
		return nil
	}
	w := s.pool.Get().(*stageWork)
	defer s.release(w)
	if err := w.lock(b, tx); err != nil {
		return err
	}
	for i := range b.Effects {
		e := &b.Effects[i]
		t := &w.touched[w.slots[e.Profile]]
		s.fill(w, e)
		if b.Silent {
			w.replace(t)
			continue
		}
		w.advance(t, tx)
	}
	w.write(b, tx)
	return nil
}

// release gives the memory back without holding on to what it pointed to.
func (s *Stage) release(w *stageWork) {
	if len(w.touched) > 1<<14 || cap(w.content) > 1<<20 {
		return // an outsize batch: let it go
	}
	clear(w.slots)
	for i := range w.touched {
		attrs := w.touched[i].head.attrs
		clear(attrs[:cap(attrs)])
		w.touched[i] = touched{head: head{attrs: attrs[:0]}}
	}
	w.touched = w.touched[:0]
	clear(w.keys)
	clear(w.candidates[:cap(w.candidates)])
	clear(w.row.Attrs[:cap(w.row.Attrs)])
	w.row = record.Profile{Attrs: w.row.Attrs[:0], Aliases: w.row.Aliases[:0], Changed: w.row.Changed[:0]}
	clear(w.hashes[:cap(w.hashes)])
	s.pool.Put(w)
}

// lock locks, in one call, what stands for every profile of the batch.
func (w *stageWork) lock(b *record.Batch, tx engine.Tx) error {
	w.keys = w.keys[:0]
	for i := range b.Effects {
		id := b.Effects[i].Profile
		if _, ok := w.slots[id]; ok {
			continue
		}
		w.slots[id] = len(w.touched)
		key := versionsKey(id)
		if b.Silent {
			key = profileKey(b.Generation, id)
		}
		w.keys = append(w.keys, key)
		w.touch(id, key)
	}
	found, err := tx.Lock(w.keys...)
	if err != nil || b.Silent {
		return err
	}
	for i := range w.touched {
		if err := decodeHead(found[i], &w.touched[i].head); err != nil {
			return err
		}
	}
	return nil
}

// touch adds a profile, in memory that an earlier batch may have left.
func (w *stageWork) touch(id record.ProfileID, key []byte) {
	if n := len(w.touched); n < cap(w.touched) {
		w.touched = w.touched[:n+1]
	} else {
		w.touched = append(w.touched, touched{})
	}
	t := &w.touched[len(w.touched)-1]
	*t = touched{id: id, key: key, head: head{attrs: t.head.attrs[:0]}}
}

// fill makes the golden row of an effect in w.row, and its content in w.content.
func (s *Stage) fill(w *stageWork, e *record.Effect) {
	p := &w.row
	*p = record.Profile{ID: e.Profile, Kind: e.Kind, Cause: e.Cause, Attrs: p.Attrs[:0], Aliases: p.Aliases[:0], Changed: p.Changed[:0]}
	w.content = w.content[:0]
	switch e.Kind {
	case record.Merged:
		p.Into = e.Into
	case record.Gone:
	default:
		p.Attrs = w.survive(p.Attrs, e.Customers, s.rules)
		p.Identifiers = canonicalIdentifiers(e.Identifiers)
		for _, m := range e.Members {
			if m != e.Profile {
				p.Aliases = append(p.Aliases, m)
			}
		}
		p.Consents = canonicalConsents(e.Consents)
		p.Suppressed, p.Pending = e.Suppressed, e.Pending
		p.Customers = uint32(len(e.Customers)) //nolint:gosec // a person has at most 10,000
	}
	w.content = record.AppendProfileContent(w.content, p)
}

// advance makes the next version of a profile out of w.row, unless it is the same
// as the last, and says whether it did.
func (w *stageWork) advance(t *touched, tx engine.Tx) bool {
	p, h := &w.row, &t.head
	retires := p.Kind == record.Merged || p.Kind == record.Gone
	content := hashContent(w.content)
	if retires {
		content = hashRetired(p.Kind, p.Into)
	}
	if h.version == 0 && retires || h.version > 0 && h.retired() == retires && h.content == content {
		return false
	}
	w.hashes = w.hashAttrs(w.hashes[:0], p.Attrs)
	if !retires {
		p.Changed = changed(p.Changed, h.attrs, w.hashes)
	}
	h.version++
	h.kind, h.content = p.Kind, content
	h.from = max(h.from, p.Cause.Received)
	h.attrs = append(h.attrs[:0], w.hashes...)
	p.Version = h.version
	row := historyRow(h.from, p, w.content)
	tx.PutUnder(t.key, historyKey(t.id, p.Version), row)
	tx.Emit(record.TopicChanges, bytes.Clone(t.id[:]), row[historyPrefix:])
	t.moved = true
	return true
}

// replace notes the row of a generation that is being built.
func (w *stageWork) replace(t *touched) {
	t.drop = w.row.Kind == record.Merged || w.row.Kind == record.Gone
	if !t.drop {
		t.row = inlineRow(&w.row, w.content)
	}
}

// write writes what is kept once per profile.
func (w *stageWork) write(b *record.Batch, tx engine.Tx) {
	for i := range w.touched {
		t := &w.touched[i]
		switch {
		case b.Silent && t.drop:
			tx.Delete(t.key)
		case b.Silent:
			tx.Put(t.key, t.row)
		default:
			w.writeHead(b.Generation, t, tx)
		}
	}
}

// writeHead makes head and row of a profile agree, also where there was no new
// version: a generation that was swapped in may still hold a row that Swap has not
// yet come to.
func (w *stageWork) writeHead(gen uint32, t *touched, tx engine.Tx) {
	if t.head.version == 0 {
		tx.DeleteUnder(t.key, profileKey(gen, t.id))
		return
	}
	if t.moved {
		size := 40
		for _, a := range t.head.attrs {
			size += len(a.name) + 6
		}
		tx.Put(t.key, appendHead(make([]byte, 0, size), &t.head))
	}
	if t.head.retired() {
		tx.DeleteUnder(t.key, profileKey(gen, t.id))
		return
	}
	tx.PutUnder(t.key, profileKey(gen, t.id), referenceRow(t.head.version))
}

// canonicalIdentifiers orders identifiers, so that the row depends on their set alone.
func canonicalIdentifiers(ids []record.MemberIdentifier) []record.MemberIdentifier {
	order := func(a, b record.MemberIdentifier) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Value, b.Value), bytes.Compare(a.Node[:], b.Node[:]))
	}
	if slices.IsSortedFunc(ids, order) {
		return ids
	}
	ids = slices.Clone(ids) // an effect is never changed
	slices.SortFunc(ids, order)
	return ids
}

func canonicalConsents(cs []record.ConsentState) []record.ConsentState {
	order := func(a, b record.ConsentState) int {
		return cmp.Or(strings.Compare(a.Purpose, b.Purpose), strings.Compare(a.Channel, b.Channel),
			strings.Compare(a.Identifier.Type, b.Identifier.Type), strings.Compare(a.Identifier.Value, b.Identifier.Value),
			cmp.Compare(a.Effective, b.Effective), strings.Compare(a.Source, b.Source), strings.Compare(a.Proof, b.Proof))
	}
	if slices.IsSortedFunc(cs, order) {
		return cs
	}
	cs = slices.Clone(cs)
	slices.SortFunc(cs, order)
	return cs
}
