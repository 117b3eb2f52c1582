package cleanse

import (
	"slices"

	"github.com/kithdata/kith/internal/record"
)

// Origin is an attribute of a refined record beside the fields it was made from, as
// they were sent. Without a name it stands for fields that no attribute was made of.
type Origin struct {
	record.Attr
	Fields []record.Attr
}

// Origins gives every attribute of a record that Refine made, by name, with its fields
// and those that told its settings, and last the fields that gave none. It is nil where the record's pin or stream is
// not known.
func (s *Stage) Origins(r *record.Record) []Origin {
	streams, _ := s.pins.Get(r.Pin)
	st := streams[r.Stream]
	if st == nil {
		return nil
	}
	used := make([]bool, len(r.Fields))
	var all []Origin
	for _, a := range r.Attrs {
		o := Origin{Attr: a}
		var told []record.Attr
		tells := st.tells(a.Name)
		for i, f := range r.Fields {
			switch {
			case r.Kind == record.Consent:
			case st.gives(r, f.Name, a.Name):
				o.Fields, used[i] = append(o.Fields, f), true
			case slices.Contains(tells, f.Name):
				told, used[i] = append(told, f), true
			}
		}
		o.Fields = append(o.Fields, told...)
		all = append(all, o)
	}
	var rest Origin
	for i, f := range r.Fields {
		if !used[i] {
			rest.Fields = append(rest.Fields, f)
		}
	}
	if rest.Fields != nil {
		all = append(all, rest)
	}
	return all
}

// gives reports whether an attribute is made from a field. Where one is listed under
// the name and has its field, a field that passes under the same name gave way to it.
func (st *stream) gives(r *record.Record, field, attr string) bool {
	listed := func(a attribute) bool { return a.from == field }
	if slices.ContainsFunc(st.attrs, listed) {
		return slices.ContainsFunc(st.attrs, func(a attribute) bool { return a.from == field && a.name == attr })
	}
	if len(st.attrs) > 0 && r.Kind != record.Event && r.Kind != record.Object || st.attrName(field) != attr {
		return false
	}
	return !slices.ContainsFunc(st.attrs, func(a attribute) bool {
		_, there := fieldValue(r.Fields, a.from)
		return a.name == attr && there
	})
}
