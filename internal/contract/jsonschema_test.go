package contract_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func TestJSONSchemaRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSchema().Draw(t, "schema")
		text := s.JSONSchema("crm.contacts")
		back, err := contract.ParseJSONSchema(text)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if !back.Equal(s) {
			t.Fatalf("%s\nin\n%s", cmp.Diff(s, back), text)
		}
	})
}

func TestJSONSchemaText(t *testing.T) {
	s := schema(
		contract.Field{Path: "address.city", Type: record.String, Nullable: true, Required: true},
		contract.Field{Path: "address.since", Type: record.Date},
		contract.Field{Path: "age", Type: record.Int},
		contract.Field{Path: "tags", Type: record.JSON, Nullable: true},
	)
	const want = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "crm.contacts",
  "type": "object",
  "properties": {
    "address": {
      "type": "object",
      "properties": {
        "city": {
          "type": [
            "null",
            "string"
          ]
        },
        "since": {
          "type": "string",
          "format": "date"
        }
      },
      "required": [
        "city"
      ]
    },
    "age": {
      "type": "integer"
    },
    "tags": {}
  },
  "required": [
    "address"
  ]
}
`
	if d := cmp.Diff(want, string(s.JSONSchema("crm.contacts"))); d != "" {
		t.Fatal(d)
	}
}

func TestParseJSONSchema(t *testing.T) {
	got, err := contract.ParseJSONSchema([]byte(`{
		"$schema": "http://json-schema.org/draft-07/schema#", "title": "t", "description": "d", "type": "object", "additionalProperties": false, "x-owner": "crm",
		"properties": {
			"id": {"type": "string", "description": "key"},
			"n": {"type": ["integer", "number"]},
			"born": {"type": ["null", "string"], "format": "date"},
			"mail": {"type": "string", "format": "email"},
			"list": {"type": "array"}, "any": true, "thing": {"type": "object"},
			"a": {"type": "object", "required": ["b"], "properties": {"b": {"type": "boolean"}, "c": {"type": "string", "format": "date-time"}}}
		},
		"required": ["id", "a"]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := schema(
		contract.Field{Path: "a.b", Type: record.Bool, Required: true},
		contract.Field{Path: "a.c", Type: record.Time},
		contract.Field{Path: "any", Type: record.JSON, Nullable: true},
		contract.Field{Path: "born", Type: record.Date, Nullable: true},
		contract.Field{Path: "id", Type: record.String, Required: true},
		contract.Field{Path: "list", Type: record.JSON, Items: &contract.Elements{Of: schema(contract.Field{Type: record.JSON, Nullable: true, Required: true})}},
		contract.Field{Path: "mail", Type: record.String},
		contract.Field{Path: "n", Type: record.Float},
		contract.Field{Path: "thing", Type: record.JSON},
	)
	want.Judged, want.Text = []contract.Judged{{Path: "thing", At: "/properties/thing"}}, got.Text
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
}

func TestParseJSONSchemaRefuses(t *testing.T) {
	for _, row := range []struct {
		text  string
		code  errs.Code
		place string
	}{
		{`{`, contract.CodeSchemaInvalid, ""},
		{`[]`, contract.CodeSchemaInvalid, ""},
		{`{"type":"string"}`, contract.CodeSchemaInvalid, "#/type"},
		{`{"properties":{"a":{"type":"text"}}}`, contract.CodeSchemaInvalid, "#/properties/a/type"},
		{`{"properties":[]}`, contract.CodeSchemaInvalid, "#/properties"},
		{`{"title":7}`, contract.CodeSchemaInvalid, ""},
		{`{"properties":{"a":{"type":["string","string"]}}}`, contract.CodeSchemaInvalid, ""},
		{`{"properties":{"a.b":{},"a":{"type":"object","properties":{"b":{}}}}}`, contract.CodeSchemaInvalid, "#/properties/a/properties/b"},
		{`{"$schema":"http://json-schema.org/draft-04/schema#"}`, contract.CodeSchemaUnsupported, "#/$schema"},
		{`{"$ref":"http://example.com/x"}`, contract.CodeSchemaRemote, "#/$ref"},
		{`{"properties":{"a":{"$ref":"other.json#/x"}}}`, contract.CodeSchemaRemote, "#/properties/a/$ref"},
		{`{"properties":{"a":{"items":{"$ref":"https://example.com/i"}}}}`, contract.CodeSchemaRemote, "#/properties/a/items/$ref"},
		{`{"$defs":{"x":{"$ref":"#/$defs/y"},"y":{"$ref":"#/$defs/x"}},"properties":{"a":{"$ref":"#/$defs/x"}}}`, contract.CodeSchemaInvalid, "#/$defs/y/$ref"},
		{`{"properties":{"a":{"$ref":"#/$defs/none"}}}`, contract.CodeSchemaInvalid, "#/properties/a/$ref"},
		{`{"properties":{"a":{"$ref":"#name"}}}`, contract.CodeSchemaUnsupported, "#/properties/a/$ref"},
		{`{"$defs":{"x":{"$id":"https://example.com/x","type":"string"}},"properties":{"a":{"$ref":"#/$defs/x"}}}`, contract.CodeSchemaUnsupported, "#/properties/a/$ref"},
		{`{"allOf":[]}`, contract.CodeSchemaInvalid, "#/allOf"},
		{`{"anyOf":{}}`, contract.CodeSchemaInvalid, ""},
		{`{"properties":{"a":{"enum":[]}}}`, contract.CodeSchemaInvalid, "#/properties/a/enum"},
		{`{"properties":{"a":{"type":"integer","enum":["x"]}}}`, contract.CodeSchemaInvalid, "#/properties/a/enum"},
		{`{"properties":{"a":{"type":"string","pattern":"(?=x)"}}}`, contract.CodeSchemaUnsupported, "#/properties/a/pattern"},
		{`{"properties":{"a":{"patternProperties":{"(?=x)":{}}}}}`, contract.CodeSchemaUnsupported, "#/properties/a/patternProperties/(?=x)"},
		{`{"unevaluatedProperties":false}`, contract.CodeSchemaUnsupported, "#/unevaluatedProperties"},
		{`{"properties":{"a":{"anyOf":[{"unevaluatedItems":false}]}}}`, contract.CodeSchemaUnsupported, "#/properties/a/anyOf/0/unevaluatedItems"},
		{`{"properties":{"a":{"$dynamicRef":"#x"}}}`, contract.CodeSchemaUnsupported, "#/properties/a/$dynamicRef"},
		{`{"properties":{"a":{"type":"array","items":[{}]}}}`, contract.CodeSchemaUnsupported, "#/properties/a/items"},
		{`{"dependencies":{"a":["b"]}}`, contract.CodeSchemaUnsupported, "#/dependencies"},
		{`{"$schema":"http://json-schema.org/draft-07/schema#","dependentRequired":{"a":["b"]}}`, contract.CodeSchemaUnsupported, "#/dependentRequired"},
		{`{"properties":{"a":{"multipleOf":0}}}`, contract.CodeSchemaInvalid, "#/properties/a/multipleOf"},
		{`{"properties":{"a":{"allOf":[{"type":"integer"},{"type":"boolean"}]}}}`, contract.CodeSchemaInvalid, "#/properties/a/allOf/1"},
		{`{"$defs":{"x":{"anyOf":[{"$ref":"#/$defs/x"}]}},"properties":{"a":{"$ref":"#/$defs/x"}}}`, contract.CodeSchemaInvalid, "#/$defs/x"},
		{`{"properties":{"a":{"not":{"frobnicate":1}}}}`, contract.CodeSchemaUnsupported, "#/properties/a/not/frobnicate"},
	} {
		_, err := contract.ParseJSONSchema([]byte(row.text))
		if !errs.Is(err, row.code) || row.place != "" && !strings.Contains(err.Error(), row.place+":") {
			t.Errorf("%s: %v", row.text, err)
		}
	}
	_, err := contract.ParseJSONSchema([]byte(`{"allOf":[],"anyOf":[]}`))
	if err == nil || !strings.Contains(err.Error(), "#/allOf") || !strings.Contains(err.Error(), "#/anyOf") {
		t.Errorf("not all faults at once: %v", err)
	}
}

func FuzzParseJSONSchema(f *testing.F) {
	for _, s := range []string{`{"properties":{"a":{"type":["string","null"],"format":"date"}},"required":["a"]}`,
		`{"properties":{"a":{"type":["object","null"],"properties":{"":{}}},"a.b":true}}`, `{"$ref":"#"}`,
		`{"$ref":"#/$defs/o","$defs":{"o":{"properties":{"kid":{"$ref":"#/$defs/o"},"t":{"$ref":"#/definitions/t"}}}},"definitions":{"t":{"type":["string","null"],"enum":["a",null]}}}`,
		`{"properties":{"a":{"type":"string","pattern":"^a","minLength":1,"maxLength":9},"b":{"type":"number","minimum":0,"exclusiveMaximum":2.5,"enum":[1,2e0]},"c":{"type":"array","items":{"type":["string","null"]}},"d":{"type":"string","format":"date","const":"2024-01-02"},"e":{"enum":[true,null,"x"]}}}`,
		`{"properties":{"a":{"anyOf":[{"type":"string"},{"type":"null"}]},"b":{"type":"array","items":{"type":"object","required":["x"],"properties":{"x":{"type":"integer"},"y":{"type":"array"}}}}},"allOf":[{"$ref":"#/$defs/o"}],"$defs":{"o":{"properties":{"c":{"multipleOf":0.01}},"required":["c"]}}}`,
		`{"oneOf":[{"required":["a"]},{"properties":{"k":{"const":"x"},"n":{"type":"object","properties":{"m":true}}}}],"dependentSchemas":{"a":{"properties":{"b":{"type":"integer"}}}},"if":{"properties":{"k":{"const":1}}},"then":{"required":["z"]},"properties":{"k":{"type":["string","object"],"properties":{"q":{}}}}}`,
		`{"type":"object","properties":{}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := contract.ParseJSONSchema(text)
		if err != nil {
			return
		}
		again, err := contract.ParseJSONSchema(s.JSONSchema("t"))
		if err != nil || !again.Equal(s) {
			t.Fatalf("%v: %s", err, cmp.Diff(s, again))
		}
	})
}

func FuzzDecodeSchema(f *testing.F) {
	f.Add(contract.AppendSchema(nil, schema(contract.Field{Path: "a", Type: record.Int, Nullable: true}, contract.Field{Path: "b", Required: true})))
	f.Add([]byte{1, 200})
	f.Add(contract.AppendSchema(nil, schema(contract.Field{Path: "a", Type: record.JSON, Items: &contract.Elements{Of: schema(contract.Field{Path: "b", Type: record.JSON, Items: &contract.Elements{}})}},
		contract.Field{Path: "s", Type: record.String, Values: &contract.Values{Rows: 7, Seen: []contract.ValueSeen{{Text: "open", Times: 5}}}})))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := contract.DecodeSchema(b)
		if err != nil {
			if !errs.Is(err, "contract_format") {
				t.Fatal(err)
			}
			return
		}
		again, err := contract.DecodeSchema(contract.AppendSchema(nil, s))
		if err != nil || !again.Equal(s) {
			t.Fatal(err, again)
		}
	})
}
