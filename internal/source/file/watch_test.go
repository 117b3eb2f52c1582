package file_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/source/file"
)

// hands is a clock that the test moves.
type hands struct {
	mu  sync.Mutex
	now time.Time
}

func (h *hands) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hands) move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// telling is a Sink that tells the ids of what arrives.
type telling struct {
	*log
	ids chan string
}

func (s telling) Put(ctx context.Context, records []record.Record) (record.Position, error) {
	pos, err := s.log.Put(ctx, records)
	for i := range records {
		s.ids <- string(append([]byte(nil), records[i].ID...))
	}
	return pos, err
}

// TestADamagedFileIsTold: at every look, as long as it is there.
func TestADamagedFileIsTold(t *testing.T) {
	r := newRig(t, "*")
	r.cfg.Watch, r.cfg.Poll = true, time.Second
	r.write("a.csv.gz", "this is no gzip")
	r.write("b.csv", "id\n1\n")
	ticks, looks := make(chan time.Time), make(chan file.Progress, 1_000) // more than the test's looks tell
	s, err := file.New(r.cfg, file.Deps{Sink: r.log, Store: r.store, Clock: clock.System{},
		Progress: func(p file.Progress) { looks <- p }, After: func(time.Duration) <-chan time.Time { return ticks }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	wait := func(want errs.Code) {
		for {
			select {
			case ticks <- time.Time{}:
			case p := <-looks:
				if p.Idle && p.Damaged == want {
					return
				}
			}
		}
	}
	wait("file_gzip")
	for range 3 {
		ticks <- time.Time{}
	}
	for len(looks) > 0 {
		if p := <-looks; p.Damaged != "file_gzip" {
			t.Errorf("forgotten: %+v", p)
		}
	}
	if err := os.Remove(filepath.Join(r.dir, "a.csv.gz")); err != nil {
		t.Fatal(err)
	}
	wait("")
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) && err != nil {
		t.Fatal(err)
	}
}

func TestWatch(t *testing.T) {
	r := newRig(t, "*.csv")
	r.cfg.Watch, r.cfg.Poll = true, time.Second
	clock := &hands{now: time.Unix(1_700_000_000, 0)}
	ticks := make(chan time.Time)
	sink := telling{log: r.log, ids: make(chan string, 100)} // more than the test's rows
	s, err := file.New(r.cfg, file.Deps{Sink: sink, Store: r.store, Clock: clock,
		After: func(time.Duration) <-chan time.Time { return ticks }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	arrive := func(id string, pass time.Duration) {
		t.Helper()
		for {
			select {
			case got := <-sink.ids:
				if got != id {
					t.Fatalf("row %s arrived, not %s", got, id)
				}
				return
			case ticks <- time.Time{}:
				clock.move(pass)
			case err := <-ended:
				t.Fatal("ended", err)
			}
		}
	}
	write := func(name, content string) {
		t.Helper()
		tmp := filepath.Join(r.dir, "unfinished")
		if err := errors.Join(os.WriteFile(tmp, []byte(content), 0o600), os.Rename(tmp, filepath.Join(r.dir, name))); err != nil {
			t.Fatal(err)
		}
	}
	write("a.csv", "id\n1\n2")
	arrive("1:1", 0)
	for range 3 { // looks again, and holds the last line back: no time has passed
		ticks <- time.Time{}
	}
	write("a.csv", "id\n1\n23\n")
	arrive("1:2", 0)
	write("b.csv", "id\n7\n8")
	arrive("2:1", 0)
	arrive("2:2", time.Second) // its last line has stayed as it was for long enough
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	r.want(`1:1 {"id":"1"}`, `1:2 {"id":"23"}`, `2:1 {"id":"7"}`, `2:2 {"id":"8"}`)
}
