//go:build integration

package survive

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// hostileConnections are the ways to hold a connection and say nothing of use.
var hostileConnections = map[string]string{
	"idle":           "",
	"half a header":  "POST /v1/track HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
	"half a body":    "POST /v1/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + writeKey + "\r\nContent-Length: 5000\r\n\r\n{\"batch\":[",
	"answers unread": strings.Repeat("GET /v1/projects/"+writeKey+"/settings HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 200),
}

const (
	// idlers are the connections of a caller who only opens them.
	idlers = 10_000
	// lurkers are those of each other kind.
	lurkers = 100
)

// hold opens connections from a loopback address of their own, so that their ports do
// not run out, says text on each and keeps them.
func (p *project) hold(n int, from byte, text string) (held []net.Conn) {
	p.t.Helper()
	d := net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 3, from)}}
	for range n {
		c, err := d.DialContext(p.t.Context(), "tcp", strings.TrimPrefix(p.base, "http://"))
		if err != nil {
			p.t.Fatalf("after %d connections: %v", len(held), err)
		}
		p.t.Cleanup(func() { _ = c.Close() })
		held = append(held, c)
		// A server that has had enough closes it: that is as good.
		_, _ = io.WriteString(c, text)
	}
	return held
}

// TestHostileConnections: ten thousand idle connections, slow headers, slow bodies,
// callers that close their half or never read do not keep an honest caller out, take no
// memory to speak of, and are closed in time.
func TestHostileConnections(t *testing.T) {
	p := newProject(t, strings.Replace(badFile, "name: hostile", "name: lurkers", 1))
	p.start()
	var slow []net.Conn
	from := byte(1)
	for name, text := range hostileConnections {
		n := lurkers
		if name == "idle" {
			n = idlers
		}
		from++
		held := p.hold(n, from, text)
		if name == "half a header" {
			slow = held
		}
		for i, c := range held {
			if i%2 == 1 && name != "idle" { // half of them close their side
				_ = c.(*net.TCPConn).CloseWrite()
			}
		}
		honest := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
		d := door{base: p.base, client: honest}
		for i := range 5 {
			body := fmt.Sprintf(`{"messageId":"honest-%d-%d","userId":"u-%d","event":"x"}`, from, i, i)
			a, err := d.ask(http.MethodPost, "/v1/track", []byte(body), "Authorization", "Bearer "+writeKey)
			if err != nil || a.status != http.StatusOK {
				t.Fatalf("beside connections of kind %q an honest call is answered %v: %v", name, a, err)
			}
		}
	}
	for i := 0; i < len(slow); i += 2 { // a header that does not come to its end
		_ = slow[i].SetReadDeadline(time.Now().Add(30 * time.Second))
		if _, err := io.Copy(io.Discard, slow[i]); err != nil {
			t.Fatalf("a header that never ends is waited for: %v", err)
		}
	}
	p.drained(uint64(5*len(hostileConnections)), time.Minute, "web")
	most := p.peak()
	t.Logf("%d connections held; at most %d MiB resident", idlers+3*lurkers, most)
	if most > mostMemory {
		t.Errorf("the server had %d MiB resident, more than %d", most, mostMemory)
	}
}
