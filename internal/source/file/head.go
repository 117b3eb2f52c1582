package file

import (
	"context"
	"errors"
	"io"
)

// Head gives the first bytes of the file at path, at most limit: unpacked, but not decoded
// from the encoding that they are in. What is no text, such as Parquet, gives none.
func Head(ctx context.Context, cfg Config, path string, limit int) ([]byte, error) {
	_, s, done, err := cfg.withDefaults().openPath(ctx, path)
	if err != nil {
		return nil, err
	}
	defer done()
	if isTable(s.format) {
		return nil, nil
	}
	b := make([]byte, limit)
	n, err := io.ReadFull(s.r, b)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, readFault(path, err)
	}
	return b[:n], nil
}
