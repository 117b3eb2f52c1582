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
		{name: "reader/a fenced run begins again", run: readerOwnFenced},
		{name: "lease/one holder at a time", run: leaseOne},
		{name: "lease/what run returns", run: leaseEnds},
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

// readerOwnFenced: a run that was fenced begins again, and does not end Own.
func readerOwnFenced(h *harness) {
	ctx, cancel := context.WithCancel(h.ctx())
	var mu sync.Mutex
	begun := make(map[int32]int)
	again := make(chan struct{}, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- h.e.Log.Own(ctx, "refine", engine.TopicIngest, func(ctx context.Context, p int32) error {
			mu.Lock()
			begun[p]++
			n := begun[p]
			mu.Unlock()
			if p == 1 && n < 3 {
				return h.e.State.Update(ctx, func(tx engine.Tx) error { return tx.Advance("refine", p, 7, 8) })
			}
			if p == 1 {
				again <- struct{}{}
			}
			<-ctx.Done()
			return nil
		})
	}()
	<-again
	cancel()
	h.ok(<-ended)
	mu.Lock()
	defer mu.Unlock()
	h.want(begun[0], 1)
	h.want(begun[1], 3)
}

// leaseOne: of many who want a lease one has it, Holder tells who, and each gets its turn.
func leaseOne(h *harness) {
	const turns = 4
	holder := func() string {
		about, err := h.second.State.Holder(h.ctx(), "loader")
		h.ok(err)
		return about
	}
	h.want(holder(), "")
	other := make(chan error, 1)
	in, out := make(chan struct{}), make(chan struct{})
	go func() {
		other <- h.e.State.Lease(h.ctx(), "other", "x", func(context.Context) error { close(in); <-out; return nil })
	}()
	<-in // another lease is in nobody's way
	var mu sync.Mutex
	inside := 0
	h.together(turns, func(w int) error {
		e, about := h.handle(w), fmt.Sprint("process ", w)
		return e.State.Lease(h.ctx(), "loader", about, func(ctx context.Context) error {
			mu.Lock()
			inside++
			n := inside
			mu.Unlock()
			if n != 1 {
				return errors.New("a lease has two holders")
			}
			got, err := e.State.Holder(ctx, "loader")
			if err != nil {
				return err
			}
			if got != about {
				return fmt.Errorf("the holder is %q, want %q", got, about)
			}
			err = e.State.Update(ctx, func(tx engine.Tx) error { return put(tx, about, "was here") })
			mu.Lock()
			inside--
			mu.Unlock()
			return err
		})
	})
	for w := range turns {
		h.want(h.get(fmt.Sprint("process ", w)), "was here")
	}
	h.want(holder(), "")
	close(out)
	h.ok(<-other)
}

func leaseEnds(h *harness) {
	broken := errors.New("made to fail")
	err := h.e.State.Lease(h.ctx(), "loader", "x", func(context.Context) error { return broken })
	h.want(errors.Is(err, broken), true)
	runs := 0
	h.ok(h.e.State.Lease(h.ctx(), "loader", "x", func(ctx context.Context) error {
		if runs++; runs < 3 { // fenced by whatever it did
			return h.e.State.Update(ctx, func(tx engine.Tx) error { return tx.Advance("loader", 1, 5, 6) })
		}
		return nil
	}))
	h.want(runs, 3)

	ctx, cancel := context.WithCancel(h.ctx())
	held := make(chan struct{})
	ended := make(chan error, 2)
	go func() {
		ended <- h.e.State.Lease(ctx, "loader", "first", func(ctx context.Context) error { close(held); <-ctx.Done(); return ctx.Err() })
	}()
	<-held
	waiting, stop := context.WithCancel(h.ctx())
	go func() {
		ended <- h.second.State.Lease(waiting, "loader", "second", func(context.Context) error { return errors.New("it was taken") })
	}()
	stop() // ends the waiting
	h.ok(<-ended)
	cancel() // ends the holding
	h.ok(<-ended)
}
