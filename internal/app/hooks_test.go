package app_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/app"
)

const hookProject = `name: hooks
data: ./data
engine: {embedded: {partitions: 2, topic_partitions: 2, cache: 16MiB, reserve: 1MiB}}
warehouse: {step_time: 10ms, memory: 128MiB}
server: {listen: "127.0.0.1:0"}
sources:
  billing: {type: webhook, verify: {scheme: stripe, secrets: [whsec_old, whsec_new]}}
  shop: {type: webhook, path: /hooks/my-shop, verify: {scheme: shopify, secrets: [hush]}}
streams:
  billing.customers:
    match: ["customer.*"]
    kind: customer
    key: data.object.id
    seq: created
    identifiers: {email: data.object.email}
    attributes: {email: {from: data.object.email, clean: [email]}, plan: data.object.metadata.plan}
  billing.invoices: {match: ["invoice.*"], kind: event, occurred: created}
  shop.customers:
    match: ["customers/*"]
    deletes: ["customers/delete"]
    kind: customer
    key: id
    seq: updated_at
    identifiers: {email: email}
    attributes: {email: {from: email, clean: [email]}, first_name: first_name}
  shop.lines: {match: ["orders/*"], kind: object, key: id, records: line_items, with: [customer.email], identifiers: {email: email}}
identity:
  identifiers: [{type: email}]
`

// deliver posts to a webhook source and gives the token of the answer.
func (p *project) deliver(want int, path, body string, headers map[string]string) string {
	p.t.Helper()
	r := httptest.NewRequestWithContext(p.t.Context(), http.MethodPost, path, strings.NewReader(body))
	r.Host = "localhost"
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	p.app.Handler().ServeHTTP(w, r)
	if w.Code != want {
		p.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Header().Get("Kith-Token")
}

func signedWith(secret, text string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func stripe(secret, body string) map[string]string {
	at := strconv.FormatInt(time.Now().Unix(), 10)
	return map[string]string{"Stripe-Signature": "t=" + at + ",v1=" + hex.EncodeToString(signedWith(secret, at+"."+body))}
}

func shopify(topic, id, body string) map[string]string {
	return map[string]string{"X-Shopify-Topic": topic, "X-Shopify-Webhook-Id": id, "X-Shopify-Hmac-Sha256": base64.StdEncoding.EncodeToString(signedWith("hush", body))}
}

// TestFromWebhooksToProfilesAndWarehouse sends what two systems say of one person,
// some of it twice, some of it out of order, some of it unsigned.
func TestFromWebhooksToProfilesAndWarehouse(t *testing.T) {
	p := newProject(t)
	p.write("kith.yaml", hookProject)
	p.run(app.Options{})
	p.eventually("rules are in force", func() bool { status, _, _ := p.call("GET", "/readyz", ""); return status == 200 })
	customer := func(id string, created int, plan string) string {
		return fmt.Sprintf(`{"id":%q,"type":"customer.updated","created":%d,"pending_webhooks":1,"data":{"object":{"id":"cus_1","email":"Ana@example.com","metadata":{"plan":%q}}}}`, id, created, plan)
	}
	newer, older := customer("evt_2", 1790000002, "pro"), customer("evt_1", 1790000001, "free")
	p.deliver(200, "/hooks/billing", newer, stripe("whsec_new", newer))
	p.deliver(200, "/hooks/billing", older, stripe("whsec_old", older))
	p.deliver(200, "/hooks/billing", newer, stripe("whsec_new", newer))
	retry := strings.Replace(newer, `"pending_webhooks":1`, `"pending_webhooks":0`, 1)
	p.deliver(200, "/hooks/billing", retry, stripe("whsec_new", retry))
	invoice := `{"id":"evt_3","type":"invoice.paid","created":1790000003,"data":{"object":{"total":1250}}}`
	p.deliver(200, "/hooks/billing", invoice, stripe("whsec_new", invoice))
	payout := `{"id":"evt_4","type":"payout.paid"}`
	p.deliver(200, "/hooks/billing", payout, stripe("whsec_new", payout))
	p.deliver(401, "/hooks/billing", payout, stripe("whsec_other", payout))
	p.deliver(401, "/hooks/my-shop", payout, stripe("whsec_new", payout))
	p.deliver(404, "/hooks/shop", payout, nil)

	ana := `{"id":7,"email":"ana@example.com","first_name":"Ana","updated_at":"2026-01-02T10:00:00Z"}`
	p.deliver(200, "/hooks/my-shop", ana, shopify("customers/create", "d1", ana))
	ben := `{"id":8,"email":"ben@example.com","first_name":"Ben","updated_at":"2026-01-02T10:00:00Z"}`
	p.deliver(200, "/hooks/my-shop", ben, shopify("customers/create", "d2", ben))
	p.deliver(200, "/hooks/my-shop", `{"id":8}`, shopify("customers/delete", "d3", `{"id":8}`))
	order := `{"id":1,"customer":{"email":"ana@example.com"},"line_items":[{"id":11,"sku":"lamp"},{"id":12,"sku":"chair"}]}`
	token := p.deliver(200, "/hooks/my-shop", order, shopify("orders/create", "d4", order))
	p.drain()

	who := p.who("ana@example.com", token)
	if who.Attributes["plan"] != "pro" || who.Attributes["first_name"] != "Ana" || len(who.Crosswalk) != 2 {
		t.Errorf("%+v", who)
	}
	if gone := p.who("ben@example.com", token); gone.Attributes["first_name"] != nil {
		t.Errorf("deleted, and there: %+v", gone)
	}
	for query, want := range map[string]string{
		"select email, plan, first_name from dim_customer where is_current and email is not null":                                                                                  "[[ana@example.com pro Ana]]",
		"select event, data_object_total, epoch(occurred) = 1790000003 from fact_billing_invoices":                                                                                 "[[invoice.paid 1250 true]]",
		"select f.sku, c.first_name from fact_shop_lines f join bridge_node b using (node_key) join dim_customer c on c.customer_id = b.customer_id and c.is_current order by sku": "[[chair Ana] [lamp Ana]]",
		"select code, stream, count(*) from quarantine group by all":                                                                                                               "[[hook_unmatched billing.unmatched 1]]",
	} {
		if got := fmt.Sprint(p.sql(query)); got != want {
			t.Errorf("%s: %s, not %s", query, got, want)
		}
	}
	l := p.ledger()
	counts := map[string][3]int64{}
	for _, line := range l.Lines {
		counts[line.Stream] = [3]int64{line.Applied, line.Quarantined, line.Duplicate}
	}
	delete(counts, "rules")
	want := map[string][3]int64{"billing.customers": {1, 0, 2}, "billing.invoices": {1, 0, 0}, "billing.unmatched": {0, 1, 0}, "shop.customers": {3, 0, 0}, "shop.lines": {2, 0, 0}}
	if diff := cmp.Diff(want, counts); diff != "" || !l.Balanced {
		t.Errorf("%s, balanced %v", diff, l.Balanced)
	}
	p.hookCounts()
	p.stop()
	p.verify()
}

// hookCounts looks at what status and metrics tell of both sources.
func (p *project) hookCounts() {
	p.t.Helper()
	var s api.Status
	p.ask("GET", "/api/status", "", &s)
	want := []api.Source{
		{Name: "billing", Type: "webhook", State: api.SourceListening, Records: 6, Rejected: 1},
		{Name: "shop", Type: "webhook", State: api.SourceListening, Records: 5},
	}
	if diff := cmp.Diff(want, s.Sources); diff != "" {
		p.t.Error(diff)
	}
	_, _, text := p.call("GET", "/metrics", "")
	for _, line := range []string{`kith_hook_requests_total{code="ok",source="billing"} 6`, `kith_hook_requests_total{code="hook_signature",source="billing"} 1`,
		`kith_hook_requests_total{code="hook_signature",source="shop"} 1`, `kith_source_rejected_total{source="billing"} 1`} {
		if !strings.Contains(string(text), line+"\n") {
			p.t.Errorf("the metrics lack %s", line)
		}
	}
}

// TestUnmatchedDeliveriesAreReplayed: what no stream took when it came is taken once one
// does, and once alone, though the sender delivers it again as well.
func TestUnmatchedDeliveriesAreReplayed(t *testing.T) {
	p := newProject(t)
	p.write("kith.yaml", hookProject)
	start := func(opts app.Options) {
		t.Helper()
		p.run(opts)
		p.eventually("rules are in force", func() bool { status, _, _ := p.call("GET", "/readyz", ""); return status == 200 })
	}
	replay := func(want int) {
		t.Helper()
		var done struct {
			Records int    `json:"records"`
			Token   string `json:"token"`
		}
		p.drain()
		p.ask("POST", "/api/quarantine/replay", `{"all":true}`, &done)
		p.drain()
		if done.Records != want || done.Token == "" {
			t.Errorf("%+v were replayed, want %d", done, want)
		}
	}
	start(app.Options{})
	p.deliver(200, "/hooks/my-shop", `{"items":[{"id":1,"email":"ana@example.com"},{"id":2,"email":"ben@example.com"}]}`, shopify("carts/create", "d1", `{"items":[{"id":1,"email":"ana@example.com"},{"id":2,"email":"ben@example.com"}]}`))
	cart := `{"items":[{"id":3,"email":"cleo@example.com"}]}`
	p.deliver(200, "/hooks/my-shop", cart, shopify("carts/update", "d2", cart))
	p.deliver(200, "/hooks/my-shop", `{"id":9}`, shopify("refunds/create", "d3", `{"id":9}`))
	p.deliver(200, "/hooks/my-shop", `"hello"`, shopify("carts/create", "d4", `"hello"`))
	order := `{"id":1,"lines":[{"id":11,"sku":"lamp"}]}`
	p.deliver(200, "/hooks/my-shop", order, shopify("orders/create", "d5", order))
	replay(5) // nothing takes them yet
	if got := fmt.Sprint(p.sql("select code, count(*) from quarantine group by all order by 1")); got != "[[hook_records_missing 1] [hook_unmatched 4]]" {
		t.Errorf("before: %s", got)
	}
	p.stop()

	mended := strings.Replace(hookProject, "identity:", "  shop.carts: {match: [\"carts/*\"], kind: object, key: id, records: items, identifiers: {email: email}}\nidentity:", 1)
	p.write("kith.yaml", strings.Replace(mended, "records: line_items", "records: lines", 1))
	start(app.Options{ApplyRules: true})
	p.eventually("the mended rules are in force", func() bool {
		var s api.Status
		p.ask("GET", "/api/status", "", &s)
		return s.Rules == 2
	})
	p.deliver(200, "/hooks/my-shop", cart, shopify("carts/update", "d2", cart)) // the sender has tried again by itself
	replay(5)
	replay(2)
	for query, want := range map[string]string{
		"select code, count(*) from quarantine group by all order by 1":                                   "[[hook_unmatched 2]]",
		"select code, outcome, count(*) from set_aside where outcome = 'expired' group by all order by 1": "[[hook_records_missing expired 1] [hook_unmatched expired 2]]",
		"select id from fact_shop_carts order by id":                                                      "[[1] [2] [3]]",
		"select sku from fact_shop_lines":                                                                 "[[lamp]]",
	} {
		if got := fmt.Sprint(p.sql(query)); got != want {
			t.Errorf("%s: %s, not %s", query, got, want)
		}
	}
	l := p.ledger()
	for _, line := range l.Lines {
		if line.Stream == "shop.carts" && (line.Applied != 3 || line.Duplicate != 1) || line.Stream == "shop.unmatched" && line.Quarantined != 2 {
			t.Errorf("%+v", line)
		}
	}
	if !l.Balanced {
		t.Error("the ledger does not balance")
	}
	p.stop()
	p.verify()
}
