package survive_test

import (
	"github.com/go-json-experiment/json"
	"strconv"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/golden"
	"github.com/kithdata/kith/internal/identity"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/quality"
	"github.com/kithdata/kith/internal/record"
)

// rules is what differs between two versions of the rules.
type rules struct {
	Identity identity.Config
	Golden   golden.Config
	Drift    contract.Policy // of the frozen stream
}

// The second rules let through what the first set aside, and write towns otherwise:
// it must show under which pin a record was judged.
const (
	mostTotal      = 1_000.0
	mostTotalLater = 100_000.0
)

// rules draws limits so low that a handful of records runs into each of them.
func (d *drawer) rules() rules {
	priority := []string{pick(d, "crm", "app"), contact}
	rule := func(attribute string) golden.RuleConfig {
		r := golden.RuleConfig{Attribute: attribute, Rule: pick(d, golden.MostRecent, golden.SourcePriority, golden.MostFrequent, golden.Oldest, golden.Longest, golden.Aggregate, golden.Min, golden.Max)}
		if r.Rule == golden.SourcePriority || d.chance(3) {
			r.Sources = priority
		}
		if attribute != "" && d.chance(4) {
			r.Filter = `source == "crm"`
		}
		return r
	}
	return rules{
		Identity: identity.Config{
			Types: []identity.TypeConfig{
				{Type: "user_id", MaxPerProfile: 1, MaxNeighbours: 6},
				{Type: "email", MaxPerProfile: pick(d, 1, 2), MaxNeighbours: pick(d, 2, 3, 5), MaxCustomers: pick(d, 2, 3), Block: []string{"BLOCKED@*"}},
				{Type: "phone", MaxNeighbours: pick(d, 2, 4), MaxCustomers: 2},
				{Type: "anonymous_id", MaxNeighbours: pick(d, 2, 3), MaxCustomers: 1},
			},
			MaxPerson:   pick(d, 4, 9, 100),
			LargeRegion: pick(d, 1, 3, 6, 500),
		},
		Golden: golden.Config{Rules: []golden.RuleConfig{rule("name"), rule("score")}, Default: rule("")},
		Drift:  pick(d, contract.Freeze, contract.DiscardRow, contract.DiscardValue),
	}
}

func (r *rules) streams() []contract.StreamConfig {
	text := func(path string) contract.Field {
		return contract.Field{Path: path, Type: record.String, Nullable: true}
	}
	return []contract.StreamConfig{
		{Stream: contact, Source: sourceOf(contact), Kind: record.Customer, Key: "id", Seq: "rev", Occurred: "at", Deleted: "deleted"},
		{Stream: person, Source: sourceOf(person), Kind: record.Customer},
		{Stream: frozen, Source: sourceOf(frozen), Kind: record.Customer, Key: "id", Seq: "rev", Occurred: "at", Deleted: "deleted", OnDrift: r.Drift,
			Schema: &contract.Schema{Fields: []contract.Field{text("at"), {Path: "deleted", Type: record.Bool, Nullable: true}, {Path: "id", Type: record.String, Required: true}, text("name")}}},
		{Stream: event, Source: sourceOf(event), Kind: record.Event},
		{Stream: alias, Source: sourceOf(alias), Kind: record.Event},
		{Stream: order, Source: sourceOf(order), Kind: record.Object, Key: "id", Seq: "rev", Occurred: "at", Deleted: "deleted"},
		{Stream: stock, Source: sourceOf(stock), Kind: record.Object, Key: "id", Seq: "rev", Occurred: "at", Deleted: "deleted"},
		{Stream: consent, Source: sourceOf(consent), Kind: record.Consent},
	}
}

func cleansing(version uint32) []cleanse.StreamConfig {
	step := func(names ...string) (out []cleanse.StepConfig) {
		for _, n := range names {
			out = append(out, cleanse.StepConfig{Name: n})
		}
		return out
	}
	idents := func(what string) (out []cleanse.IdentifierConfig) {
		for _, typ := range mapped(what) {
			out = append(out, cleanse.IdentifierConfig{Type: typ, From: typ})
		}
		return out
	}
	phone := []cleanse.StepConfig{{Name: "phone", Args: map[string]string{"region": "GB"}}}
	total := []cleanse.AttributeConfig{{Name: "total", From: "total"}}
	towns := step("trim")
	if version > 1 {
		towns = step("trim", "upper")
	}
	region := func(stream string) cleanse.StreamConfig { // numbers are written in the region's way everywhere
		return cleanse.StreamConfig{Stream: stream, Attributes: []cleanse.AttributeConfig{{Name: "phone", From: "phone", Steps: phone}}}
	}
	people := region(person)
	people.Attributes = append(people.Attributes, cleanse.AttributeConfig{Name: "name", From: "name"}, cleanse.AttributeConfig{Name: "town", From: "town"},
		cleanse.AttributeConfig{Name: "score", From: "score"})
	firm := region(frozen)
	firm.Attributes = append(firm.Attributes, cleanse.AttributeConfig{Name: "name", From: "name"})
	orders := region(order)
	orders.Attributes, orders.Identifiers = append(orders.Attributes, total...), idents(order)
	consents := region(consent)
	consents.Identifiers = idents(consent)
	consents.Consent = &cleanse.ConsentConfig{Purpose: "purpose", Channel: "channel", Status: "status", Proof: "proof"}
	return []cleanse.StreamConfig{
		{Stream: contact, Identifiers: idents(contact), Attributes: []cleanse.AttributeConfig{
			{Name: "name", From: "name", Steps: step("trim")}, {Name: "town", From: "town", Steps: towns}, {Name: "score", From: "score"},
			{Name: "email", From: "email", Steps: step("email")}, {Name: "phone", From: "phone", Steps: phone}}},
		people, firm, region(event), region(alias), orders, {Stream: stock, Attributes: total}, consents,
	}
}

func checks(version uint32) []quality.StreamConfig {
	most := mostTotal
	if version > 1 {
		most = mostTotalLater
	}
	return []quality.StreamConfig{{Stream: order, Checks: []quality.CheckConfig{{Check: "range", Column: "total", Max: quality.NewBound(strconv.FormatFloat(most, 'g', -1, 64))}}}}
}

// control gives a version of the rules as the properties of its control record.
func (r *rules) control(version uint32) ([]byte, error) {
	body, err := json.Marshal(r, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	return pipeline.Rules{Version: version, Replaces: version - 1, Fingerprint: string(body), Body: body}.Props()
}
