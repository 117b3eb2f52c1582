package golden

// Config is the golden rules of one generation.
type Config struct {
	Rules   []RuleConfig `json:"rules,omitempty"` // by attribute
	Default RuleConfig   `json:"default"`         // of every other attribute; most_recent when empty
}

// RuleConfig is the survivorship rule of one attribute.
type RuleConfig struct {
	Attribute string `json:"attribute,omitempty"`
	// Rule: most_recent, source_priority, most_frequent, oldest, longest, aggregate, min, max.
	Rule string `json:"rule"`
	// Sources orders sources (or full stream names) for source_priority and for ties.
	Sources []string `json:"sources,omitempty"`
	// Ties is longest where, of values that are said equally often, the longest is to win
	// most_frequent, before Sources are asked; else empty.
	Ties string `json:"ties,omitempty"`
	// Filter is a CEL condition on value, source, stream and attributes; candidates
	// that fail it are passed over.
	Filter string `json:"filter,omitempty"`
}
