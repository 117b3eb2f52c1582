// Package quality is the third refine stage: it holds each record against the
// expectations of its stream, sets aside those that fail one that rejects, and
// counts the rest. It may touch record and kit; it is pure.
package quality

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/kit/pinned"
	"github.com/kithdata/kith/internal/record"
)

// CodePrefix begins the codes of the verdicts that this stage gives; the check's
// name follows, as in quality_not_null.
const CodePrefix = "quality_"

// Stage is the quality stage. Its methods are safe for concurrent use.
type Stage struct {
	pins *pinned.Map[map[string]*stream]
}

type stream struct {
	name   string
	checks []*check
}

// New makes a Stage without rules; Install gives it some.
func New() *Stage { return &Stage{pins: pinned.New[map[string]*stream]()} }

// Install compiles the checks of one version of the rules. It fails with every
// fault that Validate finds.
func (s *Stage) Install(pin uint32, cfg []StreamConfig) error {
	if err := errors.Join(Validate(cfg)...); err != nil {
		return err
	}
	streams := make(map[string]*stream, len(cfg))
	for _, c := range cfg {
		st := &stream{name: c.Stream}
		for _, k := range c.Checks {
			ck, _ := compile(k) // Validate found no fault
			st.checks = append(st.checks, ck)
		}
		streams[c.Stream] = st
	}
	s.pins.Put(pin, streams)
	return nil
}

// tally counts one check over a batch.
type tally struct{ passed, failed uint64 }

// run is the records of a batch under one stream's rules of one version.
type run struct {
	st      *stream
	pin     uint32
	tallies []tally
	values  [maxColumns + 1]record.Value // of the columns that a check compares
}

// Refine checks the batch's records: it sets verdicts and adds to b.Checks, by
// stream, check and column. It waits for a pin that is not installed yet, and
// fails only with ctx. What deletes a record is not checked: it carries only a key.
//
// A null, or a column that is not there, fails not_null and not_empty and is not
// counted by any other check of one column; a check of several says what nulls do
// (skip_nulls). A patch is held only to what it names.
func (s *Stage) Refine(ctx context.Context, b *record.Batch) error {
	var (
		streams map[string]*stream
		pin     uint32
		runs    []*run
		last    *run
	)
	for i := range b.Records {
		r := &b.Records[i]
		if r.Kind == record.Control || !r.Verdict.Keep() {
			continue
		}
		if streams == nil || r.Pin != pin {
			var err error
			if streams, err = s.pins.Wait(ctx, r.Pin); err != nil {
				return err
			}
			pin, last = r.Pin, nil
		}
		if last == nil || last.st.name != r.Stream {
			st := streams[r.Stream]
			if st == nil {
				continue // nothing is expected of it; the contract knows which streams exist
			}
			runs, last = find(runs, st, pin)
		}
		if r.Op != record.Delete {
			last.judge(r)
		}
	}
	report(b, runs)
	return nil
}

func find(runs []*run, st *stream, pin uint32) ([]*run, *run) {
	for _, each := range runs {
		if each.st == st && each.pin == pin {
			return runs, each
		}
	}
	made := &run{st: st, pin: pin, tallies: make([]tally, len(st.checks))}
	return append(runs, made), made
}

// judge counts every check, also after one has set the record aside, so that the
// counts do not depend on the order of the checks.
func (run *run) judge(r *record.Record) {
	for i, c := range run.st.checks {
		switch c.judge(r, run.values[:]) {
		case passed:
			run.tallies[i].passed++
		case failed:
			run.tallies[i].failed++
			if c.rejects {
				r.Quarantine(c.code, c.column, c.detail)
			}
		}
	}
}

// report adds the counts in an order of their own, one entry for each stream, check
// and column, whatever order the records came in.
func report(b *record.Batch, runs []*run) {
	from := len(b.Checks)
	for _, run := range runs {
		for i, t := range run.tallies {
			if t.passed+t.failed > 0 {
				c := run.st.checks[i]
				b.Checks = append(b.Checks, record.CheckCount{Stream: run.st.name, Check: c.name, Column: c.column, Passed: t.passed, Failed: t.failed})
			}
		}
	}
	added := b.Checks[from:]
	slices.SortFunc(added, order)
	kept := added[:0]
	for _, c := range added {
		if n := len(kept); n > 0 && order(kept[n-1], c) == 0 {
			kept[n-1].Passed += c.Passed
			kept[n-1].Failed += c.Failed
			continue
		}
		kept = append(kept, c)
	}
	b.Checks = b.Checks[:from+len(kept)]
}

func order(a, b record.CheckCount) int {
	return cmp.Or(strings.Compare(a.Stream, b.Stream), strings.Compare(a.Check, b.Check), strings.Compare(a.Column, b.Column))
}
