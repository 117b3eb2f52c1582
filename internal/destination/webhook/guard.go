package webhook

import (
	"syscall"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/netguard"
)

// guard is a net.Dialer's Control that refuses what is not on the public internet, unless
// private networks are allowed; a cloud's metadata always.
func guard(private bool) func(network, address string, c syscall.RawConn) error {
	judge := netguard.Control(private)
	return func(network, address string, c syscall.RawConn) error {
		if err := judge(network, address, c); err != nil {
			return errs.Wrap(CodePrivate, "connecting to the endpoint", err).
				Fix("set allow_private where the endpoint is meant to be on this network")
		}
		return nil
	}
}
