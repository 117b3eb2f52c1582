package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/api/client"
	"github.com/kithdata/kith/internal/kit/errs"
)

type quarantineSampleCmd struct {
	Per    int    `default:"3" help:"So many of each reason."`
	Code   string `placeholder:"CODE" help:"Only this reason."`
	Stream string `placeholder:"STREAM" help:"Only this stream."`
}

func (quarantineSampleCmd) Help() string {
	return `Example: kith quarantine sample --per 2

They are the first of each reason by their place, so that asking again shows the
same ones. Letters are shown as x, digits as 9.`
}

// sampled is one reason with the first of its records.
type sampled struct {
	Reason  client.QuarantineReason    `json:"reason"`
	Records []client.QuarantinedRecord `json:"records"`
}

func (c quarantineSampleCmd) Run(g *Globals) (err error) {
	if c.Per < 1 || c.Per > pageItems {
		return usage(fmt.Sprintf("--per is from 1 to %d", pageItems))
	}
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	reasons, err := ask[client.QuarantineReasonPage](conn.ListQuarantineReasons(g.ctx))
	if err != nil {
		return err
	}
	all := []sampled{}
	for _, r := range reasons.value.Items {
		if c.Code != "" && r.Code != c.Code || c.Stream != "" && r.Stream != c.Stream {
			continue
		}
		records, err := c.first(g, conn, &r)
		if err != nil {
			return err
		}
		all = append(all, sampled{r, records})
	}
	if g.JSON {
		return g.printItems(all)
	}
	p := g.printer()
	if len(all) == 0 {
		p.line("nothing is in the quarantine")
	}
	for _, s := range all {
		field := ""
		if s.Reason.Field != nil {
			field = *s.Reason.Field
		}
		p.title("%s  %s  %s  %s", s.Reason.Code, harmless(s.Reason.Stream), harmless(field), count(s.Reason.Count, "record", "records"))
		for _, r := range s.Records {
			p.line("%s  %s", placeOf(&r), harmless(r.Content))
		}
		p.line("")
	}
	return p.err
}

// first gives the first records of a reason. The API knows no fields, so that those of
// other fields are passed over here.
func (c quarantineSampleCmd) first(g *Globals, conn *connection, reason *client.QuarantineReason) ([]client.QuarantinedRecord, error) {
	var all []client.QuarantinedRecord
	limit := pageItems
	params := &client.ListQuarantineParams{Code: &reason.Code, Stream: &reason.Stream, Limit: &limit}
	for {
		a, err := ask[client.QuarantinePage](conn.ListQuarantine(g.ctx, params))
		if err != nil {
			return nil, err
		}
		for _, r := range a.value.Items {
			if (reason.Field == nil && r.Field == "" || reason.Field != nil && r.Field == *reason.Field) && r.Source == reason.Source {
				if all = append(all, r); len(all) == c.Per {
					return all, nil
				}
			}
		}
		if params.Cursor = a.value.Next; params.Cursor == nil {
			return all, nil
		}
	}
}

type quarantineExportCmd struct {
	Out    string `required:"" placeholder:"FILE" help:"File to write, ending in .ndjson or .csv; it must not exist yet."`
	Code   string `placeholder:"CODE" help:"Only this reason."`
	Stream string `placeholder:"STREAM" help:"Only this stream."`
}

func (quarantineExportCmd) Help() string {
	return `Example: kith quarantine export --code quality_range --out range.ndjson

The file holds personal data and is readable to its owner alone. It needs a key of
role operate, and the audit chain keeps each page that was read.`
}

// exporter writes quarantined records in one format.
type exporter interface {
	write(r *client.QuarantinedRecord) error
	close() error
}

type ndjsonExporter struct{ to *os.File }

func (e ndjsonExporter) write(r *client.QuarantinedRecord) error {
	line, err := json.Marshal(r)
	if err == nil {
		_, err = e.to.Write(append(line, '\n'))
	}
	return err
}

func (ndjsonExporter) close() error { return nil }

type csvExporter struct{ to *csv.Writer }

func (e csvExporter) write(r *client.QuarantinedRecord) error {
	return e.to.Write([]string{placeOf(r), stamp(r.Received), r.Source, r.Stream, r.MessageID, r.Code, r.Field, r.Detail, r.Content})
}

func (e csvExporter) close() error {
	e.to.Flush()
	return e.to.Error()
}

func (c quarantineExportCmd) Run(g *Globals) (err error) {
	format := strings.ToLower(filepath.Ext(c.Out))
	if format != ".ndjson" && format != ".csv" {
		return usage("--out ends in .ndjson or .csv")
	}
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	file, err := os.OpenFile(c.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		what := "the file cannot be made"
		if errors.Is(err, fs.ErrExist) {
			what = "the file exists already"
		}
		return errs.New("export_file", what).At(c.Out).Fix("choose another name, in a folder that you may write to")
	}
	n, err := c.export(g, conn, file, format)
	err = errors.Join(err, file.Close())
	if err != nil {
		return errors.Join(err, os.Remove(c.Out)) // half of them would look like all
	}
	g.say("%s written to %s", count(n, "record was", "records were"), c.Out)
	return nil
}

// export writes page by page: one is in memory.
func (c quarantineExportCmd) export(g *Globals, conn *connection, file *os.File, format string) (n int64, err error) {
	var out exporter = ndjsonExporter{file}
	if format == ".csv" {
		w := csv.NewWriter(file)
		if err := w.Write([]string{"place", "received", "source", "stream", "message_id", "code", "field", "detail", "content"}); err != nil {
			return 0, err
		}
		out = csvExporter{w}
	}
	limit, raw := pageItems, true
	params := &client.ListQuarantineParams{Code: optional(c.Code), Stream: optional(c.Stream), Limit: &limit, Raw: &raw}
	for {
		a, err := ask[client.QuarantinePage](conn.ListQuarantine(g.ctx, params))
		if err != nil {
			return n, err
		}
		for i := range a.value.Items {
			if err := out.write(&a.value.Items[i]); err != nil {
				return n, err
			}
			n++
		}
		if params.Cursor = a.value.Next; params.Cursor == nil {
			return n, out.close()
		}
	}
}

type quarantineTryCmd struct {
	Code   string `placeholder:"CODE" help:"Only this reason."`
	Stream string `placeholder:"STREAM" help:"Only this stream."`
}

func (quarantineTryCmd) Help() string {
	return `Example: kith quarantine try --code quality_range

Change the mapping, the contract, a cleansing step or a check in kith.yaml, and see
what it would do with the records that are set aside, before kith plan --apply and
kith quarantine replay do it. Content is masked: letters as x, digits as 9.`
}

func (c quarantineTryCmd) Run(g *Globals) (err error) {
	conn, done, err := connect(g)
	if err != nil {
		return err
	}
	defer finish(&err, done)
	a, err := ask[client.Tried](conn.TryQuarantine(g.ctx, client.TryRequest{Code: optional(c.Code), Stream: optional(c.Stream)}))
	if err != nil {
		return err
	}
	return show(g, a, func(p *printer, t client.Tried) {
		p.line("%d of %s would pass", t.Pass, count(int64(t.Records), "record", "records"))
		if t.More {
			p.line("others were not tried: choose by --code or --stream")
		}
		for _, group := range t.Groups {
			p.line("")
			p.title("%d  %s  %s  %s  →  %s", group.Count, group.Code, harmless(group.Stream), harmless(group.Field), strings.TrimSpace(fmt.Sprintf("%s %s %s", group.Outcome, group.NewCode, harmless(group.NewField))))
			for _, s := range group.Samples {
				p.line("%d.%d  before  %s", s.Partition, s.Offset, harmless(s.Before))
				p.line("      after   %s", harmless(s.After))
			}
		}
	})
}
