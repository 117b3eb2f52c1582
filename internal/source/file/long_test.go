package file_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/source/file"
)

// TestLongLine reads files with lines of 100 MB, and others over the limit, in far
// less memory than such a line has, and loses neither it nor what follows.
func TestLongLine(t *testing.T) {
	const huge, large = 100 << 20, 5 << 20
	var member bytes.Buffer // 1 MiB zipped; a gzip file may have many members
	z := gzip.NewWriter(&member)
	_, _ = z.Write(bytes.Repeat([]byte{'x'}, 1<<20))
	_ = z.Close()
	kept := strings.Repeat("x", 1<<10)
	for name, c := range map[string]struct {
		size                int
		file, before, after string
		want                []string
	}{
		"csv": {huge, "a.csv.gz", "id,name\n1,Ann\n", "\n2,Bob\n", []string{
			`1:1 {"id":"1","name":"Ann"}`, fmt.Sprintf(`1:2 line_too_long {"_line":3,"_bytes":%d,"_raw":"%s"}`, huge, kept), `1:3 {"id":"2","name":"Bob"}`}},
		"csv quoted": {large, "a.csv.gz", "id,name\n\"", "\n2,Bob\n", []string{
			fmt.Sprintf(`1:1 line_too_long {"_line":2,"_bytes":%d,"_raw":"\"%s"}`, large+1, kept[1:]), `1:2 {"id":"2","name":"Bob"}`}},
		"csv quote far back": {large, "a.csv.gz", "id,name\n1,\"Ann\n", "\n2,Bob\n", []string{
			`1:1 csv_quote_unclosed {"_line":2,"_bytes":6,"_quote_line":2,"_raw":"1,\"Ann"}`, fmt.Sprintf(`1:2 line_too_long {"_line":3,"_bytes":%d,"_raw":"%s"}`, large, kept), `1:3 {"id":"2","name":"Bob"}`}},
		"csv header": {large, "a.csv.gz", "", "\n2,Bob\n", []string{
			fmt.Sprintf(`1:1 line_too_long {"_line":1,"_bytes":%d,"_raw":"%s"}`, large, kept), `1:2 csv_header {"_line":2,"_bytes":5,"_raw":"2,Bob"}`}},
		"csv at the end": {large, "a.csv.gz", "id,name\n", "", []string{
			fmt.Sprintf(`1:1 line_too_long {"_line":2,"_bytes":%d,"_raw":"%s"}`, large, kept)}},
		"ndjson": {huge, "a.ndjson.gz", "{\"id\":1}\n", "\n{\"id\":2}\n", []string{
			`1:1 {"id":1}`, fmt.Sprintf(`1:2 line_too_long {"_line":2,"_bytes":%d,"_raw":"%s"}`, huge, kept), `1:3 {"id":2}`}},
	} {
		t.Run(name, func(t *testing.T) {
			content := zip(t, c.before) + strings.Repeat(member.String(), c.size>>20) + zip(t, c.after)
			r := newRig(t, "*")
			r.write(c.file, content)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r.run()
			runtime.ReadMemStats(&after)
			// All that was ever allocated, so no less than the most that was in use.
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
				t.Errorf("allocated %d bytes for a line of %d", grown, c.size)
			}
			r.want(c.want...)
		})
	}
}

func benchmarkRows(b *testing.B, name, content string, rows int) {
	r := newBenchRig(b, name, content)
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		s, err := file.New(r.cfg, file.Deps{Sink: noSink{}, Store: newDocs(), Clock: clock.System{}})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Run(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
}

const benchRows = 100_000

func contactRows() string {
	var s strings.Builder
	s.WriteString("contact_id,first,last,email,mobile,street,city,postcode,country,updated_at\n")
	for i := range benchRows {
		fmt.Fprintf(&s, "c-%d,Ann,Tester,ann.%d@example.com,+44 7700 900%03d,%d High Street,Harbour,HB1 2CD,GB,2026-01-02T03:04:05Z\n", i, i, i%1000, i%100)
	}
	return s.String()
}

func BenchmarkCSV(b *testing.B) { benchmarkRows(b, "a.csv", contactRows(), benchRows) }

func BenchmarkCSVQuoted(b *testing.B) {
	var s strings.Builder
	s.WriteString("contact_id,first,last,email,note\n")
	for i := range benchRows {
		fmt.Fprintf(&s, "\"c-%d\",\"Ann\",\"Tester\",\"ann.%d@example.com\",\"said \"\"hello\"\", twice\"\n", i, i)
	}
	benchmarkRows(b, "a.csv", s.String(), benchRows)
}

func BenchmarkNDJSON(b *testing.B) {
	var s strings.Builder
	for i := range benchRows {
		fmt.Fprintf(&s, `{"order_id":"o-%d","contact":"c-%d","total":12.5,"items":[{"sku":"a","n":1},{"sku":"b","n":2}],"at":"2026-01-02T03:04:05Z"}`+"\n", i, i)
	}
	benchmarkRows(b, "a.ndjson", s.String(), benchRows)
}
