package cli

import (
	"path/filepath"
	"strings"

	"github.com/kithdata/kith/internal/resolve"
)

type matchReportCmd struct {
	Out string `arg:"" placeholder:"FILE.html" help:"The page to write."`
	recordsFlags
	labelsFlag
	decisionsFlag
	Values bool `help:"Show values of records in it. It is then personal data."`
}

func (matchReportCmd) Help() string {
	return `Example: kith match report report.html contacts.csv orders.parquet --id customer_id

One page, of one file, that loads and runs nothing: what agreement in each field is
worth, how the scores lie, what comparing not all pairs misses, where to draw the
line with the precision and recall that are expected there, the largest and the least
certain people, and the pairs nearest to the line. With --label, what is expected
stands beside what is true. It names records by their ids and shows no value of
theirs without --values.`
}

func (c matchReportCmd) Run(g *Globals) error {
	// A file of records in the place of the page would be overwritten.
	if e := strings.ToLower(filepath.Ext(c.Out)); e != ".html" && e != ".htm" {
		return usage("the first file is the page that is written: its name ends in .html")
	}
	p := g.progress()
	config, err := c.config(p)
	if err != nil {
		return err
	}
	config.Labels, config.Decisions = c.Labels, c.Decisions
	r, err := resolve.Examine(g.ctx, config, c.Values)
	p.end()
	if err != nil {
		return err
	}
	if err := r.Save(c.Out); err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(r)
	}
	out := g.printer()
	out.line("%s %s %s.", count(int64(r.Records), "record", "records"), areOf(r.Records), count(int64(r.People), "person", "people"))
	by := "without labels"
	if c.Labels != "" {
		by = "by a model that labels were given to"
	}
	out.estimate(r.Estimate, r.Largest, by)
	out.line("Written to %s.", harmless(c.Out))
	return out.err
}
