package pipeline

import (
	"bytes"
	"context"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/clock"
)

// ForgetMessages drops the message ids of a generation that were received longer
// ago than twice the duplicate window: a copy within the window of any record that
// still counts is known either way. It works in small steps beside the road.
func ForgetMessages(ctx context.Context, state engine.State, cfg Config, generation uint32, c clock.Clock) (forgotten int, err error) {
	oldest := clock.Micros(c.Now()) - 2*cfg.withDefaults().DuplicateWindow.Microseconds()
	lo, hi := engine.Space{Generation: generation}.Bounds(engine.TableMessage)
	for {
		var old [][]byte
		var last []byte
		seen := 0
		err := state.View(ctx, func(r engine.Reader) error {
			return r.Scan(lo, hi, func(key, value []byte) bool {
				seen++
				last = bytes.Clone(key)
				if m, err := decodeMessage(value); err == nil && m.received < oldest {
					old = append(old, last)
				}
				return seen < 20_000
			})
		})
		if err != nil || seen == 0 {
			return forgotten, err
		}
		if len(old) > 0 {
			if err := forget(ctx, state, old, oldest); err != nil {
				return forgotten, err
			}
			forgotten += len(old)
		}
		lo = append(last, 0)
	}
}

func forget(ctx context.Context, state engine.State, keys [][]byte, oldest int64) error {
	return state.Update(ctx, func(tx engine.Tx) error {
		values, err := tx.Lock(keys...)
		if err != nil {
			return err
		}
		for i, key := range keys {
			if values[i] == nil {
				continue
			}
			if m, err := decodeMessage(values[i]); err == nil && m.received < oldest { // not renewed meanwhile
				tx.Delete(bytes.Clone(key))
			}
		}
		return nil
	})
}
