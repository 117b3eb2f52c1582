package servers

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
)

// Link is two network namespaces that are joined by one cable and see nothing else.
// Each has a loopback network of its own. Making one needs root and the program ip.
type Link struct {
	a, b *Side
}

// Side is one end of a Link. The nil Side is here: no namespace but ours.
type Side struct {
	Addr   string // its address on the cable
	holder *process
	device string
}

// A is the side where servers are meant to run, B that of who speaks to them.
func (l *Link) A() *Side { return l.a }

// B is the other side.
func (l *Link) B() *Side { return l.b }

// Cut takes A's end of the cable out: what either side sends vanishes, and neither is
// told.
func (l *Link) Cut(ctx context.Context) error { return l.a.ip(ctx, "link", "set", l.a.device, "down") }

// Heal puts A's end of the cable in again.
func (l *Link) Heal(ctx context.Context) error { return l.a.ip(ctx, "link", "set", l.a.device, "up") }

// Command is a command that will run on this side. Its process is the program itself.
func (s *Side) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	if s == nil {
		return exec.CommandContext(ctx, name, args...)
	}
	return exec.CommandContext(ctx, "nsenter", append([]string{"--net", "--target", strconv.Itoa(s.holder.pid), "--", name}, args...)...)
}

// ip runs the program ip on this side.
func (s *Side) ip(ctx context.Context, args ...string) error {
	return run(s.Command(ctx, "ip", args...))
}

// Dial connects to a numeric address as somebody on this side would, from this process:
// clients of tests and net/http's Transport can be given it.
func (s *Side) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	var conn net.Conn
	err := s.within(func() error {
		var err error
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// within calls use with the thread of its goroutine on this side: the sockets that it
// makes lie there. The thread is not used for anything else afterwards.
func (s *Side) within(use func() error) error {
	if s == nil {
		return use()
	}
	done := make(chan error, 1)
	go func() {
		err := s.enter()
		if err == nil {
			err = use()
		}
		done <- err
	}()
	return <-done
}

// run runs cmd, and adds what it said to its error.
func run(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
