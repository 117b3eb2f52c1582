package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/quality"
)

func unset(string) (string, bool) { return "", false }

func writeProject(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), config.FileName)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRulesAreReadWithoutTheRest: the rules of a file that names secrets, variables and
// files that are not there are those that it has where they are.
func TestRulesAreReadWithoutTheRest(t *testing.T) {
	const rest = `
data: ${NOWHERE}
server: {listen: "0.0.0.0:${PORT}", tls: {cert: none.pem, key: none.pem}}
warehouse: {memory: "${MEMORY}"}
engine: {cluster: {hash_key: "${HASH_KEY}", kafka: {brokers: ["${BROKER}"]}, postgres: {dsn: "${DSN}"}}}
destinations: {mailer: {type: webhook, url: "${URL}", secret: "file:none"}}
`
	const text = `name: shop
sources:
  crm: {type: file, path: "%s/*.csv", sftp: {password: "${PASSWORD}"}}
  web: {type: tracking, write_keys: ["file:%s"], max_events: "${MANY:-7}"}
  pay: {type: webhook, path: /hooks/pay, verify: {scheme: stripe, secrets: ["${PAY:-whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}"]}}
streams:
  crm.contacts: {kind: customer, key: id, attributes: {age: {from: age, clean: [number]}}, expect: [{check: not_null, column: age}]}
  pay.events: {kind: event}
identity: {identifiers: [{type: email, max_per_profile: 3}]}
golden: {"*": {source_priority: [crm, web]}}
`
	path := writeProject(t, strings.NewReplacer("%s/", "${NOWHERE}/", "file:%s", "file:none").Replace(text)+rest)
	rules, err := config.LoadRules(path, unset)
	if err != nil {
		t.Fatal(err)
	}
	whole := writeProject(t, strings.NewReplacer("%s/", "", "file:%s", "key", `, sftp: {password: "${PASSWORD}"}`, "").Replace(text))
	tree, err := config.Load(whole, unset)
	if err != nil {
		t.Fatal(err)
	}
	if rules.Fingerprint() != tree.Rules.Fingerprint() {
		t.Errorf("they differ:\n%s", config.NewPlan(tree.Rules, rules))
	}
	folder, err := config.LoadRules(filepath.Dir(whole), unset)
	if err != nil || folder.Fingerprint() != tree.Rules.Fingerprint() {
		t.Errorf("by its folder: %v", err)
	}
	for old, faulty := range map[string]string{
		"kind: customer":     "kind: customers",
		"clean: [number]":    "clean: [numbers]",
		"check: not_null":    "check: no_null",
		"type: tracking":     "type: trackings",
		"max_per_profile: 3": "max_per_profiles: 3",
		"path: \"%s":         "paths: \"%s",
		"golden:":            "goldens:",
		"[number]":           `["${STEP}"]`,
	} {
		if _, err := config.LoadRules(writeProject(t, strings.Replace(text, old, faulty, 1)), unset); err == nil {
			t.Errorf("%s is no fault", faulty)
		}
	}
}

func TestSentRulesAreChecked(t *testing.T) {
	tree := mustParse(t, shop)
	sent, err := tree.Rules.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	back, err := config.ReadRules(sent)
	if err != nil || back.Fingerprint() != tree.Rules.Fingerprint() {
		t.Fatalf("they change on their way: %v", err)
	}
	for _, bad := range []string{``, `null x`, `[]`, `{"streams":{}}`, `{"stream":[]}`, `{"streams":[{"stream":"a.b","kinds":1}]}`,
		`{"cleanse":[{"stream":"a.b","attributes":[{"name":"x","from":"x","steps":[{"name":"none"}]}]}]}`,
		`{"quality":[{"stream":"a.b","checks":[{"check":"regex","column":"x","patterns":["("]}]}]}`} {
		if _, err := config.ReadRules([]byte(bad)); !errs.Is(err, config.CodeBadFix) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// FuzzReadRules has any bytes refused, or taken by all that a trial does with rules.
func FuzzReadRules(f *testing.F) {
	tree, err := config.Parse("kith.yaml", []byte(shop), environment)
	if err != nil {
		f.Fatal(err)
	}
	sent, err := tree.Rules.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sent)
	f.Add([]byte(`{"streams":[{"stream":"a.b","kind":250,"schema":{"fields":[{"path":"x","type":9}]}}],"golden":{"rules":null}}`))
	f.Add([]byte(`{"quality":[{"stream":"a.b","checks":[{"check":"range","column":"x","min":"0"}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		rules, err := config.ReadRules(data)
		if err != nil {
			if !errs.Is(err, config.CodeBadFix) {
				t.Fatal(err)
			}
			return
		}
		config.NewPlan(tree.Rules, rules)
		for _, err := range []error{
			contract.New(contract.Deps{}).Install(1, rules.Streams), cleanse.New().Install(1, rules.Cleanse), quality.New().Install(1, rules.Quality),
		} {
			if err != nil {
				t.Fatalf("rules that were taken cannot be installed: %v", err)
			}
		}
	})
}
