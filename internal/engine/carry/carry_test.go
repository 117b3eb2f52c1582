package carry_test

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/carry"
	"github.com/kithdata/kith/internal/engine/embedded"
	"github.com/kithdata/kith/internal/kit/errs"
)

func open(t *testing.T, partitions int32) *engine.Engine {
	t.Helper()
	e, err := embedded.Open(t.Context(), engine.EmbeddedConfig{Dir: "data", Partitions: partitions, TopicPartitions: 3, CacheBytes: 1 << 20}, embedded.Deps{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// fill gives an engine something of everything.
func fill(t *testing.T, e *engine.Engine) {
	t.Helper()
	for i := range 50 {
		var entries []engine.Entry
		for k := range 60 {
			entries = append(entries, engine.Entry{Partition: int32(k % 3), Value: fmt.Appendf(nil, "record %d of batch %d", k, i)})
		}
		if _, err := e.Log.Append(t.Context(), entries); err != nil {
			t.Fatal(err)
		}
		err := e.State.Update(t.Context(), func(tx engine.Tx) error {
			for k := range 100 {
				key := fmt.Appendf(nil, "key %d of batch %d", k, i)
				if _, err := tx.Lock(key); err != nil {
					return err
				}
				tx.Put(key, fmt.Appendf(nil, "value %d", k*i))
				tx.Emit("changes", key, key)
				tx.Emit("moves", key, []byte{})
			}
			return tx.Advance("road/1", 2, uint64(i), uint64(i+1))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestMoveCarriesEverything(t *testing.T) {
	from, to := open(t, 2), open(t, 2)
	fill(t, from)
	seen := map[string]uint64{}
	progress := func(part string, done, _ uint64) { seen[part] = done }
	if err := carry.Move(t.Context(), from, to, progress); err != nil {
		t.Fatal(err)
	}
	parts, err := carry.Compare(t.Context(), from, to, progress)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]uint64{}
	for _, p := range parts {
		counts[p.Name] += p.Count
	}
	if counts["state"] != 5000 || counts["ingest/0"] != 1000 || counts["positions"] != 1 || seen["log"] != 3000 || seen["topics"] != 10_000 {
		t.Fatalf("moved %v, told %v", counts, seen)
	}
	if at, err := to.State.Offset(t.Context(), "road/1", 2); err != nil || at != 50 {
		t.Fatalf("the position is %d, %v", at, err)
	}
	// Again into what is full is refused, and so is a target of another shape.
	if err := carry.Move(t.Context(), from, to, progress); !errs.Is(err, carry.CodeNotEmpty) {
		t.Fatalf("a target that is not empty gives %v", err)
	}
	if err := carry.Move(t.Context(), from, open(t, 5), progress); !errs.Is(err, carry.CodeShape) {
		t.Fatalf("a target of another shape gives %v", err)
	}
}

// TestCompareFindsADifference: one value, one position or one number that differs.
func TestCompareFindsADifference(t *testing.T) {
	quiet := func(string, uint64, uint64) {}
	for name, change := range map[string]func(tx engine.Tx) error{
		"a value": func(tx engine.Tx) error {
			_, err := tx.Lock([]byte("key 7 of batch 7"))
			tx.Put([]byte("key 7 of batch 7"), []byte("another"))
			return err
		},
		"one entry less": func(tx engine.Tx) error {
			_, err := tx.Lock([]byte("key 7 of batch 7"))
			tx.Delete([]byte("key 7 of batch 7"))
			return err
		},
		"a position": func(tx engine.Tx) error { return tx.Advance("road/1", 2, 50, 49) },
		"one more":   func(tx engine.Tx) error { tx.Emit("facts", []byte("k"), []byte("v")); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			from, to := open(t, 2), open(t, 2)
			fill(t, from)
			if err := carry.Move(t.Context(), from, to, quiet); err != nil {
				t.Fatal(err)
			}
			if err := to.State.Update(t.Context(), change); err != nil {
				t.Fatal(err)
			}
			if _, err := carry.Compare(t.Context(), from, to, quiet); !errs.Is(err, carry.CodeDifferent) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestMoveRefusesATrimmedLog(t *testing.T) {
	from, to := open(t, 2), open(t, 2)
	fill(t, from)
	if err := from.Log.Trim(t.Context(), engine.TopicIngest, 1, 10); err != nil {
		t.Fatal(err)
	}
	if err := carry.Move(t.Context(), from, to, func(string, uint64, uint64) {}); !errs.Is(err, engine.CodeTrimmed) {
		t.Fatalf("got %v", err)
	}
}
