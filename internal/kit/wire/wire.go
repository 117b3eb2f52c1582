// Package wire is the small binary encoding that every stored format of Kith is
// made of: varints, length-prefixed bytes, and a version byte in front, which the
// format's owner writes and checks (I8). It imports only the standard library.
//
// An Encoder appends to a slice and cannot fail. A Decoder never panics on
// hostile bytes: its first fault sticks, later reads give zero values, and Err
// tells. Lengths are checked against what remains before anything is allocated.
package wire

import (
	"encoding/binary"
	"errors"
	"math"
	"unsafe"
)

// ErrCorrupt is what a Decoder reports for bytes that its format cannot hold.
var ErrCorrupt = errors.New("stored bytes are truncated or corrupt")

// Encoder appends values to B.
type Encoder struct{ B []byte }

// Byte appends one byte.
func (e *Encoder) Byte(v byte) { e.B = append(e.B, v) }

// Bool appends one byte, 0 or 1.
func (e *Encoder) Bool(v bool) {
	if v {
		e.B = append(e.B, 1)
	} else {
		e.B = append(e.B, 0)
	}
}

// Uint appends an unsigned varint.
func (e *Encoder) Uint(v uint64) { e.B = binary.AppendUvarint(e.B, v) }

// Int appends a zigzag varint.
func (e *Encoder) Int(v int64) { e.B = binary.AppendVarint(e.B, v) }

// Fixed64 appends eight bytes, big-endian.
func (e *Encoder) Fixed64(v uint64) { e.B = binary.BigEndian.AppendUint64(e.B, v) }

// Float appends the eight bytes of v.
func (e *Encoder) Float(v float64) { e.Fixed64(math.Float64bits(v)) }

// String appends a length and the bytes.
func (e *Encoder) String(v string) {
	e.B = binary.AppendUvarint(e.B, uint64(len(v)))
	e.B = append(e.B, v...)
}

// Bytes appends a length and the bytes.
func (e *Encoder) Bytes(v []byte) {
	e.B = binary.AppendUvarint(e.B, uint64(len(v)))
	e.B = append(e.B, v...)
}

// Raw appends v as it is; the reader knows its length.
func (e *Encoder) Raw(v []byte) { e.B = append(e.B, v...) }

// Decoder reads what an Encoder wrote.
type Decoder struct {
	b   []byte
	err error
}

// NewDecoder reads from b. Strings and bytes that it gives alias b, so b must not
// change while they live.
func NewDecoder(b []byte) Decoder { return Decoder{b: b} }

// Err is the first fault met, or nil.
func (d *Decoder) Err() error { return d.err }

// Len is the number of bytes not yet read.
func (d *Decoder) Len() int { return len(d.b) }

// Finish is Err, or ErrCorrupt when bytes are left over.
func (d *Decoder) Finish() error {
	if d.err == nil && len(d.b) != 0 {
		d.err = ErrCorrupt
	}
	return d.err
}

// Fail makes the decoder fail with ErrCorrupt, for values that make no sense.
func (d *Decoder) Fail() {
	if d.err == nil {
		d.err = ErrCorrupt
	}
	d.b = nil
}

// Byte reads one byte.
func (d *Decoder) Byte() byte {
	if len(d.b) == 0 {
		d.Fail()
		return 0
	}
	v := d.b[0]
	d.b = d.b[1:]
	return v
}

// Bool reads one byte, which must be 0 or 1.
func (d *Decoder) Bool() bool {
	v := d.Byte()
	if v > 1 {
		d.Fail()
	}
	return v == 1
}

// Uint reads an unsigned varint.
func (d *Decoder) Uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.Fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

// Int reads a zigzag varint.
func (d *Decoder) Int() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.Fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

// Count reads an element count and refuses one that the remaining bytes cannot
// hold at one byte an element.
func (d *Decoder) Count() int {
	v := d.Uint()
	if v > uint64(len(d.b)) {
		d.Fail()
		return 0
	}
	return int(v)
}

// Fixed64 reads eight bytes, big-endian.
func (d *Decoder) Fixed64() uint64 {
	if len(d.b) < 8 {
		d.Fail()
		return 0
	}
	v := binary.BigEndian.Uint64(d.b)
	d.b = d.b[8:]
	return v
}

// Float reads eight bytes as a float64.
func (d *Decoder) Float() float64 { return math.Float64frombits(d.Fixed64()) }

// Bytes reads a length and that many bytes, without copying.
func (d *Decoder) Bytes() []byte {
	n := d.Count()
	v := d.b[:n:n]
	d.b = d.b[n:]
	return v
}

// String reads a length and that many bytes, without copying.
func (d *Decoder) String() string {
	v := d.Bytes()
	if len(v) == 0 {
		return ""
	}
	return unsafe.String(&v[0], len(v))
}

// Raw reads n bytes, without copying.
func (d *Decoder) Raw(n int) []byte {
	if n < 0 || n > len(d.b) {
		d.Fail()
		return nil
	}
	v := d.b[:n:n]
	d.b = d.b[n:]
	return v
}
