package record

// Outcome is what became of a record: the ledger's columns (I4).
type Outcome uint8

// The outcomes. Superseded counts within applied.
const (
	Applied Outcome = iota // the zero value: nothing spoke against it
	Superseded
	Duplicate
	Quarantined
	Discarded
	Erased
	Expired
	Pending
	outcomes
)

// Outcomes is the number of outcomes, for arrays indexed by Outcome.
const Outcomes = int(outcomes)

var outcomeNames = [...]string{"applied", "superseded", "duplicate", "quarantined", "discarded", "erased", "expired", "pending"}

func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return "unknown"
}

// Verdict is a stage's word on a record. The zero Verdict lets it pass.
type Verdict struct {
	Outcome Outcome
	Partly  bool   // some of its values were discarded; the record counts as applied
	Code    string // stable reason, e.g. "contract_type"
	Field   string // where in the record
	Detail  string // what and how to mend it, free of personal data
}

// Keep reports whether later stages should still work on the record.
func (v Verdict) Keep() bool { return v.Outcome == Applied || v.Outcome == Superseded }

// Quarantine sets the record aside with its reason. The first reason stays.
func (r *Record) Quarantine(code, field, detail string) {
	if r.Verdict.Keep() {
		r.Verdict = Verdict{Outcome: Quarantined, Code: code, Field: field, Detail: detail}
	}
}

// Discard drops the record by rule, counted as discarded.
func (r *Record) Discard(code, field string) {
	if r.Verdict.Keep() {
		r.Verdict = Verdict{Outcome: Discarded, Code: code, Field: field}
	}
}

// Settle gives a verdict from inside the state transaction; Batch.Reset forgets it.
func (r *Record) Settle(o Outcome, code, field, detail string) {
	if r.Verdict.Keep() {
		r.Verdict = Verdict{Outcome: o, Code: code, Field: field, Detail: detail, Partly: r.Verdict.Partly}
	}
}
