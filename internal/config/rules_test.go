package config_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/contract"
)

var update = flag.Bool("update", false, "rewrite the files that are made from the code")

// same compares a committed file with what the code makes, or rewrites it.
func same(t *testing.T, name string, made []byte) {
	t.Helper()
	path := filepath.Join("..", "..", "docs", name)
	if *update {
		if err := os.WriteFile(path, made, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != string(made) {
		t.Errorf("docs/%s is not what the code makes (%v): run make generate", name, err)
	}
}

func TestReferenceIsCurrent(t *testing.T) {
	same(t, "configuration.md", config.ReferenceMarkdown())
	same(t, "kith.schema.json", config.SchemaJSON())
}

func TestSchemaTakesTheProjectAndRefusesFaults(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(config.SchemaJSON())))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("kith.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("kith.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	check := func(text string) error {
		var v any
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		return schema.Validate(v)
	}
	for _, good := range []string{shop, clustered, bare} {
		if err := check(good); err != nil {
			t.Errorf("the schema refuses a good file: %v", err)
		}
	}
	for _, bad := range []string{
		"name: p\nsorces: {}\n",
		"name: p\nsources: {a: {type: ftp}}\n",
		"name: p\npipeline: {batch_records: 0}\n",
		"name: p\nstreams: {a.b: {kind: person}}\n",
		"data: x\n",
		"name: p\nstreams: {a.b: {kind: customer, seq: {from: x, format: dym}}}\n",
		"name: p\nengine: cluster\n",
		"name: p\nengine: {cluster: {}}\n",
		"name: p\nengine: {cluster: {kafka: {brokers: k:1, compression: gzip}, postgres: {dsn: x}}}\n",
	} {
		if check(bad) == nil {
			t.Errorf("the schema takes %q", bad)
		}
	}
}

// reordered says what shop says, in another order and with other words around it.
const reordered = `# another hand wrote this
golden: {"*": {rule: source_priority, sources: [crm, shop, web]}, email: {rule: most_recent}}
identity:
  match: {accept: 0.99, review: 0.90}
  identifiers:
    - {max_per_profile: 1, type: user_id}
    - type: email
      block: test@*
      max_neighbours: 20
      max_per_profile: 5
    - {type: phone, max_neighbours: 10}
    - {type: anonymous_id, max_neighbours: 5}
streams:
  shop.orders: {key: id, kind: object, from: shop, on_drift: evolve}
  crm.contacts:
    expect: [{column: email, check: not_null, mostly: 0.95}]
    attributes:
      phone: {clean: [phone: {region: GB}], from: mobile}
      email: {clean: email}
      first_name: {clean: [trim, name], from: first}
    identifiers: {phone: [mobile], email: email}
    occurred: updated_at
    seq: updated_at
    key: contact_id
    kind: customer
sources:
  shop: {path: elsewhere.ndjson, type: file}
  crm: {path: other.csv, type: file}
  web: {type: tracking, write_keys: other}
name: another
`

func TestFingerprintIsOfTheRulesAlone(t *testing.T) {
	a, b := mustParse(t, shop), mustParse(t, reordered)
	x, errX := a.Rules.Marshal()
	y, errY := b.Rules.Marshal()
	if errX != nil || errY != nil || string(x) != string(y) {
		t.Errorf("equal rules differ:\n%s\n%s", x, y)
	}
	if f := a.Rules.Fingerprint(); len(f) != 64 || f != b.Rules.Fingerprint() {
		t.Errorf("fingerprints %s and %s", f, b.Rules.Fingerprint())
	}
	c := mustParse(t, strings.Replace(shop, "max_neighbours: 10", "max_neighbours: 11", 1))
	if c.Rules.Fingerprint() == a.Rules.Fingerprint() {
		t.Error("a changed rule leaves the fingerprint")
	}
	if !config.NewPlan(a.Rules, b.Rules).Empty() {
		t.Error("a plan between equal rules")
	}
}

func TestPlan(t *testing.T) {
	base := mustParse(t, shop).Rules
	cases := []struct {
		name, old, now string
		subjects       string
		generation     bool
		says           string
	}{
		{"limit", "max_neighbours: 10", "max_neighbours: 11", "identity", true, "changes the limits of phone"},
		{"type", "    - {type: phone, max_neighbours: 10}\n", "    - {type: loyalty}\n    - {type: phone, max_neighbours: 10}\n", "identity", true, "adds loyalty"},
		{"rule", "email: most_recent", "email: longest", "golden", true, "golden rule of email"},
		{"default", "[crm, shop, web]", "[shop, crm, web]", "golden", true, "every attribute"},
		{"cleansing", "clean: [trim, name]", "clean: [name]", "crm.contacts", false, "changes its attributes (first_name): "},
		{"attribute", "first_name: {from", "given_name: {from", "crm.contacts", false, "changes its attributes (first_name is dropped, given_name is new): "},
		{"check", "mostly: 0.95", "mostly: 0.9", "crm.contacts", false, "changes its expect"},
		{"order of a date", "seq: updated_at", "seq: {from: updated_at, format: dmy}", "crm.contacts", false, "the greatest seq still wins, whichever version gave it"},
		{"zone", "occurred: updated_at", "occurred: {from: updated_at, zone: Europe/Berlin}", "crm.contacts", false, "changes its occurred: "},
		{"key", "key: contact_id", "key: email", "crm.contacts", false, "changes its key"},
		{"stream", "shop.orders:", "shop.tickets:", "shop.orders shop.tickets", false, "is dropped"},
		{"source alone", "exports/crm-*.csv", "other/*.csv", "", false, "nothing changes"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := config.NewPlan(base, mustParse(t, strings.Replace(shop, c.old, c.now, 1)).Rules)
			var subjects []string
			for _, ch := range p.Changes {
				subjects = append(subjects, ch.Subject)
			}
			if got := strings.Join(subjects, " "); got != c.subjects || p.NeedsGeneration != c.generation || !strings.Contains(p.String(), c.says) {
				t.Errorf("subjects %q, generation %v:\n%s", got, p.NeedsGeneration, p)
			}
		})
	}
}

func TestDriftPoliciesByColumnAndKind(t *testing.T) {
	tree := mustParse(t, stream("    on_drift: {default: freeze, new_columns: evolve, types: discard_value, columns: {email: discard_row, address.city: freeze}}"))
	s := tree.Rules.Streams[0]
	if s.OnDrift != contract.Freeze || s.Drift == nil || s.Drift.NewColumns != contract.Evolve || s.Drift.Types != contract.DiscardValue ||
		len(s.Drift.Columns) != 2 || s.Drift.Columns["address.city"] != contract.Freeze {
		t.Errorf("%s %+v", s.OnDrift, s.Drift)
	}
	if s := mustParse(t, stream("    on_drift: {default: freeze}")).Rules.Streams[0]; s.OnDrift != contract.Freeze || s.Drift != nil {
		t.Errorf("one policy written as several is not that policy: %s %+v", s.OnDrift, s.Drift)
	}
	if _, err := parse(t, stream("    on_drift: {types: bend}")); err == nil {
		t.Error("an unknown policy is taken")
	}
}
