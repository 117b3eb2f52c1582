package config_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/kithdata/kith/internal/config"
)

// TestPersonalPathsAreNotTold: those of identifiers, of attributes that are of a person by
// name, and of those that are cleansed as something of one.
func TestPersonalPathsAreNotTold(t *testing.T) {
	tree, err := config.Parse(filepath.Join(t.TempDir(), "kith.yaml"), []byte(`name: shop
sources: {crm: {type: file, path: crm.csv}}
streams:
  crm.contacts:
    kind: customer
    key: id
    identifiers: {email: mail_to}
    attributes:
      first_name: {from: vorname, clean: [trim]}
      region: {from: gebiet, clean: [{region: {country: GB}}]}
      whole: {from: [a, b], clean: [{join: {with: " "}}]}
      tier: {from: stufe, clean: [trim, upper]}
      plan: tarif
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	got := tree.Rules.Told()[0].Personal
	slices.Sort(got)
	if want := []string{"a", "b", "gebiet", "mail_to", "vorname"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if tree.Rules.Streams[0].Personal != nil {
		t.Error("what follows from the rules became part of them")
	}
}
