package app_test

import (
	"fmt"
	"testing"

	"github.com/kithdata/kith/internal/app"
)

const fillProject = `name: fill
server: {listen: "127.0.0.1:0"}
sources:
  crm: {type: file, path: "in/crm.csv", watch: false}
  shop: {type: file, path: "in/shop.csv", watch: false}
streams:
  crm.contacts:
    kind: customer
    key: id
    identifiers: {email: mail}
    attributes:
      email: mail
      city: {clean: [trim]}
      country: {from: land, clean: [country], fill: {by: city, map: {Leeds: GB}}}
      plan: {default: free}
  shop.buyers:
    kind: customer
    key: id
    occurred: at
    identifiers: {email: mail}
    attributes: {country: {from: land, clean: [country]}}
`

type fillProfile struct {
	ID         string         `json:"id"`
	Attributes map[string]any `json:"attributes"`
	Provenance map[string]struct {
		Filled bool `json:"filled"`
	} `json:"provenance"`
	Crosswalk []struct {
		Stream     string `json:"stream"`
		Attributes map[string]struct {
			Value    any  `json:"value"`
			Filled   bool `json:"filled"`
			Survives bool `json:"survives"`
		} `json:"attributes"`
	} `json:"crosswalk"`
}

// TestFilledValuesAreToldApart follows a value that nobody said to the golden record,
// where an older one that a source said wins, and through a restart and a rebuild.
func TestFilledValuesAreToldApart(t *testing.T) {
	p := &project{t: t, dir: t.TempDir(), stop: func() {}}
	t.Cleanup(func() { p.stop() })
	p.write("kith.yaml", fillProject)
	p.write("in/crm.csv", "id,mail,city,land\n1,jo@example.com, leeds,\n2,ana@example.com,Leeds,\n")
	p.write("in/shop.csv", "id,mail,land,at\nb1,jo@example.com,Ireland,2020-01-01T00:00:00Z\n")
	p.run(app.Options{})
	p.eventually("rules are in force", func() bool { status, _, _ := p.call("GET", "/readyz", ""); return status == 200 })
	<-p.app.FilesDone()
	p.drain()
	check := func(when string) {
		t.Helper()
		find := func(email string) fillProfile {
			var found struct {
				Profiles []fillProfile `json:"profiles"`
			}
			p.ask("POST", "/api/profiles/lookup", fmt.Sprintf(`{"email":%q,"include":["crosswalk"]}`, email), &found)
			if len(found.Profiles) != 1 {
				t.Fatal(when, email, found)
			}
			return found.Profiles[0]
		}
		jo, ana := find("jo@example.com"), find("ana@example.com")
		if jo.Attributes["country"] != "IE" || jo.Provenance["country"].Filled || jo.Attributes["plan"] != "free" || !jo.Provenance["plan"].Filled || jo.Provenance["city"].Filled {
			t.Errorf("%s: %+v", when, jo)
		}
		if ana.Attributes["country"] != "GB" || !ana.Provenance["country"].Filled {
			t.Errorf("%s: %+v", when, ana)
		}
		told := 0
		for _, r := range jo.Crosswalk {
			c := r.Attributes["country"]
			if r.Stream == "crm.contacts" && c.Value == "GB" && c.Filled && !c.Survives || r.Stream == "shop.buyers" && c.Value == "IE" && !c.Filled && c.Survives {
				told++
			}
		}
		if told != 2 {
			t.Errorf("%s: the crosswalk is %+v", when, jo.Crosswalk)
		}
	}
	check("at first")
	p.stop()
	p.run(app.Options{})
	check("after a restart")
	was, _, _ := p.generation()
	p.ask("POST", "/api/rebuild", `{}`, nil)
	p.eventually("the rebuild is swapped in", func() bool { now, _, built := p.generation(); return built && now == was+1 })
	p.drain()
	check("after a rebuild")
	p.rawBesideCleansed()
}

// rawBesideCleansed traces a row to what its fields said and what was made of them.
func (p *project) rawBesideCleansed() {
	p.t.Helper()
	for values, want := range map[string]string{
		"raw":    `"content":"{\"id\":\"1\",\"mail\":\"jo@example.com\",\"city\":\" leeds\",\"land\":\"\"}" "city"="leeds"<city=" leeds" "country"="GB" filled`,
		"masked": `"content":"{\"id\":\"9\",\"mail\":\"xx@xxxxxxx.xxx\",\"city\":\" xxxxx\",\"land\":\"\"}" "city"="xxxxx"<city=" xxxxx" "country"="xx" filled`,
	} {
		var trace struct {
			Values struct {
				Content    string `json:"content"`
				Masked     bool   `json:"masked"`
				Attributes []struct {
					Attribute string `json:"attribute"`
					Value     string `json:"value"`
					Filled    bool   `json:"filled"`
					Fields    []struct {
						Field string `json:"field"`
						Value string `json:"value"`
					} `json:"fields"`
				} `json:"attributes"`
			} `json:"values"`
		}
		p.ask("POST", "/api/trace", fmt.Sprintf(`{"source":"crm","message_id":"1:1","values":%q}`, values), &trace)
		got := fmt.Sprintf(`"content":%q`, trace.Values.Content)
		for _, a := range trace.Values.Attributes {
			switch a.Attribute {
			case "city":
				got += fmt.Sprintf(` "city"=%s<%s=%s`, a.Value, a.Fields[0].Field, a.Fields[0].Value)
			case "country":
				if got += fmt.Sprintf(` "country"=%s`, a.Value); a.Filled {
					got += " filled"
				}
			}
		}
		if got != want || trace.Values.Masked != (values == "masked") {
			p.t.Errorf("%s values are\n%s, not\n%s", values, got, want)
		}
	}
}
