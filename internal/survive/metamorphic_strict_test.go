package survive_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/kithdata/kith/internal/engine"
)

// strictState refuses what a shared backend would not forgive: a write to a key that
// the transaction has neither locked nor holds the owner of. It knows the owners that
// the rooms name: a node owns its edges, a profile's versions own its rows.
type strictState struct{ engine.State }

// Update implements engine.State.
func (s strictState) Update(ctx context.Context, fn func(tx engine.Tx) error) error {
	return s.State.Update(ctx, func(tx engine.Tx) error {
		t := &strictTx{Tx: tx, locked: map[string]bool{}}
		if err := fn(t); err != nil {
			return err
		}
		return t.fault
	})
}

type strictTx struct {
	engine.Tx
	locked map[string]bool
	fault  error
}

// Lock implements engine.Tx.
func (t *strictTx) Lock(keys ...[]byte) ([][]byte, error) {
	for _, k := range keys {
		t.locked[string(k)] = true
	}
	return t.Tx.Lock(keys...)
}

// Range implements engine.Tx.
func (t *strictTx) Range(owner, lo, hi []byte, fn func(key, value []byte) bool) error {
	if !bytes.Equal(ownerOf(lo), owner) {
		return fmt.Errorf("a range of table %c was read under the lock of another owner", lo[4])
	}
	return t.Tx.Range(owner, lo, hi, fn)
}

// Put implements engine.Tx.
func (t *strictTx) Put(key, value []byte) {
	t.check(key)
	t.Tx.Put(key, value)
}

// Delete implements engine.Tx.
func (t *strictTx) Delete(key []byte) {
	t.check(key)
	t.Tx.Delete(key)
}

func (t *strictTx) check(key []byte) {
	if owner := ownerOf(key); t.fault == nil && !t.locked[string(key)] && (owner == nil || !t.locked[string(owner)]) {
		t.fault = fmt.Errorf("a key of table %c was written that is neither locked nor owned", key[4])
	}
}

// ownerOf gives the key whose lock stands for that of key, or nil.
func ownerOf(key []byte) []byte {
	const head, id = 5, 16
	if len(key) < head+id {
		return nil
	}
	switch part := key[head : head+id]; engine.Table(key[head-1]) {
	case engine.TableEdge:
		return append(append(bytes.Clone(key[:head-1]), byte(engine.TableNode)), part...)
	case engine.TableHistory, engine.TableProfile:
		return engine.Space{}.Key(engine.TableVersions, part)
	}
	return nil
}
