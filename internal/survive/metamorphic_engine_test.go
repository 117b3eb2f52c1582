package survive_test

import (
	"context"
	"math/rand/v2"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/embedded"
)

// machine is where processes run, and what outlives them.
type machine interface {
	// open opens an engine as a new process does.
	open(ctx context.Context) (*engine.Engine, error)
	// kill has the process of an engine end at once, in the middle of what it does. Stop
	// ends what is left of it in this one.
	kill(e *engine.Engine, stop func() error) error
	// sleep has the process of an engine stand still, whose connections stay, until wake.
	sleep(e *engine.Engine)
	wake(e *engine.Engine)
	// close lets go of what is left once no process runs.
	close() error
}

// folder is a data folder in a file system in memory that can lose what was not synced.
type folder struct {
	v    variant
	fs   *vfs.MemFS
	dice *rand.Rand // of crashes
}

func newFolder(v variant) machine {
	return &folder{v: v, fs: vfs.NewCrashableMem(), dice: rand.New(rand.NewPCG(v.Seed, 3))}
}

func (f *folder) open(ctx context.Context) (*engine.Engine, error) {
	deps := embedded.Deps{FS: f.fs, Strict: true, FreeBytes: func(string) (uint64, error) { return 1 << 40, nil }}
	if f.v.Conflicts {
		deps.Conflict = conflicts(f.v.Seed)
	}
	return embedded.Open(ctx, engine.EmbeddedConfig{Dir: "data", Partitions: f.v.Partitions, TopicPartitions: f.v.Topics, CacheBytes: 1 << 20, ReserveBytes: 1}, deps)
}

// kill leaves what was synced, and some of what was not.
func (f *folder) kill(_ *engine.Engine, stop func() error) error {
	left := f.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: f.dice.IntN(101), RNG: f.dice})
	err := stop()
	f.fs = left
	return err
}

// sleep and wake are never asked for where there is one process alone.
func (f *folder) sleep(*engine.Engine) {}

func (f *folder) wake(*engine.Engine) {}

func (f *folder) close() error { return nil }

// conflicts throws away every fifth run of a transaction, as a shared backend would.
func conflicts(seed uint64) func() bool {
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(seed, 5))
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		return dice.IntN(5) == 0
	}
}
