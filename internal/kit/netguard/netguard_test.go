package netguard_test

import (
	"errors"
	"testing"

	"github.com/kithdata/kith/internal/kit/netguard"
)

func TestControl(t *testing.T) {
	for address, public := range map[string]bool{
		"8.8.8.8:443": true, "[2606:4700::1111]:443": true,
		"127.0.0.1:443": false, "10.1.2.3:443": false, "169.254.169.254:80": false, "100.100.100.200:80": false,
		"[::1]:443": false, "[::ffff:10.0.0.1]:443": false, "[fd00::1]:443": false, "[fe80::1%eth0]:443": false,
		"[64:ff9b::a00:1]:443": false, "not an address": false, "": false,
	} {
		if err := netguard.Control("tcp", address, nil); (err == nil) != public || err != nil && !errors.Is(err, netguard.ErrPrivate) {
			t.Errorf("%q: %v", address, err)
		}
	}
}
