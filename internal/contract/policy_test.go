package contract_test

import (
	"testing"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/record"
)

// driftStream has a contract of four fields and a policy for each kind of drift.
func driftStream(own *contract.DriftRules, rest contract.Policy) contract.StreamConfig {
	return contract.StreamConfig{Stream: "crm.contacts", Kind: record.Event, OnDrift: rest, Drift: own, Schema: &contract.Schema{Fields: []contract.Field{
		{Path: "address.city", Type: record.String},
		{Path: "age", Type: record.Int, Nullable: true},
		{Path: "email", Type: record.String, Required: true},
		{Path: "id", Type: record.Int, Required: true},
	}}}
}

func TestPoliciesByColumnAndKindOfDrift(t *testing.T) {
	own := &contract.DriftRules{NewColumns: contract.DiscardValue, Types: contract.DiscardRow, Columns: map[string]contract.Policy{
		"age": contract.Evolve, "address": contract.Freeze, "id": contract.DiscardRow, "note": contract.Evolve}}
	for name, c := range map[string]struct {
		props   string
		outcome record.Outcome
		code    string
		fields  int
	}{
		"it keeps to the contract":             {`{"id":1,"email":"a"}`, record.Applied, "", 2},
		"a new field, by kind":                 {`{"id":1,"email":"a","x":1}`, record.Applied, "", 2},
		"a new field with a policy of its own": {`{"id":1,"email":"a","note":"n"}`, record.Applied, "", 3},
		"a new field below a column's policy":  {`{"id":1,"email":"a","address":{"zip":1}}`, record.Quarantined, contract.CodeNewField, 0},
		"a type, by kind":                      {`{"id":1,"email":[1]}`, record.Discarded, contract.CodeType, 0},
		"a type with a policy of its own":      {`{"id":1,"email":"a","age":"old"}`, record.Applied, "", 3},
		"a null below a column's policy":       {`{"id":1,"email":"a","address":{"city":null}}`, record.Quarantined, contract.CodeNull, 0},
		"a missing field, by the default":      {`{"id":1}`, record.Quarantined, contract.CodeMissing, 0},
		"a missing field, by its own policy":   {`{"email":"a"}`, record.Discarded, contract.CodeMissing, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := refineOne(t, driftStream(own, contract.Freeze), c.props)
			if r.Verdict.Outcome != c.outcome || r.Verdict.Code != c.code || r.Verdict.Keep() && len(r.Fields) != c.fields {
				t.Errorf("%+v with %d fields", r.Verdict, len(r.Fields))
			}
		})
	}
}

func TestUnknownPoliciesAreTold(t *testing.T) {
	cfg := driftStream(&contract.DriftRules{NewColumns: "grow", Types: "bend", Columns: map[string]contract.Policy{"id": "x"}}, "y")
	if faults := contract.Validate([]contract.StreamConfig{cfg}); len(faults) != 4 {
		t.Errorf("%d faults: %v", len(faults), faults)
	}
}

func refineOne(t *testing.T, cfg contract.StreamConfig, props string) record.Record {
	t.Helper()
	st := contract.New(contract.Deps{})
	if err := st.Install(1, []contract.StreamConfig{cfg}); err != nil {
		t.Fatal(err)
	}
	b := record.Batch{Records: []record.Record{{Stream: cfg.Stream, Kind: cfg.Kind, Op: record.Upsert, Key: "k", Pin: 1, Props: []byte(props)}}}
	if err := st.Refine(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Records[0]
}
