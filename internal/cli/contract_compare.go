package cli

import (
	"github.com/kithdata/kith/internal/api/client"
	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/kit/errs"
)

type contractDiffCmd struct {
	Old    string `arg:"" optional:"" help:"File of the contract as it was."`
	New    string `arg:"" optional:"" help:"File of the contract as it would be; a proposal is fine."`
	Stream string `placeholder:"STREAM" help:"Compare versions of this stream's contract, and no files."`
	Event  string `placeholder:"NAME" help:"Of the stream, the contract of this event alone."`
	From   string `placeholder:"VERSION" help:"The old version: that of the rules that applied it, or proposed. Without it, the one before the new version."`
	To     string `placeholder:"VERSION" help:"The new version. Without it, the newest."`
}

func (contractDiffCmd) Help() string {
	return `Example: kith contract diff old.json contracts/contact.json
         kith contract diff --stream crm.contacts --from 1 --to proposed`
}

func (c contractDiffCmd) Run(g *Globals) (err error) {
	if c.Stream == "" {
		if c.New == "" {
			return usage("two files, or a stream, are to be compared: write kith contract diff OLD NEW, or --stream STREAM")
		}
		_, err := compareContracts(g, c.Old, c.New, "full")
		return err
	}
	if c.Old != "" {
		return usage("files and versions of a stream are not compared with one another: leave --stream out, or compare the file with kith contract check --stream")
	}
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	a, err := ask[client.ContractDiff](conn.DiffContract(g.ctx, c.Stream, &client.DiffContractParams{Event: named(c.Event), From: named(c.From), To: named(c.To)}))
	if err != nil {
		return err
	}
	return show(g, a, func(p *printer, d client.ContractDiff) {
		p.line("from %s to %s", versionName(d.From), versionName(d.To))
		compared{d.Differences, d.Offences, d.Backward, d.Forward}.print(p)
	})
}

func versionName(name string) string {
	if name == "proposed" {
		return name
	}
	return "rules " + name
}

type contractCheckCmd struct {
	New     string `arg:"" help:"File of the contract as it would be; a proposal is fine."`
	Against string `placeholder:"FILE" help:"File of the contract as it was."`
	Stream  string `placeholder:"STREAM" help:"Check against this stream's contract in place of a file."`
	Event   string `placeholder:"NAME" help:"Of the stream, the contract of this event alone."`
	Rules   string `placeholder:"VERSION" help:"Of the stream, the contract that these rules applied, or proposed; without it, the newest applied."`
	Compat  string `default:"backward" placeholder:"MODE" help:"backward: the new contract reads what was written under the old one; forward: the old one reads what is written under the new one; full: both."`
}

func (contractCheckCmd) Help() string {
	return `Example: kith contract check contracts/contact.json --against old.json --compat full
         kith contract check contracts/contact.json --stream crm.contacts

With --against it reads the two files alone, so that it can run where changes are
reviewed. A field that the reader does not know is passed over.`
}

func (c contractCheckCmd) Run(g *Globals) error {
	var keeps bool
	var err error
	switch {
	case c.Against == "" && c.Stream == "":
		return usage("there is nothing to check against: name a file with --against, or a stream with --stream")
	case c.Stream == "":
		keeps, err = compareContracts(g, c.Against, c.New, c.Compat)
	default:
		keeps, err = c.ofStream(g)
	}
	if err != nil || keeps {
		return err
	}
	return errs.New("contract_incompatible", "the changed contract is not "+c.Compat+"-compatible").At(c.New).
		Fix("make the fields that are named optional, nullable or wider, or agree on the break and leave the check out")
}

func (c contractCheckCmd) ofStream(g *Globals) (keeps bool, err error) {
	text, err := config.ContractText(c.New)
	if err != nil {
		return false, err
	}
	conn, done, err := connect(g)
	if err != nil {
		return false, err
	}
	defer finish(&err, done)
	compat := client.ContractCandidateCompatibility(c.Compat)
	a, err := ask[client.ContractCheck](conn.CheckContract(g.ctx, c.Stream, client.ContractCandidate{
		Schema: string(text), Event: named(c.Event), Against: named(c.Rules), Compatibility: &compat}))
	if err != nil {
		return false, err
	}
	return a.value.Compatible, show(g, a, func(p *printer, d client.ContractCheck) {
		p.line("against %s", versionName(d.Against))
		compared{d.Differences, d.Offences, d.Backward, d.Forward}.print(p)
	})
}

func compareContracts(g *Globals, before, after, promise string) (keeps bool, err error) {
	c, keeps, err := config.CompareContracts(before, after, promise)
	if err != nil {
		return false, err
	}
	if g.JSON {
		return keeps, g.printJSON(c)
	}
	found := compared{backward: c.Backward, forward: c.Forward}
	for _, d := range c.Differences {
		found.differences = append(found.differences, client.ContractDifference{Path: d.Path, Change: d.Change, Was: &d.Was, Is: &d.Is})
	}
	for _, o := range c.Offences {
		found.offences = append(found.offences, client.ContractOffence{Path: o.Path, In: string(o.In), Why: o.Why})
	}
	p := g.printer()
	found.print(p)
	return keeps, p.err
}

// compared is how two contracts stand to one another.
type compared struct {
	differences       []client.ContractDifference
	offences          []client.ContractOffence
	backward, forward bool
}

func (c compared) print(p *printer) {
	if len(c.differences) == 0 {
		p.line("the two contracts say the same")
		return
	}
	t := newTable("field", "change", "was", "is")
	for _, d := range c.differences {
		t.add(d.Path, d.Change, text(d.Was), text(d.Is))
	}
	p.table(t)
	if len(c.offences) > 0 {
		p.line("")
		t = newTable("field", "breaks", "why")
		for _, o := range c.offences {
			t.add(o.Path, o.In, o.Why)
		}
		p.table(t)
	}
	p.line("\nbackward: %s, forward: %s", kept(c.backward), kept(c.forward))
}

func kept(yes bool) string {
	if yes {
		return "compatible"
	}
	return "broken"
}
