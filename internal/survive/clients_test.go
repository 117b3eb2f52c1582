//go:build integration

package survive

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// clientsFile is a project for the real clients: nothing but their source.
const clientsFile = `name: clients
data: ./data
sources:
  web: {type: tracking, write_keys: [` + writeKey + `], mark_bots: true, mark_internal: [127.0.0.0/8]}
server: {listen: "127.0.0.1:0"}
`

// libraries is the folder into which scripts/clients.sh installs.
func libraries(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("KITH_CLIENTS_DIR")
	if dir == "" {
		dir = "../../bin/clients"
	}
	dir, err := filepath.Abs(filepath.Join(dir, "node_modules"))
	if err == nil {
		_, err = os.Stat(dir)
	}
	if err != nil {
		t.Fatalf("the clients are not installed (%v): run ./scripts/clients.sh install", err)
	}
	return dir
}

// node runs a script of the folder clients to its end, and gives what it printed.
func node(t *testing.T, script string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", append([]string{filepath.Join("clients", script)}, args...)...)
	cmd.Env = append(os.Environ(), "NODE_PATH="+libraries(t))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, tail(string(out), 4000))
	}
	return strings.TrimSpace(string(out))
}

// wire lies between a client and the server. It passes everything on as it is, but for
// the refusals that it is told to make, and keeps the calls that were answered 200.
type wire struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	refusals []int          // statuses of the next calls, which the server does not see
	calls    []exchange     // each body as sent, unpacked
	paths    map[string]int // how often each was asked for, with its method
	types    map[string]bool
}

type exchange struct {
	path          string
	body          []byte
	before, after time.Time // when it was passed on, and when answered
}

func newWire(t *testing.T, base string, refusals ...int) *wire {
	to, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, refusals: refusals, paths: map[string]int{}, types: map[string]bool{}}
	// Host stays what the client asked for: the settings endpoint names it to the browser.
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
	}, ErrorHandler: func(rw http.ResponseWriter, _ *http.Request, err error) {
		t.Errorf("passing a call on: %v", err)
		rw.WriteHeader(http.StatusBadGateway)
	}}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.pass(rw, r, proxy)
	}))
	t.Cleanup(w.Close)
	return w
}

// pass notes a request and passes it on.
func (w *wire) pass(rw http.ResponseWriter, r *http.Request, proxy http.Handler) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(sent))
	w.mu.Lock()
	w.paths[r.Method+" "+r.URL.Path]++
	w.types[r.Header.Get("Content-Type")] = true
	refusal := 0
	if r.Method == http.MethodPost && len(w.refusals) > 0 {
		refusal, w.refusals = w.refusals[0], w.refusals[1:]
	}
	w.mu.Unlock()
	if refusal != 0 {
		rw.Header().Set("Retry-After", "1")
		rw.Header().Set("Access-Control-Allow-Origin", "*")
		rw.Header().Set("Access-Control-Expose-Headers", "Retry-After")
		rw.WriteHeader(refusal)
		return
	}
	seen := &statusOf{ResponseWriter: rw, status: http.StatusOK}
	before := time.Now()
	proxy.ServeHTTP(seen, r)
	if r.Method != http.MethodPost {
		return
	}
	if seen.status != http.StatusOK {
		w.t.Errorf("%s of a real client was answered %d", r.URL.Path, seen.status)
		return
	}
	body := sent
	if r.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gunzip(sent); err != nil {
			w.t.Error(err)
			return
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, exchange{path: r.URL.Path, body: body, before: before, after: time.Now()})
}

func gunzip(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

type statusOf struct {
	http.ResponseWriter
	status int
}

func (s *statusOf) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// TestSegmentNode: all that Segment's Node library sends is in the warehouse, though its
// first call is refused twice, and the visitor and the user are one person.
func TestSegmentNode(t *testing.T) {
	p := newProject(t, clientsFile)
	p.start()
	w := newWire(t, p.base, http.StatusTooManyRequests, http.StatusServiceUnavailable)
	node(t, "segment.cjs", w.URL, writeKey)
	p.holds(w, 11)
	p.onePerson("segment-visitor", "segment-user", "segment-user-before")
	if n := w.paths["POST /v1/batch"]; n < 5 {
		t.Errorf("the client sent %d batches, fewer than its flushes and refusals make", n)
	}
}

// TestRudderStackNode is the same of RudderStack's library, which zips.
func TestRudderStackNode(t *testing.T) {
	p := newProject(t, clientsFile)
	p.start()
	w := newWire(t, p.base, http.StatusServiceUnavailable)
	node(t, "rudderstack.cjs", w.URL, writeKey)
	p.holds(w, 9)
	p.onePerson("rudderstack-visitor", "rudderstack-user", "rudderstack-user-before")
}

// onePerson: the anonymous id and the user ids lead to one customer, and all events
// that they sent to that one.
func (p *project) onePerson(anonymous string, users ...string) {
	p.t.Helper()
	names := []string{"('anonymous_id', '" + anonymous + "')"}
	for _, u := range users {
		names = append(names, "('user_id', '"+u+"')")
	}
	rows := p.sql(`select count(*), count(distinct customer_id) from bridge_identity
		where (identifier_type, identifier_value) in (` + strings.Join(names, ", ") + ")")
	if rows[0][0] != fmt.Sprint(len(names)) || rows[0][1] != "1" {
		p.t.Errorf("%d identifiers of one person: %s are known, of %s people", len(names), rows[0][0], rows[0][1])
	}
	rows = p.sql(`select count(*) from fact_web_events f left join bridge_node b using (node_key)
		where b.customer_id is null or b.customer_id not in (select customer_id from bridge_identity where identifier_value = '` + anonymous + "')")
	if rows[0][0] != "0" {
		p.t.Errorf("%s events belong to somebody else", rows[0][0])
	}
}

// TestSegmentBrowser: a page of another origin runs Segment's browser library in
// Chromium, which learns from Kith's settings where to send. All that it sends is in the
// warehouse, the calls of a page that is being left too.
func TestSegmentBrowser(t *testing.T) {
	p := newProject(t, clientsFile)
	p.start()
	w := newWire(t, p.base)
	dist := filepath.Join(libraries(t), "@segment", "analytics-next", "dist", "umd")
	site := http.NewServeMux()
	site.HandleFunc("GET /{$}", func(rw http.ResponseWriter, r *http.Request) { http.ServeFile(rw, r, "clients/page.html") })
	site.HandleFunc("GET /favicon.ico", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNoContent) })
	site.Handle("GET /", http.FileServer(http.Dir(dist)))
	shop := httptest.NewServer(site)
	t.Cleanup(shop.Close)
	visitor := node(t, "browser.cjs", shop.URL, w.URL, writeKey, t.TempDir())
	p.holds(w, 10)
	p.onePerson(visitor, "browser-user")
	for _, path := range []string{"GET /v1/projects/" + writeKey + "/settings", "OPTIONS /v1/t",
		"POST /v1/t", "POST /v1/p", "POST /v1/s", "POST /v1/i", "POST /v1/g", "POST /v1/a", "POST /v1/b"} {
		if w.paths[path] == 0 {
			t.Errorf("the browser never asked for %s; it did for %v", path, w.paths)
		}
	}
	// The browser says itself that nobody sits at it. Some calls have an address that the
	// test made up, the rest are from this machine.
	if got := fmt.Sprint(p.sql("select event, is_bot, is_internal, count(*) from fact_web_events group by all order by 1")); got !=
		"[[Left true true 2] [Order Completed true false 1] [Product Added true false 1] [bare true true 1]]" {
		t.Errorf("events are marked %s", got)
	}
	if !w.types["text/plain"] {
		t.Errorf("the browser sent %v", w.types)
	}
}
