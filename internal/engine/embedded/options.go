package embedded

import (
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kithdata/kith/internal/kit/openfiles"
)

// Pebble takes memtables out of the block cache's budget, so their usual number is
// added to it; at most memtableStop of each wait to be flushed before writes do.
const (
	logMemtable   = 16 << 20
	stateMemtable = 64 << 20
	memtableStop  = 3
	memtableRoom  = 2 * (logMemtable + stateMemtable)

	// pebbleFormat is raised on purpose only: an older Kith cannot open what it wrote.
	pebbleFormat = pebble.FormatValueSeparation
)

func baseOptions(fs vfs.FS, cache *pebble.Cache, logger pebbleLogger) *pebble.Options {
	o := &pebble.Options{
		FS: fs, Cache: cache, Logger: logger, FormatMajorVersion: pebbleFormat,
		EventListener:               &pebble.EventListener{BackgroundError: newSetbacks(logger.log).meet},
		MemTableStopWritesThreshold: memtableStop,
		CompactionConcurrencyRange:  func() (int, int) { return 1, 2 },
		MaxOpenFiles:                openfiles.Share(openfiles.Limit(), 1, 8, 1000), // there are two databases
		BytesPerSync:                1 << 20,
	}
	for i := range o.Levels {
		o.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.SnappyCompression }
	}
	return o
}

// logOptions suits blocks of many records that are written once, read soon after
// and again only by a rebuild.
func logOptions(fs vfs.FS, cache *pebble.Cache, logger pebbleLogger) *pebble.Options {
	o := baseOptions(fs, cache, logger)
	o.MemTableSize = logMemtable
	o.LBaseMaxBytes = 512 << 20
	for i := range o.Levels {
		o.Levels[i].BlockSize = 32 << 10
	}
	for i := range o.TargetFileSizes {
		o.TargetFileSizes[i] = 32 << 20
	}
	return o
}

// stateOptions suits point reads of keys that are often not there yet.
func stateOptions(fs vfs.FS, cache *pebble.Cache, logger pebbleLogger) *pebble.Options {
	o := baseOptions(fs, cache, logger)
	o.MemTableSize = stateMemtable
	o.LBaseMaxBytes = 256 << 20
	for i := range o.Levels {
		o.Levels[i].BlockSize = 4 << 10
		o.Levels[i].IndexBlockSize = 256 << 10 // one level of index: a miss costs no second block
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	for i := range o.TargetFileSizes {
		o.TargetFileSizes[i] = 8 << 20
	}
	return o
}
