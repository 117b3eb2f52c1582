package cli

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/api/client"
	"github.com/kithdata/kith/internal/kit/errs"
)

type quarantineExportCmd struct {
	Out string `required:"" placeholder:"FILE" help:"File to write, ending in .ndjson or .csv; it must not exist yet."`
	chosenFlags
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
	file, err := newFile(c.Out, 0o600)
	if err != nil {
		return err
	}
	n, err := c.export(g, conn, file, format)
	err = errors.Join(err, file.Close())
	if err != nil {
		return errors.Join(err, os.Remove(c.Out)) // half of them would look like all
	}
	g.say("%s written to %s", count(n, "record was", "records were"), c.Out)
	return nil
}

// newFile makes a file that does not exist yet.
func newFile(path string, mode fs.FileMode) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		what := "the file cannot be made"
		if errors.Is(err, fs.ErrExist) {
			what = "the file exists already"
		}
		return nil, errs.New("export_file", what).At(path).Fix("choose another name, in a folder that you may write to")
	}
	return file, nil
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
	params := &client.ListQuarantineParams{Code: optional(c.Code), Source: optional(c.Source), Stream: optional(c.Stream), Limit: &limit, Raw: &raw}
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
