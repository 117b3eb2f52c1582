//go:build integration

package survive

import (
	"archive/tar"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/klauspost/compress/zstd"
)

var update = flag.Bool("update", false, "make the newest data folder of the fixtures anew")

// formats are the data folders that were kept, of every format there ever was. A new
// format adds one; none is ever made anew once it was released.
var formats = []string{"format1"}

// Make the newest one anew, while its format is not released, with
//
//	go test -tags integration ./internal/survive -run OldDataFolders -update
//
// TestOldDataFolders is I8: a data folder of each format opens, says what it said when
// it was made, takes more records, and equals its own log replayed.
func TestOldDataFolders(t *testing.T) {
	if *update {
		makeFolder(t, formats[len(formats)-1])
	}
	for _, name := range formats {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, "")
			unpack(t, filepath.Join("testdata", name+".tar.zst"), p.dir)
			p.start()
			want, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			firstDifference(t, p.tells(), withoutRules(string(want)))
			before, err := p.ledger()
			if err != nil {
				t.Fatal(err)
			}
			a, err := p.ask(http.MethodPost, "/v1/batch", webBatch(`{"type":"identify","userId":"u-new","messageId":"new","traits":{"email":"new@example.com"}}`))
			if err != nil || a.status != http.StatusOK {
				t.Fatalf("an old folder takes no record: %v %v", a, err)
			}
			p.drained(before.effective("web")+1, time.Minute, "web")
			if code := p.stop(); code != 0 {
				t.Errorf("the stopped server ended with code %d", code)
			}
			p.verify()
			p.verifyByCommand()
		})
	}
}

// withoutRules leaves out how many versions of the rules there were: a newer Kith may
// bring streams, which it puts into force at its first start.
func withoutRules(told string) string {
	return regexp.MustCompile(`(?m)^ledger \{Source:kith Stream:rules .*\n`).ReplaceAllString(told, "")
}

// tells is what a project says of itself, in a text that stays the same as long as
// nothing is added: profiles, their history, the ledger and an SQL answer.
func (p *project) tells() string {
	p.t.Helper()
	var b strings.Builder
	l, err := p.ledger()
	if err != nil {
		p.t.Fatal(err)
	}
	slices.SortFunc(l.Lines, func(a, b ledgerLine) int { return strings.Compare(a.Source+" "+a.Stream, b.Source+" "+b.Stream) })
	for _, line := range l.Lines {
		fmt.Fprintf(&b, "ledger %+v\n", line)
	}
	for _, row := range p.sql(`select c.customer_id, count(*) from v_fact_web_pages f join dim_customer c on c.customer_id = f.customer_id and c.is_current group by 1 order by 1`) {
		fmt.Fprintf(&b, "pages %s\n", strings.Join(row, " "))
	}
	for _, row := range p.sql("select customer_id, version, is_current, email, valid_from, valid_to from dim_customer order by customer_id, version") {
		fmt.Fprintf(&b, "dim_customer %s\n", strings.Join(row, " "))
	}
	for _, row := range p.sql("select distinct customer_id from dim_customer where customer_id <> 'unknown' order by 1") {
		var history struct {
			Versions []struct {
				Version     uint64         `json:"version"`
				Kind        string         `json:"kind"`
				Attributes  map[string]any `json:"attributes"`
				Identifiers []struct {
					Type  string `json:"type"`
					Value string `json:"value"`
				} `json:"identifiers"`
			} `json:"versions"`
		}
		p.must(http.MethodGet, "/api/profiles/"+row[0]+"/history?limit=200", nil, &history)
		if len(history.Versions) == 0 {
			p.t.Errorf("profile %s has no history", row[0])
		}
		for _, v := range history.Versions {
			text, err := json.Marshal(v, json.Deterministic(true))
			if err != nil {
				p.t.Fatal(err)
			}
			fmt.Fprintf(&b, "profile %s %s\n", row[0], text)
		}
	}
	return withoutRules(b.String())
}

// makeFolder makes a fixture: a small shop, loaded and stopped.
func makeFolder(t *testing.T, name string) {
	t.Helper()
	text := replaceOnce(t, fmt.Sprintf(shopFile, 20, 100, ""), "partitions: 3, topic_partitions: 2, cache: 64MiB", "partitions: 1, topic_partitions: 1, cache: 8MiB")
	s := newShop(t, 12, 8, 1000, text)
	s.start()
	s.deliver(len(s.files))
	if left := (&sender{s: s}).send(s.batches, nil); len(left) > 0 {
		t.Fatal("the web's events were not taken")
	}
	if a, err := s.ask(http.MethodPost, "/v1/batch", webBatch(`{"type":"dance","userId":"u-1","messageId":"refused"}`)); err != nil || a.status != http.StatusOK {
		t.Fatalf("a batch with a bad item is answered %v: %v", a, err)
	}
	s.drained(uint64(s.rows+s.events+1), time.Minute, append(fileSources, "web")...)
	s.must(http.MethodPost, "/api/decisions", map[string]any{"action": "merge",
		"a": []any{map[string]any{"identifier": map[string]string{"type": "email", "value": s.world.People[0].Email}}},
		"b": []any{map[string]any{"identifier": map[string]string{"type": "email", "value": s.world.People[5].Email}}}}, nil)
	s.poll("the decision has acted", time.Minute, s.idle)
	told := s.tells()
	if code := s.stop(); code != 0 {
		t.Fatalf("the stopped server ended with code %d", code)
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("testdata", name+".txt"), []byte(told), 0o644); err != nil {
		t.Fatal(err)
	}
	pack(t, s.dir, filepath.Join("testdata", name+".tar.zst"))
}

// pack archives a project's file and data folder.
func pack(t *testing.T, dir, to string) {
	t.Helper()
	f, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || name != "kith.yaml" && !strings.HasPrefix(name, "data"+string(filepath.Separator)) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Mode: 0o600, Size: int64(len(text))}); err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	})
	if err := errors.Join(err, w.Close(), z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(to)
	if err != nil || info.Size() > 200<<10 {
		t.Fatalf("the fixture is too large to keep: %v %v", info.Size(), err)
	}
}

// unpack writes what pack archived.
func unpack(t *testing.T, from, dir string) {
	t.Helper()
	f, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
