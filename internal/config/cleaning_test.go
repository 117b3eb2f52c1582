package config_test

import (
	"fmt"
	"strings"
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

// TestFillSettings reads what an attribute is where nothing is said, and tells at its
// line where that would name a person.
func TestFillSettings(t *testing.T) {
	const head = `name: x
sources: {crm: {type: file, path: "*.csv"}}
streams:
  crm.contacts:
    kind: customer
    key: id
    identifiers: {email: mail}
    attributes:
`
	tree := mustParse(t, head+`      city: {}
      country: {from: land, clean: [country], fill: {by: city, map: {Leeds: GB}, value: DE}}
      points: {default: 0}
      vip: {default: false}
      zip: {default: "01234"}
`)
	want := []*cleanse.FillConfig{nil, {Value: &cleanse.Constant{Text: "DE"}, By: "city", Map: map[string]cleanse.Constant{"Leeds": {Text: "GB"}}},
		{Value: &cleanse.Constant{Text: "0", Type: "integer"}}, {Value: &cleanse.Constant{Text: "false", Type: "boolean"}}, {Value: &cleanse.Constant{Text: "01234"}}}
	for i, a := range tree.Rules.Cleanse[0].Attributes {
		if d := cmp.Diff(want[i], a.Fill); d != "" {
			t.Error(a.Name, d)
		}
	}
	for _, c := range []struct {
		line int
		text string
	}{
		{9, "      email: {from: mail, fill: {value: nobody@example.com}}\n"},
		{9, "      email: {from: mail, default: nobody@example.com}\n"},
		{9, "      a: {default: 1, fill: {value: 1}}\n"},
		{10, "      a: x\n      b: {fill: {by: c, map: {x: 1}}}\n"},
		{9, "      a: {clean: [country], fill: {value: Ruritania}}\n"},
	} {
		_, err := parse(t, head+c.text)
		faults := faultsOf(t, err)
		if len(faults) != 1 || faults[0].Code != "attribute_fill" || !strings.Contains(faults[0].Where, fmt.Sprintf(".yaml:%d:", c.line)) {
			t.Errorf("%q gives %v", c.text, faults)
		}
	}
}
