package contract

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// eventField is what a verdict on an unplanned event names: the event itself, which
// is none of the properties.
const eventField = "event"

// maxEventName bounds an event's name among what is kept of drift, in bytes.
const maxEventName = 200

// addedByDoor reports whether the door puts this member beside an event's properties.
// A contract of an event speaks of the properties; it may name these as well.
func addedByDoor(name string) bool {
	switch name {
	case "context", "integrations", "message_fields", "is_bot", "is_internal":
		return true
	}
	return false
}

// topOf is the first part of a path.
func topOf(path string) string {
	top, _, _ := strings.Cut(path, ".")
	return top
}

// plan makes the rules of a stream's single events ready.
func (st *stream) plan() {
	if len(st.cfg.Events) == 0 {
		return
	}
	st.unplanned = cmp.Or(st.cfg.Unplanned, Evolve)
	st.events = make(map[string]*stream, len(st.cfg.Events))
	for name, schema := range st.cfg.Events {
		own := &stream{cfg: st.cfg, applied: compile(schema), event: name}
		own.applied.event = true
		own.judgeBy()
		st.events[name] = own
	}
}

// planned gives the rules of an event that a contract of its own, or the one for any
// event, judges; nil for others.
func (st *stream) planned(event string) *stream {
	if own := st.events[event]; own != nil {
		return own
	}
	return st.events[AnyEvent]
}

// planned gives the rules that judge the record, of a stream whose events have
// contracts; nil where its being unplanned has settled its verdict.
func (rd *reader) planned(st *stream) *stream {
	if own := st.planned(rd.r.Event); own != nil {
		return own
	}
	rd.tell(CodeUnplanned, eventName(rd.r.Event), record.Value{})
	if st.unplanned == Evolve {
		return st
	}
	rd.r.Fields = rd.fields
	rd.drift(st.unplanned, CodeUnplanned, eventField, "no contract of the stream is for an event of this name; add one under contracts, or let unplanned events through")
	return nil
}

// sightingPath is what drift at path is counted under.
func (st *stream) sightingPath(path string) string {
	if st.event == "" {
		return path
	}
	return eventName(st.event) + ": " + path
}

// eventName is an event's name at a bounded length.
func eventName(name string) string {
	if len(name) > maxEventName {
		return strings.ToValidUTF8(name[:maxEventName], "") + "..."
	}
	return name
}

func validateEvents(at string, c *StreamConfig) (faults []error) {
	for _, name := range slices.Sorted(maps.Keys(c.Events)) {
		here := at + ".contracts." + name
		if name == "" || c.Events[name] == nil {
			faults = append(faults, errs.New("contract_field", "the contract has no event's name, or says nothing").At(here))
		}
		faults = append(faults, validateSchema(here, c.Events[name])...)
	}
	switch c.Unplanned {
	case "", Evolve, Freeze, DiscardRow:
	default:
		faults = append(faults, errs.New("on_drift_unknown", "there is no such policy for events").At(at+".unplanned_events").
			Fix("use evolve, freeze or discard_row"))
	}
	return faults
}
