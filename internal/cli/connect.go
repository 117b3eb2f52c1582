package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/kithdata/kith/internal/api/client"
	"github.com/kithdata/kith/internal/app"
	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/kit/errs"
)

// Codes of what can keep a command from reaching its project.
const (
	codeNotRun errs.Code = "project_not_run"
	codeAnswer errs.Code = "server_answer"
	codeReach  errs.Code = "server_unreachable"
	codeInUse  errs.Code = "data_in_use" // as the engine says it
	codeRuns   errs.Code = "server_runs"
)

// healthTimeout is how long a server may take to say that it lives.
const healthTimeout = 3 * time.Second

// connection is how one command speaks to a project: to its running server, or to
// the same handlers over the data folder that this process opened.
type connection struct {
	*client.Client
	tree *config.Tree
	app  *app.App // nil where a server runs
}

// offline reports whether no server runs: what is written then takes effect once
// the road moves, in this process (settle) or in the next kith run.
func (c *connection) offline() bool { return c.app != nil }

// patience is how long a command waits for a data folder that another process holds:
// a server that is starting, or a command that is about to end.
const patience = 10 * time.Second

// whileInUse calls try again while it fails because another process holds the folder.
func whileInUse(ctx context.Context, try func() error) error {
	deadline := time.Now().Add(patience)
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		err := try()
		if !errs.Is(err, codeInUse) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// connect reaches the project of g. The caller closes the connection.
func connect(g *Globals) (c *connection, done func() error, err error) {
	tree, err := g.load()
	if err != nil {
		return nil, nil, err
	}
	err = whileInUse(g.ctx, func() (err error) {
		done = func() error { return nil }
		if c, err = running(g.ctx, tree); c != nil || err != nil {
			return err
		}
		c, done, err = offline(g, tree)
		return err
	})
	return c, done, err
}

// silent is above every level: what goes wrong is told by the command itself.
const silent = slog.LevelError + 4

// offline opens the project in this process.
func offline(g *Globals, tree *config.Tree) (*connection, func() error, error) {
	if _, ok := app.ReadLocal(tree.Data); !ok {
		return nil, nil, errs.New(codeNotRun, "the project has not run yet").At(tree.Path).Fix("start it with kith run")
	}
	a, err := app.Open(g.ctx, tree, app.Options{Version: g.IO.Version, Logger: g.logger(silent), Offline: true,
		Load: func() (*config.Tree, error) { return config.Load(g.Project, g.Env) }})
	if err != nil {
		return nil, nil, err
	}
	local, _ := app.ReadLocal(tree.Data)
	c, err := newConnection(tree, "http://localhost", local.Key, &http.Client{Transport: inProcess{a.Handler()}})
	if err != nil {
		return nil, nil, errors.Join(err, a.Close())
	}
	c.app = a
	return c, a.Close, nil
}

// running gives the connection to the project's server; nil where none runs. An
// address whose process ended is that of a server that was killed.
func running(ctx context.Context, tree *config.Tree) (*connection, error) {
	local, ok := app.ReadLocal(tree.Data)
	if !ok || local.Address == "" || !alive(local.PID) {
		return nil, nil
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil // it is this machine
	if tree.API.TLSCert != "" {
		trusted, err := pinned(tree.API.TLSCert)
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig = trusted
	}
	c, err := newConnection(tree, reachable(local.Address), local.Key, &http.Client{Transport: transport})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	if _, err := ask[client.Health](c.GetHealth(ctx)); err != nil {
		return nil, nil //nolint:nilerr // no server answers there: the data folder's lock decides
	}
	return c, nil
}

func newConnection(tree *config.Tree, base, key string, doer *http.Client) (*connection, error) {
	host := "localhost"
	if hosts := tree.API.Hosts; len(hosts) > 0 {
		host = hosts[0]
	}
	c, err := client.NewClient(base, client.WithHTTPClient(doer), client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Host = host // one that the server answers to, whatever the address is
		r.Header.Set("Authorization", "Bearer "+key)
		return nil
	}))
	if err != nil {
		return nil, errs.Wrap(codeReach, "reading the server's address", err).At(tree.Data)
	}
	return &connection{Client: c, tree: tree}, nil
}

// reachable replaces the address of a server that listens everywhere by this machine's.
func reachable(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsUnspecified() {
		u.Host = net.JoinHostPort("localhost", u.Port())
	}
	return u.String()
}

// pinned trusts exactly the certificate that the server shows, whoever signed it
// and whatever name it bears: this machine is asked under none of them.
func pinned(path string) (*tls.Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, errs.New(codeReach, "the server's certificate cannot be read").At("server.tls.cert").Fix("check the file's rights")
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errs.New(codeReach, "the server's certificate is no PEM file").At("server.tls.cert").Fix("give a PEM file")
	}
	return &tls.Config{MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection compares the certificate itself
		VerifyConnection: func(s tls.ConnectionState) error {
			for _, c := range s.PeerCertificates[:min(1, len(s.PeerCertificates))] {
				if bytes.Equal(c.Raw, block.Bytes) {
					return nil
				}
			}
			return x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign, Detail: "the server shows another certificate than the project's"}
		}}, nil
}

// inProcess serves requests by a handler of this process.
type inProcess struct{ handler http.Handler }

func (t inProcess) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:0"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	out := &answerWriter{header: http.Header{}}
	defer func() {
		if p := recover(); p != nil {
			if e, ok := p.(error); !ok || !errors.Is(e, http.ErrAbortHandler) {
				panic(p)
			}
			resp, err = nil, errs.New(codeAnswer, "the answer broke off")
		}
	}()
	t.handler.ServeHTTP(out, in)
	return out.response(r), nil
}

// answerWriter keeps a handler's answer.
type answerWriter struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *answerWriter) Header() http.Header { return w.header }

func (w *answerWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *answerWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

func (w *answerWriter) response(r *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	return &http.Response{StatusCode: w.status, Status: http.StatusText(w.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: readCloser{bytes.NewReader(w.body.Bytes())}, ContentLength: int64(w.body.Len()), Request: r}
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }
