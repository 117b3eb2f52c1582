package app_test

import (
	"fmt"
	"testing"

	"github.com/kithdata/kith/internal/app"
)

// TestPixel: a mail's image that is made through the API and shown leaves one event of
// that person in the warehouse, whoever asks twice, and after a restart too.
func TestPixel(t *testing.T) {
	p := newProject(t)
	p.run(app.Options{})
	p.eventually("rules are in force", func() bool { status, _, _ := p.call("GET", "/readyz", ""); return status == 200 })
	p.ask("POST", "/v1/identify", `{"messageId":"m1","userId":"u1","traits":{"email":"ana@example.com"}}`, nil)
	var made struct {
		Path string `json:"path"`
	}
	p.ask("POST", "/api/pixels", `{"source":"web","event":"Email Opened","email":"ana@example.com","properties":{"campaign":"spring"}}`, &made)
	var kept struct {
		Path string `json:"path"`
	}
	p.ask("POST", "/api/pixels", `{"source":"web","event":"Email Opened","user_id":"u1","properties":{"campaign":"summer"}}`, &kept)
	p.ask("GET", made.Path, "", nil)
	if status, _, _ := p.call("GET", made.Path+"x", ""); status != 200 {
		t.Errorf("a changed token is answered %d", status)
	}
	p.stop()
	p.run(app.Options{})
	p.eventually("rules are in force", func() bool { status, _, _ := p.call("GET", "/readyz", ""); return status == 200 })
	p.ask("GET", kept.Path, "", nil)
	p.drain()
	rows := p.sql(`select e.event, e.campaign, count(*), count(distinct b.customer_id) from fact_web_events e join bridge_node b using (node_key)
		where b.customer_id in (select customer_id from bridge_identity where identifier_value = 'u1') group by all order by 2`)
	if got := fmt.Sprint(rows); got != "[[Email Opened spring 1 1] [Email Opened summer 1 1]]" {
		t.Errorf("the warehouse has %s", got)
	}
	if status, _, text := p.call("POST", "/api/pixels", `{"source":"crm","event":"x","user_id":"u1"}`); status != 404 {
		t.Errorf("a pixel of a file source is answered %d %s", status, text)
	}
	if status, _, text := p.call("POST", "/api/pixels", `{"source":"web","event":"x"}`); status != 400 {
		t.Errorf("a pixel of nobody is answered %d %s", status, text)
	}
}
