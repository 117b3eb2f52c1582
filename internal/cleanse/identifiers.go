package cleanse

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// The identifier types whose values have a form of their own.
const (
	typeEmail = "email"
	typePhone = "phone"
)

// identifiers canonicalises what the source set, adds what is mapped, and leaves
// each (type, value) once, sorted. It takes fields as attributes have them, where these
// were made.
func (w *worker) identifiers(st *stream, r *record.Record, attributes bool) {
	if len(st.ids) == 0 && len(r.Identifiers) == 0 {
		return
	}
	kept := r.Identifiers[:0]
	for _, id := range r.Identifiers {
		if id.Value = w.canonical(st.canonicalChain(id.Type), record.StringValue(id.Value)); id.Value != "" && id.Type != "" {
			kept = append(kept, id)
		}
	}
	r.Identifiers = kept
	for i := range st.ids {
		m := &st.ids[i]
		var v record.Value
		if m.attr != "" && attributes {
			v, _ = fieldValue(r.Attrs, m.attr)
			if m.ready && v.Kind == record.String { // reading it again would give the same
				if m.typ != typePhone || !filler(v.S) {
					r.Identifiers = append(r.Identifiers, record.Identifier{Type: m.typ, Value: v.S})
				}
				continue
			}
		}
		// A number whose region nobody knows is no E.164 attribute, and still names.
		if m.attr == "" || !attributes || v.IsNull() && m.raw {
			v, _ = fieldValue(r.Fields, m.from)
		}
		if text := w.canonical(m.chain, v); text != "" {
			r.Identifiers = append(r.Identifiers, record.Identifier{Type: m.typ, Value: text})
		}
	}
	if len(r.Identifiers) < 2 {
		return
	}
	slices.SortFunc(r.Identifiers, func(a, b record.Identifier) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Value, b.Value))
	})
	r.Identifiers = slices.Compact(r.Identifiers)
}

// canonical gives the text that names a person, or none: what is no e-mail address
// and no telephone number would link everybody who wrote the same nonsense. An array
// or object names nobody.
func (w *worker) canonical(c *chain, v record.Value) string {
	if v.Kind == record.Null || v.Kind == record.JSON {
		return ""
	}
	if v.Kind != record.String {
		v = record.StringValue(v.Text())
	}
	if c == nil {
		return strings.TrimSpace(v.S)
	}
	var out record.Value
	var ok bool
	if c.cached && len(v.S) <= maxCached {
		out, ok = w.cache.run(c, v)
	} else {
		out, ok = c.run(v)
	}
	if !ok {
		return ""
	}
	return out.S
}

// canonicalChain is the cleansing of an identifier type; nil trims.
func (st *stream) canonicalChain(typ string) *chain {
	switch typ {
	case typeEmail:
		return st.email
	case typePhone:
		return st.phone
	}
	return nil
}
