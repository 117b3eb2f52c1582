package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kithdata/kith/internal/api/client"
	"github.com/kithdata/kith/internal/kit/errs"
)

type quarantineCmd struct {
	List    quarantineListCmd    `cmd:"" help:"List the records that were set aside, and why."`
	Reasons quarantineReasonsCmd `cmd:"" help:"Count them by reason."`
	Show    quarantineShowCmd    `cmd:"" help:"Show one record."`
	Sample  quarantineSampleCmd  `cmd:"" help:"Show a few records of each reason, masked."`
	Export  quarantineExportCmd  `cmd:"" help:"Write records as they were sent into a file."`
	Try     quarantineTryCmd     `cmd:"" help:"Show what the file as it is now would make of them; change nothing."`
	Expire  quarantineExpireCmd  `cmd:"" help:"Give up records that are older than so many days."`
	Replay  quarantineReplayCmd  `cmd:"" help:"Judge records again, under the rules now in force."`
}

// chosenFlags choose quarantined records by why they are there.
type chosenFlags struct {
	Code   string `placeholder:"CODE" help:"Only this reason."`
	Source string `placeholder:"SOURCE" help:"Only this source."`
	Stream string `placeholder:"STREAM" help:"Only this stream."`
}

// chosenField is beside chosenFlags where a field's name goes into a request's body: it
// is the sender's, and may be anything, so that it belongs in no URL (I6).
type chosenField struct {
	Field *string `placeholder:"FIELD" help:"Only this field; empty (--field=) for reasons that are about none."`
}

type quarantineListCmd struct {
	chosenFlags
	Limit int `default:"50" help:"Show at most this many."`
}

func (quarantineListCmd) Help() string {
	return `Example: kith quarantine list --stream crm.contacts --code quality_not_null

kith quarantine show PLACE shows a record's content.`
}

func (c quarantineListCmd) Run(g *Globals) (err error) {
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	items, err := pages(c.Limit, func(cursor *string, limit int) ([]client.QuarantinedRecord, *string, error) {
		a, err := ask[client.QuarantinePage](conn.ListQuarantine(g.ctx, &client.ListQuarantineParams{
			Code: optional(c.Code), Source: optional(c.Source), Stream: optional(c.Stream), Cursor: cursor, Limit: &limit}))
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
		p.line("nothing is in the quarantine")
		return p.err
	}
	t := newTable("place", "received", "stream", "code", "field", "detail")
	for _, r := range items {
		t.add(placeOf(&r), r.Received, r.Stream, r.Code, r.Field, r.Detail)
	}
	p.table(t)
	return p.err
}

func placeOf(r *client.QuarantinedRecord) string { return fmt.Sprintf("%d.%d", r.Partition, r.Offset) }

type quarantineShowCmd struct {
	Place string `arg:"" help:"Where the record lies, as kith quarantine list names it, such as 3.1042."`
	Raw   bool   `help:"Show its content as it was sent, instead of masked (letters as x, digits as 9). The audit chain keeps who did."`
}

func (quarantineShowCmd) Help() string { return "Example: kith quarantine show 3.1042 --raw" }

func (c quarantineShowCmd) Run(g *Globals) (err error) {
	place, err := parsePlace(c.Place)
	if err != nil {
		return err
	}
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	limit, params := 1, &client.ListQuarantineParams{Raw: &c.Raw}
	params.Limit = &limit
	if before := before(place); before != "" {
		params.Cursor = &before
	}
	a, err := ask[client.QuarantinePage](conn.ListQuarantine(g.ctx, params))
	if err != nil {
		return err
	}
	if len(a.value.Items) == 0 || placeOf(&a.value.Items[0]) != fmt.Sprintf("%d.%d", place.Partition, place.Offset) {
		return errs.New("quarantine_unknown", "no quarantined record lies there").Fix("see their places with kith quarantine list; one that was replayed has left")
	}
	r := a.value.Items[0]
	if g.JSON {
		return g.printJSON(r)
	}
	p := g.printer()
	p.title("%s  %s", r.Code, harmless(r.Detail))
	p.line("stream    %s", harmless(r.Stream))
	if r.Field != "" {
		p.line("field     %s", harmless(r.Field))
	}
	p.line("received  %s", stamp(r.Received))
	p.line("message   %s", harmless(r.MessageID))
	p.line("")
	p.line("%s", harmless(r.Content))
	return p.err
}

// parsePlace reads PARTITION.OFFSET.
func parsePlace(s string) (place client.Place, err error) {
	partition, offset, _ := strings.Cut(s, ".")
	n, err1 := strconv.ParseInt(partition, 10, 32)
	o, err2 := strconv.ParseInt(offset, 10, 64)
	if err1 != nil || err2 != nil || n < 0 || o < 0 {
		return place, errs.New("bad_place", "a place is a partition and an offset").Fix("write it as kith quarantine list does, such as 3.1042")
	}
	return client.Place{Partition: int(n), Offset: o}, nil
}

// before is the cursor behind which a place comes first; "" for the first of all.
func before(p client.Place) string {
	switch {
	case p.Offset > 0:
		return fmt.Sprintf("%d.%d", p.Partition, p.Offset-1)
	case p.Partition > 0:
		return fmt.Sprintf("%d.%d", p.Partition-1, int64(1)<<62)
	}
	return ""
}

type quarantineReplayCmd struct {
	Places []string `arg:"" optional:"" name:"place" help:"Records by their places, such as 3.1042."`
	chosenFlags
	chosenField
	All bool `help:"All there are."`
}

func (quarantineReplayCmd) Help() string {
	return `Example: kith quarantine replay --stream crm.contacts --code quality_not_null

Mend the cause first (a contract, a rule of kith.yaml applied with kith plan
--apply). Nothing is counted twice: a record moves from quarantined to what it
becomes, and stays where it still does not pass.`
}

func (c quarantineReplayCmd) Run(g *Globals) (err error) {
	if len(c.Places) == 0 && c.chosenFlags == (chosenFlags{}) && c.Field == nil && !c.All {
		return usage("say which records: their places, --code, --source, --stream, --field or --all")
	}
	body := client.ReplayRequest{Code: optional(c.Code), Source: optional(c.Source), Stream: optional(c.Stream), Field: c.Field}
	if c.All {
		body.All = &c.All
	}
	for _, s := range c.Places {
		place, err := parsePlace(s)
		if err != nil {
			return err
		}
		if body.Places == nil {
			body.Places = new([]client.Place)
		}
		*body.Places = append(*body.Places, place)
	}
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	a, err := ask[client.Replayed](conn.ReplayQuarantine(g.ctx, body))
	if err != nil {
		return err
	}
	return conn.moved(g, a, "judged again")
}

type quarantineExpireCmd struct {
	Older int `required:"" placeholder:"DAYS" help:"Those that were received more than so many days ago."`
	chosenFlags
	chosenField
}

func (quarantineExpireCmd) Help() string {
	return `Example: kith quarantine expire --older 90 --code quality_range

They leave the quarantine and count as expired in kith ledger; no replay finds
them any more. kith quarantine export keeps a copy of what they say. With
quarantine: {keep: 90d} in kith.yaml, the server does so by itself.`
}

func (c quarantineExpireCmd) Run(g *Globals) (err error) {
	if c.Older < 0 || c.Older > 36500 {
		return usage("--older is from 0 to 36500 days")
	}
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	body := client.ExpireRequest{Before: time.Now().AddDate(0, 0, -c.Older), Code: optional(c.Code), Source: optional(c.Source), Stream: optional(c.Stream), Field: c.Field}
	a, err := ask[client.Replayed](conn.ExpireQuarantine(g.ctx, body))
	if err != nil {
		return err
	}
	return conn.moved(g, a, "given up; kith ledger counts them as expired")
}

// moved waits until records have left the quarantine, and says how many are in it then.
func (c *connection) moved(g *Globals, a answer[client.Replayed], what string) error {
	if a.value.Records > 0 {
		if err := c.settle(g, 0, always); err != nil {
			return err
		}
	}
	ledger, err := ask[client.Ledger](c.GetLedger(g.ctx))
	if err != nil {
		return err
	}
	left := int64(0)
	for _, line := range ledger.value.Lines {
		left += line.Quarantined
	}
	return show(g, a, func(p *printer, r client.Replayed) {
		p.line("%s %s", count(int64(r.Records), "record was", "records were"), what)
		if left == 0 {
			p.line("the quarantine is empty now")
			return
		}
		p.line("the quarantine holds %s now: kith quarantine reasons counts them by reason", count(left, "record", "records"))
	})
}
