package golden

import (
	"context"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/record"
)

// Swap is used after generation gen was swapped in: each of the ids whose row there,
// or its absence, differs from the last version emitted gets a new version with the
// given cause. Run again, it changes nothing. ids may be all ids of both generations
// in steps of any size.
func (s *Stage) Swap(_ context.Context, tx engine.Tx, gen uint32, ids []record.ProfileID, cause record.Cause) error {
	w := s.pool.Get().(*stageWork)
	defer s.release(w)
	w.keys = w.keys[:0]
	for _, id := range ids {
		if _, twice := w.slots[id]; !twice {
			w.slots[id] = len(w.touched)
			key := versionsKey(id)
			w.keys = append(w.keys, key, profileKey(gen, id))
			w.touch(id, key)
		}
	}
	found, err := tx.Lock(w.keys...)
	if err != nil {
		return err
	}
	for i := range w.touched {
		if err := s.swapOne(w, &w.touched[i], found[2*i], found[2*i+1], tx, gen, cause); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stage) swapOne(w *stageWork, t *touched, stored, current []byte, tx engine.Tx, gen uint32, cause record.Cause) error {
	if err := decodeHead(stored, &t.head); err != nil {
		return err
	}
	p := &w.row
	*p = record.Profile{ID: t.id, Attrs: p.Attrs[:0], Aliases: p.Aliases[:0], Changed: p.Changed[:0]}
	if current != nil {
		row, version, err := decodeRow(current)
		if err != nil || version != 0 {
			return err // a reference: the live road has been here since the swap
		}
		keep := *p
		*p = *row
		p.Version, p.Into, p.Changed = 0, record.ProfileID{}, keep.Changed
		p.Kind = record.Updated
		if t.head.version == 0 || t.head.retired() {
			p.Kind = record.Created
		}
	} else {
		if t.head.version == 0 || t.head.retired() && s.deps.Resolve == nil {
			return nil
		}
		if err := s.retire(p, tx, gen); err != nil { // one retired before may resolve elsewhere now
			return err
		}
	}
	p.Cause = cause
	w.content = record.AppendProfileContent(w.content[:0], p)
	if !w.advance(t, tx) && current == nil {
		return nil // retired before, and as it was
	}
	w.writeHead(gen, t, tx)
	return nil
}

// retire makes p the last version of an id that is no profile in gen.
func (s *Stage) retire(p *record.Profile, tx engine.Tx, gen uint32) error {
	p.Kind = record.Gone
	if s.deps.Resolve == nil {
		return nil
	}
	into, ok, err := s.deps.Resolve(tx, gen, p.ID)
	if err != nil {
		return err
	}
	if ok {
		p.Kind, p.Into = record.Merged, into
	}
	return nil
}
