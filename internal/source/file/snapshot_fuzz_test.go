package file

import (
	"bytes"
	"testing"
)

// FuzzDecodeKeys has what is read write back to the same bytes' keys, and never more
// memory than the input explains.
func FuzzDecodeKeys(f *testing.F) {
	f.Add(encodeKeys([]string{"person-1", "person-10", "person-2", "x"}))
	f.Add([]byte{1, 2, 0, 1, 'a', 9, 1, 'b'})
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, b []byte) {
		var keys []string
		if decodeKeys(b, func(_ int, key []byte) error { keys = append(keys, string(key)); return nil }) != nil {
			return
		}
		var again []string
		if err := decodeKeys(encodeKeys(keys), func(_ int, key []byte) error { again = append(again, string(key)); return nil }); err != nil || len(again) != len(keys) {
			t.Fatal(err, keys, again)
		}
		for i := range keys {
			if !bytes.Equal([]byte(keys[i]), []byte(again[i])) {
				t.Fatal(keys, again)
			}
		}
	})
}

func FuzzDecodeSnapshot(f *testing.F) {
	s := snapshot{ordinal: 3, stream: "crm.contacts", chunks: 2, keys: 1500}
	f.Add(s.encode())
	f.Add((&truth{stream: "crm.contacts", current: 3, next: 4, row: 9, passes: 2}).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := decodeSnapshot(b); err == nil {
			if again, err := decodeSnapshot(s.encode()); err != nil || again != s {
				t.Fatal(err, s, again)
			}
		}
		if s, err := decodeTruth(b); err == nil {
			if again, err := decodeTruth(s.encode()); err != nil || again != s {
				t.Fatal(err, s, again)
			}
		}
	})
}
