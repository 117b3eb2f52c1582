package config

import (
	"strconv"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/record"
)

// steps reads cleansing steps: a name, {name: value}, {name: [values]} or
// {name: {argument: value}}.
func (b *builder) steps(v *value) []cleanse.StepConfig {
	var all []cleanse.StepConfig
	if v == nil {
		return nil
	}
	for _, item := range v.items {
		step, ok := b.step(item)
		if !ok {
			continue
		}
		if what, mend := checkStep(step); what != "" {
			b.add(item.node, CodeStep, item.path+": "+what, mend)
			continue
		}
		all = append(all, step)
	}
	return all
}

func (b *builder) step(item *value) (cleanse.StepConfig, bool) {
	if item.subs == nil && item.items == nil {
		return cleanse.StepConfig{Name: item.str}, true
	}
	if len(item.names) != 1 || item.items != nil {
		b.add(item.node, CodeStep, item.path+" is not one step", "write a step's name, {name: value} or {name: {argument: value}}; each step is an item of its own")
		return cleanse.StepConfig{}, false
	}
	step := cleanse.StepConfig{Name: item.names[0]}
	arg := item.subs[step.Name]
	switch {
	case arg.items != nil:
		for _, a := range arg.items {
			step.List = append(step.List, a.str)
		}
	case arg.subs != nil:
		step.Args = map[string]string{}
		for _, name := range arg.names {
			a := arg.subs[name]
			if a.subs != nil || a.items != nil {
				b.add(a.node, CodeStep, a.path+" is not a single value", "write a text or a number")
				return cleanse.StepConfig{}, false
			}
			step.Args[name] = a.str
		}
	default:
		step.Args = map[string]string{mainArgument(step.Name): arg.str}
	}
	return step, true
}

// fill reads what an attribute is where nothing is said; default is short for it.
func (b *builder) fill(a *value) *cleanse.FillConfig {
	short, long := a.get("default"), a.get("fill")
	switch {
	case short != nil && long != nil:
		b.add(short.key, CodeFill, a.path+" has both default and fill", "keep one: default is short for fill with a value")
	case short != nil:
		c := constant(short)
		return &cleanse.FillConfig{Value: &c}
	case long != nil:
		f := &cleanse.FillConfig{By: long.get("by").text()}
		if v := long.get("value"); v != nil {
			c := constant(v)
			f.Value = &c
		}
		table := long.get("map")
		for _, text := range table.keys() {
			if f.Map == nil {
				f.Map = map[string]cleanse.Constant{}
			}
			f.Map[text] = constant(table.get(text))
		}
		return f
	}
	return nil
}

// constant reads a value as YAML types it: 1 is a number, "1" a text.
func constant(v *value) cleanse.Constant {
	c := cleanse.Constant{Text: v.str}
	switch v.node.ShortTag() {
	case "!!int":
		if _, err := strconv.ParseInt(v.str, 10, 64); err == nil {
			c.Type = record.Int.String()
		}
	case "!!float":
		c.Type = record.Float.String()
	case "!!bool":
		if yes, ok := parseBool(v.str); ok {
			c.Type, c.Text = record.Bool.String(), strconv.FormatBool(yes)
		}
	}
	return c
}
