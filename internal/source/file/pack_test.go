package file_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/source/file"
)

func zstded(t testing.TB, content string) string {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err == nil {
		_, err = z.Write([]byte(content))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestZstd(t *testing.T) {
	r := newRig(t, "*")
	r.write("a.csv", "id\n1\n")
	r.write("b.csv.zst", zstded(t, "id\n1\n")) // the same content, packed
	r.write("c.jsonl.zstd", zstded(t, "{\"id\":2}\n"))
	r.write("d.csv.zst", "")
	r.run()
	r.want(`1:1 {"id":"1"}`, `2:1 {"id":2}`)
	r.write("c.jsonl.zstd", zstded(t, "{\"id\":2}\n")+zstded(t, "{\"id\":3}\n")) // frames may be appended
	r.run()
	r.want(`1:1 {"id":"1"}`, `2:1 {"id":2}`, `2:2 {"id":3}`)
}

func TestDamagedZstd(t *testing.T) {
	r := newRig(t, "*")
	whole := zstded(t, "id,x\n"+manyRows(200_000))
	r.write("a.csv.zst", whole[:len(whole)*2/3])
	r.write("b.csv.zst", "this is no zstd")
	r.write("c.csv", "id\n1\n")
	if err := r.source().Run(t.Context()); !errs.Is(err, "file_zstd") {
		t.Fatal(err)
	}
	if n := len(r.log.byID); n < 1000 || n >= 200_000 {
		t.Fatal(n) // what lay before the damage, and the other file
	}
	r.write("a.csv.zst", whole)
	_ = os.Remove(filepath.Join(r.dir, "b.csv.zst"))
	r.run()
	if len(r.log.byID) != 200_002 || r.log.conflicts != 0 {
		t.Fatal(len(r.log.byID), r.log.conflicts)
	}
}

func TestBomb(t *testing.T) {
	bomb := strings.Repeat("0\n", 1<<18)
	for _, name := range []string{"a.csv.gz", "a.csv.zst"} {
		r := newRig(t, "*")
		r.cfg.MaxUnpacked = 128 << 10
		packed := zip(t, bomb)
		if name == "a.csv.zst" {
			packed = zstded(t, bomb)
		}
		r.write(name, packed)
		if err := r.source().Run(t.Context()); !errs.Is(err, "file_bomb") || !strings.Contains(err.Error(), "max_unpacked") {
			t.Fatal(name, err)
		}
		if n := len(r.log.byID); n >= 1<<18 {
			t.Fatal(name, n)
		}
		r.cfg.MaxUnpacked = 8 << 20
		r.run()
		if len(r.log.byID) != 1<<18 || r.log.conflicts != 0 {
			t.Fatal(name, len(r.log.byID), r.log.conflicts)
		}
	}
}

func TestEncodings(t *testing.T) {
	const content = "id,name\n1,Zoë Çelik\n2,Łukasz\n"
	encode := func(e encoding.Encoding, s string) string {
		out, err := e.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, c := range map[string]struct{ set, content, first string }{
		"utf-16le without a mark": {"", encode(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), content), "Zoë Çelik"},
		"utf-16be without a mark": {"", encode(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), content), "Zoë Çelik"},
		"utf-16be with a mark":    {"windows-1252", encode(unicode.UTF16(unicode.BigEndian, unicode.UseBOM), content), "Zoë Çelik"},
		"utf-8 with a mark":       {"iso-8859-2", "\xEF\xBB\xBF" + content, "Zoë Çelik"},
		"iso-8859-2":              {"iso-8859-2", encode(charmap.ISO8859_2, "id,name\n1,Łucja\n"), "Łucja"},
		"windows-1251":            {"windows-1251", encode(charmap.Windows1251, "id,name\n1,Анна\n"), "Анна"},
		"windows-1252":            {"windows-1252", "id,name\n1,Zo\xeb \xc3\xa9\n", "Zoë Ã©"},
		"utf-8":                   {"utf-8", content, "Zoë Çelik"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "*.csv")
			r.cfg.Encoding = c.set
			r.write("a.csv", c.content)
			r.run()
			r.run()
			if got := r.log.lines(); len(got) == 0 || got[0] != `1:1 {"id":"1","name":"`+c.first+`"}` || len(got) > 2 {
				t.Fatal(got)
			}
		})
	}
	if _, err := file.New(file.Config{Name: "x", Path: "a", Encoding: "klingon", Streams: []file.StreamMatch{{Stream: "x.y"}}}, file.Deps{}); err == nil || !strings.Contains(err.Error(), "sources.x.encoding") {
		t.Fatal(err)
	}
}

func FuzzPacked(f *testing.F) {
	f.Add([]byte(zip(f, "id\n1\n")), true)
	f.Add([]byte(zstded(f, "id\n1\n")), false)
	f.Fuzz(func(t *testing.T, content []byte, gz bool) {
		name := "a.csv.zst"
		if gz {
			name = "a.csv.gz"
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		out := 0
		_, _ = file.Sample(t.Context(), file.Config{MaxUnpacked: 1 << 20}, path, 1<<30, func(props []byte) bool { // damage is no fault here
			out += len(props)
			return true
		})
		if out > 64<<20 {
			t.Fatal(out)
		}
	})
}
