package api

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
)

func TestConfigRefusesToExposePersonalData(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want errs.Code
	}{
		{Config{}, ""},
		{Config{Listen: "localhost:0"}, ""},
		{Config{Listen: "[::1]:0"}, ""},
		{Config{Listen: "127.0.0.2:0"}, ""},
		{Config{Listen: "0.0.0.0:80"}, "api_exposed"},
		{Config{Listen: ":80"}, "api_exposed"},
		{Config{Listen: "[::]:80"}, "api_exposed"},
		{Config{Listen: "192.0.2.7:80"}, "api_exposed"},
		{Config{Listen: "localhost.example.com:80"}, "api_exposed"},
		{Config{Listen: "0.0.0.0:80", Insecure: true}, ""},
		{Config{Listen: "0.0.0.0:80", TLSCert: "c", TLSKey: "k"}, ""},
		{Config{TLSCert: "c"}, "api_tls"},
		{Config{Listen: "nonsense"}, "api_listen"},
	} {
		if got := errs.CodeOf(c.cfg.Validate()); got != c.want {
			t.Errorf("%+v: %q, want %q", c.cfg, got, c.want)
		}
	}
	w := &world{}
	if _, err := NewServer(Config{Listen: "0.0.0.0:0"}, w.deps()); !errs.Is(err, "api_exposed") {
		t.Errorf("NewServer: %v", err)
	}
	if _, err := NewServer(Config{TLSCert: "/nowhere", TLSKey: "/nowhere"}, w.deps()); !errs.Is(err, "api_tls") {
		t.Errorf("NewServer: %v", err)
	}
	if _, err := NewServer(Config{}, Deps{}); !errs.Is(err, "api_deps") {
		t.Errorf("NewServer: %v", err)
	}
}

func TestHostHeader(t *testing.T) {
	w := &world{}
	try := func(cfg Config, host string) int {
		s, err := NewServer(cfg, w.deps())
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
		r.Host = host
		rec := httptest.NewRecorder()
		s.Handler().ServeHTTP(rec, r)
		return rec.Code
	}
	local := Config{Hosts: []string{"kith.internal"}}
	for host, want := range map[string]int{"localhost": 200, "LocalHost:8471": 200, "127.0.0.1:8471": 200, "[::1]:8471": 200, "[::1]": 200,
		"kith.internal:8471": 200, "": 421, "evil.example.com": 421, "evil.example.com:8471": 421, "127.0.0.1.example.com": 421, "192.0.2.1": 421} {
		if got := try(local, host); got != want {
			t.Errorf("%q on loopback: %d", host, got)
		}
	}
	if got := try(Config{Listen: "0.0.0.0:0", Insecure: true}, "any.example.com"); got != 200 {
		t.Errorf("beyond loopback, without names: %d", got)
	}
	named := Config{Listen: "0.0.0.0:0", Insecure: true, Hosts: []string{"kith.example.com"}}
	if a, b := try(named, "kith.example.com"), try(named, "localhost"); a != 200 || b != 421 {
		t.Errorf("beyond loopback, with names: %d, %d", a, b)
	}
}

func TestPanicsStayInside(t *testing.T) {
	s, w, log := serve(t)
	w.panics = "row of jo@example.com"
	rec := ask(s, RoleRead, "POST", "/api/profiles/lookup", `{"email":"jo@example.com"}`)
	if rec.Code != 500 || code(t, rec) != "internal" || strings.Contains(rec.Body.String()+log.String(), "jo@") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if !strings.Contains(log.String(), rec.Header().Get(HeaderRequestID)) || !strings.Contains(log.String(), "lookupProfiles") {
		t.Errorf("the log does not name request and place: %s", log)
	}
	s.Handle("GET /v1/broken", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "half an")
		panic("answer")
	}))
	ts := httptest.NewServer(s.Handler())
	defer ts.Close()
	res, err := http.Get(ts.URL + "/v1/broken")
	if err == nil {
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	if err == nil {
		t.Error("half an answer looks like a whole one")
	}
}

// start runs a server until the test ends and gives its address.
func start(t *testing.T, cfg Config, handlers map[string]http.HandlerFunc) (addr string, stop func() error) {
	t.Helper()
	w := &world{}
	deps := w.deps()
	deps.Clock = clock.System{}
	s, err := NewServer(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	for pattern, h := range handlers {
		s.Handle(pattern, h)
	}
	at, err := s.Listen(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	var result error
	stopped := false
	stop = func() error {
		if !stopped {
			stopped = true
			cancel()
			result = <-done
		}
		return result
	}
	t.Cleanup(func() { _ = stop() })
	return at.String(), stop
}

func TestStopWaitsForRequestsUnderWay(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	addr, stop := start(t, Config{Listen: "127.0.0.1:0"}, map[string]http.HandlerFunc{"GET /slow": func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		_, _ = io.WriteString(w, "done")
	}})
	body := make(chan string, 1)
	go func() {
		res, err := http.Get("http://" + addr + "/slow")
		if err != nil {
			body <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		body <- string(b)
	}()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for { // until the port is closed
		c, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		c.Close()
	}
	select {
	case err := <-stopped:
		t.Fatalf("stopped with a request under way: %v", err)
	default:
	}
	close(release)
	if got := <-body; got != "done" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func dial(t *testing.T, addr, say string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, say); err != nil {
		t.Fatal(err)
	}
	return c
}

const healthRequest = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

func answered(c net.Conn) error {
	_, err := c.Read(make([]byte, 4096))
	return err
}

// TestConnectionsAreLimited has more callers than connections, none of which can end
// before as many as may have begun.
func TestConnectionsAreLimited(t *testing.T) {
	const most, callers = 2, 6
	var now, peak atomic.Int32
	entered, release := make(chan struct{}, callers), make(chan struct{})
	addr, _ := start(t, Config{Listen: "127.0.0.1:0", Connections: most}, map[string]http.HandlerFunc{"GET /slow": func(http.ResponseWriter, *http.Request) {
		for n := now.Add(1); ; {
			if old := peak.Load(); n <= old || peak.CompareAndSwap(old, n) {
				break
			}
		}
		entered <- struct{}{}
		<-release
		now.Add(-1)
	}})
	answers := make(chan error, callers)
	for range callers {
		c := dial(t, addr, "GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
		go func() { answers <- answered(c) }()
	}
	for range most {
		<-entered
	}
	close(release)
	for range callers {
		if err := <-answers; err != nil {
			t.Errorf("a caller who had to wait: %v", err)
		}
	}
	if n := peak.Load(); n != most {
		t.Errorf("%d were served at once", n)
	}
}

// pipes is a listener of connections that the test makes.
type pipes struct{ conns chan net.Conn }

func (p pipes) Accept() (net.Conn, error) { return <-p.conns, nil }
func (pipes) Close() error                { return nil }
func (pipes) Addr() net.Addr              { return nil }

// TestANewcomerWaitsForASlot proves by a bubble at rest what sockets can only suggest.
func TestANewcomerWaitsForASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := pipes{make(chan net.Conn, 4)} // all that the test makes
		for range cap(from.conns) {
			server, client := net.Pipe()
			defer client.Close()
			from.conns <- server
		}
		l := limitListener(from, 2)
		accept := func() net.Conn {
			c, err := l.Accept()
			if err != nil {
				t.Error(err)
			}
			return c
		}
		first, second := accept(), accept()
		third := make(chan net.Conn, 1)
		go func() { third <- accept() }()
		synctest.Wait()
		if len(third) != 0 {
			t.Fatal("a third connection was accepted")
		}
		_ = first.Close()
		defer (<-third).Close()
		ended := make(chan error, 1)
		go func() {
			_, err := l.Accept()
			ended <- err
		}()
		synctest.Wait()
		_ = l.Close() // while a fourth waits
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("the fourth, as the listener closed: %v", err)
		}
		_ = second.Close()
	})
}

// Whoever holds all connections idle keeps nobody out.
func TestIdleConnectionsMakeRoom(t *testing.T) {
	addr, _ := start(t, Config{Listen: "127.0.0.1:0", Connections: 3}, nil)
	for range 3 {
		if err := answered(dial(t, addr, healthRequest)); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		if err := answered(dial(t, addr, healthRequest)); err != nil {
			t.Fatalf("a newcomer: %v", err)
		}
	}
}

func TestTLS(t *testing.T) {
	cert, key, pool := certificate(t)
	addr, _ := start(t, Config{Listen: "127.0.0.1:0", TLSCert: cert, TLSKey: key}, nil)
	get := func(max uint16) (*http.Response, error) {
		c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS10, MaxVersion: max}}}
		defer c.CloseIdleConnections()
		res, err := c.Get("https://" + addr + "/healthz")
		if err == nil {
			res.Body.Close()
		}
		return res, err
	}
	if res, err := get(tls.VersionTLS13); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("TLS 1.3: %v", err)
	}
	if _, err := get(tls.VersionTLS12); err != nil {
		t.Errorf("TLS 1.2: %v", err)
	}
	if _, err := get(tls.VersionTLS11); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
}

// certificate makes a certificate for 127.0.0.1.
func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(certFile, certPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600); err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return certFile, keyFile, pool
}

func TestPortInUse(t *testing.T) {
	addr, _ := start(t, Config{Listen: "127.0.0.1:0"}, nil)
	w := &world{}
	s, err := NewServer(Config{Listen: addr}, w.deps())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Listen(context.Background()); !errs.Is(err, "api_listen") {
		t.Errorf("%v", err)
	}
}
