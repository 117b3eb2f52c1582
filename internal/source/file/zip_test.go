package file_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"log/slog"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/source/file"
)

// rowsWant compares what was put, whatever its order.
func (r *rig) rowsWant(want ...string) {
	r.t.Helper()
	if got := slices.Sorted(maps.Values(props(r))); !slices.Equal(got, want) {
		r.t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if r.log.conflicts != 0 {
		r.t.Fatal("one id has two rows")
	}
}

func TestZipMembers(t *testing.T) {
	for name, make := range depots(t) {
		t.Run(name, func(t *testing.T) {
			d := make()
			r := placed(t, d, "*")
			r.cfg.Streams = []file.StreamMatch{{Glob: "o-*", Stream: "crm.orders"}, {Stream: "crm.contacts"}}
			d.put("export.dat", zipOf(t, map[string]string{ // its bytes tell what it is
				"a.csv": "id\n1\n", "in/o-1.ndjson": `{"id":2}`, "c.json": `[{"id":3}]`, "d.csv.gz": zip(t, "id\n4\n"), "e.parquet": numbered(t, 1), "f.xlsx": book(t, header(1, "id")+cells(2, [3]string{"A", "", "<v>5</v>"})),
				"__MACOSX/._a.csv": "x", "in/.DS_Store": "x", "in/": "", "empty.csv": "", "readme.pdf": "%PDF"}))
			r.run()
			r.rowsWant(`{"id":"1"}`, `{"id":"4"}`, `{"id":0,"tags":["t0","x"]}`, `{"id":2}`, `{"id":3}`, `{"id":5}`)
			for _, rec := range r.log.byID {
				if (rec.Stream == "crm.orders") != (string(rec.Props) == `{"id":2}`) {
					t.Errorf("%s is of %s", rec.Props, rec.Stream)
				}
			}
			if r.last.Bytes != r.last.TotalBytes || !r.last.Idle {
				t.Errorf("%+v", r.last)
			}
			var paths []string
			for name, doc := range r.store.m {
				if strings.HasPrefix(name, "file/") {
					if _, path, ok := bytes.Cut(doc, []byte("export.dat!")); ok {
						paths = append(paths, string(path[:5]))
					}
				}
			}
			if len(paths) != 6 {
				t.Errorf("%q are known", paths)
			}
			puts := r.log.puts
			r.run()
			d.put("again.zip", zipOf(t, map[string]string{"x/a.csv": "id\n1\n", "other.ndjson": `{"id":2}`, "new.csv": "id\n6\n"}))
			d.put("plain.csv", "id\n1\n") // what was a member, plain and packed otherwise
			d.put("plain.csv.gz", zip(t, "id\n6\n"))
			d.put("plain.parquet", numbered(t, 1))
			d.remove("export.dat")
			r.run()
			if r.log.puts != puts+1 || r.log.again != 0 {
				t.Fatal(r.log.lines())
			}
		})
	}
}

// TestPackedTables has what is read at places packed once more, an archive included.
func TestPackedTables(t *testing.T) {
	r := newRig(t, "*")
	r.write("a.parquet.gz", zip(t, numbered(t, 1)))
	r.write("b.xlsx.gz", zip(t, book(t, header(1, "id")+cells(2, [3]string{"A", "", "<v>1</v>"}))))
	r.write("c.zip.gz", zip(t, zipOf(t, map[string]string{"a.csv": "id\n2\n", "b.parquet": numbered(t, 1)})))
	r.run()
	r.want(`1:1 {"id":0,"tags":["t0","x"]}`, `2:1 {"id":1}`, `3:1 {"id":"2"}`)
	r.run()
	if r.log.puts != 3 {
		t.Error("rows were put again")
	}
}

// TestZipGrown: a member that grew in a newer archive is read on.
func TestZipGrown(t *testing.T) {
	r := newRig(t, "*")
	r.write("a.zip", zipOf(t, map[string]string{"a.csv": "id\n1\n"}))
	r.run()
	r.write("a.zip", zipOf(t, map[string]string{"a.csv": "id\n1\n2\n"}))
	r.run()
	r.want(`1:1 {"id":"1"}`, `1:2 {"id":"2"}`)
	r.write("b.zip", zipOf(t, map[string]string{"a.csv": "id\n1\n2\n3\n"})) // the other is there still
	r.run()
	r.want(`1:1 {"id":"1"}`, `1:2 {"id":"2"}`, `2:3 {"id":"3"}`)
}

// TestZipKilled breaks off after every other Put: members are read on where they were left.
func TestZipKilled(t *testing.T) {
	const n = 3_000
	r := newRig(t, "*")
	r.write("a.zip", zipOf(t, map[string]string{"a.csv": manyRows(n), "b.xlsx": wideBook(t, n), "c.parquet": numbered(t, n), "d.csv.gz": zip(t, "n\n"+strings.Repeat("1\n", n))}))
	r.log.after = func(put int) error {
		if put%2 == 0 {
			return errs.New("engine_failed", "killed")
		}
		return nil
	}
	for steps := 0; ; steps++ {
		err := r.source().Run(t.Context())
		if err == nil {
			break
		}
		if !errs.Is(err, "engine_failed") || steps > 30 {
			t.Fatal(err)
		}
	}
	if len(r.log.byID) != 4*n || r.log.conflicts != 0 || r.log.again == 0 {
		t.Fatal(len(r.log.byID), r.log.conflicts, r.log.again)
	}
}

// rawZip is an archive of stored members of which each field can be other than it should.
func rawZip(method, flags uint16, names ...string) string {
	const content = "id\n1\n"
	var b, dir bytes.Buffer
	put := func(b *bytes.Buffer, all ...any) {
		for _, v := range all {
			_ = binary.Write(b, binary.LittleEndian, v) // a buffer takes it
		}
	}
	for _, name := range names {
		at := uint32(b.Len())
		sum, size := crc32.ChecksumIEEE([]byte(content)), uint32(len(content))
		put(&b, []byte("PK\x03\x04"), uint16(20), flags, method, uint32(0), sum, size, size, uint16(len(name)), uint16(0), []byte(name), []byte(content))
		put(&dir, []byte("PK\x01\x02"), uint16(20), uint16(20), flags, method, uint32(0), sum, size, size, uint16(len(name)), [3]uint16{}, uint16(0), uint32(0), at, []byte(name))
	}
	at := uint32(b.Len())
	b.Write(dir.Bytes())
	put(&b, []byte("PK\x05\x06"), uint32(0), uint16(len(names)), uint16(len(names)), uint32(dir.Len()), at, uint16(0))
	return b.String()
}

// TestHostileZip has archives and members that must not be; the rest of each is read.
func TestHostileZip(t *testing.T) {
	whole := zipOf(t, map[string]string{"a.csv": "id\n1\n", "b.csv": "id\n2\n"})
	damaged := []byte(rawZip(0, 0, "bad.csv", "good.csv"))
	damaged[bytes.IndexByte(damaged, '\n')+1] = '7'
	for name, c := range map[string]struct {
		content string
		code    errs.Code
		at      string
		rows    int // of good members
	}{
		"up":             {rawZip(0, 0, "../../bad.csv", "good.csv"), file.CodeZipName, "a.zip!../../bad.csv", 1},
		"up within":      {rawZip(0, 0, "x/../../bad.csv", "good.csv"), file.CodeZipName, "a.zip!x/../../bad.csv", 1},
		"up by Windows":  {rawZip(0, 0, `..\bad.csv`, "good.csv"), file.CodeZipName, "a.zip!../bad.csv", 1},
		"absolute":       {rawZip(0, 0, "/etc/bad.csv", "good.csv"), file.CodeZipName, "a.zip!/etc/bad.csv", 1},
		"drive":          {rawZip(0, 0, `C:\bad.csv`, "good.csv"), file.CodeZipName, "a.zip!C:/bad.csv", 1},
		"line end":       {rawZip(0, 0, "a\n.csv", "good.csv"), file.CodeZipName, "a.zip!", 1},
		"encrypted":      {rawZip(0, 1, "bad.csv"), file.CodeEncrypted, "a.zip!bad.csv", 0},
		"method":         {rawZip(14, 0, "bad.csv"), file.CodeZipMethod, "a.zip!bad.csv", 0},
		"checksum":       {string(damaged), file.CodeZip, "a.zip!bad.csv", 1},
		"not deflated":   {rawZip(8, 0, "bad.csv"), file.CodeZip, "a.zip!bad.csv", 0},
		"nested":         {zipOf(t, map[string]string{"in.zip": whole, "good.csv": "id\n1\n"}), file.CodeZipNested, "a.zip!in.zip", 1},
		"nested, hidden": {zipOf(t, map[string]string{"in.csv": whole, "good.csv": "id\n1\n"}), file.CodeZipNested, "a.zip!in.csv", 1},
		"cut off":        {whole[:len(whole)-10], file.CodeZip, "a.zip", 0},
		"cut in half":    {whole[:len(whole)/2], file.CodeZip, "a.zip", 0},
		"no archive":     {"id\n1\n", file.CodeZip, "a.zip", 0},
		"many members":   {strings.Replace(whole, "PK\x05\x06\x00\x00\x00\x00\x02\x00\x02\x00", "PK\x05\x06\x00\x00\x00\x00\xfe\xff\xfe\xff", 1), file.CodeZip, "a.zip", 0},
		"too many":       {rawZip(0, 0, slices.Collect(maps.Keys(numbers(10_001)))...), file.CodeZip, "a.zip", 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "*")
			r.write("a.zip", c.content)
			err := r.source().Run(t.Context())
			if !errs.Is(err, c.code) || !strings.Contains(err.Error(), c.at) {
				t.Fatal(err)
			}
			good := 0
			for _, rec := range r.log.byID {
				if rec.Reject == "" && string(rec.Props) == `{"id":"1"}` {
					good++
				}
			}
			if good != c.rows {
				t.Fatalf("%d good rows, want %d: %v", good, c.rows, r.log.lines())
			}
			r.write("a.zip", whole)
			r.run()
			if r.log.conflicts != 0 || !slices.Contains(slices.Collect(maps.Values(props(r))), `{"id":"2"}`) {
				t.Fatal(r.log.lines())
			}
		})
	}
}

func numbers(n int) map[string]bool {
	all := map[string]bool{}
	for i := range n {
		all[fmt.Sprintf("%d.csv", i)] = true
	}
	return all
}

// TestZipBomb: one bound holds for all members together, whatever they unpack to in turn.
func TestZipBomb(t *testing.T) {
	part := "id\n" + strings.Repeat("1\n", 300_000) // 600 KB, of which deflate makes 1 KB
	members := map[string]string{}
	for i := range 20 {
		members[fmt.Sprintf("%02d.csv", i)] = part + strings.Repeat("2\n", i)
	}
	for name, c := range map[string]struct {
		content string
		least   int
	}{
		"many":   {zipOf(t, members), 300_000},
		"nested": {zipOf(t, map[string]string{"a.csv.gz": zip(t, strings.Repeat(part, 40))}), 0},
		"table":  {zipOf(t, map[string]string{"a.xlsx": book(t, "", map[string]string{"xl/worksheets/sheet1.xml": "<worksheet>" + strings.Repeat(" ", 20<<20)})}), 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "*")
			r.cfg.MaxUnpacked = 1 << 20
			r.write("a.zip", c.content)
			if err := r.source().Run(t.Context()); !errs.Is(err, "file_bomb") {
				t.Fatal(err)
			}
			if n := len(r.log.byID); n < c.least || n > 6_000_000 {
				t.Errorf("%d rows were taken", n)
			}
		})
	}
	r := newRig(t, "*") // each by itself is none
	r.cfg.MaxUnpacked = 1 << 20
	r.write("a.zip", zipOf(t, map[string]string{"a.csv": part}))
	r.run()
}

// TestZipLargeMember has a table in an archive that does not fit into what is held in memory.
func TestZipLargeMember(t *testing.T) {
	random := make([]byte, 20<<20)
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(random)
	r := newRig(t, "*")
	r.write("a.zip", zipOf(t, map[string]string{"a.xlsx": book(t, header(1, "id")+cells(2, [3]string{"A", "", "<v>1</v>"}), map[string]string{"xl/media/image1.png": string(random)})}))
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("TMP", temp)
	r.run()
	r.want(`1:1 {"id":1}`)
	if left, _ := filepath.Glob(filepath.Join(temp, "*")); len(left) > 0 {
		t.Errorf("%q are left", left)
	}
	if runtime.GOOS == "windows" {
		return
	}
	t.Setenv("TMPDIR", filepath.Join(temp, "none"))
	r = newRig(t, "*")
	r.write("a.zip", zipOf(t, map[string]string{"a.xlsx": book(t, "", map[string]string{"xl/media/image1.png": string(random)})}))
	if err := r.source().Run(t.Context()); !errs.Is(err, "file_unreadable") || !strings.Contains(err.Error(), "TMPDIR") {
		t.Error(err)
	}
}

// TestZipMatch: a member belongs to the stream whose pattern its name matches, and one that
// nobody wants is told.
func TestZipMatch(t *testing.T) {
	var logged bytes.Buffer
	r := newRig(t, "*")
	r.cfg.Streams = []file.StreamMatch{{Glob: "people*", Stream: "crm.contacts"}}
	r.write("a.zip", zipOf(t, map[string]string{"in/people.dat": "id\n1\n", "orders.csv": "id\n2\n"}))
	s, err := file.New(r.cfg, file.Deps{Sink: r.log, Store: r.store, Clock: clock.System{}, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.want(`1:1 {"id":"1"}`)
	if !strings.Contains(logged.String(), "a.zip!orders.csv") || !strings.Contains(logged.String(), "file_no_stream") {
		t.Error(logged.String())
	}
	r.cfg.Streams = append(r.cfg.Streams, file.StreamMatch{Glob: "orders*", Stream: "crm.orders"})
	r.run()
	r.want(`1:1 {"id":"1"}`, `2:1 {"id":"2"}`)
}

// TestZipWatched: an archive that is written bit by bit is read once it is whole, and then
// nothing of it is held back.
func TestZipWatched(t *testing.T) {
	whole := zipOf(t, map[string]string{"a.csv": "id\n1\n2"})
	r := newRig(t, "*.zip")
	r.cfg.Watch, r.cfg.Poll = true, time.Second
	ticks := make(chan time.Time)
	sink := telling{log: r.log, ids: make(chan string, 10)} // more than the test's rows
	s, err := file.New(r.cfg, file.Deps{Sink: sink, Store: r.store, Clock: &hands{now: time.Unix(1_700_000_000, 0)}, After: func(time.Duration) <-chan time.Time { return ticks }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	for _, n := range []int{1, 10, len(whole) - 5, len(whole)} {
		r.write("a.zip", whole[:n])
		if n < len(whole) {
			ticks <- time.Time{}
			ticks <- time.Time{}
		}
	}
	for got := 0; got < 2; {
		select {
		case <-sink.ids:
			got++
		case ticks <- time.Time{}:
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	r.want(`1:1 {"id":"1"}`, `1:2 {"id":"2"}`)
}

func FuzzZip(f *testing.F) {
	f.Add([]byte(zipOf(f, map[string]string{"a.csv": "id\n1\n", "b.json": `[{"id":2}]`})))
	f.Add([]byte(rawZip(0, 0, "a.csv", "../b.csv")))
	f.Add([]byte(rawZip(8, 1, "a.csv")))
	f.Fuzz(func(t *testing.T, content []byte) {
		r := newRig(t, "*")
		r.cfg.MaxUnpacked = 1 << 20
		r.write("a.zip", string(content))
		if err := r.source().Run(t.Context()); err != nil && errs.CodeOf(err) == "" {
			t.Fatal(err)
		}
	})
}
