package embedded

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
)

// TestRowCache runs writes, evictions and reads as of earlier commits against a
// history: what the cache gives is what held then, and it keeps within its bytes.
func TestRowCache(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const budget = cacheShards * 2000
		c := newRowCache(budget)
		history := make(map[string][]string) // value by commit; "" is absent
		const keys = 40
		name := func(n int) string { return fmt.Sprintf("key %d", n) }
		for n := range keys {
			history[name(n)] = []string{""}
		}
		commits := rapid.IntRange(1, 30).Draw(t, "commits")
		for seq := 1; seq <= commits; seq++ {
			for n := range keys {
				k := name(n)
				before := history[k][seq-1]
				switch rapid.IntRange(0, 4).Draw(t, "op") {
				case 0:
					v := fmt.Sprintf("%d at %d %0*d", n, seq, rapid.SampledFrom([]int{1, 100, 900}).Draw(t, "size"), 0)
					c.put(c.hash([]byte(k)), []byte(k), []byte(v), uint64(seq))
					history[k] = append(history[k], v)
				case 1:
					c.drop(c.hash([]byte(k)))
					history[k] = append(history[k], "")
				case 2: // read in by a transaction after this commit
					if before != "" {
						c.put(c.hash([]byte(k)), []byte(k), []byte(before), uint64(seq))
					}
					fallthrough
				default:
					history[k] = append(history[k], before)
				}
			}
			at := rapid.IntRange(0, seq).Draw(t, "at")
			for n := range keys {
				k := name(n)
				got, ok := c.get(c.hash([]byte(k)), []byte(k), uint64(at))
				if ok && string(got) != history[k][at] {
					t.Fatalf("%s at %d of %d is %q, want %q", k, at, seq, got, history[k][at])
				}
			}
			for i := range c.shards {
				s := &c.shards[i]
				if s.bytes > s.max || s.bytes < 0 || len(s.index)+len(s.free) != len(s.slots) {
					t.Fatalf("a shard holds %d of %d bytes, %d keys in %d slots, %d free", s.bytes, s.max, len(s.index), len(s.slots), len(s.free))
				}
			}
		}
	})
}

// TestRowCacheHits: what is put within the budget is there, and hot entries outlive cold ones.
func TestRowCacheHits(t *testing.T) {
	c := newRowCache(4 << 20)
	key := func(n int) []byte { return fmt.Appendf(nil, "key %d", n) }
	const hot = 1000
	for n := range 100_000 {
		c.put(c.hash(key(n)), key(n), make([]byte, 100), 1)
		if n >= hot { // read all the while
			c.get(c.hash(key(n%hot)), key(n%hot), 1)
		}
	}
	kept := 0
	for n := range hot {
		if _, ok := c.get(c.hash(key(n)), key(n), 1); ok {
			kept++
		}
	}
	if kept < hot*9/10 {
		t.Fatalf("%d of %d hot entries outlived a scan", kept, hot)
	}
}

// TestReserve: readings are spaced out, what is written since the last one counts,
// and a refusal always rests on a fresh reading.
func TestReserve(t *testing.T) {
	now, free, readings := time.Unix(1000, 0), uint64(1000), 0
	r := &reserve{keep: 100, now: func() time.Time { return now }, free: func(string) (uint64, error) { readings++; return free, nil }}
	steps := []struct {
		pass     time.Duration
		free     uint64
		bytes    int
		refused  bool
		readings int
	}{
		{0, 1000, 100, false, 1},
		{0, 1000, 100, false, 1},          // 400 counted as written, no new reading
		{0, 1000, 300, false, 2},          // would not fit what was read before: read again
		{0, 500, 400, true, 3},            // nor does it fit what is read now
		{0, 500, 200, false, 3},           // a smaller one does
		{spaceEvery, 150, 50, true, 4},    // the reading is old
		{0, 5000, 50, false, 5},           // room is back at once
		{spaceEvery / 2, 0, 50, false, 5}, // a reading serves for a while
		{spaceEvery, 0, 1, true, 6},
	}
	for i, s := range steps {
		now, free = now.Add(s.pass), s.free
		err := r.admit(s.bytes)
		if errs.Is(err, engine.CodeDiskFull) != s.refused || readings != s.readings {
			t.Fatalf("step %d: %v after %d readings", i, err, readings)
		}
	}
}
