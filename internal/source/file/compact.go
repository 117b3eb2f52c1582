package file

import (
	"bufio"
	"errors"

	"github.com/klauspost/compress/zstd"
)

// compact reads Thrift's compact protocol, in which Parquet describes itself, as far as
// it takes to judge what is said about sizes.
type compact struct {
	r       *bufio.Reader
	left    int64 // bytes that may still be read
	structs int   // and structs
	zstd    *zstd.Decoder
}

func (c *compact) close() {
	if c.zstd != nil {
		c.zstd.Close()
	}
}

// The kinds of values.
const (
	compactTrue   = 1
	compactFalse  = 2
	compactByte   = 3
	compactI16    = 4
	compactI32    = 5
	compactI64    = 6
	compactDouble = 7
	compactBinary = 8
	compactList   = 9
	compactSet    = 10
	compactStruct = 12
	compactDepth  = 32 // of structs and lists in one another
)

var errCompact = errors.New("a description of the file is malformed")

func (c *compact) byte() (byte, error) {
	if c.left <= 0 {
		return 0, errCompact
	}
	c.left--
	return c.r.ReadByte()
}

func (c *compact) uvarint() (v uint64, err error) {
	for shift := 0; shift < 64; shift += 7 {
		b, err := c.byte()
		if err != nil {
			return 0, err
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v, nil
		}
	}
	return 0, errCompact
}

func (c *compact) varint() (int64, error) {
	v, err := c.uvarint()
	return int64(v>>1) ^ -int64(v&1), err
}

// fields gives the fields of a struct to fn, which reads them.
func (c *compact) fields(depth int, fn func(id int64, kind byte) error) error {
	if c.structs--; c.structs < 0 || depth > compactDepth {
		return errCompact
	}
	for id := int64(0); ; {
		b, err := c.byte()
		if err != nil || b == 0 {
			return err
		}
		if delta := int64(b >> 4); delta > 0 {
			id += delta
		} else if id, err = c.varint(); err != nil {
			return err
		}
		if err := fn(id, b&0x0f); err != nil {
			return err
		}
	}
}

// list reads a list's beginning: each item takes a byte at the least.
func (c *compact) list() (n int64, kind byte, err error) {
	b, err := c.byte()
	if err != nil {
		return 0, 0, err
	}
	n = int64(b >> 4)
	if n == 15 {
		v, err := c.uvarint()
		if err != nil || v > uint64(c.left) {
			return 0, 0, errCompact
		}
		n = int64(v)
	}
	if n > c.left {
		return 0, 0, errCompact
	}
	return n, b & 0x0f, nil
}

func (c *compact) discard(n int64) error {
	if n < 0 || n > c.left {
		return errCompact
	}
	c.left -= n
	_, err := c.r.Discard(int(n))
	return err
}

// skip passes a value.
func (c *compact) skip(kind byte, depth int) (err error) {
	if depth > compactDepth {
		return errCompact
	}
	switch kind {
	case compactTrue, compactFalse:
		return nil
	case compactByte:
		return c.discard(1)
	case compactI16, compactI32, compactI64:
		_, err = c.uvarint()
		return err
	case compactDouble:
		return c.discard(8)
	case compactBinary:
		n, err := c.uvarint()
		if err != nil || n > uint64(max(c.left, 0)) {
			return errCompact
		}
		return c.discard(int64(n))
	case compactList, compactSet:
		return c.skipList(depth)
	case compactStruct:
		return c.fields(depth, func(_ int64, kind byte) error { return c.skip(kind, depth+1) })
	}
	return errCompact // of maps Parquet has none
}

func (c *compact) skipList(depth int) error {
	n, kind, err := c.list()
	for ; n > 0 && err == nil; n-- {
		if kind == compactTrue || kind == compactFalse {
			err = c.discard(1)
		} else {
			err = c.skip(kind, depth+1)
		}
	}
	return err
}

// schema passes the list of a schema's nodes, which say how many nodes they hold, and
// checks how deep they lie in one another.
func (c *compact) schema() error {
	n, kind, err := c.list()
	if err != nil || kind != compactStruct || n > maxNodes {
		return errCompact
	}
	var open []int64 // how many are missing, at each depth
	for ; n > 0; n-- {
		children := int64(0)
		err := c.fields(0, func(id int64, kind byte) error {
			if id != 5 || kind != compactI32 {
				return c.skip(kind, 1)
			}
			var err error
			children, err = c.varint()
			return err
		})
		if err != nil || children < 0 || children > maxNodes {
			return errCompact
		}
		if len(open) > 0 {
			open[len(open)-1]--
		}
		if children > 0 {
			open = append(open, children)
		}
		for len(open) > 0 && open[len(open)-1] == 0 {
			open = open[:len(open)-1]
		}
		if len(open) > maxDepth {
			return errCompact
		}
	}
	return nil
}

// pageHeader is what a page says of itself.
type pageHeader struct {
	kind             int64
	unpacked, packed int64
	values, levels   int64
	plain            bool // it is not packed, whatever its column is
}

// The kinds of pages: data in either form, and the values that data points to.
const (
	pageData       = 0
	pageDictionary = 2
	pageDataSecond = 3
)

// page reads the header of a page.
func (c *compact) page() (h pageHeader, err error) {
	err = c.fields(0, func(id int64, kind byte) (err error) {
		switch {
		case kind == compactI32 && id == 1:
			h.kind, err = c.varint()
		case kind == compactI32 && id == 2:
			h.unpacked, err = c.varint()
		case kind == compactI32 && id == 3:
			h.packed, err = c.varint()
		case kind == compactStruct && (id == 5 || id == 7 || id == 8):
			err = c.dataHeader(id == 8, &h)
		default:
			err = c.skip(kind, 1)
		}
		return err
	})
	return h, err
}

// dataHeader reads what the header of a page says of its values.
func (c *compact) dataHeader(second bool, h *pageHeader) error {
	return c.fields(1, func(id int64, kind byte) (err error) {
		var n int64
		switch {
		case id == 1 && kind == compactI32:
			h.values, err = c.varint()
		case second && (id == 5 || id == 6) && kind == compactI32:
			if n, err = c.varint(); n < 0 {
				return errCompact
			}
			h.levels += n
		case second && id == 7:
			h.plain = kind == compactFalse
		default:
			err = c.skip(kind, 2)
		}
		return err
	})
}
