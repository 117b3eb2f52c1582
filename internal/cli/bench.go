package cli

import (
	"strings"

	"github.com/kithdata/kith/internal/bench"
)

type benchCmd struct {
	Quick      bool     `help:"A short form, in under a minute; its figures are rough."`
	Only       []string `placeholder:"NAME,..." help:"Measure these alone: upsert, files, cleanse, tracking, ack, road, webhook, visible, read; or commits, the raw limit of what is acknowledged after sync."`
	Serve      string   `enum:",door,http" default:"" placeholder:"NAME" help:"Measure nothing: serve the tracking API of an empty project whose road does not run (door), or a bare HTTP server (http), to a load generator of your own until interrupted."`
	CPUProfile string   `name:"cpuprofile" placeholder:"FILE" help:"Write a CPU profile; the label part tells Kith's samples from the peers'."`
}

func (benchCmd) Help() string {
	return "Example: kith bench --quick --only " + strings.Join(bench.Names()[:2], ",")
}

func (c benchCmd) Run(g *Globals) error {
	return bench.Run(g.ctx, bench.Options{Quick: c.Quick, Only: c.Only, Serve: c.Serve, JSON: g.JSON, CPUProfile: c.CPUProfile,
		Version: g.IO.Version, Out: g.Out, Err: g.Err})
}
