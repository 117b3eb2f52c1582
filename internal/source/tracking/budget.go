package tracking

import (
	"sync/atomic"
	"unsafe"

	"github.com/kithdata/kith/internal/record"
)

// maxHeld is the most bytes that all requests under way hold together. Bodies come
// slowly where a client wants them to, and a key is asked for only behind them where
// it lies within: so what the connections allowed could hold would be too much.
const maxHeld = 256 << 20

// budget is shared by all requests of a Handler.
type budget struct {
	most int64
	held atomic.Int64
}

func (b *budget) take(n int64) bool {
	if b.held.Add(n) <= b.most {
		return true
	}
	b.held.Add(-n)
	return false
}

func (b *budget) give(n int64) { b.held.Add(-n) }

// size is how many bytes w holds on to.
func (w *work) size() int64 {
	return int64(cap(w.body)+cap(w.arena)) + int64(cap(w.items))*int64(unsafe.Sizeof([]byte(nil))) +
		int64(cap(w.records))*int64(unsafe.Sizeof(record.Record{})) + int64(cap(w.ids))*int64(unsafe.Sizeof(record.Identifier{}))
}

// charge takes what w has grown by; false where there is no room for it.
func (w *work) charge() bool {
	grown := w.size() - w.charged
	if grown <= 0 {
		return true
	}
	if !w.budget.take(grown) {
		return false
	}
	w.charged += grown
	return true
}
