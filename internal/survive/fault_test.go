//go:build integration

package survive

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/kithdata/kith/internal/demo"
)

// load is what is being sent while a fault lasts.
type load struct {
	c    *sender
	of   int   // batches
	from int64 // acknowledged before it
	done chan []demo.WebBatch
}

// acked is how many of its batches are acknowledged.
func (l *load) acked() int { return int(l.c.acked.Load() - l.from) }

// moment waits until n of the load's batches are acknowledged.
func (f *fleet) moment(l *load, n int) {
	f.t.Helper()
	f.poll(fmt.Sprintf("%d batches are acknowledged", n), time.Minute, func() error {
		if got := l.acked(); got < min(n, l.of) {
			return fmt.Errorf("%d are; refused with %v", got, l.c.refusals())
		}
		return nil
	})
}

// more waits until n further batches are acknowledged, or all.
func (f *fleet) more(l *load, n int) { f.moment(l, l.acked()+n) }

// sent waits until all of a load is acknowledged.
func (f *fleet) sent(l *load) {
	f.t.Helper()
	f.moment(l, l.of)
	if left := <-l.done; len(left) > 0 {
		f.t.Fatalf("%d batches are not acknowledged", len(left))
	}
}

// orderOf gives the kinds of faults in the order of rounds.
func orderOf(kinds map[string]func(*rand.Rand, *load)) []string {
	return slices.Sorted(maps.Keys(kinds))
}

// faults are what is done to processes and servers. Each heals what it broke.
func (f *fleet) faults() map[string]func(*rand.Rand, *load) {
	return map[string]func(*rand.Rand, *load){
		"killed process":     f.killedProcess,
		"stopped process":    f.stoppedProcess,
		"killed broker":      f.killedBroker,
		"killed database":    f.killedDatabase,
		"cut from database":  f.cutFromDatabase,
		"cut from Kafka":     f.cutFromKafka,
		"slow database":      f.slowDatabase,
		"full disk":          f.fullDisk,
		"leaves and joins":   f.leavesAndJoins,
		"the schema changes": f.schemaChanges,
	}
}

func (f *fleet) pick(rng *rand.Rand) *member { return f.members[rng.IntN(len(f.members))] }

// outlast waits until a silent process has no lease any more, and its place in the
// group of the road's partitions has run out as well, which is as short.
func (f *fleet) outlast(m *member, begun time.Time) {
	f.t.Helper()
	f.poll("others may take over", 30*time.Second, func() error {
		n, err := f.leases(m)
		switch {
		case err != nil:
			return err
		case n > 0:
			return fmt.Errorf("it still has %d leases", n)
		case time.Since(begun) < lease*3/2:
			return errors.New("it is not silent for long enough yet")
		}
		return nil
	})
}

func (f *fleet) killedProcess(rng *rand.Rand, l *load) {
	m := f.pick(rng)
	begun := time.Now()
	if rng.IntN(2) == 0 {
		m.killServer()
	} else {
		m.kill()
	}
	if rng.IntN(2) == 0 { // else it is back before anybody knows
		f.outlast(m, begun)
		f.more(l, 3)
	}
	m.start()
	f.arrange()
}

func (f *fleet) stoppedProcess(rng *rand.Rand, l *load) {
	m := f.pick(rng)
	had, err := f.leases(m)
	if err != nil {
		f.t.Fatal(err)
	}
	said := len(m.said())
	begun := time.Now()
	if err := syscall.Kill(m.pid, syscall.SIGSTOP); err != nil {
		f.t.Fatal(err)
	}
	f.outlast(m, begun)
	f.more(l, 3)
	if err := syscall.Kill(m.pid, syscall.SIGCONT); err != nil {
		f.t.Fatal(err)
	}
	if had > 0 {
		m.poll("it says that it lost its leases", 30*time.Second, func() error {
			if !containsAny(m.said()[said:], "a lease was lost") {
				return errors.New("it says nothing")
			}
			return nil
		})
	}
}

func (f *fleet) killedBroker(rng *rand.Rand, l *load) {
	i := rng.IntN(3)
	if err := f.kafka.KillBroker(i); err != nil {
		f.t.Fatal(err)
	}
	f.more(l, 10)
	f.startBroker(i)
}

func (f *fleet) startBroker(i int) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := f.kafka.StartBroker(ctx, i); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fleet) killedDatabase(rng *rand.Rand, l *load) {
	if err := f.database.Kill(); err != nil {
		f.t.Fatal(err)
	}
	if rng.IntN(2) == 0 { // the log takes what is sent all the same
		f.more(l, 10)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := f.database.Start(ctx); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fleet) cutFromDatabase(rng *rand.Rand, l *load) {
	m := f.pick(rng)
	begun := time.Now()
	m.way.Cut()
	f.outlast(m, begun)
	f.more(l, 3)
	if rng.IntN(2) == 0 {
		m.way.Drop()
	}
	m.way.Heal()
}

// cutFromKafka cuts the one process that speaks to Kafka through proxies, until it has
// noticed that its partitions may be another's.
func (f *fleet) cutFromKafka(rng *rand.Rand, l *load) {
	f.cutKafka()
	for _, m := range f.members {
		if m.proxied {
			m.unready("partitions are being spread")
		}
	}
	f.more(l, 3)
	if rng.IntN(2) == 0 {
		for i := range f.kafka.BootstrapProxied() {
			f.kafka.Proxy(i).Drop()
		}
	}
	f.healKafka()
}

func (f *fleet) cutKafka() {
	for i := range f.kafka.BootstrapProxied() {
		f.kafka.Proxy(i).Cut()
	}
}

func (f *fleet) healKafka() {
	for i := range f.kafka.BootstrapProxied() {
		f.kafka.Proxy(i).Heal()
	}
}

// unready waits until a process says that it is not ready, and why.
func (m *member) unready(why string) {
	m.t.Helper()
	m.poll("it is not ready, as "+why, 30*time.Second, func() error {
		_, reasons, err := m.health()
		if err == nil && !slices.ContainsFunc(reasons, func(r string) bool { return strings.Contains(r, why) }) {
			err = fmt.Errorf("it says %q", reasons)
		}
		return err
	})
}

func (f *fleet) slowDatabase(rng *rand.Rand, l *load) {
	delay := time.Duration(5+rng.IntN(40)) * time.Millisecond
	for _, m := range f.members {
		m.way.SetDelay(delay)
	}
	f.more(l, 20)
	for _, m := range f.members {
		m.way.SetDelay(0)
	}
}

// fullDisk lets a broker's disk run full, makes room, and starts the broker again.
func (f *fleet) fullDisk(_ *rand.Rand, l *load) {
	f.disk.fill(0)
	f.poll("the broker ends of it", time.Minute, func() error {
		if f.kafka.Running(fullBroker) {
			return errors.New("it still runs")
		}
		return nil
	})
	f.more(l, 10)
	f.disk.relieve()
	f.startBroker(fullBroker)
}

func (f *fleet) leavesAndJoins(rng *rand.Rand, l *load) {
	i := rng.IntN(len(f.members))
	m := f.members[i]
	if code := m.stop(); code != 0 {
		f.t.Errorf("a process that leaves ends with code %d", code)
	}
	f.members = slices.Delete(f.members, i, i+1)
	f.arrange()
	f.more(l, 3)
	f.join(m.proxied)
}

// schemaChanges does what a later version's migration would, beside processes of this one.
func (f *fleet) schemaChanges(_ *rand.Rand, l *load) {
	later := fmt.Sprintf("later_%d", time.Now().UnixNano())
	f.sqlState("ALTER TABLE entry ADD COLUMN "+later+" text", "ALTER TABLE outbox ADD COLUMN "+later+" int NOT NULL DEFAULT 1",
		"CREATE INDEX "+later+"_of_entry ON entry ("+later+")", "CREATE TABLE "+later+" (n int)")
	f.more(l, 3)
}
