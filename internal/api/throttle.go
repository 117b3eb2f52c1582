package api

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/kithdata/kith/internal/kit/clock"
)

const (
	failureBurst  = 10              // wrong keys from one address before it is slowed
	failureEvery  = 2 * time.Second // one more is allowed after this
	failureMemory = 10_000          // addresses remembered
)

// throttle counts wrong keys by address. A valid key always passes: many callers can
// share an address, and one of them must not be able to lock the others out. Keys of
// 160 random bits cannot be guessed at any rate; what is bounded here is the noise.
type throttle struct {
	clock clock.Clock
	mu    sync.Mutex
	debts map[netip.Prefix]time.Time // when the address owes nothing any more
}

func newThrottle(clk clock.Clock) *throttle {
	return &throttle{clock: clk, debts: map[netip.Prefix]time.Time{}}
}

// failed notes a wrong key. It gives how long the address should wait, or 0.
func (t *throttle) failed(from netip.Prefix) time.Duration {
	now := t.clock.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.debts) >= failureMemory {
		for a, until := range t.debts {
			if !until.After(now) {
				delete(t.debts, a)
			}
		}
		if len(t.debts) >= failureMemory {
			clear(t.debts) // an attack from everywhere: forgetting is better than growing
		}
	}
	until := t.debts[from]
	if until.Before(now) {
		until = now
	}
	if owed := until.Sub(now); owed >= failureBurst*failureEvery {
		return owed - (failureBurst-1)*failureEvery
	}
	t.debts[from] = until.Add(failureEvery)
	return 0
}

// remote is the network that a request came from: one address, or an IPv6 /64, which
// is what one customer of a provider has.
func remote(r *http.Request) netip.Prefix {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	addr := at.Addr().Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.Prefix(bits) // the number of bits is always right
	return prefix
}
