// Package rows is the workspace of one transaction: what it read and what it will
// write, found by key, and, once a range asks, the written ones in order. Every
// backend's transactions stand on it. It imports only the standard library.
package rows

import (
	"bytes"
	"slices"
)

// Row is what a transaction knows of one key.
type Row struct {
	Key     []byte
	Value   []byte // nil means absent
	Hash    uint64
	Locked  bool
	Stored  bool // it had a value when it was locked; kept by backends that ask
	Held    bool // a placeholder of this transaction's stands for it, likewise
	Written bool
}

// Table holds the rows of one transaction: a hash index over them, and, once a
// Range asked, the written ones in order. It is reused from one to the next.
type Table struct {
	Rows  []Row
	index []int32 // open addressing, linear probing; row number plus one
	keys  []byte  // arena of the locked keys

	// Sorted runs of written rows, each at most half as long as the one before, so
	// that a batch with a Range per record sorts each key O(log n) times.
	runs    [][]int32
	Written []int32 // rows in order of their first write
	sorted  int     // how many of Written lie in runs
}

const (
	minIndex = 1 << 10
	maxIdle  = 1 << 16 // rows and index above this are given back after the transaction
)

// Reset forgets all, and keeps the memory for the next transaction.
func (t *Table) Reset() {
	if len(t.index) > maxIdle*4 || cap(t.Rows) > maxIdle*2 || cap(t.keys) > 8<<20 {
		*t = Table{}
	}
	if t.index == nil {
		t.index = make([]int32, minIndex)
	} else if len(t.Rows) > 0 {
		clear(t.index)
	}
	clear(t.Rows) // lets go of keys and values
	t.Rows, t.keys, t.runs, t.Written, t.sorted = t.Rows[:0], t.keys[:0], t.runs[:0], t.Written[:0], 0
}

// Find gives key's row number, or -1.
func (t *Table) Find(hash uint64, key []byte) int32 {
	mask := uint64(len(t.index) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		i := t.index[at] - 1
		if i < 0 {
			return -1
		}
		if r := &t.Rows[i]; r.Hash == hash && bytes.Equal(r.Key, key) {
			return i
		}
	}
}

// Add makes a row for a key that has none. It keeps key itself.
func (t *Table) Add(hash uint64, key []byte) int32 {
	if 2*(len(t.Rows)+1) > len(t.index) {
		t.grow()
	}
	t.Rows = append(t.Rows, Row{Key: key, Hash: hash})
	t.place(hash, int32(len(t.Rows)))
	return int32(len(t.Rows) - 1)
}

func (t *Table) place(hash uint64, n int32) {
	mask := uint64(len(t.index) - 1)
	at := hash & mask
	for t.index[at] != 0 {
		at = (at + 1) & mask
	}
	t.index[at] = n
}

func (t *Table) grow() {
	t.index = make([]int32, max(minIndex, 4*len(t.index)))
	for i := range t.Rows {
		t.place(t.Rows[i].Hash, int32(i+1))
	}
}

// Own gives a copy of key that lives as long as the transaction.
func (t *Table) Own(key []byte) []byte {
	if len(t.keys)+len(key) > cap(t.keys) {
		t.keys = make([]byte, 0, max(64<<10, 2*cap(t.keys), len(key))) // rows keep the old ones alive
	}
	n := len(t.keys)
	t.keys = append(t.keys, key...)
	return t.keys[n:len(t.keys):len(t.keys)]
}

// Write sets a row's value; nil deletes.
func (t *Table) Write(i int32, value []byte) {
	r := &t.Rows[i]
	r.Value = value
	if !r.Written {
		r.Written = true
		t.Written = append(t.Written, i)
	}
}

// Compare orders two rows by key.
func (t *Table) Compare(a, b int32) int { return bytes.Compare(t.Rows[a].Key, t.Rows[b].Key) }

// Sort gives all written rows in order of key.
func (t *Table) Sort() []int32 {
	slices.SortFunc(t.Written, t.Compare)
	t.runs, t.sorted = t.runs[:0], len(t.Written)
	return t.Written
}

// Between gives, in order of key, the written rows of [lo, hi); a nil hi is no bound.
func (t *Table) Between(lo, hi []byte) []int32 {
	t.settle()
	var found []int32
	runs := 0
	for _, run := range t.runs {
		from, _ := slices.BinarySearchFunc(run, lo, func(i int32, key []byte) int { return bytes.Compare(t.Rows[i].Key, key) })
		n := 0
		for _, i := range run[from:] {
			if hi != nil && bytes.Compare(t.Rows[i].Key, hi) >= 0 {
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
		slices.SortFunc(found, t.Compare)
	}
	return found
}

// settle brings what was written since the last call into the runs.
func (t *Table) settle() {
	if t.sorted == len(t.Written) {
		return
	}
	run := slices.Clone(t.Written[t.sorted:])
	t.sorted = len(t.Written)
	for n := len(t.runs); n > 0 && len(t.runs[n-1]) < 2*len(run); n-- {
		run = append(run, t.runs[n-1]...)
		t.runs = t.runs[:n-1]
	}
	slices.SortFunc(run, t.Compare)
	t.runs = append(t.runs, run)
}

// Within copies the written rows of [lo, hi), in order of key, as whoever is shown
// them may write.
func (t *Table) Within(lo, hi []byte) []Row {
	if len(t.Written) == 0 {
		return nil
	}
	found := t.Between(lo, hi)
	if len(found) == 0 {
		return nil
	}
	rows := make([]Row, len(found))
	for n, i := range found {
		rows[n] = t.Rows[i]
	}
	return rows
}

// Overlay shows fn, in order of key, what is stored, overlaid by what was written,
// until it gives false. at gives the stored entry that stands next, step goes past it.
func Overlay(wrote []Row, at func() (key, value []byte, more bool, err error), step func(), fn func(key, value []byte) bool) error {
	for {
		key, value, more, err := at()
		if err != nil || (!more && len(wrote) == 0) {
			return err
		}
		order := -1 // of the stored entry against the written one
		switch {
		case !more:
			order = 1
		case len(wrote) > 0:
			order = bytes.Compare(key, wrote[0].Key)
		}
		if order < 0 {
			if !fn(key, value) {
				return nil
			}
			step()
			continue
		}
		r := wrote[0]
		wrote = wrote[1:]
		if order == 0 {
			step()
		}
		if r.Value != nil && !fn(r.Key, r.Value) {
			return nil
		}
	}
}
