package contract_test

import (
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/record"
)

const choices = `{"type": "object", "required": ["id"],
	"allOf": [{"$ref": "#/$defs/base"}],
	"properties": {
		"id": {"type": "string"},
		"paid_by": {"oneOf": [{"$ref": "#/$defs/card"}, {"$ref": "#/$defs/bank"}]},
		"price": {"type": "number", "multipleOf": 0.01},
		"note": {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]},
		"address": {"type": "object", "properties": {"city": {"type": "string"}, "zip": {"type": "string"}}, "required": ["city"]},
		"codes": {"type": "array", "uniqueItems": true, "contains": {"const": "A"}, "items": {"type": "string"}}
	},
	"dependentRequired": {"price": ["currency"]},
	"if": {"properties": {"currency": {"const": "GBP"}}, "required": ["currency"]}, "then": {"required": ["vat"], "properties": {"vat": {"type": "string"}}},
	"$defs": {
		"base": {"properties": {"made": {"type": "string", "format": "date-time"}, "currency": {"type": "string", "minLength": 3}}, "required": ["made"]},
		"card": {"type": "object", "properties": {"kind": {"const": "card"}, "last4": {"type": "string", "pattern": "^\\d{4}$"}}, "required": ["kind", "last4"]},
		"bank": {"type": "object", "properties": {"kind": {"const": "bank"}, "iban": {"type": "string"}}, "required": ["kind", "iban"]}}}`

// TestChoicesAreJudgedAndTyped: what a contract's choices name become fields, and what the
// choices say is judged of each record.
func TestChoicesAreJudgedAndTyped(t *testing.T) {
	s := parsed(t, choices)
	kinds := map[string]record.ValueKind{"made": record.Time, "currency": record.String, "note": record.String, "price": record.Float,
		"paid_by.kind": record.String, "paid_by.last4": record.String, "paid_by.iban": record.String, "vat": record.String, "address.city": record.String}
	for _, f := range s.Fields {
		if kind, ok := kinds[f.Path]; ok && kind != f.Type {
			t.Errorf("%s is %s", f.Path, f.Type)
		}
		delete(kinds, f.Path)
		if f.Path == "made" && !f.Required || f.Path == "note" && !f.Nullable {
			t.Errorf("%+v", f)
		}
	}
	if len(kinds) > 0 {
		t.Errorf("no fields: %v", kinds)
	}
	st := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.Freeze, Schema: s})
	const base = `"id":"1","made":"2024-01-02T03:04:05Z"`
	for rest, want := range map[string]string{
		``:                                 "",
		`,"note":null`:                     "",
		`,"note":"abc"`:                    "",
		`,"note":"abcd"`:                   "contract_value note",
		`,"price":1.01,"currency":"EUR"`:   "",
		`,"price":"1.01","currency":"EUR"`: "", // as rows of files have it
		`,"price":1.015,"currency":"EUR"`:  "contract_value price",
		`,"price":1`:                       "contract_value (record)",
		`,"currency":"E"`:                  "contract_value (record)",
		`,"currency":"GBP","vat":"x"`:      "",
		`,"currency":"GBP"`:                "contract_value (record)",
		`,"paid_by":{"kind":"card","last4":"1234"}`: "",
		`,"paid_by":{"kind":"card","last4":"12"}`:   "contract_value paid_by",
		`,"paid_by":{"kind":"bank"}`:                "contract_value paid_by",
		`,"paid_by":"card"`:                         "contract_type paid_by",
		`,"paid_by":{"kind":"cash"}`:                "contract_value paid_by",
		`,"address":{"city":"Leeds"}`:               "",
		`,"address":{"zip":"LS1"}`:                  "contract_value address",
		`,"codes":["A","B"]`:                        "",
		`,"codes":["A","A"]`:                        "contract_value codes",
		`,"codes":["B"]`:                            "contract_value codes",
		`,"other":1`:                                "contract_new_field other",
	} {
		r := refine(t, st, event("{"+base+rest+"}"))
		if got := strings.TrimPrefix(show(r), "quarantined "); want != "" && got != want || want == "" && !r.Verdict.Keep() {
			t.Errorf("%s: %s, want %s", rest, got, want)
		}
	}
}

// TestChoicesByPolicy: an object that breaks its rules goes whole where values go, and a
// record has no value to discard.
func TestChoicesByPolicy(t *testing.T) {
	for policy, want := range map[contract.Policy]string{
		contract.Evolve:       "id:string=1 made:timestamp=2024-01-02T03:04:05Z paid_by.kind:string=cash",
		contract.DiscardValue: "id:string=1 made:timestamp=2024-01-02T03:04:05Z partly",
		contract.DiscardRow:   "discarded contract_value paid_by",
		contract.Freeze:       "quarantined contract_value paid_by",
	} {
		st := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: policy, Schema: parsed(t, choices)})
		r := refine(t, st, event(`{"id":"1","made":"2024-01-02T03:04:05Z","paid_by":{"kind":"cash"}}`))
		if got := show(r); got != want {
			t.Errorf("%s: %s, want %s", policy, got, want)
		}
	}
	m := newMemory()
	st := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.DiscardValue, Schema: parsed(t, choices)})
	m.apply(t.Context(), t, st, batch(`{"id":"1","made":"2024-01-02T03:04:05Z","price":1}`))
	list, err := contract.Drift(m, "s")
	if err != nil || len(list) != 1 || list[0].Path != "(record)" || strings.ContainsAny(list[0].Example, "12") {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestCompareChoices: a schema that is judged as it was written is the same or another.
func TestCompareChoices(t *testing.T) {
	was := parsed(t, choices)
	if c := contract.Compare(was, parsed(t, choices)); len(c.Differences) > 0 || !c.Keeps(contract.Full) {
		t.Errorf("the same: %+v", c)
	}
	now := parsed(t, strings.Replace(choices, `"multipleOf": 0.01`, `"multipleOf": 0.05`, 1))
	if c := contract.Compare(was, now); c.Backward || c.Forward || c.Differences[0].Path != "price" {
		t.Errorf("another: %+v", c)
	}
	now = parsed(t, strings.Replace(choices, `, "multipleOf": 0.01`, ``, 1))
	if c := contract.Compare(was, now); !c.Backward || c.Forward {
		t.Errorf("without: %+v", c)
	}
}

// FuzzJudge judges what may come under a contract of choices and arrays, and infers from
// it: whatever it is, it is judged the same again, and what is inferred holds it.
func FuzzJudge(f *testing.F) {
	for _, s := range []string{`{"id":"1","made":"2024-01-02T03:04:05Z","price":1.01,"codes":["A"]}`, `{"codes":[[[1e999]],{"a":{"":{}}},"\u0000"],"paid_by":{"kind":"card"}}`,
		`{"a":[{"b.c":1,"b":{"c":[2]}},[],null,-0.0,1e-400,123456789012345678901234567890]}`,
		`{"a":[[[0,100]],{"b":{"":{}}},""]}`, `{"a":[{"b.c":0,"b":{"c":[0]}},[]]}`} {
		f.Add([]byte(s))
	}
	st := stage(f, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.Freeze, Schema: parsed(f, choices)})
	f.Fuzz(func(t *testing.T, props []byte) {
		first, again := refine(t, st, event(string(props))), refine(t, st, event(string(props)))
		if show(first) != show(again) {
			t.Fatalf("%s, and %s", show(first), show(again))
		}
		in := contract.NewInference()
		if in.Add(props) != nil {
			return
		}
		was := in.Schema()
		if err := in.Add(props); err != nil {
			t.Fatal(err)
		}
		if now := in.Schema(); !now.Equal(&was) {
			t.Fatalf("learnt twice: %s\n%s", was.JSONSchema(""), now.JSONSchema(""))
		}
		written, err := contract.ParseJSONSchema(was.JSONSchema("t"))
		if err != nil {
			t.Fatal(err)
		}
		own := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.Freeze, Schema: written})
		if r := refine(t, own, event(string(props))); !r.Verdict.Keep() {
			t.Fatalf("%s under %s", show(r), was.JSONSchema(""))
		}
	})
}
