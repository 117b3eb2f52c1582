package file

import (
	"bytes"
	"errors"
	"io"

	"github.com/cespare/xxhash/v2"
)

// firstWindow is the size of a window to begin with; it grows for long rows only.
const firstWindow = 256 << 10

// window is a sliding view of a stream. Bytes are passed once they belong to a row
// that was taken; passed bytes are hashed. A window holds at most limit bytes and
// a little.
type window struct {
	r        io.Reader
	buf      []byte
	pos, end int   // unread: buf[pos:end]
	hashed   int   // buf[hashed:pos] is passed and not yet hashed
	at       int64 // offset of buf[pos] in the stream
	limit    int
	digest   xxhash.Digest // of all bytes before buf[hashed]
	ended    bool
	err      error // what ended it, when it was not the end of the stream
}

func newWindow(r io.Reader, limit int) *window {
	w := &window{r: r, limit: limit, buf: make([]byte, min(firstWindow, 2*limit))}
	w.digest.Reset()
	return w
}

// restart goes on with r as if all bytes before at, whose digest is d, were passed.
func (w *window) restart(r io.Reader, at int64, d xxhash.Digest) {
	w.r, w.at, w.digest = r, at, d
	w.pos, w.end, w.hashed = 0, 0, 0
	w.ended, w.err = false, nil
}

// rest is what is buffered and not yet passed.
func (w *window) rest() []byte { return w.buf[w.pos:w.end] }

// pass moves past n buffered bytes.
func (w *window) pass(n int) {
	w.pos += n
	w.at += int64(n)
}

// sum is the digest of all passed bytes.
func (w *window) sum() uint64 {
	w.hash()
	return w.digest.Sum64()
}

func (w *window) hash() {
	_, _ = w.digest.Write(w.buf[w.hashed:w.pos]) // never fails
	w.hashed = w.pos
}

// fill reads more, which moves what is buffered; false at the end of the stream,
// or when limit bytes are buffered already.
func (w *window) fill() bool {
	if w.ended || w.end-w.pos > w.limit {
		return false
	}
	if w.pos > 0 {
		w.hash()
		w.end = copy(w.buf, w.buf[w.pos:w.end])
		w.pos, w.hashed = 0, 0
	}
	if w.end == len(w.buf) {
		w.buf = append(w.buf, make([]byte, len(w.buf))...)
	}
	for range 100 { // as bufio does: a reader may give nothing a few times
		n, err := w.r.Read(w.buf[w.end:])
		w.end += n
		if err != nil {
			w.ended = true
			if !errors.Is(err, io.EOF) {
				w.err = err
			}
		}
		if n > 0 || w.ended {
			return n > 0
		}
	}
	w.ended, w.err = true, io.ErrNoProgress
	return false
}

// grow fills until twice as much is buffered, so that what is then looked at from its start
// again costs no more than it is long.
func (w *window) grow() (more bool) {
	for want := 2 * len(w.rest()); len(w.rest()) <= want && w.fill(); {
		more = true
	}
	return more
}

// lineState says how a physical line ends.
type lineState uint8

const (
	lineWhole lineState = iota
	lineOpen            // by the end of the stream
	lineLong            // not within limit bytes
	lineNone            // there is none: the stream has ended
)

// line gives the next physical line without its line feed, and does not pass it.
// It lives until the next fill.
func (w *window) line() ([]byte, lineState) {
	from := 0
	for {
		if i := bytes.IndexByte(w.buf[w.pos+from:w.end], '\n'); i >= 0 {
			if from+i > w.limit {
				return nil, lineLong
			}
			return w.buf[w.pos : w.pos+from+i], lineWhole
		}
		from = w.end - w.pos
		if from > w.limit {
			return nil, lineLong
		}
		if !w.fill() {
			if w.pos == w.end {
				return nil, lineNone
			}
			return w.rest(), lineOpen
		}
	}
}

// skipLine passes a line of any length, keeping its first bytes only. size counts
// all of it without its line feed; open is true when the stream ended before one.
func (w *window) skipLine(keep int) (head []byte, size int64, open bool) {
	for {
		chunk := w.rest()
		i := bytes.IndexByte(chunk, '\n')
		if i >= 0 {
			chunk = chunk[:i]
		}
		if room := keep - len(head); room > 0 {
			head = append(head, chunk[:min(room, len(chunk))]...)
		}
		size += int64(len(chunk))
		w.pass(len(chunk))
		if i >= 0 {
			w.pass(1)
			return head, size, false
		}
		if !w.fill() {
			return head, size, true
		}
	}
}
