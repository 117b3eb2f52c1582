package contract_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/record"
)

// memory is a state of one process: enough of engine.Tx and engine.Reader to see
// what Apply reads and writes.
type memory struct {
	entries map[string][]byte
	locks   int // keys locked so far
	tx      map[string][]byte
}

func newMemory() *memory { return &memory{entries: map[string][]byte{}} }

func (m *memory) update(fn func(engine.Tx) error) error {
	m.tx = map[string][]byte{}
	if err := fn(m); err != nil {
		return err
	}
	for k, v := range m.tx {
		m.entries[k] = v
	}
	return nil
}

func (m *memory) Lock(keys ...[]byte) ([][]byte, error) {
	if !slices.IsSortedFunc(keys, slices.Compare) {
		return nil, errors.New("keys are not locked in order")
	}
	m.locks += len(keys)
	return m.Get(keys...)
}

func (m *memory) Get(keys ...[]byte) (values [][]byte, err error) {
	for _, k := range keys {
		values = append(values, m.entries[string(k)])
	}
	return values, nil
}

func (m *memory) Put(key, value []byte) { m.tx[string(key)] = value }

func (m *memory) Scan(lo, hi []byte, fn func(k, v []byte) bool) error {
	for k, v := range m.entries {
		if k >= string(lo) && k < string(hi) && !fn([]byte(k), v) {
			break
		}
	}
	return nil
}

func (m *memory) Range(_, _, _ []byte, _ func(k, v []byte) bool) error { return errors.ErrUnsupported }
func (m *memory) Delete([]byte)                                        { panic("a contract is never deleted") }
func (m *memory) PutUnder(_, _, _ []byte)                              { panic("a contract has no owner") }
func (m *memory) DeleteUnder(_, _ []byte)                              { panic("a contract has no owner") }
func (m *memory) Emit(string, []byte, []byte)                          { panic("a contract emits nothing") }
func (m *memory) Advance(string, int32, uint64, uint64) error          { return errors.ErrUnsupported }

func (m *memory) apply(ctx context.Context, t fataler, st *contract.Stage, b *record.Batch) {
	t.Helper()
	if err := st.Refine(ctx, b); err != nil {
		t.Fatal(err)
	}
	if err := m.update(func(tx engine.Tx) error { return st.Apply(ctx, tx, b) }); err != nil {
		t.Fatal(err)
	}
}

func batch(rows ...string) *record.Batch {
	b := &record.Batch{}
	for _, row := range rows {
		b.Records = append(b.Records, event(row))
	}
	return b
}

func stored(t fataler, st *contract.Stage, m *memory) *contract.Schema {
	t.Helper()
	all, err := st.Schemas(m)
	if err != nil {
		t.Fatal(err)
	}
	s, ok := all["s"]
	if !ok {
		return nil
	}
	return s.Published()
}

func TestApplyReadsOnlyWhatIsNew(t *testing.T) {
	st, m := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event}), newMemory()
	locks := func(want int, rows ...string) {
		t.Helper()
		before := m.locks
		m.apply(t.Context(), t, st, batch(rows...))
		if got := m.locks - before; got != want {
			t.Fatalf("%q locked %d keys, want %d", rows, got, want)
		}
	}
	locks(1, `{"a":"1"}`, `{"a":"2"}`)
	locks(1, `{"a":"3"}`) // learns that the write before was committed
	locks(0, `{"a":"4"}`)
	locks(1, `{"a":"x","b":1}`)
	locks(1, `{"a":"","b":2}`)
	locks(0, `{"a":"y"}`) // nothing that it shows depends on the write before
	locks(1, `{"a":""}`)
	locks(0, `{"a":""}`)
	want := schema(contract.Field{Path: "a", Type: record.String, Nullable: true, Required: true}, contract.Field{Path: "b", Type: record.Int})
	if d := cmp.Diff(want, stored(t, st, m)); d != "" {
		t.Fatal(d)
	}
}

func TestApplyForgetsAFailedCommit(t *testing.T) {
	st, m := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event}), newMemory()
	b := batch(`{"a":1}`)
	if err := st.Refine(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	conflict := errors.New("conflict")
	err := m.update(func(tx engine.Tx) error { return errors.Join(st.Apply(t.Context(), tx, b), conflict) })
	if !errors.Is(err, conflict) || len(m.entries) != 0 {
		t.Fatal(err)
	}
	m.apply(t.Context(), t, st, batch(`{"a":1}`))
	if got := stored(t, st, m); got == nil || len(got.Fields) != 1 {
		t.Fatalf("the contract was lost with the failed commit: %v", got)
	}
}

func TestApplyWritesNothingFor(t *testing.T) {
	frozen := contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.Freeze, Schema: schema(contract.Field{Path: "a", Type: record.Int})}
	evolving := contract.StreamConfig{Stream: "s", Kind: record.Event}
	for _, row := range []struct {
		name   string
		cfg    contract.StreamConfig
		change func(*record.Batch)
	}{
		{"a silent batch", evolving, func(b *record.Batch) { b.Silent = true }},
		{"a frozen stream", frozen, func(*record.Batch) {}},
		{"a delete", evolving, func(b *record.Batch) { b.Records[0].Op = record.Delete }},
		{"a record set aside", evolving, func(b *record.Batch) { b.Records[0].Quarantine("x", "", "") }},
	} {
		st, m := stage(t, row.cfg), newMemory()
		b := batch(`{"a":1}`)
		row.change(b)
		m.apply(t.Context(), t, st, b)
		if len(m.entries) != 0 || m.locks != 0 {
			t.Errorf("%s touched the state", row.name)
		}
	}
}

func TestApplyStartsFromTheAppliedContract(t *testing.T) {
	applied := schema(contract.Field{Path: "a", Type: record.String, Required: true}, contract.Field{Path: "b", Type: record.Date})
	st, m := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.Evolve, Schema: applied}), newMemory()
	m.apply(t.Context(), t, st, batch(`{"a":"12","c":"7"}`))
	want := schema(contract.Field{Path: "a", Type: record.String, Required: true}, contract.Field{Path: "b", Type: record.Date}, contract.Field{Path: "c", Type: record.Int})
	if d := cmp.Diff(want, stored(t, st, m)); d != "" {
		t.Fatal(d)
	}
}

// TestWideningIsAFunctionOfTheSet: order, batches and restarts leave no trace (I3).
func TestWideningIsAFunctionOfTheSet(t *testing.T) {
	cfg := contract.StreamConfig{Stream: "s", Kind: record.Event}
	ctx := t.Context()
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.SliceOfN(genRow(), 1, 10).Draw(rt, "rows")
		st, m := stage(t, cfg), newMemory()
		rest := rapid.Permutation(rows).Draw(rt, "shuffled")
		for len(rest) > 0 {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "batch")
			m.apply(ctx, rt, st, batch(rest[:n]...))
			rest = rest[n:]
			if rapid.Bool().Draw(rt, "restart") {
				st = stage(t, cfg)
			}
		}
		if d := cmp.Diff(infer(rt, rows...), stored(rt, st, m)); d != "" {
			rt.Fatal(d)
		}
	})
}

func TestSchemasRefusesANewerFormat(t *testing.T) {
	st, m := stage(t), newMemory()
	m.entries[string(engine.Space{}.Key(engine.TableSchema, []byte("s")))] = []byte{99}
	if _, err := st.Schemas(m); err == nil || !strings.Contains(err.Error(), "[contract_format]") {
		t.Fatal(err)
	}
}
