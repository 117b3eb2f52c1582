package cli

import (
	"fmt"
	"strconv"
	"time"

	"github.com/kithdata/kith/internal/api/client"
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
		t := newTable("stream", "event", "#fields", "on drift", "applied", "since", "proposed")
		for _, c := range page.Items {
			t.add(c.Stream, text(c.Event), c.Fields, c.OnDrift, appliedBy(c.Rules), since(c.Applied), yesNo(c.Proposed))
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

// since is when something came into force, where that is known.
func since(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

type contractShowCmd struct {
	Stream   string `arg:"" help:"The stream's full name."`
	Event    string `placeholder:"NAME" help:"Print the contract of this event alone."`
	Proposed bool   `help:"Print what records show, though another contract is applied."`
	Rules    int    `placeholder:"VERSION" help:"Print the contract that these rules applied."`
}

func (contractShowCmd) Help() string {
	return `Example: kith contract show crm.contacts --proposed

It prints the applied contract; where there is none, or with --proposed, what the
records show. An earlier one is named by its rules, as history shows them.`
}

func (c contractShowCmd) Run(g *Globals) (err error) {
	versions, _, err := contractHistory(g, c.Stream, c.Event)
	if err != nil {
		return err
	}
	for i, v := range versions {
		if c.Rules != 0 {
			if v.Rules != nil && *v.Rules <= c.Rules {
				return g.printJSON(v.Schema)
			}
			continue
		}
		if v.Proposed == c.Proposed || i == len(versions)-1 && !c.Proposed {
			return g.printJSON(v.Schema)
		}
	}
	return errs.New("contract_unknown", "the stream has no such contract").Fix("see how it stands with kith contract list; without --proposed the applied one is shown")
}

// contractHistory asks for a stream's contracts, newest first.
func contractHistory(g *Globals, stream, event string) (_ []client.ContractVersion, a answer[client.ContractHistory], err error) {
	conn, done, err := connect(g)
	if err != nil {
		return nil, a, err
	}
	defer finish(&err, done)
	a, err = ask[client.ContractHistory](conn.GetContract(g.ctx, stream, &client.GetContractParams{Event: named(event)}))
	return a.value.Versions, a, err
}

type contractHistoryCmd struct {
	Stream string `arg:"" help:"The stream's full name."`
	Event  string `placeholder:"NAME" help:"Show the contract of this event alone."`
}

// named is a parameter that is left out where it is empty.
func named(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func (contractHistoryCmd) Help() string {
	return `Example: kith contract history crm.contacts

Newest first. What records show beyond the applied contract is the newest, marked
as proposed. Each version is compared with the one before it, and says when the rules
that applied it came in, and by which key; start is a process that applied the file
as it started.`
}

func (c contractHistoryCmd) Run(g *Globals) error {
	_, a, err := contractHistory(g, c.Stream, c.Event)
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
			if v.Applied != nil {
				name += "  since " + since(v.Applied)
			}
			if v.By != nil {
				name += "  by " + *v.By
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
