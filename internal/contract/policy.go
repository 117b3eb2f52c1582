package contract

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
)

// drift is a stream's policies, ready to be asked by path.
type drift struct {
	rest    Policy // a missing field's, too: it is neither new nor of a type
	fresh   Policy
	types   Policy
	columns map[string]Policy
}

func driftOf(c *StreamConfig) drift {
	d := drift{rest: cmp.Or(c.OnDrift, Evolve)}
	var own DriftRules
	if c.Drift != nil {
		own = *c.Drift
	}
	d.fresh, d.types, d.columns = cmp.Or(own.NewColumns, d.rest), cmp.Or(own.Types, d.rest), own.Columns
	return d
}

// of is the policy for drift at path, whose field in the contract is want.
func (d *drift) of(path string, want *Field) Policy {
	if p, ok := d.column(path); ok {
		return p
	}
	if want == nil {
		return d.fresh
	}
	return d.types
}

// missing is the policy for the lack of the field at path.
func (d *drift) missing(path string) Policy {
	if p, ok := d.column(path); ok {
		return p
	}
	return d.rest
}

// column is the policy of path itself or of the nearest path that it lies below.
func (d *drift) column(path string) (Policy, bool) {
	for len(d.columns) > 0 {
		if p, ok := d.columns[path]; ok {
			return p, true
		}
		dot := strings.LastIndexByte(path, '.')
		if dot < 0 {
			break
		}
		path = path[:dot]
	}
	return "", false
}

func (d *drift) evolves() bool {
	return d.rest == Evolve || d.fresh == Evolve || d.types == Evolve ||
		slices.Contains(slices.Collect(maps.Values(d.columns)), Evolve)
}

// judges reports whether a policy sets aside a record that lacks a field: a value
// that is not there cannot be discarded.
func judges(p Policy) bool { return p == Freeze || p == DiscardRow }

// judgeBy makes a stream's policies ready.
func (st *stream) judgeBy() {
	d := driftOf(&st.cfg)
	st.names.schema, st.names.drift = st.applied, d
	st.names.root.judged, st.names.root.policy = st.applied.judgedAt(""), d.types
	st.evolves = st.applied == nil || d.evolves()
	if st.applied == nil {
		return
	}
	for i := range st.applied.schema.Fields {
		f := &st.applied.schema.Fields[i]
		st.must = st.must || f.Required && judges(d.missing(f.Path))
	}
}

func validateDrift(at string, c *StreamConfig) (faults []error) {
	check := func(at string, p Policy) {
		switch p {
		case "", Evolve, Freeze, DiscardRow, DiscardValue:
		default:
			faults = append(faults, errs.New("on_drift_unknown", "there is no such drift policy").At(at).
				Fix("use evolve, freeze, discard_row or discard_value"))
		}
	}
	check(at, c.OnDrift)
	if c.Drift == nil {
		return faults
	}
	check(at+".new_columns", c.Drift.NewColumns)
	check(at+".types", c.Drift.Types)
	for _, path := range slices.Sorted(maps.Keys(c.Drift.Columns)) {
		check(at+".columns."+path, c.Drift.Columns[path])
	}
	return faults
}
