// Package budget bounds the bytes that requests under way hold together. It may touch
// the standard library alone.
package budget

import "sync/atomic"

// Requests is the most that the requests of one door hold where nothing else is said.
// Bodies come slowly where their senders want them to, and some are believed only once
// they are whole: what all connections together could hold would be too much.
const Requests = 256 << 20

// Budget is a number of bytes that many share. It is safe for concurrent use.
type Budget struct {
	most int64
	held atomic.Int64
}

// New makes a Budget of so many bytes.
func New(most int64) *Budget { return &Budget{most: most} }

// Take takes n bytes; false where there is no room for them, and none is taken.
func (b *Budget) Take(n int64) bool {
	if b.held.Add(n) <= b.most {
		return true
	}
	b.held.Add(-n)
	return false
}

// Give gives n bytes back.
func (b *Budget) Give(n int64) { b.held.Add(-n) }
