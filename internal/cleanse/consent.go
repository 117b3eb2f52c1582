package cleanse

import (
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// The attributes of a consent record, and its statuses.
const (
	attrChannel = "channel"
	attrProof   = "proof"
	attrPurpose = "purpose"
	attrStatus  = "status"

	statusGranted    = "granted"
	statusDenied     = "denied"
	statusSuppressed = "suppressed"
	statusLifted     = "lifted" // takes a suppression back, and is kept as denied: it grants nothing
)

// consent makes the attributes channel, proof, purpose and status. A status that
// cannot be read must not be taken for a yes or a no, so the record is set aside. A
// suppression, and the word that lifts it, may name no purpose: they mean all.
func (w *worker) consent(st *stream, r *record.Record) {
	c := st.consent
	if r.Op == record.Delete {
		return
	}
	purpose := strings.ToLower(consentText(r, c.Purpose))
	status := statusOf(consentText(r, c.Status))
	if status == "" {
		r.Quarantine(CodeConsentStatus, c.Status, "the status is none of granted, denied, suppressed and lifted, nor a known word for one")
		return
	}
	if purpose == "" && status != statusSuppressed && status != statusLifted {
		r.Quarantine(CodeConsentPurpose, c.Purpose, "the consent names no purpose, and only a suppression needs none")
		return
	}
	if status == statusLifted {
		status = statusDenied
	}
	add := func(name, value string) {
		if value != "" {
			r.Attrs = append(r.Attrs, record.Attr{Name: name, Value: record.StringValue(value)})
		}
	}
	add(attrChannel, strings.ToLower(consentText(r, c.Channel)))
	add(attrProof, consentText(r, c.Proof))
	add(attrPurpose, purpose) // none: all
	add(attrStatus, status)
}

// consentText reads a path, or gives the constant between single quotes.
func consentText(r *record.Record, from string) string {
	if n := len(from); n >= 2 && from[0] == '\'' && from[n-1] == '\'' {
		return strings.TrimSpace(from[1 : n-1])
	}
	if from == "" {
		return ""
	}
	v, _ := fieldValue(r.Fields, from)
	return strings.TrimSpace(v.Text())
}

// IsConsentStatus reports whether a consent stream's status can be read from s.
func IsConsentStatus(s string) bool { return statusOf(strings.TrimSpace(s)) != "" }

// statusOf reads the words that consent tools write.
func statusOf(s string) string {
	s = strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(s))
	switch s {
	case "granted", "grant", "true", "yes", "y", "1", "allow", "allowed", "accepted", "opt_in", "opted_in", "optin", "subscribe", "subscribed", "given":
		return statusGranted
	case "denied", "deny", "false", "no", "n", "0", "disallowed", "declined", "rejected", "refused", "opt_out", "opted_out", "optout", "unsubscribe", "unsubscribed", "revoked", "withdrawn":
		return statusDenied
	case "suppressed", "suppress", "do_not_contact", "dnc", "blocked":
		return statusSuppressed
	case "lifted", "unsuppressed", "unsuppress", "unblocked":
		return statusLifted
	}
	return ""
}
