package initproject_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/config/initproject"
	"github.com/kithdata/kith/internal/kit/errs"
)

// FuzzPropose proposes a project from any bytes under names of each format: it fails with
// its own fault, or writes what loads.
func FuzzPropose(f *testing.F) {
	names := []string{"people.csv", "dump.json", "hits.ndjson", "report.txt", "contacts.csv.gz", "all.csv.zst", "x.parquet"}
	for i, seed := range []string{
		"id,email,age\n1,jo@example.com,30\n2,al@example.com,31\n", `{"meta":{},"data":[{"id":1,"email":"jo@example.com"},{"id":2}]}`, "{\"a\":1}\n{\"a\":2}\n",
		"Title\n\nid;Umsatz;Datum\n1;1.234,50;24.12.2024\n", "\x1f\x8b", "\x28\xb5\x2f\xfd", "PAR1",
		"\x89\xef\x88\xf5\x94\xd4\x8d\x86,\x8e\x81\x96\xbc\n1,\x8d\xb2\x93\xa1\n", `{"a":{"b":{"c":{"d":{"e":[{}]}}}}}`, "A,B\n'1,\xff\n", "{\"a\":[{},{}", `{"":[{}],"x.y":[{},{}]}`,
	} {
		f.Add(uint8(i), []byte(seed))
	}
	f.Fuzz(func(t *testing.T, name uint8, content []byte) {
		dir, err := os.MkdirTemp("", "init")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		path := filepath.Join(dir, names[int(name)%len(names)])
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		result, err := initproject.Write(context.Background(), initproject.Request{Dir: filepath.Join(dir, "p"), From: []string{path}})
		if errs.Is(err, initproject.CodeFile) {
			return // nothing in it could be read
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := config.Load(result.Path, nothing); err != nil {
			text, _ := os.ReadFile(result.Path)
			t.Fatalf("does not load: %v\n%s\nfrom %q", err, text, content)
		}
	})
}
