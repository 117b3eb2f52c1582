package api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

var epoch = time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)

// The people of these tests: jo is a profile, old an id merged into it, gone one
// that was erased.
var (
	jo   = record.ProfileID{1}
	old  = record.ProfileID{2}
	gone = record.ProfileID{3}
	nobo = record.ProfileID{4}
)

// world is every backend of the server at once, in memory.
type world struct {
	mu      sync.Mutex
	audited []AuditEntry
	durable []bool
	auditErr,
	boom error
	panics   any
	waits    func(context.Context, record.Position) error
	asked    AsOf
	decided  *Decision
	replayed *ReplayRequest
	expired  *ExpireRequest
	created  Key
	revoked  string
	redone   []string
	queried  func() // called while a query runs
	pixel    *PixelRequest
}

func joProfile() *record.Profile {
	return &record.Profile{ID: jo, Version: 3, Kind: record.Updated, Cause: record.Cause{Received: epoch.UnixMicro(), Source: "crm", Stream: "crm.contacts"},
		Attrs: []record.GoldenAttr{
			{Attr: record.Attr{Name: "age", Value: record.IntValue(41)}, Source: "crm", Stream: "crm.contacts", Node: record.NodeKey{9}, Rule: "most_recent", Time: epoch.UnixMicro()},
			{Attr: record.Attr{Name: "email", Value: record.StringValue("jo@example.com")}, Source: "crm", Stream: "crm.contacts", Node: record.NodeKey{9}, Rule: "most_recent", Time: epoch.UnixMicro()},
		},
		Identifiers: []record.MemberIdentifier{{Identifier: record.Identifier{Type: "email", Value: "jo@example.com"}, Node: record.NodeKey{8}, First: epoch.UnixMicro()}},
		Aliases:     []record.ProfileID{old},
		Consents:    []record.ConsentState{{Purpose: "marketing", Channel: "email", Granted: true, Effective: epoch.UnixMicro(), Source: "crm", Proof: "form 7"}},
		Customers:   2, Changed: []string{"email"}}
}

func (w *world) Find(_ context.Context, ids []record.Identifier) (found []record.ProfileID, err error) {
	if w.panics != nil {
		panic(w.panics)
	}
	for _, id := range ids {
		if id.Value == "jo@example.com" && len(found) == 0 {
			found = append(found, jo)
		}
		if id.Value == "gone@example.com" {
			found = append(found, gone)
		}
	}
	return found, w.boom
}

func (w *world) Read(_ context.Context, id record.ProfileID, at AsOf) (*record.Profile, error) {
	w.mu.Lock()
	w.asked = at
	w.mu.Unlock()
	switch {
	case w.boom != nil:
		return nil, w.boom
	case at.Version > 3:
		return nil, errs.New("version_unknown", "the profile has no such version")
	case id == jo || id == old:
		return joProfile(), nil
	case id == gone:
		return nil, errs.New("profile_gone", "the profile was erased")
	}
	return nil, errs.New("profile_unknown", "there is no such profile")
}

func (w *world) History(_ context.Context, id record.ProfileID, before uint64, limit int) ([]*record.Profile, error) {
	if id != jo {
		return nil, errs.New("profile_unknown", "there is no such profile")
	}
	merged := &record.Profile{ID: jo, Version: 2, Kind: record.Merged, Into: old}
	erased := &record.Profile{ID: jo, Version: 1, Kind: record.Gone}
	all := []*record.Profile{joProfile(), merged, erased}
	var out []*record.Profile
	for _, p := range all {
		if (before == 0 || p.Version < before) && len(out) < limit {
			out = append(out, p)
		}
	}
	return out, w.boom
}

func (w *world) Crosswalk(context.Context, record.ProfileID) ([]*record.SourceCustomer, error) {
	email := func(v string) record.TimedAttr {
		return record.TimedAttr{Attr: record.Attr{Name: "email", Value: record.StringValue(v)}, Order: record.Order{Effective: epoch.UnixMicro()}}
	}
	return []*record.SourceCustomer{
		{Node: record.NodeKey{9}, Source: "crm", Stream: "crm.contacts", Key: "c7", Received: epoch.UnixMicro(),
			Identifiers: []record.Identifier{{Type: "email", Value: "jo@example.com"}}, Attrs: []record.TimedAttr{email("jo@example.com")}},
		{Node: record.NodeKey{10}, Source: "shop", Stream: "shop.buyers", Key: "b1", Attrs: []record.TimedAttr{email("jo.b@example.com"), {Attr: record.Attr{Name: "tags", Value: record.JSONValue(`["a"]`)}}, {Attr: record.Attr{Name: "zip"}}}},
	}, w.boom
}

func (w *world) Wait(ctx context.Context, at record.Position) error {
	if w.waits != nil {
		return w.waits(ctx, at)
	}
	return nil
}

func (w *world) Decide(_ context.Context, d *Decision) (*Decided, error) {
	w.decided = d
	return &Decided{ID: "d1", Token: "tok"}, w.boom
}

func (w *world) Review(_ context.Context, cursor string, limit int) ([]ReviewItem, string, error) {
	weight := 3.5
	item := ReviewItem{ID: "r1", Kind: "scored", A: Ref{Profile: jo.String()}, B: Ref{Identifier: &Identifier{"email", "j@example.com"}}, Reason: "between", Weight: &weight, Since: epoch}
	if cursor == "" {
		return []ReviewItem{item}, "2", w.boom
	}
	return nil, "", w.boom
}

func (w *world) Explain(_ context.Context, a, b Ref) (*Explanation, error) {
	weight := 7.25
	return &Explanation{Same: true, ProfileA: jo.String(), ProfileB: jo.String(), Summary: "one shared e-mail", Steps: []ExplainStep{
		{Kind: "exact", A: a, B: b, Taken: true, Rule: "email"},
		{Kind: "scored", A: b, B: Ref{Customer: &CustomerRef{"crm", "crm.contacts", "c7"}}, Rule: "accept", Weight: &weight, Fields: []Agreement{{"name", "exact", 4}}},
	}}, w.boom
}

func (w *world) Reasons(_ context.Context, _ Chosen, samples int) ([]QuarantineReason, error) {
	return []QuarantineReason{{Code: "contract_type", Source: "crm", Stream: "crm.contacts", Field: "age", Count: 4, First: epoch, Last: epoch, Mend: "make age a number",
		Samples: w.listQuarantine(QuarantineFilter{Limit: samples})}}, w.boom
}

func (w *world) listQuarantine(f QuarantineFilter) []Quarantined {
	var out []Quarantined
	for i := range 3 {
		q := Quarantined{Place: Place{1, uint64(i)}, Reason: record.Reason{Code: "contract_type", Field: "age", Detail: "age is no number"},
			Record: record.Record{ID: "m1", Source: "crm", Stream: "crm.contacts", Received: epoch.UnixMicro(), Props: []byte(`{"name":"Jo Öz","age":"41x"}`)}}
		if (f.After == nil || q.Offset > f.After.Offset) && len(out) < f.Limit {
			out = append(out, q)
		}
	}
	return out
}

func (w *world) Replay(_ context.Context, r *ReplayRequest) (*Replayed, error) {
	w.replayed = r
	return &Replayed{Records: 4, Token: "tok"}, w.boom
}

func (w *world) Expire(_ context.Context, r *ExpireRequest) (*Replayed, error) {
	w.expired = r
	return &Replayed{Records: 3, Token: "tok"}, w.boom
}

func (w *world) Try(context.Context, *TryRequest) (*Tried, error) {
	return &Tried{Fingerprint: "bb", Records: 1, Pass: 1, Groups: []Trial{{TriedGroup: TriedGroup{Code: "contract_type", Stream: "crm.contacts", Field: "age", Outcome: "passes"},
		Count: 1, Samples: []TriedSample{{Place: Place{1, 2}, Before: `{"name":"Jo"}`, After: `{"name":"Jo"}`}}}}}, w.boom
}

func (w *world) Ledger(context.Context) (*Ledger, error) {
	return &Ledger{Balanced: true, Accepted: 10, Lines: []LedgerLine{{Source: "crm", Stream: "crm.contacts", Applied: 9, Quarantined: 1}}}, w.boom
}

func (w *world) Trace(_ context.Context, source, id string, values bool) (*Trace, error) {
	if id == "m404" {
		return nil, errs.New("message_unknown", "no kept record has this message id")
	}
	trace := &Trace{Source: source, MessageID: id, Hops: []Hop{{Hop: "accepted", Time: epoch, Place: &Place{1, 5}, Outcome: "ok"},
		{Hop: "golden", Outcome: "updated", Profile: jo.String(), Version: 3}}}
	if values {
		trace.Values = &TracedValues{Content: `{"name":" jo ","age":41}`, Attributes: []TracedAttribute{
			{Attribute: "name", Value: `"Jo"`, Fields: []TracedField{{"name", `" jo "`}}}, {Attribute: "country", Value: `"GB"`, Filled: true, Fields: []TracedField{}},
			{Fields: []TracedField{{"age", "41"}}}}}
	}
	return trace, w.boom
}

func (w *world) Status(context.Context) (*Status, error) {
	return &Status{Name: "shop", Version: "1.0.0", Started: epoch, Rules: 2, Accepted: 10, Done: 9, Lag: 1, PerSecond: 1234.5,
		Partitions: []Partition{{1, 0, 10, 9}}, Generations: []Generation{{1, 2, "current", 1}},
		Sources: []Source{{Name: "crm", Type: "file", State: SourceReading, Records: 3, Files: 1, Bytes: 10, TotalBytes: 20}, {Name: "web", Type: "tracking", State: SourceListening}}, Warehouse: &WarehouseStatus{Rows: 5, LastLoad: epoch},
		Destinations: w.destinations()}, w.boom
}

func (w *world) Rebuild(context.Context) (*Rebuilt, error) { return &Rebuilt{Generation: 2}, w.boom }

func (w *world) Plan(context.Context) (*Plan, error) {
	return &Plan{Running: "aa", Fingerprint: "bb", Generation: true, Changes: []PlanChange{{"identity.identifiers", "changed", "a new generation is built"}}, Notes: []string{"the engine changes"}}, w.boom
}

func (w *world) Apply(_ context.Context, fingerprint, _ string) (*Applied, error) {
	if fingerprint != "bb" {
		return nil, errs.New("plan_changed", "the file changed since the plan was read")
	}
	return &Applied{Fingerprint: "bb", Rules: 3, Generation: true, Token: "tok"}, w.boom
}

type sqlAnswer struct{}

func (sqlAnswer) AppendJSON(b []byte) []byte {
	return append(b, `{"columns":["n","email"],"types":["BIGINT","VARCHAR"],"rows":[[1,"jo@example.com"],[2,null]],"truncated":false,"elapsed_ms":1.5}`...)
}

func (w *world) Query(_ context.Context, sql string, rows int) (Answer, error) {
	if w.queried != nil {
		w.queried()
	}
	if strings.Contains(sql, "drop") {
		return nil, errs.New("sql_refused", "only reading statements are answered")
	}
	return sqlAnswer{}, w.boom
}

func (w *world) destinations() []Destination {
	return []Destination{{Name: "mailer", Type: "webhook", State: "running", Delivered: 3, DeadLetters: 1, LastSuccess: epoch, Secret: "made"}}
}

func (w *world) Secret(_ context.Context, name string) (string, error) {
	if name == "own" {
		return "", errs.New("secret_configured", "the project's file names the secret")
	}
	return "whsec_made", w.boom
}

func (w *world) DeadLetters(_ context.Context, name, cursor string, limit int) ([]DeadLetter, string, error) {
	if name != "mailer" {
		return nil, "", errs.New("destination_unknown", "there is no such destination")
	}
	return []DeadLetter{{ID: "x1", Kind: "profile.updated", Profile: jo.String(), Time: epoch, Attempts: 12, Code: "webhook_status", Status: 500}}, "n", w.boom
}

func (w *world) Redeliver(_ context.Context, name string, ids []string) (*Redelivered, error) {
	w.redone = ids
	return &Redelivered{Queued: max(1, len(ids))}, w.boom
}

// quarantine and destinations have methods of one name: each gets its own type.
type (
	quarantineOf  struct{ *world }
	destinationOf struct{ *world }
	keysOf        struct{ *world }
	auditOf       struct{ *world }
)

func (q quarantineOf) List(_ context.Context, f QuarantineFilter) ([]Quarantined, bool, error) {
	list := q.listQuarantine(f)
	return list, len(list) == f.Limit, q.boom
}
func (d destinationOf) List(context.Context) ([]Destination, error) { return d.destinations(), d.boom }

func (k keysOf) Authenticate(_ context.Context, presented string) (Principal, error) {
	for _, role := range []Role{RoleIngest, RoleRead, RoleOperate, RoleAdmin} {
		if presented == "key-"+string(role) {
			return Principal{ID: "id-" + string(role), Role: role}, nil
		}
	}
	return Principal{}, errs.New(CodeUnauthenticated, "the API key is unknown")
}

func (k keysOf) Create(_ context.Context, name string, role Role, expires time.Time) (Key, string, error) {
	if name == "" {
		return Key{}, "", errs.New("key_name", "a key needs a name")
	}
	k.created = Key{ID: "abc", Name: name, Role: role, Created: epoch, Expires: expires}
	return k.created, "kith_read_secret", k.boom
}

func (k keysOf) List(context.Context) ([]Key, error) {
	return []Key{{ID: "abc", Name: "app", Role: RoleRead, Created: epoch, Revoked: epoch}}, k.boom
}

func (k keysOf) Revoke(_ context.Context, id string) (Key, error) {
	if id != "abc" {
		return Key{}, errs.New("key_unknown", "there is no key with this id")
	}
	k.revoked = id
	return Key{ID: "abc", Name: "app", Role: RoleRead, Created: epoch, Revoked: epoch}, k.boom
}

func (a auditOf) Record(_ context.Context, e AuditEntry, durable bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.auditErr != nil {
		return a.auditErr
	}
	a.audited, a.durable = append(a.audited, e), append(a.durable, durable)
	return nil
}

func (auditOf) Hash(parts ...string) string { return "hash" }
func (auditOf) Query(string) string         { return "select hash" }
func (a auditOf) Verify(context.Context) (*AuditReport, error) {
	return &AuditReport{Sound: false, Segments: 1, Entries: 5, Head: "aa", Faults: []AuditFault{{"audit-00000001.ndjson", 3, "altered", "entry 3"}}}, a.boom
}

// entries gives and forgets what was audited.
func (w *world) entries() ([]AuditEntry, []bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e, d := w.audited, w.durable
	w.audited, w.durable = nil, nil
	return e, d
}

func (w *world) deps() Deps {
	return Deps{Profiles: w, Stewards: w, Quarantine: quarantineOf{w}, Road: w, Plans: w, Warehouse: w, Destinations: destinationOf{w}, Contracts: contractsOf{w},
		Pixels: w, Keys: keysOf{w}, Audit: auditOf{w}, Clock: clock.System{}}
}

// serve is a server on its backends, reached without a network.
func serve(t testing.TB) (*Server, *world, *bytes.Buffer) {
	t.Helper()
	w, log := &world{}, &bytes.Buffer{}
	deps := w.deps()
	deps.Log = slog.New(slog.NewTextHandler(log, nil))
	s, err := NewServer(Config{}, deps)
	if err != nil {
		t.Fatal(err)
	}
	return s, w, log
}

// ask sends one request with the key of a role, "" for none.
func ask(s *Server, role Role, method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost"+target, strings.NewReader(body))
	if role != "" {
		r.Header.Set("Authorization", "Bearer key-"+string(role))
	}
	rec := httptest.NewRecorder()
	s.Handler().ServeHTTP(rec, r)
	return rec
}

// code is the code of a fault, and fails where the answer is none.
func code(t testing.TB, rec *httptest.ResponseRecorder) string {
	t.Helper()
	var f Fault
	if err := unmarshal(rec.Body.Bytes(), &f); err != nil || f.Code == "" || f.Message == "" {
		t.Fatalf("%d %q is no fault: %v", rec.Code, rec.Body, err)
	}
	return f.Code
}

var errDriver = errors.New("driver: cannot read row of jo@example.com")

func (w *world) Seal(_ context.Context, r *PixelRequest) (string, error) {
	w.pixel = r
	if r.Source != "web" {
		return "", errs.New("pixel_source_unknown", "there is no tracking source of this name")
	}
	return "/v1/pixel/token.gif", w.boom
}

// contractsOf knows one stream, whose contract a record would widen.
type contractsOf struct{ *world }

func (w contractsOf) List(context.Context) ([]Contract, error) {
	return []Contract{{Stream: "crm.contacts", OnDrift: "evolve", Rules: 2, Fields: 1, Proposed: true}}, w.boom
}

func (w contractsOf) Diff(_ context.Context, stream, event, from, to string) (*ContractDiff, error) {
	return &ContractDiff{Stream: stream, Event: event, From: from, To: to, ContractComparison: ContractComparison{Differences: []ContractDifference{}, Offences: []ContractOffence{}, Backward: true}}, w.boom
}

func (w contractsOf) Check(_ context.Context, _ string, c *ContractCandidate) (*ContractCheck, error) {
	return &ContractCheck{Against: "2", Compatibility: c.Compatibility, Compatible: string(c.Schema) == `{"type":"object"}` && c.Type == "json",
		ContractComparison: ContractComparison{Differences: []ContractDifference{}, Offences: []ContractOffence{{Path: "age", In: "forward", Why: "w"}}}}, w.boom
}

func (w contractsOf) History(_ context.Context, stream, event string) (*ContractHistory, error) {
	if stream != "crm.contacts" {
		return nil, errs.New("stream_unknown", "the rules have no stream of this name")
	}
	return &ContractHistory{Stream: stream, Event: event, Versions: []ContractVersion{
		{Proposed: true, Schema: []byte(`{"type":"object"}`), ContractComparison: ContractComparison{Differences: []ContractDifference{{Path: "age", Change: "added", Is: "integer"}}, Offences: []ContractOffence{}, Backward: true, Forward: true}},
		{Rules: 2, Applied: epoch, By: "start", Schema: []byte(`{"type":"object"}`), ContractComparison: ContractComparison{Differences: []ContractDifference{}, Offences: []ContractOffence{}, Backward: true, Forward: true}},
	}}, w.boom
}

func (w contractsOf) Drift(context.Context, string) ([]Drift, error) {
	return []Drift{{Path: "age", Code: "contract_type", Count: 3, First: epoch, Place: Place{1, 7}, Example: "99 xxxxx"}}, w.boom
}
