package api

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/kithdata/kith/internal/kit/errs"
)

// HeaderRequestID is on every answer; the server's log names it.
const HeaderRequestID = "Kith-Request-Id"

// requestIDs makes ids that are unique among the starts of all processes.
type requestIDs struct {
	start string
	n     atomic.Uint64
}

func (r *requestIDs) init() {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	r.start = hex.EncodeToString(b[:]) + "-"
}

func (r *requestIDs) next() string { return r.start + strconv.FormatUint(r.n.Add(1), 10) }

// guard is around every handler: request id, whose request it is, host check, recovery.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = s.cfg.Proxies.Request(r)
		h := w.Header()
		h[HeaderRequestID] = []string{s.ids.next()} // spelled as net/http would
		h["X-Content-Type-Options"] = []string{"nosniff"}
		out := &answer{ResponseWriter: w}
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
				panic(v) // how a handler asks net/http to cut the connection
			}
			// The panic's value may hold what a caller sent, so only its type is logged.
			s.deps.Log.Error("a handler failed", "request", h.Get(HeaderRequestID), "method", r.Method, "route", r.Pattern,
				"type", typeName(v), "stack", string(debug.Stack()))
			if out.status != 0 {
				panic(http.ErrAbortHandler) // half an answer went out: cut it off
			}
			s.writeFault(out, errInternal)
		}()
		if !s.cfg.answers(r.Host) {
			s.writeFault(out, errs.New(CodeHostRefused, "the server does not answer to this host name").
				Fix("ask for localhost or 127.0.0.1, or add the name to hosts in the configuration"))
			return
		}
		next.ServeHTTP(out, r)
	})
}

// answer notes the status of an answer.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach flushing and deadlines.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// unknownRoute answers where nothing else does.
func (s *Server) unknownRoute(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		try := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := s.mux.Handler(try); pattern != "" && pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if allowed != nil {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		s.writeFault(w, errs.New(CodeMethod, "this route has no such method").Fix("use "+strings.Join(allowed, " or ")))
		return
	}
	mend := "GET /api/openapi.json lists all of them"
	switch {
	case strings.HasPrefix(r.URL.Path, "/v1/"):
		mend = "the tracking API needs a source of type tracking in the project's file; docs/sources.md lists its calls"
	case strings.HasPrefix(r.URL.Path, "/hooks/"):
		mend = "a webhook needs a source of type webhook in the project's file: its path is /hooks/ and the source's name, or what its setting path says"
	}
	s.writeFault(w, errs.New(CodeRouteUnknown, "there is no such route").Fix(mend))
}
