package contract_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

var drifting = []string{`{"id":1,"email":"a"}`, `{"id":2,"email":"b","note":"Jo 7"}`, `{"id":3,"email":"c","age":"old"}`, `{"id":4}`,
	`{"id":"x9","email":"d"}`, `{"id":5,"email":null}`, `{"id":6,"email":"e","note":{"a":1},"more":true}`}

// drifts runs records, each at its place, in batches, and reads what was noticed.
func drifts(t interface{ Fatal(...any) }, cfg contract.StreamConfig, places []int, batch int) []contract.Sighting {
	st, m := contract.New(contract.Deps{}), newMemory()
	if err := st.Install(1, []contract.StreamConfig{cfg}); err != nil {
		t.Fatal(err)
	}
	for part := range slices.Chunk(places, batch) {
		var b record.Batch
		for _, at := range part {
			b.Records = append(b.Records, record.Record{Stream: cfg.Stream, Kind: cfg.Kind, Op: record.Upsert, Pin: 1, Received: int64(1000 + at), Offset: uint64(at),
				Props: []byte(drifting[at%len(drifting)])})
		}
		if err := st.Refine(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
		if err := m.update(func(tx engine.Tx) error { return st.Apply(context.Background(), tx, &b) }); err != nil {
			t.Fatal(err)
		}
	}
	list, err := contract.Drift(m, cfg.Stream)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestEveryDriftIsNoticedUnderEveryPolicy(t *testing.T) {
	for _, policy := range []contract.Policy{contract.Evolve, contract.Freeze, contract.DiscardRow, contract.DiscardValue} {
		t.Run(string(policy), func(t *testing.T) {
			got := map[string]contract.Sighting{}
			for _, s := range drifts(t, driftStream(nil, policy), []int{8, 1, 2, 3, 4, 5, 6, 0}, 3) {
				got[s.Path+" "+s.Code] = s
			}
			note := got["note "+contract.CodeNewField]
			if note.Count < 2 || note.Offset != 1 || note.Received != 1001 || note.Example != "xx 9" {
				t.Errorf("note: %+v", note)
			}
			if s := got["age "+contract.CodeType]; s.Count != 1 || s.Example != "xxx" {
				t.Errorf("age: %+v", s)
			}
			if s := got["email "+contract.CodeNull]; s.Count != 1 || s.Example != "" {
				t.Errorf("null: %+v", s)
			}
			if s, sets := got["email "+contract.CodeMissing], policy != contract.DiscardValue; (s.Count == 1) != sets {
				t.Errorf("missing: %+v", s)
			}
		})
	}
}

func TestDriftDoesNotDependOnOrderOrBatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := driftStream(nil, rapid.SampledFrom([]contract.Policy{contract.Evolve, contract.Freeze, contract.DiscardValue}).Draw(t, "policy"))
		places := make([]int, rapid.IntRange(1, 20).Draw(t, "records"))
		for i := range places {
			places[i] = i
		}
		want := drifts(t, cfg, places, len(places))
		got := drifts(t, cfg, rapid.Permutation(places).Draw(t, "order"), rapid.IntRange(1, 5).Draw(t, "batch"))
		if !slices.Equal(got, want) {
			t.Fatalf("%+v, not %+v", got, want)
		}
	})
}

// Stored drift that is no such thing is an error, and never a panic.
func FuzzStoredDrift(f *testing.F) {
	key := engine.Space{}.Key(engine.TableDrift, []byte("s"))
	f.Add([]byte{})
	f.Add([]byte{1, 0})
	f.Add([]byte{2, 0})
	f.Add([]byte{1, 1, 1, 'a', 1, 'c', 3, 2, 2, 5, 1, 'x'})
	f.Add([]byte{1, 255, 255, 255, 255, 15})
	f.Fuzz(func(t *testing.T, stored []byte) {
		m := newMemory()
		if err := m.update(func(tx engine.Tx) error { tx.Put(key, stored); return nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := contract.Drift(m, "s"); err != nil && !errs.Is(err, "contract_format") {
			t.Fatal(err)
		}
	})
}

func TestDriftIsBounded(t *testing.T) {
	st, m := contract.New(contract.Deps{}), newMemory()
	if err := st.Install(1, []contract.StreamConfig{driftStream(nil, contract.Evolve)}); err != nil {
		t.Fatal(err)
	}
	var props strings.Builder
	for i := range 300 {
		props.WriteString(`,"new` + strings.Repeat("x", i) + `":"` + strings.Repeat("é", 100) + `"`)
	}
	b := record.Batch{Records: []record.Record{{Stream: "crm.contacts", Kind: record.Event, Op: record.Upsert, Pin: 1, Props: []byte(`{"id":1,"email":"a"` + props.String() + `}`)}}}
	if err := st.Refine(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	if err := m.update(func(tx engine.Tx) error { return st.Apply(context.Background(), tx, &b) }); err != nil {
		t.Fatal(err)
	}
	list, err := contract.Drift(m, "crm.contacts")
	if err != nil || len(list) != 200 || len(list[0].Example) > 70 {
		t.Errorf("%d sightings, %v", len(list), err)
	}
	if none, err := contract.Drift(m, "crm.other"); err != nil || none != nil {
		t.Errorf("%v, %v", none, err)
	}
}
