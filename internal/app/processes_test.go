package app

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
)

const sharedFile = `name: harbour
data: ./data
engine: {embedded: {partitions: 2, topic_partitions: 2, cache: 16MiB, reserve: 1MiB}}
warehouse: {step_time: 10ms, memory: 128MiB}
server: {listen: "127.0.0.1:0"}
sources:
  web: {type: tracking, write_keys: [a-write-key]}
  crm: {type: file, path: "in/*.csv"}
streams:
  web.users: {kind: customer}
  crm.contacts: {kind: customer, key: id}
golden: {"*": most_recent}
destinations:
  mailer: {type: webhook, url: "https://mailer.example.com/", on: [profile.changed]}
`

func loadShared(t *testing.T, dir, text string) *config.Tree {
	t.Helper()
	path := filepath.Join(dir, "kith.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tree, err := config.Load(path, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func openShared(t *testing.T, tree *config.Tree) *App {
	t.Helper()
	a, err := Open(t.Context(), tree, Options{Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// elsewhere puts rules into force as another process's road does: this one is not told.
func elsewhere(t *testing.T, a *App, version uint32, rules config.Rules) {
	t.Helper()
	body, err := rules.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	props, err := pipeline.Rules{Version: version, Replaces: version - 1, Fingerprint: rules.Fingerprint(), Body: body}.Props()
	if err != nil {
		t.Fatal(err)
	}
	b := &record.Batch{Records: []record.Record{{Kind: record.Control, Stream: pipeline.StreamRules, Props: props}}}
	err = a.engine.State.Update(t.Context(), func(tx engine.Tx) error { return pipeline.Control{}.Apply(t.Context(), tx, b) })
	if err != nil || !b.Records[0].Verdict.Keep() {
		t.Fatal(err, b.Records[0].Verdict)
	}
}

func TestRulesThatAnotherProcessPutIntoForceAreLearned(t *testing.T) {
	dir := t.TempDir()
	a := openShared(t, loadShared(t, dir, sharedFile))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(running) }()
	if err := a.waitRules(ctx); err != nil {
		t.Fatal(err)
	}
	changed := loadShared(t, dir, strings.Replace(sharedFile, "most_recent", "oldest", 1)).Rules
	elsewhere(t, a, 2, changed)
	err := waitFor(ctx, func() (bool, error) { return a.door.Pinned() == 2 && a.keeper.CurrentRules() == 2, nil })
	if err != nil {
		t.Error("the new rules are not in force, or their generation is not built:", a.door.Pinned(), a.keeper.CurrentRules(), err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestWhoseFirstRulesCameSecondEnds(t *testing.T) {
	dir := t.TempDir()
	other := loadShared(t, dir, strings.Replace(sharedFile, "most_recent", "oldest", 1)).Rules
	a := openShared(t, loadShared(t, dir, sharedFile))
	elsewhere(t, a, 1, other)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := a.Run(ctx); !errs.Is(err, "rules_changed") {
		t.Error(err)
	}
	if _, known := a.rules.get(1); known || a.door.Pinned() != 0 {
		t.Error("another file's rules were installed beside stages made from this one's")
	}
}

func TestAnotherHashKeyOpensNothing(t *testing.T) {
	dir := t.TempDir()
	tree := loadShared(t, dir, sharedFile)
	a := openShared(t, tree)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tree.Data, "keys", "hash.key"), []byte(strings.Repeat("ab", 32)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), tree, Options{}); !errs.Is(err, pipeline.CodeHashKey) {
		t.Error(err)
	}
}

// TestWhatAnotherProcessDoesIsAskedOfIt has another process hold all leases, as in a
// cluster.
func TestWhatAnotherProcessDoesIsAskedOfIt(t *testing.T) {
	tree := loadShared(t, t.TempDir(), sharedFile)
	a := openShared(t, tree)
	local, _ := ReadLocal(tree.Data)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+local.Key || r.Header.Get(api.HeaderForwarded) == "" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		var out any = map[string]any{"columns": []string{"n"}, "rows": [][]int{{7}}}
		if r.URL.Path == "/api/status" {
			out = api.Status{Warehouse: &api.WarehouseStatus{Rows: 9}, Sources: []api.Source{{Name: "crm", Type: "file", State: api.SourceDone, Records: 3}},
				Destinations: []api.Destination{{Name: "mailer", Delivered: 5}}}
		}
		text, _ := json.Marshal(out)
		_, _ = w.Write(text)
	}))
	defer other.Close()
	ask := func(method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+local.Key)
		rec := httptest.NewRecorder()
		a.Handler().ServeHTTP(rec, r)
		return rec
	}
	tree.Engine.Cluster = &engine.ClusterConfig{}
	const query = `{"query":"select 1"}`
	if rec := ask(http.MethodPost, "/api/sql", query); rec.Code != http.StatusServiceUnavailable || !strings.Contains(rec.Body.String(), string(api.CodeNobody)) {
		t.Error("nobody loads the warehouse:", rec.Code, rec.Body)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 3)
	leases := []string{leaseWarehouse, leaseSource + "crm", leaseDestination + "mailer"}
	held := make(chan struct{})
	for _, name := range leases {
		go func() {
			ended <- a.engine.State.Lease(ctx, name, other.URL, func(ctx context.Context) error {
				held <- struct{}{}
				<-ctx.Done()
				return nil
			})
		}()
		<-held
	}
	if rec := ask(http.MethodPost, "/api/sql", query); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), "[[7]]") {
		t.Error(rec.Code, rec.Body)
	}
	var s api.Status
	if err := json.Unmarshal(ask(http.MethodGet, "/api/status", "").Body.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	if s.Warehouse == nil || s.Warehouse.Rows != 9 || s.Sources[0].State != api.SourceDone || s.Sources[0].Records != 3 || s.Destinations[0].Delivered != 5 {
		t.Errorf("%+v", s)
	}
	cancel()
	for range leases {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// onceLost is a state whose leases are lost when the first run has been told to end.
type onceLost struct {
	engine.State
	lose <-chan struct{}
}

func (s onceLost) Lease(ctx context.Context, name, about string, run func(context.Context) error) error {
	first, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-s.lose:
		case <-first.Done():
		}
		cancel()
	}()
	if err := run(first); first.Err() == nil {
		return err
	}
	return s.State.Lease(ctx, name, about, run)
}

func TestWhatIsLeasedIsBegunAgain(t *testing.T) {
	a := openShared(t, loadShared(t, t.TempDir(), sharedFile))
	lose := make(chan struct{})
	a.engine.State = onceLost{a.engine.State, lose}
	runs := 0
	failed := errors.New("done with")
	err := a.leased("x", func(ctx context.Context) error {
		if runs++; runs > 1 {
			return failed
		}
		if !a.held.has("x") {
			t.Error("nobody knows that it is held")
		}
		close(lose)
		<-ctx.Done()
		return nil
	})(t.Context())
	if !errors.Is(err, failed) || runs != 2 || a.held.has("x") {
		t.Error(runs, err)
	}
}

// TestAFileSourceThatFailsEndsTheRun has one of two sources fail for good: the other
// would watch on, and nobody be told.
func TestAFileSourceThatFailsEndsTheRun(t *testing.T) {
	text := strings.Replace(sharedFile, "sources:\n", "sources:\n  news: {type: file, path: \"in/*.ndjson\"}\n", 1)
	text = strings.Replace(text, "streams:\n", "streams:\n  news.rows: {kind: customer, key: id}\n", 1)
	a := openShared(t, loadShared(t, t.TempDir(), text))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := pipeline.NewStore(a.engine.State, "source/crm").Save(ctx, map[string][]byte{"file/0000000000000000001": {99}})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Run(ctx); !errs.Is(err, "file_progress_format") {
		t.Errorf("it ended with %v", err)
	}
}
