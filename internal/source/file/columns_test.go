package file_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/encoding/unicode"

	"github.com/kithdata/kith/internal/source/file"
)

// bySample gives each row of a file as its members' names and texts.
func bySample(t testing.TB, cfg file.Config, path string) (rows []string, seen file.Sampled) {
	t.Helper()
	seen, err := file.Sample(t.Context(), cfg, path, 1<<30, func(props []byte) bool {
		d := jsontext.NewDecoder(bytes.NewReader(props))
		var row strings.Builder
		if _, err := d.ReadToken(); err != nil {
			t.Fatal(err)
		}
		for d.PeekKind() != jsontext.KindEndObject {
			name, err := d.ReadToken()
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&row, "%q", name.String())
			v, err := d.ReadValue()
			if err != nil {
				t.Fatal(err)
			}
			text := string(v)
			switch v.Kind() {
			case jsontext.KindString:
				b, _ := jsontext.AppendUnquote(nil, v)
				text = string(b)
			case jsontext.KindNull:
				text = ""
			}
			fmt.Fprintf(&row, "=%q ", text)
		}
		rows = append(rows, row.String())
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, seen
}

func byColumns(t testing.TB, cfg file.Config, path string) (rows []string, seen file.Sampled, flat bool) {
	t.Helper()
	seen, flat, err := file.Columns(t.Context(), cfg, path, func(b *file.Batch) bool {
		for row := range b.Rows {
			var s strings.Builder
			for i, name := range b.Names {
				fmt.Fprintf(&s, "%q=%q ", name, b.Value(row, i))
			}
			rows = append(rows, s.String())
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, seen, flat
}

// sameByColumns checks that a file's rows are the same through both doors.
func sameByColumns(t testing.TB, cfg file.Config, path string) {
	t.Helper()
	want, seen := bySample(t, cfg, path)
	got, also, flat := byColumns(t, cfg, path)
	if !flat {
		t.Fatal("the rows are not made of columns")
	}
	if also != seen {
		t.Errorf("seen %+v, want %+v", also, seen)
	}
	if !slices.Equal(got, want) {
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Fatalf("row %d is\n%s, want\n%s", i+1, got[i], want[i])
			}
		}
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
}

// Columns gives what Sample gives.
func TestColumns(t *testing.T) {
	var long, packed bytes.Buffer
	long.WriteString("id,name,note\n")
	for i := range 20_000 { // some batches
		fmt.Fprintf(&long, "%d,\"n\"\"%d\",%s\n", i, i%97, strings.Repeat("x", i%300))
	}
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(long.Bytes()); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("id;name\n1;Zoë\n2;Ærø\n")
	if err != nil {
		t.Fatal(err)
	}
	flat := parquetFile(t, []arrow.Field{
		{Name: "text", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "n", Type: arrow.PrimitiveTypes.Int64}, {Name: "f", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "day", Type: arrow.FixedWidthTypes.Date32, Nullable: true}, {Name: "ok", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
	}, `[{"text":"Zoë \"Ç\"\n","n":1,"f":0.5,"day":"2024-02-29","ok":true},{"n":2},{"text":"","n":3,"f":1e300}]`, 2)
	for name, content := range map[string]string{
		"plain.csv":      "id,name\n1,Ann\n2,Bob\n",
		"quoted.csv":     "id,name\n1,\"Ann, \"\"A\"\"\nof two lines\"\n2,\"b\"x\n3,open \"quote\n",
		"ragged.csv":     "id,name,town\n1,Ann\n2,Bob,Bath,more\n3,Cid,York,,\n,,\n4,Dee,Hull\n",
		"blank.csv":      "\n\nid,name\r\n\r\n1,Ann\r\n   \n2,Bob",
		"semicolons.csv": "sep=;\nid;name\n1;a,b\n2;\n",
		"headless.csv":   "1,ann@example.com\n2,bob@example.com\n3,cid@example.com\n",
		"names.csv":      "id,,id,a \"b\" é\n1,2,3,4\n",
		"latin.csv":      "id,name\n1,Zo\xeb\n2,\x80uro\n3,Zoë\n",
		"backslash.csv":  "id,name\n1,\"a \\\"b\\\" c\"\n2,\\N\n3,\"\\N\"\n",
		"nul.csv":        "id,name\n1,a\x00b\n2,Bob\n",
		"unclosed.csv":   "id,name\n1,\"Ann\n2,Bob\n",
		"bom.csv":        "\xef\xbb\xbfid,name\n1,Ann\n",
		"wide.csv":       wide,
		"tabs.tsv":       "id\tname\n1\tAnn\n",
		"header.csv":     "id,name\n",
		"longline.csv":   "id,name\n1," + strings.Repeat("x", 5_000) + "\n2,Bob\n",
		"empty.csv":      "",
		"long.csv":       long.String(),
		"long.csv.gz":    packed.String(),
		"flat.parquet":   flat,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			sameByColumns(t, file.Config{Name: "c", Path: path}, path)
			sameByColumns(t, file.Config{Name: "c", Path: path, MaxLine: 4 << 10}, path)
		})
	}
}

// Rows that hold more than texts and numbers are given by Sample alone.
func TestColumnsAreFlat(t *testing.T) {
	for name, content := range map[string]string{
		"a.ndjson": `{"id":1}`, "a.json": `[{"id":1}]`, "a.parquet": numbered(t, 3),
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if rows, _, flat := byColumns(t, file.Config{Name: "c", Path: path}, path); flat || len(rows) > 0 {
			t.Errorf("%s: %d rows as columns, want none", name, len(rows))
		}
	}
}

// Whoever has seen enough says so.
func TestColumnsStop(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(path, []byte("id\n"+strings.Repeat("1\n", 100_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	calls := 0
	if _, _, err := file.Columns(t.Context(), file.Config{Name: "c", Path: path}, path, func(*file.Batch) bool { calls++; return false }); err != nil || calls != 1 {
		t.Errorf("%d calls and %v, want one", calls, err)
	}
}

func FuzzColumns(f *testing.F) {
	f.Add([]byte("id,name\n1,\"Ann, \"\"A\"\"\"\n2,Zo\xeb\n"))
	f.Add([]byte("a;b\n1;\\N\n\"x\ny\";\"\\\"\"\n"))
	f.Add([]byte("1,2\n3,4\n5\n,,,\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "a.csv")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		cfg := file.Config{Name: "c", Path: path, Format: "csv", MaxLine: 100}
		if _, err := file.Sample(t.Context(), cfg, path, 1, func([]byte) bool { return true }); err != nil {
			return // an archive, or none that can be read
		}
		sameByColumns(t, cfg, path)
	})
}
