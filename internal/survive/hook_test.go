//go:build integration

package survive

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
)

// hook is the receiver of webhooks. It notes all it is sent.
type hook struct {
	t      *testing.T
	server *httptest.Server

	mu       sync.Mutex
	bodies   map[string][32]byte // by webhook-id
	got      map[version]bool
	received int
	again    int
}

// version names one version of a profile.
type version struct {
	id string
	n  uint64
}

func newHook(t *testing.T) *hook {
	h := &hook{t: t, bodies: map[string][32]byte{}, got: map[version]bool{}}
	h.server = httptest.NewServer(h)
	t.Cleanup(h.server.Close)
	return h
}

// ServeHTTP notes a message; one id with two bodies fails the test (I2).
func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil { // cut off by a kill: the sender must not count it as delivered
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var message struct {
		Data struct {
			ID      string `json:"id"`
			Version uint64 `json:"version"`
		} `json:"data"`
	}
	id := r.Header.Get("webhook-id")
	if err := json.Unmarshal(body, &message); err != nil || id == "" || message.Data.ID == "" || message.Data.Version == 0 {
		h.t.Errorf("webhook %q names no version of a profile: %v", id, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	sum := sha256.Sum256(body)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.received++
	if before, seen := h.bodies[id]; seen {
		h.again++
		if before != sum {
			h.t.Errorf("webhook %s came with two bodies", id)
		}
	}
	h.bodies[id] = sum
	h.got[version{message.Data.ID, message.Data.Version}] = true
}

// missing gives a version of those wanted that never came.
func (h *hook) missing(want map[version]bool) (v version, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range want {
		if !h.got[w] {
			v, n = w, n+1
		}
	}
	return v, n
}

// counts says how much came.
func (h *hook) counts() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return fmt.Sprintf("%d webhooks under %d ids, %d of them again", h.received, len(h.bodies), h.again)
}

// versions asks for every version of every profile that there ever was. gone are the
// profiles that no longer exist, of which late messages are not sent.
func (p *project) versions() (all map[version]bool, gone map[string]bool) {
	p.t.Helper()
	all, gone = map[version]bool{}, map[string]bool{}
	for _, row := range p.sql("select distinct customer_id from dim_customer where customer_id <> 'unknown'") {
		id := row[0]
		const most = 200
		for before := ""; ; {
			var page struct {
				Versions []struct {
					Version uint64 `json:"version"`
				} `json:"versions"`
			}
			p.must(http.MethodGet, fmt.Sprintf("/api/profiles/%s/history?limit=%d%s", id, most, before), nil, &page)
			for _, v := range page.Versions {
				all[version{id, v.Version}] = true
			}
			if len(page.Versions) < most {
				break
			}
			before = fmt.Sprintf("&before=%d", page.Versions[most-1].Version)
		}
		if a, err := p.ask(http.MethodGet, "/api/profiles/"+id, nil, "Authorization", "Bearer "+p.key); err != nil {
			p.t.Fatal(err)
		} else if a.status == http.StatusGone {
			gone[id] = true
		}
	}
	return all, gone
}
