package cli

import (
	"strings"

	"github.com/kithdata/kith/internal/bench"
)

type benchCmd struct {
	Quick      bool     `help:"A short form, in under a minute; its figures are rough."`
	Only       []string `placeholder:"NAME,..." help:"Measure these alone: upsert, tracking, ack, road, webhook, visible, read."`
	CPUProfile string   `name:"cpuprofile" placeholder:"FILE" help:"Write a CPU profile; the label part tells Kith's samples from the peers'."`
}

func (benchCmd) Help() string {
	return "Example: kith bench --quick --only " + strings.Join(bench.Names()[:2], ",")
}

func (c benchCmd) Run(g *Globals) error {
	return bench.Run(g.ctx, bench.Options{Quick: c.Quick, Only: c.Only, JSON: g.JSON, CPUProfile: c.CPUProfile,
		Version: g.IO.Version, Out: g.Out, Err: g.Err})
}
