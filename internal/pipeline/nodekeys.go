package pipeline

import (
	"bytes"
	"slices"

	"github.com/kithdata/kith/internal/record"
)

// sortedKeys sorts keys and drops repeats.
func sortedKeys(keys []record.NodeKey) []record.NodeKey {
	slices.SortFunc(keys, func(a, b record.NodeKey) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(keys)
}

// upTo keeps the keys that are at most last; all, when last is nil.
func upTo(keys []record.NodeKey, last []byte) []record.NodeKey {
	if last == nil {
		return keys
	}
	n, found := slices.BinarySearchFunc(keys, last, func(k record.NodeKey, l []byte) int { return bytes.Compare(k[:], l) })
	if found {
		n++
	}
	return keys[:n]
}
