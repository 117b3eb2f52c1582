package forwarded_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/kit/forwarded"
)

func trusted() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:ff::/48")}
}

// ask gives the address and the scheme that a request with these header lines has.
func ask(p forwarded.Proxies, peer string, header ...string) (from string, https bool) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = peer
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	out := p.Request(r)
	return out.RemoteAddr, forwarded.HTTPS(out)
}

func TestXForwarded(t *testing.T) {
	for name, c := range map[string]struct {
		peer   string
		header []string
		from   string
		https  bool
	}{
		"a stranger's headers are not believed": {"198.51.100.9:4711", []string{"X-Forwarded-For: 10.1.1.1", "X-Forwarded-Proto: https"}, "198.51.100.9:4711", false},
		"a proxy's are":                         {"10.0.0.1:80", []string{"X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https"}, "203.0.113.7:0", true},
		"a proxy asks for itself":               {"10.0.0.1:80", nil, "10.0.0.1:80", false},
		"an empty list":                         {"10.0.0.1:80", []string{"X-Forwarded-For:  , "}, "10.0.0.1:80", false},
		"what the client made up":               {"10.0.0.1:80", []string{"X-Forwarded-For: 10.9.9.9, 1.2.3.4, 203.0.113.7"}, "203.0.113.7:0", false},
		"a chain of trusted proxies":            {"10.0.0.1:80", []string{"X-Forwarded-For: 1.2.3.4, 203.0.113.7, 10.0.0.3,10.0.0.2"}, "203.0.113.7:0", false},
		"in several lines":                      {"10.0.0.1:80", []string{"X-Forwarded-For: 10.9.9.9", "X-Forwarded-For: 203.0.113.7", "X-Forwarded-For: 10.0.0.2"}, "203.0.113.7:0", false},
		"all of the house":                      {"10.0.0.1:80", []string{"X-Forwarded-For: 10.0.0.9, 10.0.0.2"}, "10.0.0.9:0", false},
		"IPv6, and a peer of IPv6":              {"[2001:db8:ff::1]:80", []string{"X-Forwarded-For: 2001:db8::7"}, "[2001:db8::7]:0", false},
		"IPv4 within IPv6":                      {"[::ffff:10.0.0.1]:80", []string{"X-Forwarded-For: ::ffff:203.0.113.7"}, "203.0.113.7:0", false},
		"with ports":                            {"10.0.0.1:80", []string{"X-Forwarded-For: 203.0.113.7:4711, [2001:db8:ff::2]:99, 10.0.0.2:1"}, "203.0.113.7:0", false},
		"in brackets":                           {"10.0.0.1:80", []string{"X-Forwarded-For: [2001:db8::7]"}, "[2001:db8::7]:0", false},
		"a zone":                                {"10.0.0.1:80", []string{"X-Forwarded-For: fe80::1%eth0"}, "[fe80::1]:0", false},
		"nonsense before the client":            {"10.0.0.1:80", []string{"X-Forwarded-For: \", '; drop, 203.0.113.7"}, "203.0.113.7:0", false},
		"nonsense where the client should be":   {"10.0.0.1:80", []string{"X-Forwarded-For: 203.0.113.7, unknown, 10.0.0.2"}, "", false},
		"an address cut off":                    {"10.0.0.1:80", []string{"X-Forwarded-For: [2001:db8::7"}, "", false},
		"a name":                                {"10.0.0.1:80", []string{"X-Forwarded-For: client.example.com"}, "", false},
		"the nearest proxy tells the scheme":    {"10.0.0.1:80", []string{"X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https, http"}, "203.0.113.7:0", false},
		"Forwarded counts for nothing":          {"10.0.0.1:80", []string{"Forwarded: for=10.9.9.9;proto=https"}, "10.0.0.1:80", false},
		"a peer without an address":             {"@", []string{"X-Forwarded-For: 10.9.9.9"}, "@", false},
	} {
		t.Run(name, func(t *testing.T) {
			from, https := ask(forwarded.Proxies{Trusted: trusted()}, c.peer, c.header...)
			if from != c.from || https != c.https {
				t.Errorf("got %q, https %v; want %q, %v", from, https, c.from, c.https)
			}
		})
	}
	if from, https := ask(forwarded.Proxies{}, "10.0.0.1:80", "X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https"); from != "10.0.0.1:80" || https {
		t.Errorf("with nobody trusted: %q, https %v", from, https)
	}
}

func TestForwarded(t *testing.T) {
	for name, c := range map[string]struct {
		peer   string
		header []string
		from   string
		https  bool
	}{
		"a stranger's":                    {"198.51.100.9:4711", []string{"Forwarded: for=10.1.1.1;proto=https"}, "198.51.100.9:4711", false},
		"one element":                     {"10.0.0.1:80", []string{`Forwarded: by=10.0.0.1;FOR=203.0.113.7; Proto=HTTPS`}, "203.0.113.7:0", true},
		"a chain":                         {"10.0.0.1:80", []string{`Forwarded: for=1.2.3.4;proto=http, for=203.0.113.7;proto=https, for=10.0.0.2;proto=http`}, "203.0.113.7:0", true},
		"quoted, with a port":             {"10.0.0.1:80", []string{`Forwarded: for="203.0.113.7:4711"`}, "203.0.113.7:0", false},
		"IPv6":                            {"10.0.0.1:80", []string{`Forwarded: for="[2001:db8::7]:4711";proto=http`, `Forwarded: for="[2001:db8:ff::2]"`}, "[2001:db8::7]:0", false},
		"a quote that the client opened":  {"10.0.0.1:80", []string{`Forwarded: for="10.9.9.9, for=203.0.113.7;proto=http`}, "203.0.113.7:0", false},
		"quotes that the client balanced": {"10.0.0.1:80", []string{`Forwarded: x=", for=10.9.9.9;y=", for=203.0.113.7`}, "203.0.113.7:0", false},
		"separators in quotes":            {"10.0.0.1:80", []string{`Forwarded: for=203.0.113.7;by="a,b;c"`}, "203.0.113.7:0", false},
		"unknown":                         {"10.0.0.1:80", []string{`Forwarded: for=unknown;proto=https`}, "", true},
		"hidden":                          {"10.0.0.1:80", []string{`Forwarded: for=203.0.113.7, for=_secret`}, "", false},
		"no for":                          {"10.0.0.1:80", []string{`Forwarded: proto=https`}, "", true},
		"for twice":                       {"10.0.0.1:80", []string{`Forwarded: for=203.0.113.7;for=10.9.9.9`}, "", false},
		"an escape":                       {"10.0.0.1:80", []string{`Forwarded: for="203.0.113.\7"`}, "", false},
		"no pair":                         {"10.0.0.1:80", []string{`Forwarded: 203.0.113.7`}, "", false},
		"X-Forwarded counts for nothing":  {"10.0.0.1:80", []string{"X-Forwarded-For: 10.9.9.9", "X-Forwarded-Proto: https"}, "10.0.0.1:80", false},
	} {
		t.Run(name, func(t *testing.T) {
			from, https := ask(forwarded.Proxies{Trusted: trusted(), Standard: true}, c.peer, c.header...)
			if from != c.from || https != c.https {
				t.Errorf("got %q, https %v; want %q, %v", from, https, c.from, c.https)
			}
		})
	}
}

// FuzzForwarded: whatever a client writes, what the trusted proxy adds behind it counts.
func FuzzForwarded(f *testing.F) {
	f.Add(`for="10.9.9.9, x`, `10.9.9.9, "`)
	f.Add(`for="\", for=`, ``)
	f.Fuzz(func(t *testing.T, standard, usual string) {
		const want = "203.0.113.7:0"
		if from, _ := ask(forwarded.Proxies{Trusted: trusted()}, "10.0.0.1:80", "X-Forwarded-For: "+usual+", 203.0.113.7"); from != want {
			t.Errorf("X-Forwarded-For %q: %q", usual, from)
		}
		if from, _ := ask(forwarded.Proxies{Trusted: trusted(), Standard: true}, "10.0.0.1:80", "Forwarded: "+standard+", for=203.0.113.7"); from != want {
			t.Errorf("Forwarded %q: %q", standard, from)
		}
		ask(forwarded.Proxies{Trusted: trusted(), Standard: true}, "10.0.0.1:80", "Forwarded: "+standard) // no panic
	})
}
