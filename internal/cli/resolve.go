package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

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
	Link         bool    `help:"Only records of different files can be one; else duplicates within a file are found as well."`
	Accept       float64 `placeholder:"P" help:"Join what is one with at least this probability, such as 0.9; else where the error is estimated to be least."`
	Rules        string  `placeholder:"FILE" help:"A plan that kith match plan wrote, Splink's settings or a snapshot: what they say is not found out."`
	Label        string  `placeholder:"COLUMN" help:"The truth, which is not compared: the result is measured by it."`
	LabelPattern string  `placeholder:"REGEXP" help:"Its first group, in --label or else in --id, is the truth."`
}

// labelsFlag is of commands that learn from what somebody labelled.
type labelsFlag struct {
	Labels string `placeholder:"FILE" help:"Pairs that somebody labelled, as kith match label writes: what agreement is worth, and where the line is drawn, is fitted to them."`
}

// decisionsFlag is of commands that tell who is who.
type decisionsFlag struct {
	Decisions string `placeholder:"FILE" help:"Pairs that are one, or are not, whatever they say: id_a, id_b and decision, which is same or different."`
}

type resolveCmd struct {
	recordsFlags
	labelsFlag
	decisionsFlag
	Review    float64 `placeholder:"P" help:"Pairs from this probability up to the one of --accept wait for a review: they are counted, and marked in --pairs."`
	Out       string  `short:"o" placeholder:"FILE" help:"Write id, person_id, score and reason of each record. This, and what follows: CSV, NDJSON or Parquet, by the ending."`
	Pairs     string  `placeholder:"FILE" help:"Write the pairs that may be one, how likely it is, and what became of each."`
	Golden    string  `placeholder:"FILE" help:"Write one record for each person: of each column the value that most of its records have, of those the longest."`
	Snapshot  string  `placeholder:"FILE" help:"Write what was learned, for --rules with other records. It is to be kept like them."`
	Anomalies int     `placeholder:"N" help:"Count the people that are out of line (size, hub, loose, weak), and list so many, by ids."`
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
	if !(c.Accept >= 0 && c.Accept < 1) { // NaN is neither
		return none, errs.New("bad_value", "a probability lies from 0 to below 1").At("--accept").Fix("such as --accept 0.9")
	}
	if c.Link && len(files) < 2 {
		return none, usage("--link needs two files or more; without it, duplicates within a file are found")
	}
	pattern, err := labelPattern(c.LabelPattern)
	if err != nil {
		return none, err
	}
	if pattern != nil && c.ID == "" && c.Label == "" {
		return none, usage("--label-pattern needs --label or --id, the column to look in")
	}
	return resolve.Config{Files: files, ID: c.ID, Label: c.Label, LabelPattern: pattern, Link: c.Link, Accept: c.Accept, Rules: c.Rules,
		Progress: func(phase string, done, of int) { p.note("%s", stage(phase, done, of)) }}, nil
}

// stage tells of a phase as it goes on.
func stage(phase string, done, of int) string {
	s := phases[phase]
	switch {
	case of > 0 && done > 0:
		return fmt.Sprintf("%s: %s %s of %s (%d%%)", s.doing, grouped(int64(done)), s.of, grouped(int64(of)), 100*done/of)
	case done > 0:
		return fmt.Sprintf("%s: %s %s", s.doing, grouped(int64(done)), s.of)
	case of > 0:
		return fmt.Sprintf("%s, of %s", s.doing, count(int64(of), "record", "records"))
	}
	return s.doing
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
	if c.Review != 0 && !(c.Review >= leastReview && c.Review < cmp.Or(c.Accept, 1)) {
		return errs.New("bad_value", "a review begins below what is accepted, and not below 0.12: pairs less likely are not kept").
			At("--review").Fix("such as --accept 0.9 --review 0.5")
	}
	config.Labels, config.Decisions = c.Labels, c.Decisions
	config.Review, config.Out, config.Pairs, config.Golden = c.Review, c.Out, c.Pairs, c.Golden
	config.Snapshot = c.Snapshot
	config.Anomalies = c.Anomalies
	found, err := resolve.Run(g.ctx, config)
	p.end()
	if err != nil {
		if errors.Is(err, context.Canceled) {
			g.say("stopped: nothing was written")
		}
		return err
	}
	return c.print(g, found)
}

// leastReview is the least probability of pairs that are kept, of odds one to eight.
const leastReview = 0.12

// phases tells what is done in each, and what of it is counted.
var phases = map[string]struct{ doing, of string }{
	"read": {"reading", "records"}, "prepare": {"taking values apart", "records"}, "learn": {"learning what agreement is worth", "pairs"},
	"compare": {"comparing", "pairs"}, "cluster": {"joining", "pairs"}, "write": {"writing", "rows"}, "report": {"reporting", "records"},
}

// estimate tells what is expected of a result that nobody has measured.
func (p *printer) estimate(e *resolve.Estimate, largest int, by string) {
	switch {
	case e == nil:
	case largest < 2: // what share of none is wrong says nothing
		p.line("Accepted from probability %.2f: no two records were joined.", e.Accept)
	default:
		wrong := percent(1 - e.Precision)
		if !strings.HasPrefix(wrong, "under") {
			wrong = "about " + wrong
		}
		p.line("Accepted from probability %.2f: %s of joined pairs are expected to be wrong, %s of true pairs missed (estimated, %s).",
			e.Accept, wrong, percent(1-e.Recall), by)
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
	c.warn(g, r)
	if g.JSON {
		line, err := json.Marshal(r, json.Deterministic(true))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(g.Out, "%s\n", line)
		return err
	}
	p := g.printer()
	p.line("%s %s %s; the largest has %s.", count(int64(r.Records), "record", "records"), areOf(r.Records),
		count(int64(r.People), "person", "people"), count(int64(r.Largest), "record", "records"))
	p.line("%s compared in %.1f s, %.0f MiB.", count(r.PairsCompared, "pair", "pairs"), r.Seconds, float64(r.PeakMemoryBytes)/(1<<20))
	if c.Review > 0 {
		p.line("%s of probability %g or more, below what is accepted: to be reviewed.", count(int64(r.Review), "pair", "pairs"), c.Review)
	}
	by := "without labels"
	if r.Fitted == "labels" {
		by = "by a model fitted to " + count(int64(r.LabelledPairs), "labelled pair", "labelled pairs")
	}
	p.estimate(r.Estimate, r.Largest, by)
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
	if r.Largest > 1 {
		p.line("")
		p.table(sizes(p, r))
	}
	for _, path := range []string{c.Out, c.Pairs, c.Golden} {
		if path != "" {
			p.line("Written to %s.", harmless(path))
		}
	}
	return p.err
}

// sizes shows how many people have how many records.
func sizes(p *printer, r *resolve.Summary) *table {
	most := 0
	for _, s := range r.Sizes {
		most = max(most, s.People)
	}
	t := newTable("#records each", "#people", "")
	for _, s := range r.Sizes {
		each := grouped(int64(s.Least))
		if s.Most > s.Least {
			each += " to " + grouped(int64(s.Most))
		}
		t.add(each, s.People, strings.TrimRight(bar(float64(s.People)/float64(most), false), "░"))
	}
	return t
}

// warn tells what is odd about the records: to standard error, whatever is printed.
func (c resolveCmd) warn(g *Globals, r *resolve.Summary) {
	for _, path := range r.Empty {
		g.say("%s has no records.", harmless(path))
	}
	if r.Skipped > 0 {
		g.say("%s could not be read, and %s left out:", count(int64(r.Skipped), "row", "rows"), wereOf(r.Skipped))
		for _, s := range r.SkippedRows {
			g.say("  %s, line %d [%s]", harmless(s.File), s.Line, s.Code)
		}
	}
	if r.Unnamed > 0 {
		g.say("%s no id: --out tells it apart by its place alone.", count(int64(r.Unnamed), "record has", "records have"))
	}
	if r.Repeated > 0 {
		g.say("%s the id of another of the same file.", count(int64(r.Repeated), "record has", "records have"))
	}
	if r.Long > 0 {
		g.say("%s longer than 16 KiB: what lies behind that was left out.", count(int64(r.Long), "value is", "values are"))
	}
}

func areOf(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func wereOf(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
