package file_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/source/file"
)

// log is a Sink that behaves as the road does: what it has by id counts once, and
// one id with two bodies is a conflict.
type log struct {
	mu        sync.Mutex
	order     []string
	byID      map[string]record.Record
	puts      int
	again     int
	conflicts int
	fail      func(put int) error  // called before a Put takes effect
	after     func(put int) error  // called after it did
	mapped    func(*record.Record) // what the road's door sets
}

func newLog() *log { return &log{byID: map[string]record.Record{}} }

func (l *log) Put(_ context.Context, records []record.Record) (record.Position, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.puts++
	if l.fail != nil {
		if err := l.fail(l.puts); err != nil {
			for i := range records { // a Sink may change what it was given
				records[i].ID, records[i].Seq = "changed", record.Seq{}
			}
			return record.Position{}, err
		}
	}
	for i := range records {
		if l.mapped != nil {
			l.mapped(&records[i])
		}
		r := records[i].Clone()
		r.ID, r.Reject = strings.Clone(r.ID), strings.Clone(r.Reject)
		if old, ok := l.byID[r.ID]; ok {
			l.again++
			if old.Hash != r.Hash || !bytes.Equal(old.Props, r.Props) && r.Reject == "" {
				l.conflicts++
			}
			continue
		}
		l.byID[r.ID] = r
		l.order = append(l.order, r.ID)
	}
	if l.after != nil {
		if err := l.after(l.puts); err != nil {
			return record.Position{}, err
		}
	}
	return record.Position{Log: "log", Offsets: []uint64{0, uint64(len(l.order))}}, nil
}

// fileMember is where a row that could not be read has the file's name.
var fileMember = regexp.MustCompile(`,"_file":"[^"]*"}$`)

// lines gives the records as "id reject props", in order of arrival, without the names
// of files.
func (l *log) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, id := range l.order {
		r := l.byID[id]
		props := string(r.Props)
		if r.Reject != "" {
			props = fileMember.ReplaceAllString(props, "}")
		}
		out = append(out, strings.Join(strings.Fields(id+" "+r.Reject+" "+props), " "))
	}
	return out
}

// docs is a Store in memory.
type docs struct {
	mu   sync.Mutex
	m    map[string][]byte
	fail func(save int) error
	n    int
}

func newDocs() *docs { return &docs{m: map[string][]byte{}} }

func (d *docs) Load(_ context.Context, name string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.m[name], nil
}

func (d *docs) Save(_ context.Context, all map[string][]byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.n++
	if d.fail != nil {
		if err := d.fail(d.n); err != nil {
			return err
		}
	}
	for name, v := range all {
		if v == nil {
			delete(d.m, name)
		} else {
			d.m[name] = slices.Clone(v)
		}
	}
	return nil
}

func (d *docs) List(_ context.Context, prefix string, limit int) (out []record.Document, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(d.m)) {
		if strings.HasPrefix(name, prefix) && len(out) < limit {
			out = append(out, record.Document{Name: name, Value: d.m[name]})
		}
	}
	return out, nil
}

// rig is a folder, and what a Source needs.
type rig struct {
	t     *testing.T
	dir   string
	cfg   file.Config
	log   *log
	store *docs
	last  file.Progress

	logger *slog.Logger // nil: silent
}

func newRig(t *testing.T, glob string) *rig {
	dir := t.TempDir()
	return &rig{t: t, dir: dir, log: newLog(), store: newDocs(),
		cfg: file.Config{Name: "crm", Path: filepath.Join(dir, glob), Streams: []file.StreamMatch{{Stream: "crm.contacts"}}}}
}

func (r *rig) write(name, content string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(content), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) source() *file.Source {
	r.t.Helper()
	s, err := file.New(r.cfg, file.Deps{Sink: r.log, Store: r.store, Clock: clock.System{}, Logger: r.logger,
		Progress: func(p file.Progress) { r.last = p },
		After:    func(time.Duration) <-chan time.Time { c := make(chan time.Time, 1); c <- time.Time{}; return c }})
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

func (r *rig) run() {
	r.t.Helper()
	if err := r.source().Run(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	for id, rec := range r.log.byID {
		if !jsontext.Value(rec.Props).IsValid() {
			r.t.Fatalf("%s: props are not valid JSON: %q", id, rec.Props)
		}
	}
}

func (r *rig) want(lines ...string) {
	r.t.Helper()
	if got := r.log.lines(); !slices.Equal(got, lines) {
		r.t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(lines, "\n"))
	}
}

func TestFormats(t *testing.T) {
	for name, c := range map[string]struct {
		file, content string
		want          []string
	}{
		"comma":              {"a.csv", "id,name\n1,Ann\n2,Bob\n", []string{`1:1 {"id":"1","name":"Ann"}`, `1:2 {"id":"2","name":"Bob"}`}},
		"semicolon":          {"a.csv", "id;name,x;y\n1;Ann,;2\n", []string{`1:1 {"id":"1","name,x":"Ann,","y":"2"}`}},
		"tab":                {"a.tsv", "id\tname\n1\tAnn\n", []string{`1:1 {"id":"1","name":"Ann"}`}},
		"pipe":               {"a.csv", "id|name\n1|Ann\n", []string{`1:1 {"id":"1","name":"Ann"}`}},
		"delimiter quoted":   {"a.csv", "\"a,b,c\";d\n1;2\n", []string{`1:1 {"a,b,c":"1","d":"2"}`}},
		"one column":         {"a.csv", "id\n1\n\n2\n", []string{`1:1 {"id":"1"}`, `1:2 {"id":"2"}`}},
		"crlf and bom":       {"a.csv", "\xEF\xBB\xBFid,name\r\n1,Ann\r\n\r\n2,\r\n", []string{`1:1 {"id":"1","name":"Ann"}`, `1:2 {"id":"2","name":""}`}},
		"quoted":             {"a.csv", "id,note\n1,\"a \"\"b\"\"\nc, d\"\r\n2,x\n", []string{`1:1 {"id":"1","note":"a \"b\"\nc, d"}`, `1:2 {"id":"2","note":"x"}`}},
		"quote at end":       {"a.csv", "id,note\n1,\"x\"", []string{`1:1 {"id":"1","note":"x"}`}},
		"empty quoted":       {"a.csv", "id,note\n1,\"\"\n\"\",\"\"\"\"\n", []string{`1:1 {"id":"1","note":""}`, `1:2 {"id":"","note":"\""}`}},
		"quote inside":       {"a.csv", "id,note\n1,5\" disk\n2,\"a\"b\n", []string{`1:1 {"id":"1","note":"5\" disk"}`, `1:2 {"id":"2","note":"ab"}`}},
		"windows-1252":       {"a.csv", "id,name\n1,Ren\xe9e \x80\n2,Ren\xc3\xa9e\n", []string{`1:1 {"id":"1","name":"Renée €"}`, `1:2 {"id":"2","name":"Renée"}`}},
		"utf-16":             {"a.csv", "\xff\xfei\x00,\x00n\x00\n\x001\x00,\x00\xe9\x00\n\x00", []string{`1:1 {"i":"1","n":"é"}`}},
		"no last line end":   {"a.csv", "id,name\n1,Ann", []string{`1:1 {"id":"1","name":"Ann"}`}},
		"empty":              {"a.csv", "", nil},
		"blank":              {"a.csv", "\n\n\r\n", nil},
		"header only":        {"a.csv", "id,name\n", nil},
		"header open":        {"a.csv", "id,name", nil},
		"repeated names":     {"a.csv", "name,name,,name_2,,name\n1,2,3,4,5,6\n", []string{`1:1 {"name":"1","name_3":"2","column_3":"3","name_2":"4","column_5":"5","name_4":"6"}`}},
		"ragged":             {"a.csv", "id,name\n1\n2,b,c\n3,d\n", []string{`1:1 csv_too_few {"_line":2,"_bytes":1,"_fields":1,"_columns":2,"_raw":"1"}`, `1:2 csv_too_many {"_line":3,"_bytes":5,"_fields":3,"_columns":2,"_raw":"2,b,c"}`, `1:3 {"id":"3","name":"d"}`}},
		"surplus delimiters": {"a.csv", "id,name\n1,Ann,,\n2,,,x\n\"3\",\"Cy\", \r\n", []string{`1:1 {"id":"1","name":"Ann"}`, `1:2 csv_too_many {"_line":3,"_bytes":5,"_fields":4,"_columns":2,"_raw":"2,,,x"}`, `1:3 {"id":"3","name":"Cy"}`}},
		"rows of nothing":    {"a.csv", ",\nid,name\n,\n1,Ann\n , \n\"\",\"\"\n2,Bob\n,\n,", []string{`1:1 {"id":"1","name":"Ann"}`, `1:2 {"id":"2","name":"Bob"}`}},
		"excel's hint":       {"a.csv", "\xEF\xBB\xBFsep=;\r\nid;name,x\r\n1;Ann\r\nsep=;;\r\n", []string{`1:1 {"id":"1","name,x":"Ann"}`, `1:2 {"id":"sep=","name,x":""}`}},
		"unclosed":           {"a.csv", "id,name\n1,\"Ann\n2,Bob\n3,Cy\n", []string{`1:1 csv_quote_unclosed {"_line":2,"_bytes":6,"_quote_line":2,"_raw":"1,\"Ann"}`, `1:2 {"id":"2","name":"Bob"}`, `1:3 {"id":"3","name":"Cy"}`}},
		"unclosed header":    {"a.csv", "id,\"name\n1,Ann\n", []string{`1:1 csv_quote_unclosed {"_line":1,"_bytes":8,"_quote_line":1,"_raw":"id,\"name"}`, `1:2 csv_header {"_line":2,"_bytes":5,"_raw":"1,Ann"}`}},
		"nul":                {"a.csv", "id,name\n1,A\x00n\n2,Bob\n", []string{`1:1 csv_nul_byte {"_line":2,"_bytes":5,"_raw":"1,A\u0000n"}`, `1:2 {"id":"2","name":"Bob"}`}},
		"lines are counted":  {"a.csv", "id,note\n1,\"a\nb\"\n\n2\n", []string{`1:1 {"id":"1","note":"a\nb"}`, `1:2 csv_too_few {"_line":5,"_bytes":1,"_fields":1,"_columns":2,"_raw":"2"}`}},
		"ndjson":             {"a.ndjson", "{\"id\":1}\n\n  {\"id\":2}\r\n{\"id\":3}", []string{`1:1 {"id":1}`, `1:2 {"id":2}`, `1:3 {"id":3}`}},
		"ndjson bom":         {"a.jsonl", "\xEF\xBB\xBF{\"id\":1}\n", []string{`1:1 {"id":1}`}},
		"ndjson bad": {"a.ndjson", "{\"id\":\n[1]\n{\"a\":1,\"a\":2}\n{\"a\":NaN}\n{\"a\":\"\xff\"}\n\x00\n{\"id\":1}\n", []string{
			`1:1 json_malformed {"_line":1,"_bytes":6,"_raw":"{\"id\":"}`, `1:2 json_not_object {"_line":2,"_bytes":3,"_raw":"[1]"}`,
			`1:3 json_malformed {"_line":3,"_bytes":13,"_raw":"{\"a\":1,\"a\":2}"}`, `1:4 json_malformed {"_line":4,"_bytes":9,"_raw":"{\"a\":NaN}"}`,
			`1:5 json_malformed {"_line":5,"_bytes":9,"_raw":"{\"a\":\"ÿ\"}"}`, `1:6 json_malformed {"_line":6,"_bytes":1,"_raw":"\u0000"}`, `1:7 {"id":1}`}},
		"name unknown json": {"a.dat", "{\"id\":1}\n", []string{`1:1 {"id":1}`}},
		"name unknown csv":  {"a.dat", "id\n1\n", []string{`1:1 {"id":"1"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "*")
			r.write(c.file, c.content)
			r.run()
			var want []string
			for _, w := range c.want {
				want = append(want, strings.Join(strings.Fields(w), " "))
			}
			r.want(want...)
			r.run() // a second look has no effect
			r.want(want...)

			z := newRig(t, "*")
			z.write(c.file+".gz", zip(t, c.content))
			z.run()
			z.want(want...)
		})
	}
}

func zip(t testing.TB, content string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEnvelope(t *testing.T) {
	r := newRig(t, "*.csv")
	r.cfg.Streams = []file.StreamMatch{{Glob: "c-*", Stream: "crm.contacts"}, {Glob: "o-*", Stream: "crm.orders"}}
	r.write("c-1.csv", "id\n1\n")
	r.write("o-1.csv", "id\n2\n")
	r.write("z.csv", "id\n3\n") // no stream wants it
	r.run()
	got := r.log.byID["2:1"]
	if len(r.log.byID) != 2 || got.Source != "crm" || got.Stream != "crm.orders" || got.Op != record.Upsert || got.Kind != 0 ||
		got.Seq != (record.Seq{Kind: record.SeqRow, A: 2, B: 1}) || got.Hash == 0 {
		t.Fatalf("%+v", got)
	}
	if r.last.Rows != 2 || r.last.Files != 2 || r.last.Bytes != r.last.TotalBytes || r.last.TotalBytes != 10 {
		t.Fatalf("%+v", r.last)
	}
}

func TestSameContentAgain(t *testing.T) {
	r := newRig(t, "*")
	a := "id,name\n1,Ann\n2,Bob\n"
	r.write("b.csv", a)
	r.run()
	first := r.log.lines()
	r.write("a.csv", a)            // the same under another name, before the first
	r.write("c.csv.gz", zip(t, a)) // and zipped
	r.write("b.csv", a)            // and delivered again
	_ = os.Chtimes(filepath.Join(r.dir, "b.csv"), time.Unix(1, 0), time.Unix(1, 0))
	r.run()
	r.want(first...)
	if r.log.again != 0 {
		t.Fatal("rows were put again")
	}
}

func TestGrownFile(t *testing.T) {
	r := newRig(t, "*")
	r.write("a.csv", "id,name\n1,Ann\n")
	r.run()
	r.write("a.csv", "id,name\n1,Ann\n2,\"B\nob\"\n")
	r.run()
	if err := os.Rename(filepath.Join(r.dir, "a.csv"), filepath.Join(r.dir, "old.csv")); err != nil {
		t.Fatal(err)
	}
	r.write("old.csv", "id,name\n1,Ann\n2,\"B\nob\"\n3\n")
	r.run()
	r.want(`1:1 {"id":"1","name":"Ann"}`, `1:2 {"id":"2","name":"B\nob"}`, `1:3 csv_too_few {"_line":5,"_bytes":1,"_fields":1,"_columns":2,"_raw":"3"}`)

	// Another file that begins with the same rows: only its own are read, as later ones.
	r.write("new.csv", "id,name\n1,Ann\n2,\"B\nob\"\n3\n4,Dee\n")
	r.run()
	if got := r.log.lines(); len(got) != 4 || got[3] != `2:4 {"id":"4","name":"Dee"}` {
		t.Fatal(got)
	}

	// An earlier byte changed: a new file.
	r.write("new.csv", "id,name\n1,Anna\n2,\"B\nob\"\n3\n4,Dee\n")
	r.run()
	if got := r.log.lines(); len(got) != 8 || got[4] != `3:1 {"id":"1","name":"Anna"}` {
		t.Fatal(got)
	}
}

func TestGrownGzip(t *testing.T) {
	r := newRig(t, "*")
	one := zip(t, "id\n1\n")
	r.write("a.csv.gz", one)
	r.run()
	r.write("a.csv.gz", one+zip(t, "2\n")) // members may be appended
	r.run()
	r.want(`1:1 {"id":"1"}`, `1:2 {"id":"2"}`)
}

func TestHeaderOnlyFilesAreDifferentFiles(t *testing.T) {
	r := newRig(t, "*")
	r.write("a.csv", "id,name\n")
	r.write("b.csv", "id,name\n1,Ann\n")
	r.run()
	r.write("a.csv", "id,name\n2,Bob\n")
	r.run()
	r.want(`2:1 {"id":"1","name":"Ann"}`, `1:1 {"id":"2","name":"Bob"}`)
}

func TestDamagedGzip(t *testing.T) {
	r := newRig(t, "*")
	whole := zip(t, "id,x\n"+strings.Repeat("12345,abc\n", 50_000))
	r.write("a.csv.gz", whole[:len(whole)*2/3])
	r.write("b.csv", "id,x\n1,2\n")
	err := r.source().Run(t.Context())
	if !errs.Is(err, "file_gzip") {
		t.Fatal(err)
	}
	n := len(r.log.byID)
	if n < 1000 || n >= 50_000 {
		t.Fatal(n) // what lay before the damage, and the other file
	}
	if r.last.Damaged != "file_gzip" {
		t.Errorf("damaged: %q", r.last.Damaged)
	}
	r.write("a.csv.gz", whole)
	r.run()
	if r.last.Damaged != "" {
		t.Errorf("damaged, and whole: %q", r.last.Damaged)
	}
	if len(r.log.byID) != 50_001 || r.log.conflicts != 0 {
		t.Fatal(len(r.log.byID), r.log.conflicts)
	}
}

func TestUnreadable(t *testing.T) {
	r := newRig(t, "*")
	r.write("a.csv.gz", "this is no gzip")
	r.write("b.csv", "id\n1\n")
	if err := r.source().Run(t.Context()); !errs.Is(err, "file_gzip") {
		t.Fatal(err)
	}
	r.want(`1:1 {"id":"1"}`)
}

func manyRows(n int) string {
	var b strings.Builder
	b.WriteString("id,name\n")
	for i := range n {
		switch i % 50 {
		case 7:
			fmt.Fprintf(&b, "%d,\"line\nbreak %d\"\n", i, i)
		case 11:
			fmt.Fprintf(&b, "%d\n", i)
		default:
			fmt.Fprintf(&b, "%d,person %d\n", i, i)
		}
	}
	return b.String()
}

// TestRejectedRowsNameTheirFile: by its name as it was read, which may be another one when
// it is read again; that makes no other row of it.
func TestRejectedRowsNameTheirFile(t *testing.T) {
	r := newRig(t, "in/*.csv")
	if err := os.Mkdir(filepath.Join(r.dir, "in"), 0o700); err != nil {
		t.Fatal(err)
	}
	const n = 1_500 // two batches, of which the second is put again
	r.write(`in/a "1".csv`, manyRows(n)+"torn\n")
	killed := errs.New("engine_failed", "killed")
	r.log.after = func(put int) error {
		if put > 1 {
			return killed
		}
		return nil
	}
	if err := r.source().Run(t.Context()); !errs.Is(err, killed.Code) {
		t.Fatal(err)
	}
	r.log.after = nil
	if err := os.Rename(filepath.Join(r.dir, `in/a "1".csv`), filepath.Join(r.dir, "in/b.csv")); err != nil {
		t.Fatal(err)
	}
	r.write("in/c.csv", "id,name\n3,Cy,x\n")
	r.run()
	for id, want := range map[string]string{
		"1:1501": `{"_line":1532,"_bytes":4,"_fields":1,"_columns":2,"_raw":"torn","_file":"a \"1\".csv"}`,
		"2:1":    `{"_line":2,"_bytes":6,"_fields":3,"_columns":2,"_raw":"3,Cy,x","_file":"c.csv"}`,
	} {
		if got := string(r.log.byID[id].Props); got != want {
			t.Errorf("%s: %s, not %s", id, got, want)
		}
	}
	if len(r.log.byID) != n+2 || r.log.again == 0 || r.log.conflicts != 0 {
		t.Errorf("%d rows, %d put again, %d in conflict", len(r.log.byID), r.log.again, r.log.conflicts)
	}
}

// TestKilledAnywhere breaks off at every Put and Save, before and after it takes
// effect, as kill -9 would, and starts anew (I2).
func TestKilledAnywhere(t *testing.T) {
	const n = 4_500
	content := manyRows(n)
	undisturbed := newRig(t, "*")
	undisturbed.write("a.csv", content)
	undisturbed.run()
	if len(undisturbed.log.byID) != n {
		t.Fatal(len(undisturbed.log.byID))
	}
	for _, name := range []string{"a.csv", "a.csv.gz"} {
		r := newRig(t, "*")
		if name == "a.csv" {
			r.write(name, content)
		} else {
			r.write(name, zip(t, content))
		}
		killed := errs.New("engine_failed", "killed")
		kills := 0
		var mu sync.Mutex // a Put and a Save may be under way at once
		die := func(phase int) func(int) error {
			return func(int) error {
				mu.Lock()
				defer mu.Unlock()
				if kills%4 == phase && kills < 24 {
					kills++
					return killed
				}
				return nil
			}
		}
		steps := 0
		for {
			r.log.fail, r.log.after = die(0), die(1)
			r.store.fail = die(2)
			if kills%4 == 3 {
				kills++ // this time it gets through a whole step
			}
			err := r.source().Run(t.Context())
			steps++
			if err == nil {
				break
			}
			if !errs.Is(err, "engine_failed") || steps > 100 {
				t.Fatal(err)
			}
		}
		if kills < 24 || r.log.again == 0 {
			t.Fatal("the test did not break off where it should:", kills, r.log.again)
		}
		if r.log.conflicts != 0 || !slices.Equal(r.log.lines(), undisturbed.log.lines()) {
			t.Fatalf("%s: %d rows, %d conflicts after %d starts", name, len(r.log.byID), r.log.conflicts, steps)
		}
	}
}

func TestBackPressure(t *testing.T) {
	r := newRig(t, "*")
	r.write("a.csv", manyRows(2_500))
	tries := 0
	r.log.fail = func(int) error {
		tries++
		switch tries % 3 {
		case 1:
			return errs.New("overloaded", "later")
		case 2:
			return fmt.Errorf("appending: %w", errs.New("disk_full", "no room"))
		}
		return nil
	}
	saves := 0
	r.store.fail = func(int) error {
		if saves++; saves%2 == 1 {
			return errs.New("disk_full", "no room")
		}
		return nil
	}
	r.run()
	if len(r.log.byID) != 2_500 || r.log.again != 0 || r.last.Rows != 2_500 {
		t.Fatal(len(r.log.byID), r.log.again, r.last)
	}
}

func TestBadConfig(t *testing.T) {
	_, err := file.New(file.Config{Name: "x", Path: "[", Format: "xml", Dialect: file.Dialect{Delimiter: "ab"}, Poll: -1}, file.Deps{})
	for _, want := range []string{"sources.x.path", "sources.x.format", "sources.x.delimiter", "sources.x.max_line", "sources.x.streams"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no fault at %s in %v", want, err)
		}
	}
}

func TestSample(t *testing.T) {
	r := newRig(t, "*")
	r.write("a.csv", "id;name\n1;Ann\n2\n3;\"Cy\"\n4;Dee\n")
	var got []string
	sample := func(limit int) file.Sampled {
		t.Helper()
		s, err := file.Sample(t.Context(), file.Config{}, filepath.Join(r.dir, "a.csv"), limit, func(props []byte) bool {
			got = append(got, string(props))
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := sample(100); s != (file.Sampled{Format: "csv", Delimiter: ";", Rejected: 1, First: [5]file.Rejected{{Line: 3, Code: file.CodeTooFew}}, Whole: true}) ||
		!slices.Equal(got, []string{`{"id":"1","name":"Ann"}`, `{"id":"3","name":"Cy"}`, `{"id":"4","name":"Dee"}`}) {
		t.Fatal(s, got)
	}
	if s := sample(2); s.Whole || s.Rejected != 1 || len(got) != 4 {
		t.Fatal(s, got)
	}
}
