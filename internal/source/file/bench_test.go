package file_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
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

// BenchmarkRawCSV is the raw limit beside BenchmarkCSV: the standard library's reader over
// the same rows, of which nothing is made.
func BenchmarkRawCSV(b *testing.B) {
	content := []byte(contactRows())
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		r := csv.NewReader(bytes.NewReader(content))
		r.ReuseRecord = true
		for {
			if _, err := r.Read(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(benchRows*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkJSONArray(b *testing.B) {
	var s bytes.Buffer
	for i := range benchRows {
		fmt.Fprintf(&s, `%c{"order_id":"o-%d","contact":"c-%d","total":12.5,"items":[{"sku":"a","n":1},{"sku":"b","n":2}],"at":"2026-01-02T03:04:05Z"}`+"\n", "[,"[min(i, 1)], i, i)
	}
	s.WriteByte(']')
	benchmarkRows(b, "a.json", s.String(), benchRows)
}

type benchRig struct{ cfg file.Config }

func newBenchRig(b *testing.B, name, content string) benchRig {
	path := filepath.Join(b.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		b.Fatal(err)
	}
	return benchRig{cfg: file.Config{Name: "crm", Path: path, Streams: []file.StreamMatch{{Stream: "crm.contacts"}}}}
}
