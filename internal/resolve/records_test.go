package resolve_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/resolve"
)

// The same records are the same people, whether they are read as columns or row by row,
// and whether they come in one file or in two.
func TestFormatsGiveTheSamePeople(t *testing.T) {
	columns := []string{"id", "given", "family", "born", "mail", "note"}
	var text, lines bytes.Buffer
	w := csv.NewWriter(&text)
	if err := w.Write(columns); err != nil {
		t.Fatal(err)
	}
	for i := range 400 {
		p := i / 2
		row := []string{fmt.Sprint(i), fmt.Sprintf("Gwen%c", 'a'+p%20), fmt.Sprintf("O'Brien%c", 'a'+p/20), fmt.Sprintf("19%02d-0%d-1%d", p%90, 1+p%9, p%7), fmt.Sprintf("g%d@example.com", p), "a \"quoted\",\nnote"}
		if i%5 == 0 {
			row[3] = ""
		}
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
		object := map[string]string{}
		for j, name := range columns {
			if row[j] != "" {
				object[name] = row[j]
			}
		}
		line, err := json.Marshal(object, json.Deterministic(true))
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	w.Flush()
	half := bytes.Index(text.Bytes(), []byte("\n200,")) + 1
	header := text.Bytes()[:bytes.IndexByte(text.Bytes(), '\n')+1]
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var want []byte
	for i, files := range [][]string{
		{file("a.csv", text.Bytes())}, {file("a.ndjson", lines.Bytes())},
		{file("b.csv", text.Bytes()[:half]), file("c.csv", append(bytes.Clone(header), text.Bytes()[half:]...))},
	} {
		out := filepath.Join(dir, fmt.Sprintf("out%d.csv", i))
		done, err := resolve.Run(t.Context(), resolve.Config{Files: files, ID: "id", Out: out})
		if err != nil || done.Records != 400 || done.People != 200 {
			t.Fatalf("%v: %+v, %v", files, done, err)
		}
		got, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = peopleOf(t, got)
		} else if people := peopleOf(t, got); !bytes.Equal(people, want) {
			t.Errorf("%v has other people than the first", files)
		}
	}
}

// peopleOf gives each record's id and person.
func peopleOf(t *testing.T, out []byte) []byte {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, row := range rows {
		fmt.Fprintln(&b, row[0], row[1])
	}
	return b.Bytes()
}
