package tracking_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/source/tracking"
)

type noSink struct{}

func (noSink) Put(context.Context, []record.Record) (record.Position, error) {
	return record.Position{Log: "log", Offsets: []uint64{0, 1}}, nil
}

// benchBatch is a batch as the Node library sends it.
func benchBatch(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"batch":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"userId":"user-%d","anonymousId":"6f1c0d7e-7f0a-4a38-9d1c-%012d","event":"Order Completed","type":"track",`+
			`"properties":{"order_id":"order-%d","revenue":12.5,"currency":"GBP","products":[{"sku":"a-1","quantity":2},{"sku":"b-2","quantity":1}]},`+
			`"context":{"library":{"name":"@segment/analytics-node","version":"2.1.0"},"page":{"url":"https://example.com/checkout"}},`+
			`"integrations":{},"timestamp":"2026-01-02T03:04:05.678Z","messageId":"node-next-1767323045678-%032d","_metadata":{"nodeVersion":"22.1.0"}}`, i, i, i, i)
	}
	b.WriteString(`],"writeKey":"key","sentAt":"2026-01-02T03:04:06.000Z"}`)
	return b.Bytes()
}

type discard struct{ head http.Header }

func (d *discard) Header() http.Header         { return d.head }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

func benchHandler(b *testing.B, n int) {
	h, err := tracking.New([]tracking.Config{{Name: "web", WriteKeys: []string{"key"}}}, tracking.Deps{Sink: noSink{}, Clock: clock.System{}})
	if err != nil {
		b.Fatal(err)
	}
	mux := http.NewServeMux()
	h.Register(mux)
	body := benchBatch(n)
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/v1/batch", bytes.NewReader(body)))
	if rec.Code != http.StatusOK {
		b.Fatal(rec.Code, rec.Body)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/v1/batch", bytes.NewReader(body))
		mux.ServeHTTP(&discard{head: http.Header{}}, req)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
}

func BenchmarkBatchOf100(b *testing.B) { benchHandler(b, 100) }
func BenchmarkBatchOf1(b *testing.B)   { benchHandler(b, 1) }
