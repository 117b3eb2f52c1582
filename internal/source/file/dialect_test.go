package file_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/source/file"
)

func TestDialects(t *testing.T) {
	for name, c := range map[string]struct {
		set     file.Dialect
		content string
		want    []string
	}{
		"single quotes": {file.Dialect{}, "'id';'note'\n'1';'it''s; two\nlines'\n", []string{`1:1 {"id":"1","note":"it's; two\nlines"}`}},
		"apostrophes":   {file.Dialect{}, "id,note\n1,'tis\n2,o'clock\n", []string{`1:1 {"id":"1","note":"'tis"}`, `1:2 {"id":"2","note":"o'clock"}`}},
		"backslashes detected": {file.Dialect{}, "id,note\n1,\"a \\\"b\\\" c\"\n2,\\N\n", []string{
			`1:1 {"id":"1","note":"a \"b\" c"}`, `1:2 {"id":"2","note":null}`}},
		"backslash at a field's end": {file.Dialect{}, "id,dir,n\n1,\"C:\\tmp\\\",2\n", []string{`1:1 {"id":"1","dir":"C:\\tmp\\","n":"2"}`}},
		"backslashes without quotes": {file.Dialect{Escape: file.EscapeBackslash}, "id,note\n1,a\\, b\\\\\n2,c\\\nd\n", []string{
			`1:1 {"id":"1","note":"a, b\\"}`, `1:2 {"id":"2","note":"c\nd"}`}},
		"no quotes": {file.Dialect{Quote: file.QuoteNone}, "id,note\n1,\"a\n", []string{`1:1 {"id":"1","note":"\"a"}`}},
		"no header detected": {file.Dialect{}, "1,ann@example.com,2026-01-02\n2,bob@example.com,2026-01-03\n3,,\n", []string{
			`1:1 {"column_1":"1","column_2":"ann@example.com","column_3":"2026-01-02"}`,
			`1:2 {"column_1":"2","column_2":"bob@example.com","column_3":"2026-01-03"}`, `1:3 {"column_1":"3","column_2":"","column_3":""}`}},
		"columns by year":   {file.Dialect{}, "country,2019,2020\nGB,5,6\nUS,7,8\n", []string{`1:1 {"country":"GB","2019":"5","2020":"6"}`, `1:2 {"country":"US","2019":"7","2020":"8"}`}},
		"a header of words": {file.Dialect{}, "name,town\nAnn,York\nBob,Leeds\n", []string{`1:1 {"name":"Ann","town":"York"}`, `1:2 {"name":"Bob","town":"Leeds"}`}},
		"header said":       {file.Dialect{Header: "true"}, "1,2\n3,4\n", []string{`1:1 {"1":"3","2":"4"}`}},
		"no header said":    {file.Dialect{Header: "false"}, "a,b\nc,d\n", []string{`1:1 {"column_1":"a","column_2":"b"}`, `1:2 {"column_1":"c","column_2":"d"}`}},
		"names given": {file.Dialect{Names: []string{"id", "n"}}, "1,2\n3\n", []string{
			`1:1 {"id":"1","n":"2"}`, `1:2 csv_too_few {"_line":2,"_bytes":1,"_fields":1,"_columns":2,"_raw":"3"}`}},
		"leading lines": {file.Dialect{SkipLines: 2}, "Report; of, today\n\nid;n\n1;2\n3;4;5\n", []string{
			`1:1 {"id":"1","n":"2"}`, `1:2 csv_too_many {"_line":5,"_bytes":5,"_fields":3,"_columns":2,"_raw":"3;4;5"}`}},
		"comments":   {file.Dialect{Comment: "#"}, "# made by hand\nid,n\n#1,2\n3,4\n", []string{`1:1 {"id":"3","n":"4"}`}},
		"short rows": {file.Dialect{ShortRows: file.ShortFill}, "id,n,m\n1\n2,3,4,5\n", []string{`1:1 {"id":"1","n":"","m":""}`, `1:2 csv_too_many {"_line":3,"_bytes":7,"_fields":4,"_columns":3,"_raw":"2,3,4,5"}`}},
		"the delimiter that rows agree on": {file.Dialect{}, "name, first, last;total\nAnn;1,5\nBob;2,5\nCy;7\n", []string{
			`1:1 {"name, first, last":"Ann","total":"1,5"}`, `1:2 {"name, first, last":"Bob","total":"2,5"}`, `1:3 {"name, first, last":"Cy","total":"7"}`}},
		"quote opens later": {file.Dialect{}, "id,a,b\n1,\"x\ny\",\"z\n2,3,4\n", []string{
			`1:1 csv_quote_unclosed {"_line":2,"_bytes":4,"_quote_line":3,"_raw":"1,\"x"}`,
			`1:2 csv_quote_unclosed {"_line":3,"_bytes":5,"_quote_line":3,"_raw":"y\",\"z"}`, `1:3 {"id":"2","a":"3","b":"4"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "*.csv")
			r.cfg.Dialect = c.set
			r.write("a.csv", c.content)
			r.run()
			var want []string
			for _, w := range c.want {
				want = append(want, strings.Join(strings.Fields(w), " "))
			}
			r.want(want...)
		})
	}
}

// TestDialectIsKept has a file grow by rows that would have its dialect detected
// otherwise: it stays what its first rows were read by.
func TestDialectIsKept(t *testing.T) {
	r := newRig(t, "*.csv")
	content := "name,n\nAnn,1\n"
	r.write("a.csv", content)
	r.run()
	content += "Bob,\"a \\\"\"\n"
	r.write("a.csv", content)
	r.run()
	r.want(`1:1 {"name":"Ann","n":"1"}`, `1:2 csv_quote_unclosed {"_line":3,"_bytes":10,"_quote_line":3,"_raw":"Bob,\"a \\\"\""}`)

	// Without a header, the names of grown files are the same as before.
	h := newRig(t, "*.csv")
	h.write("b.csv", "1,2\n3,4\n")
	h.run()
	h.write("b.csv", "1,2\n3,4\n5,6\n")
	h.run()
	if got := h.log.lines(); len(got) != 3 || got[2] != `1:3 {"column_1":"5","column_2":"6"}` {
		t.Fatal(got)
	}
}

// TestEarlierProgress reads on where a version that knew no dialects stopped.
func TestEarlierProgress(t *testing.T) {
	r := newRig(t, "*.csv")
	r.write("a.csv", "1,2\n3,4\n") // it took the first row for the header
	r.cfg.Dialect = file.Dialect{Header: "true", Quote: `"`, Escape: file.EscapeDouble}
	r.run()
	for name, doc := range r.store.m {
		if strings.HasPrefix(name, "file/") {
			const stored = 1 + 4 // the dialect's length, and itself
			doc = append([]byte{1}, doc[1:len(doc)-stored]...)
			r.store.m[name] = doc
		}
	}
	r.cfg.Dialect = file.Dialect{}
	f, err := os.OpenFile(filepath.Join(r.dir, "a.csv"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.WriteString("5,6\n")
	_ = f.Close()
	r.run()
	r.want(`1:1 {"1":"3","2":"4"}`, `1:2 {"1":"5","2":"6"}`)
}

func TestBadDialects(t *testing.T) {
	for field, d := range map[string]file.Dialect{
		"quote": {Quote: "ab"}, "escape": {Escape: "tripled"}, "header": {Header: "maybe"}, "skip_lines": {SkipLines: -1},
		"comment": {Comment: "\n"}, "short_rows": {ShortRows: "drop"}, "delimiter": {Delimiter: "'", Quote: "'"},
	} {
		_, err := file.New(file.Config{Name: "x", Path: "a", Streams: []file.StreamMatch{{Stream: "x.y"}}, Dialect: d}, file.Deps{})
		if err == nil || !strings.Contains(err.Error(), "sources.x."+field) {
			t.Errorf("no fault at %s in %v", field, err)
		}
	}
}
