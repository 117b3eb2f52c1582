//go:build integration && soak

package survive

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/demo"
	"github.com/kithdata/kith/internal/servers"
)

// TestClusterBehindACutCable has two processes on two hosts, as far as the network goes,
// one of them with the servers, and takes the cable between them out for longer than a
// lease, again and again: what is on its way vanishes, and nobody is told (I1, I2).
func TestClusterBehindACutCable(t *testing.T) {
	rng := rand.New(rand.NewPCG(seedOf(t), 3))
	link, err := servers.NewLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(link.Close)
	b := &backing{side: link.A()}
	t.Cleanup(b.stop)
	if err := b.start(t, t.TempDir(), ""); err != nil {
		t.Fatal(err)
	}
	f := &fleet{backing: b, t: t, name: "cable", text: fmt.Sprintf(shopFile, 20, 100, "")}
	on := func(side *servers.Side) *member {
		f.text = replaceOnce(t, fmt.Sprintf(shopFile, 20, 100, ""), `{listen: "127.0.0.1:0"}`, fmt.Sprintf(`{listen: "%s:0", insecure: true}`, side.Addr))
		m := f.newMember(false, partitions, clusterHashKey)
		m.side = side
		m.client.Transport = &http.Transport{DialContext: side.Dial}
		return m
	}
	near := on(link.A())
	f.shop = openShop(t, near.project, clusterPeople, 21, 50)
	f.take(near)
	near.start()
	far := on(link.B())
	f.take(far)
	far.start()
	f.arrange()
	f.recovered()
	const cuts = 6
	c := &sender{s: f.shop, to: f.next}
	left := split(t, f.batches, 2)
	perRound, files := len(left)/cuts+1, len(f.files)/cuts+1
	for round := range cuts {
		n := min(perRound, len(left))
		l := &load{c: c, of: n, done: make(chan []demo.WebBatch, 1), from: c.acked.Load()}
		f.deliver(files)
		go func(now []demo.WebBatch) { l.done <- c.send(now, nil) }(left[:n])
		left = left[n:]
		f.moment(l, rng.IntN(n/2+1))
		begun := time.Now()
		if err := link.Cut(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.outlast(far, begun)
		f.more(l, 3)
		if err := link.Heal(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.recovered()
		f.sent(l)
		t.Logf("cut %d: all were ready and all was sent after %s", round, time.Since(begun).Round(time.Millisecond))
	}
	f.deliver(len(f.files))
	if rest := c.send(left, nil); len(rest) > 0 {
		t.Fatalf("%d batches are not acknowledged", len(rest))
	}
	f.complete(c)
	f.agree()
	f.stopAll()
	far.verifyByCommand()
}
