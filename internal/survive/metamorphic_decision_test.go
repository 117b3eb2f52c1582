package survive_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/identity"
)

// I5: a decision and its reversal, with nothing between, give back the same ids and
// the same canonical bytes; every id that was a profile's in between still resolves.
func TestDecisionReversed(t *testing.T) {
	first := firstSeed(t, "rounds", *rounds)
	for i := range uint64(*rounds) {
		w := drawReversible(first + i)
		if d := differsReversed(w, drawVariant(w, w.Seed)); d != nil {
			t.Fatal(d)
		}
	}
}

// drawReversible draws a world whose rules stay what they are.
func drawReversible(seed uint64) *world {
	w := drawWorld(seed)
	w.Two = false
	for _, s := range w.Said {
		s.Pin = 1
	}
	return w
}

// differsReversed gives the difference that a decision and its withdrawal leave.
func differsReversed(w *world, v variant) *difference {
	before, after, err := v.reversed(w)
	if err != nil {
		return &difference{w: w, v: v, fault: err}
	}
	if want, got := before.form(), after.form(); want != got {
		return &difference{w: w, v: v, want: want, got: got}
	}
	return nil
}

// reversed gives what w comes to before a decision, and after the decision and its
// withdrawal.
func (v variant) reversed(w *world) (before, after *outcome, err error) {
	ctx, failed := context.WithCancelCause(context.Background())
	defer failed(nil)
	ctx, cancel := context.WithTimeout(ctx, v.patience)
	defer cancel()
	r, err := openRoad(ctx, v, failed)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.rule(ctx, 1, &w.Rules[0]); err != nil {
		return nil, nil, err
	}
	for _, s := range v.schedule(w) {
		if err := r.step(ctx, w, s); err != nil {
			return nil, nil, err
		}
	}
	if err := r.settle(ctx); err != nil {
		return nil, nil, err
	}
	if before, err = r.read(ctx); err != nil {
		return nil, nil, err
	}
	d := &drawer{Rand: v.dice(0, 6)}
	names := func() (out []identity.Name) {
		for range 1 + d.IntN(3) {
			out = append(out, d.name())
		}
		return out
	}
	made := &identity.Decision{ID: "made", Decided: 100, Verb: pick(d, identity.Merge, identity.Unmerge), A: names(), B: names()}
	back := &identity.Decision{ID: "back", Decided: 101, Verb: identity.Withdraw, Of: "made"}
	for n, decided := range []*identity.Decision{made, back} {
		if err := r.put(ctx, &said{N: 1000 + n, What: decision, ID: decided.ID, Pin: 1, Received: 5000, Decision: decided}); err != nil {
			return nil, nil, err
		}
		if n == 1 || d.chance(2) {
			if err := r.settle(ctx); err != nil {
				return nil, nil, err
			}
		}
	}
	if after, err = r.read(ctx); err != nil {
		return nil, nil, err
	}
	for _, o := range []*outcome{before, after} { // the two decisions are records of their own
		for i, line := range o.Ledger {
			if strings.HasPrefix(line, "ledger decision ") {
				o.Ledger[i] = ""
			}
		}
		o.Ledger = compact(o.Ledger)
	}
	return before, after, nil
}

func compact(lines []string) (out []string) {
	for _, l := range lines {
		if l != "" {
			out = append(out, l)
		}
	}
	return out
}
