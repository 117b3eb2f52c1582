package record

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// MergeConsents gives one state for each purpose and channel, in that order: the
// latest word wins, and of two at the same moment the denial (section 6).
func MergeConsents(cs []ConsentState) []ConsentState {
	ordered := func(a, b ConsentState) int {
		return cmp.Or(strings.Compare(a.Purpose, b.Purpose), strings.Compare(a.Channel, b.Channel))
	}
	strictly := true
	for i := 1; i < len(cs) && strictly; i++ {
		strictly = ordered(cs[i-1], cs[i]) < 0
	}
	if strictly {
		return cs
	}
	all := slices.Clone(cs)
	slices.SortFunc(all, func(a, b ConsentState) int {
		denied := func(c ConsentState) int {
			if c.Granted {
				return 1
			}
			return 0
		}
		return cmp.Or(ordered(a, b), cmp.Compare(b.Effective, a.Effective), cmp.Compare(denied(a), denied(b)),
			strings.Compare(a.Source, b.Source), strings.Compare(a.Proof, b.Proof),
			strings.Compare(a.Identifier.Type, b.Identifier.Type), strings.Compare(a.Identifier.Value, b.Identifier.Value))
	})
	return slices.CompactFunc(all, func(a, b ConsentState) bool { return ordered(a, b) == 0 })
}

// AppendProfileJSON appends p as the JSON object that the API and destinations
// give: id, version, kind, time (of the cause, RFC 3339), attributes (name to
// value), provenance (name to source, stream, record, rule and time), identifiers,
// aliases, consents (purpose to channel to state), suppressed, pending and changed.
// A retired profile has into, where its id resolves to, instead of all that.
func AppendProfileJSON(b []byte, p *Profile) []byte {
	b = append(b, `{"id":"`...)
	b = appendID(b, p.ID)
	b = append(b, `","version":`...)
	b = strconv.AppendUint(b, p.Version, 10)
	b = append(b, `,"kind":"`...)
	b = append(b, p.Kind.String()...)
	b = append(b, `","time":`...)
	b = appendTime(b, p.Cause.Received)
	if p.Cause.Stream != "" {
		b = append(b, `,"cause":{"source":`...)
		b = AppendJSONString(b, p.Cause.Source)
		b = append(b, `,"stream":`...)
		b = AppendJSONString(b, p.Cause.Stream)
		b = append(b, '}')
	}
	switch p.Kind {
	case Merged:
		b = append(b, `,"into":"`...)
		b = appendID(b, p.Into)
		return append(b, `"}`...)
	case Gone:
		return append(b, '}')
	}
	b = appendAttrs(b, p.Attrs)
	b = appendIdentifiers(b, p.Identifiers)
	b = append(b, `,"aliases":[`...)
	for i, a := range p.Aliases {
		b = append(comma(b, i), '"')
		b = append(appendID(b, a), '"')
	}
	b = append(b, `],"consents":`...)
	b = appendConsents(b, MergeConsents(p.Consents))
	b = append(b, `,"suppressed":`...)
	b = strconv.AppendBool(b, p.Suppressed)
	b = append(b, `,"pending":`...)
	b = strconv.AppendBool(b, p.Pending)
	b = append(b, `,"source_customers":`...)
	b = strconv.AppendUint(b, uint64(p.Customers), 10)
	b = append(b, `,"changed":[`...)
	for i, name := range p.Changed {
		b = AppendJSONString(comma(b, i), name)
	}
	return append(b, `]}`...)
}

// AppendFactJSON appends f as the JSON object that destinations give: event, source,
// stream, id, node, occurred and received (RFC 3339) and properties.
func AppendFactJSON(b []byte, f *Fact) []byte {
	b = append(b, `{"event":`...)
	b = AppendJSONString(b, f.Event)
	b = append(b, `,"source":`...)
	b = AppendJSONString(b, f.Source)
	b = append(b, `,"stream":`...)
	b = AppendJSONString(b, f.Stream)
	b = append(b, `,"id":`...)
	b = AppendJSONString(b, f.Key)
	if !f.Node.IsZero() {
		b = append(b, `,"node":"`...)
		b = append(appendID(b, f.Node), '"')
	}
	if f.Occurred != 0 {
		b = append(b, `,"occurred":`...)
		b = appendTime(b, f.Occurred)
	}
	b = append(b, `,"received":`...)
	b = appendTime(b, f.Received)
	b = append(b, `,"properties":{`...)
	for i := range f.Attrs {
		b = AppendJSONString(comma(b, i), f.Attrs[i].Name)
		b = f.Attrs[i].Value.AppendJSON(append(b, ':'))
	}
	return append(b, `}}`...)
}

func appendAttrs(b []byte, attrs []GoldenAttr) []byte {
	b = append(b, `,"attributes":{`...)
	for i := range attrs {
		b = AppendJSONString(comma(b, i), attrs[i].Name)
		b = attrs[i].Value.AppendJSON(append(b, ':'))
	}
	b = append(b, `},"provenance":{`...)
	for i := range attrs {
		a := &attrs[i]
		b = AppendJSONString(comma(b, i), a.Name)
		b = append(b, `:{"source":`...)
		b = AppendJSONString(b, a.Source)
		b = append(b, `,"stream":`...)
		b = AppendJSONString(b, a.Stream)
		b = append(b, `,"record":"`...)
		b = appendID(b, a.Node)
		b = append(b, `","rule":`...)
		b = AppendJSONString(b, a.Rule)
		b = append(b, `,"time":`...)
		b = appendTime(b, a.Time)
		if a.Value.Filled {
			b = append(b, `,"filled":true`...)
		}
		b = append(b, '}')
	}
	return append(b, '}')
}

func appendIdentifiers(b []byte, ids []MemberIdentifier) []byte {
	b = append(b, `,"identifiers":[`...)
	for i := range ids {
		b = append(comma(b, i), `{"type":`...)
		b = AppendJSONString(b, ids[i].Type)
		b = append(b, `,"value":`...)
		b = AppendJSONString(b, ids[i].Value)
		b = append(b, `,"first_seen":`...)
		b = append(appendTime(b, ids[i].First), '}')
	}
	return append(b, ']')
}

func appendConsents(b []byte, cs []ConsentState) []byte {
	b = append(b, '{')
	for i := range cs {
		c := &cs[i]
		switch {
		case i == 0:
			b = append(AppendJSONString(b, c.Purpose), `:{`...)
		case cs[i-1].Purpose != c.Purpose:
			b = append(AppendJSONString(append(b, `},`...), c.Purpose), `:{`...)
		default:
			b = append(b, ',')
		}
		b = AppendJSONString(b, c.Channel)
		b = append(b, `:{"granted":`...)
		b = strconv.AppendBool(b, c.Granted)
		b = append(b, `,"time":`...)
		b = appendTime(b, c.Effective)
		b = append(b, `,"source":`...)
		b = AppendJSONString(b, c.Source)
		if c.Proof != "" {
			b = append(b, `,"proof":`...)
			b = AppendJSONString(b, c.Proof)
		}
		b = append(b, '}')
	}
	if len(cs) > 0 {
		b = append(b, '}')
	}
	return append(b, '}')
}

func comma(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return b
}

func appendID(b []byte, id NodeKey) []byte { return idEncoding.AppendEncode(b, id[:]) }

func appendTime(b []byte, micros int64) []byte {
	b = append(b, '"')
	b = append(b, TimeValue(micros).Text()...)
	return append(b, '"')
}
