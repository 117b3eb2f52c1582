package file_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/source/file"
)

// newSnapshots is a rig whose files are snapshots of rows with an id.
func newSnapshots(t *testing.T) *rig {
	r := newRig(t, "*.csv")
	r.cfg.Snapshot = true
	r.log.mapped = func(rec *record.Record) {
		var row struct {
			ID string `json:"id"`
		}
		if rec.Key == "" && json.Unmarshal(rec.Props, &row) == nil {
			rec.Key = row.ID
		}
	}
	return r
}

// live gives the keys that the road would have, by the order of records.
func (r *rig) live() string {
	r.t.Helper()
	latest := map[string]record.Record{}
	for _, id := range r.log.order {
		rec := r.log.byID[id]
		if rec.Key == "" {
			continue
		}
		if old, ok := latest[rec.Key]; !ok || rec.Seq.Compare(old.Seq) >= 0 {
			latest[rec.Key] = rec
		}
	}
	maps.DeleteFunc(latest, func(_ string, rec record.Record) bool { return rec.Op == record.Delete })
	return strings.Join(slices.Sorted(maps.Keys(latest)), " ")
}

// deletes gives the keys of all deletes, in order of arrival.
func (r *rig) deletes() (keys []string) {
	for _, id := range r.log.order {
		if rec := r.log.byID[id]; rec.Op == record.Delete {
			keys = append(keys, rec.Key)
		}
	}
	return keys
}

func (r *rig) wantLive(want string, deletes ...string) {
	r.t.Helper()
	if got := r.live(); got != want {
		r.t.Errorf("live are %q, want %q", got, want)
	}
	if got := r.deletes(); !slices.Equal(got, deletes) {
		r.t.Errorf("deleted were %q, want %q", got, deletes)
	}
}

func (r *rig) wantKept(code errs.Code) {
	r.t.Helper()
	if r.last.Kept != code {
		r.t.Errorf("kept for %q, want %q", r.last.Kept, code)
	}
}

func TestSnapshotDeletesWhatVanished(t *testing.T) {
	r := newSnapshots(t)
	r.write("1.csv", "id,n\na,1\nb,1\nc,1\n")
	r.run()
	r.wantLive("a b c")
	r.write("2.csv", "id,n\na,1\nc,2\nd,1\n")
	r.run()
	r.wantLive("a c d", "b")
	var gone record.Record
	for _, rec := range r.log.byID {
		if rec.Op == record.Delete {
			gone = rec
		}
	}
	if want := (record.Seq{Kind: record.SeqRow, A: 2, B: 4}); gone.Seq != want || gone.Stream != "crm.contacts" || gone.Source != "crm" || strings.Contains(gone.ID, "b") {
		t.Errorf("the delete is %+v", gone)
	}
	r.run()
	r.write("2 again.csv", "id,n\na,1\nc,2\nd,1\n")
	r.run() // the latest, under another name
	if err := os.Rename(filepath.Join(r.dir, "1.csv"), filepath.Join(r.dir, "old.csv")); err != nil {
		t.Fatal(err)
	}
	r.run() // an earlier one, renamed
	r.wantLive("a c d", "b")
	r.write("3.csv", "id,n\na,1\nb,1\nc,1\n") // the bytes of the first, delivered anew: b came back
	r.run()
	r.wantLive("a b c", "b", "d")
	r.wantKept("")
	if n := len(r.stored("keys/")); n != 1 {
		t.Errorf("%d chunks of keys are stored, want those of the latest alone", n)
	}
}

// TestSnapshotTables: what holds of texts holds of tables, one in an archive included.
func TestSnapshotTables(t *testing.T) {
	for name, table := range map[string]func(...string) string{
		"parquet": func(ids ...string) string {
			return parquetFile(t, []arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}}, `[{"id":"`+strings.Join(ids, `"},{"id":"`)+`"}]`, 100)
		},
		"xlsx": func(ids ...string) string {
			rows := header(1, "id")
			for i, id := range ids {
				rows += header(i+2, id)
			}
			return book(t, rows)
		},
		"zip": func(ids ...string) string {
			return zipOf(t, map[string]string{"a.csv": "id\n" + strings.Join(ids, "\n")})
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newSnapshots(t)
			r.cfg.Path = filepath.Join(r.dir, "*")
			r.write("1."+name, table("a", "b", "c"))
			r.run()
			r.write("2."+name, table("a", "c", "d"))
			r.run()
			r.wantLive("a c d", "b")
			r.write("2 again."+name, table("a", "c", "d")) // the latest, under another name
			r.run()
			r.wantLive("a c d", "b")
			r.write("3."+name, table("a", "b", "c")) // the bytes of the first, delivered anew: b came back
			r.run()
			r.wantLive("a b c", "b", "d")
			r.wantKept("")
		})
	}
}

// TestSnapshotUnderOneName has one file that is written over, also by what it was before.
func TestSnapshotUnderOneName(t *testing.T) {
	r := newSnapshots(t)
	for i, c := range []struct{ content, live string }{
		{"id\na\nb\nc\n", "a b c"}, {"id\na\nb\n", "a b"}, {"id\na\nb\nc\n", "a b c"}, {"id\na\nb\nc\nd\n", "a b c d"}, {"id\na\nb\n", "a b"},
	} {
		r.write("all.csv", c.content)
		at := time.Unix(1_700_000_000+int64(i), 0)
		if err := os.Chtimes(filepath.Join(r.dir, "all.csv"), at, at); err != nil {
			t.Fatal(err)
		}
		r.run()
		if got := r.live(); got != c.live {
			t.Fatalf("after write %d live are %q, want %q", i, got, c.live)
		}
	}
}

func (r *rig) stored(prefix string) []record.Document {
	docs, _ := r.store.List(r.t.Context(), prefix, 1<<20)
	return docs
}

// TestSnapshotExactlyOnce ends the process at each Put and each Save in turn, before and
// after it took effect.
func TestSnapshotExactlyOnce(t *testing.T) {
	var first, second strings.Builder
	first.WriteString("id\n")
	second.WriteString("id\n")
	for i := range 2_500 {
		fmt.Fprintf(&first, "k%04d\n", i)
		if i%2 == 0 {
			fmt.Fprintf(&second, "k%04d\n", i)
		}
	}
	killed := errors.New("killed")
	ended := false
	for at := 1; !ended; at++ {
		for _, where := range []string{"before put", "after put", "save"} {
			r := newSnapshots(t)
			r.write("1.csv", first.String())
			r.run()
			r.write("2.csv", second.String())
			now := func(n int) error {
				if n == at {
					return killed
				}
				return nil
			}
			r.log.puts, r.store.n = 0, 0
			switch where {
			case "before put":
				r.log.fail = now
			case "after put":
				r.log.after = now
			default:
				r.store.fail = now
			}
			err := r.source().Run(t.Context())
			if where == "save" {
				ended = err == nil
			}
			if err != nil && !errors.Is(err, killed) {
				t.Fatal(err)
			}
			r.log.fail, r.log.after, r.store.fail = nil, nil, nil
			r.run()
			deleted := r.deletes()
			slices.Sort(deleted)
			if len(deleted) != 1_250 || len(slices.Compact(deleted)) != 1_250 || r.log.conflicts > 0 || len(strings.Fields(r.live())) != 1_250 {
				t.Fatalf("%s %d: %d deletes, %d conflicts, %d live", where, at, len(deleted), r.log.conflicts, len(strings.Fields(r.live())))
			}
			if len(r.stored("snap/")) != 1 {
				t.Fatalf("%s %d: earlier keys are left", where, at)
			}
		}
	}
}

func TestSnapshotGuards(t *testing.T) {
	for name, c := range map[string]struct {
		second string
		code   errs.Code
	}{
		"too many":    {"id,n\na,1\n", file.CodeSnapshotDeletes},
		"no rows":     {"id,n\n", file.CodeSnapshotKept},
		"empty":       {"", file.CodeSnapshotKept},
		"without key": {"id,n\na,1\nb,1\n,1\n", file.CodeSnapshotKept},
		"rejected":    {"id,n\na,1\nb,1\nc\n", file.CodeSnapshotKept},
	} {
		t.Run(name, func(t *testing.T) {
			r := newSnapshots(t)
			r.write("1.csv", "id,n\na,1\nb,1\nc,1\n")
			r.run()
			r.write("2.csv", c.second)
			r.run()
			r.wantLive("a b c")
			r.wantKept(c.code)
			r.write("3.csv", "id,n\na,1\nb,1\nd,1\n") // what the guard kept back, the next file does
			r.run()
			r.wantLive("a b d", "c")
			r.wantKept("")
		})
	}
}

func TestSnapshotShareIsRaised(t *testing.T) {
	r := newSnapshots(t)
	r.write("1.csv", "id\na\nb\nc\n")
	r.write("2.csv", "id\nd\n")
	var told bytes.Buffer
	r.logger = slog.New(slog.NewTextHandler(&told, nil))
	r.run()
	r.wantLive("a b c d")
	r.wantKept(file.CodeSnapshotDeletes)
	if !strings.Contains(told.String(), "lacks=3 of=3") {
		t.Error("the log does not say how many: ", told.String())
	}
	r.cfg.MaxDeletes = 1
	r.write("3.csv", "id\na\n")
	r.run()
	r.wantLive("a", "b", "c", "d")
	r.wantKept("")
	r.cfg.MaxDeletes = 1.5
	if _, err := file.New(r.cfg, file.Deps{}); err == nil {
		t.Error("a share over 1 was accepted")
	}
}

// TestSnapshotCutOff has a file whose packing ends early, and is then whole.
func TestSnapshotCutOff(t *testing.T) {
	r := newSnapshots(t)
	r.cfg.Path = filepath.Join(r.dir, "*")
	r.write("1.csv", "id\na\nb\nc\n")
	r.run()
	whole := zip(t, "id\na\nb\nd\n")
	r.write("2.csv.gz", whole[:len(whole)-6])
	if err := r.source().Run(t.Context()); !errs.Is(err, "file_gzip") {
		t.Fatal(err)
	}
	r.wantLive("a b c d")
	r.wantKept(file.CodeSnapshotKept)
	r.write("2.csv.gz", whole)
	r.run()
	r.wantLive("a b d", "c")
	r.wantKept("")
}

// TestSnapshotsOfManyKeys has more keys than are held at once.
func TestSnapshotsOfManyKeys(t *testing.T) {
	r := newSnapshots(t)
	r.log.mapped = func(rec *record.Record) {
		if rec.Key == "" {
			_, rest, _ := bytes.Cut(rec.Props, []byte(`:"`))
			rec.Key = string(rest[:bytes.IndexByte(rest, '"')])
		}
	}
	var first, second strings.Builder
	first.WriteString("id\n")
	second.WriteString("id\n")
	for i := range 100_000 {
		fmt.Fprintf(&first, "person-%06d\n", i)
		if i%1000 != 7 {
			fmt.Fprintf(&second, "person-%06d\n", 100_000-1-i)
		}
	}
	r.write("1.csv", first.String())
	r.write("2.csv", second.String())
	r.run()
	if n := len(r.deletes()); n != 100 {
		t.Errorf("%d deletes, want 100", n)
	}
	for _, d := range r.stored("keys/") {
		if len(d.Value) > 65<<10 {
			t.Errorf("a chunk of keys has %d bytes", len(d.Value))
		}
	}
}

// TestSnapshotStaysForAWhile has a watched file come in two writes: what lacks after the
// first is not deleted, as the file has not stayed the same for a poll.
func TestSnapshotStaysForAWhile(t *testing.T) {
	r := newSnapshots(t)
	r.write("1.csv", "id\na\nb\nc\n")
	r.run()
	r.cfg.Watch, r.cfg.Poll = true, time.Second
	r.write("2.csv", "id\na\nb\n")
	clock := &hands{now: time.Unix(1_700_000_000, 0)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	looks := 0
	s, err := file.New(r.cfg, file.Deps{Sink: r.log, Store: r.store, Clock: clock,
		After: func(time.Duration) <-chan time.Time { // called after each look
			switch looks++; looks {
			case 1:
				r.wantLive("a b c")
				r.write("2.csv", "id\na\nb\nd\n")
			case 2:
				r.wantLive("a b c d")
				clock.move(r.cfg.Poll)
			default:
				cancel()
			}
			c := make(chan time.Time, 1)
			c <- time.Time{}
			return c
		}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
	r.wantLive("a b d", "c")
}
