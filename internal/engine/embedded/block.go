package embedded

import (
	"encoding/binary"

	"github.com/kithdata/kith/internal/kit/wire"
)

// blockVersion is the format of a block: the version byte, the count as a varint,
// then each value with its length as a varint in front (I8).
const blockVersion = 1

// maxBlockBytes is where a block is closed and the next begun. A reader walks a
// block from its start, and a kept value keeps what was read beside it.
const maxBlockBytes = 128 << 10

// frame is the body of one block under construction.
type frame struct {
	count int
	buf   []byte
}

// framer gathers the values of one partition into blocks; its buffers are reused.
type framer struct {
	frames []frame
	total  int // values
	bytes  int
}

func (f *framer) reset() {
	if f.bytes > 4*maxBlockBytes { // one huge commit must not hold its buffers for ever
		f.frames = nil
	}
	f.frames, f.total, f.bytes = f.frames[:0], 0, 0
}

func (f *framer) add(value []byte) {
	n := len(f.frames)
	if n == 0 || len(f.frames[n-1].buf)+len(value) > maxBlockBytes {
		if n < cap(f.frames) {
			f.frames = f.frames[:n+1]
			f.frames[n].count, f.frames[n].buf = 0, f.frames[n].buf[:0]
		} else {
			f.frames = append(f.frames, frame{})
		}
		n++
	}
	last := &f.frames[n-1]
	before := len(last.buf)
	last.buf = binary.AppendUvarint(last.buf, uint64(len(value)))
	last.buf = append(last.buf, value...)
	last.count++
	f.total++
	f.bytes += len(last.buf) - before
}

// size is the length of the block made from f.
func (f frame) size() int { return 1 + uvarintLen(uint64(f.count)) + len(f.buf) }

// fill writes the block into dst, which has f.size() bytes.
func (f frame) fill(dst []byte) {
	dst[0] = blockVersion
	n := 1 + binary.PutUvarint(dst[1:], uint64(f.count))
	copy(dst[n:], f.buf)
}

func uvarintLen(v uint64) int {
	n := 1
	for v >= 0x80 {
		v >>= 7
		n++
	}
	return n
}

// blockCount is the number of values in a block.
func blockCount(block []byte) (int, error) {
	d := wire.NewDecoder(block)
	n := blockHead(&d)
	return n, d.Err()
}

func blockHead(d *wire.Decoder) int {
	if d.Byte() != blockVersion {
		d.Fail()
	}
	n := d.Count()
	if d.Err() == nil && n == 0 {
		d.Fail()
	}
	return n
}

// takeBlock appends to out the values of block from index skip on until out has
// limit values. Only those are copied, into one buffer of their own.
func takeBlock(out [][]byte, block []byte, skip, limit int) ([][]byte, error) {
	d := wire.NewDecoder(block)
	count := blockHead(&d)
	for i := 0; i < skip && i < count; i++ {
		d.Bytes()
	}
	want := min(count-skip, limit-len(out))
	if d.Err() != nil || want <= 0 {
		return out, d.Err()
	}
	rest := d.Len()
	probe := d
	for range want {
		probe.Bytes()
	}
	if probe.Err() != nil {
		return out, probe.Err()
	}
	start := len(block) - rest
	own := wire.NewDecoder(append([]byte(nil), block[start:len(block)-probe.Len()]...))
	for range want {
		out = append(out, own.Bytes())
	}
	return out, own.Err()
}
