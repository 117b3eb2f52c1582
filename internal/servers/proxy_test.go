package servers_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/servers"
)

// echo is a server that says back what it hears, and tells of it on heard.
func echo(t *testing.T) (at string, heard chan string) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	heard = make(chan string, 1000) // more than any test here says
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			go func() {
				defer conn.Close()
				for b := make([]byte, 1<<10); ; {
					n, err := conn.Read(b)
					if err != nil {
						return
					}
					heard <- string(b[:n])
					if _, err := conn.Write(b[:n]); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String(), heard
}

func through(t *testing.T, p *servers.Proxy) *net.TCPConn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

func newProxy(t *testing.T, target string) *servers.Proxy {
	t.Helper()
	p, err := servers.NewProxy(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func say(t *testing.T, conn net.Conn, words string) {
	t.Helper()
	if _, err := io.WriteString(conn, words); err != nil {
		t.Fatal(err)
	}
}

// hear wants words, or, where they are empty, silence.
func hear(t *testing.T, conn net.Conn, words string) {
	t.Helper()
	patience := 10 * time.Second
	if words == "" {
		patience = 50 * time.Millisecond
	}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, max(1, len(words)))
	n, err := io.ReadFull(conn, b)
	if words == "" && !errors.Is(err, os.ErrDeadlineExceeded) || words != "" && err != nil || string(b[:n]) != words {
		t.Fatalf("heard %q, want %q: %v", b[:n], words, err)
	}
}

func TestProxyHoldsWhatIsSentWhileCut(t *testing.T) {
	at, heard := echo(t)
	p := newProxy(t, at)
	a := through(t, p)
	say(t, a, "one")
	hear(t, a, "one")
	p.Cut()
	say(t, a, "two")
	b := through(t, p)
	say(t, b, "new")
	hear(t, a, "")
	hear(t, b, "")
	p.Heal()
	hear(t, a, "two")
	hear(t, b, "new")
	p.CutAnswers()
	for range 3 {
		<-heard
	}
	say(t, a, "three")
	if got := <-heard; got != "three" {
		t.Errorf("the server heard %q", got)
	}
	hear(t, a, "")
	p.Heal()
	hear(t, a, "three")
}

func TestProxyDropsAndRefuses(t *testing.T) {
	at, _ := echo(t)
	p := newProxy(t, at)
	a := through(t, p)
	say(t, a, "one")
	hear(t, a, "one")
	p.Cut()
	cut := through(t, p)
	say(t, cut, "unheard")
	p.Refuse()
	p.Drop()
	for _, conn := range []net.Conn{a, cut} {
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("a dropped connection ends with %v", err)
		}
	}
	refused, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.Addr())
	if err == nil {
		defer refused.Close()
		_, err = refused.Read(make([]byte, 1))
	}
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a refused connection ends with %v", err)
	}
	p.Heal()
	b := through(t, p)
	say(t, b, "two")
	hear(t, b, "two")
}

func TestProxyDelaysAndCarriesTheEnd(t *testing.T) {
	at, _ := echo(t)
	p := newProxy(t, at)
	const lag = 40 * time.Millisecond
	p.SetDelay(lag)
	a := through(t, p)
	begun := time.Now()
	long := strings.Repeat("a long text ", 20_000) // many chunks, which wait together and not one after another
	go io.WriteString(a, long)
	hear(t, a, long)
	if took := time.Since(begun); took < 2*lag || took > 100*lag {
		t.Errorf("there and back took %v", took)
	}
	if err := a.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the server's end arrives as %v", err)
	}
}

func TestProxyEndsWhileCut(t *testing.T) {
	at, _ := echo(t)
	p, err := servers.NewProxy(at)
	if err != nil {
		t.Fatal(err)
	}
	a := through(t, p)
	say(t, a, "one")
	hear(t, a, "one")
	p.Cut()
	say(t, a, "two")
	through(t, p)
	if err := p.Close(); err != nil { // it waits for all of its goroutines
		t.Fatal(err)
	}
	if _, err := new(net.Dialer).DialContext(context.WithoutCancel(t.Context()), "tcp", p.Addr()); err == nil {
		t.Error("a closed proxy takes connections")
	}
}
