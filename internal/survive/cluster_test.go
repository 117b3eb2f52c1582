//go:build integration

package survive

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/demo"
)

// TestClusterUnderFaults is I1, I2 and I4 with several processes on one Kafka and one
// PostgreSQL, while the shop is loaded: processes, brokers and the database are killed,
// stopped, cut off, slowed down and starved of disk, and processes come and go. All
// that was acknowledged acts once, a destination that never answers costs the rest nothing,
// and state and warehouse equal the log's replay.
func TestClusterUnderFaults(t *testing.T) {
	seed := seedOf(t)
	rng := rand.New(rand.NewPCG(seed, 2))
	h := newHook(t)
	f := newFleet(t, fmt.Sprintf(shopFile, 10+rng.IntN(50), 50+rng.IntN(400), fmt.Sprintf(`
destinations:
  mailer: {type: webhook, url: %q, on: [profile.changed], allow_private: true}
  mute:   {type: webhook, url: "http://%s/", on: [profile.changed], allow_private: true}
`, h.server.URL, mute(t))))
	first := f.newMember(true, partitions, clusterHashKey)
	f.shop = openShop(t, first.project, clusterPeople, seed, 40+rng.IntN(60))
	f.take(first)
	first.start()
	for range processes - 1 {
		f.join(false)
	}
	f.recovered()
	c := &sender{s: f.shop, to: f.next}
	left := split(t, f.batches, 2)
	perRound, filesPerRound := len(left)/clusterRounds+1, len(f.files)/clusterRounds+1
	kinds := f.faults()
	if f.disk == nil {
		delete(kinds, "full disk")
	}
	names := orderOf(kinds)
	start, busy := int(seed%uint64(len(names))), 0
	for round := range clusterRounds {
		name := names[(start+round)%len(names)]
		n := min(perRound, len(left))
		l := &load{c: c, of: n, done: make(chan []demo.WebBatch, 1), from: c.acked.Load()}
		f.deliver(filesPerRound)
		go func(now []demo.WebBatch) { l.done <- c.send(now, nil) }(left[:n])
		left = left[n:]
		f.moment(l, rng.IntN(n/2+1))
		begun := time.Now()
		if f.idle() != nil {
			busy++
		}
		kinds[name](rng, l)
		lasted := time.Since(begun)
		f.recovered()
		f.sent(l)
		t.Logf("round %d: %s, %s until healed, %s until all were ready and all was sent", round, name, lasted.Round(time.Millisecond), time.Since(begun).Round(time.Millisecond))
		if t.Failed() {
			return
		}
	}
	if busy*2 < clusterRounds {
		t.Errorf("only %d of %d faults came while there was something to do", busy, clusterRounds)
	}
	f.deliver(len(f.files))
	if rest := c.send(left, nil); len(rest) > 0 {
		t.Fatalf("%d batches are not acknowledged", len(rest))
	}
	begun := time.Now()
	f.complete(c)
	t.Logf("complete within %s", time.Since(begun).Round(time.Millisecond))
	f.delivered(h)
	t.Logf("drained within %s; %d batches acknowledged in %d tries; refusals %v; %s", time.Since(begun).Round(time.Millisecond), c.acked.Load(), c.tries.Load(), c.refusals(), h.counts())
	f.agree()
	f.stopAll()
	f.members[rng.IntN(len(f.members))].verifyByCommand()
}

// mute gives an address where connections are taken and nothing is ever answered.
func mute(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // nobody was spoken to
	return l.Addr().String()
}

// complete waits until all that the shop has sent is done, and holds it against what it
// must come to.
func (f *fleet) complete(c *sender) {
	f.t.Helper()
	l := f.drained(uint64(f.rows+f.events), 2*time.Minute, append(fileSources, "web")...)
	for _, source := range fileSources {
		if l.effective(source) == 0 {
			f.t.Errorf("source %s brought nothing", source)
		}
	}
	if n := l.effective("web"); n != uint64(f.events) {
		f.t.Errorf("%d web events acted, want %d", n, f.events)
	}
	f.traced(20) // each reads single records of Kafka's
}
