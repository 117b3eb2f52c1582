package cli

import (
	"fmt"
	"strconv"

	"github.com/kithdata/kith/internal/api/client"
	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/kit/errs"
)

type contractCmd struct {
	List    contractListCmd    `cmd:"" help:"Show how each stream's contract stands."`
	Show    contractShowCmd    `cmd:"" help:"Print a stream's contract as JSON Schema."`
	History contractHistoryCmd `cmd:"" help:"Show what each version of a stream's contract changed."`
	Drift   contractDriftCmd   `cmd:"" help:"Show how a stream's records departed from its contract."`
	Diff    contractDiffCmd    `cmd:"" help:"Show how two contracts differ."`
	Import  contractImportCmd  `cmd:"" help:"Make contracts from a tracking plan of Segment."`
	Check   contractCheckCmd   `cmd:"" help:"Fail where a changed contract breaks its readers or writers."`
}

type contractListCmd struct{}

func (contractListCmd) Help() string { return "Example: kith contract list" }

func (contractListCmd) Run(g *Globals) (err error) {
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	a, err := ask[client.ContractPage](conn.ListContracts(g.ctx))
	if err != nil {
		return err
	}
	return show(g, a, func(p *printer, page client.ContractPage) {
		t := newTable("stream", "#fields", "on drift", "applied", "proposed")
		for _, c := range page.Items {
			t.add(c.Stream, c.Fields, c.OnDrift, appliedBy(c.Rules), yesNo(c.Proposed))
		}
		p.table(t)
	})
}

func appliedBy(rules int) string {
	if rules == 0 {
		return "no"
	}
	return "rules " + strconv.Itoa(rules)
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

type contractShowCmd struct {
	Stream   string `arg:"" help:"The stream's full name."`
	Proposed bool   `help:"Print what records show, though another contract is applied."`
}

func (contractShowCmd) Help() string {
	return `Example: kith contract show crm.contacts --proposed

It prints the applied contract; where there is none, or with --proposed, what the
records show.`
}

func (c contractShowCmd) Run(g *Globals) (err error) {
	versions, _, err := contractHistory(g, c.Stream)
	if err != nil {
		return err
	}
	for i, v := range versions {
		if v.Proposed == c.Proposed || i == len(versions)-1 && !c.Proposed {
			return g.printJSON(v.Schema)
		}
	}
	return errs.New("contract_unknown", "the stream has no such contract").Fix("see how it stands with kith contract list; without --proposed the applied one is shown")
}

// contractHistory asks for a stream's contracts, newest first.
func contractHistory(g *Globals, stream string) (_ []client.ContractVersion, a answer[client.ContractHistory], err error) {
	conn, done, err := connect(g)
	if err != nil {
		return nil, a, err
	}
	defer finish(&err, done)
	a, err = ask[client.ContractHistory](conn.GetContract(g.ctx, stream))
	return a.value.Versions, a, err
}

type contractHistoryCmd struct {
	Stream string `arg:"" help:"The stream's full name."`
}

func (contractHistoryCmd) Help() string {
	return `Example: kith contract history crm.contacts

Newest first. What records show beyond the applied contract is the newest, marked
as proposed. Each version is compared with the one before it.`
}

func (c contractHistoryCmd) Run(g *Globals) error {
	_, a, err := contractHistory(g, c.Stream)
	if err != nil {
		return err
	}
	return show(g, a, func(p *printer, h client.ContractHistory) {
		if len(h.Versions) == 0 {
			p.line("nothing is known of the stream's records yet")
		}
		for i, v := range h.Versions {
			name := "proposed"
			if v.Rules != nil {
				name = appliedBy(*v.Rules)
			}
			if i == len(h.Versions)-1 {
				p.title("%s  the first", name)
				continue
			}
			p.title("%s  backward: %s, forward: %s", name, kept(v.Backward), kept(v.Forward))
			t := newTable("field", "change", "was", "is")
			for _, d := range v.Differences {
				t.add(d.Path, d.Change, text(d.Was), text(d.Is))
			}
			p.table(t)
			p.line("")
		}
	})
}

type contractDriftCmd struct {
	Stream string `arg:"" help:"The stream's full name."`
}

func (contractDriftCmd) Help() string {
	return `Example: kith contract drift crm.contacts

Every way in which its records departed from the applied contract, whatever the
policy made of them: how often, and of the first when it was received, where it
lies in the log, and its value's form (letters as x, digits as 9).`
}

func (c contractDriftCmd) Run(g *Globals) (err error) {
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	a, err := ask[client.DriftPage](conn.ListDrift(g.ctx, c.Stream))
	if err != nil {
		return err
	}
	return show(g, a, func(p *printer, page client.DriftPage) {
		if len(page.Items) == 0 {
			p.line("no record departed from its applied contract")
			return
		}
		t := newTable("field", "code", "#times", "first", "place", "example")
		for _, d := range page.Items {
			t.add(d.Path, d.Code, d.Count, d.First, fmt.Sprintf("%d.%d", d.Place.Partition, d.Place.Offset), text(d.Example))
		}
		p.table(t)
	})
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
