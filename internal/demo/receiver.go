package demo

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// receiver stands for the system that a webhook feeds: it verifies each signature,
// as any receiver should, and counts.
type receiver struct {
	secret    []byte
	server    *http.Server
	url       string
	delivered atomic.Int64
	refused   atomic.Int64
}

func newReceiver(ctx context.Context) (*receiver, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{secret: make([]byte, 24), url: "http://" + listener.Addr().String() + "/profiles"}
	_, _ = rand.Read(r.secret) // never fails since Go 1.24
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = r.server.Serve(listener) }() // ends with Close
	return r, nil
}

func (r *receiver) secretText() string { return "whsec_" + base64.StdEncoding.EncodeToString(r.secret) }

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, 1<<20))
	mac := hmac.New(sha256.New, r.secret)
	_, _ = io.WriteString(mac, req.Header.Get("webhook-id")+"."+req.Header.Get("webhook-timestamp")+".") // a hash takes all
	mac.Write(body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, given := range strings.Fields(req.Header.Get("webhook-signature")) {
		if err == nil && hmac.Equal([]byte(given), []byte(want)) {
			r.delivered.Add(1)
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	r.refused.Add(1)
	w.WriteHeader(http.StatusUnauthorized)
}

func (r *receiver) close() { _ = r.server.Close() } // nothing is lost: the demo is over
