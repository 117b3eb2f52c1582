package app_test

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/app"
	"github.com/kithdata/kith/internal/config"
)

// lines is a log that can be read while others write to it.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// marked stands wherever a value, a name or a key of somebody's may stand.
const marked = "zzmark"

const privateProject = `name: private
data: ./data
engine: {embedded: {partitions: 2, topic_partitions: 2, cache: 16MiB, reserve: 1MiB}}
warehouse: {step_time: 10ms, memory: 128MiB}
server: {listen: "127.0.0.1:0"}
sources:
  web: {type: tracking, write_keys: [zzmark-write-key-1]}
  crm: {type: file, path: "in/*.csv", watch: false}
streams:
  crm.contacts: {kind: customer, key: id, on_drift: freeze, identifiers: {email: email}, attributes: {email: {from: email, clean: [email]}, born: {from: born, type: date}}}
destinations:
  hook: {type: webhook, url: "https://zzmark:zzmark-pass@127.0.0.1:9/zzmark", on: [profile.changed, "event.*"]}
`

// I6: whatever comes in by whichever door, well formed or not, none of it is in the
// log, the metrics, the audit chain, or an error's text.
func TestNothingOfAnybodyLeaksThroughAnyDoor(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"kith.yaml": privateProject,
		"in/a.csv": "id,email,born\n1,zzmark-1@example.com,1980-01-02\n2,zzmark-2@example.com,zzmark\n3,zzmark\n4,\"zzmark-open,1\n"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := config.Load(dir, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	var log lines
	a, err := app.Open(t.Context(), tree, app.Options{Version: "test", Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	select { // the rules are in force by then
	case <-a.FilesDone():
	case <-ctx.Done():
		t.Fatal("the file was not read")
	}
	local, _ := app.ReadLocal(filepath.Join(dir, "data"))
	call := func(method, path, key, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+key)
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, r)
		return w
	}
	for _, c := range []struct{ path, body string }{
		{"identify", `{"userId":"zzmark-u","traits":{"email":"zzmark@example.com","zzmark-name@example.com":1,"phone":"zzmark"}}`},
		{"track", `{"userId":"zzmark-u","event":"zzmark-event","properties":{"zzmark":{"zzmark":1}}}`},
		{"batch", `{"batch":[{"type":"zzmark","userId":"zzmark","messageId":"m-1"},5,"zzmark",{"type":"identify","userId":"zzmark","traits":{"email":{"zzmark":1}}}]}`},
		{"track", `{"userId":"zzmark","event":"zzmark","event":"zzmark"}`}, {"track", `{"userId":"zzmark`}, {"track", `{"userId":"zzmark","event":["zzmark"]}`},
		{"track", `{"userId":"zzmark","event":"e","timestamp":"zzmark"}`}, {"zzmark", `{}`}, {"track?email=zzmark", `{"userId":"zzmark","event":"e"}`},
	} {
		if w := call("POST", "/v1/"+c.path, "zzmark-write-key-1", c.body); strings.Contains(w.Body.String(), marked) {
			t.Errorf("POST /v1/%s answers %s", c.path, w.Body)
		}
	}
	for range 2 { // as it is accepted, and once it is in profiles and the warehouse
		for _, c := range []struct{ call, body string }{
			{"POST /api/profiles/lookup", `{"zzmark":1}`}, {"POST /api/profiles/lookup", `{"email":"zzmark`}, {"POST /api/profiles/lookup", `{"email":"zzmark","email":"zzmark"}`},
			{"POST /api/profiles/lookup", `{"email":5,"by":"zzmark"}`}, {"POST /api/profiles/lookup", `{"by":{"zzmark":5}}`}, {"POST /api/profiles/lookup", `{"email":"x","include":["zzmark"]}`}, {"POST /api/profiles/lookup", `{"email":"x","at_least":"zzmark"}`},
			{"GET /api/profiles/zzmark@example.com", ""}, {"GET /api/profiles/zzmark/history?zzmark=zzmark", ""}, {"GET /api/quarantine?limit=zzmark", ""}, {"GET /api/quarantine?cursor=zzmark", ""},
			{"GET /api/quarantine?stream=zzmark", ""}, {"GET /api/quarantine/reasons", ""}, {"GET /api/quarantine", ""}, {"POST /api/trace", `{"source":"web","message_id":"zzmark-none"}`},
			{"POST /api/explain", `{"a":{"profile":"zzmark"},"b":{"zzmark":1}}`}, {"POST /api/decisions", `{"action":"zzmark","a":[],"b":[]}`},
			{"POST /api/decisions", `{"action":"merge","a":[{"identifier":{"type":"zzmark","value":"zzmark"}}],"b":[{"customer":{"source":"zzmark","stream":"zzmark","key":"zzmark"}}],"reason":"zzmark"}`},
			{"POST /api/sql", `{"query":"select zzmark from dim_customer where email = 'zzmark"}`}, {"POST /api/sql", `{"query":"select id_email::int from dim_customer where id_email like '%zzmark%'"}`},
			{"POST /api/quarantine/replay", `{"code":"zzmark","stream":"zzmark"}`}, {"POST /api/keys", `{"name":"x","role":"zzmark"}`}, {"DELETE /api/keys/zzmark-1", ""},
			{"GET /api/destinations/zzmark/dead-letters", ""}, {"POST /api/destinations/zzmark/redeliver", `{"ids":["zzmark"]}`}, {"POST /api/destinations/hook/redeliver", `{"ids":["zzmark"]}`},
			{"POST /api/plan/apply", `{"fingerprint":"zzmark"}`}, {"GET /api/review?cursor=zzmark", ""}, {"GET /zzmark@example.com", ""}, {"GET /api/zzmark@example.com", ""}, {"GET /metrics", ""},
			{"GET /api/status", ""}, {"GET /api/ledger", ""}, {"GET /api/destinations", ""}, {"GET /api/openapi.json", ""}, {"GET /healthz?zzmark=1", ""},
		} {
			method, path, _ := strings.Cut(c.call, " ")
			w := call(method, path, local.Key, c.body)
			// Of what was asked nothing comes back; a column that is not known is the one
			// word of a query that DuckDB's answer must name.
			if text := w.Body.String(); strings.Contains(text, marked) && !strings.Contains(text, `column \"zzmark\"`) {
				t.Errorf("%s %s is answered %d %s", c.call, c.body, w.Code, text)
			}
		}
		if err := a.Drain(ctx); err != nil {
			t.Fatal(err)
		}
	}
	found := call("POST", "/api/profiles/lookup", local.Key, `{"email":"zzmark@example.com","include":["crosswalk","history"]}`)
	if found.Code != http.StatusOK || !strings.Contains(found.Body.String(), marked) {
		t.Errorf("the records did not come in: %d %s\n%s", found.Code, found.Body, call("GET", "/api/ledger", local.Key, "").Body)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if strings.Contains(log.String(), marked) {
		t.Errorf("the log has something of somebody:\n%s", log.String())
	}
	audit := filepath.Join(dir, "data", "audit")
	err = fs.WalkDir(os.DirFS(audit), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(audit, path))
		if bytes.Contains(text, []byte(marked)) {
			t.Errorf("the audit chain has something of somebody:\n%s", text)
		}
		if !bytes.Contains(text, []byte(" crosswalk history")) {
			t.Error("the audit chain does not say that history and crosswalk were read")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
