package initproject

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"time"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/quality"
	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/source/file"
)

// What a check must do on the rows looked at to be proposed.
const (
	triedRows = 2000
	leastPass = 0.95 // of the rows that it looks at; below 1 it becomes mostly
	lowRows   = 100  // fewest rows from which mostly can be told
)

// prove runs the proposal on the first rows, stage by stage as the road does, and keeps the
// checks that hold.
func (s *stream) prove(ctx context.Context) {
	wanted := s.candidates()
	if len(wanted) == 0 {
		return
	}
	s.checks = wanted
	tallies, aside, err := s.try(ctx)
	s.checks = nil
	if err != nil {
		if ctx.Err() == nil {
			s.note("no checks are proposed: they could not be tried on the file's own rows")
		}
		return
	}
	for _, a := range s.mapped {
		if t := tallies[[2]string{"readable", a.name}]; 20*t.Failed > t.Passed+t.Failed {
			s.note("%s: %d of the %d values tried cannot be read by its steps and become null", a.name, t.Failed, t.Passed+t.Failed)
		}
	}
	if aside > 0 {
		s.note("%d of the rows tried would be set aside under this proposal", aside)
	}
	for _, c := range wanted {
		t := tallies[[2]string{c.name, c.column()}]
		all := t.Passed + t.Failed
		share := float64(t.Passed) / float64(max(all, 1))
		switch {
		case all == 0, t.Failed > 0 && (all < lowRows || share < leastPass && c.name != "not_null" || share < 0.9):
			continue
		case t.Failed > 0:
			c.mostly = math.Floor(share*100) / 100
			seen := fmt.Sprintf("so in %d of %d rows tried", t.Passed, all)
			if c.why != "" {
				seen = c.why + "; " + seen
			}
			c.why = seen
		case c.why == "":
			c.why = "present in every row tried"
		}
		s.checks = append(s.checks, c)
	}
}

// try counts what each check says of the first rows, by the check's name and columns, and the
// rows that a stage sets aside.
func (s *stream) try(ctx context.Context) (tallies map[[2]string]record.CheckCount, aside int, err error) {
	tree, err := config.Parse(config.FileName, []byte(render("trial", []*stream{s})), func(string) (string, bool) { return "", false })
	if err != nil {
		return nil, 0, err
	}
	const pin = 1
	contracts, cleansing, checks := contract.New(contract.Deps{}), cleanse.New(), quality.New()
	tree.Rules.Streams[0].Schema = s.schema()
	if err := contracts.Install(pin, tree.Rules.Streams); err != nil {
		return nil, 0, err
	}
	if err := cleansing.Install(pin, tree.Rules.Cleanse); err != nil {
		return nil, 0, err
	}
	if err := checks.Install(pin, tree.Rules.Quality); err != nil {
		return nil, 0, err
	}
	b := &record.Batch{}
	now := time.Now().UnixMicro()
	_, err = file.Sample(ctx, s.cfg, s.path, triedRows, func(props []byte) bool {
		r := record.Record{Source: s.source, Stream: s.name(), Pin: pin, Op: record.Upsert, Received: now, Props: bytes.Clone(props)}
		if err = contracts.Map(pin, &r); err == nil {
			b.Records = append(b.Records, r)
		}
		return err == nil
	})
	if err != nil && len(b.Records) == 0 {
		return nil, 0, err
	}
	for _, stage := range []interface {
		Refine(context.Context, *record.Batch) error
	}{contracts, cleansing, checks} {
		if err := stage.Refine(ctx, b); err != nil {
			return nil, 0, err
		}
	}
	for i := range b.Records {
		if !b.Records[i].Verdict.Keep() {
			aside++
		}
	}
	tallies = map[[2]string]record.CheckCount{}
	for _, t := range b.Checks {
		tallies[[2]string{t.Check, t.Column}] = t
	}
	return tallies, aside, nil
}
