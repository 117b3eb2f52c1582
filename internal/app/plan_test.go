package app_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/app"
	"github.com/kithdata/kith/internal/config"
)

const webPlan = `{"data":{"trackingPlan":{"name":"Shop","rules":[
{"type":"TRACK","key":"Order Completed","version":1,"jsonSchema":{"type":"object","properties":{"properties":{"type":"object",
  "properties":{"order_id":{"type":"string"},"total":{"type":"number","minimum":0}},"required":["order_id"]}}}},
{"type":"TRACK","key":"Signed Up","version":1,"jsonSchema":{"type":"object","properties":{"properties":{"type":"object","properties":{"plan":{"type":"string"}}}}}},
{"type":"IDENTIFY","key":"","version":1,"jsonSchema":{"type":"object","properties":{"traits":{"type":"object","properties":{"email":{"type":"string"},"seats":{"type":"integer"}}}}}}
]}}}`

const plannedProject = `name: planned
data: ./data
engine: {embedded: {partitions: 2, topic_partitions: 2, cache: 16MiB, reserve: 1MiB}}
warehouse: {step_time: 10ms, memory: 128MiB}
server: {listen: "127.0.0.1:0"}
sources:
  web: {type: tracking, write_keys: [a-write-key], mark_bots: true}
`

const plannedCalls = `{"context":{"library":{"name":"x"}},"batch":[
 {"type":"track","messageId":"m1","userId":"u1","event":"Order Completed","properties":{"order_id":"o1","total":12.5}},
 {"type":"track","messageId":"m2","userId":"u1","event":"Order Completed","properties":{"total":"dear"}},
 {"type":"track","messageId":"m3","userId":"u1","event":"Signed Up","properties":{"plan":"pro","order_id":"o1"}},
 {"type":"track","messageId":"m4","userId":"u1","event":"Signed Up","properties":{"plan":"pro"}},
 {"type":"track","messageId":"m5","userId":"u1","event":"Signed up","properties":{"plan":"pro"}},
 {"type":"identify","messageId":"m6","userId":"u1","traits":{"email":"ana@example.com"}},
 {"type":"identify","messageId":"m7","userId":"u2","traits":{"seats":"many"}},
 {"type":"group","messageId":"m8","userId":"u1","groupId":"g1"}
]}`

// TestAnImportedTrackingPlanJudgesCalls imports a plan, puts into kith.yaml what the
// import says, and sends calls of which half depart from it.
func TestAnImportedTrackingPlanJudgesCalls(t *testing.T) {
	p := newProject(t)
	p.write("plan.json", webPlan)
	made, err := config.ImportPlan(config.PlanRequest{Project: p.dir, Plan: filepath.Join(p.dir, "plan.json"), Source: "web", Dir: "contracts"})
	if err != nil {
		t.Fatal(err)
	}
	policies := strings.NewReplacer(" web.events:\n", " web.events:\n    on_drift: freeze\n    unplanned_events: freeze\n", " web.users:\n", " web.users:\n    on_drift: freeze\n")
	p.write("kith.yaml", plannedProject+policies.Replace(made.Streams))
	p.run(app.Options{})
	p.eventually("rules are in force", func() bool { status, _, _ := p.call("GET", "/readyz", ""); return status == 200 })
	p.ask("POST", "/v1/batch", plannedCalls, nil)
	p.drain()
	got := map[string]string{}
	var page struct {
		Items []struct {
			Stream  string `json:"stream"`
			Message string `json:"message_id"`
			Code    string `json:"code"`
			Field   string `json:"field"`
		} `json:"items"`
	}
	p.ask("GET", "/api/quarantine", "", &page)
	for _, q := range page.Items {
		got[q.Stream+" "+q.Message] = q.Code + " " + q.Field
	}
	want := map[string]string{
		"web.events m2": "contract_type total", "web.events m3": "contract_new_field order_id",
		"web.events m5": "contract_unplanned_event event", "web.users m7": "contract_type seats",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if l := p.ledger(); !l.Balanced {
		t.Errorf("%+v", l)
	}
	var drift struct {
		Items []struct {
			Path string `json:"path"`
			Code string `json:"code"`
		} `json:"items"`
	}
	p.ask("GET", "/api/contracts/web.events/drift", "", &drift)
	var seen []string
	for _, d := range drift.Items {
		seen = append(seen, d.Path+" "+d.Code)
	}
	if diff := cmp.Diff([]string{"Order Completed: total contract_type", "Signed Up: order_id contract_new_field", "Signed up contract_unplanned_event"}, seen); diff != "" {
		t.Error(diff)
	}
}
