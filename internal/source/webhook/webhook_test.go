package webhook_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/source/webhook"
)

// log is a Sink that keeps copies of what it was given.
type log struct {
	mu      sync.Mutex
	records []record.Record
	err     error
}

func (l *log) Put(_ context.Context, records []record.Record) (record.Position, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return record.Position{}, l.err
	}
	for i := range records { // through the codec: as the road sees them
		r := records[i]
		r.Kind, r.Op = max(r.Kind, record.Event), max(r.Op, record.Upsert) // as the rules would
		var c record.Record
		if err := record.DecodeEnvelope(record.AppendEnvelope(nil, &r), &c); err != nil {
			return record.Position{}, err
		}
		if v := jsontext.Value(c.Props); !v.IsValid() || v.Kind() != '{' {
			return record.Position{}, errs.New("props", "props are no JSON object: "+string(c.Props))
		}
		l.records = append(l.records, c)
	}
	return record.Position{Log: "log", Offsets: []uint64{0, uint64(len(l.records))}}, nil
}

// signedAt is the moment of the vectors that have a time.
var signedAt = time.Unix(1614265330, 0)

type rig struct {
	*log
	mux      *http.ServeMux
	busy     bool
	observed []webhook.Observation
}

// newRig has one source, in, at /hooks/in, under the clock of signedAt.
func newRig(t testing.TB, c webhook.Config) *rig { return newRigAt(t, c, signedAt, 0) }

func newRigAt(t testing.TB, c webhook.Config, now time.Time, most int64) *rig {
	t.Helper()
	r := &rig{log: &log{}, mux: http.NewServeMux()}
	c.Name = "in"
	if c.Streams == nil {
		c.Streams = []webhook.Stream{{Stream: "in.all"}}
	}
	h, err := webhook.New([]webhook.Config{c}, webhook.Deps{Sink: r.log, Clock: clock.Fixed(now), Overloaded: func() bool { return r.busy }, MaxHeld: most,
		Observe: func(o webhook.Observation) { r.observed = append(r.observed, o) }})
	if err != nil {
		t.Fatal(err)
	}
	h.Register(r.mux)
	return r
}

// post sends body with the given headers, "Name: value".
func (r *rig) post(body string, headers ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/hooks/in", strings.NewReader(body))
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	r.mux.ServeHTTP(w, req)
	return w
}

// show is what matters of a record, in one line.
func show(r record.Record) string {
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s %s", r.ID, r.Stream, r.Op, r.Event, r.Reject)), " ") + " " + string(r.Props)
}

func (r *rig) shown() (all []string) {
	for _, rec := range r.records {
		all = append(all, show(rec))
	}
	return all
}

// vector is a delivery that its sender signed, or who knows its secret.
type vector struct {
	verify  webhook.Verify
	body    string
	headers []string
	want    string // the code, or ok
	isText  bool   // of the published example: no JSON, so that only its signature holds
}

// vectors are the examples that the senders publish, where they do, and for the
// others signatures made with openssl.
func vectors() map[string]vector {
	const stripeBody = `{"id":"evt_1","type":"customer.created","pending_webhooks":1,"data":{"object":{"id":"cus_1"}}}`
	return map[string]vector{
		"github": {webhook.Verify{Scheme: "github", Secrets: []string{"It's a Secret to Everybody"}}, "Hello, World!",
			[]string{"X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}, "hook_malformed", true},
		"standard": {webhook.Verify{Scheme: "standard", Secrets: []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}, `{"test": 2432232314}`,
			[]string{"Webhook-Id: msg_p5jXN8AQM9LWM0D4loKWxJek", "Webhook-Timestamp: 1614265330", "Webhook-Signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}, "ok", false},
		"stripe": {webhook.Verify{Scheme: "stripe", Secrets: []string{"whsec_made_up"}}, stripeBody,
			[]string{"Stripe-Signature: t=1614265330,v1=1823b351bff73940c62470ffbc284bc777653692c3b04f88ee26e6795f496a21"}, "ok", false},
		"shopify": {webhook.Verify{Scheme: "shopify", Secrets: []string{"hush"}}, `{"id":1,"email":"jo@example.com"}`,
			[]string{"X-Shopify-Hmac-Sha256: 0B0XkFCx+RxnfYRJNyXy2xYynLJASX5aX1ygm+UvONM="}, "ok", false},
		"zendesk": {webhook.Verify{Scheme: "zendesk", Secrets: []string{"HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA="}}, `{"say": "hello"}`,
			[]string{"X-Zendesk-Webhook-Signature: wWYka7e6+XF5WypjX5Ih3lcd15QF5VUSmslYXn0Tr0o=", "X-Zendesk-Webhook-Signature-Timestamp: 2021-02-25T15:02:10Z"}, "ok", false},
		"described": {webhook.Verify{Scheme: "hmac", Secrets: []string{"slack-secret"}, Header: "X-Slack-Signature", Prefix: "v0=", Timestamp: "X-Slack-Request-Timestamp", Signed: "v0:{timestamp}:{body}"},
			"token=x&text=hello", []string{"X-Slack-Signature: v0=6a96d8f6c7695d0205a2c6e100cff0d56ec3a68703afd1beff10304825f4728c", "X-Slack-Request-Timestamp: 1614265330", "Content-Type: application/x-www-form-urlencoded"}, "ok", false},
		"basic":  {webhook.Verify{Scheme: "basic", Secrets: []string{"jo:pass:word"}}, `{}`, []string{"Authorization: Basic am86cGFzczp3b3Jk"}, "ok", false},
		"bearer": {webhook.Verify{Scheme: "bearer", Secrets: []string{"a-token"}}, `{}`, []string{"Authorization: bearer a-token"}, "ok", false},
		"token":  {webhook.Verify{Scheme: "bearer", Secrets: []string{"a-token"}, Header: "X-Gitlab-Token"}, `{}`, []string{"X-Gitlab-Token: a-token"}, "ok", false},
	}
}

func (v vector) with(f func(*vector)) vector {
	v.headers = append([]string(nil), v.headers...)
	v.verify.Secrets = append([]string(nil), v.verify.Secrets...)
	f(&v)
	return v
}

func TestSignatures(t *testing.T) {
	for name, v := range vectors() {
		t.Run(name, func(t *testing.T) {
			check := func(what string, v vector, status int, want string) {
				t.Helper()
				r := newRig(t, webhook.Config{Verify: v.verify})
				w := r.post(v.body, v.headers...)
				if w.Code != status || r.observed[0].Code != want || want != "ok" && !strings.Contains(w.Body.String(), `"`+want+`"`) {
					t.Errorf("%s: %d %s", what, w.Code, w.Body)
				}
				if got := len(r.records); got > 0 != (want == "ok") {
					t.Errorf("%s: %d records", what, got)
				}
			}
			good := http.StatusOK
			if v.isText {
				good = http.StatusBadRequest
			}
			check("as signed", v, good, v.want)
			check("another secret", v.with(func(v *vector) { v.verify.Secrets[0] = strings.Replace(v.verify.Secrets[0], "a", "b", 1) + "AAAA" }), 401, "hook_signature")
			check("one of two secrets", v.with(func(v *vector) { v.verify.Secrets = append([]string{decoy(v)}, v.verify.Secrets...) }), good, v.want)
			check("no headers", v.with(func(v *vector) { v.headers = nil }), 401, "hook_signature")
			for i, h := range v.headers {
				if strings.HasPrefix(h, "Content-Type") {
					continue
				}
				name, value, _ := strings.Cut(h, ": ")
				cut := "hook_signature"
				if value == "1614265330" { // then it is another time
					cut = "hook_stale"
				}
				check("header cut "+h, v.with(func(v *vector) { v.headers[i] = h[:len(h)-1] }), 401, cut)
				check("header empty "+h, v.with(func(v *vector) { v.headers[i] = name + ": " }), 401, "hook_signature")
			}
			if v.verify.Scheme != "basic" && v.verify.Scheme != "bearer" {
				check("body changed", v.with(func(v *vector) { v.body = strings.Replace(v.body, "e", "f", 1) + " " }), 401, "hook_signature")
				check("body empty", v.with(func(v *vector) { v.body = "" }), 401, "hook_signature")
			}
		})
	}
}

// decoy is a secret that v's scheme can have, and nobody signed with.
func decoy(v *vector) string {
	if v.verify.Scheme == "basic" {
		return "jo:password"
	}
	return "whsec_AAAA"
}

func TestReplayWindow(t *testing.T) {
	for _, name := range []string{"stripe", "standard", "zendesk", "described"} {
		v := vectors()[name]
		for after, want := range map[time.Duration]string{-301 * time.Second: "hook_stale", -300 * time.Second: "ok", 300 * time.Second: "ok", 301 * time.Second: "hook_stale", 100 * 365 * 24 * time.Hour: "hook_stale"} {
			r := newRigAt(t, webhook.Config{Verify: v.verify}, signedAt.Add(after), 0)
			r.post(v.body, v.headers...)
			if r.observed[0].Code != want {
				t.Errorf("%s after %s: %s", name, after, r.observed[0].Code)
			}
		}
		r := newRigAt(t, webhook.Config{Verify: v.verify, Tolerance: time.Minute}, signedAt.Add(61*time.Second), 0)
		if r.post(v.body, v.headers...); r.observed[0].Code != "hook_stale" {
			t.Errorf("%s: the tolerance is not that of the source", name)
		}
	}
	// A time that is moved into the window is no longer the one that was signed.
	v := vectors()["stripe"]
	r := newRigAt(t, webhook.Config{Verify: v.verify}, signedAt.Add(time.Hour), 0)
	if r.post(v.body, strings.Replace(v.headers[0], "1614265330", "1614268930", 1)); r.observed[0].Code != "hook_signature" {
		t.Error("a moved time:", r.observed[0].Code)
	}
	for _, at := range []string{"", "-9223372036854775808", "9223372036854775807", "now", "1e9"} {
		if r.post(v.body, strings.Replace(v.headers[0], "1614265330", at, 1)); r.observed[len(r.observed)-1].Status != 401 {
			t.Errorf("time %q: %v", at, r.observed[len(r.observed)-1])
		}
	}
}

func TestSeveralSignatures(t *testing.T) {
	v := vectors()["stripe"]
	r := newRig(t, webhook.Config{Verify: v.verify})
	sum := strings.TrimPrefix(v.headers[0], "Stripe-Signature: t=1614265330,v1=")
	for header, want := range map[string]int{
		"t=1614265330,v0=" + sum + ",v1=" + strings.Repeat("0", 64) + ",v1=" + sum: 200,
		"t=1614265330,v0=" + sum:                  401, // an older scheme
		"v1=" + sum + ",t=1614265330":             200,
		"t=1614265330,v1=" + sum[:32]:             401,
		"t=1614265330,v1=" + strings.ToUpper(sum): 200,
		"t=1614265330,v1=zz" + sum[2:]:            401,
		"t=1614265330,v1=":                        401,
	} {
		if w := r.post(v.body, "Stripe-Signature: "+header); w.Code != want {
			t.Errorf("%s: %d", header, w.Code)
		}
	}
	wh, err := standardwebhooks.NewWebhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	sig, err := wh.Sign("msg_1", signedAt, []byte(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	r = newRig(t, webhook.Config{Verify: vectors()["standard"].verify})
	if w := r.post(`{"a":1}`, "Webhook-Id: msg_1", "Webhook-Timestamp: 1614265330", "Webhook-Signature: v1a,AAAA v1,AAAA "+sig); w.Code != 200 {
		t.Errorf("the library's own signature, beside others: %d %s", w.Code, w.Body)
	}
	if w := r.post(`{"a":1}`, "Webhook-Id: msg_2", "Webhook-Timestamp: 1614265330", "Webhook-Signature: "+sig); w.Code != 401 {
		t.Errorf("under another id: %d", w.Code)
	}
}

var open = webhook.Verify{Scheme: "none"}

func TestRecords(t *testing.T) {
	streams := []webhook.Stream{
		{Stream: "in.customers", Match: []string{"customers/[cu]*"}, Deletes: []string{"customers/delete"}},
		{Stream: "in.lines", Match: []string{"order"}, Records: "data.items", With: []string{"data.order_id", "sku"}},
	}
	header := webhook.Config{Verify: open, Streams: streams, EventHeader: "X-Topic", IDHeader: "X-Id"}
	inBody := webhook.Config{Verify: open, Streams: streams, Event: "type", ID: "meta.0.id"}
	long := strings.Repeat("x", 300)
	for name, c := range map[string]struct {
		config  webhook.Config
		body    string
		headers []string
		want    []string
	}{
		"one":                {header, ` {"id": 1} `, []string{"X-Topic: customers/create", "X-Id: d1"}, []string{`d1 in.customers upsert customers/create {"id": 1}`}},
		"a delete":           {header, `{"id":1}`, []string{"X-Topic: customers/delete", "X-Id: d1"}, []string{`d1 in.customers delete customers/delete {"id":1}`}},
		"unmatched":          {header, `{"id":1}`, []string{"X-Topic: carts/create", "X-Id: d1"}, []string{`d1#rejected in.unmatched upsert carts/create hook_unmatched {"id":1}`}},
		"nothing happened":   {header, `{"id":1}`, []string{"X-Id: d1"}, []string{`d1#rejected in.unmatched upsert hook_unmatched {"id":1}`}},
		"a scalar":           {header, `"hello"`, []string{"X-Topic: customers/create", "X-Id: d1"}, []string{`d1#rejected in.customers upsert customers/create hook_not_object {"_raw":"hello"}`}},
		"a list":             {header, `[{"id":1},{"id":2},3]`, []string{"X-Topic: customers/update", "X-Id: d1"}, []string{`d1#0 in.customers upsert customers/update {"id":1}`, `d1#1 in.customers upsert customers/update {"id":2}`, `d1#2#rejected in.customers upsert customers/update hook_not_object {"_raw":3}`}},
		"an empty list":      {header, `[]`, nil, nil},
		"no id":              {header, `{"id":1}`, []string{"X-Topic: customers/create"}, []string{`in.customers upsert customers/create {"id":1}`}},
		"a long id":          {header, `{}`, []string{"X-Topic: customers/create", "X-Id: " + long}, []string{fmt.Sprintf(`%x in.customers upsert customers/create {}`, sha256.Sum256([]byte(long)))}},
		"each says its own":  {inBody, `[{"type":"customers/create","meta":[{"id":"a"}]},{"type":"order","meta":[{"id":7}],"data":{"order_id":"o1","items":[{"sku":"x"},{},5]}}]`, nil, []string{`a in.customers upsert customers/create {"type":"customers/create","meta":[{"id":"a"}]}`, `7#0 in.lines upsert order {"order_id":"o1","sku":"x"}`, `7#1 in.lines upsert order {"order_id":"o1"}`, `7#2#rejected in.lines upsert order hook_not_object {"_raw":5}`}},
		"records of one":     {inBody, `{"type":"order","data":{"items":{"sku":"x"}}}`, nil, []string{`in.lines upsert order {"sku":"x"}`}},
		"no records":         {inBody, `{"type":"order","meta":[{"id":"a"}],"data":{"items":null}}`, nil, []string{`a#rejected in.lines upsert order hook_records_missing {"type":"order","meta":[{"id":"a"}],"data":{"items":null}}`}},
		"an empty form":      {webhook.Config{Verify: open}, ``, []string{"Content-Type: application/x-www-form-urlencoded"}, []string{`in.all upsert {}`}},
		"a form":             {webhook.Config{Verify: open, Event: "type"}, `type=sub+scribe&data%5Bemail%5D=j%C3%B6%40example.com&tag=a&tag=b&&empty`, []string{"Content-Type: application/x-www-form-urlencoded; charset=utf-8"}, []string{`in.all upsert sub scribe {"type":"sub scribe","data[email]":"jö@example.com","tag":["a","b"],"empty":""}`}},
		"a wrapped payload":  {webhook.Config{Verify: open, Event: "action"}, `payload=%7B%22action%22%3A%22opened%22%7D`, []string{"Content-Type: application/x-www-form-urlencoded"}, []string{`in.all upsert opened {"action":"opened"}`}},
		"a plain payload":    {webhook.Config{Verify: open}, `payload=hello`, []string{"Content-Type: application/x-www-form-urlencoded"}, []string{`in.all upsert {"payload":"hello"}`}},
		"JSON called a form": {webhook.Config{Verify: open}, `{"a":"b&c=d"}`, []string{"Content-Type: application/x-www-form-urlencoded"}, []string{`in.all upsert {"a":"b&c=d"}`}},
		"a member with dots": {webhook.Config{Verify: open, Event: "a.b"}, `{"a":{"c":1},"a.b":"x"}`, nil, []string{`in.all upsert x {"a":{"c":1},"a.b":"x"}`}},
	} {
		r := newRig(t, c.config)
		if w := r.post(c.body, c.headers...); w.Code != 200 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if diff := cmp.Diff(c.want, r.shown()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestMultipart(t *testing.T) {
	send := func(file []byte) *rig {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		_ = m.WriteField("from", "jo@example.com")
		part, _ := m.CreateFormFile("note", "note.txt")
		_, _ = part.Write(file)
		_ = m.Close()
		r := newRig(t, webhook.Config{Verify: open})
		r.post(b.String(), "Content-Type: "+m.FormDataContentType())
		return r
	}
	if got := send([]byte("hi")).shown(); len(got) != 1 || got[0] != `in.all upsert {"from":"jo@example.com","note":"hi"}` {
		t.Error(got)
	}
	if r := send([]byte{0xff, 0xd8}); r.observed[0].Code != "hook_form_file" || r.observed[0].Status != 415 || len(r.records) != 0 {
		t.Errorf("%+v", r.observed)
	}
}

// What Stripe changes from one try of an event to the next makes no other event of it.
func TestARetryIsACopy(t *testing.T) {
	secret := []byte("s")
	r := newRig(t, webhook.Config{Verify: webhook.Verify{Scheme: "stripe", Secrets: []string{"s"}}})
	for _, body := range []string{`{"id":"evt_1","pending_webhooks":2,"type":"x"}`, `{"id":"evt_1","pending_webhooks":1,"type":"x"}`, `{"id":"evt_1","pending_webhooks":1,"type":"y"}`} {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte("1614265330." + body))
		if w := r.post(body, "Stripe-Signature: t=1614265330,v1="+hex.EncodeToString(mac.Sum(nil))); w.Code != 200 {
			t.Fatal(w.Code, w.Body)
		}
	}
	if a, b, c := r.records[0], r.records[1], r.records[2]; a.ID != "evt_1" || a.ID != b.ID || a.Hash != b.Hash || a.Hash == c.Hash {
		t.Errorf("%v", r.records)
	}
}

func zip(b string) string {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write([]byte(b))
	_ = w.Close()
	return z.String()
}

func TestGzip(t *testing.T) {
	const body = `{"id":1}`
	sign := func(b string) string {
		mac := hmac.New(sha256.New, []byte("s"))
		mac.Write([]byte(b))
		return "X-Hub-Signature-256: sha256=" + hex.EncodeToString(mac.Sum(nil))
	}
	for what, signed := range map[string]string{"packed": zip(body), "unpacked": body} {
		r := newRig(t, webhook.Config{Verify: webhook.Verify{Scheme: "github", Secrets: []string{"s"}}})
		if w := r.post(zip(body), sign(signed), "Content-Encoding: gzip"); w.Code != 200 || len(r.records) != 1 || string(r.records[0].Props) != body {
			t.Errorf("signed %s: %d %s", what, w.Code, w.Body)
		}
		if w := r.post(zip(`{"id":2}`), sign(signed), "Content-Encoding: gzip"); w.Code != 401 {
			t.Errorf("signed %s, another body: %d", what, w.Code)
		}
	}
}

func TestRefusals(t *testing.T) {
	form := "Content-Type: application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		body    string
		header  string
		status  int
		code    string
		maxBody int
	}{
		"nothing":           {``, "", 400, "hook_malformed", 0},
		"no JSON":           {`hello`, "", 400, "hook_malformed", 0},
		"two values":        {`{} {}`, "", 400, "hook_malformed", 0},
		"a name twice":      {`{"a":1,"a":2}`, "", 400, "hook_malformed", 0},
		"no UTF-8":          {"{\"a\":\"\xff\"}", "", 400, "hook_malformed", 0},
		"deep arrays":       {strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), "", 400, "hook_too_deep", 0},
		"deep objects":      {strings.Repeat(`{"a":`, 100_000), "", 400, "hook_too_deep", 0},
		"large":             {`{"a":"` + strings.Repeat("x", 100) + `"}`, "", 413, "hook_too_large", 100},
		"a bomb":            {zip(strings.Repeat(" ", 50<<20)), "Content-Encoding: gzip", 413, "hook_too_large", 0},
		"no gzip":           {`{}`, "Content-Encoding: gzip", 400, "hook_gzip", 0},
		"half a gzip":       {zip(strings.Repeat(`{"a":1}`, 100))[:30], "Content-Encoding: gzip", 400, "hook_gzip", 0},
		"another encoding":  {`{}`, "Content-Encoding: br", 415, "hook_encoding", 0},
		"many records":      {"[" + strings.Repeat("{},", 1_000) + "{}]", "", 413, "hook_too_many", 0},
		"many fields":       {strings.Repeat("a=1&", 1_000_000), form, 413, "hook_too_many", 0},
		"a bad escape":      {"a=%zz", form, 400, "hook_form", 0},
		"a form of bytes":   {"a=%ff", form, 400, "hook_form", 0},
		"a nameless field":  {"=1", form, 400, "hook_form", 0},
		"no multipart":      {"hello", "Content-Type: multipart/form-data; boundary=x", 400, "hook_form", 0},
		"without boundary":  {"hello", "Content-Type: multipart/form-data", 400, "hook_form", 0},
		"payload malformed": {"payload=%7B", form, 400, "hook_malformed", 0},
	} {
		r := newRig(t, webhook.Config{Verify: open, MaxBody: c.maxBody})
		w := r.post(c.body, c.header)
		if w.Code != c.status || !strings.HasPrefix(w.Body.String(), `{"code":"`+c.code+`"`) || len(r.records) != 0 || r.observed[0].Code != c.code {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestBackPressure(t *testing.T) {
	for code, status := range map[errs.Code]int{"overloaded": 429, "disk_full": 503, "engine_unavailable": 503, "anything": 503} {
		r := newRig(t, webhook.Config{Verify: open})
		r.err = errs.New(code, "x")
		if w := r.post(`{}`); w.Code != status || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d %v", code, w.Code, w.Header())
		}
	}
	r := newRig(t, webhook.Config{Verify: open})
	r.busy = true
	if w := r.post(`no JSON, and not read`); w.Code != 429 {
		t.Errorf("a door that is behind: %d", w.Code)
	}
	r = newRigAt(t, webhook.Config{Verify: open}, signedAt, 64<<10)
	for range 3 { // what a refused one held is given back
		if w := r.post(`"` + strings.Repeat("x", 100<<10) + `"`); w.Code != 429 {
			t.Errorf("over the budget: %d", w.Code)
		}
		if w := r.post(`{"a":"` + strings.Repeat("x", 10<<10) + `"}`); w.Code != 200 || w.Header().Get("Kith-Token") == "" {
			t.Errorf("within the budget: %d %s", w.Code, w.Body)
		}
	}
}

func TestABodyThatBreaksOff(t *testing.T) {
	r := newRig(t, webhook.Config{Verify: open})
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/hooks/in", brokenReader{})
	w := httptest.NewRecorder()
	r.mux.ServeHTTP(w, req)
	if w.Code != http.StatusRequestTimeout || len(r.records) != 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, fmt.Errorf("broken pipe") }

func TestConfigFaults(t *testing.T) {
	s := []webhook.Stream{{Stream: "in.all"}}
	v := webhook.Verify{Scheme: "github", Secrets: []string{"x"}}
	hmacOf := func(v webhook.Verify) webhook.Config {
		v.Scheme, v.Secrets = "hmac", []string{"x"}
		return webhook.Config{Name: "in", Streams: s, Verify: v}
	}
	for name, c := range map[string]webhook.Config{
		"no scheme":        {Name: "in", Streams: s},
		"no secret":        {Name: "in", Streams: s, Verify: webhook.Verify{Scheme: "github"}},
		"an empty secret":  {Name: "in", Streams: s, Verify: webhook.Verify{Scheme: "github", Secrets: []string{""}}},
		"none with secret": {Name: "in", Streams: s, Verify: webhook.Verify{Scheme: "none", Secrets: []string{"x"}}},
		"not base64":       {Name: "in", Streams: s, Verify: webhook.Verify{Scheme: "standard", Secrets: []string{"whsec_!"}}},
		"no password":      {Name: "in", Streams: s, Verify: webhook.Verify{Scheme: "basic", Secrets: []string{"jo"}}},
		"own settings":     {Name: "in", Streams: s, Verify: webhook.Verify{Scheme: "stripe", Secrets: []string{"x"}, Header: "X"}},
		"no header":        hmacOf(webhook.Verify{}),
		"encoding":         hmacOf(webhook.Verify{Header: "X", Encoding: "rot13"}),
		"digest":           hmacOf(webhook.Verify{Header: "X", Digest: "md5"}),
		"no body":          hmacOf(webhook.Verify{Header: "X", Signed: "{timestamp}", Timestamp: "Y"}),
		"unsigned time":    hmacOf(webhook.Verify{Header: "X", Timestamp: "Y"}),
		"no time":          hmacOf(webhook.Verify{Header: "X", Signed: "{timestamp}{body}"}),
		"no id":            hmacOf(webhook.Verify{Header: "X", Signed: "{id}{body}"}),
		"path elsewhere":   {Name: "in", Streams: s, Verify: v, Path: "/v1/track"},
		"path up":          {Name: "in", Streams: s, Verify: v, Path: "/hooks/../v1"},
		"path pattern":     {Name: "in", Streams: s, Verify: v, Path: "/hooks/{x}"},
		"path of all":      {Name: "in", Streams: s, Verify: v, Path: "/hooks/"},
		"both":             {Name: "in", Streams: s, Verify: v, Event: "a", EventHeader: "b"},
		"no stream":        {Name: "in", Verify: v},
		"no glob":          {Name: "in", Verify: v, Streams: []webhook.Stream{{Stream: "in.all", Match: []string{"["}}}},
		"too much":         {Name: "in", Streams: s, Verify: v, MaxBody: 1 << 30},
	} {
		if err := c.Validate(); !errs.Is(err, "bad_value") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if faults := webhook.Validate([]webhook.Config{{Name: "a", Streams: s, Verify: v, Path: "/hooks/b"}, {Name: "b", Streams: s, Verify: v}}); len(faults) != 1 {
		t.Errorf("one path for two: %v", faults)
	}
}
