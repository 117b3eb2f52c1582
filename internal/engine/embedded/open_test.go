package embedded_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/embedded"
	"github.com/kithdata/kith/internal/kit/errs"
)

// wantMend holds err to a code and to saying what to do.
func wantMend(t *testing.T, err error, code errs.Code) {
	t.Helper()
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || !errs.Is(err, code) || e.Mend == "" {
		t.Fatalf("got %v, want code %s with a way to mend it", err, code)
	}
}

func TestOpenInUse(t *testing.T) {
	for name, fs := range map[string]vfs.FS{"memory": vfs.NewMem(), "disk": vfs.Default} {
		t.Run(name, func(t *testing.T) {
			dir := func(c *engine.EmbeddedConfig, _ *embedded.Deps) {}
			if fs == vfs.Default {
				where := t.TempDir()
				dir = func(c *engine.EmbeddedConfig, _ *embedded.Deps) { c.Dir = where }
			}
			e := mustOpen(t, fs, dir)
			cfg, deps := engine.EmbeddedConfig{Dir: "data", Partitions: 2, TopicPartitions: 2}, embedded.Deps{FS: fs}
			dir(&cfg, &deps)
			ctx, cancel := context.WithCancel(t.Context())
			cancel() // does not wait for the folder to come free
			_, err := embedded.Open(ctx, cfg, deps)
			wantMend(t, err, embedded.CodeInUse)

			type result struct {
				e   *engine.Engine
				err error
			}
			opened := make(chan result)
			go func() { e, err := embedded.Open(t.Context(), cfg, deps); opened <- result{e, err} }()
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			r := <-opened // waited for the first to let go
			if r.err != nil {
				t.Fatal(r.err)
			}
			if err := r.e.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	mem := vfs.NewMem()
	if err := mustOpen(t, mem).Close(); err != nil {
		t.Fatal(err)
	}
	_, err := openOn(t, mem, func(c *engine.EmbeddedConfig, _ *embedded.Deps) { c.Partitions = 3 })
	wantMend(t, err, embedded.CodeChanged)
	_, err = openOn(t, mem, func(c *engine.EmbeddedConfig, _ *embedded.Deps) { c.TopicPartitions = 1 })
	wantMend(t, err, embedded.CodeChanged)
	_, err = openOn(t, mem, func(c *engine.EmbeddedConfig, _ *embedded.Deps) { c.Partitions = -1 })
	wantMend(t, err, embedded.CodeBadSize)
	if err := mustOpen(t, mem).Close(); err != nil { // a refused Open leaves it as it was
		t.Fatal(err)
	}

	setMeta(t, mem, "data/state", []byte{2, 'n', 'e', 'w', 'e', 'r'})
	_, err = openOn(t, mem)
	wantMend(t, err, embedded.CodeFormat)
	setMeta(t, mem, "data/state", []byte{1, 200})
	_, err = openOn(t, mem)
	wantMend(t, err, embedded.CodeUnreadable)
	setMeta(t, mem, "data/state", []byte{1, 1, 'x', 0, 2})
	_, err = openOn(t, mem)
	wantMend(t, err, embedded.CodeMismatch)
}

// What is not set is as the folder was made, and 4 for a new one.
func TestPartitionsAreThoseOfTheFolder(t *testing.T) {
	unset := func(c *engine.EmbeddedConfig, _ *embedded.Deps) { c.Partitions, c.TopicPartitions = 0, 0 }
	made := func(c *engine.EmbeddedConfig, _ *embedded.Deps) { c.Partitions, c.TopicPartitions = 7, 3 }
	counts := func(fs vfs.FS, change func(*engine.EmbeddedConfig, *embedded.Deps)) (data, topic int32) {
		e := mustOpen(t, fs, change)
		data, topic = e.Log.Partitions(engine.TopicIngest)-1, e.Log.Partitions("changes")
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		return data, topic
	}
	if data, topic := counts(vfs.NewMem(), unset); data != 4 || topic != 4 {
		t.Errorf("a new folder has %d and %d partitions, not 4", data, topic)
	}
	mem := vfs.NewMem()
	counts(mem, made)
	if data, topic := counts(mem, unset); data != 7 || topic != 3 {
		t.Errorf("a folder made with 7 and 3 partitions opens with %d and %d", data, topic)
	}
}

// setMeta overwrites what a database says of itself.
func setMeta(t *testing.T, fs vfs.FS, dir string, raw []byte) {
	t.Helper()
	db, err := pebble.Open(dir, &pebble.Options{FS: fs, FormatMajorVersion: pebble.FormatNewest, Logger: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Set([]byte{'m'}, raw, pebble.Sync); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

type quiet struct{}

func (quiet) Infof(string, ...any)      {}
func (quiet) Errorf(string, ...any)     {}
func (quiet) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

func TestOpenReadOnly(t *testing.T) {
	for _, cause := range []error{syscall.EROFS, syscall.EPERM} {
		fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind == errorfs.OpMkdirAll || op.Kind == errorfs.OpCreate {
				return cause
			}
			return nil
		}))
		_, err := openOn(t, fs)
		wantMend(t, err, embedded.CodeReadOnly)
	}
}

// TestDiskFull: below the reserve nothing is written and nobody fails; with room
// back, writing goes on.
func TestDiskFull(t *testing.T) {
	const reserve = 1 << 30
	var free atomic.Uint64
	free.Store(reserve + 4<<20)
	e := mustOpen(t, vfs.NewMem(), func(c *engine.EmbeddedConfig, d *embedded.Deps) {
		c.ReserveBytes = reserve
		d.FreeBytes = func(string) (uint64, error) { return free.Load(), nil }
	})
	defer e.Close()
	entry := []engine.Entry{{Partition: 1, Value: bytes.Repeat([]byte("x"), 3<<20)}}
	put := func(tx engine.Tx) error {
		if _, err := tx.Lock([]byte("k")); err != nil {
			return err
		}
		tx.Put([]byte("k"), entry[0].Value)
		tx.Emit("facts", []byte("k"), []byte("v"))
		return tx.Advance("reader", 1, 0, 1)
	}
	for range 2 {
		free.Store(reserve + 4<<20) // room for neither, as each is written twice
		_, err := e.Log.Append(t.Context(), entry)
		wantMend(t, err, engine.CodeDiskFull)
		wantMend(t, e.State.Update(t.Context(), put), engine.CodeDiskFull)
	}
	if _, end, err := e.Log.Bounds(t.Context(), engine.TopicIngest, 1); err != nil || end != 0 {
		t.Fatal("a refused append was written", end, err)
	}
	free.Store(reserve + 64<<20)
	if _, err := e.Log.Append(t.Context(), entry); err != nil {
		t.Fatal(err)
	}
	if err := e.State.Update(t.Context(), put); err != nil { // offset 0 and number 0: nothing of the refused one stayed
		t.Fatal(err)
	}
	// What was written since the last reading counts, whatever the reading's age.
	free.Store(reserve)
	for range 20 {
		_, err := e.Log.Append(t.Context(), entry)
		if err != nil {
			wantMend(t, err, engine.CodeDiskFull)
			return
		}
	}
	t.Fatal("120 MiB were written where 64 were free above the reserve")
}
