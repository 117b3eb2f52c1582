package config

import (
	"fmt"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/record"
)

// eventContracts reads the contracts of a stream's single events, and what becomes of
// the others.
func (b *builder) eventContracts(s *value, c *contract.StreamConfig) {
	events, unplanned := s.get("contracts"), s.get("unplanned_events")
	for _, v := range []*value{events, unplanned} {
		if v != nil && (c.Kind != record.Event || b.sources[c.Source].kind != "tracking") {
			b.add(v.key, CodeStreamKind, fmt.Sprintf("%s: stream %s is not one of events of a tracking source", v.path, c.Stream), "remove it; contract is for streams of one form")
			return
		}
	}
	for _, name := range events.keys() {
		v := events.get(name)
		if name == "" {
			b.add(v.key, CodeName, v.path+" names no event", "write the event's name as it is tracked")
			continue
		}
		if schema := b.eventSchema(v); schema != nil {
			if c.Events == nil {
				c.Events = map[string]*contract.Schema{}
			}
			c.Events[name] = schema
		}
	}
	if unplanned == nil {
		return
	}
	if !s.has("contracts") {
		b.add(unplanned.key, CodeKeyMissing, fmt.Sprintf("%s: stream %s has no contracts of events", unplanned.path, c.Stream), "add contracts, or remove it")
	}
	if p := contract.Policy(unplanned.str); p != contract.Evolve { // as it is when not written
		c.Unplanned = p
	}
}

// eventSchema reads the contract of an event. Unlike a stream's it is never proposed,
// so that one that does not exist is a fault.
func (b *builder) eventSchema(v *value) *contract.Schema {
	file, message := contract.SplitName(v.str)
	before := len(b.list)
	schema := b.schema(v, b.resolve(file), message)
	if schema == nil && len(b.list) == before {
		b.add(v.node, CodeContractFile, v.path+" does not exist, or is only a proposal", "write it, or make it with kith contract import")
	}
	return schema
}
