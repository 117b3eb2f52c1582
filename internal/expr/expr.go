// Package expr compiles and evaluates conditions: the filters of golden rules, the
// When of destinations and of row checks, written in CEL (the Common Expression
// Language).
//
// It reads records and does no I/O. A condition is compiled once, is safe for
// concurrent use, and is a pure function of what it is shown: CEL has no clock and
// no randomness here, maps are walked in the order of their keys, regular
// expressions are RE2, and an evaluation that costs too much stops and is false.
//
// A condition never fails while data flows. What it cannot evaluate (an attribute
// that is not there, a comparison of unlike types) is false. As this also makes
// !(attributes.vip) false where vip is missing, write has() wherever absence
// matters: !has(attributes.vip) || !attributes.vip.
//
// Dates and timestamps are CEL timestamps (a date is its midnight, UTC), arrays and
// objects are lists and maps, and a value that a source sent as null is null, so
// has() is true of it.
package expr

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"

	"cel.dev/cel-go/cel"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// CodeBad is the code of a condition that cannot be compiled.
const CodeBad errs.Code = "expr_bad"

// MaxSource is the longest condition in bytes.
const MaxSource = 8 << 10

// costLimit bounds one evaluation, in CEL's units: about one a step, and one for
// every ten bytes of text looked at.
const costLimit = 100_000

// Vars says what a condition is asked of, and so which variables it has.
type Vars uint8

// The things that conditions are asked of.
const (
	// Candidate is a value that might survive into a golden record:
	//
	//	value       the value itself
	//	source      the source that said it
	//	stream      the full name of its stream
	//	attributes  map of everything that the same source customer says
	Candidate Vars = iota + 1
	// Profile is one version of a profile:
	//
	//	profile.id, profile.version, profile.kind (created, updated, split, merged, erased)
	//	attributes   map of name to value
	//	changed      list of the names of attributes that differ from the version before
	//	identifiers  map of type to the list of values
	//	consents     map of purpose to a map of channel to whether it is granted
	//	suppressed   whether the person must not be contacted
	Profile
	// Event is something a person did:
	//
	//	event       its name
	//	source, stream
	//	properties  map of name to value
	Event
	// Record is one record on the road, once it is cleansed:
	//
	//	attributes  map of name to value, as they act
	//	fields      map of name to value, as they came
	//	source, stream
	//	event       the event's name
	//	occurred    when it happened, as the source says; as received where it says nothing
	//	received    when it was received
	Record
)

func (v Vars) String() string {
	switch v {
	case Candidate:
		return "golden candidates"
	case Profile:
		return "profiles"
	case Event:
		return "events"
	case Record:
		return "records"
	}
	return "unknown"
}

func (v Vars) declarations() []cel.EnvOption {
	open := cel.MapType(cel.StringType, cel.DynType)
	switch v {
	case Candidate:
		return []cel.EnvOption{
			cel.Variable("value", cel.DynType),
			cel.Variable("source", cel.StringType),
			cel.Variable("stream", cel.StringType),
			cel.Variable("attributes", open),
		}
	case Profile:
		return []cel.EnvOption{
			cel.Variable("profile.id", cel.StringType),
			cel.Variable("profile.version", cel.IntType),
			cel.Variable("profile.kind", cel.StringType),
			cel.Variable("attributes", open),
			cel.Variable("changed", cel.ListType(cel.StringType)),
			cel.Variable("identifiers", cel.MapType(cel.StringType, cel.ListType(cel.StringType))),
			cel.Variable("consents", cel.MapType(cel.StringType, cel.MapType(cel.StringType, cel.BoolType))),
			cel.Variable("suppressed", cel.BoolType),
		}
	case Event:
		return []cel.EnvOption{
			cel.Variable("event", cel.StringType),
			cel.Variable("source", cel.StringType),
			cel.Variable("stream", cel.StringType),
			cel.Variable("properties", open),
		}
	case Record:
		return []cel.EnvOption{
			cel.Variable("attributes", open),
			cel.Variable("fields", open),
			cel.Variable("source", cel.StringType),
			cel.Variable("stream", cel.StringType),
			cel.Variable("event", cel.StringType),
			cel.Variable("occurred", cel.TimestampType),
			cel.Variable("received", cel.TimestampType),
		}
	}
	return nil
}

// Condition is a compiled condition. It is safe for concurrent use.
type Condition struct {
	over    Vars
	source  string
	program cel.Program
}

// Compile compiles src. It reports every fault at once, each with code expr_bad
// and its place as line:column, both from 1.
func Compile(src string, over Vars) (*Condition, error) {
	if len(src) > MaxSource {
		return nil, errs.New(CodeBad, "the condition is longer than "+strconv.Itoa(MaxSource)+" bytes").Fix("shorten it, or compute an attribute that it can ask for")
	}
	env, err := cel.NewEnv(over.declarations()...)
	if err != nil {
		return nil, fmt.Errorf("declaring the variables of conditions on %s: %w", over, err)
	}
	ast, issues := env.Compile(src)
	if issues.Err() != nil {
		return nil, faults(issues, over)
	}
	if t := ast.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		return nil, errs.New(CodeBad, "the condition gives "+t.String()+", not true or false").At("1:1").Fix("compare it with something")
	}
	program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(costLimit))
	if err != nil {
		return nil, errs.Wrap(CodeBad, "preparing the condition", err).At("1:1")
	}
	return &Condition{over: over, source: src, program: program}, nil
}

func faults(issues *cel.Issues, over Vars) error {
	var all []error
	for _, e := range issues.Errors() {
		line, column := cmp.Or(max(e.Location.Line(), 0), 1), max(e.Location.Column(), 0)+1
		all = append(all, errs.New(CodeBad, e.Message).
			At(strconv.Itoa(line)+":"+strconv.Itoa(column)).
			Fix("see the variables that conditions on "+over.String()+" have"))
	}
	return errors.Join(all...)
}

// String is the condition as it was written.
func (c *Condition) String() string { return c.source }

// Over says what the condition is asked of.
func (c *Condition) Over() Vars { return c.over }

// Candidate asks the condition of one value that customer c0 says. A condition over
// something else is false.
func (c *Condition) Candidate(c0 *record.SourceCustomer, v record.Value) bool {
	return c.over == Candidate && c.holds(&candidateVars{customer: c0, value: v})
}

// Profile asks the condition of one version of a profile.
func (c *Condition) Profile(p *record.Profile) bool {
	return c.over == Profile && c.holds(&profileVars{p})
}

// Event asks the condition of an event.
func (c *Condition) Event(f *record.Fact) bool {
	return c.over == Event && c.holds(&eventVars{f})
}

// Record asks the condition of a record. known is false where it could not be
// evaluated, which is false as well.
func (c *Condition) Record(r *record.Record) (yes, known bool) {
	if c.over != Record {
		return false, false
	}
	return c.evaluate(&recordVars{r})
}

func (c *Condition) holds(vars cel.Activation) bool {
	yes, _ := c.evaluate(vars)
	return yes
}

func (c *Condition) evaluate(vars cel.Activation) (yes, known bool) {
	out, _, err := c.program.Eval(vars)
	if err != nil || out == nil {
		return false, false
	}
	yes, known = out.Value().(bool)
	return yes, known
}
