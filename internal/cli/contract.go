package cli

import (
	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/kit/errs"
)

type contractCmd struct {
	Diff  contractDiffCmd  `cmd:"" help:"Show how two contracts differ."`
	Check contractCheckCmd `cmd:"" help:"Fail where a changed contract breaks its readers or writers."`
}

type contractDiffCmd struct {
	Old string `arg:"" help:"File of the contract as it was."`
	New string `arg:"" help:"File of the contract as it would be; a proposal is fine."`
}

func (contractDiffCmd) Help() string {
	return "Example: kith contract diff old.json contracts/contact.json"
}

func (c contractDiffCmd) Run(g *Globals) error {
	_, err := compareContracts(g, c.Old, c.New, "full")
	return err
}

type contractCheckCmd struct {
	New     string `arg:"" help:"File of the contract as it would be; a proposal is fine."`
	Against string `required:"" placeholder:"FILE" help:"File of the contract as it was."`
	Compat  string `default:"backward" placeholder:"MODE" help:"backward: the new contract reads what was written under the old one; forward: the old one reads what is written under the new one; full: both."`
}

func (contractCheckCmd) Help() string {
	return `Example: kith contract check contracts/contact.json --against old.json --compat full

It reads the two files alone, so that it can run where changes are reviewed. A
field that the reader does not know is passed over.`
}

func (c contractCheckCmd) Run(g *Globals) error {
	keeps, err := compareContracts(g, c.Against, c.New, c.Compat)
	if err != nil || keeps {
		return err
	}
	return errs.New("contract_incompatible", "the changed contract is not "+c.Compat+"-compatible").At(c.New).
		Fix("make the fields that are named optional, nullable or wider, or agree on the break and leave the check out")
}

func compareContracts(g *Globals, before, after, promise string) (keeps bool, err error) {
	c, keeps, err := config.CompareContracts(before, after, promise)
	if err != nil {
		return false, err
	}
	if g.JSON {
		return keeps, g.printJSON(c)
	}
	p := g.printer()
	if len(c.Differences) == 0 {
		p.line("the two contracts say the same")
		return keeps, p.err
	}
	t := newTable("field", "change", "was", "is")
	for _, d := range c.Differences {
		t.add(d.Path, d.Change, d.Was, d.Is)
	}
	p.table(t)
	if len(c.Offences) > 0 {
		p.line("")
		t = newTable("field", "breaks", "why")
		for _, o := range c.Offences {
			t.add(o.Path, string(o.In), o.Why)
		}
		p.table(t)
	}
	p.line("\nbackward: %s, forward: %s", kept(c.Backward), kept(c.Forward))
	return keeps, p.err
}

func kept(yes bool) string {
	if yes {
		return "compatible"
	}
	return "broken"
}
