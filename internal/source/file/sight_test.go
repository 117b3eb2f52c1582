package file

import (
	"bytes"
	"testing"
)

// TestSightFormats: what was stored before there were tags is read, and written as it was (I8).
func TestSightFormats(t *testing.T) {
	old := []byte{1, 20, 40} // version, size 10, modified 20
	s, err := decodeSight(old)
	if err != nil || s != (sight{size: 10, modified: 20}) || !bytes.Equal(s.encode(), old) {
		t.Errorf("%+v %v %v", s, s.encode(), err)
	}
	tagged := sight{size: 10, modified: 20, tag: "e1"}
	if again, err := decodeSight(tagged.encode()); err != nil || again != tagged {
		t.Errorf("%+v %v", again, err)
	}
}
