package config

import (
	"fmt"
	"slices"

	"github.com/kithdata/kith/internal/expr"
	"github.com/kithdata/kith/internal/golden"
	"github.com/kithdata/kith/internal/identity"
)

// builtInTypes are the identifier types that need no description, strongest first,
// with the limits they have then.
func builtInTypes() []identity.TypeConfig {
	return []identity.TypeConfig{
		{Type: "user_id", MaxPerProfile: 1},
		{Type: "email", MaxPerProfile: 5, MaxNeighbours: 20},
		{Type: "phone", MaxNeighbours: 10},
		{Type: "anonymous_id", MaxNeighbours: 5},
	}
}

func (b *builder) identity(v *value) {
	c := identity.Config{MaxPerson: v.get("max_person").int(), LargeRegion: v.get("large_region").int()}
	if list := v.get("identifiers"); list != nil {
		for _, item := range list.items {
			name := item.get("type")
			if name == nil {
				continue
			}
			if !validName(name.str, false) {
				b.add(name.node, CodeName, fmt.Sprintf("identifier type %q has a name that no key can bear", name.node.Value), "use letters, digits and underscores, and start with a letter")
			}
			if slices.Contains(b.types, name.str) {
				b.add(name.node, CodeKeyTwice, fmt.Sprintf("identifier type %s is listed twice", name.str), "keep one of the two")
				continue
			}
			block := slices.Sorted(slices.Values(item.get("block").texts()))
			c.Types = append(c.Types, identity.TypeConfig{
				Type:          name.str,
				MaxPerProfile: item.get("max_per_profile").int(),
				MaxNeighbours: item.get("max_neighbours").int(),
				MaxCustomers:  item.get("max_customers").int(),
				Block:         slices.Compact(block),
			})
			b.types = append(b.types, name.str)
			if m := item.get("mailbox"); m.bool(false) {
				if name.str != "email" {
					b.add(m.node, CodeIdentifierType, m.path+" is for identifiers of type email", "remove it")
				}
				b.mailbox = true
			}
		}
	} else {
		c.Types = builtInTypes()
	}
	for _, t := range builtInTypes() {
		if !slices.Contains(b.types, t.Type) {
			b.types = append(b.types, t.Type)
		}
	}
	if m := v.get("match"); m != nil {
		accept, review := m.get("accept"), m.get("review")
		if accept != nil && review != nil && review.f > accept.f {
			b.add(review.node, CodeValueRange, "identity.match.review is above accept", "write review at most as high as accept")
		}
	}
	b.tree.Rules.Identity = c
}

func (b *builder) golden(v *value) {
	c := golden.Config{Default: golden.RuleConfig{Rule: "most_recent"}}
	for _, name := range v.keys() {
		rule, ok := b.goldenRule(v.get(name))
		if !ok {
			continue
		}
		if name == "*" {
			c.Default = rule
			continue
		}
		if !validName(name, false) {
			b.add(v.get(name).key, CodeName, fmt.Sprintf("golden names an attribute %q that cannot be", name), "write an attribute's name, or \"*\" for every other")
		}
		rule.Attribute = name
		c.Rules = append(c.Rules, rule)
	}
	b.tree.Rules.Golden = c
}

func (b *builder) goldenRule(v *value) (golden.RuleConfig, bool) {
	if v.field.shape == choice {
		if v.str == "source_priority" {
			b.add(v.node, CodeGoldenRule, v.path+" does not say the sources' order", "write {source_priority: [the best source, the next]}")
			return golden.RuleConfig{}, false
		}
		return golden.RuleConfig{Rule: v.str}, true
	}
	rule := golden.RuleConfig{Rule: v.get("rule").text(), Sources: v.get("sources").texts(), Filter: v.get("filter").text()}
	sources := v.get("sources")
	if short := v.get("source_priority"); short != nil {
		if sources != nil || rule.Rule != "" && rule.Rule != "source_priority" {
			b.add(short.key, CodeGoldenRule, v.path+" says its rule or its sources twice", "write either source_priority: […] or rule: and sources:")
			return golden.RuleConfig{}, false
		}
		rule.Rule, rule.Sources, sources = "source_priority", short.texts(), short
	}
	if rule.Rule == "" {
		rule.Rule = "most_recent"
	}
	if rule.Rule == "source_priority" && len(rule.Sources) == 0 {
		b.add(v.node, CodeGoldenRule, v.path+" does not say the sources' order", "add sources: [the best source, the next]")
	}
	if sources != nil {
		b.sourceOrder(sources)
	}
	b.condition(v.get("filter"), expr.Candidate)
	return rule, true
}

// sourceOrder checks that each name is a source or a stream, once.
func (b *builder) sourceOrder(v *value) {
	known := keysOf(b.sources)
	for _, s := range b.tree.Rules.Streams {
		known = append(known, s.Stream)
	}
	var seen []string
	for _, item := range v.items {
		switch {
		case slices.Contains(seen, item.str):
			b.add(item.node, CodeGoldenRule, fmt.Sprintf("%s is named twice", item.path), "keep the first")
		case !slices.Contains(known, item.str):
			b.add(item.node, CodeSourceUnknown, fmt.Sprintf("%s: there is no source or stream %s", item.path, item.node.Value), meant(item.str, known))
		}
		seen = append(seen, item.str)
	}
}
