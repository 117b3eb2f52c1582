package bench

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// export writes rows of a CRM export to path. It comes into its place whole, as a
// watcher wants it. person gives the number of a row's person; state changes with
// every export of one.
func export(path string, rows int, person func(i int) int, state int) (err error) {
	tmp := path + ".part"
	f, err := os.Create(tmp)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	_, _ = w.WriteString("contact_id,first,last,email,mobile,town,updated_at\n") // the writer keeps its first error for Flush
	towns := [...]string{"York", "Leeds", "Hull", "Whitby", "Ripon", "Selby", "Malton"}
	firsts := [...]string{"Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gita", "Hugo", "Iris", "Jon", "Kim"}
	at := time.Date(2024, 3, 1, 8, 0, 0, 0, time.UTC).AddDate(0, 0, state).Format(time.RFC3339)
	for i := range rows {
		p := person(i)
		fmt.Fprintf(w, "C%08d,%s,Marsh-%d,p%08d@example.com,07%09d,%s,%s\n", p, firsts[p%len(firsts)], p%9973, p, 400_000_000+p, towns[(p+state)%len(towns)], at)
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// upserts measures changes to people who are already there, and the memory that
// having them takes.
func upserts(ctx context.Context, b *bench) ([]Figure, error) {
	dir, err := b.project("upsert", peopleProject)
	if err != nil {
		return nil, err
	}
	exports := filepath.Join(dir, "exports")
	if err := os.Mkdir(exports, 0o755); err != nil {
		return nil, err
	}
	people := b.size.resident
	first := filepath.Join(exports, "crm-000.csv")
	if err := export(first, people, func(i int) int { return i }, 0); err != nil {
		return nil, err
	}
	before := resident()
	watch := watchPeak()
	defer watch.stop()
	began := time.Now()
	r, err := b.start(ctx, dir)
	if err != nil {
		return nil, err
	}
	figures, err := func() ([]Figure, error) {
		accepted := people
		settle := func() error {
			if err := r.WaitAccepted(r.ctx, uint64(accepted)); err != nil {
				return errors.Join(err, context.Cause(r.ctx))
			}
			return r.Drain(r.ctx)
		}
		err := settle()
		load := time.Since(began).Seconds()
		var disk int64
		if err == nil {
			disk, err = bytesIn(filepath.Join(r.tree.Data, "state"))
		}
		// The peak is Kith's alone: it ends before a peer has run.
		round := 0
		kith := func(context.Context) (out reading, err error) {
			round++
			rng := rand.New(rand.NewPCG(2, uint64(round)))
			path := filepath.Join(exports, fmt.Sprintf("crm-%03d.csv", round))
			accepted += b.size.updates
			cpu, began := cpuTime(), time.Now()
			if err := export(path, b.size.updates, func(int) int { return rng.IntN(people) }, round); err != nil {
				return nil, err
			}
			if err := settle(); err != nil {
				return nil, err
			}
			took, used := time.Since(began).Seconds(), (cpuTime() - cpu).Seconds()
			if round == 1 {
				watch.stop()
			}
			n := float64(b.size.updates)
			return reading{"records_per_second": n / took, "cpu_us_per_record": used * 1e6 / n}, nil
		}
		if err != nil {
			return nil, err
		}
		peer, err := b.newStore(people)
		if err != nil {
			return nil, err
		}
		m, err := b.inTurns(r.ctx, contender{"kith", kith}, contender{"raw-pebble", func(context.Context) (reading, error) { return peer.updates(b.size.updates) }})
		if err != nil {
			return nil, err
		}
		f := Figure{What: fmt.Sprintf("upserts/s of CRM rows with %d people resident, road and warehouse", people), Unit: "records/s", Goal: 10_000,
			Measured: m[0]["records_per_second"], More: map[string]float64{"cpu_us_per_record": m[0]["cpu_us_per_record"],
				"first_load_records_per_second": float64(people) / load, "state_mib": float64(disk) / mebibyte}}
		f.against("bare Pebble, 4 reads and 5 writes a record", m[1]["records_per_second"])
		memory := Figure{What: fmt.Sprintf("peak resident memory, %d people loaded and then changed", people), Unit: "MiB", AtMost: true, Goal: 1024,
			Measured: float64(watch.resident.Load()) / mebibyte, More: map[string]float64{"before_mib": float64(before) / mebibyte,
				"go_heap_peak_mib": float64(watch.heap.Load()) / mebibyte}}
		memory.against("the state on disk", float64(disk)/mebibyte)
		return []Figure{f, memory}, nil
	}()
	return figures, errors.Join(err, r.stop())
}

// store is a bare Pebble database with five entries of 150 bytes for each of so many
// people: what a state needs at the least. It is open only while it is measured, so
// that its memory is not counted as Kith's.
type store struct {
	dir    string
	people int
	rng    *rand.Rand
}

const storeValue, storeCache = 150, 128 << 20

func (b *bench) newStore(people int) (*store, error) {
	dir, err := b.folder("store")
	if err != nil {
		return nil, err
	}
	return &store{dir: dir, people: people, rng: rand.New(rand.NewPCG(3, 4))}, nil
}

// fill makes the entries the first time.
func (s *store) fill(db *pebble.DB) error {
	value := noise(storeValue)
	key := make([]byte, 9)
	for table := range byte(5) {
		batch := db.NewBatch()
		for p := range s.people {
			entry(key, table, p)
			if err := batch.Set(key, value, nil); err != nil {
				return err
			}
			if batch.Count() == 10_000 || p == s.people-1 {
				if err := errors.Join(batch.Commit(pebble.NoSync), batch.Close()); err != nil {
					return err
				}
				batch = db.NewBatch()
			}
		}
		if err := batch.Close(); err != nil {
			return err
		}
	}
	return db.Flush()
}

func entry(key []byte, table byte, person int) {
	key[0] = table
	binary.BigEndian.PutUint64(key[1:], uint64(person)*0x9e3779b97f4a7c15) // spread, as keyed hashes are
}

// updates reads four entries of a person and writes five, n times, in batches of 1,000
// that are synced.
func (s *store) updates(n int) (out reading, err error) {
	db, err := openBare(s.dir, storeCache)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if empty, err := isEmpty(db); err != nil {
		return nil, err
	} else if empty {
		if err := s.fill(db); err != nil {
			return nil, err
		}
	}
	value := noise(storeValue)
	key := make([]byte, 9)
	began := time.Now()
	for done := 0; done < n; done += 1000 {
		batch := db.NewBatch()
		for range min(1000, n-done) {
			p := s.rng.IntN(s.people)
			for table := range byte(5) {
				entry(key, table, p)
				if table < 4 {
					_, closer, err := db.Get(key)
					if err != nil {
						return nil, err
					}
					if err := closer.Close(); err != nil {
						return nil, err
					}
				}
				if err := batch.Set(key, value, nil); err != nil {
					return nil, err
				}
			}
		}
		if err := errors.Join(batch.Commit(pebble.Sync), batch.Close()); err != nil {
			return nil, err
		}
	}
	return reading{"records_per_second": float64(n) / time.Since(began).Seconds()}, nil
}

func isEmpty(db *pebble.DB) (bool, error) {
	it, err := db.NewIter(nil)
	if err != nil {
		return false, err
	}
	empty := !it.First()
	return empty, errors.Join(it.Error(), it.Close())
}
