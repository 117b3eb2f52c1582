// Package netguard keeps connections to addresses that a setting names on the public
// internet: one that reached loopback, a private network or a cloud's metadata would let
// whoever may write the setting speak to what lies behind the firewall.
package netguard

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"
)

// ErrPrivate is the fault of a connection to an address that is not a public one.
var ErrPrivate = errors.New("the name leads to an address that is not a public one")

// ErrMetadata is that of one to where clouds hand a machine its own credentials, or to a
// link-local address. No endpoint of anybody's is there, so that it is refused even where
// private networks are meant.
var ErrMetadata = errors.New("the name leads to a cloud's metadata, or to a link-local address")

// never are the networks that hold no endpoint, on whatever network it is meant to be.
var never = [...]netip.Prefix{
	netip.MustParsePrefix("169.254.0.0/16"),     // link-local, and most clouds' metadata
	netip.MustParsePrefix("100.100.100.200/32"), // a cloud's metadata
	netip.MustParsePrefix("168.63.129.16/32"),   // a cloud's metadata
	netip.MustParsePrefix("192.0.0.192/32"),     // a cloud's metadata
	netip.MustParsePrefix("fe80::/10"),          // link-local
	netip.MustParsePrefix("fd00:ec2::/32"),      // a cloud's metadata
	netip.MustParsePrefix("fd20:ce::254/128"),   // a cloud's metadata
	netip.MustParsePrefix("64:ff9b:1::/48"),     // NAT64 as a network likes it: hides an IPv4 address
	netip.MustParsePrefix("2002::/16"),          // 6to4: the same
}

// translated is the NAT64 that all know: its last four bytes are the IPv4 address.
var translated = netip.MustParsePrefix("64:ff9b::/96")

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
	netip.MustParsePrefix("64:ff9b:1::/48"),   // the same, locally
	netip.MustParsePrefix("100::/64"),         // discard
	netip.MustParsePrefix("2001::/23"),        // protocol assignments, Teredo
	netip.MustParsePrefix("2001:db8::/32"),    // documentation
	netip.MustParsePrefix("2002::/16"),        // 6to4: hides an IPv4 address
	netip.MustParsePrefix("3fff::/20"),        // documentation
	netip.MustParsePrefix("5f00::/16"),        // segment routing
	netip.MustParsePrefix("fec0::/10"),        // site-local
}

// plain is the address that a leads to: IPv4 where IPv6 only wraps it.
func plain(a netip.Addr) netip.Addr {
	a = a.WithZone("").Unmap()
	if translated.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	return a
}

func within(a netip.Addr, networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Public reports whether a is an address on the public internet.
func Public(a netip.Addr) bool {
	a = plain(a)
	// No loopback, link-local, multicast, unspecified, private, unique local.
	return a.IsGlobalUnicast() && !a.IsPrivate() && !within(a, refused[:])
}

// Control gives a net.Dialer's Control. It judges the very address that is about to be
// connected to, after all name resolution, so that a name which answers differently
// the second time gains nothing. Unless private networks are allowed it fails with
// ErrPrivate for all but public addresses; ErrMetadata it gives in any case.
func Control(private bool) func(network, address string, c syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		switch {
		case err != nil:
			return ErrPrivate
		case within(plain(at.Addr()), never[:]):
			return ErrMetadata
		case !private && !Public(at.Addr()):
			return ErrPrivate
		}
		return nil
	}
}
