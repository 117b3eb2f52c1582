package demo

import (
	"fmt"
	"time"
)

// WebBatch is one body for POST /v1/batch and how many events it holds.
type WebBatch struct {
	Body   []byte
	Events int
}

// WebTraffic makes the shop's web events as batches of about 100, in the order in
// which they are sent. Some are sent twice, some come with broken clocks, some are
// no valid events.
func (w *World) WebTraffic(writeKey string) ([]WebBatch, Written) {
	t := traffic{w: w, key: writeKey}
	for i := range w.People {
		t.person(&w.People[i])
	}
	t.flush()
	return t.batches, t.n
}

type traffic struct {
	w       *World
	key     string
	batches []WebBatch
	items   []byte
	count   int
	number  int
	n       Written
}

func (t *traffic) person(p *Person) {
	w := t.w
	if !w.chance(0.85) {
		return
	}
	known := p.User != "" && w.chance(0.92)
	for v, device := range p.Devices {
		if v > 0 && w.chance(0.5) {
			continue
		}
		when := w.Start.Add(time.Duration(w.rng.IntN(60*24*60)) * time.Minute)
		visits := 2 + w.rng.IntN(5)
		login := w.rng.IntN(visits)
		user := ""
		for k := range visits {
			when = when.Add(time.Duration(10+w.rng.IntN(300)) * time.Second)
			if known && k == login && w.chance(0.9) {
				user = p.User
				t.identify(p, device, when)
			}
			t.event(p, device, user, when)
		}
		links := []string{"device:" + device}
		if user != "" {
			links = append(links, "user:"+user, "email:"+p.Email)
		}
		w.mention("web", device, p.ID, links...)
	}
	if w.chance(0.03) { // in the shop, at the tablet that everyone uses
		when := w.Start.Add(time.Duration(w.rng.IntN(60*24*60)) * time.Minute)
		t.event(p, pick(w.rng, w.tablets), p.User, when)
	}
}

func (t *traffic) identify(p *Person, device string, at time.Time) {
	b := object("type", "identify", "messageId", t.id(), "userId", p.User, "anonymousId", device, "timestamp", at.Format(time.RFC3339Nano),
		"traits", object("email", t.w.messyEmail(p.Email), "firstName", p.First, "lastName", p.Last, "plan", pick(t.w.rng, []string{"guest", "member", "trade"})))
	t.add(b)
}

func (t *traffic) event(p *Person, device, user string, at time.Time) {
	w := t.w
	if w.chance(0.002) { // a clock in 2076
		at = at.AddDate(52, 0, 0)
	}
	item := pick(w.rng, products)
	var b []byte
	switch w.rng.IntN(4) {
	case 0:
		b = object("type", "track", "event", "Product Viewed", "messageId", t.id(), "anonymousId", device, "userId", user, "timestamp", at.Format(time.RFC3339Nano),
			"properties", object("product", item.Name, "price", float64(item.Price)/100))
	case 1:
		b = object("type", "track", "event", "Product Added", "messageId", t.id(), "anonymousId", device, "userId", user, "timestamp", at.Format(time.RFC3339Nano),
			"properties", object("product", item.Name, "quantity", 1+w.rng.IntN(3)))
	default:
		b = object("type", "page", "name", pick(w.rng, []string{"Home", "Lighting", "Kitchen", "Furniture", "Basket"}), "messageId", t.id(), "anonymousId", device, "userId", user,
			"timestamp", at.Format(time.RFC3339Nano), "properties", object("referrer", "https://search.example.com/", "path", "/"+w.token(5)))
	}
	t.add(b)
	if w.chance(0.01) { // a client's retry
		t.add(b)
		t.n.Repeated++
	}
	if w.chance(0.001) { // no event name
		t.add(object("type", "track", "messageId", t.id(), "anonymousId", device))
		t.n.Malformed++
	}
}

func (t *traffic) id() string {
	t.number++
	return fmt.Sprintf("m-%08d", t.number)
}

func (t *traffic) add(item []byte) {
	if t.count > 0 {
		t.items = append(t.items, ',')
	}
	t.items = append(t.items, item...)
	t.count++
	t.n.Rows++
	if t.count == 100 {
		t.flush()
	}
}

func (t *traffic) flush() {
	if t.count == 0 {
		return
	}
	body := append([]byte(`{"writeKey":"`+t.key+`","batch":[`), t.items...)
	t.batches = append(t.batches, WebBatch{Body: append(body, ']', '}'), Events: t.count})
	t.items, t.count = t.items[:0], 0
}
