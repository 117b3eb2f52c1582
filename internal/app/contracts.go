package app

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
)

// contracts implements api.Contracts. Applied contracts lie in the versions of the
// rules; what records show beyond them, in the state.
type contracts struct{ a *App }

// applied is one contract that rules put into force.
type applied struct {
	rules  uint32
	schema *contract.Schema
}

// versions gives the contracts that were in force for each stream, oldest first, and
// what the last rules say of each stream.
func (c contracts) versions() (map[string][]applied, map[string]contract.StreamConfig) {
	c.a.rules.mu.Lock()
	defer c.a.rules.mu.Unlock()
	history, last := map[string][]applied{}, map[string]contract.StreamConfig{}
	for _, version := range slices.Sorted(maps.Keys(c.a.rules.versions)) {
		rules := c.a.rules.versions[version]
		for _, s := range rules.Streams {
			last[s.Stream] = s
			list := history[s.Stream]
			if s.Schema != nil && (len(list) == 0 || !s.Schema.Equal(list[len(list)-1].schema)) {
				history[s.Stream] = append(list, applied{version, s.Schema})
			}
		}
	}
	return history, last
}

func (c contracts) inferred(ctx context.Context) (schemas map[string]contract.Schema, err error) {
	err = c.a.engine.State.View(ctx, func(r engine.Reader) error {
		schemas, err = c.a.refine.contract.Schemas(r)
		return err
	})
	return schemas, err
}

// proposal is what records show of a stream where that differs from the applied one.
func proposal(schemas map[string]contract.Schema, stream string, history []applied) *contract.Schema {
	s, ok := schemas[stream]
	if !ok {
		return nil
	}
	if len(history) > 0 && len(contract.Compare(history[len(history)-1].schema.WithoutRules(), &s).Differences) == 0 {
		return nil
	}
	return &s
}

func (c contracts) List(ctx context.Context) ([]api.Contract, error) {
	history, last := c.versions()
	schemas, err := c.inferred(ctx)
	if err != nil {
		return nil, err
	}
	list := []api.Contract{}
	for _, stream := range slices.Sorted(maps.Keys(last)) {
		out := api.Contract{Stream: stream, OnDrift: string(last[stream].OnDrift)}
		proposed := proposal(schemas, stream, history[stream])
		if out.Proposed = proposed != nil; out.Proposed {
			out.Fields = len(proposed.Fields)
		}
		if h := history[stream]; len(h) > 0 {
			out.Rules, out.Fields = h[len(h)-1].rules, len(h[len(h)-1].schema.Fields)
		}
		list = append(list, out)
	}
	return list, nil
}

func (c contracts) History(ctx context.Context, stream string) (*api.ContractHistory, error) {
	history, last := c.versions()
	if _, known := last[stream]; !known {
		return nil, errNoStream()
	}
	schemas, err := c.inferred(ctx)
	if err != nil {
		return nil, err
	}
	out := &api.ContractHistory{Stream: stream, Versions: []api.ContractVersion{}}
	var before *contract.Schema
	add := func(rules uint32, s *contract.Schema) {
		if rules == 0 && before != nil { // what records show has no rules to compare
			before = before.WithoutRules()
		}
		v := contractVersion(stream, before, s)
		v.Rules, v.Proposed = rules, rules == 0
		out.Versions = append(out.Versions, v)
		before = s
	}
	for _, v := range history[stream] {
		add(v.rules, v.schema)
	}
	if s := proposal(schemas, stream, history[stream]); s != nil {
		add(0, s)
	}
	slices.Reverse(out.Versions)
	return out, nil
}

func errNoStream() error {
	return errs.New("stream_unknown", "the rules have no stream of this name").Fix("see their names with kith contract list")
}

func (c contracts) Drift(ctx context.Context, stream string) ([]api.Drift, error) {
	if _, last := c.versions(); last[stream].Stream == "" {
		return nil, errNoStream()
	}
	list := []api.Drift{}
	err := c.a.engine.State.View(ctx, func(r engine.Reader) error {
		seen, err := contract.Drift(r, stream)
		for _, s := range seen {
			list = append(list, api.Drift{Path: s.Path, Code: s.Code, Count: s.Count, First: time.UnixMicro(s.Received).UTC(),
				Place: api.Place{Partition: s.Partition, Offset: s.Offset}, Example: s.Example})
		}
		return err
	})
	return list, err
}

func contractVersion(stream string, before, s *contract.Schema) api.ContractVersion {
	v := api.ContractVersion{Schema: []byte(strings.TrimSpace(string(s.JSONSchema(stream)))), Differences: []api.ContractDifference{}, Offences: []api.ContractOffence{},
		Backward: true, Forward: true}
	if before == nil {
		return v
	}
	c := contract.Compare(before, s)
	v.Backward, v.Forward = c.Backward, c.Forward
	for _, d := range c.Differences {
		v.Differences = append(v.Differences, api.ContractDifference(d))
	}
	for _, o := range c.Offences {
		v.Offences = append(v.Offences, api.ContractOffence{Path: o.Path, In: string(o.In), Why: o.Why})
	}
	return v
}
