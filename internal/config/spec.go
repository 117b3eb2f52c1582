package config

import "github.com/kithdata/kith/internal/contract"

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
	ignored                // anything: it is not read
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
		{key: "name", shape: text, required: true, doc: "The project's name, as commands and answers show it.", example: "harbour-and-pine"},
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
		quarantineSpec(),
	}}
}

func sourcesSpec() field {
	source := field{key: "*", shape: object, by: "type", doc: "A source, by its name.", fields: []field{
		{key: "type", shape: choice, required: true, choices: sourceTypes(), doc: "What kind of system it is.", example: "file"},
	}, variants: []variant{
		{name: "file", doc: "CSV, NDJSON, JSON, Parquet or Excel files, plain, packed by gzip or zstd, or in zip archives.", fields: []field{
			{key: "path", shape: text, required: true, doc: "Glob of the files, relative to this file; s3://BUCKET/GLOB for objects in S3 or a store that speaks its protocol; or sftp://USER@HOST/GLOB for files on another machine.", example: `"exports/crm-*.csv"`},
			{key: "format", shape: choice, choices: []string{"csv", "ndjson", "json", "parquet", "xlsx"}, doc: "Format of the files, json being one array of objects; by their names and first bytes when absent. Of zip archives, that of their members.", example: "csv"},
			{key: "sheet", shape: text, doc: "The sheet of an Excel file that is read: its name, or its number among those that are shown; the first that is shown when absent.", example: "Customers"},
			{key: "watch", shape: boolean, def: "true", doc: "Go on looking for new and grown files.", example: "false"},
			{key: "poll", shape: duration, def: "2s", doc: "How often to look, besides being notified; 30s where the files lie elsewhere.", example: "10s"},
			{key: "delimiter", shape: text, doc: "What separates the columns of a CSV file; detected when absent.", example: `";"`},
			{key: "quote", shape: text, doc: "What encloses fields of a CSV file: one character, or none; detected when absent.", example: `"'"`},
			{key: "escape", shape: choice, choices: []string{"double", "backslash"}, doc: "How a quote within quotes is written in a CSV file; detected when absent.", example: "backslash"},
			{key: "header", shape: either, doc: "Whether the first row of a CSV or Excel file has the columns' names, or the names of files without a header; when absent, detected in CSV files and there in Excel's.", example: "[contact_id, email]", options: []field{
				{shape: boolean, doc: "Whether there is a header."},
				{shape: list, doc: "Names of the columns.", item: &field{shape: text, doc: "A name."}},
			}},
			{key: "skip_lines", shape: integer, def: "0", low: 0, high: 1_000_000, doc: "Lines of a CSV file, or rows of a sheet, that come before the header.", example: "3"},
			{key: "comment", shape: text, doc: "Lines of a CSV file that begin with it are passed over.", example: `"#"`},
			{key: "short_rows", shape: choice, def: "reject", choices: []string{"reject", "fill"}, doc: "What becomes of a CSV row with fewer fields than the header: it is quarantined, or what is missing is empty.", example: "fill"},
			{key: "records", shape: text, doc: "Where the array of objects lies in a JSON file, as names with dots between them; the file is the array when absent.", example: "data.items"},
			{key: "encoding", shape: text, doc: "Encoding of the files, by a name that the web knows; detected when absent.", example: "iso-8859-2"},
			{key: "max_unpacked", shape: size, def: "1GiB", doc: "A packed file, or an archive with all its members, that unpacks to more than this, and to more than 200 times its size, is refused.", example: "8GiB"},
			{key: "snapshot", shape: boolean, def: "false", doc: "Each file is the whole truth of its stream: what an earlier file had and this one lacks is deleted.", example: "true"},
			{key: "snapshot_max_deletes", shape: number, low: 0.001, high: 1, def: "0.5", doc: "A snapshot that would delete more than this share of the keys before deletes nothing.", example: "0.9"},
			{key: "max_line", shape: size, def: "1MiB", doc: "A longer line is quarantined.", example: "4MiB"},
			{key: "s3", shape: object, doc: "How to speak to the store of an s3 path.", fields: []field{
				{key: "endpoint", shape: text, doc: "Address of a store that is not Amazon's; https unless it says otherwise.", example: "https://minio.example.com"},
				{key: "region", shape: text, def: "us-east-1", doc: "Region of the bucket.", example: "eu-central-1"},
				{key: "access_key", shape: secret, doc: "Access key; without one it is looked for as Amazon's tools do: in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the shared credentials file, the machine's role.", example: `"${S3_ACCESS_KEY}"`},
				{key: "secret_key", shape: secret, doc: "Its secret.", example: `"${S3_SECRET_KEY}"`},
				{key: "path_style", shape: boolean, doc: "The bucket is in the path rather than in the host's name; told by the host when absent.", example: "true"},
			}},
			{key: "sftp", shape: object, doc: "How to speak to the server of an sftp path.", fields: []field{
				{key: "password", shape: secret, doc: "Password of the path's user.", example: `"${SFTP_PASSWORD}"`},
				{key: "private_key", shape: secret, doc: "Private key of the path's user, in PEM or OpenSSH's form.", example: "file:secrets/id_ed25519"},
				{key: "passphrase", shape: secret, doc: "What opens the private key.", example: `"${SFTP_PASSPHRASE}"`},
				{key: "host_key", shape: list, doc: "Fingerprints of which the server's key must be one.", example: `"SHA256:fEpnN5d46XjZ4MSWrwYgCi4UbJyVOVBNJpMhFCYdRNs"`,
					item: &field{shape: text, doc: "A fingerprint, as ssh-keygen -l shows it."}},
				{key: "known_hosts", shape: text, doc: "A file as OpenSSH keeps it, that knows the server; beside or instead of host_key.", example: "./known_hosts"},
			}},
			{key: "allow_private", shape: boolean, def: "false", doc: "The store or server may be on this machine or a private network; http is then allowed as well.", example: "true"},
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
			{key: "add_ip", shape: boolean, def: "false", doc: "Give every call whose context has no ip the request's address there: personal data, kept with the event. For browsers and apps; a server's library would have that server's.", example: "true"},
			{key: "pixel_keys", shape: list, doc: "Numbers of the keys of e-mail pixels: new tokens are sealed with the first, those of all are counted. By default [1]. Put a new number first to rotate, and leave an old one out to retire its tokens.", example: "[2, 1]",
				item: &field{shape: integer, low: 1, high: 255, doc: "A number."}},
		}},
		hookSpec(),
	}}
	return field{key: "sources", shape: table, item: &source, doc: "Where data comes from, by name.",
		example: `{crm: {type: file, path: "exports/crm-*.csv"}}`}
}

// sourceTypes and destinationTypes are what this version speaks to.
func sourceTypes() []string      { return []string{"file", "tracking", "webhook"} }
func destinationTypes() []string { return []string{"webhook"} }

func streamsSpec() field {
	path := func(key, doc, example string) field {
		return field{key: key, shape: text, doc: doc, example: example}
	}
	stream := field{key: "*", shape: object, doc: "A stream, by its full name SOURCE.NAME.", fields: []field{
		path("from", "The source; by default the first part of the stream's name.", "crm"),
		path("files", "Glob on the base names of the source's files, or of the members of its zip archives, that belong to this stream; needed where a file source has several streams.", `"contacts-*.csv"`),
		{key: "match", shape: list, doc: "Globs of what happened (see event) whose deliveries belong to this stream; needed where a webhook source has several streams. The first stream that matches takes a delivery.", example: `["customer.*"]`,
			item: &field{shape: text, doc: "A glob."}},
		{key: "deletes", shape: list, doc: "Globs of what happened that deletes the record's key; streams of webhook sources.", example: `["customer.deleted"]`,
			item: &field{shape: text, doc: "A glob."}},
		path("records", "Where the records lie within a delivery, one or a list; by default the delivery is one itself. Streams of webhook sources.", "data.items"),
		{key: "with", shape: list, doc: "Fields of the delivery that each of its records is to have too, each under the last part of its path; with records.", example: "[created]",
			item: &field{shape: text, doc: "A path."}},
		{key: "kind", shape: choice, choices: []string{"customer", "event", "object", "consent"}, doc: "What its records are about; needed but for the streams that a tracking source has by itself.", example: "customer"},
		path("key", "Field that is the source's own key. Customers and objects of files need it; where no field can be it, _row makes each row its own key: equal rows are one record, and a changed row is a new one.", "contact_id"),
		timeSpec("seq", "Field that is the source's own order, a version or a time; file and row when absent.", "updated_at"),
		timeSpec("occurred", "Field that says when it happened.", "{from: changed, format: dmy, zone: Europe/Berlin}"),
		path("deleted", "Boolean field; true deletes the key.", "is_deleted"),
		path("contract", "File of the contract, relative to this file: JSON Schema (.json), Avro (.avsc) or Protobuf (.proto; FILE#MESSAGE names the message). Where a .json file does not exist yet, the inferred contract is written there.", "contracts/contact.json"),
		{key: "contracts", shape: table, doc: "Files of contracts of single events, by the event's name, beside or instead of contract; `*` is for every event that has none of its own. Event streams of tracking sources; the files must exist.", example: `{"Order Completed": contracts/web/order_completed.json}`,
			item: &field{key: "*", shape: text, doc: "The file, relative to this one."}},
		{key: "unplanned_events", shape: choice, def: "evolve", choices: []string{"evolve", "freeze", "discard_row"}, doc: "What becomes of events that contracts has no file for: they are judged by contract or, without one, taken; quarantined; or dropped.", example: "freeze"},
		driftSpec(),
		{key: "identifiers", shape: table, doc: "Identifiers by type: the field, or fields, that hold them.", example: "{email: email, phone: [mobile, landline]}",
			item: &field{key: "*", shape: list, doc: "A field or a list of fields.", item: &field{shape: text, doc: "A field."}}},
		{key: "attributes", shape: table, doc: "Attributes that act, by name; by default every field is one.", example: "{first_name: {from: first, clean: [trim, name]}}",
			item: &field{key: "*", shape: either, doc: "The field it is read from, alone or with its cleansing.", options: []field{
				{shape: text, doc: "The field."},
				{shape: object, doc: "The field with its cleansing.", fields: []field{
					{key: "from", shape: list, doc: "The field, or several, of which the steps join or coalesce make one value; by default the attribute's own name.", example: "[mobile, landline]", item: &field{shape: text, doc: "A field."}},
					{key: "type", shape: choice, choices: valueTypes(), doc: "Type to give it after cleansing.", example: "date"},
					{key: "clean", shape: list, doc: "Cleansing steps, in order: a name, {name: value} or {name: {argument: value}}.", example: "[trim, {phone: {region: GB}}]",
						item: &field{shape: arguments, doc: "A step."}},
					{key: "default", shape: text, doc: "Short for fill with this value.", example: "GB"},
					{key: "fill", shape: object, doc: "What it is where a record says nothing. Such a value is marked as filled, loses to every value that a source said, and never names a person.", example: "{value: GB}", fields: []field{
						{key: "value", shape: text, doc: "The value, which passes the steps and the type as the field's would; with by, where map has none.", example: "GB"},
						{key: "by", shape: text, doc: "Another attribute of the stream, by whose value map gives it.", example: "city"},
						{key: "map", shape: table, doc: "Values of that attribute, whatever their case, and what each means.", example: "{Leeds: GB, Lyon: FR}",
							item: &field{key: "*", shape: text, doc: "The value.", example: "GB"}},
					}},
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
				{key: "check", shape: text, required: true, doc: "The check's name, see Row checks below.", example: "not_null"},
				{key: "column", shape: text, doc: "An attribute's or else a field's name; needed by a check of one.", example: "email"},
				{key: "columns", shape: list, doc: "The same of a check of several.", example: "[shipped, ordered]", item: &field{shape: text, doc: "A column."}},
				{key: "when", shape: text, doc: "Condition (CEL): only records for which it holds are checked.", example: `"attributes.country == 'GB'"`},
				{key: "mostly", shape: number, low: 0, high: 1, def: "1", doc: "Share of rows that should pass; under 1 no single row is rejected.", example: "0.95"},
				{key: "severity", shape: choice, def: "reject", choices: []string{"reject", "warn"}, doc: "What becomes of a row that fails.", example: "warn"},
				{key: "values", shape: list, doc: "Values of in_set and not_in_set, types of type.", example: "[open, closed]", item: &field{shape: text, doc: "A value."}},
				{key: "pairs", shape: list, doc: "Pairs of pair_in_set.", example: "[[GB, GBP], [DE, EUR]]", item: &field{shape: arguments, doc: "A pair."}},
				{key: "value", shape: text, doc: "Value of equals, length, multiple_of and sum.", example: "100"},
				{key: "total", shape: text, doc: "Column that sum adds up to.", example: "gross"},
				{key: "min", shape: text, doc: "Least that is allowed: a number, date or time.", example: "0"},
				{key: "max", shape: text, doc: "Most that is allowed.", example: "120"},
				{key: "strict_min", shape: boolean, def: "false", doc: "min itself is outside.", example: "true"},
				{key: "strict_max", shape: boolean, def: "false", doc: "max itself is outside.", example: "true"},
				{key: "operator", shape: text, doc: "Operator of compare: >, >=, =, !=, < or <=.", example: `">="`},
				{key: "pattern", shape: list, doc: "Pattern, or patterns, of regex (RE2) and like.", example: `"^[A-Z]{2}[0-9]+$"`, item: &field{shape: text, doc: "A pattern."}},
				{key: "match", shape: text, def: "all", doc: "How many of several patterns: any or all.", example: "any"},
				{key: "format", shape: text, doc: "Format of format, casing and date_format.", example: "iban"},
				{key: "schema", shape: text, doc: "JSON Schema of json_schema: a file, relative to this one, or the schema itself.", example: "schemas/address.json"},
				{key: "condition", shape: text, doc: "What must hold (CEL), of condition.", example: `"attributes.net <= attributes.gross"`},
				{key: "skip_nulls", shape: choice, def: "any", choices: []string{"any", "all", "never"}, doc: "How many columns must be null for a check of several to pass a row over.", example: "all"},
				{key: "kwargs", shape: arguments, doc: "The settings by the names of Great Expectations.", example: "{column: status, value_set: [open, closed]}"},
			}}},
	}}
	return field{key: "streams", shape: table, item: &stream, doc: "What the sources' records mean, by full name.",
		example: "{crm.contacts: {from: crm, kind: customer, key: contact_id}}"}
}

// timeSpec is a field that holds a time, alone or with how it is written.
func timeSpec(key, doc, example string) field {
	return field{key: key, shape: either, doc: doc, example: example, options: []field{
		{shape: text, doc: "The field; its times are ISO 8601, in UTC where they name no zone."},
		{shape: object, doc: "The field, with how its times are written.", fields: []field{
			{key: "from", shape: text, required: true, doc: "The field.", example: "changed"},
			{key: "format", shape: choice, def: "iso", choices: contract.TimeFormats(), doc: "Order of day, month and year, as of the cleansing step date; ISO 8601 is read beside it. A value that is no time counts as none.", example: "dmy"},
			{key: "zone", shape: text, def: "UTC", doc: "Zone, by its name in the IANA database, of times that name none; a date alone is its first moment there.", example: "Europe/Berlin"},
			{key: "pivot", shape: integer, low: 0, high: 99, doc: "The last year of two digits that is of 2000 and after; when absent, years need four digits.", example: "69"},
		}},
	}}
}

// driftSpec is a policy for all drift of a stream, or one by column and kind of drift.
func driftSpec() field {
	policy := func(key, def, doc, example string) field {
		return field{key: key, shape: choice, def: def, choices: []string{"evolve", "freeze", "discard_row", "discard_value"}, doc: doc, example: example}
	}
	return field{key: "on_drift", shape: either, doc: "What becomes of a record that departs from its contract: one policy, or several. evolve widens the contract, freeze quarantines the record, discard_row drops it, discard_value drops the value alone.", example: "freeze", options: []field{
		policy("", "evolve", "One policy for all.", "freeze"),
		{shape: object, doc: "Policies by column and by kind of drift.", fields: []field{
			policy("default", "evolve", "What is not said otherwise, and for a required field that is missing.", "freeze"),
			policy("new_columns", "", "Fields that the contract does not know; default when absent.", "evolve"),
			policy("types", "", "Values of another type, and nulls where none may be; default when absent.", "discard_value"),
			{key: "columns", shape: table, doc: "By field, with dots into nested objects; each goes before the kinds of drift, and holds for all below it.", example: "{email: freeze}",
				item: &field{key: "*", shape: choice, choices: []string{"evolve", "freeze", "discard_row", "discard_value"}, doc: "The field's policy."}},
		}},
	}}
}

// valueTypes are the types that an attribute can be given.
func valueTypes() []string {
	return []string{"string", "integer", "number", "boolean", "timestamp", "date"}
}
