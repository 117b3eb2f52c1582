package cleanse

// StreamConfig is the mapping and cleansing of one stream.
type StreamConfig struct {
	Stream string `json:"stream"`
	// Attributes that the stream gives. Empty: every field becomes an attribute of
	// its own name (dots become underscores). For events and objects, fields that no
	// attribute names pass as they are.
	Attributes []AttributeConfig `json:"attributes,omitempty"`
	// Identifiers by type. A field that some attribute reads is taken as that
	// attribute cleansed it, any other with the type's own cleansing (email, phone;
	// otherwise trim).
	Identifiers []IdentifierConfig `json:"identifiers,omitempty"`
	// Mailbox: an identifier of type email names its mailbox, without the dots and tags
	// that its provider ignores. Attributes stay as they were written.
	Mailbox bool `json:"mailbox,omitempty"`
	// Consent reads a consent stream's fields; nil for other kinds.
	Consent *ConsentConfig `json:"consent,omitempty"`
}

// AttributeConfig makes one attribute from one field, or from several.
type AttributeConfig struct {
	Name  string       `json:"name"`
	From  string       `json:"from"`           // path of a field
	More  []string     `json:"more,omitempty"` // of further fields; join or coalesce makes one value of all
	Type  string       `json:"type,omitempty"`
	Steps []StepConfig `json:"steps,omitempty"`
	Fill  *FillConfig  `json:"fill,omitempty"` // what it is where the source says nothing
}

// StepConfig is one cleansing step, such as trim, or phone with region GB.
type StepConfig struct {
	Name string            `json:"name"`
	Args map[string]string `json:"args,omitempty"`
	List []string          `json:"list,omitempty"` // null_tokens
}

// IdentifierConfig reads an identifier of a type from a field.
type IdentifierConfig struct {
	Type string `json:"type"`
	From string `json:"from"`
}

// ConsentConfig names the fields of a consent stream; the cleansed attributes of a
// consent record are purpose, channel, status (granted, denied, suppressed) and proof.
type ConsentConfig struct {
	Purpose string `json:"purpose"` // path, or a constant in single quotes
	Channel string `json:"channel"`
	Status  string `json:"status"`
	Proof   string `json:"proof,omitempty"`
}
