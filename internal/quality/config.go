package quality

import (
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// StreamConfig is the row checks of one stream.
type StreamConfig struct {
	Stream string        `json:"stream"`
	Checks []CheckConfig `json:"checks,omitempty"`
}

// CheckConfig is one expectation of a column, or of several of one record. A column is
// an attribute's or else a field's name. Which settings a check takes, Checks says.
type CheckConfig struct {
	Check     string     `json:"check"` // one of Checks
	Column    string     `json:"column"`
	Columns   []string   `json:"columns,omitempty"`  // of a check on several
	Mostly    float64    `json:"mostly,omitempty"`   // share that must pass; under 1 no single record is rejected
	Severity  string     `json:"severity,omitempty"` // reject (the default) or warn
	When      string     `json:"when,omitempty"`     // condition (CEL): only the records for which it holds are checked
	Values    []string   `json:"values,omitempty"`
	Pairs     [][]string `json:"pairs,omitempty"`
	Value     string     `json:"value,omitempty"`
	Total     string     `json:"total,omitempty"` // a column
	Min       Bound      `json:"min,omitempty"`
	Max       Bound      `json:"max,omitempty"`
	StrictMin bool       `json:"strict_min,omitzero"`
	StrictMax bool       `json:"strict_max,omitzero"`
	Operator  string     `json:"operator,omitempty"`
	Pattern   string     `json:"pattern,omitempty"`
	Patterns  []string   `json:"patterns,omitempty"` // where there are several
	Match     string     `json:"match,omitempty"`    // any or all of the patterns
	Format    string     `json:"format,omitempty"`
	Schema    string     `json:"schema,omitempty"`    // JSON Schema, as text
	Condition string     `json:"condition,omitempty"` // CEL
	SkipNulls string     `json:"skip_nulls,omitempty"`
}

// Bound is a number, a date or a timestamp that limits a range; empty for none. As
// JSON a number is a number.
type Bound string

// NewBound writes a number in the one form that it has, so that 10 and 1e1 are one rule.
func NewBound(s string) Bound {
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return Bound(strconv.FormatInt(n, 10))
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
		return Bound(strconv.FormatFloat(f, 'g', -1, 64))
	}
	return Bound(s)
}

func (b Bound) number() (float64, bool) {
	f, err := strconv.ParseFloat(string(b), 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// MarshalJSONTo writes numbers as numbers, all else as text.
func (b Bound) MarshalJSONTo(e *jsontext.Encoder) error {
	if f, ok := b.number(); ok {
		if n, err := strconv.ParseInt(string(b), 10, 64); err == nil {
			return e.WriteToken(jsontext.Int(n))
		}
		return e.WriteToken(jsontext.Float(f))
	}
	return e.WriteToken(jsontext.String(string(b)))
}

// UnmarshalJSONFrom reads a number or a text.
func (b *Bound) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	switch d.PeekKind() {
	case '0':
		v, err := d.ReadValue()
		*b = NewBound(string(v))
		return err
	case 'n': // an older rule may say null
		*b = ""
		return d.SkipValue()
	}
	var s string
	err := json.UnmarshalDecode(d, &s)
	*b = NewBound(s)
	return err
}
