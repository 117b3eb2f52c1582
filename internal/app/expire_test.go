package app_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/app"
)

// account is what the ledger says of the contacts; accepted counts every stream.
type account struct{ accepted, applied, quarantined, expired int64 }

func (p *project) account() (a account) {
	p.t.Helper()
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
		p.t.Errorf("the ledger does not balance: %+v", l)
	}
	a.accepted = l.Accepted
	for _, line := range l.Lines {
		if line.Stream == "crm.contacts" {
			a.applied, a.quarantined, a.expired = line.Applied, line.Quarantined, line.Expired
		}
	}
	return a
}

// TestWhatExpiresIsCountedAndStaysSo gives a quarantined record up, and finds the same
// after a rebuild and in the log replayed into an empty folder (I2, I4).
func TestWhatExpiresIsCountedAndStaysSo(t *testing.T) {
	p := newProject(t)
	p.write("in/contacts.csv", contacts)
	p.run(app.Options{})
	p.eventually("rules are in force", func() bool { status, _, _ := p.call("GET", "/readyz", ""); return status == 200 })
	<-p.app.FilesDone()
	p.drain()

	expire := func(before string) (records int) {
		t.Helper()
		var done struct {
			Records int `json:"records"`
		}
		p.ask("POST", "/api/quarantine/expire", fmt.Sprintf(`{"before":%q}`, before), &done)
		p.drain()
		return done.Records
	}

	first := p.account()
	if first.applied != 2 || first.quarantined != 1 {
		t.Fatalf("%+v", first)
	}
	if n := expire("2020-01-01T00:00:00Z"); n != 0 {
		t.Errorf("%d records were received before 2020", n)
	}
	if n := expire("2100-01-01T00:00:00Z"); n != 1 {
		t.Errorf("%d records were given up, want 1", n)
	}
	want := func(when string) {
		t.Helper()
		if now := p.account(); now != (account{first.accepted + 1, 2, 0, 1}) { // and the control record
			t.Errorf("%s: %+v, and before it %+v", when, now, first)
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

// movable is a clock that stands still until it is moved on.
type movable struct{ at atomic.Int64 }

func newMovable(t time.Time) *movable {
	c := &movable{}
	c.at.Store(t.UnixMicro())
	return c
}

func (c *movable) Now() time.Time { return time.UnixMicro(c.at.Load()) }

func (c *movable) move(d time.Duration) { c.at.Add(d.Microseconds()) }

// TestWhatIsKeptLongEnoughExpires has the door give up what is overdue by its own clock,
// at a start and while it runs, once; and finds the same after a rebuild and in the
// log replayed (I2, I3, I4).
func TestWhatIsKeptLongEnoughExpires(t *testing.T) {
	p := newProject(t)
	p.write("kith.yaml", projectFile+"quarantine: {keep: 90d}\n")
	p.write("in/a.csv", contacts)
	const day = 24 * time.Hour
	now := newMovable(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	start := func() {
		t.Helper()
		p.run(app.Options{Clock: now})
		p.eventually("rules are in force", func() bool { status, _, _ := p.call("GET", "/readyz", ""); return status == 200 })
		<-p.app.FilesDone()
		p.drain()
	}
	want := func(when string, applied, quarantined, expired int64) {
		t.Helper()
		got := p.account()
		if got.applied != applied || got.quarantined != quarantined || got.expired != expired {
			t.Errorf("%s: %+v", when, got)
		}
	}
	start()
	want("on the day", 2, 1, 0)
	p.stop()

	now.move(60 * day)
	p.write("in/b.csv", strings.ReplaceAll(contacts, ",34,", ",340,")) // two more that cannot be
	start()
	want("after 60 days", 3, 3, 0)
	p.stop()

	now.move(31 * day)
	start()
	p.eventually("the first has expired", func() bool { return p.account().expired == 1 })
	want("after 91 days", 3, 2, 1)
	accepted := p.account().accepted
	p.stop()
	start()
	if again := p.account(); again.accepted != accepted || again.expired != 1 {
		t.Errorf("a start had something expire again: %+v", again)
	}
	p.stop()

	p.write("kith.yaml", projectFile+"quarantine: {keep: 1s}\n") // looks every 100 ms
	now.move(-31 * day)
	start()
	p.write("kith.yaml", projectFile+"quarantine: {keep: 90d}\n")
	var plan struct {
		Notes []string `json:"notes"`
	}
	p.ask("GET", "/api/plan", "", &plan)
	if got := strings.Join(plan.Notes, "\n"); !strings.Contains(got, "quarantine.keep changes from 1s to 90d") || !strings.Contains(got, "Of the 2 records that are in quarantine, 0 are older now.") {
		t.Errorf("the plan says %q", got)
	}
	now.move(2 * time.Second)
	p.eventually("the others have expired while it runs", func() bool { return p.account().expired == 3 })
	p.drain()
	want("at the end", 3, 0, 3)
	if got := fmt.Sprint(p.sql("select expired from ledger where stream = 'crm.contacts'"), p.sql("select count(*) from quarantine"), p.sql("select count(*) from set_aside where outcome = 'expired'")); got != "[[3]] [[0]] [[3]]" {
		t.Errorf("the warehouse says %s", got)
	}
	was, _, _ := p.generation()
	p.ask("POST", "/api/rebuild", `{}`, nil)
	p.eventually("the rebuild is swapped in", func() bool { now, _, built := p.generation(); return built && now == was+1 })
	p.drain()
	want("after a rebuild", 3, 0, 3)
	p.stop()
	p.verify()
}
