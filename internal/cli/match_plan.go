package cli

import (
	"github.com/kithdata/kith/internal/resolve"
)

type matchPlanCmd struct {
	recordsFlags
	labelsFlag
	Out string `short:"o" placeholder:"FILE" help:"Write it to a file instead."`
}

func (matchPlanCmd) Help() string {
	return `Example: kith match plan contacts.csv --id customer_id --out plan.yaml

Prints, as YAML, the kind of each column, the levels at which values are compared and
what each is worth, and which pairs are compared. Given back by --rules as it is, it
changes nothing; edited, kith resolve does as it says. Splink's settings are printed in
the same form: kith match plan contacts.csv --rules settings.json`
}

func (c matchPlanCmd) Run(g *Globals) error {
	p := g.progress()
	config, err := c.config(p)
	if err != nil {
		return err
	}
	config.Labels, config.Out = c.Labels, c.Out
	plan, err := resolve.Plan(g.ctx, config, g.JSON)
	p.end()
	if err != nil || c.Out != "" {
		return err
	}
	_, err = g.Out.Write(plan)
	return err
}
