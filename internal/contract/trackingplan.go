package contract

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/kit/errs"
)

// CodePlan is the code of a tracking plan that cannot be read.
const CodePlan errs.Code = "tracking_plan"

// Bounds of a tracking plan.
const (
	MaxPlanBytes = 32 << 20
	maxPlanned   = 5000 // calls
)

// Planned is what a tracking plan says of one call, as a contract.
type Planned struct {
	Call   string   // track, identify, group, page or screen
	Event  string   // the event's name, or the page's or screen's; empty for all of the call
	Text   []byte   // the contract, which ParseJSONSchema reads
	Fields int      // in the contract
	Left   []string // what the plan says and the contract does not keep, each by its place
}

// TrackingPlan is a tracking plan as contracts, sorted by call and event.
type TrackingPlan struct {
	Calls []Planned
	Left  []string // what became no contract, each with the reason
}

// ParseTrackingPlan reads a tracking plan of Segment: as its Public API gives it (a
// list of rules, each with its type and key), or as Protocols and the older API
// export it (rules by events, identify and group). Of several versions of a rule the
// highest counts. It fails with code tracking_plan where the text is neither.
func ParseTrackingPlan(text []byte) (*TrackingPlan, error) {
	if len(text) > MaxPlanBytes || depth(text) > MaxDepth {
		return nil, errs.New(CodePlan, "the tracking plan is larger than "+strconv.Itoa(MaxPlanBytes>>20)+" MiB, or nested deeper than "+strconv.Itoa(MaxDepth)+" levels")
	}
	var file planFile
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, errs.Wrap(CodePlan, "reading a tracking plan", err).Fix("export the plan as JSON, and do not edit it")
	}
	var p planParser
	rules, err := p.rules(file.list())
	if err != nil {
		return nil, err
	}
	if file.Data.Pagination.Next != "" {
		p.leave("the rules after these: the file is one page of several")
	}
	for _, r := range p.newest(rules) {
		p.take(r)
	}
	slices.SortFunc(p.plan.Calls, func(a, b Planned) int {
		return cmp.Or(strings.Compare(a.Call, b.Call), strings.Compare(a.Event, b.Event))
	})
	return &p.plan, nil
}

// planFile is where the rules may lie.
type planFile struct {
	planBody
	TrackingPlan planBody `json:"trackingPlan"`
	Data         struct {
		planBody
		TrackingPlan planBody `json:"trackingPlan"`
		Pagination   struct {
			Next string `json:"next"`
		} `json:"pagination"`
	} `json:"data"`
}

type planBody struct {
	Rules jsontext.Value `json:"rules"`
}

func (f *planFile) list() jsontext.Value {
	for _, raw := range []jsontext.Value{f.Data.TrackingPlan.Rules, f.Data.Rules, f.TrackingPlan.Rules} {
		if raw != nil {
			return raw
		}
	}
	return f.Rules
}

// planRule is one rule of either form.
type planRule struct {
	Type    string         `json:"type"`
	Key     string         `json:"key"`
	Version jsontext.Value `json:"version"`
	Schema  jsontext.Value `json:"jsonSchema"`

	Description string `json:"-"`
}

func (r *planRule) name() string {
	if r.Key == "" {
		return r.Type
	}
	return r.Type + " " + strconv.Quote(eventName(r.Key))
}

func (r *planRule) version() float64 {
	v, _ := strconv.ParseFloat(strings.Trim(string(r.Version), `"`), 64) // one that is no number comes before all
	return v
}

// oldRules is the form of Protocols and the older API.
type oldRules struct {
	Events []struct {
		Name        string         `json:"name"`
		Description string         `json:"description"`
		Version     jsontext.Value `json:"version"`
		Rules       jsontext.Value `json:"rules"`
	} `json:"events"`
	Identify       jsontext.Value   `json:"identify"`
	Group          jsontext.Value   `json:"group"`
	Global         jsontext.Value   `json:"global"`
	IdentifyTraits []jsontext.Value `json:"identify_traits"`
	GroupTraits    []jsontext.Value `json:"group_traits"`
}

type planParser struct{ plan TrackingPlan }

func (p *planParser) leave(what string) { p.plan.Left = append(p.plan.Left, what) }

// rules reads rules of either form as those of the newer one.
func (p *planParser) rules(raw jsontext.Value) (list []planRule, err error) {
	switch raw.Kind() {
	case '[':
		err = json.Unmarshal(raw, &list)
	case '{':
		list, err = p.old(raw)
	default:
		return nil, errs.New(CodePlan, "the tracking plan has no rules").
			Fix("export it with its rules, as {\"data\": {\"trackingPlan\": {\"rules\": […]}}} or {\"rules\": {\"events\": […]}}")
	}
	if err != nil {
		return nil, errs.Wrap(CodePlan, "reading the rules of a tracking plan", err).Fix("export the plan as JSON, and do not edit it")
	}
	if len(list) > maxPlanned {
		return nil, errs.New(CodePlan, fmt.Sprintf("the tracking plan has %d rules, more than %d", len(list), maxPlanned)).Fix("split it")
	}
	return list, nil
}

func (p *planParser) old(raw jsontext.Value) (list []planRule, err error) {
	var old oldRules
	if err := json.Unmarshal(raw, &old); err != nil {
		return nil, err
	}
	for _, e := range old.Events {
		list = append(list, planRule{Type: "TRACK", Key: e.Name, Version: e.Version, Schema: e.Rules, Description: e.Description})
	}
	for _, r := range []planRule{{Type: "IDENTIFY", Schema: old.Identify}, {Type: "GROUP", Schema: old.Group}} {
		if r.Schema.Kind() == '{' {
			list = append(list, r)
		}
	}
	if fields(memberOf(memberOf(old.Global, "properties"), "properties")) {
		p.leave("global: rules of all events at once are not kept")
	}
	if len(old.IdentifyTraits)+len(old.GroupTraits) > 0 {
		p.leave("identify_traits and group_traits: only the rules under identify and group are read")
	}
	return list, nil
}

// newest leaves of each call's rules the one of the highest version.
func (p *planParser) newest(rules []planRule) []planRule {
	type call struct{ kind, key string }
	at := map[call]int{}
	var list []planRule
	for _, r := range rules {
		of := call{strings.ToLower(r.Type), r.Key}
		if of.kind == "identify" || of.kind == "group" {
			of.key = "" // they have one contract
		}
		i, twice := at[of]
		switch {
		case !twice:
			at[of] = len(list)
			list = append(list, r)
			continue
		case r.version() >= list[i].version():
			list[i] = r
		}
		p.leave(r.name() + ": an older version")
	}
	return list
}

// take makes the contract of one rule.
func (p *planParser) take(r planRule) {
	call := strings.ToLower(r.Type)
	about := "properties"
	var added []schemaMember
	switch call {
	case "track":
		if r.Key == "" || r.Key == AnyEvent {
			p.leave(r.name() + ": no event can have this name")
			return
		}
	case "page", "screen": // the door puts a page's name among its properties
		added = []schemaMember{addedText("name"), addedText("category")}
	case "identify", "group":
		if about, r.Key = "traits", ""; call == "identify" { // the membership that a group call is
			added = []schemaMember{addedText("group_id")}
		}
	default:
		p.leave(r.name() + ": there are no contracts for rules of this type")
		return
	}
	planned := memberOf(r.Schema, "properties")
	schema := memberOf(planned, about)
	if schema == nil && about == "traits" {
		schema = memberOf(memberOf(memberOf(planned, "context"), "properties"), about)
	}
	if call != "track" && !fields(schema) {
		p.leave(r.name() + ": it says nothing of " + about)
		return
	}
	out := Planned{Call: call, Event: r.Key}
	if about == "properties" && fields(memberOf(planned, "context")) {
		out.Left = append(out.Left, "context")
	}
	if err := out.write(&r, schema, added); err != nil {
		p.leave(r.name() + ": " + err.Error())
		return
	}
	p.plan.Calls = append(p.plan.Calls, out)
}

func addedText(name string) schemaMember {
	return schemaMember{name: name, value: jsontext.Value(`{"type":["string","null"]}`)}
}

// memberOf gives an object's member, nil where it is no object or has none.
func memberOf(raw jsontext.Value, name string) jsontext.Value {
	if raw.Kind() != '{' {
		return nil
	}
	members, _ := objectMembers(raw)
	for _, m := range members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// fields reports whether a schema has properties.
func fields(schema jsontext.Value) bool {
	properties := memberOf(schema, "properties")
	return properties.Kind() == '{' && len(bytes.Trim(properties, "{} \t\r\n")) > 0
}
