package config

// shape is what a setting may look like.
type shape uint8

const (
	text      shape = iota // a string, after ${VARIABLES}
	secret                 // a string that may also be file:PATH; never shown
	integer                // a whole number
	number                 // any number
	boolean                // true or false
	duration               // 500ms, 2s, 10m, 24h, 30d
	size                   // bytes: 512, 32KiB, 256MiB, 1GiB
	choice                 // one of choices
	object                 // a map with known keys
	table                  // a map from names of the user's own
	list                   // a list; a single item may stand for a list of one
	either                 // the first of its alternatives that fits
	arguments              // checked by the room they are for
)

// field describes one setting. The tree of them yields the checks, the JSON Schema
// and the reference page.
type field struct {
	key      string // "*" in a table
	shape    shape
	doc      string // one sentence
	def      string // as it would be written; "" for none
	example  string // as YAML, on one line
	required bool
	choices  []string
	instead  string  // what else than one of choices may stand there
	low      float64 // of integer, number and, in seconds, duration, when high > low
	high     float64
	fields   []field // object
	item     *field  // table, list
	options  []field // either
	by       string  // object: the key that chooses among variants
	variants []variant
}

// variant is what an object may also hold for one value of its by key.
type variant struct {
	name   string
	doc    string
	fields []field
}

func (f field) child(key string) (field, bool) {
	for _, c := range f.fields {
		if c.key == key {
			return c, true
		}
	}
	return field{}, false
}

// spec is the whole file.
func spec() field {
	return field{key: "kith.yaml", shape: object, doc: "One file describes a project.", fields: []field{
		{key: "name", shape: text, required: true, doc: "The project's name, shown in the console and in metrics.", example: "harbour-and-pine"},
		{key: "data", shape: text, def: "./data", doc: "Folder of the embedded log and state, the warehouse, the keys and the audit chain, relative to this file.", example: "./data"},
		sourcesSpec(),
		streamsSpec(),
		identitySpec(),
		goldenSpec(),
		warehouseSpec(),
		destinationsSpec(),
		serverSpec(),
		engineSpec(),
		pipelineSpec(),
	}}
}

func sourcesSpec() field {
	source := field{key: "*", shape: object, by: "type", doc: "A source, by its name.", fields: []field{
		{key: "type", shape: choice, required: true, choices: sourceTypes(), doc: "What kind of system it is.", example: "file"},
	}, variants: []variant{
		{name: "file", doc: "CSV or NDJSON files, plain or gzip.", fields: []field{
			{key: "path", shape: text, required: true, doc: "Glob of the files, relative to this file.", example: `"exports/crm-*.csv"`},
			{key: "format", shape: choice, choices: []string{"csv", "ndjson"}, doc: "Format of the files; by their names when absent.", example: "csv"},
			{key: "watch", shape: boolean, def: "true", doc: "Go on looking for new and grown files.", example: "false"},
			{key: "poll", shape: duration, def: "2s", doc: "How often to look, besides being notified.", example: "10s"},
			{key: "delimiter", shape: text, doc: "What separates the columns of a CSV file; detected when absent.", example: `";"`},
			{key: "max_line", shape: size, def: "1MiB", doc: "A longer line is quarantined.", example: "4MiB"},
		}},
		{name: "tracking", doc: "The Segment HTTP API under /v1/, for web, mobile and server libraries. It has the streams NAME.users, NAME.events, NAME.pages, NAME.screens, NAME.groups, NAME.aliases, NAME.identifies and NAME.memberships without their being written.", fields: []field{
			{key: "write_keys", shape: list, required: true, doc: "Keys that may write to this source.", example: `["${WEB_KEY}"]`,
				item: &field{shape: secret, doc: "A write key."}},
			{key: "max_event", shape: size, def: "32KiB", doc: "Largest single event.", example: "64KiB"},
			{key: "max_batch", shape: size, def: "500KiB", doc: "Largest batch, unpacked.", example: "1MiB"},
			{key: "max_events", shape: integer, def: "2500", low: 1, high: 1_000_000, doc: "Most events in one batch.", example: "5000"},
			{key: "mark_bots", shape: boolean, def: "false", doc: "Give every event an is_bot: its user agent, or else the request's, is a robot's.", example: "true"},
			{key: "mark_internal", shape: list, doc: "Addresses and networks of the house. Every event gets an is_internal: its context.ip, or else the request's address, is one of them.", example: `["10.0.0.0/8", "2001:db8::/32"]`,
				item: &field{shape: text, doc: "An address, or a network as ADDRESS/BITS."}},
		}},
	}}
	return field{key: "sources", shape: table, item: &source, doc: "Where data comes from, by name.",
		example: `{crm: {type: file, path: "exports/crm-*.csv"}}`}
}

// sourceTypes and destinationTypes are what this version speaks to.
func sourceTypes() []string      { return []string{"file", "tracking"} }
func destinationTypes() []string { return []string{"webhook"} }

func streamsSpec() field {
	path := func(key, doc, example string) field {
		return field{key: key, shape: text, doc: doc, example: example}
	}
	stream := field{key: "*", shape: object, doc: "A stream, by its full name SOURCE.NAME.", fields: []field{
		path("from", "The source; by default the first part of the stream's name.", "crm"),
		path("files", "Glob on the base names of the source's files that belong to this stream; needed where a file source has several streams.", `"contacts-*.csv"`),
		{key: "kind", shape: choice, choices: []string{"customer", "event", "object", "consent"}, doc: "What its records are about; needed but for the streams that a tracking source has by itself.", example: "customer"},
		path("key", "Field that is the source's own key. Customers and objects of files need it; where no field can be it, _row makes each row its own key: equal rows are one record, and a changed row is a new one.", "contact_id"),
		path("seq", "Field that is the source's own order, a version or a time; file and row when absent.", "updated_at"),
		path("occurred", "Field that says when it happened.", "updated_at"),
		path("deleted", "Boolean field; true deletes the key.", "is_deleted"),
		path("contract", "File of the contract, relative to this file. Where it does not exist yet, the inferred contract is written there.", "contracts/contact.json"),
		{key: "on_drift", shape: choice, def: "evolve", choices: []string{"evolve", "freeze", "discard_row", "discard_value"}, doc: "What becomes of a record that departs from its contract.", example: "freeze"},
		{key: "identifiers", shape: table, doc: "Identifiers by type: the field, or fields, that hold them.", example: "{email: email, phone: [mobile, landline]}",
			item: &field{key: "*", shape: list, doc: "A field or a list of fields.", item: &field{shape: text, doc: "A field."}}},
		{key: "attributes", shape: table, doc: "Attributes that act, by name; by default every field is one.", example: "{first_name: {from: first, clean: [trim, name]}}",
			item: &field{key: "*", shape: either, doc: "The field it is read from, alone or with its cleansing.", options: []field{
				{shape: text, doc: "The field."},
				{shape: object, doc: "The field with its cleansing.", fields: []field{
					{key: "from", shape: text, doc: "The field; by default the attribute's own name.", example: "first"},
					{key: "type", shape: choice, choices: valueTypes(), doc: "Type to give it after cleansing.", example: "date"},
					{key: "clean", shape: list, doc: "Cleansing steps, in order: a name, {name: value} or {name: {argument: value}}.", example: "[trim, {phone: {region: GB}}]",
						item: &field{shape: arguments, doc: "A step."}},
				}},
			}}},
		{key: "consent", shape: object, doc: "Fields of a consent stream: a path, or a constant in single quotes.", example: `{purpose: purpose, channel: "'email'", status: status}`, fields: []field{
			{key: "purpose", shape: text, def: "purpose", doc: "What for. Only a suppression needs none, and then means all.", example: `"'marketing'"`},
			{key: "channel", shape: text, def: "channel", doc: "By which channel.", example: "channel"},
			{key: "status", shape: text, def: "status", doc: "granted, denied, suppressed or lifted.", example: "status"},
			{key: "proof", shape: text, doc: "What proves it.", example: "form_url"},
		}},
		{key: "expect", shape: list, doc: "Checks of its rows.", example: "[{check: not_null, column: email, mostly: 0.95}]",
			item: &field{shape: object, doc: "A check.", fields: []field{
				{key: "check", shape: text, required: true, doc: "The check's name.", example: "not_null"},
				{key: "column", shape: text, required: true, doc: "An attribute's or else a field's name.", example: "email"},
				{key: "mostly", shape: number, low: 0, high: 1, def: "1", doc: "Share of rows that must pass; under 1 no single row is rejected.", example: "0.95"},
				{key: "severity", shape: choice, def: "reject", choices: []string{"reject", "warn"}, doc: "What becomes of a row that fails.", example: "warn"},
				{key: "values", shape: list, doc: "Values allowed by in_set.", example: "[open, closed]", item: &field{shape: text, doc: "A value."}},
				{key: "min", shape: number, doc: "Least value allowed by range.", example: "0"},
				{key: "max", shape: number, doc: "Greatest value allowed by range.", example: "120"},
				{key: "pattern", shape: text, doc: "Regular expression (RE2) of regex.", example: `"^[A-Z]{2}[0-9]+$"`},
			}}},
	}}
	return field{key: "streams", shape: table, item: &stream, doc: "What the sources' records mean, by full name.",
		example: "{crm.contacts: {from: crm, kind: customer, key: contact_id}}"}
}

// valueTypes are the types that an attribute can be given.
func valueTypes() []string {
	return []string{"string", "integer", "number", "boolean", "timestamp", "date"}
}
