package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/app"
)

// frozen takes users with an age alone, so that each further trait is a reason of its own.
const frozen = `  web.users:
    kind: customer
    contract: user.json
    on_drift: freeze
`

type reason struct {
	Code, Stream, Field string
	Count               int
	First, Last         string
	Samples             []map[string]any
}

// reasons are matched to their members whatever the case.
func (p *project) reasons(query string) (all []reason) {
	p.t.Helper()
	_, _, text := p.call("GET", "/api/quarantine/reasons"+query, "")
	var page struct{ Items []reason }
	if err := json.Unmarshal(text, &page, json.MatchCaseInsensitiveNames(true)); err != nil {
		p.t.Fatal(err, string(text))
	}
	return page.Items
}

// TestReasonsAreBounded: a sender of ever new fields makes no more than so many reasons,
// and every record is counted among them.
func TestReasonsAreBounded(t *testing.T) {
	const users = 1100
	p := newProject(t)
	at := strings.Index(projectFile, "  web.users:")
	end := strings.Index(projectFile, "  crm.contacts:")
	p.write("kith.yaml", projectFile[:at]+frozen+projectFile[end:])
	p.write("user.json", `{"type": "object", "properties": {"plan": {"type": "string"}}}`)
	p.write("in/contacts.csv", contacts)
	p.run(app.Options{})
	p.eventually("rules are in force", func() bool { status, _, _ := p.call("GET", "/readyz", ""); return status == 200 })
	<-p.app.FilesDone()
	var calls []string
	for i := range users {
		calls = append(calls, fmt.Sprintf(`{"type":"identify","messageId":"m%d","userId":"u%d","traits":{"trait_%d":"said"}}`, i, i, i))
	}
	p.ask("POST", "/v1/batch", `{"batch":[`+strings.Join(calls, ",")+`]}`, nil)
	p.drain()

	all := p.reasons("?samples=1")
	count, samples := 0, 0
	for _, r := range all {
		count += r.Count
		samples += len(r.Samples)
		if r.First == "" || r.First > r.Last {
			t.Fatalf("%+v", r)
		}
	}
	if count != users+1 || len(all) < 1000 || len(all) > 1002 || samples != len(all) {
		t.Errorf("%d reasons with %d samples tell of %d records", len(all), samples, count)
	}
	if most := all[0]; most.Field != "…" || most.Count < 90 {
		t.Errorf("the most frequent reason does not come first: %+v", most)
	}
	if some := p.reasons("?source=crm"); len(some) != 1 || some[0].Code != "quality_range" || some[0].Samples != nil {
		t.Errorf("%+v", some)
	}

	var tried struct {
		Records int `json:"records"`
		Pass    int `json:"pass"`
		Groups  []struct {
			Count int `json:"count"`
		} `json:"groups"`
	}
	p.ask("POST", "/api/quarantine/try", `{}`, &tried)
	if tried.Records != users+1 || tried.Pass != 0 || len(tried.Groups) > 1002 {
		t.Errorf("%d records, %d pass, %d groups", tried.Records, tried.Pass, len(tried.Groups))
	}
	status, _, text := p.call("POST", "/api/quarantine/try", `{"rules":{"streams":[{"stream":"web.users","kinds":1}]}}`)
	if status != 400 || !strings.Contains(string(text), "bad_fix") {
		t.Errorf("faulty rules: %d %s", status, text)
	}
	var done struct {
		Records int `json:"records"`
	}
	p.ask("POST", "/api/quarantine/expire", `{"before":"2100-01-01T00:00:00Z","field":"trait_7"}`, &done)
	if done.Records != 1 {
		t.Errorf("%d records have the field", done.Records)
	}
	p.drain()
	if left := p.reasons(""); len(left) == 0 || left[0].Count+1 != all[0].Count && len(left) != len(all)-1 {
		t.Errorf("%d reasons are left", len(left))
	}
}
