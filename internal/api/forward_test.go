package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/kit/errs"
)

// peersAt says that everything is done at base.
type peersAt struct {
	base string
	err  error
}

func (p peersAt) Where(context.Context, string) (string, error) { return p.base, p.err }
func (peersAt) Transport() http.RoundTripper                    { return http.DefaultTransport }

// serveAt is a server on a port, which says of everything that it is done elsewhere.
func serveAt(t *testing.T, elsewhere peersAt) (*httptest.Server, *world) {
	t.Helper()
	w := &world{}
	deps := w.deps()
	deps.Peers = elsewhere
	s, err := NewServer(Config{}, deps)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return server, w
}

func askAt(t *testing.T, base string, role Role, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer key-"+string(role))
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b := make([]byte, 4096)
	n, _ := resp.Body.Read(b)
	return resp.StatusCode, string(b[:n])
}

func TestSQLIsAnsweredWhereTheWarehouseIs(t *testing.T) {
	holder, there := serveAt(t, peersAt{})
	door, here := serveAt(t, peersAt{base: holder.URL})
	const query = `{"query":"select 1"}`
	want, body := askAt(t, holder.URL, RoleRead, "/api/sql", query)
	if want != http.StatusOK {
		t.Fatal(want, body)
	}
	if status, got := askAt(t, door.URL, RoleRead, "/api/sql", query); status != want || got != body {
		t.Errorf("%d %s, not %s", status, got, body)
	}
	if status, _ := askAt(t, door.URL, RoleIngest, "/api/sql", query); status != http.StatusForbidden {
		t.Error(status)
	}
	if status, got := askAt(t, door.URL, RoleRead, "/api/sql", `{"nonsense":1}`); status != http.StatusBadRequest || !strings.Contains(got, `"bad_body"`) {
		t.Error(status, got)
	}
	if status, got := askAt(t, door.URL, RoleRead, "/api/sql", `{"query":"`+strings.Repeat("x", maxBody)+`"}`); status != http.StatusRequestEntityTooLarge {
		t.Error(status, got)
	}
	entries, _ := there.entries()
	if len(entries) != 2 || entries[1].Action != "sql" || entries[1].Principal == "" {
		t.Errorf("where it ran: %+v", entries)
	}
	if entries, _ = here.entries(); len(entries) != 1 || entries[0].Outcome != "denied" {
		t.Errorf("where it was asked: %+v", entries)
	}
}

func TestRequestsArePassedOnOnce(t *testing.T) {
	loop := &peersAt{}
	w := &world{}
	deps := w.deps()
	deps.Peers = loop
	s, err := NewServer(Config{}, deps)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	loop.base = server.URL // each says that it is the other
	for want, at := range map[errs.Code]peersAt{
		CodePeer:   {base: server.URL},
		CodeNobody: {err: errs.New(CodeNobody, "nobody")},
	} {
		*loop = at
		if status, body := askAt(t, server.URL, RoleRead, "/api/sql", `{"query":"select 1"}`); status != http.StatusServiceUnavailable || !strings.Contains(body, string(want)) {
			t.Error(status, body)
		}
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	loop.base, loop.err = gone.URL, nil
	if status, body := askAt(t, server.URL, RoleOperate, "/api/destinations/mailer/redeliver", `{"all":true}`); status != http.StatusServiceUnavailable || !strings.Contains(body, string(CodePeer)) {
		t.Error(status, body)
	}
}
