//go:build integration

package survive

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

const (
	// killsOverloaded is how often the server is killed while it refuses what is too much.
	killsOverloaded = 3
	// ackedBeforeKill is how many batches are to be acknowledged before each kill, with as
	// many calls refused: the door is then sent twice what it takes.
	ackedBeforeKill = 60
)

// untilGone is one pusher whose server is killed under it: it gives the batches that were
// acknowledged, and the one of which nobody can say whether it was stored.
func (l *push) untilGone(ctx context.Context) (acked []int64, unknown int64) {
	for {
		n := l.next.Add(1)
		body := batchOf(n)
		for {
			taken, _, err := l.send(ctx, body)
			if err != nil {
				return acked, n
			}
			if taken {
				break
			}
			l.refused.Add(1)
		}
		l.acked.Add(1)
		acked = append(acked, n)
	}
}

// TestKilledWhileOverloaded: killed while it refuses more than it takes, the server has all that
// it acknowledged afterwards, whole and once (I1, I2). Of a batch that was not answered
// there is all or nothing, and sending it again does no harm.
func TestKilledWhileOverloaded(t *testing.T) {
	p := newProject(t, overloadFile)
	var acked, unknown []int64
	last := int64(0) // number of a batch
	for range killsOverloaded {
		p.start()
		l := &push{p: p}
		l.next.Store(last)
		var wg sync.WaitGroup
		var mu sync.Mutex
		for range pushers {
			wg.Go(func() {
				a, u := l.untilGone(t.Context())
				mu.Lock()
				defer mu.Unlock()
				acked, unknown = append(acked, a...), append(unknown, u)
			})
		}
		p.poll("the door is overloaded", time.Minute, func() error {
			if a, r := l.acked.Load(), l.refused.Load(); a < ackedBeforeKill || r < a {
				return fmt.Errorf("%d batches were taken and %d calls refused", a, r)
			}
			return nil
		})
		p.killServer()
		wg.Wait()
		last = l.next.Load()
	}
	p.start()
	p.poll("what was acknowledged is loaded", time.Minute, func() error {
		led, err := p.ledger()
		if err != nil {
			return err
		}
		if n, want := led.effective("web"), uint64(len(acked)*pushedEvents); n < want {
			return fmt.Errorf("%d of %d events have acted", n, want)
		}
		return p.idle()
	})
	found := p.pushedBatches()
	for _, n := range acked {
		if !found[n] {
			t.Errorf("batch %d was acknowledged and is lost", n)
		}
	}
	for n := range found {
		if !slices.Contains(acked, n) && !slices.Contains(unknown, n) {
			t.Errorf("batch %d was refused and is there", n)
		}
	}

	stored := len(found)
	l := &push{p: p}
	for _, n := range unknown {
		l.until(n)
	}
	all := len(acked) + len(unknown)
	p.drained(uint64(all*pushedEvents), time.Minute, "web")
	if found = p.pushedBatches(); len(found) != all {
		t.Errorf("the warehouse has %d batches of %d", len(found), all)
	}
	t.Logf("%d kills; %d batches acknowledged, %d not answered, of which %d were stored", killsOverloaded, len(acked), len(unknown), stored-len(acked))
	if code := p.stop(); code != 0 {
		t.Errorf("the stopped server ended with code %d", code)
	}
	p.verify()
}

// pushedBatches are those that the warehouse has, each of which must be whole, and once.
func (p *project) pushedBatches() map[int64]bool {
	p.t.Helper()
	found := map[int64]bool{}
	for _, row := range p.sql(`select batch, count(*), count(distinct place) from fact_web_events where event = 'Pushed' group by batch`) {
		n, err := strconv.ParseInt(row[0], 10, 64)
		if err != nil {
			p.t.Fatal(err)
		}
		if whole := strconv.Itoa(pushedEvents); row[1] != whole || row[2] != whole {
			p.t.Errorf("batch %d has %s events in %s places", n, row[1], row[2])
		}
		found[n] = true
	}
	return found
}
