package netguard_test

import (
	"errors"
	"testing"

	"github.com/kithdata/kith/internal/kit/netguard"
)

func TestControl(t *testing.T) {
	for address, want := range map[string][2]error{ // as it is, and where private networks are allowed
		"8.8.8.8:443": {}, "[2606:4700::1111]:443": {}, "[64:ff9b::808:808]:443": {},
		"127.0.0.1:443":          {netguard.ErrPrivate},
		"10.1.2.3:443":           {netguard.ErrPrivate},
		"0.0.0.0:80":             {netguard.ErrPrivate}, // this machine
		"[::]:80":                {netguard.ErrPrivate},
		"[::1]:443":              {netguard.ErrPrivate},
		"[::ffff:10.0.0.1]:443":  {netguard.ErrPrivate},
		"[64:ff9b::a00:1]:443":   {netguard.ErrPrivate},
		"[fd00::1]:443":          {netguard.ErrPrivate},
		"100.64.0.1:80":          {netguard.ErrPrivate},
		"169.254.169.254:80":     {netguard.ErrMetadata, netguard.ErrMetadata},
		"169.254.170.2:80":       {netguard.ErrMetadata, netguard.ErrMetadata},
		"100.100.100.200:80":     {netguard.ErrMetadata, netguard.ErrMetadata},
		"[fd00:ec2::254]:80":     {netguard.ErrMetadata, netguard.ErrMetadata},
		"[fe80::1%eth0]:443":     {netguard.ErrMetadata, netguard.ErrMetadata},
		"[::ffff:a9fe:a9fe]:80":  {netguard.ErrMetadata, netguard.ErrMetadata},
		"[64:ff9b::a9fe:a9fe]:1": {netguard.ErrMetadata, netguard.ErrMetadata},
		"[2002:a9fe:a9fe::1]:80": {netguard.ErrMetadata, netguard.ErrMetadata},
		"not an address":         {netguard.ErrPrivate, netguard.ErrPrivate},
		"":                       {netguard.ErrPrivate, netguard.ErrPrivate},
	} {
		for i, allowed := range []bool{false, true} {
			if err := netguard.Control(allowed)("tcp", address, nil); !errors.Is(err, want[i]) || err != nil && want[i] == nil {
				t.Errorf("%q, private networks allowed %v: %v", address, allowed, err)
			}
		}
	}
}
