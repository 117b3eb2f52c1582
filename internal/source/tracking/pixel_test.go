package tracking_test

import (
	"bytes"
	"encoding/base64"
	"image/gif"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/source/tracking"
)

var (
	secret = []byte("a made-up secret of 32 bytes, ok")
	opened = tracking.Pixel{Source: "web", Event: "Email Opened", UserID: "u-1042", AnonymousID: "anon-7", Email: "ana@example.com",
		Properties: jsontext.Value(`{"campaign": "spring"}`)}
)

// pixelRig is a handler whose clock can be moved.
type pixelRig struct {
	*rig
	h   *tracking.Handler
	now time.Time
}

func (p *pixelRig) Now() time.Time { return p.now }

func newPixelRig(t testing.TB, secret []byte, cfg ...tracking.Config) *pixelRig {
	t.Helper()
	p := &pixelRig{rig: &rig{log: &log{}, mux: http.NewServeMux()}, now: noon}
	h, err := tracking.New(cfg, tracking.Deps{Sink: p.log, Clock: p, PixelSecret: secret, Overloaded: func() bool { return p.busy },
		Observe: func(o tracking.Observation) { p.observed = append(p.observed, o) }})
	if err != nil {
		t.Fatal(err)
	}
	h.Register(p.mux)
	p.h = h
	return p
}

func web(keys ...int) tracking.Config {
	return tracking.Config{Name: "web", WriteKeys: []string{"web-key"}, PixelKeys: keys}
}

func (p *pixelRig) seal(t testing.TB, of tracking.Pixel) string {
	t.Helper()
	path, err := p.h.Seal(of)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func (p *pixelRig) ask(method, path string, header ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, path, nil)
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	p.mux.ServeHTTP(w, req)
	return w
}

// shown fails where an answer is not the image, or says more than that.
func shown(t testing.TB, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/gif" || w.Header().Get("Cache-Control") != "no-store" ||
		w.Header().Get("Set-Cookie") != "" || w.Header().Get("Kith-Token") != "" {
		t.Fatalf("answered %d %v", w.Code, w.Header())
	}
	img, err := gif.Decode(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if b := img.Bounds(); b.Dx() != 1 || b.Dy() != 1 {
		t.Errorf("the image has %v", b)
	}
	if _, _, _, alpha := img.At(0, 0).RGBA(); alpha != 0 {
		t.Error("the image can be seen")
	}
}

// TestPixel: an opened mail is one event a minute, with all that was sealed.
func TestPixel(t *testing.T) {
	p := newPixelRig(t, secret, web())
	path := p.seal(t, opened)
	shown(t, p.ask(http.MethodGet, path))
	shown(t, p.ask(http.MethodGet, strings.TrimSuffix(path, ".gif")))
	p.now = noon.Add(time.Minute)
	shown(t, p.ask(http.MethodGet, path))
	if len(p.records) != 3 {
		t.Fatalf("%d records", len(p.records))
	}
	r := p.records[0]
	if r.Stream != "web.events" || r.Source != "web" || r.Kind != record.Event || r.Event != "Email Opened" || string(r.Props) != `{"campaign":"spring"}` || r.Occurred != 0 {
		t.Errorf("recorded %+v with %s", r, r.Props)
	}
	if len(r.Identifiers) != 3 || r.Identifiers[0] != (record.Identifier{Type: "user_id", Value: "u-1042"}) ||
		r.Identifiers[1] != (record.Identifier{Type: "anonymous_id", Value: "anon-7"}) || r.Identifiers[2] != (record.Identifier{Type: "email", Value: "ana@example.com"}) {
		t.Errorf("identifiers are %v", r.Identifiers)
	}
	if b := p.records[1]; b.ID != r.ID || b.Hash != r.Hash {
		t.Error("a second load within the minute is another message")
	}
	if b := p.records[2]; b.ID == r.ID {
		t.Error("a load of the next minute is the same message")
	}
	if o := p.observed[0]; o.Source != "web" || o.Code != "ok" || o.Events != 1 {
		t.Errorf("observed %+v", o)
	}
	// Two mails of equal content are two tokens.
	shown(t, p.ask(http.MethodGet, p.seal(t, opened)))
	if p.records[3].ID == p.records[2].ID {
		t.Error("two mails are one message")
	}
}

// TestPixelSaysNothing is I6: nothing of the person or the project is in the address.
func TestPixelSaysNothing(t *testing.T) {
	p := newPixelRig(t, secret, web())
	path := p.seal(t, opened)
	token := strings.TrimSuffix(strings.TrimPrefix(path, "/v1/pixel/"), ".gif")
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(token) > 1_500 {
		t.Fatalf("%d characters: %v", len(token), err)
	}
	for _, said := range []string{"ana@", "example.com", "u-1042", "anon-7", "Email", "spring", "campaign"} {
		if strings.Contains(path, said) || bytes.Contains(raw, []byte(said)) || strings.Contains(path, base64.RawURLEncoding.EncodeToString([]byte(said))) {
			t.Errorf("the address says %q: %s", said, path)
		}
	}
	if again := p.seal(t, opened); again[20:60] == path[20:60] { // behind format and key
		t.Error("the same person has the same address twice: it can be followed")
	}
}

// TestPixelHead: a look at the head is answered, and is no event.
func TestPixelHead(t *testing.T) {
	p := newPixelRig(t, secret, web())
	if w := p.ask(http.MethodHead, p.seal(t, opened)); w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/gif" {
		t.Errorf("answered %d", w.Code)
	}
	if len(p.records) != 0 || len(p.observed) != 0 {
		t.Error("it counts")
	}
}

// TestPixelForeign: tokens that were changed, cut or made elsewhere show the image and
// leave a count.
func TestPixelForeign(t *testing.T) {
	p := newPixelRig(t, secret, web())
	good := p.seal(t, opened)
	other := newPixelRig(t, []byte("another secret, also of 32 bytes"), web())
	gone := newPixelRig(t, secret, tracking.Config{Name: "app", WriteKeys: []string{"k"}})
	fromApp := opened
	fromApp.Source = "app"
	paths := map[string]string{
		"of another project": other.seal(t, opened), "of a source that is gone": gone.seal(t, fromApp),
		"empty": "/v1/pixel/.gif", "no base64": "/v1/pixel/%21%21.gif", "too long": "/v1/pixel/" + strings.Repeat("A", 2_000),
	}
	token := strings.TrimSuffix(strings.TrimPrefix(good, "/v1/pixel/"), ".gif")
	for i := range len(token) { // each character, and each length
		change := byte('A')
		if token[i] == change {
			change = 'B'
		}
		paths["changed at "+string(rune('0'+i))] = "/v1/pixel/" + token[:i] + string(change) + token[i+1:]
		paths["cut at "+string(rune('0'+i))] = "/v1/pixel/" + token[:i]
	}
	delete(paths, "cut at 0") // no token: no such path
	for name, path := range paths {
		before := len(p.observed)
		shown(t, p.ask(http.MethodGet, path))
		if len(p.records) != 0 {
			t.Fatalf("a token %s is an event", name)
		}
		if len(p.observed) != before+1 || p.observed[before].Code != "pixel_token" || p.observed[before].Source != "" || p.observed[before].Events != 0 {
			t.Errorf("a token %s: observed %+v", name, p.observed[before:])
		}
	}
	shown(t, p.ask(http.MethodGet, good))
	if len(p.records) != 1 {
		t.Error("the unchanged token is no event")
	}
}

// TestPixelRotation: a new key takes over while the old tokens live, until it is retired.
func TestPixelRotation(t *testing.T) {
	first := newPixelRig(t, secret, web())
	old := first.seal(t, opened)
	both, last := newPixelRig(t, secret, web(2, 1)), newPixelRig(t, secret, web(2))
	fresh := both.seal(t, opened)
	for _, c := range []struct {
		name string
		rig  *pixelRig
		path string
		want int
	}{{"old under both", both, old, 1}, {"new under both", both, fresh, 2}, {"old under the new", last, old, 0}, {"new under the new", last, fresh, 1}, {"new under the old", first, fresh, 0}} {
		shown(t, c.rig.ask(http.MethodGet, c.path))
		if len(c.rig.records) != c.want {
			t.Errorf("%s: %d events, want %d", c.name, len(c.rig.records), c.want)
		}
	}
	if _, err := tracking.New([]tracking.Config{web(256)}, tracking.Deps{}); !errs.Is(err, "bad_value") {
		t.Errorf("a key of number 256: %v", err)
	}
}

// TestPixelMarks: marks tell of who shows the mail.
func TestPixelMarks(t *testing.T) {
	cfg := web()
	cfg.Mark = tracking.Mark{Bots: true, Internal: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}} // httptest's own
	p := newPixelRig(t, secret, cfg)
	shown(t, p.ask(http.MethodGet, p.seal(t, opened), "User-Agent: SafetyBot/1.0"))
	if got := string(p.records[0].Props); got != `{"campaign":"spring","is_bot":true,"is_internal":true}` {
		t.Errorf("recorded %s", got)
	}
}

// TestPixelRefused: what is not stored is not answered with the image.
func TestPixelRefused(t *testing.T) {
	p := newPixelRig(t, secret, web())
	path := p.seal(t, opened)
	p.busy = true
	if w := p.ask(http.MethodGet, path); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("overloaded, it answers %d %v", w.Code, w.Header())
	}
	p.busy = false
	p.err = errs.New("disk_full", "no room")
	if w := p.ask(http.MethodGet, path); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("with a full disk, it answers %d", w.Code)
	}
	p.err = nil
	shown(t, p.ask(http.MethodGet, path))
	if len(p.records) != 1 {
		t.Errorf("%d events", len(p.records))
	}
}

// TestPixelFaults: what cannot be a pixel is refused with its place.
func TestPixelFaults(t *testing.T) {
	p := newPixelRig(t, secret, web())
	change := func(f func(*tracking.Pixel)) tracking.Pixel {
		of := opened
		f(&of)
		return of
	}
	for name, c := range map[string]struct {
		pixel tracking.Pixel
		code  errs.Code
	}{
		"no source":    {change(func(p *tracking.Pixel) { p.Source = "crm" }), "pixel_source_unknown"},
		"no event":     {change(func(p *tracking.Pixel) { p.Event = "" }), "bad_pixel"},
		"nobody":       {tracking.Pixel{Source: "web", Event: "x"}, "bad_pixel"},
		"an array":     {change(func(p *tracking.Pixel) { p.Properties = jsontext.Value(`[]`) }), "bad_pixel"},
		"no JSON":      {change(func(p *tracking.Pixel) { p.Properties = jsontext.Value(`{`) }), "bad_pixel"},
		"a name twice": {change(func(p *tracking.Pixel) { p.Properties = jsontext.Value(`{"a":1,"a":2}`) }), "bad_pixel"},
		"deep": {change(func(p *tracking.Pixel) {
			p.Properties = jsontext.Value(`{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`)
		}), "bad_pixel"},
		"invalid UTF-8": {change(func(p *tracking.Pixel) { p.UserID = "\xff" }), "bad_pixel"},
		"large":         {change(func(p *tracking.Pixel) { p.UserID = strings.Repeat("u", 1_100) }), "bad_pixel"},
	} {
		if path, err := p.h.Seal(c.pixel); !errs.Is(err, c.code) || path != "" {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), "ana@") || strings.Contains(err.Error(), "u-1042") {
			t.Errorf("%s: the fault names a person: %v", name, err)
		}
	}
	longest := change(func(p *tracking.Pixel) { p.UserID = strings.Repeat("u", 950) })
	path := p.seal(t, longest)
	shown(t, p.ask(http.MethodGet, path))
	if len(path) > 1_520 || len(p.records) != 1 {
		t.Errorf("a path of %d characters is %d events", len(path), len(p.records))
	}
}

// FuzzPixelToken: no token that was not sealed here is an event, and all are answered.
func FuzzPixelToken(f *testing.F) {
	cfg := web(1, 2)
	p := newPixelRig(f, secret, cfg)
	good := strings.TrimPrefix(p.seal(f, opened), "/v1/pixel/")
	f.Add(good[:40])
	f.Add(good[:len(good)-8] + "AAAA")
	f.Add("AQ")
	f.Add("")
	f.Add("AQE" + strings.Repeat("A", 100))
	f.Fuzz(func(t *testing.T, token string) {
		p := newPixelRig(t, secret, cfg)
		req := httptest.NewRequest(http.MethodGet, "/v1/pixel/x", nil)
		req.URL.Path, req.URL.RawPath = "/v1/pixel/"+token, ""
		if strings.Contains(token, "/") || token == "" || strings.Trim(token, ".") == "" {
			return // another route
		}
		w := httptest.NewRecorder()
		p.mux.ServeHTTP(w, req)
		shown(t, w)
		if len(p.records) != 0 {
			t.Fatal("a made-up token is an event")
		}
	})
}

// FuzzPixelSealed: what is sealed comes out as it went in, or is refused.
func FuzzPixelSealed(f *testing.F) {
	f.Add("Email Opened", "u-1", "", `{"a":[1,{"b":null}]}`)
	f.Add("x", "", "ana@example.com", "")
	f.Add("x", "\xff", "\u2028", `{"context":1,"is_bot":2}`)
	f.Fuzz(func(t *testing.T, event, user, email, properties string) {
		p := newPixelRig(t, secret, web())
		of := tracking.Pixel{Source: "web", Event: event, UserID: user, Email: email}
		if properties != "" {
			of.Properties = jsontext.Value(properties)
		}
		path, err := p.h.Seal(of)
		if err != nil {
			if !errs.Is(err, "bad_pixel") {
				t.Fatal(err)
			}
			return
		}
		shown(t, p.ask(http.MethodGet, path))
		if len(p.records) != 1 {
			t.Fatalf("%d events", len(p.records))
		}
		r := p.records[0]
		got := map[string]string{}
		for _, id := range r.Identifiers {
			got[id.Type] = id.Value
		}
		if r.Event != event || got["user_id"] != user || got["email"] != email {
			t.Errorf("sealed %+v, recorded %+v", of, r)
		}
	})
}

var _ clock.Clock = (*pixelRig)(nil)
