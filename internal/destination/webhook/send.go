package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
)

const (
	userAgent     = "Kith-Webhook/1"
	maxAnswer     = 64 << 10  // bytes of an answer that are read, and thrown away
	maxHeaders    = 32 << 10  // bytes of an answer's headers
	maxRetryAfter = time.Hour // longest Retry-After that is obeyed
	backoffFirst  = 5 * time.Second
	backoffMost   = time.Hour
)

func newClient(cfg Config, deps Deps) *http.Client {
	dialer := &net.Dialer{Timeout: cfg.Timeout, KeepAlive: 30 * time.Second, Resolver: deps.Resolver, Control: guard(cfg.AllowPrivate)}
	dial := dialer.DialContext
	if deps.Dial != nil {
		dial = deps.Dial
	}
	return &http.Client{
		Timeout: cfg.Timeout,
		// A redirect would lead where nobody has configured anything.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would dial for us, and so evade the guard
			DialContext:            dial,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:      true,
			DisableCompression:     true,
			TLSHandshakeTimeout:    cfg.Timeout,
			ResponseHeaderTimeout:  cfg.Timeout,
			MaxResponseHeaderBytes: maxHeaders,
			MaxIdleConnsPerHost:    cfg.Concurrency,
			MaxConnsPerHost:        cfg.Concurrency + 1, // one more for a re-sync
			IdleConnTimeout:        90 * time.Second,
		},
	}
}

// outcome is what came of one request.
type outcome struct {
	delivered bool
	gone      bool          // the endpoint wants no more
	reason    string        // class of the fault or status_NNN; never personal data
	after     time.Duration // the least to wait before the next try
	hold      bool          // the endpoint asks everyone to wait that long
}

// send makes one request.
func (d *Destination) send(ctx context.Context, id string, body []byte) outcome {
	o := d.request(ctx, id, body)
	d.count(func(s *Stats) {
		s.Attempts++
		if !o.delivered {
			s.Failed++
			s.LastFailure = o.reason
		}
	})
	return o
}

func (d *Destination) request(ctx context.Context, id string, body []byte) outcome {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return outcome{reason: "url"}
	}
	now := d.deps.Clock.Now()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Webhook-Id", id)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	req.Header.Set("Webhook-Signature", d.signer.sign(id, now.Unix(), body))
	resp, err := d.client.Do(req)
	if err != nil {
		reason := class(err)
		if reason == canceled && ctx.Err() == nil {
			reason = "connection"
		}
		return outcome{reason: reason}
	}
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer) // the status has been given; what follows only frees the connection
	_ = resp.Body.Close()
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode < 300:
		return outcome{delivered: true}
	case resp.StatusCode == http.StatusGone:
		return outcome{gone: true, reason: "status_410"}
	}
	o := outcome{reason: "status_" + strconv.Itoa(resp.StatusCode)}
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
		o.after = retryAfter(resp.Header.Get("Retry-After"), now)
		o.hold = o.after > 0
	}
	return o
}

// canceled is the class of a request that the session's end cut short.
const canceled = "canceled"

// class names a fault of a request without showing its text, which has the URL.
func class(err error) string {
	var dns *net.DNSError
	var wait interface{ Timeout() bool }
	var cert *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var header tls.RecordHeaderError
	var op *net.OpError
	switch {
	case errs.Is(err, CodePrivate):
		return "refused_address"
	case errors.Is(err, context.Canceled):
		return canceled
	case errors.As(err, &dns):
		return "dns"
	case errors.As(err, &wait) && wait.Timeout():
		return "timeout"
	case errors.As(err, &cert), errors.As(err, &authority), errors.As(err, &header):
		return "tls"
	case errors.As(err, &op) && op.Op == "dial":
		return "connect"
	}
	return "connection"
}

// retryAfter reads the header: seconds or an HTTP date, at most maxRetryAfter.
func retryAfter(header string, now time.Time) time.Duration {
	if header == "" {
		return 0
	}
	if n, err := strconv.ParseUint(header, 10, 64); err == nil {
		return time.Duration(min(n, uint64(maxRetryAfter/time.Second))) * time.Second //nolint:gosec // bounded
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

// backoff is how long to wait after the given number of tries: full jitter over an
// exponential bound, 5 s, 10 s, 20 s … 1 h; jitter is in [0,1).
func backoff(tries int, jitter float64) time.Duration {
	bound := math.Min(float64(backoffMost), float64(backoffFirst)*math.Pow(2, float64(min(tries, 32)-1)))
	return time.Duration(jitter * bound)
}
