package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
)

// What one process at a time does, by the name of its lease, among all that share the
// engine's state. What each had in hand lies in the state, so that whoever takes over
// goes on from there.
const (
	leaseWarehouse   = "warehouse"
	leaseForget      = "forget"
	leaseExpire      = "expire"
	leaseSource      = "source/"
	leaseDestination = "destination/"
)

// held is the leases that this process has now.
type held struct {
	mu   sync.Mutex
	base string // this process's address
	now  map[string]bool
}

func (h *held) set(name string, on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.now == nil {
		h.now = map[string]bool{}
	}
	h.now[name] = on
}

func (h *held) has(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now[name]
}

// answersAt notes where this process answers. Others call it there.
func (a *App) answersAt(address string) {
	if c := a.tree.Engine.Cluster; c != nil && c.Advertise != "" {
		address = strings.TrimRight(c.Advertise, "/")
	}
	a.held.mu.Lock()
	defer a.held.mu.Unlock()
	a.held.base = address
}

// about is what leases tell of this process: the address where it answers, or, of one
// that does not, what it is.
func (a *App) about() string {
	a.held.mu.Lock()
	defer a.held.mu.Unlock()
	if a.held.base == "" {
		return fmt.Sprintf("a command of kith (process %d)", os.Getpid())
	}
	return a.held.base
}

// leased makes run something that one process at a time does. It is called again
// whenever this process gets the lease back.
func (a *App) leased(name string, run func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		return a.patiently(ctx, func() error {
			return a.engine.State.Lease(ctx, name, a.about(), func(ctx context.Context) error {
				a.held.set(name, true)
				defer a.held.set(name, false)
				if err := run(ctx); err != nil {
					return err
				}
				return ctx.Err() // nil: it is done, and nobody need do it again
			})
		})
	}
}

// patiently calls do again for as long as a server of the engine is out of reach.
func (a *App) patiently(ctx context.Context, do func() error) error {
	return pipeline.Patiently(ctx, time.After, func(err error) {
		a.log.Warn("waiting for the engine", "error", err)
	}, do)
}

// peers implements api.Peers.
type peers struct {
	a         *App
	transport http.RoundTripper
}

// newPeers trusts, besides the machine's authorities, this process's own certificate:
// all processes of a project may be given the same.
func newPeers(a *App) (peers, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil // what goes between processes of one project goes straight
	t.ResponseHeaderTimeout = peerTimeout
	if path := a.tree.API.TLSCert; path != "" {
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return peers{}, errs.Wrap("api_tls", "reading the certificate", plainPath(err)).At("server.tls.cert").Fix("check the file's rights")
		}
		roots.AppendCertsFromPEM(text)
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	}
	a.closers = append(a.closers, func() error { t.CloseIdleConnections(); return nil })
	return peers{a, t}, nil
}

// peerTimeout is the longest that another process is waited for: no longer than an
// answer of this one may take.
const peerTimeout = 140 * time.Second

func (p peers) Transport() http.RoundTripper { return p.transport }

// Where gives the address of the process that does what a lease is for, "" for this
// one. No other address is ever called than one that lies in a lease of the state.
func (p peers) Where(ctx context.Context, what string) (string, error) {
	if p.a.tree.Engine.Cluster == nil || p.a.held.has(what) {
		return "", nil
	}
	if name, ok := strings.CutPrefix(what, leaseDestination); ok {
		if _, err := (destinations{p.a}).find(name); err != nil {
			return "", err
		}
	}
	about, err := p.a.engine.State.Holder(ctx, what)
	switch {
	case err != nil:
		return "", err
	case about == p.a.about(): // about to begin, or to end
		return "", nil
	case about == "" && p.a.opts.Offline:
		return "", nil
	case about == "":
		return "", errs.New(api.CodeNobody, "no process does this at the moment").Fix("try again in a few seconds: one takes over")
	}
	u, err := url.Parse(about)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", errs.New(api.CodePeer, "another process does this, and answers no requests").Fix("try again once the command that runs there has ended")
	}
	return about, nil
}

// maxPeerStatus bounds what is read of another process's status.
const maxPeerStatus = 1 << 20

// statusOf asks another process how it stands, with this data folder's own key: keys
// lie in the state that both share.
func (p peers) statusOf(ctx context.Context, base string) (s api.Status, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	local, _ := ReadLocal(p.a.tree.Data)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/status", nil)
	if err != nil {
		return s, err
	}
	if hosts := p.a.tree.API.Hosts; len(hosts) > 0 {
		r.Host = hosts[0]
	}
	r.Header.Set("Authorization", "Bearer "+local.Key)
	r.Header.Set(api.HeaderForwarded, "1")
	resp, err := p.transport.RoundTrip(r)
	if err != nil {
		return s, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxPeerStatus))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errs.New(api.CodePeer, "another process answered with status "+resp.Status)
	}
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	return s, err
}

// merge puts into a status what other processes do: the warehouse, destinations and
// sources whose leases they hold. What cannot be learned is shown as not done.
func (p peers) merge(ctx context.Context, s *api.Status) {
	if p.a.tree.Engine.Cluster == nil || api.Forwarded(ctx) {
		return
	}
	asked := map[string]api.Status{}
	ask := func(what string) (*api.Status, error) {
		base, err := p.Where(ctx, what)
		if err != nil || base == "" {
			return nil, err
		}
		there, ok := asked[base]
		if !ok {
			if there, err = p.statusOf(ctx, base); err != nil {
				return nil, errs.Wrap(api.CodePeer, "asking another process how it stands", err)
			}
			asked[base] = there
		}
		return &there, nil
	}
	if s.Warehouse != nil {
		there, err := ask(leaseWarehouse)
		switch {
		case err != nil:
			s.Warehouse.Fault = string(errs.CodeOf(err))
		case there != nil && there.Warehouse != nil:
			s.Warehouse = there.Warehouse
		}
	}
	for i := range s.Sources {
		if s.Sources[i].Type != "file" {
			continue
		}
		there, err := ask(leaseSource + s.Sources[i].Name)
		if err != nil || there == nil {
			continue
		}
		for _, other := range there.Sources {
			if other.Name == s.Sources[i].Name {
				s.Sources[i] = other
			}
		}
	}
	for i := range s.Destinations {
		there, err := ask(leaseDestination + s.Destinations[i].Name)
		if err != nil {
			s.Destinations[i].Fault = string(errs.CodeOf(err))
		}
		if there == nil {
			continue
		}
		for _, other := range there.Destinations {
			if other.Name == s.Destinations[i].Name {
				s.Destinations[i] = other
			}
		}
	}
}

// loaded waits until the process that loads the warehouse, if it is another one, has
// loaded all that is emitted. here is true where it is this one.
func (p peers) loaded(ctx context.Context) (here bool, err error) {
	err = waitFor(ctx, func() (bool, error) {
		base, err := p.Where(ctx, leaseWarehouse)
		if errs.Is(err, api.CodeNobody) || errs.Is(err, api.CodePeer) {
			return false, nil
		}
		if here = base == ""; here || err != nil {
			return true, err
		}
		s, err := p.statusOf(ctx, base)
		return err == nil && s.Warehouse != nil && s.Warehouse.Behind == 0, nil
	})
	return here, err
}
