package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Proxy stands between a server and who speaks to it, and fails as a network does. What
// is sent while it is cut is held, an end of the connection included, and goes on its
// way once it is healed, as TCP's repetitions would.
type Proxy struct {
	target   string
	side     *Side
	listener net.Listener
	cancel   context.CancelFunc
	running  sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{} // closed, and made anew, when what follows changes
	cut     [2]bool       // by direction
	refuse  bool
	delay   time.Duration
	pairs   map[*pair]struct{}
}

// direction is which way bytes go through a Proxy.
type direction int

const (
	questions direction = iota // to the server
	answers                    // from the server
)

const (
	chunk   = 32 << 10 // bytes that are read at a time
	pending = 64       // chunks on their way in one direction: 2 MiB, about what the buffers of a long line hold
)

// pair is one connection through a Proxy: the client's half and, once it has been made, the server's.
type pair struct{ halves []*net.TCPConn }

// NewProxy starts a proxy to target on a loopback address and port of its own. It lasts
// until Close.
func NewProxy(target string) (*Proxy, error) { return newProxy(nil, loopback(), target) }

func newProxy(side *Side, host, target string) (*Proxy, error) {
	ctx, cancel := context.WithCancel(context.Background())
	p := &Proxy{target: target, side: side, cancel: cancel, changed: make(chan struct{}), pairs: map[*pair]struct{}{}}
	err := side.within(func() (err error) {
		p.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
		return err
	})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("a proxy to %s: %w", target, err)
	}
	p.running.Go(func() { p.accept(ctx) })
	return p, nil
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Cut lets nothing through any more, in either direction, and tells nobody. New
// connections are taken and hear nothing.
func (p *Proxy) Cut() { p.set(func() { p.cut = [2]bool{true, true} }) }

// CutAnswers lets what is sent to the server through, but nothing of what it answers:
// it does what it was asked, and who asked cannot know.
func (p *Proxy) CutAnswers() { p.set(func() { p.cut = [2]bool{answers: true} }) }

// Refuse closes new connections at once. Those that are there go on.
func (p *Proxy) Refuse() { p.set(func() { p.refuse = true }) }

// Heal ends what Cut, CutAnswers and Refuse began.
func (p *Proxy) Heal() { p.set(func() { p.cut, p.refuse = [2]bool{}, false }) }

// SetDelay makes everything arrive so much later, in either direction.
func (p *Proxy) SetDelay(d time.Duration) { p.set(func() { p.delay = d }) }

// Drop resets every connection. What was on its way is lost.
func (p *Proxy) Drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.pairs {
		c.reset()
	}
}

// reset ends both halves as a host that has crashed would, not in good order.
func (c *pair) reset() {
	for _, half := range c.halves {
		_ = half.SetLinger(0) // it may have ended already, as below
		_ = half.Close()
	}
}

// Close ends the proxy and its connections, and waits for them.
func (p *Proxy) Close() error {
	p.cancel()
	err := p.listener.Close()
	p.Drop()
	p.running.Wait()
	return err
}

func (p *Proxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *Proxy) accept(ctx context.Context) {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // Close ended the listener
		}
		p.running.Go(func() { p.serve(ctx, client.(*net.TCPConn)) })
	}
}

// serve carries one connection until both of its directions have ended.
func (p *Proxy) serve(ctx context.Context, client *net.TCPConn) {
	c := &pair{}
	defer p.forget(c)
	if !p.join(ctx, c, client) || !p.open(ctx, questions) {
		return
	}
	conn, err := p.side.Dial(ctx, "tcp", p.target)
	if err != nil {
		return
	}
	server := conn.(*net.TCPConn)
	if !p.join(ctx, c, server) {
		return
	}
	var both sync.WaitGroup
	carry := func(way direction, to, from *net.TCPConn) {
		if !p.carry(ctx, way, to, from) {
			p.forget(c)
		}
	}
	both.Go(func() { carry(questions, server, client) })
	both.Go(func() { carry(answers, client, server) })
	both.Wait()
}

// join adds a half to a connection, unless that is refused.
func (p *Proxy) join(ctx context.Context, c *pair, half *net.TCPConn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.halves = append(c.halves, half)
	p.pairs[c] = struct{}{}
	return ctx.Err() == nil && !p.refuse
}

// forget resets what is left of a connection.
func (p *Proxy) forget(c *pair) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.reset()
	delete(p.pairs, c)
}

// parcel is what was read at once, the error that came with it, and when it is to arrive.
type parcel struct {
	bytes []byte
	err   error
	due   time.Time
}

// carry brings what from says to to, until from ends it in good order, or it breaks.
func (p *Proxy) carry(ctx context.Context, way direction, to, from *net.TCPConn) (ended bool) {
	parcels := make(chan parcel, pending)
	stop := make(chan struct{})
	p.running.Go(func() {
		for {
			bytes := make([]byte, chunk)
			n, err := from.Read(bytes)
			select {
			case parcels <- parcel{bytes[:n], err, time.Now().Add(p.lag())}:
			case <-stop:
				return
			}
			if err != nil {
				return
			}
		}
	})
	defer close(stop)
	for {
		next := <-parcels // the reader gives an error last
		if !wait(ctx, next.due) || !p.open(ctx, way) {
			return false
		}
		if _, err := to.Write(next.bytes); err != nil {
			return false
		}
		if next.err != nil {
			return errors.Is(next.err, io.EOF) && to.CloseWrite() == nil
		}
	}
}

// open waits until a direction is not cut.
func (p *Proxy) open(ctx context.Context, way direction) bool {
	for {
		p.mu.Lock()
		cut, changed := p.cut[way], p.changed
		p.mu.Unlock()
		if !cut {
			return ctx.Err() == nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

func (p *Proxy) lag() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.delay
}

// wait waits for a moment, which most often has come.
func wait(ctx context.Context, moment time.Time) bool {
	left := time.Until(moment)
	if left <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
