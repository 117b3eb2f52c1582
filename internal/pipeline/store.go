package pipeline

import (
	"context"
	"slices"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/record"
)

// store keeps the documents of one source or destination in the state, outside of
// generations.
type store struct {
	state engine.State
	owner string
}

// NewStore gives the Store of owner, e.g. "source/crm".
func NewStore(state engine.State, owner string) record.Store {
	return &store{state: state, owner: owner}
}

func (s *store) key(name string) []byte {
	return engine.Space{}.Key(engine.TableStore, []byte(s.owner), []byte{0}, []byte(name))
}

func (s *store) Load(ctx context.Context, name string) (value []byte, err error) {
	err = s.state.View(ctx, func(r engine.Reader) error {
		values, err := r.Get(s.key(name))
		if err == nil {
			value = values[0]
		}
		return err
	})
	return value, err
}

func (s *store) Save(ctx context.Context, docs map[string][]byte) error {
	names := make([]string, 0, len(docs))
	for name := range docs {
		names = append(names, name)
	}
	slices.Sort(names) // keys are locked in order, everywhere
	return s.state.Update(ctx, func(tx engine.Tx) error {
		keys := make([][]byte, len(names))
		for i, name := range names {
			keys[i] = s.key(name)
		}
		if _, err := tx.Lock(keys...); err != nil {
			return err
		}
		for i, name := range names {
			if v := docs[name]; v != nil {
				tx.Put(keys[i], slices.Clone(v))
			} else {
				tx.Delete(keys[i])
			}
		}
		return nil
	})
}

func (s *store) List(ctx context.Context, prefix string, limit int) (docs []record.Document, err error) {
	head := len(s.key(""))
	lo := s.key(prefix)
	err = s.state.View(ctx, func(r engine.Reader) error {
		return r.Scan(lo, engine.PrefixEnd(lo), func(k, v []byte) bool {
			docs = append(docs, record.Document{Name: string(k[head:]), Value: slices.Clone(v)})
			return len(docs) < limit
		})
	})
	return docs, err
}
