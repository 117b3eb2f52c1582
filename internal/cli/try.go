package cli

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/api/client"
	"github.com/kithdata/kith/internal/config"
)

type quarantineTryCmd struct {
	Fix string `placeholder:"FILE" help:"Try the rules of this kith.yaml, which lies with its contracts elsewhere, instead of the project's own."`
	chosenFlags
	chosenField
	Rows int  `default:"3" help:"Show so many records of each outcome."`
	Raw  bool `help:"Show content as it was sent, instead of masked (letters as x, digits as 9). The audit chain keeps who did."`
}

func (quarantineTryCmd) Help() string {
	return `Example: kith quarantine try --fix mended/kith.yaml --code quality_range

Change the mapping, the contract, a cleansing step or a check, and see what it would
do with the records that are set aside, before kith plan --apply and kith quarantine
replay do it: in the project's kith.yaml or, with --fix, in a copy of it with its
contracts. Nothing is changed. Of the copy only the rules are read: it needs none of
the project's secrets. Duplicates are not looked for, and 20,000 records are tried at
most.`
}

// maxRows is the most records of each outcome that the API shows.
const maxRows = 100

func (c quarantineTryCmd) Run(g *Globals) (err error) {
	if c.Rows < 1 || c.Rows > maxRows {
		return usage(fmt.Sprintf("--rows is from 1 to %d", maxRows))
	}
	body := client.TryRequest{Code: optional(c.Code), Source: optional(c.Source), Stream: optional(c.Stream), Field: c.Field, Samples: &c.Rows}
	if c.Raw {
		body.Raw = &c.Raw
	}
	if c.Fix != "" {
		rules, err := config.LoadRules(c.Fix, g.Env)
		if err != nil {
			return configFault{err}
		}
		sent, err := rules.Marshal()
		if err != nil {
			return err
		}
		body.Rules = (*jsontext.Value)(&sent)
	}
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	a, err := ask[client.Tried](conn.TryQuarantine(g.ctx, body))
	if err != nil {
		return err
	}
	return show(g, a, func(p *printer, t client.Tried) { c.print(g, p, &t) })
}

func (c quarantineTryCmd) print(g *Globals, p *printer, t *client.Tried) {
	if t.Records == 0 {
		p.line("nothing that is chosen is in the quarantine")
		return
	}
	if len(t.Changes) == 0 {
		p.line("the rules are those in force (version %d): change them in kith.yaml, or in a copy for --fix", t.Rules)
	} else {
		p.line("beside the rules in force (version %d):", t.Rules)
		p.changed(t.Changes)
	}
	p.line("")
	table := newTable("#records", "set aside for", "stream", "field", "would then")
	for i := range t.Groups {
		group := &t.Groups[i]
		table.add(group.Count, group.Code, group.Stream, group.Field, then(group))
	}
	p.table(table)
	for i := range t.Groups {
		p.tried(&t.Groups[i])
	}
	p.line("")
	p.line("%s of %s would pass; nothing was changed", grouped(int64(t.Pass)), count(int64(t.Records), "record", "records"))
	if t.More {
		p.line("others were not tried: choose by --code, --source, --stream or --field")
	}
	if t.Pass > 0 {
		c.next(g, p, t)
	}
}

// then is what would become of a group's records.
func then(t *client.Trial) string {
	switch {
	case t.Outcome == client.Passes:
		return "pass"
	case t.NewCode == t.Code && t.NewField == t.Field:
		return "stay as they are"
	}
	return strings.TrimSpace(fmt.Sprintf("be %s: %s %s", t.Outcome, t.NewCode, t.NewField))
}

// tried shows records of a group, each before and after.
func (p *printer) tried(t *client.Trial) {
	p.line("")
	why := strings.TrimSpace(fmt.Sprintf("%s  %s  %s", t.Code, harmless(t.Stream), harmless(t.Field)))
	p.title("%s  →  %s", why, harmless(then(t)))
	if mend := text(t.NewDetail); mend != "" {
		p.line("%s", harmless(mend))
	}
	for _, s := range t.Samples {
		place := fmt.Sprintf("%d.%d", s.Partition, s.Offset)
		below := strings.Repeat(" ", len(place))
		if before, after := fieldOf(s.Before, t.Field), fieldOf(s.After, t.Field); before != "" && after != "" {
			p.line("%s  %s: %s → %s", place, harmless(t.Field), harmless(before), harmless(after))
			place = below
		}
		p.line("%s  before  %s", place, harmless(s.Before))
		if s.After != "{}" {
			p.line("%s  after   %s", below, harmless(s.After))
		}
	}
}

// fieldOf finds a field in the text of a record, "" where it is not: a wide record is
// long to read through for the one field that a reason is about.
func fieldOf(object, path string) string {
	if path == "" {
		return ""
	}
	var members map[string]jsontext.Value
	if err := json.Unmarshal([]byte(object), &members); err != nil {
		return "" // it is cut, or masking left no JSON
	}
	if v, ok := members[path]; ok {
		return string(v)
	}
	if name, rest, nested := strings.Cut(path, "."); nested {
		return fieldOf(string(members[name]), rest)
	}
	return ""
}

// next says how to put into force what was tried.
func (c quarantineTryCmd) next(g *Globals, p *printer, t *client.Tried) {
	replay := fmt.Sprintf("kith -p %s quarantine replay", g.Project)
	for _, flag := range []struct{ name, value string }{{"code", c.Code}, {"source", c.Source}, {"stream", c.Stream}} {
		if flag.value != "" {
			replay += fmt.Sprintf(" --%s %s", flag.name, flag.value)
		}
	}
	switch {
	case c.Field != nil:
		replay += fmt.Sprintf(" --field '%s'", harmless(*c.Field))
	case c.chosenFlags == chosenFlags{}:
		replay += " --all"
	}
	p.line("")
	p.line("to have it so:")
	switch {
	case c.Fix != "":
		p.line("  put the rules of %s, and its contracts, into the project at %s", harmless(shown(c.Fix)), harmless(g.Project))
		fallthrough
	case len(t.Changes) > 0:
		p.line("  kith -p %s plan --apply", g.Project)
	}
	p.line("  %s", replay)
}
