// Package conflict simulates processes whose batches lock rows of one shared state:
// how often two batches want the same row, what that costs, and how far it lets the
// processes scale. It touches nothing: no server, no clock, no file. Its time is made
// up, and a seed gives the same result on every machine.
//
// The model is that of the road on engine/cluster. A process has one transaction at a
// time. It reads in three steps: the identifiers that its records name, identifiers
// that are linked to those, and profiles. Each step locks its rows in order of key,
// waiting in line for those that others hold, and all locks are held to the commit. A
// row that is not there yet cannot be locked: the commit inserts it, and where another
// transaction was first, everything is done again. The commit then takes the row that
// counts what is emitted, which all transactions share. A wait that lasts longer than
// the lock timeout, which grows with each try, or that the database finds to be a
// deadlock, has the transaction begin again, too; and after that the process takes turns
// with others that met conflicts, for a while.
//
// The model leaves out that the database itself has an end: its processors, its log.
// What it shows is what locks alone would allow.
package conflict

import (
	"errors"
	"time"
)

// Params is what is simulated. Defaults says what is usual.
type Params struct {
	Seed      uint64
	Processes int
	Batch     int // records of a transaction
	Batches   int // transactions to be committed in all

	People    int     // that records are about
	Skew      float64 // exponent of Zipf's law over people: 0 is uniform
	Shared    float64 // share of records that name a shared device or address, too
	PerShared int     // people who share one
	New       float64 // share of records about people who are not there yet
	Burst     int     // records that a new person is named by
	Arriving  int     // new people who are named in turn

	// Links is the share of records whose person's links are solved anew: then the
	// identifier that the record does not name is found from the one that it names.
	Links float64
	// AtOnce has the first read find all: a person is one row.
	AtOnce bool
	// Turns is for how many transactions after a conflict a process takes turns with all
	// others that do; several conflicts add up, to four times as many.
	Turns int
	// Affinity is the share of records that come to the process which the others of
	// their person come to, too.
	Affinity float64

	Fixed     time.Duration // of a transaction, however small
	PerRecord time.Duration
	Outlet    time.Duration // of these, how long the row that counts is held, up to the commit

	LockTimeout     time.Duration // of the first try; each one doubles it, six times
	DeadlockTimeout time.Duration // after which the database looks for a deadlock
}

// Defaults is a transaction as it was measured on one machine, and PostgreSQL's own
// deadlock_timeout.
func Defaults() Params {
	return Params{
		Seed: 1, Processes: 8, Batch: 200, Batches: 1000,
		People: 1_000_000, PerShared: 100, Burst: 5, Arriving: 10_000, Turns: 1, Links: 0.05,
		Fixed: 25 * time.Millisecond, PerRecord: 50 * time.Microsecond, Outlet: 2 * time.Millisecond,
		LockTimeout: 200 * time.Millisecond, DeadlockTimeout: time.Second,
	}
}

// Validate reports every fault of p.
func (p Params) Validate() error {
	var faults []error
	check := func(ok bool, what string) {
		if !ok {
			faults = append(faults, errors.New(what))
		}
	}
	share := func(v float64) bool { return v >= 0 && v <= 1 }
	check(p.Processes >= 1 && p.Processes <= 1<<20, "processes must be from 1 to a million")
	check(p.Batch >= 1 && p.Batches >= p.Processes, "a batch has at least a record, and each process at least a batch")
	check(p.People >= 1 && p.People <= 1<<40, "people must be from 1 to a trillion")
	check(p.Skew >= 0 && p.Skew <= 10, "skew must be from 0 to 10")
	check(share(p.Shared) && share(p.New) && share(p.Links) && share(p.Affinity), "shares must be from 0 to 1")
	check(p.PerShared >= 1 && p.Burst >= 1 && p.Arriving >= 1, "at least one person shares a device, arrives, and is named")
	check(p.Fixed >= 0 && p.PerRecord >= 0 && p.Outlet >= 0 && p.service() > p.Outlet, "a transaction takes time, and more than its outlet is held")
	check(p.Turns >= 0, "turns must not be negative")
	check(p.LockTimeout > 0 && p.DeadlockTimeout > 0, "timeouts must be positive")
	return errors.Join(faults...)
}

// service is how long a transaction takes that meets no other.
func (p Params) service() time.Duration { return p.Fixed + time.Duration(p.Batch)*p.PerRecord }

// Result is what came of a simulation.
type Result struct {
	Params Params
	// Touch is the probability that two batches have a row in common, the one that
	// counts left out.
	Touch    float64
	Elapsed  time.Duration // simulated
	Retries  float64       // by committed transaction
	Inserts  float64       // of these, for a row that another inserted first
	Timeouts float64       // of these, for a wait that lasted too long, or a deadlock

	// How all processes spent their time; the four make up 1.
	Useful, Waiting, Lost, Paused float64

	// Stuck: all processes together were slower than a fifth of one alone, and what was
	// simulated was broken off.
	Stuck bool

	Throughput float64 // records a second, of all processes
	Relative   float64 // to as many processes that never meet
}

// Simulate runs processes against each other until Batches transactions are committed.
// It fails with Params' faults.
func Simulate(p Params) (Result, error) {
	r, err := simulate(p)
	if err == nil {
		r.Touch = touch(p)
	}
	return r, err
}

func simulate(p Params) (Result, error) {
	if err := p.Validate(); err != nil {
		return Result{}, err
	}
	s := newSimulation(p)
	s.run()
	r := Result{Params: p, Elapsed: time.Duration(s.now - s.from), Stuck: s.committed < p.Batches}
	whole := float64(max(1, r.Elapsed)) * float64(p.Processes)
	r.Useful, r.Waiting, r.Lost, r.Paused = s.useful/whole, s.waited/whole, s.lost/whole, s.paused/whole
	done := float64(max(1, s.committed))
	r.Inserts, r.Timeouts = float64(s.inserts)/done, float64(s.timeouts)/done
	r.Retries = r.Inserts + r.Timeouts
	r.Relative = float64(s.committed) * float64(p.service()) / whole
	r.Throughput = r.Relative * float64(p.Processes*p.Batch) / p.service().Seconds()
	return r, nil
}

// touch draws pairs of batches and counts those that have a row in common.
func touch(p Params) float64 {
	const pairs = 1000
	d := newDraw(p, p.Seed+1)
	seen := make(map[uint64]bool, 2*p.Batch)
	n := 0
	for range pairs {
		clear(seen)
		a, b := d.batch(0), d.batch(1)
		for _, key := range a.all() {
			seen[key] = true
		}
		for _, key := range b.all() {
			if seen[key] {
				n++
				break
			}
		}
	}
	return float64(n) / pairs
}
