package pipeline

import (
	"context"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// Located is where a message lies and what became of it.
type Located struct {
	Place
	Record  record.Record
	Verdict record.Verdict
	Done    bool // the road has reached it
}

// Locate finds the first record with a message id of source. It fails with code
// message_unknown for an id that no kept record of the duplicate window has.
func Locate(ctx context.Context, e *engine.Engine, h *record.Hasher, generation uint32, source, id string) (Located, error) {
	space := engine.Space{Generation: generation}
	key := h.Message(source, id)
	var m message
	var found bool
	err := e.State.View(ctx, func(r engine.Reader) error {
		values, err := r.Get(space.Key(engine.TableMessage, key[:]))
		if err != nil || values[0] == nil {
			return err
		}
		found = true
		m, err = decodeMessage(values[0])
		return err
	})
	if err != nil {
		return Located{}, err
	}
	if !found {
		return Located{}, errs.New("message_unknown", "no record with this message id is known of this source").
			Fix("check the source's name; ids are forgotten when the duplicate window has passed; one just sent may still be on its way")
	}
	return At(ctx, e, generation, Place{m.partition, m.offset})
}

// At reads the record at a place, and what became of it.
func At(ctx context.Context, e *engine.Engine, generation uint32, place Place) (Located, error) {
	l := Located{Place: place}
	values, err := e.Log.Read(ctx, engine.TopicIngest, place.Partition, place.Offset, 1)
	if err != nil {
		return l, err
	}
	if err := record.DecodeEnvelope(values[0], &l.Record); err != nil {
		return l, err
	}
	l.Record.Partition, l.Record.Offset = place.Partition, place.Offset
	l.Verdict, l.Done, err = verdictAt(ctx, e.State, engine.Space{Generation: generation}, place)
	return l, err
}

// verdictAt reads a record's disposition: what a replay last made of it, or else
// what its batch did.
func verdictAt(ctx context.Context, state engine.State, space engine.Space, place Place) (v record.Verdict, done bool, err error) {
	err = state.View(ctx, func(r engine.Reader) error {
		values, err := r.Get(transitionKey(space, place.Partition, place.Offset))
		if err != nil {
			return err
		}
		if values[0] != nil {
			v, done, err = outcomeAt(values[0], place.Offset)
			return err
		}
		_, hi := space.Bounds(engine.TableDisposition, []byte{0}, engine.U32(uint32(place.Partition)))
		var bad error
		err = r.Scan(batchKey(space, place.Partition, place.Offset+1), hi, func(_, value []byte) bool {
			v, done, bad = outcomeAt(value, place.Offset)
			return false
		})
		if err == nil {
			err = bad
		}
		return err
	})
	v.Code, v.Field = string([]byte(v.Code)), string([]byte(v.Field)) // the scan's bytes do not outlive it
	return v, done, err
}
