package enginetest

import (
	"fmt"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
)

func raceCases() []testCase {
	return []testCase{
		{name: "race/two writers on one key", run: raceKey},
		{name: "race/two writers on an absent key", run: raceAbsent},
		{name: "race/phantom in a range", run: racePhantom},
		{name: "race/writes under an owner", run: raceUnder},
		{name: "race/write skew", run: raceSkew},
		{name: "race/stale owner", run: raceStale},
		{name: "race/views see whole transactions", run: raceViews},
	}
}

const (
	racers = 6
	laps   = 30
)

// raceKey: no increment is lost.
func raceKey(h *harness) {
	h.together(racers, func(w int) error {
		for range laps {
			err := h.handle(w).State.Update(h.ctx(), func(tx engine.Tx) error {
				values, err := tx.Lock([]byte("n"), fmt.Appendf(nil, "own %d", w))
				if err != nil {
					return err
				}
				tx.Put([]byte("n"), u64(toU64(values[0])+1))
				tx.Put(fmt.Appendf(nil, "own %d", w), u64(toU64(values[1])+1))
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	h.want(toU64([]byte(h.get("n"))), racers*laps)
	for w := range racers {
		h.want(toU64([]byte(h.get(fmt.Sprintf("own %d", w)))), laps)
	}
}

// raceAbsent: of many who find a key absent and write it, one does.
func raceAbsent(h *harness) {
	won := make([][]int, racers)
	h.together(racers, func(w int) error {
		for i := range laps {
			mine := false
			err := h.handle(w).State.Update(h.ctx(), func(tx engine.Tx) error {
				mine = false
				key := fmt.Appendf(nil, "absent %d", i)
				values, err := tx.Lock(key)
				if err != nil || values[0] != nil {
					return err
				}
				mine = true
				tx.Put(key, fmt.Append(nil, w))
				return nil
			})
			if err != nil {
				return err
			}
			if mine {
				won[w] = append(won[w], i)
			}
		}
		return nil
	})
	total := 0
	for w, keys := range won {
		total += len(keys)
		for _, i := range keys {
			h.want(h.get(fmt.Sprintf("absent %d", i)), w)
		}
	}
	h.want(total, laps)
}

// raceUnder: each writes entries under an owner that counts them, which nobody wrote
// before, and reads none of them. Were the owner no lock, two would write one entry.
func raceUnder(h *harness) {
	h.together(racers, func(w int) error {
		for i := range laps {
			err := h.handle(w).State.Update(h.ctx(), func(tx engine.Tx) error {
				values, err := tx.Lock([]byte("count"))
				if err != nil {
					return err
				}
				n := toU64(values[0])
				tx.PutUnder([]byte("count"), fmt.Appendf(nil, "under/%06d", n), fmt.Appendf(nil, "%d %d", w, i))
				if n > 0 {
					tx.DeleteUnder([]byte("count"), fmt.Appendf(nil, "before/%06d", n-1))
				}
				tx.PutUnder([]byte("count"), fmt.Appendf(nil, "before/%06d", n), nil)
				tx.Put([]byte("count"), u64(n+1))
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	entries, last := make(map[string]bool), 0
	h.ok(h.e.State.View(h.ctx(), func(r engine.Reader) error {
		err := r.Scan([]byte("under/"), []byte("under0"), func(_, v []byte) bool { entries[string(v)] = true; return true })
		if err != nil {
			return err
		}
		return r.Scan([]byte("before/"), []byte("before0"), func(_, _ []byte) bool { last++; return true })
	}))
	h.want(len(entries), racers*laps)
	h.want(last, 1)
}

// racePhantom: each counts a range under its owner, which nobody ever wrote, and
// adds the next entry. With a phantom two would count alike and one entry be lost.
func racePhantom(h *harness) {
	lo, hi := []byte("list/"), []byte("list0")
	h.together(racers, func(w int) error {
		for i := range laps {
			err := h.handle(w).State.Update(h.ctx(), func(tx engine.Tx) error {
				if _, err := tx.Lock([]byte("owner")); err != nil {
					return err
				}
				n := 0
				if err := tx.Range([]byte("owner"), lo, hi, func(_, _ []byte) bool { n++; return true }); err != nil {
					return err
				}
				tx.PutUnder([]byte("owner"), fmt.Appendf(nil, "list/%06d", n), fmt.Appendf(nil, "%d %d", w, i))
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	entries := make(map[string]bool)
	h.ok(h.e.State.View(h.ctx(), func(r engine.Reader) error {
		return r.Scan(lo, hi, func(k, v []byte) bool {
			h.want(string(k), fmt.Sprintf("list/%06d", len(entries)))
			entries[string(v)] = true
			return true
		})
	}))
	h.want(len(entries), racers*laps)
}

// raceSkew: each reads both of a pair and takes from one while the sum allows it.
func raceSkew(h *harness) {
	for i := range laps {
		h.set(fmt.Sprintf("left %d", i), "1", fmt.Sprintf("right %d", i), "1")
	}
	h.together(racers, func(w int) error {
		for i := range laps {
			pair := [][]byte{fmt.Appendf(nil, "left %d", i), fmt.Appendf(nil, "right %d", i)}
			if w%2 == 1 {
				pair[0], pair[1] = pair[1], pair[0] // in the other order: must not deadlock for ever
			}
			err := h.handle(w).State.Update(h.ctx(), func(tx engine.Tx) error {
				values, err := tx.Lock(pair...)
				if err == nil && string(values[0]) == "1" && string(values[1]) == "1" {
					tx.Put(pair[0], []byte("0"))
				}
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	for i := range laps {
		got := h.get(fmt.Sprintf("left %d", i)) + h.get(fmt.Sprintf("right %d", i))
		if got != "01" && got != "10" {
			h.Fatalf("pair %d is %s", i, got)
		}
	}
}

// raceStale: owners race for each step of one partition. One wins each step; what a
// fenced one wrote is nowhere.
func raceStale(h *harness) {
	won := make([]int, racers)
	h.together(racers, func(w int) error {
		for at := uint64(0); at < laps; {
			e := h.handle(w)
			err := e.State.Update(h.ctx(), func(tx engine.Tx) error {
				if err := put(tx, fmt.Sprintf("step %d by %d", at, w), "done"); err != nil {
					return err
				}
				tx.Emit("facts", []byte("k"), fmt.Appendf(nil, "%d by %d", at, w))
				return tx.Advance("reader", 2, at, at+1)
			})
			switch {
			case err == nil:
				won[w]++
				at++
			case errs.Is(err, engine.CodeFenced):
				stored, err := e.State.Offset(h.ctx(), "reader", 2)
				if err != nil {
					return err
				}
				if stored == at {
					// The winner's commit is applied but not yet durable.
					if err := e.State.WaitOffset(h.ctx(), "reader", 2, at+1); err != nil {
						return err
					}
				}
				at = max(stored, at+1)
			default:
				return err
			}
		}
		return nil
	})
	total := 0
	for _, n := range won {
		total += n
	}
	h.want(total, laps)
	h.want(h.offset("reader", 2), laps)
	h.want(h.offset("reader", 1), 0)
	h.want(h.offset("other", 2), 0)
	steps := 0
	h.ok(h.e.State.View(h.ctx(), func(r engine.Reader) error {
		return r.Scan([]byte("step "), []byte("step:"), func(_, _ []byte) bool { steps++; return true })
	}))
	h.want(steps, laps)
	emitted := 0
	for p := range h.partitions {
		emitted += len(h.all("facts", p, 0))
	}
	h.want(emitted, laps)
}

// raceViews: money moves between accounts; whoever looks sees the same sum.
func raceViews(h *harness) {
	const accounts, sum = 8, 800
	key := func(i int) []byte { return fmt.Appendf(nil, "account %d", i%accounts) }
	h.update(func(tx engine.Tx) error {
		for i := range accounts {
			if _, err := tx.Lock(key(i)); err != nil {
				return err
			}
			tx.Put(key(i), u64(sum/accounts))
		}
		return nil
	})
	move := func(w, i int) error {
		return h.handle(w).State.Update(h.ctx(), func(tx engine.Tx) error {
			from, to := key(w+i), key(w+i+1+i%3)
			values, err := tx.Lock(from, to)
			if err != nil || toU64(values[0]) == 0 {
				return err
			}
			tx.Put(from, u64(toU64(values[0])-1))
			tx.Put(to, u64(toU64(values[1])+1))
			return nil
		})
	}
	look := func(w int) error {
		return h.handle(w).State.View(h.ctx(), func(r engine.Reader) error {
			got, scanned := uint64(0), uint64(0)
			for i := range accounts { // one by one, so that a newer value could slip in
				values, err := r.Get(key(i))
				if err != nil {
					return err
				}
				got += toU64(values[0])
			}
			if err := r.Scan([]byte("account "), []byte("account:"), func(_, v []byte) bool { scanned += toU64(v); return true }); err != nil {
				return err
			}
			if got != sum || scanned != sum {
				return fmt.Errorf("a view saw the sums %d and %d, want %d", got, scanned, sum)
			}
			return nil
		})
	}
	h.together(2*racers, func(w int) error {
		for i := range laps {
			var err error
			if w%2 == 0 {
				err = move(w/2, i)
			} else {
				err = look(w / 2)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
