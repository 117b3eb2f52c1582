package cleanse

import (
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// mailbox asks for e-mail identifiers by mailbox, where phone numbers have a region.
const mailbox = "mailbox"

// mailboxOf writes an address as its provider delivers it: large providers ignore
// what follows a plus sign, and some of them dots. It is for matching alone.
func mailboxOf(v record.Value) (record.Value, bool) {
	v, ok := email(v)
	if !ok || v.IsNull() {
		return v, ok
	}
	local, domain, _ := strings.Cut(v.S, "@")
	dots := false
	switch domain {
	case "gmail.com", "googlemail.com":
		domain, dots = "gmail.com", true
	case "outlook.com", "outlook.de", "outlook.fr", "hotmail.com", "hotmail.co.uk", "hotmail.de", "hotmail.es", "hotmail.fr", "hotmail.it", "live.com", "live.co.uk", "live.fr", "live.nl", "msn.com", "icloud.com", "me.com", "fastmail.com", "proton.me", "protonmail.com", "pm.me":
	default:
		return v, true
	}
	if head, _, tagged := strings.Cut(local, "+"); tagged && head != "" {
		local = head
	}
	if dots {
		local = strings.ReplaceAll(local, ".", "")
	}
	return record.StringValue(local + "@" + domain), true
}
