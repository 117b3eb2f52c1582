package cli

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/api/client"
	"github.com/kithdata/kith/internal/app"
	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/kit/errs"
)

func TestReferencesAreReadAsTheyAreWritten(t *testing.T) {
	for in, want := range map[string]string{
		"email=jo@example.com":       "email=jo@example.com",
		"user_id=a/b=c":              "user_id=a/b=c",
		"crm/crm.contacts/42":        "crm/crm.contacts/42",
		"crm.contacts/42":            "crm/crm.contacts/42",
		"crm.contacts/4/2=x":         "crm/crm.contacts/4/2=x",
		"crm/contacts/42":            "crm/crm.contacts/42",
		"0ghwevjj6sp5v1t9ekp5qackp4": "0ghwevjj6sp5v1t9ekp5qackp4",
	} {
		ref, err := parseRef(in)
		if err != nil || refText(ref) != want {
			t.Errorf("%s was read as %s, %v", in, refText(ref), err)
		}
	}
	for _, in := range []string{"", "jo@example.com", "=x", "email=", "/", "a/b", "crm.contacts/", "0GHWEVJJ6SP5V1T9EKP5QACKP4"} {
		if ref, err := parseRef(in); errs.CodeOf(err) != codeRef {
			t.Errorf("%q was read as %s", in, refText(ref))
		}
	}
	if _, err := parseRef("Someone"); strings.Contains(err.Error(), "Someone") {
		t.Errorf("the fault tells the argument: %v", err)
	}
}

func TestAnyReferenceIsReadOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ref, err := parseRef(rapid.StringMatching(`[a-z0-9=/.@é ]{0,30}`).Draw(t, "ref"))
		if err != nil {
			return
		}
		again, err := parseRef(refText(ref))
		if diff := cmp.Diff(ref, again); err != nil || diff != "" {
			t.Fatalf("%s is read as another: %v\n%s", refText(ref), err, diff)
		}
	})
}

func TestPlacesComeBeforeOneAnother(t *testing.T) {
	for in, want := range map[string]string{"0.0": "", "0.1": "0.0", "3.1042": "3.1041", "3.0": "2.4611686018427387904"} {
		place, err := parsePlace(in)
		if err != nil || before(place) != want {
			t.Errorf("before %s comes %s, %v", in, before(place), err)
		}
	}
	for _, in := range []string{"", "1", "1.", ".1", "-1.2", "1.-2", "a.b", "1.2.3"} {
		if _, err := parsePlace(in); errs.CodeOf(err) != "bad_place" {
			t.Errorf("%q is a place", in)
		}
	}
}

func TestMoments(t *testing.T) {
	for in, want := range map[string]string{
		"2026-05-01":                "2026-05-01T00:00:00Z",
		"2026-05-01T12:00:00Z":      "2026-05-01T12:00:00Z",
		"2026-05-01T12:00:00+02:00": "2026-05-01T10:00:00Z",
		"2026-05-01 12:30":          "2026-05-01T12:30:00Z",
		"2026-05-01 12:30:15Z":      "2026-05-01T12:30:15Z",
	} {
		var m moment
		if err := m.UnmarshalText([]byte(in)); err != nil || m.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s is %s, %v", in, m.UTC().Format(time.RFC3339), err)
		}
	}
	for in, want := range map[string]time.Duration{"90d": 90 * 24 * time.Hour, "36h": 36 * time.Hour} {
		var m moment
		if err := m.UnmarshalText([]byte(in)); err != nil || time.Until(m.Time)-want > time.Minute || want-time.Until(m.Time) > time.Minute {
			t.Errorf("%s from now is %s, %v", in, m.Time, err)
		}
	}
	for _, in := range []string{"", "soon", "-3d", "0d", "2026-13-01", "99999999d"} {
		if err := new(moment).UnmarshalText([]byte(in)); err == nil {
			t.Errorf("%q is a moment", in)
		}
	}
}

func TestTables(t *testing.T) {
	var out strings.Builder
	p := &printer{w: &out}
	table := newTable("name", "#people", "note")
	table.add("Łódź", 1234567, "e\u0301")
	table.add("東京", -1000, nil)
	table.add("x\x1b[2J\n\u202e", 0, true)
	p.table(table)
	want := "name                 people  note\n" +
		"Łódź              1,234,567  e\u0301\n" +
		"東京                 -1,000\n" +
		`x\x1b[2J\n\u202e          0  true` + "\n"
	if out.String() != want {
		t.Errorf("have\n%s\nwant\n%s", out.String(), want)
	}
}

func TestColoursAreForTerminalsAlone(t *testing.T) {
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device, as terminals are
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = device.Close() }()
	env := func(vars map[string]string) func(string) (string, bool) {
		return func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
	}
	for _, c := range []struct {
		to   io.Writer
		env  map[string]string
		want bool
	}{
		{device, nil, true},
		{device, map[string]string{"NO_COLOR": ""}, true},
		{device, map[string]string{"NO_COLOR": "1"}, false},
		{device, map[string]string{"TERM": "dumb"}, false},
		{io.Discard, nil, false},
	} {
		g := &Globals{IO: IO{Env: env(c.env)}}
		if g.colours(c.to) != c.want {
			t.Errorf("with %v colours are %v", c.env, !c.want)
		}
	}
	var out strings.Builder
	p := &printer{w: &out, colour: true}
	p.title("a heading")
	if out.String() != bold+"a heading"+plain+"\n" {
		t.Errorf("a heading is %q", out.String())
	}
}

// project writes what a server announces, as app does.
func project(t *testing.T, address string, pid int) *config.Tree {
	t.Helper()
	dir := t.TempDir()
	text, err := json.Marshal(app.Local{Address: address, Key: "kith_admin_test", PID: pid})
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "keys"), 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "keys", "local.json"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &config.Tree{Data: dir}
}

func kithLike(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path == "/healthz":
		fmt.Fprint(w, `{"status":"ok"}`)
	case r.Header.Get("Authorization") != "Bearer kith_admin_test":
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"code":"unauthenticated","message":"no","mend":"yes"}`)
	default:
		fmt.Fprintf(w, `{"name":%q,"rules":1}`, r.Host)
	}
}

func TestTheRunningServerIsAsked(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(kithLike))
	defer server.Close()
	tree := project(t, server.URL, os.Getpid())
	c, err := running(t.Context(), tree)
	if err != nil || c == nil || c.offline() {
		t.Fatalf("the server is not found: %v", err)
	}
	a, err := ask[client.Status](c.GetStatus(t.Context()))
	if err != nil || a.value.Name != "localhost" {
		t.Errorf("it is asked under the name %q, %v", a.value.Name, err)
	}
	tree.API.Hosts = []string{"kith.example.com"}
	if c, err = running(t.Context(), tree); err != nil || c == nil {
		t.Fatalf("the server is not found: %v", err)
	}
	if a, err = ask[client.Status](c.GetStatus(t.Context())); err != nil || a.value.Name != "kith.example.com" {
		t.Errorf("it is asked under the name %q, %v", a.value.Name, err)
	}
}

func TestAServerThatEndedIsNotAsked(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(kithLike))
	defer server.Close()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, tree := range map[string]*config.Tree{
		"its process ended":    project(t, server.URL, 1<<30),
		"it stopped":           project(t, "", 0),
		"nothing listens":      project(t, gone.URL, os.Getpid()),
		"something else is it": project(t, other.URL, os.Getpid()),
		"it never ran":         {Data: t.TempDir()},
	} {
		if c, err := running(t.Context(), tree); c != nil || err != nil {
			t.Errorf("%s, and yet it is asked: %v", name, err)
		}
	}
}

func TestOnlyTheProjectsCertificateIsTrusted(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(kithLike))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // a refused handshake is what is tested
	server.StartTLS()
	defer server.Close()
	tree := project(t, server.URL, os.Getpid())
	write := func(name string, der []byte) string {
		path := filepath.Join(tree.Data, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	right := server.Certificate().Raw
	wrong := append([]byte{}, right...)
	wrong[len(wrong)-1] ^= 1
	tree.API = api.Config{TLSCert: write("right.pem", right)}
	if c, err := running(t.Context(), tree); c == nil || err != nil {
		t.Errorf("the server with the project's certificate is not asked: %v", err)
	}
	tree.API.TLSCert = write("wrong.pem", wrong)
	if c, err := running(t.Context(), tree); c != nil || err != nil {
		t.Errorf("a server with another certificate is asked: %v", err)
	}
}

func TestAddressesAreReachable(t *testing.T) {
	for in, want := range map[string]string{
		"http://127.0.0.1:8471": "http://127.0.0.1:8471",
		"http://[::]:8471":      "http://localhost:8471",
		"https://0.0.0.0:443":   "https://localhost:443",
	} {
		if have := reachable(in); have != want {
			t.Errorf("%s is reached at %s", in, have)
		}
	}
}

func TestAnswersInProcess(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", kithLike)
	mux.HandleFunc("POST /api/sql", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"code":"sql_bad","message":"%d bytes from %s","mend":"m","where":"w"}`, len(body), r.RemoteAddr)
	})
	mux.HandleFunc("GET /api/status", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("GET /api/ledger", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	c, err := newConnection(&config.Tree{}, "http://localhost", "key", &http.Client{Transport: inProcess{mux}})
	if err != nil {
		t.Fatal(err)
	}
	if a, err := ask[client.Health](c.GetHealth(t.Context())); err != nil || a.value.Status != "ok" {
		t.Errorf("health is %v, %v", a.value, err)
	}
	_, err = ask[client.SQLResult](c.QuerySQL(t.Context(), client.SQLRequest{Query: "select 1"}))
	if err == nil || err.Error() != "w: 20 bytes from 127.0.0.1:0 [sql_bad]; m" {
		t.Errorf("the fault is %v", err)
	}
	if _, err = ask[client.Status](c.GetStatus(t.Context())); errs.CodeOf(err) == "" {
		t.Errorf("an answer that broke off is %v", err)
	}
	if _, err = ask[client.Ledger](c.GetLedger(t.Context())); errs.CodeOf(err) != codeAnswer {
		t.Errorf("an answer of no Kith is %v", err)
	}
}

func TestNumbersStayExact(t *testing.T) {
	body := `{"columns":["n"],"types":["HUGEINT"],"rows":[[12345678901234567890],[0.10],["x"],[null],[[1,2]]],"truncated":false,"elapsed_ms":1}`
	a, err := ask[client.SQLResult](&http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body))}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, row := range a.value.Rows {
		have = append(have, cell(row[0]))
	}
	if diff := cmp.Diff([]string{"12345678901234567890", "0.10", "x", "", "[1,2]"}, have); diff != "" {
		t.Error(diff)
	}
}

func TestPagesEnd(t *testing.T) {
	calls := 0
	items, err := pages(1100, func(cursor *string, limit int) ([]int, *string, error) {
		calls++
		next := fmt.Sprint(calls)
		if calls == 3 {
			next = "end"
		}
		return make([]int, limit), &next, nil
	})
	if err != nil || len(items) != 1100 || calls != 3 {
		t.Errorf("%d items in %d calls, %v", len(items), calls, err)
	}
	items, err = pages(1100, func(*string, int) ([]int, *string, error) { return make([]int, 7), nil, nil })
	if err != nil || len(items) != 7 {
		t.Errorf("%d items, %v", len(items), err)
	}
}

func TestFilesThatAShellExpandedFollowOneFlag(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.csv"), filepath.Join(dir, "b.csv")
	for _, path := range []string{a, b} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ in, want []string }{
		{[]string{"init", "shop", "--from", a, b}, []string{"init", "shop", "--from", a, "--from", b}},
		{[]string{"init", "--from", a, b, "shop"}, []string{"init", "--from", a, "--from", b, "shop"}},
		{[]string{"init", "shop", "--from", a, "--json", b}, []string{"init", "shop", "--from", a, "--json", b}},
		{[]string{"sql", a}, []string{"sql", a}},
	} {
		if diff := cmp.Diff(c.want, spreadFrom(c.in)); diff != "" {
			t.Errorf("%v:\n%s", c.in, diff)
		}
	}
}
