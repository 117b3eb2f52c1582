package expr

import (
	"cmp"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/kithdata/kith/internal/record"
)

// The activations give CEL each variable when it first asks for it, so that a
// condition on one attribute of a large profile converts one value.

type candidateVars struct {
	customer *record.SourceCustomer
	value    record.Value
}

func (v *candidateVars) Parent() cel.Activation { return nil }

func (v *candidateVars) ResolveName(name string) (any, bool) {
	switch name {
	case "value":
		return convert(v.value), true
	case "source":
		return types.String(v.customer.Source), true
	case "stream":
		return types.String(v.customer.Stream), true
	case "attributes":
		return &mapping{timedAttrs(v.customer.Attrs)}, true
	}
	return nil, false
}

type profileVars struct{ p *record.Profile }

func (v *profileVars) Parent() cel.Activation { return nil }

func (v *profileVars) ResolveName(name string) (any, bool) {
	switch name {
	case "profile.id":
		return types.String(v.p.ID.String()), true
	case "profile.version":
		return types.Int(v.p.Version), true //nolint:gosec // counts up from 1
	case "profile.kind":
		return types.String(v.p.Kind.String()), true
	case "attributes":
		return &mapping{goldenAttrs(v.p.Attrs)}, true
	case "changed":
		return types.NewStringList(types.DefaultTypeAdapter, v.p.Changed), true
	case "identifiers":
		return identifiersOf(v.p), true
	case "consents":
		return consentsOf(v.p), true
	case "suppressed":
		return types.Bool(v.p.Suppressed), true
	}
	return nil, false
}

type eventVars struct{ f *record.Fact }

func (v *eventVars) Parent() cel.Activation { return nil }

func (v *eventVars) ResolveName(name string) (any, bool) {
	switch name {
	case "event":
		return types.String(v.f.Event), true
	case "source":
		return types.String(v.f.Source), true
	case "stream":
		return types.String(v.f.Stream), true
	case "properties":
		return &mapping{plainAttrs(v.f.Attrs)}, true
	}
	return nil, false
}

type recordVars struct{ r *record.Record }

func (v *recordVars) Parent() cel.Activation { return nil }

func (v *recordVars) ResolveName(name string) (any, bool) {
	switch name {
	case "attributes":
		return &mapping{plainAttrs(v.r.Attrs)}, true
	case "fields":
		return &mapping{plainAttrs(v.r.Fields)}, true
	case "source":
		return types.String(v.r.Source), true
	case "stream":
		return types.String(v.r.Stream), true
	case "event":
		return types.String(v.r.Event), true
	case "occurred":
		return convert(record.TimeValue(cmp.Or(v.r.Occurred, v.r.Received))), true
	case "received":
		return convert(record.TimeValue(v.r.Received)), true
	}
	return nil, false
}

func identifiersOf(p *record.Profile) *mapping {
	byType := map[string][]string{}
	for i := range p.Identifiers {
		id := &p.Identifiers[i]
		byType[id.Type] = append(byType[id.Type], id.Value)
	}
	var all pairs
	for t, values := range byType {
		slices.Sort(values)
		all = append(all, pair{t, types.NewStringList(types.DefaultTypeAdapter, values)})
	}
	return all.sorted()
}

func consentsOf(p *record.Profile) *mapping {
	var purposes pairs
	byPurpose := map[string]pairs{}
	for _, c := range record.MergeConsents(p.Consents) {
		byPurpose[c.Purpose] = append(byPurpose[c.Purpose], pair{c.Channel, types.Bool(c.Granted)})
	}
	for purpose, channels := range byPurpose {
		purposes = append(purposes, pair{purpose, channels.sorted()})
	}
	return purposes.sorted()
}
