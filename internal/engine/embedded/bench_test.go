package embedded_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/embedded"
)

func benchEngine(b *testing.B) *engine.Engine {
	e, err := embedded.Open(context.Background(), engine.EmbeddedConfig{Dir: b.TempDir()}, embedded.Deps{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	})
	return e
}

// value is n bytes that compress about as well as an envelope does.
func value(n int) []byte {
	v := make([]byte, n)
	for i := range v {
		v[i] = "abcdefghijklmnop"[rand.IntN(16)]
	}
	return v
}

// each calls fn b.N times from some workers; a call is worth so many records.
func each(b *testing.B, workers, records int, fn func(worker, i int) error) {
	var wg sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(b.N))
	before := cpu(b)
	b.ResetTimer()
	for w := range workers {
		wg.Go(func() {
			for i := 0; left.Add(-1) >= 0; i++ {
				if err := fn(w, i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N*records)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/float64(b.N*records), "cpu-ns/record")
}

// cpu is the time that the process has spent on processors, compactions included:
// on a shared machine a steadier measure than the clock's.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkAppend appends batches of 100 records of 300 bytes, beside bare synced
// Pebble commits of the same batches, each record a key of its own.
func BenchmarkAppend(b *testing.B) {
	const batch, size = 100, 300
	for _, workers := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("engine/%d", workers), func(b *testing.B) {
			e := benchEngine(b)
			body := value(size)
			each(b, workers, batch, func(w, i int) error {
				entries := make([]engine.Entry, batch)
				for n := range entries {
					entries[n] = engine.Entry{Partition: 1 + int32(n%4), Value: body}
				}
				_, err := e.Log.Append(context.Background(), entries)
				return err
			})
		})
		b.Run(fmt.Sprintf("pebble/%d", workers), func(b *testing.B) {
			db, err := pebble.Open(b.TempDir(), &pebble.Options{MemTableSize: 16 << 20, FormatMajorVersion: pebble.FormatNewest})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			body := value(size)
			each(b, workers, batch, func(w, i int) error {
				wb := db.NewBatch()
				defer wb.Close()
				for n := range batch {
					key := binary.BigEndian.AppendUint64([]byte{byte(w)}, uint64(i*batch+n))
					if err := wb.Set(key, body, nil); err != nil {
						return err
					}
				}
				return wb.Commit(pebble.Sync)
			})
		})
	}
}

func stateKey(n int) []byte {
	k := make([]byte, 21) // a generation, a table and a hash
	k[4] = 'n'
	binary.BigEndian.PutUint64(k[5:], uint64(n)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(k[13:], uint64(n))
	return k
}

// BenchmarkUpdate runs transactions of many records, each with four reads and five
// writes of 200 bytes, over a million resident keys: hot ones (50,000 of them), or any.
func BenchmarkUpdate(b *testing.B) {
	const resident = 1_000_000
	e := benchEngine(b)
	body := value(200)
	for n := 0; n < resident; n += 10_000 {
		err := e.State.Update(context.Background(), func(tx engine.Tx) error {
			keys := make([][]byte, 10_000)
			for i := range keys {
				keys[i] = stateKey(n + i)
			}
			if _, err := tx.Lock(keys...); err != nil {
				return err
			}
			for _, k := range keys {
				tx.Put(k, body)
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	var fresh atomic.Int64
	fresh.Store(resident)
	for _, span := range []struct {
		name string
		keys int
	}{{"hot", 50_000}, {"any", resident}} {
		for _, records := range []int{500, 2000} {
			for _, workers := range []int{1, 2} {
				b.Run(fmt.Sprintf("%s/%d/workers=%d", span.name, records, workers), func(b *testing.B) {
					if err := e.State.Update(context.Background(), func(tx engine.Tx) error { // warm, as in steady state
						keys := make([][]byte, 50_000)
						for n := range keys {
							keys[n] = stateKey(n)
						}
						_, err := tx.Lock(keys...)
						return err
					}); err != nil {
						b.Fatal(err)
					}
					b.ReportAllocs()
					run := fresh.Load()
					each(b, workers, records, func(w, i int) error {
						reader := fmt.Sprint(run, w)
						return e.State.Update(context.Background(), func(tx engine.Tx) error {
							return transact(tx, records, span.keys, &fresh, body, reader, uint64(i*records))
						})
					})
				})
			}
		}
	}
}

func transact(tx engine.Tx, records, span int, fresh *atomic.Int64, body []byte, reader string, pos uint64) error {
	keys := make([][]byte, 0, 4*records)
	for range records {
		for range 3 {
			keys = append(keys, stateKey(rand.IntN(span)))
		}
		keys = append(keys, stateKey(int(fresh.Add(1)))) // one not seen before, as a message id is
	}
	values, err := tx.Lock(keys...)
	if err != nil {
		return err
	}
	for n := range values {
		if n%4 < 3 && values[n] == nil {
			return fmt.Errorf("key %d of the batch is gone", n)
		}
		tx.Put(keys[n], body)
	}
	for n := range records { // the fifth write of each
		tx.Emit("changes", keys[4*n], body)
	}
	return tx.Advance(reader, 1, pos, pos+uint64(records))
}

// BenchmarkView reads profiles by key while nothing writes.
func BenchmarkView(b *testing.B) {
	e := benchEngine(b)
	body := value(1000)
	err := e.State.Update(context.Background(), func(tx engine.Tx) error {
		for n := range 10_000 {
			k := stateKey(n)
			if _, err := tx.Lock(k); err != nil {
				return err
			}
			tx.Put(k, body)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		err := e.State.View(context.Background(), func(r engine.Reader) error {
			_, err := r.Get(stateKey(rand.IntN(10_000)))
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
