package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
)

// wire is one kept connection to an HTTP server. It shares the processors with what
// it measures, so it does the least that HTTP asks: requests are ready bytes.
type wire struct {
	conn   net.Conn
	r      *bufio.Reader
	status int
	body   []byte // of the last answer
	token  []byte // its Kith-Token
}

func dial(ctx context.Context, address string) (*wire, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &wire{conn: conn, r: bufio.NewReaderSize(conn, 32<<10)}, nil
}

func (w *wire) close() { _ = w.conn.Close() } // nothing is under way on it

// request writes a whole request out.
func request(method, path, bearer string, body []byte) []byte {
	b := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", method, path, bearer, len(body))
	return append(b, body...)
}

// ok sends a request and fails unless the answer is 200.
func (w *wire) ok(text []byte) error {
	if err := w.do(text); err != nil {
		return err
	}
	if w.status != 200 {
		return fmt.Errorf("the server answered %d: %s", w.status, w.body) // it names codes, never data
	}
	return nil
}

// do sends a request and reads the answer.
func (w *wire) do(text []byte) error {
	if _, err := w.conn.Write(text); err != nil {
		return err
	}
	line, err := w.r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if len(line) < 12 {
		return errors.New("the answer is not HTTP")
	}
	if w.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return err
	}
	length, chunked := 0, false
	w.token = w.token[:0]
	for {
		if line, err = w.r.ReadSlice('\n'); err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		case bytes.EqualFold(name, []byte("Kith-Token")):
			w.token = append(w.token, value...)
		}
	}
	w.body = w.body[:0]
	if !chunked {
		return w.take(length)
	}
	for {
		if line, err = w.r.ReadSlice('\n'); err != nil {
			return err
		}
		n, err := strconv.ParseUint(string(bytes.TrimRight(line, "\r\n")), 16, 31)
		if err != nil {
			return err
		}
		if err := w.take(int(n)); err != nil {
			return err
		}
		if _, err := w.r.Discard(2); err != nil || n == 0 {
			return err
		}
	}
}

// take reads n bytes of the body.
func (w *wire) take(n int) error {
	at := len(w.body)
	w.body = slices.Grow(w.body, n)[:at+n]
	_, err := io.ReadFull(w.r, w.body[at:])
	return err
}

// mould is a request to the tracking API with places for what differs from call to
// call: a run of # becomes an item's number, never used before, a run of $ the number
// of its person.
type mould struct {
	text    []byte
	items   int
	serials [][2]int
	persons [][2]int
}

// newMould makes a request of n items: a batch, or where n is 0 a single call.
func newMould(path, key, item string, n int) *mould {
	body := []byte(item)
	if n > 0 {
		body = []byte(`{"batch":[`)
		for i := range n {
			if i > 0 {
				body = append(body, ',')
			}
			body = append(body, item...)
		}
		body = append(body, "]}"...)
	}
	m := &mould{text: request("POST", path, key, body), items: max(1, n)}
	m.serials, m.persons = runs(m.text, '#'), runs(m.text, '$')
	return m
}

// runs finds the runs of c in text.
func runs(text []byte, c byte) (found [][2]int) {
	for i := 0; i < len(text); i++ {
		if text[i] != c {
			continue
		}
		from := i
		for i < len(text) && text[i] == c {
			i++
		}
		found = append(found, [2]int{from, i})
	}
	return found
}

func (m *mould) copy() *mould {
	return &mould{slices.Clone(m.text), m.items, m.serials, m.persons}
}

// stamp fills the places: items are numbered from serial; persons go round among
// people in strides, so that each comes once in as many items as there are people.
func (m *mould) stamp(serial uint64, people uint64) []byte {
	const stride = 7919 // a prime
	for i, at := range m.serials {
		number(m.text[at[0]:at[1]], serial+uint64(i*m.items/len(m.serials)))
	}
	for i, at := range m.persons {
		number(m.text[at[0]:at[1]], (serial+uint64(i*m.items/len(m.persons)))*stride%people)
	}
	return m.text
}

// number writes n in decimal digits, as many as there are places.
func number(into []byte, n uint64) {
	for i := len(into) - 1; i >= 0; i-- {
		into[i] = byte('0' + n%10)
		n /= 10
	}
}

// senders are workers that each send m's request over a connection of their own, with
// serials taken from serial.
func senders(ctx context.Context, address string, m *mould, people int, serial *atomic.Uint64) workers {
	return func(int) (worker, func(), error) {
		w, err := dial(ctx, address)
		if err != nil {
			return nil, nil, err
		}
		own, n := m.copy(), uint64(m.items)
		return func() error {
			return w.ok(own.stamp(serial.Add(n)-n, uint64(people)))
		}, w.close, nil
	}
}
