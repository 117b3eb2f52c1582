//go:build !linux

package resolve

import "runtime"

// peakMemory is the bytes that this process has of its system: the nearest to the most
// that it ever held that all systems tell.
func peakMemory() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}
