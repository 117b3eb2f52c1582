//go:build !(linux && amd64)

package duckdb

// Elsewhere DuckDB's allocator is not this room's to lead: one call of a function
// may take more than warehouse.memory.
func raiseCeiling(int64) {}
