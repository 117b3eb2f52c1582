//go:build integration

package survive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// overloadFile is a project whose road may be behind by little, so that a door that is
// sent more than the road does soon refuses.
const overloadFile = `name: overloaded
data: ./data
sources:
  web: {type: tracking, write_keys: [` + writeKey + `]}
pipeline: {batch_records: 200, max_lag: 2000}
server: {listen: "127.0.0.1:0"}
`

const (
	// pushers send at once, each as fast as it is answered.
	pushers = 8
	// pushedEvents are the events of one batch.
	pushedEvents = 100
	// fewestPushed is how many batches are to be acknowledged while others are refused. With
	// mostPushed, or mostRefused calls refused, the test gives up: the door does not refuse
	// what is too much, or does not open again.
	fewestPushed = 600
	mostPushed   = 3_000
	mostRefused  = 500_000
	// overloadMemory is the bound, in MiB, on what the server may have resident.
	overloadMemory = 500
	// recovered is the bound on the median of calls once the overload is over: they are no
	// longer behind what was refused. It leaves room for a machine with other work.
	recovered = time.Second
)

// push is the load of all pushers, and what became of it.
type push struct {
	p              *project
	acked, refused atomic.Int64
	next           atomic.Int64 // numbers batches
	mu             sync.Mutex
	slowest        []time.Duration // of acknowledged calls
}

// enough ends the load: as many calls were refused as taken, so that at least twice what
// the door takes was sent, and enough were taken.
func (l *push) enough() bool {
	acked := l.acked.Load()
	return acked >= fewestPushed && l.refused.Load() >= acked || acked >= mostPushed
}

func batchOf(n int64) string {
	events := make([]string, pushedEvents)
	for i := range events {
		events[i] = fmt.Sprintf(`{"type":"track","messageId":"o-%d-%d","userId":"u-%d","event":"Pushed","properties":{"batch":%d,"place":%d}}`, n, i, i, n, i)
	}
	return `{"batch":[` + strings.Join(events, ",") + `]}`
}

// send sends one batch once, and reports whether it was taken.
func (l *push) send(ctx context.Context, body string) (taken bool, took time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.p.base+"/v1/batch", strings.NewReader(body))
	if err != nil {
		return false, 0, err
	}
	req.SetBasicAuth(writeKey, "")
	start := time.Now()
	resp, err := l.p.client.Do(req)
	if err != nil {
		return false, 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	took = time.Since(start)
	switch {
	case err != nil:
		return false, took, err
	case resp.StatusCode == http.StatusOK:
		return true, took, nil
	case resp.StatusCode != http.StatusTooManyRequests || !strings.Contains(string(text), `"overloaded"`):
		return false, took, fmt.Errorf("answered %d %s", resp.StatusCode, tail(string(text), 300))
	}
	if after, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || after < 1 {
		return false, took, fmt.Errorf("429 has Retry-After %q", resp.Header.Get("Retry-After"))
	}
	return false, took, nil
}

// until sends a batch until it is taken, which soon it must be, and gives how long the call
// took that was.
func (l *push) until(n int64) (took time.Duration) {
	l.p.t.Helper()
	l.p.poll(fmt.Sprintf("batch %d is taken", n), time.Minute, func() error {
		taken, t, err := l.send(context.Background(), batchOf(n))
		if err == nil && !taken {
			err = errors.New("it is refused")
		}
		took = t
		return err
	})
	return took
}

// run is one pusher: each of its batches is sent until it is taken, as the libraries do,
// but without their patience.
func (l *push) run(ctx context.Context) error {
	for !l.enough() {
		body := batchOf(l.next.Add(1))
		for {
			taken, took, err := l.send(ctx, body)
			if err != nil {
				return err
			}
			if taken {
				l.acked.Add(1)
				l.mu.Lock()
				l.slowest = append(l.slowest, took)
				l.mu.Unlock()
				break
			}
			if l.refused.Add(1) > mostRefused {
				return fmt.Errorf("the door does not open again: %d batches were taken", l.acked.Load())
			}
		}
	}
	return nil
}

// TestOverload: sent at least twice what it takes, the tracking API answers 429 with Retry-After
// and nothing worse; what it acknowledged has acted once, memory stays bounded, and once
// the road has caught up calls are taken as before.
func TestOverload(t *testing.T) {
	p := newProject(t, overloadFile)
	p.start()
	l := &push{p: p}
	var wg sync.WaitGroup
	for range pushers {
		wg.Go(func() {
			if err := l.run(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	acked, refused := l.acked.Load(), l.refused.Load()
	if t.Failed() {
		t.FailNow()
	}
	if refused < acked {
		t.Fatalf("%d batches were taken and only %d calls refused: the door never was overloaded", acked, refused)
	}
	want := uint64(acked * pushedEvents)
	p.drained(want, time.Minute, "web")
	rows := p.sql(`select count(*), count(distinct (batch, place)), count(distinct batch) from fact_web_events where event = 'Pushed'`)
	if got := strings.Join(rows[0], " "); got != fmt.Sprintf("%d %d %d", want, want, acked) {
		t.Errorf("the warehouse has %s events, places and batches of %d batches acknowledged", got, acked)
	}

	const again = 20
	var after []time.Duration
	after = append(after, l.until(l.next.Add(1))) // the door looks how far the road is twice a second
	for range again - 1 {
		taken, took, err := l.send(t.Context(), batchOf(l.next.Add(1)))
		if err != nil || !taken {
			t.Fatalf("after the overload a call is taken: %v (%v)", taken, err)
		}
		after = append(after, took)
	}
	p.drained(want+again*pushedEvents, time.Minute, "web")
	slices.Sort(l.slowest)
	slices.Sort(after)
	most := p.peak()
	t.Logf("%d batches of %d events acknowledged, %d calls refused; acknowledged in %s at the median and %s at most, afterwards in %s; at most %d MiB resident",
		acked, pushedEvents, refused, l.slowest[len(l.slowest)/2], l.slowest[len(l.slowest)-1], after[again/2], most)
	if most > overloadMemory {
		t.Errorf("the server had %d MiB resident, more than %d", most, overloadMemory)
	}
	if after[again/2] > recovered {
		t.Errorf("after the overload half of the calls take longer than %s", after[again/2])
	}
	if code := p.stop(); code != 0 {
		t.Errorf("the stopped server ended with code %d", code)
	}
	p.verify()
}
