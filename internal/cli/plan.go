package cli

import (
	"github.com/kithdata/kith/internal/api/client"
	"github.com/kithdata/kith/internal/kit/errs"
)

type planCmd struct {
	Apply    bool `help:"Apply it, and wait until it is in force."`
	ExitCode bool `help:"End with code 6 where the file differs from what is in force."`
}

func (planCmd) Help() string {
	return `Example: kith plan --apply

Compares kith.yaml with the rules in force. Streams, cleansing and checks count for
records from then on; a change of identity or golden rules makes a new generation
from the log, beside the current one, and swaps it in at once.`
}

func (c planCmd) Run(g *Globals) (err error) {
	conn, done, err := connect(g)
	if errs.Is(err, codeNotRun) && !c.Apply {
		if g.JSON {
			return err
		}
		p := g.printer()
		p.line("the project has not run yet: the first kith run takes the file's rules as they are")
		return p.err
	}
	if err != nil {
		return err
	}
	defer finish(&err, done)
	plan, err := ask[client.Plan](conn.GetPlan(g.ctx))
	if err != nil {
		return err
	}
	if c.Apply && len(plan.value.Changes) > 0 {
		return c.apply(g, conn, plan)
	}
	if err := show(g, plan, (*printer).plan); err != nil {
		return err
	}
	if c.ExitCode && len(plan.value.Changes) > 0 {
		return exitCode(ExitDiffers)
	}
	return nil
}

// apply puts the plan into force and waits until it is.
func (planCmd) apply(g *Globals, conn *connection, plan answer[client.Plan]) error {
	if !g.JSON {
		p := g.printer()
		p.changes(plan.value)
		if p.err != nil {
			return p.err
		}
	}
	a, err := ask[client.Applied](conn.ApplyPlan(g.ctx, client.ApplyRequest{Fingerprint: plan.value.Fingerprint}))
	if err != nil {
		return err
	}
	inForce := func(s *client.Status) bool {
		for _, generation := range s.Generations {
			if a.value.Generation && (generation.State == client.Building || generation.Rules < a.value.Rules) {
				return false
			}
		}
		return true
	}
	if err := conn.settle(g, a.value.Rules, inForce); err != nil {
		return err
	}
	return show(g, a, func(p *printer, a client.Applied) { p.line("version %d of the rules is in force", a.Rules) })
}

func (p *printer) plan(plan client.Plan) {
	if len(plan.Changes) == 0 {
		p.line("nothing differs from the rules in force")
		p.line("sources, destinations, server and engine are no rules: the next kith run takes them as they stand in the file")
		p.notes(plan)
		return
	}
	p.changes(plan)
	p.line("")
	p.line("apply it with kith plan --apply")
}

// notes are of what applying the plan does not do.
func (p *printer) notes(plan client.Plan) {
	if plan.Notes == nil {
		return
	}
	for _, n := range *plan.Notes {
		p.line("note: %s", harmless(n))
	}
}

func (p *printer) changes(plan client.Plan) {
	p.changed(plan.Changes)
	p.notes(plan)
}

func (p *printer) changed(changes []client.PlanChange) {
	for _, c := range changes {
		style, sign := dim, "~"
		switch c.Change {
		case client.Added:
			style, sign = good, "+"
		case client.Removed:
			style, sign = bad, "-"
		}
		p.line("%s %s", p.paint(style, sign), harmless(c.Effect))
	}
}
