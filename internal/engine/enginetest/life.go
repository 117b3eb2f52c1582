package enginetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
)

func lifeCases() []testCase {
	return []testCase{
		{name: "life/reopening keeps all that was acknowledged", run: lifeReopen},
		{name: "life/closing", run: lifeClose},
		{name: "life/cancelled contexts", run: lifeCancelled},
		{name: "life/what a migration carries", run: lifeCarried},
		{name: "life/a panic in fn lets go of the state", run: lifePanic},
	}
}

func lifeReopen(h *harness) {
	id := h.e.Log.ID()
	var want []string
	for round := range 4 {
		for i := range 10 {
			v := fmt.Sprintf("round %d entry %d", round, i)
			want = append(want, v)
			h.append(engine.Entry{Partition: h.partitions, Value: []byte(v)})
			h.update(func(tx engine.Tx) error {
				h.ok(put(tx, v, v))
				tx.Emit("facts", []byte("one key"), []byte(v))
				return tx.Advance("refine", h.partitions, uint64(len(want)-1), uint64(len(want)))
			})
		}
		h.reopen()
		h.want(h.e.Log.ID(), id)
		h.want(h.all(engine.TopicIngest, h.partitions, 0), want)
		h.want(h.offset("refine", h.partitions), len(want))
		h.ends(engine.TopicIngest, "refine")
		var facts []string
		for p := range h.partitions {
			facts = append(facts, h.all("facts", p, 0)...)
		}
		h.want(facts, want)
		for _, v := range want {
			h.want(h.get(v), v)
		}
	}
}

func lifeClose(h *harness) {
	h.append(engine.Entry{Partition: 1, Value: []byte("x")})
	waits := make(chan error, 3)
	e := h.e
	owning := make(chan struct{}, h.partitions+1)
	go func() {
		waits <- e.Log.Own(h.ctx(), "refine", engine.TopicIngest, func(ctx context.Context, _ int32) error {
			owning <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	<-owning
	go func() { _, err := e.Log.Read(h.ctx(), engine.TopicIngest, 1, 1, 1); waits <- err }()
	go func() { waits <- e.State.WaitOffset(h.ctx(), "refine", 1, 9) }()
	h.together(2, func(int) error { return e.Close() })
	for range 3 {
		h.code(<-waits, engine.CodeClosed)
	}
	select {
	case <-e.Failed:
		h.Fatal("a closed engine says that it failed")
	default:
	}
	for name, call := range h.calls(h.ctx(), e) {
		if err := call(); !errs.Is(err, engine.CodeClosed) {
			h.Errorf("%s on a closed engine gives %v", name, err)
		}
	}
}

// calls is every operation that can wait or write.
func (h *harness) calls(ctx context.Context, e *engine.Engine) map[string]func() error {
	return map[string]func() error{
		"Append": func() error {
			_, err := e.Log.Append(ctx, []engine.Entry{{Partition: 1, Value: []byte("late")}})
			return err
		},
		"Read":       func() error { _, err := e.Log.Read(ctx, engine.TopicIngest, 1, 0, 1); return err },
		"Bounds":     func() error { _, _, err := e.Log.Bounds(ctx, engine.TopicIngest, 1); return err },
		"Trim":       func() error { return e.Log.Trim(ctx, engine.TopicIngest, 1, 1) },
		"Trim facts": func() error { return e.Log.Trim(ctx, "facts", 0, 1) },
		"Update":     func() error { return e.State.Update(ctx, func(tx engine.Tx) error { return put(tx, "late", "late") }) },
		"View":       func() error { return e.State.View(ctx, func(engine.Reader) error { return nil }) },
		"Offset":     func() error { _, err := e.State.Offset(ctx, "refine", 1); return err },
		"WaitOffset": func() error { return e.State.WaitOffset(ctx, "refine", 1, 0) },
	}
}

func lifeCancelled(h *harness) {
	h.append(engine.Entry{Partition: 1, Value: []byte("kept")}, engine.Entry{Partition: 1, Value: []byte("kept")})
	gone, cancel := context.WithCancel(h.ctx())
	cancel()
	for name, call := range h.calls(gone, h.e) {
		if err := call(); !errors.Is(err, context.Canceled) {
			h.Errorf("%s with a cancelled context gives %v", name, err)
		}
	}
	h.want(h.all(engine.TopicIngest, 1, 0), []string{"kept", "kept"})
	h.want(h.get("late"), "(none)")

	// A wait for locks ends with ctx; a commit under way does not.
	ctx, cancel := context.WithCancel(h.ctx())
	inside, leave := make(chan struct{}), make(chan struct{})
	first := make(chan error)
	go func() {
		first <- h.e.State.Update(ctx, func(tx engine.Tx) error {
			if err := put(tx, "first", "here"); err != nil {
				return err
			}
			inside <- struct{}{}
			<-leave
			return nil
		})
	}()
	<-inside
	waiting, stop := context.WithCancel(h.ctx())
	second := make(chan error)
	go func() {
		second <- h.second.State.Update(waiting, func(tx engine.Tx) error { return put(tx, "first", "second") })
	}()
	stop()
	if err := <-second; !errors.Is(err, context.Canceled) {
		h.Fatalf("a wait for a lock ended with %v", err)
	}
	close(leave)
	h.ok(<-first)
	cancel()
	h.want(h.get("first"), "here")
}

func lifePanic(h *harness) {
	func() {
		defer func() { h.want(recover(), "made to panic") }()
		_ = h.e.State.Update(h.ctx(), func(tx engine.Tx) error {
			h.ok(put(tx, "a", "1"))
			panic("made to panic")
		})
	}()
	h.want(h.get("a"), "(none)")
	h.set("a", "2")
	h.want(h.get("a"), "2")
}

// lifeCarried: all that a store holds can be listed, and filled into another one.
func lifeCarried(h *harness) {
	c := h.e.Carrier
	readers, err := c.Readers(h.ctx())
	h.ok(err)
	topics, err := c.Topics(h.ctx())
	h.ok(err)
	h.want(len(readers)+len(topics), 0)
	h.ok(c.Publish(h.ctx(), "moves", h.partitions-1, [][]byte{[]byte("a"), {}, []byte("b")}))
	h.ok(c.Publish(h.ctx(), "moves", h.partitions-1, [][]byte{[]byte("c")}))
	h.update(func(tx engine.Tx) error {
		tx.Emit("facts", []byte("k"), []byte("v"))
		tx.Emit("changes", []byte("k"), []byte("v"))
		h.ok(tx.Advance("road/2", 1, 0, 7))
		h.ok(tx.Advance("road/2", 0, 0, 3))
		h.ok(tx.Advance("road/10", 1, 0, 4))
		return tx.Advance("still at the start", 1, 0, 0)
	})
	for range 2 {
		h.want(h.all("moves", h.partitions-1, 0), []string{"a", "", "b", "c"})
		readers, err = h.e.Carrier.Readers(h.ctx())
		h.ok(err)
		h.want(fmt.Sprint(readers), "[{road/10 1 4} {road/2 0 3} {road/2 1 7}]")
		topics, err = h.e.Carrier.Topics(h.ctx())
		h.ok(err)
		h.want(topics, []string{"changes", "facts", "moves"})
		h.reopen()
	}
}
