package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/app"
)

// TestWhatExpiresIsCountedAndStaysSo gives a quarantined record up, and finds the same
// after a rebuild and in the log replayed into an empty folder (I2, I4).
func TestWhatExpiresIsCountedAndStaysSo(t *testing.T) {
	p := newProject(t)
	p.write("in/contacts.csv", contacts)
	p.run(app.Options{})
	p.eventually("rules are in force", func() bool { status, _, _ := p.call("GET", "/readyz", ""); return status == 200 })
	<-p.app.FilesDone()
	p.drain()

	account := func() (accepted, applied, quarantined, expired int64) {
		t.Helper()
		var l struct {
			Balanced bool  `json:"balanced"`
			Accepted int64 `json:"accepted"`
			Lines    []struct {
				Stream      string `json:"stream"`
				Applied     int64  `json:"applied"`
				Quarantined int64  `json:"quarantined"`
				Expired     int64  `json:"expired"`
			} `json:"lines"`
		}
		p.ask("GET", "/api/ledger", "", &l)
		if !l.Balanced {
			t.Errorf("the ledger does not balance: %+v", l)
		}
		for _, line := range l.Lines {
			if line.Stream == "crm.contacts" {
				return l.Accepted, line.Applied, line.Quarantined, line.Expired
			}
		}
		return
	}
	expire := func(before string) (records int) {
		t.Helper()
		var done struct {
			Records int `json:"records"`
		}
		p.ask("POST", "/api/quarantine/expire", fmt.Sprintf(`{"before":%q}`, before), &done)
		p.drain()
		return done.Records
	}

	accepted, applied, aside, _ := account()
	if applied != 2 || aside != 1 {
		t.Fatalf("applied %d, quarantined %d", applied, aside)
	}
	if n := expire("2020-01-01T00:00:00Z"); n != 0 {
		t.Errorf("%d records were received before 2020", n)
	}
	if n := expire("2100-01-01T00:00:00Z"); n != 1 {
		t.Errorf("%d records were given up, want 1", n)
	}
	want := func(when string) {
		t.Helper()
		now, applied, quarantined, expired := account()
		if now != accepted+1 || applied != 2 || quarantined != 0 || expired != 1 { // and the control record
			t.Errorf("%s: accepted %d (before: %d), applied %d, quarantined %d, expired %d", when, now, accepted, applied, quarantined, expired)
		}
	}
	want("once expired")
	var replayed struct {
		Records int `json:"records"`
	}
	p.ask("POST", "/api/quarantine/replay", `{"all":true}`, &replayed)
	if replayed.Records != 0 {
		t.Errorf("a replay found %d", replayed.Records)
	}
	if got := fmt.Sprint(p.sql("select outcome, code from set_aside"), p.sql("select expired from ledger where stream = 'crm.contacts'"), p.sql("select count(*) from quarantine")); !strings.Contains(got, "[[expired quality_range]] [[1]] [[0]]") {
		t.Errorf("the warehouse says %s", got)
	}

	was, _, _ := p.generation()
	p.ask("POST", "/api/rebuild", `{}`, nil)
	p.eventually("the rebuild is swapped in", func() bool { now, _, built := p.generation(); return built && now == was+1 })
	p.drain()
	want("after a rebuild")
	p.stop()
	p.verify()
}
