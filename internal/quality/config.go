package quality

// StreamConfig is the row checks of one stream.
type StreamConfig struct {
	Stream string        `json:"stream"`
	Checks []CheckConfig `json:"checks,omitempty"`
}

// CheckConfig is one expectation of a column: an attribute's or else a field's name.
type CheckConfig struct {
	Check    string   `json:"check"` // not_null, in_set, range, regex
	Column   string   `json:"column"`
	Mostly   float64  `json:"mostly,omitempty"`   // share that must pass; under 1 no single record is rejected
	Severity string   `json:"severity,omitempty"` // reject (the default) or warn
	Values   []string `json:"values,omitempty"`   // in_set
	Min      *float64 `json:"min,omitempty"`      // range, inclusive
	Max      *float64 `json:"max,omitempty"`
	Pattern  string   `json:"pattern,omitempty"` // regex, RE2
}
