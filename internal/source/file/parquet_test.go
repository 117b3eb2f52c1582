package file_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/source/file"
)

// parquetFile writes rows, given as JSON, with as many in a row group as group says.
func parquetFile(t testing.TB, fields []arrow.Field, rows string, group int64, opts ...parquet.WriterProperty) string {
	t.Helper()
	schema := arrow.NewSchema(fields, nil)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	table := array.NewTableFromRecords(schema, []arrow.RecordBatch{rec})
	var b bytes.Buffer
	if err := pqarrow.WriteTable(table, &b, group, parquet.NewWriterProperties(opts...), pqarrow.NewArrowWriterProperties()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func numbered(t testing.TB, n int, opts ...parquet.WriterProperty) string {
	var rows strings.Builder
	for i := range n {
		fmt.Fprintf(&rows, `%c{"id":%d,"tags":["t%d","x"]}`, "[,"[min(i, 1)], i, i)
	}
	rows.WriteByte(']')
	return parquetFile(t, []arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int64}, {Name: "tags", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true}}, rows.String(), 1_700, opts...)
}

func TestParquetTypes(t *testing.T) {
	item := arrow.StructOf(arrow.Field{Name: "sku", Type: arrow.BinaryTypes.String, Nullable: true}, arrow.Field{Name: "n", Type: arrow.PrimitiveTypes.Int32, Nullable: true})
	field := func(name string, typ arrow.DataType) arrow.Field {
		return arrow.Field{Name: name, Type: typ, Nullable: true}
	}
	fields := []arrow.Field{
		field("text", arrow.BinaryTypes.String), field("int", arrow.PrimitiveTypes.Int64), field("u", arrow.PrimitiveTypes.Uint64), field("f", arrow.PrimitiveTypes.Float64),
		field("ok", arrow.FixedWidthTypes.Boolean), field("day", arrow.FixedWidthTypes.Date32), field("at", &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}),
		field("local", &arrow.TimestampType{Unit: arrow.Millisecond}), field("cost", &arrow.Decimal128Type{Precision: 10, Scale: 2}), field("wide", &arrow.Decimal128Type{Precision: 38, Scale: 4}),
		field("items", arrow.ListOf(item)), field("deep", arrow.ListOf(arrow.ListOf(arrow.PrimitiveTypes.Int32))), field("by", arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int32)),
	}
	const rows = `[{"text":"Zoë \"Ç\"","int":"-9007199254740993","u":"18446744073709551615","f":0.1,"ok":true,"day":"2024-02-29","at":"1969-12-31 23:59:59.5Z","local":"2024-05-06 07:08:09.123","cost":"-0.05","wide":"1234567890123456789012345678.9012","items":[{"sku":"a","n":1},null,{"sku":null,"n":2}],"deep":[[1,2],[],null,[null]],"by":[{"key":"k","value":7}]},
{"items":[],"deep":[]}]`
	for _, codec := range []compress.Compression{compress.Codecs.Uncompressed, compress.Codecs.Snappy, compress.Codecs.Zstd, compress.Codecs.Gzip} {
		for _, version := range []parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2} {
			r := newRig(t, "*")
			r.write("a.parquet", parquetFile(t, fields, rows, 100, parquet.WithCompression(codec), parquet.WithDataPageVersion(version)))
			r.run()
			r.want(`1:1 {"text":"Zoë \"Ç\"","int":-9007199254740993,"u":18446744073709551615,"f":0.1,"ok":true,"day":"2024-02-29","at":"1969-12-31T23:59:59.5Z","local":"2024-05-06T07:08:09.123","cost":-0.05,"wide":"1234567890123456789012345678.9012","items":[{"sku":"a","n":1},null,{"sku":null,"n":2}],"deep":[[1,2],[],null,[null]],"by":[{"key":"k","value":7}]}`,
				`1:2 {"text":null,"int":null,"u":null,"f":null,"ok":null,"day":null,"at":null,"local":null,"cost":null,"wide":null,"items":[],"deep":[],"by":null}`)
		}
	}
}

func TestParquetAgain(t *testing.T) {
	r := newRig(t, "*")
	content := numbered(t, 3)
	r.write("a.parquet", content)
	r.run()
	r.write("b.dat", content) // the same, by another name: its first bytes tell what it is
	r.write("a.parquet", content)
	r.run()
	r.want(`1:1 {"id":0,"tags":["t0","x"]}`, `1:2 {"id":1,"tags":["t1","x"]}`, `1:3 {"id":2,"tags":["t2","x"]}`)
	r.write("a.parquet", numbered(t, 4)) // another file, all of whose rows are read
	r.run()
	if len(r.log.byID) != 7 || string(r.log.byID["2:4"].Props) != `{"id":3,"tags":["t3","x"]}` {
		t.Fatal(r.log.lines())
	}
}

// TestParquetKilled breaks off after every other Put: rows are read on where they were left.
func TestParquetKilled(t *testing.T) {
	const n = 7_500
	r := newRig(t, "*")
	r.write("a.parquet", numbered(t, n))
	killed := errs.New("engine_failed", "killed")
	r.log.after = func(put int) error {
		if put%2 == 0 {
			return killed
		}
		return nil
	}
	for steps := 0; ; steps++ {
		err := r.source().Run(t.Context())
		if err == nil {
			break
		}
		if !errs.Is(err, "engine_failed") || steps > 20 {
			t.Fatal(err)
		}
	}
	if len(r.log.byID) != n || r.log.conflicts != 0 || r.log.again == 0 || string(r.log.byID["1:7500"].Props) != `{"id":7499,"tags":["t7499","x"]}` {
		t.Fatal(len(r.log.byID), r.log.conflicts, r.log.again)
	}
}

// TestHostileParquet has files that lie, each of which is a fault of its own, in little memory.
func TestHostileParquet(t *testing.T) {
	whole := numbered(t, 2_000, parquet.WithCompression(compress.Codecs.Zstd))
	footer := int(binary.LittleEndian.Uint32([]byte(whole[len(whole)-8:])))
	length := func(n int) string {
		return whole[:len(whole)-8] + string(binary.LittleEndian.AppendUint32(nil, uint32(n))) + "PAR1"
	}
	for name, content := range map[string]string{
		"cut off":       whole[:len(whole)/2],
		"magic alone":   "PAR1",
		"long footer":   length(1 << 30),
		"short footer":  length(footer - 9),
		"no data":       "PAR1" + whole[len(whole)-footer-8:],
		"endless lists": "PAR1\x29\xfc\xff\xff\xff\x0f\x00" + "\x07\x00\x00\x00PAR1",
		"zeroed pages":  "PAR1" + strings.Repeat("\x00", len(whole)-footer-12) + whole[len(whole)-footer-8:],
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "*")
			r.write("a.parquet", content)
			r.write("b.csv", "id\n1\n")
			if err := r.source().Run(t.Context()); !errs.Is(err, "file_parquet") || !strings.Contains(err.Error(), "a.parquet") {
				t.Fatal(err)
			}
			if r.log.byID["1:1"].ID == "" && r.log.byID["2:1"].ID == "" {
				t.Fatal("the other file was not read")
			}
			r.write("a.parquet", whole)
			r.run()
			if len(r.log.byID) != 2_001 || r.log.conflicts != 0 {
				t.Fatal(len(r.log.byID))
			}
		})
	}
	t.Run("bomb", func(t *testing.T) {
		r := newRig(t, "*")
		r.cfg.MaxUnpacked = 1 << 10
		rows := "[" + strings.TrimSuffix(strings.Repeat(`{"a":"`+strings.Repeat("x", 1_000)+`"},`, 5_000), ",") + "]"
		r.write("a.parquet", parquetFile(t, []arrow.Field{{Name: "a", Type: arrow.BinaryTypes.String}}, rows, 5_000))
		if err := r.source().Run(t.Context()); !errs.Is(err, "file_bomb") {
			t.Fatal(err)
		}
		r.cfg.MaxUnpacked = 1 << 30
		r.run()
		if len(r.log.byID) != 5_000 {
			t.Fatal(len(r.log.byID))
		}
	})
}

// TestMutatedParquet changes a few bytes of good files: each is read, or a fault with a code.
func TestMutatedParquet(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "a.parquet")
	faults := 0
	for _, codec := range []compress.Compression{compress.Codecs.Uncompressed, compress.Codecs.Snappy, compress.Codecs.Zstd, compress.Codecs.Gzip} {
		for _, version := range []parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2} {
			whole := numbered(t, 20, parquet.WithCompression(codec), parquet.WithDataPageVersion(version))
			for range 200 {
				content := []byte(whole)
				for range 1 + r.IntN(3) {
					content[r.IntN(len(content))] = byte(r.Uint32())
				}
				if err := os.WriteFile(path, content, 0o600); err != nil {
					t.Fatal(err)
				}
				_, err := file.Sample(t.Context(), file.Config{MaxUnpacked: 1 << 20}, path, 1<<30, func([]byte) bool { return true })
				if err == nil {
					continue
				}
				if faults++; errs.CodeOf(err) == "" {
					t.Fatal(err)
				}
			}
		}
	}
	if faults < 100 {
		t.Fatal(faults)
	}
}

func FuzzParquet(f *testing.F) {
	for _, codec := range []compress.Compression{compress.Codecs.Uncompressed, compress.Codecs.Snappy, compress.Codecs.Zstd} {
		f.Add([]byte(numbered(f, 20, parquet.WithCompression(codec))))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "a.parquet")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		out := 0
		_, err := file.Sample(t.Context(), file.Config{MaxUnpacked: 1 << 20}, path, 1<<30, func(props []byte) bool {
			out += len(props)
			return true
		})
		if err != nil && errs.CodeOf(err) == "" || out > 2<<20 {
			t.Fatal(out, err)
		}
	})
}

func BenchmarkParquet(b *testing.B) {
	var rows strings.Builder
	const n = 100_000
	for i := range n {
		fmt.Fprintf(&rows, `%c{"id":%d,"name":"Person %d","email":"p%d@example.com","country":"DE","total":%d.25,"active":true,"at":"2024-05-06 07:08:09.123Z","visits":%d}`, "[,"[min(i, 1)], i, i, i, i, i%90)
	}
	rows.WriteByte(']')
	content := parquetFile(b, []arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int64}, {Name: "name", Type: arrow.BinaryTypes.String}, {Name: "email", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "country", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "total", Type: arrow.PrimitiveTypes.Float64, Nullable: true}, {Name: "active", Type: arrow.FixedWidthTypes.Boolean},
		{Name: "at", Type: arrow.FixedWidthTypes.Timestamp_ms, Nullable: true}, {Name: "visits", Type: arrow.PrimitiveTypes.Int32}}, rows.String(), 1<<20, parquet.WithCompression(compress.Codecs.Snappy))
	benchmarkRows(b, "a.parquet", content, n)
}
