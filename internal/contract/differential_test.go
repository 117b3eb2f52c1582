package contract_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/record"
)

const (
	draft2020 = "https://json-schema.org/draft/2020-12/schema"
	draft7    = "http://json-schema.org/draft-07/schema#"
)

func definitions(draft string) string {
	if draft == draft7 {
		return "definitions"
	}
	return "$defs"
}

// genJSON makes a JSON value of few names and values, so that rules are often met.
func genJSON(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		kinds := 8
		if depth <= 0 {
			kinds = 6
		}
		switch rapid.IntRange(0, kinds).Draw(t, "kind") {
		case 0:
			return nil
		case 1:
			return rapid.Bool().Draw(t, "bool")
		case 2, 3:
			return json.Number(rapid.SampledFrom([]string{"0", "1", "2", "3", "-1", "2.0", "1.5", "0.3", "1e2", "0.1", "123456789012345678901234567890", "-0"}).Draw(t, "number"))
		case 4, 5, 6:
			return rapid.SampledFrom([]string{"", "a", "b", "ab", "Zoë", "x-ray"}).Draw(t, "text")
		case 7:
			return rapid.SliceOfN(genJSON(depth-1), 0, 3).Draw(t, "array")
		}
		return rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c", "x-1"}), genJSON(depth-1), 0, 3).Draw(t, "object")
	})
}

// genRules makes a JSON Schema of every keyword that a contract keeps.
func genRules(draft string, depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		if rapid.IntRange(0, 11).Draw(t, "boolean") == 0 {
			return rapid.Bool().Draw(t, "all")
		}
		out := map[string]any{}
		some := func(name string, value func() any) {
			if rapid.IntRange(0, 7).Draw(t, name+"?") == 0 {
				out[name] = value()
			}
		}
		sub := func() any { return genRules(draft, depth-1).Draw(t, "schema") }
		list := func() any { return rapid.SliceOfN(genRules(draft, depth-1), 1, 3).Draw(t, "list") }
		names := func() any {
			return rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 2, rapid.ID).Draw(t, "names")
		}
		members := func() any {
			return rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c"}), genRules(draft, depth-1), 0, 3).Draw(t, "members")
		}
		count := func() any { return rapid.IntRange(0, 3).Draw(t, "count") }
		if rapid.Bool().Draw(t, "typed") {
			out["type"] = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"null", "boolean", "object", "array", "number", "integer", "string"}), 1, 3, rapid.ID).Draw(t, "type")
		}
		some("enum", func() any {
			return rapid.SliceOfNDistinct(genJSON(1), 1, 4, func(v any) string { return fmt.Sprint(v) }).Draw(t, "enum")
		})
		some("const", func() any { return genJSON(1).Draw(t, "const") })
		for _, name := range []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"} {
			some(name, func() any {
				return json.Number(rapid.SampledFrom([]string{"0", "1", "1.5", "2", "-1"}).Draw(t, "bound"))
			})
		}
		some("multipleOf", func() any {
			return json.Number(rapid.SampledFrom([]string{"1", "2", "0.1", "0.5", "3"}).Draw(t, "step"))
		})
		for _, name := range []string{"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"} {
			some(name, count)
		}
		some("pattern", func() any { return rapid.SampledFrom([]string{"^a", "b$", "^$", "ë"}).Draw(t, "pattern") })
		some("uniqueItems", func() any { return rapid.Bool().Draw(t, "unique") })
		some("required", names)
		if depth <= 0 {
			return out
		}
		for _, name := range []string{"items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else"} {
			some(name, sub)
		}
		for _, name := range []string{"allOf", "anyOf", "oneOf"} {
			some(name, list)
		}
		some("properties", members)
		some("patternProperties", func() any { return map[string]any{"^x": sub(), "b|c": sub()} })
		some("$ref", func() any {
			return rapid.SampledFrom([]string{"#/" + definitions(draft) + "/p", "#/" + definitions(draft) + "/q"}).Draw(t, "ref")
		})
		if draft == draft2020 {
			some("prefixItems", list)
			some("minContains", count)
			some("maxContains", count)
			some("dependentRequired", func() any { return map[string]any{"a": names(), "b": names()} })
			some("dependentSchemas", members)
		} else {
			if rapid.IntRange(0, 7).Draw(t, "tuple") == 0 {
				out["items"] = list()
			}
			some("additionalItems", sub)
			some("dependencies", func() any { return map[string]any{"a": names(), "b": sub()} })
			if _, refers := out["$ref"]; refers { // beside it they say nothing, which the reference does not know
				for _, name := range []string{"const", "contains", "propertyNames", "if", "then", "else"} {
					delete(out, name)
				}
			}
		}
		return out
	})
}

// oracle compiles a schema with a full implementation of JSON Schema.
func oracle(text string) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("s.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("s.json")
}

func encode(t fataler, v any) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

// TestJudgedAsByAFullImplementation compares how a contract judges a value with a full
// implementation of JSON Schema, for random schemas and values in both drafts. The schema
// judges the member v of records.
func TestJudgedAsByAFullImplementation(t *testing.T) {
	for _, draft := range []string{draft2020, draft7} {
		t.Run(draft, func(t *testing.T) {
			compared, kept := 0, 0
			rapid.Check(t, func(rt *rapid.T) {
				of := genRules(draft, 2).Draw(rt, "schema")
				// not within allOf alone: the contract must take it to be any value
				root := map[string]any{"$schema": draft, "type": "object", "properties": map[string]any{"v": map[string]any{"not": map[string]any{"not": of}}},
					definitions(draft): map[string]any{"p": map[string]any{"type": []string{"string", "object"}, "maxProperties": 1}, "q": map[string]any{"properties": map[string]any{"a": map[string]any{"$ref": "#/" + definitions(draft) + "/p"}}}}}
				text := encode(rt, root)
				reference, err := oracle(text)
				if err != nil {
					rt.Skip(err) // a schema that is none, such as a type twice
				}
				s, err := contract.ParseJSONSchema([]byte(text))
				if err != nil {
					rt.Fatalf("%s: %v", text, err)
				}
				st := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.Freeze, Schema: s})
				for range 8 {
					props := `{"v":` + encode(rt, genJSON(2).Draw(rt, "value")) + `}`
					instance, err := jsonschema.UnmarshalJSON(strings.NewReader(props))
					if err != nil {
						rt.Fatal(err)
					}
					want := reference.Validate(instance) == nil
					compared++
					if want {
						kept++
					}
					if got := contract.JudgesStrictly(s, "v", []byte(props)); got != want {
						rt.Fatalf("%s under %s: %v, and the reference says %v", props, text, got, want)
					}
					// What is valid is kept; more may be, as texts are read as numbers.
					if r := refine(t, st, event(props)); want && !r.Verdict.Keep() {
						rt.Fatalf("%s under %s: %s, and the reference keeps it", props, text, show(r))
					}
				}
			})
			if kept == 0 || kept == compared {
				t.Errorf("of %d values %d are valid: nothing was compared", compared, kept)
			}
		})
	}
}

// inverts reports whether a schema refuses what another schema keeps. What is kept once
// texts are read may then be refused as it was sent.
func inverts(schema string) bool {
	for _, name := range []string{`"not"`, `"oneOf"`, `"if"`, `"contains"`} {
		if strings.Contains(schema, name) {
			return true
		}
	}
	return false
}

// TestContractsJudgeWhatTheySay compares whole contracts, whose members became fields: what
// is valid is kept, and what is kept is valid, or is once texts are read as a contract
// reads them.
func TestContractsJudgeWhatTheySay(t *testing.T) {
	for _, draft := range []string{draft2020, draft7} {
		t.Run(draft, func(t *testing.T) {
			compared, kept := 0, 0
			rapid.Check(t, func(rt *rapid.T) {
				root, ok := genRules(draft, 2).Draw(rt, "schema").(map[string]any)
				if !ok {
					rt.Skip("no object")
				}
				root["$schema"], root["type"] = draft, "object"
				delete(root, "additionalProperties") // on_drift says what becomes of others
				root[definitions(draft)] = map[string]any{"p": map[string]any{"type": []string{"string", "object"}, "maxProperties": 1}, "q": map[string]any{"type": "object", "properties": map[string]any{"a": map[string]any{"$ref": "#/" + definitions(draft) + "/p"}}}}
				text := encode(rt, root)
				reference, err := oracle(text)
				if err != nil {
					rt.Skip(err)
				}
				s, err := contract.ParseJSONSchema([]byte(text))
				if err != nil {
					return // it says why
				}
				st := stage(t, contract.StreamConfig{Stream: "s", Kind: record.Event, OnDrift: contract.Freeze, Drift: &contract.DriftRules{NewColumns: contract.Evolve}, Schema: s})
				for range 8 {
					props := encode(rt, rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c", "x-1"}), genJSON(2), 0, 4).Draw(rt, "record"))
					instance, err := jsonschema.UnmarshalJSON(strings.NewReader(props))
					if err != nil {
						rt.Fatal(err)
					}
					valid := reference.Validate(instance) == nil
					r := refine(t, st, event(props))
					compared++
					if valid {
						kept++
					}
					switch {
					case valid && !r.Verdict.Keep():
						rt.Fatalf("%s under %s: %s, and the reference keeps it", props, text, show(r))
					case !valid && r.Verdict.Keep() && !inverts(text) && !contract.JudgesLeniently([]byte(text), []byte(props)):
						rt.Fatalf("%s under %s is kept, and the reference refuses it", props, text)
					}
				}
			})
			if kept == 0 || kept == compared {
				t.Errorf("of %d records %d are valid: nothing was compared", compared, kept)
			}
		})
	}
}
