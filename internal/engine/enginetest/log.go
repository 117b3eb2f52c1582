package enginetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/kithdata/kith/internal/engine"
)

func logCases() []testCase {
	return []testCase{
		{name: "log/empty", run: logEmpty},
		{name: "log/order and no gaps under concurrency", run: logOrder},
		{name: "log/positions", run: logPositions},
		{name: "log/values may be reused and kept", run: logReuse},
		{name: "log/read windows", run: logWindows},
		{name: "log/read waits and wakes", run: logWakes},
		{name: "log/trim", run: logTrim},
		{name: "log/big values", run: logBig},
		{name: "log/cancelled contexts", run: logCancelled},
	}
}

func logEmpty(h *harness) {
	l := h.e.Log
	h.want(l.ID() != "", true)
	h.want(l.ID(), h.second.Log.ID())
	h.want(l.Partitions(engine.TopicIngest), h.partitions+1)
	h.want(l.Partitions("changes"), h.partitions)
	for p := range l.Partitions(engine.TopicIngest) {
		h.want(h.bounds(engine.TopicIngest, p), [2]uint64{0, 0})
	}
	pos := h.append()
	h.want(pos.Log, l.ID())
	h.want(len(pos.Offsets), 0)
	for _, p := range []int32{-1, h.partitions + 1} {
		if _, err := l.Append(h.ctx(), []engine.Entry{{Partition: p}}); err == nil {
			h.Fatalf("an entry for partition %d was taken", p)
		}
	}
	h.append(engine.Entry{Partition: engine.ControlPartition, Value: nil})
	h.want(h.all(engine.TopicIngest, 0, 0), []string{""})
}

// logOrder: each writer's entries stand in its order, whoever writes beside it, and
// every offset holds a value.
func logOrder(h *harness) {
	const writers, rounds = 8, 25
	h.together(writers, func(w int) error {
		rnd := rand.New(rand.NewPCG(uint64(w), 1))
		n := 0
		for range rounds {
			var entries []engine.Entry
			for range 1 + rnd.IntN(20) {
				entries = append(entries, engine.Entry{
					Partition: rnd.Int32N(h.partitions + 1),
					Value:     fmt.Appendf(nil, "%d %d %s", w, n, bytes.Repeat([]byte("x"), rnd.IntN(200))),
				})
				n++
			}
			if _, err := h.handle(w).Log.Append(h.ctx(), entries); err != nil {
				return err
			}
		}
		return nil
	})
	seen := 0
	counts := make(map[int]map[int]bool)
	for p := range h.partitions + 1 {
		values := h.all(engine.TopicIngest, p, 0)
		h.want(uint64(len(values)), h.bounds(engine.TopicIngest, p)[1])
		last := make(map[int]int)
		for _, v := range values {
			var w, n int
			if _, err := fmt.Sscanf(v, "%d %d", &w, &n); err != nil {
				h.Fatal(err)
			}
			if before, ok := last[w]; ok && before >= n {
				h.Fatalf("partition %d has entry %d of writer %d after %d", p, n, w, before)
			}
			last[w] = n
			if counts[w] == nil {
				counts[w] = make(map[int]bool)
			}
			counts[w][n] = true
			seen++
		}
	}
	whole := 0
	for _, m := range counts {
		for n := range len(m) {
			if !m[n] {
				h.Fatalf("an acknowledged entry is missing: number %d", n)
			}
		}
		whole += len(m)
	}
	h.want(seen, whole)
}

// logPositions: an Append's position lies right after its last entry, and its other
// entries lie before that one; those of others may lie in between.
func logPositions(h *harness) {
	h.together(6, func(w int) error {
		e := h.handle(w)
		for i := range 20 {
			p := int32(1 + (w+i)%int(h.partitions))
			first, last := fmt.Sprintf("first of %d/%d", w, i), fmt.Sprintf("%d/%d", w, i)
			pos, err := e.Log.Append(h.ctx(), []engine.Entry{{Partition: p, Value: []byte(first)}, {Partition: p, Value: []byte(last)}})
			if err != nil {
				return err
			}
			for q, at := range pos.Offsets {
				if int32(q) != p && at != 0 {
					return fmt.Errorf("partition %d was not touched, its offset is %d", q, at)
				}
			}
			got, err := e.Log.Read(h.ctx(), engine.TopicIngest, p, pos.Offsets[p]-1, 1)
			if err != nil {
				return err
			}
			if len(got) != 1 || string(got[0]) != last {
				return fmt.Errorf("before offset %d lies %q", pos.Offsets[p], got)
			}
			before, err := upTo(h.ctx(), e.Log, p, pos.Offsets[p]-1)
			if err != nil {
				return err
			}
			if !slices.Contains(before, first) {
				return fmt.Errorf("the first entry does not lie before offset %d", pos.Offsets[p]-1)
			}
		}
		return nil
	})
}

// upTo reads a partition of the ingest log from its first offset to one.
func upTo(ctx context.Context, l engine.Log, partition int32, end uint64) (all []string, err error) {
	for uint64(len(all)) < end {
		values, err := l.Read(ctx, engine.TopicIngest, partition, uint64(len(all)), int(end)-len(all))
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			all = append(all, string(v))
		}
	}
	return all, nil
}

func logReuse(h *harness) {
	buf := []byte("Marlowe")
	h.append(engine.Entry{Partition: 1, Value: buf}, engine.Entry{Partition: 1, Value: buf})
	copy(buf, "XXXXXXX")
	kept, err := h.e.Log.Read(h.ctx(), engine.TopicIngest, 1, 0, 10)
	h.ok(err)
	for range 50 {
		h.append(engine.Entry{Partition: 1, Value: bytes.Repeat([]byte("y"), 1000)})
		_, err := h.e.Log.Read(h.ctx(), engine.TopicIngest, 1, 0, 100)
		h.ok(err)
	}
	h.want(fmt.Sprintf("%s", kept), "[Marlowe Marlowe]")
}

// logWindows reads from every offset with several limits, over batches of every shape.
func logWindows(h *harness) {
	rnd := rand.New(rand.NewPCG(7, 7))
	total := 0
	for total < 300 {
		var entries []engine.Entry
		for range 1 + rnd.IntN(40) {
			entries = append(entries, engine.Entry{Partition: 1, Value: fmt.Appendf(nil, "%d", total)})
			total++
		}
		h.append(entries...)
	}
	for from := 0; from < total; from++ {
		limit := []int{1, 3, 17, 1000}[from%4]
		got, err := h.e.Log.Read(h.ctx(), engine.TopicIngest, 1, uint64(from), limit)
		h.ok(err)
		if len(got) == 0 || len(got) > limit {
			h.Fatalf("from %d, limit %d: %d values", from, limit, len(got))
		}
		for i, v := range got {
			h.want(string(v), from+i)
		}
	}
}

func logWakes(h *harness) {
	type answer struct {
		values [][]byte
		err    error
	}
	for round := range 20 {
		answers := make(chan answer, h.partitions+1)
		for p := range h.partitions + 1 {
			go func() {
				values, err := h.second.Log.Read(h.ctx(), engine.TopicIngest, p, uint64(round), 1)
				answers <- answer{values, err}
			}()
		}
		for p := range h.partitions + 1 {
			h.append(engine.Entry{Partition: p, Value: []byte("here")})
		}
		for range h.partitions + 1 {
			a := <-answers
			h.ok(a.err)
			h.want(fmt.Sprintf("%s", a.values), "[here]")
		}
	}
}

func logTrim(h *harness) {
	for i := range 50 {
		h.append(engine.Entry{Partition: 1, Value: fmt.Appendf(nil, "%d", 2*i)}, engine.Entry{Partition: 1, Value: fmt.Appendf(nil, "%d", 2*i+1)})
	}
	h.append(engine.Entry{Partition: 0, Value: []byte("control")})
	for _, before := range []uint64{0, 1, 31, 31, 30, 40} {
		h.ok(h.e.Log.Trim(h.ctx(), engine.TopicIngest, 1, before))
	}
	check := func() {
		h.Helper()
		h.want(h.bounds(engine.TopicIngest, 1), [2]uint64{40, 100})
		h.want(h.all(engine.TopicIngest, 1, 40)[0], "40")
		h.want(len(h.all(engine.TopicIngest, 1, 40)), 60)
		for _, from := range []uint64{0, 30, 39} {
			_, err := h.e.Log.Read(h.ctx(), engine.TopicIngest, 1, from, 10)
			h.code(err, engine.CodeTrimmed)
		}
		h.want(h.all(engine.TopicIngest, 0, 0), []string{"control"})
	}
	check()
	h.reopen()
	check()
	h.ok(h.e.Log.Trim(h.ctx(), engine.TopicIngest, 1, 100)) // all of it: offsets go on all the same
	h.want(h.bounds(engine.TopicIngest, 1), [2]uint64{100, 100})
	h.reopen()
	h.want(h.bounds(engine.TopicIngest, 1), [2]uint64{100, 100})
	h.want(h.append(engine.Entry{Partition: 1, Value: []byte("next")}).Offsets[1], 101)
	h.want(h.all(engine.TopicIngest, 1, 100), []string{"next"})
}

func logBig(h *harness) {
	_, err := h.e.Log.Append(h.ctx(), []engine.Entry{{Partition: 1, Value: make([]byte, engine.MaxEntry+1)}})
	h.code(err, engine.CodeTooLarge)
	var entries []engine.Entry
	for i := range 12 {
		entries = append(entries, engine.Entry{Partition: 1, Value: bytes.Repeat([]byte{byte('a' + i)}, 900_000)})
	}
	pos := h.append(entries...)
	h.want(pos.Offsets[1], 12)
	h.reopen()
	for i, v := range h.all(engine.TopicIngest, 1, 0) {
		if v != string(entries[i].Value) {
			h.Fatalf("value %d is not what was appended", i)
		}
	}
}

func logCancelled(h *harness) {
	gone, cancel := context.WithCancel(h.ctx())
	cancel()
	_, err := h.e.Log.Append(gone, []engine.Entry{{Partition: 1, Value: []byte("x")}})
	h.want(errors.Is(err, context.Canceled), true)
	h.want(h.bounds(engine.TopicIngest, 1), [2]uint64{0, 0})
	_, err = h.e.Log.Read(gone, engine.TopicIngest, 1, 0, 1)
	h.want(errors.Is(err, context.Canceled), true)

	waiting, cancel := context.WithCancel(h.ctx())
	result := make(chan error)
	go func() {
		_, err := h.e.Log.Read(waiting, engine.TopicIngest, 1, 0, 1)
		result <- err
	}()
	cancel()
	h.want(errors.Is(<-result, context.Canceled), true)
}
