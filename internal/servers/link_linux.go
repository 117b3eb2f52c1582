package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// NewLink makes two network namespaces and joins them. They have no name, so nothing is
// left behind: each lives as long as the idle process that holds it, which ends with Close or
// with us. The addresses are of the network that documents may use (RFC 5737): nobody has them.
func NewLink(ctx context.Context) (*Link, error) {
	l := &Link{}
	made := func() error {
		for end, side := range map[string]**Side{"1": &l.a, "2": &l.b} {
			holder, err := hold()
			if err != nil {
				return err
			}
			*side = &Side{Addr: "192.0.2." + end, holder: holder, device: "kith" + end}
		}
		a, b := l.a, l.b
		if err := run(exec.CommandContext(ctx, "ip", "link", "add", a.device, "address", mac(a), "netns", pid(a), "type", "veth",
			"peer", "name", b.device, "address", mac(b), "netns", pid(b))); err != nil {
			return err
		}
		return errors.Join(a.plug(ctx, b), b.plug(ctx, a))
	}
	if err := made(); err != nil {
		l.Close()
		return nil, fmt.Errorf("making two joined network namespaces: %w; this needs root and the program ip, which scripts/servers.sh install brings", err)
	}
	return l, nil
}

// Close ends both namespaces, once nothing runs in them.
func (l *Link) Close() {
	for _, s := range []*Side{l.a, l.b} {
		if s != nil {
			_ = s.holder.signal(kill) // it may have ended
			<-s.holder.done
		}
	}
}

// hold starts an idle process in a network namespace of its own.
func hold() (*process, error) {
	cmd := exec.CommandContext(context.Background(), "sleep", "infinity")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	return launch(cmd, nil, nil, os.DevNull)
}

// plug gives the side its address, and tells it for good where the other one is: it
// would ask for that again through a cable that is cut, and learn that nobody answers.
func (s *Side) plug(ctx context.Context, other *Side) error {
	return errors.Join(
		s.ip(ctx, "link", "set", "lo", "up"),
		s.ip(ctx, "address", "add", s.Addr+"/30", "dev", s.device),
		s.ip(ctx, "link", "set", s.device, "up"),
		s.ip(ctx, "neighbour", "replace", other.Addr, "lladdr", mac(other), "dev", s.device, "nud", "permanent"),
	)
}

// enter brings the thread of the calling goroutine to this side, for good.
func (s *Side) enter() error {
	if s == nil {
		return nil
	}
	runtime.LockOSThread()
	there, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", s.holder.pid))
	if err != nil {
		return err
	}
	defer func() { _ = there.Close() }()
	return unix.Setns(int(there.Fd()), unix.CLONE_NEWNET)
}

func mac(s *Side) string { return "02:00:00:00:00:0" + s.device[len(s.device)-1:] }

func pid(s *Side) string { return fmt.Sprint(s.holder.pid) }
