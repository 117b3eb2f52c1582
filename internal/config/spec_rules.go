package config

func identitySpec() field {
	return field{key: "identity", shape: object, doc: "Who is who.", example: "{identifiers: [{type: user_id, max_per_profile: 1}, {type: email}]}", fields: []field{
		{key: "identifiers", shape: list, doc: "Identifier types, strongest first. By default user_id (1 per profile), email (5 per profile, 20 neighbours), phone (10 neighbours) and anonymous_id (5 neighbours).", example: "[{type: user_id, max_per_profile: 1}, {type: email}]",
			item: &field{shape: object, doc: "An identifier type.", fields: []field{
				{key: "type", shape: text, required: true, doc: "Its name.", example: "email"},
				{key: "max_per_profile", shape: integer, low: 0, high: 1_000_000, doc: "More distinct values than this in one profile is a veto; 0 for no limit.", example: "1"},
				{key: "max_neighbours", shape: integer, low: 0, high: 1_000_000, def: "1000", doc: "A value that shares live records with more distinct values of other identifiers than this is generic and stops linking.", example: "20"},
				{key: "max_customers", shape: integer, low: 0, high: 1_000_000, def: "100", doc: "A value on more live source customers of one stream than this is generic.", example: "50"},
				{key: "mailbox", shape: boolean, def: "false", doc: "For email alone: addresses of one mailbox are one identifier, by the rules of large providers for dots and + tags. Attributes stay as written; records received before keep the form they came in under.", example: "true"},
				{key: "block", shape: list, doc: "Values that never link; * stands for any run of characters.", example: `["test@*"]`, item: &field{shape: text, doc: "A value or pattern."}},
			}}},
		{key: "match", shape: object, doc: "Scored matching. The thresholds are checked; scores come with matcher snapshots, until then only exact links act.", example: "{accept: 0.99, review: 0.90}", fields: []field{
			{key: "accept", shape: number, low: 0, high: 1, def: "0.99", doc: "Probability from which a match links.", example: "0.99"},
			{key: "review", shape: number, low: 0, high: 1, def: "0.90", doc: "Probability from which a match goes to a steward.", example: "0.90"},
		}},
		{key: "max_person", shape: integer, low: 2, high: 1_000_000, def: "10000", doc: "Most nodes that one person may have.", example: "5000"},
		{key: "large_region", shape: integer, low: 2, high: 1_000_000, def: "500", doc: "Larger regions are solved in the background.", example: "1000"},
	}}
}

// goldenRules are the survivorship rules.
func goldenRules() []string {
	return []string{"most_recent", "source_priority", "most_frequent", "oldest", "longest", "aggregate", "min", "max"}
}

func goldenSpec() field {
	priority := field{shape: list, doc: "Sources, or full stream names, the best first.", item: &field{shape: text, doc: "A source."}}
	named := func(key, doc, example string) field {
		f := priority
		f.key, f.doc, f.example = key, doc, example
		return f
	}
	return field{key: "golden", shape: table, doc: `Which value survives, by attribute; "*" is every other.`, example: `{email: most_recent, "*": {source_priority: [crm, web]}}`,
		item: &field{key: "*", shape: either, doc: "A rule's name, or a rule with its arguments.", def: "most_recent", options: []field{
			{shape: choice, choices: goldenRules(), doc: "A rule."},
			{shape: object, doc: "A rule with its arguments.", fields: []field{
				{key: "rule", shape: choice, choices: goldenRules(), def: "most_recent", doc: "The rule.", example: "longest"},
				named("source_priority", "Short for rule: source_priority with these sources.", "[crm, shop, web]"),
				named("sources", "Order of sources for source_priority, and for ties of the other rules.", "[crm, shop]"),
				{key: "filter", shape: text, doc: "Condition (CEL) on value, source, stream and attributes; candidates that fail it are passed over.", example: `"source != 'web'"`},
			}},
		}}}
}

func warehouseSpec() field {
	return field{key: "warehouse", shape: object, doc: "The star schema.", example: "{type: duckdb, memory: 512MiB}", fields: []field{
		{key: "type", shape: choice, def: "duckdb", choices: []string{"duckdb"}, doc: "Which engine holds it.", example: "duckdb"},
		{key: "path", shape: text, def: "DATA/warehouse.duckdb", doc: "Its database file, relative to this file.", example: "./warehouse.duckdb"},
		{key: "memory", shape: size, doc: "Memory limit of the engine.", example: "512MiB"},
		{key: "step_rows", shape: integer, low: 1, high: 10_000_000, def: "10000", doc: "Rows in a load step.", example: "20000"},
		{key: "step_time", shape: duration, def: "250ms", doc: "Longest wait before a smaller step is loaded.", example: "500ms"},
		{key: "query_time", shape: duration, def: "30s", doc: "Longest that one SQL query may run.", example: "10s"},
		{key: "query_rows", shape: integer, low: 1, high: 100_000_000, def: "10000", doc: "Most rows that one answer may have.", example: "1000"},
	}}
}

func destinationsSpec() field {
	dest := field{key: "*", shape: object, by: "type", doc: "A destination, by its name.", fields: []field{
		{key: "type", shape: choice, required: true, choices: destinationTypes(), doc: "What kind of system it is.", example: "webhook"},
	}, variants: []variant{{name: "webhook", doc: "Signed HTTP requests (Standard Webhooks).", fields: []field{
		{key: "url", shape: secret, required: true, doc: "Where to send.", example: `"${MAILER_URL}"`},
		{key: "secret", shape: secret, doc: "Signing secrets, each whsec_ and base64, a blank between them; one is made and kept when absent.", example: `"${MAILER_SECRET}"`},
		{key: "on", shape: list, doc: "What to send: profile.created, profile.updated, profile.changed (any change), profile.merged, profile.split, profile.erased, event.NAME or event.*.", def: "[profile.changed]", example: "[profile.changed]", item: &field{shape: text, doc: "A kind of message."}},
		{key: "when", shape: text, doc: "Condition (CEL) that must hold.", example: `"attributes.country == 'GB'"`},
		{key: "consent", shape: text, doc: "Purpose, or PURPOSE/CHANNEL, that the person must have granted. Suppressed people are never sent.", example: "marketing"},
		{key: "allow_private", shape: boolean, def: "false", doc: "Allow loopback and private addresses.", example: "true"},
		{key: "timeout", shape: duration, def: "10s", doc: "Of one request.", example: "5s"},
		{key: "attempts", shape: integer, low: 1, high: 1000, def: "12", doc: "Tries before a message becomes a dead letter.", example: "5"},
		{key: "concurrency", shape: integer, low: 1, high: 1000, def: "8", doc: "Requests at once; for one profile always one.", example: "4"},
		{key: "horizon", shape: integer, low: 1, high: 1e12, def: "10000000", doc: "Messages it may lag behind before it is cut off.", example: "1000000"},
	}}}}
	return field{key: "destinations", shape: table, item: &dest, doc: "Where changes go, by name.",
		example: `{mailer: {type: webhook, url: "${MAILER_URL}"}}`}
}

func serverSpec() field {
	return field{key: "server", shape: object, doc: "The HTTP server.", example: `{listen: "127.0.0.1:8471"}`, fields: []field{
		{key: "listen", shape: text, def: "127.0.0.1:8471", doc: "Host and port.", example: `"0.0.0.0:8471"`},
		{key: "tls", shape: object, doc: "Certificate and key; needed to listen beyond loopback unless insecure.", example: "{cert: tls/cert.pem, key: tls/key.pem}", fields: []field{
			{key: "cert", shape: text, required: true, doc: "Certificate file (PEM), relative to this file.", example: "tls/cert.pem"},
			{key: "key", shape: text, required: true, doc: "Key file (PEM), relative to this file.", example: "tls/key.pem"},
		}},
		{key: "hosts", shape: list, doc: "Further names under which the server may be asked for. A loopback listener answers only to localhost, loopback addresses and these.", example: "[kith.example.com]", item: &field{shape: text, doc: "A host name."}},
		{key: "trusted_proxies", shape: list, doc: "Addresses and networks of the proxies in front. Of them alone is it believed from where, and over what, a request came; of nobody when absent.", example: `["10.0.0.0/8", "2001:db8::7"]`,
			item: &field{shape: text, doc: "An address, or a network as ADDRESS/BITS."}},
		{key: "proxy_header", shape: choice, def: "x-forwarded-for", choices: []string{"x-forwarded-for", "forwarded"}, doc: "What the trusted proxies write: X-Forwarded-For and X-Forwarded-Proto, or the header Forwarded (RFC 7239). The other is not read.", example: "forwarded"},
		{key: "connections", shape: integer, low: 1, high: 1_000_000, def: "10000", doc: "Connections open at once.", example: "1000"},
		{key: "drain", shape: duration, def: "10s", doc: "How long a stop waits for requests under way.", example: "30s"},
		{key: "insecure", shape: boolean, def: "false", doc: "Serve plain HTTP beyond loopback: only behind a proxy that ends TLS.", example: "true"},
	}}
}

func pipelineSpec() field {
	return field{key: "pipeline", shape: object, doc: "The road's batches.", example: "{batch_records: 1000}", fields: []field{
		{key: "batch_records", shape: integer, low: 1, high: 100_000, def: "2000", doc: "Most records in one transaction.", example: "1000"},
		{key: "max_lag", shape: integer, low: 1, high: 1e12, def: "20000000", doc: "Records that may wait in the log before sources are told to wait.", example: "1000000"},
		{key: "duplicate_window", shape: duration, def: "30d", doc: "How long a message id counts as seen.", example: "7d"},
	}}
}

func quarantineSpec() field {
	return field{key: "quarantine", shape: object, doc: "What was set aside.", example: "{keep: 90d}", fields: []field{
		{key: "keep", shape: duration, low: 1, high: 36500 * 86400, doc: "How long after it was received a record stays in quarantine; then it is given up, which the ledger counts as expired. For ever when absent.", example: "90d"},
	}}
}
