package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/source/webhook"
)

const hooks = `name: p
sources:
  billing:
    type: webhook
    path: /hooks/pay
    verify: {scheme: hmac, secrets: ["${WEB_KEY}"], header: X-Sig, prefix: "v0=", encoding: base64, digest: sha512, timestamp: X-Time, signed: "{timestamp}.{body}"}
    tolerance: 2m
    event_header: X-Event
    id: meta.id
    max_body: 1MiB
    max_records: 10
  crm: {type: webhook, verify: {scheme: none}}
streams:
  billing.customers: {kind: customer, key: id, match: "customer.*", deletes: customer.deleted}
  billing.rest: {kind: event, match: ["*"], records: data.items, with: [created]}
  crm.events: {kind: event}
`

func TestWebhookSources(t *testing.T) {
	tree := mustParse(t, hooks)
	want := []webhook.Config{
		{Name: "billing", Path: "/hooks/pay", Tolerance: 2 * time.Minute, EventHeader: "X-Event", ID: "meta.id", MaxBody: 1 << 20, MaxRecords: 10,
			Verify:  webhook.Verify{Scheme: "hmac", Secrets: []string{"wk-1"}, Header: "X-Sig", Prefix: "v0=", Encoding: "base64", Digest: "sha512", Timestamp: "X-Time", Signed: "{timestamp}.{body}"},
			Streams: []webhook.Stream{{Stream: "billing.customers", Match: []string{"customer.*"}, Deletes: []string{"customer.deleted"}}, {Stream: "billing.rest", Match: []string{"*"}, Records: "data.items", With: []string{"created"}}}},
		{Name: "crm", Verify: webhook.Verify{Scheme: "none"}, Streams: []webhook.Stream{{Stream: "crm.events"}}},
	}
	if diff := cmp.Diff(want, tree.Hooks); diff != "" {
		t.Error(diff)
	}
	if notes := config.HookCautions(tree); len(notes) != 1 || !strings.Contains(notes[0], "crm") {
		t.Errorf("who believes anybody is told of: %q", notes)
	}
}

func TestWebhookFaults(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string
		code     errs.Code
		says     string
	}{
		"no scheme at all":    {`{type: webhook, verify: {scheme: none}}`, `{type: webhook}`, config.CodeKeyMissing, "verify"},
		"an unknown scheme":   {`scheme: none`, `scheme: strip`, config.CodeValueChoice, "stripe"},
		"no secret":           {`scheme: none`, `scheme: github`, "bad_value", "secret"},
		"a path elsewhere":    {`/hooks/pay`, `/v1/track`, "bad_value", "/hooks/"},
		"one path for two":    {`/hooks/pay`, `/hooks/crm`, "bad_value", "path"},
		"which is whose":      {`match: ["*"], `, ``, config.CodeStreamMatch, "billing.rest"},
		"no glob":             {`match: ["*"]`, `match: ["["]`, config.CodeStreamMatch, "pattern"},
		"no stream":           {"  crm.events: {kind: event}\n", "", config.CodeStreamMatch, "crm"},
		"with and no records": {`records: data.items, `, ``, config.CodeStreamMatch, "records"},
		"no key":              {`key: id, `, ``, config.CodeKeyMissing, "key"},
		"files of a webhook":  {`{kind: event}`, `{kind: event, files: "*"}`, config.CodeStreamFiles, "files"},
		"match of a file": {"streams:\n", "  disk: {type: file, path: x.csv}\nstreams:\n  disk.rows: {kind: event, match: [x]}\n",
			config.CodeStreamMatch, "webhook"},
	} {
		text := strings.Replace(hooks, c.old, c.new, 1)
		if text == hooks {
			t.Fatalf("%s changes nothing", name)
		}
		_, err := parse(t, text)
		if !errs.Is(err, c.code) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: want %s saying %q; have %v", name, c.code, c.says, err)
		} else if strings.Contains(err.Error(), "wk-1") {
			t.Errorf("%s shows a secret: %v", name, err)
		}
	}
}
