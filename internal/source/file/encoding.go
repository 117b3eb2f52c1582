package file

import (
	"bytes"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// KnownEncoding reports whether files can be read in an encoding of this name, which is
// one of those that the web knows.
func KnownEncoding(name string) bool {
	e, err := htmlindex.Get(name)
	return err == nil && e != encoding.Replacement
}

// decoder is what makes a content that begins with head UTF-8; nil where nothing need
// be done. A byte order mark wins over the configuration, which wins over the look of it.
func (c Config) decoder(head []byte) transform.Transformer {
	var e encoding.Encoding
	switch {
	case bytes.HasPrefix(head, bom):
		return nil
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}), bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		e = unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM)
	case c.Encoding != "":
		e, _ = htmlindex.Get(c.Encoding) // the name was checked
		if e == nil || e == unicode.UTF8 {
			return nil
		}
	default:
		order, wide := utf16Order(head)
		if !wide {
			return nil
		}
		e = unicode.UTF16(order, unicode.IgnoreBOM)
	}
	return e.NewDecoder()
}

// utf16Order tells UTF-16 without a byte order mark by its NUL bytes: every second byte
// of text in Latin letters is one, and none of the others.
func utf16Order(head []byte) (order unicode.Endianness, wide bool) {
	var nul [2]int
	for i, c := range head {
		if c == 0 {
			nul[i%2]++
		}
	}
	pairs := len(head) / 2
	switch {
	case pairs < 4:
		return unicode.LittleEndian, false
	case nul[0] == 0 && nul[1] > pairs*3/4:
		return unicode.LittleEndian, true
	case nul[1] == 0 && nul[0] > pairs*3/4:
		return unicode.BigEndian, true
	}
	return unicode.LittleEndian, false
}
