//go:build unix

package identity_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/kithdata/kith/internal/identity"
	"github.com/kithdata/kith/internal/record"
)

// mapTx is the cheapest state there can be, so that the figure is the stage's own.
type mapTx struct{ data map[string][]byte }

func (t *mapTx) Lock(keys ...[]byte) ([][]byte, error) {
	out := make([][]byte, len(keys))
	for i, k := range keys {
		out[i] = t.data[string(k)]
	}
	return out, nil
}
func (t *mapTx) Range(_, _, _ []byte, _ func(key, value []byte) bool) error { return nil }
func (t *mapTx) Put(key, value []byte)                                      { t.data[string(key)] = value }
func (t *mapTx) Delete(key []byte)                                          { delete(t.data, string(key)) }
func (t *mapTx) PutUnder(_, key, value []byte)                              { t.data[string(key)] = value }
func (t *mapTx) DeleteUnder(_, key []byte)                                  { delete(t.data, string(key)) }
func (t *mapTx) Emit(string, []byte, []byte)                                {}
func (t *mapTx) Advance(string, int32, uint64, uint64) error                { return nil }

func cpuTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

const benchPeople = 50_000

func benchRecord(rnd *rand.Rand, kind, person, n, visitNo, known int) record.Record {
	r := record.Record{ID: fmt.Sprint("m", n), Received: int64(n) * 1000, Op: record.Upsert, Hash: uint64(n)}
	email := record.Identifier{Type: "email", Value: fmt.Sprintf("person%d@example.com", person)}
	visit := record.Identifier{Type: "anonymous_id", Value: fmt.Sprintf("visit-%d-%d", person, visitNo)}
	user := record.Identifier{Type: "user_id", Value: fmt.Sprint("u", person)}
	if kind == 0 {
		r.Kind, r.Source, r.Stream, r.Event = record.Event, "web", "web.events", "Page"
		r.Identifiers = []record.Identifier{visit}
		if known == 0 {
			r.Identifiers = []record.Identifier{user, visit}
		}
		r.Attrs = []record.Attr{{Name: "path", Value: record.StringValue("/a/page")}, {Name: "title", Value: record.StringValue("A page")}}
		return r
	}
	r.Kind, r.Source, r.Stream, r.Key = record.Customer, "crm", "crm.contacts", fmt.Sprint(person)
	r.Identifiers = []record.Identifier{email, user}
	for i := range 8 {
		r.Attrs = append(r.Attrs, record.Attr{Name: fmt.Sprint("attribute", i), Value: record.StringValue(fmt.Sprint("value", rnd.IntN(100)))})
	}
	return r
}

// BenchmarkApply: 80% web events of people known, 15% upserts of source customers
// known, 5% of people who are new, in batches of 2,000.
func BenchmarkApply(b *testing.B) { benchmark(b, 15, 5) }

// BenchmarkKnownEvents: web events of people known, alone.
func BenchmarkKnownEvents(b *testing.B) { benchmark(b, 0, 0) }

func benchmark(b *testing.B, upserts, fresh int) {
	h, err := record.NewHasher([]byte("0123456789abcdef"))
	if err != nil {
		b.Fatal(err)
	}
	s, err := identity.New(identity.Config{Types: []identity.TypeConfig{{Type: "user_id", MaxPerProfile: 1}, {Type: "email", MaxPerProfile: 5, Block: []string{"test@*"}}, {Type: "anonymous_id"}}}, identity.Deps{Hasher: h})
	if err != nil {
		b.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	tx := &mapTx{map[string][]byte{}}
	n := 0
	apply := func(records []record.Record) *record.Batch {
		batch := &record.Batch{Generation: 1, Partition: 1, Records: records}
		if err := s.Apply(context.Background(), tx, batch); err != nil {
			b.Fatal(err)
		}
		return batch
	}
	for p := 0; p < benchPeople; p += 1000 {
		var records []record.Record
		for i := range 1000 {
			for j, kind := range []int{1, 0, 0, 0, 0} {
				records = append(records, benchRecord(rnd, kind, p+i, n, j%2, (j-1)/2))
				n++
			}
		}
		apply(records)
	}
	person := benchPeople
	var batches [][]record.Record
	for range (b.N + 1999) / 2000 {
		records := make([]record.Record, 2000)
		for i := range records {
			kind, who := 0, rnd.IntN(benchPeople)
			switch x := rnd.IntN(100); {
			case x < upserts:
				kind = 1
			case x < upserts+fresh:
				kind, who = 1, person
				person++
			}
			records[i] = benchRecord(rnd, kind, who, n, rnd.IntN(2), rnd.IntN(2))
			n++
		}
		batches = append(batches, records)
	}
	b.ReportAllocs()
	b.ResetTimer()
	effects, began := 0, cpuTime(b)
	for _, records := range batches {
		effects += len(apply(records).Effects)
	}
	n = len(batches) * 2000
	spent := float64(cpuTime(b) - began)
	b.ReportMetric(spent/float64(n), "cpu-ns/record") // wall time says little on a busy machine
	b.ReportMetric(float64(n)/spent*1e9, "records/cpu-s")
	b.ReportMetric(float64(effects)/float64(len(batches)*2000), "effects/record")
}
