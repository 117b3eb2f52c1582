package tracking

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"github.com/kithdata/kith/internal/record"
)

// mergedTimes bounds what merging one envelope into many items may unpack to, in
// batches' worth of bytes.
const mergedTimes = 16

// convert turns the parsed items into records. A fault refuses all of them: one of
// the JSON's depth, of a limit, or of a call that came alone.
func (w *work) convert(src *source, t callType, now int64) *fault {
	if len(w.items) > src.MaxEvents {
		return tooMany
	}
	if len(w.env.context) > src.MaxEvent || len(w.env.integrations) > src.MaxEvent {
		return tooLarge
	}
	sentAt, ok := w.text(w.env.sentAt)
	if !ok {
		return badField
	}
	if v, ok := objectOrNothing(w.env.context); ok {
		w.env.context = v
	} else {
		return badField
	}
	if v, ok := objectOrNothing(w.env.integrations); ok {
		w.env.integrations = v
	} else {
		return badField
	}
	if src.AddIP {
		w.addIP()
	}
	for i, raw := range w.items {
		f := w.convertItem(src, t, raw, sentAt, now)
		if f != nil {
			if t == batch {
				f = f.at(i)
			}
			return f
		}
		if len(w.arena) > mergedTimes*src.MaxBatch {
			return tooLarge
		}
		if !w.charge() {
			return overloaded
		}
	}
	w.accepted = len(w.items)
	return nil
}

// convertItem appends the records of one item.
func (w *work) convertItem(src *source, t callType, raw []byte, sentAt string, now int64) *fault {
	c := call{typ: t}
	f := w.take(raw, &c)
	if c.depth > maxDepth {
		return tooDeep
	}
	if f == nil {
		f = c.check()
	}
	var at int64
	if f == nil {
		at, f = c.occurred(sentAt, now)
	}
	if f == nil && len(raw) > src.MaxEvent {
		f = largeEvent
	}
	if f != nil {
		if t != batch {
			return f
		}
		w.reject(src, raw, &c, f)
		return nil
	}
	if c.messageID == "" {
		c.messageID = newMessageID(now)
	}
	c.mark = src.Mark
	c.bot, c.internal = w.judge(src.Mark, c.context)
	w.emit(src, &c, at)
	return nil
}

// emit appends the records of a valid call.
func (w *work) emit(src *source, c *call, at int64) {
	r := record.Record{ID: c.messageID, Source: src.Name, Stream: src.streams[c.typ], Op: record.Upsert, Occurred: at, Hash: c.hash}
	if c.typ == alias {
		r.Kind, r.Alias, r.Event = record.Event, true, "alias"
		r.Identifiers, r.Props = w.aliased(c), w.eventProps(c, c.properties)
		w.records = append(w.records, r)
		return
	}
	from := len(w.ids)
	w.identifier("user_id", c.userID)
	w.identifier("anonymous_id", c.anonymousID)
	person := w.ids[from:len(w.ids):len(w.ids)]
	switch c.typ {
	case identify:
		w.emitIdentify(src, c, r, from, person)
		return
	case group:
		w.emitGroup(src, c, r, person)
		return
	case page, screen:
		r.Event, _ = w.text(c.name)
	default:
		r.Event = c.event
	}
	r.Kind, r.Identifiers, r.Props = record.Event, person, w.eventProps(c, c.properties)
	w.records = append(w.records, r)
}

// aliased gives the two identifiers of an alias. The browser library names the
// anonymous id where there was no user id before.
func (w *work) aliased(c *call) []record.Identifier {
	from := len(w.ids)
	if c.previousID == c.anonymousID {
		w.identifier("anonymous_id", c.previousID)
	} else {
		w.identifier("user_id", c.previousID)
	}
	w.identifier("user_id", c.userID)
	return w.ids[from:len(w.ids):len(w.ids)]
}

// emitIdentify appends the person, with the identifiers from ids[from:] on, and the
// event that tells what the call said besides.
func (w *work) emitIdentify(src *source, c *call, r record.Record, from int, person []record.Identifier) {
	traits := c.traits
	if traits == nil {
		traits = traitsOf(c.context) // where RudderStack's libraries put them
	}
	w.contacts(traits)
	of := r
	of.Kind, of.Op, of.Key, of.Props = record.Customer, record.Patch, w.personKey(c), orEmpty(traits)
	of.Identifiers = w.ids[from:len(w.ids):len(w.ids)]
	w.records = append(w.records, of)
	if w.besides(c) {
		r.Stream, r.Event = src.streams[identifies], "identify"
		w.emitCall(c, r, person)
	}
}

// emitGroup appends the account as an object, where the call describes it, the
// person's membership, and the event that tells what the call said besides. A call
// without traits says nothing of the account, and must not empty what an earlier one said.
func (w *work) emitGroup(src *source, c *call, r record.Record, person []record.Identifier) {
	if c.traits != nil {
		object := r
		object.Kind, object.Key, object.Props = record.Object, c.groupID, c.traits
		w.records = append(w.records, object)
	}
	of := r
	of.ID = w.joined(c.messageID, "#member")
	of.Stream, of.Kind, of.Op, of.Key, of.Identifiers = src.streams[identify], record.Customer, record.Patch, w.personKey(c), person
	from := len(w.arena)
	w.arena = append(w.arena, `{"group_id":`...)
	w.arena = record.AppendJSONString(w.arena, c.groupID)
	w.arena = append(w.arena, '}')
	of.Props = w.arena[from:len(w.arena):len(w.arena)]
	w.records = append(w.records, of)
	if w.besides(c) {
		r.Stream, r.Event = src.streams[memberships], "group"
		w.emitCall(c, r, person)
	}
}

// besides reports whether a call about a person says what no attribute has a place for.
func (w *work) besides(c *call) bool {
	return c.context != nil || c.plugged != nil || w.env.context != nil || w.env.integrations != nil || c.left() != 0
}

// emitCall appends the event of an identify or group call: all that it said.
func (w *work) emitCall(c *call, r record.Record, person []record.Identifier) {
	r.ID, r.Kind, r.Identifiers = w.joined(c.messageID, "#call"), record.Event, person
	r.Props = w.eventProps(c, c.traits)
	w.records = append(w.records, r)
}

// reject appends an item that is JSON but no valid call, for the quarantine.
func (w *work) reject(src *source, raw []byte, c *call, f *fault) {
	r := record.Record{ID: c.messageID, Source: src.Name, Stream: src.streams[track], Kind: record.Event, Op: record.Upsert,
		Hash: c.hash, Reject: string(f.code), Props: raw}
	if r.ID == "" || len(r.ID) > maxMessageID {
		// By its content: the batch's retry is then seen to be one.
		r.ID = "rejected-" + strconv.FormatUint(c.hash, 16)
	}
	if raw[0] != '{' {
		from := len(w.arena)
		w.arena = append(append(append(w.arena, `{"_raw":`...), raw...), '}')
		r.Props = w.arena[from:len(w.arena):len(w.arena)]
	}
	w.records = append(w.records, r)
	w.rejected++
}

func (w *work) identifier(typ, value string) {
	if value != "" {
		w.ids = append(w.ids, record.Identifier{Type: typ, Value: value})
	}
}

// contacts adds the e-mail address and telephone number that traits name.
func (w *work) contacts(traits []byte) {
	m, ok := object(traits)
	if !ok {
		return
	}
	for m.next() {
		switch {
		case m.is("email"):
			s, _ := w.text(m.value)
			w.identifier("email", s)
		case m.is("phone"):
			s, _ := w.text(m.value)
			w.identifier("phone", s)
		}
	}
}

// personKey is the source's own key of the person: the userId, or the anonymousId
// in a name space of its own.
func (w *work) personKey(c *call) string {
	if c.userID != "" {
		return c.userID
	}
	return w.joined("anon:", c.anonymousID)
}

// joined is a followed by b.
func (w *work) joined(a, b string) string {
	from := len(w.arena)
	w.arena = append(append(w.arena, a...), b...)
	return view(w.arena[from:len(w.arena):len(w.arena)])
}

func traitsOf(context []byte) []byte {
	m, ok := object(context)
	for ok && m.next() {
		if m.is("traits") {
			traits, _ := objectOrNothing(m.value)
			return traits
		}
	}
	return nil
}

var emptyObject = []byte("{}")

func orEmpty(object []byte) []byte {
	if object == nil {
		return emptyObject[:2:2]
	}
	return object
}

// newMessageID makes a UUID of version 7: milliseconds, then random bits.
func newMessageID(now int64) string {
	var u [16]byte
	_, _ = rand.Read(u[6:]) // never fails since Go 1.24
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(now/1000))
	copy(u[:6], ms[2:])
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	var s [36]byte
	hex.Encode(s[:8], u[:4])
	hex.Encode(s[9:13], u[4:6])
	hex.Encode(s[14:18], u[6:8])
	hex.Encode(s[19:23], u[8:10])
	hex.Encode(s[24:], u[10:])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}
