package contract

import (
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// typed gives v as the contract wants it. ok is false when the value is not to be
// kept: by verdict of the record, or alone under discard_value. raw is its text.
func (rd *reader) typed(v record.Value, n *node, raw []byte) (record.Value, bool) {
	f := n.want
	if f == nil && n.added {
		return v, true
	}
	if f == nil && n.object {
		if !n.members && n.judged.keepsText(raw) {
			return v, true
		}
		if rd.tell(CodeType, n.path, v); n.policy == Evolve {
			return v, true
		}
		return v, rd.drift(n.policy, CodeType, n.path, "the contract has an object here")
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
	if f.Items != nil && fits {
		out, fits = fitArray(v, out)
	}
	if fits && (f.Nullable || !out.IsNull()) {
		return out, rd.ruled(v, &out, n, raw)
	}
	if f.Loose { // the choice that it is of judges the object
		return v, n.judged == nil || rd.ruled(v, &v, n, raw)
	}
	if rd.tell(driftCode(fits), n.path, v); n.policy == Evolve {
		return widened(v, out, fits, f), true
	}
	if fits {
		return out, rd.drift(n.policy, CodeNull, n.path, "the contract allows no null here")
	}
	want := f.Type.String()
	if f.Items != nil {
		want = "array"
	}
	return out, rd.drift(n.policy, CodeType, n.path, "the value does not fit the contract's type, "+want)
}

// ruled judges a value that has its field's type, out, by all else that the contract says.
func (rd *reader) ruled(v record.Value, out *record.Value, n *node, raw []byte) bool {
	var why string
	switch {
	case n.rules != nil && !n.rules.keeps(out):
		why = "the value is of the contract's type and breaks its rules: " + n.rules.said
	case n.judged != nil && !n.judged.keepsText(raw):
		why = "the value is of the contract's type and breaks the rules of its text"
	case n.want.Items != nil && out.Kind == record.JSON:
		return out.S[0] != '[' || rd.elements(out.S, n)
	default:
		return true
	}
	if rd.tell(CodeValue, n.path, v); n.policy == Evolve {
		return true
	}
	return rd.drift(n.policy, CodeValue, n.path, why)
}

// elements judges an array's elements. Where one is not to be kept, the array is not.
func (rd *reader) elements(text string, n *node) bool {
	for _, found := range n.want.Items.faults(text, n.path, nil) {
		policy, why := n.policy, "an element of the array does not fit the contract's type"
		switch found.code {
		case CodeNewField:
			policy, why = rd.st.names.drift.of(n.path, nil), "the contract does not know this field of the array's elements; add it, or let the stream evolve"
		case CodeMissing:
			if policy, why = rd.st.names.drift.missing(n.path), "the contract requires this field of the array's elements"; policy == DiscardValue {
				continue // there is none to discard
			}
		case CodeNull:
			why = "the contract allows no null here"
		}
		if rd.tell(found.code, found.path, found.value); policy != Evolve {
			return rd.drift(policy, found.code, found.path, why)
		}
	}
	return true
}

// fitArray reads v, which is out as JSON, as an array; an object without fields is none,
// and says nothing.
func fitArray(v, out record.Value) (record.Value, bool) {
	switch {
	case v.IsNull():
		return out, true
	case v.Kind == record.String && strings.TrimSpace(v.S) == "": // a cell that says nothing
		return record.Value{}, true
	}
	return out, v.Kind == record.JSON && (v.S[0] == '[' || saysNothing(v.S))
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
