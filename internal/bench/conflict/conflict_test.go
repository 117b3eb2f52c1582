package conflict

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func try(t *testing.T, change func(*Params)) Result {
	t.Helper()
	p := Defaults()
	change(&p)
	r, err := Simulate(p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within {
		t.Errorf("%s is %.4f, want %.4f ± %.4f", what, got, want, within)
	}
}

// TestTouchIsTheBirthdayBound: two batches of n records over N people, uniformly, have
// none in common with probability (1 - n/N)^n, about.
func TestTouchIsTheBirthdayBound(t *testing.T) {
	for _, c := range []struct{ batch, people int }{{50, 100_000}, {200, 100_000}, {500, 1_000_000}, {500, 100_000_000}} {
		p := Defaults()
		p.Batch, p.People, p.AtOnce = c.batch, c.people, true
		want := 1 - math.Pow(1-float64(c.batch)/float64(c.people), float64(c.batch))
		near(t, "touch", touch(p), want, 4*math.Sqrt(want*(1-want)/1000)+0.001)
	}
}

// TestAlone: who meets nobody waits for nobody.
func TestAlone(t *testing.T) {
	for _, atOnce := range []bool{true, false} {
		r := try(t, func(p *Params) {
			p.Processes, p.Batches, p.Skew, p.Shared, p.New, p.AtOnce = 1, 50, 1, 0.2, 0.2, atOnce
		})
		near(t, "relative throughput", r.Relative, 1, 1e-9)
		if r.Waiting != 0 || r.Retries != 0 {
			t.Errorf("%+v", r)
		}
	}
}

// TestOneRowForAll: where every batch needs the same row, all together are as fast as one.
func TestOneRowForAll(t *testing.T) {
	for _, n := range []int{2, 8} {
		r := try(t, func(p *Params) {
			p.Processes, p.Batches, p.People, p.AtOnce, p.LockTimeout, p.Outlet = n, 40*n, 1, true, time.Hour, 0
		})
		near(t, "relative throughput", r.Relative, 1/float64(n), 0.001)
		near(t, "waiting", r.Waiting, 1-1/float64(n), 0.001)
		near(t, "touch", r.Touch, 1, 0)
	}
}

// TestOutletIsTheCeiling: with nothing else in common, a row that each of n holds for c
// out of s limits them to 1/c batches a second.
func TestOutletIsTheCeiling(t *testing.T) {
	for _, n := range []int{4, 16, 32} {
		r := try(t, func(p *Params) {
			p.Processes, p.Batches, p.People, p.Batch = n, 60*n, 1<<40, 100
			p.Fixed, p.PerRecord, p.Outlet = 20*time.Millisecond, 0, 2*time.Millisecond
		})
		near(t, "relative throughput", r.Relative, min(1, 10/float64(n)), 0.02)
	}
}

// TestWaitingIsHalfAService: two that seldom meet wait for the rest of the other's
// transaction, half of it on average.
func TestWaitingIsHalfAService(t *testing.T) {
	r := try(t, func(p *Params) {
		p.Processes, p.Batches, p.Batch, p.People, p.AtOnce, p.Outlet = 2, 12_000, 100, 200_000, true, 0
	})
	near(t, "waiting", r.Waiting, r.Touch/2/(1+r.Touch/2), 0.005)
	if r.Retries > 0.001 {
		t.Errorf("%.3f retries, where no wait is long", r.Retries)
	}
}

// TestOnlyLinksDeadlock: reads in order of key, and identifiers before profiles, never
// come to a ring; identifiers that are found from others may.
func TestOnlyLinksDeadlock(t *testing.T) {
	run := func(links float64) Result {
		return try(t, func(p *Params) {
			p.Processes, p.Batches, p.People, p.Batch, p.Links, p.LockTimeout = 4, 200, 2000, 50, links, time.Hour
		})
	}
	if r := run(0); r.Retries != 0 {
		t.Errorf("%.3f retries without links", r.Retries)
	}
	if r := run(0.5); r.Timeouts == 0 {
		t.Error("no deadlock in 200 batches that mostly meet")
	}
}

// TestTurnsKeepPace: where all want the same people, processes that take turns are
// together about as fast as one, and not slower.
func TestTurnsKeepPace(t *testing.T) {
	run := func(turns int) Result {
		return try(t, func(p *Params) { p.Batches, p.Skew, p.Links, p.Turns = 400, 1, 0.3, turns })
	}
	with, without := run(16), run(0)
	if with.Relative*8 < 0.6 || with.Relative < 2*without.Relative {
		t.Errorf("%.3f of linear with turns, %.3f without", with.Relative, without.Relative)
	}
}

// TestNewRowsCostRetries: only those who insert the same row at once.
func TestNewRowsCostRetries(t *testing.T) {
	few := try(t, func(p *Params) { p.People, p.New, p.Arriving = 1<<40, 0.1, 10 })
	if few.Inserts == 0 || few.Timeouts > few.Inserts {
		t.Errorf("%.3f retries for rows that another inserted first, %.3f for waits", few.Inserts, few.Timeouts)
	}
	none := try(t, func(p *Params) { p.People = 1 << 40 })
	if none.Inserts != 0 {
		t.Errorf("%.3f retries for new rows where there are none", none.Inserts)
	}
}

// TestInvariants looks at the simulation after each event: a row has one holder, who
// knows it; who waits stands in one line, and not in that of its own row.
func TestInvariants(t *testing.T) {
	p := Defaults()
	p.Processes, p.People, p.Batch, p.Skew, p.Shared, p.New = 6, 3000, 60, 0.9, 0.2, 0.1
	s := newSimulation(p)
	for range 4000 {
		was := s.now
		s.step()
		if s.now < was {
			t.Fatal("time went back")
		}
		held, waiting := 0, 0
		for k, r := range s.rows {
			if r.holder == nil || r.key != k {
				t.Fatalf("a row in the table that nobody holds: %+v", r)
			}
			for _, q := range r.line {
				if waiting++; q.on != r || q == r.holder {
					t.Fatal("who stands in line does not wait for this row")
				}
			}
		}
		for _, q := range s.processes {
			held += len(q.held)
			for _, r := range q.held {
				if r.holder != q {
					t.Fatal("a row that another holds")
				}
			}
			if q.on != nil {
				waiting--
			}
		}
		if held != len(s.rows) || waiting != 0 {
			t.Fatalf("%d rows held, %d in the table; %d waiters too many", held, len(s.rows), waiting)
		}
	}
	if s.committed < 50 {
		t.Errorf("only %d batches in 4000 events", s.committed)
	}
}

// TestTheSameSeedIsTheSameResult, and the shares of time make up the whole.
func TestTheSameSeedIsTheSameResult(t *testing.T) {
	run := func(seed uint64) Result {
		return try(t, func(p *Params) { p.Seed, p.Batches, p.Skew, p.Shared, p.New = seed, 200, 0.9, 0.1, 0.05 })
	}
	a, b, c := run(1), run(1), run(2)
	if a != b {
		t.Errorf("%+v\n%+v", a, b)
	}
	if a.Elapsed == c.Elapsed {
		t.Error("another seed gives the same")
	}
	near(t, "sum of shares", a.Useful+a.Waiting+a.Lost+a.Paused, 1, 1e-9)
}

// TestZipf compares with the law itself.
func TestZipf(t *testing.T) {
	for _, s := range []float64{0, 0.5, 1, 1.2} {
		const n, draws = 50, 200_000
		z := newZipf(s, n)
		random := rand.New(rand.NewPCG(1, 2))
		var seen [n + 1]int
		for range draws {
			seen[z.next(random)]++
		}
		sum := 0.0
		for k := 1; k <= n; k++ {
			sum += math.Pow(float64(k), -s)
		}
		for k := 1; k <= n; k++ {
			want := math.Pow(float64(k), -s) / sum
			near(t, "share", float64(seen[k])/draws, want, 5*math.Sqrt(want/draws))
		}
	}
}

func TestFaultsAreToldTogether(t *testing.T) {
	_, err := Simulate(Params{})
	if err == nil || len(err.(interface{ Unwrap() []error }).Unwrap()) < 5 { //nolint:errorlint // what Join makes
		t.Errorf("%v", err)
	}
}

func TestTableHasALineForEachCase(t *testing.T) {
	p := Defaults()
	var out strings.Builder
	g := Grid{Batches: []int{20}, People: []int{1 << 30}, Loads: []Load{{}, {Skew: 0.5}}}
	if err := Table(&out, p, g); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n != 3 {
		t.Errorf("%d lines:\n%s", n, out.String())
	}
}
