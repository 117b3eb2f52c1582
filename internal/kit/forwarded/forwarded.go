// Package forwarded finds out where a request comes from when it came through proxies.
//
// Anybody can write the headers in which proxies say so. They are believed only of a peer
// that is a trusted proxy, and of their list only as much as trusted proxies wrote: read
// from its end, where the last proxy added to it, the first address that is not a trusted
// proxy's is the client's. What stands before that the client may have made up.
package forwarded

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies says whom to believe. The zero value believes nobody.
type Proxies struct {
	Trusted []netip.Prefix
	// Standard is for proxies that write the header Forwarded (RFC 7239) rather than
	// X-Forwarded-For and X-Forwarded-Proto. Only one of the two is ever believed: a proxy
	// passes on the one that it does not write as the client sent it.
	Standard bool
}

// secure is the context's key of what HTTPS tells.
type secure struct{}

// HTTPS reports whether the client's own connection is encrypted: that to this process, or
// as Request found out.
func HTTPS(r *http.Request) bool {
	return r.TLS != nil || r.Context().Value(secure{}) != nil
}

// Request gives r as its client sent it: with the client's RemoteAddr, whose port is 0,
// and with what HTTPS tells. A request of a peer that is not trusted stays as it is. Where
// trusted proxies do not name the client's address, RemoteAddr is empty: the proxy's own
// would make a stranger somebody of the house.
func (p Proxies) Request(r *http.Request) *http.Request {
	if len(p.Trusted) == 0 {
		return r
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !p.trusts(peer.Addr()) {
		return r
	}
	var client netip.Addr
	var named, encrypted bool
	if p.Standard {
		client, named, encrypted = p.standard(r.Header["Forwarded"])
	} else {
		client, named = p.usual(r.Header["X-Forwarded-For"])
		encrypted = https(r.Header["X-Forwarded-Proto"])
	}
	ctx := r.Context()
	if encrypted {
		ctx = context.WithValue(ctx, secure{}, true)
	}
	out := r.WithContext(ctx)
	switch {
	case !named: // the proxy asks for itself, as when it looks whether this process lives
	case client.IsValid():
		out.RemoteAddr = netip.AddrPortFrom(client, 0).String()
	default:
		out.RemoteAddr = ""
	}
	return out
}

func (p Proxies) trusts(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, t := range p.Trusted {
		if t.Contains(a) {
			return true
		}
	}
	return false
}

// usual reads the lines of X-Forwarded-For. named is false where they are empty; the
// address is not valid where what should be the client's is none.
func (p Proxies) usual(lines []string) (client netip.Addr, named bool) {
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			var last string
			rest, last, more = cutLast(rest, ',')
			if last = strings.Trim(last, " \t"); last == "" {
				continue
			}
			client, named = address(last), true
			if !client.IsValid() || !p.trusts(client) {
				return client, named
			}
		}
	}
	return client, named // all are trusted: the first of them asked
}

// https reports whether the proxy nearest to this process, which wrote the last of the
// values of X-Forwarded-Proto, was spoken to in TLS.
func https(lines []string) bool {
	if len(lines) == 0 {
		return false
	}
	_, last, _ := cutLast(lines[len(lines)-1], ',')
	return strings.EqualFold(strings.Trim(last, " \t"), "https")
}

// standard reads the lines of Forwarded as usual does those of X-Forwarded-For. The
// element that names the client also tells how it spoke to the proxy that wrote it.
func (p Proxies) standard(lines []string) (client netip.Addr, named, encrypted bool) {
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			var last string
			rest, last, more = cutLast(rest, ',')
			if last = strings.Trim(last, " \t"); last == "" {
				continue
			}
			named = true
			client, encrypted = element(last)
			if !client.IsValid() || !p.trusts(client) {
				return client, named, encrypted
			}
		}
	}
	return client, named, encrypted
}

// element reads for and proto of one element of Forwarded: pairs with semicolons between
// them. A pair that is malformed, or comes twice, makes the address invalid.
func element(text string) (client netip.Addr, encrypted bool) {
	seen := map[string]bool{}
	for more := true; more; {
		var pair string
		text, pair, more = cutLast(text, ';')
		if pair = strings.Trim(pair, " \t"); pair == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		name = strings.ToLower(name)
		if value, ok = unquote(value, ok); !ok || seen[name] {
			return netip.Addr{}, false
		}
		seen[name] = true
		switch name {
		case "for":
			client = address(value)
		case "proto":
			encrypted = strings.EqualFold(value, "https")
		}
	}
	return client, encrypted
}

// unquote takes the quotes off a value. One with a backslash is refused: no address needs
// it, and reading from the end could not tell what is escaped.
func unquote(value string, ok bool) (string, bool) {
	if inner, opened := strings.CutPrefix(value, `"`); opened {
		value, ok = strings.CutSuffix(inner, `"`)
	}
	return value, ok && !strings.ContainsAny(value, `"\`)
}

// cutLast splits text at the last sep that no quotes enclose, seen from the end: a quote
// that the client opened and never closed cannot swallow what proxies added after it.
// more is false where there is none, and all of text is last.
func cutLast(text string, sep byte) (rest, last string, more bool) {
	quoted := false
	for i := len(text) - 1; i >= 0; i-- {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == sep && !quoted:
			return text[:i], text[i+1:], true
		}
	}
	return "", text, false
}

// address reads an address with or without a port: IPv6 in brackets, or bare where there
// is no port. Anything else, such as RFC 7239's unknown and _hidden, gives the zero Addr.
func address(text string) netip.Addr {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap().WithZone("")
	}
	if inner, ok := strings.CutPrefix(text, "["); ok {
		if text, ok = strings.CutSuffix(inner, "]"); !ok || !strings.Contains(text, ":") {
			return netip.Addr{}
		}
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}
