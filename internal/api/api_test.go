package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/forwarded"
	"github.com/kithdata/kith/internal/record"
)

// requests are one right request to each operation.
var requests = map[string]struct{ target, body string }{
	"getOpenAPI":            {"/api/openapi.json", ""},
	"getOpenAPIYAML":        {"/api/openapi.yaml", ""},
	"getHealth":             {"/healthz", ""},
	"getReadiness":          {"/readyz", ""},
	"getMetrics":            {"/metrics", ""},
	"lookupProfiles":        {"/api/profiles/lookup", `{"email":"jo@example.com"}`},
	"getProfile":            {"/api/profiles/" + jo.String(), ""},
	"getProfileHistory":     {"/api/profiles/" + jo.String() + "/history", ""},
	"getProfileCrosswalk":   {"/api/profiles/" + jo.String() + "/crosswalk", ""},
	"decide":                {"/api/decisions", `{"action":"merge","a":[{"profile":"` + jo.String() + `"}],"b":[{"identifier":{"type":"email","value":"j@example.com"}}]}`},
	"listReview":            {"/api/review", ""},
	"explain":               {"/api/explain", `{"a":{"profile":"` + jo.String() + `"},"b":{"customer":{"source":"crm","stream":"crm.contacts","key":"c7"}}}`},
	"listQuarantine":        {"/api/quarantine", ""},
	"expireQuarantine":      {"/api/quarantine/expire", `{"before":"2026-01-31T00:00:00Z"}`},
	"listContracts":         {"/api/contracts", ""},
	"getContract":           {"/api/contracts/crm.contacts", ""},
	"diffContract":          {"/api/contracts/crm.contacts/diff?from=1", ""},
	"checkContract":         {"/api/contracts/crm.contacts/check", `{"schema":{"type":"object"},"compatibility":"full"}`},
	"listDrift":             {"/api/contracts/crm.contacts/drift", ""},
	"tryQuarantine":         {"/api/quarantine/try", `{}`},
	"listQuarantineReasons": {"/api/quarantine/reasons?samples=2", ""},
	"replayQuarantine":      {"/api/quarantine/replay", `{"all":true}`},
	"getLedger":             {"/api/ledger", ""},
	"trace":                 {"/api/trace", `{"source":"crm","message_id":"m1"}`},
	"getStatus":             {"/api/status", ""},
	"rebuild":               {"/api/rebuild", ""},
	"getPlan":               {"/api/plan", ""},
	"applyPlan":             {"/api/plan/apply", `{"fingerprint":"bb"}`},
	"querySQL":              {"/api/sql", `{"query":"select 1"}`},
	"listDestinations":      {"/api/destinations", ""},
	"getDestinationSecret":  {"/api/destinations/mailer/secret", ""},
	"listDeadLetters":       {"/api/destinations/mailer/dead-letters", ""},
	"redeliver":             {"/api/destinations/mailer/redeliver", `{"all":true}`},
	"makePixel":             {"/api/pixels", `{"source":"web","event":"Email Opened","email":"jo@example.com"}`},
	"listKeys":              {"/api/keys", ""},
	"createKey":             {"/api/keys", `{"name":"app","role":"read"}`},
	"revokeKey":             {"/api/keys/abc", ""},
	"verifyAudit":           {"/api/audit/verify", ""},
}

func send(s *Server, role Role, op *operation) *httptest.ResponseRecorder {
	method, _, _ := strings.Cut(op.pattern, " ")
	return ask(s, role, method, requests[op.id].target, requests[op.id].body)
}

// TestRoles tries every operation with every role. Who may do what is written out
// once more here, so that a slip in the table shows.
func TestRoles(t *testing.T) {
	operate := []string{"decide", "replayQuarantine", "expireQuarantine", "rebuild", "applyPlan", "redeliver"}
	admin := []string{"listKeys", "createKey", "revokeKey", "verifyAudit", "getDestinationSecret"}
	open := []string{"getOpenAPI", "getOpenAPIYAML", "getHealth", "getReadiness"}
	s, w, _ := serve(t)
	for i := range operations {
		op := &operations[i]
		for _, role := range []Role{"", RoleIngest, RoleRead, RoleOperate, RoleAdmin} {
			var allowed bool
			switch {
			case slices.Contains(open, op.id):
				allowed = true
			case op.id == "makePixel":
				allowed = role == RoleIngest || role == RoleAdmin
			case slices.Contains(admin, op.id):
				allowed = role == RoleAdmin
			case slices.Contains(operate, op.id):
				allowed = role == RoleOperate || role == RoleAdmin
			default:
				allowed = role == RoleRead || role == RoleOperate || role == RoleAdmin
			}
			w.entries()
			rec := send(s, role, op)
			entries, _ := w.entries()
			switch {
			case allowed && rec.Code >= 300:
				t.Errorf("%s as %q: %d %s", op.id, role, rec.Code, rec.Body)
			case !allowed && role == "" && (rec.Code != http.StatusUnauthorized || code(t, rec) != "unauthenticated"):
				t.Errorf("%s without a key: %d", op.id, rec.Code)
			case !allowed && role != "" && (rec.Code != http.StatusForbidden || code(t, rec) != "forbidden"):
				t.Errorf("%s as %q: %d", op.id, role, rec.Code)
			}
			if !allowed && role != "" && op.action != "" && (len(entries) != 1 || entries[0].Outcome != "denied") {
				t.Errorf("%s as %q left %v in the audit chain", op.id, role, entries)
			}
		}
	}
}

// TestReadsAreAudited has every operation with an action leave an entry that names
// the caller, and SQL, raw content and all that changes something a durable one.
func TestReadsAreAudited(t *testing.T) {
	s, w, _ := serve(t)
	for i := range operations {
		op := &operations[i]
		w.entries()
		send(s, RoleAdmin, op)
		entries, durable := w.entries()
		if (len(entries) > 0) != (op.action != "") {
			t.Errorf("%s left %v in the audit chain", op.id, entries)
		}
		changes := op.role == RoleOperate || op.role == RoleAdmin || op.id == "querySQL"
		for j, e := range entries {
			if e.Principal != "id-admin" || e.Action != op.action || changes && !durable[j] {
				t.Errorf("%s left %+v, durable: %v", op.id, e, durable[j])
			}
			if strings.Contains(e.What, "@") || strings.Contains(e.What, "select 1") || strings.Contains(e.What, "c7") {
				t.Errorf("%s has personal data in its entry: %q", op.id, e.What)
			}
		}
	}
	for body, what := range map[string]string{`{"source":"crm","message_id":"m1","values":"masked"}`: "masked", `{"source":"crm","message_id":"m1","values":"raw"}`: "raw"} {
		rec := ask(s, RoleOperate, "POST", "/api/trace", body)
		entries, durable := w.entries()
		if len(entries) != 1 || durable[0] != (what == "raw") || !strings.HasPrefix(entries[0].What, what+" ") || strings.Contains(entries[0].What, "m1") {
			t.Errorf("%s values left %v, durable: %v", what, entries, durable)
		}
		if shown := strings.Contains(rec.Body.String(), " jo ") || strings.Contains(rec.Body.String(), "41"); shown != (what == "raw") {
			t.Errorf("%s values are %s", what, rec.Body)
		}
	}
	ask(s, RoleOperate, "GET", "/api/quarantine?raw=true", "")
	if entries, durable := w.entries(); len(entries) != 1 || !durable[0] || !strings.HasPrefix(entries[0].What, "raw 1.0 to 1.2") {
		t.Errorf("raw content left %v, durable: %v", entries, durable)
	}
	ask(s, RoleRead, "POST", "/api/profiles/lookup", `{"email":"nobody@example.com"}`)
	if entries, _ := w.entries(); len(entries) != 1 || entries[0].What != "hash" || entries[0].Outcome != "not_found" {
		t.Errorf("a look-up without a match left %v", entries)
	}
	ask(s, RoleRead, "GET", "/api/profiles/"+gone.String(), "")
	if entries, _ := w.entries(); len(entries) != 1 || entries[0].Outcome != "profile_gone" {
		t.Errorf("a read of a profile that is gone left %v", entries)
	}
}

// TestNothingIsShownWithoutAudit has the chain refuse: no answer holds data then, and
// what would change something is not done.
func TestNothingIsShownWithoutAudit(t *testing.T) {
	s, w, _ := serve(t)
	w.auditErr = errs.New("audit_unavailable", "writing the audit chain failed")
	for i := range operations {
		op := &operations[i]
		if op.action == "" {
			continue
		}
		rec := send(s, RoleAdmin, op)
		if rec.Code != http.StatusServiceUnavailable || code(t, rec) != "audit_unavailable" || strings.Contains(rec.Body.String(), "example.com") {
			t.Errorf("%s: %d %s", op.id, rec.Code, rec.Body)
		}
	}
	if w.decided != nil || w.replayed != nil || w.redone != nil {
		t.Error("something was changed without an entry")
	}
}

func TestRawContentIsForOperators(t *testing.T) {
	s, _, _ := serve(t)
	if rec := ask(s, RoleRead, "POST", "/api/trace", `{"source":"crm","message_id":"m1","values":"raw"}`); rec.Code != 403 || strings.Contains(rec.Body.String(), "jo") {
		t.Errorf("a reader sees raw values: %d %s", rec.Code, rec.Body)
	}
	if rec := ask(s, RoleRead, "GET", "/api/quarantine?raw=true", ""); rec.Code != 403 || strings.Contains(rec.Body.String(), "Jo") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if rec := ask(s, RoleRead, "GET", "/api/quarantine", ""); rec.Code != 200 || strings.Contains(rec.Body.String(), "Jo") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

// TestRulesOfOnesOwnAreForOperators: who may have a check of one's own judge records may
// ask what each of them says.
func TestRulesOfOnesOwnAreForOperators(t *testing.T) {
	s, _, _ := serve(t)
	for _, body := range []string{`{"rules":{"streams":[]}}`, `{"raw":true}`} {
		if rec := ask(s, RoleRead, "POST", "/api/quarantine/try", body); rec.Code != 403 || strings.Contains(rec.Body.String(), "Jo") {
			t.Errorf("a reader: %d %s", rec.Code, rec.Body)
		}
	}
	for body, want := range map[string]string{`{}`: `"before":"{\"name\":\"xx\"}"`, `{"rules":{"streams":[]}}`: `"before":"{\"name\":\"xx\"}"`, `{"raw":true}`: `"before":"{\"name\":\"Jo\"}"`} {
		if rec := ask(s, RoleOperate, "POST", "/api/quarantine/try", body); rec.Code != 200 || !strings.Contains(rec.Body.String(), want) {
			t.Errorf("an operator with %s: %d %s", body, rec.Code, rec.Body)
		}
	}
	for _, body := range []string{`{"samples":101}`, `{"samples":-1}`} {
		if rec := ask(s, RoleOperate, "POST", "/api/quarantine/try", body); rec.Code != 400 {
			t.Errorf("%s: %d %s", body, rec.Code, rec.Body)
		}
	}
}

// TestMaskedRowsSayWhereTheyLie: what a file source says of a torn row is no part of it.
func TestMaskedRowsSayWhereTheyLie(t *testing.T) {
	row := `{"_line":1044,"_bytes":7,"_raw":"9,Jo"}`
	for reject, want := range map[string]string{"csv_too_few": `{"_line":1044,"_bytes":7,"_raw":"9,xx"}`, "": `{"_line":9999,"_bytes":9,"_raw":"9,xx"}`} {
		if got := masked(&Quarantined{Record: record.Record{Reject: reject, Props: []byte(row)}}); got != want {
			t.Errorf("%q: %s", reject, got)
		}
	}
	for _, odd := range []string{``, `{`, `{"_line":5,`, `{"_line":5}`, `{"_card":5105105,"_raw":""}`} {
		if got := masked(&Quarantined{Record: record.Record{Reject: "csv_too_few", Props: []byte(odd)}}); strings.Contains(got, "51") {
			t.Errorf("%s became %s", odd, got)
		}
	}
}

func TestFaults(t *testing.T) {
	id := jo.String()
	token := record.Position{Log: "l", Offsets: []uint64{1}}.Token()
	s, _, log := serve(t)
	for _, c := range []struct {
		method, target, body string
		status               int
		code                 string
	}{
		{"GET", "/api/profiles/" + nobo.String(), "", 404, "profile_unknown"},
		{"GET", "/api/profiles/" + gone.String(), "", 410, "profile_gone"},
		{"GET", "/api/profiles/jo@example.com", "", 400, "bad_profile_id"},
		{"GET", "/api/profiles/" + id + "?version=9", "", 404, "version_unknown"},
		{"GET", "/api/profiles/" + id + "?version=0", "", 400, "bad_parameter"},
		{"GET", "/api/profiles/" + id + "?version=-1", "", 400, "bad_parameter"},
		{"GET", "/api/profiles/" + id + "?version=1&at=2026-01-01T00:00:00Z", "", 400, "bad_parameter"},
		{"GET", "/api/profiles/" + id + "?at=yesterday", "", 400, "bad_parameter"},
		{"GET", "/api/profiles/" + id + "?email=jo@example.com", "", 400, "bad_parameter"},
		{"GET", "/api/profiles/" + id + "?version=1&version=2", "", 400, "bad_parameter"},
		{"GET", "/api/profiles/" + id + "?%zz", "", 400, "bad_parameter"},
		{"GET", "/api/profiles/" + id + "?at_least=nonsense", "", 400, "bad_token"},
		{"GET", "/api/profiles/" + id + "?at_least=" + token + "&wait_ms=999999", "", 400, "bad_parameter"},
		{"GET", "/api/profiles/" + nobo.String() + "/history", "", 404, "profile_unknown"},
		{"GET", "/api/profiles/" + id + "/history?limit=0", "", 400, "bad_parameter"},
		{"GET", "/api/profiles/" + gone.String() + "/crosswalk", "", 410, "profile_gone"},
		{"POST", "/api/profiles/lookup", `{}`, 400, "bad_body"},
		{"POST", "/api/profiles/lookup", ``, 400, "bad_body"},
		{"POST", "/api/profiles/lookup", `{"email":"a@example.com","phone":"1"}`, 400, "bad_body"},
		{"POST", "/api/profiles/lookup", `{"email":"a@example.com","email":"b@example.com"}`, 400, "bad_body"},
		{"POST", "/api/profiles/lookup", `{"email":"a@example.com"} {}`, 400, "bad_body"},
		{"POST", "/api/profiles/lookup", `{"email":7}`, 400, "bad_body"},
		{"POST", "/api/profiles/lookup", `[1`, 400, "bad_body"},
		{"POST", "/api/profiles/lookup", `{"email":"a@example.com","include":["all"]}`, 400, "bad_body"},
		{"POST", "/api/profiles/lookup", `{"identifiers":[{"type":"email"}]}`, 400, "bad_body"},
		{"POST", "/api/profiles/lookup", `{"email":"a@example.com","wait_ms":30001}`, 400, "bad_body"},
		{"POST", "/api/profiles/lookup", `{"email":"a@example.com","at_least":"x"}`, 400, "bad_token"},
		{"POST", "/api/profiles/lookup", `{"email":"` + strings.Repeat("a", maxBody) + `"}`, 413, "body_too_large"},
		{"POST", "/api/profiles/lookup", strings.Repeat("[", 100_000), 400, "bad_body"},
		{"POST", "/api/decisions", `{"action":"split","a":[],"b":[]}`, 400, "bad_body"},
		{"POST", "/api/decisions", `{"action":"merge","a":[],"b":[]}`, 400, "bad_body"},
		{"POST", "/api/decisions", `{"action":"merge","a":[{}],"b":[{}]}`, 400, "bad_body"},
		{"POST", "/api/decisions", `{"action":"merge","a":[{"profile":"x"}],"b":[{}]}`, 400, "bad_profile_id"},
		{"POST", "/api/decisions", `{"action":"merge","a":[{"profile":"` + id + `","identifier":{"type":"a","value":"b"}}],"b":[{"profile":"` + id + `"}]}`, 400, "bad_body"},
		{"POST", "/api/explain", `{"a":{"profile":"` + id + `"},"b":{"customer":{"source":"s"}}}`, 400, "bad_body"},
		{"GET", "/api/quarantine?cursor=x", "", 400, "bad_parameter"},
		{"GET", "/api/quarantine?raw=yes", "", 400, "bad_parameter"},
		{"GET", "/api/quarantine?limit=501", "", 400, "bad_parameter"},
		{"POST", "/api/quarantine/replay", `{}`, 400, "bad_body"},
		{"POST", "/api/quarantine/expire", `{}`, 400, "bad_body"},
		{"POST", "/api/quarantine/replay", `{"all":true,"code":"x"}`, 400, "bad_body"},
		{"POST", "/api/quarantine/replay", `{"all":true,"places":[{"partition":1,"offset":2}]}`, 400, "bad_body"},
		{"POST", "/api/trace", `{"source":"crm"}`, 400, "bad_body"},
		{"POST", "/api/trace", `{"source":"crm","message_id":"m1","values":"all"}`, 400, "bad_body"},
		{"POST", "/api/trace", `{"source":"crm","message_id":"m404"}`, 404, "message_unknown"},
		{"POST", "/api/rebuild", `{"force":true}`, 400, "bad_body"},
		{"POST", "/api/plan/apply", `{"fingerprint":""}`, 400, "bad_body"},
		{"POST", "/api/plan/apply", `{"fingerprint":"zz"}`, 409, "plan_changed"},
		{"POST", "/api/sql", `{"query":""}`, 400, "bad_body"},
		{"POST", "/api/sql", `{"query":"select 1","max_rows":100001}`, 400, "bad_body"},
		{"POST", "/api/sql", `{"query":"drop table x"}`, 400, "sql_refused"},
		{"GET", "/api/destinations/nobody/dead-letters", "", 404, "destination_unknown"},
		{"POST", "/api/destinations/mailer/redeliver", `{}`, 400, "bad_body"},
		{"POST", "/api/destinations/mailer/redeliver", `{"all":true,"ids":["a"]}`, 400, "bad_body"},
		{"POST", "/api/keys", `{"name":"x","role":"root"}`, 400, "role_unknown"},
		{"POST", "/api/keys", `{"name":"","role":"read"}`, 400, "key_name"},
		{"DELETE", "/api/keys/zzz", "", 404, "key_unknown"},
		{"DELETE", "/api/keys/jo@example.com", "", 404, "key_unknown"},
		{"GET", "/api/nothing", "", 404, "route_unknown"},
		{"GET", "/", "", 404, "route_unknown"},
		{"POST", "/v1/track", "{}", 404, "route_unknown"},
		{"POST", "/healthz", "", 405, "method_not_allowed"},
		{"PUT", "/api/keys", "", 405, "method_not_allowed"},
		{"GET", "/api/sql", "", 405, "method_not_allowed"},
	} {
		log.Reset()
		rec := ask(s, RoleAdmin, c.method, c.target, c.body)
		if got := code(t, rec); rec.Code != c.status || got != c.code {
			t.Errorf("%s %s %.80s: %d %s, want %d %s", c.method, c.target, c.body, rec.Code, got, c.status, c.code)
		}
		if strings.Contains(rec.Body.String(), "@") || strings.Contains(log.String(), "@") {
			t.Errorf("%s %s: personal data in %s or in the log %s", c.method, c.target, rec.Body, log)
		}
	}
}

func TestAllowHeader(t *testing.T) {
	s, _, _ := serve(t)
	if rec := ask(s, RoleAdmin, "PUT", "/api/keys", ""); rec.Header().Get("Allow") != "GET, POST" {
		t.Errorf("Allow: %q", rec.Header().Get("Allow"))
	}
}

func TestUnknownRoutesSayWhatIsMissing(t *testing.T) {
	s, _, _ := serve(t)
	for target, want := range map[string]string{"/v1/track": "source of type tracking", "/hooks/billing": "source of type webhook", "/nothing": "openapi.json"} {
		if rec := ask(s, RoleAdmin, "POST", target, "{}"); !strings.Contains(rec.Body.String(), want) {
			t.Errorf("%s: %s", target, rec.Body)
		}
	}
}

// TestDriverFaultsStayInside has every backend fail with a text that holds personal
// data: the caller sees a code, and never the text.
func TestDriverFaultsStayInside(t *testing.T) {
	s, w, _ := serve(t)
	w.boom = errDriver
	for i := range operations {
		op := &operations[i]
		if op.role == "" || op.id == "getMetrics" {
			continue
		}
		rec := send(s, RoleAdmin, op)
		if rec.Code != 500 || code(t, rec) != "internal" || strings.Contains(rec.Body.String(), "jo@") {
			t.Errorf("%s: %d %s", op.id, rec.Code, rec.Body)
		}
	}
}

func TestFaultsOfTheWarehouseAreNotLoggedInFull(t *testing.T) {
	s, w, log := serve(t)
	for _, boom := range []error{errDriver, errs.Wrap("warehouse_failed", "querying the warehouse", errDriver)} {
		w.boom = boom
		rec := ask(s, RoleRead, "POST", "/api/sql", `{"query":"select 1"}`)
		if rec.Code < 500 || strings.Contains(rec.Body.String()+log.String(), "jo@") || !strings.Contains(log.String(), "a request failed") {
			t.Errorf("%d %s, logged: %s", rec.Code, rec.Body, log)
		}
	}
}

func TestOperationsWithoutABackend(t *testing.T) {
	w := &world{}
	s, err := NewServer(Config{}, Deps{Keys: keysOf{w}, Audit: auditOf{w}, Clock: clock.System{}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range operations {
		op := &operations[i]
		if rec := send(s, RoleAdmin, op); rec.Code >= 400 && (rec.Code != 501 || code(t, rec) != "not_configured") {
			t.Errorf("%s: %d %s", op.id, rec.Code, rec.Body)
		}
	}
}

func TestStatusesOfOtherRooms(t *testing.T) {
	w := &world{boom: errs.New("shop_closed", "the shop is closed")}
	deps := w.deps()
	deps.Statuses = map[errs.Code]int{"shop_closed": 418}
	s, err := NewServer(Config{}, deps)
	if err != nil {
		t.Fatal(err)
	}
	if rec := ask(s, RoleRead, "GET", "/api/ledger", ""); rec.Code != 418 || code(t, rec) != "shop_closed" {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func TestAtLeastWaitsAndGivesUp(t *testing.T) {
	token := record.Position{Log: "l", Offsets: []uint64{0, 7}}.Token()
	for _, how := range []string{"header", "query", "body"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, w, _ := serve(t)
				var reached atomic.Bool
				w.waits = func(ctx context.Context, at record.Position) error {
					if at.Log != "l" || at.Offsets[1] != 7 {
						t.Errorf("waited for %+v", at)
					}
					if reached.Load() {
						return nil
					}
					<-ctx.Done()
					return ctx.Err()
				}
				get := func() *httptest.ResponseRecorder {
					switch how {
					case "query":
						return ask(s, RoleRead, "GET", "/api/profiles/"+jo.String()+"?at_least="+token+"&wait_ms=300", "")
					case "body":
						return ask(s, RoleRead, "POST", "/api/profiles/lookup", `{"email":"jo@example.com","wait_ms":300,"at_least":"`+token+`"}`)
					}
					r := httptest.NewRequest(http.MethodGet, "http://localhost/api/profiles/"+jo.String()+"?wait_ms=300", nil)
					r.Header.Set("Authorization", "Bearer key-read")
					r.Header.Set(HeaderToken, token)
					rec := httptest.NewRecorder()
					s.Handler().ServeHTTP(rec, r)
					return rec
				}
				start := time.Now()
				if rec := get(); rec.Code != 503 || code(t, rec) != "not_yet" || rec.Header().Get("Retry-After") == "" {
					t.Errorf("%d %s", rec.Code, rec.Body)
				}
				if took := time.Since(start); took != 300*time.Millisecond {
					t.Errorf("waited %v", took)
				}
				reached.Store(true)
				if rec := get(); rec.Code != 200 {
					t.Errorf("%d %s", rec.Code, rec.Body)
				}
			})
		})
	}
}

func TestWrongKeysAreSlowedButValidOnesPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, _ := serve(t)
		from := func(addr, key string) int {
			r := httptest.NewRequest(http.MethodGet, "http://localhost/api/ledger", nil)
			r.RemoteAddr = addr
			r.Header.Set("Authorization", "Bearer "+key)
			rec := httptest.NewRecorder()
			s.Handler().ServeHTTP(rec, r)
			if rec.Code == 429 && rec.Header().Get("Retry-After") != "3" {
				t.Errorf("Retry-After: %q", rec.Header().Get("Retry-After"))
			}
			return rec.Code
		}
		for range failureBurst {
			if got := from("192.0.2.1:1", "wrong"); got != 401 {
				t.Fatalf("within the burst: %d", got)
			}
		}
		if got := from("192.0.2.1:2", "wrong"); got != 429 {
			t.Errorf("after the burst: %d", got)
		}
		if got := from("192.0.2.1:3", "key-read"); got != 200 {
			t.Errorf("a valid key from the same address: %d", got)
		}
		if got := from("192.0.2.2:1", "wrong"); got != 401 {
			t.Errorf("another address: %d", got)
		}
		time.Sleep(failureEvery)
		if got := from("192.0.2.1:4", "wrong"); got != 401 {
			t.Errorf("after a pause: %d", got)
		}
		for i := range failureBurst {
			from(fmt.Sprintf("[2001:db8::%x]:1", i+1), "wrong")
		}
		if got := from("[2001:db8::ffff]:1", "wrong"); got != 429 {
			t.Errorf("the same IPv6 network: %d", got)
		}
	})
}

// TestWrongKeysThroughAProxy: who sends wrong keys through a trusted proxy is slowed, not
// all who come through it; nobody else shifts the blame by a header.
func TestWrongKeysThroughAProxy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		s, err := NewServer(Config{Proxies: forwarded.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}}}, w.deps())
		if err != nil {
			t.Fatal(err)
		}
		once := func(peer, client string) int {
			r := httptest.NewRequest(http.MethodGet, "http://localhost/api/ledger", nil)
			r.RemoteAddr = peer
			r.Header.Set("X-Forwarded-For", client)
			r.Header.Set("Authorization", "Bearer wrong")
			rec := httptest.NewRecorder()
			s.Handler().ServeHTTP(rec, r)
			return rec.Code
		}
		burst := func(peer, client string) (status int) {
			for range failureBurst + 1 {
				status = once(peer, client)
			}
			return status
		}
		if got := burst("192.0.2.1:1", "198.51.100.1"); got != 429 {
			t.Errorf("after the burst of one client: %d", got)
		}
		if got := once("192.0.2.1:1", "198.51.100.2"); got != 401 {
			t.Errorf("another client of the same proxy: %d", got)
		}
		if got := burst("192.0.2.9:1", "198.51.100.3"); got != 429 {
			t.Errorf("after the burst of a stranger: %d", got)
		}
		if got := once("192.0.2.9:1", "198.51.100.4"); got != 429 {
			t.Errorf("a stranger who names another address: %d", got)
		}
	})
}

func TestThrottleRemembersABoundedNumber(t *testing.T) {
	th := newThrottle(clock.Fixed(epoch))
	for i := range 3 * failureMemory {
		r := &http.Request{RemoteAddr: fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255)}
		th.failed(remote(r))
	}
	if len(th.debts) > failureMemory {
		t.Errorf("%d addresses remembered", len(th.debts))
	}
}

func TestBearerForms(t *testing.T) {
	s, _, _ := serve(t)
	for header, want := range map[string]int{"Bearer key-read": 200, "bearer key-read": 200, "Bearer  key-read": 200, "Basic key-read": 401,
		"key-read": 401, "Bearer": 401, "Bearer ": 401, "Bearer " + strings.Repeat("k", 300): 401} {
		r := httptest.NewRequest(http.MethodGet, "http://localhost/api/ledger", nil)
		r.Header.Set("Authorization", header)
		rec := httptest.NewRecorder()
		s.Handler().ServeHTTP(rec, r)
		if rec.Code != want || want == 401 && rec.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%.20q: %d", header, rec.Code)
		}
	}
}

func TestReadinessGivesReasons(t *testing.T) {
	w := &world{}
	deps := w.deps()
	deps.Ready = func(context.Context) (bool, []string) { return false, []string{"the log is being opened"} }
	s, err := NewServer(Config{}, deps)
	if err != nil {
		t.Fatal(err)
	}
	if rec := ask(s, "", "GET", "/readyz", ""); rec.Code != 503 || !strings.Contains(rec.Body.String(), "being opened") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if rec := ask(s, "", "GET", "/healthz", ""); rec.Code != 200 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func TestAnswersAreNotCachedAndNamed(t *testing.T) {
	s, _, _ := serve(t)
	a, b := send(s, RoleRead, &operations[6]), send(s, RoleRead, &operations[6])
	if a.Header().Get("Cache-Control") != "no-store" || a.Header().Get(HeaderRequestID) == "" || a.Header().Get(HeaderRequestID) == b.Header().Get(HeaderRequestID) {
		t.Errorf("%v %v", a.Header(), b.Header())
	}
}

// What a caller put into a body by mistake is not said back, for errors end up in
// logs of others (I6).
func TestFaultsOfABodyDoNotQuoteIt(t *testing.T) {
	s, _, _ := serve(t)
	for _, body := range []string{`{"jo@example.com":1}`, `{"email":"jo@example.com"`, `{"email":"jo@example.com","email":"jo@example.com"}`, `{"by":{"jo@example.com":1}}`,
		`{"identifiers":[{"jo@example.com":1}]}`, `{"email":{"jo@example.com":1}}`, `{"include":["jo@example.com"],"email":"x"}`} {
		r := httptest.NewRequest(http.MethodPost, "http://localhost/api/profiles/lookup", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer key-read")
		out := httptest.NewRecorder()
		s.Handler().ServeHTTP(out, r)
		if out.Code != http.StatusBadRequest || strings.Contains(out.Body.String(), "jo@") {
			t.Errorf("%s is answered %d %s", body, out.Code, out.Body)
		}
	}
}

func BenchmarkGetProfile(b *testing.B) {
	s, w, _ := serve(b)
	h := s.Handler()
	r := httptest.NewRequest(http.MethodGet, "http://localhost/api/profiles/"+jo.String(), nil)
	r.Header.Set("Authorization", "Bearer key-read")
	out := &discard{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(out, r)
		w.audited, w.durable = w.audited[:0], w.durable[:0]
	}
	if out.status != 200 {
		b.Fatal(out.status)
	}
}

// discard is a ResponseWriter that keeps only the status.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

// BenchmarkGetProfileHTTP reads profiles over kept-alive connections, eight at a
// time, and reports how long the slowest hundredth takes.
func BenchmarkGetProfileHTTP(b *testing.B) {
	s, w, _ := serve(b)
	ts := httptest.NewServer(s.Handler())
	defer ts.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: 8}
	defer transport.CloseIdleConnections()
	took := make(chan []time.Duration, 8)
	each := max(b.N/8, 1)
	b.ResetTimer()
	for range 8 {
		go func() {
			var all []time.Duration
			for range each {
				r, _ := http.NewRequest(http.MethodGet, ts.URL+"/api/profiles/"+jo.String(), nil)
				r.Header.Set("Authorization", "Bearer key-read")
				start := time.Now()
				res, err := transport.RoundTrip(r)
				if err != nil || res.StatusCode != http.StatusOK {
					b.Error(err)
					break
				}
				_, _ = io.Copy(io.Discard, res.Body)
				res.Body.Close()
				all = append(all, time.Since(start))
			}
			took <- all
		}()
	}
	var all []time.Duration
	for range 8 {
		all = append(all, <-took...)
	}
	b.StopTimer()
	w.entries()
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "reads/s")
}
