//go:build integration

package survive

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/demo"
)

// seedOf is random unless KITH_SEED gives it; it is printed, so that a failure can be
// tried again. The moments of the kills are real time: they repeat only roughly.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64N(1_000_000)
	if text := os.Getenv("KITH_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("KITH_SEED=%d", seed)
	return seed
}

// TestKilledAtAnyMoment is I2, I4 and the stable keys of webhooks: files, web traffic
// and decisions come in while the process is killed again and again.
func TestKilledAtAnyMoment(t *testing.T) {
	seed := seedOf(t)
	rng := rand.New(rand.NewPCG(seed, 1))
	h := newHook(t)
	s := newShop(t, killPeople, seed, 40+rng.IntN(60), fmt.Sprintf(shopFile, 1+rng.IntN(60), 1+rng.IntN(400), fmt.Sprintf(`
destinations:
  mailer: {type: webhook, url: %q, on: [profile.changed], allow_private: true}
`, h.server.URL)))
	c := &sender{s: s}
	left := split(t, s.batches, 2)
	perRound, filesPerRound := len(left)/(kills+1)+1, len(s.files)/(kills+1)+1
	asked, decided, killed, busy := 0, 0, 0, 0
	for ; busy < kills && killed < 3*kills; killed++ {
		s.deliver(filesPerRound)
		// From 2 ms to 1 s: most kills come early, when there is most to do.
		moment := time.Duration(2e6 * math.Pow(500, rng.Float64()))
		s.launch()
		if rng.IntN(4) == 0 { // while it opens
			busy++
			s.killAfter(moment/2, rng.IntN(2) == 0)
			continue
		}
		s.answer()
		n := min(perRound, len(left))
		now, later := left[:n], left[n:]
		stop, unsent := make(chan struct{}), make(chan []demo.WebBatch, 1)
		go func() { unsent <- c.send(now, stop) }()
		said := make(chan [2]int, 1)
		pairs := s.pairs(rng, 3)
		go func() { said <- s.decide(pairs) }()
		hit := s.killAfter(moment, rng.IntN(2) == 0)
		close(stop)
		rest := <-unsent
		answered := <-said
		asked, decided = asked+answered[0], decided+answered[1]
		if hit || len(rest) > 0 {
			busy++
		}
		left = append(rest, later...)
	}
	if busy < kills {
		t.Errorf("only %d of %d kills came while there was something to do", busy, killed)
	}
	s.deliver(len(s.files))
	s.start()
	if rest := c.send(left, nil); len(rest) > 0 {
		t.Fatalf("%d batches are not acknowledged", len(rest))
	}
	l := s.drained(uint64(s.rows+s.events), 2*time.Minute, append(fileSources, "web")...)
	for _, source := range fileSources {
		if l.effective(source) == 0 {
			t.Errorf("source %s brought nothing", source)
		}
	}
	if n := l.effective("kith"); n < uint64(decided)+1 {
		t.Errorf("%d control records are in the ledger; %d decisions and the rules were acknowledged", n, decided)
	}
	if n := l.effective("web"); n != uint64(s.events) {
		t.Errorf("%d web events acted, want %d", n, s.events)
	}
	s.traced(400)
	s.delivered(h)
	t.Logf("%d kills, %d of them while busy; %d batches acknowledged in %d tries; %d of %d decisions; ledger %d records; %s", killed, busy, c.acked.Load(), c.tries.Load(),
		decided, asked, l.Accepted, h.counts())
	if code := s.stop(); code != 0 {
		t.Errorf("the stopped server ended with code %d", code)
	}
	s.verify()
}

// killAfter kills the server, or its supervisor, at a moment from now. It reports
// whether there was something left to do.
func (s *shop) killAfter(moment time.Duration, server bool) (busy bool) {
	select {
	case <-time.After(moment): // the moment is what is random here, nothing waits for it
	case <-s.ended:
		s.t.Fatalf("kith run ended by itself: %v", s.cmd.ProcessState)
	}
	if s.base != "" {
		busy = s.idle() != nil
	}
	if server {
		s.killServer()
	} else {
		s.kill()
	}
	return busy
}

// pairs makes decisions of stewards up: that two people are one, or are not.
func (s *shop) pairs(rng *rand.Rand, n int) (list []map[string]any) {
	ref := func() []any {
		p := s.world.People[rng.IntN(len(s.world.People))]
		return []any{map[string]any{"identifier": map[string]string{"type": "email", "value": p.Email}}}
	}
	for range n {
		list = append(list, map[string]any{"action": []string{"merge", "unmerge"}[rng.IntN(2)], "a": ref(), "b": ref()})
	}
	return list
}

// decide sends decisions, and counts those asked for and those acknowledged. One that
// is not acknowledged may or may not be in the log: either is right.
func (s *shop) decide(pairs []map[string]any) (n [2]int) {
	for _, d := range pairs {
		n[0]++
		if s.api(http.MethodPost, "/api/decisions", d, nil) == nil {
			n[1]++
		}
	}
	return n
}

// traced asks where a sample of acknowledged messages went: each must have been found
// durable and have a disposition.
func (s *shop) traced(most int) {
	s.t.Helper()
	step := max(1, s.events/most)
	for i := 1; i <= s.events; i += step {
		var trace struct {
			Hops []struct {
				Hop     string `json:"hop"`
				Outcome string `json:"outcome"`
			} `json:"hops"`
		}
		id := fmt.Sprintf("m-%08d", i)
		if err := s.api(http.MethodPost, "/api/trace", map[string]string{"source": "web", "message_id": id}, &trace); err != nil {
			s.t.Errorf("acknowledged message %s: %v", id, err)
			return
		}
		if len(trace.Hops) < 2 || trace.Hops[0].Outcome != "durable" || trace.Hops[1].Outcome == "pending" {
			s.t.Errorf("acknowledged message %s went %+v", id, trace.Hops)
		}
	}
}

// delivered waits until every version that the history holds has come to the hook,
// those of profiles that are gone left out: they are no longer told of.
func (s *shop) delivered(h *hook) {
	s.t.Helper()
	want, gone := s.versions()
	all := len(want)
	for v := range want {
		if gone[v.id] {
			delete(want, v)
		}
	}
	if len(want) < len(s.world.People)/2 {
		s.t.Fatalf("history holds only %d versions, %d of them of living profiles", all, len(want))
	}
	s.poll("every version of every profile was delivered", time.Minute, func() error {
		if v, n := h.missing(want); n > 0 {
			return fmt.Errorf("%d of %d versions are missing, among them %d of %s", n, len(want), v.n, v.id)
		}
		return nil
	})
}
