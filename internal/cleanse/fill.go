package cleanse

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// codeFill is the code of a fill that makes no sense.
const codeFill errs.Code = "attribute_fill"

// FillConfig states what an attribute is where its source says nothing. What it puts
// there is marked as filled, and never names a person.
type FillConfig struct {
	Value *Constant           `json:"value,omitempty"` // where Map has none
	By    string              `json:"by,omitempty"`    // another attribute of the record
	Map   map[string]Constant `json:"map,omitempty"`   // by its text, whatever case and space around
}

// Constant is a value as a configuration writes it.
type Constant struct {
	Text string `json:"text"`
	Type string `json:"type,omitempty"` // integer, number or boolean; text when empty
}

func (c Constant) value() record.Value {
	switch c.Type {
	case record.Int.String():
		if n, err := strconv.ParseInt(c.Text, 10, 64); err == nil {
			return record.IntValue(n)
		}
	case record.Float.String():
		if f, err := strconv.ParseFloat(c.Text, 64); err == nil {
			return record.FloatValue(f)
		}
	case record.Bool.String():
		return record.BoolValue(c.Text == "true")
	}
	return record.StringValue(c.Text)
}

// fill is the compiled fill of one attribute.
type fill struct {
	name      string
	place, by int // in stream.order; by is -1 where Map is empty
	values    map[string]record.Value
	other     record.Value // null: none
}

func fillKey(text string) string { return strings.ToLower(strings.TrimFunc(text, isSpace)) }

// compileFills makes the fills of a valid config ready; st.order is settled.
func compileFills(st *stream, c StreamConfig) {
	for _, a := range c.Attributes {
		if a.Fill == nil {
			continue
		}
		f := fill{name: a.Name, by: -1}
		f.place, _ = slices.BinarySearch(st.order, a.Name)
		if a.Fill.By != "" {
			f.by, _ = slices.BinarySearch(st.order, a.Fill.By)
			f.values = make(map[string]record.Value, len(a.Fill.Map))
			for text, to := range a.Fill.Map {
				f.values[fillKey(text)], _ = filledValue(a, to)
			}
		}
		if a.Fill.Value != nil {
			f.other, _ = filledValue(a, *a.Fill.Value)
		}
		st.fills = append(st.fills, f)
	}
}

// filledValue is a constant as the attribute's own steps and type make it, marked.
func filledValue(a AttributeConfig, c Constant) (v record.Value, ok bool) {
	each, after := a.halves()
	v = c.value()
	for _, half := range [...]half{each, after} {
		ch, faults := compileChain(half.steps, half.typ)
		if len(faults) > 0 {
			return v, true // told by themselves
		}
		if v, ok = ch.run(v); !ok {
			return v, false
		}
	}
	if v.IsNull() || v == record.StringValue("") {
		return record.Value{}, false
	}
	v.Filled = true
	return v, true
}

// fill puts the stated values where the record says nothing. What was said and could
// not be read stays null: a guess in its place would be a wrong value. A patch says
// nothing of what it does not name, and is filled only where it names an attribute and
// gives none.
func (w *worker) fill(st *stream, r *record.Record) {
	if r.Op == record.Delete {
		return
	}
	for i := range st.fills {
		f := &st.fills[i]
		if w.used[f.place] {
			if slot := &w.slots[f.place]; slot.Value.IsNull() && !w.lost[f.place] {
				slot.Value = w.stated(f)
			}
			continue
		}
		if at := slices.IndexFunc(r.Attrs, func(a record.Attr) bool { return a.Name == f.name }); at >= 0 { // a field that passes under this name
			if r.Attrs[at].Value.IsNull() {
				r.Attrs[at].Value = w.stated(f)
			}
			continue
		}
		if r.Op == record.Patch {
			continue
		}
		if v := w.stated(f); !v.IsNull() {
			w.slots[f.place] = record.Attr{Name: f.name, Value: v}
			w.used[f.place] = true
		}
	}
}

// stated gives the value to fill in, or null. It goes by what the record says, not by
// what was filled in, so that the order of attributes does not matter.
func (w *worker) stated(f *fill) record.Value {
	if f.by >= 0 && w.used[f.by] {
		if by := w.slots[f.by].Value; !by.IsNull() && !by.Filled {
			if v, ok := f.values[fillKey(by.Text())]; ok {
				return v
			}
		}
	}
	return f.other
}

// validateFill gives the faults of an attribute's fill.
func validateFill(at string, c StreamConfig, a AttributeConfig) (faults []error) {
	fault := func(where, what, mend string) {
		faults = append(faults, errs.New(codeFill, what).At(at+where).Fix(mend))
	}
	f := a.Fill
	if f.Value == nil && f.By == "" && len(f.Map) == 0 {
		fault("", "the fill states no value", "write {value: GB}, or {by: city, map: {Leeds: GB}}")
	}
	if (f.By == "") != (len(f.Map) == 0) {
		fault("", "by and map of a fill need each other", "write {by: city, map: {Leeds: GB}}")
	}
	if f.By != "" && (f.By == a.Name || !slices.ContainsFunc(c.Attributes, func(o AttributeConfig) bool { return o.Name == f.By })) {
		fault(".by", "by is not another attribute of the stream", "name one that is listed under its attributes")
	}
	for _, id := range c.Identifiers {
		if id.From == a.From || slices.Contains(a.More, id.From) {
			fault("", "an identifier is read from the same field, and a value that nobody said must name nobody", "remove the fill, or give it to an attribute of a field that no identifier reads")
			break
		}
	}
	const unread = "the attribute's own steps or type make nothing of the value to fill in"
	const mend = "write it as the source would write the field"
	if f.Value != nil {
		if _, ok := filledValue(a, *f.Value); !ok {
			fault(".value", unread, mend)
		}
	}
	seen := map[string]bool{}
	for _, text := range sortedNames(f.Map) {
		if _, ok := filledValue(a, f.Map[text]); !ok {
			fault(".map."+text, unread, mend)
		}
		if key := fillKey(text); key == "" || seen[key] {
			fault(".map."+text, "map has an empty text, or one twice", "case and space around do not tell texts apart")
		} else {
			seen[key] = true
		}
	}
	return faults
}
