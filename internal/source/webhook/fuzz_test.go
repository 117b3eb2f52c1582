package webhook_test

import (
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/source/webhook"
)

// Whatever the headers say, nothing is stored that no secret signed, and nothing fails.
func FuzzSignatureHeaders(f *testing.F) {
	for _, v := range vectors() {
		_, first, _ := strings.Cut(v.headers[0], ": ")
		f.Add(first, "1614265330", "msg_1")
	}
	f.Add("t=1,t=2,v1=,v1=00,,=", "-1", "")
	schemes := []webhook.Config{{Verify: vectors()["described"].verify}}
	for _, scheme := range []string{"github", "shopify", "stripe", "zendesk", "standard", "bearer"} {
		schemes = append(schemes, webhook.Config{Verify: webhook.Verify{Scheme: scheme, Secrets: []string{"c2VjcmV0IHRoYXQgbm9ib2R5IGtub3dz"}}})
	}
	f.Fuzz(func(t *testing.T, signature, timestamp, id string) {
		for _, c := range schemes {
			r := newRig(t, c)
			w := r.post(`{"id":1}`, "X-Hub-Signature-256: "+signature, "X-Shopify-Hmac-Sha256: "+signature, "Stripe-Signature: "+signature,
				"X-Zendesk-Webhook-Signature: "+signature, "Webhook-Signature: "+signature, "X-Slack-Signature: "+signature, "Authorization: "+signature,
				"X-Zendesk-Webhook-Signature-Timestamp: "+timestamp, "Webhook-Timestamp: "+timestamp, "X-Slack-Request-Timestamp: "+timestamp, "Webhook-Id: "+id)
			if w.Code != 401 || len(r.records) != 0 {
				t.Errorf("%s: %d", c.Verify.Scheme, w.Code)
			}
		}
	})
}

// Whatever the body is, it is taken whole as objects that can be read, or refused whole
// with a code; and taken again it is the same.
func FuzzBodies(f *testing.F) {
	f.Add("a=1&b=%20&a=2", "application/x-www-form-urlencoded")
	f.Add(`payload={"a":[1,2]}`, "application/x-www-form-urlencoded")
	f.Add("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n", "multipart/form-data; boundary=x")
	f.Add(`{"type":"order","id":"1","data":{"items":[{"a":1},2]}}`, "application/json")
	f.Add(`[{"type":"order"},[],"x"]`, "")
	config := webhook.Config{Verify: open, Event: "type", ID: "id", Streams: []webhook.Stream{
		{Stream: "in.orders", Match: []string{"o*"}, Records: "data.items", With: []string{"type", "data.items.0.a"}}, {Stream: "in.rest", Match: []string{"*"}}}}
	f.Fuzz(func(t *testing.T, body, contentType string) {
		r := newRig(t, config)
		w := r.post(body, "Content-Type: "+contentType)
		if (w.Code == 200) != (r.observed[0].Code == "ok") || w.Code >= 500 { // the Sink fails where what it is given is no object
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		again := newRig(t, config)
		again.post(body, "Content-Type: "+contentType)
		if a, b := r.shown(), again.shown(); strings.Join(a, "\n") != strings.Join(b, "\n") {
			t.Errorf("%q, then %q", a, b)
		}
	})
}
