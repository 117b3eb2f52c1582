package tracking

import (
	"unsafe"

	"github.com/kithdata/kith/internal/record"
)

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
	if !w.budget.Take(grown) {
		return false
	}
	w.charged += grown
	return true
}
