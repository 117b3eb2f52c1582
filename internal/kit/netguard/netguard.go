// Package netguard keeps connections to addresses that a setting names on the public
// internet: one that reached loopback, a private network or a cloud's metadata would let
// whoever may write the setting speak to what lies behind the firewall.
package netguard

import (
	"errors"
	"net/netip"
	"syscall"
)

// ErrPrivate is the fault of a connection to an address that is not a public one.
var ErrPrivate = errors.New("the name leads to an address that is not a public one")

// refused are the networks that are no place on the public internet, besides those
// that netip knows.
var refused = [...]netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),        // this network
	netip.MustParsePrefix("100.64.0.0/10"),    // carrier-grade NAT, and a cloud's metadata
	netip.MustParsePrefix("168.63.129.16/32"), // a cloud's metadata
	netip.MustParsePrefix("192.0.0.0/24"),     // protocol assignments, and a cloud's metadata
	netip.MustParsePrefix("192.0.2.0/24"),     // documentation
	netip.MustParsePrefix("192.88.99.0/24"),   // 6to4 relays
	netip.MustParsePrefix("198.18.0.0/15"),    // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"),  // documentation
	netip.MustParsePrefix("203.0.113.0/24"),   // documentation
	netip.MustParsePrefix("240.0.0.0/4"),      // reserved, and broadcast
	netip.MustParsePrefix("::/96"),            // IPv4-compatible
	netip.MustParsePrefix("64:ff9b::/96"),     // NAT64: hides an IPv4 address
	netip.MustParsePrefix("64:ff9b:1::/48"),   // the same, locally
	netip.MustParsePrefix("100::/64"),         // discard
	netip.MustParsePrefix("2001::/23"),        // protocol assignments, Teredo
	netip.MustParsePrefix("2001:db8::/32"),    // documentation
	netip.MustParsePrefix("2002::/16"),        // 6to4: hides an IPv4 address
	netip.MustParsePrefix("3fff::/20"),        // documentation
	netip.MustParsePrefix("5f00::/16"),        // segment routing
	netip.MustParsePrefix("fec0::/10"),        // site-local
}

// Public reports whether a is an address on the public internet.
func Public(a netip.Addr) bool {
	a = a.WithZone("").Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() { // no loopback, link-local, multicast, unspecified, private, unique local
		return false
	}
	for _, p := range refused {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// Control is a net.Dialer's Control. It judges the very address that is about to be
// connected to, after all name resolution, so that a name which answers differently
// the second time gains nothing.
func Control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !Public(at.Addr()) {
		return ErrPrivate
	}
	return nil
}
