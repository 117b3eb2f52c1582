package wire

import (
	"bytes"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestWhatIsWrittenReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, u, i := rapid.Byte().Draw(t, "byte"), rapid.Uint64().Draw(t, "uint"), rapid.Int64().Draw(t, "int")
		s, raw := rapid.String().Draw(t, "string"), rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		f, yes := rapid.Float64().Draw(t, "float"), rapid.Bool().Draw(t, "bool")
		var e Encoder
		e.Byte(b)
		e.Uint(u)
		e.Int(i)
		e.String(s)
		e.Bytes(raw)
		e.Float(f)
		e.Bool(yes)
		e.Fixed64(u)
		e.Raw(raw)
		d := NewDecoder(e.B)
		if d.Byte() != b || d.Uint() != u || d.Int() != i || d.String() != s || !bytes.Equal(d.Bytes(), raw) ||
			math.Float64bits(d.Float()) != math.Float64bits(f) || d.Bool() != yes || d.Fixed64() != u || !bytes.Equal(d.Raw(len(raw)), raw) {
			t.Fatal("a value changed on the way")
		}
		if err := d.Finish(); err != nil {
			t.Fatal(err)
		}
		for cut := range e.B[:len(e.B)-len(raw)] { // torn anywhere before the raw tail: a fault, and no panic
			d := NewDecoder(e.B[:cut])
			d.Byte()
			d.Uint()
			d.Int()
			_ = d.String()
			d.Bytes()
			d.Float()
			d.Bool()
			d.Fixed64()
			if d.Err() == nil {
				t.Fatalf("bytes cut at %d of %d were read", cut, len(e.B))
			}
		}
	})
}

func TestFaultsStick(t *testing.T) {
	d := NewDecoder([]byte{0xff})
	if d.Uint() != 0 || d.Err() == nil {
		t.Error("an endless varint was read")
	}
	if d.Byte() != 0 || d.Len() != 0 {
		t.Error("a decoder went on after its fault")
	}
	left := NewDecoder([]byte{1, 2})
	left.Byte()
	if left.Finish() == nil {
		t.Error("bytes that are left over are no fault")
	}
	if two := NewDecoder([]byte{2}); two.Bool() || two.Err() == nil {
		t.Error("2 is no boolean")
	}
}

// A count is never believed beyond what the bytes can hold: nothing is allocated
// on a stranger's word.
func FuzzCountsAreBounded(f *testing.F) {
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, b []byte) {
		d := NewDecoder(b)
		for d.Err() == nil && d.Len() > 0 {
			before := d.Len()
			if n := d.Count(); n > before {
				t.Fatalf("a count of %d of %d bytes", n, before)
			}
			d.Bytes()
		}
	})
}
