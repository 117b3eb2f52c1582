package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"
)

const (
	startTimeout = 2 * time.Minute // for a server to answer on a machine that is busy with others
	stopTimeout  = 20 * time.Second
	pollEvery    = 10 * time.Millisecond
)

// process is one program that was launched. done is closed once it has ended; err then
// says how.
type process struct {
	name string
	pid  int
	log  string
	done chan struct{}
	err  error
}

// alive reports whether it has not ended. There may be none yet.
func (p *process) alive() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// wait waits until p has ended well.
func (p *process) wait(ctx context.Context) error {
	select {
	case <-p.done:
		return p.failed(p.err)
	case <-ctx.Done():
		_ = p.signal(kill) // it may just have ended
		<-p.done
		return p.failed(ctx.Err())
	}
}

// answers waits until try says no fault: p answers.
func (p *process) answers(ctx context.Context, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		once, done := context.WithTimeout(ctx, 5*time.Second)
		err := try(once)
		done()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return p.failed(fmt.Errorf("it ended before it answered: %w", errors.Join(p.err, err)))
		case <-ctx.Done():
			return p.failed(fmt.Errorf("it does not answer: %w", errors.Join(ctx.Err(), err)))
		case <-tick.C:
		}
	}
}

// failed adds to err who it is of, and the last that it wrote.
func (p *process) failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w; the end of %s:\n%s", p.name, err, p.log, tail(p.log, 4096))
}

// tail is the last so many bytes of a file.
func tail(path string, n int64) string {
	f, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Size() > n {
		_, _ = f.Seek(-n, io.SeekEnd) // else it is shown whole
	}
	text, err := io.ReadAll(io.LimitReader(f, n))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// freePorts gives n ports of host that nobody listens on.
func freePorts(ctx context.Context, side *Side, host string, n int) ([]int, error) {
	var ports []int
	err := side.within(func() error {
		for range n {
			l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
			if err != nil {
				return err
			}
			defer func() { _ = l.Close() }() // all at the end, or one would be given twice
			ports = append(ports, l.Addr().(*net.TCPAddr).Port)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for %d free ports of %s: %w", n, host, err)
	}
	return ports, nil
}

func address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
