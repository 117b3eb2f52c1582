package cli

import (
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/resolve"
)

// recordsFlags say which records are compared, and how: for every command that finds
// who is who in files.
type recordsFlags struct {
	Files []string `arg:"" placeholder:"FILE" help:"CSV, NDJSON, JSON, Parquet, Excel: records with columns of one meaning."`
	comparisonFlags
}

// comparisonFlags are recordsFlags without the files, for commands whose arguments are others.
type comparisonFlags struct {
	ID           string  `name:"id" placeholder:"COLUMN" help:"The records' ids, which are not compared; else rows are numbered."`
	Link         bool    `help:"Only records of different files can be one."`
	Accept       float64 `placeholder:"P" help:"Join what is one with at least this probability, such as 0.9; else where the error is estimated to be least."`
	Labels       string  `placeholder:"FILE" help:"Pairs that somebody labelled, as kith match label writes: what agreement is worth, and where the line is drawn, is fitted to them."`
	Label        string  `placeholder:"COLUMN" help:"The truth, which is not compared: the result is measured by it."`
	LabelPattern string  `placeholder:"REGEXP" help:"Its first group, in --label or else in --id, is the truth."`
}

type resolveCmd struct {
	recordsFlags
	Anomalies int    `placeholder:"N" help:"Count the people that are out of line (size, hub, loose, weak), and list so many, by ids."`
	Out       string `short:"o" placeholder:"FILE" help:"Write id, person_id, score and reason of each record as CSV."`
}

func (resolveCmd) Help() string {
	return `Example: kith resolve contacts.csv orders.parquet --id customer_id --out people.csv

Finds which records are of one person or thing. Nothing has to be set up and nothing
labelled: what the columns are, and what agreement in each is worth, is learned from
the records themselves. Names of columns play no part.`
}

// config is what the flags ask for.
func (c recordsFlags) config(p *progress) (resolve.Config, error) { return c.of(c.Files, p) }

// of is what the flags ask for of these files; p is told of each phase.
func (c comparisonFlags) of(files []string, p *progress) (resolve.Config, error) {
	none := resolve.Config{}
	if c.Accept < 0 || c.Accept >= 1 {
		return none, errs.New("bad_value", "a probability lies from 0 to below 1").At("--accept").Fix("such as --accept 0.9")
	}
	if c.Link && len(files) < 2 {
		return none, usage("--link needs two files or more; without it, duplicates within a file are found")
	}
	pattern, err := labelPattern(c.LabelPattern)
	if err != nil {
		return none, err
	}
	if c.Labels != "" && c.ID == "" {
		return none, usage("--labels needs --id, the column of the ids that the labels name")
	}
	if pattern != nil && c.ID == "" && c.Label == "" {
		return none, usage("--label-pattern needs --label or --id, the column to look in")
	}
	return resolve.Config{Files: files, ID: c.ID, Label: c.Label, LabelPattern: pattern, Link: c.Link, Accept: c.Accept, Labels: c.Labels,
		Phase: func(name string, rows int) { p.note("%s %s records", phases[name], grouped(int64(rows))) }}, nil
}

func (c resolveCmd) Run(g *Globals) error {
	p := g.progress()
	config, err := c.config(p)
	if err != nil {
		return err
	}
	if c.Anomalies < 0 {
		return errs.New("bad_value", "it is a number of people").At("--anomalies").Fix("such as --anomalies 20")
	}
	config.Out, config.Anomalies = c.Out, c.Anomalies
	found, err := resolve.Run(g.ctx, config)
	p.end()
	if err != nil {
		return err
	}
	return c.print(g, found)
}

var phases = map[string]string{
	"read": "reading", "report": "reporting on", "prepare": "taking apart", "learn": "learning from", "compare": "comparing", "cluster": "joining", "write": "writing",
}

// estimate tells what is expected of a result that nobody has measured.
func (p *printer) estimate(e *resolve.Estimate, by string) {
	if e != nil {
		p.line("Accepted from probability %.2f: about %s of joined pairs are expected to be wrong, %s of true pairs missed (estimated, %s).",
			e.Accept, percent(1-e.Precision), percent(1-e.Recall), by)
	}
}

// percent writes a share: as precisely as it is small.
func percent(share float64) string {
	switch p := 100 * share; {
	case p >= 9.95:
		return fmt.Sprintf("%.0f%%", p)
	case p >= 0.095:
		return fmt.Sprintf("%.1f%%", p)
	case p >= 0.005:
		return fmt.Sprintf("%.2f%%", p)
	}
	return "under 0.01%"
}

func (c resolveCmd) print(g *Globals, r *resolve.Summary) error {
	if g.JSON {
		line, err := json.Marshal(r, json.Deterministic(true))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(g.Out, "%s\n", line)
		return err
	}
	p := g.printer()
	p.line("%s are %s; the largest has %s.", count(int64(r.Records), "record", "records"), count(int64(r.People), "person", "people"), count(int64(r.Largest), "record", "records"))
	p.line("%s compared in %.1f s, %.0f MiB.", count(r.PairsCompared, "pair", "pairs"), r.Seconds, float64(r.PeakMemoryBytes)/(1<<20))
	by := "without labels"
	if r.Fitted == "labels" {
		by = "by a model fitted to " + count(int64(r.LabelledPairs), "labelled pair", "labelled pairs")
	}
	p.estimate(r.Estimate, by)
	if r.Fitted == "records" {
		p.line("%s too few, or no better than what the records tell by themselves: nothing was fitted.", count(int64(r.LabelledPairs), "labelled pair is", "labelled pairs are"))
	}
	if r.UnknownPairs > 0 {
		p.line("%s left out: an id is not here, or not one record's alone.", count(int64(r.UnknownPairs), "labelled pair was", "labelled pairs were"))
	}
	if q := r.Quality; q != nil {
		p.line("By the labels: precision %.4f, recall %.4f, F1 %.4f, B-cubed %.4f.", q.Precision, q.Recall, q.F1, q.BCubed)
	}
	if q := r.QualityComponents; q != nil {
		p.line("Joining every such pair would give: precision %.4f, recall %.4f, F1 %.4f, B-cubed %.4f; the largest has %s.", q.Precision, q.Recall, q.F1, q.BCubed,
			count(int64(q.Largest), "record", "records"))
	}
	if c.Anomalies > 0 {
		p.line("Out of line: %s of far more records than is usual, %s, %s, %s.", count(int64(r.Anomalies["size"]), "person", "people"), count(int64(r.Anomalies["hub"]), "hub", "hubs"),
			count(int64(r.Anomalies["loose"]), "loose record", "loose records"), count(int64(r.Anomalies["weak"]), "weak record", "weak records"))
		t := newTable("person_id", "#records", "what", "id")
		for _, a := range r.Listed {
			t.add(a.Person, a.Records, a.What, a.Record)
		}
		p.table(t)
	}
	if c.Out != "" {
		p.line("Written to %s.", c.Out)
	}
	return p.err
}
