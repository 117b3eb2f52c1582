package embedded

import (
	"bytes"
	"slices"
)

// row is what a transaction knows of one key.
type row struct {
	key     []byte
	value   []byte // nil means absent
	hash    uint64
	locked  bool
	written bool
}

// table holds the rows of one transaction: a hash index over them, and, once a
// Range asked, the written ones in order. It is reused from one to the next.
type table struct {
	rows  []row
	index []int32 // open addressing, linear probing; row number plus one
	keys  []byte  // arena of the locked keys

	// Sorted runs of written rows, each at most half as long as the one before, so
	// that a batch with a Range per record sorts each key O(log n) times.
	runs    [][]int32
	written []int32 // rows in order of their first write
	sorted  int     // how many of written lie in runs
}

const (
	minIndex = 1 << 10
	maxIdle  = 1 << 16 // rows and index above this are given back after the transaction
)

func (t *table) reset() {
	if len(t.index) > maxIdle*4 || cap(t.rows) > maxIdle*2 || cap(t.keys) > 8<<20 {
		*t = table{}
	}
	if t.index == nil {
		t.index = make([]int32, minIndex)
	} else if len(t.rows) > 0 {
		clear(t.index)
	}
	clear(t.rows) // lets go of keys and values
	t.rows, t.keys, t.runs, t.written, t.sorted = t.rows[:0], t.keys[:0], t.runs[:0], t.written[:0], 0
}

// find gives key's row number, or -1.
func (t *table) find(hash uint64, key []byte) int32 {
	mask := uint64(len(t.index) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		i := t.index[at] - 1
		if i < 0 {
			return -1
		}
		if r := &t.rows[i]; r.hash == hash && bytes.Equal(r.key, key) {
			return i
		}
	}
}

// add makes a row for a key that has none. It keeps key itself.
func (t *table) add(hash uint64, key []byte) int32 {
	if 2*(len(t.rows)+1) > len(t.index) {
		t.grow()
	}
	t.rows = append(t.rows, row{key: key, hash: hash})
	t.place(hash, int32(len(t.rows)))
	return int32(len(t.rows) - 1)
}

func (t *table) place(hash uint64, n int32) {
	mask := uint64(len(t.index) - 1)
	at := hash & mask
	for t.index[at] != 0 {
		at = (at + 1) & mask
	}
	t.index[at] = n
}

func (t *table) grow() {
	t.index = make([]int32, max(minIndex, 4*len(t.index)))
	for i := range t.rows {
		t.place(t.rows[i].hash, int32(i+1))
	}
}

// own gives a copy of key that lives as long as the transaction.
func (t *table) own(key []byte) []byte {
	if len(t.keys)+len(key) > cap(t.keys) {
		t.keys = make([]byte, 0, max(64<<10, 2*cap(t.keys), len(key))) // rows keep the old ones alive
	}
	n := len(t.keys)
	t.keys = append(t.keys, key...)
	return t.keys[n:len(t.keys):len(t.keys)]
}

// write sets a row's value; nil deletes.
func (t *table) write(i int32, value []byte) {
	r := &t.rows[i]
	r.value = value
	if !r.written {
		r.written = true
		t.written = append(t.written, i)
	}
}

func (t *table) compare(a, b int32) int { return bytes.Compare(t.rows[a].key, t.rows[b].key) }

// sort gives all written rows in order of key.
func (t *table) sort() []int32 {
	slices.SortFunc(t.written, t.compare)
	t.runs, t.sorted = t.runs[:0], len(t.written)
	return t.written
}

// between gives, in order of key, the written rows of [lo, hi); a nil hi is no bound.
func (t *table) between(lo, hi []byte) []int32 {
	t.settle()
	var found []int32
	runs := 0
	for _, run := range t.runs {
		from, _ := slices.BinarySearchFunc(run, lo, func(i int32, key []byte) int { return bytes.Compare(t.rows[i].key, key) })
		n := 0
		for _, i := range run[from:] {
			if hi != nil && bytes.Compare(t.rows[i].key, hi) >= 0 {
				break
			}
			found = append(found, i)
			n++
		}
		if n > 0 {
			runs++
		}
	}
	if runs > 1 {
		slices.SortFunc(found, t.compare)
	}
	return found
}

// settle brings what was written since the last call into the runs.
func (t *table) settle() {
	if t.sorted == len(t.written) {
		return
	}
	run := slices.Clone(t.written[t.sorted:])
	t.sorted = len(t.written)
	for n := len(t.runs); n > 0 && len(t.runs[n-1]) < 2*len(run); n-- {
		run = append(run, t.runs[n-1]...)
		t.runs = t.runs[:n-1]
	}
	slices.SortFunc(run, t.compare)
	t.runs = append(t.runs, run)
}
