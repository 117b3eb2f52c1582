package file_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/source/file"
)

// TestIdleOnceAllIsRead has a file whose last line comes without its end: the source
// is idle only once that was taken for a row, and again after each further look.
func TestIdleOnceAllIsRead(t *testing.T) {
	r := newRig(t, "*.csv")
	r.cfg.Watch, r.cfg.Poll = true, time.Second
	r.write("a.csv", "id\n1\n2")
	clock := &hands{now: time.Unix(1_700_000_000, 0)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var told []bool
	looks := 0
	s, err := file.New(r.cfg, file.Deps{Sink: r.log, Store: r.store, Clock: clock,
		Progress: func(p file.Progress) {
			if p.Idle && int64(len(r.log.byID)) != p.Rows {
				t.Errorf("idle after %d rows, of which %d were put", p.Rows, len(r.log.byID))
			}
			told = append(told, p.Idle)
		},
		After: func(time.Duration) <-chan time.Time { // called after each look
			looks++
			at := len(r.log.byID)
			last := told[len(told)-1]
			switch {
			case looks == 1 && (at != 1 || last), looks == 2 && (at != 2 || !last), looks == 3 && (at != 2 || !last), looks == 4 && (at != 3 || !last):
				t.Errorf("after look %d: %d rows, idle: %v", looks, at, last)
			case looks == 3:
				f, err := os.OpenFile(filepath.Join(r.dir, "a.csv"), os.O_APPEND|os.O_WRONLY, 0)
				if err == nil {
					_, err = f.WriteString("\n3\n")
					err = errors.Join(err, f.Close())
				}
				if err != nil {
					t.Error(err)
				}
				told = nil
			case looks == 4:
				if !slices.Contains(told, false) {
					t.Error("it was idle while a grown file was read")
				}
				cancel()
			}
			clock.move(r.cfg.Poll)
			c := make(chan time.Time, 1)
			c <- time.Time{}
			return c
		}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if looks < 4 {
		t.Errorf("only %d looks", looks)
	}
}

// TestRunAgain has a source lose its lease in the middle of a file, another process read
// on, and the source take over again: nothing has a double effect (I2).
func TestRunAgain(t *testing.T) {
	r := newRig(t, "*.csv")
	r.write("a.csv", manyRows(5_000))
	r.write("b.csv", manyRows(2_500))
	first, second := r.source(), r.source()
	for i, s := range []*file.Source{first, second, first, second} {
		ctx, cancel := context.WithCancel(t.Context())
		stopped := r.log.puts + 2
		r.log.after = func(put int) error {
			if put == stopped {
				cancel() // it is told with what it does next
			}
			return nil
		}
		if err := s.Run(ctx); i < 3 && !errors.Is(err, context.Canceled) {
			t.Fatalf("run %d: %v", i, err)
		}
		cancel()
	}
	r.log.after = nil
	if err := first.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(r.log.byID) != 7_500 || r.log.conflicts != 0 || r.log.again == 0 {
		t.Error(len(r.log.byID), r.log.conflicts, r.log.again)
	}
}

// TestTakenOverInAnotherFolder has a source end at any Put or Save, and a process that
// has the same files in another folder read on (I2).
func TestTakenOverInAnotherFolder(t *testing.T) {
	const n = 4_500
	killed := errs.New("engine_failed", "killed")
	for stop := 1; ; stop++ {
		here, there := newRig(t, "*.csv"), newRig(t, "*.csv")
		there.log, there.store = here.log, here.store
		for _, r := range []*rig{here, there} {
			r.write("a.csv", manyRows(n))
		}
		steps := 0
		var mu sync.Mutex // a Put and a Save may be under way at once
		die := func(int) error {
			mu.Lock()
			defer mu.Unlock()
			if steps++; steps >= stop {
				return killed
			}
			return nil
		}
		here.log.after, here.store.fail = die, die
		err := here.source().Run(t.Context())
		if err != nil && !errs.Is(err, "engine_failed") {
			t.Fatal(err)
		}
		here.log.after, here.store.fail = nil, nil
		there.run()
		if len(here.log.byID) != n || here.log.conflicts != 0 {
			t.Fatalf("ended at step %d: %d rows, %d conflicts", stop, len(here.log.byID), here.log.conflicts)
		}
		if err == nil { // it came to its end
			if stop < 5 {
				t.Errorf("it has %d steps", stop)
			}
			return
		}
	}
}
