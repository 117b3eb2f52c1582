package file

import (
	"bufio"
	"encoding/xml"
	"errors"
	"io"
)

// maxTag is how many bytes a tag or a text of a workbook may have.
const maxTag = 1 << 20

var (
	errTag      = errors.New("a tag or a text of it is longer than 1 MiB")
	errDocument = errors.New("it declares a document type, which no workbook does")
)

// xmlPart reads a part of a workbook, tag by tag. Nothing of it is kept, no entity is
// expanded but those of XML itself, and nesting takes no memory.
type xmlPart struct {
	in      tagged
	decoder *xml.Decoder
	name    string     // of the tag
	attrs   []xml.Attr // of a tag that opens
	text    []byte
}

// xmlKind is what is next in a part.
type xmlKind uint8

const (
	xmlOpen xmlKind = iota
	xmlClose
	xmlText
	xmlEnd // of the part
)

func newXML(r io.Reader) *xmlPart {
	x := &xmlPart{}
	x.in.Reader = bufio.NewReaderSize(r, 32<<10)
	x.decoder = xml.NewDecoder(&x.in)
	return x
}

// next moves on to the next tag or text.
func (x *xmlPart) next() (xmlKind, error) {
	for {
		x.in.left = maxTag
		token, err := x.decoder.RawToken()
		switch {
		case errors.Is(err, io.EOF):
			return xmlEnd, nil
		case err != nil:
			if x.in.err != nil {
				err = x.in.err
			}
			return xmlEnd, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			x.name, x.attrs = t.Name.Local, t.Attr
			return xmlOpen, nil
		case xml.EndElement:
			x.name = t.Name.Local
			return xmlClose, nil
		case xml.CharData:
			x.text = t
			return xmlText, nil
		case xml.Directive:
			return xmlEnd, errDocument
		}
	}
}

// attr is the value of an attribute, whatever its prefix; empty where there is none.
func (x *xmlPart) attr(name string) string {
	for _, a := range x.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// pass goes over what is within the tag that just opened.
func (x *xmlPart) pass() error {
	for depth := 1; depth > 0; {
		kind, err := x.next()
		switch {
		case err != nil:
			return err
		case kind == xmlEnd:
			return io.ErrUnexpectedEOF
		case kind == xmlOpen:
			depth++
		case kind == xmlClose:
			depth--
		}
	}
	return nil
}

// tagged reads byte by byte, no more than a tag may have.
type tagged struct {
	*bufio.Reader
	left int
	err  error
}

func (t *tagged) ReadByte() (byte, error) {
	if t.left--; t.left < 0 {
		t.err = errTag
		return 0, errTag
	}
	c, err := t.Reader.ReadByte()
	if err != nil && !errors.Is(err, io.EOF) {
		t.err = err
	}
	return c, err
}
