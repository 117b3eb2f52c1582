package app_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/app"
)

const proxiedFile = `name: proxied
sources:
  web: {type: tracking, write_keys: [a-write-key], mark_internal: [203.0.113.0/24], add_ip: true}
server: {listen: "127.0.0.1:0", trusted_proxies: [10.0.0.0/8]%s}
`

// TestTrustedProxies: what a trusted proxy says of where a call came from is in the
// warehouse, and what anybody else says of it is not.
func TestTrustedProxies(t *testing.T) {
	for name, header := range map[string]struct{ setting, client, scheme string }{
		"X-Forwarded-For": {"", "X-Forwarded-For: 203.0.113.66, %s", "X-Forwarded-Proto: https"},
		"Forwarded":       {", proxy_header: forwarded", `Forwarded: for=203.0.113.66, for="%s";proto=https`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t)
			p.write("kith.yaml", fmt.Sprintf(proxiedFile, header.setting))
			p.run(app.Options{})
			p.eventually("rules are in force", func() bool { status, _, _ := p.call("GET", "/readyz", ""); return status == 200 })
			ask := func(method, path, body, peer, client string) string {
				r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
				r.Host, r.RemoteAddr = "localhost", peer+":4711"
				r.SetBasicAuth("a-write-key", "")
				for _, line := range []string{fmt.Sprintf(header.client, client), header.scheme} {
					if name, value, ok := strings.Cut(line, ": "); ok {
						r.Header.Set(name, value)
					}
				}
				w := httptest.NewRecorder()
				if p.app.Handler().ServeHTTP(w, r); w.Code != 200 {
					t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
				}
				return w.Body.String()
			}
			for i, from := range []struct{ peer, client string }{{"10.0.0.1", "198.51.100.7"}, {"10.0.0.1", "203.0.113.7"}, {"198.51.100.8", "203.0.113.7"}} {
				ask("POST", "/v1/track", fmt.Sprintf(`{"messageId":"m%d","userId":"u1","event":"e%d"}`, i, i), from.peer, from.client)
			}
			ask("POST", "/v1/track", `{"messageId":"m3","userId":"u1","event":"e3","context":{"ip":"203.0.113.9"}}`, "10.0.0.1", "198.51.100.7")
			p.drain()
			got := fmt.Sprint(p.sql(`select event, context_ip, is_internal from fact_web_events order by 1`))
			if want := "[[e0 198.51.100.7 false] [e1 203.0.113.7 true] [e2 198.51.100.8 false] [e3 203.0.113.9 true]]"; got != want {
				t.Errorf("the warehouse has %s, want %s", got, want)
			}
			for peer, scheme := range map[string]string{"10.0.0.1": "https", "198.51.100.8": "http"} {
				if got := ask("GET", "/v1/projects/a-write-key/settings", "", peer, "198.51.100.7"); !strings.Contains(got, `"protocol":"`+scheme+`"`) {
					t.Errorf("asked through %s, the browser library is to send to another scheme than %s: %s", peer, scheme, got)
				}
			}
		})
	}
}
