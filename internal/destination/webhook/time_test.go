package webhook_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kithdata/kith/internal/destination/webhook"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// timed is a fixture within a synctest bubble: no network, a clock that jumps.
type timed struct {
	*fixture
	mu sync.Mutex
	at []time.Duration // of each request, since the beginning
	id []string
}

func newTimed(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, nth int)) *timed {
	f := &timed{fixture: newFixture(t, "http://mailer.example.com/hook")}
	begin := time.Now()
	p := newPipes()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice a client that goes away
		f.mu.Lock()
		f.at = append(f.at, time.Since(begin))
		f.id = append(f.id, r.Header.Get("webhook-id"))
		nth := len(f.at)
		f.mu.Unlock()
		answer(w, r, nth)
	})}
	go server.Serve(p)
	f.deps.Dial = p.dial
	f.deps.Rand = func() float64 { return 1 }
	t.Cleanup(func() { server.Close() })
	return f
}

func (f *timed) times() []time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.at)
}

func (f *timed) ids() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.id)
}

func (f *timed) last() string {
	all := f.ids()
	return all[len(all)-1]
}

// TestServersOutOfReach has the topics' ends, and then the store, out of reach for a
// while, and the destination begun again afterwards, as in another process.
func TestServersOutOfReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTimed(t, func(http.ResponseWriter, *http.Request, int) {})
		away := errs.New("engine_unavailable", "out of reach")
		var until atomic.Int64
		begin := time.Now()
		until.Store(int64(time.Minute))
		f.deps.Bounds = func(ctx context.Context, topic string, p int32) (uint64, uint64, error) {
			if time.Since(begin) < time.Duration(until.Load()) {
				return 0, 0, away
			}
			return f.log.bounds(ctx, topic, p)
		}
		f.log.profile(person(1, 1))
		f.start()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := f.times(); len(got) != 1 || got[0] < time.Minute || got[0] > 66*time.Second {
			t.Errorf("requests at %v", got)
		}
		ended := f.stop
		ended()
		f.log.profile(person(2, 1))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- f.d.Run(ctx) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		cancel()
		if err := <-done; err != nil || len(f.times()) != 2 {
			t.Errorf("requests at %v, %v", f.times(), err)
		}
	})
}

// TestWhoLostItsLeaseDeliversNoMore has the store refuse what a destination saves, since
// another process delivers now.
func TestWhoLostItsLeaseDeliversNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTimed(t, func(http.ResponseWriter, *http.Request, int) {})
		f.store.fail = errs.New("fenced", "another has the lease")
		f.log.profile(person(1, 1))
		d, err := webhook.New(f.cfg, f.deps)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Run(t.Context()); !errs.Is(err, "fenced") {
			t.Error(err)
		}
	})
}

func TestRetrySchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTimed(t, func(w http.ResponseWriter, _ *http.Request, nth int) {
			if nth < 6 {
				w.WriteHeader(http.StatusInternalServerError)
			}
		})
		f.log.profile(person(1, 1))
		f.start()
		time.Sleep(time.Hour)
		synctest.Wait()
		want := []time.Duration{0, 5 * time.Second, 15 * time.Second, 35 * time.Second, 75 * time.Second, 155 * time.Second}
		if got := f.times(); !slices.Equal(got, want) {
			t.Errorf("requests at %v, want %v", got, want)
		}
		f.stop()
	})
}

func TestRetryAfterHoldsEveryone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTimed(t, func(w http.ResponseWriter, _ *http.Request, nth int) {
			if nth == 1 {
				w.Header().Set("Retry-After", "60")
				w.WriteHeader(http.StatusTooManyRequests)
			}
		})
		f.cfg.Concurrency = 1
		f.log.profile(person(1, 1))
		f.log.profile(person(3, 1))
		f.start()
		time.Sleep(time.Hour)
		synctest.Wait()
		if at := f.times(); len(at) != 3 || at[1] != time.Minute || at[2] != time.Minute {
			t.Errorf("requests at %v of %v", at, f.ids())
		}
		f.stop()
	})
}

// TestDeadEndpoint has an endpoint that never answers: what is kept in memory stays
// bounded, reading stops, and past the horizon it is cut off (I9).
func TestDeadEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var well atomic.Bool
		f := newTimed(t, func(_ http.ResponseWriter, r *http.Request, _ int) {
			if !well.Load() {
				<-r.Context().Done()
			}
		})
		f.cfg.Horizon = 30_000
		f.log.n = 1
		var resent []string
		f.deps.Resync = func(ctx context.Context, send func(context.Context, *record.Profile) error) error {
			well.Store(true)
			suppressed := person(3, 5)
			suppressed.Suppressed = true
			for _, p := range []*record.Profile{person(1, 5), person(2, 5), suppressed} {
				if err := send(ctx, p); err != nil {
					return err
				}
			}
			all := f.ids()
			resent = all[len(all)-2:]
			return nil
		}
		row := record.AppendProfile(nil, person(1, 2))
		rows := make([][]byte, 25_000)
		for i := range rows {
			rows[i] = row
		}
		f.log.add(record.TopicChanges, 0, rows...)
		f.start()
		time.Sleep(7 * time.Second)
		synctest.Wait()
		s := f.d.Stats()
		if s.State != webhook.Active || s.Lag != 25_000 || s.Pending > 17_000 || s.Pending < 16_000 {
			t.Errorf("within the horizon %+v", s)
		}
		f.log.add(record.TopicChanges, 0, rows[:10_000]...)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		s = f.d.Stats()
		if s.State != webhook.Active || s.CutOffs != 1 || s.Pending != 0 || s.Delivered != 2 {
			t.Errorf("past the horizon %+v", s)
		}
		for _, id := range resent {
			if !strings.HasPrefix(id, "resync-") {
				t.Errorf("re-synchronised as %s", id)
			}
		}
		f.log.profile(person(1, 6))
		time.Sleep(time.Minute)
		synctest.Wait()
		if last := f.last(); last != "changes-0-35000" {
			t.Errorf("it goes on with %s", last)
		}
		if notes, _ := f.store.List(context.Background(), "cutoff/", 9); len(notes) != 1 {
			t.Errorf("%d notes of a cut-off", len(notes))
		}
		f.stop()
	})
}

func TestTrimmedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTimed(t, func(http.ResponseWriter, *http.Request, int) {})
		f.log.n = 1
		f.log.profile(person(1, 1), person(1, 2), person(1, 3))
		f.start()
		time.Sleep(time.Second)
		f.stop()
		f.log.profile(person(1, 4), person(1, 5))
		f.log.trim(record.TopicChanges, 0, 4)
		f.start()
		time.Sleep(time.Minute)
		if s := f.d.Stats(); s.CutOffs != 1 || s.State != webhook.Active {
			t.Errorf("stats %+v", s)
		}
		f.log.profile(person(1, 6))
		time.Sleep(time.Second)
		synctest.Wait()
		if last := f.last(); last != "changes-0-5" {
			t.Errorf("it goes on with %s", last)
		}
		f.stop()
	})
}

// TestPositionsAreSavedInGroups counts durable writes.
func TestPositionsAreSavedInGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTimed(t, func(http.ResponseWriter, *http.Request, int) {})
		for i := range 2_000 {
			f.log.profile(person(byte(i), 1))
		}
		f.start()
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := f.d.Stats(); f.store.saves > 6 || s.Delivered != 2_000 || s.Pending != 0 || s.InFlight != 0 {
			t.Errorf("%d saves, stats %+v", f.store.saves, s)
		}
		f.stop()
	})
}

func TestShutdownLetsRequestsFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTimed(t, func(_ http.ResponseWriter, r *http.Request, nth int) {
			wait := 500 * time.Millisecond
			if nth == 2 {
				wait = time.Hour
			}
			select {
			case <-time.After(wait):
			case <-r.Context().Done():
			}
		})
		f.cfg.Concurrency = 1
		f.cfg.Timeout = time.Minute
		f.log.profile(person(1, 1), person(1, 2))
		f.start()
		time.Sleep(400 * time.Millisecond)
		f.stop() // the first is under way, and is done within the grace
		if s := f.d.Stats(); s.Delivered != 1 {
			t.Errorf("stats %+v", s)
		}
		f.start()
		time.Sleep(400 * time.Millisecond)
		begin := time.Now()
		f.stop()
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("stopping took %v", took)
		}
		if letters, _ := f.d.DeadLetters(context.Background(), 9); len(letters) != 0 || f.last() != "changes-1-1" {
			t.Errorf("%v, dead letters %+v", f.ids(), letters)
		}
	})
}
