package contract

import (
	"bytes"
	"context"
	"slices"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/record"
)

// schemaKey is where a stream's widened contract lies. It is outside generations:
// what a stream's records look like does not depend on how they were resolved.
func schemaKey(stream string) []byte { return engine.Space{}.Key(engine.TableSchema, []byte(stream)) }

// Apply widens the stored contracts of the evolving streams by what the batch's
// kept records show, and counts their drift. It runs inside the state transaction, after the stages that
// can set a record aside, and touches the state only when something is new; a
// silent batch touches nothing.
func (s *Stage) Apply(ctx context.Context, tx engine.Tx, b *record.Batch) error {
	if b.Silent {
		return nil
	}
	if err := s.widen(ctx, tx, b); err != nil {
		return err
	}
	return s.watch(ctx, tx, b)
}

func (s *Stage) widen(ctx context.Context, tx engine.Tx, b *record.Batch) error {
	news, err := s.news(ctx, b)
	if err != nil || len(news) == 0 {
		return err
	}
	streams := make([]string, 0, len(news))
	for name := range news {
		streams = append(streams, name)
	}
	slices.Sort(streams) // every transaction locks in the same order
	keys := make([][]byte, len(streams))
	for i, name := range streams {
		keys[i] = schemaKey(name)
	}
	stored, err := tx.Lock(keys...)
	if err != nil {
		return err
	}
	for i, name := range streams {
		var old *Schema
		if stored[i] != nil {
			// The value never changes, so the contract that aliases it may be kept.
			if old, err = DecodeSchema(stored[i]); err != nil {
				return err
			}
			s.learn(name, old)
		}
		if joined := Join(old, news[name].schema); !joined.Equal(old) {
			tx.Put(keys[i], AppendSchema(nil, joined))
		}
	}
	return nil
}

// news is what the batch shows that the state is not known to hold, by stream.
func (s *Stage) news(ctx context.Context, b *record.Batch) (map[string]*compiled, error) {
	var (
		news    = map[string]*compiled{}
		streams map[string]*stream
		st      *stream
		known   *compiled
		pin     uint32
	)
	for i := range b.Records {
		r := &b.Records[i]
		if r.Kind == record.Control || r.Op == record.Delete || !r.Verdict.Keep() {
			continue
		}
		if streams == nil || r.Pin != pin {
			var err error
			if streams, err = s.pins.Wait(ctx, r.Pin); err != nil {
				return nil, err
			}
			pin, st = r.Pin, nil
		}
		if st == nil || st.cfg.Stream != r.Stream {
			if st = streams[r.Stream]; st == nil {
				continue
			}
			known = s.knownOf(st)
		}
		if st.planned(r.Event) != nil {
			continue // its contract is its own, and is not inferred
		}
		if !st.evolves || known.covers(r.Fields, st) || news[r.Stream].covers(r.Fields, st) {
			continue
		}
		show := st.keepPrivate(shape(r.Fields), r.Fields)
		if st.applied != nil {
			show = Join(st.applied.schema, show)
		}
		if so := news[r.Stream]; so != nil {
			show = Join(so.schema, show)
		}
		news[r.Stream] = compile(show)
	}
	return news, nil
}

// knownOf is what the state is known to hold of a stream, if that includes the
// stream's applied contract, and else nil.
func (s *Stage) knownOf(st *stream) *compiled {
	s.mu.Lock()
	known := s.known[st.cfg.Stream]
	s.mu.Unlock()
	if known == nil || st.applied == nil || Join(known.schema, st.applied.schema).Equal(known.schema) {
		return known
	}
	return nil
}

// learn remembers what was read from the state. What this transaction writes is
// not remembered: it may not commit. The next batch that needs it reads it once.
func (s *Stage) learn(stream string, stored *Schema) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.known[stream]
	if known == nil || !Join(known.schema, stored).Equal(known.schema) {
		s.known[stream] = compile(stored)
	}
}

// Schemas reads every stream's widened contract.
func (s *Stage) Schemas(r engine.Reader) (map[string]Schema, error) {
	schemas := map[string]Schema{}
	lo, hi := engine.Space{}.Bounds(engine.TableSchema)
	var fault error
	err := r.Scan(lo, hi, func(key, value []byte) bool {
		schema, err := DecodeSchema(bytes.Clone(value))
		if err != nil {
			fault = err
			return false
		}
		schemas[string(key[len(lo):])] = *schema
		return true
	})
	if err == nil {
		err = fault
	}
	return schemas, err
}
