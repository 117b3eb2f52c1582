package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/kit/errs"
)

// shop is a project that uses most of what there is.
const shop = `name: harbour-and-pine
data: ./data                          # embedded log, state and warehouse live here
sources:
  web:  {type: tracking, write_keys: ["${WEB_KEY}"]}
  crm:  {type: file, path: "exports/crm-*.csv"}
  shop: {type: file, path: "exports/orders.ndjson"}
streams:
  crm.contacts:
    from: crm
    kind: customer
    key: contact_id
    seq: updated_at
    occurred: updated_at
    contract: contracts/contact.json
    on_drift: evolve
    identifiers: {email: email, phone: mobile}
    attributes:
      first_name: {from: first, clean: [trim, name]}
      email:      {from: email, clean: [email]}
      phone:      {from: mobile, clean: [{phone: {region: GB}}]}
    expect:
      - {check: not_null, column: email, mostly: 0.95}
  shop.orders: {kind: object, key: id}
identity:
  identifiers:
    - {type: user_id, max_per_profile: 1}
    - {type: email, max_per_profile: 5, max_neighbours: 20, block: ["test@*"]}
    - {type: phone, max_neighbours: 10}
    - {type: anonymous_id, max_neighbours: 5}
  match: {accept: 0.99, review: 0.90}
golden:
  email: most_recent
  "*":   {source_priority: [crm, shop, web]}
warehouse: {type: duckdb}
destinations:
  mailer: {type: webhook, url: "${MAILER_URL}", on: [profile.changed]}
engine: embedded
`

func environment(name string) (string, bool) {
	v, ok := map[string]string{"WEB_KEY": "wk-1", "MAILER_URL": "https://mailer.example.com/hook", "EMPTY": "", "N": "7"}[name]
	return v, ok
}

func parse(t *testing.T, text string) (*config.Tree, error) {
	t.Helper()
	return config.Parse(filepath.Join(t.TempDir(), "kith.yaml"), []byte(text), environment)
}

func mustParse(t *testing.T, text string) *config.Tree {
	t.Helper()
	tree, err := parse(t, text)
	if err != nil {
		t.Fatalf("does not parse:\n%v", err)
	}
	return tree
}

func TestAWholeProject(t *testing.T) {
	tree := mustParse(t, shop)
	if tree.Name != "harbour-and-pine" || !filepath.IsAbs(tree.Data) || filepath.Base(tree.Data) != "data" {
		t.Errorf("name %q, data %q", tree.Name, tree.Data)
	}
	if tree.Engine.Embedded == nil || tree.Engine.Embedded.Dir != tree.Data {
		t.Errorf("engine %+v", tree.Engine)
	}
	if len(tree.Files) != 2 || tree.Files[0].Name != "crm" || len(tree.Files[0].Streams) != 1 || tree.Files[0].Streams[0].Stream != "crm.contacts" {
		t.Errorf("files %+v", tree.Files)
	}
	if len(tree.Tracking) != 1 || tree.Tracking[0].WriteKeys[0] != "wk-1" {
		t.Errorf("tracking %+v", tree.Tracking)
	}
	if len(tree.Webhooks) != 1 || tree.Webhooks[0].URL != "https://mailer.example.com/hook" {
		t.Errorf("webhooks %+v", tree.Webhooks)
	}
	if got := tree.Contracts["crm.contacts"]; filepath.Base(got) != "contact.json" || !filepath.IsAbs(got) {
		t.Errorf("contract at %q", got)
	}
	var names []string
	for _, s := range tree.Rules.Streams {
		names = append(names, s.Stream+":"+s.Kind.String())
	}
	want := "crm.contacts:customer shop.orders:object web.aliases:event web.events:event web.groups:object web.identifies:event web.memberships:event web.pages:event web.screens:event web.users:customer"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("streams\n%s, want\n%s", got, want)
	}
	c := tree.Rules.Cleanse[0]
	if c.Attributes[2].Steps[0].Args["region"] != "GB" || c.Attributes[1].Name != "first_name" || c.Attributes[1].Steps[1].Name != "name" {
		t.Errorf("attributes %+v", c.Attributes)
	}
	if len(c.Identifiers) != 2 || c.Identifiers[1] != (cleanse.IdentifierConfig{Type: "phone", From: "mobile"}) {
		t.Errorf("identifiers %+v", c.Identifiers)
	}
	if q := tree.Rules.Quality; len(q) != 1 || q[0].Checks[0].Mostly != 0.95 {
		t.Errorf("quality %+v", q)
	}
	if g := tree.Rules.Golden; g.Default.Rule != "source_priority" || len(g.Default.Sources) != 3 || g.Rules[0].Attribute != "email" {
		t.Errorf("golden %+v", g)
	}
}

// stream wraps one stream's lines into a project.
func stream(lines string) string {
	return "name: p\nsources:\n  crm: {type: file, path: a.csv}\nstreams:\n  crm.rows:\n    kind: customer\n    key: id\n" + lines
}

func TestFaults(t *testing.T) {
	base := "name: p\n"
	cases := []struct {
		name, text string
		code       errs.Code
		place      string // line:column
		says       string
	}{
		{"unknown key", base + "sorces: {}\n", config.CodeKeyUnknown, "2:1", "did you mean sources?"},
		{"missing name", "data: x\n", config.CodeKeyMissing, "1:1", "name is missing"},
		{"empty file", "", config.CodeKeyMissing, "1:1", "name is missing"},
		{"key twice", base + "name: q\n", config.CodeKeyTwice, "2:1", "line 1"},
		{"not yaml", base + "a: [\n", config.CodeSyntax, "", "not YAML"},
		{"list for map", base + "sources: [a]\n", config.CodeValueType, "2:10", "sources is a list"},
		{"map for text", "name: {a: b}\n", config.CodeValueType, "1:7", "name is a map"},
		{"unset variable", "name: ${NOPE}\n", config.CodeVariableUnset, "1:7", "set NOPE in the environment"},
		{"unclosed variable", "name: \"${NOPE\"\n", config.CodeSyntax, "1:7", "close"},
		{"bad variable", "name: \"${1 2}\"\n", config.CodeSyntax, "1:7", "letters, digits"},
		{"unknown source type", base + "sources: {db: {type: postgres, dsn: x}}\n", config.CodeSourceType, "2:22", "file, tracking or webhook"},
		{"no source type", base + "sources: {db: {path: x}}\n", config.CodeKeyMissing, "2:15", "sources.db.type"},
		{"unknown destination type", base + "destinations: {m: {type: s3}}\n", config.CodeDestType, "2:26", "webhook"},
		{"bad duration", base + "warehouse: {step_time: soon}\n", config.CodeValueType, "2:24", "500ms"},
		{"negative duration", base + "warehouse: {step_time: -1s}\n", config.CodeValueType, "2:24", "500ms"},
		{"bad size", base + "warehouse: {memory: lots}\n", config.CodeValueType, "2:21", "256MiB"},
		{"bad integer", base + "pipeline: {batch_records: many}\n", config.CodeValueType, "2:27", "whole number"},
		{"kept for no time", base + "quarantine: {keep: 0s}\n", config.CodeValueType, "2:20", "90d"},
		{"kept too shortly", base + "quarantine: {keep: 10ms}\n", config.CodeValueRange, "2:20", "from 1s"},
		{"out of range", base + "pipeline: {batch_records: 0}\n", config.CodeValueRange, "2:27", "from 1"},
		{"bad boolean", base + "server: {insecure: maybe}\n", config.CodeValueType, "2:20", "true or false"},
		{"bad choice", base + "warehouse: {type: duckbd}\n", config.CodeValueChoice, "2:19", "did you mean duckdb?"},
		{"bad listen", base + "server: {listen: here}\n", config.CodeServer, "2:18", "host:port"},
		{"trusted proxy", base + "server: {trusted_proxies: [10.0.0.0/8, proxy]}\n", "bad_value", "2:40", "no address or network"},
		{"everybody trusted", base + "server: {trusted_proxies: [10.0.0.0/8, \"::/0\"]}\n", config.CodeServer, "2:27", "trusts everybody"},
		{"open listen", base + "server: {listen: \"0.0.0.0:80\"}\n", config.CodeServer, "2:18", "TLS"},
		{"missing certificate", base + "server: {tls: {cert: a.pem, key: b.pem}}\n", config.CodeServer, "2:22", "cannot be read"},
		{"thresholds", base + "identity: {match: {accept: 0.5, review: 0.6}}\n", config.CodeValueRange, "2:41", "review"},
		{"type twice", base + "identity: {identifiers: [{type: a}, {type: a}]}\n", config.CodeKeyTwice, "2:44", "listed twice"},
		{"engine", base + "engine: {clustr: {}}\n", config.CodeKeyUnknown, "2:10", "did you mean cluster?"},
		{"nothing needed", "name:\ndata: x\n", config.CodeKeyMissing, "1:1", "name is empty"},
		{"source name", base + "sources: {\"a b\": {type: tracking, write_keys: [k]}}\n", config.CodeName, "2:11", "letters"},
		{"no write keys", base + "sources: {a: {type: tracking, write_keys: []}}\n", config.CodeKeyMissing, "2:43", "no key"},
		{"bad glob", base + "sources: {a: {type: file, path: \"[x\"}}\nstreams: {a.r: {kind: event}}\n", config.CodeGlob, "2:33", "close every ["},
		{"bad delimiter", base + "sources: {a: {type: file, path: x, delimiter: ab}}\nstreams: {a.r: {kind: event}}\n", config.CodeValueType, "2:47", "one character"},
		{"bad bucket", base + "sources: {a: {type: file, path: \"s3://b\"}}\nstreams: {a.r: {kind: event}}\n", "bad_value", "2:27", "s3://BUCKET/GLOB"},
		{"store in the clear", base + "sources: {a: {type: file, path: \"s3://b/x\", s3: {endpoint: \"http://h\"}}}\nstreams: {a.r: {kind: event}}\n", "bad_value", "2:50", "in the clear"},
		{"no sftp password", base + "sources: {a: {type: file, path: \"sftp://u@h/x\"}}\nstreams: {a.r: {kind: event}}\n", "bad_value", "", "neither a password"},
		{"file without stream", base + "sources: {a: {type: file, path: x}}\n", config.CodeStreamFiles, "2:11", "no stream"},
		{"unknown source", base + "streams: {crm.a: {from: crm, kind: event}}\n", config.CodeSourceUnknown, "2:25", "no source crm"},
		{"near source", stream("  cmr.other: {kind: event}\n"), config.CodeSourceUnknown, "8:3", "did you mean crm?"},
		{"stream of nothing", base + "streams: {a: {kind: event}}\n", config.CodeStreamName, "2:11", "where it comes from"},
		{"stream elsewhere", stream("    from: web\n"), config.CodeStreamName, "8:11", "web.rows"},
		{"stream twice", stream("  rows: {from: crm, kind: event}\n"), config.CodeStreamTwice, "8:3", "described twice"},
		{"streams without files", stream("  crm.b: {kind: event, files: \"b*\"}\n"), config.CodeStreamFiles, "5:3", "which files"},
		{"no kind", base + "sources: {a: {type: file, path: x}}\nstreams: {a.r: {key: id}}\n", config.CodeKeyMissing, "3:11", "kind"},
		{"no key", base + "sources: {a: {type: file, path: x}}\nstreams: {a.r: {kind: object}}\n", config.CodeKeyMissing, "3:11", "key"},
		{"internal network", base + "sources: {a: {type: tracking, write_keys: [k], mark_internal: [10.0.0.0/8, 192.0.2.7, 10.0.0.0/99]}}\n", "bad_value", "2:87", "no address or network"},
		{"snapshot without key", base + "sources: {a: {type: file, path: x, snapshot: true}}\nstreams: {a.r: {kind: object, key: _row}}\n", config.CodeStreamSnapshot, "3:11", "no field is its key"},
		{"snapshot of events", base + "sources: {a: {type: file, path: x, snapshot: true}}\nstreams: {a.r: {kind: event, key: id}}\n", config.CodeStreamSnapshot, "3:11", "does not vanish"},
		{"snapshot with seq", base + "sources: {a: {type: file, path: x, snapshot: true}}\nstreams: {a.r: {kind: object, key: id, seq: at}}\n", config.CodeStreamSnapshot, "3:11", "remove seq"},
		{"snapshot's share", base + "sources: {a: {type: file, path: x, snapshot: true, snapshot_max_deletes: 2}}\nstreams: {a.r: {kind: object, key: id}}\n", config.CodeValueRange, "2:74", "from 0.001 to 1"},
		{"tracking stream", base + "sources: {w: {type: tracking, write_keys: [k]}}\nstreams: {w.user: {}}\n", config.CodeStreamName, "3:11", "did you mean w.users?"},
		{"tracking kind", base + "sources: {w: {type: tracking, write_keys: [k]}}\nstreams: {w.users: {kind: event}}\n", config.CodeStreamKind, "3:27", "kind customer"},
		{"identifier type", stream("    identifiers: {emial: email}\n"), config.CodeIdentifierType, "8:19", "did you mean email?"},
		{"attribute name", stream("    attributes: {\"first name\": first}\n"), config.CodeName, "8:18", "column"},
		{"step", stream("    attributes: {a: {clean: [trin]}}\n"), config.CodeStep, "8:30", "did you mean trim?"},
		{"two steps in one", stream("    attributes: {a: {clean: [{trim: x, name: y}]}}\n"), config.CodeStep, "8:30", "each step"},
		{"check", stream("    expect: [{check: not_nil, column: a}]\n"), config.CodeCheck, "8:14", "did you mean not_null?"},
		{"check argument", stream("    expect: [{check: in_set, column: a}]\n"), config.CodeCheck, "8:14", "values"},
		{"regex", stream("    expect: [{check: regex, column: a, pattern: \"(\"}]\n"), config.CodeCheck, "8:49", "RE2"},
		{"range", stream("    expect: [{check: range, column: a, min: 2, max: 1}]\n"), config.CodeCheck, "8:14", "min above its max"},
		{"mostly", stream("    expect: [{check: not_null, column: a, mostly: 1.5}]\n"), config.CodeValueRange, "8:51", "from 0 to 1"},
		{"golden rule", base + "golden: {email: latest}\n", config.CodeValueChoice, "2:17", "most_recent"},
		{"priority of nothing", base + "golden: {email: source_priority}\n", config.CodeGoldenRule, "2:17", "order"},
		{"priority of unknown", base + "golden: {email: {source_priority: [crm]}}\n", config.CodeSourceUnknown, "2:36", "no source or stream crm"},
		{"webhook address", base + "destinations: {m: {type: webhook, url: \"ftp://x\"}}\n", config.CodeWebhook, "2:40", "https"},
		{"webhook message", base + "destinations: {m: {type: webhook, url: \"https://x.example.com\", on: [profile.change]}}\n", config.CodeWebhook, "2:70", "did you mean profile.changed?"},
		{"webhook secret", base + "destinations: {m: {type: webhook, url: \"https://x.example.com\", secret: hush}}\n", config.CodeWebhook, "2:65", "whsec_"},
		{"webhook condition", base + "destinations: {m: {type: webhook, url: \"https://x.example.com\", when: \"profile.\"}}\n", config.CodeCondition, "2:71", "when"},
		{"golden filter", base + "golden: {email: {filter: \"sorce == 'x'\"}}\n", config.CodeCondition, "2:26", "filter"},
		{"secret file", base + "destinations: {m: {type: webhook, url: \"file:/nowhere/at/all\"}}\n", config.CodeSecretFile, "2:40", "cannot be read"},
		{"contracts of a file", stream("    contracts: {Left: a.json}\n"), config.CodeStreamKind, "8:5", "tracking source"},
		{"unplanned alone", base + "sources: {w: {type: tracking, write_keys: [k]}}\nstreams: {w.events: {unplanned_events: freeze}}\n", config.CodeKeyMissing, "3:22", "no contracts of events"},
		{"contract of an event", base + "sources: {w: {type: tracking, write_keys: [k]}}\nstreams: {w.events: {contracts: {Left: absent.json}}}\n", config.CodeContractFile, "3:40", "does not exist"},
		{"contract name", stream("    contract: a.yaml\n"), config.CodeContractFile, "8:15", ".json"},
		{"consent of customer", stream("    consent: {purpose: p}\n"), config.CodeStreamKind, "8:5", "kind: consent"},
		{"order of a date", stream("    occurred: {from: a, format: dym}\n"), config.CodeValueChoice, "8:33", "did you mean dmy?"},
		{"zone", stream("    occurred: {from: a, format: dmy, zone: Berlin}\n"), contract.CodeTimeFormat, "8:38", "such as Europe/Berlin"},
		{"zone of seq", stream("    seq: {from: a, format: mdy, zone: Local}\n"), contract.CodeTimeFormat, "8:33", "streams.crm.rows.seq.zone"},
		{"pivot", stream("    seq: {from: a, format: dmy, pivot: 1969}\n"), config.CodeValueRange, "8:40", "from 0 to 99"},
		{"pivot of ISO", stream("    seq: {from: a, pivot: 69}\n"), contract.CodeTimeFormat, "8:20", "remove it"},
		{"time without a field", stream("    seq: {format: dmy}\n"), config.CodeKeyMissing, "8:10", "seq.from is missing"},
		{"list of times", stream("    seq: [a, b]\n"), config.CodeValueType, "8:10", "write a text; or a map"},
		{"merge key", base + "x: &a {b: c}\nserver: {<<: *a}\n", config.CodeKeyUnknown, "3:10", "not merged"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse(t, c.text)
			if err == nil {
				t.Fatal("no fault")
			}
			for _, each := range faultsOf(t, err) {
				if each.Code == c.code && (c.place == "" || strings.HasSuffix(each.Where, "kith.yaml:"+c.place)) && strings.Contains(each.Error(), c.says) {
					if each.Mend == "" {
						t.Error("no way to mend it")
					}
					return
				}
			}
			t.Errorf("want %s at %s saying %q; have\n%v", c.code, c.place, c.says, err)
		})
	}
}

// TestHowTimesAreWritten: the long form says the field and how its times are written;
// where it says the field alone it is the short one, and no other version of the rules.
func TestHowTimesAreWritten(t *testing.T) {
	tree := mustParse(t, stream("    seq: {from: changed, format: dmy, zone: Europe/Berlin, pivot: 69}\n    occurred: {from: changed, zone: Europe/Berlin}\n"))
	s := tree.Rules.Streams[0]
	if s.Seq != "changed" || s.SeqTime == nil || s.SeqTime.Format != "dmy" || s.SeqTime.Zone != "Europe/Berlin" || *s.SeqTime.Pivot != 69 {
		t.Errorf("seq %q, %+v", s.Seq, s.SeqTime)
	}
	if s.Occurred != "changed" || s.OccurredTime == nil || *s.OccurredTime != (contract.TimeFormat{Zone: "Europe/Berlin"}) {
		t.Errorf("occurred %q, %+v", s.Occurred, s.OccurredTime)
	}
	short, long := mustParse(t, stream("    seq: changed\n")), mustParse(t, stream("    seq: {from: changed}\n"))
	if short.Rules.Fingerprint() != long.Rules.Fingerprint() {
		t.Error("the long form without more is another version of the rules")
	}
	if other := mustParse(t, stream("    seq: {from: changed, format: dmy}\n")); other.Rules.Fingerprint() == short.Rules.Fingerprint() {
		t.Error("another order of day and month is no other version of the rules")
	}
}

// TestFilesElsewhere: an address is no path of this machine, and what is beside it is read.
func TestFilesElsewhere(t *testing.T) {
	tree, err := parse(t, `name: p
sources:
  a: {type: file, path: "s3://b/x-*.csv", s3: {endpoint: store.example.com, region: r, access_key: k, secret_key: s, path_style: false}}
  b: {type: file, path: "sftp://u@h/x.csv", allow_private: true, sftp: {password: w, host_key: "SHA256:x", known_hosts: hosts}}
streams: {a.r: {kind: event}, b.r: {kind: event}}
`)
	if err != nil {
		t.Fatal(err)
	}
	a, b := tree.Files[0], tree.Files[1]
	if a.Path != "s3://b/x-*.csv" || a.AllowPrivate || a.S3.PathStyle == nil || *a.S3.PathStyle || a.S3.Endpoint != "store.example.com" ||
		a.S3.Region != "r" || a.S3.AccessKey != "k" || a.S3.SecretKey != "s" {
		t.Errorf("%+v", a)
	}
	if b.Path != "sftp://u@h/x.csv" || !b.AllowPrivate || b.SFTP.Password != "w" || len(b.SFTP.HostKeys) != 1 || !filepath.IsAbs(b.SFTP.KnownHosts) {
		t.Errorf("%+v", b)
	}
}

func faultsOf(t *testing.T, err error) []*errs.Error {
	t.Helper()
	var all []*errs.Error
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("not joined: %v", err)
	}
	for _, each := range joined.Unwrap() {
		e, ok := errors.AsType[*errs.Error](each)
		if !ok {
			t.Fatalf("not coded: %v", each)
		}
		all = append(all, e)
	}
	return all
}

func TestAllFaultsAtOnceInOrder(t *testing.T) {
	_, err := parse(t, `name: ${NOPE}
sorces: {}
sources:
  crm: {type: file, path: "[a", wach: true}
  db: {type: postgres, dsn: "${DSN}"}
streams:
  crm.rows: {kind: custmer, key: id, identifiers: {twitter: handle}}
  db.rows: {kind: event}
golden: {"*": {source_priority: [crm, shop]}}
`)
	var got []string
	for _, e := range faultsOf(t, err) {
		place := e.Where[strings.Index(e.Where, "yaml:")+5:]
		got = append(got, fmt.Sprintf("%s %s", place, e.Code))
	}
	want := `1:7 config_variable_unset
2:1 config_key_unknown
4:27 config_glob
4:33 config_key_unknown
5:14 source_type_unknown
7:20 config_value_choice
7:52 identifier_type_unknown
9:39 source_unknown`
	if strings.Join(got, "\n") != want {
		t.Errorf("have\n%s\nwant\n%s\n%v", strings.Join(got, "\n"), want, err)
	}
}

func TestVariables(t *testing.T) {
	for in, want := range map[string]string{
		"a-${N}-b":        "a-7-b",
		"${NOPE:-deflt}":  "deflt",
		"${EMPTY:-deflt}": "deflt",
		"x${EMPTY}y":      "xy",
		"$${N}":           "${N}",
		"${N}${N}":        "77",
		"cost $5":         "cost $5",
	} {
		if got := mustParse(t, "name: \""+in+"\"\n").Name; got != want {
			t.Errorf("%s became %q, want %q", in, got, want)
		}
	}
	tree := mustParse(t, "name: p\npipeline: {batch_records: \"${N}\"}\n")
	if tree.Pipeline.BatchRecords != 7 {
		t.Errorf("a number from a variable: %d", tree.Pipeline.BatchRecords)
	}
}

func TestSecretsComeFromFilesAndAreNeverShown(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte("hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "name: p\nsources: {web: {type: tracking, write_keys: [\"file:key\"]}}\n"
	tree, err := config.Parse(filepath.Join(dir, "kith.yaml"), []byte(text), environment)
	if err != nil || tree.Tracking[0].WriteKeys[0] != "hush" {
		t.Fatalf("%v %v", tree, err)
	}
	env := func(string) (string, bool) { return "hush-hush", true }
	_, err = config.Parse("kith.yaml", []byte("name: p\npipeline: {batch_records: \"${S}\"}\nwarehouse: {type: \"${S}\"}\ndestinations: {m: {type: webhook, url: \"${S}\", on: [\"${S}\"]}}\nsources: {a: {type: \"${S}\"}}\nstreams: {x.a: {from: \"${S}\"}}\n"), env)
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("a value of the environment is shown: %v", err)
	}
}

func TestHostileYAML(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		p := c - 1
		bomb += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, p, p, p, p, p, p, p, p, p, p)
	}
	cases := map[string]string{
		"bomb":       bomb + "name: p\nstreams: {a.b: {attributes: {x: {clean: *j}}}}\n",
		"deep flow":  "name: p\nstreams: " + strings.Repeat("[", 100000),
		"deep block": "name: p\n" + strings.Repeat("- ", 50000) + "x\n",
		"too large":  "name: p\n#" + strings.Repeat("x", config.MaxFile),
		"cycle":      "name: p\nstreams: {a.b: {attributes: {x: {clean: &c [*c]}}}}\n",
		"binary":     "name: !!binary aGk=\n",
		"null bytes": "name: \"\x00\"\n",
		"two":        "name: p\n---\nname: q\n",
	}
	for name, text := range cases {
		if _, err := parse(t, text); err == nil {
			t.Errorf("%s: no fault", name)
		} else if n := len(err.Error()); n > 100_000 {
			t.Errorf("%s: a fault of %d bytes", name, n)
		}
	}
}

func TestLoadSaysWhatToDoWithoutAFile(t *testing.T) {
	_, err := config.Load(filepath.Join(t.TempDir(), "kith.yaml"), environment)
	if !errs.Is(err, config.CodeUnreadable) || !strings.Contains(err.Error(), "kith init") {
		t.Error(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "kith.yaml"), []byte(shop), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(dir, environment); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(shop))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("name: ${A:-${B}}\n? [x]\n: y\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		tree, err := config.Parse("kith.yaml", data, environment)
		if (tree == nil) == (err == nil) {
			t.Fatalf("tree %v with error %v", tree, err)
		}
		if tree != nil {
			stored, err := tree.Rules.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			back, err := config.ParseRules(stored)
			if err != nil || back.Fingerprint() != tree.Rules.Fingerprint() {
				t.Fatalf("rules change when stored: %v", err)
			}
		}
	})
}
