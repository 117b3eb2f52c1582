package api

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// limitListener accepts at most n connections at a time. For one more, the one that
// has been idle longest is closed; where none is idle it waits, and those behind it
// wait in the kernel.
func limitListener(l net.Listener, n int) *limited {
	return &limited{Listener: l, slots: make(chan struct{}, n), closed: make(chan struct{})}
}

type limited struct {
	net.Listener
	slots  chan struct{} // one element for each open connection
	once   sync.Once
	closed chan struct{}

	mu      sync.Mutex
	idle    list.List // of *limitedConn, the one idle longest in front
	waiting bool      // a newcomer has no slot yet
}

func (l *limited) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	select {
	case l.slots <- struct{}{}:
	default:
		l.makeRoom()
		select {
		case l.slots <- struct{}{}:
		case <-l.closed:
			_ = c.Close() // nothing was said on it
			return nil, net.ErrClosed
		}
		l.mu.Lock()
		l.waiting = false
		l.mu.Unlock()
	}
	return &limitedConn{Conn: c, free: sync.OnceFunc(func() { <-l.slots })}, nil
}

// makeRoom closes an idle connection, now or as soon as there is one.
func (l *limited) makeRoom() {
	l.mu.Lock()
	oldest := l.oldest()
	l.waiting = oldest == nil
	l.mu.Unlock()
	if oldest != nil {
		_ = oldest.Close() // its client asks again on a new one
	}
}

// oldest takes the connection that has been idle longest; l.mu is held.
func (l *limited) oldest() *limitedConn {
	front := l.idle.Front()
	if front == nil {
		return nil
	}
	c := l.idle.Remove(front).(*limitedConn)
	c.idle = nil
	return c
}

// state is the server's ConnState: it keeps the list of idle connections.
func (l *limited) state(conn net.Conn, state http.ConnState) {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	c, ok := conn.(*limitedConn)
	if !ok {
		return
	}
	var spare *limitedConn
	l.mu.Lock()
	if c.idle != nil {
		l.idle.Remove(c.idle)
		c.idle = nil
	}
	if state == http.StateIdle {
		c.idle = l.idle.PushBack(c)
		if l.waiting {
			l.waiting = false
			spare = l.oldest()
		}
	}
	l.mu.Unlock()
	if spare != nil {
		_ = spare.Close() // as in makeRoom
	}
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type limitedConn struct {
	net.Conn
	free func()
	idle *list.Element // in limited.idle; guarded by limited.mu
}

func (c *limitedConn) Close() error {
	err := c.Conn.Close()
	c.free()
	return err
}
