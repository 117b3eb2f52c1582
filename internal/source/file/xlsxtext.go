package file

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf8"
)

const (
	maxTexts     = 8 << 20 // shared texts of a workbook
	maxTextChunk = 8 << 20
	maxTextBytes = 256 << 20 // of them together, as JSON
)

// textTable has the texts that the cells of a workbook share, as JSON.
type textTable struct {
	chunks [][]byte
	at     []textAt
	size   int
}

type textAt struct{ chunk, from, n uint32 }

func (t *textTable) get(i int) (text []byte, ok bool) {
	if i < 0 || i >= len(t.at) {
		return nil, false
	}
	at := t.at[i]
	return t.chunks[at.chunk][at.from : at.from+at.n], true
}

func (t *textTable) add(text []byte) error {
	if t.size += len(text); t.size > maxTextBytes || len(t.at) == maxTexts {
		return errors.New("its texts are too many to be held in memory: deliver it as CSV")
	}
	last := len(t.chunks) - 1
	if last < 0 || len(t.chunks[last])+len(text) > maxTextChunk {
		t.chunks = append(t.chunks, nil)
		last++
	}
	chunk := t.chunks[last]
	t.at = append(t.at, textAt{uint32(last), uint32(len(chunk)), uint32(len(text))}) //nolint:gosec // within maxTextBytes
	t.chunks[last] = append(chunk, text...)
	return nil
}

// readTexts reads the part of the shared texts.
func (w *workbook) readTexts() (*textTable, error) {
	t := &textTable{}
	if w.texts == "" {
		return t, nil
	}
	var raw, quoted []byte
	err := w.each(w.texts, func(x *xmlPart) (err error) {
		if !x.is("si") {
			return nil
		}
		if raw, err = x.rich(raw[:0]); err != nil {
			return err
		}
		quoted = appendCellText(quoted[:0], raw)
		return t.add(quoted)
	})
	return t, err
}

// rich appends the text within the tag that just opened: that of its runs, without how it
// is to be pronounced.
func (x *xmlPart) rich(b []byte) ([]byte, error) {
	within, from := false, len(b)
	for depth := 1; depth > 0; {
		kind, err := x.next()
		switch {
		case err != nil:
			return b, err
		case kind == xmlEnd:
			return b, errCutPart
		case kind == xmlOpen && x.is("rPh"):
			if err := x.pass(); err != nil {
				return b, err
			}
		case kind == xmlOpen:
			within = x.is("t")
			depth++
		case kind == xmlClose:
			within = false
			depth--
		case within:
			if b = append(b, x.text...); len(b)-from > maxTag {
				return b, errTag
			}
		}
	}
	return b, nil
}

// appendCellText appends a cell's text as JSON, with what XML cannot say put back
// (ECMA-376, part 1, 22.9.2.19).
func appendCellText(b, text []byte) []byte {
	if bytes.Contains(text, []byte("_x")) {
		text = unescaped(text)
	}
	return appendText(b, text)
}

func unescaped(text []byte) []byte {
	var out []byte
	for {
		i := bytes.Index(text, []byte("_x"))
		if i < 0 {
			return append(out, text...)
		}
		out = append(out, text[:i]...)
		text = text[i:]
		const n = len("_x0000_")
		if len(text) >= n && text[n-1] == '_' {
			if c, err := strconv.ParseUint(string(text[2:n-1]), 16, 16); err == nil {
				out = utf8.AppendRune(out, rune(c))
				text = text[n:]
				continue
			}
		}
		out = append(out, text[:2]...)
		text = text[2:]
	}
}
