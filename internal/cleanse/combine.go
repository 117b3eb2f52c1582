package cleanse

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// The steps that make one value of several. The steps before them are run on every
// field's value, those after them on the one.
const (
	stepCoalesce = "coalesce"
	stepJoin     = "join"
)

func combineSteps() []stepDef {
	return []stepDef{
		{doc: StepDoc{Name: stepCoalesce, What: "Takes the first value that is not null, of an attribute whose from lists several fields, or of a list. An attribute of several fields with neither coalesce nor join ends in coalesce.",
			Table: [][2]string{{"a", "a"}}},
			make: plain(func(v record.Value) (record.Value, bool) { return ofList(v, coalesced) })},
		{doc: StepDoc{Name: stepJoin, Args: "with: what stands between; a space by default", What: "Joins the values that are not null, of an attribute whose from lists several fields, or of a list, to one text.",
			Table: [][2]string{{"a", "a"}}},
			args: []string{"with"}, make: func(s StepConfig) (stepFunc, *errs.Error) {
				with := separator(s)
				return func(v record.Value) (record.Value, bool) {
					return ofList(v, func(vs []record.Value) record.Value { return joined(vs, with) })
				}, nil
			}},
	}
}

func separator(s StepConfig) string {
	if with, ok := s.Args["with"]; ok {
		return with
	}
	return " "
}

// ofList makes one value of a list of single ones; any other value stays.
func ofList(v record.Value, fn func([]record.Value) record.Value) (record.Value, bool) {
	if v.Kind != record.JSON || !strings.HasPrefix(v.S, "[") {
		return v, true
	}
	var items []jsontext.Value
	if len(v.S) > maxText || json.Unmarshal([]byte(v.S), &items) != nil {
		return v, false
	}
	values := make([]record.Value, 0, len(items))
	for _, item := range items {
		switch item.Kind() {
		case 'n':
		case '"':
			var text string
			if json.Unmarshal(item, &text) != nil {
				return v, false
			}
			values = append(values, record.StringValue(text))
		case '[', '{':
			return v, false
		default:
			values = append(values, record.StringValue(item.String()))
		}
	}
	return fn(values), true
}

func coalesced(values []record.Value) record.Value {
	for _, v := range values {
		if !v.IsNull() && v != record.StringValue("") {
			return v
		}
	}
	return record.Value{}
}

func joined(values []record.Value, with string) record.Value {
	var texts []string
	for _, v := range values {
		if text := v.Text(); text != "" {
			texts = append(texts, text)
		}
	}
	return record.StringValue(strings.Join(texts, with))
}

// combined is an attribute of several fields, or one that waits for others.
type combined struct {
	name     string
	place    int // in stream.order
	from, to int // its parts in stream.parts
	join     bool
	with     string
	picky    bool
	each     *recipe
	after    *recipe
}

// part is what one field gave to a combined attribute.
type part struct {
	value     record.Value
	there, ok bool
}

// half is some of an attribute's steps, and the type that they end in.
type half struct {
	steps []StepConfig
	typ   string
}

// combiner is the place of the step that makes one value of several, or -1.
func (a AttributeConfig) combiner() int {
	if len(a.More) == 0 {
		return -1
	}
	return slices.IndexFunc(a.Steps, func(s StepConfig) bool { return s.Name == stepCoalesce || s.Name == stepJoin })
}

// halves are the steps that each field's value passes, and those of the one value.
func (a AttributeConfig) halves() (each, after half) {
	at := a.combiner()
	if at < 0 {
		return half{a.Steps, a.Type}, half{}
	}
	return half{a.Steps[:at], ""}, half{a.Steps[at+1:], a.Type}
}

// combine compiles an attribute of several fields, or one that waits for others.
func (s *Stage) combine(st *stream, a AttributeConfig) error {
	g := combined{name: a.Name, from: st.parts}
	if at := a.combiner(); at >= 0 {
		g.join, g.with = a.Steps[at].Name == stepJoin, separator(a.Steps[at])
	}
	before, after := a.halves()
	var err error
	if g.each, err = s.recipe(st, before.steps, before.typ); err != nil {
		return err
	}
	if g.after, err = s.recipe(st, after.steps, after.typ); err != nil {
		return err
	}
	g.picky = g.each.chain.picky || g.after.chain.picky
	for _, from := range append([]string{a.From}, a.More...) {
		st.parts++
		st.attrs = append(st.attrs, attribute{name: a.Name, from: from, chain: g.each.chain, part: st.parts, late: len(g.each.asks) > 0})
	}
	g.to = st.parts
	st.combined = append(st.combined, g)
	return nil
}

// finish makes the values of combined attributes from their parts. A patch that lacks
// some of the fields cannot join them, and leaves the attribute as it was.
func (w *worker) finish(st *stream, r *record.Record) {
	for i := range st.combined {
		g := &st.combined[i]
		parts := w.parts[g.from:g.to]
		var values []record.Value
		lost, some, all := false, false, true
		for i := range parts {
			p := &parts[i]
			if p.there && len(g.each.asks) > 0 {
				p.value, p.ok = w.run(w.choose(g.each), p.value)
			}
			all = all && p.there
			if p.there {
				some, lost = true, lost || !p.ok
				values = append(values, p.value)
			}
		}
		if !some || g.join && !all && r.Op == record.Patch {
			continue
		}
		v := coalesced(values)
		if g.join {
			v = joined(values, g.with)
		} else {
			lost = lost && v.IsNull() // another field had it
		}
		said := lost || !v.IsNull() && v != record.StringValue("")
		v, ok := w.run(w.choose(g.after), v)
		if lost || !ok {
			r.Verdict.Partly = true
		}
		if g.picky && said {
			w.now.count(g.place, ok && !lost)
		}
		w.slots[g.place] = record.Attr{Name: g.name, Value: v}
		w.used[g.place], w.lost[g.place] = true, lost || !ok
	}
}
