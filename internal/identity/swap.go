package identity

import (
	"slices"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/wire"
	"github.com/kithdata/kith/internal/record"
)

// SwapMoves is used after generation now was swapped in for was, with nodes of either.
// It emits the move of each that facts hang on and whose profile differs between the
// two, and keeps what was promised of ids: one that was a profile's before the swap
// still resolves. Run again it emits the same moves: the warehouse keeps the greatest
// version.
func (s *Stage) SwapMoves(tx engine.Tx, was, now uint32, nodes []record.NodeKey, received int64) error {
	before, after := s.work(tx, &record.Batch{Generation: was}), s.work(tx, &record.Batch{Generation: now})
	defer s.release(before)
	defer s.release(after)
	if err := before.load(nodes...); err != nil {
		return err
	}
	if err := after.load(nodes...); err != nil {
		return err
	}
	for _, k := range nodes {
		old, current := before.nodes[k], after.nodes[k]
		if current.kind == 0 {
			continue
		}
		if current.is(flagFact) && (current.profile != old.profile || !old.is(flagFact)) {
			move := record.Move{Node: k, Profile: current.profile, Version: uint64(now)<<moveBits | current.moves, Time: received}
			tx.Emit(record.TopicMoves, k[:], record.AppendMove(nil, move))
		}
		if old.is(flagFounded) {
			current.set(flagFounded, true)
			if err := after.redirectAs(before, old, current); err != nil {
				return err
			}
		}
	}
	after.flush()
	return nil
}

// redirectAs has the id of a founder that is in no profile any more resolve to where
// it led in the generation before: which ids ever were profiles', and which members
// their last versions had, depends on the order in which a generation met its records.
func (w *work) redirectAs(before *work, old, current *node) error {
	if !current.profile.IsZero() {
		return nil
	}
	own, past := w.key(engine.TableRedirect, current.key[:]), before.key(engine.TableRedirect, old.key[:])
	values, err := w.tx.Lock(own, past)
	if err != nil || values[0] != nil {
		return err
	}
	if old.profile.IsZero() {
		if values[1] != nil {
			w.tx.Put(own, slices.Clone(values[1]))
		}
		return nil
	}
	members, _, err := before.profileNodes(old)
	if err != nil {
		return err
	}
	var least *node
	for _, m := range members {
		n, err := w.node(m.key)
		if err != nil {
			return err
		}
		if !n.profile.IsZero() && (least == nil || n.before(least)) {
			least = n
		}
	}
	if least == nil {
		return nil
	}
	var e wire.Encoder
	e.Byte(nodeVersion)
	record.EncodeKey(&e, least.key)
	w.tx.Put(own, e.B)
	return nil
}
