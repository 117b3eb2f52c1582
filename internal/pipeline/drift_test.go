package pipeline_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/record"
)

// drift is what is kept of how the stream departed from its contract.
func (r *rig) drift() (list []contract.Sighting) {
	r.t.Helper()
	err := r.engine.State.View(r.t.Context(), func(rd engine.Reader) (err error) {
		list, err = contract.Drift(rd, "s.t")
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// A rebuild judges every record again, and counts none of its drift again.
func TestARebuildCountsNoDriftTwice(t *testing.T) {
	for _, policy := range []contract.Policy{contract.Evolve, contract.Freeze, contract.DiscardValue} {
		t.Run(string(policy), func(t *testing.T) {
			st := contract.New(contract.Deps{})
			cfg := contract.StreamConfig{Stream: "s.t", Source: "s", Kind: record.Object, OnDrift: policy, Schema: &contract.Schema{Fields: []contract.Field{
				{Path: "n", Type: record.Int}, {Path: "state", Type: record.String, Rules: &contract.Rules{Enum: []string{"open"}}}}}}
			if err := st.Install(1, []contract.StreamConfig{cfg}); err != nil {
				t.Fatal(err)
			}
			r := newRig(t, &sum{contract: st})
			for i := range 60 {
				props := [...]string{`{"n":1}`, `{"n":"x"}`, `{"new":true}`, `{"state":"gone"}`}[i%4]
				one := event(i, props)
				one.Op = record.Upsert
				r.put(one)
			}
			before := r.drift()
			var counts string
			for _, s := range before {
				counts += fmt.Sprintf("%s:%s=%d ", s.Path, s.Code, s.Count)
			}
			if want := "n:contract_type=15 new:contract_new_field=15 state:contract_value=15 "; counts != want {
				t.Fatalf("%s, want %s", counts, want)
			}
			if err := r.keeper.Rebuild(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			r.settled(2)
			if after := r.drift(); !slices.Equal(after, before) {
				t.Errorf("a rebuild made of %+v\n%+v", before, after)
			}
		})
	}
}
