// Package identity says who is who: it links records into people, keeps the links
// right as records change, and tells golden what became of every profile.
//
// Its heart is Solve, a pure function from a graph to people. Around it lies the
// state that finds the graph of one record's region, without looking at the rest:
// one entry for each identifier value and source customer, under its keyed hash.
// All of it is a function of the set of kept records and decisions, never of their
// order, batches or restarts (I3). The room may touch the engine's ports and
// nothing else: no clock, no I/O, no other stage. Personal data lies in values of
// the state alone, never in keys, errors or logs (I6).
package identity

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Deps is what a Stage needs from outside.
type Deps struct {
	Hasher *record.Hasher
}

// Stage applies the identity rules of one generation. It is safe for concurrent use:
// all that it remembers lies in the state.
type Stage struct {
	rules  *rules
	hasher *record.Hasher
	idle   sync.Pool // of *work: memory only
}

// New makes a Stage. It fails with code identity_config, every fault at once.
func New(cfg Config, deps Deps) (*Stage, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Hasher == nil {
		return nil, errs.New("identity_config", "identity needs the hash key of its data folder")
	}
	return &Stage{rules: compile(cfg), hasher: deps.Hasher}, nil
}

// Apply takes in the batch's kept records, in order, inside the transaction that
// commits the batch. It appends to b.Effects, settles superseded records, and emits
// facts and moves unless the batch is silent. Work that is too large for it goes to
// topic resolve, silent or not.
func (s *Stage) Apply(ctx context.Context, tx engine.Tx, b *record.Batch) error {
	w := s.work(tx, b)
	defer s.release(w)
	items := w.read(b)
	if err := w.lock(items); err != nil {
		return err
	}
	for i := range items {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.apply(&items[i]); err != nil {
			return err
		}
	}
	return w.finish()
}

// Resolve does deferred work: items are values of topic resolve, in order. Those of
// other generations are passed over. b gives the generation, whether it is silent,
// and takes the effects; its records mean nothing here.
func (s *Stage) Resolve(ctx context.Context, tx engine.Tx, b *record.Batch, items [][]byte) error {
	w := s.work(tx, b)
	defer s.release(w)
	for _, value := range items {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.resolve(value); err != nil {
			return err
		}
	}
	return w.finish()
}

func (s *Stage) work(tx engine.Tx, b *record.Batch) *work {
	w, ok := s.idle.Get().(*work)
	if !ok {
		w = newWork(s.rules, s.hasher)
	}
	w.src, w.tx, w.gen = txSource{tx}, tx, b.Generation
	w.silent, w.effects = b.Silent, &b.Effects
	return w
}

// release takes back a work that is done, well or not.
func (s *Stage) release(w *work) {
	if w.reset() {
		s.idle.Put(w)
	}
}

func (w *work) finish() error {
	if err := w.moveFacts(); err != nil {
		return err
	}
	w.flush()
	return nil
}

// sortedKeys gives the keys of a map in order, so that no map's order shows.
func sortedKeys[K comparable, V any](m map[K]V, compare func(a, b K) int) []K {
	if len(m) == 0 {
		return nil
	}
	keys := slices.Collect(maps.Keys(m))
	slices.SortFunc(keys, compare)
	return keys
}
