package cli

import (
	"os"

	"github.com/kithdata/kith/internal/demo"
)

type demoCmd struct {
	People int    `default:"4000" help:"How many people the shop has."`
	Seed   uint64 `default:"1" help:"Which made-up world."`
	Exit   bool   `help:"End after the summary instead of staying up."`
	Dir    string `placeholder:"DIR" help:"Where to put the demo's project; by default a folder of its own, removed at the end."`
	Listen string `placeholder:"HOST:PORT" help:"Where its server listens; by default 127.0.0.1:8471, or a free port where that is taken."`
}

func (demoCmd) Help() string {
	return "Example: kith demo --people 20000 --exit"
}

func (c demoCmd) Run(g *Globals) error {
	return demo.Run(g.ctx, demo.Options{Params: demo.Params{People: c.People, Seed: c.Seed}, Dir: c.Dir, Exit: c.Exit, JSON: g.JSON,
		Listen: c.Listen, Version: g.IO.Version, Self: os.Args[0], Out: g.Out, Err: g.Err})
}
