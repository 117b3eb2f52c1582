package file

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxTag is how many bytes a tag or a text of a workbook may have.
const maxTag = 1 << 20

var (
	errTag      = errors.New("a tag or a text of it is longer than 1 MiB")
	errDocument = errors.New("it declares a document type, which no workbook does")
	errEntity   = errors.New("it has an entity that is not one of XML's own")
	errEncoding = errors.New("its XML is in another encoding than UTF-8")
	errCutPart  = errors.New("a part of it is cut off")
)

// xmlPart reads a part of a workbook, tag by tag. The standard library's reader does a
// tenth of the rows in a second, for it makes each tag and attribute anew. Here nothing is
// kept but the tag or text at hand, nesting takes no memory, and no entity is known but
// those of XML itself. Whether tags agree is not looked at: a damaged part fails its
// checksum.
type xmlPart struct {
	r        io.Reader
	buf      []byte
	pos, end int // not yet read: buf[pos:end]
	ended    bool
	begun    bool

	name   []byte // of the tag at hand, without its prefix; until the next call
	tag    []byte // behind the name of one that opens
	text   []byte
	closed bool // the tag that was given as opening closes itself
	made   []byte
}

// xmlKind is what is next in a part.
type xmlKind uint8

const (
	xmlOpen xmlKind = iota
	xmlClose
	xmlText
	xmlEnd // of the part
)

func newXML(r io.Reader) *xmlPart { return &xmlPart{r: r, buf: make([]byte, 64<<10)} }

// fill reads more, and moves what is not yet read; false at the end.
func (x *xmlPart) fill() (bool, error) {
	if x.ended {
		return false, nil
	}
	if x.end-x.pos > maxTag {
		return false, errTag
	}
	if x.pos > 0 {
		x.end = copy(x.buf, x.buf[x.pos:x.end])
		x.pos = 0
	}
	if x.end == len(x.buf) {
		x.buf = append(x.buf, make([]byte, len(x.buf))...)
	}
	for range 100 { // as bufio does: a reader may give nothing a few times
		n, err := x.r.Read(x.buf[x.end:])
		x.end += n
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		if x.ended = err != nil; n > 0 || x.ended {
			return n > 0, nil
		}
	}
	return false, io.ErrNoProgress
}

// until gives how many bytes of what is not yet read come before a mark, which is there.
func (x *xmlPart) until(mark string) (int, error) {
	from := 0
	for {
		if i := bytes.Index(x.buf[x.pos+from:x.end], []byte(mark)); i >= 0 {
			return from + i, nil
		}
		from = max(0, x.end-x.pos-len(mark)+1)
		if more, err := x.fill(); err != nil {
			return 0, err
		} else if !more {
			return 0, errCutPart
		}
	}
}

// next moves on to the next tag or text.
func (x *xmlPart) next() (xmlKind, error) {
	if x.closed {
		x.closed = false
		return xmlClose, nil
	}
	for {
		if x.pos == x.end {
			if more, err := x.fill(); err != nil || !more {
				return xmlEnd, err
			}
		}
		if !x.begun {
			if err := x.begin(); err != nil {
				return xmlEnd, err
			}
			continue
		}
		if x.buf[x.pos] != '<' {
			return x.nextText()
		}
		kind, given, err := x.nextTag()
		if given || err != nil {
			return kind, err
		}
	}
}

// begin looks at the first bytes: at a byte order mark, and for another encoding.
func (x *xmlPart) begin() error {
	for x.end-x.pos < len(bom) {
		if more, err := x.fill(); err != nil {
			return err
		} else if !more {
			break
		}
	}
	x.begun = true
	rest := x.buf[x.pos:x.end]
	switch {
	case bytes.HasPrefix(rest, bom):
		x.pos += len(bom)
	case len(rest) > 1 && (rest[0] >= 0xFE || rest[0] == 0 || rest[1] == 0):
		return errEncoding
	}
	return nil
}

func (x *xmlPart) nextText() (xmlKind, error) {
	n, err := x.until("<")
	if errors.Is(err, errCutPart) { // what follows the last tag
		n, err = x.end-x.pos, nil
	}
	if err != nil {
		return xmlEnd, err
	}
	x.text = lineFeeds(x.buf[x.pos : x.pos+n])
	x.pos += n
	if bytes.IndexByte(x.text, '&') >= 0 {
		made, ok := appendUnescaped(x.made[:0], x.text)
		if !ok {
			return xmlEnd, errEntity
		}
		x.made, x.text = made, made
	}
	return xmlText, nil
}

// lineFeeds has the line ends that XML makes of any.
func lineFeeds(text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte{'\n'})
	return bytes.ReplaceAll(text, []byte{'\r'}, []byte{'\n'})
}

// nextTag reads what begins with an angle bracket; given is false for what says nothing.
func (x *xmlPart) nextTag() (kind xmlKind, given bool, err error) {
	const data = "<![CDATA["
	for x.end-x.pos < len(data) { // a tag may be shorter
		if more, err := x.fill(); err != nil {
			return xmlEnd, false, err
		} else if !more {
			break
		}
	}
	rest := x.buf[x.pos:x.end]
	switch {
	case bytes.HasPrefix(rest, []byte("<?")):
		x.pos += 2
		n, err := x.until("?>")
		if err == nil {
			x.tag = x.buf[x.pos : x.pos+n]
			if e := x.attr("encoding"); len(e) > 0 && !strings.EqualFold(string(e), "utf-8") && !strings.EqualFold(string(e), "us-ascii") {
				err = errEncoding
			}
			x.pos += n + 2
		}
		return xmlEnd, false, err
	case bytes.HasPrefix(rest, []byte("<!--")):
		x.pos += 4
		n, err := x.until("-->")
		if err == nil {
			x.pos += n + 3
		}
		return xmlEnd, false, err
	case bytes.HasPrefix(rest, []byte(data)):
		x.pos += len(data)
		n, err := x.until("]]>")
		if err != nil {
			return xmlEnd, false, err
		}
		x.text = lineFeeds(x.buf[x.pos : x.pos+n])
		x.pos += n + 3
		return xmlText, true, nil
	case bytes.HasPrefix(rest, []byte("<!")):
		return xmlEnd, false, errDocument
	}
	kind, err = x.element()
	return kind, true, err
}

// element reads a tag.
func (x *xmlPart) element() (xmlKind, error) {
	quote := byte(0)
	at := 1
	for ; ; at++ {
		if x.pos+at == x.end {
			if more, err := x.fill(); err != nil {
				return xmlEnd, err
			} else if !more {
				return xmlEnd, errCutPart
			}
		}
		c := x.buf[x.pos+at]
		if quote != 0 {
			if c == quote {
				quote = 0
			}
		} else if c == '"' || c == '\'' {
			quote = c
		} else if c == '>' {
			break
		}
	}
	tag := x.buf[x.pos+1 : x.pos+at]
	x.pos += at + 1
	kind := xmlOpen
	switch {
	case len(tag) > 0 && tag[0] == '/':
		kind, tag = xmlClose, tag[1:]
	case len(tag) > 0 && tag[len(tag)-1] == '/':
		x.closed, tag = true, tag[:len(tag)-1]
	}
	n := 0
	for n < len(tag) && !isSpace(tag[n]) {
		n++
	}
	x.name, x.tag = local(tag[:n]), tag[n:]
	return kind, nil
}

// local is a name without its prefix.
func local(name []byte) []byte {
	if at := bytes.IndexByte(name, ':'); at > 0 && at < len(name)-1 {
		return name[at+1:]
	}
	return name
}

// is reports whether the tag at hand has a name.
func (x *xmlPart) is(name string) bool { return string(x.name) == name }

// attr is the value of an attribute of the tag that just opened, whatever its prefix; empty
// where there is none.
func (x *xmlPart) attr(name string) []byte {
	rest := x.tag
	for {
		eq := bytes.IndexByte(rest, '=')
		if eq < 0 {
			return nil
		}
		key := bytes.TrimSpace(rest[:eq])
		if space := bytes.LastIndexAny(key, " \t\r\n"); space >= 0 {
			key = key[space+1:]
		}
		rest = bytes.TrimLeft(rest[eq+1:], " \t\r\n")
		if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
			return nil
		}
		end := bytes.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return nil
		}
		value := lineFeeds(rest[1 : 1+end])
		rest = rest[end+2:]
		if string(local(key)) != name {
			continue
		}
		if bytes.IndexByte(value, '&') >= 0 {
			if made, ok := appendUnescaped(nil, value); ok {
				return made
			}
		}
		return value
	}
}

// appendUnescaped appends a text with its entities put back.
func appendUnescaped(b, text []byte) (out []byte, ok bool) {
	for {
		i := bytes.IndexByte(text, '&')
		if i < 0 {
			return append(b, text...), true
		}
		b = append(b, text[:i]...)
		end := bytes.IndexByte(text[i:], ';')
		if end < 0 {
			return b, false
		}
		entity := string(text[i+1 : i+end])
		text = text[i+end+1:]
		switch entity {
		case "lt":
			b = append(b, '<')
		case "gt":
			b = append(b, '>')
		case "amp":
			b = append(b, '&')
		case "quot":
			b = append(b, '"')
		case "apos":
			b = append(b, '\'')
		default:
			digits, numbered := strings.CutPrefix(entity, "#")
			base := 10
			if hex, ok := strings.CutPrefix(digits, "x"); ok {
				digits, base = hex, 16
			}
			c, err := strconv.ParseUint(digits, base, 31)
			if !numbered || err != nil {
				return b, false
			}
			b = utf8.AppendRune(b, rune(c)) //nolint:gosec // 31 bits
		}
	}
}

// pass goes over what is within the tag that just opened.
func (x *xmlPart) pass() error {
	for depth := 1; depth > 0; {
		kind, err := x.next()
		switch {
		case err != nil:
			return err
		case kind == xmlEnd:
			return errCutPart
		case kind == xmlOpen:
			depth++
		case kind == xmlClose:
			depth--
		}
	}
	return nil
}
