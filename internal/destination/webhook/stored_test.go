package webhook

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/kit/netguard"
)

// TestPublic judges addresses that a machine without IPv6 cannot even try to dial.
func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"93.184.215.14": true, "8.8.8.8": true, "2606:4700:4700::1111": true, "::ffff:8.8.8.8": true,
		"::1": false, "::": false, "fe80::1%eth0": false, "fc00::1": false, "fd00:ec2::254": false, "ff02::1": false, "fec0::1": false,
		"::ffff:10.0.0.1": false, "::10.0.0.1": false, "64:ff9b::a00:1": false, "64:ff9b:1::1": false, "2002:a00:1::": false, "2001::1": false, "2001:db8::1": false,
	} {
		if got := netguard.Public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is public: %v", address, got)
		}
	}
}

func TestBackoff(t *testing.T) {
	for tries, want := range map[int]time.Duration{1: 5 * time.Second, 2: 10 * time.Second, 5: 80 * time.Second, 10: 2560 * time.Second, 11: time.Hour, 1000: time.Hour} {
		if got := backoff(tries, 1); got != want {
			t.Errorf("after %d tries at most %v, want %v", tries, got, want)
		}
		if got := backoff(tries, 0); got != 0 {
			t.Errorf("after %d tries at least %v", tries, got)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "0": 0, "-1": 0, "99999999999": time.Hour, "soon": 0,
		"Sun, 01 Mar 2026 12:00:30 GMT": 30 * time.Second, "Sun, 01 Mar 2026 11:00:00 GMT": 0, "Tue, 01 Mar 2050 12:00:00 GMT": time.Hour,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q is %v, want %v", header, got, want)
		}
	}
}

func FuzzStored(f *testing.F) {
	d := &Destination{cfg: Config{URL: "https://x.example.com"}}
	d.cfg = d.cfg.withDefaults()
	f.Add(encodePosition(position{head: 9, pending: []uint64{0, 3, 8}}))
	f.Add(encodePosition(position{}))
	f.Add([]byte{1, 3, 1, 2, 'x', 4})
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := decodePosition(b); err == nil {
			if !slices.IsSorted(p.pending) || len(p.pending) > 0 && p.pending[len(p.pending)-1] >= p.head {
				t.Fatalf("read %+v", p)
			}
			again, err := decodePosition(encodePosition(p))
			if err != nil || again.head != p.head || !slices.Equal(again.pending, p.pending) {
				t.Fatalf("%+v comes back as %+v, %v", p, again, err)
			}
		}
		if l, err := decodeDead(b); err == nil {
			_ = l.place().deadName()
		}
		if at, ok := parseID(string(b)); ok && at.id() != string(b) {
			t.Fatalf("%q is read as %q", b, at.id())
		}
		if s, err := parseSecrets(string(b)); err == nil {
			_ = s.sign("id", 1, b)
		}
	})
}
