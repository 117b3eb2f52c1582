package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/cleanse"
)

// TestCleansingSettings reads an attribute of several fields, the short forms of steps,
// and a setting of identity that every stream's cleansing obeys.
func TestCleansingSettings(t *testing.T) {
	tree := mustParse(t, `name: x
sources: {crm: {type: file, path: "*.csv"}}
identity: {identifiers: [{type: email, mailbox: true}]}
streams:
  crm.contacts:
    kind: customer
    key: id
    identifiers: {email: mail}
    attributes:
      name: {from: [first, last], clean: [trim, {join: " "}]}
      postcode: {clean: [{postcode: GB}]}
      gender: {from: sex, clean: [{map: {m: male, "*": ""}}]}
      host: {from: [site], clean: [{url: host}]}
`)
	want := []cleanse.AttributeConfig{
		{Name: "gender", From: "sex", Steps: []cleanse.StepConfig{{Name: "map", Args: map[string]string{"m": "male", "*": ""}}}},
		{Name: "host", From: "site", Steps: []cleanse.StepConfig{{Name: "url", Args: map[string]string{"part": "host"}}}},
		{Name: "name", From: "first", More: []string{"last"}, Steps: []cleanse.StepConfig{{Name: "trim"}, {Name: "join", Args: map[string]string{"with": " "}}}},
		{Name: "postcode", From: "postcode", Steps: []cleanse.StepConfig{{Name: "postcode", Args: map[string]string{"country": "GB"}}}},
	}
	c := tree.Rules.Cleanse[0]
	if d := cmp.Diff(want, c.Attributes); d != "" || !c.Mailbox {
		t.Fatal(c.Mailbox, d)
	}
	_, err := parse(t, `name: x
sources: {crm: {type: file, path: "*.csv"}}
identity: {identifiers: [{type: phone, mailbox: true}]}
streams: {crm.contacts: {kind: customer, key: id, attributes: {p: {clean: [postcode, {url: everything}]}}}}
`)
	if faults := faultsOf(t, err); len(faults) != 3 {
		t.Fatal(faults)
	}
}
