package contract

import "github.com/kithdata/kith/internal/record"

// typed gives v as the contract wants it. ok is false when the value is not to be
// kept: by verdict of the record, or alone under discard_value.
func (rd *reader) typed(v record.Value, n *node) (record.Value, bool) {
	f := n.want
	if f == nil && n.added {
		return v, true
	}
	if f == nil {
		rd.tell(CodeNewField, n.path, v)
		if n.policy == Evolve {
			return v, true
		}
		return v, rd.drift(n.policy, CodeNewField, n.path, "the contract does not know this field; add it, or let the stream evolve")
	}
	if f.Required {
		rd.must++
	}
	out, fits := fit(v, f.Type)
	if fits && (f.Nullable || !out.IsNull()) {
		if n.rules == nil || n.rules.keeps(&out) {
			return out, true
		}
		if rd.tell(CodeValue, n.path, v); n.policy == Evolve {
			return out, true
		}
		return out, rd.drift(n.policy, CodeValue, n.path, "the value is of the contract's type and breaks its rules: "+n.rules.said)
	}
	if rd.tell(driftCode(fits), n.path, v); n.policy == Evolve {
		return widened(v, out, fits, f), true
	}
	if fits {
		return out, rd.drift(n.policy, CodeNull, n.path, "the contract allows no null here")
	}
	return out, rd.drift(n.policy, CodeType, n.path, "the value does not fit the contract's type, "+f.Type.String())
}

// driftCode is the code of a value that its field does not take: one that fits its
// type is a null.
func driftCode(fits bool) string {
	if fits {
		return CodeNull
	}
	return CodeType
}

// tell notes drift where it is counted.
func (rd *reader) tell(code, path string, v record.Value) {
	if rd.seen != nil {
		rd.seen(code, path, v)
	}
}

// widened is v under the field's type widened by v itself: what the field would
// hold had its contract been made with this record among the others.
func widened(v, out record.Value, fits bool, f *Field) record.Value {
	switch {
	case fits:
		return out
	case f.Type == record.Null: // nothing was known of the field: strings stay strings
		return v
	}
	out, _ = fit(v, JoinTypes(f.Type, Natural(v)))
	return out
}

// drift judges by a policy a record that does not keep to its contract.
// It always gives false: what drifted is not kept.
func (rd *reader) drift(policy Policy, code, path, detail string) bool {
	switch policy {
	case DiscardRow:
		rd.r.Discard(code, path)
	case DiscardValue:
		rd.r.Verdict.Partly = true
	default:
		rd.r.Quarantine(code, path, detail)
	}
	return false
}
