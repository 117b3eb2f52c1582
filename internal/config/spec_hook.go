package config

import "github.com/kithdata/kith/internal/source/webhook"

// hookSpec is what a source of type webhook takes.
func hookSpec() variant {
	header := func(key, doc, example string) field {
		return field{key: key, shape: text, doc: doc, example: example}
	}
	return variant{name: "webhook", doc: "JSON or forms that other systems post when something happens there. What they sign is checked before anything is believed.", fields: []field{
		{key: "path", shape: text, doc: "Path of its URL, below /hooks/; by default /hooks/NAME.", example: "/hooks/billing"},
		{key: "verify", shape: object, required: true, doc: "How deliveries prove who sends them.", example: `{scheme: stripe, secrets: ["${STRIPE_SECRET}"]}`, fields: []field{
			{key: "scheme", shape: choice, required: true, choices: webhook.Schemes(), doc: "github, shopify, stripe, zendesk and standard (Standard Webhooks) sign as they document it; hmac is described by the settings below; basic and bearer are no signatures, but passwords; with none, anybody who reaches the path is believed.", example: "stripe"},
			{key: "secrets", shape: list, doc: "Secrets, any of which does, so that one can replace another; of basic, user:password.", example: `["${STRIPE_SECRET}"]`,
				item: &field{shape: secret, doc: "A secret."}},
			header("header", "hmac: header that holds the signature. bearer: header that holds the token, Authorization by default.", "X-Signature"),
			header("prefix", "What stands before the signature or token in it.", `"sha256="`),
			{key: "encoding", shape: choice, def: "hex", choices: []string{"hex", "base64"}, doc: "hmac: how the signature is written.", example: "base64"},
			{key: "digest", shape: choice, def: "sha256", choices: []string{"sha256", "sha512", "sha1"}, doc: "hmac: what it is made with.", example: "sha512"},
			header("timestamp", "hmac: header of the time that is signed, in seconds since 1970 or RFC 3339.", "X-Timestamp"),
			{key: "signed", shape: text, def: "{body}", doc: "hmac: what is signed, of {timestamp}, {id} and {body}.", example: `"v0:{timestamp}:{body}"`},
		}},
		{key: "tolerance", shape: duration, def: "5m", doc: "How far a signed time may be from now; what is older may be a replay.", example: "2m"},
		header("event", "Field that says what happened; by default where the scheme's senders say it.", "type"),
		header("event_header", "Header that says what happened, in place of event.", "X-Event"),
		header("id", "Field that is the delivery's own id, so that it has no second effect; by default where the scheme's senders say it.", "event_id"),
		header("id_header", "Header of the delivery's own id, in place of id.", "X-Request-Id"),
		{key: "max_body", shape: size, def: "4MiB", doc: "Largest body, unpacked.", example: "1MiB"},
		{key: "max_records", shape: integer, def: "1000", low: 1, high: 100_000, doc: "Most records in one delivery.", example: "5000"},
	}}
}
