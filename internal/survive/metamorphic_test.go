// The metamorphic suite of I3 and I5: a small random world goes down the whole road,
// door to emitted topics, in many ways that must come to the same.
package survive_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// window is the duplicate window of every road here: short enough to be outlived.
const window = 10 * time.Minute

var (
	rounds = flag.Int("rounds", defaultRounds, "worlds that the metamorphic suite tries")
	seed   = flag.Uint64("seed", 0, "the first world's seed; 0: another at each run")
)

// patience is how long a road in one process may take to do a handful of records.
const patience = 10 * time.Second

// plainEngine is the engine of one process alone.
const plainEngine = "embedded"

// gathers is how many things are said while all processes but one stand still.
const gathers = 30

// variant is one way down the road.
type variant struct {
	Seed       uint64 // of order, restarts, drains and builds; 0: as said, undisturbed
	Engine     string
	Processes  int
	Partitions int32
	Topics     int32
	Batch      int
	Conflicts  bool
	every      int // how many things are said, on average, for one that is done
	first      rules
	machine    func(v variant) machine
	patience   time.Duration
}

func (v variant) String() string {
	return fmt.Sprintf("seed %d, %s, %d processes, %d partitions, topics of %d, batches of %d, conflicts %v",
		v.Seed, v.Engine, v.Processes, v.Partitions, v.Topics, v.Batch, v.Conflicts)
}

// plain is the way that the others are held against.
func plain(w *world) variant {
	return variant{Engine: plainEngine, Processes: 1, Partitions: 1, Topics: 1, Batch: 1, every: 8, first: w.Rules[0], machine: newFolder, patience: patience}
}

func drawVariant(w *world, seed uint64) variant {
	d := &drawer{Rand: rand.New(rand.NewPCG(seed, 11))}
	v := plain(w)
	v.Seed, v.Partitions, v.Topics = seed, int32(1+d.IntN(5)), int32(1+d.IntN(3))
	v.Batch, v.Conflicts = pick(d, 1, 2, 3, 7, 100), d.chance(3)
	return v
}

// step is something said, or done to the road after it.
type step struct {
	said *said
	rule bool // the second rules
	do   string
	at   int // which process does it, modulo how many there are
}

// dice are of one place in one variant: what happens there does not depend on what
// else is said, so that a world can shrink.
func (v variant) dice(n int, what uint64) *rand.Rand {
	return rand.New(rand.NewPCG(v.Seed, what<<32|uint64(n)))
}

// schedule orders a world as v has it. What is said twice under one id keeps its
// order, for the first is the one that counts; a replay follows what it names; what
// the second rules judge follows those.
func (v variant) schedule(w *world) (steps []step) {
	list := slices.Clone(w.Said)
	at := map[int]uint64{}
	if v.Seed != 0 {
		for _, s := range list {
			at[s.N] = v.dice(s.N, 1).Uint64()
		}
		slices.SortStableFunc(list, func(a, b *said) int { return cmp.Compare(at[a.N], at[b.N]) })
	}
	byN := map[int]*said{}
	for _, s := range w.Said {
		byN[s.N] = s
	}
	put := map[int]bool{}
	ruled := false
	var visit func(s *said)
	visit = func(s *said) {
		if put[s.N] {
			return
		}
		put[s.N] = true
		for _, n := range s.Replays {
			if byN[n] != nil {
				visit(byN[n])
			}
		}
		for _, o := range w.Said {
			if o.N < s.N && o.ID == s.ID && o.What == s.What {
				visit(o)
			}
		}
		if s.Pin == 2 && !ruled {
			ruled = true
			steps = append(steps, step{rule: true})
		}
		steps = append(steps, step{said: s})
		if v.Seed != 0 {
			d := v.dice(s.N, 2)
			if what := [...]string{"restart", "crash", "settle", "build", "halt", "start", "stagger"}; d.IntN(v.every) == 0 {
				steps = append(steps, step{do: what[d.IntN(len(what))], at: d.IntN(1 << 20)})
			}
		}
	}
	for _, s := range list {
		if w.Two && !ruled && v.Seed != 0 && v.dice(s.N, 3).IntN(12) == 0 {
			ruled = true
			steps = append(steps, step{rule: true})
		}
		visit(s)
	}
	if w.Two && !ruled {
		steps = append(steps, step{rule: true})
	}
	if v.Seed != 0 && v.dice(0, 4).IntN(3) == 0 {
		steps = append(steps, step{do: "build"})
	}
	return steps
}

// run takes w down the road as v says.
func (v variant) run(w *world) (out *outcome, err error) {
	ctx, failed := context.WithCancelCause(context.Background())
	defer failed(nil)
	ctx, cancel := context.WithTimeout(ctx, v.patience)
	defer cancel()
	r, err := openRoad(ctx, v, failed)
	if err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, r.close())
		if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(cause, context.Canceled) {
			err = errors.Join(cause, err)
		}
	}()
	if err := r.rule(ctx, 1, &w.Rules[0]); err != nil {
		return nil, err
	}
	if v.Seed != 0 && v.dice(0, 5).IntN(2) == 0 {
		if err := r.halt(); err != nil {
			return nil, err
		}
	}
	gathered := v.Processes > 1 && v.dice(0, 7).IntN(3) > 0
	if gathered {
		if err := r.gather(ctx); err != nil {
			return nil, err
		}
	}
	for i, s := range v.schedule(w) {
		if gathered && (i == gathers || s.rule) {
			gathered = false
			r.wake()
		}
		if gathered && s.said == nil {
			continue // until all have something to do
		}
		if err := r.step(ctx, w, s); err != nil {
			return nil, fmt.Errorf("at %s%v: %w", s.do, s.said, err)
		}
	}
	if gathered {
		r.wake()
	}
	if err := r.settle(ctx); err != nil {
		return nil, err
	}
	return r.read(ctx)
}

func (r *road) step(ctx context.Context, w *world, s step) error {
	switch {
	case s.rule:
		return r.rule(ctx, 2, &w.Rules[1])
	case s.said != nil:
		if err := r.put(ctx, s.said); err != nil || r.v.Seed != 0 {
			return err
		}
		return r.settle(ctx) // undisturbed: one after the other
	}
	at := s.at % len(r.processes)
	p := r.processes[at]
	if r.asleep[p] && s.do != "crash" {
		r.wake()
	}
	switch s.do {
	case "restart", "crash":
		return r.restart(ctx, at, s.do == "crash")
	case "settle":
		return r.settle(ctx)
	case "build":
		return p.keeper.Rebuild(ctx, max(p.keeper.CurrentRules(), p.latest()))
	case "halt":
		return p.halt()
	case "start":
		p.start()
	case "stagger":
		r.sleep(p)
	}
	return nil
}

// difference is a pair of texts that ought to be one.
type difference struct {
	w         *world
	v         variant
	fault     error  // or else
	want, got string // from the model or the plain way, and from v
}

// differs runs a world in each of ways and gives the first difference.
func differs(w *world, ways ...variant) *difference {
	m := newModel(w)
	base, err := plain(w).run(w)
	if err != nil {
		return &difference{w: w, v: plain(w), fault: err}
	}
	if want, got := m.outcome().form(), base.lessCrosswalk().form(); want != got {
		return &difference{w: w, v: plain(w), want: want, got: got}
	}
	for _, v := range ways {
		out, err := v.run(w)
		if err != nil {
			return &difference{w: w, v: v, fault: err}
		}
		if want, got := base.form(), out.form(); want != got {
			return &difference{w: w, v: v, want: want, got: got}
		}
	}
	return nil
}

func (d *difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "world of seed %d\n%svariant %v\n", d.w.Seed, d.w, d.v)
	for _, s := range d.v.schedule(d.w) {
		switch {
		case s.said != nil:
			fmt.Fprintf(&b, " %d", s.said.N)
		case s.rule:
			b.WriteString(" [rules 2]")
		default:
			fmt.Fprintf(&b, " [%s]", s.do)
		}
	}
	b.WriteByte('\n')
	if d.fault != nil {
		fmt.Fprintf(&b, "fault: %v", d.fault)
		return b.String()
	}
	want, got := strings.Split(d.want, "\n"), strings.Split(d.got, "\n")
	for i := 0; i < max(len(want), len(got)); i++ {
		line := func(of []string) string {
			if i < len(of) {
				return of[i]
			}
			return "(nothing)"
		}
		if line(want) != line(got) {
			fmt.Fprintf(&b, "first difference, line %d:\n  want %s\n  got  %s\n", i+1, line(want), line(got))
			break
		}
	}
	fmt.Fprintf(&b, "--- want\n%s--- got\n%s", d.want, d.got)
	return b.String()
}

// shrink takes away what the difference does not need. A road runs side by side, so
// that one try may miss what the next one shows.
func shrink(d *difference, until time.Time) *difference {
	again := func(w *world) *difference {
		for range 3 {
			ways := []variant{d.v}
			if d.v.Seed == 0 {
				ways = nil
			}
			if got := differs(w, ways...); got != nil && (got.fault == nil) == (d.fault == nil) {
				return got
			}
		}
		return nil
	}
	for size := len(d.w.Said) / 2; size > 0; {
		smaller := false
		for from := 0; from < len(d.w.Said) && time.Now().Before(until); {
			gone := map[int]bool{}
			for _, s := range d.w.Said[from:min(from+size, len(d.w.Said))] {
				gone[s.N] = true
			}
			if got := again(d.w.without(gone)); got != nil {
				d, smaller = got, true
				continue
			}
			from += size
		}
		if !smaller || size > 1 {
			size /= 2
		}
	}
	return d
}

// firstSeed says how to try the same n worlds again, as the flag of that name sets.
func firstSeed(t *testing.T, flag string, n int) uint64 {
	s := *seed
	if s == 0 {
		s = rand.Uint64() >> 16
	}
	t.Logf("seeds from %d on: go test ./internal/survive -run '^%s$' -%s %d -seed %d", s, t.Name(), flag, n, s)
	return s
}

// I3: people, golden attributes, facts, accounts are those that the naive model finds
// in the set of what was said, whatever the order, batches, partitions and restarts.
func TestMetamorphic(t *testing.T) {
	first := firstSeed(t, "rounds", *rounds)
	for i := range uint64(*rounds) {
		w := drawWorld(first + i)
		ways := []variant{drawVariant(w, 2*w.Seed+1), drawVariant(w, 2*w.Seed+2)}
		if d := differs(w, ways...); d != nil {
			t.Logf("seed %d differs (%v); shrinking", w.Seed, d.fault)
			t.Fatal(shrink(d, time.Now().Add(time.Minute)))
		}
	}
}
