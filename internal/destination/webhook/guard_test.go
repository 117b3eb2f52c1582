package webhook_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kithdata/kith/internal/destination/webhook"
)

// gives runs a destination with one message and one try, and gives why it failed.
func gives(t *testing.T, url string, change func(*webhook.Config, *webhook.Deps)) string {
	t.Helper()
	f := newFixture(t, url)
	f.cfg.AllowPrivate, f.cfg.Attempts = false, 1
	if change != nil {
		change(&f.cfg, &f.deps)
	}
	saved := &notifying{store: f.store, saved: make(chan struct{}, 100)}
	f.deps.Store = saved
	f.log.profile(person(1, 1))
	f.start()
	for {
		letters, err := f.d.DeadLetters(context.Background(), 1)
		if err != nil {
			return err.Error()
		}
		if len(letters) == 1 {
			return letters[0].Reason
		}
		if f.d.Stats().Delivered > 0 {
			return "delivered"
		}
		<-saved.saved
	}
}

// notifying is a store that tells of every save.
type notifying struct {
	*store
	saved chan struct{}
}

func (n *notifying) Save(ctx context.Context, docs map[string][]byte) error {
	err := n.store.Save(ctx, docs)
	n.saved <- struct{}{}
	return err
}

func TestPrivateAddressesAreRefused(t *testing.T) {
	e := newEndpoint(t, nil)
	port := e.URL[strings.LastIndexByte(e.URL, ':'):]
	var all sync.WaitGroup
	for _, url := range []string{
		e.URL, "http://localhost" + port, "http://127.1.2.3" + port, "http://0.0.0.0" + port, "http://[::ffff:127.0.0.1]" + port,
		"http://10.0.0.1", "http://172.16.0.1", "http://192.168.1.1", "http://169.254.169.254/latest", "http://100.100.100.200",
		"http://100.64.0.1", "http://224.0.0.1", "http://255.255.255.255", "http://198.18.0.1", "http://192.0.0.192", "http://168.63.129.16", "http://240.0.0.1",
	} {
		all.Go(func() {
			if why := gives(t, url, nil); why != "refused_address" {
				t.Errorf("%s: %s", url, why)
			}
		})
	}
	for _, url := range []string{"http://169.254.169.254/latest", "http://[::ffff:169.254.169.254]/latest", "http://100.100.100.200"} {
		all.Go(func() {
			if why := gives(t, url, func(c *webhook.Config, _ *webhook.Deps) { c.AllowPrivate = true }); why != "refused_address" {
				t.Errorf("%s, private networks allowed: %s", url, why)
			}
		})
	}
	all.Wait()
	if n := len(e.requests()); n != 0 {
		t.Errorf("%d requests got through", n)
	}
	if why := gives(t, e.URL, func(c *webhook.Config, _ *webhook.Deps) { c.AllowPrivate = true }); why != "delivered" {
		t.Errorf("allowed, and yet %s", why)
	}
}

// TestRebinding has a name server that answers first with a public address and then
// with loopback: what is dialled is judged, not what was looked up before.
func TestRebinding(t *testing.T) {
	e := newEndpoint(t, nil)
	port := e.URL[strings.LastIndexByte(e.URL, ':'):]
	var asked atomic.Int64
	resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go answerDNS(theirs, func() [4]byte {
			asked.Add(1)
			return [4]byte{127, 0, 0, 1}
		})
		return ours, nil
	}}
	why := gives(t, "http://rebound.example.com"+port, func(_ *webhook.Config, d *webhook.Deps) { d.Resolver = resolver })
	if why != "refused_address" || asked.Load() == 0 {
		t.Errorf("%s, after %d questions", why, asked.Load())
	}
	if n := len(e.requests()); n != 0 {
		t.Errorf("%d requests got through", n)
	}
}

// answerDNS answers one question over a stream: an address for A, nothing for others.
func answerDNS(c net.Conn, address func() [4]byte) {
	defer c.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, query); err != nil {
			return
		}
		end := 12
		for query[end] != 0 {
			end += int(query[end]) + 1
		}
		end += 5
		answer := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, query[12:end]...)
		if query[end-3] == 1 { // type A
			answer[7] = 1
			a := address()
			answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, a[0], a[1], a[2], a[3])
		}
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	target := newEndpoint(t, nil)
	e := newEndpoint(t, func(w http.ResponseWriter, _ request) {
		w.Header().Set("Location", target.URL)
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	if why := gives(t, e.URL, func(c *webhook.Config, _ *webhook.Deps) { c.AllowPrivate = true }); why != "status_307" {
		t.Errorf("gives %s", why)
	}
	if n := len(target.requests()); n != 0 {
		t.Errorf("%d requests followed the redirect", n)
	}
}

func TestProxiesOfTheEnvironmentAreIgnored(t *testing.T) {
	proxy := newEndpoint(t, nil)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("NO_PROXY", "")
	if why := gives(t, "http://10.0.0.1", nil); why != "refused_address" {
		t.Errorf("gives %s", why)
	}
	if n := len(proxy.requests()); n != 0 {
		t.Errorf("%d requests went through the proxy", n)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	e := newEndpoint(t, func(w http.ResponseWriter, _ request) {
		line := make([]byte, 1<<16)
		for range 1 << 10 { // 64 MiB, unless the reader has had enough
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	})
	if why := gives(t, e.URL, func(c *webhook.Config, _ *webhook.Deps) { c.AllowPrivate = true }); why != "delivered" {
		t.Errorf("gives %s", why)
	}
}

func TestConnectionRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if why := gives(t, "http://"+l.Addr().String(), func(c *webhook.Config, _ *webhook.Deps) { c.AllowPrivate = true }); why != "connect" {
		t.Errorf("gives %s", why)
	}
}
