// Package golden makes the one record of each person: the survivorship rules, the
// versions of profiles and their history.
//
// Survive is a pure function of what the sources say of a person and of the rules;
// Stage runs it after identity, inside the state transaction, and turns each of
// identity's effects into at most one new version. The room may use record, expr
// and the ports of engine; it has no clock and starts no goroutine.
//
// What it stores, besides the rows that it emits on topic changes:
//
//	TableVersions  outside generations, by profile id: version counter and what the
//	               last version was, as hashes. Outlives the profile's retirement.
//	TableHistory   outside generations, by profile id and version: every row.
//	TableProfile   within a generation, by profile id: the current row, or the
//	               version of the history that is it.
//
// The entry of TableVersions is the owner (engine.Tx) of its profile's rows in the
// other two tables: locking it is enough to write them.
package golden

import (
	"errors"
	"slices"

	"github.com/kithdata/kith/internal/expr"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// The survivorship rules. Ties, here and below, go to the better source (by the
// rule's Sources, else the default rule's), then to the lesser value by
// Value.Compare, then to the lesser node. A null value never survives, and a value that
// was filled in never beside one that a source said.
const (
	MostRecent     = "most_recent"     // the latest effective time
	SourcePriority = "source_priority" // the best source; within it the latest
	MostFrequent   = "most_frequent"   // the value that most source customers say
	Oldest         = "oldest"          // the earliest effective time
	Longest        = "longest"         // the most characters
	Aggregate      = "aggregate"       // all distinct values, sorted, as a JSON array
	Min            = "min"
	Max            = "max"
)

// names lists the rules.
var names = [...]string{MostRecent, SourcePriority, MostFrequent, Oldest, Longest, Aggregate, Min, Max}

// CodeBadRule is the code of a rule that makes no sense.
const CodeBadRule errs.Code = "golden_rule"

// Rules are compiled survivorship rules. They are safe for concurrent use.
type Rules struct {
	byName map[string]*rule
	other  *rule
}

type rule struct {
	name   string
	ties   string
	order  []string // sources and streams, best first
	filter *expr.Condition
}

// Compile compiles the rules of a generation and reports all their faults at once:
// code golden_rule, or expr_bad for a filter.
func Compile(cfg Config) (*Rules, error) {
	var faults []error
	rules := &Rules{byName: make(map[string]*rule, len(cfg.Rules))}
	fallback := cfg.Default
	if fallback.Rule == "" {
		fallback.Rule = MostRecent
	}
	compile := func(c RuleConfig, where string) *rule {
		if !slices.Contains(names[:], c.Rule) {
			faults = append(faults, errs.New(CodeBadRule, "there is no such survivorship rule").At(where).
				Fix("use most_recent, source_priority, most_frequent, oldest, longest, aggregate, min or max"))
		}
		if c.Ties != "" && (c.Ties != Longest || c.Rule != MostFrequent) {
			faults = append(faults, errs.New(CodeBadRule, "ties cannot be ended so").At(where).Fix("leave it out, or end those of most_frequent by longest"))
		}
		r := &rule{name: c.Rule, ties: c.Ties, order: c.Sources}
		if len(r.order) == 0 {
			r.order = fallback.Sources
		}
		if c.Rule == SourcePriority && len(r.order) == 0 {
			faults = append(faults, errs.New(CodeBadRule, "source_priority needs the sources' order").At(where).Fix("list the sources, the best first"))
		}
		if c.Filter != "" {
			condition, err := expr.Compile(c.Filter, expr.Candidate)
			if err != nil {
				faults = append(faults, errs.Wrap(expr.CodeBad, "compiling the filter", err).At(where))
			}
			r.filter = condition
		}
		return r
	}
	rules.other = compile(fallback, "golden.*")
	for _, c := range cfg.Rules {
		where := "golden." + c.Attribute
		if c.Attribute == "" {
			faults = append(faults, errs.New(CodeBadRule, "a rule names no attribute").At("golden").Fix(`name one, or "*" for every other`))
			continue
		}
		if _, twice := rules.byName[c.Attribute]; twice {
			faults = append(faults, errs.New(CodeBadRule, "the attribute has two rules").At(where).Fix("keep one"))
		}
		rules.byName[c.Attribute] = compile(c, where)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return rules, nil
}

func (r *Rules) of(attribute string) *rule {
	if own, ok := r.byName[attribute]; ok {
		return own
	}
	return r.other
}

// rank is the place of a source customer in the rule's order, which names sources
// or, more exactly, their streams; who is not named comes last.
func (r *rule) rank(c *record.SourceCustomer) int {
	rank := len(r.order)
	for i, name := range r.order {
		if name == c.Stream {
			return i
		}
		if name == c.Source && i < rank {
			rank = i
		}
	}
	return rank
}

// passes reports whether the rule's filter lets a candidate compete.
func (r *rule) passes(c *record.SourceCustomer, v record.Value) bool {
	return r.filter == nil || r.filter.Candidate(c, v)
}
