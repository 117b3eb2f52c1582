package tracking

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// The members that an event's Props may have besides its properties. A property of
// one of these names gets ownPrefix, so that the shape is always the same.
const (
	contextName      = "context"
	integrationsName = "integrations"
	ownPrefix        = "properties_"
)

// eventProps makes an event's Props: its properties at the top, a page's or
// screen's name and category where the properties have none, then context and
// integrations as merged with the envelope's, where there are any.
func (w *work) eventProps(c *call) []byte {
	taken, hasName, hasCategory := scanNames(c.properties)
	from := len(w.arena)
	w.arena = append(w.arena, '{')
	if taken {
		w.renamed(c.properties)
	} else {
		w.arena = append(w.arena, inner(c.properties)...)
	}
	if c.typ == page || c.typ == screen {
		if !hasName && !isNull(c.name) {
			w.add("name", c.name)
		}
		if !hasCategory && !isNull(c.category) {
			w.add("category", c.category)
		}
	}
	w.addMerged(contextName, c.context, w.env.context)
	w.addMerged(integrationsName, c.plugged, w.env.integrations)
	w.arena = append(w.arena, '}')
	return w.arena[from:len(w.arena):len(w.arena)]
}

// scanNames looks for the properties that collide with what is added to them.
func scanNames(properties []byte) (taken, name, category bool) {
	m, ok := object(properties)
	for ok && m.next() {
		switch {
		case m.is(contextName), m.is(integrationsName):
			taken = true
		case m.is("name"):
			name = true
		case m.is("category"):
			category = true
		}
	}
	return taken, name, category
}

// renamed copies properties' members, those named like an added member under
// another name that no property has.
func (w *work) renamed(properties []byte) {
	m, _ := object(properties)
	for m.next() {
		w.comma()
		switch {
		case m.is(contextName):
			w.quoted(freeName(properties, ownPrefix+contextName))
		case m.is(integrationsName):
			w.quoted(freeName(properties, ownPrefix+integrationsName))
		default:
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
