package enginetest

import (
	"errors"
	"fmt"

	"github.com/kithdata/kith/internal/engine"
)

func topicCases() []testCase {
	return []testCase{
		{name: "topic/a relay sees every number in commit order", run: topicRelay},
		{name: "topic/a key keeps its partition, numbers survive", run: topicNumbers},
		{name: "topic/what fails emits nothing", run: topicNothing},
		{name: "topic/trim", run: topicTrim},
	}
}

// topicRelay: many commits race; a relay of every partition runs beside them and
// must see each commit's number once, in order. A value in a partition can only
// follow those of commits before it.
func topicRelay(h *harness) {
	const writers, rounds = 6, 40
	type seen struct {
		values []uint64
		err    error
	}
	relays := make(chan seen, h.partitions)
	for p := range h.partitions {
		go func() {
			var s seen
			for s.err == nil {
				var values [][]byte
				values, s.err = h.second.Log.Read(h.ctx(), "changes", p, uint64(len(s.values)), 7)
				for _, v := range values {
					if string(v) == "end" {
						relays <- s
						return
					}
					s.values = append(s.values, toU64(v))
				}
			}
			relays <- s
		}()
	}
	h.together(writers, func(w int) error {
		for i := range rounds {
			err := h.handle(w).State.Update(h.ctx(), func(tx engine.Tx) error {
				n, err := tx.Lock([]byte("commits"))
				if err != nil {
					return err
				}
				next := toU64(n[0]) + 1
				tx.Put([]byte("commits"), u64(next))
				for k := range 1 + (w+i)%3 {
					tx.Emit("changes", fmt.Appendf(nil, "key %d", int(next)+k), u64(next))
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	h.endTopic("changes")
	all := make(map[uint64]int)
	for range h.partitions {
		s := <-relays
		h.ok(s.err)
		for i, n := range s.values {
			if i > 0 && n < s.values[i-1] {
				h.Fatalf("commit %d was shown after commit %d", n, s.values[i-1])
			}
			all[n]++
		}
	}
	h.want(len(all), writers*rounds)
}

// endTopic emits "end" until each partition has one.
func (h *harness) endTopic(topic string) {
	h.Helper()
	missing := make(map[int32]uint64)
	for p := range h.partitions {
		missing[p] = h.bounds(topic, p)[1]
	}
	for i := 0; len(missing) > 0; i++ {
		h.update(func(tx engine.Tx) error {
			tx.Emit(topic, fmt.Appendf(nil, "end %d", i), []byte("end"))
			return nil
		})
		for p, end := range missing {
			if h.bounds(topic, p)[1] > end {
				delete(missing, p)
			}
		}
	}
}

func topicNumbers(h *harness) {
	emitted := make(map[string]int)
	emit := func(round int) {
		h.update(func(tx engine.Tx) error {
			for k := range 40 {
				value := fmt.Sprintf("key %d round %d", k, round)
				buf := []byte(value)
				tx.Emit("facts", fmt.Appendf(nil, "key %d", k), buf)
				clear(buf) // the value may be reused at once
			}
			return nil
		})
	}
	for round := range 6 {
		if round == 3 {
			h.reopen()
		}
		emit(round)
	}
	home := make(map[int]int32)
	for p := range h.partitions {
		for _, v := range h.all("facts", p, 0) {
			emitted[v]++
			var k, round int
			_, err := fmt.Sscanf(v, "key %d round %d", &k, &round)
			h.ok(err)
			if was, ok := home[k]; ok && was != p {
				h.Fatalf("key %d lies in partitions %d and %d", k, was, p)
			}
			home[k] = p
		}
		h.want(h.bounds("moves", p), [2]uint64{0, 0})
	}
	h.want(len(emitted), 240)
	h.ends("facts", "nobody")
	h.ends("moves", "nobody")
}

func topicNothing(h *harness) {
	broken := errors.New("made to fail")
	err := h.e.State.Update(h.ctx(), func(tx engine.Tx) error {
		tx.Emit("facts", []byte("a"), []byte("never"))
		return broken
	})
	h.want(errors.Is(err, broken), true)
	err = h.e.State.Update(h.ctx(), func(tx engine.Tx) error {
		tx.Emit("facts", []byte("a"), []byte("never"))
		_ = tx.Advance("reader", 1, 5, 6)
		return nil
	})
	h.code(err, engine.CodeFenced)
	h.update(func(tx engine.Tx) error {
		tx.Emit("facts", []byte("a"), []byte("this"))
		return nil
	})
	var all []string
	for p := range h.partitions {
		all = append(all, h.all("facts", p, 0)...)
	}
	h.want(all, []string{"this"})
	err = h.e.State.Update(h.ctx(), func(tx engine.Tx) error {
		tx.Emit("facts", []byte("a"), make([]byte, engine.MaxEmit+1))
		return nil
	})
	h.code(err, engine.CodeTooLarge)
	if err := h.e.State.Update(h.ctx(), func(tx engine.Tx) error {
		tx.Emit(engine.TopicIngest, []byte("a"), []byte("x"))
		return nil
	}); err == nil {
		h.Fatal("a transaction wrote to the ingest log")
	}
}

func topicTrim(h *harness) {
	for range 10 {
		h.update(func(tx engine.Tx) error {
			for range 3 {
				tx.Emit("facts", []byte("one key"), []byte("v"))
			}
			return nil
		})
	}
	var p int32
	for h.bounds("facts", p)[1] == 0 {
		p++
	}
	h.ok(h.e.Log.Trim(h.ctx(), "facts", p, 10))
	for range 2 {
		h.want(h.bounds("facts", p), [2]uint64{10, 30})
		h.want(len(h.all("facts", p, 10)), 20)
		_, err := h.e.Log.Read(h.ctx(), "facts", p, 9, 1)
		h.code(err, engine.CodeTrimmed)
		h.reopen()
	}
}
