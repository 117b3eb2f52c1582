package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/api/client"
)

func unmarshal(b []byte, v any) error { return json.Unmarshal(b, v) }

func loadSpec(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestSpec compares the document with the table of operations, both ways: routes,
// names, roles and query parameters.
func TestSpec(t *testing.T) {
	doc := loadSpec(t)
	left := map[string]*operation{}
	for i := range operations {
		left[operations[i].pattern] = &operations[i]
	}
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			op := left[method+" "+path]
			if op == nil {
				t.Errorf("%s %s is documented, but nothing answers it", method, path)
				continue
			}
			delete(left, op.pattern)
			if o.OperationID != op.id {
				t.Errorf("%s is %s in the document and %s in the table", op.pattern, o.OperationID, op.id)
			}
			role, _ := o.Extensions["x-kith-role"].(string)
			if Role(role) != op.role || (role == "") != (o.Security != nil && len(*o.Security) == 0) {
				t.Errorf("%s needs %q in the document and %q in the table", op.id, role, op.role)
			}
			var query []string
			for _, p := range o.Parameters {
				if p.Value.In == "query" {
					query = append(query, p.Value.Name)
				}
			}
			slices.Sort(query)
			have := slices.Sorted(slices.Values(op.query))
			if !slices.Equal(query, have) {
				t.Errorf("%s has query parameters %v in the document and %v in the table", op.id, query, have)
			}
		}
	}
	for pattern := range left {
		t.Errorf("%s is answered, but not documented", pattern)
	}
}

func TestClientIsGeneratedFromTheSpec(t *testing.T) {
	out := filepath.Join(t.TempDir(), "client.gen.go")
	settings, err := os.ReadFile(filepath.Join("client", "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	const output = "output: client.gen.go"
	if !bytes.Contains(settings, []byte(output)) {
		t.Fatal("config.yaml names another output")
	}
	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, bytes.Replace(settings, []byte(output), []byte("output: "+out), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "tool", "oapi-codegen", "-config", config, "openapi.yaml")
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, msg)
	}
	want, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile(filepath.Join("client", "client.gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, have) {
		t.Error("client.gen.go is not what openapi.yaml gives: run go generate ./internal/api/client")
	}
}

// validator is a transport that holds every answer against the document.
type validator struct {
	t    *testing.T
	doc  *openapi3.T
	next http.RoundTripper
	mu   sync.Mutex
	seen map[string]bool // operation ids
}

func (v *validator) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := v.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	path, item := v.match(r.URL.Path)
	if item == nil {
		v.t.Errorf("%s is not documented", r.URL.Path)
		return res, nil
	}
	o := item.Operations()[r.Method]
	v.mu.Lock()
	v.seen[o.OperationID] = true
	v.mu.Unlock()
	documented := o.Responses.Status(res.StatusCode)
	if documented == nil {
		if res.StatusCode < 400 {
			v.t.Errorf("%s %s answered %d, which is not documented", r.Method, path, res.StatusCode)
			return res, nil
		}
		documented = o.Responses.Default()
	}
	kind, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	media := documented.Value.Content.Get(kind)
	if media == nil {
		v.t.Errorf("%s %s answered %d as %q, which is not documented", r.Method, path, res.StatusCode, kind)
		return res, nil
	}
	if kind != "application/json" {
		return res, nil
	}
	var value any
	if err := unmarshal(body, &value); err != nil {
		v.t.Errorf("%s %s: %v in %s", r.Method, path, err, body)
		return res, nil
	}
	if err := media.Schema.Value.VisitJSON(value, openapi3.MultiErrors()); err != nil {
		v.t.Errorf("%s %s answered %d %s\n%v", r.Method, path, res.StatusCode, body, err)
	}
	return res, nil
}

// match finds the documented path of a request's.
func (v *validator) match(path string) (string, *openapi3.PathItem) {
	if item := v.doc.Paths.Value(path); item != nil {
		return path, item
	}
	parts := strings.Split(path, "/")
	for name, item := range v.doc.Paths.Map() {
		names := strings.Split(name, "/")
		same := len(names) == len(parts)
		for i := range min(len(names), len(parts)) {
			same = same && (names[i] == parts[i] || strings.HasPrefix(names[i], "{"))
		}
		if same {
			return name, item
		}
	}
	return "", nil
}

// drive starts a server on a port and gives a generated client for it.
func drive(t *testing.T, role Role) (*client.ClientWithResponses, *validator, *world) {
	t.Helper()
	s, w, _ := serve(t)
	ts := httptest.NewServer(s.Handler())
	t.Cleanup(ts.Close)
	v := &validator{t: t, doc: loadSpec(t), next: ts.Client().Transport, seen: map[string]bool{}}
	c, err := client.NewClientWithResponses(ts.URL, client.WithHTTPClient(&http.Client{Transport: v}),
		client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer key-"+string(role))
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	return c, v, w
}

func ptr[T any](v T) *T { return &v }

// TestEveryOperationThroughTheGeneratedClient calls each operation once as it should
// be called, and holds the answers against the document.
func TestEveryOperationThroughTheGeneratedClient(t *testing.T) {
	ctx := context.Background()
	c, v, w := drive(t, RoleAdmin)
	email := client.Ref{Identifier: &client.Identifier{Type: "email", Value: "jo@example.com"}}
	customer := client.Ref{Customer: &client.CustomerRef{Source: "crm", Stream: "crm.contacts", Key: "c7"}}
	profile := client.Ref{Profile: ptr(jo.String())}
	steps := []struct {
		name string
		call func() (int, bool, error) // status, and whether what the client decoded is right
		want int
	}{
		{"openapi.json", func() (int, bool, error) {
			r, err := c.GetOpenAPIWithResponse(ctx)
			return r.StatusCode(), (*r.JSON200)["openapi"] == "3.0.3", err
		}, 200},
		{"openapi.yaml", func() (int, bool, error) {
			r, err := c.GetOpenAPIYAMLWithResponse(ctx)
			return r.StatusCode(), bytes.Equal(r.Body, document), err
		}, 200},
		{"health", func() (int, bool, error) {
			r, err := c.GetHealthWithResponse(ctx)
			return r.StatusCode(), r.JSON200.Status == "ok", err
		}, 200},
		{"readiness", func() (int, bool, error) {
			r, err := c.GetReadinessWithResponse(ctx)
			return r.StatusCode(), r.JSON200.Status == "ready", err
		}, 200},
		{"look-up", func() (int, bool, error) {
			r, err := c.LookupProfilesWithResponse(ctx, nil, client.Lookup{Identifiers: &[]client.Identifier{*email.Identifier}, By: &map[string]string{"phone": "+441"},
				Include: &[]client.LookupInclude{"history", "crosswalk"}})
			p := r.JSON200.Profiles
			return r.StatusCode(), len(p) == 1 && p[0].ID == jo.String() && len(*p[0].History) == 3 && len(*p[0].Crosswalk) == 2, err
		}, 200},
		{"profile", func() (int, bool, error) {
			r, err := c.GetProfileWithResponse(ctx, jo.String(), &client.GetProfileParams{Version: ptr(int64(2))})
			return r.StatusCode(), (*r.JSON200.Attributes)["email"] == "jo@example.com" && r.JSON200.ResolvedFrom == nil && w.asked.Version == 2, err
		}, 200},
		{"alias", func() (int, bool, error) {
			r, err := c.GetProfileWithResponse(ctx, old.String(), &client.GetProfileParams{At: &epoch})
			return r.StatusCode(), r.JSON200.ID == jo.String() && *r.JSON200.ResolvedFrom == old.String() && w.asked.Time == epoch.UnixMicro(), err
		}, 200},
		{"gone", func() (int, bool, error) {
			r, err := c.GetProfileWithResponse(ctx, gone.String(), nil)
			return r.StatusCode(), r.JSONDefault.Code == "profile_gone", err
		}, 410},
		{"history", func() (int, bool, error) {
			r, err := c.GetProfileHistoryWithResponse(ctx, jo.String(), &client.GetProfileHistoryParams{Before: ptr(int64(3)), Limit: ptr(1)})
			return r.StatusCode(), len(r.JSON200.Versions) == 1 && *r.JSON200.Versions[0].Into == old.String(), err
		}, 200},
		{"crosswalk", func() (int, bool, error) {
			r, err := c.GetProfileCrosswalkWithResponse(ctx, jo.String(), nil)
			rows := r.JSON200.Records
			return r.StatusCode(), len(rows) == 2 && rows[0].Attributes["email"].Survives && !rows[1].Attributes["email"].Survives, err
		}, 200},
		{"decide", func() (int, bool, error) {
			r, err := c.DecideWithResponse(ctx, client.Decision{Action: "unmerge", A: []client.Ref{profile, email}, B: []client.Ref{customer}})
			return r.StatusCode(), r.JSON202.Token == "tok" && r.HTTPResponse.Header.Get(HeaderToken) == "tok" && w.decided.By == "id-admin" && len(w.decided.A) == 2, err
		}, 202},
		{"review", func() (int, bool, error) {
			r, err := c.ListReviewWithResponse(ctx, nil)
			return r.StatusCode(), *r.JSON200.Next == "2" && *r.JSON200.Items[0].Weight == 3.5, err
		}, 200},
		{"review's last page", func() (int, bool, error) {
			r, err := c.ListReviewWithResponse(ctx, &client.ListReviewParams{Cursor: ptr("2")})
			return r.StatusCode(), r.JSON200.Next == nil && len(r.JSON200.Items) == 0, err
		}, 200},
		{"explain", func() (int, bool, error) {
			r, err := c.ExplainWithResponse(ctx, client.ExplainRequest{A: email, B: customer})
			return r.StatusCode(), r.JSON200.Same && len(r.JSON200.Steps) == 2, err
		}, 200},
		{"quarantine", func() (int, bool, error) {
			r, err := c.ListQuarantineWithResponse(ctx, &client.ListQuarantineParams{Limit: ptr(2), Code: ptr("contract_type")})
			return r.StatusCode(), *r.JSON200.Next == "1.1" && r.JSON200.Items[0].Content == `{"name":"xx xx","age":"99x"}`, err
		}, 200},
		{"quarantine, raw, the rest", func() (int, bool, error) {
			r, err := c.ListQuarantineWithResponse(ctx, &client.ListQuarantineParams{Cursor: ptr("1.1"), Raw: ptr(true)})
			return r.StatusCode(), r.JSON200.Next == nil && len(r.JSON200.Items) == 1 && strings.Contains(r.JSON200.Items[0].Content, "Jo Öz"), err
		}, 200},
		{"reasons", func() (int, bool, error) {
			r, err := c.ListQuarantineReasonsWithResponse(ctx, &client.ListQuarantineReasonsParams{Samples: ptr(2)})
			return r.StatusCode(), r.JSON200.Items[0].Count == 4, err
		}, 200},
		{"replay", func() (int, bool, error) {
			r, err := c.ReplayQuarantineWithResponse(ctx, client.ReplayRequest{Places: &[]client.Place{{Partition: 1, Offset: 2}}})
			return r.StatusCode(), r.JSON202.Records == 4 && w.replayed.Places[0] == Place{1, 2}, err
		}, 202},
		{"try", func() (int, bool, error) {
			r, err := c.TryQuarantineWithResponse(ctx, client.TryRequest{})
			return r.StatusCode(), r.JSON200.Pass == 1 && r.JSON200.Groups[0].Samples[0].Before == `{"name":"xx"}`, err
		}, 200},
		{"expire", func() (int, bool, error) {
			r, err := c.ExpireQuarantineWithResponse(ctx, client.ExpireRequest{Before: epoch, Stream: ptr("crm.contacts")})
			return r.StatusCode(), r.JSON202.Records == 3 && w.expired.Before.Equal(epoch) && w.expired.Stream == "crm.contacts", err
		}, 202},
		{"contracts", func() (int, bool, error) {
			r, err := c.ListContractsWithResponse(ctx)
			return r.StatusCode(), len(r.JSON200.Items) == 1 && r.JSON200.Items[0].Rules == 2, err
		}, 200},
		{"a contract", func() (int, bool, error) {
			r, err := c.GetContractWithResponse(ctx, "crm.contacts", &client.GetContractParams{Event: ptr("Signed Up")})
			v := r.JSON200.Versions
			return r.StatusCode(), len(v) == 2 && v[0].Proposed && v[0].Rules == nil && *v[1].Rules == 2 && v[1].Applied.Equal(epoch) && *v[1].By == "start" && *r.JSON200.Event == "Signed Up" && v[0].Differences[0].Path == "age", err
		}, 200},
		{"a diff", func() (int, bool, error) {
			r, err := c.DiffContractWithResponse(ctx, "crm.contacts", &client.DiffContractParams{From: ptr("1"), To: ptr("proposed")})
			return r.StatusCode(), r.JSON200.From == "1" && r.JSON200.To == "proposed" && r.JSON200.Backward && !r.JSON200.Forward, err
		}, 200},
		{"a check", func() (int, bool, error) {
			full := client.Full
			r, err := c.CheckContractWithResponse(ctx, "crm.contacts", client.ContractCandidate{Schema: map[string]any{"type": "object"}, Compatibility: &full})
			return r.StatusCode(), r.JSON200.Compatible && r.JSON200.Compatibility == "full" && r.JSON200.Offences[0].Path == "age", err
		}, 200},
		{"drift", func() (int, bool, error) {
			r, err := c.ListDriftWithResponse(ctx, "crm.contacts")
			d := r.JSON200.Items
			return r.StatusCode(), len(d) == 1 && d[0].Count == 3 && d[0].Place.Offset == 7 && *d[0].Example == "99 xxxxx", err
		}, 200},
		{"the contract of no stream", func() (int, bool, error) {
			r, err := c.GetContractWithResponse(ctx, "crm.nothing", nil)
			return r.StatusCode(), r.JSONDefault.Code == "stream_unknown", err
		}, 404},
		{"ledger", func() (int, bool, error) {
			r, err := c.GetLedgerWithResponse(ctx)
			return r.StatusCode(), r.JSON200.Balanced && r.JSON200.Lines[0].Applied == 9, err
		}, 200},
		{"trace", func() (int, bool, error) {
			r, err := c.TraceWithResponse(ctx, client.TraceRequest{Source: "crm", MessageID: "m1"})
			return r.StatusCode(), len(r.JSON200.Hops) == 2 && r.JSON200.Values == nil, err
		}, 200},
		{"trace, its values", func() (int, bool, error) {
			masked := client.TraceMasked
			r, err := c.TraceWithResponse(ctx, client.TraceRequest{Source: "crm", MessageID: "m1", Values: &masked})
			return r.StatusCode(), r.JSON200.Values.Masked && *r.JSON200.Values.Attributes[0].Value == `"xx"` && *r.JSON200.Values.Attributes[1].Filled, err
		}, 200},
		{"status", func() (int, bool, error) {
			r, err := c.GetStatusWithResponse(ctx)
			return r.StatusCode(), r.JSON200.RecordsPerSecond == 1234.5, err
		}, 200},
		{"rebuild", func() (int, bool, error) {
			r, err := c.RebuildWithResponse(ctx, client.Empty{})
			return r.StatusCode(), r.JSON202.Generation == 2, err
		}, 202},
		{"plan", func() (int, bool, error) {
			r, err := c.GetPlanWithResponse(ctx)
			return r.StatusCode(), len(r.JSON200.Changes) == 1, err
		}, 200},
		{"apply", func() (int, bool, error) {
			r, err := c.ApplyPlanWithResponse(ctx, client.ApplyRequest{Fingerprint: "bb"})
			return r.StatusCode(), r.JSON200.Rules == 3, err
		}, 200},
		{"apply another plan", func() (int, bool, error) {
			r, err := c.ApplyPlanWithResponse(ctx, client.ApplyRequest{Fingerprint: "cc"})
			return r.StatusCode(), r.JSONDefault.Code == "plan_changed", err
		}, 409},
		{"sql", func() (int, bool, error) {
			r, err := c.QuerySQLWithResponse(ctx, client.SQLRequest{Query: "select 1", MaxRows: ptr(10)})
			return r.StatusCode(), len(r.JSON200.Rows) == 2 && r.JSON200.Rows[0][1] == "jo@example.com", err
		}, 200},
		{"sql that writes", func() (int, bool, error) {
			r, err := c.QuerySQLWithResponse(ctx, client.SQLRequest{Query: "drop table x"})
			return r.StatusCode(), r.JSONDefault.Code == "sql_refused", err
		}, 400},
		{"destinations", func() (int, bool, error) {
			r, err := c.ListDestinationsWithResponse(ctx)
			return r.StatusCode(), r.JSON200.Items[0].Name == "mailer", err
		}, 200},
		{"secret", func() (int, bool, error) {
			r, err := c.GetDestinationSecretWithResponse(ctx, "mailer")
			return r.StatusCode(), r.JSON200.Secret == "whsec_made", err
		}, 200},
		{"secret of the file", func() (int, bool, error) {
			r, err := c.GetDestinationSecretWithResponse(ctx, "own")
			return r.StatusCode(), r.JSONDefault.Code == "secret_configured", err
		}, 409},
		{"dead letters", func() (int, bool, error) {
			r, err := c.ListDeadLettersWithResponse(ctx, "mailer", nil)
			return r.StatusCode(), r.JSON200.Items[0].Attempts == 12 && *r.JSON200.Next == "n", err
		}, 200},
		{"redeliver", func() (int, bool, error) {
			r, err := c.RedeliverWithResponse(ctx, "mailer", client.RedeliverRequest{Ids: &[]string{"x1", "x2"}})
			return r.StatusCode(), r.JSON202.Queued == 2 && len(w.redone) == 2, err
		}, 202},
		{"pixel", func() (int, bool, error) {
			r, err := c.MakePixelWithResponse(ctx, client.PixelRequest{Source: "web", Event: "Email Opened", UserID: ptr("u-1"), Properties: &map[string]any{"n": 1}})
			return r.StatusCode(), r.JSON200.Path == "/v1/pixel/token.gif" && w.pixel.UserID == "u-1" && string(w.pixel.Properties) == `{"n":1}`, err
		}, 200},
		{"pixel of no source", func() (int, bool, error) {
			r, err := c.MakePixelWithResponse(ctx, client.PixelRequest{Source: "crm", Event: "x"})
			return r.StatusCode(), r.JSONDefault.Code == "pixel_source_unknown", err
		}, 404},
		{"keys", func() (int, bool, error) {
			r, err := c.ListKeysWithResponse(ctx)
			return r.StatusCode(), r.JSON200.Items[0].Expires == nil && r.JSON200.Items[0].Revoked.Equal(epoch), err
		}, 200},
		{"create key", func() (int, bool, error) {
			r, err := c.CreateKeyWithResponse(ctx, client.KeyRequest{Name: "app", Role: "read", Expires: &epoch})
			return r.StatusCode(), r.JSON201.Secret == "kith_read_secret" && r.JSON201.Key.Expires.Equal(epoch), err
		}, 201},
		{"revoke key", func() (int, bool, error) {
			r, err := c.RevokeKeyWithResponse(ctx, "abc")
			return r.StatusCode(), r.JSON200.ID == "abc", err
		}, 200},
		{"verify", func() (int, bool, error) {
			r, err := c.VerifyAuditWithResponse(ctx)
			return r.StatusCode(), !r.JSON200.Sound && r.JSON200.Faults[0].Code == "altered", err
		}, 200},
		{"metrics", func() (int, bool, error) {
			r, err := c.GetMetricsWithResponse(ctx)
			return r.StatusCode(), bytes.Contains(r.Body, []byte(`kith_api_requests_total{operation="getProfile",status="2xx"} 2`)), err
		}, 200},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			status, right, err := step.call()
			if err != nil || status != step.want || !right {
				t.Errorf("status %d, decoded as it should be: %v, error %v", status, right, err)
			}
		})
	}
	for i := range operations {
		if !v.seen[operations[i].id] {
			t.Errorf("%s was never called", operations[i].id)
		}
	}
}

// TestEmptyAnswersKeepTheirShape has the backends find nothing.
func TestEmptyAnswersKeepTheirShape(t *testing.T) {
	c, _, _ := drive(t, RoleAdmin)
	r, err := c.LookupProfilesWithResponse(context.Background(), nil, client.Lookup{Email: ptr("nobody@example.com")})
	if err != nil || r.StatusCode() != 200 || len(r.JSON200.Profiles) != 0 {
		t.Errorf("%d %s, %v", r.StatusCode(), r.Body, err)
	}
	q, err := c.ListQuarantineWithResponse(context.Background(), &client.ListQuarantineParams{Cursor: ptr("1.9")})
	if err != nil || q.StatusCode() != 200 || len(q.JSON200.Items) != 0 {
		t.Errorf("%d %s, %v", q.StatusCode(), q.Body, err)
	}
}
