package contract_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/record"
)

func parsed(t testing.TB, text string) *contract.Schema {
	t.Helper()
	s, err := contract.ParseJSONSchema([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReferences(t *testing.T) {
	const body = `"type": "object", "required": ["id", "bill"], "properties": {
		"id": {"$ref": "#/DEFS/id"},
		"bill": {"$ref": "#/DEFS/address"},
		"ship": {"$ref": "#/DEFS/address"},
		"parent": {"$ref": "#"},
		"tree": {"$ref": "#/DEFS/node"}},
	"DEFS": {
		"id": {"type": "string", "minLength": 2},
		"address": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}, "zip": {"$ref": "#/DEFS/a~1b"}}},
		"a/b": {"type": ["string", "null"]},
		"node": {"type": "object", "properties": {"left": {"$ref": "#/DEFS/node"}, "value": {"type": "integer"}}}}`
	min2 := &contract.Rules{MinLength: 2}
	want := schema(
		contract.Field{Path: "bill.city", Type: record.String, Required: true},
		contract.Field{Path: "bill.zip", Type: record.String, Nullable: true},
		contract.Field{Path: "id", Type: record.String, Required: true, Rules: min2},
		contract.Field{Path: "parent", Type: record.JSON},
		contract.Field{Path: "ship.city", Type: record.String},
		contract.Field{Path: "ship.zip", Type: record.String, Nullable: true},
		contract.Field{Path: "tree.left", Type: record.JSON},
		contract.Field{Path: "tree.value", Type: record.Int},
	)
	want.Judged = []contract.Judged{{Path: "parent", At: "/properties/parent"}, {Path: "ship", At: "/properties/ship", Object: true, Required: true},
		{Path: "tree.left", At: "/DEFS/node/properties/left"}}
	for draft, defs := range map[string]string{
		"https://json-schema.org/draft/2020-12/schema": "$defs",
		"http://json-schema.org/draft-07/schema#":      "definitions",
	} {
		text := `{"$schema": "` + draft + `", ` + strings.ReplaceAll(body, "DEFS", defs) + `}`
		got := parsed(t, text)
		for i := range got.Judged {
			got.Judged[i].At = strings.Replace(got.Judged[i].At, defs, "DEFS", 1)
		}
		if got.Text = ""; !cmp.Equal(want, got) {
			t.Errorf("%s: %s", draft, cmp.Diff(want, got))
		}
	}
}

// What stands beside $ref holds under 2020-12 and says nothing under draft-07.
func TestBesideReference(t *testing.T) {
	const rest = `"properties": {"a": {"$ref": "#/definitions/t", "maxLength": 3}}, "definitions": {"t": {"type": "string"}}}`
	three := 3
	now, then := parsed(t, `{`+rest), parsed(t, `{"$schema": "http://json-schema.org/draft-07/schema#", `+rest)
	if d := cmp.Diff(&contract.Rules{MaxLength: &three}, now.Fields[0].Rules); d != "" || then.Fields[0].Rules != nil {
		t.Fatal(d, then.Fields[0].Rules)
	}
}

// References that fan out end with a fault, and not after 12^8 schemas.
func TestReferencesFanOut(t *testing.T) {
	defs := ""
	for i := range 7 {
		defs += `"` + string(rune('a'+i)) + `": {"type": "object", "properties": {`
		for j := range 12 {
			if j > 0 {
				defs += ","
			}
			defs += `"` + string(rune('a'+j)) + `": {"$ref": "#/$defs/` + string(rune('b'+i)) + `"}`
		}
		defs += `}},`
	}
	for _, leaf := range []string{`{"type": "string"}`, `{"type": "object", "properties": {}}`} {
		if _, err := contract.ParseJSONSchema([]byte(`{"$ref": "#/$defs/a", "$defs": {` + defs + `"h": ` + leaf + `}}`)); err == nil {
			t.Error("taken with " + leaf)
		}
	}
}

func TestRulesAreJudged(t *testing.T) {
	s := parsed(t, `{"properties": {
		"status": {"type": ["string", "null"], "enum": ["open", "closed", null]},
		"kind": {"const": "order"},
		"level": {"type": "integer", "enum": [1, 2, 3]},
		"day": {"type": "string", "format": "date", "enum": ["2024-01-02"]},
		"sku": {"type": "string", "pattern": "^[A-Z]{2}\\d+$", "minLength": 3, "maxLength": 5},
		"name": {"type": "string", "maxLength": 3},
		"price": {"type": "number", "minimum": 0, "exclusiveMaximum": 100},
		"count": {"type": "integer", "exclusiveMinimum": 0, "maximum": 10},
		"tags": {"type": "array", "items": {"type": "string"}},
		"nums": {"type": "array", "items": {"type": ["integer", "null"]}}}}`)
	st := stage(t, contract.StreamConfig{Stream: "s", OnDrift: contract.Freeze, Schema: s})
	for _, row := range []struct{ props, want string }{
		{`{"status":"open"}`, `status:string=open`},
		{`{"status":null}`, `status:null=`},
		{`{"status":"gone"}`, `quarantined contract_value status`},
		{`{"status":7}`, `quarantined contract_value status`},
		{`{"kind":"order"}`, `kind:string=order`},
		{`{"kind":"Order"}`, `quarantined contract_value kind`},
		{`{"kind":null}`, `quarantined contract_null kind`},
		{`{"level":2}`, `level:integer=2`},
		{`{"level":"3"}`, `level:integer=3`},
		{`{"level":4}`, `quarantined contract_value level`},
		{`{"level":"x"}`, `quarantined contract_type level`},
		{`{"day":"2024-01-02"}`, `day:date=2024-01-02`},
		{`{"day":"2024-01-03"}`, `quarantined contract_value day`},
		{`{"sku":"AB12"}`, `sku:string=AB12`},
		{`{"sku":"ab12"}`, `quarantined contract_value sku`},
		{`{"sku":"AB1234"}`, `quarantined contract_value sku`},
		{`{"name":"Zoë"}`, `name:string=Zoë`},
		{`{"name":"Zoëy"}`, `quarantined contract_value name`},
		{`{"price":0}`, `price:number=0`},
		{`{"price":99.5}`, `price:number=99.5`},
		{`{"price":100}`, `quarantined contract_value price`},
		{`{"price":-0.5}`, `quarantined contract_value price`},
		{`{"count":10}`, `count:integer=10`},
		{`{"count":0}`, `quarantined contract_value count`},
		{`{"tags":["a","b"]}`, `tags:json=["a","b"]`},
		{`{"tags":[]}`, `tags:json=[]`},
		{`{"tags":["a",1]}`, `tags:json=["a",1]`}, // as a number is taken for a text elsewhere
		{`{"tags":["a",[1]]}`, `quarantined contract_type tags[]`},
		{`{"tags":"a"}`, `quarantined contract_type tags`},
		{`{"nums":[1,null,2.0]}`, `nums:json=[1,null,2.0]`},
		{`{"nums":[1,2.5]}`, `quarantined contract_type nums[]`},
	} {
		if got := show(refine(t, st, event(row.props))); got != row.want {
			t.Errorf("%s: %s, want %s", row.props, got, row.want)
		}
	}
}

func TestRulesByPolicy(t *testing.T) {
	s := parsed(t, `{"properties": {"a": {"type": "string", "enum": ["x"]}, "b": {"type": "string"}}}`)
	for policy, want := range map[contract.Policy]string{
		contract.Evolve:       `a:string=y b:string=z`,
		contract.Freeze:       `quarantined contract_value a`,
		contract.DiscardRow:   `discarded contract_value a`,
		contract.DiscardValue: `b:string=z partly`,
	} {
		for _, cfg := range []contract.StreamConfig{
			{Stream: "s", OnDrift: policy, Schema: s},
			{Stream: "s", OnDrift: contract.Freeze, Drift: &contract.DriftRules{Types: policy}, Schema: s},
			{Stream: "s", OnDrift: contract.Freeze, Drift: &contract.DriftRules{Columns: map[string]contract.Policy{"a": policy}}, Schema: s},
		} {
			if got := show(refine(t, stage(t, cfg), event(`{"a":"y","b":"z"}`))); got != want {
				t.Errorf("%s: %s, want %s", policy, got, want)
			}
		}
	}
}

// A value that breaks its rule is noticed, also where the stream evolves.
func TestBrokenRulesAreNoticed(t *testing.T) {
	s := parsed(t, `{"properties": {"id": {}, "email": {"type": ["string", "null"], "maxLength": 0}, "note": true, "age": true, "more": true}}`)
	for _, policy := range []contract.Policy{contract.Evolve, contract.Freeze, contract.DiscardRow, contract.DiscardValue} {
		cfg := driftStream(nil, policy)
		cfg.Schema = s
		list := drifts(t, cfg, []int{0, 1, 2, 3, 5}, 2)
		if len(list) != 1 || list[0].Code != contract.CodeValue || list[0].Path != "email" || list[0].Count != 3 || list[0].Example != "x" {
			t.Errorf("%s: %+v", policy, list)
		}
	}
}

func TestCompareRules(t *testing.T) {
	wide := parsed(t, `{"properties": {"a": {"type": "string", "enum": ["x", "y"]}, "n": {"type": "integer", "minimum": 0}}}`)
	narrow := parsed(t, `{"properties": {"a": {"type": "string", "enum": ["x"]}, "n": {"type": "integer", "minimum": 1}}}`)
	if c := contract.Compare(narrow, wide); !c.Backward || c.Forward || len(c.Differences) != 2 || c.Differences[0].Change != "rules" {
		t.Errorf("widened: %+v", c)
	}
	if c := contract.Compare(wide, narrow); c.Backward || !c.Forward || len(c.Offences) != 2 {
		t.Errorf("narrowed: %+v", c)
	}
	if c := contract.Compare(wide, wide.Inferable()); !c.Backward || c.Forward {
		t.Errorf("dropped: %+v", c)
	}
}

// Rules are stored with the streams' settings. A contract without rules is stored as
// it was before there were any.
func TestStoredRules(t *testing.T) {
	s := parsed(t, `{"properties": {"a": {"type": "string", "enum": ["x", "y"]}, "b": {"type": "string", "pattern": "^b", "maxLength": 0},
		"c": {"type": "number", "minimum": 0, "exclusiveMaximum": 2.5}, "d": {"type": "array", "items": {"type": "string"}}}}`)
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back contract.Schema
	if err := json.Unmarshal(text, &back); err != nil || !back.Equal(s) || s.Equal(s.Inferable()) {
		t.Errorf("%v: %s", err, text)
	}
	bare, err := json.Marshal(schema(contract.Field{Path: "a", Type: record.Int}))
	if err != nil || strings.Contains(string(bare), "rules") {
		t.Errorf("%v: %s", err, bare)
	}
}
