package enginetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/engine"
)

// thrice is a conflict on the first two runs of each transaction.
func thrice() func() bool {
	runs := 0
	return func() bool { runs++; return runs%3 != 0 }
}

func stateCases() []testCase {
	return []testCase{
		{name: "state/read your writes", run: stateOwnWrites},
		{name: "state/ranges", run: stateRanges},
		{name: "state/range needs its owner", run: stateOwner},
		{name: "state/writes need a lock", run: stateUnlocked},
		{name: "state/a failed fn leaves nothing", run: stateFailed},
		{name: "state/a retried fn takes effect once", run: stateRetried, conflict: thrice()},
		{name: "state/values are kept unchanged", run: stateKept},
		{name: "state/views", run: stateViews},
		{name: "state/model", run: stateModel},
		{name: "state/many keys", run: stateMany},
	}
}

func stateOwnWrites(h *harness) {
	h.update(func(tx engine.Tx) error {
		read := func(want ...string) {
			keys := [][]byte{[]byte("a"), []byte("b"), []byte("a")}
			values, err := tx.Lock(keys...)
			h.ok(err)
			h.want(fmt.Sprintf("%q", values), fmt.Sprintf("%q", want))
		}
		read("", "", "")
		values, err := tx.Lock([]byte("a"))
		h.ok(err)
		h.want(values[0] == nil, true)
		tx.Put([]byte("a"), []byte("1"))
		read("1", "", "1")
		tx.Put([]byte("a"), []byte("2"))
		tx.Put([]byte("b"), []byte{})
		read("2", "", "2")
		values, err = tx.Lock([]byte("b"))
		h.ok(err)
		h.want(values[0] != nil, true) // empty is not absent
		tx.Delete([]byte("a"))
		read("", "", "")
		if _, err := tx.Lock([]byte("c")); err != nil {
			return err
		}
		tx.Put([]byte("c"), nil)
		return nil
	})
	h.want(h.get("a"), "(none)")
	h.want(h.get("b"), "")
	h.want(h.get("c"), "")
	h.set("a", "again")
	h.reopen()
	h.want(h.get("a"), "again")
	h.want(h.get("b"), "")
	h.update(func(tx engine.Tx) error {
		values, err := tx.Lock([]byte("a"), []byte("nobody"), []byte("b"))
		h.ok(err)
		h.want(fmt.Sprintf("%q %v %v", values[0], values[1] == nil, values[2] != nil), `"again" true true`)
		return nil
	})
}

// list gives a Range as "k=v k=v".
func list(tx engine.Tx, owner string, lo, hi []byte) (string, error) {
	var out []string
	err := tx.Range([]byte(owner), lo, hi, func(k, v []byte) bool {
		out = append(out, string(k)+"="+string(v))
		return true
	})
	return strings.Join(out, " "), err
}

func stateRanges(h *harness) {
	h.set("p/owner", "o", "p/1", "a", "p/3", "c", "p/5", "e", "q/1", "z")
	h.update(func(tx engine.Tx) error {
		_, err := tx.Lock([]byte("p/owner"))
		h.ok(err)
		expect := func(lo, hi []byte, want string) {
			h.Helper()
			got, err := list(tx, "p/owner", lo, hi)
			h.ok(err)
			h.want(got, want)
		}
		lo, hi := []byte("p/0"), []byte("p/9")
		expect(lo, hi, "p/1=a p/3=c p/5=e")
		owner := []byte("p/owner")
		tx.PutUnder(owner, []byte("p/2"), []byte("b")) // no lock of its own
		tx.PutUnder(owner, []byte("p/3"), []byte("C"))
		tx.DeleteUnder(owner, []byte("p/5"))
		tx.DeleteUnder(owner, []byte("p/4"))
		expect(lo, hi, "p/1=a p/2=b p/3=C")
		tx.PutUnder(owner, []byte("p/5"), []byte("E"))
		tx.DeleteUnder(owner, []byte("p/1"))
		expect(lo, hi, "p/2=b p/3=C p/5=E")
		expect([]byte("p/3"), []byte("p/5"), "p/3=C") // the lower bound is in, the upper is not
		expect([]byte("p/5"), nil, "p/5=E p/owner=o q/1=z")
		expect([]byte("p/6"), []byte("p/7"), "")
		var seen []string
		h.ok(tx.Range([]byte("p/owner"), lo, hi, func(k, _ []byte) bool {
			seen = append(seen, string(k))
			inner, err := list(tx, "p/owner", k, hi) // ranges nest
			h.ok(err)
			h.want(strings.HasPrefix(inner, string(k)), true)
			return len(seen) < 2
		}))
		h.want(seen, []string{"p/2", "p/3"})
		return nil
	})
	h.want(h.get("p/5"), "E")
	h.want(h.get("p/1"), "(none)")
}

func stateOwner(h *harness) {
	h.set("owner", "o", "r/1", "a")
	err := h.e.State.Update(h.ctx(), func(tx engine.Tx) error {
		if err := put(tx, "other", "x"); err != nil {
			return err
		}
		_, err := list(tx, "owner", []byte("r/"), []byte("r0"))
		h.code(err, engine.CodeNotOwner)
		return nil // a swallowed fault fails the commit all the same
	})
	h.code(err, engine.CodeNotOwner)
	h.want(h.get("other"), "(none)")
}

func stateUnlocked(h *harness) {
	tries := map[string]func(tx engine.Tx) error{
		"put":    func(tx engine.Tx) error { tx.Put([]byte("k"), []byte("v")); return nil },
		"delete": func(tx engine.Tx) error { tx.Delete([]byte("k")); return nil },
		"in a range": func(tx engine.Tx) error {
			if _, err := tx.Lock([]byte("owner")); err != nil {
				return err
			}
			if _, err := list(tx, "owner", []byte("r/"), []byte("r1")); err != nil {
				return err
			}
			tx.Put([]byte("r0"), []byte("v")) // whose owner is not named
			return nil
		},
		"put under":    func(tx engine.Tx) error { tx.PutUnder([]byte("owner"), []byte("k"), []byte("v")); return nil },
		"delete under": func(tx engine.Tx) error { tx.DeleteUnder([]byte("owner"), []byte("k")); return nil },
	}
	for name, fn := range tries {
		if err := h.e.State.Update(h.ctx(), fn); err == nil {
			h.Errorf("%s: a key was written without a lock", name)
		}
	}
	h.want(h.get("k"), "(none)")
	h.want(h.get("r0"), "(none)")
}

func stateFailed(h *harness) {
	h.set("a", "1")
	broken := errors.New("made to fail")
	err := h.e.State.Update(h.ctx(), func(tx engine.Tx) error {
		h.ok(put(tx, "a", "2"))
		h.ok(put(tx, "b", "2"))
		tx.Delete([]byte("a"))
		tx.Emit("facts", []byte("k"), []byte("never"))
		h.ok(tx.Advance("reader", 1, 0, 7))
		return broken
	})
	h.want(errors.Is(err, broken), true)
	for range 2 {
		h.want(h.get("a"), "1")
		h.want(h.get("b"), "(none)")
		h.want(h.offset("reader", 1), 0)
		h.update(func(tx engine.Tx) error { // nor does the next transaction meet it
			values, err := tx.Lock([]byte("a"), []byte("b"))
			h.ok(err)
			h.want(fmt.Sprintf("%s %v", values[0], values[1] == nil), "1 true")
			return nil
		})
		h.reopen()
	}
	for p := range h.partitions {
		h.want(h.bounds("facts", p), [2]uint64{0, 0})
	}
}

func stateRetried(h *harness) {
	runs := 0
	for i := range 5 {
		h.update(func(tx engine.Tx) error {
			runs++
			values, err := tx.Lock([]byte("n"))
			if err != nil {
				return err
			}
			tx.Put([]byte("n"), u64(toU64(values[0])+1))
			tx.Emit("facts", []byte("k"), u64(toU64(values[0])+1))
			if runs%3 == 1 {
				return put(tx, "only in a run that was thrown away", "x")
			}
			return tx.Advance("reader", 1, uint64(i), uint64(i+1))
		})
	}
	h.want(toU64([]byte(h.get("n"))), 5)
	h.want(h.offset("reader", 1), 5)
	var all []uint64
	for p := range h.partitions {
		for _, v := range h.all("facts", p, 0) {
			all = append(all, toU64([]byte(v)))
		}
	}
	h.want(all, []uint64{1, 2, 3, 4, 5})
	if runs == 15 { // the backend can be made to conflict
		h.want(h.get("only in a run that was thrown away"), "(none)")
	}
}

func stateKept(h *harness) {
	h.set("a", "first", "b", "first")
	var kept [][]byte
	h.update(func(tx engine.Tx) error {
		values, err := tx.Lock([]byte("a"), []byte("b"))
		kept = append(kept, values...)
		return err
	})
	h.ok(h.e.State.View(h.ctx(), func(r engine.Reader) error {
		values, err := r.Get([]byte("a"), []byte("b"))
		kept = append(kept, values...)
		return err
	}))
	for i := range 200 {
		h.set("a", fmt.Sprintf("%05d", i), "b", fmt.Sprintf("%05d", i))
	}
	h.want(fmt.Sprintf("%s", kept), "[first first first first]")
}

// stateViews: a View shows one moment, at least as new as what had returned.
func stateViews(h *harness) {
	for i := range 30 {
		h.set("a", fmt.Sprint(i), "b", fmt.Sprint(i))
		h.ok(h.handle(i).State.View(h.ctx(), func(r engine.Reader) error {
			check := func() {
				h.Helper()
				values, err := r.Get([]byte("a"), []byte("none"), []byte("b"))
				h.ok(err)
				h.want(fmt.Sprintf("%s %v %s", values[0], values[1] == nil, values[2]), fmt.Sprintf("%d true %d", i, i))
				var scanned []string
				h.ok(r.Scan([]byte("a"), []byte("c"), func(k, v []byte) bool {
					scanned = append(scanned, string(k)+string(v))
					return true
				}))
				h.want(scanned, []string{fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i)})
			}
			check()
			h.set("a", "later", "b", "later", "bb", "later")
			check()
			h.update(func(tx engine.Tx) error {
				_, err := tx.Lock([]byte("a"), []byte("b"), []byte("bb"))
				tx.Delete([]byte("a"))
				tx.Delete([]byte("bb"))
				return err
			})
			check()
			return nil
		}))
	}
	broken := errors.New("made to fail")
	h.want(errors.Is(h.e.State.View(h.ctx(), func(engine.Reader) error { return broken }), broken), true)
}

// stateModel runs random transactions against a map.
func stateModel(h *harness) {
	model := make(map[string]string)
	rapid.Check(h.T, func(t *rapid.T) {
		draft := make(map[string]string)
		for k, v := range model {
			draft[k] = v
		}
		key := rapid.StringMatching(`[ab]{0,3}`)
		give := rapid.Bool().Draw(t, "commits")
		refused := errors.New("refused")
		steps := rapid.SliceOfN(rapid.IntRange(0, 3), 1, 20).Draw(t, "steps")
		keys := rapid.SliceOfN(key, 2*len(steps), 2*len(steps)).Draw(t, "keys")
		err := h.e.State.Update(h.ctx(), func(tx engine.Tx) error {
			if _, err := tx.Lock([]byte("owner")); err != nil {
				return err
			}
			for i, step := range steps {
				k := keys[2*i]
				values, err := tx.Lock([]byte(k))
				if err != nil {
					return err
				}
				if want, ok := draft[k]; ok != (values[0] != nil) || want != string(values[0]) {
					t.Fatalf("key %q is %q, want %q", k, values[0], want)
				}
				switch step {
				case 0, 1:
					v := fmt.Sprint("value ", i, step)
					tx.Put([]byte(k), []byte(v))
					draft[k] = v
				case 2:
					tx.Delete([]byte(k))
					delete(draft, k)
				case 3:
					lo, hi := min(k, keys[2*i+1]), max(k, keys[2*i+1])
					got, err := list(tx, "owner", []byte(lo), []byte(hi))
					if err != nil {
						return err
					}
					if want := show(draft, lo, hi); got != want {
						t.Fatalf("range %q to %q is %q, want %q", lo, hi, got, want)
					}
				}
			}
			if !give {
				return refused
			}
			return nil
		})
		if give != (err == nil) || !give && !errors.Is(err, refused) {
			t.Fatal(err)
		}
		if give {
			model = draft
		}
		if err := h.e.State.View(h.ctx(), func(r engine.Reader) error {
			var out []string
			err := r.Scan(nil, []byte("c"), func(k, v []byte) bool {
				out = append(out, string(k)+"="+string(v))
				return true
			})
			if got, want := strings.Join(out, " "), show(model, "", "c"); got != want {
				t.Fatalf("the state is %q, want %q", got, want)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func show(m map[string]string, lo, hi string) string {
	var keys []string
	for k := range m {
		if k >= lo && k < hi {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	for i, k := range keys {
		keys[i] = k + "=" + m[k]
	}
	return strings.Join(keys, " ")
}

// stateMany writes and reads back more keys than any index starts with.
func stateMany(h *harness) {
	const n = 5000
	keys := make([][]byte, n)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "%07d", (i*7919)%n)
	}
	h.update(func(tx engine.Tx) error {
		if _, err := tx.Lock(keys...); err != nil {
			return err
		}
		for i, k := range keys {
			tx.Put(k, bytes.Repeat([]byte{byte(i)}, i%300))
		}
		count := 0
		err := tx.Range(keys[0], nil, []byte("1"), func(_, _ []byte) bool { count++; return true })
		h.want(count, n)
		return err
	})
	h.reopen()
	h.update(func(tx engine.Tx) error {
		values, err := tx.Lock(append(slices.Clone(keys), []byte("missing"))...)
		h.ok(err)
		for i := range keys {
			if !bytes.Equal(values[i], bytes.Repeat([]byte{byte(i)}, i%300)) || values[i] == nil {
				h.Fatalf("key %d came back changed", i)
			}
		}
		h.want(values[n] == nil, true)
		return nil
	})
}
