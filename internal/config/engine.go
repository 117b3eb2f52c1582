package config

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kithdata/kith/internal/engine"
)

// EmbeddedAt is the embedded engine of a data folder with its defaults: its partitions
// are those that the folder was made with. It is for whoever needs that engine where
// the tree has another, such as a migration.
func EmbeddedAt(data string) engine.EmbeddedConfig { return engine.EmbeddedConfig{Dir: data} }

// engine fills exactly one of the tree's two engines.
func (b *builder) engine(v *value) {
	key, cluster := v.entry("cluster")
	if key == nil {
		e, c := v.get("embedded"), EmbeddedAt(b.tree.Data)
		c.Partitions, c.TopicPartitions = int32(e.get("partitions").int()), int32(e.get("topic_partitions").int())
		c.CacheBytes, c.ReserveBytes = int64(e.get("cache").int()), int64(e.get("reserve").int())
		b.tree.Engine = engine.Config{Embedded: &c}
		return
	}
	if other, _ := v.entry("embedded"); other != nil {
		b.add(latter(key, other), CodeEngine, "engine has two kinds, embedded and cluster", "keep one of them; kith migrate-engine moves what the one holds to the other")
	}
	if isEmpty(cluster) {
		b.add(key, CodeKeyMissing, v.path+".cluster is empty", "write kafka and postgres under it")
	}
	c := b.cluster(v.get("cluster")).WithDefaults()
	b.tree.Engine = engine.Config{Cluster: &c}
}

// latter is which of two nodes the file writes below.
func latter(a, b *yaml.Node) *yaml.Node {
	if b.Line > a.Line || b.Line == a.Line && b.Column > a.Column {
		return b
	}
	return a
}

// EngineCautions says what is no fault of the engine's settings and yet may surprise.
// It shows none of their values.
func EngineCautions(t *Tree) []string {
	c := t.Engine.Cluster
	if c == nil {
		return nil
	}
	var all []string
	if c.Kafka.TLS == nil && slices.ContainsFunc(c.Kafka.Brokers, func(b string) bool {
		host, _, err := net.SplitHostPort(b)
		return err == nil && !loopback(host)
	}) {
		all = append(all, "engine.cluster.kafka: what goes to the brokers is not encrypted; set tls where others share the network")
	}
	if d, err := parseDSN(c.Postgres.DSN); err == nil && !d.local() && !d.encrypted() {
		all = append(all, "engine.cluster.postgres: the dsn does not insist on encryption; add sslmode=verify-full where others share the network")
	}
	host, _, err := net.SplitHostPort(cmp.Or(t.API.Listen, "127.0.0.1:8471"))
	if ip := net.ParseIP(host); c.Advertise == "" && err == nil && (host == "" || loopback(host) || ip != nil && ip.IsUnspecified()) {
		all = append(all, "engine.cluster: processes on other machines cannot reach this one at the address that it listens on; set advertise where there are any")
	}
	return all
}

func (b *builder) cluster(v *value) engine.ClusterConfig {
	return engine.ClusterConfig{
		Kafka:     b.kafka(v.get("kafka")),
		Postgres:  b.postgres(v.get("postgres")),
		HashKey:   b.hashKey(v.get("hash_key")),
		Advertise: b.advertise(v.get("advertise")),
		LeaseTime: v.get("lease").duration(),
	}
}

// hashKey must be told apart from none: a process that fell back to a file of its own
// would hash unlike the others.
func (b *builder) hashKey(v *value) string {
	if v == nil {
		return ""
	}
	if key, err := hex.DecodeString(v.str); err != nil || len(key) < 16 || len(key) > 64 {
		b.add(v.node, CodeEngine, v.path+" is not 32 to 128 hexadecimal digits", "make one with openssl rand -hex 32, or leave hash_key out to use the file keys/hash.key")
	}
	return v.str
}

func (b *builder) advertise(v *value) string {
	if v == nil {
		return ""
	}
	u, err := url.Parse(v.str)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		u.Port() != "" && !validPort(u.Port()) {
		b.add(v.node, CodeEngine, v.path+" is not an http or https address", "write for example http://10.0.0.5:8471, without user and query")
	}
	return strings.TrimRight(v.str, "/")
}

func (b *builder) kafka(v *value) engine.KafkaConfig {
	k := engine.KafkaConfig{
		Brokers:         b.brokers(v.get("brokers")),
		Prefix:          v.get("prefix").text(),
		Partitions:      int32(v.get("partitions").int()),
		TopicPartitions: int32(v.get("topic_partitions").int()),
		Replication:     int16(v.get("replication").int()),
		MinInSync:       int16(v.get("min_insync").int()),
		Compression:     v.get("compression").text(),
		TLS:             b.kafkaTLS(v),
	}
	if s := v.get("sasl"); s != nil {
		k.SASL = &engine.SASLConfig{Mechanism: s.get("mechanism").text(), Username: s.get("username").text(), Password: s.get("password").text()}
	}
	if at := v.get("prefix"); at != nil && !validTopic(k.Prefix) {
		b.add(at.node, CodeEngine, at.path+" cannot begin the name of a topic", "use up to 100 letters, digits, dots, dashes and underscores, and start with a letter or digit")
	}
	whole := engine.ClusterConfig{Kafka: k}.WithDefaults().Kafka
	if at := v.get("min_insync"); at != nil && whole.MinInSync > whole.Replication {
		b.add(at.node, CodeValueRange, at.path+" is greater than replication", "write at most what replication says, 3 when it is absent; one less lets a broker be away")
	}
	return k
}

// brokers takes addresses one by one, or several in one text, as a variable has them.
func (b *builder) brokers(v *value) []string {
	if v == nil {
		return nil
	}
	var all []string
	for _, item := range v.items {
		for one := range strings.SplitSeq(item.str, ",") {
			one = strings.TrimSpace(one)
			if !validAddress(one) {
				b.add(item.node, CodeEngine, item.path+" is not host:port", "write for example k1.example.com:9092, or [::1]:9092")
			}
			all = append(all, one)
		}
	}
	if v.node.Kind == yaml.SequenceNode && len(v.node.Content) == 0 {
		b.add(v.node, CodeKeyMissing, v.path+" names no broker", "write "+v.field.wanted())
	}
	return all
}

// kafkaTLS gives nil for plain text, which must have been meant.
func (b *builder) kafkaTLS(kafka *value) *engine.TLSConfig {
	v := kafka.get("tls")
	if v == nil {
		if key, content := kafka.entry("tls"); key != nil && isEmpty(content) {
			b.add(key, CodeKeyMissing, kafka.path+".tls is empty", "write true, false, or a map with ca, cert, key or server_name")
		}
		return nil
	}
	if v.field.shape == boolean {
		if !v.bool(false) {
			return nil
		}
		return &engine.TLSConfig{}
	}
	t := &engine.TLSConfig{
		CA:         b.existing(v.get("ca"), CodeEngine),
		Cert:       b.existing(v.get("cert"), CodeEngine),
		Key:        b.existing(v.get("key"), CodeEngine),
		ServerName: v.get("server_name").text(),
	}
	if v.has("cert") != v.has("key") {
		b.add(v.node, CodeEngine, v.path+" has one of cert and key", "name both, or neither")
	}
	if at := v.get("server_name"); at != nil && !validHost(t.ServerName) {
		b.add(at.node, CodeEngine, at.path+" is not the name of a host", "write it as the brokers' certificates do, without a port")
	}
	return t
}

func (b *builder) postgres(v *value) engine.PostgresConfig {
	p := engine.PostgresConfig{DSN: v.get("dsn").text(), Schema: v.get("schema").text(), MaxConns: int32(v.get("max_conns").int())}
	if at := v.get("dsn"); at != nil {
		if _, err := parseDSN(p.DSN); err != nil {
			b.add(at.node, CodeEngine, fmt.Sprintf("%s cannot be read: %s", at.path, err), "write postgres://USER:PASSWORD@HOST:5432/DATABASE, with %40 for @ and %2F for /, or host=HOST dbname=DATABASE user=USER")
		}
	}
	if at := v.get("schema"); at != nil && !validSchema(p.Schema) {
		b.add(at.node, CodeEngine, at.path+" cannot be the name of a schema", "use up to 63 lower-case letters, digits and underscores, start with a letter, and not with pg_")
	}
	return p
}

// validTopic leaves room for what a topic's name goes on with: Kafka takes 249 characters.
func validTopic(prefix string) bool {
	for i, c := range prefix {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !(i > 0 && strings.ContainsRune("._-", c)) {
			return false
		}
	}
	return prefix != "" && len(prefix) <= 100
}

// validSchema takes what needs no quotes in SQL, and what PostgreSQL keeps to itself not.
func validSchema(name string) bool {
	return validName(name, false) && len(name) <= 63 && name == strings.ToLower(name) && name != "information_schema" && !strings.HasPrefix(name, "pg_")
}

func validAddress(s string) bool {
	host, port, err := net.SplitHostPort(s)
	return err == nil && validHost(host) && validPort(port)
}

func validPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// validHost takes names, as DNS and container networks have them, and IP addresses.
func validHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	for _, c := range s {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return s != "" && len(s) <= 253
}
