package enginetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/kithdata/kith/internal/engine"
)

func readerCases() []testCase {
	return []testCase{
		{name: "reader/advance", run: readerAdvance},
		{name: "reader/wait for an offset", run: readerWait},
		{name: "reader/own all partitions", run: readerOwn},
		{name: "reader/a failed run ends Own", run: readerOwnFails},
		{name: "reader/one owner per partition and group", run: readerOwnTwice},
	}
}

func readerAdvance(h *harness) {
	advance := func(reader string, p int32, from, to uint64) error {
		return h.e.State.Update(h.ctx(), func(tx engine.Tx) error { return tx.Advance(reader, p, from, to) })
	}
	h.ok(advance("refine", 1, 0, 10))
	h.code(advance("refine", 1, 0, 10), engine.CodeFenced)
	h.code(advance("refine", 1, 11, 12), engine.CodeFenced)
	h.ok(advance("refine", 2, 0, 3))
	h.ok(advance("resolve", 1, 0, 5))
	h.ok(advance("refine", 1, 10, 4)) // back, for a replay
	h.update(func(tx engine.Tx) error {
		h.ok(tx.Advance("refine", 1, 4, 6))
		return tx.Advance("refine", 1, 6, 8)
	})
	h.code(h.e.State.Update(h.ctx(), func(tx engine.Tx) error {
		h.ok(tx.Advance("refine", 1, 8, 9))
		_ = put(tx, "swallowed", "x")
		_ = tx.Advance("refine", 1, 8, 9)
		return nil
	}), engine.CodeFenced)
	for range 2 {
		h.want(h.get("swallowed"), "(none)")
		h.want([]uint64{h.offset("refine", 1), h.offset("refine", 2), h.offset("resolve", 1), h.offset("resolve", 0)}, []uint64{8, 3, 5, 0})
		h.reopen()
	}
}

func readerWait(h *harness) {
	s := h.second.State
	h.ok(s.WaitOffset(h.ctx(), "refine", 1, 0))
	reached := make(chan error, 3)
	for _, want := range []uint64{1, 5, 10} {
		go func() { reached <- s.WaitOffset(h.ctx(), "refine", 1, want) }()
	}
	for at := uint64(0); at < 10; at++ {
		h.update(func(tx engine.Tx) error {
			h.ok(put(tx, "at", fmt.Sprint(at+1)))
			return tx.Advance("refine", 1, at, at+1)
		})
	}
	for range 3 {
		h.ok(<-reached)
	}
	h.ok(s.WaitOffset(h.ctx(), "refine", 1, 10))
	h.want(h.get("at"), "10")

	ctx, cancel := context.WithCancel(h.ctx())
	go func() { reached <- s.WaitOffset(ctx, "refine", 1, 11) }()
	cancel()
	h.want(errors.Is(<-reached, context.Canceled), true)
}

func readerOwn(h *harness) {
	ctx, cancel := context.WithCancel(h.ctx())
	owned := make(chan int32, h.partitions+1)
	ended := make(chan error)
	var mu sync.Mutex
	running := 0
	go func() {
		ended <- h.e.Log.Own(ctx, "refine", engine.TopicIngest, func(ctx context.Context, p int32) error {
			mu.Lock()
			running++
			mu.Unlock()
			owned <- p
			<-ctx.Done()
			mu.Lock()
			running--
			mu.Unlock()
			return ctx.Err() // an end by ctx is no fault
		})
	}()
	seen := make(map[int32]bool)
	for range h.partitions + 1 {
		seen[<-owned] = true
	}
	h.want(len(seen), h.partitions+1)
	cancel()
	h.ok(<-ended)
	mu.Lock()
	defer mu.Unlock()
	h.want(running, 0)
}

func readerOwnFails(h *harness) {
	broken := errors.New("made to fail")
	err := h.e.Log.Own(h.ctx(), "refine", engine.TopicIngest, func(ctx context.Context, p int32) error {
		if p == 0 {
			return broken
		}
		<-ctx.Done()
		return nil
	})
	h.want(errors.Is(err, broken), true)
}

// readerOwnTwice: owners of one group never run a partition side by side, and when
// one ends the other takes over. Another group minds its own.
func readerOwnTwice(h *harness) {
	var mu sync.Mutex
	busy := make(map[string]int)
	owned := make(chan string, 64)
	own := func(e *engine.Engine, ctx context.Context, group, name string) chan error {
		ended := make(chan error, 1)
		go func() {
			ended <- e.Log.Own(ctx, group, engine.TopicIngest, func(ctx context.Context, p int32) error {
				key := fmt.Sprint(group, p)
				mu.Lock()
				busy[key]++
				n := busy[key]
				mu.Unlock()
				if n > 1 {
					return errors.New("a partition has two owners")
				}
				owned <- name
				<-ctx.Done()
				mu.Lock()
				busy[key]--
				mu.Unlock()
				return nil
			})
		}()
		return ended
	}
	await := func(name string, n int) {
		for n > 0 {
			if <-owned == name {
				n--
			}
		}
	}
	all := int(h.partitions + 1)
	ctx1, cancel1 := context.WithCancel(h.ctx())
	ctx2, cancel2 := context.WithCancel(h.ctx())
	defer cancel2()
	first := own(h.e, ctx1, "refine", "first")
	await("first", all)
	second := own(h.second, ctx2, "refine", "second")
	third := own(h.e, ctx2, "loader", "third")
	await("third", all)
	cancel1()
	h.ok(<-first)
	await("second", all)
	cancel2()
	h.ok(<-second)
	h.ok(<-third)
}
