package contract

import "github.com/kithdata/kith/internal/record"

// Policy says what becomes of a record that drifts from its contract.
type Policy string

// The drift policies.
const (
	Evolve       Policy = "evolve"        // widen the contract; nothing is rejected
	Freeze       Policy = "freeze"        // quarantine the record
	DiscardRow   Policy = "discard_row"   // drop the record, counted as discarded
	DiscardValue Policy = "discard_value" // drop the value, keep the record
)

// StreamConfig is what the contract room needs to know of one stream. Paths name
// fields of the properties, with dots into nested objects.
type StreamConfig struct {
	Stream   string      `json:"stream"`
	Source   string      `json:"source"`
	Kind     record.Kind `json:"kind"`
	Key      string      `json:"key,omitempty"`      // path, or RowKey; empty for events and push sources that set their own
	Seq      string      `json:"seq,omitempty"`      // path
	Occurred string      `json:"occurred,omitempty"` // path
	// How the times at Seq and Occurred are written; nil: ISO, in UTC where they name no
	// zone. A seq whose form is said is a time or nothing.
	SeqTime      *TimeFormat `json:"seq_time,omitempty"`
	OccurredTime *TimeFormat `json:"occurred_time,omitempty"`
	Deleted      string      `json:"deleted,omitempty"`  // path of a boolean: true means op delete
	OnDrift      Policy      `json:"on_drift,omitempty"` // default evolve
	Drift        *DriftRules `json:"drift,omitempty"`    // where single kinds of drift and columns depart from OnDrift
	Schema       *Schema     `json:"schema,omitempty"`   // the applied contract; nil: none yet, the stream evolves

	// Events are contracts of single events, by the event's name; AnyEvent's holds for
	// those that have none. They judge in Schema's place.
	Events    map[string]*Schema `json:"events,omitempty"`
	Unplanned Policy             `json:"unplanned,omitempty"` // of events that no member of Events is for; default evolve

	// Personal are paths whose values no inferred contract tells. They follow from the
	// other rules, and are no part of what is stored.
	Personal []string `json:"-"`
}

// TimeFormat says how dates and times are written. ISO 8601 is read beside it.
type TimeFormat struct {
	Format string `json:"format,omitempty"` // dmy, mdy or ymd; iso or empty for ISO alone
	Zone   string `json:"zone,omitempty"`   // IANA name, of times that name none; UTC when empty
	Pivot  *int   `json:"pivot,omitempty"`  // the last year of two digits of 2000 and after; nil: such years are not read
}

// AnyEvent in place of an event's name stands for every event without a contract of
// its own.
const AnyEvent = "*"

// DriftRules are the policies of a stream that depart from its OnDrift. A column's
// own goes before that of the kind of drift, which goes before OnDrift.
type DriftRules struct {
	NewColumns Policy            `json:"new_columns,omitempty"` // of fields that the contract does not know
	Types      Policy            `json:"types,omitempty"`       // of values of another type, and of nulls
	Columns    map[string]Policy `json:"columns,omitempty"`     // by path; for all below it as well
}

// Schema is a contract: the fields of a stream's records, flat, with dotted paths.
// It is mirrored to a file as JSON Schema.
type Schema struct {
	Fields []Field `json:"fields"` // sorted by path

	// Judged are places of Text, the JSON Schema that was written, which say more than
	// fields can: they judge the values at their paths as well.
	Judged []Judged `json:"judged,omitempty"`
	Text   string   `json:"text,omitempty"` // empty where Judged is
}

// Judged is one schema of a contract's text that judges what lies at a path.
type Judged struct {
	Path     string `json:"path"`              // empty: the whole record
	At       string `json:"at"`                // JSON Pointer within Text
	Object   bool   `json:"object,omitzero"`   // the fields judge the type and the members
	Required bool   `json:"required,omitzero"` // of an object: not whether they are there
}

func (j *Judged) as() judgedAs {
	switch {
	case !j.Object:
		return asValue
	case j.Required:
		return asRequired
	}
	return asObject
}

// Field is one field of a Schema. Types form a lattice: integer < number < string,
// date < timestamp < string, boolean < string, json above all; joining two is
// commutative, associative and idempotent.
type Field struct {
	Path     string           `json:"path"`
	Type     record.ValueKind `json:"type"`
	Nullable bool             `json:"nullable,omitempty"`
	Required bool             `json:"required,omitempty"`
	// Formats are those that all texts of an inferred string have. They are told, and
	// judge nothing.
	Formats Formats `json:"formats,omitzero"`
	// Values are those that an inferred string has shown, where they may be told.
	Values *Values `json:"-"`
	// Loose fields are those of some choices that a schema gives: a value of another type
	// is judged by the choice alone.
	Loose bool `json:"loose,omitzero"`
	// Items are what it says of the elements of a field that is an array; nil where it is
	// none, or where nothing is said.
	Items *Elements `json:"items,omitempty"`
	// Rules are what a written contract says of the values beyond their type.
	Rules *Rules `json:"rules,omitempty"`
}
