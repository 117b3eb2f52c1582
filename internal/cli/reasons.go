package cli

import (
	"fmt"
	"strings"

	"github.com/kithdata/kith/internal/api/client"
)

type quarantineReasonsCmd struct{ chosenFlags }

func (quarantineReasonsCmd) Help() string {
	return `Example: kith quarantine reasons --source crm

The most frequent comes first, with the times between which its records were
received. kith quarantine sample shows some of each.`
}

func (c quarantineReasonsCmd) Run(g *Globals) error {
	return c.reasons(g, 0, func(p *printer, page client.QuarantineReasonPage) {
		t := newTable("#records", "code", "stream", "field", "first received", "last received", "why")
		for _, r := range page.Items {
			t.add(r.Count, r.Code, r.Stream, r.Field, r.First, r.Last, r.Mend)
		}
		p.table(t)
	})
}

// reasons asks for what is chosen, with so many samples of each.
func (c chosenFlags) reasons(g *Globals, samples int, human func(*printer, client.QuarantineReasonPage)) (err error) {
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	params := &client.ListQuarantineReasonsParams{Code: optional(c.Code), Source: optional(c.Source), Stream: optional(c.Stream)}
	if samples > 0 {
		params.Samples = &samples
	}
	a, err := ask[client.QuarantineReasonPage](conn.ListQuarantineReasons(g.ctx, params))
	if err != nil {
		return err
	}
	return show(g, a, func(p *printer, page client.QuarantineReasonPage) {
		switch {
		case len(page.Items) > 0:
			human(p, page)
		case c == chosenFlags{}:
			p.line("the quarantine is empty")
		default:
			p.line("nothing that is chosen is in the quarantine")
		}
	})
}

type quarantineSampleCmd struct {
	Per int `default:"3" help:"So many of each reason."`
	chosenFlags
}

func (quarantineSampleCmd) Help() string {
	return `Example: kith quarantine sample --per 2

They are the first of each reason by their place, so that asking again shows the
same ones. Letters are shown as x, digits as 9.`
}

// maxSamples is the most of each reason that the API shows.
const maxSamples = 20

func (c quarantineSampleCmd) Run(g *Globals) (err error) {
	if c.Per < 1 || c.Per > maxSamples {
		return usage(fmt.Sprintf("--per is from 1 to %d", maxSamples))
	}
	return c.reasons(g, c.Per, func(p *printer, page client.QuarantineReasonPage) {
		for i, r := range page.Items {
			if i > 0 {
				p.line("")
			}
			p.title("%s", strings.TrimSpace(fmt.Sprintf("%s  %s  %s  %s", count(r.Count, "record", "records"), r.Code, harmless(r.Stream), harmless(text(r.Field)))))
			if why := text(r.Mend); why != "" {
				p.line("%s", harmless(why))
			}
			if r.Samples == nil {
				continue
			}
			for _, s := range *r.Samples {
				p.line("%s  %s", placeOf(&s), harmless(s.Content))
			}
		}
	})
}
