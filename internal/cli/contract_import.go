package cli

import (
	"github.com/kithdata/kith/internal/config"
)

type contractImportCmd struct {
	Plan   string `arg:"" help:"File of the tracking plan, as JSON."`
	Source string `required:"" placeholder:"NAME" help:"The tracking source that the plan is of."`
	Dir    string `default:"contracts" placeholder:"DIR" help:"Folder of the contracts, relative to the project; they lie in a folder of the source's name there."`
	Force  bool   `help:"Write over files that say something else."`
}

func (contractImportCmd) Help() string {
	return `Example: kith contract import plan.json --source web

It reads a plan as Segment's Public API gives it, or as Protocols and the older API
export it, and writes a contract for each event, for each page and screen, for users
(identify) and for groups. What a contract does not keep is named. kith.yaml is left
as it is: what to put there is printed.`
}

func (c contractImportCmd) Run(g *Globals) error {
	made, err := config.ImportPlan(config.PlanRequest{Project: g.Project, Plan: c.Plan, Source: c.Source, Dir: c.Dir, Force: c.Force})
	if err != nil {
		return err
	}
	if g.JSON {
		return g.printJSON(made)
	}
	p := g.printer()
	t := newTable("file", "stream", "event", "#fields", "state")
	left := newTable("file", "left out")
	for _, f := range made.Files {
		t.add(f.Path, f.Stream, f.Event, f.Fields, f.State)
		for _, what := range f.Left {
			left.add(f.Path, what)
		}
	}
	for _, what := range made.Left {
		left.add("none", what)
	}
	p.table(t)
	if len(left.rows) > 0 {
		p.line("")
		p.table(left)
	}
	if made.Streams != "" {
		p.line("\nPut this into kith.yaml, then look at it with kith check and kith plan:\n\n%s", made.Streams)
	}
	return p.err
}
