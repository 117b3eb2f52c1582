package file

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// TestRanged: whatever is asked of a file elsewhere, in whatever order, is what a reader
// of its bytes would say; and never a range beyond its end, nor a larger one than may be.
func TestRanged(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	content := make([]byte, 9<<20+7)
	for i := range content {
		content[i] = byte(random.Uint32())
	}
	asked := func(p []byte, off int64) error {
		if off+int64(len(p)) > int64(len(content)) || len(p) == 0 || len(p) > lastRange {
			t.Errorf("%d bytes at %d were asked for", len(p), off)
		}
		copy(p, content[off:])
		return nil
	}
	r, want := newRanged(int64(len(content)), asked, nil), bytes.NewReader(content)
	for range 300 {
		off, n := random.Int64N(int64(len(content))+10), random.IntN(1<<16)
		a, b := make([]byte, n), make([]byte, n)
		n1, err1 := r.ReadAt(a, off)
		n2, err2 := want.ReadAt(b, off)
		if n1 != n2 || !errors.Is(err1, err2) || !bytes.Equal(a[:n1], b[:n2]) {
			t.Fatalf("%d bytes at %d: %d %v, want %d %v", n, off, n1, err1, n2, err2)
		}
		if _, err := r.Seek(off, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		_, _ = want.Seek(off, io.SeekStart)
		n1, err1 = io.ReadFull(r, a)
		n2, err2 = io.ReadFull(want, b)
		if n1 != n2 || !errors.Is(err1, err2) || !bytes.Equal(a[:n1], b[:n2]) {
			t.Fatalf("%d bytes from %d on: %d %v, want %d %v", n, off, n1, err1, n2, err2)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	small := content[:200_000]
	if err := iotest.TestReader(newRanged(int64(len(small)), asked, nil), small); err != nil {
		t.Error(err)
	}
}
