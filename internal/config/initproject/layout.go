package initproject

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/source/file"
)

// How much of a file is looked at to see how it is laid out.
const (
	headBytes = 64 << 10
	jsonBytes = 4 << 20
	maxTitles = 20 // lines above a header
)

// arrayIn finds where in a JSON document its records lie: the path to the array that has
// most objects; empty where the document is not one object with an array in it. What
// lies behind the first bytes is not seen.
func arrayIn(ctx context.Context, cfg file.Config, path string) string {
	b, err := file.Head(ctx, cfg, path, jsonBytes)
	if err != nil || !bytes.HasPrefix(bytes.TrimLeft(b, " \t\r\n\ufeff"), []byte{'{'}) {
		return ""
	}
	w := &walker{d: jsontext.NewDecoder(bytes.NewReader(b)), cut: len(b) == jsonBytes}
	w.value(nil)
	if !w.cut {
		if _, err := w.d.ReadToken(); !errors.Is(err, io.EOF) {
			return "" // a second document: JSON lines
		}
	}
	return w.best
}

// walker goes through a document once, counting the objects of each array.
type walker struct {
	d    *jsontext.Decoder
	cut  bool // the document goes on behind what is read
	best string
	most int
}

func (w *walker) value(path []string) bool {
	switch w.d.PeekKind() {
	case '{':
		if len(path) > 3 {
			return w.d.SkipValue() == nil
		}
		if _, err := w.d.ReadToken(); err != nil {
			return false
		}
		for w.d.PeekKind() == '"' {
			name, err := w.d.ReadToken()
			if err != nil {
				return false
			}
			if member := name.String(); !w.value(append(path[:len(path):len(path)], member)) {
				return false
			}
		}
		_, err := w.d.ReadToken()
		return err == nil
	case '[':
		return w.array(path)
	}
	return w.d.SkipValue() == nil
}

func (w *walker) array(path []string) bool {
	if _, err := w.d.ReadToken(); err != nil {
		return false
	}
	objects, ok := 0, true
	for ok && w.d.PeekKind() != ']' {
		if w.d.PeekKind() == '{' {
			objects++
		}
		ok = w.d.SkipValue() == nil
	}
	named := len(path) > 0
	for _, name := range path {
		named = named && name != "" && !strings.Contains(name, ".")
	}
	if named && objects > w.most {
		w.most, w.best = objects, strings.Join(path, ".")
	}
	if ok {
		_, err := w.d.ReadToken()
		ok = err == nil
	}
	return ok
}

// titles counts the lines above the header of a CSV file: the least that leaves a row
// which names all columns above rows that fit it; 0 where none does.
func titles(ctx context.Context, cfg file.Config, path string) int {
	for n := 1; n <= maxTitles; n++ {
		cfg.Dialect.SkipLines = n
		s := newSample(path, cfg)
		seen, err := s.rowsOf(ctx, cfg, path, 50)
		if err != nil || seen.Headless || seen.Rejected > s.rows/10 || len(s.columns) < 2 || s.rows == 0 {
			continue
		}
		if s.unnamed() == 0 {
			return n
		}
	}
	return 0
}
