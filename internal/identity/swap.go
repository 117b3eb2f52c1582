package identity

import (
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/record"
)

// SwapMoves emits, after generation now was swapped in for was, the move of each of
// the given nodes that facts hang on and whose profile differs between the two. Run
// again it emits the same moves: the warehouse keeps the greatest version.
func (s *Stage) SwapMoves(tx engine.Tx, was, now uint32, nodes []record.NodeKey, received int64) error {
	keys := make([][]byte, 0, 2*len(nodes))
	for _, generation := range [2]uint32{was, now} {
		space := engine.Space{Generation: generation}
		for _, k := range nodes {
			keys = append(keys, space.Key(engine.TableNode, k[:]))
		}
	}
	values, err := tx.Lock(keys...)
	if err != nil {
		return err
	}
	for i, k := range nodes {
		old, current := node{key: k}, node{key: k}
		if v := values[i]; v != nil {
			if err := decodeNode(v, &old); err != nil {
				return err
			}
		}
		v := values[len(nodes)+i]
		if v == nil {
			continue
		}
		if err := decodeNode(v, &current); err != nil {
			return err
		}
		if current.is(flagFact) && (current.profile != old.profile || !old.is(flagFact)) {
			move := record.Move{Node: k, Profile: current.profile, Version: uint64(now)<<moveBits | current.moves, Time: received}
			tx.Emit(record.TopicMoves, k[:], record.AppendMove(nil, move))
		}
	}
	return nil
}
