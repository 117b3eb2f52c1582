package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kithdata/kith/internal/api/client"
	"github.com/kithdata/kith/internal/kit/errs"
)

type keysCmd struct {
	List   keysListCmd   `cmd:"" help:"List API keys, without their secrets."`
	Create keysCreateCmd `cmd:"" help:"Make an API key; its secret is shown this once."`
	Revoke keysRevokeCmd `cmd:"" help:"Revoke an API key."`
}

type keysListCmd struct{}

func (keysListCmd) Help() string { return "Example: kith keys list" }

func (keysListCmd) Run(g *Globals) (err error) {
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	a, err := ask[client.KeyPage](conn.ListKeys(g.ctx))
	if err != nil {
		return err
	}
	return show(g, a, func(p *printer, page client.KeyPage) {
		t := newTable("id", "name", "role", "created", "expires", "revoked")
		for _, k := range page.Items {
			t.add(k.ID, k.Name, string(k.Role), k.Created, k.Expires, k.Revoked)
		}
		p.table(t)
	})
}

type keysCreateCmd struct {
	Name    string `arg:"" help:"Who or what it is for."`
	Role    string `required:"" enum:"ingest,read,operate,admin" placeholder:"ROLE" help:"What it allows: ingest, read, operate (which reads too) or admin (all)."`
	Expires moment `placeholder:"TIME" help:"When it ends: a time, a day, or how long from now, such as 90d."`
}

func (keysCreateCmd) Help() string {
	return `Example: kith keys create "nightly report" --role read --expires 90d

The secret goes to standard output and is kept nowhere: only its hash is stored.`
}

func (c keysCreateCmd) Run(g *Globals) (err error) {
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	body := client.KeyRequest{Name: c.Name, Role: client.Role(c.Role)}
	if !c.Expires.IsZero() {
		body.Expires = &c.Expires.Time
	}
	a, err := ask[client.CreatedKey](conn.CreateKey(g.ctx, body))
	if err != nil {
		return err
	}
	return show(g, a, func(p *printer, k client.CreatedKey) {
		g.say("key %s, role %s; keep the secret, it is not shown again:", k.Key.ID, k.Key.Role)
		p.line("%s", k.Secret)
	})
}

type keysRevokeCmd struct {
	ID string `arg:"" help:"The key's id, as kith keys list names it."`
}

func (keysRevokeCmd) Help() string { return "Example: kith keys revoke k7f3a9" }

func (c keysRevokeCmd) Run(g *Globals) (err error) {
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	a, err := ask[client.Key](conn.RevokeKey(g.ctx, c.ID))
	if err != nil {
		return err
	}
	return show(g, a, func(p *printer, k client.Key) { p.line("key %s is revoked", k.ID) })
}

type destinationsCmd struct {
	List        destinationsListCmd `cmd:"" help:"List destinations and how far they have come."`
	Secret      secretCmd           `cmd:"" help:"Show the signing secret that Kith made for a destination."`
	DeadLetters deadLettersCmd      `cmd:"" help:"List the messages that a destination did not take."`
	Redeliver   redeliverCmd        `cmd:"" help:"Send dead letters again."`
}

type destinationsListCmd struct{}

func (destinationsListCmd) Help() string { return "Example: kith destinations list" }

func (destinationsListCmd) Run(g *Globals) (err error) {
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	a, err := ask[client.DestinationPage](conn.ListDestinations(g.ctx))
	if err != nil {
		return err
	}
	return show(g, a, func(p *printer, page client.DestinationPage) {
		if len(page.Items) == 0 {
			p.line("the project has no destination")
			return
		}
		p.destinations(page.Items)
		for _, d := range page.Items {
			if d.Secret == client.Made {
				p.line("")
				p.line("Kith made the signing secret of %s: kith destinations secret %s", d.Name, d.Name)
			}
		}
	})
}

type secretCmd struct {
	Name string `arg:"" help:"The destination's name."`
}

func (secretCmd) Help() string {
	return `Example: kith destinations secret mailer

The receiver verifies messages with it. One that the project's file names is not shown.`
}

func (c secretCmd) Run(g *Globals) (err error) {
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	a, err := ask[client.SigningSecret](conn.GetDestinationSecret(g.ctx, c.Name))
	if err != nil {
		return err
	}
	return show(g, a, func(p *printer, s client.SigningSecret) { p.line("%s", s.Secret) })
}

type deadLettersCmd struct {
	Name  string `arg:"" help:"The destination's name."`
	Limit int    `default:"50" help:"Show at most this many."`
}

func (deadLettersCmd) Help() string { return "Example: kith destinations dead-letters mailer" }

func (c deadLettersCmd) Run(g *Globals) (err error) {
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	items, err := pages(c.Limit, func(cursor *string, limit int) ([]client.DeadLetter, *string, error) {
		a, err := ask[client.DeadLetterPage](conn.ListDeadLetters(g.ctx, c.Name, &client.ListDeadLettersParams{Cursor: cursor, Limit: &limit}))
		return a.value.Items, a.value.Next, err
	})
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printItems(items)
	}
	p := g.printer()
	if len(items) == 0 {
		p.line("there is no dead letter")
		return p.err
	}
	t := newTable("id", "kind", "time", "#attempts", "code", "#status", "profile")
	for _, d := range items {
		status := ""
		if d.Status != nil && *d.Status != 0 {
			status = strconv.Itoa(*d.Status)
		}
		t.add(d.ID, d.Kind, d.Time, d.Attempts, d.Code, status, d.Profile)
	}
	p.table(t)
	return p.err
}

type redeliverCmd struct {
	Name string   `arg:"" help:"The destination's name."`
	IDs  []string `arg:"" optional:"" name:"id" help:"Messages by their ids."`
	All  bool     `help:"All its dead letters."`
}

func (redeliverCmd) Help() string { return "Example: kith destinations redeliver mailer --all" }

func (c redeliverCmd) Run(g *Globals) (err error) {
	if c.All == (len(c.IDs) > 0) {
		return usage("say which: the ids of messages, or --all")
	}
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	if conn.offline() {
		return errs.New("server_needed", "messages are sent by a running server alone").Fix("start kith run, and repeat the command")
	}
	body := client.RedeliverRequest{}
	if c.All {
		body.All = &c.All
	} else {
		body.Ids = &c.IDs
	}
	a, err := ask[client.Redelivered](conn.Redeliver(g.ctx, c.Name, body))
	if err != nil {
		return err
	}
	return show(g, a, func(p *printer, r client.Redelivered) {
		p.line("%s queued", count(int64(r.Queued), "message is", "messages are"))
	})
}

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Verify the audit chain: nothing altered, missing or out of order."`
}

type auditVerifyCmd struct{}

func (auditVerifyCmd) Help() string {
	return `Example: kith audit verify

Ends with code 5 where the chain is not sound.`
}

func (auditVerifyCmd) Run(g *Globals) (err error) {
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	a, err := ask[client.AuditReport](conn.VerifyAudit(g.ctx))
	if err != nil {
		return err
	}
	err = show(g, a, func(p *printer, r client.AuditReport) {
		word := "sound"
		if !r.Sound {
			word = "NOT sound"
		}
		p.line("%s in %s: %s", count(r.Entries, "entry", "entries"), count(int64(r.Segments), "segment", "segments"), p.verdict(r.Sound, word))
		if len(r.Faults) > 0 {
			t := newTable("segment", "#line", "fault", "what")
			for _, f := range r.Faults {
				t.add(f.Segment, f.Line, string(f.Code), f.What)
			}
			p.table(t)
		}
	})
	if err == nil && !a.value.Sound {
		return exitCode(ExitUnsound)
	}
	return err
}

// moment is a time as people write it: RFC 3339, a day (its begin, UTC), or for what
// is to come how long from now.
type moment struct{ time.Time }

func (m *moment) UnmarshalText(text []byte) error {
	s := string(text)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			m.Time = t
			return nil
		}
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n < 100_000 {
			m.Time = time.Now().Add(time.Duration(n) * 24 * time.Hour)
			return nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		m.Time = time.Now().Add(d)
		return nil
	}
	return fmt.Errorf("write a time such as 2026-05-01T12:00:00Z, a day such as 2026-05-01, or how long from now, such as 90d")
}
