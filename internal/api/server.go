package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/openfiles"
)

// Limits of one connection. Writing has a long limit, since an answer may wait for
// at_least, or for SQL.
const (
	headerTimeout  = 5 * time.Second
	readTimeout    = 60 * time.Second
	writeTimeout   = 150 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 64 << 10
)

// Server is the HTTP door. Handle adds what others answer; Listen and Serve run it.
type Server struct {
	cfg      Config
	deps     Deps
	mux      *http.ServeMux
	handler  http.Handler
	http     *http.Server
	listener net.Listener
	ids      requestIDs
	failures *throttle
	metrics  *metrics
	spec     spec
	buffers  sync.Pool // of *[]byte, for answers; large ones are dropped
}

// NewServer makes a Server with the operations of openapi.yaml. It fails with the
// codes of Config.Validate, and api_tls where the certificate cannot be read.
func NewServer(cfg Config, deps Deps) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Keys == nil || deps.Audit == nil || deps.Clock == nil {
		return nil, errs.New("api_deps", "the HTTP server needs keys, an audit chain and a clock")
	}
	cfg = cfg.withDefaults()
	certificate, err := cfg.tls()
	if err != nil {
		return nil, err
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Registry == nil {
		deps.Registry = prometheus.NewRegistry()
	}
	s := &Server{cfg: cfg, deps: deps, mux: http.NewServeMux(), failures: newThrottle(deps.Clock)}
	s.ids.init()
	s.buffers.New = func() any { b := make([]byte, 0, 4096); return &b }
	if s.spec, err = readSpec(); err != nil {
		return nil, err
	}
	if s.metrics, err = newMetrics(deps.Registry); err != nil {
		return nil, err
	}
	for i := range operations {
		op := &operations[i]
		s.mux.Handle(op.pattern, s.operation(op))
	}
	s.mux.HandleFunc("/", s.unknownRoute)
	s.handler = s.guard(s.mux)
	s.http = &http.Server{Handler: s.handler, TLSConfig: certificate,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(deps.Log.Handler(), slog.LevelDebug)}
	return s, nil
}

// Handle adds a handler of another room, with a pattern of http.ServeMux. It must
// come before Serve. Host check, request id and recovery apply to it; keys do not.
func (s *Server) Handle(pattern string, h http.Handler) { s.mux.Handle(pattern, h) }

// HandleFunc is Handle for a function.
func (s *Server) HandleFunc(pattern string, fn func(http.ResponseWriter, *http.Request)) {
	s.mux.HandleFunc(pattern, fn)
}

// Handler is everything that the server answers.
func (s *Server) Handler() http.Handler { return s.handler }

// Listen opens the port and gives its address. It fails with code api_listen.
func (s *Server) Listen(ctx context.Context) (net.Addr, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.cfg.Listen)
	if err != nil {
		return nil, errs.Wrap("api_listen", "opening the HTTP port", err).At("server.listen").Fix("stop what uses the port, or listen on another one")
	}
	// A connection is an open file. The rest is for the engine, the warehouse and the
	// destinations: an engine that cannot open a file ends the process.
	n := openfiles.Share(openfiles.Limit(), 1, 2, s.cfg.Connections)
	if n < s.cfg.Connections {
		s.deps.Log.Warn("fewer connections are accepted than configured, for the process may not open more files", "connections", n, "mend", "raise the limit of open files (ulimit -n, LimitNOFILE)")
	}
	limited := limitListener(l, n)
	s.listener, s.http.ConnState = limited, limited.state
	return l.Addr(), nil
}

// Scheme is http or https.
func (s *Server) Scheme() string {
	if s.cfg.TLSCert != "" {
		return "https"
	}
	return "http"
}

// Serve answers until ctx ends, then takes no more requests and waits for those
// under way, at most Config.Drain. Listen must have come first.
func (s *Server) Serve(ctx context.Context) error {
	failed := make(chan error, 1) // one send, by the goroutine below
	go func() {
		if s.http.TLSConfig != nil {
			failed <- s.http.ServeTLS(s.listener, "", "")
		} else {
			failed <- s.http.Serve(s.listener)
		}
	}()
	select {
	case err := <-failed:
		return errs.Wrap("api_serve", "serving HTTP", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Drain)
	defer cancel()
	if err := s.http.Shutdown(drain); err != nil {
		_ = s.http.Close() // what did not end in time is cut off
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return errs.Wrap("api_serve", "serving HTTP", err)
	}
	return nil
}
