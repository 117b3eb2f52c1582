package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kithdata/kith/internal/people"
)

type generateCmd struct {
	People generatePeopleCmd `cmd:"" help:"Make up records of people with known truth: CSV or NDJSON."`
}

type generatePeopleCmd struct {
	Count     int                `default:"50000" help:"How many records."`
	Seed      uint64             `default:"1" help:"Which population: the same one gives the same file."`
	Hardness  string             `enum:"easy,medium,hard" default:"medium" placeholder:"NAME" help:"How often each hard case happens: easy, medium or hard."`
	Rate      map[string]float64 `mapsep:"," placeholder:"CASE=RATE,..." help:"How often these cases happen instead, from 0 to 1."`
	Countries []string           `placeholder:"CODE,..." help:"Where people live; by default in all of GB, US, DE, FR, ES, IN, NL and PL."`
	Cases     bool               `help:"Add a column, case, that tells what makes each record hard."`
	List      bool               `help:"Show the cases and their rates; write nothing."`
	Out       string             `short:"o" placeholder:"FILE" help:"File to write, ending in .csv or .ndjson; it must not exist yet."`
}

func (generatePeopleCmd) Help() string {
	return `Example: kith generate people --count 50000 --hardness hard --cases --out people.csv

Everyone in it is invented. person_id is the truth, and record_id tells nothing: no
other column gives away who is who. Rows come in no order. A file of any size is made
in bounded memory; it depends on the flags and this version of Kith alone.`
}

// Validate finds fault with values before anything is made.
func (c generatePeopleCmd) Validate() error {
	_, err := c.generator()
	return err
}

func (c generatePeopleCmd) generator() (*people.Generator, error) {
	rates, err := people.RatesOf(c.Hardness, c.Rate)
	if err != nil {
		return nil, err
	}
	return people.New(people.Settings{Records: c.Count, Seed: c.Seed, Rates: rates, Countries: c.Countries})
}

// generated is what is printed for machines.
type generated struct {
	people.Tally
	File    string  `json:"file"`
	Seconds float64 `json:"seconds"`
}

func (c generatePeopleCmd) Run(g *Globals) error {
	if c.List {
		return c.list(g)
	}
	format, err := c.format()
	if err != nil {
		return err
	}
	made, err := c.generator()
	if err != nil {
		return err
	}
	file, err := newFile(c.Out, 0o644)
	if err != nil {
		return err
	}
	started := time.Now()
	line := g.progress()
	tally, err := made.Write(g.ctx, file, format, c.Cases, c.tell(line, g.colours(g.Err), started))
	line.end()
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(c.Out)) // a part of them would have another truth
	}
	return c.print(g, generated{Tally: tally, File: c.Out, Seconds: time.Since(started).Seconds()})
}

func (c generatePeopleCmd) format() (people.Format, error) {
	switch strings.ToLower(filepath.Ext(c.Out)) {
	case ".csv":
		return people.CSV, nil
	case ".ndjson":
		return people.NDJSON, nil
	}
	return 0, usage("--out ends in .csv or .ndjson")
}

// tell shows on a terminal how many records are written.
func (c generatePeopleCmd) tell(line *progress, colour bool, started time.Time) func(done int) {
	return func(done int) {
		if done == c.Count {
			line.end()
			return
		}
		share := float64(done) / float64(c.Count)
		rate := float64(done) / max(time.Since(started).Seconds(), 0.001)
		line.note("%s %3.0f%%  %s of %s records  %s/s", bar(share, colour), 100*share, grouped(int64(done)), grouped(int64(c.Count)), grouped(int64(rate)))
	}
}

func (c generatePeopleCmd) print(g *Globals, made generated) error {
	if g.JSON {
		return g.printJSON(made)
	}
	p := g.printer()
	p.line("%s of %s; %s of records are one person's.", count(int64(made.Records), "record", "records"), count(int64(made.People), "person", "people"),
		count(int64(made.Pairs), "pair", "pairs"))
	t := newTable("case", "#records", "#of those that could")
	for _, each := range made.Cases {
		t.add(each.Case, each.Records, each.Could)
	}
	p.table(t)
	p.line("Written to %s.", made.File)
	return p.err
}

// list shows what the flags ask for.
func (c generatePeopleCmd) list(g *Globals) error {
	rates, err := people.RatesOf(c.Hardness, c.Rate)
	if err != nil {
		return err
	}
	type listed struct {
		Case    string  `json:"case"`
		Rate    float64 `json:"rate"`
		Of      string  `json:"of"`
		Meaning string  `json:"meaning"`
	}
	all := make([]listed, len(rates))
	t := newTable("case", "#rate", "of", "what it is")
	for i, k := range people.Kinds() {
		all[i] = listed{k.Name, rates[i], k.Of, k.Meaning}
		t.add(k.Name, rates[i], k.Of, k.Meaning)
	}
	if g.JSON {
		return g.printJSON(map[string]any{"cases": all})
	}
	p := g.printer()
	p.table(t)
	return p.err
}
