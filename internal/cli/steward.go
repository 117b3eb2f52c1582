package cli

import (
	"cmp"

	"github.com/kithdata/kith/internal/api/client"
	"github.com/kithdata/kith/internal/kit/errs"
)

type explainCmd struct {
	A     string   `arg:"" help:"TYPE=VALUE, SOURCE/STREAM/KEY, or a profile's id; with --file a record's id, or its row like contacts.csv:12."`
	B     string   `arg:"" help:"The other one."`
	Files []string `name:"file" short:"f" sep:"none" placeholder:"FILE" group:"Records in files:" help:"Explain two records of this file, or files, as kith resolve finds who is who in them: no project is needed."`

	comparisonFlags `group:"Records in files:"`
	labelsFlag      `group:"Records in files:"`
	decisionsFlag   `group:"Records in files:"`

	Values bool `group:"Records in files:" help:"Show what the two records say. It is personal data."`
}

func (explainCmd) Help() string {
	return `Example: kith explain email=jo@example.com crm/crm.contacts/42

Shows the chain of links that joins the two, or the links that were refused
between them and why.

Example: kith explain 17 4711 --file contacts.csv --file orders.parquet --id customer_id

Shows what each field of two records in files says for and against them being one,
the rules that proposed the pair, and the pairs that join them; of two apart, what
was missing. Fields and levels are shown, no values without --values.`
}

func (c explainCmd) Run(g *Globals) (err error) {
	if len(c.Files) > 0 {
		return c.files(g)
	}
	if c.Values || c.comparisonFlags != (comparisonFlags{}) || c.labelsFlag != (labelsFlag{}) || c.decisionsFlag != (decisionsFlag{}) {
		return usage("the flags for records in files need --file, which names them")
	}
	refs, err := parseRefs(c.A, c.B)
	if err != nil {
		return err
	}
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	a, err := ask[client.Explanation](conn.Explain(g.ctx, client.ExplainRequest{A: refs[0], B: refs[1]}))
	if err != nil {
		return err
	}
	return show(g, a, (*printer).explanation)
}

func (p *printer) explanation(e client.Explanation) {
	said := "two people"
	if e.Same {
		said = "one person"
	}
	if e.Summary != "" {
		said = harmless(e.Summary)
	}
	p.title("%s", p.verdict(e.Same, said))
	for _, side := range []struct {
		name string
		id   *string
	}{{"A", e.ProfileA}, {"B", e.ProfileB}} {
		if id := text(side.id); id != "" && (!e.Same || side.name == "A") {
			p.line("profile of %s: %s", side.name, id)
		}
	}
	if len(e.Steps) == 0 {
		return
	}
	p.line("")
	t := newTable("link", "from", "to", "", "rule", "detail")
	for _, s := range e.Steps {
		taken := "refused"
		if s.Taken {
			taken = "taken"
		}
		t.add(string(s.Kind), refText(s.A), refText(s.B), taken, s.Rule, s.Detail)
	}
	p.table(t)
	for _, s := range e.Steps {
		if s.Fields == nil || len(*s.Fields) == 0 {
			continue
		}
		p.line("")
		f := newTable("field", "level", "#weight")
		for _, a := range *s.Fields {
			f.add(a.Field, a.Level, a.Weight)
		}
		p.table(f)
	}
}

// pair is what the commands that decide have in common.
type pair struct {
	A      string `arg:"" help:"TYPE=VALUE, SOURCE/STREAM/KEY, or a profile's id (all that it holds now)."`
	B      string `arg:"" help:"The other one."`
	Reason string `placeholder:"TEXT" help:"Why, for whoever reads the decision later."`
}

type mergeCmd struct {
	Pair pair `embed:""`
}

func (mergeCmd) Help() string {
	return `Example: kith merge crm/crm.contacts/42 email=jo@example.com --reason "same passport"

Says that A and B are one person, over all limits. kith unmerge takes them apart
again. The decision is a record of the log, and outlives every rebuild.`
}

func (c mergeCmd) Run(g *Globals) error { return c.Pair.decide(g, client.Merge, "merged") }

type unmergeCmd struct {
	Withdraw bool `help:"Take back the latest decision on the pair instead, so that the rules decide."`
	Pair     pair `embed:""`
}

func (unmergeCmd) Help() string {
	return `Example: kith unmerge crm/crm.contacts/42 crm/crm.contacts/77

Says that A and B are two people. With --withdraw, what was decided before on the
pair is taken back, and the rules decide.`
}

func (c unmergeCmd) Run(g *Globals) error {
	if c.Withdraw {
		return c.Pair.decide(g, client.Withdraw, "withdrawn")
	}
	return c.Pair.decide(g, client.Unmerge, "unmerged")
}

// decide sends a decision and waits until it has taken effect.
func (c pair) decide(g *Globals, action client.DecisionAction, done string) (err error) {
	refs, err := parseRefs(c.A, c.B)
	if err != nil {
		return err
	}
	conn, closing, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, closing)
	a, err := ask[client.Decided](conn.Decide(g.ctx, client.Decision{Action: action, A: refs[:1], B: refs[1:], Reason: optional(c.Reason)}))
	if err != nil {
		return err
	}
	if err := conn.settle(g, 0, always); err != nil {
		return err
	}
	if err := show(g, a, func(p *printer, d client.Decided) { p.line("%s, by decision %s", done, d.ID) }); err != nil || g.JSON || action == client.Withdraw {
		return err
	}
	return c.unknown(g, conn, refs)
}

// unknown notes which side names nobody: a typing error, or somebody who is yet to come.
func (pair) unknown(g *Globals, conn *connection, refs []client.Ref) error {
	now, err := ask[client.Explanation](conn.Explain(g.ctx, client.ExplainRequest{A: refs[0], B: refs[1]}))
	if errs.Is(err, "node_unknown") {
		g.say("kith: note: no record names one of the two yet; the decision acts once one does")
		return nil
	}
	if err != nil {
		return err
	}
	for _, side := range []struct {
		named   string
		profile *string
	}{{"A", now.value.ProfileA}, {"B", now.value.ProfileB}} {
		if text(side.profile) == "" {
			g.say("kith: note: %s names no profile yet; the decision acts once a record names it", side.named)
		}
	}
	return nil
}

type reviewCmd struct {
	Limit int `default:"50" help:"Show at most this many."`
}

func (reviewCmd) Help() string {
	return `Example: kith review

Lists the links that a limit or a veto refused, contradictory decisions, and
doubtful matches. Decide with kith merge or kith unmerge.`
}

func (c reviewCmd) Run(g *Globals) (err error) {
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	items, err := pages(c.Limit, func(cursor *string, limit int) ([]client.ReviewItem, *string, error) {
		a, err := ask[client.ReviewPage](conn.ListReview(g.ctx, &client.ListReviewParams{Cursor: cursor, Limit: &limit}))
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
		p.line("nothing waits for a decision")
		return p.err
	}
	t := newTable("kind", "A", "B", "reason", "detail")
	for _, i := range items {
		t.add(string(i.Kind), refText(i.A), refText(i.B), i.Reason, cmp.Or(text(i.Detail), ""))
	}
	p.table(t)
	return p.err
}

// printItems prints a list of several pages as the API gives one.
func (g *Globals) printItems(items any) error {
	return g.printJSON(struct {
		Items any `json:"items"`
	}{items})
}
