package tracking

import (
	"bytes"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/record"
)

// The members that an event's Props may have besides its properties. A property of
// one of these names gets ownPrefix, so that the shape is always the same.
const (
	contextName      = "context"
	integrationsName = "integrations"
	leftName         = "message_fields" // members of the call that have no other place
	ownPrefix        = "properties_"
)

// own reports whether the member has one of those names.
func (mark Mark) own(m *members) (name string, ok bool) {
	switch {
	case mark.Bots && m.is(botName):
		return botName, true
	case len(mark.Internal) > 0 && m.is(internalName):
		return internalName, true
	}
	for _, name := range [...]string{contextName, integrationsName, leftName} {
		if m.is(name) {
			return name, true
		}
	}
	return "", false
}

// eventProps makes an event's Props: its properties at the top, what the call says of
// the same rank where the properties have none of that name, then context and
// integrations as merged with the envelope's, and what is left, where there are any.
func (w *work) eventProps(c *call, properties []byte) []byte {
	taken, has := c.mark.scanNames(properties)
	from := len(w.arena)
	w.arena = append(w.arena, '{')
	if taken {
		w.renamed(c.mark, properties)
	} else {
		w.arena = append(w.arena, inner(properties)...)
	}
	left := c.left()
	switch c.typ {
	case page, screen:
		w.addBeside("name", c.name, has.name, partName) // else it is the event's name
		left |= w.addBeside("category", c.category, has.category, partCategory)
	case group:
		if has.group {
			left |= partGroup
		} else {
			w.comma()
			w.quoted("group_id")
			w.arena = record.AppendJSONString(append(w.arena, ':'), c.groupID)
		}
	}
	if c.mark.Bots {
		w.add(botName, strconv.AppendBool(nil, c.bot))
	}
	if len(c.mark.Internal) > 0 {
		w.add(internalName, strconv.AppendBool(nil, c.internal))
	}
	w.addMerged(contextName, c.context, w.env.context)
	w.addMerged(integrationsName, c.plugged, w.env.integrations)
	if left != 0 {
		w.addLeft(c, left)
	}
	w.arena = append(w.arena, '}')
	return w.arena[from:len(w.arena):len(w.arena)]
}

// addBeside adds a member where the properties have none of its name. It gives p where
// they have another value there.
func (w *work) addBeside(name string, value, has []byte, p part) part {
	switch {
	case isNull(value) || bytes.Equal(value, has):
		return 0
	case has != nil:
		return p
	}
	w.add(name, value)
	return 0
}

// addLeft adds the members of the call that are among left.
func (w *work) addLeft(c *call, left part) {
	w.comma()
	w.quoted(leftName)
	w.arena = append(w.arena, ':', '{')
	m, _ := object(c.raw)
	for m.next() {
		if !isNull(m.value) && partOf(plainName(m.name))&left != 0 {
			w.comma()
			w.arena = append(append(append(w.arena, m.name...), ':'), m.value...)
		}
	}
	w.arena = append(w.arena, '}')
}

// beside are the values of properties that are named like what is added beside them.
type beside struct {
	name, category []byte
	group          bool
}

// scanNames looks for the properties that collide with what is added to them.
func (mark Mark) scanNames(properties []byte) (taken bool, has beside) {
	m, ok := object(properties)
	for ok && m.next() {
		switch {
		case m.is("name"):
			has.name = m.value
		case m.is("category"):
			has.category = m.value
		case m.is("group_id"):
			has.group = true
		default:
			if _, is := mark.own(&m); is {
				taken = true
			}
		}
	}
	return taken, has
}

// renamed copies properties' members, those named like an added member under
// another name that no property has.
func (w *work) renamed(mark Mark, properties []byte) {
	m, _ := object(properties)
	for m.next() {
		w.comma()
		if name, is := mark.own(&m); is {
			w.quoted(freeName(properties, ownPrefix+name))
		} else {
			w.arena = append(w.arena, m.name...)
		}
		w.arena = append(w.arena, ':')
		w.arena = append(w.arena, m.value...)
	}
}

func freeName(properties []byte, name string) string {
	for {
		m, _ := object(properties)
		found := false
		for m.next() {
			found = found || m.is(name)
		}
		if !found {
			return name
		}
		name += "_"
	}
}

// quoted appends a name that needs no escapes.
func (w *work) quoted(name string) {
	w.arena = append(append(append(w.arena, '"'), name...), '"')
}

// comma separates the next member from those before it.
func (w *work) comma() {
	if w.arena[len(w.arena)-1] != '{' {
		w.arena = append(w.arena, ',')
	}
}

func (w *work) add(name string, value []byte) {
	w.comma()
	w.quoted(name)
	w.arena = append(append(w.arena, ':'), value...)
}

// addMerged adds a member whose value is the item's own object and those members
// of the envelope's that the item's lacks.
func (w *work) addMerged(name string, own, outer []byte) {
	switch {
	case own == nil && outer == nil:
		return
	case own == nil:
		w.add(name, outer)
		return
	case outer == nil || bytes.Equal(own, outer):
		w.add(name, own)
		return
	}
	w.add(name, own[:1])
	w.arena = append(w.arena, inner(own)...)
	has := namesOf(own)
	m, _ := object(outer)
	for m.next() {
		if !has(m.name) {
			w.comma()
			w.arena = append(append(append(w.arena, m.name...), ':'), m.value...)
		}
	}
	w.arena = append(w.arena, '}')
}

// smallObject is how many bytes of an object are walked for each look-up rather
// than indexed first: what real contexts have.
const smallObject = 2 << 10

// namesOf gives a test for the (quoted) names of an object's members.
func namesOf(in []byte) func(name []byte) bool {
	m, _ := object(in)
	if len(in) <= smallObject {
		return func(name []byte) bool {
			m := m
			for m.next() {
				if sameNames(m.name, name) {
					return true
				}
			}
			return false
		}
	}
	names := map[string]bool{}
	for m.next() {
		names[plainName(m.name)] = true
	}
	return func(name []byte) bool { return names[plainName(name)] }
}

func plainName(quoted []byte) string {
	plain, _ := jsontext.AppendUnquote(nil, quoted) // its syntax was checked
	return string(plain)
}
