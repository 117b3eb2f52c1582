package match

import (
	"strings"
	"unsafe"

	"github.com/zeebo/xxh3"
)

// dictionary keeps values once each, and numbers them as they come; the first is "".
type dictionary struct {
	values []string
	slots  []uint64        // half of a value's hash, then its number; 0: free. At most half are taken
	block  strings.Builder // the text of the latest values
}

const (
	firstSlots = 64
	firstBlock = 1 << 10
	mostBlock  = 1 << 20
)

// add gives the number of a value. Its text is copied where it is new.
func (d *dictionary) add(value []byte) uint32 {
	if len(value) == 0 {
		return 0
	}
	h := uint32(xxh3.Hash(value))
	at, code := d.find(h, unsafe.String(&value[0], len(value))) // find keeps nothing of it
	if code == 0 {
		code = d.put(at, h, d.keep(value))
	}
	return code
}

// addString is add of a text that is kept as it is.
func (d *dictionary) addString(value string) uint32 {
	if value == "" {
		return 0
	}
	h := uint32(xxh3.HashString(value))
	at, code := d.find(h, value)
	if code == 0 {
		code = d.put(at, h, value)
	}
	return code
}

// find gives the number of a value, or 0 and the slot where it belongs.
func (d *dictionary) find(h uint32, value string) (at uint64, code uint32) {
	if len(d.slots) < 2*len(d.values) {
		d.grow()
	}
	mask := uint64(len(d.slots) - 1)
	for at = uint64(h) & mask; ; at = (at + 1) & mask {
		s := d.slots[at]
		if s == 0 {
			return at, 0
		}
		if uint32(s>>32) == h && d.values[uint32(s)] == value {
			return at, uint32(s)
		}
	}
}

func (d *dictionary) put(at uint64, h uint32, value string) uint32 {
	code := uint32(len(d.values))
	d.values = append(d.values, value)
	d.slots[at] = uint64(h)<<32 | uint64(code)
	return code
}

func (d *dictionary) grow() {
	old := d.slots
	d.slots = make([]uint64, max(firstSlots, 2*len(old)))
	mask := uint64(len(d.slots) - 1)
	for _, s := range old {
		if s != 0 {
			at := s >> 32 & mask
			for d.slots[at] != 0 {
				at = (at + 1) & mask
			}
			d.slots[at] = s
		}
	}
}

// keep copies a value to where others are: one by one they would take as much again.
func (d *dictionary) keep(value []byte) string {
	if d.block.Cap()-d.block.Len() < len(value) {
		size := min(max(2*d.block.Cap(), firstBlock), mostBlock)
		d.block.Reset()
		d.block.Grow(max(size, len(value)))
	}
	from := d.block.Len()
	d.block.Write(value)
	return d.block.String()[from:]
}
