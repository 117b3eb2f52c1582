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

// contractOf names a contract: a stream's, or that of one of its events.
type contractOf struct{ stream, event string }

// applied is one contract that rules put into force.
type applied struct {
	rules  uint32
	how    appliedBy
	schema *contract.Schema
}

func (v *applied) time() time.Time {
	if v.how.received == 0 {
		return time.Time{}
	}
	return time.UnixMicro(v.how.received).UTC()
}

// versions gives the contracts that were in force, oldest first, and what the last
// rules say of each stream.
func (c contracts) versions() (map[contractOf][]applied, map[string]contract.StreamConfig) {
	c.a.rules.mu.Lock()
	defer c.a.rules.mu.Unlock()
	history, last := map[contractOf][]applied{}, map[string]contract.StreamConfig{}
	for _, version := range slices.Sorted(maps.Keys(c.a.rules.versions)) {
		add := func(of contractOf, s *contract.Schema) {
			list := history[of]
			if s != nil && (len(list) == 0 || !s.Equal(list[len(list)-1].schema)) {
				history[of] = append(list, applied{version, c.a.rules.applied[version], s})
			}
		}
		for _, s := range c.a.rules.versions[version].Streams {
			last[s.Stream] = s
			add(contractOf{stream: s.Stream}, s.Schema)
			for event, schema := range s.Events {
				add(contractOf{s.Stream, event}, schema)
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
	if len(history) == 0 {
		return s.Published()
	}
	last := history[len(history)-1].schema
	beyond := s.Beyond(last)
	if len(contract.Compare(last.Inferable(), beyond).Differences) == 0 {
		return nil
	}
	return beyond
}

func (c contracts) List(ctx context.Context) ([]api.Contract, error) {
	history, last := c.versions()
	schemas, err := c.inferred(ctx)
	if err != nil {
		return nil, err
	}
	list := []api.Contract{}
	add := func(out api.Contract, versions []applied) {
		if n := len(versions); n > 0 {
			v := &versions[n-1]
			out.Rules, out.Applied, out.By, out.Fields = v.rules, v.time(), v.how.by, len(v.schema.Fields)
		}
		list = append(list, out)
	}
	for _, stream := range slices.Sorted(maps.Keys(last)) {
		out := api.Contract{Stream: stream, OnDrift: string(last[stream].OnDrift)}
		versions := history[contractOf{stream: stream}]
		if proposed := proposal(schemas, stream, versions); proposed != nil {
			out.Proposed, out.Fields = true, len(proposed.Fields)
		}
		add(out, versions)
		for _, event := range slices.Sorted(maps.Keys(last[stream].Events)) {
			add(api.Contract{Stream: stream, Event: event, OnDrift: string(last[stream].OnDrift)}, history[contractOf{stream, event}])
		}
	}
	return list, nil
}

// known gives every version of a contract, oldest first; what records show beyond the
// applied one, which has no rules, is the last.
func (c contracts) known(ctx context.Context, of contractOf) ([]applied, error) {
	history, last := c.versions()
	if _, known := last[of.stream]; !known {
		return nil, errNoStream()
	}
	versions := slices.Clone(history[of])
	if of.event != "" {
		if len(versions) == 0 {
			return nil, errs.New("contract_unknown", "the stream has no contract for events of this name").Fix("see their names with kith contract list; they are compared letter by letter")
		}
		return versions, nil
	}
	schemas, err := c.inferred(ctx)
	if err != nil {
		return nil, err
	}
	if s := proposal(schemas, of.stream, versions); s != nil {
		versions = append(versions, applied{schema: s})
	}
	return versions, nil
}

func (c contracts) History(ctx context.Context, stream, event string) (*api.ContractHistory, error) {
	versions, err := c.known(ctx, contractOf{stream, event})
	if err != nil {
		return nil, err
	}
	out := &api.ContractHistory{Stream: stream, Event: event, Versions: []api.ContractVersion{}}
	for i := range versions {
		v := &versions[i]
		shown := api.ContractVersion{Proposed: v.rules == 0, Rules: v.rules, Applied: v.time(), By: v.how.by,
			Schema: []byte(strings.TrimSpace(string(v.schema.JSONSchema(title(stream, event)))))}
		if i == 0 {
			shown.ContractComparison = comparison(nil)
		} else {
			shown.ContractComparison = comparison(compareVersions(&versions[i-1], v))
		}
		out.Versions = append(out.Versions, shown)
	}
	slices.Reverse(out.Versions)
	return out, nil
}

func title(stream, event string) string {
	if event != "" {
		return event
	}
	return stream
}

// compareVersions compares two versions; what records show has no rules to compare, but for
// listed values.
func compareVersions(before, after *applied) *contract.Comparison {
	old, now := before.schema, after.schema
	if before.rules == 0 || after.rules == 0 {
		old, now = old.Inferable(), now.Inferable()
	}
	return contract.Compare(old, now)
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

// comparison shows a comparison; nil is that of a first version, before which there is
// nothing.
func comparison(c *contract.Comparison) api.ContractComparison {
	if c == nil {
		c = &contract.Comparison{Backward: true, Forward: true}
	}
	out := api.ContractComparison{Differences: []api.ContractDifference{}, Offences: []api.ContractOffence{}, Backward: c.Backward, Forward: c.Forward}
	for _, d := range c.Differences {
		out.Differences = append(out.Differences, api.ContractDifference(d))
	}
	for _, o := range c.Offences {
		out.Offences = append(out.Offences, api.ContractOffence{Path: o.Path, In: string(o.In), Why: o.Why})
	}
	return out
}
