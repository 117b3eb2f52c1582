package contract_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/kit/errs"
)

const newPlan = `{"data":{"trackingPlan":{"id":"rs_1","name":"Harbour & Pine","type":"LIVE","rules":[
{"type":"TRACK","key":"Order Completed","version":1,"jsonSchema":{"type":"object","properties":{"properties":{"type":"object","properties":{"old":{}}}}}},
{"type":"TRACK","key":"Order Completed","version":2,"jsonSchema":{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","labels":{},
  "properties":{"context":{"type":"object","properties":{}},"traits":{},"properties":{"type":"object","labels":{},"id":"/properties/properties","required":["total","gone"],
    "properties":{"total":{"type":["number"],"multipleOf":2,"description":"With tax."},"coupon":{"type":["string","null"],"pattern":"^(?!x)","id":"/properties/coupon"},
      "when":{"type":"string","format":"date-time"},"any":{"type":"any"},"items":{"type":"array"},
      "pattern":{"type":"object","properties":{"required":{"type":"string","not":{"enum":[1]}}},"required":["required"]}}}},"required":["properties"]}},
{"type":"TRACK","key":"Signed Up","version":1,"jsonSchema":{"type":"object","properties":{"properties":{"type":"object","properties":{}}}}},
{"type":"PAGE","key":"","version":1,"jsonSchema":{"properties":{"properties":{"type":"object","properties":{"url":{"type":"string"},"name":{"type":"string"}}}}}},
{"type":"IDENTIFY","key":"","version":1,"jsonSchema":{"properties":{"traits":{"type":"object","properties":{"email":{"type":"string","format":"email"}}}}}},
{"type":"COMMON","key":"","version":1,"jsonSchema":{}}]}}}`

const oldPlan = `{"name":"workspaces/w/tracking-plans/rs_1","display_name":"Harbour & Pine","rules":{
"events":[{"name":"Order Completed","description":"Money came in.","version":1,
  "rules":{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"context":{},"traits":{},
    "properties":{"type":"object","properties":{"total":{"type":["number"]}},"required":["total"]}},"required":["properties"]}}],
"identify_traits":[],"group_traits":[],
"identify":{"type":"object","properties":{"context":{},"properties":{},"traits":{"type":"object","properties":{"age":{"type":["integer"]}}}}},
"group":{"type":"object","properties":{"traits":{"type":"object","properties":{"seats":{"type":["integer"]}}}}},
"global":{"properties":{}}}}`

// told writes a plan's contracts as call, event and fields.
func told(t *testing.T, text string) (calls, left []string) {
	t.Helper()
	plan, err := contract.ParseTrackingPlan([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range plan.Calls {
		s, err := contract.ParseJSONSchema(c.Text)
		if err != nil || len(s.Fields) != c.Fields {
			t.Fatalf("%v in %s", err, c.Text)
		}
		line := fmt.Sprintf("%s %q", c.Call, c.Event)
		for _, f := range s.Fields {
			line += " " + f.Path + ":" + f.Type.String()
			if f.Nullable {
				line += "?"
			}
			if f.Required {
				line += "!"
			}
		}
		calls, left = append(calls, line), append(left, c.Left...)
	}
	return calls, append(left, plan.Left...)
}

func TestTrackingPlansOfBothFormsAreRead(t *testing.T) {
	calls, left := told(t, newPlan)
	want := []string{
		`identify "" email:string group_id:string?`,
		`page "" category:string? name:string url:string`,
		`track "Order Completed" any:json? coupon:string? items:json pattern.required:string total:number! when:timestamp`,
		`track "Signed Up"`,
	}
	if d := cmp.Diff(want, calls); d != "" {
		t.Error(d)
	}
	for _, part := range []string{"coupon: pattern", "any: type", "all properties: required, of what is not among the properties",
		`TRACK "Order Completed": an older version`, "COMMON: there are no contracts for rules of this type"} {
		if !slices.Contains(left, part) {
			t.Errorf("%q is not told among %q", part, left)
		}
	}
	calls, left = told(t, oldPlan)
	want = []string{`group "" seats:integer`, `identify "" age:integer group_id:string?`, `track "Order Completed" total:number!`}
	if d := cmp.Diff(want, calls); d != "" || len(left) > 0 {
		t.Error(d, left)
	}
}

func TestTextOfAnImportedContract(t *testing.T) {
	plan, err := contract.ParseTrackingPlan([]byte(oldPlan))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "Order Completed",
  "description": "Money came in.",
  "type": "object",
  "properties": {
    "total": {
      "type": [
        "number"
      ]
    }
  },
  "required": [
    "total"
  ]
}
`
	if d := cmp.Diff(want, string(plan.Calls[2].Text)); d != "" {
		t.Error(d)
	}
}

func TestOddTrackingPlans(t *testing.T) {
	rule := func(schema string) string {
		return `{"rules":[{"type":"TRACK","key":"E","jsonSchema":{"properties":{"properties":` + schema + `}}}]}`
	}
	var many strings.Builder
	for i := range 2001 {
		fmt.Fprintf(&many, `,"f%d":{"minimum":1}`, i)
	}
	for _, row := range []struct{ name, plan, calls, left string }{
		{"a page of several", `{"data":{"rules":[],"pagination":{"current":"a","next":"b"}}}`, ``, `one page of several`},
		{"no name", `{"rules":[{"type":"TRACK","key":""}]}`, ``, `TRACK: no event`},
		{"the name of any event", `{"rules":[{"type":"TRACK","key":"*"}]}`, ``, `TRACK "*": no event`},
		{"no schema", `{"rules":[{"type":"TRACK","key":"E"}]}`, `track "E"`, ``},
		{"traits in the context", `{"rules":[{"type":"GROUP","jsonSchema":{"properties":{"context":{"properties":{"traits":{"properties":{"a":{"type":"string"}}}}}}}}]}`, `group "" a:string`, ``},
		{"no traits", `{"rules":{"events":[],"identify":{"properties":{"traits":{"properties":{}}}}}}`, ``, `IDENTIFY: it says nothing of traits`},
		{"context", `{"rules":[{"type":"TRACK","key":"E","jsonSchema":{"properties":{"context":{"properties":{"ip":{}}}}}}]}`, `track "E"`, `context`},
		{"global", `{"rules":{"global":{"properties":{"properties":{"properties":{"a":{}}}}}}}`, ``, `global:`},
		{"listed traits", `{"rules":{"identify_traits":[{"name":"a"}]}}`, ``, `identify_traits`},
		{"a reference", rule(`{"properties":{"a":{"$ref":"#/definitions/a"}},"definitions":{"a":{"type":"string"}}}`), `track "E" a:json?`, `a: $ref`},
		{"no schema of a property", rule(`{"properties":{"a":1,"b":{"type":"string"}},"required":["a","b"]}`), `track "E" b:string!`, `a: the field itself`},
		{"one path twice", rule(`{"properties":{"a":{"properties":{"b":{"type":"string"}}, "type":"object"},"a.b":{"type":"integer"}}}`), `track "E" a.b:string`, `a.b: the field itself`},
		{"not required", rule(`{"properties":{"a":{"type":"string"}},"required":true}`), `track "E" a:string`, `required`},
		{"a proposal's mark", rule(`{"x-kith-status":"proposed: x","properties":{}}`), `track "E"`, ``},
		{"too many fields", rule(`{"properties":{"a":{}` + many.String() + `}}`), ``, `TRACK "E":`},
		{"ninety levels", rule(strings.Repeat(`{"properties":{"a":`, 40) + `{"type":"string"}` + strings.Repeat("}}", 40)), `track "E" a:json?`, ``},
	} {
		t.Run(row.name, func(t *testing.T) {
			calls, left := told(t, row.plan)
			if got := strings.Join(calls, "\n"); !strings.HasPrefix(got, row.calls) || row.calls == "" && got != "" {
				t.Errorf("calls %s", got)
			}
			if got := strings.Join(left, "\n"); !strings.Contains(got, row.left) {
				t.Errorf("left %s", got)
			}
		})
	}
	for _, text := range []string{``, `[]`, `{}`, `{"rules":1}`, `{"rules":[1]}`, `{"rules":[],"rules":[]}`, `{"rules":{"events":{}}}`, strings.Repeat(`{"rules":`, 200_000),
		`{"rules":[` + strings.TrimSuffix(strings.Repeat(`{},`, 5001), ",") + `]}`} {
		if _, err := contract.ParseTrackingPlan([]byte(text)); !errs.Is(err, contract.CodePlan) {
			t.Errorf("%.40s: %v", text, err)
		}
	}
}

// FuzzParseTrackingPlan holds the parser to its word that whatever it makes of a plan
// is a contract in force.
func FuzzParseTrackingPlan(f *testing.F) {
	for _, s := range []string{newPlan, oldPlan, `{"rules":[{"type":"SCREEN","key":"../../x","jsonSchema":{"properties":{"properties":{"properties":{"":true}}}}}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		plan, err := contract.ParseTrackingPlan(text)
		if err != nil {
			if !errs.Is(err, contract.CodePlan) {
				t.Fatal(err)
			}
			return
		}
		seen := map[string]bool{}
		for _, c := range plan.Calls {
			if s, err := contract.ParseJSONSchema(c.Text); err != nil || len(s.Fields) != c.Fields {
				t.Fatalf("%v in %s", err, c.Text)
			}
			if seen[c.Call+" "+c.Event] {
				t.Fatalf("%s %q is there twice", c.Call, c.Event)
			}
			seen[c.Call+" "+c.Event] = true
		}
	})
}
