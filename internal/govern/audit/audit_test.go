package audit

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

var (
	ctx  = context.Background()
	when = clock.Fixed(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))
	key  = bytes.Repeat([]byte{7}, 32)
)

// heads is a record.Store in memory.
type heads struct {
	mu   sync.Mutex
	docs map[string][]byte
}

func (h *heads) Load(_ context.Context, name string) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.docs[name], nil
}

func (h *heads) Save(_ context.Context, docs map[string][]byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.docs == nil {
		h.docs = map[string][]byte{}
	}
	for name, doc := range docs {
		h.docs[name] = doc
	}
	return nil
}

func (h *heads) List(context.Context, string, int) ([]record.Document, error) { return nil, nil }

func open(t testing.TB, dir string, store record.Store) *Log {
	t.Helper()
	l, err := Open(ctx, Config{Dir: dir}, Deps{Clock: when, Key: key, Heads: store})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func entry(i int) Entry {
	return Entry{Principal: "k1", Action: "profile.read", What: fmt.Sprint("p", i), Outcome: "ok"}
}

// chain writes entries in the given numbers of several starts and closes it.
func chain(t testing.TB, dir string, store record.Store, starts ...int) {
	t.Helper()
	for _, n := range starts {
		l := open(t, dir, store)
		for i := range n {
			if err := l.Record(ctx, entry(i), i%3 == 0); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func sound(t testing.TB, dir string, entries uint64) Report {
	t.Helper()
	r, err := Verify(dir)
	if err != nil || !r.Sound() || r.Entries != entries {
		t.Fatalf("Verify = %+v, %v; want %d sound entries", r, err, entries)
	}
	return r
}

func TestChainGoesOnAcrossRestarts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	chain(t, dir, nil, 10, 0, 5)
	r := sound(t, dir, 3+15)
	if r.Segments != 3 || r.N != 18 || r.Torn != 0 {
		t.Errorf("%+v", r)
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v", info.Mode())
	}
	if info, _ := os.Stat(filepath.Join(dir, segmentName(1))); info.Mode().Perm() != 0o600 {
		t.Errorf("a segment has mode %v", info.Mode())
	}
}

func TestDurableEntryIsOnDiskWhenRecordReturns(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, nil)
	if err := l.Record(ctx, Entry{Principal: "k1", Action: "sql", What: "select " + l.Hash("select 1"), Outcome: "ok"}, true); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, segmentName(1)))
	if err != nil || !bytes.Contains(raw, []byte(`"action":"sql"`)) {
		t.Fatalf("%q, %v", raw, err)
	}
}

func TestOtherEntriesAreOnDiskWithinASecond(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := open(t, dir, nil)
		if err := l.Record(ctx, entry(1), false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // the bubble's clock: passes at once
		synctest.Wait()
		sound(t, dir, 2)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestSegmentsAreCutBySize(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(ctx, Config{Dir: dir, SegmentBytes: 2000}, Deps{Clock: when, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if err := l.Record(ctx, entry(i), true); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := Verify(dir)
	if err != nil || !r.Sound() || r.Segments < 3 || r.Entries != 20+uint64(r.Segments) {
		t.Fatalf("%+v, %v", r, err)
	}
}

func TestTornLastLine(t *testing.T) {
	for cut := 1; cut < 300; cut += 7 {
		dir := t.TempDir()
		chain(t, dir, nil, 5)
		path := filepath.Join(dir, segmentName(1))
		raw, _ := os.ReadFile(path)
		last := bytes.LastIndexByte(raw[:len(raw)-1], '\n') + 1
		if cut >= len(raw)-last {
			break
		}
		if err := os.WriteFile(path, raw[:last+cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if r := sound(t, dir, 5); r.Torn != 1 {
			t.Fatalf("before the restart: %+v", r)
		}
		chain(t, dir, nil, 2)
		if r := sound(t, dir, 5+3); r.Torn != 1 || r.N != 8 {
			t.Fatalf("after it: %+v", r)
		}
		second, _ := os.ReadFile(filepath.Join(dir, segmentName(2)))
		if !bytes.Contains(second, fmt.Appendf(nil, `"torn_bytes":%d`, cut)) {
			t.Fatalf("no marker in %s", second)
		}
		// What was left of the line is evidence too.
		torn, _ := os.ReadFile(path)
		torn[len(torn)-1] ^= 1
		if err := os.WriteFile(path, torn, 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err := Verify(dir); err != nil || r.Sound() {
			t.Fatalf("an altered remainder is not seen: %+v, %v", r, err)
		}
	}
}

func TestEmptyLastSegmentIsUsedAgain(t *testing.T) {
	dir := t.TempDir()
	chain(t, dir, nil, 3)
	if err := os.WriteFile(filepath.Join(dir, segmentName(2)), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	sound(t, dir, 4)
	chain(t, dir, nil, 1)
	if r := sound(t, dir, 6); r.Segments != 2 {
		t.Errorf("%+v", r)
	}
}

// TestVerifyFindsEveryChange alters, removes, repeats and reorders lines and bytes
// of a chain of three segments; only the end of the last segment may go unseen, and
// that is what the kept head is for.
func TestVerifyFindsEveryChange(t *testing.T) {
	base := t.TempDir()
	store := &heads{}
	chain(t, base, store, 6, 4, 5)
	whole := map[string][]byte{}
	for i := 1; i <= 3; i++ {
		raw, err := os.ReadFile(filepath.Join(base, segmentName(i)))
		if err != nil {
			t.Fatal(err)
		}
		whole[segmentName(i)] = raw
	}
	kept, err := decodeHead(store.docs["audit/main"])
	if err != nil || kept.head.n != 18 {
		t.Fatalf("%+v, %v", kept, err)
	}
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		name := segmentName(rapid.IntRange(1, 3).Draw(rt, "segment"))
		lines := bytes.SplitAfter(whole[name], []byte("\n"))
		lines = lines[:len(lines)-1]
		i := rapid.IntRange(0, len(lines)-1).Draw(rt, "line")
		remove := false
		switch rapid.SampledFrom([]string{"flip", "drop", "repeat", "swap", "file", "cut"}).Draw(rt, "change") {
		case "flip":
			lines[i] = bytes.Clone(lines[i])
			lines[i][rapid.IntRange(0, len(lines[i])-1).Draw(rt, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		case "drop":
			lines = append(lines[:i:i], lines[i+1:]...)
		case "repeat":
			lines = append(append(lines[:i:i], lines[i]), lines[i:]...)
		case "swap":
			j := rapid.IntRange(0, len(lines)-1).Draw(rt, "other")
			if i == j {
				return
			}
			lines[i], lines[j] = lines[j], lines[i]
		case "file":
			remove = true
		case "cut":
			lines = lines[:i]
		}
		for n, raw := range whole {
			if n == name {
				raw = bytes.Join(lines, nil)
			}
			if err := os.WriteFile(filepath.Join(dir, n), raw, 0o600); err != nil {
				rt.Fatal(err)
			}
		}
		if remove {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				rt.Fatal(err)
			}
		}
		r, err := verify(dir, kept.head)
		if err != nil || r.Sound() {
			rt.Fatalf("not seen: %+v, %v", r, err)
		}
	})
}

func TestCutEndIsSeenAlsoAfterARestart(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, dir string){
		"lines removed": func(t *testing.T, dir string) {
			path := filepath.Join(dir, segmentName(1))
			raw, _ := os.ReadFile(path)
			lines := bytes.SplitAfter(raw, []byte("\n"))
			if err := os.WriteFile(path, bytes.Join(lines[:3], nil), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"folder removed": func(t *testing.T, dir string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		},
		"chain rewritten": func(t *testing.T, dir string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			l := open(t, dir, nil)
			for range 30 {
				if err := l.Record(ctx, Entry{Principal: "k2", Action: "profile.read"}, false); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, store := filepath.Join(t.TempDir(), "audit"), &heads{}
			chain(t, dir, store, 8)
			change(t, dir)
			for range 2 { // the second start must not forget it
				l := open(t, dir, store)
				if err := l.Record(ctx, entry(1), true); err != nil {
					t.Fatal(err)
				}
				r, err := l.Verify(ctx)
				if err != nil || r.Sound() || slices.ContainsFunc(r.Faults, func(f Fault) bool { return f.Code == "reordered" }) {
					t.Fatalf("%+v, %v", r, err)
				}
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestVerifyWhileItGrows(t *testing.T) {
	dir, store := t.TempDir(), &heads{}
	l := open(t, dir, store)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 50 {
				if err := l.Record(ctx, entry(i), (i+w)%5 == 0); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 10 {
		if r, err := l.Verify(ctx); err != nil || !r.Sound() {
			t.Errorf("%+v, %v", r, err)
		}
	}
	wg.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	sound(t, dir, 201)
	if err := l.Record(ctx, entry(1), true); !errs.Is(err, CodeClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestFailingDiskRefusesAndGoesOn(t *testing.T) {
	dir := t.TempDir()
	l, err := Open(ctx, Config{Dir: dir, Every: time.Second}, Deps{Clock: when, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Record(ctx, entry(1), true); err != nil {
		t.Fatal(err)
	}
	if err := l.Record(ctx, entry(2), false); err != nil {
		t.Fatal(err)
	}
	// The file is closed under the chain: the next write fails as on a broken disk,
	// and the folder is gone, so that no new segment can be made either.
	away := dir + "-away"
	if err := os.Rename(dir, away); err != nil {
		t.Fatal(err)
	}
	l.mu.Lock() // the syncing goroutine is idle: nothing waits for it that it has taken
	l.file.Close()
	l.mu.Unlock()
	for range 3 {
		if err := l.Record(ctx, entry(3), true); !errs.Is(err, CodeUnavailable) {
			t.Fatalf("on a failing disk: %v", err)
		}
	}
	if err := l.Record(ctx, entry(4), false); !errs.Is(err, CodeUnavailable) {
		t.Errorf("an entry that would not wait must now: %v", err)
	}
	if err := os.Rename(away, dir); err != nil {
		t.Fatal(err)
	}
	if err := l.Record(ctx, entry(5), true); err != nil {
		t.Fatalf("once the disk is back: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	sound(t, dir, 2+3) // two openings; entries 1, 2 and 5
}

func TestEntriesAreChecked(t *testing.T) {
	l := open(t, t.TempDir(), nil)
	for _, e := range []Entry{{}, {Principal: "k"}, {Action: "a"}, {Principal: "k", Action: "a", What: strings.Repeat("x", maxField+1)}} {
		if err := l.Record(ctx, e, true); !errs.Is(err, CodeEntry) {
			t.Errorf("%v", err)
		}
	}
	if err := l.Record(ctx, Entry{Principal: "k\n\"\xff", Action: "a\\", What: "</>\u2028"}, true); err != nil {
		t.Error(err)
	}
	if r, err := l.Verify(ctx); err != nil || !r.Sound() || r.Entries != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := Open(ctx, Config{Dir: t.TempDir()}, Deps{Clock: when, Key: []byte("short")}); !errs.Is(err, "hash_key_size") {
		t.Errorf("a short key: %v", err)
	}
}

func TestHashIsKeyedAndUnambiguous(t *testing.T) {
	l := open(t, t.TempDir(), nil)
	first, again := l.Hash("a"), l.Hash("a")
	if l.Hash("ab", "c") == l.Hash("a", "bc") || first == hashText([]byte("another key of 16"), "a") || first != again {
		t.Error("Hash does not tell texts or keys apart")
	}
}

func TestStatement(t *testing.T) {
	for sql, want := range map[string]string{
		"select 1": "select", " \n-- a comment\n/* jo@example.com */ WITH x AS (select 1) select * from x": "with",
		"(select 1)": "select", "": "other", "jo@example.com": "other", "/* open": "other", "from t": "from", "Delete from x": "delete",
	} {
		if got := Statement(sql); got != want {
			t.Errorf("Statement(%q) = %q, want %q", sql, got, want)
		}
	}
}

func FuzzReadSegment(f *testing.F) {
	first, at := appendLine(nil, &line{Principal: "kith", Action: actionStart, Chain: "main", Segment: 1}, head{hash: originHash})
	two, _ := appendLine(bytes.Clone(first), &line{Principal: "k", Action: "a", What: "w", Outcome: "ok"}, at)
	f.Add(first)
	f.Add(two)
	f.Add(two[:len(two)-5])
	f.Add([]byte("\n\n{}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var whole int
		s, err := readSegment(bytes.NewReader(b), func(_ int, l *line) { whole++ })
		if err != nil {
			t.Fatal(err)
		}
		if s.good+s.tail.bytes != int64(len(b)) || (s.good == 0) != (whole == 0) {
			t.Fatalf("%d bytes read as %+v with %d entries", len(b), s, whole)
		}
		again, err := readSegment(io.LimitReader(bytes.NewReader(b), s.good), func(int, *line) { whole-- })
		if err != nil || whole != 0 || again.last != s.last || again.tail.bytes != 0 {
			t.Fatalf("the whole entries alone read as %+v", again)
		}
	})
}

func FuzzDecodeHead(f *testing.F) {
	f.Add(encodeHead(keptHead{segment: 2, head: head{n: 5, hash: originHash}}))
	f.Add([]byte{9})
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, err := decodeHead(b); err == nil {
			if again, err := decodeHead(encodeHead(k)); err != nil || again != k {
				t.Fatalf("%+v became %+v, %v", k, again, err)
			}
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	l := open(b, b.TempDir(), nil)
	e := entry(1)
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Record(ctx, e, false); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRecordDurable(b *testing.B) {
	l := open(b, b.TempDir(), nil)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := l.Record(ctx, entry(1), true); err != nil {
				b.Fatal(err)
			}
		}
	})
}
