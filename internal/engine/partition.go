package engine

import "github.com/cespare/xxhash/v2"

// PartitionOf is where key lies among n partitions of an emitted topic. It is part
// of the stored formats.
func PartitionOf(key []byte, n int32) int32 {
	return int32(xxhash.Sum64(key) % uint64(n)) //nolint:gosec // it is less than n
}
