package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/errs"
)

// clustered is a project on a cluster with all there is to say of it.
const clustered = `name: shop
engine:
  cluster:
    hash_key: "${KITH_HASH_KEY}"
    advertise: http://10.0.0.5:8471/
    lease: 30s
    kafka:
      brokers: [k1:9092, k2:9092, "[::1]:9092"]
      prefix: shop
      partitions: 24
      topic_partitions: 8
      replication: 5
      min_insync: 3
      compression: zstd
      sasl: {mechanism: scram-sha-512, username: kith, password: "${KAFKA_PASSWORD}"}
      tls: {ca: ca.pem, cert: tls/kith.pem, key: tls/kith.key, server_name: kafka.example.com}
    postgres: {dsn: "${KITH_DSN}", schema: shop, max_conns: 32}
`

// bare says only what must be said.
const bare = "name: shop\nengine: {cluster: {kafka: {brokers: k1:9092}, postgres: {dsn: \"host=db dbname=kith\"}}}\n"

// withFiles parses text in a folder that has the files named.
func withFiles(t *testing.T, text string, files ...string) (*config.Tree, error) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("hush\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := func(name string) (string, bool) {
		v, ok := map[string]string{
			"KITH_HASH_KEY": strings.Repeat("0f", 32), "KAFKA_PASSWORD": "hush-1", "KITH_DSN": "postgres://kith:hush-2@db:5432/kith?sslmode=verify-full",
			"BROKERS": "k1:9092, k2:9092", "EMPTY": "",
		}[name]
		return v, ok
	}
	return config.Parse(filepath.Join(dir, "kith.yaml"), []byte(text), env)
}

func TestACluster(t *testing.T) {
	tree, err := withFiles(t, clustered, "ca.pem", "tls/kith.pem", "tls/kith.key")
	if err != nil {
		t.Fatal(err)
	}
	if tree.Engine.Embedded != nil || tree.Engine.Cluster == nil {
		t.Fatalf("engine %+v", tree.Engine)
	}
	dir := filepath.Dir(tree.Path)
	want := engine.ClusterConfig{
		HashKey: strings.Repeat("0f", 32), Advertise: "http://10.0.0.5:8471", LeaseTime: 30 * time.Second,
		Kafka: engine.KafkaConfig{
			Brokers: []string{"k1:9092", "k2:9092", "[::1]:9092"}, Prefix: "shop", Partitions: 24, TopicPartitions: 8, Replication: 5, MinInSync: 3, Compression: "zstd",
			SASL: &engine.SASLConfig{Mechanism: "scram-sha-512", Username: "kith", Password: "hush-1"},
			TLS:  &engine.TLSConfig{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "tls/kith.pem"), Key: filepath.Join(dir, "tls/kith.key"), ServerName: "kafka.example.com"},
		},
		Postgres: engine.PostgresConfig{DSN: "postgres://kith:hush-2@db:5432/kith?sslmode=verify-full", Schema: "shop", MaxConns: 32},
	}
	if !reflect.DeepEqual(*tree.Engine.Cluster, want) {
		t.Errorf("not as it is written: %v, TLS %+v", *tree.Engine.Cluster, tree.Engine.Cluster.Kafka.TLS)
	}
	if e := config.EmbeddedAt(tree.Data); e != (engine.EmbeddedConfig{Dir: tree.Data}) {
		t.Errorf("the embedded engine of the same folder is %+v", e)
	}
}

func TestAClusterHasDefaults(t *testing.T) {
	tree := mustParse(t, bare)
	want := engine.ClusterConfig{Kafka: engine.KafkaConfig{Brokers: []string{"k1:9092"}}, Postgres: engine.PostgresConfig{DSN: "host=db dbname=kith"}}.WithDefaults()
	if !reflect.DeepEqual(*tree.Engine.Cluster, want) {
		t.Errorf("%v with lease %s", *tree.Engine.Cluster, tree.Engine.Cluster.LeaseTime)
	}
	for text, encrypted := range map[string]bool{"true": true, "{}": true, "{server_name: k}": true, "false": false} {
		tree := mustParse(t, strings.Replace(bare, "brokers: k1:9092", "brokers: k1:9092, tls: "+text, 1))
		if got := tree.Engine.Cluster.Kafka.TLS != nil; got != encrypted {
			t.Errorf("tls: %s gives %v", text, got)
		}
	}
	several, err := withFiles(t, strings.Replace(bare, "k1:9092", `"${BROKERS}"`, 1))
	if err != nil || strings.Join(several.Engine.Cluster.Kafka.Brokers, " ") != "k1:9092 k2:9092" {
		t.Errorf("several brokers in one variable: %v %v", several, err)
	}
}

// The defaults that the schema and the reference tell are those that the engine takes.
func TestDefaultsAreThoseOfTheEngine(t *testing.T) {
	type node struct {
		Default    string          `json:"default"`
		Properties map[string]node `json:"properties"`
		AnyOf      []node          `json:"anyOf"`
	}
	var root node
	if err := json.Unmarshal(config.SchemaJSON(), &root); err != nil {
		t.Fatal(err)
	}
	at := root.Properties["engine"].AnyOf[1].Properties["cluster"].Properties
	c := engine.ClusterConfig{}.WithDefaults()
	for _, d := range []struct {
		told  node
		taken any
	}{
		{at["lease"], c.LeaseTime},
		{at["kafka"].Properties["prefix"], c.Kafka.Prefix},
		{at["kafka"].Properties["partitions"], c.Kafka.Partitions},
		{at["kafka"].Properties["topic_partitions"], c.Kafka.TopicPartitions},
		{at["kafka"].Properties["replication"], c.Kafka.Replication},
		{at["kafka"].Properties["compression"], c.Kafka.Compression},
		{at["postgres"].Properties["schema"], c.Postgres.Schema},
		{at["postgres"].Properties["max_conns"], c.Postgres.MaxConns},
	} {
		if d.told.Default != fmt.Sprint(d.taken) {
			t.Errorf("%q is told, %v is taken", d.told.Default, d.taken)
		}
	}
}

func TestEmbeddedIsTheDefault(t *testing.T) {
	for _, text := range []string{"", "engine:\n", "engine: embedded\n", "engine: {}\n", "engine: {embedded: {}}\n", "engine: {embedded: }\n"} {
		tree := mustParse(t, "name: p\n"+text)
		if tree.Engine.Cluster != nil || tree.Engine.Embedded == nil || *tree.Engine.Embedded != config.EmbeddedAt(tree.Data) {
			t.Errorf("%q gives %+v", text, tree.Engine)
		}
	}
	tree := mustParse(t, "name: p\nengine: {embedded: {partitions: 8, topic_partitions: 2, cache: 1GiB, reserve: 1MiB}}\n")
	if *tree.Engine.Embedded != (engine.EmbeddedConfig{Dir: tree.Data, Partitions: 8, TopicPartitions: 2, CacheBytes: 1 << 30, ReserveBytes: 1 << 20}) {
		t.Errorf("engine %+v", tree.Engine.Embedded)
	}
}

func TestFaultsOfTheCluster(t *testing.T) {
	kafka := func(more string) string {
		return "name: p\nengine:\n  cluster:\n    postgres: {dsn: \"host=db\"}\n    kafka:\n      brokers: [k1:9092]\n" + more
	}
	brokers := func(list string) string {
		return "name: p\nengine:\n  cluster:\n    postgres: {dsn: \"host=db\"}\n    kafka: {brokers: " + list + "}\n"
	}
	cluster := func(more string) string {
		return "name: p\nengine:\n  cluster:\n    kafka: {brokers: [k1:9092]}\n    postgres: {dsn: \"host=db\"}\n" + more
	}
	postgres := func(says string) string {
		return "name: p\nengine:\n  cluster:\n    kafka: {brokers: [k1:9092]}\n    postgres: {" + says + "}\n"
	}
	cases := []struct {
		name, text string
		code       errs.Code
		place      string
		says       string
	}{
		{"without settings", "name: p\nengine: cluster\n", config.CodeValueChoice, "2:9", "{cluster: {kafka: …, postgres: …}}"},
		{"nearly embedded", "name: p\nengine: embeded\n", config.CodeValueChoice, "2:9", "did you mean embedded?"},
		{"nothing", "name: p\nengine: {cluster: {}}\n", config.CodeKeyMissing, "2:19", "engine.cluster.kafka is missing"},
		{"no database", "name: p\nengine: {cluster: {kafka: {brokers: k1:9092}}}\n", config.CodeKeyMissing, "2:19", "engine.cluster.postgres is missing"},
		{"empty", "name: p\nengine:\n  cluster:\n", config.CodeKeyMissing, "3:3", "engine.cluster is empty"},
		{"empty kafka", "name: p\nengine:\n  cluster:\n    kafka:\n    postgres: {dsn: \"host=db\"}\n", config.CodeKeyMissing, "4:5", "engine.cluster.kafka is empty"},
		{"both", "name: p\nengine:\n  embedded: {partitions: 8}\n  cluster: {kafka: {brokers: k1:9092}, postgres: {dsn: \"host=db\"}}\n", config.CodeEngine, "4:3", "keep one"},
		{"both, one empty", "name: p\nengine:\n  cluster: {kafka: {brokers: k1:9092}, postgres: {dsn: \"host=db\"}}\n  embedded:\n", config.CodeEngine, "4:3", "keep one"},
		{"short hash key", cluster("    hash_key: 0f0f\n"), config.CodeEngine, "6:15", "hexadecimal"},
		{"no hash key", cluster("    hash_key: \"${EMPTY}\"\n"), config.CodeEngine, "6:15", "hexadecimal"},
		{"odd hash key", cluster("    hash_key: \"" + strings.Repeat("0", 33) + "\"\n"), config.CodeEngine, "6:15", "hexadecimal"},
		{"long hash key", cluster("    hash_key: \"" + strings.Repeat("0", 130) + "\"\n"), config.CodeEngine, "6:15", "hexadecimal"},
		{"hash key of other letters", cluster("    hash_key: " + strings.Repeat("x", 32) + "\n"), config.CodeEngine, "6:15", "hexadecimal"},
		{"address without scheme", cluster("    advertise: 10.0.0.5:8471\n"), config.CodeEngine, "6:16", "http"},
		{"address of another scheme", cluster("    advertise: ftp://10.0.0.5\n"), config.CodeEngine, "6:16", "http"},
		{"address without host", cluster("    advertise: \"http://:8471\"\n"), config.CodeEngine, "6:16", "http"},
		{"address with a user", cluster("    advertise: \"http://u:p@h:8471\"\n"), config.CodeEngine, "6:16", "without user"},
		{"address with a bad port", cluster("    advertise: \"http://h:84710\"\n"), config.CodeEngine, "6:16", "http"},
		{"short lease", cluster("    lease: 1s\n"), config.CodeValueRange, "6:12", "from 2s to 5m"},
		{"long lease", cluster("    lease: 6m\n"), config.CodeValueRange, "6:12", "from 2s to 5m"},
		{"no lease", cluster("    lease: soon\n"), config.CodeValueType, "6:12", "from 2s to 5m"},
		{"no brokers", brokers("[]"), config.CodeKeyMissing, "5:22", "names no broker"},
		{"empty broker", brokers("[\"\"]"), config.CodeEngine, "5:23", "brokers[0] is not host:port"},
		{"broker without port", brokers("[k1:9092, k2]"), config.CodeEngine, "5:32", "brokers[1] is not host:port"},
		{"broker with scheme", brokers("[\"kafka://k1:9092\"]"), config.CodeEngine, "5:23", "host:port"},
		{"broker with user", brokers("[\"u@k1:9092\"]"), config.CodeEngine, "5:23", "host:port"},
		{"broker with bad port", brokers("[\"k1:0\"]"), config.CodeEngine, "5:23", "host:port"},
		{"broker with bare IPv6", brokers("[\"::1:9092\"]"), config.CodeEngine, "5:23", "[::1]:9092"},
		{"one of several brokers", brokers("\"k1:9092,,k2:9092\""), config.CodeEngine, "5:22", "host:port"},
		{"prefix", kafka("      prefix: my shop\n"), config.CodeEngine, "7:15", "topic"},
		{"prefix with a dot first", kafka("      prefix: .shop\n"), config.CodeEngine, "7:15", "topic"},
		{"long prefix", kafka("      prefix: " + strings.Repeat("p", 101) + "\n"), config.CodeEngine, "7:15", "topic"},
		{"no partitions", kafka("      partitions: 0\n"), config.CodeValueRange, "7:19", "from 1 to 1024"},
		{"many partitions", kafka("      topic_partitions: 1025\n"), config.CodeValueRange, "7:25", "from 1 to 1024"},
		{"no copies", kafka("      replication: 0\n"), config.CodeValueRange, "7:20", "from 1"},
		{"more in sync than copies", kafka("      replication: 2\n      min_insync: 3\n"), config.CodeValueRange, "8:19", "at most what replication says"},
		{"more in sync than copies by default", kafka("      min_insync: 4\n"), config.CodeValueRange, "7:19", "3 when it is absent"},
		{"compression", kafka("      compression: gzip\n"), config.CodeValueChoice, "7:20", "snappy"},
		{"mechanism", kafka("      sasl: {mechanism: SCRAM-SHA-512, username: u, password: p}\n"), config.CodeValueChoice, "7:25", "did you mean scram-sha-512?"},
		{"no password", kafka("      sasl: {mechanism: plain, username: u}\n"), config.CodeKeyMissing, "7:13", "sasl.password is missing"},
		{"empty password", kafka("      sasl: {mechanism: plain, username: u, password: \"${EMPTY}\"}\n"), config.CodeKeyMissing, "7:55", "sasl.password"},
		{"empty sasl", kafka("      sasl:\n"), config.CodeKeyMissing, "7:7", "sasl is empty"},
		{"empty tls", kafka("      tls:\n"), config.CodeKeyMissing, "7:7", "tls is empty"},
		{"neither true nor false", kafka("      tls: maybe\n"), config.CodeValueType, "7:12", "true or false"},
		{"list of tls", kafka("      tls: []\n"), config.CodeValueType, "7:12", "true or false; or a map"},
		{"no authorities", kafka("      tls: {ca: nowhere.pem}\n"), config.CodeEngine, "7:17", "cannot be read"},
		{"a folder of authorities", kafka("      tls: {ca: \"\"}\n"), config.CodeEngine, "7:17", "names a folder"},
		{"certificate without key", kafka("      tls: {cert: here.pem}\n"), config.CodeEngine, "7:12", "name both"},
		{"server name", kafka("      tls: {server_name: \"k1:9092\"}\n"), config.CodeEngine, "7:26", "without a port"},
		{"no dsn", postgres("schema: kith"), config.CodeKeyMissing, "5:15", "postgres.dsn is missing"},
		{"empty dsn", postgres("dsn: \"${EMPTY}\""), config.CodeKeyMissing, "5:21", "postgres.dsn"},
		{"bad dsn", postgres("dsn: localhost:5432"), config.CodeEngine, "5:21", "neither a postgres:// address"},
		{"dsn of another database", postgres("dsn: \"mysql://db/kith\""), config.CodeEngine, "5:21", "neither a postgres:// address"},
		{"dsn port", postgres("dsn: \"postgres://u:p/w@db/kith\""), config.CodeEngine, "5:21", "%2F for /"},
		{"sslmode", postgres("dsn: \"postgres://db/kith?sslmode=on\""), config.CodeEngine, "5:21", "verify-full"},
		{"schema", postgres("dsn: \"host=db\", schema: \"my shop\""), config.CodeEngine, "5:40", "schema"},
		{"schema in capitals", postgres("dsn: \"host=db\", schema: Shop"), config.CodeEngine, "5:40", "lower-case"},
		{"schema of the database's own", postgres("dsn: \"host=db\", schema: pg_temp"), config.CodeEngine, "5:40", "pg_"},
		{"few connections", postgres("dsn: \"host=db\", max_conns: 3"), config.CodeValueRange, "5:43", "from 4"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := withFiles(t, c.text, "here.pem")
			if err == nil {
				t.Fatal("no fault")
			}
			all := faultsOf(t, err)
			for _, each := range all {
				if each.Code == c.code && strings.HasSuffix(each.Where, "kith.yaml:"+c.place) && strings.Contains(each.Error(), c.says) {
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

func TestAllFaultsOfTheClusterAtOnce(t *testing.T) {
	_, err := withFiles(t, `name: p
engine:
  cluster:
    hash_key: short
    advertise: here
    lease: 1h
    kafka:
      brokers: [k1, k2]
      prefix: "a b"
      replication: 1
      min_insync: 2
      compression: gzip
      sasl: {mechanism: magic, username: u}
      tls: {ca: nowhere, cert: nowhere}
    postgres: {dsn: nothing, schema: A, max_conns: 1, colour: red}
`)
	var got []string
	for _, e := range faultsOf(t, err) {
		got = append(got, e.Where[strings.Index(e.Where, "yaml:")+5:]+" "+string(e.Code))
	}
	want := `4:15 engine_setting
5:16 engine_setting
6:12 config_value_range
8:17 engine_setting
8:21 engine_setting
9:15 engine_setting
11:19 config_value_range
12:20 config_value_choice
13:13 config_key_missing
13:25 config_value_choice
14:12 engine_setting
14:17 engine_setting
14:32 engine_setting
15:21 engine_setting
15:38 engine_setting
15:52 config_value_range
15:55 config_key_unknown`
	if strings.Join(got, "\n") != want {
		t.Errorf("have\n%s\nwant\n%s\n%v", strings.Join(got, "\n"), want, err)
	}
}

func TestEngineIsNoRule(t *testing.T) {
	a, b := mustParse(t, "name: shop\n"), mustParse(t, bare)
	if a.Rules.Fingerprint() != b.Rules.Fingerprint() || !config.NewPlan(a.Rules, b.Rules).Empty() {
		t.Error("another engine changes the rules")
	}
}

func TestEngineCautions(t *testing.T) {
	with := func(brokers, dsn, more, server string) string {
		return fmt.Sprintf("name: p\nengine: {cluster: {kafka: {brokers: %s}, postgres: {dsn: %s}%s}}\n%s", brokers, quoted(dsn), more, server)
	}
	const open = "server: {listen: \"10.0.0.5:8471\", insecure: true}\n"
	for _, c := range []struct{ name, text, says string }{
		{"embedded", "name: p\n", ""},
		{"one machine", with("[\"127.0.0.1:9092\", \"localhost:9092\"]", "host=localhost,/run/postgresql password=hush", "", open), ""},
		{"encrypted", with("\"k1:9092\", tls: true", "postgres://kith:hush@db/kith?sslmode=verify-full", "", open), ""},
		{"Kafka in the clear", with("[\"127.0.0.1:9092\", \"k1:9092\"]", "host=/run", "", open), "kafka: what goes"},
		{"PostgreSQL perhaps in the clear", with("\"localhost:1\"", "postgres://kith:hush@db/kith", "", open), "insist on encryption"},
		{"PostgreSQL in the clear", with("\"localhost:1\"", "host=10.0.0.9 sslmode=disable password=hush", "", open), "insist on encryption"},
		{"listens to itself", with("\"localhost:1\"", "host=/run", "", ""), "set advertise"},
		{"listens everywhere", with("\"localhost:1\"", "host=/run", "", "server: {listen: \":8471\", insecure: true}\n"), "set advertise"},
		{"advertised", with("\"localhost:1\"", "host=/run", ", advertise: \"http://kith-1:8471\"", ""), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(config.EngineCautions(mustParse(t, c.text)), "\n")
			if (c.says == "") != (got == "") || !strings.Contains(got, c.says) || strings.Contains(got, "\n") || strings.Contains(got, "hush") {
				t.Errorf("have %q, want %q", got, c.says)
			}
		})
	}
}

func TestEngineNotes(t *testing.T) {
	embedded := func(says string) string { return "name: p\nengine: {embedded: {" + says + "}}\n" }
	kafka := func(says string) string {
		return strings.Replace(bare, "brokers: k1:9092", "brokers: k1:9092, "+says, 1)
	}
	postgres := func(says string) string { return strings.Replace(bare, "dsn: ", says+", dsn: ", 1) }
	key := "    hash_key: " + strings.Repeat("0f", 16) + "\n"
	long := "name: shop\nengine:\n  cluster:\n    kafka: {brokers: k1:9092}\n    postgres: {dsn: \"host=db dbname=kith\"}\n"
	for _, c := range []struct{ name, before, after, says string }{
		{"nothing", bare, bare, ""},
		{"to a cluster", "name: p\n", bare, "from embedded to cluster: stop Kith, and move log and state there with kith migrate-engine"},
		{"from a cluster", bare, "name: p\n", "from cluster to embedded"},
		{"memory", embedded("cache: 1GiB"), embedded("cache: 2GiB, reserve: 1GiB"), ""},
		{"partitions", embedded("partitions: 4"), embedded("partitions: 8, topic_partitions: 8"), "changes partitions and topic_partitions: fixed when the data folder is made"},
		{"partitions left out", embedded("partitions: 8"), embedded("cache: 1GiB"), ""},
		{"what counts from the next start", bare, kafka("tls: true, compression: zstd, sasl: {mechanism: plain, username: u, password: hush}"), ""},
		{"defaults written out", bare, kafka("partitions: 12, replication: 3, min_insync: 2, prefix: kith"), ""},
		{"partitions of topics", bare, kafka("partitions: 24"), "changes partitions: that counts for topics that are yet to be made"},
		{"copies", bare, kafka("replication: 5"), "changes replication and min_insync: "},
		{"prefix", bare, kafka("prefix: other"), "names other topics"},
		{"schema", bare, postgres("schema: other"), "another state"},
		{"hash key", long, long + key, "hash_key changes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			notes := config.EngineNotes(mustParse(t, c.before).Engine, mustParse(t, c.after).Engine)
			if text := strings.Join(notes, "\n"); (c.says == "") != (text == "") || !strings.Contains(text, c.says) || strings.Contains(text, "hush") || strings.Contains(text, "0f0f") {
				t.Errorf("notes %q, want %q", notes, c.says)
			}
		})
	}
}

// Whatever is wrong with a secret, or beside it, the fault does not show it.
func TestFaultsShowNoSecret(t *testing.T) {
	forms := []string{
		"name: p\nengine: {cluster: {kafka: {brokers: x, sasl: {mechanism: plain, username: u, password: %s}}, postgres: {dsn: h}}}\n",
		"name: p\nengine: {cluster: {kafka: {brokers: x}, postgres: {dsn: %s}}}\n",
		"name: p\nengine:\n  cluster:\n    kafka: {brokers: x}\n    postgres:\n      dsn: %s\n",
		"name: p\nengine:\n  cluster:\n    kafka: {brokers: x}\n    postgres: {dsn: h}\n    hash_key: %s\n",
		"name: p\nengine:\n  cluster:\n    kafka: {brokers: [%s]}\n    postgres: {dsn: h}\n    advertise: %[1]s\n",
	}
	values := []string{
		"hush", `"${HUSH}"`, `"postgres://u:hush@db:hush/x"`, `"postgres://u:hush/@db/x"`, `"postgres://u:hush%"`, `"postgres://u:hush@[db"`,
		`"postgres://db/x?sslmode=hush"`, `"postgres://db/x?hush"`, `"host=db password=hush port=hush"`, `"password='hush"`, `"a hush=b"`, `"http://u:hush@h"`,
		"a,hush", "a,hush,hush", "*hush", "[hush]", "{hush}", "{a: hush}", "!hush x", "!!int hush", "@hush", "| hush", "hush: x", `"\hush"`, `"hush`, "&a hush",
	}
	env := func(string) (string, bool) { return "postgres://u:hush@db:hush/x", true }
	for _, form := range forms {
		for _, v := range values {
			text := fmt.Sprintf(form, v)
			_, err := config.Parse("kith.yaml", []byte(text), env)
			if err == nil {
				t.Errorf("no fault in\n%s", text)
			} else if strings.Contains(strings.ReplaceAll(err.Error(), "${HUSH}", ""), "hush") {
				t.Errorf("%s\nshows it:\n%v", text, err)
			}
		}
	}
}

// A DSN is taken where the driver takes it, and refused where it refuses it.
func TestDSNIsReadAsTheDriverReadsIt(t *testing.T) {
	for _, name := range []string{"PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSSLMODE", "PGSERVICE"} {
		t.Setenv(name, "")
	}
	for _, dsn := range []string{
		"postgres://", "postgresql://db", "postgres://kith@db", "postgres://kith:p@db:5432/kith", "postgres://kith:p:w@db/kith", "postgres://kith:p#w@db/kith",
		"postgres://kith:p%40w%2F@db/kith?sslmode=require&application_name=a%20b", "postgres://kith:p/w@db/kith", "postgres://kith:p%4@db", "postgres://kith:p%zz@db",
		"postgres://kith:p%00@db", "postgres://a:1,b:2/kith", "postgres://a,b:2/kith", "postgres://a,b,c/kith", "postgres://[::1]:5432/kith", "postgres://[::1/kith", "postgres://[]/kith",
		"postgres://[::1]x/kith", "postgres://[::1],[::2]:1/kith", "postgres://db:0/kith", "postgres://db:65536/kith", "postgres://db:x/kith", "postgres://db/kith?", "postgres://db/kith?a",
		"postgres://db/kith?a=b=c", "postgres://db/kith?a=b&", "postgres://db/kith?sslmode=maybe", "postgres://db/kith?ssl=true", "postgres://db/kith?connect_timeout=5",
		"postgres://db/kith?connect_timeout=soon", "postgres://db?host=other&port=5433", "postgres:///kith?host=/run/postgresql", "postgres://d b/kith", "postgres:// db /kith",
		"postgres://a,b:1,c:2/kith?port=7", "postgres://a,b/kith?port=1,2,3", "postgres://db,/kith", "postgres://,/kith", "postgres://?port=1", "postgres://db/k?sslmode=require&sslmode=disable",
		"host=db", "host=db port=5432 dbname=kith user=kith password='p w'", "host = db port= 5432", `host=db password='p\'w'`, `host=db password='p`, `host=db password=p\ w`, `host=a\`, `password='a\`,
		"host=db port=0", "host=db port=5432,5433", "host=a,b port=5432,5433", "host=a,b port=5432", "host=db sslmode=verify-full", "host=db sslmode=on", "host", "host=db junk", "=db", "a b=c",
		"host=db password=", "host=db password=''x=y", "host=db channel_binding=require", "host=db channel_binding=x", "host=db target_session_attrs=read-write", "host=db target_session_attrs=x",
		"db:5432/kith", "mysql://db/kith", "http://db?a=b", "host=db connect_timeout=-1", "\thost=db\n", "user= host=db",
	} {
		_, err := parse(t, "name: p\nengine: {cluster: {kafka: {brokers: k:1}, postgres: {dsn: "+quoted(dsn)+"}}}\n")
		_, want := pgconn.ParseConfig(dsn)
		if (err == nil) != (want == nil) {
			t.Errorf("%q: %v, and the driver says %v", dsn, err, want)
		}
	}
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func FuzzDSN(f *testing.F) {
	f.Add("postgres://kith:p%40w@a:1,[::1]:2/kith?sslmode=require")
	f.Add(`host=db password='p\'w' port=5432,`)
	f.Fuzz(func(t *testing.T, dsn string) {
		env := func(string) (string, bool) { return dsn, true }
		_, err := config.Parse("kith.yaml", []byte("name: p\nengine: {cluster: {kafka: {brokers: k:1}, postgres: {dsn: \"${DSN}\"}}}\n"), env)
		if err != nil && len(dsn) > 12 && strings.Contains(err.Error(), dsn) {
			t.Fatalf("the fault shows the DSN: %v", err)
		}
	})
}
