package api

import (
	"crypto/tls"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/forwarded"
)

// Config is the HTTP server.
type Config struct {
	Listen   string // host:port; default 127.0.0.1:8471
	TLSCert  string // files; both or neither; needed to listen beyond loopback unless Insecure
	TLSKey   string
	Insecure bool // serve plain HTTP beyond loopback: behind a proxy that ends TLS

	// Hosts are further names under which the server may be asked for. A loopback
	// listener answers only to localhost, loopback addresses and these, so that a web
	// page cannot reach it through a name of its own that resolves to 127.0.0.1. A
	// listener beyond loopback answers to any name when the list is empty.
	Hosts       []string
	Proxies     forwarded.Proxies // whom to believe about where requests come from
	Connections int               // open at once; default 10,000
	Drain       time.Duration     // how long a stop waits for requests under way; default 10 s
}

func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = "127.0.0.1:8471"
	}
	if c.Connections <= 0 {
		c.Connections = 10_000
	}
	if c.Drain <= 0 {
		c.Drain = 10 * time.Second
	}
	return c
}

// Validate reports the first fault of c, with codes api_listen, api_tls and
// api_exposed.
func (c Config) Validate() error {
	c = c.withDefaults()
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return errs.New("api_listen", "the address to listen on is not host:port").At("server.listen").Fix("write it like 127.0.0.1:8471")
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errs.New("api_tls", "a certificate needs its key, and a key its certificate").At("server.tls").Fix("set both cert and key, or neither")
	}
	if !c.loopback() && c.TLSCert == "" && !c.Insecure {
		return errs.New("api_exposed", "the server would send personal data over the network in the clear").At("server.listen").
			Fix("add server.tls with cert and key; or listen on 127.0.0.1; or, behind a proxy that ends TLS, set insecure: true")
	}
	return nil
}

// loopback reports whether nothing but this machine can reach the listener. A host
// name other than localhost counts as reachable: what it resolves to can change.
func (c Config) loopback() bool {
	host, _, _ := net.SplitHostPort(c.Listen)
	return loopbackHost(host)
}

func loopbackHost(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// answers reports whether the server may be asked for under a Host header.
func (c Config) answers(host string) bool {
	loop := c.loopback()
	if !loop && len(c.Hosts) == 0 {
		return true
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return loop && loopbackHost(host) ||
		slices.ContainsFunc(c.Hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

func (c Config) tls() (*tls.Config, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, errs.Wrap("api_tls", "reading the certificate and its key", err).At("server.tls").Fix("give PEM files that belong together and that Kith's user can read")
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}, nil
}
