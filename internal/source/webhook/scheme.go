package webhook

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
)

// Schemes are the ways to prove who sends, by name.
func Schemes() []string {
	return []string{"github", "shopify", "stripe", "zendesk", "standard", "hmac", "basic", "bearer", "none"}
}

// scheme is how a sender signs, and where it says what happened and what a delivery's
// id is.
type scheme struct {
	header    string           // that holds the signatures
	separator string           // between several; empty: there is one
	prefix    string           // before a signature
	encoding  string           // hex or base64
	digest    func() hash.Hash // nil: nothing is signed
	signed    string           // what is signed, of {timestamp}, {id} and {body}

	timestamp       string // header of the time; empty: timestampPrefix tells, or there is none
	timestampPrefix string // before the time, among the signatures

	event, eventHeader string
	id, idHeader       string

	// volatile is a member at the top of the body that differs from one try of a
	// delivery to the next, and does not make it another one.
	volatile string
}

// schemeOf gives the scheme that v names, as its senders document it:
// docs.github.com/webhooks (validating deliveries), shopify.dev (verify deliveries),
// docs.stripe.com/webhooks (signatures), developer.zendesk.com (verifying), and
// github.com/standard-webhooks (the specification).
func schemeOf(v Verify) scheme {
	switch v.Scheme {
	case "github":
		return scheme{header: "X-Hub-Signature-256", prefix: "sha256=", encoding: "hex", digest: sha256.New, signed: "{body}",
			eventHeader: "X-GitHub-Event", idHeader: "X-GitHub-Delivery"}
	case "shopify":
		return scheme{header: "X-Shopify-Hmac-Sha256", encoding: "base64", digest: sha256.New, signed: "{body}",
			eventHeader: "X-Shopify-Topic", idHeader: "X-Shopify-Webhook-Id"}
	case "stripe":
		return scheme{header: "Stripe-Signature", separator: ",", prefix: "v1=", encoding: "hex", digest: sha256.New,
			signed: "{timestamp}.{body}", timestampPrefix: "t=", event: "type", id: "id", volatile: "pending_webhooks"}
	case "zendesk":
		return scheme{header: "X-Zendesk-Webhook-Signature", encoding: "base64", digest: sha256.New,
			signed: "{timestamp}{body}", timestamp: "X-Zendesk-Webhook-Signature-Timestamp", event: "type", idHeader: "X-Zendesk-Webhook-Invocation-Id"}
	case "standard":
		return scheme{header: "Webhook-Signature", separator: " ", prefix: "v1,", encoding: "base64", digest: sha256.New,
			signed: "{id}.{timestamp}.{body}", timestamp: "Webhook-Timestamp", event: "type", idHeader: "Webhook-Id"}
	case "hmac":
		s := scheme{header: v.Header, prefix: v.Prefix, encoding: v.Encoding, digest: sha256.New, signed: v.Signed, timestamp: v.Timestamp}
		switch v.Digest {
		case "sha512":
			s.digest = sha512.New
		case "sha1":
			s.digest = sha1.New
		}
		if s.encoding == "" {
			s.encoding = "hex"
		}
		if s.signed == "" {
			s.signed = "{body}"
		}
		return s
	case "bearer":
		if v.Header != "" {
			return scheme{header: v.Header, prefix: v.Prefix}
		}
		return scheme{header: "Authorization", prefix: "Bearer "}
	}
	return scheme{}
}

func (v Verify) validate(fault func(what, field, mend string)) {
	if !slices.Contains(Schemes(), v.Scheme) {
		fault("there is no such scheme of signatures", "verify.scheme", "write "+strings.Join(Schemes(), ", "))
		return
	}
	if v.Scheme == "none" {
		if len(v.Secrets) > 0 {
			fault("scheme none has secrets, which nothing would look at", "verify.secrets", "name the scheme that they are for, or remove them")
		}
	} else if len(v.Secrets) == 0 {
		fault("the scheme needs at least one secret", "verify.secrets", `add one, best through a variable: ["${HOOK_SECRET}"]`)
	}
	for _, s := range v.Secrets {
		switch {
		case s == "":
			fault("a secret is empty", "verify.secrets", "set the variable that it comes from")
		case v.Scheme == "basic" && !strings.Contains(s, ":"):
			fault("a secret of scheme basic is not user:password", "verify.secrets", "write it as user:password")
		case v.Scheme == "standard":
			if _, err := standardKey(s); err != nil {
				fault("a secret of scheme standard is not whsec_ and base64", "verify.secrets", "copy it from the sender as it is")
			}
		}
	}
	v.validateOwn(fault)
}

// validateOwn looks at what only a scheme that is described needs.
func (v Verify) validateOwn(fault func(what, field, mend string)) {
	own := v.Encoding + v.Digest + v.Timestamp + v.Signed
	if v.Scheme != "hmac" && (own != "" || v.Scheme != "bearer" && v.Header+v.Prefix != "") {
		fault("the scheme says itself where and what is signed", "verify", "remove header, prefix, encoding, digest, timestamp and signed, or write scheme: hmac")
	}
	if v.Scheme != "hmac" {
		return
	}
	if v.Header == "" {
		fault("scheme hmac does not say which header holds the signature", "verify.header", "add for example header: X-Signature")
	}
	if !slices.Contains([]string{"", "hex", "base64"}, v.Encoding) {
		fault("there is no such encoding", "verify.encoding", "write hex or base64")
	}
	if !slices.Contains([]string{"", "sha256", "sha512", "sha1"}, v.Digest) {
		fault("there is no such digest", "verify.digest", "write sha256, sha512 or sha1")
	}
	if v.Signed != "" && strings.Count(v.Signed, "{body}") != 1 {
		fault("what is signed does not hold {body} once", "verify.signed", `write for example "{timestamp}.{body}"`)
	}
	if (v.Timestamp != "") != strings.Contains(v.Signed, "{timestamp}") {
		fault("a time guards against replays only if it is signed", "verify.timestamp", "name its header as timestamp, and {timestamp} in signed; or neither")
	}
}

// standardKey decodes a secret as Standard Webhooks writes it.
func standardKey(secret string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err == nil && len(key) == 0 {
		err = errs.New("bad_value", "a secret is empty")
	}
	return key, err
}
