package pipeline

import (
	"bytes"
	"context"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// CodeHashKey is the fault of a process whose hash key is not that of the state.
const CodeHashKey errs.Code = "hash_key_differs"

// CheckHasher compares h with the one that the state was made with. A state that does
// not tell yet learns it.
func CheckHasher(ctx context.Context, state engine.State, h *record.Hasher) error {
	mine := h.Message("kith", "hash key")
	check := append([]byte{storedVersion}, mine[:]...)
	var stored []byte
	err := state.View(ctx, func(r engine.Reader) error {
		values, err := r.Get(metaKey("hasher"))
		if err == nil {
			stored = bytes.Clone(values[0])
		}
		return err
	})
	if err == nil && stored == nil {
		err = state.Update(ctx, func(tx engine.Tx) error {
			values, err := tx.Lock(metaKey("hasher"))
			if err == nil && values[0] == nil {
				tx.Put(metaKey("hasher"), check)
			}
			stored = check
			if err == nil && values[0] != nil { // another process was first
				stored = bytes.Clone(values[0])
			}
			return err
		})
		if errs.Is(err, engine.CodeDiskFull) { // it must not keep readers out: the next start writes it
			return nil
		}
	}
	switch {
	case err != nil:
		return err
	case len(stored) == 0 || stored[0] != storedVersion:
		return errStored
	case !bytes.Equal(stored, check):
		return errs.New(CodeHashKey, "the hash key is not the one that the state was made with").At("keys/hash.key").
			Fix("copy keys/hash.key from the data folder of a process that works, or set engine.cluster.hash_key; without that key no identifier can be found again")
	}
	return nil
}
