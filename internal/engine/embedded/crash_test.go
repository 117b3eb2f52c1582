package embedded_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/embedded"
	"github.com/kithdata/kith/internal/kit/errs"
)

func openOn(t *testing.T, fs vfs.FS, change ...func(*engine.EmbeddedConfig, *embedded.Deps)) (*engine.Engine, error) {
	t.Helper()
	cfg := engine.EmbeddedConfig{Dir: "data", Partitions: 2, TopicPartitions: 2, CacheBytes: 1 << 20}
	deps := embedded.Deps{FS: fs, Strict: true, Logger: slog.New(slog.DiscardHandler)}
	for _, c := range change {
		c(&cfg, &deps)
	}
	return embedded.Open(t.Context(), cfg, deps)
}

func mustOpen(t *testing.T, fs vfs.FS, change ...func(*engine.EmbeddedConfig, *embedded.Deps)) *engine.Engine {
	t.Helper()
	e, err := openOn(t, fs, change...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// ledger is what the outside was told: acknowledged appends and updates by worker,
// and the emitted values that a reader was shown, by partition.
type ledger struct {
	appended, updated [3]uint64
	shown             [2]uint64
}

// traffic appends, updates and relays until ctx ends, and keeps the ledger.
type traffic struct {
	mu  sync.Mutex
	now ledger
	wg  sync.WaitGroup
}

func (tr *traffic) told() ledger {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.now
}

func (tr *traffic) tell(fn func(l *ledger)) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	fn(&tr.now)
}

// step commits number n of worker w: a key, an emitted value and an offset together.
func step(ctx context.Context, e *engine.Engine, w int, n uint64) error {
	return e.State.Update(ctx, func(tx engine.Tx) error {
		key := fmt.Appendf(nil, "worker %d", w)
		values, err := tx.Lock(key)
		if err != nil {
			return err
		}
		if len(values[0]) == 8 && binary.BigEndian.Uint64(values[0]) != n {
			return fmt.Errorf("worker %d's count is not %d", w, n)
		}
		tx.Put(key, binary.BigEndian.AppendUint64(nil, n+1))
		tx.Emit("changes", fmt.Appendf(nil, "%d %d", w, n), fmt.Appendf(nil, "%d %d", w, n))
		return tx.Advance("reader", int32(w), n, n+1)
	})
}

func (tr *traffic) start(ctx context.Context, e *engine.Engine, report func(error)) {
	loop := func(fn func(n uint64) error) {
		tr.wg.Go(func() {
			for n := uint64(0); ; n++ {
				if err := fn(n); err != nil {
					report(err)
					return
				}
			}
		})
	}
	for w := range 3 {
		loop(func(n uint64) error {
			_, err := e.Log.Append(ctx, []engine.Entry{
				{Partition: 1, Value: fmt.Appendf(nil, "%d %d", w, n)}, {Partition: 2, Value: fmt.Appendf(nil, "%d %d", w, n)},
			})
			if err == nil {
				tr.tell(func(l *ledger) { l.appended[w] = n + 1 })
			}
			return err
		})
		loop(func(n uint64) error {
			err := step(ctx, e, w, n)
			if err == nil {
				tr.tell(func(l *ledger) { l.updated[w] = n + 1 })
			}
			return err
		})
	}
	for p := range int32(2) {
		from := uint64(0)
		loop(func(uint64) error {
			values, err := e.Log.Read(ctx, "changes", p, from, 10)
			from += uint64(len(values))
			tr.tell(func(l *ledger) { l.shown[p] = from })
			return err
		})
	}
}

// verify opens a folder as a crash left it and holds it against what was told.
func verify(t *testing.T, fs vfs.FS, told ledger) {
	t.Helper()
	e := mustOpen(t, fs)
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	for p := int32(1); p <= 2; p++ {
		counts := countByWorker(t, e, engine.TopicIngest, p)
		for w, n := range told.appended {
			if counts[w] < n {
				t.Errorf("partition %d: worker %d was told of %d appends, %d are there", p, w, n, counts[w])
			}
		}
	}
	var emitted [3]uint64
	for p := range int32(2) {
		_, end, err := e.Log.Bounds(t.Context(), "changes", p)
		if err != nil {
			t.Fatal(err)
		}
		if end < told.shown[p] {
			t.Errorf("topic partition %d: %d values were shown, %d are there", p, told.shown[p], end)
		}
		for w, n := range countByWorker(t, e, "changes", p) {
			emitted[w] += n
		}
	}
	for w, n := range told.updated {
		at, err := e.State.Offset(t.Context(), "reader", int32(w))
		if err != nil {
			t.Fatal(err)
		}
		if at < n || emitted[w] != at {
			t.Errorf("worker %d was told of %d updates; offset %d and %d emitted values are there", w, n, at, emitted[w])
		}
		if err := step(t.Context(), e, w, at); err != nil { // key, offset and topic still agree and go on
			t.Error(err)
		}
	}
}

func countByWorker(t *testing.T, e *engine.Engine, topic string, p int32) (counts [3]uint64) {
	t.Helper()
	_, end, err := e.Log.Bounds(t.Context(), topic, p)
	if err != nil {
		t.Fatal(err)
	}
	for from := uint64(0); from < end; {
		values, err := e.Log.Read(t.Context(), topic, p, from, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			var w, n int
			if _, err := fmt.Sscanf(string(v), "%d %d", &w, &n); err != nil {
				t.Fatal(err)
			}
			counts[w]++
		}
		from += uint64(len(values))
	}
	return counts
}

// TestCrash cuts the power at arbitrary moments under load (I1, I2): what was
// acknowledged, and every emitted value that was shown, is there afterwards, and
// key, offset and emitted value of one commit are there together or not at all.
func TestCrash(t *testing.T) {
	for _, unsynced := range []int{0, 30, 100} {
		t.Run(fmt.Sprintf("%d%% of unsynced data kept", unsynced), func(t *testing.T) {
			fs := vfs.NewCrashableMem()
			e := mustOpen(t, fs)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var tr traffic
			tr.start(ctx, e, func(err error) {
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
			for round := range 6 {
				_ = e.State.WaitOffset(ctx, "reader", 1, uint64(20*(round+1)))
				told := tr.told() // before the crash, so all of it must be there after
				verify(t, fs.CrashClone(vfs.CrashCloneCfg{
					UnsyncedDataPercent: unsynced, RNG: rand.New(rand.NewPCG(uint64(round), 3)),
				}), told)
			}
			cancel()
			tr.wg.Wait()
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestFailingDisk lets the disk fail under load: everyone waiting is told, Failed is
// closed, the process lives, and a new process finds all that was acknowledged.
func TestFailingDisk(t *testing.T) {
	faults := map[string]struct {
		kinds []errorfs.OpKind
		err   error
	}{
		"sync":           {[]errorfs.OpKind{errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo}, syscall.EIO},
		"write, no room": {[]errorfs.OpKind{errorfs.OpFileWrite}, syscall.ENOSPC},
	}
	for name, fault := range faults {
		for _, db := range []string{"log", "state"} {
			t.Run(name+" of "+db, func(t *testing.T) {
				mem := vfs.NewCrashableMem()
				var broken atomic.Bool
				fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
					if !broken.Load() || filepath.Ext(op.Path) != ".log" || !strings.Contains(op.Path, "data/"+db+"/") {
						return nil
					}
					for _, kind := range fault.kinds {
						if op.Kind == kind {
							return fault.err
						}
					}
					return nil
				}))
				failUnderLoad(t, mem, fs, &broken, db)
			})
		}
	}
}

func failUnderLoad(t *testing.T, mem *vfs.MemFS, fs vfs.FS, broken *atomic.Bool, db string) {
	e := mustOpen(t, fs)
	var tr traffic
	failures := make(chan error, 16)
	tr.start(t.Context(), e, func(err error) { failures <- err })
	waits := make(chan error, 3)
	go func() { _, err := e.Log.Read(t.Context(), engine.TopicIngest, 0, 0, 1); waits <- err }()
	go func() { waits <- e.State.WaitOffset(t.Context(), "nobody", 0, 1) }()
	go func() {
		waits <- e.Log.Own(t.Context(), "refine", engine.TopicIngest, func(ctx context.Context, _ int32) error {
			<-ctx.Done()
			return nil
		})
	}()
	if err := e.State.WaitOffset(t.Context(), "reader", 1, 20); err != nil {
		t.Fatal(err)
	}
	broken.Store(true)
	<-e.Failed
	tr.wg.Wait()
	close(failures)
	for err := range failures {
		if !errs.Is(err, engine.CodeFailed) {
			t.Errorf("under load: %v", err)
		}
	}
	for range 3 {
		if err := <-waits; !errs.Is(err, engine.CodeFailed) {
			t.Errorf("a waiter was told %v", err)
		}
	}
	if _, err := e.Log.Append(t.Context(), nil); !errs.Is(err, engine.CodeFailed) {
		t.Errorf("a later call was told %v", err)
	}
	if err := e.Close(); !errs.Is(err, engine.CodeFailed) {
		t.Errorf("Close gave %v", err)
	}
	verify(t, mem.CrashClone(vfs.CrashCloneCfg{}), tr.told())
}
