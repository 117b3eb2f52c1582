package cli

import (
	"regexp"
	"strings"

	"github.com/kithdata/kith/internal/api/client"
	"github.com/kithdata/kith/internal/kit/errs"
)

const codeRef errs.Code = "bad_reference"

// profileID is how ids of profiles are written.
var profileID = regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{26}$`)

// parseRef reads how people name a person on the command line: TYPE=VALUE,
// SOURCE/STREAM/KEY, STREAM/KEY (a stream's name begins with its source's) or a
// profile's id. The text is not told again in the fault: it may be personal data.
func parseRef(s string) (client.Ref, error) {
	if kind, value, ok := strings.Cut(s, "="); ok && kind != "" && value != "" && !strings.Contains(kind, "/") {
		return client.Ref{Identifier: &client.Identifier{Type: kind, Value: value}}, nil
	}
	if c, ok := parseCustomer(s); ok {
		return client.Ref{Customer: &c}, nil
	}
	if profileID.MatchString(s) {
		return client.Ref{Profile: &s}, nil
	}
	return client.Ref{}, errs.New(codeRef, "an argument names nobody").
		Fix("write an identifier like email=jo@example.com, a source's record like crm/crm.contacts/42, or a profile's id")
}

func parseCustomer(s string) (c client.CustomerRef, ok bool) {
	head, rest, _ := strings.Cut(s, "/")
	source, name, isStream := strings.Cut(head, ".")
	key := rest
	if !isStream {
		name, key, _ = strings.Cut(rest, "/")
		name = strings.TrimPrefix(name, source+".")
	}
	return client.CustomerRef{Source: source, Stream: source + "." + name, Key: key}, source != "" && name != "" && key != ""
}

func parseRefs(args ...string) ([]client.Ref, error) {
	refs := make([]client.Ref, len(args))
	for i, s := range args {
		var err error
		if refs[i], err = parseRef(s); err != nil {
			return nil, err
		}
	}
	return refs, nil
}

// refText is parseRef's inverse.
func refText(r client.Ref) string {
	switch {
	case r.Identifier != nil:
		return r.Identifier.Type + "=" + r.Identifier.Value
	case r.Customer != nil:
		return r.Customer.Source + "/" + r.Customer.Stream + "/" + r.Customer.Key
	}
	return text(r.Profile)
}
