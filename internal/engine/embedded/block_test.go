package embedded

import (
	"bytes"
	"testing"
)

func blocksOf(values ...string) [][]byte {
	var f framer
	for _, v := range values {
		f.add([]byte(v))
	}
	var blocks [][]byte
	for _, fr := range f.frames {
		b := make([]byte, fr.size())
		fr.fill(b)
		blocks = append(blocks, b)
	}
	return blocks
}

// FuzzBlock reads hostile bytes as a block: never a panic, never more than asked.
func FuzzBlock(f *testing.F) {
	for _, b := range blocksOf("", "Ada", string(bytes.Repeat([]byte("long "), 100))) {
		f.Add(b, 0, 2)
		f.Add(b[:len(b)-1], 1, 9)
	}
	f.Add([]byte{blockVersion, 0}, 0, 1)
	f.Add([]byte{blockVersion, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, 0, 1)
	f.Add([]byte{2, 1, 0}, 0, 1)
	f.Fuzz(func(t *testing.T, block []byte, skip, limit int) {
		skip, limit = max(skip, 0), min(max(limit, 1), 1000)
		count, headErr := blockCount(block)
		out, err := takeBlock(nil, block, skip, limit)
		if len(out) > limit || headErr != nil && err == nil {
			t.Fatalf("%d values of limit %d; head %v, body %v", len(out), limit, headErr, err)
		}
		if err != nil || headErr != nil || skip >= count {
			return
		}
		whole, err := takeBlock(nil, block, 0, count)
		if err != nil { // damage may lie behind what was asked for
			return
		}
		for i, v := range out {
			if !bytes.Equal(v, whole[skip+i]) {
				t.Fatalf("value %d differs by the window it was read in", skip+i)
			}
		}
	})
}

// FuzzMeta reads hostile bytes as what a database says of itself.
func FuzzMeta(f *testing.F) {
	f.Add([]byte{1, 2, 'a', 'b', 4, 0})
	f.Add([]byte{})
	f.Add([]byte{9})
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parseMeta(raw)
		if err == nil && (m.partitions < 0 || m.topics < 0) {
			t.Fatalf("accepted %+v", m)
		}
	})
}

// FuzzOffset reads hostile bytes as a stored offset.
func FuzzOffset(f *testing.F) {
	f.Add(streamKey(keyOffset, "refine", 3), make([]byte, 8))
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		m, _, err := parseOffset(key, value)
		if err == nil && len(key) > 0 && key[0] == keyOffset && len(m.reader) < 100 && !bytes.Equal(streamKey(keyOffset, m.reader, m.partition), key) {
			t.Fatalf("%x reads as %+v, which is written otherwise", key, m)
		}
	})
}
