package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kithdata/kith/internal/api/client"
	"github.com/kithdata/kith/internal/kit/errs"
)

type ledgerCmd struct{}

func (ledgerCmd) Help() string {
	return `Example: kith ledger

What became of every record that was ever accepted. Ends with code 5 where it does
not balance.`
}

func (ledgerCmd) Run(g *Globals) (err error) {
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	a, err := ask[client.Ledger](conn.GetLedger(g.ctx))
	if err != nil {
		return err
	}
	if err := show(g, a, (*printer).ledger); err != nil {
		return err
	}
	if !a.value.Balanced {
		return exitCode(ExitUnsound)
	}
	return nil
}

func (p *printer) ledger(l client.Ledger) {
	t := newTable("stream", "#applied", "#superseded", "#duplicate", "#quarantined", "#discarded", "#erased", "#expired", "#pending")
	var sum client.LedgerLine
	for _, n := range l.Lines {
		stream := n.Stream
		if stream == "" {
			stream = n.Source
		}
		t.add(stream, n.Applied, n.Superseded, n.Duplicate, n.Quarantined, n.Discarded, n.Erased, n.Expired, n.Pending)
		sum.Applied += n.Applied
		sum.Superseded += n.Superseded
		sum.Duplicate += n.Duplicate
		sum.Quarantined += n.Quarantined
		sum.Discarded += n.Discarded
		sum.Erased += n.Erased
		sum.Expired += n.Expired
		sum.Pending += n.Pending
	}
	t.add("all", sum.Applied, sum.Superseded, sum.Duplicate, sum.Quarantined, sum.Discarded, sum.Erased, sum.Expired, l.Pending)
	p.table(t)
	p.line("")
	state := "balanced"
	if !l.Balanced {
		state = "NOT balanced"
	}
	p.line("%s accepted: %s", count(l.Accepted, "record", "records"), p.verdict(l.Balanced, state))
}

type traceCmd struct {
	Message string `arg:"" name:"message-id" help:"The message's id: the source's own; for a file, as kith quarantine show names it."`
	Source  string `required:"" placeholder:"SOURCE" help:"The source that sent it."`
	Values  bool   `help:"What it said as well, beside what cleansing made of it, masked (letters as x, digits as 9)."`
	Raw     bool   `help:"The same as it was sent, not masked. The audit chain keeps who did."`
}

func (traceCmd) Help() string { return "Example: kith trace m-00000001 --source web --values" }

func (c traceCmd) Run(g *Globals) (err error) {
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	request := client.TraceRequest{Source: c.Source, MessageID: c.Message}
	switch values := client.TraceMasked; {
	case c.Raw:
		values = client.TraceRaw
		fallthrough
	case c.Values:
		request.Values = &values
	}
	a, err := ask[client.Trace](conn.Trace(g.ctx, request))
	if err != nil {
		return err
	}
	return show(g, a, func(p *printer, trace client.Trace) {
		t := newTable("hop", "outcome", "detail", "time")
		for _, h := range trace.Hops {
			t.add(h.Hop, h.Outcome, detail(&h), h.Time)
		}
		p.table(t)
		if trace.Values != nil {
			p.traced(trace.Values)
		}
	})
}

// traced shows what a message said beside what was made of it.
func (p *printer) traced(v *client.TracedValues) {
	p.section("what it said, and what cleansing made of it")
	t := newTable("field", "sent", "attribute", "cleansed", "")
	for _, a := range v.Attributes {
		name, value, mark := text(a.Attribute), text(a.Value), ""
		if a.Filled != nil && *a.Filled {
			mark = "filled"
		}
		if len(a.Fields) == 0 {
			t.add("", "", name, value, mark)
		}
		for _, f := range a.Fields {
			t.add(f.Field, f.Value, name, value, mark)
			name, value, mark = "", "", ""
		}
	}
	p.table(t)
	p.section("content")
	p.line("%s", harmless(v.Content))
}

// detail gathers what a hop tells besides its outcome.
func detail(h *client.Hop) string {
	var parts []string
	for _, s := range []*string{h.Code, h.Field, h.Detail, h.Profile} {
		if text(s) != "" {
			parts = append(parts, text(s))
		}
	}
	if h.Version != nil && *h.Version != 0 {
		parts = append(parts, "version "+grouped(*h.Version))
	}
	if h.Place != nil && h.Hop == "accepted" {
		parts = append(parts, fmt.Sprintf("at %d.%d", h.Place.Partition, h.Place.Offset))
	}
	return strings.Join(parts, ", ")
}

type statusCmd struct {
	Wait    bool          `help:"Wait until a server runs, has read its files, and has done all that it accepted."`
	Timeout time.Duration `default:"1m" help:"How long to wait."`
}

func (statusCmd) Help() string {
	return `Example: kith status --wait --timeout 5m

How the sources, the road, the warehouse and the destinations stand. What the sources
did is counted since the start of the server.`
}

func (c statusCmd) Run(g *Globals) error {
	if c.Wait {
		return c.wait(g)
	}
	return c.once(g)
}

func (statusCmd) once(g *Globals) (err error) {
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	a, err := ask[client.Status](conn.GetStatus(g.ctx))
	if err != nil {
		return err
	}
	return show(g, a, func(p *printer, s client.Status) { p.status(&s, conn.offline()) })
}

// wait polls until the server answers and is caught up.
func (c statusCmd) wait(g *Globals) error {
	tree, err := g.load()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(g.ctx, c.Timeout)
	defer cancel()
	p := g.progress()
	defer p.end()
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		conn, err := running(ctx, tree)
		if err != nil {
			return err
		}
		if conn != nil {
			a, err := ask[client.Status](conn.GetStatus(ctx))
			s := &a.value
			if err == nil && s.Rules > 0 && s.Lag == 0 && built(s) && read(s) && (s.Warehouse == nil || s.Warehouse.Behind == 0) {
				p.end()
				return show(g, a, func(p *printer, s client.Status) { p.status(&s, false) })
			}
			if err == nil {
				p.waiting(s)
			}
		} else {
			p.note("no server runs yet")
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			if g.ctx.Err() != nil {
				return g.ctx.Err()
			}
			return errs.New("wait_timeout", "the server did not catch up in time").Fix("see how it stands with kith status, or give --timeout more")
		}
	}
}

// read reports whether every file source has read what there is.
func read(s *client.Status) bool {
	for _, source := range s.Sources {
		if source.State == client.Waiting || source.State == client.Reading {
			return false
		}
	}
	return true
}

func (p *printer) status(s *client.Status, offline bool) {
	p.title("%s", harmless(s.Name))
	if offline {
		p.line("no server runs; this is how the data folder stands")
	} else {
		p.line("running since %s, version %s", stamp(s.Started), harmless(s.Version))
	}
	p.line("rules     version %d", s.Rules)
	rate := ""
	if !offline {
		rate = fmt.Sprintf(", %s/s since the start", grouped(int64(s.RecordsPerSecond)))
	}
	p.line("road      %s accepted, %s to go%s", count(s.Accepted, "record", "records"), grouped(s.Lag), rate)
	for _, g := range s.Generations {
		if g.State == client.Building || len(s.Generations) > 1 {
			p.line("          generation %d is %s under rules %d, %s to go", g.Number, g.State, g.Rules, count(g.Behind, "record", "records"))
		}
	}
	if w := s.Warehouse; w != nil {
		state := "caught up"
		if w.Behind > 0 {
			state = grouped(w.Behind) + " to go"
		}
		if text(w.Fault) != "" {
			state += ", last fault " + text(w.Fault)
		}
		p.line("warehouse %s", state)
	}
	if len(s.Sources) > 0 {
		p.line("")
		p.sources(s.Sources)
	}
	if len(s.Destinations) > 0 {
		p.line("")
		p.destinations(s.Destinations)
	}
}

func (p *printer) sources(list []client.Source) {
	t := newTable("source", "type", "state", "#files", "#records", "#rejected", "#read", "fault")
	for _, s := range list {
		files, share := "", ""
		if s.Files != nil {
			files = grouped(int64(*s.Files))
		}
		if s.TotalBytes != nil && *s.TotalBytes > 0 {
			done := int64(0)
			if s.Bytes != nil {
				done = *s.Bytes
			}
			share = fmt.Sprintf("%d%%", 100*min(done, *s.TotalBytes) / *s.TotalBytes)
		}
		t.add(s.Name, string(s.Type), string(s.State), files, s.Records, s.Rejected, share, text(s.Fault))
	}
	p.table(t)
}

func (p *printer) destinations(list []client.Destination) {
	t := newTable("destination", "type", "state", "#delivered", "#dead letters", "#to go", "fault")
	for _, d := range list {
		t.add(d.Name, d.Type, string(d.State), d.Delivered, d.DeadLetters, d.Behind, d.Fault)
	}
	p.table(t)
}

type rebuildCmd struct {
	Wait bool `help:"Wait until it is in force. Where no server runs, it is built here and now."`
}

func (rebuildCmd) Help() string {
	return `Example: kith rebuild --wait

Builds identity and golden records anew from the log, beside the current ones, and
swaps them in once they have caught up. Readers notice nothing.`
}

func (c rebuildCmd) Run(g *Globals) (err error) {
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	a, err := ask[client.Rebuilt](conn.Rebuild(g.ctx, client.Empty{}))
	if err != nil {
		return err
	}
	said := "is being built"
	if conn.offline() {
		said = "will be built by the next kith run"
	}
	if c.Wait {
		if err := conn.settle(g, 0, built); err != nil {
			return err
		}
		said = "is in force"
	}
	return show(g, a, func(p *printer, r client.Rebuilt) { p.line("generation %d %s", r.Generation, said) })
}
