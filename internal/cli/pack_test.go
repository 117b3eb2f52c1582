package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"
)

// pack writes a script's text file as the binary one that the new name tells: packed by
// gzip or zstd, or as Parquet with the columns given as NAME:TYPE, from an array of
// objects.
func pack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: pack FROM TO [NAME:TYPE...]")
	}
	text := ts.ReadFile(args[0])
	var b bytes.Buffer
	switch filepath.Ext(args[1]) {
	case ".gz":
		z := gzip.NewWriter(&b)
		_, err := z.Write([]byte(text))
		ts.Check(err)
		ts.Check(z.Close())
	case ".zst":
		z, err := zstd.NewWriter(&b)
		ts.Check(err)
		_, err = z.Write([]byte(text))
		ts.Check(err)
		ts.Check(z.Close())
	case ".parquet":
		types := map[string]arrow.DataType{"text": arrow.BinaryTypes.String, "int": arrow.PrimitiveTypes.Int64, "float": arrow.PrimitiveTypes.Float64,
			"day": arrow.FixedWidthTypes.Date32, "time": &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}}
		var fields []arrow.Field
		for _, arg := range args[2:] {
			name, typ, _ := strings.Cut(arg, ":")
			if types[typ] == nil {
				ts.Fatalf("there is no type %q", typ)
			}
			fields = append(fields, arrow.Field{Name: name, Type: types[typ], Nullable: true})
		}
		schema := arrow.NewSchema(fields, nil)
		rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(text))
		ts.Check(err)
		table := array.NewTableFromRecords(schema, []arrow.RecordBatch{rec})
		ts.Check(pqarrow.WriteTable(table, &b, 100, parquet.NewWriterProperties(), pqarrow.NewArrowWriterProperties()))
	default:
		ts.Fatalf("pack knows .gz, .zst and .parquet")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o600))
}
