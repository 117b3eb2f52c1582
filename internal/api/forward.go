package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
)

// HeaderForwarded is on requests that another process of the same state passed on: they
// are passed on no further.
const HeaderForwarded = "Kith-Forwarded"

// forwardTimeout is how long the process that a request is passed on to may take:
// less than this one's own answer may (writeTimeout).
const forwardTimeout = 140 * time.Second

// forwardedKey is the context's key of Forwarded.
type forwardedKey struct{}

// Forwarded reports whether a request was passed on by another process.
func Forwarded(ctx context.Context) bool { return ctx.Value(forwardedKey{}) != nil }

func forwardedContext(r *http.Request) context.Context {
	if r.Header.Get(HeaderForwarded) == "" {
		return r.Context()
	}
	return context.WithValue(r.Context(), forwardedKey{}, true)
}

// elsewhere passes a request on, whole and under the caller's own key, where another
// process does what it asks for. That one checks the key and the role once more, runs
// it, and writes the audit entry (I7). done says that an answer was given.
func (c *call) elsewhere(what string) (done bool, err error) {
	if c.s.deps.Peers == nil {
		return false, nil
	}
	base, err := c.s.deps.Peers.Where(c.r.Context(), what)
	if err != nil || base == "" {
		return false, err
	}
	if c.r.Header.Get(HeaderForwarded) != "" {
		return false, errs.New(CodePeer, "another process has just taken this over").Fix("send the request again")
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return false, errs.New(CodeBodyTooLarge, "the body is larger than 1 MiB")
		}
		return false, errs.New(CodeBadBody, "the body could not be read to its end")
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), forwardTimeout)
	defer cancel()
	out, err := http.NewRequestWithContext(ctx, c.r.Method, base+c.r.URL.EscapedPath(), bytes.NewReader(body))
	if err != nil {
		return false, unreachable()
	}
	out.URL.RawQuery = c.r.URL.RawQuery
	if len(c.s.cfg.Hosts) > 0 {
		out.Host = c.s.cfg.Hosts[0] // one that the other answers to, whatever its address is
	}
	for _, name := range []string{"Authorization", "Content-Type", "Accept"} {
		if v := c.r.Header.Get(name); v != "" {
			out.Header.Set(name, v)
		}
	}
	out.Header.Set(HeaderForwarded, "1")
	resp, err := c.s.deps.Peers.Transport().RoundTrip(out)
	if err != nil {
		c.s.deps.Log.Warn("the process that does it could not be reached", "what", what, "peer", base, "error", err)
		return false, unreachable()
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	head := c.w.Header()
	for _, name := range []string{"Content-Type", "Content-Length", "Cache-Control", "Retry-After"} {
		if v := resp.Header.Get(name); v != "" {
			head.Set(name, v)
		}
	}
	c.w.WriteHeader(resp.StatusCode)
	if _, err := io.Copy(c.w, resp.Body); err != nil {
		panic(http.ErrAbortHandler) // half an answer went out: cut it off
	}
	return true, nil
}

func unreachable() error {
	return errs.New(CodePeer, "the process that does this cannot be reached").
		Fix("try again; if it stays, check engine.cluster.advertise: the address at which others reach each process")
}
