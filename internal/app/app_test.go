package app_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/app"
	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/kit/errs"
)

const projectFile = `name: harbour
data: ./data
engine: {embedded: {partitions: 2, topic_partitions: 2, cache: 16MiB, reserve: 1MiB}}
warehouse: {step_time: 10ms, memory: 128MiB}
server: {listen: "127.0.0.1:0"}
sources:
  web: {type: tracking, write_keys: [a-write-key]}
  crm: {type: file, path: "in/*.csv", watch: false}
streams:
  web.users:
    kind: customer
    attributes: {email: {from: email, clean: [email]}, plan: plan}
  crm.contacts:
    kind: customer
    key: id
    seq: updated
    occurred: updated
    identifiers: {email: email}
    attributes:
      first_name: {from: first, clean: [trim, name]}
      email: {from: email, clean: [email]}
      age: {from: age, clean: [number]}
    expect:
      - {check: range, column: age, min: 0, max: 120}
identity:
  identifiers:
    - {type: user_id, max_per_profile: 2}
    - {type: email, max_per_profile: 4}
    - {type: anonymous_id}
golden:
  "*": {source_priority: [crm, web]}
`

const contacts = `id,first,email,age,updated
1, ana ,Ana@Example.com,34,2026-01-05
2,ben,ben@example.com,51,2026-01-05
3,cleo,cleo@example.com,200,2026-01-05
`

// project is a folder with a kith.yaml, and the app that is open on it, if one is.
type project struct {
	t    *testing.T
	dir  string
	app  *app.App
	key  string
	stop func()
}

func newProject(t *testing.T) *project {
	p := &project{t: t, dir: t.TempDir(), stop: func() {}}
	p.write("kith.yaml", projectFile)
	t.Cleanup(func() { p.stop() })
	return p
}

func (p *project) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) load() (*config.Tree, error) {
	return config.Load(p.dir, func(string) (string, bool) { return "", false })
}

func (p *project) tryOpen(opts app.Options) (*app.App, error) {
	p.t.Helper()
	tree, err := p.load()
	if err != nil {
		p.t.Fatal(err)
	}
	opts.Version, opts.Load = "test", p.load
	return app.Open(p.t.Context(), tree, opts)
}

// run opens the project and runs it until stop.
func (p *project) run(opts app.Options) {
	p.t.Helper()
	a, err := p.tryOpen(opts)
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	p.app = a
	p.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			p.t.Error(err)
		}
		if err := a.Close(); err != nil {
			p.t.Error(err)
		}
		p.stop = func() {}
	}
	local, ok := app.ReadLocal(filepath.Join(p.dir, "data"))
	if !ok {
		p.t.Fatal("no key was made for this machine")
	}
	p.key = local.Key
}

// ask calls the handler and decodes its answer into out.
func (p *project) ask(method, path, body string, out any) http.Header {
	p.t.Helper()
	status, header, text := p.call(method, path, body)
	if status >= 300 {
		p.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			p.t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	return header
}

func (p *project) call(method, path, body string) (int, http.Header, []byte) {
	r := httptest.NewRequestWithContext(p.t.Context(), method, path, strings.NewReader(body))
	r.Host = "localhost"
	r.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(path, "/v1/") {
		r.SetBasicAuth("a-write-key", "")
	} else {
		r.Header.Set("Authorization", "Bearer "+p.key)
	}
	w := httptest.NewRecorder()
	p.app.Handler().ServeHTTP(w, r)
	return w.Code, w.Result().Header, w.Body.Bytes()
}

// eventually asks again and again, as nothing tells when.
func (p *project) eventually(what string, try func() bool) {
	p.t.Helper()
	for end := time.Now().Add(20 * time.Second); !try(); {
		if time.Now().After(end) {
			p.t.Fatal("it never came to be that ", what)
		}
		<-time.After(2 * time.Millisecond)
	}
}

func (p *project) drain() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 20*time.Second)
	defer cancel()
	if err := p.app.Drain(ctx); err != nil {
		p.t.Fatal(err)
	}
}

type profile struct {
	ID         string           `json:"id"`
	Version    uint64           `json:"version"`
	Attributes map[string]any   `json:"attributes"`
	Aliases    []string         `json:"aliases"`
	Crosswalk  []map[string]any `json:"crosswalk"`
}

// who looks a person up by e-mail, once the state has reached token.
func (p *project) who(email, token string) profile {
	p.t.Helper()
	var found struct {
		Profiles []profile `json:"profiles"`
	}
	p.ask("POST", "/api/profiles/lookup", fmt.Sprintf(`{"email":%q,"at_least":%q,"wait_ms":20000,"include":["crosswalk"]}`, email, token), &found)
	if len(found.Profiles) == 0 {
		return profile{}
	}
	return found.Profiles[0]
}

// canonical is all of a profile but what tells how it came to be so.
func (p *project) canonical(id string) string {
	p.t.Helper()
	var all map[string]any
	p.ask("GET", "/api/profiles/"+id, "", &all)
	for _, name := range []string{"version", "kind", "time", "cause", "changed"} {
		delete(all, name)
	}
	text, err := json.Marshal(all, json.Deterministic(true))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

func (p *project) sql(query string) (rows [][]any) {
	p.t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		p.t.Fatal(err)
	}
	var out struct {
		Rows [][]any `json:"rows"`
	}
	p.ask("POST", "/api/sql", string(body), &out)
	return out.Rows
}

type ledger struct {
	Balanced bool   `json:"balanced"`
	Accepted uint64 `json:"accepted"`
	Pending  uint64 `json:"pending"`
	Lines    []struct {
		Stream      string `json:"stream"`
		Applied     int64  `json:"applied"`
		Quarantined int64  `json:"quarantined"`
		Duplicate   int64  `json:"duplicate"`
	} `json:"lines"`
}

func (p *project) ledger() (l ledger) {
	p.t.Helper()
	p.ask("GET", "/api/ledger", "", &l)
	return l
}

// generation gives the current generation and its rules; built is false while
// another is being built.
func (p *project) generation() (number, rules int, built bool) {
	p.t.Helper()
	var s struct {
		Generations []struct {
			Number int    `json:"number"`
			Rules  int    `json:"rules"`
			State  string `json:"state"`
		} `json:"generations"`
	}
	p.ask("GET", "/api/status", "", &s)
	return s.Generations[0].Number, s.Generations[0].Rules, len(s.Generations) == 1
}

const webCalls = `{"batch":[
 {"type":"identify","messageId":"m1","userId":"u1","anonymousId":"a1","traits":{"email":"ana@example.com","plan":"free"}},
 {"type":"track","messageId":"m2","anonymousId":"a1","event":"Page Viewed","properties":{"page":"home"}},
 {"type":"track","messageId":"m3","userId":"u1","event":"Order Placed","properties":{"total":12.5}},
 {"type":"track","messageId":"m3","userId":"u1","event":"Order Placed","properties":{"total":12.5}}]}`

func TestFromFileAndCallsToProfilesAndWarehouse(t *testing.T) {
	p := newProject(t)
	p.write("in/contacts.csv", contacts)
	p.run(app.Options{})
	p.eventually("rules are in force", func() bool { status, _, _ := p.call("GET", "/readyz", ""); return status == 200 })
	<-p.app.FilesDone()
	token := p.ask("POST", "/v1/batch", webCalls, nil).Get("Kith-Token")
	p.drain()

	ana := p.who("ANA@example.com", token)
	if ana.Attributes["first_name"] != "Ana" || ana.Attributes["plan"] != "free" || len(ana.Crosswalk) != 2 {
		t.Fatalf("%+v", ana)
	}
	p.asOf(ana)
	p.decisions(ana)
	p.planAndReplay()

	before := p.canonical(ana.ID)
	p.stop()
	p.run(app.Options{})
	if now := p.canonical(ana.ID); now != before {
		t.Errorf("a restart changed\n%s\nto\n%s", before, now)
	}
	was, _, _ := p.generation()
	l := p.ledger()
	p.ask("POST", "/api/rebuild", `{}`, nil)
	p.eventually("the rebuild is swapped in", func() bool { now, _, built := p.generation(); return built && now == was+1 })
	p.drain()
	if now := p.canonical(ana.ID); now != before {
		t.Errorf("a rebuild changed\n%s\nto\n%s", before, now)
	}
	if now := p.ledger(); !now.Balanced || now.Accepted != l.Accepted || fmt.Sprint(now.Lines) != fmt.Sprint(l.Lines) {
		t.Errorf("the ledger after a rebuild is %+v, before %+v", now, l)
	}
	p.warehouseEqualsAPI()
	p.stop()
	p.verify()
}

// verify replays the log into an empty folder and compares (I2).
func (p *project) verify() {
	p.t.Helper()
	a, err := p.tryOpen(app.Options{Offline: true})
	if err != nil {
		p.t.Fatal(err)
	}
	v, err := a.Verify(p.t.Context(), filepath.Join(p.t.TempDir(), "replay"))
	if err != nil {
		p.t.Error(err)
	}
	for _, part := range v.Parts {
		if !part.Equal || part.Lines < 10 {
			p.t.Errorf("%s: line %d of %d is\n%safter a replay\n%s", part.Name, part.Line, part.Lines, part.Have, part.Want)
		}
	}
	if err := a.Close(); err != nil {
		p.t.Error(err)
	}
}

// asOf changes a person and reads both versions.
func (p *project) asOf(ana profile) {
	p.t.Helper()
	token := p.ask("POST", "/v1/identify", `{"messageId":"m4","userId":"u1","traits":{"plan":"pro"}}`, nil).Get("Kith-Token")
	if now := p.who("ana@example.com", token); now.ID != ana.ID || now.Version <= ana.Version || now.Attributes["plan"] != "pro" {
		p.t.Errorf("%+v", now)
	}
	var then profile
	p.ask("GET", fmt.Sprintf("/api/profiles/%s?version=%d", ana.ID, ana.Version), "", &then)
	if then.Attributes["plan"] != "free" {
		p.t.Errorf("version %d: %+v", ana.Version, then)
	}
	p.refused(400, "bad_token", "/api/profiles/"+ana.ID+"?at_least=AQA")
	p.refused(404, "version_unknown", "/api/profiles/"+ana.ID+"?version=99")
}

func (p *project) refused(status int, code, path string) {
	p.t.Helper()
	got, _, text := p.call("GET", path, "")
	if got != status || !strings.Contains(string(text), code) {
		p.t.Errorf("GET %s: %d %s", path, got, text)
	}
}

// decisions merges two people and takes it back (I5).
func (p *project) decisions(ana profile) {
	p.t.Helper()
	ben := p.who("ben@example.com", "")
	before := p.canonical(ana.ID) + p.canonical(ben.ID)
	decide := func(action string) string {
		var done struct {
			Token string `json:"token"`
		}
		p.ask("POST", "/api/decisions", fmt.Sprintf(`{"action":%q,"a":[{"profile":%q}],"b":[{"profile":%q}]}`, action, ana.ID, ben.ID), &done)
		return done.Token
	}
	token := decide("merge")
	one, other := p.who("ana@example.com", token), p.who("ben@example.com", token)
	if one.ID == "" || one.ID != other.ID || len(one.Crosswalk) != 3 {
		p.t.Errorf("merged: %+v and %+v", one, other)
	}
	token = decide("withdraw")
	if a, b := p.who("ana@example.com", token), p.who("ben@example.com", token); a.ID != ana.ID || b.ID != ben.ID {
		p.t.Errorf("withdrawn: %s and %s, before %s and %s", a.ID, b.ID, ana.ID, ben.ID)
	}
	if after := p.canonical(ana.ID) + p.canonical(ben.ID); after != before {
		p.t.Errorf("a merge and its withdrawal changed\n%s\nto\n%s", before, after)
	}
}

// planAndReplay lets Cleo be 200 years old, and everybody's newest word count.
func (p *project) planAndReplay() {
	p.t.Helper()
	if cleo := p.who("cleo@example.com", ""); cleo.ID != "" {
		p.t.Errorf("a quarantined record made %+v", cleo)
	}
	text := strings.Replace(projectFile, "max: 120", "max: 250", 1)
	p.write("kith.yaml", strings.Replace(text, `"*": {source_priority: [crm, web]}`, `"*": most_recent`, 1))
	var plan struct {
		Fingerprint string `json:"fingerprint"`
		Generation  bool   `json:"generation"`
	}
	p.ask("GET", "/api/plan", "", &plan)
	var applied struct {
		Rules int    `json:"rules"`
		Token string `json:"token"`
	}
	p.ask("POST", "/api/plan/apply", fmt.Sprintf(`{"fingerprint":%q}`, plan.Fingerprint), &applied)
	if !plan.Generation || applied.Rules != 2 {
		p.t.Errorf("%+v, %+v", plan, applied)
	}
	p.eventually("the new rules are in force", func() bool { _, rules, built := p.generation(); return built && rules == 2 })
	var replayed struct {
		Records int    `json:"records"`
		Token   string `json:"token"`
	}
	p.ask("POST", "/api/quarantine/replay", `{"code":"quality_range"}`, &replayed)
	if cleo := p.who("cleo@example.com", replayed.Token); replayed.Records != 1 || cleo.Attributes["age"] != 200.0 {
		p.t.Errorf("%d replayed: %+v", replayed.Records, cleo)
	}
	var left struct {
		Items []any `json:"items"`
	}
	p.ask("GET", "/api/quarantine", "", &left)
	if len(left.Items) != 0 {
		p.t.Error("left in quarantine:", left.Items)
	}
	var trace struct {
		Hops []struct {
			Hop     string `json:"hop"`
			Outcome string `json:"outcome"`
		} `json:"hops"`
	}
	p.ask("POST", "/api/trace", `{"source":"crm","message_id":"1:3"}`, &trace)
	if s := fmt.Sprint(trace.Hops); !strings.Contains(s, "{refined applied} {resolved attributed} {golden new version}") {
		p.t.Error("the trace of what was replayed:", s)
	}
}

// warehouseEqualsAPI compares what SQL says with what the API does.
func (p *project) warehouseEqualsAPI() {
	p.t.Helper()
	rows := p.sql("select customer_id, email, first_name, version from dim_customer where is_current and email is not null order by email")
	if len(rows) != 3 {
		p.t.Errorf("%d current customers: %v", len(rows), rows)
	}
	for _, row := range rows {
		api := p.who(row[1].(string), "")
		if api.ID != row[0] || api.Attributes["first_name"] != row[2] || float64(api.Version) != row[3] {
			p.t.Errorf("SQL says %v, the API %+v", row, api)
		}
	}
	l := p.ledger()
	for _, line := range l.Lines {
		rows := p.sql(fmt.Sprintf("select applied, quarantined, duplicate from ledger where stream = '%s'", line.Stream))
		if want := fmt.Sprint([][]any{{line.Applied, line.Quarantined, line.Duplicate}}); fmt.Sprint(rows) != want {
			p.t.Errorf("the ledger of %s: SQL says %v, the API %s", line.Stream, rows, want)
		}
	}
	for query, want := range map[string]string{
		"select count(*) from quarantine":      "[[0]]",
		"select count(*) from set_aside":       "[[0]]",
		"select count(*) from fact_web_events": "[[2]]",
		"select distinct c.email from fact_web_events f join bridge_node b using (node_key) join dim_customer c on c.customer_id = b.customer_id and c.is_current": "[[ana@example.com]]",
	} {
		if got := fmt.Sprint(p.sql(query)); got != want {
			p.t.Errorf("%s: %s, not %s", query, got, want)
		}
	}
}

func TestRulesOnTheirWayOutliveACrash(t *testing.T) {
	p := newProject(t)
	openAndFall := func(opts app.Options, want errs.Code) { // before the road has moved
		t.Helper()
		a, err := p.tryOpen(opts)
		if errs.CodeOf(err) != want {
			t.Fatalf("opening gives %v, not %q", err, want)
		}
		if a != nil {
			if err := a.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	changed := strings.Replace(projectFile, `"*": {source_priority: [crm, web]}`, `"*": most_recent`, 1)
	openAndFall(app.Options{}, "")
	p.write("kith.yaml", changed)
	openAndFall(app.Options{}, "rules_changed") // the first file's are first in the log
	openAndFall(app.Options{ApplyRules: true}, "")
	openAndFall(app.Options{}, "") // they were applied: nothing differs
	p.run(app.Options{})
	p.eventually("both versions are in force", func() bool { _, rules, built := p.generation(); return built && rules == 2 })
	if l := p.ledger(); !l.Balanced || l.Accepted != 2 {
		t.Errorf("%+v", l)
	}
}
