package tracking

import (
	"bytes"
	"cmp"

	"github.com/cespare/xxhash/v2"
	"github.com/go-json-experiment/json/jsontext"
)

// callType is a method of the API, and an index of source.streams.
type callType uint8

const (
	identify callType = iota
	track
	page
	screen
	group
	alias
	callTypes // how many have a stream
	batch     // on a path: items say their own type
	unknown
)

// streamNames are the streams of a source: one for each type of call, and those of the
// events that tell of an identify and of a group call.
var streamNames = [...]string{"users", "events", "pages", "screens", "groups", "aliases", "identifies", "memberships"}

// The indexes in source.streams behind those of the types.
const (
	identifies  = callTypes
	memberships = callTypes + 1
)

func typeOf(name string) callType {
	switch name {
	case "identify":
		return identify
	case "track":
		return track
	case "page":
		return page
	case "screen":
		return screen
	case "group":
		return group
	case "alias":
		return alias
	}
	return unknown
}

// call is one item taken apart. Raw values are nil where absent or null; text
// values are empty then.
type call struct {
	typ         callType
	messageID   string
	userID      string
	anonymousID string
	previousID  string
	groupID     string
	event       string
	name        []byte
	category    []byte

	timestamp  string
	original   string
	sentAt     string
	properties []byte // an object
	traits     []byte // an object
	context    []byte // an object
	plugged    []byte // integrations, an object

	mark     Mark // of the source
	bot      bool
	internal bool

	raw   []byte // the item as sent
	parts part   // those that it has
	hash  uint64 // of the item as sent, without what a retry changes
	depth int
}

// part is a member of a call that some types have no place for, as a bit of a set.
type part uint16

const (
	partAnonymous part = 1 << iota
	partPrevious
	partGroup
	partEvent
	partName
	partCategory
	partOriginal
	partProperties
	partTraits
	partOther // one that the API does not name
)

func partOf(name string) part {
	switch name {
	case "type", "messageId", "userId", "timestamp", "sentAt", "writeKey", "context", "integrations":
		return 0
	case "anonymousId":
		return partAnonymous
	case "previousId":
		return partPrevious
	case "groupId":
		return partGroup
	case "event":
		return partEvent
	case "name":
		return partName
	case "category":
		return partCategory
	case "originalTimestamp":
		return partOriginal
	case "properties":
		return partProperties
	case "traits":
		return partTraits
	}
	return partOther
}

// placed are the parts that a record of each type has a place for.
var placed = [callTypes]part{
	identify: partAnonymous | partTraits,
	track:    partAnonymous | partEvent | partProperties,
	page:     partAnonymous | partName | partCategory | partProperties,
	screen:   partAnonymous | partName | partCategory | partProperties,
	group:    partAnonymous | partGroup | partTraits,
	alias:    partPrevious | partProperties,
}

// left gives the parts that are found nowhere else in the call's records.
func (c *call) left() part {
	left := c.parts &^ placed[c.typ]
	if c.timestamp == "" {
		left &^= partOriginal // it is what occurred was made of
	}
	if c.typ == alias && c.anonymousID == c.previousID {
		left &^= partAnonymous
	}
	return left
}

// The reasons for which an item is no valid call: an answer of 400 where it came
// alone, its code in the quarantine where it came in a batch.
var (
	badType      = refuse(400, "tracking_type_unknown", "type must be identify, track, page, screen, group or alias")
	badField     = refuse(400, "tracking_field_type", "a field has the wrong type: ids, event, type and times are texts; properties, traits, context and integrations are objects")
	noPerson     = refuse(400, "tracking_id_missing", "userId or anonymousId is required")
	noEvent      = refuse(400, "tracking_event_missing", "track requires event")
	noGroup      = refuse(400, "tracking_group_missing", "group requires groupId")
	noPrevious   = refuse(400, "tracking_previous_missing", "alias requires userId and previousId")
	longID       = refuse(400, "tracking_message_id_long", "messageId has more than 100 characters")
	badTimestamp = refuse(400, "tracking_timestamp", "timestamp, originalTimestamp or sentAt is no time: write ISO 8601, or seconds or milliseconds since 1970")
	largeEvent   = refuse(413, "tracking_event_large", "the event is larger than this source allows")
)

// maxMessageID is the longest messageId, in bytes.
const maxMessageID = 100

// take reads an item's members into c in one walk. For what is no object it gives
// noObject; c.hash and c.depth are set in any case.
func (w *work) take(raw []byte, c *call) (f *fault) {
	m, ok := object(raw)
	if !ok {
		c.hash, c.depth = xxhash.Sum64(raw), depthOf(raw)
		return noObject
	}
	c.raw = raw
	var left [2][2]int // what the hash leaves out, in order
	out := 0
	for m.next() {
		name := m.name[1 : len(m.name)-1]
		if bytes.IndexByte(name, '\\') >= 0 {
			name, _ = jsontext.AppendUnquote(nil, m.name)
		}
		if !w.member(c, view(name), m.value) && f == nil {
			f = badField
		}
		if !isNull(m.value) {
			c.parts |= partOf(view(name))
		}
		// A retry has another sentAt; the browser library counts its tries in
		// _metadata. Neither makes it another message.
		if n := view(name); out < len(left) && (n == "sentAt" || n == "_metadata") {
			left[out] = [2]int{m.start, m.end}
			out++
		}
	}
	c.depth = m.depth
	c.hash = hashWithout(m.b, left[:out])
	return f
}

// member stores one member; false where its type is wrong.
func (w *work) member(c *call, name string, v []byte) (ok bool) {
	switch name {
	case "type":
		if c.typ == batch {
			var s string
			s, ok = w.text(v)
			c.typ = typeOf(s)
			return ok
		}
		return true
	case "messageId":
		c.messageID, ok = w.text(v)
	case "userId":
		c.userID, ok = w.text(v)
	case "anonymousId":
		c.anonymousID, ok = w.text(v)
	case "previousId":
		c.previousID, ok = w.text(v)
	case "groupId":
		c.groupID, ok = w.text(v)
	case "event":
		c.event, ok = w.text(v)
	case "timestamp":
		c.timestamp, ok = w.text(v)
	case "originalTimestamp":
		c.original, ok = w.text(v)
	case "sentAt":
		c.sentAt, ok = w.text(v)
	case "properties":
		c.properties, ok = objectOrNothing(v)
	case "traits":
		c.traits, ok = objectOrNothing(v)
	case "context":
		c.context, ok = objectOrNothing(v)
	case "integrations":
		c.plugged, ok = objectOrNothing(v)
	case "name":
		c.name, ok = v, true
	case "category":
		c.category, ok = v, true
	default:
		ok = true
	}
	return ok
}

// objectOrNothing lets objects pass; null and [], which some libraries write for an
// empty object, are nothing.
func objectOrNothing(v []byte) ([]byte, bool) {
	switch {
	case isNull(v):
		return nil, true
	case v[0] == '{':
		if len(inner(v)) == 0 {
			return nil, true
		}
		return v, true
	case v[0] == '[':
		return nil, len(inner(v)) == 0
	}
	return nil, false
}

// hashWithout hashes b without the given stretches.
func hashWithout(b []byte, left [][2]int) uint64 {
	if len(left) == 0 {
		return xxhash.Sum64(b)
	}
	var d xxhash.Digest
	d.Reset()
	from := 0
	for _, l := range left {
		_, _ = d.Write(b[from:l[0]]) // never fails
		from = l[1]
	}
	_, _ = d.Write(b[from:])
	return d.Sum64()
}

// check gives the first reason for which c is no valid call of its type.
func (c *call) check() *fault {
	switch {
	case c.typ == unknown || c.typ == batch:
		return badType
	case len(c.messageID) > maxMessageID:
		return longID
	case c.typ == alias && (c.userID == "" || c.previousID == ""):
		return noPrevious
	case c.userID == "" && c.anonymousID == "":
		return noPerson
	case c.typ == track && c.event == "":
		return noEvent
	case c.typ == group && c.groupID == "":
		return noGroup
	}
	return nil
}

// occurred is the call's own time, corrected for its clock's skew; 0 when unsaid. Where
// a library's originalTimestamp has a timestamp beside it, that one was set on purpose,
// as of an event of long ago, and is taken as said.
func (c *call) occurred(batchSentAt string, received int64) (micros int64, f *fault) {
	said := cmp.Or(c.timestamp, c.original)
	if said == "" {
		return 0, nil
	}
	original, ok := parseTime(said)
	if !ok {
		return 0, badTimestamp
	}
	sent := cmp.Or(c.sentAt, batchSentAt)
	if sent == "" || c.timestamp != "" && c.original != "" {
		return within(original), nil
	}
	sentAt, ok := parseTime(sent)
	if !ok {
		return 0, badTimestamp
	}
	return within(received - (sentAt - original)), nil
}
