package contract_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func planned(unplanned contract.Policy) contract.StreamConfig {
	return contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.Freeze, Unplanned: unplanned,
		Schema: schema(contract.Field{Path: "page", Type: record.Int}),
		Events: map[string]*contract.Schema{
			"Order Completed": schema(contract.Field{Path: "total", Type: record.Float, Required: true}),
			"Signed Up":       schema(contract.Field{Path: "plan", Type: record.String}, contract.Field{Path: "context.ip", Type: record.Int}),
		}}
}

func TestEventsAreJudgedByContractsOfTheirOwn(t *testing.T) {
	anyEvent := planned(contract.Freeze)
	anyEvent.Events[contract.AnyEvent] = schema(contract.Field{Path: "x", Type: record.Int})
	for _, row := range []struct {
		name  string
		cfg   contract.StreamConfig
		event string
		props string
		want  string
	}{
		{"fits", planned(""), "Order Completed", `{"total":"12.5"}`, "total:number=12.5"},
		{"lacks what it requires", planned(""), "Order Completed", `{}`, "quarantined contract_missing total"},
		{"another's field", planned(""), "Order Completed", `{"total":1,"plan":"pro"}`, "quarantined contract_new_field plan"},
		{"the stream's field", planned(""), "Order Completed", `{"total":1,"page":1}`, "quarantined contract_new_field page"},
		{"another type", planned(""), "Order Completed", `{"total":"dear"}`, "quarantined contract_type total"},
		{"what the door adds", planned(""), "Order Completed",
			`{"total":1,"is_bot":false,"is_internal":true,"context":{"a":{"b":1}},"integrations":{"All":true},"message_fields":{"c":1}}`,
			"context.a.b:integer=1 integrations.All:boolean=true is_bot:boolean=false is_internal:boolean=true message_fields.c:integer=1 total:number=1"},
		{"only at the top", planned(""), "Order Completed", `{"total":1,"x":{"context":1}}`, "quarantined contract_new_field x.context"},
		{"what the door adds and the contract names", planned(""), "Signed Up", `{"plan":"a","context":{"ip":"b","c":1}}`, "quarantined contract_type context.ip"},
		{"unplanned, by the stream's contract", planned(""), "Left", `{"page":"2"}`, "page:integer=2"},
		{"unplanned, against the stream's contract", planned(contract.Evolve), "Left", `{"context":{"a":1}}`, "quarantined contract_new_field context.a"},
		{"unplanned, frozen", planned(contract.Freeze), "Left", `{"page":2}`, "quarantined contract_unplanned_event event"},
		{"unplanned, dropped", planned(contract.DiscardRow), "order completed", `{"page":2}`, "discarded contract_unplanned_event event"},
		{"any event", anyEvent, "Left", `{"x":"2"}`, "x:integer=2"},
		{"any event is none with a contract", anyEvent, "Order Completed", `{"total":1,"x":2}`, "quarantined contract_new_field x"},
	} {
		t.Run(row.name, func(t *testing.T) {
			st := stage(t, row.cfg)
			for range 2 { // the second time the names are known
				r := event(row.props)
				r.Event = row.event
				if d := cmp.Diff(row.want, show(refine(t, st, r))); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func TestContractsOfEventsAreValidated(t *testing.T) {
	for _, row := range []struct {
		change func(*contract.StreamConfig)
		code   errs.Code
	}{
		{func(c *contract.StreamConfig) { c.Events["x"] = nil }, "contract_field"},
		{func(c *contract.StreamConfig) { c.Events[""] = schema() }, "contract_field"},
		{func(c *contract.StreamConfig) { c.Events["x"] = schema(contract.Field{}) }, "contract_field"},
		{func(c *contract.StreamConfig) { c.Unplanned = contract.DiscardValue }, "on_drift_unknown"},
	} {
		c := planned("")
		row.change(&c)
		if err := contract.New(contract.Deps{}).Install(1, []contract.StreamConfig{c}); !errs.Is(err, row.code) {
			t.Errorf("%v, want %s", err, row.code)
		}
	}
}

func TestDriftOfEventsNamesTheEvent(t *testing.T) {
	for _, policy := range []contract.Policy{contract.Evolve, contract.Freeze} {
		cfg := planned(policy)
		cfg.OnDrift = policy
		st, m := contract.New(contract.Deps{}), newMemory()
		if err := st.Install(1, []contract.StreamConfig{cfg}); err != nil {
			t.Fatal(err)
		}
		var b record.Batch
		for i, e := range [][2]string{{"Order Completed", `{"total":1,"context":{"a":1}}`}, {"Order Completed", `{"total":"Jo"}`}, {"Left", `{}`}} {
			r := event(e[1])
			r.Event, r.Offset = e[0], uint64(i)
			b.Records = append(b.Records, r)
		}
		if err := st.Refine(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		if err := m.update(func(tx engine.Tx) error { return st.Apply(t.Context(), tx, &b) }); err != nil {
			t.Fatal(err)
		}
		got, err := contract.Drift(m, "s")
		want := []contract.Sighting{
			{Path: "Left", Code: contract.CodeUnplanned, Count: 1, Offset: 2},
			{Path: "Order Completed: total", Code: contract.CodeType, Count: 1, Offset: 1, Example: "xx"},
		}
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%s: %v %s", policy, err, d)
		}
		// What contracts of their own judge shows nothing of the stream's contract.
		schemas, err := st.Schemas(m)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range schemas["s"].Fields {
			if f.Path != "page" {
				t.Errorf("%s: %s was inferred", policy, f.Path)
			}
		}
	}
}
