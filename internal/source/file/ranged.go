package file

import (
	"errors"
	"io"
	"sync"
)

const (
	firstRange = 64 << 10 // a look at a file's head costs no more
	lastRange  = 4 << 20
	blockSize  = 1 << 20 // of reading at a place
	maxBlocks  = 4
)

// fetch reads len(p) bytes at off, or fails. It may be called by two goroutines at once.
type fetch func(p []byte, off int64) error

// ranged is a file elsewhere, read by ranges: one that is read on from start to end is
// asked for in ever larger pieces, the next while one is worked on. No answer is left
// half read while the road is behind, which servers do not wait for. It holds two
// pieces, and a few blocks where it is read at places. Its size is that of its opening.
type ranged struct {
	fetch  fetch
	size   int64
	closed func() error

	pos   int64
	piece []byte // buffered from pos on
	step  int64
	next  chan piece // under way, of the bytes from ahead on; nil: none
	ahead int64

	mu     sync.Mutex
	blocks []block // lately used last
}

type piece struct {
	b   []byte
	err error
}

type block struct {
	at int64
	b  []byte
}

func newRanged(size int64, f fetch, closed func() error) *ranged {
	return &ranged{fetch: f, size: size, closed: closed, step: firstRange}
}

func (r *ranged) Size() int64 { return r.size }

func (r *ranged) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.piece) == 0 {
		if r.pos >= r.size {
			return 0, io.EOF
		}
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.piece)
	r.piece = r.piece[n:]
	r.pos += int64(n)
	return n, nil
}

// fill gets the piece at pos, and has the one behind it fetched from its second on:
// who looks at the head alone wants no more.
func (r *ranged) fill() error {
	var got piece
	if r.next != nil && r.ahead == r.pos {
		got = <-r.next
		r.next = nil
	} else {
		r.drop()
		got = r.get(r.pos, r.step)
	}
	if got.err != nil {
		return got.err
	}
	r.piece = got.b
	again := r.step > firstRange
	r.step = min(2*r.step, lastRange)
	if from := r.pos + int64(len(got.b)); again && from < r.size {
		next, step := make(chan piece, 1), r.step // one piece, so that its fetching never waits
		r.next, r.ahead = next, from
		go func() { next <- r.get(from, step) }()
	}
	return nil
}

func (r *ranged) get(off, n int64) piece {
	b := make([]byte, min(n, r.size-off))
	err := r.fetch(b, off)
	return piece{b, err}
}

// drop waits for what is under way and forgets it.
func (r *ranged) drop() {
	if r.next != nil {
		<-r.next
		r.next = nil
	}
}

func (r *ranged) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.pos
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return 0, errors.New("a place before the file's begin")
	}
	if skip := offset - r.pos; skip >= 0 && skip <= int64(len(r.piece)) {
		r.piece = r.piece[skip:]
	} else {
		r.piece = nil
	}
	r.pos = offset
	return offset, nil
}

// ReadAt reads whole blocks, and keeps the last few: what reads at places mostly goes on
// near the place before.
func (r *ranged) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("a place before the file's begin")
	}
	for n < len(p) {
		if off >= r.size {
			return n, io.EOF
		}
		b, err := r.block(off / blockSize * blockSize)
		if err != nil {
			return n, err
		}
		m := copy(p[n:], b[off%blockSize:])
		n += m
		off += int64(m)
	}
	return n, nil
}

func (r *ranged) block(at int64) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, b := range r.blocks {
		if b.at == at {
			r.blocks = append(append(r.blocks[:i:i], r.blocks[i+1:]...), b)
			return b.b, nil
		}
	}
	got := r.get(at, blockSize)
	if got.err != nil {
		return nil, got.err
	}
	if len(r.blocks) == maxBlocks {
		r.blocks = r.blocks[1:]
	}
	r.blocks = append(r.blocks, block{at, got.b})
	return got.b, nil
}

func (r *ranged) Close() error {
	r.drop()
	if r.closed == nil {
		return nil
	}
	return r.closed()
}
