package file_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/source/file"
)

type noSink struct{}

func (noSink) Put(context.Context, []record.Record) (record.Position, error) {
	return record.Position{Log: "log"}, nil
}

type benchRig struct{ cfg file.Config }

func newBenchRig(b *testing.B, name, content string) benchRig {
	path := filepath.Join(b.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		b.Fatal(err)
	}
	return benchRig{cfg: file.Config{Name: "crm", Path: path, Streams: []file.StreamMatch{{Stream: "crm.contacts"}}}}
}
