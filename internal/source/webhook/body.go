package webhook

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/kithdata/kith/internal/kit/budget"
	"github.com/kithdata/kith/internal/record"
)

// delivery is one request on its way to the Sink. Records alias its body.
type delivery struct {
	src      *source
	header   http.Header
	hold     hold
	size     int // of the body, unpacked
	records  []record.Record
	rejected int // of them, marked for quarantine
}

// hold is what one delivery has taken of the budget.
type hold struct {
	budget *budget.Budget
	taken  int64
}

func (h *hold) take(n int) bool {
	if !h.budget.Take(int64(n)) {
		return false
	}
	h.taken += int64(n)
	return true
}

func (h *hold) release() {
	h.budget.Give(h.taken)
	h.taken = 0
}

// read takes the body as it is sent.
func (d *delivery) read(w http.ResponseWriter, r *http.Request) ([]byte, *fault) {
	limit := int64(d.src.MaxBody)
	if r.ContentLength > limit {
		return nil, tooLarge
	}
	raw, f := d.readAll(http.MaxBytesReader(w, r.Body, limit), brokenBody)
	d.size = len(raw)
	return raw, f
}

// unpack undoes the encoding that the header names. Reading stops at the limit,
// whatever a body would unpack to.
func (d *delivery) unpack(raw []byte, encoding string) ([]byte, *fault) {
	switch {
	case encoding == "" || strings.EqualFold(encoding, "identity"):
		return raw, nil
	case !strings.EqualFold(encoding, "gzip"):
		return nil, badEncoding
	}
	unzip, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, badGzip
	}
	body, f := d.readAll(io.LimitReader(unzip, int64(d.src.MaxBody)+1), badGzip)
	d.size = len(body)
	if len(body) > d.src.MaxBody {
		return nil, tooLarge
	}
	return body, f
}

// readAll reads to the end within the budget; broken is the answer to a reader that
// fails.
func (d *delivery) readAll(from io.Reader, broken *fault) ([]byte, *fault) {
	var b []byte
	for {
		if len(b) == cap(b) {
			had := cap(b)
			b = append(b, make([]byte, max(512, had))...)[:len(b)]
			if !d.hold.take(cap(b) - had) {
				return nil, overloaded
			}
		}
		n, err := from.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return b, tooLarge
		}
		if err != nil {
			return b, broken
		}
	}
}
