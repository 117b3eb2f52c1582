package config

import "github.com/kithdata/kith/internal/cleanse"

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
