package embedded

import (
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
)

// spaceEvery is how long a reading of the free space serves.
const spaceEvery = 100 * time.Millisecond

// reserve refuses writes when the folder's disk has less free than it must keep.
// The reserve is what compactions and the warehouse need to get room again.
type reserve struct {
	dir  string
	keep uint64
	free func(dir string) (uint64, error)
	now  func() time.Time // monotonic; only to space out readings

	mu      sync.Mutex
	read    time.Time
	left    uint64 // free at the last reading
	written uint64 // since then
}

// freeBytes reads the free space of the disk that dir lies on.
func freeBytes(fs vfs.FS) func(dir string) (uint64, error) {
	return func(dir string) (uint64, error) {
		usage, err := fs.GetDiskUsage(dir)
		return usage.AvailBytes, err
	}
}

// admit counts n bytes that are about to be written, or refuses them. Each is
// written twice at least: to the write-ahead log and by the flush.
func (r *reserve) admit(n int) error {
	need := 2 * uint64(n)
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if now.Sub(r.read) >= spaceEvery || !r.fits(need) {
		free, err := r.free(r.dir)
		if err != nil {
			return nil // a file system that cannot tell must not stop the road
		}
		r.read, r.left, r.written = now, free, 0
		if !r.fits(need) {
			return errs.New(engine.CodeDiskFull, "the disk of the data folder has less free than its reserve").
				Fix("free some space, or lower the reserve under engine.embedded; writing goes on by itself once there is room")
		}
	}
	r.written += need
	return nil
}

func (r *reserve) fits(need uint64) bool { return r.left >= r.keep+r.written+need }
