package engine

import (
	"fmt"
	"time"
)

// Config chooses a backend and sizes it. Exactly one backend is configured; the
// embedded one is the default.
type Config struct {
	Embedded *EmbeddedConfig
	Cluster  *ClusterConfig
}

// EmbeddedConfig sizes the embedded backend. A backend's Config lies here, in its
// port's room, so that reading a configuration links no driver.
type EmbeddedConfig struct {
	Dir             string // holds log/ and state/
	Partitions      int32  // data partitions of the ingest log, fixed when the folder is made; 0: as it was made, 4 for a new one
	TopicPartitions int32  // of each emitted topic, likewise
	CacheBytes      int64  // block cache and row cache together; default 256 MiB
	ReserveBytes    int64  // free space below which writes are refused; default 256 MiB
}

// ClusterConfig is where the cluster backend finds Kafka and PostgreSQL. All
// processes of one cluster are given the same but for Advertise.
type ClusterConfig struct {
	Kafka    KafkaConfig
	Postgres PostgresConfig
	// HashKey is the key of the hashes in state, in hexadecimal, the same for all
	// processes; empty: the file keys/hash.key of the data folder, copied to each.
	HashKey string `json:"-"`
	// Advertise is the base URL, without a slash at its end, at which other processes
	// reach this one's API; empty: the address that it listens on.
	Advertise string
	// LeaseTime is after how long without a sign of life another process takes over
	// what one did; default 10 s.
	LeaseTime time.Duration
}

// KafkaConfig is the log's cluster. Topics are made when they are not there yet.
type KafkaConfig struct {
	Brokers         []string // host:port of some brokers
	Prefix          string   // topics are PREFIX.ingest, PREFIX.changes, …; default "kith"
	Partitions      int32    // data partitions of the ingest topic; default 12; fixed when the topics are made
	TopicPartitions int32    // of each emitted topic; default 4; fixed when the topics are made
	Replication     int16    // copies of each partition, for topics that are made; default 3
	MinInSync       int16    // copies that must have a record before it is acknowledged; default Replication - 1, at least 1
	Compression     string   // none, snappy, lz4 or zstd; default snappy
	SASL            *SASLConfig
	TLS             *TLSConfig // nil: plain text
}

// SASLConfig is how to authenticate at the brokers.
type SASLConfig struct {
	Mechanism string // plain, scram-sha-256 or scram-sha-512
	Username  string
	Password  string `json:"-"`
}

// TLSConfig names PEM files. The zero value trusts the machine's authorities.
type TLSConfig struct {
	CA         string // authorities to trust instead of the machine's
	Cert, Key  string // what to show of oneself
	ServerName string // the name in the server's certificate where it is not its address
}

// PostgresConfig is the state's database.
type PostgresConfig struct {
	DSN      string `json:"-"` // URL or key=value; with sslmode, sslrootcert, … as of libpq
	Schema   string // holds Kith's tables; made when it is not there; default "kith"
	MaxConns int32  // connections of this process; default 16, at least 4
}

// WithDefaults fills what is not set and has a default.
func (c ClusterConfig) WithDefaults() ClusterConfig {
	k, p := &c.Kafka, &c.Postgres
	orElse(&k.Prefix, "kith")
	orElse(&k.Partitions, 12)
	orElse(&k.TopicPartitions, 4)
	orElse(&k.Replication, 3)
	orElse(&k.MinInSync, max(1, k.Replication-1))
	orElse(&k.Compression, "snappy")
	orElse(&p.Schema, "kith")
	orElse(&p.MaxConns, 16)
	orElse(&c.LeaseTime, 10*time.Second)
	return c
}

func orElse[T comparable](v *T, to T) {
	var unset T
	if *v == unset {
		*v = to
	}
}

// Format prints what may be seen of c, whatever the verb: never the hash key, a
// password or the DSN.
func (c ClusterConfig) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "topics %s.* at %v, %v", c.Kafka.Prefix, c.Kafka.Brokers, c.Postgres)
}

// Format prints what may be seen of c, whatever the verb: not the password.
func (c SASLConfig) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "%s as %s", c.Mechanism, c.Username) }

// Format prints what may be seen of c, whatever the verb: not the DSN.
func (c PostgresConfig) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "schema %s", c.Schema) }
