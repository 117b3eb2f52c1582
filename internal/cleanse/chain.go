package cleanse

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/isotime"
	"github.com/kithdata/kith/internal/record"
)

// stepFunc is one compiled step. ok is false when it cannot read the value, which
// then is null; null itself passes every step. It must be pure.
type stepFunc func(v record.Value) (out record.Value, ok bool)

// chain is an attribute's compiled steps.
type chain struct {
	id     uint32
	steps  []stepFunc
	cached bool // dear enough to remember
	picky  bool // there are values that it cannot read
	phone  bool // it only reads a telephone number: spellings of one number share a result
}

// run passes v through the steps. At the first that cannot read it the result is
// null, and ok false.
func (c *chain) run(v record.Value) (record.Value, bool) {
	for _, step := range c.steps {
		if v.IsNull() {
			return v, true
		}
		var ok bool
		if v, ok = step(v); !ok {
			return record.Value{}, false
		}
	}
	return v, true
}

// compileChain gives every fault of the steps, each with its place below the
// attribute.
func compileChain(steps []StepConfig, typ string) (*chain, []*errs.Error) {
	c := &chain{}
	var faults []*errs.Error
	for i, s := range steps {
		at := ".clean[" + strconv.Itoa(i) + "]"
		def, ok := findStep(s.Name)
		if !ok {
			faults = append(faults, errs.New("step_unknown", "there is no such cleansing step").At(at).Fix("use one of "+stepNames()))
			continue
		}
		for _, name := range sortedNames(s.Args) {
			told, from := strings.CutSuffix(name, fromSuffix)
			if !def.open && !slices.Contains(def.args, name) && !(from && slices.Contains(def.told, told)) {
				faults = append(faults, errs.New("step_args", "the step "+def.doc.Name+" has no such setting").At(at+"."+name).Fix(def.doc.Args))
			}
		}
		if len(s.List) > 0 && !def.list {
			faults = append(faults, errs.New("step_args", "the step "+def.doc.Name+" takes no list").At(at))
		}
		if def.need != "" && s.Args[def.need] == "" && !s.asked(def.need) {
			faults = append(faults, errs.New("step_args", "the step "+def.doc.Name+" needs "+def.need).At(at).Fix(def.doc.Args))
			continue
		}
		fn, fault := def.make(s)
		if fault != nil {
			fault.Where = at + fault.Where
			faults = append(faults, fault)
			continue
		}
		c.steps = append(c.steps, fn)
		c.cached = c.cached || def.dear
		c.picky = c.picky || def.picky
	}
	c.phone = typ == "" && slices.IndexFunc(steps, func(s StepConfig) bool { return s.Name != "trim" && s.Name != "phone" }) < 0 &&
		slices.IndexFunc(steps, func(s StepConfig) bool { return s.Name == "phone" }) >= 0
	if typ != "" {
		kind, ok := typeOf(typ)
		if !ok {
			faults = append(faults, errs.New("attribute_type", "there is no such type").At(".type").
				Fix("use string, integer, number, boolean, date, timestamp or json"))
			return c, faults
		}
		c.steps = append(c.steps, func(v record.Value) (record.Value, bool) { return coerce(v, kind) })
		c.picky = c.picky || kind != record.String && kind != record.JSON
	}
	return c, faults
}

// typeOf reads a type by the name that record gives it.
func typeOf(name string) (record.ValueKind, bool) {
	for k := record.String; k <= record.JSON; k++ {
		if k.String() == name {
			return k, true
		}
	}
	return record.Null, false
}

// coerce gives v as the attribute's type, where that loses nothing but a time of day.
func coerce(v record.Value, kind record.ValueKind) (record.Value, bool) {
	if v.Kind == kind {
		return v, true
	}
	if v.Kind == record.String && strings.TrimSpace(v.S) == "" {
		return record.Value{}, true
	}
	switch kind {
	case record.String:
		return record.StringValue(v.Text()), true
	case record.Int:
		if v.Kind == record.String {
			v, _ = plainNumber(v)
		}
		if f := v.Float(); v.Kind == record.Float && f == math.Trunc(f) && math.Abs(f) <= 1<<53 {
			return record.IntValue(int64(f)), true
		}
		return v, v.Kind == record.Int
	case record.Float:
		if v.Kind == record.String {
			v, _ = plainNumber(v)
		}
		return record.FloatValue(v.Float()), v.Numeric()
	case record.Bool:
		return boolean(v)
	case record.Date, record.Time:
		return coerceTime(v, kind)
	case record.JSON:
		return record.JSONValue(string(v.AppendJSON(nil))), true
	}
	return v, false
}

func coerceTime(v record.Value, kind record.ValueKind) (record.Value, bool) {
	if v.Kind == record.String {
		v, _ = isoDate(v)
	}
	switch {
	case v.Kind == kind:
		return v, true
	case v.Kind == record.Date:
		return record.TimeValue(v.N * isotime.DayMicros), true
	case v.Kind == record.Time:
		return record.DateValue(floorDay(v.N)), true
	}
	return v, false
}

func floorDay(micros int64) int64 {
	day := micros / isotime.DayMicros
	if micros%isotime.DayMicros < 0 {
		day--
	}
	return day
}
