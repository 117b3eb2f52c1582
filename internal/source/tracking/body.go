package tracking

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"

	"github.com/kithdata/kith/internal/kit/budget"
	"github.com/kithdata/kith/internal/record"
)

// maxDepth is how deep a call may nest. Real ones stay below ten.
const maxDepth = 100

// work is what one request needs, kept for the next. Records, identifiers and
// strings alias body and arena.
type work struct {
	body     []byte
	arena    []byte // strings and Props made here
	env      envelope
	asker    asker
	items    [][]byte // each call as sent
	records  []record.Record
	ids      []record.Identifier
	accepted int // items taken
	rejected int // of them, marked for quarantine
	in       bytes.Buffer
	dec      *jsontext.Decoder
	unzip    *gzip.Reader
	budget   *budget.Budget
	charged  int64 // bytes taken of budget
}

// envelope is what a body says besides its items. Values are raw JSON.
type envelope struct {
	writeKey     string
	sentAt       []byte
	context      []byte
	integrations []byte
}

func newWork(b *budget.Budget) *work {
	return &work{dec: jsontext.NewDecoder(bytes.NewReader(nil)), budget: b}
}

// believed is the greatest Content-Length that room is made for before it has come.
const believed = 64 << 10

// keepBytes is the most that an idle work may hold on to.
const keepBytes = 2 << 20

// release gives w back for the next request. Nothing may use its records any more.
func (w *work) release(pool *sync.Pool) {
	w.budget.Give(w.charged)
	w.charged = 0
	if w.size() > keepBytes {
		return
	}
	w.reset()
	pool.Put(w)
}

func (w *work) reset() {
	clear(w.records)
	clear(w.ids)
	clear(w.items)
	w.body, w.arena, w.items, w.records, w.ids = w.body[:0], w.arena[:0], w.items[:0], w.records[:0], w.ids[:0]
	w.env, w.asker = envelope{}, asker{}
	w.accepted, w.rejected = 0, 0
	w.in = bytes.Buffer{}
}

// read takes the body, unpacked, of at most limit bytes. Reading stops at the
// limit, whatever a gzip body would unpack to.
func (w *work) read(rw http.ResponseWriter, r *http.Request, limit int64) *fault {
	if r.ContentLength > limit {
		return tooLarge
	}
	var from io.Reader = http.MaxBytesReader(rw, r.Body, limit)
	zipped := false
	switch encoding := r.Header.Get("Content-Encoding"); {
	case encoding == "" || strings.EqualFold(encoding, "identity"):
	case strings.EqualFold(encoding, "gzip"):
		zipped = true
		if w.unzip == nil {
			w.unzip = new(gzip.Reader)
		}
		if err := w.unzip.Reset(from); err != nil {
			return readFault(err, zipped)
		}
		from = w.unzip
	default:
		return badEncoding
	}
	if n := int(min(r.ContentLength, believed)); n > cap(w.body) {
		w.body = make([]byte, 0, n+512) // room for the read that only finds the end
	}
	for {
		if len(w.body) == cap(w.body) {
			w.body = append(w.body, 0)[:len(w.body)]
		}
		if !w.charge() {
			return overloaded
		}
		n, err := from.Read(w.body[len(w.body):cap(w.body)])
		w.body = w.body[:len(w.body)+n]
		if int64(len(w.body)) > limit {
			return tooLarge
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return readFault(err, zipped)
		}
	}
}

func readFault(err error, zipped bool) *fault {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge
	}
	if _, corrupt := errors.AsType[flate.CorruptInputError](err); corrupt {
		return badGzip
	}
	if zipped && (errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return badGzip
	}
	return brokenBody
}

// parse splits the body into its envelope and items, and checks all of its JSON:
// syntax, duplicate names and UTF-8.
func (w *work) parse(t callType) *fault {
	w.in = *bytes.NewBuffer(w.body)
	w.dec.Reset(&w.in)
	if t == batch {
		if f := w.parseBatch(); f != nil {
			return f
		}
	} else {
		raw, f := w.value()
		if f != nil {
			return f
		}
		m, ok := object(raw)
		if !ok {
			return noObject
		}
		for m.next() {
			if m.is("writeKey") {
				w.env.writeKey, _ = w.text(m.value)
			}
		}
		w.items = append(w.items, raw)
	}
	if _, err := w.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return malformed
	}
	return nil
}

func (w *work) parseBatch() *fault {
	if w.dec.PeekKind() != '{' {
		if _, err := w.dec.ReadValue(); err != nil {
			return malformed
		}
		return noObject
	}
	_, _ = w.dec.ReadToken() // the brace just seen
	found := false
	for w.dec.PeekKind() == '"' {
		name, f := w.value()
		if f != nil {
			return f
		}
		if sameName(name, "batch") && w.dec.PeekKind() == '[' {
			found = true
			if f := w.parseItems(); f != nil {
				return f
			}
			continue
		}
		v, f := w.value()
		if f != nil {
			return f
		}
		if f := w.envelopeMember(name, v); f != nil {
			return f
		}
	}
	if _, err := w.dec.ReadToken(); err != nil {
		return malformed
	}
	if !found {
		return noBatch
	}
	return nil
}

func (w *work) envelopeMember(name, v []byte) *fault {
	switch {
	case sameName(name, "writeKey"):
		w.env.writeKey, _ = w.text(v)
	case sameName(name, "sentAt"):
		w.env.sentAt = v
	case sameName(name, "context"):
		w.env.context = v
	case sameName(name, "integrations"):
		w.env.integrations = v
	}
	if depthOf(v) > maxDepth {
		return tooDeep
	}
	return nil
}

func (w *work) parseItems() *fault {
	_, _ = w.dec.ReadToken() // the bracket just seen
	for {
		switch w.dec.PeekKind() {
		case ']':
			_, _ = w.dec.ReadToken()
			return nil
		default:
			raw, f := w.value()
			if f != nil {
				return f.at(len(w.items))
			}
			if len(w.items) == cap(w.items) && !w.charge() {
				return overloaded
			}
			w.items = append(w.items, raw)
		}
	}
}

// value reads the next value. It aliases the body, not the decoder's buffer.
func (w *work) value() ([]byte, *fault) {
	v, err := w.dec.ReadValue()
	if err != nil {
		return nil, w.unreadable()
	}
	end := int(w.dec.InputOffset())
	return w.body[end-len(v) : end : end], nil
}

// unreadable tells why the body is no JSON. The decoder gives up on 10,000 levels as it
// does on bad syntax.
func (w *work) unreadable() *fault {
	if depthOf(bytes.TrimLeft(w.body, " \t\r\n")) > maxDepth {
		return tooDeep
	}
	return malformed
}

// text gives a string or number as text; empty for null. It aliases body or arena.
func (w *work) text(v []byte) (s string, ok bool) {
	switch {
	case isNull(v):
		return "", true
	case v[0] == '"':
		if bytes.IndexByte(v, '\\') < 0 {
			return view(v[1 : len(v)-1]), true
		}
		from := len(w.arena)
		b, err := jsontext.AppendUnquote(w.arena, v)
		if err != nil {
			return "", false
		}
		w.arena = b
		return view(b[from:len(b):len(b)]), true
	case v[0] == '-' || v[0] >= '0' && v[0] <= '9':
		return view(v), true
	}
	return "", false
}

// depthOf is how deep a value nests: 0 for a string, 1 for [].
func depthOf(v []byte) int {
	m := members{b: v, depth: 1}
	m.skipValue()
	return m.depth - 1
}
